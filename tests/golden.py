"""Golden files: what people and agents read, kept as text under ``tests/golden/`` and compared byte for byte.

``matches("hook/deny.json", text)`` compares; with GUARD_UPDATE_GOLDEN=1 it rewrites the file instead,
which CI (the variable CI is set) refuses. Pass ``normal(text, home=..., work=...)`` for text that holds paths of
this run: it turns them into ``$HOME`` and ``$WORK``, the checkout into ``$GUARD`` and so on, the longest path first.
"""

import os
import re
import sys
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
_CHECKOUT = Path(__file__).parent.parent


def normal(text: str, *, home: Path | str = "", work: Path | str = "", **more: Path | str) -> str:
    """``text`` with the paths of this run replaced: ``$HOME``, ``$WORK``, and ``$NAME`` for each of ``more``."""
    names = {"home": home, "work": work, "guard": _CHECKOUT, **more}
    # The interpreter that runs the tests is a path of this machine too, inside the checkout or not.
    names["python"] = sys.executable
    pairs = [(form, f"${name.upper()}") for name, path in names.items() if path for form in _forms(path)]
    # What lies in a home that the guard works in grows with every run.
    text = re.sub(
        r"[\d,]+ files \([\d.]+ \w+\) below `~/`; \d+ (?:is|are) not in git", "N files below `~/`", text
    )
    for form, name in sorted(pairs, key=lambda pair: len(pair[0]), reverse=True):
        text = re.sub(rf"{re.escape(form)}(?![\w-]|\.\w)", name, text)
    return text


def matches(name: str, text: str) -> None:
    """Raises AssertionError when ``text`` is not what the golden file ``name`` (relative) says."""
    path = GOLDEN / name
    if os.environ.get("GUARD_UPDATE_GOLDEN") == "1":
        if os.environ.get("CI"):
            raise AssertionError("GUARD_UPDATE_GOLDEN=1 in CI: golden files are changed by people only")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    help_ = f"tests/golden/{name}: if this is what should be read, run with GUARD_UPDATE_GOLDEN=1 and review the diff"
    expected = path.read_text(encoding="utf-8") if path.exists() else None

    assert expected is not None, f"no golden file yet; {help_}"
    assert expected == text, help_


def _forms(path: Path | str) -> set[str]:
    """As given and with its symlinks resolved: a message may hold either."""
    return {str(path), os.path.realpath(path)}
