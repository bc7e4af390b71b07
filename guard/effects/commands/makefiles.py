"""``make``: what stands in the makefile runs."""

from collections.abc import Callable

from guard.effects.call import Call

_ASKS = frozenset({"--version", "--help", "-h", "-v"})


def _make(call: Call) -> None:
    if not (len(call.args) == 1 and call.args[0].static in _ASKS):
        call.opaque("runs the project's code")


HANDLERS: dict[str, Callable[[Call], None]] = {"make": _make, "gmake": _make}
