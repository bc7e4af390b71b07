"""What the library answers: a decision with its words, what became of a command, what became of a file."""

from guard.agents.codec import explanation
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.model.dataclass import dataclass, field
from guard.model.decision import Allow, Ask, Decision, Deny, Host, Reason, Sandbox
from guard.model.outcome import Completed, Killed, LimitReached, NotStarted, Outcome
from guard.model.typed import Any, Mapping
from guard.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked. ``digest`` names the exact action; an answer is for it alone, and once."""

    call: str
    """The command, or the tool with its path or address."""
    cwd: str
    text: str
    """Why it is asked about, in words: effect, rule, what would be accepted."""
    decision: Decision
    effects: tuple[Mapping[str, Any], ...]
    """What it would do, as in ``docs/schemas/exec.schema.json``."""
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a call may be carried out. Not a truth value by itself: look at ``permitted``."""

    permitted: bool
    decision: Decision
    record: int
    """Number of the decision's record in the audit log."""
    text: str
    """For the model: why not, and what would be accepted. Empty when it is permitted."""

    def __bool__(self) -> bool:
        raise TypeError("an answer is not a truth value: look at `permitted`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A call that somebody else's client carries out itself, and asks before it does."""

    guard: Guard
    """By which it was decided."""
    decided: Decided
    record: int
    permitted: bool
    """Without a person."""
    contained: str = ""
    """The command that the client has to run in the place of its own; empty where nothing has to be contained."""

    def __bool__(self) -> bool:
        raise TypeError("what was judged is not a truth value: look at `permitted`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of one command."""

    decision: Decision
    outcome: Outcome | None
    """How it ended; None when it was not permitted."""
    stdout: bytes = b""
    stderr: bytes = b""
    cut: int = 0
    """Bytes of output that were thrown away from the middle, because there was more than was asked for."""
    stopped: bool = False
    """The caller ended it, by ``timeout_s`` or by cancelling."""
    report: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """All of it: ``docs/schemas/exec.schema.json``, less the exit status of ``guard exec``."""

    @property
    def permitted(self) -> bool:
        return self.outcome is not None

    @property
    def status(self) -> int | None:
        """0..255 as the shell has it; None where it did not end by itself."""
        return self.outcome.status if isinstance(self.outcome, Completed) else None

    @property
    def held(self) -> str:
        """Why its changes did not reach the workspace; empty when they did, or there were none."""
        return str(self.report.get("why_held") or "")

    @property
    def undo(self) -> str:
        """The id that ``guard undo`` takes its changes back by; empty when there is nothing to take back."""
        return str(self.report.get("undo") or "")

    @property
    def ok(self) -> bool:
        """It ran, ended with 0, and what it changed is in the workspace."""
        return self.status == 0 and not self.held

    @property
    def text(self) -> str:
        """For the model: output, then what it must know besides."""
        if self.outcome is None:
            return refusal_of(self.decision)
        parts = [_shown(self.stdout), _shown(self.stderr)]
        match self.outcome:
            case Completed() | Killed() if self.stopped:
                parts.append("[guard] ended because it took too long")
            case Completed(status=status) if status:
                parts.append(f"[guard] exit status {status}")
            case Completed():
                pass
            case LimitReached(limit=limit):
                parts.append(f"[guard] ended by the limit on {limit}")
            case Killed(signal=number):
                parts.append(f"[guard] ended by signal {number}")
            case NotStarted(reason=reason):
                parts.append(f"[guard] not run: {reason}")
        if self.cut:
            parts.append(f"[guard] {self.cut} bytes of output left out in the middle")
        if self.held:
            parts.append(f"[guard] its changes are held for a person and not in the workspace: {self.held}")
        return "\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDone:
    """What became of a read, write or edit that the guard was to carry out."""

    answer: Answer
    done: bool
    content: str = ""
    """What was read."""
    problem: str = ""
    """Why it could not be done although it was permitted."""

    @property
    def text(self) -> str:
        """For the model."""
        return self.answer.text or self.problem or self.content


def refusal_of(decision: Decision) -> str:
    """Why a call is not carried out, as the agent's hooks have it."""
    first = decision.reasons[0]
    words = f"{first.why} (rule `{first.rule}`{f', {first.source}' if first.source else ''})"
    if first.instead:
        words += f"\ninstead: {first.instead}"
    match decision:
        case Deny():
            return f"[guard] denied: {words}"
        case Ask():
            return f"[guard] a person has to approve this, and nobody did: {words}"
        case Allow():
            return f"[guard] {words}"


def why_of(decided: Decided) -> str:
    """The words of a question."""
    return explanation(decided)


def decision_of(data: Mapping[str, Any]) -> Decision:
    """The value that ``decision_json`` has written; the trace is in ``Ran.report``. Raises KeyError, ValueError."""
    kinds: dict[str, type[Allow | Ask | Deny]] = {"allow": Allow, "ask": Ask, "deny": Deny}
    placement = Host() if data["placement"] == "host" else Sandbox(grants=frozenset(data.get("grants", ())))
    return kinds[data["verdict"]](
        reasons=(_reason(data["reason"]),),
        placement=placement,
        shadow=tuple(_reason(reason) for reason in data.get("shadow", ())),
    )


def _reason(data: Mapping[str, Any]) -> Reason:
    return Reason(
        verdict=Verdict(data["verdict"]),
        rule=data["rule"],
        layer=data["layer"],
        why=data["why"],
        source=data.get("source", ""),
        instead=data.get("instead", ""),
        effect=data.get("effect", -1),
    )


def outcome_of(data: Mapping[str, Any] | None) -> Outcome | None:
    """The value that a report's ``outcome`` stands for. Raises KeyError, ValueError."""
    if data is None:
        return None
    match data["ended"]:
        case "completed":
            return Completed(status=data["status"])
        case "limit":
            return LimitReached(limit=data["limit"])
        case "killed":
            return Killed(signal=data["signal"])
        case "not-started":
            return NotStarted(reason=data["reason"])
        case other:
            raise ValueError(f"`{other}` is no way to end")


def _shown(output: bytes) -> str:
    return output.decode(errors="backslashreplace").rstrip("\n")
