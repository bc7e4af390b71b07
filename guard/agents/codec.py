"""What every codec gives and takes. Codecs are pure both ways: bytes in, bytes out, no look at the machine."""

from guard.engine.stages import Decided
from guard.model.dataclass import dataclass
from guard.model.decision import Ask
from guard.model.proposal import Proposal
from guard.model.typed import Any

MAX_PAYLOAD = 16 * 1024 * 1024


class PayloadError(Exception):
    """The payload is not what the client is known to send. ``str`` is problem and place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """One tool call as read from a client."""

    proposal: Proposal
    tool: str
    arguments: dict[str, Any]
    """The tool's arguments as sent, for a rewritten answer that must repeat them all."""
    rewrites: bool = False
    """Whether this client runs the command that we answer with, rather than its own."""
    command_key: str = "command"
    """The argument that holds the command."""
    listed: bool = False
    """Whether that argument is a list of commands."""
    asks: bool = True
    """Whether this event can be answered with a question, where the client has one at all."""
    event: str = ""
    """Which of the client's events it is, where the answers differ."""
    project: str = ""
    """The session's own directory, where the payload says it; ``cwd`` may follow wherever the model goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the hook process prints and how it ends."""

    stdout: bytes = b""
    stderr: bytes = b""
    status: int = 0


def explanation(decided: Decided) -> str:
    """Why, for a reader that is often a model: the effect, the rule, what would be accepted."""
    first = decided.decision.reasons[0]
    lines = [f"{first.why} (rule `{first.rule}`{f', {first.source}' if first.source else ''})"]
    if first.instead:
        lines.append(f"instead: {first.instead}")
    advice = decided.facts.advice
    if advice is not None and isinstance(decided.decision, Ask):
        from guard.engine.advised import advice_words  # noqa: PLC0415 - only where a model was asked

        lines.append(advice_words(advice))
    return "\n".join(lines)
