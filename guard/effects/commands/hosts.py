"""Addresses in arguments: which host a program talks to. Pure text."""

from guard.effects.call import Call
from guard.effects.values import Field, static_text
from guard.model.typed import Iterable

_PORTS = {
    "http": 80,
    "https": 443,
    "ftp": 21,
    "ftps": 990,
    "ssh": 22,
    "git": 9418,
    "ws": 80,
    "wss": 443,
    "sftp": 22,
}


_WHERE = frozenset(
    "ADDR ADDRESS API BASE ENDPOINT ENDPOINTS HOST HOSTADDR HOSTNAME SERVER SERVERS URI URL".split()
)
"""Last words of variables that say where a service is."""


def elsewhere(call: Call) -> None:
    """Whoever talks to a service of its own, and is told that it is at another place, shows that place its credentials."""
    upload = any(one.upload for one in call.sent)
    for field in (*call.addressed, *given_by(call, filter(_says_where, call.state.variables))):
        text = field.static
        # `api`, `3` and `/v2` name no other machine.
        if text is None or (not text.startswith("/") and ("." in text or ":" in text)):
            connect_field(call, field, upload=upload)


def given_by(call: Call, names: Iterable[str]) -> list[Field]:
    """What this line has the program find in these variables."""
    state, inherits = call.state, call.evaluator.facts.env
    return [
        Field(value, call.span)
        for name in names
        if (one := state.variables.get(name)) is not None and (one.exported or name in inherits)
        for value in one.values
        if static_text(value) != ""
    ]


def _says_where(variable: str) -> bool:
    *before, last = variable.split("_")
    return (bool(before) and (last in _WHERE or "ENDPOINT" in before)) or variable in {"PGHOST", "PGHOSTADDR"}


def host_of(address: str) -> tuple[str, int]:
    """Host and port (0 = unknown) of a URL, ``user@host:path``, or a bare host. Host ``?`` when it cannot be told."""
    if any(char <= " " or char == "\\" for char in address):
        return "?", 0
    if "://" in address:
        from urllib.parse import urlsplit  # noqa: PLC0415 - costs 3 ms, and few commands name an address

        try:
            url = urlsplit(address)
            return (url.hostname or "?").rstrip("."), url.port or _PORTS.get(url.scheme.lower(), 0)
        except ValueError:
            return "?", 0
    head = address.split("/", 1)[0]
    head = head.rpartition("@")[2]
    if head.startswith("["):
        return head[1:].partition("]")[0] or "?", 0
    host, _, port = head.partition(":")
    return host.rstrip(".").lower() or "?", int(port) if port.isdigit() and len(port) < 6 else 0


def connect_to(call: Call, address: str, *, upload: bool = False) -> None:
    host, port = host_of(address)
    call.connect(host, port, upload=upload)


def connect_field(call: Call, field: Field, *, upload: bool = False) -> None:
    """An argument that is an address. Known up to its first slash is enough."""
    text = field.static
    if text is None:
        head = field.prefix
        after = head.partition("://")[2] if "://" in head else head
        if "/" not in after or "@" in after.split("/", 1)[0]:
            call.connect("?", upload=upload)
            return
        # The rest of the address is not known: it may carry anything out.
        connect_to(call, head, upload=True)
        return
    connect_to(call, text, upload=upload)
