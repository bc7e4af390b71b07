"""The command line: finds the subcommand, imports that one only, and turns every failure into one message and a code."""

import argparse
import errno
import os
import sys
from importlib import import_module
from typing import Literal, NoReturn, TextIO

from guard.cli.exit_codes import FAILED, OK, USAGE
from guard.cli.output import complain, say
from guard.errors import GuardError, UsageError

SUBCOMMANDS = {
    "demo": ("guard.cli.demo", "see a home directory survive, in a scratch directory"),
    "check": ("guard.cli.check", "what would be decided, without running anything"),
    "explain": ("guard.cli.explain", "the same, with every step that led there"),
    "parse": ("guard.cli.parse", "how shell text is read, and which commands are in it"),
    "exec": ("guard.cli.exec", "decide, run where the decision says, judge the changes"),
    "run": ("guard.cli.run", "a whole agent in the sandbox, its changes looked at in the end"),
    "mcp": ("guard.cli.mcp", "between an MCP client and its server: every tool call is decided"),
    "changes": ("guard.cli.changes", "held changes: list, show, apply, drop"),
    "caches": ("guard.cli.caches", "caches of sandboxed runs: list, clear"),
    "undo": ("guard.cli.undo", "put back what a run changed"),
    "approve": ("guard.cli.approve", "questions of agents that wait for a person's answer"),
    "install": ("guard.cli.install", "put the hook in front of the agents of this machine"),
    "uninstall": ("guard.cli.uninstall", "take the hook out again"),
    "status": ("guard.cli.status", "which agents ask the guard, and what lets calls through"),
    "sessions": ("guard.cli.sessions", "agents that were denied, and unlocking one"),
    "audit": ("guard.cli.audit", "read and verify the audit log"),
    "policy": ("guard.cli.policy", "check policy files and show what is in force"),
    "doctor": ("guard.cli.doctor", "what protects this machine, and what is missing"),
    "bench": ("guard.cli.bench", "score a guard on labelled commands"),
    "completion": ("guard.cli.completion", "completion for bash, zsh, fish or tcsh"),
}
EPILOG = """exit codes:
  0 allowed, or done      10 a person has to be asked     2 the input is malformed
  1 findings              11 denied                       3 the guard itself failed
                          12 changes are held

`guard hook AGENT` answers one tool call of an agent: see `guard hook --help`.
Start with `guard demo`, then `guard check -- rm -rf build ~`.
"""


def version() -> str:
    """The installed version; the source tree's when it is not installed."""
    from importlib.metadata import PackageNotFoundError  # noqa: PLC0415 - slow, and rarely asked for
    from importlib.metadata import version as installed  # noqa: PLC0415 - as above

    try:
        return installed("execguard")
    except PackageNotFoundError:
        return "not installed"


class _Parser(argparse.ArgumentParser):
    """Usage problems in our own words."""

    def error(self, message: str) -> NoReturn:  # type: ignore[explicit-override]
        place = self.prog.removeprefix("guard").strip()
        raise UsageError(f"{place}: {message}" if place else message, help_=f"see `{self.prog} --help`")


def parser(only: str = "", *, with_hook: bool = False) -> argparse.ArgumentParser:
    """The whole parser, or with the arguments of ``only`` one subcommand filled in.

    ``hook`` parses its own arguments, without this module; it is here for those who ask what there is.
    """
    root = _Parser(
        prog="guard",
        description="A guard between an AI coding agent and your machine: decide, contain, verify, remember.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.add_argument("--version", action="store_true", help="print the version")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name, (module, help_) in SUBCOMMANDS.items():
        sub = commands.add_parser(
            name, help=help_, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
        )
        if not only or name == only:
            import_module(module).add_arguments(sub)
    if with_hook:
        from guard.agents.table import AGENTS  # noqa: PLC0415 - for completion only
        from guard.cli.hook import REWRITES  # noqa: PLC0415 - as above

        hook = commands.add_parser("hook", help="answer one tool call of an agent", allow_abbrev=False)
        hook.add_argument("agent", choices=tuple(AGENTS))
        hook.add_argument(
            REWRITES, action="store_true", help="this version of the client runs what it is answered"
        )
    return root


def main(arguments: list[str]) -> int:
    _open_standard_streams()
    try:
        return _main(arguments)
    except UsageError as error:
        complain(str(error), error.help)
        return USAGE
    except GuardError as error:
        complain(str(error), error.help)
        return FAILED
    except KeyboardInterrupt:
        complain(
            "interrupted",
            "if a command was run, `guard audit tail` shows what became of it",
        )
        return 130
    except BrokenPipeError:
        _forget_output()
        return 141
    except RecursionError:
        complain("the input is nested too deeply", "split it")
        return FAILED
    except OSError as error:
        complain(*_explained(error))
        _forget_output()
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last border: one message, a code, nothing run
        complain(
            f"this is a defect of the guard: {type(error).__name__}: {error}",
            "please report it; if a command was run, `guard audit tail` shows it",
        )
        return FAILED


def _explained(error: OSError) -> tuple[str, str]:
    if error.errno == errno.EBADF and error.filename is None:
        return "standard input or output is closed", "redirect it, to /dev/null if nobody needs it"
    place = error.filename or "the machine"
    return f"{place}: {(error.strerror or str(error)).lower()}", "mend it and try again"


def _open_standard_streams() -> None:
    """What nobody gave us becomes a stream that fails: or the next file we open would be taken for it.

    Input and output are opened the wrong way round, as coreutils does, so that an answer is never lost in silence.
    """
    if sys.stdin is None:
        sys.stdin = _failing(0, os.O_WRONLY, "r")
    if sys.stdout is None:
        sys.stdout = _failing(1, os.O_RDONLY, "w")
    if sys.stderr is None:
        # Without anybody to say it to, the exit code has to do.
        sys.stderr = _failing(2, os.O_WRONLY, "w")


def _failing(number: int, flags: int, mode: Literal["r", "w"]) -> TextIO:
    """The stream ``number``, open on nothing; a command that is run inherits it as it would any other."""
    null = os.open(os.devnull, flags)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    os.set_inheritable(number, True)
    return open(number, mode, encoding="utf-8", closefd=False)


def _forget_output() -> None:
    """What could not be written cannot be written at exit either: Python must not complain a second time."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _main(arguments: list[str]) -> int:
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    if chosen and chosen not in SUBCOMMANDS:
        known = ", ".join([*SUBCOMMANDS, "hook"])
        raise UsageError(f"there is no command `{chosen}`", help_=f"use one of {known}")
    if any("\0" in word for word in arguments):
        raise UsageError("an argument holds a NUL byte", help_="remove it")
    try:
        args = parser(only=chosen or "-").parse_args(arguments)
    except SystemExit:
        # The help is written. What cannot be written is said here, and not by Python at exit.
        sys.stdout.flush()
        raise
    if args.version:
        say(f"guard {version()}")
        status = OK
    elif args.command:
        status = import_module(SUBCOMMANDS[args.command][0]).run(args)
    elif arguments:
        raise UsageError("there is no command", help_="see `guard --help`")
    else:
        parser(only="-").print_help()
        status = OK
    sys.stdout.flush()
    return status
