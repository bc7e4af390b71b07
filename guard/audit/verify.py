"""Reading a whole log as somebody who trusts nobody: every line, every link, the head. Changes nothing."""

import contextlib
import fcntl
import os

from guard.audit.canonical import Json, canonical
from guard.audit.chain import EMPTY, Head, leaf
from guard.audit.log import HEAD, LOCK, parsed_object, remembered_head, segment_paths
from guard.model.dataclass import dataclass
from guard.model.typed import Callable

MAX_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    place: str
    """``file:line``."""
    what: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    records: int
    decisions: int
    recovered: int
    """Interrupted writes that were cut and noted: never acknowledged, so nothing is missing."""
    head: str
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


Each = Callable[[dict[str, Json], str], None]
"""What is done with every record that is as the guard writes them, and its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of a log, verified by itself: that it continues the one before is left to :func:`continues`."""

    before: Head
    """What its first record says of the one before it."""
    head: Head
    acknowledged: Head
    """The record that the note beside the log names, if it is in this file."""
    records: int
    recovered: int
    problems: tuple[Problem, ...]


def snapshot(directory: str) -> tuple[list[str], int, Head | None]:
    """The files of a log in order, how much of the last one counts (-1: there is none), and the note of the last record."""
    verifier = _Verifier(directory)
    paths, size = verifier.snapshot()
    return paths, size, verifier.remembered


def verify_segment(path: str, limit: int, remembered: Head | None, each: Each) -> Segment:
    """``limit``: how much of it counts; -1 for a closed one. OSError if it cannot be read."""
    verifier = _Verifier(os.path.dirname(path), each)
    verifier.remembered, verifier.alone = remembered, True
    verifier.segment(path, limit=limit)
    return Segment(
        before=verifier.before,
        head=verifier.head,
        acknowledged=verifier.acknowledged,
        records=verifier.records,
        recovered=verifier.recovered,
        problems=tuple(verifier.problems),
    )


def continues(
    directory: str, paths: list[str], segments: list[Segment], remembered: Head | None
) -> list[Problem]:
    """That each file goes on where the one before it ends, and the last one where the note says."""
    verifier = _Verifier(directory)
    verifier.remembered = remembered
    for path, segment in zip(paths, segments, strict=True):
        if segment.records and segment.before != verifier.head:
            what = f"the file before it ends with record {verifier.head.seq}, and it goes on from {segment.before.seq}"
            verifier.note(path, what, "find the missing file in a copy of the log")
        if segment.records:
            verifier.head = segment.head
        if remembered is not None and segment.acknowledged.seq == remembered.seq:
            verifier.acknowledged = segment.acknowledged
        verifier.records += segment.records
    verifier.against_head()
    return verifier.problems


def verify(directory: str) -> Report:
    """Never raises for what a log may hold; OSError if it cannot be read at all."""
    return _Verifier(directory).run()


class _Verifier:
    def __init__(self, directory: str, each: Each | None = None) -> None:
        self.directory = directory
        self.each = each
        self.alone = False
        """Whether the first record is believed what it says of the one before."""
        self.before = EMPTY
        self.problems: list[Problem] = []
        self.head = self.acknowledged = EMPTY
        self.remembered: Head | None = None
        self.records = 0
        self.decisions = 0
        self.recovered = 0

    def run(self) -> Report:
        paths, size = self.snapshot()
        for path in paths[:-1]:
            self.segment(path, limit=-1)
        if size >= 0:
            self.segment(paths[-1], limit=size)
        self.against_head()
        return Report(
            records=self.records,
            decisions=self.decisions,
            recovered=self.recovered,
            head=self.head.hash,
            problems=tuple(self.problems),
        )

    def snapshot(self) -> tuple[list[str], int]:
        """Files, size of the current one (-1: none) and the note as of one moment, while others go on appending."""
        with contextlib.ExitStack() as stack:
            try:
                lock = os.open(os.path.join(self.directory, LOCK), os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                # A copy of the log has no lock and nobody who appends to it.
                pass
            else:
                stack.callback(os.close, lock)
                fcntl.flock(lock, fcntl.LOCK_SH)
            self.remembered = remembered_head(self.directory)
            paths = segment_paths(self.directory)
            try:
                size = os.stat(paths[-1]).st_size
            except FileNotFoundError:
                size = -1
            return paths, size

    def note(self, place: str, what: str, next_step: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(place, what, next_step))

    def segment(self, path: str, *, limit: int) -> None:
        """``limit``: how much of the current segment counts; -1 for a closed one."""
        read = 0
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if limit >= 0 and read >= limit:
                    return
                read += len(line)
                place = f"{path}:{number}"
                if not line.endswith(b"\n"):
                    if limit < 0:
                        what = "a closed segment ends in the middle of a record"
                        self.note(place, what, "keep it as evidence")
                    # An interrupted write: the next append cuts it and says so.
                    self.recovered += 1
                    return
                self._line(line[:-1], place)

    def _line(self, line: bytes, place: str) -> None:
        record = parsed_object(line)
        if record is None or not _exact(record, line):
            self.note(place, "not a record as the guard writes them", "compare it with a copy of the log")
            self.alone = False
            self.head = Head(self.head.seq + 1, leaf(line))
            return
        if self.alone:
            self.alone = False
            self.before = self.head = _before(record)
        if record.get("seq") != self.head.seq + 1:
            what = (
                f"record {record.get('seq')} stands where {self.head.seq + 1} belongs: "
                "records are missing, doubled or moved"
            )
            self.note(place, what, "compare it with a copy of the log")
        if record.get("prev") != self.head.hash:
            self.note(
                place,
                "the record before this one is not the one that was written",
                "that record, or this one, was changed",
            )
        seq = record.get("seq")
        self.head = Head(
            seq if isinstance(seq, int) and not isinstance(seq, bool) else self.head.seq + 1, leaf(line)
        )
        if self.remembered is not None and self.head.seq == self.remembered.seq:
            self.acknowledged = self.head
        self.records += 1
        self.decisions += record.get("type") == "decision"
        self.recovered += record.get("type") == "log.recovered"
        if record.get("type") == "log.gap":
            self.note(
                place, "acknowledged records before this one are gone", "find them in a copy of the log"
            )
        if self.each is not None:
            self.each(record, place)

    def against_head(self) -> None:
        path = os.path.join(self.directory, HEAD)
        remembered = self.remembered
        if remembered is None:
            if self.records:
                what = "the note of the last record is missing or cannot be read"
                self.note(path, what, "records at the end may have been removed")
        elif remembered.seq > self.head.seq:
            missing = remembered.seq - self.head.seq
            what = f"{missing} acknowledged records at the end are gone"
            self.note(path, what, "find them in a copy of the log")
        elif remembered != self.acknowledged:
            what = f"record {remembered.seq} is not the one that was acknowledged"
            self.note(path, what, "compare it with a copy of the log")


def _before(record: dict[str, Json]) -> Head:
    seq, previous = record.get("seq"), record.get("prev")
    if not isinstance(seq, int) or isinstance(seq, bool) or not isinstance(previous, str):
        return EMPTY
    return Head(seq - 1, previous)


def _exact(record: dict[str, Json], line: bytes) -> bool:
    """Whether the guard would have written it so: no second spelling, no key twice."""
    try:
        return canonical(record) == line
    except (ValueError, RecursionError):
        return False
