"""Policy files read strictly and checked by what they say, and how. Judges through a function it is given."""

import contextlib
import os

from guard.errors import PolicyFileError
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Decision
from guard.model.facts import Facts
from guard.model.typed import Callable, Iterator
from guard.policy.files.among import layers_around, read_by_itself
from guard.policy.files.build import chosen_profile, read_builtin
from guard.policy.files.compiled import read_source
from guard.policy.files.load import load_pack
from guard.policy.files.locate import Source, builtin
from guard.policy.files.near_misses import near_misses
from guard.policy.files.strict_yaml import Path, StrictYaml
from guard.policy.lint.decides import decides
from guard.policy.lint.document import Document
from guard.policy.lint.exceptions import exceptions
from guard.policy.lint.finding import Finding, Place, finding, place_of
from guard.policy.lint.names import names
from guard.policy.lint.patterns import patterns
from guard.policy.lint.reviewer import reviewer
from guard.policy.profiles import GRANTS, WORDS, clamped
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of
from guard.policy.trial.trial import trials

Judge = Callable[[str, Policy], Decision]


@dataclass(frozen=True, slots=True)
class Checked:
    """A file and the policy that it is a part of."""

    source: Source
    document: Document
    policy: Policy
    shipped: bool


def check_files(
    files: tuple[Source, ...],
    in_force: tuple[Source, ...],
    judge: Judge,
    facts: Facts,
    *,
    workspace: str = "",
    ours: bool = False,
    alone: bool = False,
) -> tuple[list[Finding], int]:
    """Findings, and how many examples and tests were judged. A source without a kind stands for what it says it is.

    ``facts``: a world with its date. ``ours``: what ships is looked at as closely as what others wrote. ``alone``: each
    file is judged as if no other counted.
    """
    checked, findings = read(files, in_force, alone=alone)
    judged = 0
    for one in checked:
        if ours or not one.shipped:
            findings += lints(one, judge, facts, workspace)
        for trial in trials(one.document, one.policy):
            judged += 1
            problem = trial.problem(judge(trial.command, one.policy))
            if problem:
                findings.append(
                    finding("GP002" if trial.kind == "example" else "GP003", trial.place, problem)
                )
    return findings, judged


def lints(one: Checked, judge: Judge, facts: Facts, workspace: str) -> Iterator[Finding]:
    """Everything that is said of a file without running what it holds."""
    document, policy = one.document, one.policy

    def speaks(command: str, rule: str) -> bool:
        return judge(command, policy).reasons[0].rule == rule

    yield from exceptions(document, policy, facts.today)
    yield from _clamped(document, policy)
    yield from decides(document, policy, facts, speaks)
    yield from patterns(document)
    yield from names(document, policy)
    yield from reviewer(document, policy)
    if workspace:
        yield from near_misses(document, workspace)


# ---------------------------------------------------------------------- reading


def read(
    files: tuple[Source, ...], in_force: tuple[Source, ...], *, alone: bool = False
) -> tuple[list[Checked], list[Finding]]:
    """Each file among the layers that it would stand among, and what could not be read."""
    try:
        contents = [(source, read_source(source)) for source in builtin()]
        profiles = read_builtin(contents)
    except PolicyFileError as error:
        # Without the floor no file can be judged as it would be.
        return [], [_unread(error, "")]
    shipped = {source.path: content for source, content in contents}
    policies = {name: policy_of(built, "check") for name, built in profiles.items()}
    checked = [
        _ours(source, shipped[path], policies)
        for source in files
        if (path := os.path.abspath(source.path)) in shipped
    ]
    findings: list[Finding] = []
    above: list[PolicyLayer] = []
    for source in in_force:
        if source.path not in shipped:
            with contextlib.suppress(PolicyFileError):
                above.append(read_by_itself(source, [*profiles["balanced"], *above])[0])
    loaded: list[tuple[Source, PolicyLayer, bytes]] = []
    for source in files:
        if os.path.abspath(source.path) in shipped:
            continue
        try:
            layer, content = read_by_itself(
                source, [*profiles["balanced"], *above, *(one for _, one, _ in loaded)]
            )
            loaded.append((source, layer, content))
        except PolicyFileError as error:
            findings.append(_unread(error, source.path))
    for source, layer, content in loaded:
        around = layers_around(layer, [one for _, one, _ in loaded], above)
        chosen = profiles[chosen_profile([*around, layer], tuple(profiles))]
        policy = policy_of((layer,) if alone else (*chosen, *around, layer), "check")
        document = Document(layer, marked(content, source.path), (("rules", layer.rules),))
        checked.append(Checked(source, document, policy, shipped=False))
    return checked, findings


def marked(content: bytes, path: str) -> Callable[[Path], Place]:
    """Where the values of a file stand, which could be read."""
    yaml = StrictYaml(content, path)
    yaml.tree()

    def at(keys: Path) -> Place:
        mark = yaml.mark(keys)
        return Place(path) if mark is None else Place(path, mark.line + 1, mark.column + 1)

    return at


def _ours(source: Source, content: bytes, policies: dict[str, Policy]) -> Checked:
    """A file that ships. A pack says the same in every profile, so it is looked at in the usual one."""
    path = os.path.abspath(source.path)
    at = marked(content, path)
    profile = os.path.basename(path).removesuffix(".yaml")
    if profile in policies:
        policy = policies[profile]
        own = policy.layers[-1]
        layer = replace(own, rules=_of_file(own, path), zones=(), hosts=(), profiles=())
        document = Document(layer, at, (("rules", layer.rules),))
    else:
        policy = policies["balanced"]
        floor, rules = load_pack(content, source=path)
        # The rules as they stand in the layers, so that they are found there.
        lists = (("floor", _of_file(policy.layers[0], path)), ("rules", _of_file(policy.layers[-1], path)))
        document = Document(replace(rules, zones=floor.zones), at, lists)
    return Checked(source, document, policy, shipped=True)


def _of_file(layer: PolicyLayer, path: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in layer.rules if rule.source.rpartition(":")[0] == path)


def _unread(error: PolicyFileError, path: str) -> Finding:
    return finding("GP001", place_of(error.place or path), error.problem, error.help)


# ---------------------------------------------------------------------- profiles


def _clamped(document: Document, policy: Policy) -> Iterator[Finding]:
    """What the file's profiles say in vain."""
    for one in clamped(policy):
        if one.place_of != document.layer.source:
            continue
        what = WORDS.get(one.what, one.what)
        if one.what in GRANTS:
            rest = f"only {one.allowed} is" if one.allowed else "none of it is"
            problem = f"the profile `{one.profile}` gives {what} {one.given}, which no other layer permits: {rest} given"
            help_ = ""
        else:
            problem = f"the profile `{one.profile}` sets {what} to {one.given}, and {one.allowed} is the most: that counts"
            help_ = f"lower it; the most is set by the {one.layer} layer"
        yield finding("GP004", place_of(one.source), problem, help_)
