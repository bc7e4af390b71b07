"""The list of fault points against the code: every step that touches the world has one, and nothing but a test arms them."""

import ast

import pytest

import guard.faults
import sandbox.faults

from .table import rows
from .world import ROOT, points, touches

NOT_A_RUN = (
    "guard/demo/",
    "guard/enforce/replay/",
    "guard/cli/audit_export.py",
    "guard/cli/policy_",  # who writes policies, before they are law
    "guard/cli/install",  # configuration of clients, written whole or not at all: tests/cli
    "guard/cli/live.py",
    "guard/probe/",  # clients in a home that is thrown away
    "guard/cli/probing.py",  # as above
    "guard/cli/versions.py",  # a client that says its version, and ends
    "guard/cli/mcp.py",
    "guard/cli/scores.py",
    "guard/cli/pager.py",
    "sandbox/battery/",
)
ELSEWHERE = ("sandbox/backends/docker.py", "sandbox/backends/_docker", "sandbox/backends/_netns.py")
"""An engine's own steps, which its daemon takes."""
COVERED = {
    "guard/audit/log.py": {"_sync_directory": "its callers say LOG_MADE or LOG_CLOSED"},
    "guard/cli/exec.py": {"run": "the report, to a descriptor that the caller gave us"},
    "guard/enforce/beneath.py": {"sync_filesystem": "its callers say SET_SYNCED or TREE_SYNCED"},
    "guard/enforce/caches.py": {"clear": "a cache may lose anything: what is left of it is cleared the next time"},
    "guard/enforce/changeset.py": {"_sync": "its caller says SET_PLACED"},
    "guard/enforce/crosscheck.py": {"_ask_bashlex": "a reader of text, which ends with its input"},
    "guard/enforce/nodes.py": {
        "copy_to": "into a set: its callers say SET_FILLED, OLD_KEPT or OBJECT_TAKEN_BACK",
        "_copy": "as copy_to, and OBJECT_PREPARED",
        "_own": "its callers say OBJECT_PREPARED or OBJECT_MADE",
    },
    "guard/enforce/places.py": {"Places.make": "an empty private directory, which every start makes where it lacks"},
    "guard/enforce/reviewer/consult.py": {
        "_start": "a process that only asks a server; what is missing of its answer is no answer",
        "_make_room": "answers that count no longer; what is left of them counts no longer either",
    },
    "guard/enforce/suggestions.py": {"remember": "an empty directory; _append says SUGGESTION_WRITTEN"},
    "guard/enforce/reviewed.py": {"_git": "a reader of history, which writes nothing; what it said is kept as a compiled policy is"},
    "guard/library/files.py": {
        "_replace": "a rename: the whole file or the one before; an agent's editor has no undo",
        "_made": "an empty directory",
    },
    "guard/library/running.py": {"Running._start": "a process that is a guard's own, with every point of a run"},
    "guard/policy/files/compiled.py": {"_compile": "a process that says POLICY_WRITTEN and POLICY_PLACED itself"},
    "guard/enforce/revisions.py": {"_git": "a reader of a repository, which ends with what it says"},
    "sandbox/backends/_caches.py": dict.fromkeys(("mount", "_make"), "inside; build says CACHES_MOUNTED"),
    "sandbox/backends/_copied_caches.py": {
        **dict.fromkeys(("_fill", "_give"), "into a directory that goes as a whole; landlock says COPY_FILLED"),
        "written": "in one that goes as a whole; landlock says COPY_REMOVED",
    },
    "sandbox/backends/_copy.py": {
        f"Copier.{name}": "into a directory that goes as a whole; landlock says COPY_FILLED"
        for name in ("_one", "_content", "_finish", "_own", "_placeholder")
    },
    "sandbox/backends/_init.py": {
        "_separate": "_own says LAUNCHER_APART",
        "_borrow": "enter says LAUNCHER_READY",
        "refused_namespaces": "a child that tries and ends",
    },
    "sandbox/backends/_places.py": {
        **dict.fromkeys(("attach", "_make", "_give"), "inside; build says GRANTS_MOUNTED"),
        "_fix": "inside; build says WORKSPACE_GUARDED",
    },
    "sandbox/backends/_root.py": {
        "_scratch": "inside; build says SCRATCH_MOUNTED",
        "_new_root": "inside; build says ROOT_MOUNTED",
        **dict.fromkeys(("_prepare_scratch", "_fill_etc"), "inside; build says SCRATCH_FILLED"),
        "_make_place": "inside; its callers say PLACE_MOUNTED or WORKSPACE_MOUNTED",
        **dict.fromkeys(("_overlay", "_direct"), "inside; build says WORKSPACE_MOUNTED"),
        **dict.fromkeys(("_mask", "_cover_file", "_show_the_rest"), "inside; build says WORKSPACE_GUARDED"),
        **dict.fromkeys(("_fill_dev", "_fill_proc", "_cover"), "inside; build says SYSTEM_MOUNTED"),
        "_enter": "inside; build says ROOT_ENTERED",
    },
    "sandbox/backends/_terminal.py": {"make": "inside; _first_process says TERMINAL_MADE"},
    "sandbox/backends/bubblewrap.py": {
        "_version": "a program that says its version and ends",
    },
    "sandbox/backends/landlock.py": {"_remove.unlock": "_remove says COPY_REMOVED"},
    "sandbox/backends/_probe.py": {"tried": "/dev/null"},
    "sandbox/cachestore.py": {
        **dict.fromkeys(("_merge", "_directory", "_remove"), "part of a cache, which may lose anything at any time; keep begins by removing what was not complete"),
        "_owned_like": "as above",
    },
    "sandbox/layer.py": {"_lent": "a permission of the layer, which nobody sees again"},
}  # fmt: skip
"""Functions that touch the world and have no point of their own, and why the one of somebody else is enough."""


def modules():
    for path in sorted([*ROOT.glob("guard/**/*.py"), *ROOT.glob("sandbox/**/*.py")]):
        name = str(path.relative_to(ROOT))
        if not name.startswith((*NOT_A_RUN, *ELSEWHERE)):
            yield name, path


def test_every_step_that_touches_the_world_has_a_point():
    missing = []
    for name, path in modules():
        have = {function for function, _ in points(path)}
        missing += [
            f"{name}:{line}: {call} in {function}"
            for function, line, call in touches(path)
            if function not in have and function not in COVERED.get(name, {})
        ]

    assert missing == []


def test_no_exception_is_made_for_what_needs_none():
    needed = {
        (name, function)
        for name, path in modules()
        for function in {function for function, _, _ in touches(path)} - {one for one, _ in points(path)}
    }

    assert {(name, function) for name, ones in COVERED.items() for function in ones} == needed


@pytest.mark.parametrize("module", [guard.faults, sandbox.faults])
def test_every_point_of_the_list_is_in_the_code_and_no_other(module):
    package = module.__name__.split(".")[0]
    used = {point for name, path in modules() if name.startswith(f"{package}/") for _, point in points(path)}

    assert used == {point.name for point in module.Point}


def test_nobody_but_a_test_arms_them():
    """The modules that hold a hook read nothing of the process and do not set it, and no other one can reach it."""
    for name, path in modules():
        for node in ast.walk(
            ast.parse(path.read_text()) if "faults" in path.read_text() else ast.Module([], [])
        ):
            if name in {"guard/faults.py", "sandbox/faults.py"}:
                assert not isinstance(node, ast.Global), name
                if isinstance(node, ast.Import | ast.ImportFrom):
                    assert [one.name for one in node.names] in (["Callable"], ["Enum"]), name
            elif isinstance(node, ast.ImportFrom):
                names = {one.name for one in node.names}
                assert "faults" not in names, name
                assert not (node.module or "").endswith(".faults") or names == {"Point", "reached"}, name
            elif isinstance(node, ast.Import):
                assert not any(one.name.endswith("faults") for one in node.names), name


def test_the_page_is_the_list():
    """Each point, with what it says, and somewhere where it is killed at; the tests there compare what they did."""
    listed = [*sandbox.faults.Point, *guard.faults.Point]

    assert [(name, words) for name, (words, _) in rows().items()] == [
        (point.name, point.value) for point in listed
    ]
    assert [name for name, (_, where) in rows().items() if not where] == []
