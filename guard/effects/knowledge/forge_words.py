"""What data cannot say of forges: the method of a request, the query in it, the directory of a clone."""

from guard.effects.call import Call
from guard.effects.options import Parsed, grammar
from guard.effects.values import plain
from guard.model.effect import Connect, MutateCloud


def api(call: Call, parsed: Parsed) -> None:
    """``gh api``: GET, unless a field or a body makes it POST; a GraphQL query looks, a mutation does not."""
    parsed = call.parse(
        grammar("X method f raw-field F field input H header hostname p preview q jq t template cache")
    )
    methods = parsed.values("X", "method")
    fields = parsed.values("f", "raw-field", "F", "field")
    for field in fields:
        text = (field.static or "").partition("=")[2]
        if text.startswith("@"):
            call.read(plain(text[1:], field.span))
    body = bool(fields) or parsed.has("input")
    method = methods[-1].static if methods else "POST" if body else "GET"
    target = parsed.operands[0].static if parsed.operands else None
    if target == "graphql" and not parsed.has("input"):
        known = [field.static for field in fields]
        looks = all(
            text is not None
            and not text.partition("=")[2].lstrip().lower().startswith(("mutation", "@", "subscription"))
            for text in known
        )
        method = "GET" if looks else "POST"
    call.say(Connect(host="api.github.com"))
    if method is None or method.upper() not in {"GET", "HEAD"}:
        call.say(MutateCloud(detail=f"{call.name} api {method or '?'} {target or '?'}"))


def clone(call: Call, parsed: Parsed) -> None:
    """``gh repo clone OWNER/NAME [DIRECTORY]``: a directory of its own."""
    call.say(Connect(host="github.com"))
    operands = parsed.operands
    name = (operands[0].static or "repository").rstrip("/").rpartition("/")[2] if operands else "."
    into = operands[1] if len(operands) > 1 else plain(name.removesuffix(".git") or ".", call.span)
    call.write(into, append=True)
