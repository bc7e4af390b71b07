"""Carrying out a read, write or edit that was permitted: through no link that was not there when it was judged."""

import os
import secrets
import stat

from guard.enforce.beneath import open_beneath, open_directory
from guard.engine.stages import Decided
from guard.library.calls import Edit, Read, Write
from guard.model.effect import ReadPath, WritePath
from guard.model.typed import assert_never

MAX_FILE = 64 * 1024 * 1024


class FileProblem(Exception):
    """Why it could not be done, for the model."""


def carry_out(call: Read | Write | Edit, decided: Decided) -> str:
    """What was read, or nothing. Raises FileProblem."""
    path = _judged(decided)
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        match call:
            case Read():
                return _text(_content(root, path), call.path)
            case Write(content=content):
                _replace(root, path, content.encode())
            case Edit(old=old, new=new, everywhere=everywhere):
                before = _text(_content(root, path), call.path)
                _replace(root, path, _edited(before, old, new, call.path, everywhere=everywhere).encode())
            case _:
                assert_never(call)
    except (OSError, UnicodeEncodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileProblem(f"{call.path}: {(reason or 'it cannot be used').lower()}") from error
    finally:
        os.close(root)
    return ""


def _judged(decided: Decided) -> str:
    """The one real path that the decision is about, relative to the root."""
    paths = {
        effect.path.real
        for effect in decided.effects
        if isinstance(effect, ReadPath | WritePath) and effect.path.real
    }
    if len(paths) != 1:
        raise FileProblem("it is not clear which file this is")
    return paths.pop().lstrip("/")


def _content(root: int, path: str) -> bytes:
    descriptor = open_beneath(root, path, os.O_RDONLY | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileProblem(f"/{path} is no regular file")
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise FileProblem(f"/{path} is larger than {MAX_FILE >> 20} MiB")
    return content


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise FileProblem(f"{name}: not text in UTF-8 (byte {error.start})") from error


def _edited(before: str, old: str, new: str, name: str, *, everywhere: bool) -> str:
    found = before.count(old) if old else 0
    if not found:
        raise FileProblem(f"{name}: `old` is empty" if not old else f"{name}: `old` is not in the file")
    if found > 1 and not everywhere:
        raise FileProblem(f"{name}: `old` is in the file {found} times; give more of what is around it")
    return before.replace(old, new)


def _replace(root: int, path: str, content: bytes) -> None:
    """The whole file or nothing of it, with the permissions it had. Directories that are missing are made."""
    above, name = os.path.split(path)
    directory = _made(root, above)
    try:
        mode = _mode(directory, name)
        scratch = f".guard-{secrets.token_hex(8)}"
        descriptor = os.open(
            scratch,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o666,
            dir_fd=directory,
        )
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                if mode is not None:
                    os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            os.rename(scratch, name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            os.unlink(scratch, dir_fd=directory)
            raise
        os.fsync(directory)
    finally:
        os.close(directory)


def _mode(directory: int, name: str) -> int | None:
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise FileProblem(f"{name} is no regular file")
    return stat.S_IMODE(found.st_mode)


def _made(root: int, path: str) -> int:
    try:
        return open_directory(root, path)
    except FileNotFoundError:
        above, name = os.path.split(path)
        parent = _made(root, above)
        try:
            os.mkdir(name, 0o777, dir_fd=parent)
        except FileExistsError:
            pass  # somebody else has made it: what it is is looked at below
        finally:
            os.close(parent)
        return open_directory(root, path)
