"""Every mistake in what ships is noticed by a test, but for those that nothing could notice. Golden file.

The list holds mistakes that change no decision, and those that no single command shows. Which of both they are takes
a minute to prove: `just mistakes` does, and fails when one of them could have been noticed.
"""

from guard.engine.imagined import imagined_facts
from guard.engine.remembered import Remembered
from guard.policy.files.cases import cases_beside
from guard.policy.files.check import read
from guard.policy.files.locate import builtin
from guard.policy.trial.mutants import mutants
from guard.policy.trial.survivors import Hunt
from guard.policy.trial.trial import trials
from tests import golden

DAY = "2030-01-01"


def test_mistakes_that_no_test_notices_are_those_that_none_can() -> None:
    checked, unread = read(builtin(), builtin())
    judge = Remembered(DAY)
    suites = [
        (one.policy, trials(one.document, one.policy) + cases_beside(one.source.path)) for one in checked
    ]
    lines: list[str] = []
    total = 0
    for one in checked:
        suite = [trial for policy, mine in suites if policy is one.policy for trial in mine]
        hunt = Hunt(suite, one.policy, imagined_facts(today=DAY), judge, judge.effects)
        every = list(mutants(one.document, one.policy))
        total += len(every)
        name = "/".join(one.source.path.split("/")[-2:])
        lines += [f"{name}: {mutant.change}" for mutant in every if not hunt.noticed(mutant)]

    assert not unread
    assert total > 160
    golden.matches("policy-mistakes.txt", "\n".join(sorted(lines)) + "\n")
