"""``Guard`` and ``AsyncGuard``: the guard for programs that carry out an agent's calls themselves.

A command that the guard runs may be contained, and what nobody could read is then contained rather than asked about. One
that the program runs itself cannot be: what is decided for it, is decided for this machine as it stands.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from guard.agents.codec import HookCall
from guard.library.answers import Answer, FileDone, Judged, Question, Ran
from guard.library.calls import Call, Edit, Read, Write
from guard.library.work import OUTPUT_BYTES, Work
from guard.model.decision import Decision
from guard.model.typed import Mapping

Approve = Callable[[Question], bool]
AsyncApprove = Callable[[Question], "bool | Awaitable[bool]"]
_T = TypeVar("_T")


class Guard:
    """Decides, runs and remembers for one workspace. May be used from several threads.

    ``workspace``: the tree that commands may change; default the work tree around ``cwd``.
    ``cwd``: where calls run unless they say so; default this process's.
    ``approve``: asked about what a person has to decide; only ``True`` is a yes, what it raises is a no. Without it, no.
    ``agent``, ``session``: names for the record; a session that repeats denied calls is locked as the policy says.
    ``level``: ``"advice"`` or ``"contained"``, default what this machine can do; ``backends``: which sandboxes, in order.
    ``env``, ``home``: what commands see, default this process's.

    Raises UsageError here for what cannot be, and GuardError where the guard itself fails: then nothing was done.
    """

    def __init__(
        self,
        workspace: str | os.PathLike[str] | None = None,
        *,
        cwd: str | os.PathLike[str] | None = None,
        approve: Approve | None = None,
        agent: str = "library",
        session: str = "",
        level: str | None = None,
        backends: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        home: str | None = None,
        watch: bool = True,
    ) -> None:
        self._approve = approve
        self._work = Work(
            workspace,
            cwd=cwd,
            agent=agent,
            session=session,
            level=level,
            backends=backends,
            env=env,
            home=home,
            watch=watch,
        )

    @property
    def session(self) -> str:
        return self._work.principal.session

    @property
    def cwd(self) -> str:
        return self._work.cwd

    @property
    def workspace(self) -> str:
        """Empty where nothing can be contained: a home, a system directory."""
        return self._work.open(self._work.cwd).facts.workspace

    # ------------------------------------------------------------------ decide

    def decide(
        self, call: Call | str, *, cwd: str | os.PathLike[str] | None = None, id_: str = ""
    ) -> Decision:
        """The decision on a call that the caller is going to carry out itself; recorded when it returns.

        A text is a shell command. ``id_``: the model's id of the call, for the record.
        """
        return self._work.decided(call, cwd, id_).decision

    def permit(self, call: Call | str, *, cwd: str | os.PathLike[str] | None = None, id_: str = "") -> Answer:
        """As :meth:`decide`, and a person is asked where the policy says so. Carry it out only if ``permitted``."""
        return self._work.permitted(call, cwd, id_, self._approve)[1]

    # ------------------------------------------------------------------ carry out

    def run(
        self,
        command: str,
        *,
        cwd: str | os.PathLike[str] | None = None,
        given: bytes = b"",
        timeout_s: float | None = None,
        output_bytes: int = OUTPUT_BYTES,
        id_: str = "",
    ) -> Ran:
        """Run ``command`` where the decision says, judge its changes, apply or hold them.

        ``given``: its standard input. ``timeout_s``: besides the limits of the policy; what a command has changed by
        then is judged and applied as always. ``output_bytes``: how much of each stream is kept, half of it from the end.
        """
        return self._work.running(command, cwd, given, output_bytes, id_, self._approve).finish(timeout_s)

    def read(self, path: str, *, cwd: str | os.PathLike[str] | None = None, id_: str = "") -> FileDone:
        """The text of a file."""
        return self._work.file(Read(path), cwd, id_, self._approve)

    def write(
        self, path: str, content: str, *, cwd: str | os.PathLike[str] | None = None, id_: str = ""
    ) -> FileDone:
        """Make a file, or replace the whole of it."""
        return self._work.file(Write(path, content), cwd, id_, self._approve)

    def edit(
        self,
        path: str,
        old: str,
        new: str,
        *,
        everywhere: bool = False,
        cwd: str | os.PathLike[str] | None = None,
        id_: str = "",
    ) -> FileDone:
        """Put ``new`` in the place of ``old``, which must be there once, or ``everywhere``."""
        return self._work.file(Edit(path, old, new, everywhere), cwd, id_, self._approve)


class AsyncGuard:
    """As :class:`Guard`, for programs with an event loop. ``approve`` may be a coroutine function.

    A task that is cancelled ends its command; what that has changed by then is judged and applied as always.
    """

    def __init__(
        self,
        workspace: str | os.PathLike[str] | None = None,
        *,
        cwd: str | os.PathLike[str] | None = None,
        approve: AsyncApprove | None = None,
        agent: str = "library",
        session: str = "",
        level: str | None = None,
        backends: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        home: str | None = None,
        watch: bool = True,
    ) -> None:
        self._ask = approve
        self._work = Work(
            workspace,
            cwd=cwd,
            agent=agent,
            session=session,
            level=level,
            backends=backends,
            env=env,
            home=home,
            watch=watch,
        )

    @property
    def session(self) -> str:
        return self._work.principal.session

    @property
    def cwd(self) -> str:
        return self._work.cwd

    @property
    def workspace(self) -> str:
        return self._work.open(self._work.cwd).facts.workspace

    async def decide(
        self, call: Call | str, *, cwd: str | os.PathLike[str] | None = None, id_: str = ""
    ) -> Decision:
        return await _in_thread(lambda: self._work.decided(call, cwd, id_).decision)

    async def permit(
        self, call: Call | str, *, cwd: str | os.PathLike[str] | None = None, id_: str = ""
    ) -> Answer:
        approve = self._approve()
        return await _in_thread(lambda: self._work.permitted(call, cwd, id_, approve)[1])

    async def run(
        self,
        command: str,
        *,
        cwd: str | os.PathLike[str] | None = None,
        given: bytes = b"",
        timeout_s: float | None = None,
        output_bytes: int = OUTPUT_BYTES,
        id_: str = "",
    ) -> Ran:
        running = self._work.running(command, cwd, given, output_bytes, id_, self._approve())
        return await _in_thread(lambda: running.finish(timeout_s), running.stop)

    async def read(self, path: str, *, cwd: str | os.PathLike[str] | None = None, id_: str = "") -> FileDone:
        return await self._file(Read(path), cwd, id_)

    async def write(
        self, path: str, content: str, *, cwd: str | os.PathLike[str] | None = None, id_: str = ""
    ) -> FileDone:
        return await self._file(Write(path, content), cwd, id_)

    async def edit(
        self,
        path: str,
        old: str,
        new: str,
        *,
        everywhere: bool = False,
        cwd: str | os.PathLike[str] | None = None,
        id_: str = "",
    ) -> FileDone:
        return await self._file(Edit(path, old, new, everywhere), cwd, id_)

    async def judged(self, call: HookCall) -> Judged:
        """For integrations: a call as one of ``guard.agents`` has read it, which the client carries out itself."""
        return await _in_thread(lambda: self._work.judged(call))

    async def approved(self, judged: Judged) -> bool:
        """For integrations: whether a person lets it run; then with ``contained`` in its place, where there is one."""
        approve = self._approve()
        return await _in_thread(lambda: self._work.approved(judged, approve))

    async def _file(
        self, call: Read | Write | Edit, cwd: str | os.PathLike[str] | None, id_: str
    ) -> FileDone:
        approve = self._approve()
        return await _in_thread(lambda: self._work.file(call, cwd, id_, approve))

    def _approve(self) -> Approve | None:
        """For a thread beside this loop, which asks in the loop and waits."""
        if self._ask is None:
            return None
        ask, loop = self._ask, asyncio.get_running_loop()

        async def asked(question: Question) -> bool:
            answer = ask(question)
            return (answer if isinstance(answer, bool) else await answer) is True

        def approve(question: Question) -> bool:
            return asyncio.run_coroutine_threadsafe(asked(question), loop).result()

        return approve


async def _in_thread(work: Callable[[], _T], stop: Callable[[], None] | None = None) -> _T:
    """In a thread of its own: a loop's pool is small, and a person may take long to answer."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(value: _T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - no error, so a value

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except BaseException as raised:  # noqa: BLE001 - it is the awaiting task's
            error = raised
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            return  # the loop has ended: nobody waits any more

    thread = threading.Thread(target=run, name="guard", daemon=True)
    thread.start()
    try:
        return await done
    except asyncio.CancelledError:
        if stop is not None:
            stop()
        raise
