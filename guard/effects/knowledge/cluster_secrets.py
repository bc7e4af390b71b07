"""What a cluster's secrets are asked for by: the kind of object is an operand."""

from guard.effects.call import Call
from guard.effects.options import Parsed

_NAMES_ONLY = frozenset({"", "wide", "name"})


def kubectl_get(call: Call, parsed: Parsed) -> None:
    """``get secret -o yaml`` prints the secrets; ``get secrets`` their names."""
    kinds = [field.static for field in parsed.operands[:1]]
    asked = any(kind is None or part.partition("/")[0].partition(".")[0] in {"secret", "secrets"}
                for kind in kinds for part in (kind or "secret").split(","))  # fmt: skip
    shown = [field.static for field in parsed.values("o", "output")]
    if asked and any(text is None or text not in _NAMES_ONLY for text in shown):
        call.secret("secrets of the cluster")
