"""Writes the table of codes in docs/policy-check.md from guard/policy/lint/codes.py. Run by docs/generate.py."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from guard.policy.lint.codes import CODES  # noqa: E402 - the checkout's own, whatever is installed

PAGE = os.path.join("docs", "policy-check.md")
BEGIN, END = "<!-- codes: written by docs/generate.py -->\n", "<!-- end of codes -->\n"


def made() -> str:
    """The page with the table as it has to be."""
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    return before + BEGIN + "\n" + _table() + "\n" + END + rest.partition(END)[2]


def _table() -> str:
    lines = ["| code | name | severity | what is wrong | what to do |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {code} | {one.name} | {one.severity} | {_cell(one.says)} | {_cell(one.help)} |"
        for code, one in CODES.items()
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def write() -> None:
    text = made()
    with open(os.path.join(ROOT, PAGE), "w", encoding="utf-8") as file:
        file.write(text)


def wrong() -> list[str]:
    """The page, when it is not what the code says."""
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as file:
        return [] if file.read() == made() else [PAGE]
