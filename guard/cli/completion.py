"""``guard completion SHELL``: a completion script, made from the parser itself."""

import argparse

from guard.cli.output import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = 'Print a completion script: eval "$(guard completion bash)"'
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def run(args: argparse.Namespace) -> int:
    import shtab  # noqa: PLC0415 - this command only

    from guard.cli.main import parser  # noqa: PLC0415 - main imports us

    say(shtab.complete(parser(), shell=args.shell))
    return 0
