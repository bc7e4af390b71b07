"""A client is installed once, whoever asks, and what was broken off is never taken for installed."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.clients import packages

ASKS = """
import sys
from pathlib import Path
from tests.clients import packages

packages._node = lambda: (Path(sys.executable), Path(sys.argv[1]))
try:
    print(packages.programs("qwen"))
except packages.NotInstalled as missing:
    print("missing:", missing)
"""


def npm(tmp_path: Path, body: str) -> Path:
    """What is asked to install: it notes that it was, and puts a program where npm would."""
    script = tmp_path / "npm.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, sys, time
            bins = sys.argv[sys.argv.index("--prefix") + 1] + "/node_modules/.bin"
            with open(os.environ["ASKED"], "a") as asked:
                asked.write(sys.argv[-1] + "\\n")
            def program(text):
                with open(bins + "/qwen", "w") as file:
                    file.write("#!/bin/sh\\n" + text)
                os.chmod(bins + "/qwen", 0o755)
            """
        )
        + textwrap.dedent(body)
    )
    return script


def asking(tmp_path: Path, script: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "GUARD_TEST_CLIENTS": str(tmp_path / "clients"), "ASKED": str(tmp_path / "asked")}
    words = [sys.executable, "-c", ASKS, str(script)]
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_that_ask_at_once_get_what_was_installed_once_in_the_version_of_the_table(tmp_path: Path) -> None:
    script = npm(tmp_path, "time.sleep(0.5); program('echo 1')")
    both = [asking(tmp_path, script), asking(tmp_path, script)]
    said = [one.communicate(timeout=60)[0] for one in both]

    place = tmp_path / "clients" / packages.PACKAGES["qwen"].directory / "node_modules/.bin"
    assert said == [f"{place}\n"] * 2
    assert (tmp_path / "asked").read_text() == f"@qwen-code/qwen-code@{packages.PACKAGES['qwen'].version}\n"
    assert {path.name for path in place.iterdir()} == {"node", "qwen"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("program('echo 1'); sys.exit('registry is away')", "npm cannot install @qwen-code/qwen-code@"),
        ("program('echo no such library >&2; exit 1')", "does not start: no such library"),
        ("", "does not start: "),
    ],
    ids=["the registry is away", "it does not start", "nothing came"],
)
def test_what_did_not_come_whole_is_not_there_and_is_asked_for_again(
    tmp_path: Path, body: str, said: str
) -> None:
    first, _ = asking(tmp_path, npm(tmp_path, body)).communicate(timeout=60)
    left = sorted(path.name for path in (tmp_path / "clients").iterdir())
    second, _ = asking(tmp_path, npm(tmp_path, "program('echo 1')")).communicate(timeout=60)

    assert first.startswith("missing:")
    assert said in first
    assert left == [f".{packages.PACKAGES['qwen'].directory}.lock"]
    assert second.endswith("/node_modules/.bin\n")
