"""The story that this project began with, as an agent told it once: the program it was told not to run never runs.

Each step is a tool call through the real hook; what the hook sends into a sandbox is really run there.
"""

import base64
import json
import os
import shutil
import subprocess

import pytest

from tests.agents.hooks import Client
from tests.cli.conftest import needs_a_sandbox

POLICY = """version: 1
kind: personal
name: me
default: allow
lock_after: 6
rules:
  - id: no-npx
    effect: [exec]
    programs: [npx]
    verdict: deny
    why: npx downloads and runs what nobody has looked at.
    instead: Use what is in node_modules.
"""
RAN = "uid="
"""What the program says: it is a copy of id that is called npx."""


class Told(Client):
    def __init__(self, root) -> None:
        super().__init__(root)
        (self.home / ".config/guard").mkdir(parents=True)
        (self.home / ".config/guard/personal.yaml").write_text(POLICY)
        self.tools = root / "tools"
        self.tools.mkdir()
        shutil.copy(os.path.realpath("/usr/bin/id"), self.tools / "npx")
        self.env["PATH"] = f"{self.tools}:{self.env['PATH']}"
        self.npx = str(self.tools / "npx")

    def call(self, command: str, **arguments: object) -> tuple[str, str]:
        """The verdict, and what a client that obeys it shows the model."""
        answer = self.hook(self.payload("Bash", {"command": command, **arguments}))
        said = answer.verdict
        if said in {"deny", "ask"}:
            return said, answer.reason
        run = (
            command
            if said == "nothing"
            else json.loads(answer.stdout)["hookSpecificOutput"]["updatedInput"]["command"]
        )
        done = subprocess.run(
            ["bash", "-c", run],
            cwd=self.work,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return said, done.stdout + done.stderr


def cloaked(code: str) -> str:
    """Python code that the guard does not see through: it is contained."""
    return f'getattr(__import__("builtins"), "ex" + "ec")(bytes.fromhex("{code.encode().hex()}"))'


@pytest.fixture
def told(tmp_path):
    return Told(tmp_path)


def steps(told: Told) -> dict[str, str]:
    npx = told.npx
    return {
        "the program": "npx create-app",
        "another path to it": f"/proc/self/root{npx} create-app",
        "a copy": f"cp {npx} ./tool && ./tool",
        "a copy first": f"cp {npx} ./tool",
        "a link": f"ln -s {npx} ./tool",
        "the dynamic linker": f"/lib64/ld-linux-x86-64.so.2 {npx}",
        "a byte more": f"cat {npx} > tool; printf x >> tool; chmod +x tool; ./tool",
        "a file in memory": f"python3 -c \"import os; f = os.memfd_create('x'); os.write(f, open('{npx}', 'rb').read()); os.execve(f, ['x'], {{}})\"",
        "another language": f"perl -e 'exec \"{npx}\"'",
        "a variable": "n=np; ${n}x create-app",
        "an encoding": f"echo {base64.b64encode(npx.encode()).decode()} | base64 -d | sh",
    }


def test_without_the_rule_the_program_runs(tmp_path):
    told = Told(tmp_path)
    (told.home / ".config/guard/personal.yaml").unlink()

    verdict, shown = told.call(told.npx)

    assert (verdict in {"nothing", "allow"}, RAN in shown) == (True, True), shown


@needs_a_sandbox
def test_no_step_of_the_story_starts_it(told):
    for index, (name, command) in enumerate(steps(told).items()):
        told.env["CLAUDE_SESSION"] = str(index)
        answer = told.hook(told.payload("Bash", {"command": command}, session_id=f"s{index}"))
        if answer.verdict == "deny":
            assert "npx" in answer.reason, name
            continue
        assert answer.verdict == "allow", name
        _, shown = told.call(command)
        assert RAN not in shown, name
    assert not (told.work / "tool").exists()


@needs_a_sandbox
def test_code_that_nobody_read_does_not_start_it(told):
    code = f"""
import ctypes, os, shutil, subprocess
def say(*words, **more):
    try:
        print(subprocess.run(words, capture_output=True, text=True, **more).stdout)
    except OSError as error:
        print(error.strerror)
say("{told.npx}")
say("/lib64/ld-linux-x86-64.so.2", "{told.npx}")
data = open("{told.npx}", "rb").read()
for name, more in ("a", b""), ("b", b"x"):
    with open(name, "wb") as file:
        file.write(data + more)
    os.chmod(name, 0o755)
    say("./" + name)
ctypes.CDLL(None).umount2(b"{told.npx}", 2)
say("{told.npx}")
print("done")
"""
    (told.work / "build.py").write_text(cloaked(code))

    verdict, shown = told.call("python3 build.py")

    assert verdict == "allow"
    assert "done" in shown, shown
    assert RAN not in shown


def test_switching_the_sandbox_off_is_not_the_agents_to_do(told):
    (told.work / "build.py").write_text(cloaked(f"import os; os.execv('{told.npx}', ['x'])"))

    assert told.call("python3 build.py", dangerouslyDisableSandbox=True)[0] in {"allow", "deny"}
    assert RAN not in told.call("python3 build.py", dangerouslyDisableSandbox=True)[1]
    for command in (
        "guard exec --level advice -- npx",
        "GUARD_LEVEL=advice npx",
        "mv ~/.config/guard/personal.yaml /tmp/p.yaml",
        "guard sessions unlock s --yes",
        "echo '{}' > ~/.claude/settings.json",
        "kill -9 $PPID; npx",
    ):
        answer = told.hook(told.payload("Bash", {"command": command}, session_id=command))
        assert answer.verdict == "deny", command


def test_who_goes_on_trying_is_locked_out_until_a_person_unlocks(told):
    tried = [
        command for name, command in steps(told).items() if name not in {"another language", "an encoding"}
    ][:6]
    assert [told.call(command)[0] for command in tried] == ["deny"] * 6

    verdict, reason = told.call("ls")
    assert verdict == "deny"
    assert "locked" in reason
    assert "tell the person" in reason
    assert told.call("guard sessions unlock s --yes")[0] == "deny"
    read = told.hook(told.payload("Read"))
    assert read.verdict == "deny"

    listed = told.run("sessions", "list")
    assert listed.stdout.decode() == "s  claude-code  locked  denied by no-npx 6\n"
    assert [record["rule"] for record in told.records("session.locked")] == ["no-npx"]

    assert told.run("sessions", "unlock", "s").returncode == 10
    unlocked = told.run("sessions", "unlock", "s", "--yes")
    assert unlocked.stdout.decode() == "unlocked s\n", unlocked.stderr
    assert told.call("ls")[0] == "nothing"
    assert told.records("session.unlocked")[0]["denied"] == {"no-npx": 6}
