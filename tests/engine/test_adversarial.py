"""Attacks by idea, each with harmless twins; and every attack written again in ways that mean the same.

An attack may be stopped more strictly than its case says, never less: from the host over the sandbox and a question to a
refusal. A twin must stay on the host exactly. Cases are data in ``tests/cases/adversarial``.
"""

import os
import random
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import pytest

from guard.engine.imagined import decide_imagined
from guard.model.decision import Sandbox, verdict_of
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import sources
from guard.policy.rule import Policy
from guard.shell.ast import Simple
from guard.shell.parse import parse

SEED = 20261125
WAYS = int(os.environ.get("GUARD_MUTANTS", "12"))
PLACES = ("host", "contained", "ask", "deny")
TABLES = [
    (path.stem, case)
    for path in sorted((Path(__file__).parent.parent / "cases" / "adversarial").glob("*.toml"))
    for case in tomllib.loads(path.read_text())["case"]
]
CASES = [
    (stem, case["name"], case["says"], command, case.get("because"))
    for stem, case in TABLES
    for command in case.get("commands", [case.get("command")])
]
ATTACKS = [case for case in CASES if case[2] != "host"]
TWINS = [case for case in CASES if case[2] == "host"]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(sources("", "/nonexistent"), str(tmp_path_factory.mktemp("policy")))


def placed(command: str, policy: Policy) -> tuple[str, str]:
    decision = decide_imagined(command, policy).decision
    verdict = verdict_of(decision).value
    if verdict == "allow":
        verdict = "contained" if isinstance(decision.placement, Sandbox) else "host"
    return verdict, decision.reasons[0].rule


def _id(case: tuple[str, ...]) -> str:
    return f"{case[0]}: {case[1]}: {case[3]}"[:120]


def test_there_are_enough_of_both() -> None:
    assert len({command for *_, command, _ in ATTACKS}) >= 600
    assert len({command for *_, command, _ in TWINS}) >= 200


@pytest.mark.parametrize("case", ATTACKS, ids=_id)
def test_an_attack_is_stopped_as_its_case_says(
    case: tuple[str, str, str, str, str | None], policy: Policy
) -> None:
    _, _, says, command, because = case
    verdict, rule = placed(command, policy)

    assert PLACES.index(verdict) >= PLACES.index(says), rule
    assert because in {None, rule}


@pytest.mark.parametrize("case", TWINS, ids=_id)
def test_a_harmless_twin_stays_on_the_host(
    case: tuple[str, str, str, str, str | None], policy: Policy
) -> None:
    assert placed(case[3], policy)[0] == "host"


# ---------------------------------------------------------------------- the same written differently


def respelled(command: str) -> Iterator[tuple[str, str]]:
    """Commands that do what ``command`` does, by the way in which they are written differently."""
    quoted = quote(command)
    coded = b64encode(command.encode()).decode()
    octal = "".join(f"\\{byte:03o}" for byte in command.encode())
    yield "bash -c", f"bash -c {quoted}"
    yield "sh, bundled options", f"/bin/sh -ec {quoted}"
    yield "shell through wrappers", f"env -i nice timeout 9 bash -c {quoted}"
    yield "the door in /proc", f"/proc/self/root/usr/bin/bash -c {quoted}"
    yield "the dynamic linker", f"/lib64/ld-linux-x86-64.so.2 /bin/bash -c {quoted}"
    yield "busybox", f"busybox sh -c {quoted}"
    yield "eval", f"eval {quoted}"
    yield "eval of a variable", f'x={quoted}; eval "$x"'
    yield "a name in a variable", f"b=bash; $b -c {quoted}"
    yield "a name that is computed", f"$(echo ba)sh -c {quoted}"
    yield "quotes inside a name", f"b'a's\"h\" -c {quoted}"
    yield "a backslash inside a name", f"b\\ash -c {quoted}"
    yield (
        "braces",
        f"{{bash,-c,{quoted}}}" if "," not in command and "{" not in command else f"bash -c {quoted}",
    )
    yield "IFS", f"bash${{IFS}}-c${{IFS}}{quoted}"
    yield "base64", f"echo {coded} | base64 -d | sh"
    yield "octal", f"printf '{octal}' | bash" if len(octal) < 2000 else f"bash -c {quoted}"
    yield "printf", f"printf %s {quoted} | sh"
    yield "a here-document", f"bash <<'STOP'\n{command}\nSTOP\n"
    yield "a here-string", f"sh -s <<< {quoted}"
    yield "a process substitution", f"bash <(printf %s {quoted})"
    yield "source", f". /dev/stdin <<< {quoted}"
    yield "a function", f"f() {{\n{command}\n}}; f"
    yield "an alias", f"shopt -s expand_aliases\nalias zz={quoted}\nzz"
    yield "a trap", f"trap {quoted} EXIT"
    yield "a subshell", f"(\n{command}\n)"
    yield "a group", f"{{\n{command}\n}}"
    yield "a condition", f"if\n{command}\nthen :; fi"
    yield "a branch", f"if true; then\n{command}\nfi"
    yield "a loop", f"for i in 1; do\n{command}\ndone"
    yield "a while", f"while :; do\n{command}\nbreak; done"
    yield "a case", f"case a in *)\n{command}\n;; esac"
    yield "a substitution", f': "$(\n{command}\n)"'
    yield "backticks by eval", f"eval `printf %s {quote(quoted)}`"
    yield "after something", f"ls; {command}"
    yield "after a failure", f"false || {command}"
    yield "on a condition", f"true && {command}"
    yield "xargs", f"echo x | xargs -I@@ bash -c {quoted}"
    yield "find -exec", f"find . -maxdepth 0 -exec bash -c {quoted} \\;"
    yield "parallel", f"parallel bash -c {quote(quoted)} ::: a"
    yield "a file", f"printf %s {quoted} > run.sh; sh run.sh"
    yield "positional parameters", f'set -- bash -c {quoted}; "$@"'
    yield "an array", f'a=(bash -c {quoted}); "${{a[@]}}"'
    yield "sudo", f"sudo -n bash -c {quoted}"
    yield "coproc", f"coproc bash -c {quoted}"
    yield "Python", f"python3 -c {quote(f'import os; os.system({command!r})')}"
    yield "git", f"git -c alias.zz={quote('!' + command)} zz"
    yield "ssh", f"ssh -o ProxyCommand={quoted} localhost"
    yield "make", f"make -f <(printf 'a:\\n\\t%s\\n' {quoted})"
    yield "awk", f"awk 'BEGIN{{system(ARGV[1])}}' {quoted}"
    yield "tmux", f"tmux new-session -d {quoted}"
    yield "later", f"echo {quoted} | at now"
    yield from _words(command)


def _words(command: str) -> Iterator[tuple[str, str]]:
    """For one plain command: its words written differently."""
    script = parse(command)
    if len(script.items) != 1 or len(script.items[0].pipeline.commands) != 1:
        return
    only = script.items[0].pipeline.commands[0]
    if not isinstance(only, Simple) or only.assignments or only.redirects or not only.words:
        return
    name = only.words[0].static
    rest = command[only.words[0].span.end :]
    if not name or not name.replace("-", "").replace(".", "").replace("_", "").isalnum() or len(name) < 2:
        return
    yield "backslash", f"\\{name}{rest}"
    yield "split by quotes", f"{name[0]}''{name[1:]}{rest}"
    yield "double quotes", f'"{name}"{rest}'
    yield "escapes", f"$'\\x{ord(name[0]):02x}{name[1:]}'{rest}"
    yield "a variable", f"v={name}; $v{rest}"
    yield "half in a variable", f"v={name[1:]}; {name[0]}${{v}}{rest}"
    yield "a default", f"${{nope:-{name}}}{rest}"
    yield "a computed name", f"$(printf %s {name}){rest}"
    yield "a continuation", f"{name[0]}\\\n{name[1:]}{rest}"
    yield "a wrapped name", f"env {name}{rest}"
    yield "by exec", f"exec {name}{rest}" if name not in {"exec", "trap", "cd"} else command
    yield "by command", f"command {name}{rest}"
    yield "options then a wrapper", f"nice -n 5 stdbuf -oL {name}{rest}"
    yield "its whole path", f"/usr/bin/{name}{rest}"
    yield "its path with doors", f"/proc/self/root/usr/bin/../bin/{name}{rest}"
    words = [word.static for word in only.words[1:]]
    if words and all(word is not None for word in words):
        known = [word for word in words if word is not None]
        yield (
            "words through xargs",
            f"printf '%s\\0' {' '.join(quote(word) for word in known)} | xargs -0 {name}",
        )
        yield "words in an array", f'a=({" ".join(quote(word) for word in known)}); {name} "${{a[@]}}"'


BUILTINS_ONLY = frozenset(
    "eval source . trap exec builtin alias hash enable let declare typeset export readonly".split()
)


def _same(command: str, way: str) -> bool:
    """Whether a way of writing it means the same: not where only the shell itself could do it."""
    name = command.split(None, 1)[0] if command.split() else ""
    if way == "parallel" and "{" in command:
        return False
    outside = {
        "by exec",
        "a wrapped name",
        "options then a wrapper",
        "its whole path",
        "its path with doors",
        "words through xargs",
    }
    shell = set("cd read mapfile compgen complete bind fc getopts unset pushd test [ printf time".split())
    return not (way in outside and name in BUILTINS_ONLY | shell)


def test_no_attack_written_differently_reaches_the_host(policy: Policy) -> None:
    """Each attack in some of the ways, chosen by a seed; ``GUARD_MUTANTS`` says how many (``0`` = every one)."""
    rng = random.Random(SEED)
    loose: list[tuple[str, str]] = []
    for *_, command, _ in ATTACKS:
        ways = [(way, text) for way, text in respelled(command) if _same(command, way)]
        chosen = rng.sample(ways, min(WAYS, len(ways))) if WAYS else ways
        loose += [(way, text) for way, text in chosen if placed(text, policy)[0] == "host"]

    assert loose == []


def test_a_refused_plain_command_is_refused_in_every_plain_spelling(policy: Policy) -> None:
    """What can be read must be read: for the most usual ways of writing a deletion the sandbox is not enough."""
    ways = {
        "bash -c", "sh, bundled options", "eval", "eval of a variable", "quotes inside a name", "IFS", "base64", "octal", "printf",
        "a here-document", "a here-string", "a function", "a subshell", "a group", "a branch", "a loop", "after something", "xargs",
        "find -exec", "positional parameters", "an array", "backslash", "split by quotes", "double quotes", "escapes", "a variable",
        "half in a variable", "a default", "a computed name", "a wrapped name", "by command",
        "options then a wrapper", "its whole path", "its path with doors", "words through xargs", "words in an array", "Python",
    }  # fmt: skip
    missed = [
        (way, text)
        for _, _, says, command, _ in ATTACKS
        if says == "deny" and command.startswith("rm -") and not set(command) & set("$`*;&|")
        for way, text in respelled(command)
        if way in ways and placed(text, policy)[0] != "deny"
    ]

    assert missed == []
