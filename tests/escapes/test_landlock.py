"""Landlock alone, tried like the others. What it does not hold is listed, and the list is exact: it is what the docs say."""

import pytest

from tests.escapes.test_escapes import CASES, caller, test_nothing_gets_out
from tests.sandbox.conftest import MAKERS

__all__ = ["caller"]
pytestmark = pytest.mark.sandbox

NOT_HELD = {
    (
        "landlock-user",
        "change mode, owner, times and attributes outside",
    ),  # no version of Landlock knows these
    ("landlock-root", "see a process of the host"),  # no process namespace
    ("landlock-user", "see a process of the host"),
    ("landlock-root", "devices"),  # that there are any can be seen; to open one is refused
    ("landlock-user", "devices"),
}


@pytest.mark.parametrize("user", ["landlock-root", "landlock-user"])
@pytest.mark.parametrize("case", CASES)
def test_landlock_holds_all_but(request, caller, user, case):
    if (user, case["name"]) in NOT_HELD:
        request.applymarker(pytest.mark.xfail(reason="Landlock does not hold this", strict=True))
    test_nothing_gets_out(MAKERS[user](), caller, case)
