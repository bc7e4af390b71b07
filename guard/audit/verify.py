"""Reading a whole log as somebody who trusts nobody: every line, every link, the head. Changes nothing."""

import contextlib
import fcntl
import os

from guard.audit.canonical import Json, canonical
from guard.audit.chain import EMPTY, Head, leaf
from guard.audit.log import HEAD, LOCK, parsed_object, remembered_head, segment_paths
from guard.model.dataclass import dataclass

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


def verify(directory: str) -> Report:
    """Never raises for what a log may hold; OSError if it cannot be read at all."""
    return _Verifier(directory).run()


class _Verifier:
    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.problems: list[Problem] = []
        self.head = self.acknowledged = EMPTY
        self.remembered: Head | None = None
        self.records = 0
        self.decisions = 0
        self.recovered = 0

    def run(self) -> Report:
        paths, size = self._snapshot()
        for path in paths[:-1]:
            self._segment(path, limit=-1)
        if size >= 0:
            self._segment(paths[-1], limit=size)
        self._against_head()
        return Report(
            records=self.records,
            decisions=self.decisions,
            recovered=self.recovered,
            head=self.head.hash,
            problems=tuple(self.problems),
        )

    def _snapshot(self) -> tuple[list[str], int]:
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

    def _note(self, place: str, what: str, next_step: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(place, what, next_step))

    def _segment(self, path: str, *, limit: int) -> None:
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
                        self._note(place, what, "keep it as evidence")
                    # An interrupted write: the next append cuts it and says so.
                    self.recovered += 1
                    return
                self._line(line[:-1], place)

    def _line(self, line: bytes, place: str) -> None:
        record = parsed_object(line)
        if record is None or not _exact(record, line):
            self._note(place, "not a record as the guard writes them", "compare it with a copy of the log")
            self.head = Head(self.head.seq + 1, leaf(line))
            return
        if record.get("seq") != self.head.seq + 1:
            what = (
                f"record {record.get('seq')} stands where {self.head.seq + 1} belongs: "
                "records are missing, doubled or moved"
            )
            self._note(place, what, "compare it with a copy of the log")
        if record.get("prev") != self.head.hash:
            self._note(
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
            self._note(
                place, "acknowledged records before this one are gone", "find them in a copy of the log"
            )

    def _against_head(self) -> None:
        path = os.path.join(self.directory, HEAD)
        remembered = self.remembered
        if remembered is None:
            if self.records:
                what = "the note of the last record is missing or cannot be read"
                self._note(path, what, "records at the end may have been removed")
        elif remembered.seq > self.head.seq:
            missing = remembered.seq - self.head.seq
            what = f"{missing} acknowledged records at the end are gone"
            self._note(path, what, "find them in a copy of the log")
        elif remembered != self.acknowledged:
            what = f"record {remembered.seq} is not the one that was acknowledged"
            self._note(path, what, "compare it with a copy of the log")


def _exact(record: dict[str, Json], line: bytes) -> bool:
    """Whether the guard would have written it so: no second spelling, no key twice."""
    try:
        return canonical(record) == line
    except (ValueError, RecursionError):
        return False
