"""What data cannot say of what lies elsewhere: whether a request carries something, and which way a migration goes."""

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field, connect_to
from guard.effects.options import Parsed
from guard.effects.values import plain
from guard.model.effect import DestroyDatabase, MutateCloud


def request(call: Call, parsed: Parsed) -> None:
    """``xh [METHOD] URL [ITEM...]``: fields and a method of their own make it more than a look; ``@file`` is read."""
    operands = list(parsed.operands)
    method = operands[0].static if operands else None
    if method is not None and method.isupper() and method.isalpha():
        operands = operands[1:]
    else:
        method = None
    items = operands[1:]
    for field in items:
        name, at, path = (field.static or "").partition("@")
        if at and name[-1:] in {"", "=", ":"}:
            call.read(plain(path.partition(";")[0], field.span))
    sends = bool(items) or call.stdin is not None or method not in {None, "GET", "HEAD", "OPTIONS"}
    for field in operands[:1]:
        connect_field(call, field, upload=sends)
    if method == "DELETE":
        call.say(MutateCloud(detail=f"{call.name} DELETE"))


def repository(call: Call, parsed: Parsed) -> None:
    """``borg create REPOSITORY::NAME PATH...``: a directory here, or a place on another machine."""
    call.read(*parsed.operands[1:], recursive=True)
    call.opaque("keeps copies of files")
    where = parsed.operands[0].static if parsed.operands else ""
    head = "?:" if where is None else where.partition("::")[0]
    if "://" in head or (":" in head and not head.startswith(("/", "."))):
        connect_to(call, head, upload=True)


_BACK = frozenset("down down-to drop redo reset force".split())


def migrate(call: Call, parsed: Parsed) -> None:
    """``goose DRIVER ADDRESS down``: the direction may stand anywhere."""
    if any(field.static is None or field.static in _BACK for field in parsed.operands):
        call.say(DestroyDatabase(detail="what the migration removes"))
