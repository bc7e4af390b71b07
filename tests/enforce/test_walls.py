"""Which weaker walls a person accepts: an explicit file, and nothing that only looks like one."""

import os

import pytest

from guard.enforce import walls


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"accept": ["landlock"]}', {"landlock"}),
        ('{"accept": []}', set()),
        ('{"accept": ["landlock", "docker"]}\n', {"landlock", "docker"}),
    ],
)
def test_what_the_file_names_is_accepted(tmp_path, text, names):
    (tmp_path / "sandbox.json").write_text(text)

    assert walls.read(str(tmp_path)) == (names, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "landlock",
        "[]",
        '["landlock"]',
        '{"accept": "landlock"}',
        '{"accept": [1]}',
        '{"accept": ["landlock"], "more": 1}',
        '{"acept": ["landlock"]}',
        '{"accept": {"landlock": true}}',
        "[" * 3000,
        '{"accept": ["landlock"' + " " * 5000 + "]}",
    ],
)
def test_what_is_malformed_accepts_nothing_and_is_told(tmp_path, text):
    (tmp_path / "sandbox.json").write_text(text)

    names, problem = walls.read(str(tmp_path))

    assert names == frozenset()
    assert str(tmp_path / "sandbox.json") in problem


def test_no_file_accepts_nothing(tmp_path):
    assert walls.read(str(tmp_path)) == (frozenset(), "")


def test_a_pipe_in_its_place_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "sandbox.json")

    assert walls.accepted(str(tmp_path)) == frozenset()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file_accepts_nothing(tmp_path):
    (tmp_path / "sandbox.json").write_text('{"accept": ["landlock"]}')
    os.chown(tmp_path / "sandbox.json", 65534, 65534)

    assert "somebody else" in walls.read(str(tmp_path))[1] or os.getuid() == 65534
