"""The OpenHands SDK with the guard before every action: what it does not permit, stops before it happens.

pip install 'execguard[openhands]' openhands-tools
LLM_API_KEY=... python openhands_agent.py MODEL ~/app "mend the bug" [BASE_URL]
"""

import os
import sys

from openhands.sdk import LLM, Agent, Conversation, Tool
from openhands.tools.file_editor import FileEditorTool
from openhands.tools.terminal import TerminalTool
from pydantic import SecretStr

from guard import AsyncGuard, Question
from guard.integrations.openhands import Guarded


def at_the_terminal(question: Question) -> bool:
    print(f"\n{question.text}")
    return sys.stdin.isatty() and input(f"run `{question.call}`? only yes runs it: ") == "yes"


def main(model: str, workspace: str, task: str, base_url: str | None = None) -> None:
    llm = LLM(model=model, base_url=base_url, api_key=SecretStr(os.environ["LLM_API_KEY"]))
    agent = Agent(llm=llm, tools=[Tool(name=TerminalTool.name), Tool(name=FileEditorTool.name)])
    conversation = Conversation(agent=agent, workspace=workspace)
    guard = AsyncGuard(workspace, approve=at_the_terminal, agent="openhands")
    conversation.send_message(task)
    Guarded(conversation, guard).run()
    conversation.close()


if __name__ == "__main__":
    main(*sys.argv[1:5])
