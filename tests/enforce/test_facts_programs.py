"""Station 4 on a fake file system: programs, scripts and patterns."""

import os

import pytest
from pyfakefs.fake_filesystem import FakeFilesystem

from guard.enforce import globs
from guard.enforce.executables import MAX_SCRIPT_BYTES, Executables, look_script
from guard.enforce.globs import look_glob

ENV = {"PATH": "/opt/tools/bin:/usr/bin"}


@pytest.fixture
def machine(fs: FakeFilesystem) -> FakeFilesystem:
    for path, text in {
        "/usr/bin/npx": "the real npx\n",
        "/usr/bin/ls": "ls itself\n",
        "/home/me/app/harmless": "the real npx\n",
        "/home/me/app/other": "other bytes!\n",
        "/opt/tools/bin/tool": "#!/usr/bin/env -S python3 -u\nprint(1)\n",
    }.items():
        fs.create_file(path, contents=text, st_mode=0o100755)
    fs.create_symlink("/home/me/app/link", "/usr/bin/npx")
    fs.create_file("/usr/bin/not-executable", contents="x", st_mode=0o100644)
    for path in ("/usr", "/usr/bin", "/usr/bin/npx", "/usr/bin/ls"):
        os.chown(path, 0, 0)
        fs.chmod(path, 0o755)
    return fs


def look(name: str, cwd: str = "/home/me/app"):
    return Executables(ENV, frozenset({"npx", "curl"})).look(name, cwd)


def test_a_copy_of_a_named_program_is_that_program(machine: FakeFilesystem) -> None:
    assert look("./harmless").same_as == ("npx",)
    assert look("/home/me/app/harmless").same_as == ("npx",)
    assert look("./other").same_as == ()


def test_a_link_leads_to_the_system_program(machine: FakeFilesystem) -> None:
    fact = look("./link")

    assert (fact.real, fact.system) == ("/usr/bin/npx", True)


def test_a_name_is_looked_up_in_path(machine: FakeFilesystem) -> None:
    assert look("ls").path == "/usr/bin/ls"
    assert look("tool").path == "/opt/tools/bin/tool"
    assert look("not-executable").path == ""
    assert look("absent").path == ""


def test_the_interpreter_of_a_script_is_named(machine: FakeFilesystem) -> None:
    assert look("tool").interpreter == "python3"


def test_a_system_program_that_others_can_write_is_not_the_systems(machine: FakeFilesystem) -> None:
    machine.chmod("/usr/bin/ls", 0o777)

    assert not look("ls").system


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"rm -rf ~\n", ""),
        (b"\x7fELF\0\0", "it is not text"),
        (b"#" * (MAX_SCRIPT_BYTES + 1), "it is too large to read"),
        (None, "it is absent"),
    ],
)
def test_a_script_is_read_only_if_it_is_a_short_text(
    fs: FakeFilesystem, content: bytes | None, reason: str
) -> None:
    fs.create_dir("/w")
    if content is not None:
        fs.create_file("/w/s", contents=content)

    fact = look_script("/w/s")

    assert fact.reason == reason
    assert (fact.text is None) == bool(reason)


def test_a_directory_is_not_a_script(fs: FakeFilesystem) -> None:
    fs.create_dir("/w/s")

    assert look_script("/w/s").reason == "it is a directory"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*", ["a.py", "b c.py", "sub"]),
        ("*.py", ["a.py", "b c.py"]),
        ("./*.py", ["./a.py", "./b c.py"]),
        ("?.py", ["a.py"]),
        ("[!b]*.py", ["a.py"]),
        ("[ab]*.py", ["a.py", "b c.py"]),
        (".h*", [".hidden"]),
        ("sub/*", ["sub/d.py"]),
        ("*/d.py", ["sub/d.py"]),
        ("*/", ["sub/"]),
        ("nothing*", []),
        ("b\\ c.*", ["b c.py"]),
        ("\\*", []),
    ],
)
def test_a_pattern_expands_as_bash_expands_it(fs: FakeFilesystem, pattern: str, matches: list[str]) -> None:
    for name in ("a.py", "b c.py", ".hidden", "sub/d.py"):
        fs.create_file(f"/w/{name}")

    fact = look_glob("/w", pattern)

    assert fact.complete
    assert list(fact.matches) == sorted(f"/w/{name}" for name in matches)


@pytest.mark.parametrize("pattern", ["[[:alpha:]]*", "+(a|b)", "[a", "@(x)"])
def test_a_pattern_we_do_not_know_is_not_expanded(fs: FakeFilesystem, pattern: str) -> None:
    fs.create_file("/w/a")

    fact = look_glob("/w", f"{pattern}*")

    assert not fact.complete


def test_a_pattern_that_too_many_names_are_looked_at_for_may_match_anything(
    fs: FakeFilesystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(globs, "MAX_SEEN", 12)
    for number in range(5):
        fs.create_dir(f"/w/d{number}")
    few, probed = look_glob("/w", "*"), look_glob("/w", "*/nothing")
    for number in range(5, 50):
        fs.create_dir(f"/w/d{number}")
    many = look_glob("/w", "*")

    assert few.complete
    assert len(few.matches) == 5
    assert not probed.complete
    assert (many.matches, many.complete) == ((), False)


def test_hidden_names_bring_the_parent_along(fs: FakeFilesystem) -> None:
    fs.create_file("/w/.x")

    assert "/w/.." in look_glob("/w", ".*").matches


def test_a_toolchain_on_path_is_known_by_its_name_where_no_agent_can_write(machine: FakeFilesystem) -> None:
    machine.chmod("/opt/tools/bin", 0o755)
    for path in ("/opt/tools/bin", "/opt/tools/bin/tool"):
        os.chown(path, os.getuid(), 0)
    inside = Executables(ENV, frozenset(), ("/opt/tools",)).look("tool", "/home/me/app")

    assert look("tool").system
    assert not inside.system


def test_a_toolchain_that_others_can_write_is_read_not_trusted(machine: FakeFilesystem) -> None:
    os.chown("/opt/tools/bin", os.getuid(), 0)
    machine.chmod("/opt/tools/bin", 0o777)

    assert not look("tool").system
