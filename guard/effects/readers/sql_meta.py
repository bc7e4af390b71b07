"""Lines for the client itself among statements: ``\\!``, ``\\copy`` of psql and mysql, ``.shell`` of sqlite3."""

from guard.effects.call import Call
from guard.effects.values import Field, plain

_PSQL_LOOKS = frozenset(
    "d dt dv di ds df dn du dg dl dp dx dc dd da db des det deu dew dD dF dO dP dT dy l z sf sv x t a q h ? conninfo timing echo qecho warn encoding H C f pset "
    "errverbose r p copyright watch unset crosstabview g gx G if elif else endif".split()
)
_SQLITE_LOOKS = frozenset(
    "tables table schema fullschema indexes indices index databases dbinfo dump headers header mode width nullvalue separator quit exit help show stats timer "
    "echo print explain eqp bail changes version vfsinfo vfsname parameter sha3sum lint limit expert crlf scanstats prompt columns rows colseparator rowseparator".split()
)


_MAX_INCLUDES = 8


def meta(call: Call, line: str, *, dialect: str, file: Field | None, memory: bool) -> None:
    """Say what one such line does."""
    if dialect in {"sqlite", "duckdb"}:
        _sqlite(call, line, dialect, file, memory=memory)
    else:
        _psql(call, line, dialect, memory=memory)


def _words(line: str) -> list[str]:
    return [word.strip("'\"") for word in line.split()]


def _file(call: Call, names: list[str], *, write: bool) -> None:
    if len(names) != 1:
        call.opaque("a file that is not known")
    for name in names[:1]:
        if name.startswith("|"):
            call.opaque("sends what it prints to a program")
        elif name not in {"stdout", "stdin", "off"}:
            (call.write if write else call.read)(plain(name, call.span))


def _included(call: Call, names: list[str], dialect: str, database: Field | None) -> None:
    """``\\i FILE``, ``.read FILE``: its statements are read as if they stood here."""
    if len(names) != 1 or names[0].startswith("|") or call.depth >= _MAX_INCLUDES:
        call.opaque("runs statements that are not known")
        return
    from guard.effects.commands.databases import statements_in  # noqa: PLC0415 - that module imports this one

    call.depth += 1
    try:
        statements_in(call, plain(names[0], call.span), dialect, database)
    finally:
        call.depth -= 1


def _psql(call: Call, line: str, dialect: str, *, memory: bool) -> None:
    command, _, rest = line[1:].strip().partition(" ")
    if "`" in line and dialect == "psql":
        call.opaque("text in backticks that psql runs")
        return
    if "\\" in rest and dialect == "psql" and not command.startswith("!"):
        rest, _, more = rest.partition("\\")
        _psql(call, "\\" + more, dialect, memory=memory)
    name = command.rstrip("+S") if command[:1] in {"d", "l", "z"} else command
    rest = rest.strip()
    if command.startswith("!") or (dialect == "mysql" and command == "system"):
        call.run_text(((command[1:] + " " + rest).strip() if command.startswith("!") else rest,))
    elif name in {"g", "gx", "o", "out", "w", "write", "s", "T", "tee"} and rest:
        if rest.startswith("|"):
            call.run_text((rest[1:].strip(),))
        else:
            _file(call, _words(rest), write=True)
    elif name == "copy":
        _copy(call, rest)
    elif name in {"i", "ir", "include", "include_relative", "."}:
        _included(call, _words(rest), dialect, None)
    elif name in _PSQL_LOOKS or (dialect == "mysql" and name in {"s", "u", "c", "p", "W", "w"}):
        return
    elif name in {"c", "connect"} and dialect == "psql":
        call.opaque("connects to another database")
    else:
        call.opaque(f"`\\{command}` of the client is not followed")


def _copy(call: Call, rest: str) -> None:
    words = rest.replace("(", " ( ").replace(")", " ) ").split()
    lower = [word.lower() for word in words]
    at = max((index for index, word in enumerate(lower) if word in {"from", "to"}), default=-1)
    target = words[at + 1] if 0 <= at < len(words) - 1 else ""
    if target.lower() == "program":
        _, _, command = rest[rest.lower().rfind("program") :].partition(" ")
        command = command.strip()
        call.run_text((command[1 : command.rfind("'")] if command.startswith("'") else command,))
        call.opaque("copies from or to a program")
    elif target.lower() not in {"stdin", "stdout", "pstdin", "pstdout"}:
        _file(call, [target.strip("'")] if target else [], write=lower[at] == "to")
    if at >= 0 and lower[at] == "from":
        call.opaque("changes data in a database")


def _sqlite(call: Call, line: str, dialect: str, file: Field | None, *, memory: bool) -> None:
    words = _words(line[1:].rstrip(";"))
    name, rest = (words[0] if words else ""), words[1:]
    # Any unique beginning of a name will do.
    full = {
        "sh": "shell",
        "she": "shell",
        "shel": "shell",
        "sys": "system",
        "syst": "system",
        "out": "output",
        "outp": "output",
        "im": "import",
        "imp": "import",
    }
    name = full.get(name, name)
    if any(word.startswith("|") for word in rest):
        # Where a file is expected, the rest may be a command.
        call.run_text((" ".join(rest).partition("|")[2],))
        call.opaque("reads from or writes to a command")
        return
    match name:
        case "shell" | "system":
            call.run_text((line[1:].strip().partition(" ")[2].strip(),))
        case "output" | "once" | "excel" | "save" | "backup" | "clone" | "log" | "trace" | "www":
            if name in {"excel", "www"}:
                call.opaque("opens what it prints in another program")
            if rest:
                _file(call, [word for word in rest if not word.startswith("-")][-1:], write=True)
        case "read" | "restore" | "import":
            names = [word for word in rest if not word.startswith("-")]
            if name == "read":
                _included(call, names[:1], dialect, file)
                return
            _file(call, names[:1], write=False)
            if file is not None:
                call.write(file, append=True)
        case "open":
            _file(call, [word for word in rest if not word.startswith("-")][-1:], write=True)
            if file is None or rest:
                call.opaque("works on another database from here on")
        case _ if name in _SQLITE_LOOKS:
            del memory, dialect
        case _:
            call.opaque(f"`.{name}` of the client is not followed")
