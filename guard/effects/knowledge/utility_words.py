"""What data cannot say of small tools."""

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field
from guard.effects.options import Parsed


def jc(call: Call, parsed: Parsed) -> None:
    """``jc dig example.com`` runs it; ``jc --dig`` reads its input."""
    if parsed.operands:
        call.run(parsed.operands)


def pages(call: Call, parsed: Parsed) -> None:
    """A file, or an address to fetch; a browser without either takes commands."""
    for field in parsed.operands:
        text = field.static
        if (
            text is None
            or "://" in text
            or ("/" not in text and not text.endswith((".html", ".htm", ".md", ".txt", "-")))
        ):
            connect_field(call, field)
        else:
            call.read(field)
    if call.name in {"lynx", "w3m", "links", "elinks"} and not parsed.has("dump", "d", "u"):
        call.opaque("a browser that takes commands", typed=True)
