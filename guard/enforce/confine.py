"""Station 9: a permit becomes a run, inside walls or on the machine as it says. Never falls back from one to the other."""

import contextlib
import os
import signal
from types import FrameType

from guard.enforce.caches import given, keep_all
from guard.enforce.descendants import descendants
from guard.enforce.forbidden import hidden_files, with_content
from guard.enforce.grants import environment, limits, network, places, refused
from guard.enforce.permit import Permit
from guard.enforce.toolchains import toolchains
from guard.faults import Point, reached
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Host, Sandbox
from guard.model.facts import EVERYTHING_ELSE, Facts
from guard.model.outcome import Completed, Killed, LimitReached, NotStarted, Outcome
from guard.model.profile import RunProfile
from guard.model.proposal import ShellProposal
from guard.model.typed import TYPE_CHECKING, Any
from sandbox.backend import Run
from sandbox.errors import NoBackend, SandboxError
from sandbox.result import Capabilities, End, Exited, Interrupted, LimitHit
from sandbox.select import choose
from sandbox.spec import HOME, SandboxSpec, Stdio

if TYPE_CHECKING:
    from subprocess import Popen


@dataclass(frozen=True, slots=True, kw_only=True)
class Confined:
    """``run`` is None on the host: there the changes have happened."""

    outcome: Outcome
    backend: str
    run: Run | None = None
    walls: Capabilities | None = None
    """What the chosen backend enforces here; None on the host and where nothing was chosen."""


def confine(
    permit: Permit,
    proposal: ShellProposal,
    facts: Facts,
    stdio: Stdio,
    preferred: tuple[str, ...] = (),
    accepted: frozenset[str] = frozenset(),
    stores: str = "",
) -> Confined:
    """Spend the permit. Raises NoPermit; everything else that goes wrong is ``NotStarted``.

    ``stores``: the directory that caches are kept in; without one nothing is kept.
    """
    permit.use(proposal)
    match permit.placement:
        case Host():
            return Confined(outcome=_on_host(proposal, facts, stdio), backend="host")
        case Sandbox() as placement:
            # To run without what was granted would be to run something else than was decided.
            problem = refused(placement)
            if problem:
                return _not_started(problem)
            return _in_sandbox(permit, proposal, facts, placement.profile, stdio, preferred, accepted, stores)


def _not_started(reason: str, backend: str = "none") -> Confined:
    return Confined(outcome=NotStarted(reason=reason), backend=backend)


def argv_of(command: str) -> tuple[str, ...]:
    """How every command is started: no start-up files, no aliases."""
    return ("bash", "--norc", "--noprofile", "-c", command)


# ------------------------------------------------------------------ inside


def _in_sandbox(
    permit: Permit,
    proposal: ShellProposal,
    facts: Facts,
    profile: RunProfile,
    stdio: Stdio,
    preferred: tuple[str, ...],
    accepted: frozenset[str],
    stores: str,
) -> Confined:
    cwd = os.path.realpath(proposal.cwd)
    workspace = facts.workspace
    if not workspace or not (cwd + "/").startswith(workspace.rstrip("/") + "/"):
        return _not_started(
            f"`{proposal.cwd}` is not inside a workspace, and only a workspace can be put into a sandbox"
        )
    hidden, copies = hidden_files(with_content(facts.forbidden), facts) if facts.forbidden else ((), ())
    only_listed = any(program.name == EVERYTHING_ELSE for program in facts.forbidden)
    whom = network(profile)
    capabilities = (("hidden", hidden), ("noexec", only_listed), ("network", whom.grants))
    required = [name for name, wanted in capabilities if wanted]
    try:
        backend = choose(preferred, frozenset((*required, *profile.requires)), accepted)
    except NoBackend as error:
        return _not_started(str(error))
    tools, variables = toolchains(facts)
    caches, kept = given(profile, facts, stores, HOME) if stores else ((), ())
    spec = SandboxSpec(
        argv=argv_of(proposal.command),
        workspace=workspace,
        cwd=cwd,
        env=tuple((dict(environment(profile, facts)) | dict(variables)).items()),
        read_only=tuple(dict.fromkeys((*tools, *places(profile, facts)))),
        caches=caches,
        masked=copies,
        hidden=hidden,
        runs_what_it_writes=not only_listed,
        limits=limits(profile),
        # Where nothing is granted, what is asked for all the same is told.
        network=whom if whom.grants or "network" in backend.probe().enforces else None,
        label=f"guard-{permit.decision}",
    )
    with contextlib.suppress(Exception):
        # What a crash of ours left behind. If the engine cannot even list it, the run itself says so.
        backend.sweep()
    try:
        run = backend.run(spec, stdio)
    except SandboxError as error:
        return replace(_not_started(str(error), backend.name), walls=backend.probe())
    keep_all(run, kept, facts.workspace)
    return Confined(
        outcome=outcome_of(run.end, profile), backend=backend.name, run=run, walls=backend.probe()
    )


def outcome_of(end: End, profile: RunProfile) -> Outcome:
    match end:
        case Exited(status=status):
            return Completed(status=status)
        case LimitHit(limit=limit):
            return LimitReached(limit=limit, set_by=profile.limit(limit))
        case Interrupted(signal=number):
            return Killed(signal=number)


# ------------------------------------------------------------------ on the host


def _on_host(proposal: ShellProposal, facts: Facts, stdio: Stdio) -> Outcome:
    import subprocess  # noqa: PLC0415 - costs time, and most commands run in a sandbox

    try:
        child = subprocess.Popen(
            argv_of(proposal.command),
            cwd=proposal.cwd,
            env=dict(facts.env),
            stdin=stdio.stdin,
            stdout=stdio.stdout,
            stderr=stdio.stderr,
        )
    except OSError as error:
        return NotStarted(reason=f"{error.filename or 'bash'}: {error.strerror}")
    reached(Point.HOST_STARTED)
    before = _forward(child)
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return Completed(status=status if status >= 0 else 128 - status)


def _forward(child: "Popen[bytes]") -> dict[int, Any]:
    """Signals to us are signals to the command and all that it started: a shell alone would die and leave them."""

    def handler(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and _in_foreground():
            return  # ctrl-C reaches all of us by itself
        if child.poll() is None:
            for one in (child.pid, *descendants(child.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, number)

    return {
        number: signal.signal(number, handler)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)
    }


def _in_foreground() -> bool:
    """Whether what is typed at our terminal is a signal to us and to the command at once."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
