"""The answer to a proposal, with its reasons and where it may run. Carries no power: only a Permit does."""

from guard.model.dataclass import dataclass
from guard.model.enums import Enum
from guard.model.profile import RunProfile
from guard.model.typed import NoReturn, TypeAlias
from guard.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """On the machine itself; only when every effect of the command may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """In a throwaway sandbox, with the grants of every effect united."""

    grants: frozenset[str] = frozenset()
    """The profiles that the rules named."""
    profile: RunProfile = RunProfile()
    """What these profiles mean here."""


Placement: TypeAlias = Host | Sandbox


class Obligation(Enum):
    """What else must hold for an Allow to count."""

    SNAPSHOT_FIRST = "snapshot-first"
    REDACT_OUTPUT = "redact-output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule's say on one effect."""

    verdict: Verdict
    rule: str
    """Rule id; ``default`` when no rule of the layer spoke of it; ``guard-...`` for the guard's own invariants."""
    layer: str
    """``guard``, ``floor``, ``profile``, ``repo``, ``personal``."""
    why: str
    source: str = ""
    """``file:line`` of the rule."""
    instead: str = ""
    """What would be accepted; never anything that helps to get round the rule."""
    effect: int = -1
    """Index into the decision's effects; -1 for the whole proposal."""
    may_allow: bool = False
    """Of a question: its rule lets a reviewer answer it with an allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    reasons: tuple[Reason, ...]
    """At least one. The first is the one that decided; the rest is the trace."""
    placement: Placement
    """Where it runs if it runs: for an Ask, if a human approves."""
    obligations: frozenset[Obligation] = frozenset()
    shadow: tuple[Reason, ...] = ()
    """What rules in ``mode: shadow`` would have said."""

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a decision needs a reason")

    def __bool__(self) -> NoReturn:
        raise TypeError("a decision is not a truth value: match on Allow, Ask, Deny")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow(_Base):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(_Base):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(_Base):
    pass


Decision: TypeAlias = Allow | Ask | Deny


def may_be_answered(decision: Decision) -> bool:
    """Whether a reviewer may answer it with an allow: every rule that asks, about whichever effect, lets it."""
    return isinstance(decision, Ask) and all(
        reason.may_allow for reason in decision.reasons if reason.verdict is Verdict.ASK
    )


def verdict_of(decision: Decision) -> Verdict:
    """The decision's verdict, for records and exit codes."""
    match decision:
        case Allow():
            return Verdict.ALLOW
        case Ask():
            return Verdict.ASK
        case Deny():
            return Verdict.DENY
