"""The caller's side of the proxy: starts its process, hands it the sockets made inside, and reads what it decided.

Where nothing is granted the process is only started when the command asks for something: then what it
asked for is refused and told, and a command that asks for nothing has paid for one socket.
"""

import os
import select
import signal
import sys
from typing import TYPE_CHECKING

from sandbox.errors import SetupError
from sandbox.faults import Point, reached
from sandbox.result import Connections
from sandbox.spec import Network

if TYPE_CHECKING:
    from socket import socket
    from threading import Thread

FIRST_PORT = 61080
"""Above the range from which Linux gives ports away by itself."""
_READY_S, _END_S = 20.0, 5.0
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from sandbox.proxy.server import main; main()"
_MAX_JOURNAL = 16 << 20


def ports_of(network: Network) -> tuple[int, ...]:
    """Where the command finds things on its loopback: the proxy first, then the granted ports."""
    own = next(port for port in range(FIRST_PORT, 1 << 16) if port not in network.loopback_ports)
    return own, *network.loopback_ports


class Proxy:
    """For one run. ``finish`` must be called; it may be called twice."""

    def __init__(self, network: Network) -> None:
        self._network, self._token = network, os.urandom(18).hex()
        self.ports = ports_of(network)
        self._listeners: list[int] = []
        self._pid = self._journal = self._stop = -1
        self._control: socket | None = None
        self._thread: Thread | None = None
        self._found: Connections | None = None
        self._problem = ""
        if network.grants:
            self._spawn()

    def environment(self, given: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """``given``, with this proxy for every program that asks the environment for one."""
        url = f"http://run:{self._token}@127.0.0.1:{self.ports[0]}"
        own = {"http_proxy": url, "https_proxy": url, "all_proxy": url, "no_proxy": "localhost,127.0.0.1,::1"}
        both = own | {name.upper(): value for name, value in own.items()} | {"NODE_USE_ENV_PROXY": "1"}
        return (*(pair for pair in given if pair[0] not in both), *both.items())

    def serve(self, listeners: list[int]) -> None:
        """Takes the descriptors of ``ports``, in their order. Raises SetupError when nobody will answer there."""
        self._listeners = listeners
        if self._pid >= 0:
            self._hand_over()
            return
        import threading  # noqa: PLC0415 - only with a proxy

        heard, self._stop = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._wait, args=(heard,), name="sandbox-proxy", daemon=True)
        self._thread.start()

    def finish(self) -> Connections:
        """End the proxy and say what it decided."""
        if self._found is None:
            self._end()
            self._found = self._read()
        return self._found

    # ------------------------------------------------------------------ its process

    def _spawn(self) -> None:
        import socket  # noqa: PLC0415 - only with a proxy

        self._journal = os.memfd_create("sandbox-proxy", os.MFD_CLOEXEC)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        argv = [sys.executable, "-I", "-S", "-c", _PROGRAM, _ROOT]
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
            (os.POSIX_SPAWN_DUP2, null, 1),
            (os.POSIX_SPAWN_DUP2, self._journal, 2),
        ]
        try:
            # A session of its own: what is typed at the terminal is not for it.
            self._pid = os.posix_spawn(
                sys.executable, argv, {"LC_ALL": "C.UTF-8"}, file_actions=actions, setsid=True
            )
        except OSError as error:
            raise SetupError(
                f"the proxy cannot be started: {sys.executable}: {error.strerror}", primitive="proxy"
            ) from error
        finally:
            theirs.close()
            os.close(null)
        reached(Point.PROXY_STARTED)

    def _hand_over(self) -> None:
        import json  # noqa: PLC0415 - only with a proxy
        import socket  # noqa: PLC0415 - only with a proxy

        assert self._control is not None
        order = {
            "caller": os.getpid(),
            "token": self._token,
            "hosts": self._network.hosts,
            "private_hosts": self._network.private_hosts,
            "loopback_ports": self._network.loopback_ports,
        }
        self._control.settimeout(_READY_S)
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], [self._journal, *self._listeners])
            ready = self._control.recv(1)
        except OSError as error:
            ready, said = b"", str(error)
        else:
            said = ""
        self._close_listeners()
        if not ready:
            said = self._read().problem or said
            raise SetupError(f"the proxy did not start: {said or 'it ended at once'}", primitive="proxy")
        reached(Point.PROXY_SERVES)

    def _wait(self, heard: int) -> None:
        """In a thread, which has to live as long as the process it starts: that ends with it."""
        poll = select.poll()
        poll.register(heard, select.POLLIN | select.POLLHUP)
        poll.register(self._listeners[0], select.POLLIN)
        ready = [number for number, _ in poll.poll()]
        if heard not in ready:
            try:
                self._spawn()
                self._hand_over()
            except (SetupError, OSError) as error:
                self._problem = str(error)
                self._close_listeners()
            poll = select.poll()
            poll.register(heard, select.POLLIN | select.POLLHUP)
            poll.poll()
        os.close(heard)
        self._end_process()

    def _end(self) -> None:
        if self._stop >= 0:
            os.close(self._stop)
            self._stop = -1
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._end_process()
        self._close_listeners()

    def _end_process(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._pid < 0:
            return
        pid, self._pid = self._pid, -1
        handle = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(_END_S * 1000):
            os.kill(pid, signal.SIGKILL)
        os.close(handle)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        reached(Point.PROXY_ENDED)
        if code:
            self._problem = self._problem or f"the proxy ended with {code}"

    def _close_listeners(self) -> None:
        while self._listeners:
            os.close(self._listeners.pop())

    def _read(self) -> Connections:
        if self._journal < 0:
            return Connections(problem=self._problem)
        from dataclasses import replace  # noqa: PLC0415 - only with a proxy

        from sandbox.proxy.journal import read  # noqa: PLC0415 - only with a proxy

        size = min(os.fstat(self._journal).st_size, _MAX_JOURNAL)
        found = read(os.pread(self._journal, size, 0))
        if self._pid < 0:
            os.close(self._journal)
            self._journal = -1
        return replace(found, problem=found.problem or self._problem)
