"""Which agents there are, and how each is spoken to. Imports a client's module only when it is asked for."""

from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.agents.dialect import Dialect

AGENTS: dict[str, str] = {
    "claude-code": "Claude Code, event PreToolUse",
    "codex": "OpenAI Codex CLI, event PreToolUse",
    "gemini": "Gemini CLI, event BeforeTool",
    "cursor": "Cursor, events preToolUse, beforeShellExecution, beforeMCPExecution, beforeReadFile",
    "generic": "any other, in the JSON of docs/agents.md",
}


def dialect_of(agent: str) -> "Dialect":
    """Raises KeyError for an agent that is none."""
    # Written out rather than imported by name: what is there is what type checkers and readers see.
    match agent:
        case "claude-code":
            from guard.agents.claude_code import DIALECT  # noqa: PLC0415 - only the one that is asked for
        case "codex":
            from guard.agents.codex import DIALECT  # noqa: PLC0415 - as above
        case "gemini":
            from guard.agents.gemini import DIALECT  # noqa: PLC0415 - as above
        case "cursor":
            from guard.agents.cursor import DIALECT  # noqa: PLC0415 - as above
        case "generic":
            from guard.agents.generic import DIALECT  # noqa: PLC0415 - as above
        case _:
            raise KeyError(agent)
    return DIALECT
