"""Files that a command would run, in a world where they were looked at."""

from types import MappingProxyType

import pytest

from guard.effects.evaluate import Evaluator
from guard.effects.state import State
from guard.model.effect import DeletePath, Opaque
from guard.model.facts import (
    Answer,
    Facts,
    LookModule,
    LookPath,
    LookScript,
    Lookup,
    ModuleFact,
    PathFact,
    ScriptFact,
)
from guard.model.paths import FileKind, KnownPath


def said(command: str, files: dict[str, str], kinds: dict[str, FileKind] | None = None) -> Evaluator:
    answers: dict[Lookup, Answer] = {LookScript(path): ScriptFact(text=text) for path, text in files.items()}
    answers |= {
        LookPath(path): PathFact(real=path, parent_real=path, kind=kind)
        for path, kind in (kinds or {}).items()
    }
    answers |= {
        LookModule(name, directory): ModuleFact(found=False)
        for name in ("shutil", "json", "subprocess")
        for directory in ("/work", "/tmp")
    }
    evaluator = Evaluator(
        Facts(workspace="/work", home="/home/you", cwd="/work", answers=MappingProxyType(answers))
    )
    evaluator.analyse_text(command, State(cwd=("/work",)))
    return evaluator


def deleted(evaluator: Evaluator) -> set[str]:
    return {
        e.path.text for e in evaluator.effects if isinstance(e, DeletePath) and isinstance(e.path, KnownPath)
    }


def opaque(evaluator: Evaluator) -> list[str]:
    return [e.reason for e in evaluator.effects if isinstance(e, Opaque)]


@pytest.mark.parametrize(
    ("command", "path", "text"),
    [
        ("python3 wipe.py", "/work/wipe.py", "import shutil\nshutil.rmtree('/home/you')\n"),
        (
            "python3 wipe.py",
            "/work/wipe.py",
            "#!/usr/bin/python3\nfrom shutil import rmtree as r\nr('/home/you')\n",
        ),
        ("perl wipe.pl", "/work/wipe.pl", "#!/usr/bin/perl\nunlink '/home/you';\n"),
        ("ruby wipe.rb", "/work/wipe.rb", "File.delete('/home/you')\n"),
        ("node wipe.js", "/work/wipe.js", "require('fs').rmSync('/home/you', {recursive: true})\n"),
        ("php wipe.php", "/work/wipe.php", "<?php unlink('/home/you');"),
        ("bash wipe.sh", "/work/wipe.sh", "rm -rf /home/you\n"),
        ("./wipe", "/work/wipe", "#!/usr/bin/env python3\nimport os\nos.rmdir('/home/you')\n"),
        ("make clean", "/work/Makefile", "D = /home/you\nclean:\n\trm -rf $(D)\n"),
        ("make", "/work/makefile", "all: a\na:\n\t@rm -r /home/you\n"),
        ("make -f x.mk", "/work/x.mk", "all:\n\trm -r /home/you\n"),
        ("make -C sub", "/work/sub/Makefile", "all:\n\trm -r /home/you\n"),
        ("npm run x", "/work/package.json", '{"scripts": {"x": "rm -r /home/you"}}'),
        ("yarn build", "/work/package.json", '{"scripts": {"build": "rm -r /home/you"}}'),
        ("psql -f x.sql", "/work/x.sql", "\\! rm -r /home/you\n"),
    ],
)
def test_what_a_file_would_do_is_said_and_stays_opaque(command: str, path: str, text: str) -> None:
    found = said(command, {path: text})

    assert "/home/you" in deleted(found)
    assert opaque(found)


@pytest.mark.parametrize("text", ["print(1)", "import json\nprint(json.dumps({}))"])
def test_a_script_that_this_line_makes_anew_is_followed(text: str) -> None:
    found = said(f"echo '{text}' > /tmp/new.py && python3 /tmp/new.py", {}, {"/tmp/new.py": FileKind.ABSENT})

    assert opaque(found) == []


@pytest.mark.parametrize("kinds", [{}, {"/tmp/new.py": FileKind.FILE}, {"/tmp/new.py": FileKind.OTHER}])
def test_a_script_that_may_have_withstood_the_write_is_opaque(kinds: dict[str, FileKind]) -> None:
    assert opaque(said("echo 'print(1)' > /tmp/new.py; python3 /tmp/new.py", {}, kinds))


def test_a_module_of_this_line_stands_in_for_the_library() -> None:
    assert opaque(said("echo x > json.py && python3 -c 'import json'", {}))
    assert not opaque(said("echo x > other.py && python3 -c 'import json'", {}))


def test_a_makefile_without_the_rule_says_so() -> None:
    assert any(
        "no rule for `b`" in reason for reason in opaque(said("make b", {"/work/Makefile": "a:\n\ttrue\n"}))
    )


def test_a_package_without_the_script_says_so() -> None:
    reasons = opaque(said("npm run b", {"/work/package.json": '{"scripts": {"a": "true"}}'}))

    assert any("no script `b`" in reason for reason in reasons)


@pytest.mark.parametrize(
    "command", ["python3 gone.py", "make", "perl gone.pl", "node gone.js", "psql -f gone.sql", "npm run x"]
)
def test_what_is_absent_is_opaque(command: str) -> None:
    assert opaque(said(command, {}))


# What stands in a file that this very line writes: the old text runs where the write may have failed.
OLD = "rm -rf /home/you\n"


@pytest.mark.parametrize(
    "command",
    [
        "echo ls > x.sh; bash x.sh",
        "echo ls > x.sh\nsh ./x.sh",
        "false && echo ls > x.sh; bash x.sh",
        "printf 'ls\\n' > x.sh || true; . ./x.sh",
        "{ echo ls; echo ls; } > x.sh; ./x.sh",
        "echo ls > x.sh | true && bash x.sh",
        "if [ -w . ]; then echo ls > x.sh; fi; bash x.sh",
    ],
)
def test_a_write_that_may_have_failed_leaves_what_was_there(command: str) -> None:
    evaluator = said(command, {"/work/x.sh": OLD}, {"/work/x.sh": FileKind.FILE})

    assert opaque(evaluator)


def test_both_contents_count() -> None:
    evaluator = said("echo 'rm new' > x.sh; bash x.sh", {"/work/x.sh": OLD}, {"/work/x.sh": FileKind.FILE})

    assert deleted(evaluator) == {"/work/new", "/home/you"}


@pytest.mark.parametrize(
    "command",
    [
        "echo ls > x.sh; bash x.sh",
        "echo '#!/bin/sh' > x.sh; echo ls >> x.sh; sh x.sh",
        "cat > x.sh <<'E'\nls\nE\nbash x.sh",
    ],
)
def test_where_nothing_was_only_the_new_text_can_run(command: str) -> None:
    assert opaque(said(command, {}, {"/work/x.sh": FileKind.ABSENT})) == []


@pytest.mark.parametrize(
    "command",
    [
        "echo ls > x.sh && bash x.sh",
        "echo ls > x.sh && echo ls >> x.sh && bash x.sh",
        "! echo ls > x.sh || bash x.sh",
    ],
)
def test_what_was_surely_written_replaces_what_was_there(command: str) -> None:
    evaluator = said(command, {"/work/x.sh": OLD}, {"/work/x.sh": FileKind.FILE})

    assert (opaque(evaluator), deleted(evaluator)) == ([], set())
