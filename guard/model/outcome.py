"""How a carried-out action ended. A value: an exception would mean that we failed."""

from guard.model.dataclass import dataclass
from guard.model.profile import Limit
from guard.model.typed import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The command ended by itself. ``status`` is 0..255 as the shell reports it, 128+n for signal n."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached:
    """A declared limit ended it."""

    limit: str
    """One of ``guard.model.profile.LIMITS``."""
    set_by: Limit | None = None
    """Its value and where that stands; None where no policy has set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A signal from outside ended it."""

    signal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted:
    """It never ran: the sandbox required could not be had. Never a fallback to the host."""

    reason: str


Outcome: TypeAlias = Completed | LimitReached | Killed | NotStarted
