"""The inner side of the door: a hook in an enclosed session asks the guard outside. Knows nothing, decides nothing.

Imports next to nothing: it runs for each call of an agent. One connection, one line each way.
"""

import os
import sys

from guard.model.jsons import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
else:
    # What `socket` is made of, without the enumerations that it makes of the numbers.
    import _socket as socket

DOOR_VARIABLE = "GUARD_DOOR"
VERSION = 1
MAX_ANSWER = 1024 * 1024
_CREDENTIALS, _LONG = 12, 8


class DoorError(Exception):
    """There is no answer, or none that can be believed. ``str`` is place, problem and next step."""


def ask(
    door: str, agent: str, payload: bytes, timeout_s: float, already: str | None = None
) -> tuple[bytes, bytes, int]:
    """Standard output, standard error and exit status, as the guard outside says them. Raises DoorError.

    ``already``: the command as a hook may have asked about it before.
    """
    from binascii import b2a_base64  # noqa: PLC0415 - nothing else of the hook needs it

    question: dict[str, int | str] = {
        "version": VERSION,
        "agent": agent,
        "payload": b2a_base64(payload, newline=False).decode("ascii"),
    }
    if already is not None:
        question["already"] = already
    line = dumps(question).encode() + b"\n"
    try:
        answer = _exchange(door, line, timeout_s)
    except OSError as error:
        what = error.strerror or str(error)
        raise DoorError(
            f"{door}: the guard outside does not answer: {what.lower()}; the person should look whether it still runs"
        ) from error
    return _read(door, answer)


def _exchange(door: str, line: bytes, timeout_s: float) -> bytes:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The kernel's own: with Python's, who has to queue is turned away instead.
        limit = b"".join(part.to_bytes(_LONG, sys.byteorder) for part in (int(timeout_s), 0))
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            connection.setsockopt(socket.SOL_SOCKET, option, limit)
        connection.connect(door)
        _believe(door, connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS))
        connection.sendall(line)
        answer = bytearray()
        while part := connection.recv(1 << 16):
            answer += part
            if len(answer) > MAX_ANSWER:
                raise DoorError(f"{door}: the answer of the guard outside is longer than any")
        return bytes(answer)
    finally:
        connection.close()


def _believe(door: str, credentials: bytes) -> None:
    """Only who is outside of the walls may answer, and for the guard's own user: anybody inside could listen there.

    Linux gives the number of a process that is in none of our namespaces as 0.
    """
    pid, uid = (int.from_bytes(credentials[at : at + 4], sys.byteorder, signed=True) for at in (0, 4))
    if pid != 0 or uid not in {os.geteuid(), 0}:
        raise DoorError(f"{door}: who listens there is not the guard outside of the walls")


def _read(door: str, line: bytes) -> tuple[bytes, bytes, int]:
    malformed = DoorError(f"{door}: the answer of the guard outside is cut short or malformed")
    if not line.endswith(b"\n") or line.count(b"\n") != 1:
        raise malformed
    try:
        found = loads(line.decode("ascii"))
        stdout, stderr, status = found["stdout"], found["stderr"], found["status"]
        out, err = stdout.encode("latin-1"), stderr.encode("latin-1")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise malformed from None
    if type(status) is not int or status not in {0, 2} or set(found) != {"stdout", "stderr", "status"}:
        raise malformed
    return out, err, status
