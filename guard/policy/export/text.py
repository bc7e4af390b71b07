"""What people wrote in a policy, put where a line break would be read as law."""


def one_line(text: str, most: int = 0) -> str:
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return shown if not most or len(shown) <= most else shown[: most - 1] + "\u2026"


def comment(text: str) -> str:
    return "# " + one_line(text)
