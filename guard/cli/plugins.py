"""The files that some clients load instead of starting a command: small, without imports but the runtime's own, fail closed.

A plugin that does not load lets every call through in OpenCode, so nothing is done at its top level.
"""

import json

MARK = "written by `guard install`; remove it with `guard uninstall`"
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
  const asked = spawnSync("/bin/sh", ["-c", COMMAND], {{
    input: JSON.stringify(payload),
    timeout: {wait},
    maxBuffer: 64 * 1024 * 1024,
    encoding: "utf8",
    killSignal: "SIGKILL",
  }})
  let said = null
  try {{
    said = asked.status === 0 ? JSON.parse(asked.stdout) : null
  }} catch (error) {{
    said = null
  }}
  if (said === null || typeof said !== "object") return {{ no: (asked.stderr || "").trim() || "denied: guard gave no answer" }}
  if (said.decision !== "allow") return {{ no: said.reason || "denied: guard gave no reason" }}
  return {{ no: "", arguments: said.arguments }}
"""


def opencode(command: str) -> str:
    """The client ignores another object of arguments: the one that is there has to be changed."""
    ask = _ASK.format(wait=_WAIT_MS)
    return f"""\
// {MARK}
import {{ spawnSync }} from "node:child_process"

const COMMAND = {json.dumps(command)}

function ask(payload) {{
{ask}}}

export const Guard = async ({{ directory }}) => ({{
  "tool.execute.before": async (input, output) => {{
    const answer = ask({{
      hook_event_name: "tool.execute.before",
      input: {{ tool: input.tool, sessionID: input.sessionID, callID: input.callID }},
      output: {{ args: output.args }},
      directory,
    }})
    if (answer.no) throw new Error(answer.no)
    if (answer.arguments) Object.assign(output.args, answer.arguments)
  }},
}})
"""


def pi(command: str) -> str:
    ask = _ASK.format(wait=_WAIT_MS)
    return f"""\
// {MARK}
import {{ spawnSync }} from "node:child_process"

const COMMAND = {json.dumps(command)}

function ask(payload: object): {{ no: string; arguments?: object }} {{
{ask}}}

export default function (pi: any) {{
  pi.on("tool_call", async (event: any, ctx: any) => {{
    const answer = ask({{
      hook_event_name: "tool_call",
      event: {{ type: "tool_call", toolName: event.toolName, toolCallId: event.toolCallId, input: event.input }},
      cwd: ctx.cwd,
    }})
    if (answer.no) return {{ block: true, reason: answer.no }}
    if (answer.arguments) Object.assign(event.input, answer.arguments)
    return undefined
  }})
}}
"""
