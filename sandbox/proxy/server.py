"""The proxy's own process: gives up what it does not need, serves the sockets it is handed, ends with its caller.

Started as a fresh interpreter, so that nothing of the caller's memory or open files is in reach of a
mistake in here. The sockets were made inside the sandbox's network namespace; what we dial, we dial outside.
"""

import asyncio
import contextlib
import json
import os
import resource
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.backends import _kernel, _landlock
from sandbox.proxy.framing import MAX_HEAD
from sandbox.proxy.grants import Grant, grants_of
from sandbox.proxy.journal import Journal
from sandbox.proxy.policy import DIAL_S
from sandbox.proxy.relay import Pipe, Source, Tally, together
from sandbox.proxy.session import Session
from sandbox.result import Connection

READY = b"R"
MAX_MESSAGE = 1 << 17
_MAX_SESSIONS = 256
_RESOLVERS = 16
_NOBODY = 65534


def main() -> None:
    _kernel.close_from(3)
    control = socket.socket(fileno=0)
    message, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, 64)
    if not message:
        return
    order: dict[str, Any] = json.loads(message)
    journal, *listening = descriptors
    "é".encode("idna")  # once the identity is given up, what that needs cannot be read any more
    _give_up()
    if os.getppid() != order["caller"]:
        return
    grants = grants_of(order["hosts"], order["private_hosts"])
    listeners = [socket.socket(fileno=one) for one in listening]
    written = Journal(journal)
    asyncio.run(_serve(control, listeners, grants, order, written))
    written.close()
    os._exit(0)  # a look-up that does not come back would hold us


def _give_up() -> None:
    """What is left to a command that takes us over: to talk to the network, as nobody, and to read public files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * _MAX_SESSIONS
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (wanted, wanted) if most < 0 or most > wanted else (most, most)
    )
    if os.geteuid() == 0:
        _kernel.drop_bounding_set()
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    _kernel.no_new_privileges()
    _landlock.restrict((), ())
    _kernel.hide_memory()
    _kernel.die_with_parent()  # last: a change of identity takes it back


async def _serve(
    control: socket.socket,
    listeners: list[socket.socket],
    grants: tuple[Grant, ...],
    order: dict[str, Any],
    journal: Journal,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_RESOLVERS))
    token = str(order["token"]).encode()
    bound = _Bound()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(grants, token, journal, (reader, writer)).serve()

    servers: list[asyncio.Server] = []
    for listener, port in zip(listeners, [0, *order["loopback_ports"]], strict=True):
        listener.setblocking(False)
        work = ask if not port else _loopback(port, journal)
        servers.append(await asyncio.start_server(bound.held(work), sock=listener, limit=MAX_HEAD))
    control.setblocking(False)
    await loop.sock_sendall(control, READY)
    with contextlib.suppress(OSError):
        await loop.sock_recv(control, 1)  # nothing is ever said: the end is the end of the run
    for server in servers:
        server.close()
    await bound.end()


class _Bound:
    """At most so many connections at once; the rest is turned away."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def held(
        self, work: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is None or len(self._tasks) >= _MAX_SESSIONS:
                writer.transport.abort()
                return
            self._tasks.add(task)
            try:
                with contextlib.suppress(asyncio.CancelledError):  # only by us, when the run has ended
                    await work(reader, writer)
            finally:
                self._tasks.discard(task)
                writer.close()

        return one

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _loopback(
    port: int, journal: Journal
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tally = Tally()
        tally.touch()
        entry = journal.decided(
            Connection(host="127.0.0.1", port=port, via="loopback", allowed=True, address="127.0.0.1")
        )
        try:
            async with asyncio.timeout(DIAL_S):
                there, back = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, TimeoutError) as error:
            journal.failed(entry, "unreachable", str(error) or "no answer")
            writer.transport.abort()  # as a port where nobody listens
            return
        out = Pipe(Source(reader, tally), back, tally, outward=True)
        home = Pipe(Source(there, tally), writer, tally, outward=False)
        try:
            with contextlib.suppress(OSError, TimeoutError):
                await together(out.everything(), home.everything())
        finally:
            journal.ended(entry, sent=tally.sent, received=tally.received)
            back.close()

    return one
