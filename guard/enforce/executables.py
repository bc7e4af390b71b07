"""Which executable a name starts, and what a script says. Reads bounded amounts of regular files only."""

import os
import stat

from guard.enforce.walkpath import look_path, walk
from guard.model.facts import ModuleFact, ProgramFact, ScriptFact, SettingsFact
from guard.model.hashes import sha256
from guard.model.paths import FileKind
from guard.model.typed import Mapping

BY_CONTENT = "sha256:"
"""How rules name a program that is meant by its bytes."""
MAX_SCRIPT_BYTES = 256 * 1024
MAX_ABOVE = 32
MAX_PROGRAM_BYTES = 256 * 1024 * 1024
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/")


class Executables:
    """Looks at programs for one proposal. ``named``: the programs that rules speak of by name."""

    def __init__(self, env: Mapping[str, str], named: frozenset[str], writable: tuple[str, ...] = ()) -> None:
        """``writable``: directories that an agent may write to: what lies there is nobody's toolchain. ``/`` counts as none."""
        self._path = env.get("PATH") or DEFAULT_PATH
        self._writable = writable
        self._contents = frozenset([name for name in named if name.startswith(BY_CONTENT)])
        self._named = named - self._contents if self._contents else named
        self._originals: dict[str, tuple[str, int]] | None = None

    def look(self, name: str, cwd: str) -> ProgramFact:
        path = (
            name if name.startswith("/") else os.path.join(cwd, name) if "/" in name else self._search(name)
        )
        if not path:
            return ProgramFact(path="", real="")
        fact, info, holder = walk(path)
        if fact.error or fact.kind is not FileKind.FILE or info is None:
            return ProgramFact(path="", real="")
        if _is_system(fact.real, info, holder):
            return ProgramFact(
                path=path, real=fact.real, same_as=self._by_content(fact.real, ""), system=True
            )
        installed = self._is_installed(path, fact.real)
        # Whoever installed a toolchain answers for its bytes; a copy of a program that rules name is still that program.
        sha256 = sha256_of(fact.real) if not installed or self._named or self._contents else ""
        return ProgramFact(
            path=path,
            real=fact.real,
            sha256=sha256,
            same_as=self._same_as(fact.real, fact.size, sha256),
            interpreter=_interpreter(_read(fact.real, 256)[0]),
            system=installed,
        )

    def _is_installed(self, path: str, real: str) -> bool:
        """A toolchain on ``PATH`` (``~/.cargo/bin``, ``/opt/node/bin``) that no agent can have written to.

        The name it has there says what it does, as it does for ``/usr/bin``: agents may not write outside the
        workspace and the temporary directories, and the guard denies it where programs of ``PATH`` lie.
        """
        directory = os.path.dirname(path)
        if directory not in self._path.split(":") or not os.path.isabs(directory):
            return False
        for place in (os.path.realpath(directory), os.path.dirname(real), real):
            if any(
                (place + "/").startswith(root.rstrip("/") + "/") for root in self._writable if root.strip("/")
            ):
                return False
            try:
                info = os.lstat(place)
            except OSError:
                return False
            if info.st_mode & 0o022 or info.st_uid not in {0, os.getuid()}:
                return False
        return True

    def _search(self, name: str) -> str:
        access = os.access
        for prefix in _prefixes(self._path):
            candidate = prefix + name
            if not access(candidate, os.F_OK):
                # Most of them: half the price of a `stat` that fails.
                continue
            try:
                info = os.stat(candidate)
            except OSError:
                continue
            if stat.S_ISREG(info.st_mode) and info.st_mode & 0o111 and candidate[0] == "/":
                return candidate
        return ""

    def _same_as(self, real: str, size: int, sha256: str) -> tuple[str, ...]:
        """Programs that rules name and whose file has the same bytes: a copy is the program it copies."""
        if self._originals is None:
            self._originals = {}
            for name in sorted(self._named):
                original = look_path(self._search(name) or "/")
                if original.kind is FileKind.FILE:
                    self._originals[name] = (original.real, original.size)
        twins = tuple(
            name
            for name, (path, bytes_) in self._originals.items()
            if path == real or (bytes_ == size and (not sha256 or sha256_of(path) == sha256))
        )
        return (*twins, *self._by_content(real, sha256))

    def _by_content(self, real: str, sha256: str) -> tuple[str, ...]:
        """The name by which rules mean exactly these bytes."""
        if not self._contents:
            return ()
        name = BY_CONTENT + (sha256 or sha256_of(real))
        return (name,) if name in self._contents else ()


def _prefixes(path: str) -> tuple[str, ...]:
    """What stands before a program's name, for each directory of ``PATH`` once."""
    known = _PREFIXES.get(path)
    if known is None:
        if len(_PREFIXES) >= _MOST_PATHS:
            _PREFIXES.clear()
        places = dict.fromkeys(path.split(":"))
        known = tuple([place if place.endswith("/") else f"{place or '.'}/" for place in places])
        _PREFIXES[path] = known
    return known


_MOST_PATHS = 64
_PREFIXES: dict[str, tuple[str, ...]] = {}


def look_script(path: str) -> ScriptFact:
    """The text of a file, if it is one and small enough."""
    fact = look_path(path)
    if fact.error:
        return ScriptFact(text=None, reason=fact.error)
    if fact.kind is not FileKind.FILE:
        return ScriptFact(text=None, reason=f"it is {_KINDS[fact.kind]}")
    data, problem = _read(fact.real, MAX_SCRIPT_BYTES + 1)
    if problem:
        return ScriptFact(text=None, reason=problem)
    if len(data) > MAX_SCRIPT_BYTES:
        return ScriptFact(text=None, reason="it is too large to read")
    if b"\0" in data:
        return ScriptFact(text=None, reason="it is not text")
    return ScriptFact(text=os.fsdecode(data), sha256=sha256(data).hexdigest())


def look_settings(directory: str, names: tuple[str, ...], top: str) -> SettingsFact:
    """Those of the files that are there. What is there and cannot be read is told as such."""
    found: list[tuple[str, ScriptFact]] = []
    for place in _upwards(directory, top):
        for name in names:
            path = os.path.join(place, name)
            if os.path.lexists(path):
                found.append((path, look_script(path)))
    return SettingsFact(found=tuple(found))


def _upwards(directory: str, top: str) -> list[str]:
    places = [directory]
    while os.path.dirname(places[-1]) != places[-1] and places[-1] != top and len(places) < MAX_ABOVE:
        places.append(os.path.dirname(places[-1]))
    return places


def look_module(name: str, directory: str) -> ModuleFact:
    """``import NAME`` in ``directory``: a file, a package, or a library of that name."""
    try:
        with os.scandir(directory or ".") as entries:
            found = any(entry.name == name or entry.name.startswith(name + ".") for entry in entries)
    except FileNotFoundError:
        found = False
    except OSError:
        found = True
    return ModuleFact(found=found)


_KINDS = {
    FileKind.ABSENT: "absent",
    FileKind.DIRECTORY: "a directory",
    FileKind.OTHER: "not a regular file",
    FileKind.UNKNOWN: "out of our reach",
}


def _is_system(real: str, info: os.stat_result, holder: os.stat_result | None) -> bool:
    """Whether only root can put something else there. A user's ``/usr/local/bin`` does not count."""
    if not real.startswith(_SYSTEM) or info.st_uid != 0 or info.st_mode & 0o022:
        return False
    if holder is None:
        try:
            holder = os.lstat(real.rpartition("/")[0])
        except OSError:
            return False
    return holder.st_uid == 0 and not holder.st_mode & 0o022


def _read(path: str, most: int) -> tuple[bytes, str]:
    try:
        # Non-blocking: a FIFO that took the file's place must not hold the hook.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return b"", f"it cannot be read ({error.strerror})"
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b"", "it is not a regular file"
        return file.read(most), ""


def sha256_of(path: str) -> str:
    digest = sha256()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with open(descriptor, "rb") as file:
        if os.fstat(descriptor).st_size > MAX_PROGRAM_BYTES:
            return ""
        while block := file.read(1024 * 1024):
            digest.update(block)
    return digest.hexdigest()


def _interpreter(head: bytes) -> str:
    if not head.startswith(b"#!"):
        return ""
    words = os.fsdecode(head[2:].split(b"\n", 1)[0]).split()
    names = [word.rpartition("/")[2] for word in words]
    if names[:1] == ["env"]:
        names = [name for name in names[1:] if not name.startswith("-") and "=" not in name]
    return names[0] if names else ""
