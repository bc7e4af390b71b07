"""The law as values: rules in layers. Knows nothing of files or of how they are judged."""

from guard.model.dataclass import dataclass, field
from guard.model.verdict import Verdict

SENT = ("command", "effects", "facts", "rule")
"""What a reviewer can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Conditions that are empty or None restrict nothing; all that are given must hold."""

    id: str
    effects: tuple[str, ...]
    verdict: Verdict
    why: str
    zones: tuple[str, ...] = ()
    except_zones: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    except_hosts: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    recursive: bool | None = None
    itself: bool = False
    """Only the path that is named: not what lies below it, nor what a link leads to."""
    upload: bool | None = None
    carries: tuple[str, ...] = ()
    """Zones of files whose content is sent, and ``secret`` for what is one without being a file."""
    append: bool | None = None
    certain: bool | None = None
    observed: bool | None = None
    surprise: bool | None = None
    recoverable: str = ""
    """``yes``, ``no``, ``lost`` or ``unknown``: whether git could bring back what a deletion takes.

    ``no`` in a strict rule is also met when nobody knows; ``lost`` only by what is surely lost.
    """
    run: str = "sandbox"
    """``sandbox``, ``host`` or the name of a profile, which is a sandbox too: where what this rule allows may run."""
    grants: tuple[str, ...] = ()
    """Names of profiles: what the sandbox is given for it. The one in ``run`` is among them."""
    instead: str = ""
    shadow: bool = False
    """Only says what it would have said."""
    may_allow: bool = False
    """Of a rule that asks: what a reviewer recommends may turn its question into an allow."""
    exceptable: bool | None = None
    """Said outright, it holds for exceptions of other layers too; else for those of its own file, unless that is a floor."""
    source: str = ""
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyException:
    """Replaces the verdict of one rule, in a narrower place, until a date."""

    id: str
    rule: str
    """Of its own file; ``floor/ID`` and ``profile/ID`` of these layers, where the rule says that it may have exceptions."""
    verdict: Verdict
    reason: str
    owner: str
    approved_by: str
    expires: str
    """ISO date, the last day."""
    zones: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineTest:
    run: str
    expect: Verdict
    rule: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLimit:
    name: str
    value: int
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one layer says of a kind of run. None: nothing of this; an empty tuple: none of it."""

    id: str
    why: str
    hosts: tuple[str, ...] | None = None
    ports: tuple[int, ...] | None = None
    caches: tuple[str, ...] | None = None
    read_only: tuple[str, ...] | None = None
    environment: tuple[str, ...] | None = None
    requires: tuple[str, ...] = ()
    limits: tuple[ProfileLimit, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """A model that reads what a person is about to be asked. Amounts are millionths of a dollar."""

    model: str
    base_url: str = "https://api.anthropic.com"
    timeout_s: int = 8
    max_calls: int = 50
    """Of one session."""
    max_cost: int = 0
    """Of one session; 0 = only ``max_calls`` counts."""
    input_price: int = 0
    """Of a million tokens."""
    output_price: int = 0
    send: tuple[str, ...] = SENT
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLayer:
    kind: str
    """``floor``, ``profile``, ``repo`` or ``personal``."""
    name: str
    default: Verdict
    """For effects that no rule of this layer speaks of."""
    rules: tuple[Rule, ...] = ()
    zones: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    profiles: tuple[Profile, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    tests: tuple[InlineTest, ...] = ()
    lock_after: int = 0
    """Denials of one session by one rule after which it is locked; 0 = this layer has no limit."""
    unproposed: str = "record"
    """``end``: what an agent changes in a workspace directly, and no rule lets pass, ends its session."""
    observe: bool = False
    """Of a profile: what a hook is asked about is decided and recorded, and left to the agent's own permissions."""
    profile: str = ""
    """Which of the built-in profiles the file asks for."""
    max_exception_days: int = 0
    """How far ahead an exception of any layer may end; 0 = this layer has no limit."""
    reviewed: bool = True
    """Whether other people have seen it: else its exceptions to rules of other layers are none."""
    approved_by: str = ""
    """Of a signed floor: who approved it, and in which pull request, as the signature says."""
    pr: str = ""
    permits_host: bool = True
    """Whether anything may run outside of a sandbox at all; what one layer forbids, none permits."""
    permits_reviewer: bool = True
    """Whether what is asked about may be sent to a reviewer; what one layer forbids, none permits."""
    reviewer: Reviewer | None = None
    """Of a floor or a personal file only: it says to whom commands are sent."""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All layers count, the strictest verdict wins: a layer can only tighten."""

    layers: tuple[PolicyLayer, ...]
    digest: str
    named_programs: frozenset[str] = field(default_factory=frozenset[str])
    """Every program that some rule names: copies of these are looked for."""
    denied_programs: frozenset[str] = field(default_factory=frozenset[str])
    """What some rule that denies starting programs names: patterns, ``sha256:`` for one that is meant by its content."""
    identity: str = ""
    """Of what it says, wherever its files lie: the same on two machines. Empty for one that was not compiled."""
    also: "Policy | None" = None
    """Another one that counts as much: see ``guard.policy.pinned``."""
    held_to: str = ""
    """The digest of this one without ``also``; empty where there is none."""
    memo: dict[object, object] = field(default_factory=dict[object, object], repr=False, compare=False)
    """What was worked out from the layers; not part of the value."""

    @property
    def lock_after(self) -> int:
        """The lowest of all layers; 0 = never."""
        limits = [layer.lock_after for layer in self.layers]
        if self.also is not None:
            limits.append(self.also.lock_after)
        return min((limit for limit in limits if limit), default=0)

    @property
    def ends_on_unproposed(self) -> bool:
        """What one layer ends, none lets go on."""
        return any(layer.unproposed == "end" for layer in self.layers) or (
            self.also is not None and self.also.ends_on_unproposed
        )

    @property
    def observes(self) -> bool:
        """Only where both do: who looks on stops nothing."""
        return any(layer.observe for layer in self.layers) and (self.also is None or self.also.observes)

    @property
    def reviewer(self) -> Reviewer | None:
        """The first layer's that has one, unless any layer of this policy or of ``also`` is against it."""
        if not all(layer.permits_reviewer for layer in self.layers):
            return None
        # INVARIANT: a repository never says to whom commands are sent, whatever its file was loaded as.
        owners = (layer.reviewer for layer in self.layers if layer.kind in {"floor", "personal"})
        found = next((one for one in owners if one is not None), None)
        return None if self.also is not None and self.also.reviewer is None else found

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("a policy needs a layer: none at all would allow everything")


def policy_of(layers: tuple[PolicyLayer, ...], digest: str, identity: str = "") -> Policy:
    named = frozenset(
        program for layer in layers for rule in layer.rules for program in rule.programs if "*" not in program
    )
    denied = frozenset(
        program
        for layer in layers
        for rule in layer.rules
        if rule.verdict is Verdict.DENY and not rule.shadow and "exec" in rule.effects
        for program in rule.programs
    )
    return Policy(
        layers=layers, digest=digest, named_programs=named, denied_programs=denied, identity=identity
    )
