"""Writes docs/escapes.md: every case of the escape battery, and what became of it in each sandbox of this machine.

python docs/escapes.py             try everything and write; as root, also as an ordinary user
python docs/escapes.py --check     say whether the list of cases is up to date, exit status 1 if not; tries nothing

bubblewrap and Docker are tried where the tests would: all of it in one run is
    tests/sandbox/with_bubblewrap.sh tests/sandbox/with_dockerd.sh .venv/bin/python docs/escapes.py
What was not tried this time keeps its column.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from sandbox.battery.case import Section, load  # noqa: E402 - the checkout's own, whatever is installed
from sandbox.battery.matrix import page  # noqa: E402
from sandbox.battery.trial import Outcome  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "escapes.md")
INTRODUCTION = """# Ways out, and what became of them

Written by `docs/escapes.py`; `guard doctor --live` tries the same on your machine.

{cases} attempts, each with the host as the judge: around the workspace stands a home directory with secrets, sockets and settings, beside it a process that can be killed and servers that can be reached, and afterwards all of it must be as it was, and no secret in the output.
Sections B, D, E and N are about what an attempt leaves in the workspace: it must be held for a person, or at least stand in the change set; and what the host has done meanwhile must not be overwritten when it is applied.

*Proved without walls*: the same attempt does harm when nothing contains it, so that a stop is the walls' doing; where that cannot be shown on a machine that others use, the reason is given.
`tests/escapes/coverage.toml` says which cases, and which other tests, are about what.
*stopped*: tried, and without effect. *-*: it is about something this sandbox does not claim (see the end).

Not covered, and not claimed:

* A command can change the mode, owner and times of the very files that it is given as standard input and output, and cut the latter.
* Memory that the kernel holds for pipes and sockets is bounded by the number of descriptors and processes, not by the memory limit; only `docker` counts it.
* Processor time of children that nobody waits for is bounded by the wall clock only, except in `docker`.

"""


def rows(text: str) -> dict[str, str]:
    """Id to the beginning of its row: what is tried, and how it is proved."""
    found = re.findall(r"^(\| (\w+) \|[^|]*\|[^|]*\|)", text, re.MULTILINE)
    return {name: row for row, name in found if name != "case"}


def outcomes(text: str) -> dict[str, dict[str, Outcome]]:
    """The columns of the page as it stands."""
    marks = {
        "stopped": Outcome.STOPPED,
        "**missed**": Outcome.MISSED,
        "**not tried**": Outcome.UNTRIED,
        "-": Outcome.NOT_APPLICABLE,
    }
    columns: dict[str, dict[str, Outcome]] = {}
    names: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| case |"):
            names = cells[3:]
        elif line.startswith("| ") and names:
            for name, cell in zip(names, cells[3:], strict=True):
                if cell in marks:
                    columns.setdefault(name, {})[cells[0]] = marks[cell]
    return columns


def tried(sections: tuple[Section, ...]) -> tuple[dict[str, dict[str, Outcome]], list[str]]:
    import pytest  # noqa: PLC0415 - not to check

    from tests.escapes.test_battery import trial  # noqa: PLC0415 - as above
    from tests.sandbox.conftest import MAKERS  # noqa: PLC0415 - as above

    columns: dict[str, dict[str, Outcome]] = {}
    reasons: dict[str, list[str]] = {}
    for name in (
        "local-root",
        "local-user",
        "bubblewrap-root",
        "bubblewrap-user",
        "landlock-root",
        "landlock-user",
        "docker",
    ):
        make = MAKERS[name]
        try:
            runner = make()
        except pytest.skip.Exception as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            continue
        found = columns[name.replace("-", " as ")] = {}
        for section in sections:
            print(f"{name}: {section.letter}", file=sys.stderr)
            for result in trial(runner).section(section):
                found[result.case.id] = result.outcome
                if result.outcome is Outcome.NOT_APPLICABLE:
                    reasons.setdefault(result.because, []).append(result.case.id)
                elif result.outcome is not Outcome.STOPPED:
                    print(f"{result.case.id} {result.outcome.value}: {result.because}", file=sys.stderr)
    return columns, [f"{', '.join(dict.fromkeys(ids))}: {reason}" for reason, ids in reasons.items()]


def main() -> int:
    sections = load()
    try:
        with open(PAGE, encoding="utf-8") as file:
            now = file.read()
    except FileNotFoundError:
        now = ""
    if sys.argv[1:] == ["--check"]:
        wanted = rows(page(sections, {}, ()))
        differs = sorted(
            id_ for id_ in wanted.keys() | rows(now).keys() if wanted.get(id_) != rows(now).get(id_)
        )
        differs += [id_ for column in outcomes(now).values() for id_ in wanted if id_ not in column]
        print("\n".join(f"docs/escapes.md is not up to date: {id_}" for id_ in differs))
        return 1 if differs else 0
    before = now.rpartition("## What does not apply, and why")[2] if now else ""
    columns, reasons = tried(sections)
    again = tuple(f": {name.partition(' ')[0]} does" for name in columns)
    kept = [
        line.removeprefix("* ")
        for line in before.splitlines()
        if line.startswith("* ") and not any(name in line for name in again)
    ]
    cases = sum(len(section.cases) for section in sections)
    text = page(sections, outcomes(now) | columns, tuple(dict.fromkeys([*kept, *reasons])))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(INTRODUCTION.format(cases=cases) + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
