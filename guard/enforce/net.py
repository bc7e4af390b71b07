"""The second net, inside the walls: a shell that a client starts is asked about here, whoever made it start one.

Clients run shell lines that no hook of theirs sees: those in the repository's slash commands, its MCP servers, what a
hook of somebody else has made of a command. What a hook has let pass already is known outside, and not asked again.
"""

import os

from guard.agents.refusal import refusal
from guard.enforce.door import DoorError, ask
from guard.model.jsons import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MARK = "GUARD_NET"
"""A variable of the client's own: what it starts has it, what that starts has not."""
DEADLINE_S = 20.0
DENIED = 2
"""Also for a hook that the client starts so: then it is a deny."""
_SHELL = "/bin/bash"


def main(arguments: list[str]) -> int:
    """``arguments``: how the client starts shells (`line` or `shell`), the door, and what it starts one with."""
    try:
        how, door, *words = arguments
        started = ["-c", *words] if how == "line" else words
        text, already = understood(started)
        problem = _asked(door, text, already)
        if not problem:
            _run(started)
    except DoorError as error:
        problem = refusal(str(error))[1]
    except BaseException as error:  # noqa: BLE001 - a crash of ours must not let the line run
        problem = refusal(f"{type(error).__name__}: {error}")[1]
    os.write(2, problem)
    return DENIED


def _asked(door: str, text: str, already: str) -> bytes:
    """Why it may not run; empty when it may. Raises DoorError."""
    call = {"version": 1, "tool": "shell", "input": {"command": text}, "cwd": os.getcwd()}
    _, why, status = ask(door, "generic", dumps(call).encode(), DEADLINE_S, already)
    return why or (refusal("the guard outside gave no reason")[1] if status else b"")


def _run(words: list[str]) -> "NoReturn":
    os.environ.pop(MARK, None)
    os.execv(_SHELL, ["bash", *words])  # noqa: S606 - the shell that was asked for, with its own words


def understood(words: list[str]) -> tuple[str, str]:
    """What is to be judged, and the command as a hook would have seen it; both from the words after the shell's name."""
    at = next((index for index, word in enumerate(words) if word[:1] not in {"-", "+"}), len(words))
    options = words[:at]
    if at == len(words) or not any("c" in word[1:] and not word.startswith("--") for word in options):
        from shlex import join  # noqa: PLC0415 - rarely

        whole = join(["bash", *words])
        return whole, whole
    line = words[at]
    return _of_claude(line) or _of_gemini(line) or (line, line)


def _of_claude(line: str) -> tuple[str, str] | None:
    """Its command is one quoted word behind `eval`; what stands around it is always the same, and nothing else counts."""
    import re  # noqa: PLC0415 - inside the border

    found = re.fullmatch(
        r"(?:source /\S+/shell-snapshots/snapshot-[\w-]+\.sh 2>/dev/null \|\| true && )?"
        r"(?:\{ shopt -u extglob \|\| setopt NO_EXTENDED_GLOB NO_BARE_GLOB_QUAL; \} >/dev/null 2>&1 \|\| true && )?"
        r"""eval ((?:'[^']*'|"'"|\\'|[\w./:=@%+,-])+)(?: < /dev/null)? && pwd -P >\| /tmp/claude-[\w-]+-cwd""",
        line,
    )
    if found is None:
        return None
    from shlex import split  # noqa: PLC0415 - as above

    (command,) = split(found[1])
    # Of several programs in a row it gives the first one nothing to read.
    return command, command.replace(" < /dev/null", "", 1)


def _of_gemini(line: str) -> tuple[str, str] | None:
    import re  # noqa: PLC0415 - inside the border

    head = "shopt -u promptvars nullglob extglob nocaseglob dotglob; "
    if not line.startswith(head):
        return None
    line = line[len(head) :]
    found = re.fullmatch(
        r"_bgpids_file=/tmp/gemini-shell-\w+/bgpids\.tmp\n\(\n  trap 'jobs -p > \"\$_bgpids_file\"' EXIT\n"
        r"(.*)\n\)\n__code=\$\?\nexit \$__code",
        line,
        re.DOTALL,
    )
    # With its parentheses: a line that closes them would otherwise be another one than is run.
    return (line, line) if found is None else (f"(\n{found[1]}\n)", found[1])
