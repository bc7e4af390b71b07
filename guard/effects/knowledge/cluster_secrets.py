"""What a cluster's secrets are asked for by: the kind of object is an operand."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import plain

_NAMES_ONLY = frozenset({"", "wide", "name"})


def kubectl_get(call: Call, parsed: Parsed) -> None:
    """``get secret -o yaml`` prints the secrets; ``get secrets`` their names."""
    kinds = [field.static for field in parsed.operands[:1]]
    asked = any(kind is None or part.partition("/")[0].partition(".")[0] in {"secret", "secrets"}
                for kind in kinds for part in (kind or "secret").split(","))  # fmt: skip
    shown = [field.static for field in parsed.values("o", "output")]
    for field in parsed.values("o", "output"):
        form, _, name = (field.static or "").partition("=")
        if form.endswith("-file") and name:
            call.read(plain(name, field.span))
    if any("secret" in (field.static or "secret") for field in parsed.values("raw")):
        call.secret("secrets of the cluster")
    if asked and any(text is None or text not in _NAMES_ONLY for text in shown):
        call.secret("secrets of the cluster")
