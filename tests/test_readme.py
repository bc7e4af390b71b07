"""What the documents show is true: commands exist, links lead somewhere, examples of policy are valid."""

import glob
import os
import re
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = [
    "README.md",
    *sorted(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "docs", "*.md"))),
]
SET_UP = re.compile(r"<!-- command: (\w+) -->\n+```console\n\$ (.+?)\n```", re.DOTALL)
WRITTEN_HERE = ["README.md", "docs/quickstart.md", "docs/cli.md"]


def text(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def shown(page):
    """Commands of `console` blocks, without those that set up (they run in .ci/readme_in_chroot)."""
    for block in re.findall(r"```console\n(.+?)```", SET_UP.sub("", text(page)), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                yield line[2:]


@pytest.mark.parametrize("command", [c for page in WRITTEN_HERE for c in shown(page)])
def test_commands_of_the_documents_run_as_written(command, tmp_path):
    line = command.replace(".venv/bin/guard", f"{sys.executable} -m guard")
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": ROOT}
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    said = re.search(r"exit status (\d+)", command)

    # `doctor` answers 1 on a machine without walls, `audit verify` without a log: answers, not failures.
    assert done.returncode == int(said.group(1)) if said else done.returncode in {0, 1, 10}, done.stderr
    assert "defect of the guard" not in done.stderr


def test_the_readme_has_the_two_commands_each_on_one_line():
    commands = dict(SET_UP.findall(text("README.md")))

    assert set(commands) == {"demo", "test"}
    assert not any("\n" in command for command in commands.values())


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text(page))
    # Pages that other parts of the project bring are checked once they are there.
    missing = [link for link in links if not os.path.exists(os.path.join(ROOT, os.path.dirname(page), link))]

    assert missing == []
