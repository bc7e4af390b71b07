"""What methods of values do: of paths, text, lists, archives, databases, and of what nobody can tell."""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import posixpath

from guard.effects.readers import python_tables as tables
from guard.effects.readers.python_paths import joined
from guard.effects.readers.python_values import (
    Anything,
    Below,
    Data,
    FileValue,
    Items,
    Method,
    Named,
    Opened,
    PathValue,
    Table,
    either,
    elements,
    hides,
    is_known,
    known,
)
from guard.effects.values import plain
from guard.model.effect import Listen
from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.effects.readers.python import Reader

_MAX_TEXT = 64 * 1024
_ENCODINGS = frozenset({"utf-8", "utf8", "ascii", "latin-1", "latin1", "UTF-8"})
_GROWS = frozenset("join replace format zfill ljust rjust center expandtabs translate".split())
_TEXT = frozenset(
    "join strip lstrip rstrip lower upper replace split rsplit splitlines decode encode format removeprefix removesuffix title capitalize swapcase "
    "partition rpartition hex startswith endswith count find".split()
)
_LIST_READS = frozenset(
    "count index copy union intersection difference issubset issuperset isdisjoint".split()
)


def attribute(value: object, name: str) -> object:
    """``value.name``, not called."""
    if name.startswith("__") or name in tables.INNARDS:
        # Through `().__class__` or a frame everything can be reached.
        if name in {"__name__", "__doc__", "__file__", "__version__"}:
            return Data()
        return Anything(f"`{name}`")
    match value:
        case Named(name="os") if name in {"sep", "linesep", "curdir", "pardir", "devnull", "name"}:
            return {
                "sep": "/",
                "linesep": "\n",
                "curdir": ".",
                "pardir": "..",
                "devnull": "/dev/null",
                "name": "posix",
            }[name]
        case Named(name=base):
            return Named(f"{base}.{name}")
        case PathValue(path=path):
            return _path_part(path, name)
        case Anything():
            return value
        case Method(of=Data(), name=inner) if inner not in tables.DATA_METHODS or name in tables.DATA_METHODS:
            # A part of a value that is not known: `arguments.name.upper`.
            return Method(Data(), name)
        case Method(of=Opened(kind="config" | "document")):
            return Method(Data(), name)
        case Method():
            return Anything(f"`{name}` of a method")
        case Opened(kind="temporary", path=path) if name == "name":
            return path
        case FileValue(path=path) if name == "name" and isinstance(path, str):
            return path
        case FileValue() if name == "buffer":
            return value
        case _:
            return Method(value, name)


def _path_part(path: object, name: str) -> object:
    if name == "parent":
        if isinstance(path, str):
            return PathValue(
                posixpath.dirname(path.rstrip("/"))
                or ("/" if path.startswith("/") else "." if path not in {".", ""} else "..")
            )
        return PathValue(Below(posixpath.join(path.base, "..")) if isinstance(path, Below) else path)
    if name == "parents":
        return Anything("the parents of a path")
    if name in {"name", "stem", "suffix"}:
        if isinstance(path, str):
            base, suffix = posixpath.splitext(posixpath.basename(path))
            return {"name": posixpath.basename(path), "stem": base, "suffix": suffix}[name]
        return Data(name=True)
    if name in {"parts", "suffixes"}:
        return Items(None, Data(name=True)) if not isinstance(path, str) else Data()
    if name in {"drive", "root", "anchor"}:
        return Data()
    return Method(PathValue(path), name)


def method(reader: "Reader", value: object, name: str, args: list[object], kw: dict[str, object]) -> object:
    """Say what calling it does; gives what it returns."""
    match value:
        case PathValue():
            return _path_method(reader, value, name, args, kw)
        case FileValue():
            return _file_method(reader, name)
        case str() | bytes():
            return _text_method(reader, value, name, args, kw)
        case Items():
            return _list_method(reader, value, name, args)
        case Table():
            return _table_method(value, name, args)
        case Opened():
            return _opened(reader, value, name, args, kw)
        case int() | float() | complex() | tuple() | None | Data() if name in tables.DATA_METHODS and not (
            # Of one operand it may be `Path.replace`, which moves a file.
            name == "replace" and len(args) == 1 and not kw
        ):
            return hides(*args)
        case Data() if name in tables.DATA_ATTRIBUTES and not args and not kw:
            return Data()
        case Data():
            reader.opaque(f"the method `{name}` of a value that is not known")
            return Anything(f"`{name}`")
        case _:
            reader.opaque(f"`{name}` is not followed")
            return Anything(f"`{name}`")


def _file_method(reader: "Reader", name: str) -> object:
    if name not in tables.DATA_METHODS:
        reader.opaque(f"`{name}` of a file")
        return Anything(f"`{name}`")
    if name in {"write", "writelines"}:
        return None
    if name == "readlines":
        return Items(None, Data())
    return Data("what stands in a file")


def _text_method(
    reader: "Reader", value: str | bytes, name: str, args: list[object], kw: dict[str, object]
) -> object:
    if name not in tables.DATA_METHODS:
        reader.opaque(f"`{name}` of text")
        return Anything(f"`{name}`")
    if name == "join" and args and isinstance(value, str):
        parts = elements(args[0])
        if parts is not None and value == "/" and not all(is_known(part) for part in parts):
            return joined([part if not isinstance(part, Data) or part.name else Data() for part in parts])
    if name not in _TEXT or kw or not all(is_known(argument) for argument in args):
        return hides(*args, *kw.values())
    exact = [known(argument) for argument in args]
    if name in {"encode", "decode"} and not all(argument in _ENCODINGS for argument in exact):
        return Data()
    if name in _GROWS and not _is_small(value, name, exact):
        return Data()
    try:
        found: object = getattr(value, name)(*exact)
    except (TypeError, ValueError, LookupError):
        return Data()
    if isinstance(found, list):
        return Items(list(found)) if len(found) <= 256 else Items(None, Data())
    return found


def _is_small(value: str | bytes, name: str, args: list[object]) -> bool:
    """Whether the text that comes out is short enough to make."""
    if name == "format":
        return (
            isinstance(value, str)
            and ":" not in value
            and "." not in value
            and "[" not in value
            and len(value) * (1 + sum(len(str(a)) for a in args)) < _MAX_TEXT * 8
        )
    size = len(value)
    for argument in args:
        size *= 1 + (
            sum(len(str(item)) + 1 for item in argument)
            if isinstance(argument, list | tuple)
            else len(str(argument))
        )
    return size < _MAX_TEXT * 8


def _list_method(reader: "Reader", value: Items, name: str, args: list[object]) -> object:
    if name in _LIST_READS:
        return (
            value
            if name == "copy" and value.values is None
            else Items(list(value.values))
            if name == "copy" and value.values is not None
            else hides(*args)
        )
    if name not in tables.DATA_METHODS:
        reader.opaque(f"`{name}` of a list")
        return Anything(f"`{name}`")
    if name in {"append", "add"} and len(args) == 1:
        if reader.steady and value.values is not None and len(value.values) < 256 and name == "append":
            value.values.append(args[0])
        else:
            value.forget(args[0])
        return None
    if name == "extend" and len(args) == 1:
        parts = elements(args[0])
        if reader.steady and value.values is not None and parts is not None and len(value.values) < 256:
            value.values.extend(parts)
        else:
            value.forget(reader.paths.item_of(args[0]))
        return None
    found = reader.paths.item_of(value)
    for argument in args:
        value.forget(argument)
        value.forget(reader.paths.item_of(argument))
    value.forget()
    return found if name in {"pop", "popleft"} else None


def _table_method(value: Table, name: str, args: list[object]) -> object:
    first = args[0] if args else Data()
    table = value.values
    if name in {"values", "items", "keys"}:
        if table is not None:
            tables_of: dict[str, list[object]] = {
                "values": list(table.values()),
                "keys": list(table),
                "items": [*table.items()],
            }
            return Items(tables_of[name])
        return Items(
            None, value.item if name == "values" else (Data(), value.item) if name == "items" else Data()
        )
    if name == "get":
        if table is not None and isinstance(first, str | int):
            return table[first] if first in table else args[1] if len(args) > 1 else None
        return either(*(table.values() if table else [value.item]), *args[1:])
    if name == "copy":
        return Table(dict(table)) if table is not None else Table(None, value.item)
    found = either(*table.values(), *args[1:]) if table else value.item if table is None else hides(*args[1:])
    value.forget(hides(*args))
    return found if name in tables.DATA_METHODS else Anything(f"`{name}` of a dictionary")


# ---------------------------------------------------------------------- pathlib


def _path_method(
    reader: "Reader", value: PathValue, name: str, args: list[object], kw: dict[str, object]
) -> object:
    path, paths = value.path, reader.paths
    if name == "expanduser":
        return PathValue(paths.expanded(path))
    if name in tables.PATH_SAME:
        return value
    if name == "joinpath":
        return PathValue(joined([path, *args]))
    if name in {"with_name", "with_suffix", "with_stem"}:
        return PathValue(_renamed(path, name, args[0] if args else Data()))
    if name == "relative_to":
        return PathValue(Data())
    if name in tables.PATH_PARTS:
        return path if name == "as_posix" else Data()
    if name in tables.PATH_READS:
        paths.read(path, deep=name in {"rglob", "walk"})
        if name in {"glob", "rglob"}:
            pattern = args[0] if args else Data()
            found = paths.matches(pattern, path if isinstance(path, str) else "", deep=name == "rglob")
            if not isinstance(path, str):
                return Items(None, PathValue(path if isinstance(path, Below) else Data()))
            listed = elements(found)
            if listed is not None and name == "glob":
                return Items([PathValue(item) for item in listed])
            return Items(None, PathValue(paths.item_of(found) if name == "glob" else Below(path)))
        if name == "iterdir":
            return Items(None, PathValue(Below(path) if isinstance(path, str) else path))
        if name == "walk":
            names = Items(None, Data(name=True))
            return Items(
                None,
                (
                    PathValue(Below(path) if isinstance(path, str) else path),
                    names,
                    Items(None, Data(name=True)),
                ),
            )
        return Data("what stands in a file")
    if name in {"write_text", "write_bytes", "touch", "mkdir"}:
        paths.write(path)
    elif name in {"unlink", "rmdir"}:
        paths.delete(path)
    elif name in {"rename", "replace", "move"} and args:
        paths.move(path, args[0])
        return PathValue(
            args[0].path
            if isinstance(args[0], PathValue)
            else args[0]
            if isinstance(args[0], str | Below)
            else Data()
        )
    elif name == "copy" and args:
        paths.copy(path, args[0], deep=True, into=False)
    elif name in {"chmod", "lchmod"}:
        paths.mode(path)
    elif name in {"symlink_to", "hardlink_to", "link_to"} and args:
        paths.link(*((path, args[0]) if name == "link_to" else (args[0], path)))
    elif name == "open":
        from guard.effects.readers.python_calls import called  # noqa: PLC0415 - it needs this module

        return called(reader, Named("open"), [path, *args], kw)
    elif name in {"home", "cwd"}:
        from guard.effects.readers.python_calls import called  # noqa: PLC0415 - as above

        return called(reader, Named(f"pathlib.Path.{name}"), [], {})
    else:
        reader.opaque(f"`Path.{name}` is not followed")
        return Anything(f"`Path.{name}`")
    return Data()


def _renamed(path: object, how: str, argument: object) -> object:
    if not isinstance(path, str) or not isinstance(argument, str) or "/" in argument:
        return (
            Below(posixpath.dirname(path) or ".")
            if isinstance(path, str) and isinstance(argument, Data) and argument.name
            else Data()
        )
    directory, name = posixpath.split(path)
    stem, suffix = posixpath.splitext(name)
    made = {"with_name": argument, "with_suffix": stem + argument, "with_stem": argument + suffix}[how]
    return posixpath.join(directory, made)


# ---------------------------------------------------------------------- what modules opened


def _opened(reader: "Reader", value: Opened, name: str, args: list[object], kw: dict[str, object]) -> object:
    first = args[0] if args else kw.get("path", Data())
    paths = reader.paths
    match value.kind, name:
        case (("zip" | "tar"), "extractall" | "extract"):
            where = first if name == "extractall" else args[1] if len(args) > 1 else kw.get("path", ".")
            paths.write("." if not args and "path" not in kw else where, deep=True)
            if value.kind == "tar":
                # Its members may be links that lead out, or devices.
                reader.opaque("unpacks an archive")
        case (("zip" | "tar"), "write" | "add"):
            paths.read(first, deep=True)
        case (
            ("zip" | "tar"),
            "namelist"
            | "infolist"
            | "printdir"
            | "testzip"
            | "read"
            | "getinfo"
            | "close"
            | "writestr"
            | "getnames"
            | "getmembers"
            | "list"
            | "getmember"
            | "open"
            | "extractfile"
            | "setpassword",
        ):
            return Data()
        case "sqlite", "execute" | "executemany" | "executescript":
            _sql(reader, value, first)
            return value
        case "sqlite", "cursor":
            return value
        case "sqlite", "commit" | "close" | "fetchall" | "fetchone" | "fetchmany" | "rollback":
            return Data()
        case "config", "read":
            parts = elements(first) if isinstance(first, Items | tuple) else None
            paths.read(*(parts if parts is not None else [first]))
        case (
            "config",
            "write"
            | "get"
            | "getint"
            | "getboolean"
            | "getfloat"
            | "sections"
            | "items"
            | "has_section"
            | "has_option"
            | "options"
            | "add_section"
            | "set"
            | "read_string"
            | "read_file"
            | "read_dict"
            | "defaults"
            | "remove_option"
            | "remove_section",
        ):
            return Data()
        case "document", "write" if args:
            paths.write(first)
        case "document", _ if name in tables.DATA_METHODS or name == "documentElement":
            return value if name in {"getroot", "find", "iter", "findall"} else Data()
        case "temporary", "cleanup":
            paths.delete(value.path, deep=True)
        case "socket", "connect" | "connect_ex":
            host = first[0] if isinstance(first, tuple) and first else "?"
            port = first[1] if isinstance(first, tuple) and len(first) > 1 else 0
            if isinstance(first, str):
                reader.call.write(plain(first, reader.call.span), append=True)
            else:
                reader.call.connect(
                    host if isinstance(host, str) else "?", port if isinstance(port, int) else 0, upload=True
                )
        case "socket", "bind":
            reader.call.say(Listen())
        case (
            ("socket" | "connection"),
            "settimeout"
            | "close"
            | "shutdown"
            | "setsockopt"
            | "listen"
            | "getsockname"
            | "recv"
            | "send"
            | "sendall"
            | "request"
            | "getresponse"
            | "getpeername",
        ):
            return Data()
        case "request", "add_header" | "get_method":
            return None
        case _:
            reader.opaque(f"`{name}` of {value.kind} is not followed")
            return Anything(f"`{name}`")
    return Data()


def _sql(reader: "Reader", value: Opened, text: object) -> None:
    from guard.effects.readers.sql import statements  # noqa: PLC0415 - rare

    if not isinstance(text, str):
        reader.opaque("statements that are not known before it runs")
        paths = reader.paths
        if value.path != ":memory:":
            paths.write(value.path)
        return
    statements(
        reader.call,
        text,
        dialect="sqlite",
        file=None if value.path == ":memory:" else reader.paths.field(value.path)[0],
    )
