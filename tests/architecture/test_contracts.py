import json
import os
import re
import subprocess
import sys
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAVY = {"pydantic", "structlog", "docker", "anthropic", "watchdog", "yaml", "rich", "bashlex"}
SLOW = {
    *("typing", "re", "enum", "json", "hashlib", "functools", "collections", "contextlib", "signal", "importlib", "types", "warnings"),
    *("dataclasses", "inspect", "pathlib", "subprocess", "argparse", "shlex", "tempfile", "datetime", "logging", "ast"),
}  # fmt: skip
"""Modules of the standard library that cost more than what a hook needs of them."""


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [
        name for name in listing.decode().split("\0") if name and os.path.isfile(os.path.join(ROOT, name))
    ]


def text(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def test_packages_import_lower_layers_only():
    lint = os.path.join(os.path.dirname(sys.executable), "lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_loads_nothing_but_the_standard_library(tmp_path):
    home, work = tmp_path / "home", tmp_path / "home" / "app"
    work.mkdir(parents=True)
    payload = {
        "session_id": "s",
        "transcript_path": str(home / "t"),
        "cwd": str(work),
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": "ls"},
    }
    program = (
        "import os, sys\n"
        f"sys.path.append({ROOT!r})\n"
        "leave = os._exit\n"
        "def told(status):\n"
        "    os.write(2, chr(10).join(sys.modules).encode())\n"
        "    leave(status)\n"
        "os._exit = told\n"
        "sys.argv = ['guard', 'hook', 'claude-code']\n"
        "from guard.__main__ import main\n"
        "main()\n"
    )
    env = {"HOME": str(home), "PATH": os.environ["PATH"]}
    loaded = set()
    for _ in range(2):  # the second time with the compiled policy
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            input=json.dumps(payload),
            env=env,
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
        )

        modules = done.stderr.splitlines()
        loaded = {line.split(".")[0] for line in modules}
        assert "guard" in loaded, done.stderr
        assert not loaded & HEAVY
    assert not loaded & SLOW, done.stderr
    assert len([name for name in modules if name.startswith("guard.")]) < 116
    # Of the clients only the one that was asked for.
    needed = "refusal table codec strict_json calls dialect claude_code".split()
    assert {name for name in modules if name.startswith("guard.agents.")} == {
        f"guard.agents.{name}" for name in needed
    }


def test_no_file_names_what_is_not_part_of_the_project():
    words = re.compile("/" + r"work/(?:main|shared|notes)(?![\w.])|" + r"\.\./" + "shared/")

    assert [name for name in tracked() if words.search(text(name))] == []


def test_the_default_install_needs_nothing_under_the_gpl():
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    imports = [
        n
        for n in tracked()
        if n.startswith(("guard/", "sandbox/"))
        and re.search(r"^\s*(?:import|from) bashlex", text(n), re.MULTILINE)
    ]

    assert not any("bashlex" in need for need in project["dependencies"])
    assert imports == []


def subparsers(parser):
    """Every parser below ``parser``, with the words that lead to it."""
    for action in parser._actions:
        for name, sub in (
            (getattr(action, "choices", None) or {}).items() if hasattr(action, "add_parser") else ()
        ):
            yield (name,), sub
            yield from (((name, *words), inner) for words, inner in subparsers(sub))


def test_every_command_and_option_of_the_command_line_is_documented():
    from guard.cli.main import SUBCOMMANDS, parser

    page = text("docs/cli.md")
    assert [name for name in (*SUBCOMMANDS, "hook") if f"### guard {name}" not in page] == []
    missing = [
        f"{' '.join(words)} {option}"
        for words, sub in subparsers(parser())
        for action in sub._actions
        for option in action.option_strings
        if option not in {"-h", "--help"} and f"`{option}" not in page
    ]
    assert missing == []


def test_the_table_of_exit_codes_is_the_codes():
    from guard.cli import exit_codes

    table = text("docs/cli.md").split("## Exit codes")[1].split("\n\n")[1]
    written = {int(row.split("|")[1]) for row in table.splitlines()[2:]}

    assert written == {value for name, value in vars(exit_codes).items() if name.isupper()}


def test_the_codes_are_the_same_wherever_they_are_named():
    from guard.cli.exit_codes import ASK, DENY, FAILED, FINDINGS, HELD, OK, USAGE
    from guard.cli.main import EPILOG

    codes = {OK, FINDINGS, USAGE, FAILED, ASK, DENY, HELD}
    table = text("README.md").split("## Exit codes")[1].split("\n\n")[1]
    assert {int(row.split("|")[1]) for row in table.splitlines()[2:]} == codes
    assert {int(code) for code in re.findall(r"(?:^| )(\d+) [a-z]", EPILOG, re.MULTILINE)} == codes


def test_every_variable_that_is_read_is_documented():
    page = text("docs/cli.md").split("## Environment")[1]
    reads = re.compile(
        r'(?:environ|variables)\.get\(\s*"([A-Z_]+)"|^[A-Z_]*VARIABLE = "([A-Z_]+)"', re.MULTILINE
    )
    named = {
        first or second
        for name in tracked()
        if name.startswith(("guard/", "sandbox/")) and name.endswith(".py")
        for first, second in reads.findall(text(name))
    }

    assert {"GUARD_LOG", "NO_COLOR", "XDG_STATE_HOME"} <= named
    assert [name for name in sorted(named) if f"`{name}`" not in page] == []


def test_the_wheel_holds_the_policies_and_the_licence(tmp_path):
    wheel = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), ROOT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert wheel.returncode == 0, wheel.stderr
    site = tmp_path / "site"
    (built,) = tmp_path.glob("execguard-*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(built), str(site)], check=True)

    assert (site / "guard" / "policies" / "builtin" / "files" / "policy.yaml").is_file()
    assert list(site.glob("execguard-*.dist-info/**/LICENSE"))
    help_ = subprocess.run(
        [sys.executable, "-m", "guard", "demo", "--help"], cwd=tmp_path, env={"PYTHONPATH": str(site), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert help_.returncode == 0, help_.stderr
