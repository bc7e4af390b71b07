"""The OpenAI Agents SDK's own runner, with a model of a script: what it is told, and what became of the machine."""

import asyncio
import os

from agents import Agent, ApplyPatchTool, Model, ModelResponse, RunConfig, Runner, ShellTool, Usage
from openai.types.responses import (
    ResponseApplyPatchToolCall,
    ResponseFunctionShellToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from guard import AsyncGuard
from guard.integrations.openai_agents import GuardedEditor, GuardedShell


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
