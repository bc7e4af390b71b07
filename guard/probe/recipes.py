"""How each client is started without a terminal, in a home that is thrown away, against a model of ours."""

from collections.abc import Callable

from guard.probe import claude_code, cline, codex, copilot, gemini, opencode, pi, qwen
from guard.probe.headless import Headless, Start

RECIPES: dict[str, Callable[[Start], Headless]] = {
    "claude-code": claude_code.headless,
    "cline": cline.headless,
    "codex": codex.headless,
    "copilot": copilot.headless,
    "gemini": gemini.headless,
    "opencode": opencode.headless,
    "pi": pi.headless,
    "qwen": qwen.headless,
}
"""By the name that `guard hook` and `guard install` know the client by."""

__all__ = ["RECIPES", "Headless", "Start"]
