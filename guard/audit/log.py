"""Appending to the log: locked, in order, on disk before it returns. Safe for any number of processes at once.

The segment is the only truth. ``head`` beside it remembers the last acknowledged record, so that a cut tail is seen.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from guard.audit.canonical import Json, canonical
from guard.audit.chain import EMPTY, Head, leaf
from guard.errors import AuditError

CURRENT = "current.jsonl"
HEAD = "head"
SEGMENTS = "seg"
LOCK_TIMEOUT_S = 2.0
SEGMENT_BYTES = 64 * 1024 * 1024
MAX_RECORD_BYTES = 1024 * 1024
_TAIL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an acknowledged record stands."""

    seq: int
    hash: str


class AuditLog:
    """A log in one private directory. Opens nothing until it is used."""

    def __init__(self, directory: str, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.directory = directory
        self._lock_timeout_s = lock_timeout_s

    def append(self, fields: Mapping[str, Json], *, durable: bool = True) -> Appended:
        """One more record. ``durable``: on disk when this returns. AuditError: there is no such record."""
        return self.append_all([fields], durable=durable)[-1]

    def append_all(self, records: list[Mapping[str, Json]], *, durable: bool = True) -> list[Appended]:
        """Several records, in order, all or none of them acknowledged."""
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            lock = os.open(
                os.path.join(self.directory, "lock"),
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
                0o600,
            )
        except OSError as error:
            raise _problem(self.directory, error) from error
        try:
            self._lock(lock)
            return self._append(records, durable=durable)
        except OSError as error:
            raise _problem(os.path.join(self.directory, CURRENT), error) from error
        finally:
            os.close(lock)

    def _lock(self, descriptor: int) -> None:
        end = time.monotonic() + self._lock_timeout_s
        pause = 0.0005
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    message = (
                        f"{self.directory}: another process has held the lock for {self._lock_timeout_s:g} s"
                    )
                    raise AuditError(message, help_="find it with `fuser lock` in this directory") from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.02)
            else:
                return

    def _append(self, records: list[Mapping[str, Json]], *, durable: bool) -> list[Appended]:
        path = os.path.join(self.directory, CURRENT)
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
            _sync_directory(self.directory)
        try:
            size = os.fstat(descriptor).st_size
            head, torn = self._head(descriptor, size)
            if torn:
                head, size = self._recover(descriptor, size, head, torn)
            remembered = self._remembered()
            if remembered.seq > head.seq or (remembered.seq == head.seq and remembered.hash != head.hash):
                # Somebody took acknowledged records away. What comes now must not cover it up.
                gap: dict[str, Json] = {
                    "type": "log.gap",
                    "acknowledged": remembered.seq,
                    "hash": remembered.hash,
                }
                records = [gap, *records]
            if size > SEGMENT_BYTES:
                os.close(descriptor)
                self._rotate(path, head)
                descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
                _sync_directory(self.directory)
                size = 0
            out, blob = _lines(records, head)
            self._write(descriptor, blob, size, durable=durable)
            self._remember(out[-1])
            return out
        finally:
            os.close(descriptor)

    def _write(self, descriptor: int, blob: bytes, size: int, *, durable: bool) -> None:
        """All of ``blob``, or nothing of it that counts: a part would be a torn record."""
        try:
            written = 0
            while written < len(blob):
                written += os.write(descriptor, blob[written:])
            if durable:
                os.fdatasync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise

    def _head(self, descriptor: int, size: int) -> tuple[Head, bytes]:
        """The last whole record, and what stands after it."""
        if size == 0:
            return self._previous_segment(), b""
        length = min(size, _TAIL)
        while True:
            tail = os.pread(descriptor, length, size - length)
            end = tail.rfind(b"\n")
            start = tail.rfind(b"\n", 0, max(end, 0))
            if (end >= 0 and start >= 0) or length == size:
                break
            length = min(size, length * 4)
        if end < 0:
            return self._previous_segment(), tail
        return _head_of(tail[start + 1 : end], os.path.join(self.directory, CURRENT)), tail[end + 1 :]

    def _previous_segment(self) -> Head:
        names = segment_paths(self.directory)[:-1]
        if not names:
            return EMPTY
        with open(names[-1], "rb") as file:
            lines = file.read().rstrip(b"\n").rsplit(b"\n", 1)
        return _head_of(lines[-1], names[-1])

    def _recover(self, descriptor: int, size: int, head: Head, torn: bytes) -> tuple[Head, int]:
        """Cut what an interrupted write left, and say so in the chain. It was never acknowledged."""
        size -= len(torn)
        os.ftruncate(descriptor, size)
        fields: dict[str, Json] = {"type": "log.recovered", "bytes": len(torn), "sha256": leaf(torn)}
        out, blob = _lines([fields], head)
        self._write(descriptor, blob, size, durable=True)
        return Head(out[0].seq, out[0].hash), size + len(blob)

    def _rotate(self, path: str, head: Head) -> None:
        directory = os.path.join(self.directory, SEGMENTS)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        os.rename(path, os.path.join(directory, f"{head.seq:012d}.jsonl"))
        _sync_directory(directory)
        _sync_directory(self.directory)

    def _remember(self, appended: Appended) -> None:
        """After the record is safe, never before: so that the head is never ahead of the log."""
        descriptor = os.open(
            os.path.join(self.directory, HEAD), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        try:
            os.pwrite(descriptor, f"{appended.seq:016d} {appended.hash}\n".encode(), 0)
        except OSError:
            # On a full disk the record stands all the same; only a cut tail would be seen later.
            return
        finally:
            os.close(descriptor)

    def _remembered(self) -> Head:
        return remembered_head(self.directory) or EMPTY

    def records(self) -> Iterator[dict[str, Json]]:
        """Every whole record in order. AuditError for a line that is none."""
        for path in segment_paths(self.directory):
            try:
                with open(path, "rb") as file:
                    for number, line in enumerate(file, 1):
                        if line.endswith(b"\n"):
                            yield _parsed(line[:-1], f"{path}:{number}")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _problem(path, error) from error


def segment_paths(directory: str) -> list[str]:
    """Closed segments in order, then the current one."""
    try:
        names = sorted(
            name for name in os.listdir(os.path.join(directory, SEGMENTS)) if name.endswith(".jsonl")
        )
    except OSError:
        names = []
    return [os.path.join(directory, SEGMENTS, name) for name in names] + [os.path.join(directory, CURRENT)]


def remembered_head(directory: str) -> Head | None:
    """The last acknowledged record, as noted beside the log; None when there is no note or it is damaged."""
    try:
        with open(os.path.join(directory, HEAD), "rb") as file:
            number, hash_ = file.read(200).split()[:2]
        return Head(int(number), hash_.decode("ascii"))
    except (OSError, ValueError):
        return None


def _lines(records: list[Mapping[str, Json]], head: Head) -> tuple[list[Appended], bytes]:
    seq, previous = head.seq, head.hash
    out: list[Appended] = []
    lines: list[bytes] = []
    for fields in records:
        seq += 1
        now = time.time_ns()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000_000_000))
        record: dict[str, Json] = {
            **fields,
            "v": 1,
            "seq": seq,
            "prev": previous,
            "time": f"{stamp}.{now % 1_000_000_000 // 1000:06d}Z",
            "mono_ns": time.monotonic_ns(),
        }
        line = canonical(record)
        if len(line) > MAX_RECORD_BYTES:
            raise AuditError(
                f"a record of {len(line)} bytes is too large", help_="this is a defect of the guard"
            )
        previous = leaf(line)
        out.append(Appended(seq, previous))
        lines.append(line + b"\n")
    return out, b"".join(lines)


def _head_of(line: bytes, path: str) -> Head:
    record = _parsed(line, path)
    seq = record.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool):
        raise AuditError(f"{path}: the last record has no number", help_="run `guard audit verify`")
    return Head(seq, leaf(line))


def _parsed(line: bytes, place: str) -> dict[str, Json]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise AuditError(
            f"{place}: not a record", help_="run `guard audit verify`, and keep the file as evidence"
        )
    return record


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _problem(path: str, error: OSError) -> AuditError:
    reason = (error.strerror or str(error)).lower()
    return AuditError(
        f"{path}: the log cannot be written: {reason}",
        help_="free space or repair permissions; until then nothing is allowed",
    )
