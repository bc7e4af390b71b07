"""``guard approve``: what agents asked and could not be answered by anybody there. For a person, in a terminal of their own."""

import argparse
import json
import os
import sys
import time
from typing import Any

from guard.audit.log import AuditLog
from guard.audit.record import approval_record
from guard.cli.exit_codes import ASK, DENY, OK
from guard.cli.output import complain, say, style, visible
from guard.cli.render import data_line
from guard.enforce.approvals import SESSION_S, TTL_S, PendingAsk, asks, expire, grant, withdraw
from guard.enforce.person import same_terminal, why_not_a_person
from guard.enforce.places import Places
from guard.enforce.suggestions import remember
from guard.errors import UsageError

_SHOWN = 12
_CONTAINED = "in a sandbox where one can be had; its changes are judged again"
_ANSWERS = {
    "once": "let exactly this run, once, within {} minutes",
    "session": "let exactly this run in that session, as often as it asks, for an hour",
    "remember": "once, and note it for a rule that a pull request may make of it",
    "no": "refuse it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Questions of agents that nobody could answer where they were asked. A yes is for exactly that command, in that\n"
        "directory, with those effects and under that policy; no rule comes of it. docs/approvals.md says more.\n\n"
        "  guard approve                 what waits for an answer\n"
        "  guard approve show 3fa9c1     what it would do, and what would be lost\n"
        "  guard approve once 3fa9c1     asks at the terminal, which must not be the agent's"
    )
    parser.epilog = (
        "exit codes: 0 done, 10 not confirmed, 11 not answered by a person at a terminal of their own,\n"
        "2 malformed, 3 failed"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser(
        "list", help="what waits for an answer; the oldest first", allow_abbrev=False
    )
    listing.add_argument(
        "--json", action="store_true", help="one object a line: docs/schemas/approvals.schema.json"
    )
    show = actions.add_parser("show", help="what it would do, and what would be lost", allow_abbrev=False)
    show.add_argument("--json", action="store_true", help="for machines")
    show.add_argument("id", metavar="ID", help="as `list` shows it, or the beginning of it")
    for name, help_ in _ANSWERS.items():
        answer = actions.add_parser(name, help=help_.format(TTL_S // 60), allow_abbrev=False)
        answer.add_argument("id", metavar="ID", help="as `list` shows it, or the beginning of it")


def run(args: argparse.Namespace) -> int:
    places = Places.from_environment()
    log = AuditLog(places.audit)
    expire(places, log)
    waiting = asks(places)
    match args.action:
        case None | "list":
            return _list(waiting, as_json=getattr(args, "json", False))
        case "show":
            return _show(_only(waiting, args.id), as_json=args.json)
        case _:
            return _answer(_only(waiting, args.id), args.action, places, log)


def _list(waiting: tuple[PendingAsk, ...], *, as_json: bool) -> int:
    for ask in waiting:
        if as_json:
            say(json.dumps(_json(ask)))
            continue
        left = ask.at + TTL_S - time.time_ns() // 1_000_000_000
        say(
            f"{style(ask.id, 'bold')}  {visible(ask.agent)}  {visible(_text(ask), 80)}"
            f"  {style(f'{max(left, 0) // 60}:{max(left, 0) % 60:02d} left', 'dim')}"
        )
    if not waiting and not as_json:
        say("nothing waits for an answer")
    return OK


def _show(ask: PendingAsk, *, as_json: bool) -> int:
    if as_json:
        say(json.dumps(_json(ask)))
        return OK
    for line in ask_lines(ask):
        say(line)
    return OK


def ask_lines(ask: PendingAsk) -> list[str]:
    """What was asked: the command, its effects, what would be lost, and why it is asked about."""
    call, decision = ask.shown["call"], ask.shown["decision"]
    effects: list[dict[str, Any]] = ask.shown["effects"]
    reason = decision["reason"]
    lines = [
        f"{style(ask.id, 'bold')}  asked by {visible(ask.agent)}"
        + (f", session {visible(ask.session, 60)}" if ask.session else ""),
        f"  {visible(str(call['tool'])).lower():<7} {visible(_text(ask))}",
        *(
            [f"  cut     it has {call['text_length']} characters, and not all are shown"]
            if "text_length" in call
            else []
        ),
        f"  in      {visible(_word(call['cwd']))}",
        *(f"  effect  {data_line(dict(effect))}" for effect in effects[:_SHOWN]),
    ]
    total = int(ask.shown["effects_total"])
    if total > _SHOWN:
        lines.append(f"  effect  and {total - _SHOWN} more: `guard audit show {ask.decision}`")
    losses: list[dict[str, Any]] = ask.shown["losses"]
    lines += [f"  lost    {loss_line(loss)}" for loss in losses]
    on_host = decision["placement"] == "host"
    source = reason.get("source") or reason["layer"]
    lines += [
        f"  runs    {'on this machine itself' if on_host else _CONTAINED}",
        f"  why     {visible(reason['why'])}",
        f"  rule    {visible(reason['rule'])} ({visible(_word(source))})",
    ]
    if reason.get("instead"):
        lines.append(f"  rather  {visible(reason['instead'])}")
    if second := ask.shown.get("reviewer"):
        lines.append(f"  second  {visible(_word(second), 600)}")
    return lines


def loss_line(loss: dict[str, Any]) -> str:
    """``build: 12 files, 3 MiB; git cannot bring back 2 it does not know, 3 it ignores``."""
    gone = [
        f"{loss[name]} {words}"
        for name, words in (
            ("untracked", "it does not know"),
            ("ignored", "it ignores"),
            ("modified", "changed since"),
        )
        if loss[name]
    ]
    back = f"git cannot bring back {', '.join(gone)}" if gone else "git can bring back all of it"
    return f"{visible(_word(loss['path']), 80)}: {_files(loss['files'])}, {_size(loss['bytes'])}; {back}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _size(count: int) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count //= 1024
    return f"{count} {unit}"


def _answer(ask: PendingAsk, answer: str, places: Places, log: AuditLog) -> int:
    why = why_not_a_person()
    if not why and same_terminal(ask.terminal):
        why = "this is the terminal of the agent that asks"
    if why:
        complain(f"not answered: {why}", "answer in a terminal that you opened yourself, beside the agent's")
        return DENY
    if answer == "session" and not ask.session:
        raise UsageError(f"{ask.id} was not asked in a session", help_=f"say `guard approve once {ask.id}`")
    for line in ask_lines(ask):
        say(line)
    if not _confirmed(_ANSWERS[answer].format(TTL_S // 60)):
        complain("nothing was answered", "type `yes` to confirm")
        return ASK
    # It may have been answered, or have run out, while somebody read.
    ask = _only(asks(places), ask.digest)
    by, surface = f"uid {os.getuid()}", f"guard approve at {os.ttyname(0)}"
    if answer == "no":
        log.append(approval_record(ask.decision, approved=False, by=by, surface=surface))
        withdraw(ask.digest, places)
        say(f"{ask.id}: refused")
        return OK
    noted = remember(ask, by) if answer == "remember" else ""
    made = grant(ask, places, log, by=by, surface=surface, session=answer == "session")
    minutes = (SESSION_S if made.session else TTL_S) // 60
    say(f"{ask.id}: approved, {made.scope}, for {minutes} minutes")
    if noted:
        say(f"noted in {visible(noted)}; `guard policy learn` makes a proposal of it")
    return OK


def _confirmed(what: str) -> bool:
    say(f"{what}? only `yes` does it: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() == "yes"


def _only(waiting: tuple[PendingAsk, ...], given: str) -> PendingAsk:
    meant = [ask for ask in waiting if given and ask.digest.startswith(given)]
    if len(meant) != 1:
        problem = f"{len(meant)} questions begin with" if meant else "no question waits that is called"
        raise UsageError(f"{problem} `{visible(given)}`", help_="see `guard approve list`")
    return meant[0]


def _text(ask: PendingAsk) -> str:
    call = ask.shown["call"]
    return _word(call.get("path") or call.get("text") or call.get("tool"))


def _word(value: object) -> str:
    return value if isinstance(value, str) else "(not text)"


def _json(ask: PendingAsk) -> dict[str, object]:
    return {
        "id": ask.id,
        "digest": ask.digest,
        "record": ask.decision,
        "at": ask.at,
        "until": ask.at + TTL_S,
        "agent": ask.agent,
        "session": ask.session,
        "workspace": os.fsencode(ask.workspace).decode(errors="backslashreplace"),
        **ask.shown,
    }
