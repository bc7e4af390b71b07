"""``guard policy test``: whether policy files say what their tests say, and whether these would notice a mistake."""

import argparse
import os
from time import gmtime, strftime

from guard.cli import tested
from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import say
from guard.cli.policy_check import files_of
from guard.cli.progress import Progress
from guard.cli.tested import Tested
from guard.engine.imagined import imagined_facts
from guard.engine.remembered import Remembered
from guard.errors import PolicyFileError
from guard.policy.files.cases import cases_beside
from guard.policy.files.check import Checked, read
from guard.policy.files.locate import PolicySources
from guard.policy.lint.finding import Finding, finding, place_of
from guard.policy.trial.coverage import coverage
from guard.policy.trial.mutants import mutants
from guard.policy.trial.survivors import Fate, Hunt, Outcome
from guard.policy.trial.trial import Trial, trials


def run(args: argparse.Namespace, here: PolicySources) -> int:
    files = files_of(args.files, here)
    if files is None:
        return USAGE
    judge = Remembered(strftime("%Y-%m-%d", gmtime()))
    checked, unread = read(files.files, here.files, alone=args.alone)
    suites, more = _suites(checked)
    found: list[Tested] = []
    for one in checked:
        results = [(trial, trial.problem(judge(trial.command, one.policy))) for trial in suites[id(one)]]
        # What ships has tests of its own elsewhere; here it is only looked at when it is asked for.
        whole = bool(args.files) or not one.shipped
        # Whatever is tested under the same policy is a test of all its files: a pack is also tried by the others' cases.
        beside = [trial for other in checked if other.policy is one.policy for trial in suites[id(other)]]
        cover = None
        if whole and (args.coverage or args.threshold is not None):
            cover = coverage(one.document, one.policy, beside, judge, judge.effects)
        fates = tuple(_hunted(one, beside, judge)) if whole and args.mutate else None
        found.append(Tested(one.source.path, tuple(results), cover, fates))
    say(tested.shown("json" if args.json else args.format, found, [*unread, *more], args.threshold))
    return FINDINGS if unread or more or any(one.failed(args.threshold) for one in found) else OK


def _suites(checked: list[Checked]) -> tuple[dict[int, list[Trial]], list[Finding]]:
    """The tests of each file, and what of its cases cannot be read."""
    out: dict[int, list[Trial]] = {}
    unread: list[Finding] = []
    for one in checked:
        out[id(one)] = trials(one.document, one.policy)
        path = os.path.abspath(one.source.path) if one.shipped else one.source.path
        try:
            out[id(one)] += cases_beside(path)
        except PolicyFileError as error:
            unread.append(finding("GP001", place_of(error.place), error.problem, error.help))
    return out, unread


def _hunted(one: Checked, suite: list[Trial], judge: Remembered) -> list[Outcome]:
    hunt = Hunt(suite, one.policy, imagined_facts(today=judge.today), judge, judge.effects)
    every = list(mutants(one.document, one.policy))
    out: list[Outcome] = []
    with Progress(f"{one.source.path}: mutant", len(every)) as progress:
        for mutant in every:
            out.append(hunt.outcome(mutant))
            progress.step(f"{sum(o.fate is Fate.SURVIVED for o in out)} survived")
    return out
