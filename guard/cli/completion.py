"""``guard completion SHELL``: a completion script, made from the parser itself."""

import argparse

from guard.cli.output import say

SHELLS = ("bash", "zsh", "fish", "tcsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print a completion script. In the start-up file of the shell:\n\n"
        '  eval "$(guard completion bash)"       the same for zsh, after compinit\n'
        "  guard completion fish | source\n"
        "  guard completion tcsh > ~/.guard.tcsh; source ~/.guard.tcsh"
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh, fish or tcsh")


def run(args: argparse.Namespace) -> int:
    import shtab  # noqa: PLC0415 - this command only

    from guard.cli.main import parser  # noqa: PLC0415 - main imports us

    say(shtab.complete(parser(with_hook=True), shell=args.shell))
    return 0
