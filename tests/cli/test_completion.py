"""Completion as the shells themselves do it: bash and fish asked for it, zsh typed at, in a terminal."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

TYPED = {
    "guard ch": {"check", "changes"},
    "guard h": {"hook"},
    "guard hook ": {"claude-code"},
    "guard changes ": {"list", "show", "apply", "drop"},
    "guard check --le": {"--level"},
    "guard check --level ": {"advice", "contained", "enclosed"},
    "guard exec --as": {"--ask"},
    "guard audit ver": {"verify"},
    "guard completion ": {"bash", "zsh", "fish", "tcsh"},
}
PREPARE = (
    "autoload -Uz compinit; compinit -u -D; eval \"$(<$SCRIPT)\"; LISTMAX=9999; bindkey '^I' list-choices; "
    "told() { print end-of-'list' }; zle -N told; bindkey '^X' told; print rea''dy\n"
)


@pytest.fixture
def script(user, request):
    path = user.home / f"guard.{request.param}"
    path.write_bytes(user.guard("completion", request.param).stdout)
    return path


@pytest.mark.parametrize("line", TYPED)
def test_bash_completes_commands_and_options(user, line):
    # As bash does it: the words so far, and the function that `complete` has registered.
    program = (
        'source <("$@")\n'
        'read -ra COMP_WORDS <<<"$LINE"; [[ $LINE == *" " ]] && COMP_WORDS+=("")\n'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$LINE; COMP_POINT=${#LINE}; COMPREPLY=()\n"
        "spec=$(complete -p guard) || exit 9; [[ $spec =~ -F\\ ([^ ]+) ]] || exit 8\n"
        '"${BASH_REMATCH[1]}" guard "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", program, "x", *user.argv("completion", "bash")],
        env={**user.env, "LINE": line},
        cwd=user.work,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    offered = {word for word in done.stdout.split() if word}
    assert TYPED[line] <= offered
    assert all(word.startswith(line.split(" ")[-1]) for word in offered), offered


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish here")
@pytest.mark.parametrize("script", ["fish"], indirect=True)
def test_fish_completes_commands_and_options(user, script):
    for line, expected in TYPED.items():
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"],
            env=user.env,
            cwd=user.work,
            capture_output=True,
            text=True,
            check=False,
        )
        offered = {one.split("\t")[0] for one in done.stdout.splitlines()}

        assert (done.returncode, done.stderr) == (0, "")
        assert expected <= offered
        assert all(word.startswith(line.split(" ")[-1]) for word in offered), offered


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh here")
@pytest.mark.parametrize("script", ["zsh"], indirect=True)
@pytest.mark.parametrize("line", TYPED)
def test_zsh_in_a_terminal_completes_commands_and_options(user, script, line):
    shown = typed_at_zsh(script, line, user)

    missing = {word for word in TYPED[line] if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", shown)}
    assert missing == set(), shown


def typed_at_zsh(script, line, user):
    """What the terminal shows after ``line`` and a tab."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(user.work)
        os.execvpe(
            "zsh", ["zsh", "-f", "-i"], {**user.env, "TERM": "dumb", "SCRIPT": str(script), "PS1": "> "}
        )
    try:
        os.write(terminal, PREPARE.encode())
        until(terminal, b"ready\r")
        os.write(terminal, f"{line}\t\x18".encode())
        return until(terminal, b"end-of-list")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def until(terminal, mark, seconds=20):
    shown, end = b"", time.monotonic() + seconds
    while mark not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 1 << 16)
    return shown.decode(errors="replace")


@pytest.mark.parametrize(("shell", "flag"), [("bash", "-n"), ("zsh", "-n"), ("fish", "-n"), ("tcsh", "-fn")])
def test_a_completion_script_is_one(user, shell, flag):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    script = user.guard("completion", shell).stdout
    done = subprocess.run([shell, flag], input=script, capture_output=True, check=False)

    assert script
    assert (done.returncode, done.stderr) == (0, b"")
