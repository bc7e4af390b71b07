"""Writes docs/programs/: one page for each program that is understood, from its description and from the cases.
And what comes from policies/protected.yaml (docs/protected_list.py), and the codes of `guard policy check`
(docs/policy_codes.py), a page for each built-in pack (docs/rule_pages.py), and what clients do when the hook fails
(docs/client_failures.py).

python docs/generate.py            write
python docs/generate.py --check    say what differs, exit status 1
"""

import glob
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections import defaultdict
from importlib import import_module

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

sys.path.insert(0, os.path.join(ROOT, "docs"))

import client_failures  # noqa: E402 - the checkout's own, whatever is installed
import policy_codes  # noqa: E402 - as above
import protected_list  # noqa: E402 - as above
import rule_pages  # noqa: E402 - as above

from guard.audit.record import placement_name  # noqa: E402
from guard.cli.render import effect_line  # noqa: E402
from guard.effects import programs  # noqa: E402
from guard.effects.knowledge.index import FAMILY  # noqa: E402
from guard.effects.knowledge.schema import Row  # noqa: E402
from guard.effects.knowledge.settings import SETTINGS  # noqa: E402
from guard.engine.imagined import decide_imagined  # noqa: E402
from guard.model.decision import verdict_of  # noqa: E402
from guard.model.effect import RunProgram  # noqa: E402
from guard.policy.files.compiled import load_policy  # noqa: E402
from guard.policy.files.locate import sources  # noqa: E402

OUT = os.path.join(ROOT, "docs", "programs")
MOST_EXAMPLES = 6
SAFE_NAME = re.compile(r"^[A-Za-z0-9_.+-]+$")


def about() -> dict[str, str]:
    with open(os.path.join(ROOT, "docs", "about.toml"), "rb") as file:
        return {name: text for text, names in tomllib.load(file)["about"].items() for name in names.split()}


def commands() -> list[str]:
    """Commands of the cases, in the order of their files."""
    found: dict[str, None] = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "cases", "decisions", "*.toml"))):
        with open(path, "rb") as file:
            for case in tomllib.load(file)["case"]:
                found.update(dict.fromkeys(case.get("commands", [case.get("command")])))
    return [
        command
        for command in found
        if command and "\n" not in command and "`" not in command and len(command) < 100
    ]


def examples() -> dict[str, list[str]]:
    """For each program, what is decided on commands that start with it."""
    home = tempfile.mkdtemp()
    try:
        policy = load_policy(sources("", "/nonexistent"), home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for command in commands():
        decided = decide_imagined(command, policy)
        first = next((e for e in decided.effects if isinstance(e, RunProgram)), None)
        names = {*(first.names if first is not None else ()), first.program if first is not None else ""}
        word = command.split()[0].rsplit("/", 1)[-1]
        if word not in names:
            continue
        verdict = verdict_of(decided.decision).value
        where = placement_name(decided.decision) if verdict == "allow" else ""
        reason = decided.decision.reasons[0]
        said = f"{verdict}{', in a sandbox' if where.startswith('sandbox') else ''} (`{reason.rule}`)"
        effects = "<br>".join(
            f"`{re.sub(' +', ' ', effect_line(effect)).strip()}`".replace("|", "\\|")
            for effect in decided.effects[:4]
            if not (isinstance(effect, RunProgram) and effect.program == word)
        )
        found[word][said].append(
            f"| `{command.replace('|', chr(92) + '|')}` | {said} | {effects or 'only prints'} |"
        )
    return {word: _spread(by_answer) for word, by_answer in found.items()}


def _spread(by_answer: dict[str, list[str]]) -> list[str]:
    """Some of every kind of answer, in turns."""
    rows = [
        row for turn in range(MOST_EXAMPLES) for kind in by_answer.values() for row in kind[turn : turn + 1]
    ]
    return rows[:MOST_EXAMPLES]


def options(words: str) -> str:
    return ", ".join(f"`-{word}`" if len(word) == 1 else f"`--{word}`" for word in words.split())


def described(row: Row, level: int = 0) -> list[str]:
    """A row in words: one line for each thing it says."""
    pad = "  " * level
    lines: list[str] = []
    lines += [f"{pad}- always: {saying}" for saying in row.get("does", ())]
    for key, words in (
        ("first", "the first operand"),
        ("operands", "operands"),
        ("last", "the last operand"),
    ):
        if row.get(key, "skip") != "skip":
            lines.append(f"{pad}- {words}: {row[key]}")  # type: ignore[literal-required]
    for kind in row.get("loads", "").split():
        files = ", ".join(f"`{name}`" for name in SETTINGS[kind]["files"].split())
        lines.append(f"{pad}- reads where it works: {files}")
    lines += [f"{pad}- {options(names)}: {action}" for names, action in row.get("options", {}).items()]
    for names, more in row.get("when", {}).items():
        inner = described(more, level + 1)
        lines += [f"{pad}- with {options(names)} also:", *inner] if inner else []
    for names, instead in row.get("tame", {}).items():
        lines += [
            f"{pad}- with {options(names)} only:",
            *(described(instead, level + 1) or [f"{pad}  - it prints"]),
        ]
    for names, table in row.get("values", {}).items():
        for value, more in table.items():
            lines += [
                f"{pad}- with {options(names)} being `{value}`:",
                *(described(more, level + 1) or [f"{pad}  - nothing more"]),
            ]
    for names, inner_row in row.get("verbs", {}).items():
        shown = ", ".join(f"`{name}`" for name in names.split())
        lines += [
            f"{pad}- {'any other' if names == '*' else shown}:",
            *(described(inner_row, level + 1) or [f"{pad}  - only looks"]),
        ]
    if "verbs" in row and "*" not in row["verbs"]:
        inner = (
            described(row["otherwise"], level + 1)
            if "otherwise" in row
            else [f"{pad}  - opaque: nobody has said what it does"]
        )
        lines += [f"{pad}- any other:", *(inner or [f"{pad}  - only looks"])]
    if row.get("python"):
        lines.append(f"{pad}- and what depends on the operands themselves: `{row['python']}`")
    return lines


def page(name: str, sentence: str, shown: list[str]) -> str:
    lines = [f"# {name}", "", f"{sentence[0].upper()}{sentence[1:]}."]
    family = FAMILY.get(name)
    if family is not None:
        row: Row = import_module(f"guard.effects.knowledge.{family}").PROGRAMS[name]
        lines += [
            "",
            f"Described in `guard/effects/knowledge/{family}.py`:",
            "",
            *(described(row) or ["- whatever its arguments, it only prints"]),
        ]
    else:
        lines += ["", f"Understood by `guard/effects/commands/{programs.family_of(name)}.py`."]
    if shown:
        lines += ["", "| command | decision | effects |", "| --- | --- | --- |", *shown]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    sentences, shown = about(), examples()
    out: dict[str, str] = {}
    for name in sorted(set(programs.names())):
        if not SAFE_NAME.match(name) or set(name) <= {"."}:
            continue
        family = FAMILY.get(name)
        sentence = sentences.get(name, "")
        if family is not None:
            sentence = import_module(f"guard.effects.knowledge.{family}").PROGRAMS[name].get("about", "")
        if not sentence:
            raise SystemExit(f"docs/about.toml: nothing says what `{name}` is for")
        out[name] = page(name, sentence, shown.get(name, []))
    index = [
        "# Programs that are understood",
        "",
        "Generated by `docs/generate.py`. What is not here is opaque: it runs in a sandbox, or a person is asked.",
        "",
    ]
    index += [f"- [{name}]({name}.md): {text.splitlines()[2]}" for name, text in out.items()]
    return {f"{name}.md": text for name, text in out.items()} | {"README.md": "\n".join(index) + "\n"}


def main(arguments: list[str]) -> int:
    if arguments != ["--check"]:
        # First: the pages show what is decided with it.
        protected_list.write()
        policy_codes.write()
        rule_pages.write()
        client_failures.write()
    made = pages()
    if arguments == ["--check"]:
        stale = protected_list.wrong()
        for path in stale:
            print(f"{path} is not what policies/protected.yaml says: run docs/generate.py")
        for path in policy_codes.wrong():
            print(f"{path} does not hold the codes there are: run docs/generate.py")
            stale = [*stale, path]
        for path in rule_pages.wrong():
            print(f"{path} is not what policies/builtin says: run docs/generate.py")
            stale = [*stale, path]
        for path in client_failures.wrong():
            print(f"{path} is not what guard/agents/failures.py says: run docs/generate.py")
            stale = [*stale, path]
        there = {name for name in os.listdir(OUT) if name.endswith(".md")} if os.path.isdir(OUT) else set()
        wrong = sorted(there ^ made.keys())
        for name in sorted(there & made.keys()):
            with open(os.path.join(OUT, name), encoding="utf-8") as file:
                wrong += [name] if file.read() != made[name] else []
        print(
            "\n".join(
                f"docs/programs/{name} is not what the descriptions say: run docs/generate.py"
                for name in wrong[:20]
            )
        )
        return 1 if wrong or stale else 0
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    for name, text in made.items():
        with open(os.path.join(OUT, name), "w", encoding="utf-8") as file:
            file.write(text)
    print(f"{len(made) - 1} programs")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
