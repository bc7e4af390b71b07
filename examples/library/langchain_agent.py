"""LangChain's agent behind a middleware: the guard runs its commands, and decides every other call before it is made.

pip install 'execguard[langchain]' langchain-anthropic
ANTHROPIC_API_KEY=... python langchain_agent.py anthropic:MODEL ~/app "make the tests pass"
"""

import os
import sys
from pathlib import Path

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_core.tools import tool

from guard import Guard, Question, Write
from guard.integrations.langchain import GuardMiddleware


def at_the_terminal(question: Question) -> bool:
    print(f"\n{question.text}")
    return sys.stdin.isatty() and input(f"run `{question.call}`? only yes runs it: ") == "yes"


@tool
def shell(command: str) -> str:
    """Run a command with bash."""
    raise NotImplementedError(command)  # the middleware runs it: without one, nothing does


@tool
def save_note(path: str, text: str) -> str:
    """Save a note."""
    Path(path).write_text(text)
    return f"saved {path}"


def main(model: str, workspace: str, task: str) -> None:
    os.chdir(workspace)  # a path that is not absolute is decided as one in the guard's directory
    guard = Guard(workspace, approve=at_the_terminal, agent="langchain-agent")
    guarded = GuardMiddleware(guard, calls={"save_note": lambda given: Write(given["path"], given["text"])})
    agent = create_agent(init_chat_model(model), [shell, save_note], middleware=[guarded])
    result = agent.invoke({"messages": [{"role": "user", "content": task}]}, {"recursion_limit": 200})
    print(result["messages"][-1].text)


if __name__ == "__main__":
    main(*sys.argv[1:4])
