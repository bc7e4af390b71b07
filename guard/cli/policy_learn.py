"""``guard policy learn``: rules that a repository could have, from what people kept approving. Writes nothing."""

import argparse
import json
import os
import sys
from difflib import unified_diff
from time import gmtime, strftime
from typing import Any, cast

from guard.audit.redact import Redactor
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.output import complain, say, visible
from guard.cli.proposals import directory_of
from guard.enforce.pipeline import workspace_of
from guard.enforce.places import Places, home_of
from guard.enforce.replay.asks import Answered, answered, asks_of
from guard.enforce.revisions import builtin, contents, digest, layers
from guard.enforce.suggestions import FILE
from guard.engine.imagined import decide_imagined, imagined_facts
from guard.errors import PolicyFileError, UsageError
from guard.model.dataclass import replace
from guard.model.decision import Decision, verdict_of
from guard.model.effect import ResolvedEffect
from guard.model.verdict import Verdict
from guard.policy.files.canonical import canonical
from guard.policy.files.compiled import read_bytes
from guard.policy.files.edit import with_rules
from guard.policy.files.locate import REPO_FILES
from guard.policy.files.strict_yaml import tree_of
from guard.policy.replay.learned import Ask, Kept, Learner, Proposal, answers, described, outside
from guard.policy.review import report
from guard.policy.review.compare import compare
from guard.policy.review.difference import Difference, difference
from guard.policy.rule import InlineTest, Policy, PolicyLayer, Rule, policy_of

_EXAMPLES = 3
_SHOWN = 8


def run(args: argparse.Namespace, cwd: str) -> int:
    if args.min < 1:
        raise UsageError("--min is not a positive number", help_="give at least 1")
    workspace = (
        os.path.realpath(args.workspace)
        if args.workspace
        else workspace_of(cwd, os.path.realpath(home_of(os.environ)))
    )
    name = args.policy or _own(workspace)
    path = os.path.join(cwd if args.policy else workspace, name)
    places = Places.from_environment()
    directory = places.audit if args.log is None else directory_of(args.log, "--log")
    if args.log and not os.path.isdir(directory):
        raise UsageError(
            f"{args.log}: there is no such log", help_="name a directory that holds `current.jsonl`"
        )
    today = strftime("%Y-%m-%d", gmtime())
    try:
        text, own, around = _loaded(path, name, args.floor, cwd)
        remembered = _remembered(workspace)
    except PolicyFileError as error:
        raise UsageError(str(error), help_=error.help) from error
    found = answered(directory, workspace, remembered)
    if found.problems:
        # Whoever can add a yes to a log would write the policy.
        for problem in found.problems:
            complain(f"{problem.place}: {problem.what}", problem.next_step)
        complain("the log is not whole, so nothing is proposed from it", "see `guard audit verify`")
        return FINDINGS
    old = policy_of((*around, own), "old")
    asks = asks_of(found, old, today)
    places.make(places.state)
    learner = Learner(own, args.min)
    proposals, kept = learner.proposals(asks)
    proposals, kept = _sound(proposals, kept, asks, learner, (own, around), today)
    proposals = _with_examples(proposals, (own, around), today, Redactor.open(places.state))
    try:
        after, difference_ = _after(text, name, proposals, (own, around), today)
    except PolicyFileError as error:
        raise UsageError(str(error), help_=error.help) from error
    patch = "".join(
        unified_diff(
            text.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
        )
    )
    subject = report.Subject(
        base=name,
        head=name,
        floor=", ".join(f"{layer.kind} {layer.name}" for layer in around),
        digest=digest([(name, after.encode())]),
    )
    if args.json:
        say(json.dumps(_data(found, proposals, kept, patch, difference_, subject)))
        return OK
    sys.stdout.write(patch)
    sys.stdout.flush()
    for line in _told(found, proposals, kept, difference_, subject):
        say(line, stream=sys.stderr)
    return OK


def _own(workspace: str) -> str:
    for name in REPO_FILES:
        if workspace and os.path.lexists(os.path.join(workspace, name)):
            return name
    raise UsageError(
        f"{workspace or 'this directory'}: there is no policy file here to add rules to",
        help_=f"write {REPO_FILES[0]} first, or name one with --policy",
    )


def _loaded(path: str, name: str, floors: list[str], cwd: str) -> tuple[str, PolicyLayer, list[PolicyLayer]]:
    """The file as text and as a layer, and what stands around it."""
    content = contents(path, cwd)
    if len(content) != 1:
        raise PolicyFileError(
            "is not one file", place=name, help_="name the file that rules are to be added to"
        )
    above = builtin()
    held: list[PolicyLayer] = []
    for floor in floors:
        held += layers(contents(floor, cwd), [*above, *held], kind="floor")
    (own,) = layers([(name, content[0][1])], [*above, *held])
    if own.kind != "repo":
        raise PolicyFileError(
            f"is a {own.kind}, and only a repository learns",
            place=name,
            help_="name a file with `kind: policy`",
        )
    return content[0][1].decode(), own, [*builtin([*held, own]), *held]


def _remembered(workspace: str) -> frozenset[str]:
    """What was noted beside the policy. It proves nothing: an approval counts that stands in the log."""
    place = os.path.join(workspace, FILE)
    if not workspace or not os.path.lexists(place):
        return frozenset()
    data: Any = tree_of(read_bytes(place), FILE)
    if not isinstance(data, list):
        raise PolicyFileError("is no list of what people approved", place=FILE, help_="mend it, or remove it")
    noted: list[Any] = data  # pyright: ignore[reportUnknownVariableType] - items of any kind: told apart below
    found = (
        str(cast("dict[str, Any]", one).get("effects_digest", "")) for one in noted if isinstance(one, dict)
    )
    return frozenset(digest.removeprefix("sha256:") for digest in found if digest)


def _sound(
    proposals: list[Proposal],
    kept: list[Kept],
    asks: list[Ask],
    learner: Learner,
    file: tuple[PolicyLayer, list[PolicyLayer]],
    today: str,
) -> tuple[list[Proposal], list[Kept]]:
    """Those that let pass what was asked about in their cell, nothing else, and nothing that somebody has denied."""
    own, around = file
    facts = imagined_facts(today=today)
    refused = [ask for ask in asks if ask.denied]
    out: list[Proposal] = []
    for one in proposals:
        overruled = next((ask for ask in refused if answers(ask, learner.alone(one.rule))), None)
        if overruled is not None:
            why = f"somebody has also denied {described(one.cell)}"
            kept.append(Kept(why=why, approved=one.approved, command=overruled.commands[0]))
        else:
            out.append(one)
    while out:
        old, new = (policy_of((*around, layer), "x") for layer in (own, _joined(own, out)))
        wrong = outside(compare(old, new, facts), out, learner, facts)
        if not wrong:
            break
        kept += [
            Kept(
                why=f"it would loosen more than {described(one.cell)}",
                approved=one.approved,
                command=one.commands[0],
            )
            for one in wrong
        ]
        out = [one for one in out if one not in wrong]
    return out, kept


def _joined(own: PolicyLayer, proposals: list[Proposal]) -> PolicyLayer:
    return replace(own, rules=(*own.rules, *(one.rule for one in proposals)))


def _with_examples(
    proposals: list[Proposal], file: tuple[PolicyLayer, list[PolicyLayer]], today: str, redactor: Redactor
) -> list[Proposal]:
    """With commands that people ran and that these rules let pass, where nobody has looked around either."""
    own, around = file
    old, new = (policy_of((*around, layer), "x") for layer in (own, _joined(own, proposals)))
    out: list[Proposal] = []
    for one in proposals:
        fitting: list[str] = []
        for command in one.commands:
            shown = redactor.redact(command)
            plain = shown.isascii() and shown.isprintable() and len(shown) <= 200 and "[secret:" not in shown
            if len(fitting) == _EXAMPLES or not plain:
                continue
            before, after = (decide_imagined(shown, policy, today=today).decision for policy in (old, new))
            spoken = any(reason.rule == one.rule.id for reason in after.reasons)
            if verdict_of(before) is Verdict.ASK and verdict_of(after) is Verdict.ALLOW and spoken:
                fitting.append(shown)
        out.append(replace(one, rule=replace(one.rule, match=tuple(fitting))))
    return out


def _after(
    text: str, name: str, proposals: list[Proposal], file: tuple[PolicyLayer, list[PolicyLayer]], today: str
) -> tuple[str, Difference | None]:
    """The file as it would be, loaded as any other: what cannot be loaded is not proposed."""
    if not proposals:
        return text, None
    own, around = file
    rules: list[Rule] = [one.rule for one in proposals]
    tests = [
        InlineTest(run=command, expect=Verdict.ALLOW) for one in proposals for command in one.rule.match[:1]
    ]
    after = with_rules(text, name, rules, list(dict.fromkeys(tests)))
    if canonical(text.encode(), kind="repo", source=name) == text.encode():
        # Who keeps files in that form keeps them so; in any other file every line stays as it is.
        after = canonical(after.encode(), kind="repo", source=name).decode()
    (layer,) = layers([(name, after.encode())], around)
    found = difference((own,), (layer,), tuple(around), imagined_facts(today=today), _engine)
    if found.failed:
        failed = found.failed[0]
        raise PolicyFileError(
            f"the test `{failed.test.run}` would fail", place=name, help_="mend the tests of the file first"
        )
    return after, found


def _engine(command: str, policy: Policy, today: str) -> tuple[Decision, tuple[ResolvedEffect, ...]]:
    decided = decide_imagined(command, policy, today=today)
    return decided.decision, decided.effects


def _told(
    found: Answered,
    proposals: list[Proposal],
    kept: list[Kept],
    after: Difference | None,
    subject: report.Subject,
) -> list[str]:
    out = [
        f"{found.asked:,} questions in this workspace: {found.approved:,} approved, {found.denied:,} denied"
    ]
    for one in proposals:
        by = f" by {one.people} people" if one.people > 1 else ""
        out.append(f"proposed: {described(one.cell)}, approved {one.approved:,} times{by}")
    if not proposals:
        out.append("no rule is proposed")
    out += [
        f"not proposed: {one.approved:,} x, {one.why}, such as {visible(one.command, 80)}"
        for one in kept[:_SHOWN]
    ]
    if len(kept) > _SHOWN:
        out.append(f"and {len(kept) - _SHOWN} more: see --json")
    if found.unsure:
        out.append(f"not counted: {found.unsure:,} answers to decisions that the log does not hold whole")
    if after is not None:
        out += [
            "",
            "what `guard policy diff` says of it:",
            *report.text(after, subject).rstrip("\n").splitlines(),
        ]
    return out


def _data(
    found: Answered,
    proposals: list[Proposal],
    kept: list[Kept],
    patch: str,
    after: Difference | None,
    subject: report.Subject,
) -> dict[str, object]:
    return {
        "questions": found.asked,
        "approved": found.approved,
        "denied": found.denied,
        "not_counted": found.unsure,
        "proposals": [
            {
                "rule": one.rule.id,
                "effect": one.cell.effect,
                "kind": one.cell.kind,
                "name": one.cell.name,
                "approved": one.approved,
                "people": one.people,
                "examples": list(one.rule.match),
            }
            for one in proposals
        ],
        "not_proposed": [{"why": one.why, "approved": one.approved, "command": one.command} for one in kept],
        "patch": patch,
        "difference": None if after is None else report.data(after, subject),
    }
