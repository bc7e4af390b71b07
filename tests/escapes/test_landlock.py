"""Landlock alone, tried like the others. What it does not hold is listed, and the list is exact: it is what the docs say."""

import pytest

from sandbox.battery.trial import Outcome
from tests.escapes.test_battery import CASES, results
from tests.sandbox.conftest import MAKERS

pytestmark = pytest.mark.sandbox

ELSEWHERE = frozenset(
    {"B05b", "B06b", "B08", "B08b", "B09", "B09b", "B09c", "C11e", "G12"},
)
"""Aimed at the workspace by its own path. Here the command has a copy at another one: what it does to the real one is
refused, and so is not in the change set; mode, owner, times and attributes of it can be set (B05b, B09).
"""
NOT_HELD = {
    "landlock-root": ELSEWHERE | {"N05b"},  # interfaces can be seen, if not used
    "landlock-user": ELSEWHERE
    | {"N05b", "P13"},  # nor can a bound on capabilities that it has not be taken away
}


@pytest.mark.parametrize("user", ["landlock-root", "landlock-user"])
@pytest.mark.parametrize(("section", "case"), [pytest.param(*one, id=one[1].id) for one in CASES])
def test_landlock_holds_all_but(user, section, case):
    result = results(MAKERS[user](), section)[case.id]

    if result.outcome is Outcome.NOT_APPLICABLE:
        pytest.skip(f"{case.id}: {result.because}")
    # What is not tried was refused before it could be: the workspace is not where the attempt looks for it.
    missed = result.outcome is Outcome.MISSED
    assert missed == (case.id in NOT_HELD[user]), f"{case.tries}: {result.because}"
