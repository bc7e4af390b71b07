"""An agent in thirty lines: the SDK's tool runner, with the guard carrying out what the model asks for.

pip install 'execguard[anthropic]'
ANTHROPIC_API_KEY=... python anthropic_agent.py MODEL ~/app "make the tests pass"
"""

import sys

from anthropic import Anthropic, beta_tool

from guard import Guard, Question
from guard.integrations.anthropic_tools import GuardedBash, GuardedEditor, guard_tools


def at_the_terminal(question: Question) -> bool:
    print(f"\n{question.text}")
    return sys.stdin.isatty() and input(f"run `{question.call}`? only yes runs it: ") == "yes"


@beta_tool
def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


def main(model: str, workspace: str, task: str) -> None:
    guard = Guard(workspace, approve=at_the_terminal, agent="anthropic-agent")
    runner = Anthropic().beta.messages.tool_runner(
        model=model,
        max_tokens=4096,
        messages=[{"role": "user", "content": task}],
        # Nobody need be asked before two numbers are added; a tool that is not named in `calls` may do anything.
        tools=guard_tools(
            [GuardedBash(guard, timeout_s=600), GuardedEditor(guard), add],
            guard,
            calls={"add": lambda _: None},
        ),
    )
    for message in runner:
        for block in message.content:
            if block.type == "text":
                print(block.text)


if __name__ == "__main__":
    main(*sys.argv[1:4])
