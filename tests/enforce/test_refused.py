"""What waits for a person whatever the policy says, and what not even a person lets out of a sandbox."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest

from guard.enforce.apply import apply
from guard.enforce.battery import judging
from guard.enforce.changeset import never_applied, refused, stage
from guard.enforce.manifest import read_set
from guard.enforce.places import Places
from guard.errors import ApplyError
from sandbox.changes import Changes, Created, Modified, Node, NodeKind

from .trees import look

EMPTY = hashlib.sha256(b"").hexdigest()
FILE = Node(kind=NodeKind.FILE, mode=0o644, sha256=EMPTY)


def changes(path: str, after: Node, before: Node | None = None, **more: str) -> Changes:
    entry = (
        Created(path=path, after=after) if before is None else Modified(path=path, before=before, after=after)
    )
    return Changes(entries=(entry,), open_after=lambda _: BytesIO(b""), **more)


@pytest.mark.parametrize(
    "name",
    ["a\nb", "a\tb", "\x1b[31m", "a\x7f", "c1\x9b", "osc\x9d", "\u202ecod.exe", "\u2066x", "rtl\u200f", "arabic\u061c", "line\u2028sep",
     "para\u2029", "tag\U000e0041", "nel\x85", "annotation\ufff9", "dir\x07/file"],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_deceives_waits_for_a_person(name: str, workspace: Path) -> None:
    assert refused(changes(name, FILE), str(workspace)) == "a name holds control or text direction characters"
    link = Node(kind=NodeKind.SYMLINK, mode=0o777, target=name)
    assert "leads to a name with control" in refused(changes("link", link), str(workspace))


@pytest.mark.parametrize(
    "name",
    ["é", "日本", "ümlaut.md", "a b", "-rf", "x" * 255, "\udcff", "👩‍👧.png", "soft\u00adhyphen"],
    ids=ascii,
)
def test_other_names_are_only_unusual(name: str, workspace: Path) -> None:
    assert refused(changes(name, FILE), str(workspace)) == ""


def node(kind: NodeKind = NodeKind.FILE, mode: int = 0o644, mark: str = "") -> Node:
    return Node(kind=kind, mode=mode, sha256=EMPTY if kind is NodeKind.FILE else "", mark=mark)


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (node(NodeKind.FIFO), "is a fifo"),
        (node(NodeKind.SOCKET), "is a socket"),
        (node(NodeKind.DEVICE), "is a device"),
        (node(mode=0o4755), "set-id"),
        (node(mode=0o2755), "set-id"),
        (node(mode=0o6711), "set-id"),
        (node(mark="file capabilities"), "file capabilities"),
        (node(mark="a forged overlay mark (user.overlay.redirect)"), "forged"),
        (node(NodeKind.DIRECTORY, 0o755, "a forged overlay mark (user.overlay.x)"), "forged"),
    ],
)
@pytest.mark.parametrize("replaces", [False, True])
def test_some_things_never_leave(
    after: Node, says: str, replaces: bool, workspace: Path, places: Places
) -> None:
    found = changes("README", after, FILE if replaces else None)
    before = look(workspace)
    staged = stage(found, parent=places.held, workspace=str(workspace), decision=1, why="x", command="")

    again = read_set(places.held, f"{staged.id}.tmp")

    assert says in refused(found, str(workspace))
    assert says in never_applied(again.entries)
    with pytest.raises(ApplyError, match="never leaves"):
        apply(again, places)
    assert look(workspace) == before


@pytest.mark.parametrize(
    ("at", "target"),
    [
        ("l", "/etc/passwd"), ("l", "../out"), ("src/l", "../../out"), ("l", "src/../../out"), ("l", "/proc/self/root/etc"),
        ("src/l", "link/../../../x"), ("l", "//etc"), ("l", "./../x"), ("l", "src/deep/../../../x"),
    ],
)  # fmt: skip
def test_a_link_that_leads_out_waits_for_a_person(at: str, target: str, workspace: Path) -> None:
    link = Node(kind=NodeKind.SYMLINK, mode=0o777, target=target)

    assert "leads out of the workspace" in refused(changes(at, link), str(workspace))


@pytest.mark.parametrize(
    ("at", "target"), [("l", "src/a.py"), ("src/l", "../README"), ("l", "nowhere"), ("l", ".")]
)
def test_a_link_within_is_no_more_than_a_file(at: str, target: str, workspace: Path) -> None:
    link = Node(kind=NodeKind.SYMLINK, mode=0o777, target=target)

    assert refused(changes(at, link), str(workspace)) == ""


def test_what_could_not_be_read_in_full_is_not_applied(workspace: Path) -> None:
    found = changes("new", FILE, truncated="more than 200,000 changes")

    assert "more than 200,000 changes" in refused(found, str(workspace))


def link(path: str, target: str) -> Changes:
    return changes(path, Node(kind=NodeKind.SYMLINK, mode=0o777, target=target))


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (".venv/bin/python3", "/usr/bin/python3"),
        (".venv/bin/python", "python3"),
        ("venv/bin/python3.11", "/usr/local/bin/python3.11"),
        (".tox/py312/bin/python", "/usr/bin/python3.12"),
        (".venv/bin/pypy3", "/usr/bin/pypy3.10"),
    ],
)
def test_the_links_of_a_new_environment_are_let_in(path: str, target: str, workspace: Path) -> None:
    assert judging()(link(path, target), str(workspace)) == ""


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (".venv/bin/python", "/bin/sh"),
        (".venv/bin/python3", "/tmp/python3"),
        (".venv/bin/python3", "/usr/bin/../../tmp/python3"),
        (".venv/bin/python", "../../src/python3"),
        (".venv/bin/python3", "/usr/bin/python3-evil"),
        (".venv/bin/pip", "/usr/bin/python3"),
        ("notes.txt", "/usr/bin/python3"),
        (".venv/Scripts/python", "/usr/bin/python3"),
    ],
)
def test_no_other_link_passes_for_one_of_them(path: str, target: str, workspace: Path) -> None:
    assert judging()(link(path, target), str(workspace))


@pytest.mark.parametrize(
    "path", [".venv/bin/python", "venv/bin/python3", "sub/.venv/bin/python3.12", ".nox/a/bin/pypy3"]
)
def test_a_file_in_the_place_of_the_interpreter_waits(path: str, workspace: Path) -> None:
    assert "what-runs-later" in judging()(changes(path, FILE), str(workspace))


def test_an_interpreter_that_leads_somewhere_else_than_before_waits(workspace: Path) -> None:
    before = Node(kind=NodeKind.SYMLINK, mode=0o777, target="/usr/bin/python3")
    after = Node(kind=NodeKind.SYMLINK, mode=0o777, target="/usr/bin/python3.9")

    assert judging()(changes(".venv/bin/python", after, before), str(workspace))


@pytest.mark.parametrize(
    "path",
    [".venv/bin/pip", ".venv/bin/pytest", ".venv/bin/activate", ".venv/lib/python3.11/site-packages/x.py"],
)
def test_what_an_installation_brings_along_does_not(path: str, workspace: Path) -> None:
    assert judging()(changes(path, FILE), str(workspace)) == ""
