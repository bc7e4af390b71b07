"""Sockets in the network namespace of another process, for a backend that does not build the namespace itself."""

import fcntl
import os

from sandbox.backends import _kernel
from sandbox.errors import SetupError

_NS_GET_USERNS = 0xB701


def listeners(pid: int, ports: tuple[int, ...]) -> list[int]:
    """Listening on 127.0.0.1, one for each port. Raises SetupError.

    For root, or for who made the user namespace that the network belongs to.
    """
    ours, theirs = _kernel.socket_pair()
    child = os.fork()
    if child == 0:
        try:
            _listen(pid, ports, theirs)
        except BaseException as error:  # noqa: BLE001 - a forked child must never run its parent's code
            os.write(theirs, repr(error).encode(errors="replace")[:1000])
        os._exit(0)
    os.close(theirs)
    found: list[int] = []
    said = b""
    try:
        while len(found) < len(ports):
            said, descriptor = _kernel.receive(ours)
            if descriptor < 0:
                raise SetupError(  # noqa: TRY301 - the handler below only closes
                    f"the sandbox's network cannot be entered: {said.decode(errors='replace') or 'no answer'}",
                    primitive="setns",
                    fix="run the guard as root beside the engine, or use the local backend",
                )
            found.append(descriptor)
    except BaseException:
        for one in found:
            os.close(one)
        raise
    finally:
        os.close(ours)
        os.waitpid(child, 0)
    return found


def _listen(pid: int, ports: tuple[int, ...], channel: int) -> None:
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    # Not that of the process, which may live in one made later: the one that the network belongs to.
    user = fcntl.ioctl(network, _NS_GET_USERNS)
    ours = os.stat("/proc/self/ns/user")
    if os.fstat(user).st_ino != ours.st_ino:
        _kernel.enter(user, _kernel.CLONE_NEWUSER)
    _kernel.enter(network, _kernel.CLONE_NEWNET)
    for port in ports:
        _kernel.send(channel, b"L", _kernel.listen(port))
