"""The files that some clients load instead of starting a command: small, without imports but the runtime's own, fail closed.

A plugin that does not load lets every call through in OpenCode. So nothing is done at its top level, and what
`guard install` writes beside it leaves the client without tools until the plugin gives them back.
"""

import json

MARK = "written by `guard install`; remove it with `guard uninstall`"
SWITCH = "?*"
"""A name among OpenCode's permissions that matches every tool, and that nobody else writes: what a person has said of
`*` or of a tool stays as it is. The last one that matches counts."""
_WAIT_MS = 30_000


def cline(command: str) -> str:
    """Only words on standard output stop anything there; what ended without them is told by the shell."""
    words = json.dumps({"cancel": True, "errorMessage": "denied: guard did not start"})
    # Through a variable: half an answer of a hook that was killed must not stand before the deny.
    return (
        "#!/bin/sh\n"
        f"# {MARK}\n"
        f"said=$({command})\n"
        "case $? in\n"
        '0) [ -z "$said" ] || printf \'%s\\n\' "$said" ;;\n'
        f"*) case $said in '{{'*'}}') printf '%s\\n' \"$said\" ;; *) printf '%s\\n' '{words}' ;; esac ;;\n"
        "esac\n"
    )


_ASK = """\
import { spawn } from "node:child_process"

const COMMAND = @COMMAND
const WAIT_MS = @WAIT
const MAX = 64 * 1024 * 1024

// Not in the client's own thread: while that waits, nobody can look at the client or stop it.
function ask(payload) {
  return new Promise((resolve) => {
    const said = []
    const why = []
    let size = 0
    let late
    const end = (answer) => {
      clearTimeout(late)
      resolve(answer)
    }
    // With a process group of its own: what it has started ends with it.
    const hook = spawn("/bin/sh", ["-c", COMMAND], { detached: true, stdio: ["pipe", "pipe", "pipe"] })
    const stop = (problem) => {
      try {
        process.kill(-hook.pid, "SIGKILL")
      } catch (error) {
        hook.kill("SIGKILL")
      }
      end({ no: `denied: guard ${problem}` })
    }
    const keep = (blocks) => (block) => {
      size += block.length
      if (size > MAX) stop("gave an answer without an end")
      else blocks.push(block)
    }
    late = setTimeout(() => stop(`gave no answer within ${WAIT_MS / 1000} s`), WAIT_MS)
    hook.on("error", (error) => end({ no: `denied: guard did not start: ${error.message}` }))
    hook.on("close", (status) => end(answered(status, Buffer.concat(said).toString(), Buffer.concat(why).toString())))
    hook.stdout.on("data", keep(said))
    hook.stderr.on("data", keep(why))
    hook.stdin.on("error", () => {})
    hook.stdin.end(JSON.stringify(payload))
  })
}

function answered(status, said, why) {
  let given = null
  try {
    given = status === 0 ? JSON.parse(said) : null
  } catch (error) {
    given = null
  }
  if (given === null || typeof given !== "object") return { no: why.trim() || "denied: guard gave no answer" }
  if (given.decision !== "allow") return { no: given.reason || "denied: guard gave no reason" }
  return { no: "", arguments: given.arguments }
}

// What was judged is what runs: a plugin that comes later and changes it gets an error, and so does the call.
function settled(given) {
  if (given !== null && typeof given === "object") Object.values(Object.freeze(given)).forEach(settled)
}
"""
_OPENCODE = """
// A server's tool is called SERVER_TOOL, and so may one of the client's own be: which servers and tools there are, the
// client knows. Without its word nobody knows the tool.
async function named(tool, client) {
  if (!tool.includes("_")) return {}
  try {
    const [servers, own] = await Promise.all([client.mcp.status(), client.tool.ids()])
    return { servers: Object.keys(servers.data), own: own.data }
  } catch (error) {
    return { servers: null, own: null }
  }
}

export const Guard = async ({ client, directory }) => ({
  config: async (config) => {
    // As long as this stands there no tool is to be had: that is for a client that has not loaded us.
    if (config.permission && config.permission[@SWITCH] === "deny") delete config.permission[@SWITCH]
  },
  "tool.execute.before": async (input, output) => {
    const answer = await ask({
      hook_event_name: "tool.execute.before",
      input: { tool: input.tool, sessionID: input.sessionID, callID: input.callID },
      output: { args: output.args },
      directory,
      ...(await named(input.tool, client)),
    })
    if (answer.no) throw new Error(answer.no)
    // Another object of arguments would be ignored: the one that is there is changed.
    if (answer.arguments) Object.assign(output.args, answer.arguments)
    settled(output.args)
  },
})
"""
_PI = """
export default function (pi) {
  pi.on("tool_call", async (event, ctx) => {
    const answer = await ask({
      hook_event_name: "tool_call",
      event: { type: "tool_call", toolName: event.toolName, toolCallId: event.toolCallId, input: event.input },
      cwd: ctx.cwd,
    })
    if (answer.no) return { block: true, reason: answer.no }
    if (answer.arguments) Object.assign(event.input, answer.arguments)
    settled(event.input)
    return undefined
  })
}
"""


def opencode(command: str) -> str:
    return _filled(_ASK + _OPENCODE, command)


def pi(command: str) -> str:
    """TypeScript without a type: nothing has to be right but what runs."""
    return _filled(_ASK + _PI, command)


def _filled(text: str, command: str) -> str:
    # The command last: whatever stands in it is nobody's place.
    for name, value in (("WAIT", _WAIT_MS), ("SWITCH", SWITCH), ("COMMAND", command)):
        text = text.replace(f"@{name}", json.dumps(value))
    return f"// {MARK}\n{text}"
