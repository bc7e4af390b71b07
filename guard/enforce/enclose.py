"""A whole session of an agent inside the walls: recorded, permitted, run, and what became of it. Never on the machine itself."""

import contextlib
import os
from collections.abc import Generator

from guard.audit.canonical import Json, text_of
from guard.audit.record import outcome_record
from guard.enforce import agentstate
from guard.enforce.approve import Approver, permitted
from guard.enforce.begun import Where, begin, end
from guard.enforce.caches import given, keep_all
from guard.enforce.carry import note_unproposed
from guard.enforce.confine import outcome_of
from guard.enforce.connections import note
from guard.enforce.door import DOOR_VARIABLE
from guard.enforce.doorkeeper import Asked, Doorkeeper
from guard.enforce.ending import Kept, keep
from guard.enforce.fixed import Fixed, appeared, fixed, listed_in
from guard.enforce.forbidden import hidden_files, with_content
from guard.enforce.grants import environment, limits, network, places, refused
from guard.enforce.inject.made import DOOR, Injected
from guard.enforce.permit import Permit
from guard.enforce.pipeline import Guard
from guard.enforce.toolchains import program, toolchains
from guard.enforce.watch import MAX_PATHS, Seen, Watch
from guard.engine.stages import Decided
from guard.errors import UsageError
from guard.model.dataclass import dataclass, field, replace
from guard.model.decision import Allow, Host, Sandbox
from guard.model.facts import EVERYTHING_ELSE, Facts
from guard.model.outcome import NotStarted, Outcome
from guard.model.principal import Principal
from guard.model.profile import RunProfile
from guard.model.proposal import ShellProposal
from guard.model.typed import Callable, MappingProxyType
from guard.model.verdict import Verdict
from guard.policy.profiles import BASE, profile_for
from guard.policy.rule import PolicyLayer, Profile
from sandbox.backend import Backend, Run
from sandbox.environment import DEFAULT_PATH, dropped
from sandbox.errors import NoBackend, SandboxError
from sandbox.result import Connections
from sandbox.select import choose
from sandbox.spec import HOME, Direct, Network, Place, SandboxSpec, Stdio

BACKENDS = ("local", "bubblewrap")
"""Those that can."""
ENCLOSING = frozenset(("network", "places"))
"""What it must be able to do."""
SESSION_VARIABLE = "GUARD_SESSION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person starts, and gives to it."""

    argv: tuple[str, ...]
    agent: str
    session: str
    direct: bool = False
    environment: tuple[str, ...] = ()
    """Names of variables, besides those of the profile."""
    files: tuple[str, ...] = ()
    """Below the home; seen read-only in the same place."""
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    """Of services on the machine's own loopback."""
    injected: Injected = field(default_factory=Injected)
    """What makes an agent ask at the door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What became of it. ``outcome`` is None when it was not permitted."""

    decided: Decided
    decision: int
    """Number of the decision's record."""
    outcome: Outcome | None = None
    kept: Kept = field(default_factory=Kept)
    """What it did to its copy of the workspace, held."""
    unproposed: tuple[str, ...] = ()
    """What was seen to change in the workspace itself."""
    unproposed_rule: str = ""
    ended_by: str = ""
    """The path of the change that ended it, where the policy says that such a change does."""
    appeared: tuple[str, ...] = ()
    """Files that came to be in the workspace itself, of those that somebody obeys unasked."""
    connections: Connections = field(default_factory=Connections)


def enclose(
    guard: Guard, proposal: ShellProposal, wanted: Wanted, approver: Approver, stdio: Stdio
) -> Session:
    """Raises AuditError, UsageError. Where it cannot be enclosed it is not started: ``NotStarted``."""
    decided, number, permit = permitted(guard, proposal, approver)
    if permit is None:
        return Session(decided=decided, decision=number)
    permit.use(proposal)
    prepared = _prepared(guard, permit, decided.facts, wanted, proposal.cwd)
    if isinstance(prepared, NotStarted):
        guard.log.append(outcome_record(number, prepared, backend="none", undo="", held=""))
        return Session(decided=decided, decision=number, outcome=prepared)
    return _run(guard, decided, number, wanted, prepared, stdio)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    backend: Backend
    spec: SandboxSpec
    profile: RunProfile
    fixed: Fixed | None
    stores: tuple[str, ...]
    """Of the spec's caches."""


def _prepared(
    guard: Guard, permit: Permit, facts: Facts, wanted: Wanted, cwd: str
) -> "_Prepared | NotStarted":
    workspace, cwd = facts.workspace, os.path.realpath(cwd)
    if not workspace or not (cwd + "/").startswith(workspace.rstrip("/") + "/"):
        return NotStarted(
            reason=f"`{cwd}` is not inside a workspace, and only a workspace can be put into a sandbox"
        )
    profile = _profile(guard, permit)
    if isinstance(profile, NotStarted):
        return profile
    _refuse_more_than_permitted(guard, facts, wanted)
    if wanted.injected.problem:
        return NotStarted(reason=wanted.injected.problem)
    hidden, copies = hidden_files(with_content(facts.forbidden), facts) if facts.forbidden else ((), ())
    only_listed = any(program.name == EVERYTHING_ELSE for program in facts.forbidden)
    whom = _network(profile, wanted)
    wants = (
        ("direct", wanted.direct),
        ("hidden", hidden),
        ("noexec", only_listed),
    )
    required = ENCLOSING | {name for name, is_wanted in wants if is_wanted} | frozenset(profile.requires)
    try:
        backend = choose(BACKENDS, required)
    except NoBackend as error:
        by = " or ".join(f"`{name}`" for name in BACKENDS)
        return NotStarted(reason=f"an agent can be enclosed by the sandbox {by} only: {error}")
    seen = fixed(workspace) if wanted.direct else None
    tools, variables = toolchains(facts)
    caches, stores = given(profile, facts, guard.places.caches, HOME)
    spec = SandboxSpec(
        argv=(wanted.argv[0], *wanted.injected.words, *wanted.argv[1:]),
        workspace=workspace,
        cwd=cwd,
        env=tuple(_variables(wanted.injected, variables, _environment(profile, facts, wanted)).items()),
        named=wanted.environment,
        caches=caches,
        read_only=tuple(
            dict.fromkeys(
                (*tools, *places(profile, facts), *wanted.injected.read_only, *program(wanted.argv[0], facts))
            )
        ),
        shown=wanted.injected.shown,
        masked=copies,
        hidden=hidden,
        runs_what_it_writes=not only_listed,
        direct=None if seen is None else Direct(protected=seen.protected, pinned=seen.pinned),
        places=(
            *agentstate.kept(wanted.agent, workspace, guard.places),
            *agentstate.given(wanted.agent, workspace, guard.places, wanted.injected.files),
            *_files(wanted.files, facts),
        ),
        # A session lasts as long as the person wants it to.
        limits=replace(limits(profile), wall_s=None, cpu_s=None),
        network=whom,
        label=f"guard-{permit.decision}",
    )
    return _Prepared(backend=backend, spec=spec, profile=profile, fixed=seen, stores=stores)


def _profile(guard: Guard, permit: Permit) -> RunProfile | NotStarted:
    match permit.placement:
        case Host():
            # It may run outside: inside it is given what every run is.
            return profile_for(guard.policy, frozenset(), frozenset())
        case Sandbox() as placement:
            problem = refused(placement)
            return NotStarted(reason=problem) if problem else placement.profile


def _refuse_more_than_permitted(guard: Guard, facts: Facts, wanted: Wanted) -> None:
    """What a command line grants counts as a person's own rules: it adds nothing where the floor, or a repository, bounds."""
    places_ = tuple("$H/" + os.path.relpath(os.path.expanduser(path), facts.home) for path in wanted.files)
    given_ = Profile(
        id=BASE,
        why="granted on the command line",
        hosts=wanted.hosts or None,
        ports=wanted.ports or None,
        environment=wanted.environment or None,
        read_only=places_ or None,
    )
    said = PolicyLayer(kind="personal", name="command-line", default=Verdict.ALLOW, profiles=(given_,))
    permitted = profile_for(
        replace(guard.policy, layers=(*guard.policy.layers, said), memo={}), frozenset(), frozenset()
    )
    for option, values, may in (
        ("--host", wanted.hosts, permitted.hosts),
        ("--port", wanted.ports, permitted.ports),
        ("--env", wanted.environment, permitted.environment),
        ("--file", places_, permitted.read_only),
    ):
        for value in values:
            if value not in may:
                raise UsageError(
                    f"{option} {value}: the policy does not permit anybody to grant it",
                    help_="see `guard policy show` for what bounds the profile `sandbox`",
                )


def _network(profile: RunProfile, wanted: Wanted) -> Network:
    """Raises UsageError."""
    try:
        return network(
            replace(
                profile,
                hosts=tuple(dict.fromkeys((*profile.hosts, *wanted.hosts))),
                ports=tuple(dict.fromkeys((*profile.ports, *wanted.ports))),
            )
        )
    except SandboxError as error:
        raise UsageError(str(error), help_="see docs/network.md for what can be granted") from error


def _environment(profile: RunProfile, facts: Facts, wanted: Wanted) -> tuple[tuple[str, str], ...]:
    given = dict(environment(profile, facts))
    for name in wanted.environment:
        if name not in facts.env:
            raise UsageError(f"--env {name}: there is no such variable", help_="set it, or leave it out")
        if dropped(name, named=True):
            raise UsageError(
                f"--env {name}: it would make programs inside run or load something else, or is another there",
                help_="leave it out; such variables never enter a sandbox",
            )
        given[name] = facts.env[name]
    own = ((SESSION_VARIABLE, wanted.session), (DOOR_VARIABLE, DOOR))
    return (*given.items(), *agentstate.variables(wanted.agent), *own)


def _variables(injected: Injected, *given: tuple[tuple[str, str], ...]) -> dict[str, str]:
    out = {name: value for pairs in (*given, injected.environment) for name, value in pairs}
    if injected.programs:
        out["PATH"] = f"{injected.programs}:{out.get('PATH') or DEFAULT_PATH}"
    return out


def _files(files: tuple[str, ...], facts: Facts) -> tuple[Place, ...]:
    out: list[Place] = []
    for path in files:
        given = os.path.abspath(os.path.expanduser(path))
        real = os.path.realpath(given)
        if not given.startswith(facts.home.rstrip("/") + "/") or not os.path.isfile(real):
            raise UsageError(
                f"--file {path}: no file below {facts.home}", help_="name one by its path, e.g. ~/.netrc"
            )
        if any((real + "/").startswith(own.rstrip("/") + "/") for own in facts.guard_paths):
            raise UsageError(
                f"--file {path}: the guard's own files are no agent's business", help_="leave it out"
            )
        out.append(Place(path=os.path.join(HOME, os.path.relpath(given, facts.home)), source=real))
    return tuple(out)


def _run(
    guard: Guard, decided: Decided, decision: int, wanted: Wanted, prepared: _Prepared, stdio: Stdio
) -> Session:
    # Durable before it starts.
    guard.log.append({**_started(decision, wanted, prepared), "policy": guard.law()})
    absent = prepared.fixed.absent if prepared.fixed is not None else frozenset[str]()
    where = Where.WORKSPACE if wanted.direct else Where.COPY
    begun = begin(guard.places, decision, prepared.spec.workspace, where, absent)
    watcher = Watch(
        prepared.spec.workspace,
        absent.__contains__,
        _alarm(guard, decided, wanted),
        listed_in(prepared.spec.workspace),
    )
    watcher.start()
    run: Run | None = None
    problem = ""
    try:
        outcome: Outcome
        try:
            problem = watcher.ready() if wanted.direct else ""
            if problem and guard.policy.ends_on_unproposed and not guard.policy.observes:
                raise SandboxError(f"what it changes could not be seen: {problem}")  # noqa: TRY301 - as a wall that is missing
            with _door(guard, decision, wanted, prepared) as spec:
                run = prepared.backend.run(spec, stdio)
            outcome = outcome_of(run.end, prepared.profile)
            keep_all(run, prepared.stores, prepared.spec.workspace)
        except SandboxError as error:
            outcome = NotStarted(reason=str(error))
        finally:
            seen = watcher.stop()
            # That nobody could look is said, whatever the watcher itself still says.
            seen = replace(seen, problem=seen.problem or problem)
            seen, new = _with_new(seen, prepared)
        session = replace(_ended(guard, decided, decision, run, outcome, seen), appeared=new)
    finally:
        if run is not None:
            run.destroy()
    kept = session.kept
    walls = prepared.backend.probe()
    enforces: list[Json] = [*sorted(walls.enforces)]
    extra: dict[str, Json] = {
        "backend": prepared.backend.name,
        "undo": "",
        "held": kept.held,
        "walls": {"enforces": enforces, "detail": text_of(walls.detail)},
    }
    guard.log.append(outcome_record(decision, outcome, **extra))
    end(begun)
    guard.log.append(
        {
            "type": "session.ended",
            "decision": decision,
            "agent": wanted.agent,
            "session": wanted.session,
            "changes": kept.total,
            "held": kept.held,
            "by": text_of(seen.alarm),
            "appeared": [text_of(path) for path in new[:MAX_PATHS]],
        }
    )
    return session


def _with_new(seen: Seen, prepared: _Prepared) -> tuple[Seen, tuple[str, ...]]:
    """What is there now and should not have come to be, whether or not it was seen when it did."""
    if prepared.fixed is None:
        return seen, ()
    try:
        new = appeared(prepared.fixed, prepared.spec.workspace)
    except (UsageError, OSError) as error:
        why = f"whether protected files came to be could not be looked for: {error}"
        return replace(seen, problem=seen.problem or why), ()
    unseen = [path for path in new if path not in seen.paths]
    paths = (*new[:MAX_PATHS], *(path for path in seen.paths if path not in new))
    return replace(seen, paths=paths, total=seen.total + len(unseen)), new


@contextlib.contextmanager
def _door(guard: Guard, decision: int, wanted: Wanted, prepared: _Prepared) -> Generator[SandboxSpec]:
    """The spec with a socket at which the guard out here answers. Raises SandboxError."""
    spec = prepared.spec
    owner = os.stat(spec.workspace).st_uid if os.getuid() == 0 else os.getuid()
    asked = Asked(
        principal=Principal(agent=wanted.agent, session=wanted.session),
        decision=decision,
        uid=owner,
        judged_later=not wanted.direct,
    )
    path = os.path.join(guard.places.doors, wanted.session)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(Doorkeeper(path, _as_seen_inside(guard, spec), asked))
        except OSError as error:
            raise SandboxError(f"{path}: {(error.strerror or str(error)).lower()}") from error
        yield replace(spec, places=(*spec.places, Place(path=DOOR, source=os.path.realpath(path))))


def _as_seen_inside(guard: Guard, spec: SandboxSpec) -> Guard:
    """The same policy, on what the session sees: another home, other variables, and nothing of the rest of the machine."""
    registrations = (f"{HOME}/.claude/settings.json", f"{HOME}/.claude/settings.local.json", DOOR)
    facts = replace(
        guard.facts,
        home=HOME,
        cwd=spec.cwd,
        temp=("/tmp",),  # noqa: S108 - the sandbox's own
        env=MappingProxyType({**dict(spec.env), "HOME": HOME, "PWD": spec.cwd}),
        guard_paths=(*guard.facts.guard_paths, *registrations),
    )
    return replace(guard, facts=facts, seen=(spec.workspace, *spec.read_only))


def _started(decision: int, wanted: Wanted, prepared: _Prepared) -> dict[str, Json]:
    spec = prepared.spec
    whom = spec.network or Network()
    ours = {f"{HOME}/{below}" for below, _ in wanted.injected.files}
    return {
        "type": "session.started",
        "decision": decision,
        "agent": wanted.agent,
        "session": wanted.session,
        "level": "enclosed",
        "workspace": text_of(spec.workspace),
        "mode": "direct" if wanted.direct else "staged",
        "hook": wanted.injected.agent,
        "backend": prepared.backend.name,
        # Names only: what they hold is nobody's business.
        "environment": [text_of(name) for name, _ in spec.env],
        "files": [
            text_of(place.path) for place in spec.places if not place.writable and place.path not in ours
        ],
        "hosts": [text_of(host) for host in (*whom.hosts, *whom.private_hosts)],
        "ports": list(whom.loopback_ports),
        "protected": len(prepared.fixed.protected) if prepared.fixed is not None else 0,
    }


def _alarm(guard: Guard, decided: Decided, wanted: Wanted) -> Callable[[str], bool] | None:
    """Whether a change of the workspace ends the session."""
    if not (wanted.direct and guard.policy.ends_on_unproposed) or guard.policy.observes:
        return None

    def alarm(path: str) -> bool:
        return not isinstance(guard.judge_unproposed(decided, (path,)).decision, Allow)

    return alarm


def _ended(
    guard: Guard, decided: Decided, decision: int, run: Run | None, outcome: Outcome, seen: Seen
) -> Session:
    session = Session(decided=decided, decision=decision, outcome=outcome, ended_by=seen.alarm)
    paths, rule = note_unproposed(guard, decided, decision, seen)
    session = replace(session, unproposed=tuple(paths), unproposed_rule=rule)
    if run is None:
        return session
    connections = run.connections()
    note(guard, decision, connections)
    return replace(session, connections=connections, kept=keep(guard, decided, decision, run))
