"""Finds, in the source, every call that changes something outside of the process, and the function it is in."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OF_OS = frozenset(
    "fork posix_spawn mkdir makedirs rename replace link symlink unlink rmdir fsync fdatasync ftruncate truncate"
    " chmod fchmod chown fchown utime setxattr removexattr".split()
)
_OF_KERNEL = frozenset("mount attach unshare own_root pivot_here detach_here enter".split())
_OF_OTHERS = frozenset(
    ("shutil.rmtree", "tempfile.mkdtemp", "subprocess.Popen", "subprocess.run", "_libc.syncfs")
)
_WRITING = frozenset("wxa+")
_PERHAPS = re.compile(
    r"^\s*(?:import|from) .*\b(?:os|shutil|subprocess|tempfile|_kernel|faults)\b", re.MULTILINE
)


def touches(path: Path) -> Iterator[tuple[str, int, str]]:
    """The function, the line and the name of each such call in a module."""
    tree = parsed(path)
    if tree is not None:
        yield from _walk(tree, "")


@functools.cache
def parsed(path: Path) -> ast.Module | None:
    """None where nothing of the kind can be in it: most of the source speaks of commands and calls nothing."""
    text = path.read_text()
    return ast.parse(text) if _PERHAPS.search(text) else None


def _walk(node: ast.AST, inside: str) -> Iterator[tuple[str, int, str]]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.ClassDef)
        yield from _walk(child, f"{inside}.{child.name}".lstrip(".") if named else inside)
        if isinstance(child, ast.Call) and (name := _touching(child)):
            yield inside, child.lineno, name


def _touching(call: ast.Call) -> str:
    name = ast.unparse(call.func)
    owner, _, method = name.rpartition(".")
    if (owner, method) == ("os", "open") and "O_CREAT" in ast.unparse(call):
        return name
    if name == "open" and any(
        isinstance(word, ast.Constant) and isinstance(word.value, str) and _WRITING & set(word.value)
        for word in (*call.args[1:2], *(one.value for one in call.keywords if one.arg == "mode"))
    ):
        return name
    known = (owner == "os" and method in _OF_OS) or (owner == "_kernel" and method in _OF_KERNEL)
    return name if known or name in _OF_OTHERS else ""


def points(path: Path) -> Iterator[tuple[str, str]]:
    """The function and the name of each point that it reaches."""

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            yield from walk(child, f"{inside}.{child.name}".lstrip(".") if named else inside)
            if isinstance(child, ast.Call) and ast.unparse(child.func) == "reached":
                yield inside, ast.unparse(child.args[0]).rpartition(".")[2]

    tree = parsed(path)
    if tree is not None:
        yield from walk(tree, "")
