"""The anthropic SDK itself, against a scripted model: what the model is told, and what became of the machine."""

import asyncio
import inspect
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from anthropic import Anthropic, AsyncAnthropic, beta_async_tool, beta_tool

from guard import AsyncGuard, Guard, Tool, Write
from guard.integrations.anthropic_tools import (
    AsyncGuardedBash,
    AsyncGuardedEditor,
    GuardedBash,
    GuardedEditor,
    guard_tools,
    run_tool_use,
)
from tests.agents.model import LAST_WORDS, serving

EDITOR = "str_replace_based_edit_tool"
EXAMPLE = Path(__file__).parents[2] / "examples/library/anthropic_agent.py"


def script(home):
    return (
        ("bash", {"command": "echo hello"}),
        ("bash", {"command": f"rm -rf {home}"}),
        ("bash", {"command": "curl -s https://upload.example/"}),
        ("bash", {"restart": True}),
        ("bash", {"command": 7}),
        (EDITOR, {"command": "create", "path": "new.py", "file_text": "x = 1\n"}),
        (EDITOR, {"command": "create", "path": str(home / ".bashrc"), "file_text": "evil"}),
        (EDITOR, {"command": "str_replace", "path": "a.txt", "old_str": "two", "new_str": "2"}),
        (EDITOR, {"command": "insert", "path": "a.txt", "insert_line": 1, "insert_text": "between"}),
        (EDITOR, {"command": "view", "path": "a.txt", "view_range": [1, 2]}),
        (EDITOR, {"command": "view", "path": "/etc/shadow"}),
        (EDITOR, {"command": "str_replace", "path": "a.txt", "old_str": "nowhere", "new_str": ""}),
        ("save", {"path": "saved", "text": "kept"}),
        ("save", {"path": str(home / ".bashrc"), "text": "evil"}),
        ("anything", {"text": "x"}),
        ("add", {"a": 1, "b": 2}),
    )


def check(results, work, home):
    texts = [text for text, _ in results]
    errors = [index for index, (_, is_error) in enumerate(results) if is_error]
    assert errors == [1, 2, 4, 6, 10, 11, 13, 14], list(enumerate(results))
    assert texts[0] == "hello"
    assert "never-delete-outside" in texts[1]
    assert "a person has to approve this" in texts[2]
    assert texts[9] == "1\tone\n2\tbetween"
    assert "`old` is not in the file" in texts[11]
    assert "nothing is known" in texts[14] or "a person has to approve" in texts[14]
    assert texts[15] == "3"
    assert (home / "letter").exists()
    assert not (home / ".bashrc").exists()
    assert (work / "new.py").read_text() == "x = 1\n"
    assert (work / "a.txt").read_text() == "one\nbetween\n2\n"
    assert (work / "saved").read_text() == "kept"
    assert not (work / "anything").exists()


CALLS = {
    "save": lambda given: Write(given["path"], given["text"]),
    "add": lambda _given: None,
}


@beta_tool
def save(path: str, text: str) -> str:
    """Save a text."""
    Path(path).write_text(text)
    return "saved"


@beta_tool
def anything(text: str) -> str:
    """Do anything."""
    Path("anything").write_text(text)
    return "done"


@beta_tool
def add(a: int, b: int) -> str:
    """Add."""
    return str(a + b)


@beta_async_tool
async def save_later(path: str, text: str) -> str:
    """Save a text."""
    return save.func(path, text)


save_later.name = "save"


@beta_async_tool
async def anything_later(text: str) -> str:
    """Do anything."""
    return anything.func(text)


anything_later.name = "anything"


@beta_async_tool
async def add_later(a: int, b: int) -> str:
    """Add."""
    return add.func(a, b)


add_later.name = "add"


@pytest.mark.parametrize("stream", [False, True])
def test_the_tool_runner_is_guarded_step_by_step(work, home, stream):
    guard = Guard(work)
    with serving(*script(home)) as model, Anthropic(api_key="k", base_url=model.url) as client:
        runner = client.beta.messages.tool_runner(
            model="m",
            max_tokens=100,
            messages=[{"role": "user", "content": "go on"}],
            tools=guard_tools(
                [GuardedBash(guard), GuardedEditor(guard), save, anything, add], guard, calls=CALLS
            ),
            stream=stream,
            **without_threads(client),
        )
        last = [one.get_final_message() if stream else one for one in runner][-1]

    assert last.content[0].text == LAST_WORDS
    check(model.results, work, home)


def test_the_tool_runner_with_a_loop_is_too(work, home):
    async def main(model):
        guard = AsyncGuard(work)
        async with AsyncAnthropic(api_key="k", base_url=model.url) as client:
            runner = client.beta.messages.tool_runner(
                model="m",
                max_tokens=100,
                messages=[{"role": "user", "content": "go on"}],
                tools=guard_tools(
                    [
                        AsyncGuardedBash(guard),
                        AsyncGuardedEditor(guard),
                        save_later,
                        anything_later,
                        add_later,
                    ],
                    guard,
                    calls=CALLS,
                ),
                **without_threads(client),
            )
            return [message async for message in runner][-1]

    with serving(*script(home)) as model:
        last = asyncio.run(main(model))

    assert last.content[0].text == LAST_WORDS
    check(model.results, work, home)


def test_a_loop_written_by_hand_is_too(work, home):
    guard = Guard(work)
    tools = {"save": save, "anything": anything, "add": add}
    messages = [{"role": "user", "content": "go on"}]
    with serving(*script(home)) as model, Anthropic(api_key="k", base_url=model.url) as client:
        while True:
            message = client.messages.create(
                model="m",
                max_tokens=100,
                messages=messages,
                tools=[{"type": "bash_20250124", "name": "bash"}],
            )
            uses = [block for block in message.content if block.type == "tool_use"]
            if not uses:
                break
            results = [
                run_tool_use(use, guard, lambda name, given: tools[name].call(given), calls=CALLS)
                for use in uses
            ]
            messages += [
                {"role": "assistant", "content": message.content},
                {"role": "user", "content": results},
            ]

    check(model.results, work, home)


def without_threads(client):
    """Newer SDKs keep the conversation on the server, which this one does not."""
    known = inspect.signature(client.beta.messages.tool_runner).parameters
    return {"thread": False} if "thread" in known else {}


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": EDITOR},
        {"type": "memory_20250818", "name": "memory"},
        {"name": "mine", "input_schema": {"type": "object"}},
        save_later,
        object(),
    ],
)
def test_what_would_run_beside_the_guard_is_no_guarded_tool(work, tool):
    with pytest.raises(TypeError):
        guard_tools([tool], Guard(work))


def test_guarding_twice_is_guarding_once_and_the_servers_own_tools_stay(work):
    guard = Guard(work)
    search = {"type": "web_search_20250305", "name": "web_search"}
    once = guard_tools([GuardedBash(guard), save, search], guard)

    assert guard_tools(once, guard) == once
    assert once[2] is search


def test_who_cannot_say_what_a_use_comes_to_has_not_permitted_it(work):
    block = SimpleNamespace(name="save", id="t1", input={"path": "x"})
    done = run_tool_use(block, Guard(work), lambda *_: "saved", calls=CALLS)

    assert done["is_error"]
    assert "nobody can say what `save` would do" in done["content"]


def test_a_person_can_permit_a_tool(work):
    asked = []
    guard = Guard(work, approve=lambda question: asked.append(question.call) is None)
    block = SimpleNamespace(name="mail", id="t1", input={"to": "ana"})
    done = run_tool_use(block, guard, lambda _name, given: f"sent to {given['to']}")

    assert done == {"type": "tool_result", "tool_use_id": "t1", "content": "sent to ana"}
    assert asked == ['mail {"to": "ana"}']
    assert guard.permit(Tool("mail", {"to": "bob"})).permitted


def test_the_example_runs(work, home):
    with serving(*script(home)[:3], ("add", {"a": 1, "b": 2})) as model:
        done = subprocess.run(
            [sys.executable, str(EXAMPLE), "m", str(work), "go on"],
            env={**os.environ, "ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": model.url},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert LAST_WORDS in done.stdout
    assert [is_error for _, is_error in model.results] == [False, True, True, False]
    assert (home / "letter").exists()
