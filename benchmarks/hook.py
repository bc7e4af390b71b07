"""The whole hook process against a bare interpreter, in the same run."""

import json
import os
import sys
import tempfile

from ratios import arguments, compare, process, show

from guard.cli import registration

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main() -> None:
    args = arguments(__doc__ or "", 40)
    with tempfile.TemporaryDirectory() as home:
        workspace = os.path.join(home, "app")
        os.mkdir(workspace)
        env = {"HOME": home, "PATH": os.environ["PATH"], "PYTHONPATH": ROOT}
        payload = {
            "session_id": "bench",
            "transcript_path": os.path.join(home, "t.jsonl"),
            "cwd": workspace,
            "permission_mode": "default",
            "hook_event_name": "PreToolUse",
            "tool_name": "Bash",
            "tool_input": {"command": "git status && ls -la src | head -n 20"},
        }
        stdin = json.dumps(payload).encode()
        core = f"import sys; sys.path.append({ROOT!r}); import guard.engine.analyse, guard.policy.evaluate"
        table = compare(
            {
                "python -I -S -c pass": lambda: process([sys.executable, "-I", "-S", "-c", "pass"]),
                "guard hook claude-code": lambda: process(
                    [sys.executable, "-m", "guard", "hook", "claude-code"], stdin=stdin, env=env
                ),
                "guard hook, as registered": lambda: process(
                    ["sh", "-c", registration.command()], stdin=stdin, env=env
                ),
                "the same, -I -S and by its file": lambda: process(
                    [
                        sys.executable,
                        "-I",
                        "-S",
                        os.path.join(ROOT, "guard", "__main__.py"),
                        "hook",
                        "claude-code",
                    ],
                    stdin=stdin,
                    env=env,
                ),
                "importing the pure core": lambda: process([sys.executable, "-I", "-S", "-c", core]),
                "guard check": lambda: process(
                    [sys.executable, "-m", "guard", "check", "--cwd", workspace, "--", "git status"], env=env
                ),
            },
            args.rounds,
        )
    show("hook process", table, as_json=args.json)


if __name__ == "__main__":
    main()
