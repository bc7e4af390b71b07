"""``guard parse``: what people and programs read of it, as golden files; ``GUARD_GOLDEN=1`` writes them anew."""

import io
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from guard.cli.main import main, parser

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "parse.schema.json").read_text(encoding="utf-8")
)
TEXT = "cd src && for f in *.log; do gzip \"$f\" || echo $(date) `$TOOL x`; done > 'out file' <<E | sort\n${x:-$(id)}\nE\nfi"


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("GUARD_GOLDEN"):
        path.write_text(text, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == text


def batch(
    lines: list[bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[Any]:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n".join(lines) + b"\n")))

    assert main(["parse", "--batch"]) == 0

    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for answer in answers:
        jsonschema.validate(answer, SCHEMA)
    return answers


def test_a_person_sees_the_tree_the_commands_and_what_was_not_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["parse", "--", TEXT]) == 1

    golden("parse.txt", capsys.readouterr().out)


def test_a_program_gets_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "--json", "--", 'x=1 ls -l "$HOME" | wc -l >n']) == 0

    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, SCHEMA)
    golden("parse.json", json.dumps(report, indent=1) + "\n")


def test_what_cannot_be_read_has_its_reason_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "--json", "--", "a\nb 'c"]) == 1

    report = json.loads(capsys.readouterr().out)
    assert report["commands"] == ["a"]
    assert report["why"] == [{"reason": "a quote `'` that never ends", "span": [2, 6], "at": 4}]
    assert report["canonical"] is None


def test_several_words_are_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "--json", "--", "rm", "a b"]) == 0

    assert json.loads(capsys.readouterr().out)["canonical"] == "rm 'a b'\n"


def test_a_batch_answers_each_line_and_goes_on_after_a_malformed_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = batch(
        [
            b'{"id": 1, "command": "a | $b; c $(d)"}',
            b'{"id": "two", "command": "a; ("}',
            b"not json",
            b"[]",
            b"",
            b'{"id": 3}',
            b'{"id": 4, "command": 5}',
            b'{"id": 5, "command": "a", "cwd": "/"}',
            b'{"id": 6, "command": "\\ud800"}',
            b"\xff",
            b'{"command": "", "id": null}',
        ],
        capsys,
        monkeypatch,
    )

    assert answers[0] == {"id": 1, "read": True, "commands": ["a", None, "c", "d"], "why": []}
    assert answers[1] == {"id": "two", "read": False, "commands": [], "why": ["a command is missing"]}
    assert [("error" in answer, answer["id"]) for answer in answers[2:]] == [
        (True, None), (True, None), (True, 3), (True, 4), (True, 5), (False, 6), (True, None), (False, None),
    ]  # fmt: skip
    assert answers[7]["read"] is False
    assert answers[9] == {"id": None, "read": True, "commands": [], "why": []}


def test_a_batch_takes_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "--batch", "--", "ls"]) == 2

    assert "leave the command out" in capsys.readouterr().err


def test_nothing_to_read_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse"]) == 2

    assert "there is no command" in capsys.readouterr().err


def test_the_help_teaches() -> None:
    help_ = parser(only="parse").format_help()

    assert "parse" in help_
