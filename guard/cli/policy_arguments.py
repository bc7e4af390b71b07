"""What ``guard policy check`` and ``test`` take, apart from them: both import the engine and a YAML reader."""

import argparse


def check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: every file in force here")
    parser.add_argument(
        "--format", choices=["text", "github", "sarif", "json"], default="text", help="default: text"
    )
    parser.add_argument(
        "--fail-on", choices=["error", "warning"], default="error", help="what exits with 1 (default: error)"
    )
    parser.add_argument(
        "--alone", action="store_true", help="as if no other layer counted, not even the built-in ones"
    )
    parser.add_argument(
        "--notes", action="store_true", help="show notes, too; SARIF and JSON always hold them"
    )
