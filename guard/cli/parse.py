"""``guard parse``: how a command is read, which commands are in it, and what could not be read. Judges nothing."""

import argparse
import json
import sys
from typing import Any, cast

from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.lines import MAX_LINE, object_of, only_keys, text_of_key
from guard.cli.output import say, style, visible
from guard.cli.proposals import command_of
from guard.errors import UsageError
from guard.model.enums import Enum
from guard.model.frozen import Frozen
from guard.model.source import Span
from guard.shell.ast import Item, Pipeline, Script, Unread, Word
from guard.shell.emit import emit
from guard.shell.parse import parse
from guard.shell.walk import command_names, unread

_KEYS = frozenset({"id", "command"})
_SHOWN = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show how shell text is read: the tree, the commands anywhere in it, and what could not be read.\n"
        "Judges nothing and runs nothing; `guard explain` shows what the commands would do.\n\n"
        "  guard parse -- 'for f in *.log; do gzip \"$f\" && rm $(basename $f); done'\n"
        "  guard parse --json -- 'cat <<E | sh' | jq .why\n"
        "  guard parse --batch < lines.jsonl > read.jsonl\n\n"
        "A command whose name only bash can tell (`$CMD x`) is shown as `?`, in JSON as null.\n"
        "What is not read is named with its reason and place: nothing in it is ever taken for harmless."
    )
    parser.epilog = "exit codes: 0 read, 1 a part could not be read, 2 malformed input"
    parser.add_argument("--json", action="store_true", help="for machines: docs/schemas/parse.schema.json")
    parser.add_argument(
        "--batch",
        action="store_true",
        help="lines of {id, command} in, of {id, read, commands, why} out, in order",
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="-- TEXT...",
        help="one argument is shell text; several are one command, quoted for the shell",
    )


def run(args: argparse.Namespace) -> int:
    if args.batch:
        if args.words:
            raise UsageError("--batch reads its commands from standard input", help_="leave the command out")
        return _batch()
    text = command_of(args.words, "parse")
    script = parse(text)
    if args.json:
        say(json.dumps(_report(script)))
    else:
        for line in _lines(script, text):
            say(line)
    return FINDINGS if unread(script) else OK


# ------------------------------------------------------------------ batch


def _batch() -> int:
    stream = sys.stdin.buffer
    while line := stream.readline(MAX_LINE):
        if line.strip():
            sys.stdout.write(json.dumps(_one(line)) + "\n")
    sys.stdout.flush()
    return OK


def _one(line: bytes) -> dict[str, Any]:
    """The answer to one line; an ``error`` object when it is malformed."""
    case: dict[str, Any] = {}
    try:
        case = object_of(line)
        only_keys(case, _KEYS)
        script = parse(_command(case))
    except UsageError as error:
        return {"id": case.get("id"), "error": str(error), "help": error.help}
    why = [part.reason for part in unread(script)]
    return {"id": case.get("id"), "read": not why, "commands": list(command_names(script)), "why": why}


def _command(case: dict[str, Any]) -> str:
    if "command" not in case:
        raise UsageError("`command` is missing", help_="give the text to read")
    return text_of_key(case, "command")


# ------------------------------------------------------------------ one text


def _report(script: Script) -> dict[str, Any]:
    parts = unread(script)
    return {
        "read": not parts,
        "commands": list(command_names(script)),
        "why": [
            {"reason": part.reason, "span": [part.span.start, part.span.end], "at": part.at} for part in parts
        ],
        "canonical": None if parts else emit(script),
        "tree": _json(script),
    }


def _json(node: object) -> Any:
    """A node as ``{"is": its kind, field: value...}``; fields that say nothing are left out."""
    match node:
        case Span(start, end):
            return [start, end]
        case Frozen():
            out: dict[str, Any] = {"is": type(node).__name__}
            for name in type(node).field_names:
                value: object = getattr(node, name)
                if value not in (None, (), False, ""):
                    out[name] = _json(value)
            return out
        case Enum():
            return node.value
        case tuple():
            return [_json(child) for child in cast("tuple[object, ...]", node)]
        case _:
            return node


def _lines(script: Script, text: str) -> list[str]:
    out: list[str] = []
    _tree(script, text, 0, out)
    names = ["?" if name is None else visible(name, _SHOWN) for name in command_names(script)]
    out += ["", f"{style('commands', 'bold')}  {' '.join(names) or '(none)'}"]
    for part in unread(script):
        line = text.count("\n", 0, part.at) + 1
        column = part.at - (text.rfind("\n", 0, part.at) + 1) + 1
        out.append(f"{style('not read', 'yellow')}  line {line}, column {column}: {visible(part.reason)}")
    return out


def _tree(node: object, text: str, depth: int, out: list[str]) -> None:
    """One line a node, with where it stands and its text; words that are plain are not taken apart."""
    if isinstance(node, tuple):
        for child in cast("tuple[object, ...]", node):
            _tree(child, text, depth, out)
        return
    if not isinstance(node, Frozen) or isinstance(node, Span):
        return
    if isinstance(node, Item) or (isinstance(node, Pipeline) and len(node.commands) == 1):
        # Nothing that its command does not say.
        for name in type(node).field_names:
            _tree(getattr(node, name), text, depth, out)
        return
    span: Span = getattr(node, "span", Span(0, 0))
    source = visible(text[span.start : span.end], _SHOWN)
    shown = f" {node.reason}" if isinstance(node, Unread) else ""
    place = style(f"{span.start}-{span.end}", "dim")
    out.append(f"{'  ' * depth}{type(node).__name__}{visible(shown)}  {place}  {source}")
    if isinstance(node, Word) and node.static is not None:
        return
    for name in type(node).field_names:
        _tree(getattr(node, name), text, depth + 1, out)
