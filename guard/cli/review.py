"""The look at what a session has changed, at the terminal: a summary, then what a person does with it."""

import argparse
import sys
from collections import Counter

from guard.cli.changes import counted, kind_of, let_in
from guard.cli.difference import difference
from guard.cli.exit_codes import OK
from guard.cli.output import complain, say, visible
from guard.cli.pager import paged
from guard.enforce.changeset import list_sets
from guard.enforce.ending import Kept, apply_allowed, drop
from guard.enforce.manifest import ChangeSet, read_set
from guard.enforce.pipeline import Guard
from guard.errors import GuardError
from sandbox.changes import NodeKind

_LISTED = 20
_MARKS = {"created": "+", "modified": "~", "deleted": "-"}
_MENU = "[s]how, [p]ick files, apply what is a[l]lowed, [a]pply all, [k]eep for later, [d]rop: "


def review(guard: Guard, kept: Kept) -> bool:
    """Until a person has decided. No answer keeps it for later. Returns whether something is still held."""
    found = kept.found
    if found is None:
        return False
    _summary(found, kept)
    while True:
        match _answer(_MENU):
            case "s" | "show":
                with paged():
                    for line in difference(found):
                        say(line)
            case "p" | "pick":
                paths = _picked(found)
                if paths and _let_in(guard, found, paths):
                    return _left(guard, found.id)
            case "l" | "allowed":
                count, undo, why = apply_allowed(guard, kept)
                if count:
                    say(f"applied {count} changes; put back with `guard undo {undo}`")
                    return _left(guard, found.id)
                complain("nothing of it is allowed" + (f": {why}" if why else ""))
            case "a" | "all":
                if _let_in(guard, found, []):
                    return _left(guard, found.id)
            case "d" | "drop":
                if (
                    _answer(f"throw {len(found.entries)} changes away for good? only `yes` does it: ")
                    == "yes"
                ):
                    if drop(guard, kept):
                        say(f"dropped {found.id}")
                        return False
                    complain(f"{found.id} is worked on by somebody else", "look with `guard changes list`")
                    return True
            case "" | "k" | "keep":
                return _left(guard, found.id)
            case other:
                complain(f"`{visible(other, 40)}` is none of these")


def _summary(found: ChangeSet, kept: Kept) -> None:
    say(f"\nguard: {counted(found)} in {visible(found.workspace)}")
    kinds = Counter(kind_of(entry) for entry in found.entries)
    say("  " + ", ".join(f"{number} {kind}" for kind, number in kinds.items()))
    if kept.why:
        say(f"  why   {visible(kept.why, 200)}")
    allowed = frozenset(kept.allowed)
    for entry in found.entries[:_LISTED]:
        note = "" if entry.path in allowed else "   (the policy does not let it in unasked)"
        say(f"  {_MARKS[kind_of(entry)]} {visible(entry.path, 120)}{note}")
    if len(found.entries) > _LISTED:
        say(f"  and {len(found.entries) - _LISTED} more")


def _picked(found: ChangeSet) -> list[str]:
    """File by file; what is not answered is not let in."""
    out: list[str] = []
    for entry in found.entries:
        if entry.before is None and entry.after is not None and entry.after.kind is NodeKind.DIRECTORY:
            continue  # made with what lies in it
        match _answer(f"  {_MARKS[kind_of(entry)]} {visible(entry.path, 120)}   [y]es, [n]o, [q]uit: "):
            case "y" | "yes":
                out.append(entry.path)
            case "q" | "quit":
                return out
            case _:
                pass
    return out


def _let_in(guard: Guard, found: ChangeSet, paths: list[str]) -> bool:
    """A person lets it in: recorded so, and put back with `guard undo`."""
    try:
        return let_in(found, guard.places, argparse.Namespace(path=paths, yes=True, json=False)) == OK
    except GuardError as error:
        complain(str(error), error.help)
        return False


def _left(guard: Guard, id_: str) -> bool:
    if id_ not in list_sets(guard.places.held):
        return False
    rest = read_set(guard.places.held, id_)
    say(f"guard: {counted(rest)} kept for later: `guard changes show {id_}`")
    return True


def _answer(question: str) -> str:
    """Empty at the end of input."""
    sys.stdout.write(question)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        say("")
    return line.strip()
