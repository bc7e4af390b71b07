"""Tries the battery on one backend: many attempts in one run where they cannot disturb each other, and the host decides.

A run whose scene comes out harmed is tried again attempt by attempt, so that it is known which one did it.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from sandbox.backend import Run
from sandbox.battery.case import Case, Section
from sandbox.battery.scene import CALLER, SECRET, Scene, left_behind, scene, tree
from sandbox.battery.streams import MOST_OUTPUT, Streams
from sandbox.changes import Change, Changes
from sandbox.errors import SandboxError
from sandbox.result import Capabilities, End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits, Network, SandboxSpec, Stdio

INTERPRETER = "/usr/bin/python3"
_BATCH_WALL_S = 120.0
_ALONE_WALL_S = 30.0


class Outcome(Enum):
    STOPPED = "stopped"
    MISSED = "missed"
    UNTRIED = "not tried"
    """It applies, and it could not be shown that the attempt was made: as bad as missed."""
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    case: Case
    outcome: Outcome
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was seen of a run's changes, per judged case."""

    held: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why they would not be applied unasked; empty when they would."""
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    truncated: str = ""
    settled: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why they were not applied when that was tried; empty when they were."""
    meanwhile: tuple[str, ...] = ()
    """What was not as before when somebody of the host came to change something: the attempt's doing."""
    host: Mapping[str, str] | None = None
    """The host as it was left by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    end: End | None = None
    looked: Looked = field(default_factory=Looked)
    failed: str = ""


Look = Callable[[Run], Looked]
Execute = Callable[[SandboxSpec, Stdio, Look], Finished]
"""Builds the walls, runs, looks, destroys; perhaps as somebody else."""
Judge = Callable[[Changes, str], str]
"""Why the changes of this project directory are not applied unasked; empty when they are."""
Settle = Callable[[Changes, str, Callable[[], None]], str]
"""Looks at the changes, calls what happens meanwhile, applies. Why that came to nothing; empty when it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One backend, as one user."""

    execute: Execute
    capabilities: Capabilities
    uid: int
    judge: Judge | None = None
    settle: Settle | None = None
    directory: Callable[[], str]
    """Makes a fresh directory that ``uid`` owns."""

    def section(
        self, section: Section, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Result, ...]:
        """Every case of it, in its order."""
        found: dict[str, Result] = {}
        together: list[Case] = []
        for case in section.cases:
            if reason := self._does_not_apply(case):
                found[case.id] = Result(case=case, outcome=Outcome.NOT_APPLICABLE, because=reason)
            elif case.by_itself:
                progress(case.id)
                found[case.id] = self._alone(case)
            else:
                together.append(case)
        if together:
            progress(f"{together[0].id} and {len(together) - 1} more" if together[1:] else together[0].id)
            found |= {result.case.id: result for result in self._together(together, progress)}
        return tuple(found[case.id] for case in section.cases)

    def _does_not_apply(self, case: Case) -> str:
        if not set(case.walls) & self.capabilities.enforces:
            return f"{self.capabilities.backend} does not claim {' or '.join(case.walls)} here"
        if case.judged in {"held", "listed"} and self.judge is None:
            return "nobody judges the changes here"
        if case.judged == "conflict" and self.settle is None:
            return "nobody applies the changes here"
        return ""

    def _together(self, cases: list[Case], progress: Callable[[str], None]) -> Iterable[Result]:
        projects = tuple(case.id for case in cases if case.judged)
        with self._scene(projects) as made:
            attempts = [_attempt(case) for case in cases]
            with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out:
                given.write(json.dumps(attempts).encode())
                given.seek(0)
                stdio = Stdio(stdin=given.fileno(), stdout=out.fileno(), stderr=out.fileno())
                spec = self._spec(made, cases, wall_s=_BATCH_WALL_S)
                finished = self._execute(spec, stdio, cases, made)
                out.seek(0)
                said = _reports(out.read(MOST_OUTPUT))
            time.sleep(0.05)  # for whoever would come late
            harm = [*made.harm(), *left_behind(made)]
        if len(cases) > 1 and (harm or finished.failed or any(case.id not in said for case in cases)):
            for case in cases:
                progress(f"{case.id}, again by itself")
                yield from self._together([case], progress)
            return
        for case in cases:
            if case.id in said:
                yield _judged(case, finished, harm, said[case.id], ended=Exited(status=0))
            else:
                because = finished.failed or f"its run ended as {finished.end}"
                outcome = Outcome.MISSED if harm else Outcome.UNTRIED
                yield Result(case=case, outcome=outcome, because="; ".join((*harm, because)))

    def _alone(self, case: Case) -> Result:
        with self._scene((case.id,) if case.judged else ()) as made, Streams(case.stdio, made) as streams:
            spec = self._spec(made, [case], wall_s=_ALONE_WALL_S)
            spec = replace(spec, argv=(*spec.argv, json.dumps(_attempt(case))))
            finished = self._execute(spec, streams.stdio, [case], made)
            time.sleep(0.05)  # for whoever would come late
            out, typed = streams.close()
            if finished.looked.host is not None:
                made.before = dict(finished.looked.host)
            harm = [*finished.looked.meanwhile, *made.harm(), *left_behind(made), *typed]
        return _judged(case, finished, harm, out, ended=finished.end)

    def _execute(self, spec: SandboxSpec, stdio: Stdio, cases: list[Case], made: Scene) -> Finished:
        os.environ["CALLER"] = CALLER
        try:
            finished = self.execute(spec, stdio, lambda run: self._look(run, made, cases))
        except SandboxError as error:
            return Finished(failed=str(error))
        finally:
            del os.environ["CALLER"]
        if isinstance(finished.end, Interrupted):
            raise KeyboardInterrupt
        return finished

    def _look(self, run: Run, made: Scene, cases: list[Case]) -> Looked:
        judged = [case for case in cases if case.judged]
        if not judged:
            return Looked()
        changes = run.changes()
        held: dict[str, str] = {}
        listed: dict[str, tuple[str, ...]] = {}
        for case in judged:
            part = below(changes, case.id)
            listed[case.id] = tuple(change.path for change in part.entries)
            if self.judge is not None and case.judged == "held":
                held[case.id] = self.judge(part, f"{made.workspace}/{case.id}")
            if self.settle is not None and case.judged == "conflict":
                return replace(_settled(self.settle, case, part, made), listed=listed)
        return Looked(held=held, listed=listed, truncated=changes.truncated)

    def _spec(self, made: Scene, cases: list[Case], *, wall_s: float) -> SandboxSpec:
        variables = made.environment()
        for case in cases:
            variables |= {name: value.replace("$HOST", made.host) for name, value in case.env.items()}
        wanted: dict[str, Any] = dict(cases[0].limits) if len(cases) == 1 else {}
        limits = replace(Limits(wall_s=wall_s), **wanted)
        with open(os.path.join(os.path.dirname(__file__), "driver.py"), encoding="utf-8") as file:
            driver = file.read()
        return SandboxSpec(
            argv=(INTERPRETER, "-I", "-S", "-c", driver),
            workspace=made.workspace,
            cwd=made.workspace,
            env=tuple(variables.items()),
            masked=(f"{made.workspace}/secret.env",),
            network=_network(cases, made),
            limits=limits,
            label="battery",
        )

    def _scene(self, projects: tuple[str, ...]) -> "_Placed":
        return _Placed(self.directory(), self.uid, projects)


class _Placed:
    """A scene in a directory that goes away with it, among descriptors that a careless caller leaves open."""

    def __init__(self, directory: str, uid: int, projects: tuple[str, ...]) -> None:
        self._directory = directory
        self._scene = scene(directory, uid, projects)
        self._open: list[int] = []

    def __enter__(self) -> Scene:
        made = self._scene.__enter__()
        self._open = careless(made)
        return made

    def __exit__(self, *_: object) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        self._scene.__exit__(None, None, None)
        os.rmdir(self._directory)


def careless(made: Scene) -> list[int]:
    """Descriptors that children inherit: a secret in memory, the home directory, a file of it, our own namespaces."""
    secret = os.memfd_create("execguard-battery", 0)
    os.write(secret, SECRET.encode())
    found = [secret, os.open(f"{made.host}/home", os.O_RDONLY | os.O_DIRECTORY)]
    found.append(os.open(f"{made.host}/home/.bashrc", os.O_WRONLY | os.O_APPEND))
    found += [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("mnt", "net", "user")]
    found.append(os.pidfd_open(made.victim.pid))
    for descriptor in found:
        os.set_inheritable(descriptor, True)
    return found


def _network(cases: list[Case], made: Scene) -> Network | None:
    grants = cases[0].network
    if grants is None:
        return None
    return Network(hosts=grants.hosts, loopback_ports=(made.granted,) if grants.loopback else ())


def _settled(settle: Settle, case: Case, part: Changes, made: Scene) -> Looked:
    project = f"{made.workspace}/{case.id}"
    disturbed: list[str] = []
    host: dict[str, str] = {}

    def meanwhile() -> None:
        disturbed.extend(made.disturbed())
        subprocess.run(
            ["/bin/bash", "-ec", case.meanwhile],
            cwd=project,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOST": made.host},
            check=True,
        )
        host.update(tree(made.host))

    why = settle(part, project, meanwhile)
    return Looked(settled={case.id: why}, meanwhile=tuple(disturbed), host=host or None)


def below(changes: Changes, name: str) -> Changes:
    """The part of a change set below one directory, as if that were the workspace."""
    prefix = f"{name}/"
    entries: tuple[Change, ...] = tuple(
        replace(change, path=change.path.removeprefix(prefix))
        for change in changes.entries
        if change.path.startswith(prefix)
    )
    return Changes(
        entries=entries,
        open_after=lambda path: changes.open_after(prefix + path),
        truncated=changes.truncated,
    )


def _attempt(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "script": case.script,
        "python": case.is_python,
        # From where the command starts: not every sandbox shows the workspace at its own path.
        "cwd": case.id if case.judged else "",
        "variables": {},
    }


def _reports(said: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in said.splitlines():
        try:
            report = json.loads(line)
            found[str(report["id"])] = str(report["out"])
        except (ValueError, TypeError, KeyError):
            continue
    return found


def _judged(case: Case, finished: Finished, harm: list[str], out: str, *, ended: End | None) -> Result:
    if finished.failed:
        return Result(case=case, outcome=Outcome.UNTRIED, because=finished.failed)
    wrong = [*harm, *(f"seen: {_line(text, out)}" for text in (SECRET, CALLER, *case.never) if text in out)]
    match case.end:
        case "any":
            pass
        case "exit" | "limit-or-exit":
            if not isinstance(ended, Exited if case.end == "exit" else Exited | LimitHit):
                wrong.append(f"it ended as {ended}")
        case limit:
            if ended != LimitHit(limit=limit):
                wrong.append(f"it ended as {ended}")
    match case.judged:
        case "held" if not finished.looked.listed.get(case.id):
            return Result(case=case, outcome=Outcome.UNTRIED, because=f"it changed nothing: {out[:200]}")
        case "held" if not finished.looked.held.get(case.id):
            wrong.append("its changes would be applied unasked")
        case "conflict" if not finished.looked.listed.get(case.id) or case.id not in finished.looked.settled:
            return Result(case=case, outcome=Outcome.UNTRIED, because=f"it changed nothing: {out[:200]}")
        case "conflict" if not finished.looked.settled[case.id]:
            wrong.append("its changes were applied over what the host had done meanwhile")
        case "listed":
            missing = set(case.lists) - set(finished.looked.listed.get(case.id, ()))
            wrong += [f"not in the change set: {path}" for path in sorted(missing)]
        case _:
            pass
    if wrong:
        return Result(case=case, outcome=Outcome.MISSED, because="; ".join(wrong))
    if unsaid := [text for text in case.says if text not in out]:
        because = f"the attempt was not seen: no `{unsaid[0]}` in {out[:300]!r}"
        return Result(case=case, outcome=Outcome.UNTRIED, because=because)
    return Result(case=case, outcome=Outcome.STOPPED, because=finished.looked.held.get(case.id, ""))


def _line(text: str, out: str) -> str:
    return next((line for line in out.splitlines() if text in line), text)[:200]
