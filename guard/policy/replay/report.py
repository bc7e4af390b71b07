"""A replay for those who read it: in a terminal, in a pull request, by another program. Pure."""

from guard.model.dataclass import dataclass
from guard.model.typed import Any
from guard.model.verdict import Verdict
from guard.policy.replay.flips import Flip, Replay, Said
from guard.policy.review.compare import Direction

SHOWN = 12
"""Flips of a comment, which is read on one screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was replayed, under what, and how far it can be trusted."""

    log: str
    policy: str
    digest: str
    base: str = ""
    """Empty: what was said at the time."""
    today: str
    verified: bool
    whole: bool
    """Meaningless where nothing was verified."""
    problems: tuple[tuple[str, str, str], ...] = ()
    """Of the log: place, what, next step."""
    malformed: int = 0
    named: tuple[tuple[str, str], ...] = ()
    reanalysed: bool = False

    @property
    def sound(self) -> bool:
        """Whether what was replayed is all that was recorded, as far as anybody could check."""
        return (self.whole or not self.verified) and not self.malformed


def share(part: int, of: int) -> str:
    """``0.03 %``; never 0 for what is not nothing, nor 100 for what is not all."""
    if not part or not of:
        return "0 %"
    percent = 100 * part / of
    if percent < 0.01:
        return "< 0.01 %"
    shown = f"{percent:.2f}".rstrip("0").rstrip(".")
    return "> 99.99 %" if shown == "100" and part != of else f"{shown} %"


def _plain(text: str, limit: int = 0) -> str:
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return shown if not limit or len(shown) <= limit else shown[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def answer(said: Said, other: Said) -> str:
    """As far as it differs from the other one."""
    text = said.verdict.value
    if said.verdict is not Verdict.ALLOW or other.verdict is not Verdict.ALLOW:
        return text
    if said.host != other.host:
        return text + (" on the host" if said.host else " in the sandbox")
    more = sorted(said.grants - other.grants)
    return f"{text} with {', '.join(more)}" if more else text


def rules(flip: Flip) -> tuple[str, str]:
    """``layer:rule`` of both."""
    return tuple(f"{said.layer}:{said.rule}" for said in (flip.before, flip.after))  # type: ignore[return-value]


def title(found: Replay) -> str:
    if not found.decisions:
        return "no recorded decisions"
    counts = [
        f"{count:,} {word}"
        for count, word in ((found.looser, "looser"), (found.stricter, "stricter"))
        if count
    ]
    changed = ", ".join(counts) if counts else "none changes"
    return f"{_many(found.decisions, 'recorded decision')}: {changed}"


def _whom(flip: Flip) -> str:
    parts = [_many(flip.sessions, "session")] if flip.sessions else []
    parts += [_many(flip.users, "user")] if flip.users else []
    return ", ".join(parts)


def text(found: Replay, subject: Subject) -> str:
    """For a terminal."""
    out = [title(found)]
    for flip in found.flips:
        before, after = rules(flip)
        direction = "LOOSER" if flip.direction is Direction.LOOSER else "stricter"
        said = f"{answer(flip.before, flip.after)} -> {answer(flip.after, flip.before)}"
        whom = f" ({_whom(flip)})" if _whom(flip) else ""
        out.append(f"{direction:<8}  {said}  {before} -> {after}")
        out.append(
            f"          {_many(flip.decisions, 'decision')}, {share(flip.decisions, found.decisions)}{whom}"
        )
        out += [f"          {one.decisions:>7,} x  {_plain(one.text, 110)}" for one in flip.commands]
    out += _notes(found, subject)
    return "\n".join(out) + "\n"


def _notes(found: Replay, subject: Subject) -> list[str]:
    out: list[str] = []
    if found.decisions:
        other = f", {found.other_rule:,} of them because of another rule" if found.other_rule else ""
        kinds = "commands" if subject.reanalysed else "facts"
        out.append(
            f"{found.again:,} were decided again ({found.facts:,} different {kinds}); {found.same:,} stay as they are{other}."
        )
    out += [
        f"NOT DECIDED AGAIN: {_many(one.decisions, 'decision')} {_plain(one.why)}." for one in found.unsure
    ]
    against = (
        f"compared with {_plain(subject.base)}" if subject.base else "compared with what was said at the time"
    )
    out.append(f"Under {_plain(subject.policy)}, as on {subject.today}, {against}.")
    if subject.reanalysed:
        out.append(
            "Commands were read anew, as in a place where nobody has looked around: files, links and git are unknown."
        )
    if subject.malformed:
        out.append(f"MALFORMED: {_many(subject.malformed, 'line')} could not be replayed:")
        out += [f"  {_plain(place)}: {_plain(what)}" for place, what in subject.named]
    if not subject.verified:
        out.append("The input was not verified: nothing proves that it is what was recorded.")
    elif not subject.whole:
        out.append("THE LOG IS NOT WHOLE:")
        out += [
            f"  {_plain(place)}: {_plain(what)} ({_plain(step)})" for place, what, step in subject.problems
        ]
    else:
        out.append("The log is whole.")
    return out


def _code(text: str) -> str:
    shown = _plain(text, 140)
    fence = "``" if "`" in shown else "`"
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown.replace('|', chr(92) + '|')}{pad}{fence}"


def markdown(found: Replay, subject: Subject) -> str:
    """For a comment on a pull request."""
    out = [f"### guard: {title(found)}", ""]
    if found.flips:
        out += [
            "| | before | after | because of rule | decisions | who | most frequent |",
            "|---|---|---|---|---|---|---|",
        ]
        for flip in found.flips[:SHOWN]:
            direction = "**LOOSER**" if flip.direction is Direction.LOOSER else "stricter"
            before, after = rules(flip)
            commands = ", ".join(f"{_code(one.text)} ×{one.decisions:,}" for one in flip.commands)  # noqa: RUF001 - "times"
            out.append(
                f"| {direction} | {answer(flip.before, flip.after)} | **{answer(flip.after, flip.before)}** "
                f"| `{before}` → `{after}` | {flip.decisions:,} ({share(flip.decisions, found.decisions)}) "
                f"| {_whom(flip)} | {commands} |"
            )
        if len(found.flips) > SHOWN:
            out.append(f"\n{len(found.flips) - SHOWN} more rows: `guard policy replay --format json`.")
        out.append("")
    for note in _notes(found, subject):
        out.append(f"- {note.strip()}" if note.startswith("  ") else note)
        out.append("")
    return "\n".join(out)


def _said(said: Said) -> dict[str, Any]:
    return {
        "verdict": said.verdict.value,
        "host": said.host,
        "rule": said.rule,
        "layer": said.layer,
        "grants": sorted(said.grants),
    }


def data(found: Replay, subject: Subject) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "log": subject.log,
        "policy": subject.policy,
        "digest": subject.digest,
        "base": subject.base or None,
        "today": subject.today,
        "verified": subject.verified,
        "whole": subject.whole if subject.verified else None,
        "problems": [{"place": place, "what": what, "next": step} for place, what, step in subject.problems],
        "malformed": subject.malformed,
        "malformed_lines": [{"place": place, "what": what} for place, what in subject.named],
        "reanalysed": subject.reanalysed,
        "decisions": found.decisions,
        "decided_again": found.again,
        "different": found.facts,
        "same": found.same,
        "other_rule": found.other_rule,
        "looser": found.looser,
        "stricter": found.stricter,
        "not_decided": [
            {"why": one.why, "decisions": one.decisions, "perhaps_looser": one.perhaps_looser}
            for one in found.unsure
        ],
        "flips": [
            {
                "direction": flip.direction.value,
                "before": _said(flip.before),
                "after": _said(flip.after),
                "decisions": flip.decisions,
                "different": flip.facts,
                "sessions": flip.sessions,
                "users": flip.users,
                "commands": [{"command": one.text, "decisions": one.decisions} for one in flip.commands],
            }
            for flip in found.flips
        ],
    }
