"""``--also FORMAT=FILE``: what is printed once more in another form, without working it out again."""

import argparse
from collections.abc import Callable, Sequence


def add_argument(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        type=_checked(formats),
        metavar="FORMAT=FILE",
        help="write it to a file in this format, too; may be repeated",
    )


def _checked(formats: Sequence[str]) -> Callable[[str], tuple[str, str]]:
    def checked(text: str) -> tuple[str, str]:
        name, _, path = text.partition("=")
        if name not in formats or not path:
            raise argparse.ArgumentTypeError(f"write it as FORMAT=FILE, with one of {', '.join(formats)}")
        return name, path

    return checked


def write(wanted: Sequence[tuple[str, str]], shown: Callable[[str], str]) -> None:
    """Raises OSError where a file cannot be written."""
    for name, path in wanted:
        with open(path, "w", encoding="utf-8") as file:
            file.write(shown(name).rstrip("\n") + "\n")
