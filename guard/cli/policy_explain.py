"""``guard policy explain``: which rules hold a decision, and what would change it. For who writes the policy; runs nothing."""

import argparse
import json
import os
from datetime import date
from typing import Any

from guard.audit.canonical import text_of
from guard.audit.record import placement_name
from guard.cli.check import CODES, tell_restricted
from guard.cli.exit_codes import USAGE
from guard.cli.output import complain, say, style, visible
from guard.cli.proposals import command_of, directory_of, home_of, level_of
from guard.cli.render import effect_line, headline
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.reviewed import reviewed_sources
from guard.engine.decide import judge_effects
from guard.engine.stages import Decided
from guard.errors import PolicyFileError, UsageError
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Allow, Ask, Decision, Reason, Sandbox, may_be_answered, verdict_of
from guard.model.effect import (
    ChangeMode,
    Connect,
    DeletePath,
    LinkPath,
    PublishVcs,
    ReadPath,
    ReadSecret,
    ResolvedEffect,
    RewriteVcs,
    TamperGuard,
    WritePath,
    effect_name,
)
from guard.model.principal import Principal
from guard.model.proposal import Proposal, ShellProposal, WriteProposal
from guard.model.verdict import Verdict
from guard.policy.files.build import read_layers
from guard.policy.files.compiled import digest_of, read_bytes, read_source
from guard.policy.files.load import kind_of
from guard.policy.files.locate import PolicySources, Source, builtin_directory, sources
from guard.policy.layers import DEFAULT
from guard.policy.review.because import Because, Change, Holder, Opening, because, zones_of
from guard.policy.rule import Policy, PolicyException, policy_of

MAX_EFFECTS = 8
MAX_RULES = 4
MAX_LINES = 4
"""Of what would change it, of each kind."""
_WORDS = {"net.connect": "to", "vcs.publish": "on", "vcs.rewrite": "on"}
_COLOUR = {"allow": "green", "ask": "yellow", "deny": "red"}


def run(args: argparse.Namespace, cwd: str) -> int:
    if args.at and not _is_day(args.at):
        complain(f"--at {args.at}: no day of the calendar", "write it as 2030-01-31")
        return USAGE
    proposal = _proposal(args, cwd)
    guard = Guard.open(cwd=cwd, home=home_of(args), level=level_of(args))
    if args.policy:
        try:
            other = _policy(args.policy, guard)
            guard = replace(guard, facts=replace(guard.facts, forbidden=())).under(other, None)
        except PolicyFileError as error:
            complain(str(error), error.help)
            return USAGE
    if args.at:
        guard = replace(guard, facts=replace(guard.facts, today=args.at))
    said = _said(guard.decide(proposal, granted=False), guard)
    if args.json:
        say(json.dumps(_json(said)))
    else:
        for line in _lines(said):
            say(line)
        tell_restricted(guard)
    return CODES[verdict_of(said.decided.decision)]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _proposal(args: argparse.Namespace, cwd: str) -> Proposal:
    principal = Principal(agent="cli")
    if args.write is not None and not args.words:
        path = directory_of(os.path.join(cwd, args.write) if args.write else "", "--write")
        return WriteProposal(principal=principal, cwd=cwd, path=path, content="")
    if args.write is not None:
        raise UsageError("--write takes no command", help_="leave the command out")
    return ShellProposal(principal=principal, cwd=cwd, command=command_of(args.words, "policy explain"))


def _policy(files: list[str], guard: Guard) -> Policy:
    """What would be in force with these files in the place of those of their kind. Raises PolicyFileError."""
    given: list[Source] = []
    for path in files:
        kind = kind_of(read_bytes(path), path)
        if kind == "pack":
            raise PolicyFileError(
                "packs are built in", place=path, help_="say `kind: policy`, `floor` or `personal`"
            )
        given.append(Source(kind=kind, path=path))
    kinds = {source.kind for source in given}
    places = Places.from_environment()
    # What is replaced need not be readable.
    workspace = guard.facts.workspace
    repo = () if "repo" in kinds else reviewed_sources(workspace, places.policy_cache)
    here: PolicySources = sources(workspace, places.config, repo)
    kept = [source for source in here.files if source.kind not in kinds]
    order = {"pack": 0, "profile": 0, "floor": 1, "repo": 2, "personal": 3}
    contents = [
        (source, read_source(source)) for source in sorted([*kept, *given], key=lambda s: order[s.kind])
    ]
    return policy_of(tuple(read_layers(contents)), digest_of(contents))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    decided: Decided
    zones: list[tuple[str, ...]]
    because: Because
    guard: Guard


def _said(decided: Decided, guard: Guard) -> _Said:
    facts, analysed, policy = decided.facts, decided.analysed, guard.policy

    def again(effects: tuple[ResolvedEffect, ...], other: Policy, today: str) -> Decision:
        return judge_effects(analysed, effects, replace(facts, today=today), other).decision

    return _Said(
        decided=decided,
        guard=guard,
        zones=zones_of(decided.effects, policy, facts),
        because=because(
            decided.decision, decided.effects, policy, facts, again, built_in=builtin_directory()
        ),
    )


# ---------------------------------------------------------------------- for people


def _lines(said: _Said) -> list[str]:
    decided = said.decided
    first = decided.decision.reasons[0]
    lines = [f"{headline(decided)}, by {_name(first)}", ""]
    lines += _effects(said)
    lines += ["", style("what would change it", "bold")]
    found = said.because
    lines += [
        f"  {line}"
        for line in (
            *_held(found.holders, decided),
            *_changed(found.changes, decided),
            *_opened(found.openings),
        )
    ]
    lines += [f"  {line}" for line in _allowed(said)]
    if first.instead and not isinstance(decided.decision, Allow):
        lines.append(f"  instead: {visible(first.instead, 200)}")
    reviewer = said.guard.policy.reviewer
    if reviewer is not None and isinstance(decided.decision, Ask):
        may = "allow or deny it" if may_be_answered(decided.decision) else "deny it, and not allow it"
        lines.append(f"  before a person is asked, {visible(reviewer.model)} reads it, and may {may}")
    return lines


def _name(reason: Reason) -> str:
    if reason.layer == "guard":
        return f"the guard itself ({reason.rule})"
    what = f"the default of the {reason.layer}" if reason.rule == DEFAULT else f"{reason.layer}/{reason.rule}"
    return f"{what} ({visible(_short(reason.source))})"


def _short(source: str) -> str:
    """Built-in files by the name that everybody has them under."""
    root = os.path.dirname(os.path.dirname(builtin_directory())) + "/"
    return source.removeprefix(root)


def _effects(said: _Said) -> list[str]:
    reasons, shadow = said.decided.decision.reasons, said.decided.decision.shadow
    lines: list[str] = []
    told: set[str] = set()
    shown = _worst_first(said)[:MAX_EFFECTS]
    for index in shown:
        zones = f"  in {', '.join(said.zones[index])}" if said.zones[index] else ""
        lines.append(f"{effect_line(said.decided.effects[index])}{style(zones, 'dim')}")
        mine = [reason for reason in reasons if reason.effect == index]
        mine.sort(key=lambda reason: -reason.verdict.rank)
        named = [reason for reason in mine if reason.rule != DEFAULT] or mine
        lines += [_rule_line(reason, told) for reason in named[:MAX_RULES]]
        lines += [_rule_line(reason, told, "shadow ") for reason in shadow if reason.effect == index]
        if len(named) > MAX_RULES:
            lines.append(f"    and {len(named) - MAX_RULES} more rules: --json")
    if len(said.decided.effects) > len(shown):
        lines.append(
            f"and {len(said.decided.effects) - len(shown)} more effects, none of them stricter: --json"
        )
    return lines


def _worst_first(said: _Said) -> list[int]:
    """Effects as they stand in the command; where there are too many, those that decided are not among the ones left out."""
    count = len(said.decided.effects)
    if count <= MAX_EFFECTS:
        return list(range(count))
    held = dict.fromkeys(index for holder in said.because.holders for index in holder.effects if index >= 0)
    return sorted([*held, *(index for index in range(count) if index not in held)][:MAX_EFFECTS])


def _rule_line(reason: Reason, told: set[str], mode: str = "") -> str:
    why = "" if reason.why in told else f": {visible(reason.why, 120)}"
    told.add(reason.why)
    verdict = style(f"{reason.verdict.value:<5}", _COLOUR[reason.verdict.value])
    return f"    {mode}{verdict} {_name(reason)}{why}"


def _held(holders: tuple[Holder, ...], decided: Decided) -> list[str]:
    lines: list[str] = []
    if isinstance(decided.decision, Allow):
        lines.append("a rule of any layer that asks or denies; none that speaks of it does")
        inside = [h for h in holders if h.rule is not None and h.rule.run != "host"]
        if isinstance(decided.decision.placement, Sandbox) and inside:
            lines.append(f"in a sandbox: {_name(inside[0].reason)} does not say `run: host`")
        return lines
    fixed = [holder for holder in holders if holder.built_in]
    if fixed:
        names = ", ".join(dict.fromkeys(f"{h.reason.layer}/{h.reason.rule}" for h in fixed[:MAX_LINES]))
        more = f" and {len(fixed) - MAX_LINES} more" if len(fixed) > MAX_LINES else ""
        lines.append(
            f"no file of yours: {names}{more} {'stands' if len(fixed) == 1 else 'stand'} above it, built in"
        )
    return lines


def _changed(changes: tuple[Change, ...], decided: Decided) -> list[str]:
    verdict = verdict_of(decided.decision)
    lines: list[str] = []
    for change in changes[:MAX_LINES]:
        what = " and ".join(_removal(reason) for reason in change.without[:MAX_LINES])
        if len(change.without) > MAX_LINES:
            what += f" and {len(change.without) - MAX_LINES} more"
        if change.verdict is verdict:
            lines.append(f"{what} changes nothing: {_name(change.then)} says {change.verdict.value} too")
        else:
            where = ", in a sandbox" if change.verdict is Verdict.ALLOW and change.contained else ""
            lines.append(f"{what}: {change.verdict.value}{where}, by {_name(change.then)}")
    return lines


def _removal(reason: Reason) -> str:
    if reason.rule == DEFAULT:
        return f"a rule that allows it in {visible(_short(reason.source))}"
    return f"without {_name(reason)}"


def _opened(openings: tuple[Opening, ...]) -> list[str]:
    lines: list[str] = []
    for opening in openings[:MAX_LINES]:
        rule = f"{opening.rule.layer}/{opening.rule.rule}"
        exception = opening.exception
        if exception is None:
            lines.append(
                f"an exception: {rule} takes them (`rule: {rule}`, in a floor or in the reviewed policy)"
            )
            continue
        name = f"the exception `{exception.id}` to {rule} ({visible(_short(exception.source))})"
        match opening.state:
            case "holds":
                then = f"; {opening.after.value} from the day after" if opening.after is not None else ""
                lines.append(f"{name} holds until {exception.expires}{then}")
            case "expired":
                lines.append(f"{name} has expired on {exception.expires}")
            case _:
                lines.append(f"{name} is only {visible(_conditions(exception), 120)}")
    return lines


def _conditions(exception: PolicyException) -> str:
    parts = (
        ("in", exception.zones),
        ("by", exception.programs),
        ("to", exception.hosts),
        ("on", exception.branches),
    )
    return " ".join(f"{word} {', '.join(values)}" for word, values in parts if values)


def _allowed(said: _Said) -> list[str]:
    by_effect: dict[str, list[str]] = {}
    for other in said.because.elsewhere:
        example = f" ({other.example})" if other.example != other.name else ""
        by_effect.setdefault(other.effect, []).append(f"{other.name}{example}")
    return [
        f"{effect} is allowed {_WORDS.get(effect, 'in')} {visible(', '.join(names[:MAX_LINES]), 160)}"
        for effect, names in by_effect.items()
    ][:MAX_LINES]


# ---------------------------------------------------------------------- for machines


def _json(said: _Said) -> dict[str, Any]:
    """As docs/schemas/policy-explain.schema.json says."""
    decided, found = said.decided, said.because
    decision = decided.decision
    return {
        "verdict": verdict_of(decision).value,
        "placement": placement_name(decision),
        "decided_by": _reason_json(decision.reasons[0]),
        "effects": [
            {
                "effect": effect_name(effect),
                "on": text_of(_on(effect)),
                "program": text_of(effect.program),
                "zones": list(said.zones[index]),
                "rules": [_reason_json(reason) for reason in decision.reasons if reason.effect == index],
                "shadow": [_reason_json(reason) for reason in decision.shadow if reason.effect == index],
            }
            for index, effect in enumerate(decided.effects)
        ],
        "held_by": [
            {**_reason_json(holder.reason), "built_in": holder.built_in, "effects": list(holder.effects)}
            for holder in found.holders
        ],
        "changes": [
            {
                "without": [_reason_json(reason) for reason in change.without],
                "verdict": change.verdict.value,
                "contained": change.contained,
                "then": _reason_json(change.then),
            }
            for change in found.changes
        ],
        "exceptions": [
            {
                "rule": f"{opening.rule.layer}/{opening.rule.rule}",
                "state": opening.state,
                "exception": None if opening.exception is None else opening.exception.id,
                "source": "" if opening.exception is None else text_of(opening.exception.source),
                "expires": None if opening.exception is None else opening.exception.expires,
                "after": None if opening.after is None else opening.after.value,
            }
            for opening in found.openings
        ],
        "allowed": [
            {"effect": other.effect, "name": other.name, "example": other.example}
            for other in found.elsewhere
        ],
        "level": decided.facts.level.value,
        "workspace": text_of(decided.facts.workspace),
        "policy": decided.policy_digest,
        "restricted": None if said.guard.problem is None else str(said.guard.problem),
    }


def _on(effect: ResolvedEffect) -> str:
    """Where the path leads, the host or the branch; empty where there is none."""
    match effect:
        case (
            ReadPath(path=path)
            | WritePath(path=path)
            | DeletePath(path=path)
            | ChangeMode(path=path)
            | LinkPath(path=path)
            | ReadSecret(path=path)
            | TamperGuard(path=path)
        ):
            return path.place
        case Connect(host=host):
            return host
        case PublishVcs(branch=branch) | RewriteVcs(branch=branch):
            return branch
        case _:
            return ""


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "verdict": reason.verdict.value,
        "layer": reason.layer,
        "rule": reason.rule,
        "source": text_of(reason.source),
        "why": text_of(reason.why),
        "instead": text_of(reason.instead),
    }
