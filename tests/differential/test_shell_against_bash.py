"""The reader against real bash: nothing that bash rejects is read, and every static word is the one bash passes."""

import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard.shell.ast import Script
from guard.shell.emit import emit
from guard.shell.parse import parse
from guard.shell.walk import same, simples, unread

BASH = shutil.which("bash") or "/bin/bash"
SEED = 20240611
WORDS = (
    "a", "-n", "b/c", "'x y'", '"x y"', '"$v"', "${v}", "$v", "a\\ b", "*.txt", "[ab]?", "{a,b}", "{1..3}", "~", "~/x",
    "$'t\\tb'", "''", '""', "$(a)", "`a`", "\"$(a 'b')\"", "$((1 + 2))", "<(a)", "${v:-w}", '"${v:-w}"', "${v##*/}",
    "${v/a/b}", "${#v}", "x=1", "a#b", "!", "if", "done", "a,b", "{a", "a}", "$", "é", "a'b'\"c\"d", "\\$x", "%", "@", "=",
)  # fmt: skip
REDIRECTS = (
    ">f",
    "2>&1",
    "<f",
    ">>f",
    "&>f",
    ">|f",
    "<<<w",
    "{fd}>f",
    ">&-",
    "3<>f",
    "<<'E'\nbody $x\nE\n",
    "<<E\n$v\nE\n",
)
JOINS = (";", "&&", "||", "|", "|&", "&", "\n", " ", "; ;", "| |", "&& &&", "#c\n")
CONDITIONS = (
    "-f",
    "a",
    "==",
    "!",
    "(",
    ")",
    "&&",
    "||",
    "-n",
    "$v",
    "=~",
    "<",
    "'-f'",
    "b*",
    "(x|y)",
    "-eq",
    "!=",
    "-a",
)


def line(rng: random.Random, depth: int = 0) -> str:
    """Mostly valid bash, sometimes not quite."""
    pieces = [command(rng, depth)]
    while rng.random() < 0.35:
        join = rng.choice(JOINS[:7]) if rng.random() < 0.93 else rng.choice(JOINS)
        pieces += [join, command(rng, depth)]
    text = " ".join(pieces)
    if depth == 0 and rng.random() < 0.3:
        at = rng.randrange(len(text) + 1)
        match rng.randrange(3):
            case 0:
                text = text[:at] + text[at + 1 :]
            case 1:
                text = text[:at] + rng.choice("'\"`$(){}[];&|<>\\\n#!~ =*") + text[at:]
            case _:
                other = rng.randrange(len(text) + 1)
                text = text[: min(at, other)] + text[max(at, other) :]
    return text


def command(rng: random.Random, depth: int) -> str:
    if depth > 2 or rng.random() < 0.55:
        return simple(rng)
    inner = line(rng, depth + 1)
    other = line(rng, depth + 1)
    word = rng.choice(WORDS)
    return rng.choice((
        f"{{ {inner}; }}", f"( {inner} )", f"if {inner}; then {other}; fi", f"if {inner}\nthen {other}\nelse {inner}\nfi",
        f"while {inner}; do {other}; done", f"for i in {word} b; do {inner}; done", f"for ((i=0;i<3;i++)); do {inner}; done",
        f"case {word} in a|b) {inner};; *) {other}\nesac", f"f() {{ {inner}; }}", f"function g {{ {inner}; }}", f"! {inner}",
        f"time {inner}", f"$( {inner} )", f'echo "$({inner})"', f"cat <({inner})", f"(( 1 + {word} ))",
        f"[[ {' '.join(rng.choices(CONDITIONS, k=rng.randint(0, 5)))} ]]", f"x=({word} b)", f"coproc {inner}",
        f"select s in {word}; do {inner}; done", f"until {inner}; do {other}; done",
    ))  # fmt: skip


def simple(rng: random.Random) -> str:
    words = rng.choices(WORDS, k=rng.randint(1, 4))
    if rng.random() < 0.15:
        words.insert(0, rng.choice(("v=1", "v+=x", "v='a b'", "v[1]=2", "v=~/x:~/y", "v=(a b)")))
    if rng.random() < 0.2:
        words.insert(rng.randint(0, len(words)), rng.choice(REDIRECTS))
    return " ".join(words)


def rejects(text: str) -> str:
    """What ``bash -n`` says against a text. It reports some errors of ``[[`` without a failing status."""
    run = subprocess.run(
        [BASH, "--norc", "--noprofile", "-n", "-c", "--", text],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
    )
    return run.stderr.decode(errors="replace") or ("status" if run.returncode else "")


@pytest.fixture(scope="module")
def generated() -> list[str]:
    rng = random.Random(SEED)
    return [line(rng) for _ in range(1500)]


@pytest.fixture(scope="module")
def read(generated: list[str]) -> list[tuple[str, Script]]:
    pairs = [(text, parse(text)) for text in generated]
    return [(text, script) for text, script in pairs if not unread(script)]


def test_generated_lines_are_read_often_enough_to_prove_something(read: list[tuple[str, Script]]) -> None:
    assert len(read) > 300


def test_nothing_that_bash_rejects_is_read(read: list[tuple[str, Script]]) -> None:
    with ThreadPoolExecutor(4) as pool:
        complaints = pool.map(rejects, [text for text, _ in read])
    assert [(text, why) for (text, _), why in zip(read, complaints, strict=True) if why] == []


def test_canonical_text_is_the_same_tree(read: list[tuple[str, Script]]) -> None:
    different = [text for text, script in read if not same(parse(emit(script)), script)]
    assert different == []


def test_static_words_are_the_ones_bash_passes(read: list[tuple[str, Script]], tmp_path: Path) -> None:
    checks: list[tuple[str, tuple[str, ...]]] = []
    for text, script in read:
        for found in simples(script):
            values = [word.static for word in found.words]
            # The source as written, not as we would write it: spans of words inside backticks do not point at it.
            sources = [text[word.span.start : word.span.end] for word in found.words]
            known = [(s, v) for s, v in zip(sources, values, strict=True) if v is not None and "`" not in s]
            if known:
                checks.append((" ".join(s for s, _ in known), tuple(v for _, v in known)))
    assert len(checks) > 500
    lines = "".join(f"show {source}\n" for source, _ in checks)
    (tmp_path / "words.sh").write_text(
        "show() { printf '%s\\0' \"$@\" $'\\001'; }\n" + lines, encoding="utf-8"
    )
    run = subprocess.run(
        [BASH, "--norc", "--noprofile", "words.sh"], cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    shown = [tuple(group.split("\0")[:-1]) for group in run.stdout.decode().split("\001\0")[:-1]]
    assert [pair for pair in zip(checks, shown, strict=True) if pair[0][1] != pair[1]] == []
