"""Gives rows their meaning: one handler for every program that is described as data."""

import sys
from itertools import pairwise

from guard.effects.call import Call
from guard.effects.knowledge.schema import Row
from guard.effects.options import Grammar, Parsed
from guard.effects.values import Field, plain
from guard.model.dataclass import dataclass, replace
from guard.model.effect import (
    Connect,
    ControlContainer,
    DestroyDatabase,
    GainPrivilege,
    InstallPackage,
    KillProcess,
    Listen,
    MutateCloud,
    PersistEnv,
    PublishPackage,
    RewriteVcs,
)
from guard.model.paths import KnownPath
from guard.model.typed import Callable, Mapping

_HELP = frozenset({"help", "version"})
_NONE: frozenset[str] = frozenset()
_OFF = frozenset({"none", "false", "no", "0", "off"})
_MAX_VERBS = 8
_WRITE = frozenset(
    "o out output outfile outdir out-file out-dir output-file output-dir output-directory output-path outputfile log logfile log-file "
    "log-path save save-to dump dump-to write-to report-file trace-file trace-output profile-output pidfile pid-file export-to".split()
)
"""Names by which programs call a file that they write. A format with such a name (`--output json`) costs nothing: its file
would stand in the workspace."""
_RUN = frozenset(
    "exec execute command cmd pager editor hook preload plugin plugins eval rcfile in-place inplace overwrite delete remove purge "
    "post-command pre-command on-change on-success shell-command".split()
)
"""Names by which they call what they run, or what they do to the files that they are given."""


@dataclass(frozen=True, slots=True)
class _Level:
    """A row with the options of the rows around it."""

    row: Row
    rules: Grammar
    help: frozenset[str]
    actions: Mapping[str, str]
    within: frozenset[str]


_WHERE = frozenset(
    "addr address api-server api-url base-url broker endpoint endpoint-url endpoints host host-bucket hostname http-addr kube-apiserver server url".split()
)
"""Options that say where the service of a program is, unless its row says otherwise."""
_LEVELS: dict[tuple[int, int], _Level] = {}
"""By identity of the row and of the level around it. Both are kept here, so no identity is used twice."""


def understand(row: Row) -> Callable[[Call], None]:
    """The handler of a program."""

    def handle(call: Call) -> None:
        before = call.state
        level = _level(row, None)
        _call(call, level, call.args, (call.name,))
        if call.sent or level.actions.get("host") in {"connect", "upload"}:
            from guard.effects.commands.hosts import elsewhere  # noqa: PLC0415 - only where somebody is talked to

            elsewhere(call)
        if "loads" in row:
            _load(call, row["loads"])
        if call.state is not before:
            # It worked in another directory; the shell is where it was.
            call.state = before
            if call.after is not None:
                call.after = replace(call.after, cwd=before.cwd)

    return handle


def _level(row: Row, around: _Level | None) -> _Level:
    key = (id(row), id(around))
    known = _LEVELS.get(key)
    if known is not None:
        return known
    outer = None if row.get("fresh") else around
    actions = dict(outer.actions) if outer else {}
    takes = set(outer.rules.takes) if outer else set[str]()
    optional = set(outer.rules.optional) if outer else set[str]()
    takes.update(row.get("takes", "").split())
    within = frozenset(row.get("within", "").split())
    takes |= within
    optional.update(row.get("optional", "").split())
    for names, action in row.get("options", {}).items():
        for name in names.split():
            actions[name] = action
            takes.add(name)
    for names in row.get("values", {}):
        takes.update(names.split())
    takes -= optional
    flags: frozenset[str] | None = None
    exact = {*_HELP, *row.get("help", "").split()}
    for table in (row.get("when", {}), row.get("tame", {})):
        for names in table:
            exact.update(names.split())
    if "flags" in row:
        known_flags = exact | set(row["flags"].split())
        if outer and outer.rules.flags:
            known_flags |= outer.rules.flags
        flags = frozenset(known_flags)
    if outer:
        exact |= outer.rules.exact
    level = _Level(
        row,
        Grammar(
            frozenset(takes),
            frozenset(optional),
            flags,
            bool(row.get("stops") or row.get("verbs")),
            bool(row.get("long") or (outer and outer.rules.single_dash_long)),
            frozenset(exact),
        ),
        frozenset(row.get("help", "").split())
        | (_NONE if row.get("always") else outer.help if outer else _HELP),
        actions,
        within | (outer.within if outer else _NONE),
    )
    _LEVELS[key] = level
    return level


def _call(call: Call, level: _Level, args: list[Field], verbs: tuple[str, ...]) -> None:
    call.args = args
    parsed = call.parse(level.rules)
    if level.within:
        _go(call, parsed.values(*level.within))
    if any((field.prefix or "").startswith("-J-") for field in args):
        # What starts with it goes to the Java that runs the tool, before the tool looks at anything.
        call.opaque("options of the Java that runs it can load code")
    for name, value in parsed.options:
        # Of a subcommand `--version` may be an option with a value of its own: `aws ... delete-policy --version 1`.
        alone = name != "version" or len(verbs) == 1 or len(args) == 1
        if name in level.help and value is None and alone:
            return
    for name, value in parsed.options:
        action = level.actions.get(name)
        if action is not None and value is not None:
            _act(call, action, [value])
        elif action == "opaque":
            call.opaque(f"`{name}` makes it run or load something")
        elif action == "secret":
            call.secret(f"what `{name}` shows")
        elif action is None and value is not None and name in _WHERE:
            call.addressed = (*call.addressed, value)
    if parsed.unknown and level.rules.flags is not None:
        call.opaque(f"nothing is known about `{call.name} {parsed.unknown[0]}`")
    if level.rules.flags is None:
        _unlisted(call, level, parsed)
    row = level.row
    table = row.get("verbs")
    if table is None or len(verbs) > _MAX_VERBS:
        _do(call, level, row, parsed, verbs)
        return
    for names, instead in row.get("tame", {}).items():
        if _given(parsed, names, surely=True):
            # Before the subcommand, whichever it is: `apt-get -s install x`.
            _do(call, level, instead, parsed, verbs)
            return
    # What is said of options before the subcommand holds for all of them.
    _conditional(call, level, row, parsed, verbs)
    if not parsed.operands:
        if parsed.uncertain:
            call.opaque(f"what `{call.name}` is told to do is not known before it runs")
        _inner(call, level, row.get("bare", {}), [], verbs)
        return
    verb = parsed.operands[0].static
    if verb is None:
        call.opaque(f"what `{call.name}` is told to do is not known before it runs")
        return
    if verb == "help" and "help" in level.help and not any("help" in names.split() for names in table):
        return
    found = _verb(table, verb)
    if found is None:
        found = row.get("otherwise")
        if found is None:
            call.opaque(f"nothing is known about `{' '.join((*verbs, verb))}`")
            return
    rest = parsed.operands if found.get("whole") else parsed.operands[1:]
    _inner(call, level, found, rest, (*verbs, verb))


def _unlisted(call: Call, level: _Level, parsed: Parsed) -> None:
    """Options that the row does not speak of, and whose names say that they are no mere flags."""
    rules = level.rules
    known = rules.takes | rules.optional | rules.exact
    for name, value in parsed.options:
        if name in known:
            continue
        if name in _WRITE:
            call.write(*(_behind(call, name) if value is None else [value]))
        elif name in _RUN:
            call.opaque(f"`--{name}` may make it run or change something")


def _behind(call: Call, name: str) -> list[Field]:
    """What stands behind the option: its argument, for all that is known."""
    spelled = (f"--{name}", f"-{name}")
    return [
        after
        for before, after in pairwise(call.args)
        if before.static in spelled and not after.prefix.startswith("-")
    ]


def _load(call: Call, kinds: str) -> None:
    from guard.effects.loads import load  # noqa: PLC0415 - only where a program reads settings of the project

    load(call, kinds)


def _go(call: Call, directories: list[Field]) -> None:
    """What it names from here on lies below another directory."""
    for field in directories:
        paths = call.paths(field)
        known = tuple(path.text for path in paths if isinstance(path, KnownPath))
        call.state = replace(call.state, cwd=known if len(known) == len(paths) else ())


def _inner(call: Call, level: _Level, row: Row, args: list[Field], verbs: tuple[str, ...]) -> None:
    _call(call, _level(row, level), args, verbs)


def _verb(table: Mapping[str, Row], verb: str) -> Row | None:
    """The row of a subcommand: named exactly, else by the longest beginning."""
    best: tuple[int, Row] | None = None
    for names, row in table.items():
        for name in names.split():
            if name == verb:
                return row
            if name.endswith("*") and verb.startswith(name[:-1]) and (best is None or len(name) > best[0]):
                best = (len(name), row)
    return None if best is None else best[1]


def _do(call: Call, level: _Level, row: Row, parsed: Parsed, verbs: tuple[str, ...]) -> None:
    for names, instead in row.get("tame", {}).items():
        if _given(parsed, names, surely=True):
            # Operands and sayings are those of the tame form; options were seen to already.
            _do(call, level, instead, parsed, verbs)
            return
    risky = row.get("when") or row.get("values") or level.actions or level.rules.flags is not None
    if parsed.uncertain and risky:
        call.opaque("an argument that is not known before it runs may be an option")
    operands = parsed.operands
    if "first" in row and operands:
        _act(call, row["first"], operands if row["first"] == "argv" else operands[:1])
        operands = operands[1:]
    if "last" in row and (len(operands) > 1 or ("first" in row and operands)):
        _act(call, row["last"], operands[-1:])
        operands = operands[:-1]
    _act(call, row.get("operands", "skip"), operands)
    for saying in row.get("does", ()):
        _say(call, saying, verbs, parsed)
    _conditional(call, level, row, parsed, verbs)
    if "loads" in row and len(verbs) > 1:
        _load(call, row["loads"])
    if "python" in row:
        module, _, function = row["python"].partition(":")
        named = f"guard.effects.{module}"
        # As `importlib.import_module`, without loading that.
        __import__(named)
        getattr(sys.modules[named], function)(call, parsed)


def _conditional(call: Call, level: _Level, row: Row, parsed: Parsed, verbs: tuple[str, ...]) -> None:
    for names, more in row.get("when", {}).items():
        if _given(parsed, names):
            _do(call, level, more, parsed, verbs)
    for names, table in row.get("values", {}).items():
        for field in parsed.values(*names.split()):
            text = field.static
            chosen = table.get("?", table.get("*")) if text is None else _verb(table, text)
            if chosen is not None:
                _do(call, level, chosen, parsed, verbs)


def _given(parsed: Parsed, names: str, *, surely: bool = False) -> bool:
    """Whether one of the options is given and not switched off. ``surely``: a value that is not known does not count."""
    wanted = names.split()
    for name, value in parsed.options:
        if name in wanted:
            text = "" if value is None else value.static
            if text is None:
                return not surely
            if text.lower() not in _OFF:
                return True
    return False


def _act(call: Call, action: str, fields: list[Field]) -> None:
    if not fields or action == "skip":
        return
    for one in action.split("+"):
        deep = one.endswith("-deep")
        match one.removesuffix("-deep"):
            case "skip":
                pass
            case "read":
                call.read(*fields, recursive=deep)
            case "write":
                call.write(*fields, recursive=deep)
            case "edit":
                call.edit(*fields)
            case "append":
                call.write(*fields, append=True)
            case "delete":
                call.delete(*fields, recursive=deep)
            case "mode":
                call.mode(*fields, recursive=deep)
            case "connect" | "upload":
                from guard.effects.commands.hosts import connect_field  # noqa: PLC0415 - only where hosts are named

                for field in fields:
                    connect_field(call, field, upload=one == "upload")
            case "listen":
                call.say(Listen())
            case "kill":
                for field in fields:
                    call.say(KillProcess(target=field.static or "?"))
            case "package":
                call.say(InstallPackage(packages=tuple(field.text for field in fields)))
                call.connect("package-index")
                for field in fields:
                    if "://" in field.prefix:
                        _act(call, "connect", [field])
            case "code":
                for field in fields:
                    call.run_text(field)
            case "argv":
                call.run(fields[1:] if fields[0].static == "--" else fields)
            case "program":
                from guard.effects.entry_points import also  # noqa: PLC0415 - only where a project's programs run

                also(call, fields)
            case "config":
                call.read(*fields)
                call.opaque(f"a configuration in `{fields[0].text}` can make it run things")
            case "secret":
                call.read(*fields)
                call.secret(f"`{fields[0].text}` for {call.name}")
            case "opaque":
                call.opaque(f"`{fields[0].text}` makes it run or load something")
            case _:
                # A row that says what nobody understands must not read as harmless.
                call.opaque(f"`{one}` is no action")


def _say(call: Call, saying: str, verbs: tuple[str, ...], parsed: Parsed) -> None:
    kind, _, rest = saying.partition(" ")
    what = rest or " ".join(verbs)
    match kind:
        case "connect":
            call.say(Connect(host=rest or "?"))
        case "upload":
            call.say(Connect(host=rest or "?", upload=True))
        case "cloud":
            call.say(MutateCloud(detail=what))
        case "container":
            call.say(ControlContainer(detail=what))
        case "database":
            call.say(DestroyDatabase(detail=what))
        case "install":
            call.say(InstallPackage(packages=tuple(field.text for field in parsed.operands)))
        case "publish":
            call.say(PublishPackage())
        case "privilege":
            call.say(GainPrivilege(detail=what))
        case "persist":
            call.say(PersistEnv(detail=what))
        case "secret":
            call.secret(what)
        case "kill":
            call.say(KillProcess(target=rest or "?"))
        case "listen":
            call.say(Listen())
        case "rewrite":
            call.say(RewriteVcs(branch="?", detail=what))
        case "opaque":
            call.opaque(what)
        case "prompt":
            call.opaque(what, typed=True)
        case (
            "read"
            | "read-deep"
            | "write"
            | "write-deep"
            | "edit"
            | "append"
            | "delete"
            | "delete-deep"
            | "mode"
        ):
            _act(call, kind, [plain(_home(call, rest), call.span)])
        case _:
            call.opaque(f"`{kind}` is no saying")


def _home(call: Call, path: str) -> str:
    return call.evaluator.facts.home + path[1:] if path.startswith("~") else path


def merged(row: Row, **more: object) -> Row:
    """For data: a row with some keys replaced."""
    return {**row, **more}  # type: ignore[typeddict-item]
