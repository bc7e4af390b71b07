"""Appending to the log: locked, in order, on disk before it returns. Safe for any number of processes at once.

The segment is the only truth. ``head`` beside it remembers the last durable record, so that a cut tail is seen.
The wait for the disk happens after the lock is given back: one ``fdatasync`` covers every earlier append of the same
file, so many writers share it, and each still waits for its own record.
"""

import fcntl
import os
import stat
import time

from guard.audit.canonical import Json, canonical
from guard.audit.chain import EMPTY, Head, leaf
from guard.errors import AuditError
from guard.faults import Point, reached
from guard.model.dataclass import dataclass
from guard.model.jsons import loads
from guard.model.typed import Iterator, Mapping, cast

CURRENT = "current.jsonl"
HEAD = "head"
LOCK = "lock"
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

    def __init__(
        self, directory: str, *, lock_timeout_s: float = LOCK_TIMEOUT_S, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.directory = directory
        self._segment_bytes = segment_bytes
        self._lock_timeout_s = lock_timeout_s

    def append(self, fields: Mapping[str, Json], *, durable: bool = True) -> Appended:
        """One more record. ``durable``: on disk when this returns. AuditError: there is no such record."""
        return self.append_all([fields], durable=durable)[-1]

    def append_all(self, records: list[Mapping[str, Json]], *, durable: bool = True) -> list[Appended]:
        """Several records, in order, all or none of them acknowledged."""
        lock = self._open_lock()
        descriptor = -1
        try:
            self._lock(lock)
            reached(Point.LOG_LOCKED)
            descriptor = self._open_current()
            out = self._append(descriptor, records)
            fcntl.flock(lock, fcntl.LOCK_UN)
            if durable:
                os.fdatasync(descriptor)
                reached(Point.LOG_SYNCED)
                self._lock(lock)
                self._remember(Head(out[-1].seq, out[-1].hash))
        except OSError as error:
            raise _problem(os.path.join(self.directory, CURRENT), error) from error
        else:
            return out
        finally:
            if descriptor >= 0:
                os.close(descriptor)
            os.close(lock)

    def _open_lock(self) -> int:
        try:
            if not os.path.isdir(self.directory):
                os.makedirs(self.directory, mode=0o700, exist_ok=True)
                _sync_directory(os.path.dirname(os.path.abspath(self.directory)))
                reached(Point.LOG_MADE)
            if os.stat(self.directory).st_mode & 0o022:
                raise AuditError(
                    f"{self.directory}: others can write here, so the log would prove nothing",
                    help_=f"run `chmod 700 {self.directory}`",
                )
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            return os.open(os.path.join(self.directory, LOCK), flags, 0o600)
        except OSError as error:
            raise _problem(self.directory, error) from error

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

    def _open_current(self) -> int:
        path = os.path.join(self.directory, CURRENT)
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            if not self._noted() and not self._closed():
                # The note exists from the start and keeps its size: later, its absence means something.
                self._create_head()
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
            _sync_directory(self.directory)
            reached(Point.LOG_MADE)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise AuditError(
                f"{path}: not a regular file", help_="find out who put it there, and move it away"
            )
        return descriptor

    def _append(self, descriptor: int, records: list[Mapping[str, Json]]) -> list[Appended]:
        """Under the lock. After a rotation ``descriptor`` is the new segment."""
        size = os.fstat(descriptor).st_size
        head, torn = self._head(descriptor, size)
        if torn:
            head, size = self._recover(descriptor, size, head, torn)
        remembered = remembered_head(self.directory)
        gone = remembered is None or _contradicts(remembered, head)
        if gone:
            # Somebody took acknowledged records away. What comes now must not cover it up.
            known = remembered or EMPTY
            gap: dict[str, Json] = {"type": "log.gap", "acknowledged": known.seq, "hash": known.hash}
            if remembered is None:
                self._create_head()
            records = [gap, *records]
        _, blob = _lines(records, head)
        if size and size + len(blob) > self._segment_bytes:
            self._rotate(descriptor, head)
            size = 0
        out, blob = _lines(records, head)
        _write(descriptor, blob, size)
        if gone:
            # Only a gap that is on disk may move the note back.
            os.fdatasync(descriptor)
            reached(Point.LOG_SYNCED)
            self._set_head(Head(out[-1].seq, out[-1].hash))
        return out

    def _head(self, descriptor: int, size: int) -> tuple[Head, bytes]:
        """The last whole record, and what stands after it. Reads the end of the file only."""
        line, torn = _last_line(descriptor, size)
        if line is None:
            return self._previous_segment(), torn
        return _head_of(line, os.path.join(self.directory, CURRENT)), torn

    def _noted(self) -> bool:
        """An empty note is one that a full disk kept from being written, when there was no log yet."""
        try:
            return os.lstat(os.path.join(self.directory, HEAD)).st_size > 0
        except FileNotFoundError:
            return False

    def _closed(self) -> list[str]:
        return segment_paths(self.directory)[:-1]

    def _previous_segment(self) -> Head:
        names = self._closed()
        if not names:
            return EMPTY
        descriptor = os.open(names[-1], os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            line, torn = _last_line(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
        if line is None or torn:
            raise AuditError(
                f"{names[-1]}: a closed segment ends in the middle of a record",
                help_="run `guard audit verify`, and keep the file as evidence",
            )
        return _head_of(line, names[-1])

    def _recover(self, descriptor: int, size: int, head: Head, torn: bytes) -> tuple[Head, int]:
        """Cut what an interrupted write left, and say so in the chain. It was never acknowledged."""
        size -= len(torn)
        os.ftruncate(descriptor, size)
        reached(Point.LOG_CUT)
        fields: dict[str, Json] = {"type": "log.recovered", "bytes": len(torn), "sha256": leaf(torn)}
        out, blob = _lines([fields], head)
        _write(descriptor, blob, size)
        return Head(out[0].seq, out[0].hash), size + len(blob)

    def _rotate(self, descriptor: int, head: Head) -> None:
        """Close the segment and start the next. The old one reaches the disk before anything chains to it."""
        path = os.path.join(self.directory, CURRENT)
        directory = os.path.join(self.directory, SEGMENTS)
        os.fdatasync(descriptor)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        os.rename(path, os.path.join(directory, f"{head.seq:012d}.jsonl"))
        reached(Point.LOG_CLOSED)
        os.fchmod(descriptor, 0o400)
        _sync_directory(directory)
        following = self._open_current()
        # The caller holds and closes one descriptor: it keeps its number and changes its file.
        os.dup2(following, descriptor, inheritable=False)
        os.close(following)

    def _create_head(self) -> None:
        path = os.path.join(self.directory, HEAD)
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        try:
            os.pwrite(descriptor, _note(EMPTY), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync_directory(self.directory)
        reached(Point.LOG_MADE)

    def _remember(self, head: Head) -> None:
        """Under the lock, after the record is safe: the note is never ahead of the log, and never goes back."""
        known = remembered_head(self.directory)
        if known is None or known.seq < head.seq:
            self._set_head(head)

    def _set_head(self, head: Head) -> None:
        descriptor = os.open(os.path.join(self.directory, HEAD), os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, _note(head), 0)
            reached(Point.LOG_NOTED)
        finally:
            os.close(descriptor)

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
                raise AuditError(
                    f"{path}: the log cannot be read: {(error.strerror or str(error)).lower()}",
                    help_="repair the permissions, or what stands in the way",
                ) from error


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


def _note(head: Head) -> bytes:
    """Always the same length, written in place: a crash leaves the old note or the new one."""
    return f"{head.seq:016d} {head.hash}\n".encode()


def _contradicts(remembered: Head, head: Head) -> bool:
    return remembered.seq > head.seq or (remembered.seq == head.seq and remembered.hash != head.hash)


def _write(descriptor: int, blob: bytes, size: int) -> None:
    """All of ``blob``, or nothing of it: a part would be a torn record."""
    try:
        written = 0
        while written < len(blob):
            written += os.write(descriptor, blob[written:])
        reached(Point.LOG_WRITTEN)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _last_line(descriptor: int, size: int) -> tuple[bytes | None, bytes]:
    """The last line that has its newline, if any, and the bytes after it."""
    length = min(size, _TAIL)
    while True:
        tail = os.pread(descriptor, length, size - length)
        end = tail.rfind(b"\n")
        start = tail.rfind(b"\n", 0, max(end, 0))
        if (end >= 0 and start >= 0) or length == size:
            break
        length = min(size, length * 4)
    return (None, tail) if end < 0 else (tail[start + 1 : end], tail[end + 1 :])


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


def parsed_object(line: bytes) -> dict[str, Json] | None:
    """The JSON object in a line; None if there is none."""
    try:
        value: object = loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Json]", value) if isinstance(value, dict) else None


def _parsed(line: bytes, place: str) -> dict[str, Json]:
    record = parsed_object(line)
    if record is None:
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
