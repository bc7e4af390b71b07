"""Run by path in its own interpreter: bashlex is GPL and slow to load, so the guard itself never imports it.

Text as JSON on standard input; on standard output the words of every simple command, or an error.
"""

import importlib
import json
import sys

from guard.model.typed import Any


def main() -> None:
    try:
        bashlex: Any = importlib.import_module("bashlex")
    except ImportError:
        json.dump({"error": "bashlex is not installed"}, sys.stdout)
        return
    text = json.load(sys.stdin)
    try:
        commands = [words for tree in bashlex.parse(text) for words in _commands(tree)]
    except Exception as problem:  # noqa: BLE001 - it is known to raise nearly anything
        json.dump({"error": f"bashlex cannot read it: {type(problem).__name__}"}, sys.stdout)
        return
    json.dump({"commands": commands}, sys.stdout)


def _commands(tree: object) -> list[list[str]]:
    out: list[list[str]] = []
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        parts = list(getattr(node, "parts", ()))
        if getattr(node, "kind", "") == "command":
            words = [str(part.word) for part in parts if part.kind == "word"]
            if words:
                out.append(words)
        waiting += parts
        waiting += list(getattr(node, "list", ()))
        for name in ("command", "output", "body"):
            inner = getattr(node, name, None)
            if hasattr(inner, "kind"):
                waiting.append(inner)
    return out


if __name__ == "__main__":
    main()
