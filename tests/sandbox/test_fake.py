"""The test double keeps what the contract says of every backend, as far as nothing runs."""

import os

import pytest

from sandbox import select
from sandbox.changes import Created, Deleted, Modified, Node, NodeKind
from sandbox.errors import ChangesError, SetupError
from sandbox.fake import FakeBackend, Script
from sandbox.result import Exited, LimitHit
from sandbox.spec import SandboxSpec, Stdio
from tests.sandbox.contract import tree


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "a.txt").write_text("one\n")
    (tmp_path / "src" / "b.txt").write_text("two\n")
    (tmp_path / "src" / "deep" / "c.txt").write_text("three\n")
    (tmp_path / "link").symlink_to("a.txt")
    return str(tmp_path)


def spec(workspace, /, **changes: object) -> SandboxSpec:
    return SandboxSpec(**({"argv": ("true",), "workspace": workspace, "cwd": workspace} | changes))


def test_as_its_documentation_shows_it(workspace):
    backend = FakeBackend(Script(files=(("build/out.txt", b"made"),), deleted=("src/b.txt",)))

    run = backend.run(spec(workspace), Stdio())

    assert run.end == Exited(status=0)
    assert [change.path for change in run.changes().entries] == ["src/b.txt", "build", "build/out.txt"]


def test_nothing_reaches_the_workspace(workspace):
    before = tree(workspace)
    run = FakeBackend(Script(files=(("a.txt", b"x"),), deleted=("src",))).run(spec(workspace), Stdio())
    run.changes()

    assert tree(workspace) == before


def test_changes_are_told_apart_and_ordered_like_real_ones(workspace):
    script = Script(
        files=(("a.txt", b"more\n"), ("new/deep/f", b"f")),
        deleted=("src", "link"),
        nodes=(("new/pipe", Node(kind=NodeKind.FIFO, mode=0o600)),),
    )
    found = FakeBackend(script).run(spec(workspace), Stdio()).changes()

    assert [(type(change), change.path) for change in found.entries] == [
        (Deleted, "src/b.txt"), (Deleted, "src/deep/c.txt"), (Deleted, "src/deep"), (Deleted, "src"), (Deleted, "link"),
        (Modified, "a.txt"), (Created, "new"), (Created, "new/deep"), (Created, "new/deep/f"), (Created, "new/pipe"),
    ]  # fmt: skip
    with found.open_after("a.txt") as file:
        assert file.read() == b"more\n"


def test_a_destroyed_run_has_no_changes(workspace):
    run = FakeBackend().run(spec(workspace), Stdio())
    run.destroy()
    run.destroy()

    with pytest.raises(ChangesError):
        run.changes()


@pytest.mark.parametrize(
    "changes",
    [
        {"workspace": "/", "cwd": "/"},
        {"workspace": "relative", "cwd": "relative"},
        {"cwd": "/usr"},
        {"masked": ("/usr/bin",)},
        {"argv": ()},
        {"hidden": ("/usr/bin/id",)},
    ],
)
def test_it_refuses_what_the_real_ones_refuse(workspace, changes):
    backend = FakeBackend()

    with pytest.raises(SetupError):
        backend.run(spec(workspace, **changes), Stdio())
    assert backend.runs == []


def test_scripts_are_played_in_order_and_the_last_for_ever(workspace):
    backend = FakeBackend(Script(end=LimitHit(limit="wall")), Script(end=Exited(status=3)))

    ends = [backend.run(spec(workspace), Stdio()).end for _ in range(3)]

    assert ends == [LimitHit(limit="wall"), Exited(status=3), Exited(status=3)]
    assert len(backend.runs) == 3


def test_a_missing_primitive_is_a_setup_error(workspace):
    with pytest.raises(SetupError) as caught:
        FakeBackend(Script(fails="mount overlay")).run(spec(workspace), Stdio())

    assert caught.value.primitive == "mount overlay"


def test_it_can_be_chosen_and_passed_over(monkeypatch):
    whole, weak = FakeBackend(), FakeBackend(enforces=frozenset({"cow"}))
    monkeypatch.setattr(select, "_made", {"local": weak, "bubblewrap": whole})

    assert select.choose(("local", "bubblewrap")) is whole


def test_what_it_prints_arrives(workspace):
    reader, writer = os.pipe()
    FakeBackend(Script(stdout=b"hello")).run(spec(workspace), Stdio(stdout=writer))
    os.close(writer)

    assert os.read(reader, 100) == b"hello"
    os.close(reader)
