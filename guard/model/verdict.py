"""What one rule says, and how several are joined: the strictest wins, order never matters."""

from guard.model.enums import Enum
from guard.model.typed import NoReturn


class Verdict(Enum):
    """ALLOW < ASK < DENY. Not a truth value: ``if verdict:`` is an error, not an allow."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"

    @property
    def rank(self) -> int:
        """0 for ALLOW to 2 for DENY."""
        return _RANK[self]

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict is not a truth value: compare it with Verdict.ALLOW")


_RANK: dict[Verdict, int] = {Verdict.ALLOW: 0, Verdict.ASK: 1, Verdict.DENY: 2}


def strictest(first: Verdict, *others: Verdict) -> Verdict:
    """The strictest of at least one verdict."""
    return max((first, *others), key=lambda v: v.rank)


class Level(Enum):
    """How much stands behind a decision on this machine, with this client."""

    ADVICE = "advice"
    """Hook only: nothing contains what is allowed."""
    CONTAINED = "contained"
    """Each command that needs it runs in a sandbox."""
    ENCLOSED = "enclosed"
    """The whole agent is inside, the guard outside."""
