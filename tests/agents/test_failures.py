"""The table of what clients do when a hook fails: it and the page say the same, and nothing is said that nobody tried."""

import subprocess
import sys
from pathlib import Path

from guard.agents.failures import FAILURES, OURS, SEEN, open_to
from guard.agents.table import AGENTS
from guard.cli.clients import CLIENTS
from tests.clients.packages import PACKAGES

ROOT = Path(__file__).parents[2]


def test_the_page_says_what_the_table_says():
    done = subprocess.run(
        [sys.executable, "-c", "import client_failures as page; print(page.wrong())"],
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n", "run docs/client_failures.py"


def test_only_clients_and_failures_that_there_are():
    assert set(SEEN) <= set(AGENTS)
    for seen in SEEN.values():
        assert set(seen.alone) <= set(FAILURES) - OURS
        assert set(seen.installed) <= set(FAILURES)


def test_what_was_seen_was_seen_in_the_version_that_is_tested():
    for agent, seen in SEEN.items():
        assert seen.version == PACKAGES[agent].version, f"try {agent} again, and write what it did"


def test_what_lets_a_call_through_is_named_in_words():
    assert open_to("codex") == (FAILURES["shell-killed"],)
    assert open_to("windsurf") == ()


def test_what_status_says_of_a_client_is_what_was_seen():
    for agent, seen in SEEN.items():
        runs = seen.installed.get("shell-killed") == "runs"
        assert ("shell is killed" in CLIENTS[agent].open) is runs, agent
        assert {name for name, does in seen.installed.items() if does == "runs"} <= {
            "shell-killed",
            "not-loaded",
        }
