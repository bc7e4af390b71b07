"""Options of ``guard policy fmt`` and ``guard policy explain``: what each does loads only when it is called."""

import argparse


def add_fmt(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write policy files in their canonical form: keys in one order, lists sorted where order means nothing, "
        "one way to quote and to indent. Comments stay with what they speak of; the policy says the same."
    )
    parser.epilog = "exit codes: 0 done; 1 a file is no policy, or with --check not in its canonical form"
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="files, directories, or `-`: standard input to standard output (default: the repository's policy)",
    )
    parser.add_argument("--check", action="store_true", help="write nothing, show what would change")
    parser.add_argument("--cwd", metavar="DIR", help="where files are looked for (default: where you are)")
    parser.add_argument(
        "--json", action="store_true", help="for machines: docs/schemas/policy-fmt.schema.json"
    )
