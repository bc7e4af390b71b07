"""A difference of policies for those who read it: in a terminal, in a pull request, by another program. Pure."""

from guard.model.dataclass import dataclass
from guard.model.typed import Any
from guard.model.verdict import Verdict
from guard.policy.review.compare import Direction
from guard.policy.review.difference import Change, Difference, gives_way
from guard.policy.review.settings import Setting

SHOWN = 12
"""Rows of one comment: it is read on one screen."""
SEVERAL = 3
"""Effects and examples of one row."""
_WORDS = {
    "fs.read": "read files", "fs.write": "write files", "fs.delete": "delete files", "fs.perms": "change modes and owners",
    "fs.link": "make links", "secrets.read": "read secrets", "guard.tamper": "change the guard", "exec": "start programs",
    "exec.opaque": "run what nobody can read", "tool.use": "use tools of servers", "net.connect": "use the network",
    "net.listen": "accept connections",
    "vcs.publish": "push", "vcs.rewrite": "rewrite history", "pkg.install": "install packages", "pkg.publish": "publish packages",
    "privilege": "gain rights", "container.control": "control containers", "db.destroy": "destroy data in databases",
    "cloud.mutate": "change cloud resources", "proc.kill": "stop processes", "env.persist": "change what later commands run",
}  # fmt: skip

_HOW = (
    "Allowed runs without a question, ask waits for a person, deny never runs. To accept the looser rows, an owner of these "
    "files runs `guard policy diff BASE HEAD --accept REASON`."
)
_DONE = {Verdict.ALLOW: "allowed", Verdict.ASK: "asked about", Verdict.DENY: "denied"}


@dataclass(frozen=True, slots=True)
class Subject:
    """What was compared with what."""

    base: str
    head: str
    floor: str
    """The layers around it."""
    digest: str
    """Of what is compared as it will be."""


def title(found: Difference, looser: int, stricter: int) -> str:
    if not (looser or stricter):
        start = "this pull request changes nothing of what agents may do"
        return "it could not be proved that " + start if found.unproved else start
    counts = [f"{looser} looser"] if looser else []
    counts += [f"{stricter} stricter"] if stricter else []
    return f"this pull request changes what agents may do: {', '.join(counts)}"


def _say(change: Change, *, after: bool) -> str:
    say = change.row.after if after else change.row.before
    text = say.verdict.value
    other = change.row.before if after else change.row.after
    if say.verdict is not Verdict.DENY and say.verdict is other.verdict:
        if say.host != other.host:
            text += " on the host" if say.host else " in the sandbox"
        elif say.may_allow != other.may_allow:
            text += ", or what the reviewer says" if say.may_allow else " a person"
        elif more := sorted((say.owners | say.repos) - (other.owners | other.repos)):
            text += f" with {', '.join(more)}"
    return text


def _rule(name: str) -> str:
    return "no rule" if name == "default" else f"`{name}`"


def _because(change: Change) -> str:
    before, after = change.row.before, change.row.after
    if before.rule == after.rule and before.layer == after.layer:
        return _rule(after.rule)
    more = f" and {len(change.also)} more" if change.also else ""
    return f"{_rule(before.rule)} → {_rule(after.rule)}{more}"


def _code(text: str) -> str:
    """Code in a cell of a table: no file can end the cell, the line or the comment."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    fence = "``" if "`" in shown else "`"
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown.replace('|', chr(92) + '|')}{pad}{fence}"


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def markdown(found: Difference, subject: Subject, accepted: str = "") -> str:
    """The comment of a pull request."""
    rows = [*_rows(found), *(_setting(one) for one in found.settings)]
    rows.sort(key=lambda row: not row.startswith(_LOOSER))
    looser = sum(row.startswith(_LOOSER) for row in rows)
    out = [f"### guard: {title(found, looser, len(rows) - looser)}", ""]
    if found.unproved:
        out += ["> **Not proved.** There is more to compare than can be; what follows was found by samples:"]
        out += [f"> {_plain(problem)}." for problem in found.unproved[:4]]
        out.append("")
    if rows:
        out += [
            "| | agents may | before | after | because of rule | smallest example |",
            "|---|---|---|---|---|---|",
        ]
        out += rows[:SHOWN]
        if len(rows) > SHOWN:
            out.append(f"\n{len(rows) - SHOWN} more rows: `guard policy diff --format json`.")
        out.append("")
    out += _notes(found, subject, _code)
    if found.looser and accepted:
        out += ["", f"The looser rows were accepted: {_plain(accepted)}"]
    elif found.looser:
        out += ["", _HOW]
    return "\n".join(out) + "\n"


def _setting(one: Setting) -> str:
    looser = _direction(one.direction is Direction.LOOSER)
    return f"| {looser} | {_plain(one.what)} | {_plain(one.before)} | {_strong(_plain(one.after))} | | |"


def _strong(text: str) -> str:
    return f"**{text}**" if text else ""


def _direction(looser: bool) -> str:
    return "**LOOSER**" if looser else "stricter"


_LOOSER = "| **LOOSER**"


def _rows(found: Difference) -> list[str]:
    """Effects that change alike, and because of the same rule, are one row."""
    alike: dict[tuple[str, str, str, str, bool], list[Change]] = {}
    for change in found.changes:
        when = f" from {change.since}" if change.since else ""
        when += f" until {change.until}" if change.until else ""
        before, after = _say(change, after=False), f"**{_say(change, after=True)}**{when}"
        key = (_direction(change.looser), before, after, gives_way(change.row), not change.example.command)
        alike.setdefault(key, []).append(change)
    return [
        f"| {direction} | {_effects(changes)} | {before} | {after} | {_because(changes[0])} | {_examples(changes)} |"
        for (direction, before, after, _, _), changes in alike.items()
    ]


def _effects(changes: list[Change]) -> str:
    names = dict.fromkeys(change.row.effect for change in changes)
    shown = [f"{_WORDS[name]} (`{name}`)" for name in names]
    return ", ".join(shown[:SEVERAL]) + (f" and {len(shown) - SEVERAL} more" if len(shown) > SEVERAL else "")


def _examples(changes: list[Change]) -> str:
    shown = [
        _code(change.example.command)
        if change.example.command
        else _plain(change.example.words).replace("|", "\\|")
        for change in changes
    ]
    return ", ".join(shown[:SEVERAL])


def _notes(found: Difference, subject: Subject, code: Any) -> list[str]:
    out: list[str] = []
    for change in found.changes:
        what = f"{code(change.example.command or change.example.words)} is {_DONE[change.row.after.verdict]}"
        if change.until:
            out.append(f"{what} **only until {change.until}**: exception {_plain(change.exception)} ends.")
        elif change.since:
            out.append(f"{what} **only from {change.since}**, when an exception has ended.")
    out += [
        f"Allowed here and still {_DONE[Verdict(held.verdict)]} by the {held.layer} (`{held.rule}`): {code(held.example)}."
        for held in found.held[:4]
    ]
    if found.tests:
        out.append(f"Inline tests: {found.tests - len(found.failed)} of {found.tests} pass.")
    out += [
        f"- {code(failed.test.run)} should be {failed.test.expect.value}, and is {failed.verdict} by {_rule(failed.rule)}."
        for failed in found.failed[:6]
    ]
    proof = "sampled" if found.unproved else "compared exhaustively"
    when = f", on {found.today}"
    if found.dates:
        when += f" and from {', '.join(found.dates[:3])}" + (" ..." if len(found.dates) > 3 else "")
        when += ", when exceptions have ended"
    more = f"; {found.more} further rows for paths that links or trees join" if found.more else ""
    around = f" Around it: {_plain(subject.floor)}; none of it can be loosened here." if subject.floor else ""
    out.append(f"{found.cells:,} kinds of effects {proof}{when}{more}.{around}")
    return [line for note in out for line in (note, "")][:-1] if out else []


def text(found: Difference, subject: Subject, accepted: str = "") -> str:
    """For a terminal."""
    start = title(found, found.looser, found.stricter)
    out = [start.replace("this pull request", _plain(subject.head))]
    out += [f"NOT PROVED: {_plain(problem)}" for problem in found.unproved]
    for change in found.changes:
        said = f"{_say(change, after=False)} -> {_say(change, after=True)}"
        because = _because(change).replace("`", "")
        out.append(f"{_word(change.row.direction)}  {change.row.effect:<12} {said}  ({because})")
        out.append(f"          {_plain(change.example.command or change.example.words)}")
    out += [
        f"{_word(one.direction)}  {_plain(one.what)}: {_plain(one.before)} -> {_plain(one.after)}"
        for one in found.settings
    ]
    out += [line for line in _notes(found, subject, _plain) if line]
    if accepted:
        out.append(f"accepted: {_plain(accepted)}")
    return "\n".join(out).replace("**", "") + "\n"


def _word(direction: Direction) -> str:
    return "LOOSER" if direction is Direction.LOOSER else "stricter"


def data(found: Difference, subject: Subject, accepted: str = "") -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "base": subject.base,
        "head": subject.head,
        "around": subject.floor,
        "digest": subject.digest,
        "looser": found.looser,
        "stricter": found.stricter,
        "proved": not found.unproved,
        "unproved": list(found.unproved),
        "accepted": accepted,
        "cells": found.cells,
        "today": found.today,
        "dates": list(found.dates),
        "changes": [_data(change) for change in found.changes],
        "settings": [
            {"direction": one.direction.value, "what": one.what, "before": one.before, "after": one.after}
            for one in found.settings
        ],
        "held": [
            {
                "effect": one.row.effect,
                "example": one.example,
                "verdict": one.verdict,
                "rule": one.rule,
                "layer": one.layer,
            }
            for one in found.held
        ],
        "tests": {
            "run": found.tests,
            "failed": [
                {
                    "run": f.test.run,
                    "expect": f.test.expect.value,
                    "is": f.verdict,
                    "rule": f.rule,
                    "source": f.test.source,
                }
                for f in found.failed
            ],
        },
    }


def _data(change: Change) -> dict[str, Any]:
    row = change.row
    return {
        "direction": row.direction.value,
        "effect": row.effect,
        "before": row.before.verdict.value,
        "after": row.after.verdict.value,
        "before_host": row.before.host,
        "after_host": row.after.host,
        "before_may_allow": row.before.may_allow,
        "after_may_allow": row.after.may_allow,
        "before_rule": row.before.rule,
        "after_rule": row.after.rule,
        "before_layer": row.before.layer,
        "after_layer": row.after.layer,
        "example": change.example.command,
        "words": change.example.words,
        "since": change.since,
        "until": change.until,
        "exception": change.exception,
    }


def findings(found: Difference) -> list[tuple[str, str, str]]:
    """Level, rule and message of each: for annotations and SARIF."""
    out: list[tuple[str, str, str]] = [("error", "", f"not proved: {problem}") for problem in found.unproved]
    for change in found.changes:
        shown = change.example.command or change.example.words
        message = (
            f"{change.row.direction.value}: {change.row.effect} {_say(change, after=False)} -> {_say(change, after=True)}, "
            f"such as `{shown}`"
        )
        out.append(("warning" if change.looser else "note", change.row.after.rule, message))
    out += [
        (
            "warning" if one.direction is Direction.LOOSER else "note",
            "",
            f"{one.direction.value}: {one.what}: {one.before} -> {one.after}",
        )
        for one in found.settings
    ]
    out += [
        ("error", f.rule, f"`{f.test.run}` should be {f.test.expect.value}, and is {f.verdict}")
        for f in found.failed
    ]
    return out
