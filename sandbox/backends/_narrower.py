"""A second system call filter, on top of ``_seccomp``'s, for backends that lack a namespace. No I/O.

Of several filters the strictest answer counts, so this one only names what else is refused.
"""

import os
import struct

_LOAD, _EQUAL, _RETURN, _MASK = 0x20, 0x15, 0x06, 0x54
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EACCES, _ENOSYS, _EAFNOSUPPORT = 13, 38, 97
_NUMBERS = {
    "x86_64": {
        "shmget": 29, "socket": 41, "connect": 42, "socketpair": 53, "semget": 64, "msgget": 68, "mq_open": 240,
        "setpriority": 141, "sched_setparam": 142, "sched_setscheduler": 144, "sched_setaffinity": 203,
        "ioprio_set": 251, "prlimit64": 302, "sched_setattr": 314,
    },
    "aarch64": {
        "mq_open": 180, "msgget": 186, "semget": 190, "shmget": 194, "socket": 198, "socketpair": 199, "connect": 203,
        "setpriority": 140, "sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122,
        "ioprio_set": 30, "prlimit64": 261, "sched_setattr": 274,
    },
}  # fmt: skip
OF_THE_MACHINE = ("shmget", "semget", "msgget", "mq_open", "connect", "ioprio_set")
"""Without an IPC and a network namespace these meet everybody else's, and a socket with a name can be docker's."""
OF_ONESELF = ("prlimit64", "sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr")
"""Take a process first. Without a process namespace anybody's of the same user could be named, the watcher's too."""
_AF_UNIX, _CONNECTED = 1, (1, 5)
"""SOCK_STREAM and SOCK_SEQPACKET; a datagram can be sent to a name without connect."""


def program(names: tuple[str, ...], machine: str = "", *, alone: bool = False) -> bytes:
    """Refuse ``names``. ``alone``: nothing but sockets that only meet each other, and no process but oneself."""
    machine = machine or os.uname().machine
    if machine not in _NUMBERS:
        raise OSError(_ENOSYS, f"no system call table for {machine}", "seccomp")
    numbers = _NUMBERS[machine]
    rules = [(_LOAD, 0, 0, 0)]
    for name in names:
        rules += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, _ERRNO | _EACCES)]
    for name in ("socket", "socketpair") if alone else ():
        body = [
            (_LOAD, 0, 0, 16),
            (_EQUAL, 1, 0, _AF_UNIX),
            (_RETURN, 0, 0, _ERRNO | _EAFNOSUPPORT),
            (_LOAD, 0, 0, 24),
            (_MASK, 0, 0, 0xF),
            (_EQUAL, 2, 0, _CONNECTED[0]),
            (_EQUAL, 1, 0, _CONNECTED[1]),
            (_RETURN, 0, 0, _ERRNO | _EACCES),
            (_LOAD, 0, 0, 0),
        ]
        rules += [(_EQUAL, 0, len(body), numbers[name]), *body]
    for name in (*OF_ONESELF, "setpriority") if alone else ():
        body = [
            # Of setpriority the second argument is who, and the first must be "a process".
            *([(_LOAD, 0, 0, 24), (_EQUAL, 0, 2, 0)] if name == "setpriority" else []),
            (_LOAD, 0, 0, 16),
            (_EQUAL, 1, 0, 0),
            (_RETURN, 0, 0, _ERRNO | _EACCES),
            (_LOAD, 0, 0, 0),
        ]
        rules += [(_EQUAL, 0, len(body), numbers[name]), *body]
    rules.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *rule) for rule in rules)
