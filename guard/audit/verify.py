"""Reading a whole log as somebody who trusts nobody: every line, every link, the head. Changes nothing."""

import json
import os
from dataclasses import dataclass

from guard.audit.canonical import canonical
from guard.audit.chain import EMPTY, Head, leaf
from guard.audit.log import HEAD, remembered_head, segment_paths

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
        self.head = EMPTY
        self.records = self.decisions = self.recovered = 0

    def run(self) -> Report:
        paths = segment_paths(self.directory)
        for index, path in enumerate(paths):
            last = index == len(paths) - 1
            if last and not os.path.exists(path):
                continue
            self._segment(path, last=last)
        self._against_head()
        return Report(
            records=self.records,
            decisions=self.decisions,
            recovered=self.recovered,
            head=self.head.hash,
            problems=tuple(self.problems),
        )

    def _note(self, place: str, what: str, next_step: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(place, what, next_step))

    def _segment(self, path: str, *, last: bool) -> None:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                place = f"{path}:{number}"
                if not line.endswith(b"\n"):
                    if not last:
                        self._note(
                            place, "a closed segment ends in the middle of a record", "keep it as evidence"
                        )
                    # An interrupted write: the next append cuts it and says so.
                    self.recovered += 1
                    return
                self._line(line[:-1], place)

    def _line(self, line: bytes, place: str) -> None:
        try:
            record = json.loads(line)
            exact = isinstance(record, dict) and canonical(record) == line
        except (ValueError, RecursionError):
            record, exact = None, False
        if not isinstance(record, dict) or not exact:
            self._note(place, "not a record as the guard writes them", "compare it with a copy of the log")
            self.head = Head(self.head.seq + 1, leaf(line))
            return
        if record.get("seq") != self.head.seq + 1:
            what = f"record {record.get('seq')} stands where {self.head.seq + 1} belongs: records are missing, doubled or moved"
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
        self.records += 1
        self.decisions += record.get("type") == "decision"
        self.recovered += record.get("type") == "log.recovered"
        if record.get("type") == "log.gap":
            self._note(
                place, "acknowledged records before this one are gone", "find them in a copy of the log"
            )

    def _against_head(self) -> None:
        path = os.path.join(self.directory, HEAD)
        remembered = remembered_head(self.directory)
        if remembered is None:
            if self.records:
                what = "the note of the last record is missing or cannot be read"
                self._note(path, what, "records at the end may have been removed")
            return
        if remembered.seq > self.head.seq:
            missing = remembered.seq - self.head.seq
            self._note(
                path, f"{missing} acknowledged records at the end are gone", "find them in a copy of the log"
            )
        elif remembered.seq == self.head.seq and remembered.hash != self.head.hash:
            self._note(
                path,
                "the last record is not the one that was acknowledged",
                "compare it with a copy of the log",
            )
