"""A scratch home with a git workspace, and the guard's real command line on it."""

import contextlib
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from guard.audit.log import AuditLog


def hidden(command: str) -> str:
    """``command`` with its Python code written so that no reader follows it: it does the same and is contained."""

    def hide(found: re.Match[str]) -> str:
        code = found[1].encode().hex()
        return f'python3 -c \'getattr(__builtins__, "exec")(bytes.fromhex("{code}"))\''

    return re.sub(r"python3 -c '([^']*)'", hide, command)


class Machine:
    def __init__(self, root: Path) -> None:
        self.python = sys.executable
        self.home, self.work = root / "home", root / "home" / "work"
        self.state = self.home / ".local/state/guard"
        self.work.mkdir(parents=True)
        (self.home / "precious").write_text("canary\n")
        (self.work / "README").write_text("read me\n")
        (self.work / "src").mkdir()
        (self.work / "src" / "a.py").write_text("a\n")
        self.env = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        for command in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
        ):
            subprocess.run(
                ["git", *command], cwd=self.work, check=True, env={**self.env, "GIT_CONFIG_NOSYSTEM": "1"}
            )

    def argv(self, *arguments: str) -> list[str]:
        return [self.python, "-m", "guard", *map(hidden, arguments)]

    def as_somebody_else(self, who: dict) -> bool:
        """Find an interpreter of the same version that ``who`` can start, with our libraries; whether there is one."""
        libraries = sysconfig.get_path("purelib")
        for self.python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
            self.env["PYTHONPATH"] = f"{Path(__file__).parents[2]}:{libraries}"
            with contextlib.suppress(OSError):
                if self.run("policy", "check", **who).returncode == 0:
                    return True
        return False

    def run(self, *arguments: str, stdin: bytes = b"", **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.argv(*arguments),
            cwd=self.work,
            env=self.env,
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            **options,
        )

    def exec(self, command: str, *options: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
        return self.run("exec", "--ask", "deny", *options, "--", command, stdin=stdin)

    def report(self, command: str, *options: str) -> dict:
        """The report of a run whose command says nothing itself."""
        return json.loads(self.exec(command, "--json", "1", *options).stdout)

    def records(self, kind: str = "") -> list[dict]:
        log = AuditLog(str(self.state / "audit"))
        return [record for record in log.records() if not kind or record["type"] == kind]
