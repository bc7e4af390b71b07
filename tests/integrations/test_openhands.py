"""The real OpenHands SDK against a scripted model, in a Python that is new enough for it; and what needs no SDK, without it."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guard import AsyncGuard, UsageError, Write
from guard.errors import GuardError
from guard.probe.model import Call, serving
from tests.integrations import openhands_stand_in as stand_in
from tests.integrations.openhands_python import python_with_openhands

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("openhands_program.py")
EXAMPLE = ROOT / "examples/library/openhands_agent.py"
END = Call("finish", {"message": "done"})


def terminal(command, **more):
    return Call("terminal", {"command": command, "security_risk": "LOW", **more})


def editor(command, path, **more):
    return Call("file_editor", {"command": command, "path": str(path), "security_risk": "LOW", **more})


@pytest.fixture(scope="module")
def python():
    return python_with_openhands()


def ran(python, home, *words):
    return subprocess.run(
        [python, *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=240,
        env={
            **os.environ,
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "LLM_API_KEY": "none",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "OPENHANDS_SUPPRESS_BANNER": "1",
            "LOG_LEVEL": "ERROR",
        },
    )


def test_real_conversations(python, work, home):
    asking = [
        terminal("echo hello > made; cat a.txt"),
        terminal(f"rm -rf {home}"),
        terminal("curl -s -m 1 https://upload.example/no; touch no"),
        terminal("curl -s -m 1 https://upload.example/yes; touch yes"),
        # One terminal for all of it: what a command means depends on those before.
        terminal(f"cd {home}"),
        terminal("echo alias >> .bashrc"),
        terminal("cat() { :; }"),
        terminal("pwd", reset=True),
        [terminal(f"cd {home}"), terminal("echo alias >> .bashrc")],
        terminal("python3"),
        terminal("cat", timeout=1),
        terminal("touch typed", is_input=True),
        terminal("C-c", is_input=True),
        terminal("pwd"),
        editor("create", work / "new.txt", file_text="x\n"),
        editor("str_replace", work / "a.txt", old_str="one", new_str="1"),
        editor("create", home / ".bashrc", file_text="x\n"),
        END,
    ]
    beside = {
        "nobody": [terminal("curl -s -m 1 https://upload.example/yes; touch alone"), END],
        "crash": [terminal(f"rm -rf {home}"), terminal(f"rm -r {home}"), END],
        "restored": [terminal("touch restored"), END],
        "broken": [terminal("touch broken"), END],
    }
    with serving(asking, beside) as model:
        done = ran(python, home, PROGRAM, model.url, work)
        told = [text for text, _ in model.results]
        others = {word: [text for text, _ in model.told(word)] for word in beside}

    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["asking"] == said["nobody"] == "finished"
    assert [call.split(" ")[0] for call in said["asked"]] == ["curl", "curl", "typing"]
    assert told[0].startswith("one\ntwo\n")
    assert "never-delete-outside" in told[1]
    assert "a person has to approve this, and nobody did" in told[2]
    assert "exit code 0" in told[3]
    assert "start-up-files" in told[5]
    assert "the function `cat`" in told[6]
    assert f"{work}\n" in told[7]
    assert told[8] == told[9]
    assert "none of these 2 calls" in told[8]
    assert "start-up-files" in told[8]
    assert "guard-typed-unseen" in told[10]
    assert "a person has to approve this, and nobody did" in told[12]
    # From here on from the end: how many texts the answer to a key has, is the SDK's own.
    assert "nobody can say in which directory" in told[-4]
    assert "start-up-files" in told[-1]
    assert (home / "letter").exists()
    assert not (home / ".bashrc").exists()
    assert (work / "made").read_text() == "hello\n"
    assert (work / "a.txt").read_text() == "1\ntwo\n"
    assert (work / "new.txt").exists()
    assert (work / "yes").exists()
    assert not any((work / name).exists() for name in ("no", "alone", "typed", "restored", "broken"))

    # A crash stops, and what it left standing is judged before the conversation goes on.
    assert said["crashed"] == ["KeyboardInterrupt", "RuntimeError"]
    assert ["never-delete-outside" in text for text in others["crash"]] == [True, True]
    assert said["restored"] == "waiting_for_confirmation"
    assert others["restored"] == []
    assert "the log cannot be written" in others["broken"][0]
    assert "several calls at a time" in said["unseen"]
    assert "a person has to approve this, and nobody did" in others["nobody"][0]


def test_the_example_runs(python, work, home):
    with serving([terminal(f"rm -rf {home}"), terminal("echo hello > made"), END]) as model:
        done = ran(python, home, EXAMPLE, "openai/gpt-5", work, "go on", f"{model.url}/v1")
        told = [text for text, _ in model.results]

    assert done.returncode == 0, done.stderr[-3000:]
    assert "never-delete-outside" in told[0]
    assert (home / "letter").exists()
    assert (work / "made").exists()


# ---------------------------------------------------------------------- without the SDK


@pytest.fixture
def ours(monkeypatch):
    """Our module over a stand-in for the SDK."""
    for name, module in stand_in.MODULES.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "guard.integrations.openhands", raising=False)
    yield importlib.import_module("guard.integrations.openhands")
    sys.modules.pop("guard.integrations.openhands", None)


@pytest.fixture
def guarded(ours, work):
    """An analyzer at work, the conversation it is in, and what to go on with."""

    def made(approve=None, **more):
        conversation = stand_in.LocalConversation(work)
        return conversation, ours.Guarded(conversation, AsyncGuard(work, approve=approve), **more)

    return made


@pytest.mark.parametrize(
    ("tool", "given", "risk"),
    [
        ("terminal", {"command": "echo x > made"}, "LOW"),
        ("terminal", {"command": "rm -rf ~"}, "HIGH"),
        ("terminal", {"command": "./unknown"}, "HIGH"),
        ("terminal", {"command": "ls", "is_input": True}, "HIGH"),
        ("terminal", {"command": "C-c", "is_input": True}, "LOW"),
        ("terminal", {"command": "C-m", "is_input": True}, "HIGH"),
        ("terminal", {"command": "ls", "is_input": "no"}, "HIGH"),
        ("terminal", {"command": ""}, "LOW"),
        ("terminal", {"command": 3}, "HIGH"),
        ("terminal", {"command": "a\0b"}, "HIGH"),
        ("terminal", {}, "HIGH"),
        ("terminal", {"command": "PATH=/tmp; ls"}, "HIGH"),
        ("file_editor", {"command": "view", "path": "/work/a.txt"}, "LOW"),
        ("file_editor", {"command": "create", "path": "b.txt", "file_text": "x"}, "LOW"),
        ("file_editor", {"command": "create", "path": "/etc/passwd", "file_text": "x"}, "HIGH"),
        ("file_editor", {"command": "undo_edit", "path": "a.txt"}, "HIGH"),
        ("file_editor", {"command": "create"}, "HIGH"),
        ("apply_patch", {"patch": "no patch"}, "HIGH"),
        ("delegate", {"command": "spawn"}, "HIGH"),
        ("task_tracker", {"command": "view"}, "LOW"),
        ("forget", {}, "LOW"),
        ("save", {"path": "note"}, "LOW"),
        ("save", {"path": "/etc/note"}, "HIGH"),
        ("save", {}, "HIGH"),
    ],
    ids=str,
)
def test_the_risk_of_an_action(guarded, tool, given, risk):
    conversation, _ = guarded(
        calls={"save": lambda given: Write(given["path"], ""), "forget": lambda _: None}
    )

    assert conversation.propose(tool, given) == risk


def test_a_tool_of_a_server_is_not_taken_for_one_of_the_sdk(guarded):
    conversation, _ = guarded()

    assert conversation.propose("task_tracker", {"data": {"command": "view"}}, kind="MCPToolAction") == "HIGH"


def test_an_action_that_could_not_be_read_is_not_permitted(guarded):
    conversation, _ = guarded()

    assert conversation.propose("terminal", None) == "HIGH"


def test_an_analyzer_without_its_guard_permits_nothing(ours):
    action = stand_in.ActionEvent("terminal", {"command": "ls"})

    assert ours.GuardAnalyzer().security_risk(action) == stand_in.SecurityRisk.HIGH


def test_only_low_goes_on_by_itself(ours):
    policy = ours.StopUnlessLow()

    assert [risk.name for risk in stand_in.SecurityRisk if not policy.should_confirm(risk)] == ["LOW"]
    assert policy.should_confirm()


def test_a_command_is_judged_where_the_terminal_is(guarded, home):
    conversation, _ = guarded()
    conversation.propose("terminal", {"command": f"cd {home}"})
    conversation.observe(working_dir=str(home))
    assert conversation.propose("terminal", {"command": "echo x > .profile"}) == "HIGH"
    conversation.reject_pending_actions("no")
    assert conversation.propose("terminal", {"command": "echo x > .profile", "reset": True}) == "LOW"


@pytest.mark.parametrize("told", [None, "", "sub"], ids=str)
def test_where_nobody_knows_the_directory_only_a_new_terminal_will_do(guarded, told):
    conversation, _ = guarded()
    conversation.propose("terminal", {"command": "echo one"})
    conversation.observe(working_dir=told)
    assert conversation.propose("terminal", {"command": "echo two"}) == "HIGH"
    conversation.reject_pending_actions("no")
    assert conversation.propose("terminal", {"command": "echo two", "reset": True}) == "LOW"


def test_a_terminal_from_before_is_not_trusted(guarded, ours, work):
    conversation, _ = guarded()
    conversation.propose("terminal", {"command": "echo one"})
    conversation.observe(working_dir=str(work))
    ours.Guarded(conversation, AsyncGuard(work))

    assert conversation.propose("terminal", {"command": "echo two"}) == "HIGH"


@pytest.mark.parametrize("yes", [True, False, "yes", None])
def test_only_true_is_a_yes(guarded, yes):
    conversation, guarded_ = guarded(approve=lambda _: yes)
    conversation.propose("terminal", {"command": "./unknown"})
    guarded_.settle()

    assert len(conversation.rejected) == (0 if yes is True else 1)


def test_nobody_is_asked_about_a_turn_that_is_denied_anyway(guarded):
    asked = []
    conversation, guarded_ = guarded(approve=lambda question: asked.append(question) or True)
    conversation.propose("terminal", {"command": "./unknown"})
    conversation.propose("terminal", {"command": "rm -rf ~"})
    guarded_.settle()

    assert asked == []
    assert "none of these 2 calls" in conversation.rejected[0]


_LINK = ("terminal", {"command": "ln -s / here"})
_LOOK = ("terminal", {"command": "grep -r one ."})
_WRITE = ("file_editor", {"command": "create", "path": "here/etc/motd", "file_text": "x"})
_VIEW = ("file_editor", {"command": "view", "path": "a.txt"})
_RUN = ("terminal", {"command": "ls here"})


@pytest.mark.parametrize(
    ("first", "second", "risk"),
    [
        (_LINK, _WRITE, "HIGH"),
        (_LINK, _VIEW, "HIGH"),
        (_LINK, _RUN, "LOW"),
        (_LINK, ("terminal", {"command": "echo x > here/etc/motd"}), "HIGH"),
        (_WRITE, _RUN, "HIGH"),
        (_WRITE, _WRITE, "LOW"),
        (_LOOK, _WRITE, "LOW"),
        (_VIEW, _LOOK, "LOW"),
        (_LOOK, _VIEW, "LOW"),
        (("think", {"thought": "x"}), _RUN, "LOW"),
        (("save", {"path": "here"}), _RUN, "HIGH"),
        (("forget", {}), _RUN, "LOW"),
    ],
)
def test_what_rests_on_another_call_of_the_same_turn_waits_for_it(guarded, first, second, risk):
    conversation, _ = guarded(
        calls={"save": lambda given: Write(given["path"], ""), "forget": lambda _: None}
    )

    assert conversation.propose(*first) == "LOW"
    assert conversation.propose(*second) == risk


def test_a_guard_that_crashes_permits_nothing(guarded, monkeypatch):
    conversation, guarded_ = guarded(approve=lambda _: True)
    monkeypatch.setattr(AsyncGuard, "judged", lambda *_: 1 / 0)

    assert conversation.propose("terminal", {"command": "ls"}) == "HIGH"
    guarded_.settle()
    assert "ZeroDivisionError" in conversation.rejected[0]


def test_an_agent_that_does_not_stop_being_refused_is_stopped(guarded):
    conversation, guarded_ = guarded()
    conversation.script = [("terminal", {"command": "rm -rf ~"})] * 9
    with pytest.raises(GuardError, match="the agent was stopped"):
        guarded_.run()
    assert len(conversation.rejected) == conversation.max_iteration_per_run - 1


@pytest.mark.parametrize("wrong", ["remote", "agent", "parallel"])
def test_a_conversation_that_the_guard_would_not_see_is_an_error(ours, work, wrong):
    conversation = stand_in.LocalConversation(work)
    match wrong:
        case "remote":
            conversation = object()
        case "agent":
            conversation.agent = object()
        case _:
            conversation.agent.tool_concurrency_limit = 2
    with pytest.raises(UsageError) as error:
        ours.Guarded(conversation, AsyncGuard(work))
    assert error.value.help


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("f() { :; }", "the function `f`"),
        ("if true; then function g { :; }; fi", "the function `g`"),
        ("(f() { :; }; f)", ""),
        ("X=1", ""),
        ("PATH=/tmp:$PATH", "another value of `PATH`"),
        ("PATH=/tmp ls", ""),
        ("true && KNOWN+=x", "another value of `KNOWN`"),
        ("export NEW=1", ""),
        ("command export KNOWN=1", "another value of `KNOWN`"),
        ("export $(cat x)", "a variable that is not named in plain words"),
        ("declare -n other=KNOWN", "an attribute of `other`"),
        ("readonly other=/etc", "an attribute of `other`"),
        ("printf -v KNOWN x", "another value of `KNOWN`"),
        ("printf -v $x y", "a variable that is not named in plain words"),
        ("printf '%s' $x", ""),
        ("while read -r KNOWN; do :; done < x", "another value of `KNOWN`"),
        ("cat x | read KNOWN", ""),
        ("for IFS in a; do :; done", "another value of `IFS`"),
        ("unset HOME", "another value of `HOME`"),
        ("eval \"eval 'h() { :; }'\"", "the function `h`"),
        ('eval "$x"', "what nobody has read"),
        ("case x in x) . ./env;; esac", "what nobody has read"),
        ("(. ./env && make)", ""),
        ("KNOWN=1 &", ""),
        ("echo KNOWN=1", ""),
        ("until KNOWN=1; do :; done", "another value of `KNOWN`"),
        ("for ((;;)); do { KNOWN=1; }; done", "another value of `KNOWN`"),
        ("if false; then :; else KNOWN=1; fi", "another value of `KNOWN`"),
        ("trap 'cd /etc' DEBUG", "a trap"),
        ("trap : EXIT", "a trap"),
        ("(trap : EXIT)", ""),
        ("coproc KNOWN { cat; }", "another value of `KNOWN`"),
        ("sleep 1 & wait -p KNOWN", "another value of `KNOWN`"),
        ("wait -p other", ""),
        ("set -- /etc", "other arguments"),
        ("exec > made", "other descriptors"),
        ("shopt -s dotglob", "another way of reading commands"),
        ("alias ls=cat", "the alias `ls`"),
        ("cd sub; cd ..", ""),
        ("cd $x", ""),
    ],
)  # fmt: skip
def test_what_a_command_leaves_in_the_terminal_nobody_is_asked_about(guarded, monkeypatch, command, left):
    monkeypatch.setenv("KNOWN", "x")
    asked = []
    conversation, guarded_ = guarded(approve=lambda question: asked.append(question) or True)
    risk = conversation.propose("terminal", {"command": command})
    guarded_.settle()
    told = "".join(conversation.rejected)

    assert (f"denied: it would leave {left} in the terminal" if left else "") in told
    assert bool(left) == ("in the terminal" in told)
    assert not left or (risk, asked) == ("HIGH", [])


def test_what_only_two_commands_of_one_turn_leave_together_is_denied_too(guarded):
    conversation, guarded_ = guarded(approve=lambda _: True)
    conversation.propose("terminal", {"command": "word=alias"})
    assert conversation.propose("terminal", {"command": "$word ls=cat"}) == "HIGH"
    guarded_.settle()

    assert "the alias `ls`" in conversation.rejected[0]


def test_an_earlier_command_may_have_set_what_arithmetic_evaluates(guarded, work):
    conversation, _ = guarded()
    assert conversation.propose("terminal", {"command": "x='a[$(rm -rf ~)]'"}) == "LOW"
    conversation.observe(working_dir=str(work))

    assert conversation.propose("terminal", {"command": "echo $((x))"}) == "HIGH"
    conversation.reject_pending_actions("no")
    assert conversation.propose("terminal", {"command": "x=1; echo $((x))"}) == "LOW"
