"""What stands in the place of a shell inside, so that what a client starts without its hook is asked about as well."""

import os
from shlex import join, quote

from guard.enforce.inject.made import DOOR, OURS, interpreter, package
from guard.enforce.net import MARK
from sandbox.spec import Shown

LINE = f"{OURS}/shell-line"
"""Started with one line, as `CLAUDE_CODE_SHELL_PREFIX` is."""
PROGRAMS = f"{OURS}/bin"
SHELL = f"{PROGRAMS}/bash"
"""Started as bash is."""


def stubs(hooks: tuple[str, ...]) -> tuple[Shown, ...]:
    """``hooks``: lines that start hooks themselves, which are not asked about: each call of a client starts some."""
    return (
        Shown(path=LINE, content=_stub("line", "$1", "", hooks), executable=True),
        Shown(path=SHELL, content=_stub("shell", "$2", f'[ -n "${MARK}" ] || exec /bin/bash "$@"\n', hooks), executable=True),
    )  # fmt: skip


def _stub(how: str, line: str, first: str, hooks: tuple[str, ...]) -> bytes:
    code = (
        f"import sys; sys.path.insert(0, {os.path.dirname(package())!r});"
        " from guard.enforce.net import main; sys.exit(main(sys.argv[1:]))"
    )
    start = join([interpreter(), "-I", "-S", "-c", code, how, DOOR])
    run = 'exec /bin/bash -c "$1"' if how == "line" else 'exec /bin/bash "$@"'
    known = "".join(
        f'case "{line}" in {quote(hook)}) unset {MARK}; {run} ;; esac\n' for hook in dict.fromkeys(hooks)
    )
    # Whatever becomes of the interpreter, it is no yes.
    return f'#!/bin/sh\n{first}{known}{start} "$@"\n'.encode()
