"""Programs that run the project's code whatever they are given."""

from guard.effects.call import Call
from guard.model.typed import Callable

_ASKS = frozenset({"--version", "--help", "-V", "-h", "-v", "version", "help", "-version"})


def _runs(call: Call) -> None:
    if not (len(call.args) == 1 and call.args[0].static in _ASKS):
        call.opaque("runs the project's code")


HANDLERS: dict[str, Callable[[Call], None]] = dict.fromkeys("build a2x".split(), _runs)
