"""Long output for people at a terminal, a screen at a time. Does nothing anywhere else."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Generator


@contextlib.contextmanager
def paged() -> Generator[None]:
    """What is said inside goes through a pager, if people read it at a terminal and there is one.

    Never through what ``PAGER`` names: that is a command line, and who asks to see a change set wants nothing else run.
    """
    less = next((path for path in ("/usr/bin/less", "/bin/less") if os.access(path, os.X_OK)), "")
    if (
        not less
        or not sys.stdout.isatty()
        or not sys.stdin.isatty()
        or os.environ.get("TERM", "dumb") == "dumb"
    ):
        yield
        return
    terminal, held = sys.stdout, io.StringIO()
    # Whether there are colours was asked of the terminal.
    held.isatty = terminal.isatty  # type: ignore[method-assign]
    sys.stdout = held
    try:
        yield
    finally:
        sys.stdout = terminal
    text = held.getvalue()
    if text.count("\n") < os.get_terminal_size(terminal.fileno()).lines:
        terminal.write(text)
        return
    # Secure: nothing that is shown, or typed, starts an editor, a shell or a filter.
    env = {name: value for name, value in os.environ.items() if not name.startswith("LESS")} | {
        "LESSSECURE": "1"
    }
    subprocess.run(
        [less, "-RFX"],
        input=text.encode(terminal.encoding or "utf-8", "backslashreplace"),
        env=env,
        check=False,
    )
