"""For every test: no property fails because the machine is busy; and, with `-n 2`, what may run beside what."""

import signal
import socket

import pytest
from hypothesis import HealthCheck, settings

from tests.clients.packages import NOT_TRIED

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")

# What nohup and background jobs of a shell ignore would be ignored by all that is started here, and that is not what is
# tested.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

BESIDE = (
    "agents/test_claude_code", "agents/test_codecs", "agents/test_disarm", "architecture", "audit", "clients",
    "differential", "effects", "engine", "fuzz", "policy", "probe", "properties", "shell",
)  # fmt: skip
"""Tests that touch nothing but scratch directories and processes of their own: each file may run beside anything."""


@pytest.fixture(scope="session", autouse=True)
def _others_reach_what_they_are_given(tmp_path_factory):
    """Scratch directories are their owner's alone; tests that are somebody else in the meantime open the rest of the way."""
    base = tmp_path_factory.getbasetemp()
    for path in (base, *base.parents):
        if path.name.startswith(("pytest-", "popen-")):
            path.chmod(0o755)


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """What counts repetitions asks over a socket before every test, in two small pieces.

    Without this, each waits for the kernel to send the second, up to 40 ms: ten minutes of .ci/run, and more.
    """
    asked = getattr(getattr(config, "failures_db", None), "sock", None)
    if isinstance(asked, socket.socket):
        asked.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """What starts sandboxes, guards and agents stays in one process, one after the other, as without workers."""
    from xdist.scheduler import LoadScopeScheduling

    class BesideTheMachine(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return file if file.removeprefix("tests/").startswith(BESIDE) else "machine"

    return BesideTheMachine(config, log)


def pytest_terminal_summary(terminalreporter):
    """Which real clients were not there, by name, on lines that .ci/run says again at its end."""
    reasons = (report.longrepr for report in terminalreporter.stats.get("skipped", ()))
    texts = {reason[2] if isinstance(reason, tuple) else str(reason) for reason in reasons}
    for text in sorted(text.removeprefix("Skipped: ") for text in texts if NOT_TRIED in text):
        terminalreporter.write_line(f"client: {' '.join(text.split())}")
