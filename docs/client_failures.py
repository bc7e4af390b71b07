"""Writes docs/failures.md from guard/agents/failures.py. Run by docs/generate.py, or alone."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from guard.agents.failures import FAILURES, OURS, SEEN, Seen  # noqa: E402 - the checkout's own

PAGE = os.path.join("docs", "failures.md")
_HEAD = """\
# When the hook fails

<!-- written by docs/client_failures.py from guard/agents/failures.py -->

Most clients run the call when a hook only crashes.
So what `guard install` registers is a line for `/bin/sh` that lets a call through on one sign alone: \
exit status 91, with which our hook says that it has answered (`--says-done`).
Any other end, 0 too, is a deny with a word; what does not end is killed after 40 seconds, \
before the client gives up waiting, where there is `/usr/bin/timeout`.
OpenCode and Pi load a file of ours that starts this line, waits 30 seconds for it, and throws for every answer but a yes.

What became of the call, in the real clients: of a hook that is registered by its bare name, as their own pages show it, \
and of ours as `guard install` registers it.
`tests/clients` makes the hook fail in these ways and compares; nothing here is from documentation.
A client that is not here has not been made to fail: what is known of it is said in [agents](agents.md#registering).
"""


def _cell(seen: Seen, failure: str) -> str:
    ours = seen.installed.get(failure, "not tried")
    if failure in OURS or failure not in seen.alone:
        return ours if ours != "runs" else f"**{ours}**"
    # What lets calls through although the guard is installed is what a reader looks for.
    return f"{seen.alone[failure]}; installed: {f'**{ours}**' if ours == 'runs' else ours}"


def made() -> str:
    lines = [
        _HEAD,
        "| the hook's failure | "
        + " | ".join(f"`{agent}` {seen.version}" for agent, seen in SEEN.items())
        + " |",
        "| --- |" + " --- |" * len(SEEN),
        *(
            f"| {words} | " + " | ".join(_cell(seen, failure) for seen in SEEN.values()) + " |"
            for failure, words in FAILURES.items()
            if any(failure in seen.installed for seen in SEEN.values())
        ),
    ]
    return "\n".join(lines) + "\n"


def wrong() -> list[str]:
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as file:
        return [PAGE] if file.read() != made() else []


def write() -> None:
    with open(os.path.join(ROOT, PAGE), "w", encoding="utf-8") as file:
        file.write(made())


if __name__ == "__main__":
    write()
