"""A question put to a person in another terminal, who is shown it by ``guard approve``. Waits for a bounded time."""

import contextlib
import time

from guard.audit.log import AuditLog
from guard.enforce.approvals import PendingAsk, file_ask, is_asked, take, withdraw
from guard.enforce.places import Places
from guard.engine.stages import Decided
from guard.model.typed import Callable

_AGAIN_S = 0.1


class Elsewhere:
    """``wait_s`` 0: the question is left there, and whoever comes with the same action again finds the answer."""

    by = "nobody"
    surface = "none"

    def __init__(
        self, places: Places, log: AuditLog, wait_s: float, tell: Callable[[PendingAsk, float], None]
    ) -> None:
        self._places, self._log, self._wait_s, self._tell = places, log, wait_s, tell

    def approves(self, decided: Decided, decision: int) -> bool:
        ask = file_ask(decided, decision, self._places)
        if ask is None:
            return False
        self._tell(ask, self._wait_s)
        if not self._wait_s:
            return False
        try:
            return self._waited(ask, decided, decision)
        finally:
            with contextlib.suppress(OSError):
                withdraw(ask.digest, self._places)

    def _waited(self, ask: PendingAsk, decided: Decided, decision: int) -> bool:
        end = time.monotonic() + self._wait_s
        while True:
            # In this order: a grant has its name before the ask loses its own.
            answered = not is_asked(ask.digest, self._places)
            taken = take(decided, decision, self._places, self._log)
            if taken is not None:
                self.by, self.surface = taken.by, taken.surface
                return True
            if answered or time.monotonic() > end:
                return False
            time.sleep(_AGAIN_S)
