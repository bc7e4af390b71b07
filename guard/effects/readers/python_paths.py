"""Paths in Python code: how they are put together, and the effects on them."""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import posixpath

from guard.effects.call import Call
from guard.effects.readers.python_tables import TEXTS
from guard.effects.readers.python_values import (
    Anything,
    Below,
    Data,
    FileValue,
    Items,
    Named,
    Opened,
    PathValue,
    Table,
    either,
    elements,
    is_powerful,
)
from guard.effects.values import Field, Hole, plain, static_text
from guard.model.facts import GlobFact, LookGlob, LookPath, PathFact
from guard.model.paths import FileKind
from guard.model.typed import Callable

_MAGIC = frozenset("*?[")


def joined(parts: list[object]) -> object:
    """``os.path.join``."""
    texts = [part.path if isinstance(part, PathValue) else part for part in parts]
    if all(isinstance(text, str) for text in texts):
        return posixpath.join(*[str(text) for text in texts]) if texts else ""
    base: list[str] = []
    for index, text in enumerate(texts):
        if isinstance(text, str):
            base.append(text)
        elif isinstance(text, Below):
            rest = texts[index + 1 :]
            if all(
                (isinstance(t, str) and not t.startswith("/") and ".." not in t)
                or (isinstance(t, Data) and t.name)
                for t in rest
            ):
                return Below(posixpath.join(*base, text.base) if base else text.base)
            return Data("a path that is not known before it runs")
        elif isinstance(text, Data) and text.name and base:
            rest = texts[index + 1 :]
            if all(
                (isinstance(t, str) and not t.startswith("/") and ".." not in t)
                or (isinstance(t, Data) and t.name)
                for t in rest
            ):
                return Below(posixpath.join(*base))
            return Data("a path that is not known before it runs")
        else:
            return Data("a path that is not known before it runs")
    return Data()


class Paths:
    """Says what happens to paths, through the call that runs the interpreter."""

    def __init__(self, call: Call) -> None:
        self._call = call

    # ------------------------------------------------------------------ effects

    def field(self, value: object) -> tuple[Field, bool]:
        """The argument for a path, and whether it is all below it that is meant."""
        span = self._call.span
        if isinstance(value, PathValue | FileValue):
            value = value.path
        if isinstance(value, Below):
            return plain(value.base or "/", span), True
        if isinstance(value, bytes):
            value = value.decode(errors="surrogateescape")
        if isinstance(value, str) and "\0" not in value:
            return plain(value or ".", span), False
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2:
            return plain("/dev/null", span), False  # a descriptor that is open already
        return Field((Hole("a path that Python makes"),), span), False

    def _act(self, how: Callable[..., None], *values: object, deep: bool = False) -> None:
        for value in values:
            field, below = self.field(value)
            how(field, recursive=deep or below)

    def read(self, *values: object, deep: bool = False) -> None:
        self._act(self._call.read, *values, deep=deep)

    def write(self, *values: object, deep: bool = False) -> None:
        self._act(self._call.write, *values, deep=deep)

    def delete(self, *values: object, deep: bool = False) -> None:
        self._act(self._call.delete, *values, deep=deep)

    def mode(self, value: object) -> None:
        field, below = self.field(value)
        self._call.mode(field, recursive=below)

    def link(self, target: object, name: object) -> None:
        leads = self.field(target)[0]
        field = self.field(name)[0]
        text, known = leads.static, field.static
        if text is not None and known is not None and not text.startswith("/") and "/" in known:
            # What a link says is seen from where the link is.
            leads = plain(posixpath.join(posixpath.dirname(known), text), leads.span)
        self._call.link(leads, field)

    def move(self, source: object, target: object) -> None:
        """What is moved may be a tree; its old name is gone."""
        deep = not self._is_file(source)
        self.delete(source, deep=deep)
        for place in self._into(source, target):
            self.write(place, deep=deep)

    def copy(self, source: object, target: object, *, deep: bool, into: bool) -> None:
        self.read(source, deep=deep)
        for place in self._into(source, target) if into else (target,):
            self.write(place, deep=deep)

    def _into(self, source: object, target: object) -> tuple[object, ...]:
        """The name itself, and the name inside when it is a directory."""
        field, _ = self.field(source)
        name = posixpath.basename((field.static or "").rstrip("/"))
        inside = joined([target, name]) if name else None
        kind = self._kind(target)
        if inside is None or kind in {FileKind.FILE, FileKind.ABSENT}:
            return (target,)
        return (inside,) if kind is FileKind.DIRECTORY else (target, inside)

    def _kind(self, value: object) -> FileKind | None:
        text = self.field(value)[0].static
        cwd = self._call.state.cwd
        if text is None or (not text.startswith("/") and len(cwd) != 1):
            return None
        answer = self._call.evaluator.ask(LookPath(posixpath.join(cwd[0] if cwd else "/", text)))
        return answer.kind if isinstance(answer, PathFact) else None

    def _is_file(self, value: object) -> bool:
        return self._kind(value) in {FileKind.FILE, FileKind.ABSENT}

    # ------------------------------------------------------------------ values

    def variable(self, name: object) -> object:
        """What the environment holds."""
        if isinstance(name, str):
            values = self._call.evaluator.expander.variable(name, self._call.state).values
            if len(values) == 1:
                text = static_text(values[0])
                if text is not None:
                    return text
            if name == "HOME" and "HOME" not in self._call.state.variables:
                return self._call.evaluator.facts.home
        return Data("a variable of the environment")

    def expanded(self, path: object) -> object:
        """``~`` and ``~/x``; the home of another user is not known."""
        if isinstance(path, str) and (path == "~" or path.startswith("~/")):
            home = self.variable("HOME")
            return home + path[1:] if isinstance(home, str) else Data()
        if isinstance(path, str) and path.startswith("~"):
            user = path[1:].partition("/")
            if user[0] in {"root", self._call.evaluator.facts.user} and user[0]:
                home = "/root" if user[0] == "root" else self._call.evaluator.facts.home
                return home + user[1] + user[2]
            return Data()
        return path

    def os_path(self, name: str, args: list[object]) -> object:
        first = args[0] if args else Data()
        if isinstance(first, PathValue):
            first = first.path
        cwd = self._call.state.cwd
        match name:
            case "join":
                return joined(args)
            case "expanduser":
                return self.expanded(first)
            case "expandvars":
                return first if isinstance(first, str) and "$" not in first else self._variables(first)
            case "abspath" | "realpath" | "normpath" | "dirname":
                if isinstance(first, Below):
                    # Of what lies directly in it, that is the directory; of the directory itself it would be the one around it.
                    return first if name != "dirname" else Below(posixpath.join(first.base, ".."))
                if isinstance(first, str):
                    if name == "dirname":
                        return posixpath.dirname(first)
                    base = posixpath.join(cwd[0], first) if len(cwd) == 1 and name != "normpath" else first
                    # What `..` means after a link is for the look at the world to say.
                    return base if ".." in base.split("/") else posixpath.normpath(base)
                return Data()
            case "basename":
                return posixpath.basename(first) if isinstance(first, str) else Data(name=True)
            case "split" | "splitext" if isinstance(first, str):
                return posixpath.split(first) if name == "split" else posixpath.splitext(first)
            case "exists" | "isfile" | "isdir" | "lexists" | "islink" | "getsize" | "getmtime":
                self.read(first)
                return Data()
            case _:
                return Data()

    def _variables(self, text: object) -> object:
        if not isinstance(text, str):
            return Data()
        out: list[str] = []
        rest = text
        while "$" in rest:
            before, _, rest = rest.partition("$")
            out.append(before)
            braced = rest.startswith("{")
            name = rest[1:].partition("}")[0] if braced else ""
            if not braced:
                while len(name) < len(rest) and (rest[len(name)].isalnum() or rest[len(name)] == "_"):
                    name += rest[len(name)]
            value = self.variable(name) if name else Data()
            if not isinstance(value, str):
                return Data()
            out.append(value)
            rest = rest[len(name) + (2 if braced else 0) :]
        return "".join(out) + rest

    # ------------------------------------------------------------------ what stands in directories and containers

    def listing(self, name: str, path: object) -> object:
        place = path.path if isinstance(path, PathValue) else path
        if name in {"os.walk", "os.fwalk"} and isinstance(place, str):
            names = Items(None, Data(name=True))
            return Items(None, (Below(place), names, Items(None, Data(name=True))))
        if name in {"glob.glob", "glob.iglob"}:
            return self.matches(place, "")
        if name == "os.scandir":
            return (
                Items(None, PathValue(Below(place)))
                if isinstance(place, str)
                else Items(None, PathValue(Data()))
            )
        if name == "os.listdir":
            return Items(None, Data(name=True))
        return Data()

    def matches(self, pattern: object, base: str, *, deep: bool = False) -> object:
        """Names that match, if somebody has listed them; otherwise whatever lies below the fixed part of the pattern."""
        if not isinstance(pattern, str):
            return Items(None, Data())
        whole = posixpath.join(base, pattern) if base else pattern
        cwd = self._call.state.cwd
        if not _MAGIC & set(whole):
            return Items([whole])
        if "**" not in whole and not deep and (len(cwd) == 1 or whole.startswith("/")):
            start = "/" if whole.startswith("/") else cwd[0]
            answer = self._call.evaluator.ask(LookGlob(start, whole))
            if (
                isinstance(answer, GlobFact)
                and answer.complete
                and len(answer.matches) <= 64
                and not self._call.state.written
            ):
                skip = 0 if whole.startswith("/") else len(start.rstrip("/")) + 1
                return Items([match[skip:] for match in answer.matches])
        fixed: list[str] = []
        for part in whole.split("/")[:-1]:
            if _MAGIC & set(part):
                break
            fixed.append(part)
        if ".." in whole.split("/")[len(fixed) :]:
            return Items(None, Data())
        text = "/".join(fixed)
        return Items(None, Below(text or ("/" if whole.startswith("/") else ".")))

    def item_of(self, value: object) -> object:
        """Something that is in ``value``."""
        match value:
            case tuple():
                return either(*value) if value else Data()
            case Items():
                return (
                    either(*value.values) if value.values else value.item if value.values is None else Data()
                )
            case Table(values=dict() as table):
                return either(*table) if table else Data()
            case Table():
                return Data()
            case Data():
                return Data(name=value.name)
            case str() | bytes() | FileValue():
                return Data()
            case Opened(kind="document" | "config"):
                return value
            case Opened(kind="sqlite"):
                return Data("a row")
            case Named(name=name) if name in TEXTS:
                return Data()
            case Opened() | Anything() | Named():
                return Anything("an element of something that is not followed")
            case _:
                return Anything("an element") if is_powerful(value) else Data()

    def subscript(self, value: object, index: object) -> object:
        if isinstance(value, Named):
            if value.name == "os.environ":
                return self.variable(index)
            if value.name == "sys.argv":
                return self.argument(index)
            if value.name in TEXTS:
                return Data()
            return Anything("an element of something that is not followed")
        if isinstance(value, Anything):
            return value
        if isinstance(value, Opened):
            return Data() if value.kind in {"config", "document"} else Anything("an element")
        try:
            if isinstance(value, str | bytes | tuple) and isinstance(index, int | slice):
                return value[index]
            if isinstance(value, Items) and value.values is not None and isinstance(index, int | slice):
                found = value.values[index]
                return Items(found) if isinstance(found, list) and isinstance(index, slice) else found
            if isinstance(value, Table) and value.values is not None and isinstance(index, str | int):
                return value.values[index]
        except (IndexError, KeyError, TypeError, ValueError):
            return Data()
        if isinstance(value, Items) and isinstance(index, slice):
            return Items(None, self.item_of(value))
        if isinstance(value, Table):
            return either(*value.values.values()) if value.values else value.item
        return self.item_of(value)

    def argument(self, index: object) -> object:
        """``sys.argv[1]``."""
        given = self._call.args
        if not isinstance(index, int) or any(field.open for field in given) or index < 1:
            return Data()
        for at, field in enumerate(given):
            text = field.static
            if text in {"-c", "-m"}:
                rest = given[at + 2 :]
                break
            if text == "-" or not (text or "-").startswith("-"):
                rest = given[at + 1 :]
                break
        else:
            return Data()
        return rest[index - 1].static or Data() if index <= len(rest) else Data()

    def elements(self, value: object) -> list[object] | None:
        return elements(value)
