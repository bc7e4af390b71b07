"""What ``guard hook claude-code`` may say, and real processes that say it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.enforce.machine import Machine

RECORDED = Path(__file__).parents[1] / "cases" / "agents" / "claude-code"
REFUSAL = {
    "decision",
    "reason",
    "cancel",
    "errorMessage",
    "permission",
    "permissionDecision",
    "permissionDecisionReason",
    "hookSpecificOutput",
}


def recorded(name: str) -> dict:
    return json.loads((RECORDED / f"{name}.json").read_text())


@dataclass(frozen=True)
class Answer:
    stdout: bytes
    stderr: bytes
    status: int

    @property
    def verdict(self) -> str:
        """What the client takes from it; AssertionError when it is not exactly one answer of a documented shape."""
        return verdict(self.stdout, self.status)

    @property
    def reason(self) -> str:
        return json.loads(self.stdout)["hookSpecificOutput"]["permissionDecisionReason"]


def verdict(stdout: bytes, status: int) -> str:
    """``nothing`` (no objection), ``allow`` (a rewritten command), ``ask`` or ``deny``."""
    assert status in {0, 2}, (status, stdout)
    if not stdout:
        return "deny" if status == 2 else "nothing"
    assert stdout.endswith(b"\n")
    assert stdout.count(b"\n") == 1, stdout
    assert stdout.isascii()
    body = json.loads(stdout, object_pairs_hook=_once, parse_constant=_never)
    output = body["hookSpecificOutput"]
    says = output["permissionDecision"]
    assert output["hookEventName"] == "PreToolUse"
    if status == 2:
        # Old clients obey any JSON before the status: what stands there must be a deny in every dialect.
        assert set(body) == REFUSAL
        assert (body["decision"], body["cancel"], body["permission"], says) == ("block", True, "deny", "deny")
    else:
        assert set(body) == {"hookSpecificOutput"}
        assert says in {"allow", "ask", "deny"}
    if says == "allow":
        assert set(output) == {"hookEventName", "permissionDecision", "updatedInput"}
        assert " exec --workspace /" in output["updatedInput"]["command"]
    else:
        assert set(output) == {"hookEventName", "permissionDecision", "permissionDecisionReason"}
        assert output["permissionDecisionReason"].strip()
    return says


def _once(pairs: list) -> dict:
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)


def _never(name: str) -> None:
    raise AssertionError(f"`{name}` is not JSON")


class Client(Machine):
    """A client on a scratch machine: it starts the hook as the real one does."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.env["CLAUDE_PROJECT_DIR"] = str(self.work)

    def payload(self, tool: str = "Read", arguments: dict | None = None, **event: object) -> bytes:
        chosen = arguments if arguments is not None else {"file_path": str(self.work / "README")}
        return json.dumps(
            {
                "session_id": "s",
                "cwd": str(self.work),
                "hook_event_name": "PreToolUse",
                "tool_name": tool,
                "tool_input": chosen,
                "tool_use_id": "toolu_1",
                **event,
            }
        ).encode()

    def shell(self, command: str, **event: object) -> bytes:
        return self.payload("Bash", {"command": command}, **event)

    def hook(self, payload: bytes, **options) -> Answer:
        return self.start(self.argv("hook", "claude-code"), payload, **options)

    def patched(self, program: str, payload: bytes, **options) -> Answer:
        """The hook with something wrong inside: ``program`` runs before it in the same interpreter."""
        text = f"import sys\nsys.argv = ['guard', 'hook', 'claude-code']\n{program}\nfrom guard.__main__ import main\nmain()\n"
        return self.start([sys.executable, "-c", text], payload, **options)

    def start(self, command: list[str], payload: bytes, **options) -> Answer:
        done = subprocess.run(
            command,
            input=payload,
            capture_output=True,
            timeout=60,
            check=False,
            **{"cwd": self.work, "env": self.env, **options},
        )
        return Answer(done.stdout, done.stderr, done.returncode)


def without_privileges(command: list[str]) -> list[str]:
    """``command`` bound by the modes of files, as it is for everybody but root."""
    if os.getuid() != 0:
        return command
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--", *command]
