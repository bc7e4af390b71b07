"""Policy files checked by what they say of themselves: examples, tests, exceptions. Judges through a function it is given."""

import contextlib
import os
from datetime import date

from guard.errors import PolicyFileError
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Decision, verdict_of
from guard.model.typed import Callable
from guard.policy.files.among import layers_around, read_by_itself
from guard.policy.files.build import chosen_profile, read_builtin
from guard.policy.files.compiled import read_source
from guard.policy.files.locate import Source, builtin
from guard.policy.layers import exceptions_to
from guard.policy.profiles import GRANTS, WORDS, clamped
from guard.policy.rule import Policy, PolicyException, PolicyLayer, policy_of

Judge = Callable[[str, Policy], Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    place: str
    problem: str
    help: str = ""


def check_files(
    files: tuple[Source, ...], in_force: tuple[Source, ...], judge: Judge, today: str
) -> tuple[list[Finding], int]:
    """Findings, and how many examples and tests were judged. A source without a kind stands for what it says it is."""
    findings: list[Finding] = []
    judged = 0
    layers: list[PolicyLayer] = []
    shipped = frozenset(source.path for source in builtin())
    ours = frozenset(os.path.abspath(source.path) for source in files) & shipped
    try:
        profiles = read_builtin([(source, read_source(source)) for source in builtin()])
    except PolicyFileError as error:
        # Without the floor no file can be judged as it would be.
        return [Finding(place=error.place, problem=error.problem, help=error.help)], 0
    for name, built in profiles.items() if ours else ():
        policy = policy_of(built, "check")
        for layer in built:
            # A pack says the same in every profile, so its examples are those of the usual one.
            mine = replace(
                layer,
                rules=tuple(
                    rule
                    for rule in layer.rules
                    if (file := rule.source.rpartition(":")[0]) in ours
                    and file.endswith(("policy.yaml", f"{name}.yaml"))
                    and (name == "balanced" or not file.endswith("policy.yaml"))
                ),
            )
            found, count = _examples(mine, policy, judge)
            findings += found
            judged += count
    above: list[PolicyLayer] = []
    for source in in_force:
        if source.path not in shipped:
            with contextlib.suppress(PolicyFileError):
                above.append(read_by_itself(source, [*profiles["balanced"], *above])[0])
    for source in files:
        if os.path.abspath(source.path) in ours:
            continue
        try:
            layers.append(read_by_itself(source, [*profiles["balanced"], *above, *layers])[0])
        except PolicyFileError as error:
            findings.append(Finding(place=error.place or source.path, problem=error.problem, help=error.help))
    for layer in layers:
        around = layers_around(layer, layers, above)
        chosen = profiles[chosen_profile([*around, layer], tuple(profiles))]
        policy = policy_of((*chosen, *around, layer), "check")
        findings += _exceptions(layer, policy, today)
        findings += _clamped(layer, policy)
        found, count = _examples(layer, policy, judge)
        findings += found
        judged += count
    return findings, judged


def _clamped(layer: PolicyLayer, policy: Policy) -> list[Finding]:
    """What the file's profiles say in vain."""
    out: list[Finding] = []
    for one in clamped(policy):
        if one.place_of != layer.source:
            continue
        what = WORDS.get(one.what, one.what)
        if one.what in GRANTS:
            rest = f"only {one.allowed} is" if one.allowed else "none of it is"
            problem = f"the profile `{one.profile}` gives {what} {one.given}, which no other layer permits: {rest} given"
            help_ = "remove it, or ask the machine's owner to permit it (docs/profiles.md)"
        else:
            problem = f"the profile `{one.profile}` sets {what} to {one.given}, and {one.allowed} is the most: that counts"
            help_ = f"lower it; the most is set by the {one.layer} layer"
        out.append(Finding(place=one.source, problem=problem, help=help_))
    return out


def _examples(layer: PolicyLayer, policy: Policy, judge: Judge) -> tuple[list[Finding], int]:
    findings: list[Finding] = []
    count = 0
    for rule in layer.rules:
        for command, wanted in [(c, True) for c in rule.match] + [(c, False) for c in rule.no_match]:
            count += 1
            decision = judge(command, policy)
            spoke = (*decision.reasons, *decision.shadow)
            if any(r.rule == rule.id and r.layer == layer.kind for r in spoke) != wanted:
                problem = "does not speak of" if wanted else "speaks of"
                findings.append(
                    Finding(
                        place=rule.source,
                        problem=f"the rule `{rule.id}` {problem} its example `{command}`",
                        help="mend the rule's conditions or the example",
                    )
                )
    for test in layer.tests:
        count += 1
        decision = judge(test.run, policy)
        verdict, first = verdict_of(decision), decision.reasons[0]
        if verdict is not test.expect or (test.rule and first.rule != test.rule):
            expected = test.expect.value + (f" by `{test.rule}`" if test.rule else "")
            findings.append(
                Finding(
                    place=test.source,
                    problem=f"`{test.run}` should be {expected}, and is {verdict.value} by `{first.rule}` ({first.layer})",
                    help="mend the rules or the test; a stricter layer cannot be loosened from here",
                )
            )
    return findings, count


def _exceptions(layer: PolicyLayer, policy: Policy, today: str) -> list[Finding]:
    out: list[Finding] = []

    def find(exception: PolicyException, problem: str, help_: str) -> None:
        out.append(Finding(place=exception.source, problem=problem, help=help_))

    held = {
        exception
        for number, other in enumerate(policy.layers)
        for rule in other.rules
        for _, exception in exceptions_to(policy, number, rule)
    }
    longest = min(
        (other.max_exception_days for other in policy.layers if other.max_exception_days), default=0
    )
    for exception in layer.exceptions:
        if exception.expires < today:
            find(
                exception,
                f"the exception `{exception.id}` has expired on {exception.expires} and changes nothing",
                "delete it",
            )
        elif longest and (date.fromisoformat(exception.expires) - date.fromisoformat(today)).days > longest:
            find(
                exception,
                f"the exception `{exception.id}` holds until {exception.expires}, and the floor permits {longest} days",
                "let it end earlier; it can be renewed in a pull request",
            )
        if not _narrows(exception):
            find(
                exception,
                f"the exception `{exception.id}` voids the whole rule `{exception.rule}`",
                "narrow it with zones, programs, hosts or branches, or change the rule",
            )
        if exception.owner.strip().lower() == exception.approved_by.strip().lower():
            find(
                exception,
                f"`{exception.owner}` has approved the exception `{exception.id}` that is their own",
                "let somebody else approve it",
            )
        if exception not in held:
            kind, _, name = exception.rule.rpartition("/")
            there = any(
                rule.id == name
                for other in policy.layers
                if other.kind == (kind or layer.kind)
                for rule in other.rules
            )
            problem = (
                f"the rule `{exception.rule}` takes no exceptions"
                if there
                else f"there is no rule `{exception.rule}`"
            )
            find(exception, f"{problem}, so `{exception.id}` changes nothing", "delete it")
    return out


def _narrows(exception: PolicyException) -> bool:
    empty = replace(exception, zones=(), programs=(), hosts=(), branches=())
    return exception != empty
