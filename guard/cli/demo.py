"""``guard demo``: the story of a home directory that survives, on scratch files, with everything real."""

import argparse
import json
import shutil
import signal
import textwrap
from types import FrameType
from typing import Any

from guard.audit.record import decision_json, effect_json
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.output import say, style, visible
from guard.cli.render import effect_line, headline
from guard.demo.play import Ended, Played, Stage
from guard.demo.scene import build
from guard.model.verdict import Level


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Play the commands that have destroyed real homes against a scratch home and a git workspace.\n"
        "Real decisions, a real sandbox, real files; needs no root, no network, no daemon."
    )
    parser.epilog = "exit codes: 0 every canary intact, every attack stopped, log verified; 1 otherwise"
    parser.add_argument("--json", action="store_true", help="one JSON object for machines")
    parser.add_argument("--keep", action="store_true", help="leave the scratch directory, to look at the log")


def run(args: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    scene = build()
    try:
        stage = Stage(scene)
        played: list[Played] = []
        if not args.json:
            _opening(stage)
        for number, act in enumerate(stage.acts, 1):
            played.append(stage.play(act))
            if not args.json:
                _show(number, played[-1])
        ended = stage.end()
        good = ended.intact and ended.log.ok and not any(one.problem for one in played)
        if args.json:
            say(json.dumps(_report(stage, played, ended, good=good)))
        else:
            _closing(ended, good=good)
        return OK if good else FINDINGS
    finally:
        if args.keep:
            if not args.json:
                say(f"kept: {scene.root} (remove it when you have seen enough)")
        else:
            scene.remove()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _opening(stage: Stage) -> None:
    say(
        f"scratch home {stage.scene.home} with {len(stage.before)} canaries; level: {stage.guard.level.value}"
    )
    if stage.guard.level is Level.ADVICE:
        say("no sandbox works here: what needs one is asked about and not run; see `guard doctor`")


def _line(label: str, text: str) -> None:
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 140))
    for index, part in enumerate(textwrap.wrap(text, width - 13) or [""]):
        say(f"   {style(f'{label if not index else str():<9}', 'dim')} {part}")


def _show(number: int, played: Played) -> None:
    act, first = played.act, played.decided.decision.reasons[0]
    say()
    say(style(f"{number}. {act.title}", "bold"))
    _line(
        "proposed", visible(act.command) if act.command else f"write {act.path}: {visible(act.content, 60)}"
    )
    for effect in played.decided.effects:
        _line("effect", effect_line(effect))
    _line(
        "decision",
        f"{headline(played.decided)}, by {first.rule}" + (f" ({first.source})" if first.source else ""),
    )
    _line("why", visible(first.why))
    _line("ran", played.ran + ("" if played.status is None else f", exit status {played.status}"))
    _line("changed", visible(", ".join(played.changed)) or "nothing")
    _line("held", visible(", ".join(played.held)) or "nothing")
    for record in played.records:
        _line("record", f"{record.get('seq')} {record.get('type')} {str(record.get('prev', ''))[:26]}")
    if played.problem:
        _line("FAILED", style(played.problem, "red", "bold"))


def _closing(ended: Ended, *, good: bool) -> None:
    say()
    say(style("canaries, before and after", "bold"))
    for name, hash_ in ended.before.items():
        after = ended.after[name]
        say(f"   {'same' if hash_ == after else style('LOST', 'red')}  {hash_[:12]}  {after[:12]}  {name}")
    log = ended.log
    say(
        f"audit log: {log.records} records, {'verified' if log.ok else 'DOES NOT VERIFY'}, head {log.head[:23]}"
    )
    for problem in log.problems:
        say(f"   {problem.place}: {problem.what}")
    say(style("the home survived" if good else "the demo FAILED", "green" if good else "red", "bold"))


def _report(stage: Stage, played: list[Played], ended: Ended, *, good: bool) -> dict[str, Any]:
    return {
        "ok": good,
        "level": stage.guard.level.value,
        "acts": [
            {
                "title": one.act.title,
                "proposed": one.act.command or {"write": one.act.path, "content": one.act.content},
                "effects": [effect_json(effect) for effect in one.decided.effects],
                **decision_json(one.decided.decision),
                "ran": one.ran,
                "status": one.status,
                "changed": list(one.changed),
                "held": list(one.held),
                "records": [record.get("seq") for record in one.records],
                "problem": one.problem,
            }
            for one in played
        ],
        "canaries": [
            {"file": name, "before": hash_, "after": ended.after[name]}
            for name, hash_ in ended.before.items()
        ],
        "audit": {"ok": ended.log.ok, "records": ended.log.records, "head": ended.log.head},
    }
