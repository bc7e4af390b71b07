"""What a recipe is given, and what it says."""

from collections.abc import Callable
from dataclasses import dataclass

from guard.probe.model import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    url: str
    """Of the model, `http://127.0.0.1:PORT`."""
    home: str
    """Absolute; thrown away afterwards."""
    workspace: str
    """Absolute; where the client is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headless:
    argv: tuple[str, ...]
    """Words after the program: one session that asks nobody but the hook."""
    env: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...] = ()
    """To be written first: path relative to the home, and content. None of them registers a hook."""
    run: Callable[[str], Call]
    """The call of the client's own tool that runs a command."""
