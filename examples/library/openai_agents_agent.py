"""The OpenAI Agents SDK with the guard carrying out commands and patches, and before every call of a function tool.

pip install 'execguard[openai-agents]'
OPENAI_API_KEY=... python openai_agents_agent.py MODEL ~/app "make the tests pass"
"""

import asyncio
import os
import sys
from pathlib import Path

from agents import Agent, ApplyPatchOperation, ApplyPatchTool, RunConfig, Runner, ShellTool, function_tool

from guard import AsyncGuard, Question, Write
from guard.integrations.openai_agents import GuardedEditor, GuardedShell, guard_tools


async def yes(words: str) -> bool:
    print(f"\n{words}")
    return sys.stdin.isatty() and await asyncio.to_thread(input, "only yes does it: ") == "yes"


async def at_the_terminal(question: Question) -> bool:
    return await yes(f"{question.text}\nrun `{question.call}`?")


@function_tool
def save_note(path: str, text: str) -> str:
    """Save a note."""
    Path(path).write_text(text)
    return f"saved {path}"


async def deletes(_context: object, operation: ApplyPatchOperation, _call_id: str) -> bool:
    """A wish of this program's own: the SDK interrupts the run. What a person lets go on is decided all the same."""
    return operation.type == "delete_file"


async def main(model: str, workspace: str, task: str) -> None:
    os.chdir(workspace)  # a path that is not absolute is decided as one in the guard's directory
    guard = AsyncGuard(workspace, approve=at_the_terminal, agent="openai-agents-agent")
    agent = Agent(
        name="worker",
        model=model,
        tools=guard_tools(
            [
                ShellTool(executor=GuardedShell(guard)),
                ApplyPatchTool(editor=GuardedEditor(guard), needs_approval=deletes),
                save_note,
            ],
            guard,
            calls={"save_note": lambda given: Write(given["path"], given["text"])},
        ),
    )
    config = RunConfig(tracing_disabled=True)
    result = await Runner.run(agent, task, run_config=config, max_turns=50)
    while result.interruptions:
        state = result.to_state()
        for waiting in result.interruptions:
            if await yes(f"{waiting.name}: {waiting.raw_item}"):
                state.approve(waiting)
            else:
                state.reject(waiting)
        result = await Runner.run(agent, state, run_config=config)
    print(result.final_output)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
