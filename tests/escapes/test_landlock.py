"""Landlock alone, tried like the others. What it does not hold is listed, and the list is exact: it is what the docs say."""

import pytest

from sandbox.battery.trial import Outcome
from tests.escapes.test_battery import CASES, results
from tests.sandbox.conftest import MAKERS

pytestmark = pytest.mark.sandbox

NOT_HELD: frozenset[str] = frozenset()
"""By their ids. What landlock does not claim is not tried; docs/sandboxes.md says what that is."""


@pytest.mark.parametrize("user", ["landlock-root", "landlock-user"])
@pytest.mark.parametrize(("section", "case"), [pytest.param(*one, id=one[1].id) for one in CASES])
def test_landlock_holds_all_but(user, section, case):
    result = results(MAKERS[user](), section)[case.id]

    if result.outcome is Outcome.NOT_APPLICABLE:
        pytest.skip(f"{case.id}: {result.because}")
    held = result.outcome is Outcome.STOPPED
    assert held == (case.id not in NOT_HELD), f"{case.tries}: {result.because}"
