"""LangChain's own agent, with a model of a script: what it is told, and what became of the machine."""

import asyncio
from pathlib import Path

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ShellToolMiddleware
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool

from guard import AsyncGuard, Guard, Write
from guard.integrations.langchain import GuardMiddleware


class Scripted(FakeMessagesListChatModel):
    def bind_tools(self, tools, **kwargs):
        return self


def model(*calls):
    turns = [
        AIMessage(content="", tool_calls=[{"name": name, "args": args, "id": f"call-{number}"}])
        for number, (name, args) in enumerate(calls)
    ]
    return Scripted(responses=[*turns, AIMessage(content="that is all")])


@tool
def save(path: str, text: str) -> str:
    """Save a text."""
    Path(path).write_text(text)
    return "saved"


@tool
def anything(text: str) -> str:
    """Do anything."""
    Path("anything").write_text(text)
    return "done"


@tool
def add(a: int, b: int) -> str:
    """Add."""
    return str(a + b)


@tool
def shell(command: str) -> str:
    """Run a command; this one runs it unguarded, if it is ever called."""
    Path("unguarded").write_text(command)
    return "unguarded"


CALLS = {"save": lambda given: Write(given["path"], given["text"]), "add": lambda _given: None}


def script(home):
    return (
        ("shell", {"command": "echo hello"}),
        ("shell", {"command": f"rm -rf {home}"}),
        ("shell", {"command": ""}),
        ("save", {"path": "saved", "text": "kept"}),
        ("save", {"path": str(home / ".bashrc"), "text": "evil"}),
        ("save", {"path": "x"}),
        ("anything", {"text": "x"}),
        ("add", {"a": 1, "b": 2}),
    )


def check(result, work, home):
    told = [message for message in result["messages"] if isinstance(message, ToolMessage)]
    assert [message.status for message in told] == [
        "success", "error", "error", "success", "error", "error", "error", "success",
    ], [(message.status, message.content) for message in told]  # fmt: skip
    assert told[0].content == "hello"
    assert "never-delete-outside" in told[1].content
    assert "nobody can say what `save` would do" in told[5].content
    assert told[7].content == "3"
    assert (work / "saved").read_text() == "kept"
    assert (home / "letter").exists()
    assert not (home / ".bashrc").exists()
    assert not (work / "anything").exists()
    assert not (work / "unguarded").exists()
    assert result["messages"][-1].content == "that is all"


TOOLS = [save, anything, add, shell]
ASKED = {"messages": [{"role": "user", "content": "go on"}]}
ENOUGH = {"recursion_limit": 100}


def test_an_agent_is_guarded_step_by_step(work, home):
    agent = create_agent(model(*script(home)), TOOLS, middleware=[GuardMiddleware(Guard(work), calls=CALLS)])

    check(agent.invoke(ASKED, ENOUGH), work, home)


def test_an_agent_with_a_loop_is_too(work, home):
    guarded = GuardMiddleware(AsyncGuard(work), calls=CALLS)
    agent = create_agent(model(*script(home)), TOOLS, middleware=[guarded])

    check(asyncio.run(agent.ainvoke(ASKED, ENOUGH)), work, home)


# The middleware of theirs leaves the pipes of its shell open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_shell_of_another_middleware_is_the_guards(work, home):
    agent = create_agent(
        model(
            ("shell", {"command": f"rm -rf {home}; touch {work}/ran"}), ("shell", {"command": "echo hello"})
        ),
        [],
        middleware=[GuardMiddleware(Guard(work)), ShellToolMiddleware(workspace_root=str(work))],
    )
    told = [
        message for message in agent.invoke(ASKED, ENOUGH)["messages"] if isinstance(message, ToolMessage)
    ]

    assert [message.status for message in told] == ["error", "success"]
    assert told[1].content == "hello"
    assert (home / "letter").exists()
    assert not (work / "ran").exists()


@pytest.mark.parametrize("guard", [Guard, AsyncGuard])
def test_a_guard_of_the_other_kind_permits_nothing(work, guard):
    agent = create_agent(model(("add", {"a": 1, "b": 2})), TOOLS, middleware=[GuardMiddleware(guard(work))])
    result = agent.invoke(ASKED, ENOUGH) if guard is AsyncGuard else asyncio.run(agent.ainvoke(ASKED, ENOUGH))

    assert next(one for one in result["messages"] if isinstance(one, ToolMessage)).status == "error"
