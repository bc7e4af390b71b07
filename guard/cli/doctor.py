"""``guard doctor``: what protects this machine, found out by trying, and what is missing with the next step. Mends nothing."""

import argparse
import json
import os
import platform
import sys
from typing import Any

from guard.audit.verify import verify
from guard.cli.clients import CLIENTS
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.inside import registrations
from guard.cli.output import say, style, visible
from guard.cli.proposals import directory_of
from guard.cli.protection import Protection, protections, surroundings
from guard.enforce.enclose import BACKENDS, ENCLOSING
from guard.enforce.inject.clients import inject
from guard.enforce.levels import try_level
from guard.enforce.pipeline import workspace_of
from guard.enforce.places import Places, home_of
from guard.enforce.reviewed import UNREVIEWED, reviewed_sources
from guard.enforce.walls import read
from guard.errors import PolicyFileError, UsageError
from guard.model.dataclass import dataclass
from guard.model.verdict import Level
from guard.policy.files.build import BUILT_IN, chosen_profile, read_builtin, read_layer
from guard.policy.files.compiled import load_policy, read_source
from guard.policy.files.locate import PolicySources, builtin_directory, sources
from guard.policy.rule import PolicyLayer
from sandbox.errors import SandboxError
from sandbox.select import NAMES, PROMISE, probe_all

_MEANING = {
    Level.ADVICE: "the hook's answers are advice: nothing contains what is allowed",
    Level.CONTAINED: "what needs it runs in a sandbox",
    Level.ENCLOSED: "the whole agent is inside",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    area: str
    ok: bool
    says: str
    fix: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Say what protects this machine, found out by trying, and what is missing."
    parser.epilog = (
        "exit codes: 0 all is well, 1 something is missing or broken;"
        " with --live 1 when an attempt got through or no sandbox works;"
        " with --probe 1 when an agent was not stopped, or did not get as far"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object for machines")
    parser.add_argument(
        "--live", action="store_true", help="try to get out of each sandbox, and record what came of it"
    )
    parser.add_argument(
        "--backend", action="append", choices=NAMES, help="with --live: only this one; may be given again"
    )
    parser.add_argument(
        "--probe",
        action="store_true",
        help="start the agents themselves, in a home that is thrown away and against a model of ours: are they stopped?",
    )
    parser.add_argument(
        "--agent",
        action="append",
        choices=tuple(CLIENTS),
        metavar="A",
        help="with --probe: only this one; may be given again",
    )


def run(args: argparse.Namespace) -> int:
    if args.live and args.probe:
        raise UsageError("doctor: --live and --probe are two things", help_="say one after the other")
    if args.live:
        from guard.cli import live  # noqa: PLC0415 - the battery is not needed to look around

        return live.run(args)
    if args.backend:
        raise UsageError("doctor: --backend is for --live", help_="say `guard doctor --live --backend NAME`")
    if args.probe:
        from guard.cli import probing  # noqa: PLC0415 - as above

        return probing.run(args)
    if args.agent:
        raise UsageError("doctor: --agent is for --probe", help_="say `guard doctor --probe --agent NAME`")
    places = Places.from_environment()
    home = home_of(os.environ)
    directory = directory_of(None)
    workspace = workspace_of(directory, os.path.realpath(home))
    protected = protections(directory, workspace, home, os.environ)
    level = try_level(places)
    findings = [
        Finding(
            area="python",
            ok=True,
            says=f"{platform.python_version()} at {sys.executable}, Linux {os.uname().release}",
        ),
        Finding(
            area="level",
            ok=level is not Level.ADVICE,
            says=f"{level.value}: {_MEANING[level]}",
            fix="" if level is not Level.ADVICE else "make one of the backends below work",
        ),
        _enclosed(workspace),
        *_backends(needed=level is Level.ADVICE),
        *_accepted(places),
        *_policies(workspace, places),
        _audit(places),
        *_agents(protected, directory, home),
        *_left(places),
        *_left_on_engine(),
    ]
    good = all(finding.ok for finding in findings)
    if args.json:
        say(json.dumps({**_report(level, findings, good=good), "agents": [*map(_told, protected)]}))
    else:
        _show(findings)
    return OK if good else FINDINGS


def _enclosed(workspace: str) -> Finding:
    """Whether a whole agent can be put inside, from here. That it cannot is no finding: nobody has asked for it."""
    found = [found for found in probe_all() if found.backend in BACKENDS]
    if not any(one.works and one.enforces >= ENCLOSING for one in found):
        first = found[0] if found else None
        why = (
            first.failed
            if first is not None and not first.works
            else f"the sandbox `{BACKENDS[0]}` cannot do it"
        )
        return Finding(
            area="enclosed",
            ok=True,
            says=f"not here: {why or 'the directories of an agent cannot be kept'}",
            fix=first.fix if first is not None else "",
        )
    if not workspace:
        return Finding(
            area="enclosed",
            ok=True,
            says="not from here: this is no workspace; works in one, with `guard run -- AGENT`",
        )
    managed = inject((), "", (), registrations())
    if managed.problem:
        return Finding(
            area="enclosed",
            ok=False,
            says=f"`guard run` starts nothing: {managed.problem}",
            fix="mend that file",
        )
    direct = (
        "; not with `--workspace direct`, for root owns the workspace"
        if os.stat(workspace).st_uid == 0
        else ", or `--workspace direct` in the files themselves"
    )
    says = f"with `guard run -- AGENT`: the whole agent inside, in a copy of {workspace}{direct}, with a hook where it knows one"
    return Finding(area="enclosed", ok=True, says=says)


def _backends(*, needed: bool) -> list[Finding]:
    """A backend that does not work is a finding only where no other one does."""
    return [
        Finding(
            area=f"sandbox {found.backend}",
            ok=found.works or not needed,
            says="enforces " + ", ".join(sorted(found.enforces))
            if found.works
            else f"not here: {found.failed}",
            fix="" if found.works else found.fix,
        )
        for found in probe_all()
    ]


def _accepted(places: Places) -> list[Finding]:
    """Weaker walls that the person has accepted, and what they lack."""
    names, problem = read(places.config)
    if problem:
        return [
            Finding(area="weaker walls", ok=False, says=problem, fix="mend it or remove it: none is accepted")
        ]
    out: list[Finding] = []
    for found in probe_all():
        if found.backend in names and found.works and (lacking := PROMISE - found.enforces):
            says = f"accepted: {found.backend}, which does not enforce {', '.join(sorted(lacking))}"
            out.append(Finding(area="weaker walls", ok=True, says=says))
    return out


def _policies(workspace: str, places: Places) -> list[Finding]:
    out: list[Finding] = []
    try:
        repo = reviewed_sources(workspace, places.policy_cache)
    except PolicyFileError as error:
        out.append(Finding(area="policy repo", ok=False, says=str(error), fix=error.help))
        repo = ()
    here = sources(workspace, places.config, repo)
    files = here.files
    out += _floor(here, places)
    built = [source for source in files if source.kind in BUILT_IN]
    try:
        profiles = read_builtin([(source, read_source(source)) for source in built])
    except PolicyFileError as error:
        return [*out, Finding(area="policy built in", ok=False, says=str(error), fix=error.help)]
    layers: list[PolicyLayer] = []
    for source in files[len(built) :]:
        try:
            layers.append(read_layer(source, read_source(source), [*profiles["balanced"], *layers]))
        except PolicyFileError as error:
            out.append(Finding(area=f"policy {source.kind}", ok=False, says=str(error), fix=error.help))
        else:
            says = source.path if source.reviewed else f"{source.path}, as it lies there: {UNREVIEWED}"
            out.append(Finding(area=f"policy {source.kind}", ok=True, says=says))
    chosen = chosen_profile(layers, tuple(profiles))
    says = f"{chosen}, with {len(built) - len(profiles)} packs in {builtin_directory()}"
    return [Finding(area="policy profile", ok=True, says=says), *out]


def _floor(here: PolicySources, places: Places) -> list[Finding]:
    """Whether the organisation's floor is believed: whose it is, and what its signature says."""
    if all(source.kind != "floor" for source in here.files):
        return []
    try:
        policy = load_policy(here, places.policy_cache)
    except PolicyFileError as error:
        return [Finding(area="policy floor", ok=False, says=f"restricted mode: {error}", fix=error.help)]
    said = next(
        ((layer.approved_by, layer.pr) for layer in policy.layers if layer.approved_by or layer.pr), None
    )
    signed = "signed" if here.seals else "root's, and not signed"
    by = f", approved by {said[0] or '?'} in {said[1] or '?'}" if said else ""
    return [Finding(area="policy floor", ok=True, says=signed + by)]


def _audit(places: Places) -> Finding:
    if not os.path.isdir(places.audit):
        there = places.audit
        while not os.path.lexists(there):
            there = os.path.dirname(there)
        if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
            says = f"{there}: no directory can be made here, so nothing can be recorded and nothing runs"
            return Finding(area="audit log", ok=False, says=says, fix="make it a directory of yours")
        return Finding(area="audit log", ok=True, says=f"nothing recorded yet in {places.audit}")
    try:
        report = verify(places.audit)
    except OSError as error:
        return Finding(
            area="audit log", ok=False, says=f"{places.audit}: {error.strerror}", fix="make it readable"
        )
    if report.ok:
        return Finding(area="audit log", ok=True, says=f"{report.records} records verify in {places.audit}")
    first = report.problems[0]
    return Finding(area="audit log", ok=False, says=f"{first.place}: {first.what}", fix=first.next_step)


def _agents(found: list[Protection], directory: str, home: str) -> list[Finding]:
    """One line for each agent; then what stands around here. No agent is no error: the CLI works without one."""
    out = [Finding(area="agents", ok=not one.wrong, says=one.says, fix=one.fix) for one in found]
    if not out:
        out.append(
            Finding(area="agents", ok=True, says="none is found here; `guard install` registers the hook")
        )
    elif any(not one.wrong and one.program for one in found):
        says = "that they obey the hook was not tried"
        out.append(Finding(area="agents", ok=True, says=says, fix="try it: `guard doctor --probe`"))
    around = surroundings(found, directory, home, os.environ)
    out += [Finding(area="around here", ok=not fault, says=what.says, fix=what.fix) for fault, what in around]
    return out


def _left(places: Places) -> list[Finding]:
    held, journal, runs = (_entries(path) for path in (places.held, places.journal, places.runs))
    out = [
        Finding(
            area="held changes",
            ok=True,
            says=f"{held} waiting; see `guard changes list`" if held else "none",
        )
    ]
    if journal:
        out.append(
            Finding(
                area="leftovers",
                ok=False,
                says=f"{journal} interrupted applications in {places.journal}",
                fix="the next `guard exec` finishes or rolls them back; or run `guard exec -- true`",
            )
        )
    if runs:
        out.append(Finding(area="leftovers", ok=True, says=f"{runs} runs noted in {places.runs}"))
    return out


def _left_on_engine() -> list[Finding]:
    """What killed runs left where a Docker engine works; of owners that live, and of other machines, nothing is said."""
    if not any(found.backend == "docker" and found.works for found in probe_all()):
        return []
    from sandbox.backends.docker import DockerBackend  # noqa: PLC0415 - only where an engine has answered

    try:
        left = DockerBackend().left()
    except (OSError, SandboxError) as error:  # the SDK's are OSErrors
        return [Finding(area="leftovers", ok=False, says=f"the engine does not list its containers: {error}")]
    if not left:
        return []
    says = f"{left} containers or volumes of killed runs on the Docker engine"
    return [
        Finding(area="leftovers", ok=False, says=says, fix="the next run in the docker sandbox removes them")
    ]


def _entries(path: str) -> int:
    try:
        return len(os.listdir(path))
    except OSError:
        return 0


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        mark = style("ok ", "green") if finding.ok else style("NO ", "red", "bold")
        say(f"{mark} {finding.area:<16} {visible(finding.says)}")
        if finding.fix:
            say(f"    {'':<16} help: {visible(finding.fix)}")


def _told(one: Protection) -> dict[str, Any]:
    return {
        "agent": one.client.agent,
        "version": one.version,
        "protected": not one.wrong,
        "tried": False,
        "registered": [
            {"scope": other.scope, "path": other.path, "ok": not other.wrong} for other in one.registrations
        ],
        "wrong": [{"says": what.says, "fix": what.fix} for what in one.wrong],
    }


def _report(level: Level, findings: list[Finding], *, good: bool) -> dict[str, Any]:
    return {
        "ok": good,
        "level": level.value,
        "findings": [{"area": f.area, "ok": f.ok, "says": f.says, "fix": f.fix} for f in findings],
    }
