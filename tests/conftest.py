"""For every test: no property fails because the machine is busy; and, with `-n 2`, what may run beside what."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")

PURE = ("shell", "effects", "engine", "policy", "properties", "fuzz", "differential")
"""Directories of tests that touch nothing but scratch directories of their own: each file may run beside anything."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """What starts sandboxes, agents and engines stays in one process, one after the other, as without workers."""
    from xdist.scheduler import LoadScopeScheduling

    class BesideTheMachine(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return file if file.startswith(tuple(f"tests/{name}/" for name in PURE)) else "machine"

    return BesideTheMachine(config, log)
