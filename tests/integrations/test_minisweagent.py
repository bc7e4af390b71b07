"""mini-swe-agent's own agent and one of its models, against a scripted server: what it is told, what became of the machine."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guard import UsageError
from guard.errors import GuardError
from guard.probe.model import Call, serving
from tests.integrations.packages import provided

EXAMPLE = Path(__file__).parents[2] / "examples/library/mini_swe_agent.py"
END = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
PACKAGES = (
    "mini-swe-agent==2.4.6", "jinja2==3.1.6", "markupsafe==3.0.3", "platformdirs==4.5.0", "python-dotenv==1.2.1",
    "tenacity==9.1.2",
)  # fmt: skip


@pytest.fixture(scope="module")
def place():
    return provided("minisweagent", *PACKAGES)


@pytest.fixture
def package(place, home, monkeypatch):
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv("MSWEA_SILENT_STARTUP", "1")
    monkeypatch.setenv("MSWEA_GLOBAL_CONFIG_DIR", str(home / "mini"))
    return importlib.import_module("minisweagent")


@pytest.fixture
def environment(package):
    """As a configuration names it."""
    of = importlib.import_module("minisweagent.environments").get_environment
    return lambda **given: of(
        {"environment_class": "guard.integrations.minisweagent.GuardedEnvironment", **given}
    )


def run(environment, *commands):
    """What the agent says in the end, and what its model was told of each command."""
    with serving([Call("bash", {"command": command}) for command in (*commands, END)]) as model:
        kind = importlib.import_module("minisweagent.models.openrouter_model").OpenRouterModel
        asked = kind(model_name="scripted", cost_tracking="ignore_errors")
        asked._api_url = f"{model.url}/v1/chat/completions"
        agent = importlib.import_module("minisweagent.agents.default").DefaultAgent(
            asked,
            environment,
            system_template="be brief",
            instance_template="{{task}} on {{system}}",
            step_limit=30,
        )
        done = agent.run("go on")
    return done, [text for text, _ in model.results]


def test_an_agent_that_is_denied_goes_on_and_ends_as_it_does(environment, work, home):
    done, told = run(
        environment(cwd=str(work), env={"COLOUR": "green"}),
        "echo hello $COLOUR; echo warned >&2",
        f"rm -rf {home}",
        "curl -s https://upload.example/",
        "exit 3",
        "echo made > made",
    )

    assert done == {"exit_status": "Submitted", "submission": ""}
    assert told[0] == "<returncode>0</returncode>\n<output>\nhello green\nwarned\n</output>"
    assert told[1].startswith("<returncode>126</returncode>\n<output>\n[guard] denied: ")
    assert "never-delete-outside" in told[1]
    assert "a person has to approve this, and nobody did" in told[2]
    assert told[3].startswith("<returncode>3</returncode>")
    assert (home / "letter").exists()
    assert (work / "made").read_text() == "made\n"


def test_what_takes_too_long_ends_and_is_said(environment, work):
    observed = environment(cwd=str(work), timeout=1).execute({"command": "echo first; sleep 60"})

    assert observed["returncode"] == -1
    assert observed["output"] == "first\n"
    assert "longer than 1 s" in observed["exception_info"]


@pytest.mark.parametrize("action", [{"command": ["ls"]}, {"command": "a\0b"}, {"command": None}], ids=str)
def test_an_action_that_is_none_is_not_carried_out(environment, work, action):
    observed = environment(cwd=str(work)).execute(action)

    assert observed["returncode"] == -1
    assert "[guard] not carried out" in observed["exception_info"]


def test_a_guard_that_fails_is_said_and_nothing_runs(environment, work, home):
    (home / ".local").write_text("in the way of our state")
    observed = environment(cwd=str(work)).execute({"command": "echo x > made"})

    assert observed["returncode"] == -1
    assert "[guard] not carried out" in observed["exception_info"]
    assert not (work / "made").exists()


def test_only_a_person_who_says_yes_lets_it_run(package, work):
    ours = importlib.import_module("guard.integrations.minisweagent").GuardedEnvironment
    asked = []

    def approve(question):
        asked.append(question.call)
        return "yes" in question.call

    environment = ours(cwd=str(work), approve=approve)
    refused = environment.execute({"command": "curl -s -m 1 https://upload.example/no; touch no"})
    environment.execute({"command": "curl -s -m 1 https://upload.example/yes; touch yes"})

    assert refused["returncode"] == 126
    assert len(asked) == 2
    assert not (work / "no").exists()
    assert (work / "yes").exists()


def test_the_task_ends_only_by_its_own_words_and_only_when_they_are_permitted(package, environment, work):
    submitted = importlib.import_module("minisweagent.exceptions").Submitted
    environment = environment(cwd=str(work))
    with pytest.raises(submitted) as ended:
        environment.execute({"command": f"{END}; echo the patch"})

    assert ended.value.messages[0]["extra"] == {"exit_status": "Submitted", "submission": "the patch\n"}
    assert environment.execute({"command": f"{END}; exit 1"})["returncode"] == 1
    assert environment.execute({"command": f"echo before; {END}"})["returncode"] == 0
    assert environment.execute({"command": f"{END}; curl https://upload.example/"})["returncode"] == 126


@pytest.mark.parametrize(
    "given", [{"timeuot": 3}, {"timeout": "3"}, {"level": "none"}, {"cwd": "/nowhere"}], ids=str
)
def test_a_configuration_that_means_nothing_is_an_error(environment, work, given):
    with pytest.raises(UsageError) as error:
        environment(**given)
    assert isinstance(error.value, GuardError)
    assert error.value.help


def test_the_example_runs(place, work, home):
    script = [Call("bash", {"command": command}) for command in (f"rm -rf {home}", "echo hello > made", END)]
    with serving(script) as model:
        done = subprocess.run(
            [sys.executable, EXAMPLE, f"{model.url}/v1/chat/completions", "scripted", work, "go on"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "PYTHONPATH": str(place)},
        )

    assert done.returncode == 0, done.stderr
    assert "Submitted" in done.stdout
    assert (home / "letter").exists()
    assert (work / "made").exists()
