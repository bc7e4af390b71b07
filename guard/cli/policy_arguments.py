"""What ``guard policy check`` and ``test`` take, apart from them: both import the engine and a YAML reader."""

import argparse

from guard.cli import also


def check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: every file in force here")
    parser.add_argument(
        "--format", choices=["text", "github", "sarif", "json"], default="text", help="default: text"
    )
    also.add_argument(parser, ("github", "sarif", "json"))
    parser.add_argument(
        "--fail-on", choices=["error", "warning"], default="error", help="what exits with 1 (default: error)"
    )
    parser.add_argument(
        "--alone", action="store_true", help="as if no other layer counted, not even the built-in ones"
    )
    parser.add_argument(
        "--notes", action="store_true", help="show notes, too; SARIF and JSON always hold them"
    )


def test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: every file in force here")
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="which rules decide no test, and which edges of zones none tries",
    )
    parser.add_argument(
        "--threshold", type=_percent, metavar="N", help="exit 1 below N percent; implies --coverage"
    )
    parser.add_argument(
        "--mutate",
        action="store_true",
        help="get each rule and pattern wrong in turn, and say which mistakes no test notices",
    )
    parser.add_argument("--format", choices=["text", "junit", "json"], default="text", help="default: text")
    parser.add_argument(
        "--alone", action="store_true", help="as if no other layer counted, not even the built-in ones"
    )


def _percent(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError("a whole number from 0 to 100 is needed")
    return number


def sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the floor, as it will stand at /etc/guard/floor.yaml")
    parser.add_argument(
        "--key", required=True, metavar="PEM", help="the private key, of `openssl genpkey -algorithm ed25519`"
    )
    parser.add_argument("--approved-by", default="", metavar="WHO", help="who approved it, for the record")
    parser.add_argument("--pr", default="", metavar="PR", help="in which pull request, for the record")
