"""Which agents there are, and how each is spoken to. Imports a client's module only when it is asked for."""

from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.agents.dialect import Dialect

AGENTS: dict[str, str] = {
    "claude-code": "Claude Code, event PreToolUse",
    "codex": "OpenAI Codex CLI, event PreToolUse",
    "gemini": "Gemini CLI, event BeforeTool",
    "qwen": "Qwen Code, event PreToolUse",
    "copilot": "GitHub Copilot CLI, event preToolUse or PreToolUse",
    "cursor": "Cursor, events preToolUse, beforeShellExecution, beforeMCPExecution, beforeReadFile",
    "cline": "Cline, event PreToolUse",
    "opencode": "OpenCode, through the plugin of `guard install`",
    "pi": "Pi, through the extension of `guard install`",
    "openhands": "OpenHands, event pre_tool_use",
    "goose": "Goose, event PreToolUse",
    "crush": "Crush, event PreToolUse",
    "windsurf": "Windsurf, events pre_run_command, pre_write_code, pre_read_code, pre_mcp_tool_use",
    "kiro": "Kiro, event PreToolUse",
    "droid": "Factory Droid, event PreToolUse",
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
        case "qwen":
            from guard.agents.qwen import DIALECT  # noqa: PLC0415 - as above
        case "copilot":
            from guard.agents.copilot import DIALECT  # noqa: PLC0415 - as above
        case "cline":
            from guard.agents.cline import DIALECT  # noqa: PLC0415 - as above
        case "opencode":
            from guard.agents.opencode import DIALECT  # noqa: PLC0415 - as above
        case "pi":
            from guard.agents.pi import DIALECT  # noqa: PLC0415 - as above
        case "openhands":
            from guard.agents.openhands import DIALECT  # noqa: PLC0415 - as above
        case "goose":
            from guard.agents.goose import DIALECT  # noqa: PLC0415 - as above
        case "crush":
            from guard.agents.crush import DIALECT  # noqa: PLC0415 - as above
        case "windsurf":
            from guard.agents.windsurf import DIALECT  # noqa: PLC0415 - as above
        case "kiro":
            from guard.agents.kiro import DIALECT  # noqa: PLC0415 - as above
        case "droid":
            from guard.agents.droid import DIALECT  # noqa: PLC0415 - as above
        case "generic":
            from guard.agents.generic import DIALECT  # noqa: PLC0415 - as above
        case _:
            raise KeyError(agent)
    return DIALECT
