"""Which processes a process has started, and those have started, as /proc tells it at one moment."""

import os


def descendants(root: int) -> list[int]:
    """Parents before their children: one that saw its child end would start the next. Without ``root`` itself."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            parent = _parent(name)
            children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    generation = [root]
    while generation:
        generation = [child for parent in generation for child in children.get(parent, ())]
        found += generation
    return found


def _parent(name: str) -> int:
    """0 for a process that has ended meanwhile."""
    try:
        with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
            # The name of the program stands in parentheses and may hold any character.
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0
