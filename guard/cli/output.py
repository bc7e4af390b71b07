"""Writing for people: colours where they can be seen, and nothing that a command could fake on a terminal."""

import os
import sys
from typing import TextIO

_STYLES = {
    "bold": "1",
    "dim": "2",
    "underline": "4",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}
MAX_MESSAGE = 1600
_SHOWN = {"\n": "\u2424", "\t": " "}


def colours(stream: TextIO) -> bool:
    """https://no-color.org, and only on a terminal."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def style(text: str, *names: str, stream: TextIO | None = None) -> str:
    if not colours(stream or sys.stdout):
        return text
    return f"\x1b[{';'.join(_STYLES[name] for name in names)}m{text}\x1b[0m"


def visible(text: str, limit: int = 0) -> str:
    """One line that shows every character for what it is: control and direction characters as escapes."""
    shown = "".join(_SHOWN.get(char) or (char if char.isprintable() else _escaped(char)) for char in text)
    return shown if not limit or len(shown) <= limit else shown[: limit - 1] + "\u2026"


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def say(text: str = "", *, stream: TextIO | None = None) -> None:
    """One line to standard output; undecodable characters are shown, never fatal."""
    out = stream or sys.stdout
    encoding = out.encoding or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def complain(message: str, help_: str = "") -> None:
    """A message about bad input or about us: place, problem, next step."""
    say(f"guard: {visible(message, MAX_MESSAGE)}", stream=sys.stderr)
    if help_:
        say(f"  help: {visible(help_, MAX_MESSAGE)}", stream=sys.stderr)
