"""How much of what bash accepts the parser reads: one-liners from a file, or the shell scripts below directories.

``benchmarks/coverage.py LINES.jsonl`` with lines of ``{"command": ...}``, or ``benchmarks/coverage.py /usr /etc``. What is
not read is never wrong, only contained: ``--show`` prints each with the reason. Whether bash accepts a text, ``bash -n``
says, which runs nothing.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from guard.shell.parse import MAX_CHARACTERS, parse  # noqa: E402 - the checkout's own
from guard.shell.walk import unread  # noqa: E402

SHELLS = (b"sh", b"bash", b"dash")


def lines(path: str) -> Iterator[tuple[str, str]]:
    with open(path, encoding="utf-8") as file:
        for count, line in enumerate(file, 1):
            if line.strip():
                yield f"{path}:{count}", json.loads(line)["command"]


def scripts(directory: str) -> Iterator[tuple[str, str]]:
    """Files that say in their first line that a shell runs them."""
    for where, _, names in os.walk(directory):
        for name in sorted(names):
            path = os.path.join(where, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            try:
                with open(path, "rb") as file:
                    first = file.readline(200)
                    words = first.removeprefix(b"#!").split()[:2]
                    if not first.startswith(b"#!") or not any(
                        os.path.basename(word) in SHELLS for word in words
                    ):
                        continue
                    yield path, (first + file.read()).decode()
            except (OSError, UnicodeDecodeError):
                continue


def accepted(text: str) -> bool:
    return not subprocess.run(
        ["bash", "--norc", "-n"], input=text.encode(), capture_output=True, check=False
    ).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="+", metavar="LINES.jsonl|DIRECTORY")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    for place in args.places:
        read = total = long = 0
        for name, text in islice(scripts(place) if os.path.isdir(place) else lines(place), args.limit):
            if not accepted(text):
                continue
            total += 1
            long += len(text) > MAX_CHARACTERS
            refused = unread(parse(text))
            read += not refused
            if refused and args.show:
                print(f"{name}: {refused[0].reason}")
        share = f"{100 * read / total:.2f} %" if total else "nothing"
        print(
            f"{place}: bash accepts {total}, read whole {read} ({share}), longer than {MAX_CHARACTERS} characters {long}"
        )


if __name__ == "__main__":
    main()
