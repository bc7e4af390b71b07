"""What a change set says of itself, and how that is kept: `manifest.json`. Reads strictly, and touches nothing else."""

import json
import os
from typing import BinaryIO

from guard.errors import ApplyError, UsageError
from guard.faults import Point, reached
from guard.model.dataclass import dataclass
from guard.model.typed import Any, Callable, cast
from sandbox.changes import Node, NodeKind

VERSION = 1
MAX_ID = 128
MANIFEST = "manifest.json"
INCOMPLETE = ".tmp"
"""At the end of the name of a set that is not yet complete, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object, before and after. None = there is nothing."""

    path: str
    before: Node | None
    after: Node | None
    number: int
    """Names its contents: ``new/NUMBER`` and ``old/NUMBER``."""
    surprise: bool = False
    """Nothing that was said of the command foretold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    id: str
    directory: str
    workspace: str
    decision: int
    """Number of the record that permitted the run."""
    why: str
    """Why it is held; empty when it is not."""
    command: str
    """What made the changes, redacted, for people."""
    entries: tuple[Entry, ...]
    origin: str = ""
    """The held set that this is a part of; empty when it is none."""
    lock: int = -1
    """Says to recovery that the writer of an incomplete set is alive."""

    def new(self, entry: Entry) -> Callable[[], BinaryIO]:
        return lambda: open(os.path.join(self.directory, "new", str(entry.number)), "rb")

    def ready(self, entry: Entry) -> str:
        """The file that :meth:`new` opens."""
        return os.path.join(self.directory, "new", str(entry.number))

    def old(self, entry: Entry) -> Callable[[], BinaryIO]:
        return lambda: open(os.path.join(self.directory, "old", str(entry.number)), "rb")


def write_manifest(staged: ChangeSet) -> None:
    data = {
        "version": VERSION,
        "workspace": staged.workspace,
        "decision": staged.decision,
        "why": staged.why,
        "command": staged.command,
        **({"origin": staged.origin} if staged.origin else {}),
        "entries": [
            {
                "path": e.path,
                "before": _node_json(e.before),
                "after": _node_json(e.after),
                "number": e.number,
                **({"surprise": True} if e.surprise else {}),
            }
            for e in staged.entries
        ],
    }
    place = os.path.join(staged.directory, MANIFEST)
    with open(f"{place}.new", "w", encoding="utf-8") as file:
        # Undecodable names are surrogates, which ASCII JSON carries.
        file.write(json.dumps(data, ensure_ascii=True))
    os.rename(f"{place}.new", place)
    reached(Point.SET_DESCRIBED)


def read_set(parent: str, id_: str) -> ChangeSet:
    """UsageError when there is none, ApplyError when it is damaged."""
    directory = os.path.join(parent, id_)
    if not 0 < len(id_) <= MAX_ID or "/" in id_ or id_.startswith(".") or "\0" in id_:
        raise UsageError(f"`{id_}` is not the name of a change set", help_="see `guard changes list`")
    try:
        with open(os.path.join(directory, MANIFEST), encoding="utf-8") as file:
            data = _Object(json.load(file), "the manifest")
        if data.number("version") != VERSION:
            raise ApplyError(f"{directory}: made by another version of the guard", help_="use that version")
        return ChangeSet(
            id=id_,
            directory=directory,
            workspace=_absolute(data.text("workspace")),
            decision=data.number("decision"),
            why=data.text("why"),
            command=data.text("command"),
            origin=data.text("origin") if data.has("origin") else "",
            entries=tuple(_entry(_Object(one, "an entry")) for one in data.items("entries")),
        )
    except FileNotFoundError:
        raise UsageError(
            f"there is no change set `{id_}`", help_="see `guard changes list` or `guard undo`"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ApplyError(
            f"{directory}/manifest.json: damaged: {error}", help_="drop it: `guard changes drop`"
        ) from error


class _Object:
    """An object of the manifest; ValueError for what is missing or of another type."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{what} is not an object")  # noqa: TRY004 - one kind of error for all that is damaged
        self._fields = cast("dict[str, object]", value)

    def get(self, key: str) -> object:
        if key not in self._fields:
            raise ValueError(f"`{key}` is missing")
        return self._fields[key]

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str):
            raise ValueError(f"`{key}` is not a text")  # noqa: TRY004 - as above
        return value

    def number(self, key: str) -> int:
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"`{key}` is not a number")  # noqa: TRY004 - as above
        return value

    def has(self, key: str) -> bool:
        return key in self._fields

    def flag(self, key: str) -> bool:
        """False when it is not there."""
        value = self._fields.get(key, False)
        if not isinstance(value, bool):
            raise ValueError(f"`{key}` is neither true nor false")  # noqa: TRY004 - as above
        return value

    def items(self, key: str) -> list[object]:
        value = self.get(key)
        if not isinstance(value, list):
            raise ValueError(f"`{key}` is not a list")  # noqa: TRY004 - as above
        return cast("list[object]", value)


def _absolute(path: str) -> str:
    if not path.startswith("/") or "\0" in path:
        raise ValueError("`workspace` is not an absolute path")
    return path


def _entry(data: _Object) -> Entry:
    path = data.text("path")
    if path.startswith("/") or "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise ValueError("`path` is not the path of something in a workspace")
    return Entry(
        path=path,
        before=_node(data.get("before")),
        after=_node(data.get("after")),
        number=data.number("number"),
        surprise=data.flag("surprise"),
    )


def _node_json(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    return {
        "kind": node.kind.value,
        "mode": node.mode,
        "size": node.size,
        "sha256": node.sha256,
        "target": node.target,
        "mtime_ns": node.mtime_ns,
        **({"mark": node.mark} if node.mark else {}),
    }


def _node(value: object) -> Node | None:
    if value is None:
        return None
    data = _Object(value, "`before` or `after`")
    return Node(
        kind=NodeKind(data.text("kind")),
        mode=data.number("mode"),
        size=data.number("size"),
        sha256=data.text("sha256"),
        target=data.text("target"),
        mtime_ns=data.number("mtime_ns"),
        mark=data.text("mark") if data.has("mark") else "",
    )
