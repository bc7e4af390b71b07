"""What was recorded, from wherever it is, as Parquet files: a log is verified on the way and kept beside itself.

Every line that is no decision is told by its place or is a record of another kind; none is dropped in silence.
"""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any

from guard.audit.canonical import Json
from guard.audit.chain import Head
from guard.audit.redact import Redactor
from guard.audit.verify import Problem, Segment, continues, snapshot, verify_segment
from guard.enforce.replay.columns import Writer
from guard.enforce.replay.rows import FORMAT, row_of_command, row_of_record
from guard.errors import GuardError
from guard.model.dataclass import dataclass

KEPT = "replay"
"""Below the log's directory: each file of the log as Parquet. May be removed at any time."""
_NAMED = 20
"""Malformed lines that are told by their place; the others are counted."""
MAX_LINE = 17 * 1024 * 1024
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Parquet files, and what is to be said of how they came about."""

    files: tuple[str, ...]
    decisions: int
    """-1: nobody has counted them."""
    problems: tuple[Problem, ...]
    """Why a log is not whole."""
    verified: bool
    malformed: int
    named: tuple[tuple[str, str], ...]
    """The first malformed lines: their place, and what is wrong."""


# ---------------------------------------------------------------------- a log


def of_log(
    directory: str, scratch: str, workers: Executor | None, progress: Progress, *, keep: bool
) -> Recorded:
    """``scratch``: for what cannot be kept beside the log. Raises GuardError if it cannot be read."""
    try:
        paths, size, remembered = snapshot(directory)
        if size < 0:
            paths = paths[:-1]
        kept = _kept(directory, scratch, keep=keep)
        parts: list[dict[str, Any]] = [{}] * len(paths)
        missing: list[int] = []
        for number, path in enumerate(paths):
            known = _known(path, kept, remembered, last=number == len(paths) - 1)
            if known is None:
                missing.append(number)
            else:
                parts[number] = known
        for done, (number, part) in enumerate(_converted(missing, paths, size, remembered, kept, workers), 1):
            progress(f"read {done} of {len(missing)} files of the log")
            parts[number] = part
    except OSError as error:
        raise GuardError(
            f"{error.filename or directory}: {(error.strerror or str(error)).lower()}",
            help_="repair the permissions",
        ) from error
    segments = [_segment(part) for part in parts]
    problems = [
        *(p for segment in segments for p in segment.problems),
        *continues(directory, paths, segments, remembered),
    ]
    return Recorded(
        files=tuple(part["file"] for part in parts),
        decisions=sum(part["decisions"] for part in parts),
        problems=tuple(problems),
        verified=True,
        malformed=sum(part["malformed"] for part in parts),
        named=tuple((place, what) for part in parts for place, what in part["named"])[:_NAMED],
    )


def _kept(directory: str, scratch: str, *, keep: bool) -> str:
    if not keep:
        return scratch
    path = os.path.join(directory, KEPT)
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        found = os.lstat(path)
        # Whoever else can write here could put other decisions in the place of those in the log.
        own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    except OSError:
        return scratch
    return path if own and os.access(path, os.W_OK) else scratch


def _converted(
    numbers: list[int],
    paths: list[str],
    size: int,
    remembered: Head | None,
    kept: str,
    workers: Executor | None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    note = None if remembered is None else (remembered.seq, remembered.hash)
    todo = [
        (paths[n], size if n == len(paths) - 1 and paths[n].endswith("current.jsonl") else -1, note, kept)
        for n in numbers
    ]
    if workers is None or len(todo) < 2:
        yield from ((number, convert(*one)) for number, one in zip(numbers, todo, strict=True))
        return
    yield from zip(numbers, workers.map(_convert, todo), strict=True)


def _convert(one: tuple[str, int, tuple[int, str] | None, str]) -> dict[str, Any]:
    return convert(*one)


def convert(path: str, limit: int, note: tuple[int, str] | None, kept: str) -> dict[str, Any]:
    """One file of a log: its Parquet, and beside that what is known of it. OSError if it cannot be read or kept."""
    identity = _identity(path)
    if limit >= 0 and identity[2] != limit:
        # It has grown since somebody looked: what is read here is of no moment that comes again.
        identity = []
    name = os.path.join(kept, os.path.basename(path).removesuffix(".jsonl"))
    # Two that do this at once must not describe each other's file.
    writer = Writer(f"{name}.{'-'.join(map(str, identity[2:])) or os.getpid()}.parquet")
    malformed, named = 0, list[tuple[str, str]]()

    def each(record: dict[str, Json], place: str) -> None:
        nonlocal malformed
        if record.get("type") != "decision":
            return
        try:
            writer.add(row_of_record(record))
        except _MALFORMED as error:
            malformed += 1
            if len(named) < _NAMED:
                named.append((place, f"no decision as the guard writes them: {_said(error)}"))

    try:
        segment = verify_segment(path, limit, None if note is None else Head(*note), each)
        writer.close()
    except BaseException:
        writer.give_up()
        raise
    part: dict[str, Any] = {
        "format": FORMAT,
        "identity": identity,
        "note": note,
        "limit": limit,
        "file": writer.path,
        "decisions": writer.rows,
        "malformed": malformed,
        "named": named,
        "before": [segment.before.seq, segment.before.hash],
        "head": [segment.head.seq, segment.head.hash],
        "acknowledged": [segment.acknowledged.seq, segment.acknowledged.hash],
        "records": segment.records,
        "recovered": segment.recovered,
        "problems": [[p.place, p.what, p.next_step] for p in segment.problems],
    }
    early = f"{name}.json.{os.getpid()}"
    with open(early, "w", encoding="utf-8") as file:
        json.dump(part, file)
    os.replace(early, f"{name}.json")
    for other in os.listdir(kept):
        if other.startswith(f"{os.path.basename(name)}.") and other.endswith(".parquet"):
            path = os.path.join(kept, other)
            if path != writer.path:
                os.unlink(path)
    return part


def _identity(path: str) -> list[int]:
    """Of a file as it stands: whoever writes to it changes the last of them, and cannot set that."""
    found = os.stat(path)
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _known(path: str, kept: str, remembered: Head | None, *, last: bool) -> dict[str, Any] | None:
    """What was found out about this very file before."""
    name = os.path.join(kept, os.path.basename(path).removesuffix(".jsonl"))
    try:
        with open(f"{name}.json", encoding="utf-8") as file:
            part: dict[str, Any] = json.load(file)
        same = part["format"] == FORMAT and part["identity"] == _identity(path)
        # Which record is the acknowledged one is a question to the last file only.
        noted = not last or part["note"] == (
            None if remembered is None else [remembered.seq, remembered.hash]
        )
        _segment(part)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return part if same and noted and os.path.isfile(part["file"]) else None


def _segment(part: dict[str, Any]) -> Segment:
    return Segment(
        before=Head(*part["before"]),
        head=Head(*part["head"]),
        acknowledged=Head(*part["acknowledged"]),
        records=part["records"],
        recovered=part["recovered"],
        problems=tuple(Problem(*problem) for problem in part["problems"]),
    )


# ---------------------------------------------------------------------- lines


def of_lines(path: str, scratch: str, redactor: Redactor, progress: Progress) -> Recorded:
    """Records or commands, one JSON object a line; ``-`` is standard input. GuardError if it cannot be read."""
    writer = Writer(os.path.join(scratch, f"lines-{len(os.listdir(scratch))}.parquet"))
    malformed, named = 0, list[tuple[str, str]]()
    try:
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            number = 0
            while line := file.readline(MAX_LINE):
                number += 1
                if not number % 10_000:
                    progress(f"read {number:,} lines")
                try:
                    row = _row(line, redactor, number) if line.strip() else None
                except (*_MALFORMED, RecursionError) as error:
                    malformed += 1
                    if len(named) < _NAMED:
                        named.append((f"{path}:{number}", _said(error)))
                else:
                    if row is not None:
                        writer.add(row)
        writer.close()
    except OSError as error:
        writer.give_up()
        raise GuardError(
            f"{path}: {(error.strerror or str(error)).lower()}", help_="name a log, or a file of lines"
        ) from error
    except BaseException:
        writer.give_up()
        raise
    return Recorded(
        files=(writer.path,),
        decisions=writer.rows,
        problems=(),
        verified=False,
        malformed=malformed,
        named=tuple(named),
    )


def _row(line: bytes, redactor: Redactor, number: int) -> dict[str, Any] | None:
    """None for a record of another kind."""
    if len(line) >= MAX_LINE:
        raise ValueError("longer than 17 MiB")
    case: object = json.loads(line.decode())
    if not isinstance(case, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - one kind of error for a malformed line
    found: dict[str, Any] = case  # pyright: ignore[reportUnknownVariableType] - the keys of a JSON object are strings
    if "type" in found and "seq" in found:
        return row_of_record(found) if found["type"] == "decision" else None
    return row_of_command(found, redactor, number)


def _said(error: BaseException) -> str:
    text = str(error)[:160]
    return f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else text
