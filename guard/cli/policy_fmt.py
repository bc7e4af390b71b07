"""``guard policy fmt``: policy files in their canonical form, comments kept. Writes whole files or nothing."""

import argparse
import difflib
import json
import os
import sys
from contextlib import suppress

from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import complain, say, style, visible
from guard.enforce.revisions import contents
from guard.errors import PolicyFileError
from guard.model.dataclass import dataclass
from guard.policy.files.canonical import canonical
from guard.policy.files.compiled import MAX_BYTES, read_bytes
from guard.policy.files.load import kind_of
from guard.policy.files.locate import builtin, in_work_tree
from guard.temporary import temporary

_STDIN = "-"
_COLOUR = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """What became of one file. ``problem``: why it is none that could be written anew."""

    path: str
    before: bytes = b""
    after: bytes = b""
    problem: str = ""
    help: str = ""

    @property
    def state(self) -> str:
        if self.problem:
            return "refused"
        return "canonical" if self.before == self.after else "changed"


def run(args: argparse.Namespace, cwd: str, workspace: str) -> int:
    if _STDIN in args.files:
        return _stream(args)
    given = args.files or [source.path for source in in_work_tree(workspace)]
    if not given:
        complain("there is no policy of a repository here", "name the files")
        return USAGE
    done: list[Formatted] = []
    for name in given:
        try:
            found = contents(name, cwd) if os.path.isdir(os.path.join(cwd, name)) else [(name, b"")]
        except PolicyFileError as error:
            complain(str(error), error.help)
            return USAGE
        if not found:
            complain(f"{name}: holds no policy files", "name a file, or another directory")
            return USAGE
        for path, _ in found:
            if not os.path.lexists(os.path.join(cwd, path)):
                complain(f"{path}: there is no such file", "name a policy file, or none for the repository's")
                return USAGE
            done.append(_file(path, cwd))
    if not args.check:
        for one in done:
            if one.state == "changed":
                _replace(os.path.join(cwd, one.path), one.after)
    _tell(done, args)
    return (
        OK
        if all(one.state == "canonical" or (one.state == "changed" and not args.check) for one in done)
        else FINDINGS
    )


def _file(path: str, cwd: str) -> Formatted:
    full = os.path.join(cwd, path)
    try:
        content = read_bytes(full)
        return Formatted(
            path=path, before=content, after=canonical(content, kind=_kind(full, content, path), source=path)
        )
    except PolicyFileError as error:
        return Formatted(path=path, problem=str(error), help=error.help)


def _kind(full: str, content: bytes, path: str) -> str:
    """A built-in file may say what no other may."""
    real = os.path.realpath(full)
    shipped = {os.path.realpath(source.path): source.kind for source in builtin()}
    return shipped.get(real) or kind_of(content, path)


def _stream(args: argparse.Namespace) -> int:
    if len(args.files) > 1 or args.json:
        complain("`-` stands alone", "name no other files beside it, and leave --json out")
        return USAGE
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        after = canonical(content, kind=kind_of(content, "<stdin>"), source="<stdin>")
    except PolicyFileError as error:
        complain(str(error), error.help)
        return FINDINGS
    if not args.check:
        sys.stdout.buffer.write(after)
        return OK
    one = Formatted(path="<stdin>", before=content, after=after)
    _diff(one)
    return OK if one.state == "canonical" else FINDINGS


# ---------------------------------------------------------------------- out


def _replace(path: str, content: bytes) -> None:
    """The whole file at once, with the owner and the mode that it has; through a link, not in its place. Raises OSError."""
    real = os.path.realpath(path)
    info = os.stat(real)
    early = temporary(real)
    descriptor = os.open(early, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if (info.st_uid, info.st_gid) != (os.getuid(), os.getgid()):
                # Who may not give files away keeps the new one; its mode is then read for them.
                with suppress(PermissionError):
                    os.fchown(descriptor, info.st_uid, info.st_gid)
            os.fchmod(descriptor, info.st_mode & 0o7777)
            os.fsync(descriptor)
        os.replace(early, real)
    except BaseException:
        os.unlink(early)
        raise


def _tell(done: list[Formatted], args: argparse.Namespace) -> None:
    if args.json:
        files = [
            {"path": one.path, "state": one.state, "problem": one.problem, "help": one.help} for one in done
        ]
        say(
            json.dumps(
                {
                    "ok": all(one.state == "canonical" for one in done),
                    "written": not args.check,
                    "files": files,
                }
            )
        )
        return
    for one in done:
        if one.problem:
            complain(one.problem, one.help)
        elif one.state == "changed" and args.check:
            _diff(one)
        elif one.state == "changed":
            say(f"{style('formatted', 'green')}: {visible(one.path)}")
    same = sum(one.state == "canonical" for one in done)
    if same == len(done):
        say(f"{style('fine', 'green')}: {', '.join(visible(one.path) for one in done)}")


def _diff(one: Formatted) -> None:
    lines = difflib.unified_diff(
        one.before.decode().splitlines(),
        one.after.decode().splitlines(),
        one.path,
        f"{one.path} (canonical)",
        lineterm="",
    )
    for line in lines:
        colour = _COLOUR.get(line[:1])
        say(style(visible(line, 400), colour) if colour else visible(line, 400))
    if one.before != one.after and one.before.decode().splitlines() == one.after.decode().splitlines():
        say(f"{visible(one.path)}: only the ends of lines differ")
