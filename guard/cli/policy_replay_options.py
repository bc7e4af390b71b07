"""The options of ``guard policy replay`` and ``learn``. Imports nothing of what these do."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log",
        nargs="+",
        metavar="PATH",
        help="a log's directory, files of JSON lines, or Parquet; `-` is standard input (default: your log)",
    )
    parser.add_argument(
        "--policy",
        nargs="+",
        metavar="FILE",
        help="what to decide by: files, directories or REVISION:PATH, among the built-in ones (default: what is in force here)",
    )
    parser.add_argument(
        "--base",
        nargs="+",
        metavar="FILE",
        help="compare with what these say now, not with what was said at the time; `none` is the built-in ones",
    )
    parser.add_argument(
        "--floor",
        action="append",
        default=[],
        metavar="FILE",
        help="a floor that stands above; may be repeated",
    )
    parser.add_argument("--alone", action="store_true", help="without the built-in policies around them")
    parser.add_argument(
        "--reanalyse",
        action="store_true",
        help="read every command anew, and do not trust the effects that were recorded",
    )
    parser.add_argument("--at", metavar="DATE", help="judge as on this day (default: today)")
    parser.add_argument(
        "--since", default="", metavar="DATE", help="only what was decided on this day or later"
    )
    parser.add_argument("--until", default="", metavar="DATE", help="only what was decided up to this day")
    parser.add_argument(
        "--workspace", default="", metavar="DIR", help="only what was decided in this workspace"
    )
    parser.add_argument(
        "--format", choices=["text", "markdown", "json"], default="text", help="default: text"
    )
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    parser.add_argument(
        "--fail-on",
        choices=["looser"],
        help="exit 1 when something becomes looser, or that could not be ruled out",
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (default: one for each core)")
    parser.add_argument("--no-cache", action="store_true", help="keep nothing beside the log")
    parser.add_argument(
        "--cwd", metavar="DIR", help="where policy files are looked for (default: where you are)"
    )


def add_learn_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--log", metavar="DIR", help="the log's directory (default: yours)")
    parser.add_argument(
        "--min",
        type=int,
        default=5,
        metavar="N",
        help="how often it must have been approved (default: %(default)s)",
    )
    parser.add_argument(
        "--policy", metavar="FILE", help="the file that rules are to be added to (default: the repository's)"
    )
    parser.add_argument(
        "--floor",
        action="append",
        default=[],
        metavar="FILE",
        help="a floor that stands above; may be repeated",
    )
    parser.add_argument(
        "--workspace", default="", metavar="DIR", help="what was asked in this workspace (default: this one)"
    )
    parser.add_argument(
        "--json", action="store_true", help="for machines: docs/schemas/policy-learn.schema.json"
    )
    parser.add_argument("--cwd", metavar="DIR", help="where files are looked for (default: where you are)")
