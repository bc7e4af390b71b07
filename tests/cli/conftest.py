"""A user of the command line: a home, a git workspace in it, and real processes."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from guard.enforce.levels import try_level
from guard.model.verdict import Level

_U = TypeVar("_U", bound="User")
ROOT = Path(__file__).parent.parent.parent


def needs_a_sandbox(test: Callable[..., None]) -> Callable[..., None]:
    """Skipped, and reported so, where no sandbox works."""
    reason = "no sandbox works on this machine: see `guard doctor`"
    return pytest.mark.sandbox(pytest.mark.skipif(try_level() is Level.ADVICE, reason=reason)(test))


@dataclass
class User:
    home: Path

    @property
    def work(self) -> Path:
        return self.home / "app"

    @property
    def env(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
        }

    def argv(self, *words: str | bytes) -> list[str | bytes]:
        return [sys.executable, "-m", "guard", *words]

    def guard(
        self, *words: str | bytes, stdin: bytes = b"", **changes: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.argv(*words), cwd=self.work, env={**self.env, **changes}, input=stdin, capture_output=True, check=False, timeout=120
        )  # fmt: skip


@pytest.fixture
def user() -> Iterator[User]:
    # A short path, the same length every time: what people read is cut where it is long.
    with tempfile.TemporaryDirectory(prefix="u", dir="/tmp") as place:
        yield made(User(Path(place).resolve() / "home"))


def made(user: _U) -> _U:
    """With its directories and a first commit."""
    user.work.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", str(user.work)], check=True)
    for name, content in {"README.md": "# app\n", "src/a.py": "print(1)\n", "src/b.py": "print(2)\n"}.items():
        path = user.work / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    git = ["git", "-C", str(user.work), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    return user
