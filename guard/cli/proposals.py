"""Arguments of ``check``, ``explain`` and ``exec`` as proposals. Checks what a person typed; judges nothing."""

import argparse
import os
import sys
from shlex import join

from guard.errors import UsageError
from guard.model.principal import Principal
from guard.model.proposal import (
    EditProposal,
    Proposal,
    ReadProposal,
    Replacement,
    ShellProposal,
    WriteProposal,
)
from guard.model.verdict import Level

MAX_CONTENT = 16 * 1024 * 1024


def add_proposal(parser: argparse.ArgumentParser) -> None:
    """``--cwd``, ``--level``, ``--tool``, ``--path`` and the command after ``--``."""
    parser.add_argument("--cwd", metavar="D", help="the directory it would run in (default: this one)")
    parser.add_argument("--home", metavar="D", help="the home directory it would see (default: yours)")
    add_level(parser)
    parser.add_argument(
        "--tool", choices=("Bash", "Write", "Edit", "Read"), default="Bash", help="what the agent would use"
    )
    parser.add_argument(
        "--path", metavar="P", help="the file, for Write (content on standard input), Edit and Read"
    )
    parser.add_argument("--old", default="", help="for Edit: the text to replace")
    parser.add_argument("--new", default="", help="for Edit: the new text")
    add_command(parser)


def add_level(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--level",
        choices=[level.value for level in Level],
        help="judge as if this level were in force (default: what this machine can do)",
    )


def add_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="-- CMD...",
        help="one argument is shell text; several are one command, quoted for the shell",
    )


def level_of(args: argparse.Namespace) -> Level | None:
    return Level(args.level) if args.level else None


def command_of(words: list[str], subcommand: str) -> str:
    if not words:
        raise UsageError(
            "there is no command", help_=f"put it after `--`, e.g. `guard {subcommand} -- ls -la`"
        )
    return words[0] if len(words) == 1 else join(words)


def directory_of(text: str | None, option: str = "") -> str:
    """Absolute; need not exist, because cases are judged for machines that are not here. Raises UsageError."""
    if text is None:
        try:
            return os.getcwd()
        except FileNotFoundError:
            help_ = f"name another one with {option}" if option else "go to one that exists"
            raise UsageError("this directory is gone", help_=help_) from None
    if not text:
        raise UsageError(f"{option} is empty", help_="name a directory")
    return os.path.abspath(text)


def home_of(args: argparse.Namespace) -> str | None:
    """Absolute; None for one's own. Raises UsageError."""
    return None if args.home is None else directory_of(args.home, "--home")


def proposal_of(args: argparse.Namespace, agent: str = "cli") -> Proposal:
    """Raises UsageError."""
    principal = Principal(agent=agent)
    cwd = directory_of(args.cwd, "--cwd")
    if args.tool == "Bash":
        if args.path is not None:
            raise UsageError(
                "--path is for Write, Edit and Read", help_="add --tool, or put a command after `--`"
            )
        return ShellProposal(principal=principal, cwd=cwd, command=command_of(args.words, args.command))
    if args.words:
        raise UsageError(f"--tool {args.tool} takes no command", help_="use --path")
    if not args.path:
        raise UsageError(f"--tool {args.tool} needs --path", help_="name the file")
    match args.tool:
        case "Write":
            return WriteProposal(principal=principal, cwd=cwd, path=args.path, content=_content())
        case "Edit":
            edit = Replacement(old=args.old, new=args.new)
            return EditProposal(principal=principal, cwd=cwd, path=args.path, edits=(edit,))
        case _:
            return ReadProposal(principal=principal, cwd=cwd, path=args.path)


def _content() -> str:
    data = sys.stdin.buffer.read(MAX_CONTENT + 1)
    if len(data) > MAX_CONTENT:
        raise UsageError("the content is larger than 16 MiB", help_="write it in parts")
    return os.fsdecode(data)
