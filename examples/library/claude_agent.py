"""The Claude Agent SDK with the guard before every call: its own client runs the tools, and asks first.

pip install 'execguard[claude-agent-sdk]'
ANTHROPIC_API_KEY=... python claude_agent.py MODEL ~/app "make the tests pass"
"""

import asyncio
import sys

from claude_agent_sdk import AssistantMessage, ClaudeAgentOptions, TextBlock, query

from guard import AsyncGuard, Question
from guard.integrations.claude_agent import options


async def at_the_terminal(question: Question) -> bool:
    print(f"\n{question.text}")
    if not sys.stdin.isatty():
        return False
    return await asyncio.to_thread(input, f"run `{question.call}`? only yes runs it: ") == "yes"


async def main(model: str, workspace: str, task: str) -> None:
    guard = AsyncGuard(workspace, approve=at_the_terminal, agent="claude-agent")
    async for message in query(prompt=task, options=options(guard, ClaudeAgentOptions(model=model))):
        if isinstance(message, AssistantMessage):
            for block in message.content:
                if isinstance(block, TextBlock):
                    print(block.text)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
