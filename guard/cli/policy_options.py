"""Options of ``guard policy fmt`` and ``guard policy explain``: what each does loads only when it is called."""

import argparse

from guard.cli.proposals import add_command, add_level


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


def add_explain(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "For who writes the policy: every rule that speaks of what a command would do, with its file and line, "
        "and what would change the decision. `guard explain` is for who wonders how the command was read: values, "
        "files, look-ups. Never runs anything."
    )
    parser.epilog = "exit codes: 0 allow, 10 ask, 11 deny, 2 malformed input, 3 the guard failed"
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="FILE",
        help="judge as if this file was in force, in the place of those of its kind; may be repeated",
    )
    parser.add_argument("--write", metavar="PATH", help="explain writing this file, instead of a command")
    parser.add_argument("--at", metavar="DATE", help="judge as on this day (default: today)")
    parser.add_argument("--cwd", metavar="DIR", help="the directory it would run in (default: this one)")
    parser.add_argument("--home", metavar="DIR", help="the home directory it would see (default: yours)")
    add_level(parser)
    parser.add_argument(
        "--json", action="store_true", help="for machines: docs/schemas/policy-explain.schema.json"
    )
    add_command(parser)
