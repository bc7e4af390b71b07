"""Whether it is a person who answers: at a terminal of their own, and not from below an agent or from inside walls. Only reads.

No secret keeps one process of a user from another. What keeps an agent from answering is that it may not run this command
and cannot reach our files from a sandbox; what is looked at here is the second door behind that one.
"""

import os

from guard.enforce.agentstate import is_known
from guard.enforce.approvals import terminal_of
from guard.enforce.door import DOOR_VARIABLE

_MARKS = (
    "AI_AGENT",
    "CLAUDECODE",
    "CODEX_SANDBOX",
    "CODEX_THREAD_ID",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "QWEN_CODE",
    "GUARD_SESSION",
    DOOR_VARIABLE,
)
"""Variables that agents, and our own sessions, set for what they start."""
_OURS = frozenset(("exec", "run", "hook"))
_FARTHEST = 64


def why_not_a_person(proc: str = "/proc") -> str:
    """Empty when it may well be one; else what speaks against it, in words."""
    for name in _MARKS:
        if name in os.environ:
            return f"the variable {name} is set, as agents set it for what they start"
    if not os.isatty(0) or terminal_of("self") == 0:
        return "standard input is no terminal"
    try:
        if os.tcgetpgrp(0) != os.getpgrp():
            return "it does not run in the foreground of its terminal"
    except OSError:
        return "standard input is not the terminal that it runs at"
    return _above(proc)


def same_terminal(terminal: int) -> bool:
    """Whether we run at the terminal with this number."""
    return terminal != 0 and terminal == terminal_of("self")


def _above(proc: str) -> str:
    pid = os.getppid()
    for _ in range(_FARTHEST):
        if pid <= 1:
            return ""
        words, parent = _process(proc, pid)
        name = _agent(words)
        if name:
            return f"it was started below `{name}` (process {pid})"
        mark = _mark(proc, pid)
        if mark:
            return f"process {pid}, which it was started below, has the variable {mark} set"
        pid = parent
    return f"more than {_FARTHEST} processes stand between it and the first one"


def _process(proc: str, pid: int) -> tuple[list[str], int]:
    """Its command line, and who started it."""
    try:
        with open(f"{proc}/{pid}/cmdline", "rb") as file:
            words = file.read(65536).decode(errors="replace").split("\0")
        with open(f"{proc}/{pid}/stat", "rb") as file:
            return words, int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return [], 0


def _agent(words: list[str]) -> str:
    """The agent, or the guard itself, that a command line starts; an interpreter's first words may name it too."""
    names = [os.path.basename(word) for word in words[:4]]
    for name in names[:2]:
        if is_known(name) or is_known(name.removesuffix(".js").removesuffix(".mjs")):
            return name
    for at, name in enumerate(names):
        if name in {"guard", "execguard"} and _OURS & set(words[at + 1 : at + 2]):
            return f"guard {words[at + 1]}"
    return ""


def _mark(proc: str, pid: int) -> str:
    try:
        with open(f"{proc}/{pid}/environ", "rb") as file:
            names = {part.partition(b"=")[0].decode(errors="replace") for part in file.read().split(b"\0")}
    except OSError:
        return ""  # another user's: what started an agent is that agent's user
    return next((name for name in _MARKS if name in names), "")
