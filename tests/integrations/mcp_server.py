"""A real MCP server: what it was asked to do stands in the file it is given; after that, names of more tools."""

import os
import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("files")
LOG = sys.argv[1]


@server.tool()
def remove(path: str) -> str:
    """Remove a file."""
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(f"remove {path}\n")
    os.unlink(path)
    return f"removed {path}"


@server.resource("note://one")
def note() -> str:
    """A note."""
    return "a note"


def keep(text: str) -> str:
    """Keep a text."""
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(f"keep {text}\n")
    return f"kept {text}"


for name in sys.argv[2:]:
    server.add_tool(keep, name=name)

if __name__ == "__main__":
    sys.stdout.write("this line is no message\n")
    sys.stdout.flush()
    server.run()
