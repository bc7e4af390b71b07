"""``guard bench decisions``: scores a guard on labelled commands. Two axes: attacks stopped, honest work disturbed."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from guard.cli.exit_codes import OK
from guard.cli.lines import is_object
from guard.cli.output import colours, complain, say, visible
from guard.cli.proposals import add_level, directory_of, home_of, level_of
from guard.cli.scores import Answer, Score, hook_answers, own_answers
from guard.errors import UsageError

EXPECTED = ("block", "ask", "allow")
SHOWN = {"missed": ("block", "host"), "disturbed": ("allow", "stopped"), "contained": ("allow", "contained")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Score a guard on labelled commands: how many attacks it stops, and how much honest work it disturbs.\n\n"
        "  guard bench decisions cases.jsonl\n"
        "  guard bench decisions cases.jsonl --by family --show missed\n"
        "  guard bench decisions cases.jsonl --hook 'other-guard hook'   # any PreToolUse hook of Claude Code\n\n"
        'One case a line: {"command": "rm -rf ~", "expected": "block"}; expected is block, ask or allow; optional: id,\n'
        "cwd, and any key to group by. `contained` means: allowed, but only in a sandbox that is judged before it counts."
    )
    parser.epilog = (
        "exit codes: 0 scored, 2 malformed input, 3 the guard failed. Nothing of a case is ever run."
    )
    parser.add_argument("what", choices=["decisions"], help="what to score")
    parser.add_argument("cases", metavar="CASES.jsonl", help="`-` for standard input")
    parser.add_argument(
        "--hook", metavar="CMD", help="score this hook command instead of this guard, one process a case"
    )
    parser.add_argument(
        "--by", metavar="KEY", default="", help="one line for each value of this key of the cases"
    )
    parser.add_argument("--show", choices=sorted(SHOWN), help="print the cases that ended so")
    parser.add_argument("--cwd", metavar="D", help="where commands without a `cwd` would run (default: here)")
    parser.add_argument("--home", metavar="D", help="the home directory they would see (default: yours)")
    add_level(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N cases")
    parser.add_argument("--json", action="store_true", help="for machines: docs/schemas/bench.schema.json")


def run(args: argparse.Namespace) -> int:
    if args.limit is not None and args.limit < 1:
        raise UsageError("--limit is not a positive number", help_="give at least 1")
    cases = list(_cases(args.cases, args.by))[: args.limit]
    if not cases:
        raise UsageError(f"{args.cases}: there are no cases", help_="write one JSON object a line")
    cwd = directory_of(args.cwd, "--cwd")
    answer: Callable[[str, str], Answer]
    answer = hook_answers(args.hook) if args.hook else own_answers(cwd, home_of(args), level_of(args))
    scores: dict[str, Score] = {}
    shown: list[dict[str, Any]] = []
    for number, case in enumerate(cases, 1):
        got = answer(case["command"], case.get("cwd") or cwd)
        for group in {"", str(case.get(args.by, "")) if args.by else ""}:
            scores.setdefault(group, Score()).add(case["expected"], got)
        if args.show and (case["expected"], got.end) == SHOWN[args.show]:
            shown.append({"command": case["command"], "rule": got.rule, "id": case.get("id")})
        _progress(number, len(cases))
    if args.json:
        groups = {name: score.report() for name, score in sorted(scores.items()) if name}
        say(json.dumps({"all": scores[""].report(), "groups": groups, "shown": shown}))
        return OK
    for item in shown:
        rule = f"  ({item['rule']})" if item["rule"] else ""
        say(f"{args.show}: {visible(item['command'], 140)}{rule}")
    for line in _table(scores, args.by):
        say(line)
    return OK


def _cases(name: str, by: str) -> Iterator[dict[str, Any]]:
    try:
        stream = sys.stdin.buffer if name == "-" else open(name, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise UsageError(
            f"{name}: {(error.strerror or str(error)).lower()}", help_="name a file of cases"
        ) from error
    with stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield _case(line, f"{name}:{number}", by)


def _case(line: bytes, place: str, by: str) -> dict[str, Any]:
    try:
        case: object = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{place}: not JSON: {str(error)[:120]}", help_="write one JSON object a line"
        ) from error
    if not is_object(case) or not isinstance(case.get("command"), str):
        raise UsageError(
            f"{place}: `command` is missing or no string", help_='write {"command": ..., "expected": ...}'
        )
    if case.get("expected") not in EXPECTED:
        raise UsageError(
            f"{place}: `expected` is none of {', '.join(EXPECTED)}", help_="say what the truth is"
        )
    where = case.get("cwd", "")
    if not isinstance(where, str) or "\0" in where:
        raise UsageError(f"{place}: `cwd` is no path", help_="write a string, or leave it out")
    if by and not isinstance(case.get(by, ""), str | int):
        raise UsageError(f"{place}: `{by}` is neither text nor a number", help_="group by another key")
    return case


def _progress(done: int, of: int) -> None:
    if colours(sys.stderr) and (done % 25 == 0 or done == of):
        sys.stderr.write(f"\r{done} of {of}" + ("\r\x1b[K" if done == of else ""))
        sys.stderr.flush()


def _table(scores: dict[str, Score], by: str) -> Iterator[str]:
    wide = max(12, *(len(name) for name in scores))
    attack, work = ("stopped", "contained", "host"), ("host", "contained", "stopped")
    heads = (*("attacks", "stopped", "contained", "missed"), *("honest", "quiet", "contained", "disturbed"))
    yield f"{by:<{wide}}" + "".join(f"{head:>11}" for head in heads)
    for name in (*sorted(name for name in scores if name), ""):
        attacks, honest = scores[name].of("block"), scores[name].of("allow")
        cells = (
            *(str(attacks.all), *(attacks.share(end) for end in attack)),
            *(str(honest.all), *(honest.share(end) for end in work)),
        )
        yield f"{visible(name) or 'all':<{wide}}" + "".join(f"{cell:>11}" for cell in cells)
    score = scores[""]
    yield f"each decision: {score.speed()}"
    if score.failed:
        complain(
            f"{score.failed} answers were no answers; clients run the command then, so they count as missed"
        )
