"""``guard doctor --live``: tries the escape battery on this machine, backend by backend, and records what came of it."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from types import FrameType

from guard.audit.canonical import Json
from guard.audit.log import AuditLog
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.output import say, style, visible
from guard.enforce.battery import judging, settling
from guard.enforce.places import Places
from guard.model.dataclass import dataclass
from guard.model.typed import Any, Callable, NoReturn
from sandbox.backend import Backend
from sandbox.battery.case import Section, load
from sandbox.battery.matrix import counted, holds, summary
from sandbox.battery.run import run_here
from sandbox.battery.trial import Outcome, Result, Trial
from sandbox.result import Capabilities
from sandbox.select import NAMES, backend


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One backend, and what became of every case; nothing where it does not work here."""

    capabilities: Capabilities
    results: tuple[Result, ...]
    seconds: float = 0.0


def run(args: argparse.Namespace) -> int:
    sections = load()
    names: list[str] = args.backend or list(NAMES)
    places = Places.from_environment()
    places.make(places.state)
    log = AuditLog(places.audit)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    directory = os.path.realpath(tempfile.mkdtemp(prefix="execguard-battery-"))
    tried: list[Tried] = []
    try:
        os.chmod(directory, 0o755)  # noqa: S103 - a command may run as somebody else, and must be stopped by the walls
        for name in names:
            one = _try(backend(name), sections, directory)
            tried.append(one)
            log.append(record(one))
            if not args.json:
                _show(one, sections)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        _progress("")
    good = any(one.results for one in tried) and all(holds(one.results) for one in tried)
    if args.json:
        say(json.dumps({"ok": good, "backends": [_report(one) for one in tried]}))
    elif not any(one.results for one in tried):
        say(f"{style('NO ', 'red', 'bold')} no backend works here, so nothing was tried")
    return OK if good else FINDINGS


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """As ctrl-C: everything is cleaned up on the way out."""
    raise SystemExit(128 + number)


def _try(chosen: Backend, sections: tuple[Section, ...], directory: str) -> Tried:
    started = time.monotonic()
    _progress(f"{chosen.name}: what works here")
    capabilities = chosen.probe()
    if not capabilities.works:
        return Tried(capabilities=capabilities, results=())
    trial = Trial(
        execute=lambda spec, stdio, look: run_here(chosen, spec, stdio, look),
        capabilities=capabilities,
        uid=os.getuid(),
        judge=judging(),
        settle=settling(),
        directory=lambda: _fresh(directory),
    )
    results: list[Result] = []
    for section in sections:
        place = f"{chosen.name}: {section.letter} {section.title.lower()}"
        results += trial.section(section, _within(place))
    return Tried(
        capabilities=capabilities, results=tuple(results), seconds=round(time.monotonic() - started, 1)
    )


def _within(place: str) -> Callable[[str], None]:
    return lambda what: _progress(f"{place}: {what}")


def _fresh(directory: str) -> str:
    made = tempfile.mkdtemp(dir=directory)
    os.chmod(made, 0o755)  # noqa: S103 - as above
    return made


def _progress(text: str) -> None:
    """One line that is written over, on a terminal; one line for each backend and section elsewhere."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:100]}")
        sys.stderr.flush()
    elif text:
        sys.stderr.write(text + "\n")


def record(one: Tried) -> dict[str, Json]:
    """For the audit log: what was claimed, and which cases did not hold."""
    counts = counted(one.results)
    return {
        "type": "doctor.live",
        "backend": one.capabilities.backend,
        "works": one.capabilities.works,
        "detail": one.capabilities.detail or one.capabilities.failed,
        "enforces": [*sorted(one.capabilities.enforces)],
        "uid": os.getuid(),
        "stopped": counts[Outcome.STOPPED],
        "not_applicable": counts[Outcome.NOT_APPLICABLE],
        "missed": _ids(one.results, Outcome.MISSED),
        "not_tried": _ids(one.results, Outcome.UNTRIED),
    }


def _ids(results: tuple[Result, ...], outcome: Outcome) -> list[Json]:
    return [result.case.id for result in results if result.outcome is outcome]


def _report(one: Tried) -> dict[str, Any]:
    return {
        **{key: value for key, value in record(one).items() if key != "type"},
        "failed": one.capabilities.failed,
        "fix": one.capabilities.fix,
        "seconds": one.seconds,
        "cases": [
            {
                "id": result.case.id,
                "section": result.case.section,
                "tries": result.case.tries,
                "outcome": result.outcome.value,
                "because": result.because,
            }
            for result in one.results
        ],
    }


def _show(one: Tried, sections: tuple[Section, ...]) -> None:
    _progress("")
    found = one.capabilities
    if not found.works:
        say(f"{style('-  ', 'dim')} {found.backend}: not here: {visible(found.failed)}")
        return
    mark = style("ok ", "green") if holds(one.results) else style("NO ", "red", "bold")
    say(f"{mark} {found.backend} ({visible(found.detail)}), as user {os.getuid()}: {summary(one.results)}")
    for section in sections:
        part = [result for result in one.results if result.case.section == section.letter]
        say(f"      {section.letter}  {section.title:<56} {summary(part)}")
    for result in one.results:
        if result.outcome in {Outcome.MISSED, Outcome.UNTRIED}:
            say(f"    {style(result.outcome.value, 'red')} {result.case.id}: {result.case.tries}")
            say(f"      {visible(result.because)}")
    reasons = dict.fromkeys(
        result.because for result in one.results if result.outcome is Outcome.NOT_APPLICABLE
    )
    for reason in reasons:
        ids = [result.case.id for result in one.results if result.because == reason]
        say(f"    not applicable: {', '.join(ids)}: {visible(reason)}")
