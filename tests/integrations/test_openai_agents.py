"""The OpenAI Agents SDK's own runner, with a model of a script: what it is told, and what became of the machine."""

import asyncio
import os
from pathlib import Path

import pytest
from agents import (
    Agent,
    ApplyPatchTool,
    LocalShellTool,
    Model,
    ModelResponse,
    RunConfig,
    Runner,
    ShellTool,
    ToolGuardrailFunctionOutput,
    ToolInputGuardrail,
    Usage,
    WebSearchTool,
    function_tool,
    tool_namespace,
)
from openai.types.responses import (
    ResponseApplyPatchToolCall,
    ResponseFunctionShellToolCall,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from guard import AsyncGuard, Write
from guard.integrations.openai_agents import GuardedEditor, GuardedShell, guard_tools, guardrail


class Scripted(Model):
    def __init__(self, *turns):
        self.turns = list(turns)
        self.told = []

    async def get_response(self, system_instructions, input, *more, **options):  # noqa: A002 - the SDK's name
        self.told = [item for item in input if isinstance(item, dict) and "output" in item]
        turn = self.turns.pop(0) if self.turns else _said("that is all")
        return ModelResponse(output=[turn], usage=Usage(), response_id=None)

    def stream_response(self, *more, **options):
        raise NotImplementedError


def _said(text):
    content = [ResponseOutputText(type="output_text", text=text, annotations=[])]
    return ResponseOutputMessage(
        id="m", type="message", role="assistant", status="completed", content=content
    )


def shell(number, *commands, **more):
    return ResponseFunctionShellToolCall.model_validate(
        {
            "id": f"s{number}", "call_id": f"s{number}", "type": "shell_call", "status": "completed",
            "action": {"commands": list(commands), "timeout_ms": None, "max_output_length": None, **more},
        }
    )  # fmt: skip


def patch(number, kind, path, diff=None):
    operation = {"type": kind, "path": path} | ({"diff": diff} if diff is not None else {})
    return ResponseApplyPatchToolCall.model_validate(
        {
            "id": f"p{number}", "call_id": f"p{number}", "type": "apply_patch_call", "status": "completed",
            "operation": operation,
        }
    )  # fmt: skip


def run(work, *turns):
    async def main():
        guard = AsyncGuard(work)
        agent = Agent(
            name="a",
            model=model,
            tools=[ShellTool(executor=GuardedShell(guard)), ApplyPatchTool(editor=GuardedEditor(guard))],
        )
        return await Runner.run(agent, "go on", run_config=RunConfig(tracing_disabled=True), max_turns=30)

    model = Scripted(*turns)
    last = asyncio.run(main()).final_output
    assert last == "that is all"
    return [str(item["output"]) for item in model.told]


def test_commands_are_guarded_and_those_after_a_refusal_do_not_run(work, home):
    told = run(
        work,
        shell(1, "echo hello", "exit 3"),
        shell(2, f"rm -rf {home}", "touch after"),
        shell(3, "curl -s https://upload.example/"),
        shell(4, "sleep 60", timeout_ms=1000),
    )

    assert "hello" in told[0]
    assert "3" in told[0]
    assert "never-delete-outside" in told[1]
    assert "a person has to approve this" in told[2]
    assert len(told) == 4
    assert (home / "letter").exists()
    assert not (work / "after").exists()


def test_patches_are_decided_file_by_file(work, home):
    told = run(
        work,
        patch(1, "create_file", "new.py", "+x = 1\n"),
        patch(2, "update_file", "a.txt", " one\n-two\n+2\n"),
        patch(3, "create_file", str(home / ".bashrc"), "+evil\n"),
        patch(4, "update_file", "a.txt", " nowhere\n-x\n+y\n"),
        patch(5, "delete_file", str(home / "letter")),
        patch(6, "delete_file", "new.py"),
        patch(7, "create_file", ".git/hooks/pre-commit", "+evil\n"),
    )

    assert len(told) == 7
    assert "denied" in told[2]
    assert "does not fit" in told[3]
    assert "never-delete-outside" in told[4]
    assert "a person has to approve" in told[6]
    assert (work / "a.txt").read_text() == "one\n2\n"
    assert os.listdir(home).count("letter") == 1
    assert not (home / ".bashrc").exists()
    assert not (work / "new.py").exists()
    assert not (work / ".git/hooks/pre-commit").exists()


# ---------------------------------------------------------------------- function tools


@function_tool
def save(path: str, text: str) -> str:
    """Save a text."""
    Path(path).write_text(text)
    return "saved"


@function_tool
def anything(text: str) -> str:
    """Do anything."""
    Path("anything").write_text(text)
    return "done"


@function_tool
async def add(a: int, b: int) -> str:
    """Add."""
    return str(a + b)


CALLS = {
    "save": lambda given: Write(given["path"], given["text"]),
    "files.save": lambda given: Write(given["path"], given["text"]),
    "add": lambda _given: None,
}


def use(number, name, arguments, **more):
    return ResponseFunctionToolCall.model_validate(
        {
            "id": f"f{number}", "call_id": f"f{number}", "type": "function_call", "status": "completed",
            "name": name, "arguments": arguments, **more,
        }
    )  # fmt: skip


def used(work, tools, *turns, guard=None):
    async def main():
        made = guard or AsyncGuard(work)
        agent = Agent(name="a", model=model, tools=tools(made))
        return await Runner.run(agent, "go on", run_config=RunConfig(tracing_disabled=True), max_turns=30)

    model = Scripted(*turns)
    result = asyncio.run(main())
    return result, [str(item["output"]) for item in model.told]


def test_a_function_tool_runs_only_when_its_call_is_permitted(work, home):
    bashrc = str(home / ".bashrc")
    _, told = used(
        work,
        lambda guard: guard_tools([save, anything, add], guard, calls=CALLS),
        use(1, "save", '{"path": "saved", "text": "kept"}'),
        use(2, "save", f'{{"path": "{bashrc}", "text": "evil"}}'),
        use(3, "save", f'{{"path": "harmless", "text": "x", "path": "{bashrc}"}}'),
        use(4, "save", '{"text": "x"}'),
        use(5, "anything", '{"text": "x"}'),
        use(6, "add", '{"a": 1, "b": 2}'),
        use(7, "add", "[1, 2]"),
    )

    assert told[0] == "saved"
    assert "denied" in told[1]
    assert "[guard] not carried out" in told[2]
    assert "nobody can say what `save` would do" in told[3]
    assert "a person has to approve" in told[4]
    assert told[5] == "3"
    assert "[guard] not carried out" in told[6]
    assert len(told) == 7
    assert (work / "saved").read_text() == "kept"
    assert not (home / ".bashrc").exists()
    assert not (work / "anything").exists()


def test_a_person_may_let_a_tool_do_anything(work):
    guard = AsyncGuard(work, approve=lambda question: "yes" in question.call)
    _, told = used(
        work,
        lambda guard: guard_tools([anything], guard),
        use(1, "anything", '{"text": "no"}'),
        use(2, "anything", '{"text": "yes"}'),
        guard=guard,
    )

    assert "a person has to approve" in told[0]
    assert told[1] == "done"
    assert (work / "anything").read_text() == "yes"


def test_the_guard_comes_after_the_programs_own_guardrails(work, home):
    def redirect(data):
        call = data.context.tool_call
        call.arguments = call.arguments.replace("harmless", str(home / "letter"))
        return ToolGuardrailFunctionOutput.allow()

    @function_tool(tool_input_guardrails=[ToolInputGuardrail(guardrail_function=redirect)])
    def save(path: str, text: str) -> str:
        """Save a text."""
        Path(path).write_text(text)
        return "saved"

    _, told = used(
        work,
        lambda guard: guard_tools([save], guard, calls=CALLS),
        use(1, "save", '{"path": "harmless", "text": "x"}'),
    )

    assert "[guard]" in told[0] or "denied" in told[0]
    assert (home / "letter").read_text() == "dear"


def test_a_guardrail_of_ones_own_placing_and_a_namespace(work, home):
    def tools(guard):
        @function_tool(tool_input_guardrails=[guardrail(guard, calls=CALLS)])
        def save(path: str, text: str) -> str:
            """Save a text."""
            Path(path).write_text(text)
            return "saved"

        return tool_namespace(name="files", description="Files.", tools=[save])

    _, told = used(
        work,
        tools,
        use(1, "save", '{"path": "saved", "text": "kept"}', namespace="files"),
        use(2, "save", f'{{"path": "{home}/.bashrc", "text": "evil"}}', namespace="files"),
    )

    assert told[0] == "saved"
    assert "denied" in told[1]
    assert not (home / ".bashrc").exists()


def test_what_a_person_lets_the_sdk_go_on_with_is_decided_all_the_same(work, home):
    async def main():
        guard = AsyncGuard(work)
        tools = [ApplyPatchTool(editor=GuardedEditor(guard), needs_approval=True)]
        agent = Agent(name="a", model=model, tools=guard_tools(tools, guard))
        config = RunConfig(tracing_disabled=True)
        result = await Runner.run(agent, "go on", run_config=config)
        asked = 0
        while result.interruptions:
            state = result.to_state()
            for waiting in result.interruptions:
                asked += 1
                state.approve(waiting)
            result = await Runner.run(agent, state, run_config=config)
        return asked

    model = Scripted(
        patch(1, "delete_file", str(home / "letter")), patch(2, "create_file", "new.py", "+x = 1\n")
    )

    assert asyncio.run(main()) == 2
    assert "never-delete-outside" in str(model.told[0]["output"])
    assert (home / "letter").exists()
    assert (work / "new.py").exists()


@pytest.mark.parametrize(
    "tool",
    [
        ShellTool(executor=lambda _request: "unguarded"),
        ShellTool(environment={"type": "container_auto"}),
        LocalShellTool(executor=lambda _request: "unguarded"),
        ApplyPatchTool(editor=object()),
        WebSearchTool(),
        {"type": "shell"},
    ],
    ids=lambda tool: type(tool).__name__,
)
def test_what_would_run_without_the_guard_is_said_when_it_is_given(work, tool):
    with pytest.raises(TypeError):
        guard_tools([tool], AsyncGuard(work))
