"""Each example as a person starts it, against the scripted model: what did not happen, what the model was told, what did."""

import os
import subprocess
import sys
from pathlib import Path

from guard.probe.model import LAST_WORDS, serving
from tests.integrations.packages import provided

EXAMPLES = Path(__file__).parents[2] / "examples/library"


def run(name, *words, **env):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *map(str, words)],
        env={**os.environ, **env},
        cwd="/",
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert LAST_WORDS in done.stdout
    return done.stdout


def patch(kind, path, diff=None):
    return "apply_patch", {"type": kind, "path": str(path)} | ({"diff": diff} if diff else {})


def shell(*commands):
    return "shell", {"commands": list(commands)}


def test_openai_agents(work, home):
    script = [
        shell(f"rm -rf {home}", "touch after"),
        shell("echo hello > made", "cat made"),
        shell("curl -s https://upload.example/"),
        patch("create_file", "new.py", "+x = 1"),
        patch("create_file", home / ".bashrc", "+evil"),
        patch("delete_file", "precious"),
        ("save_note", {"path": "note", "text": "kept"}),
        ("save_note", {"path": str(home / ".bashrc"), "text": "evil"}),
    ]
    with serving(script) as model:
        said = run(
            "openai_agents_agent.py", "m", work, "go on",
            OPENAI_API_KEY="k", OPENAI_BASE_URL=f"{model.url}/v1",
        )  # fmt: skip
    told = model.results

    assert "never-delete-outside" in told[0].text
    assert told[1] == ("hello\n", False)
    assert "a person has to approve this" in told[2].text
    assert told[3] == ("new.py: done", False)
    assert "denied" in told[4].text
    assert "delete_file" in said
    assert told[6] == ("saved note", False)
    assert "denied" in told[7].text
    assert len(told) == len(script)
    assert (home / "letter").exists()
    assert not (work / "after").exists()
    assert not (home / ".bashrc").exists()
    assert (work / "precious").exists()
    assert (work / "new.py").read_text() == "x = 1"
    assert (work / "note").read_text() == "kept"


def test_langchain(work, home):
    # What it asks for besides is here already.
    place = provided("langchain_anthropic", "langchain-anthropic==1.7.10")
    script = [
        ("shell", {"command": f"rm -rf {home}; touch after"}),
        ("shell", {"command": "echo hello > made; cat made"}),
        ("save_note", {"path": "note", "text": "kept"}),
        ("save_note", {"path": str(home / ".bashrc"), "text": "evil"}),
    ]
    with serving(script) as model:
        run(
            "langchain_agent.py", "anthropic:claude-sonnet-4-5", work, "go on",
            ANTHROPIC_API_KEY="k", ANTHROPIC_BASE_URL=model.url, PYTHONPATH=str(place),
        )  # fmt: skip
    told = model.results

    assert [one.is_error for one in told] == [True, False, False, True], told
    assert "never-delete-outside" in told[0].text
    assert told[1].text == "hello"
    assert told[2].text == "saved note"
    assert (home / "letter").exists()
    assert not (work / "after").exists()
    assert not (home / ".bashrc").exists()
    assert (work / "note").read_text() == "kept"


TRUSTED = """
version: 1
kind: policy
name: app
default: allow
exceptions:
  - id: tidy
    rule: profile/server-tools
    programs: ["mcp__files__remove"]
    verdict: allow
    reason: What it removes is named in its arguments, and judged.
    owner: ana
    approved_by: bob
    expires: 2999-12-31
"""


def reviewed(work, policy):
    """The repository's policy, on the default branch of its origin."""

    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", str(work), *who, *words], check=True, capture_output=True)

    (work / ".guard").mkdir()
    (work / ".guard/policy.yaml").write_text(policy)
    git("checkout", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "the law")
    origin = work.with_name("origin.git")
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(origin)], check=True)
    git("remote", "add", "origin", str(origin))
    git("fetch", "-q", "origin")
    git("remote", "set-head", "origin", "main")


def test_mcp(work, home):
    reviewed(work, TRUSTED)
    log = home.with_name("log")
    script = [
        ("remove", {"path": str(home / "letter")}),
        ("remove", {"path": str(work / "precious")}),
        ("remove", {"path": str(work / ".git/config")}),
    ]
    with serving(script) as model:
        run(
            "mcp_agent.py", "m", work, "go on", "files", "--",
            sys.executable, Path(__file__).with_name("mcp_server.py"), log,
            OPENAI_API_KEY="k", OPENAI_BASE_URL=f"{model.url}/v1",
        )  # fmt: skip
    told = model.results

    assert "[guard]" in told[0].text
    assert f"removed {work}/precious" in told[1].text
    assert "[guard]" in told[2].text
    assert log.read_text() == f"remove {work}/precious\n"
    assert (home / "letter").exists()
    assert not (work / "precious").exists()


def test_each_example_is_named_where_its_integration_is_described():
    described = (EXAMPLES.parents[1] / "docs/integrations.md").read_text()
    unnamed = [one.name for one in EXAMPLES.glob("*.py") if f"examples/library/{one.name})" not in described]

    assert unnamed == []
