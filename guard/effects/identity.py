"""Which program a command name really starts, whatever it is called. Runs nothing.

A name is only a hint: links, ``/proc/self/root``, copies, the dynamic linker and multi-call binaries all give one
program other names. Rules are matched against every name that the same program goes by.
"""

import posixpath

from guard.effects.state import State, WrittenFile
from guard.effects.values import static_text
from guard.model.dataclass import dataclass
from guard.model.facts import Answer, Facts, LookProgram, Lookup, ProgramFact
from guard.model.typed import Callable

_SYSTEM_DIRECTORIES = frozenset(
    {
        "/bin",
        "/sbin",
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/usr/lib",
        "/lib",
        "/lib64",
        "/usr/games",
    }
)


@dataclass(frozen=True, slots=True)
class Identity:
    known_as: tuple[str, ...]
    """Names to understand it by, best first; empty when no name can be trusted to say what it does."""
    names: tuple[str, ...]
    """Every name it goes by, for rules."""
    file: str = ""
    """The file to read when it is not a program of the system."""
    written: WrittenFile | None = None
    """How this very command line made that file."""
    sha256: str = ""
    doubt: str = ""
    """Why the name may start something else."""


def identify(name: str, state: State, facts: Facts, ask: Callable[[Lookup], Answer | None]) -> Identity:
    """Find out what ``name`` starts in ``state``."""
    base = _file(name.rstrip("/"))
    doubt = _path_doubt(state, facts) if "/" not in name else ""
    cwd = state.cwd[0] if state.cwd else facts.cwd
    lexical = lexical_path(posixpath.join(cwd, name)) if "/" in name else ""
    if lexical:
        made = state.written.get(lexical)
        if made is not None:
            return _made_here(lexical, base, made, state, facts, ask)
    answer = ask(LookProgram(name, cwd))
    fact = answer if isinstance(answer, ProgramFact) else None
    if fact is not None and fact.path:
        lexical = lexical_path(fact.path)
        real = fact.real or lexical
        names = _unique(base, _file(lexical), _file(real), *fact.same_as)
        if fact.system:
            return Identity(_understood(base, _file(real)), names, doubt=doubt)
        copied = tuple(name for name in fact.same_as if not name.startswith("sha256:"))
        if copied:
            return Identity(copied, names, file=real, sha256=fact.sha256, doubt=doubt)
        return Identity((), names, file=real, sha256=fact.sha256, doubt=doubt)
    if not lexical or posixpath.dirname(lexical) in _SYSTEM_DIRECTORIES:
        # Not on this machine, or nobody looked: it is judged by its name, and fails if it is not there.
        file = _file(lexical)
        return Identity(_understood(base, file or base), _unique(base, file), doubt=doubt)
    return Identity((), _unique(base, _file(lexical)), file=lexical)


def _made_here(
    path: str,
    base: str,
    made: WrittenFile,
    state: State,
    facts: Facts,
    ask: Callable[[Lookup], Answer | None],
) -> Identity:
    if made.copy_of and lexical_path(made.copy_of) != path:
        source = identify(made.copy_of, state, facts, ask)
        # The copy may have failed, and then what was there before runs.
        doubt = f"runs `{path}`, which this very command makes"
        names = _unique(base, *source.names)
        return Identity(source.known_as, names, file=path, written=made, sha256=source.sha256, doubt=doubt)
    return Identity((), (base,), file=path, written=made)


def _understood(base: str, file: str) -> tuple[str, ...]:
    if base == file:
        return _unique(base, unversioned(base))
    return _unique(base, unversioned(base), file, unversioned(file))


def _file(path: str) -> str:
    """What ``posixpath.basename`` says."""
    return path.rpartition("/")[2]


def unversioned(name: str) -> str:
    """``python3.11`` -> ``python``, ``gcc-12`` -> ``gcc``."""
    stripped = name.rstrip("0123456789.").rstrip("-")
    return stripped or name


def lexical_path(path: str) -> str:
    """Without ``//``, ``.``, ``..`` and the doors that lead back to the root: ``/proc/self/root/usr`` is ``/usr``."""
    if path[:1] == "/" != path[-1] and "/." not in path and "//" not in path and "/root" not in path:
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part in {"", "."}:
            continue
        if part == "..":
            if parts:
                parts.pop()
            continue
        parts.append(part)
        if (len(parts) == 3 and parts[0] == "proc" and parts[2] == "root") or (
            len(parts) == 5 and parts[0] == "proc" and parts[2] == "task" and parts[4] == "root"
        ):
            parts.clear()
    return "/" + "/".join(parts)


def _path_doubt(state: State, facts: Facts) -> str:
    variable = state.variables.get("PATH")
    if variable is None:
        return ""
    inherited = facts.env.get("PATH", "")
    for value in variable.values:
        text = static_text(value)
        if text is None:
            if not (
                value and isinstance(value[0], str) and inherited and value[0].startswith(inherited + ":")
            ):
                return "`PATH` was changed to something that is not known"
        elif (
            text != inherited
            and not (inherited and text.startswith(inherited + ":"))
            and not (text and set(text.split(":")) <= _SYSTEM_DIRECTORIES)
        ):
            return "`PATH` was changed, so the name may start another program"
    return ""


def _unique(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for name in names if name]))
