"""An agent with an MCP server, and `guard mcp` between the two: a call that is not permitted never reaches the server.

pip install 'execguard[openai-agents]'
OPENAI_API_KEY=... python mcp_agent.py MODEL ~/app "tidy up" notes -- notes-server --stdio

A reviewed policy says which of its tools are trusted: docs/mcp.md. About the others `guard approve` is asked.
"""

import asyncio
import sys

from agents import Agent, RunConfig, Runner
from agents.mcp import MCPServerStdio, MCPServerStdioParams


def guarded(name: str, server: list[str], workspace: str) -> MCPServerStdioParams:
    ask = "wait" if sys.stdin.isatty() else "deny"
    words = ["-I", "-m", "guard", "mcp", "--name", name, "--cwd", workspace, "--ask", ask, "--", *server]
    return {"command": sys.executable, "args": words, "cwd": workspace}


async def main(model: str, workspace: str, task: str, name: str, server: list[str]) -> None:
    # A person may take a while to answer: longer than the SDK waits for a tool unless it is told.
    async with MCPServerStdio(
        guarded(name, server, workspace), name=name, client_session_timeout_seconds=180
    ) as tools:
        agent = Agent(name="worker", model=model, mcp_servers=[tools])
        result = await Runner.run(agent, task, run_config=RunConfig(tracing_disabled=True), max_turns=50)
    print(result.final_output)


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(main(*given[:4], given[given.index("--") + 1 :]))
