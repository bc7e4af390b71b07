"""Where the bytes of programs that policy denies are on this machine: to recognise copies, and to hide them from sandboxes.

A program is its content. A name is found on ``PATH``; whatever else there has the same content is the same program.
"""

import os
import stat

from guard.enforce.executables import BY_CONTENT, DEFAULT_PATH, sha256_of
from guard.enforce.places import Places
from guard.faults import Point, reached
from guard.model.decision import Deny
from guard.model.effect import RunProgram
from guard.model.facts import EVERYTHING_ELSE, Facts, ForbiddenProgram
from guard.model.jsons import dumps, loads
from guard.model.typed import Iterator
from guard.policy.evaluate import judge
from guard.policy.match import wildcard
from guard.policy.rule import Policy
from guard.temporary import temporary

_ALWAYS = tuple(DEFAULT_PATH.split(":"))
"""Searched whatever PATH says: a command in the sandbox has its own idea of it."""
_MANY_IN_ONE = frozenset({"busybox", "toybox", "coreutils"})
"""One file that is hundreds of programs: to hide it for one of them would take them all."""
_NOBODY = "\N{NULL}"
MAX_TWINS = 20_000
"""Files of the workspace that are looked at for a copy made before."""


def forbidden_programs(facts: Facts, policy: Policy, places: Places) -> tuple[ForbiddenProgram, ...]:
    """Each program that no rule or exception lets start, with its files. Nothing where policy denies none."""
    if not policy.denied_programs and not allows_only_named(facts, policy):
        return ()
    everything = allows_only_named(facts, policy)
    names: dict[str, set[str]] = {}
    for name, real in _programs(facts):
        names.setdefault(real, set()).add(name)
    digests = _Digests(places) if any(name.startswith(BY_CONTENT) for name in policy.named_programs) else None
    needed = _needed()
    found: dict[str, set[str]] = {}
    for real, called in names.items():
        if os.path.basename(real) in _MANY_IN_ONE or real in needed:
            continue
        by_content = BY_CONTENT + digests.of(real) if digests is not None else ""
        meant = sorted(
            pattern
            for pattern in policy.denied_programs
            for name in called
            if (pattern == by_content if pattern.startswith(BY_CONTENT) else wildcard(pattern, name))
        )
        if meant and _denied(sorted(called), by_content, facts, policy):
            exact = (
                meant[0]
                if meant[0].startswith(BY_CONTENT)
                else min(called, key=lambda name: (len(name), name))
            )
            found.setdefault(exact, set()).add(real)
        elif everything and all(_denied([name], by_content, facts, policy) for name in called):
            found.setdefault(EVERYTHING_ELSE, set()).add(real)
    if digests is not None:
        digests.keep()
    return tuple(
        ForbiddenProgram(name=name, files=tuple(sorted(files))) for name, files in sorted(found.items())
    )


def _needed() -> frozenset[str]:
    """What starts whatever a sandbox runs: to hide it would be to have no sandbox."""
    linkers = [
        os.path.join(d, n)
        for d in ("/lib64", "/lib")
        if os.path.isdir(d)
        for n in os.listdir(d)
        if n.startswith("ld-")
    ]
    shells = [os.path.join(directory, "bash") for directory in _ALWAYS]
    return frozenset(os.path.realpath(path) for path in (*shells, *linkers))


def allows_only_named(facts: Facts, policy: Policy) -> bool:
    """Whether policy is a list of what may start: a program that no rule speaks of is denied."""
    return _denied([_NOBODY], "", facts, policy)


def with_content(programs: tuple[ForbiddenProgram, ...]) -> tuple[ForbiddenProgram, ...]:
    """The same with what their files hold. What only a list leaves out is hidden, but no copy of it is looked for."""
    return tuple(
        program
        if program.name == EVERYTHING_ELSE
        else ForbiddenProgram(
            name=program.name,
            files=program.files,
            sha256=frozenset(sha256_of(file) for file in program.files) - {""},
        )
        for program in programs
    )


def hidden_files(
    programs: tuple[ForbiddenProgram, ...], facts: Facts
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every file with such content: outside of the workspace, and in it. ``programs`` come from :func:`with_content`."""
    files = {file for program in programs for file in program.files}
    contents = frozenset(digest for program in programs for digest in program.sha256)
    sizes = {_size(file) for program in programs if program.sha256 for file in program.files} - {-1}
    if sizes:
        files |= {
            real for _, real in _programs(facts) if _size(real) in sizes and sha256_of(real) in contents
        }
    copies = [
        path
        for path in _workspace_files(facts.workspace if sizes else "")
        if _size(path) in sizes and sha256_of(path) in contents
    ]
    return tuple(sorted(files)), tuple(copies)


def _denied(names: list[str], by_content: str, facts: Facts, policy: Policy) -> bool:
    known = (*names, by_content) if by_content else tuple(names)
    return isinstance(judge((RunProgram(program=names[0], names=known),), policy, facts), Deny)


def _programs(facts: Facts) -> Iterator[tuple[str, str]]:
    """Name and real file of each executable on ``PATH`` or in the system's directories."""
    seen: set[str] = set()
    for directory in (*(facts.env.get("PATH") or DEFAULT_PATH).split(":"), *_ALWAYS):
        real = os.path.realpath(directory) if directory.startswith("/") else ""
        if not real or real in seen:
            continue
        seen.add(real)
        try:
            with os.scandir(real) as entries:
                for entry in entries:
                    path = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                    if _size(path) >= 0:
                        yield entry.name, path
        except OSError:
            continue


def _size(path: str) -> int:
    try:
        info = os.lstat(path)
    except OSError:
        return -1
    return info.st_size if stat.S_ISREG(info.st_mode) else -1


def _workspace_files(workspace: str) -> Iterator[str]:
    left = MAX_TWINS
    for directory, names, files in os.walk(workspace):
        names.sort()
        for name in sorted(files):
            left -= 1
            if left < 0:
                return
            yield os.path.join(directory, name)


class _Digests:
    """Content of programs, remembered while nothing about the file has changed: a machine has thousands of them."""

    def __init__(self, places: Places) -> None:
        self._path = os.path.join(places.state, "programs.json")
        self._places = places
        self._known: dict[str, str] = {}
        self._changed = False
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with open(descriptor, encoding="utf-8") as file:
                info = os.fstat(descriptor)
                if info.st_uid == os.getuid() and not info.st_mode & 0o022:
                    self._known = {str(key): str(value) for key, value in loads(file.read()).items()}
        except (OSError, ValueError, AttributeError):
            self._known = {}

    def of(self, path: str) -> str:
        try:
            info = os.lstat(path)
        except OSError:
            return ""
        key = f"{info.st_dev} {info.st_ino} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"
        if key not in self._known:
            self._known[key] = sha256_of(path)
            self._changed = True
        return self._known[key]

    def keep(self) -> None:
        if not self._changed:
            return
        early = temporary(self._path)
        try:
            self._places.make(self._places.state)
            with open(
                os.open(early, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600),
                "w",
                encoding="utf-8",
            ) as file:
                file.write(dumps(self._known))
            os.replace(early, self._path)
            reached(Point.DIGESTS_PLACED)
        except OSError:
            # Not remembered: the next call works it out again.
            return
