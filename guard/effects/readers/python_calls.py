"""What calls of Python's builtins and standard library do. A name that no table holds is opaque."""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import posixpath

from guard.effects.readers import python_tables as tables
from guard.effects.readers.python_methods import method
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
    Partial,
    PathValue,
    Table,
    either,
    elements,
    hides,
    holds_environment,
    is_known,
    is_powerful,
    known,
)
from guard.effects.values import Field, Hole, Text, plain, static_text
from guard.model.dataclass import replace
from guard.model.effect import GainPrivilege, KillProcess, Listen
from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.effects.readers.python import Reader

_BECOMES = frozenset(
    f"os.{name}"
    for name in "setuid seteuid setreuid setresuid setgid setegid setregid setresgid setgroups initgroups chroot".split()
)
_MAX_TEXT = 64 * 1024
_TEMPORARY = "/tmp/python-temporary"  # noqa: S108 - where it makes them


def called(reader: "Reader", target: object, args: list[object], kw: dict[str, object]) -> object:
    """Say what the call does; gives what it returns."""
    if target != Named("dict") and any(holds_environment(value) for value in args):
        reader.call.secret("the environment of this session")
    if not _leaves_alone(target):
        # A list that is handed over may come back changed: `operator.setitem`, `heapq.heappush`, `shuffle`.
        for value in (*args, *kw.values()):
            if isinstance(value, Items | Table):
                value.forget()
    match target:
        case Named(name=name):
            return _named(reader, name.removeprefix("builtins."), args, kw)
        case Method(of=value, name=name):
            return method(reader, value, name, args, kw)
        case Partial():
            return reader.apply(target.target, [*target.args, *args], {**dict(target.keywords), **kw})
        case Anything(why=why):
            reader.opaque(f"calls something that is not followed: {why}")
            return Anything(why)
        case _:
            # `operator.methodcaller("unlink")(path)`: a value that is called can be any function.
            reader.opaque("calls a value that is not known before it runs")
            return Anything("what a value that was called gave")


def _leaves_alone(target: object) -> bool:
    match target:
        case Named(name=name):
            return name.removeprefix("builtins.") in tables.READ_ONLY or name.startswith(
                ("os.", "shutil.", "subprocess.", "json.")
            )
        case Method(of=str() | bytes() | Items() | Table() | FileValue() | PathValue() | Opened()):
            return True
        case _:
            return False


def _named(reader: "Reader", name: str, args: list[object], kw: dict[str, object]) -> object:
    first = args[0] if args else kw.get("path", kw.get("src", Data()))
    second = args[1] if len(args) > 1 else kw.get("dst", Data())
    paths = reader.paths
    if name == "os.environ.copy" or (name == "dict" and args == [Named("os.environ")] and not kw):
        # For programs that it starts; who prints it hands it out.
        return Named("os.environ")
    if name in tables.BUILTINS:
        return _builtin(reader, name, args, kw)
    if name in tables.PATH_CLASSES:
        return PathValue(joined(args) if args else ".")
    if name in {"pathlib.Path.home", "pathlib.Path.cwd"}:
        cwd = reader.call.state.cwd
        return PathValue(
            paths.variable("HOME") if name.endswith("home") else cwd[0] if len(cwd) == 1 else Data()
        )
    if name.rpartition(".")[0] in tables.PATH_CLASSES and args and isinstance(args[0], PathValue):
        return method(reader, args[0], name.rpartition(".")[2], args[1:], kw)
    if name.startswith("os.path.") and name.removeprefix("os.path.") in tables.OS_PATH:
        return paths.os_path(name.removeprefix("os.path."), args)
    if name.startswith("os.environ.") and not tables.computes(name):
        reader.call.secret("the environment of this session")
        return Data()
    if name in {"os.getenv", "os.environ.get"}:
        found = paths.variable(first)
        if isinstance(found, str) and found:
            return found
        return second if len(args) > 1 and not isinstance(found, str) and not is_powerful(second) else Data()
    if name == "os.getcwd":
        return reader.call.state.cwd[0] if len(reader.call.state.cwd) == 1 else Data()
    if name in tables.READS:
        paths.read(first if args or kw else ".", deep=name in {"os.walk", "os.fwalk"})
        if name == "os.open":
            paths.write(first)
        if name == "filecmp.cmp":
            paths.read(second)
        return paths.listing(name, first)
    if name in tables.DELETES:
        paths.delete(first)
    elif name == "shutil.rmtree":
        paths.delete(first, deep=True)
    elif name in tables.MOVES:
        paths.move(first, second)
        return second
    elif name in tables.COPIES:
        deep = name == "shutil.copytree"
        paths.copy(first, second, deep=deep, into=name in {"shutil.copy", "shutil.copy2"})
        return second
    elif name in tables.MODES:
        paths.mode(first)
    elif name in tables.MAKES:
        paths.write(first)
    elif name in tables.LINKS:
        paths.link(first, second)
    elif name == "os.chdir":
        _chdir(reader, first)
    elif name in _BECOMES:
        reader.call.say(GainPrivilege(detail="becomes somebody else"))
    elif name in {"os.kill", "os.killpg"}:
        reader.call.say(KillProcess(target=str(first) if is_known(first) else "?"))
    elif name in tables.SHELLS:
        _shell(reader, first)
    elif name in tables.RUNS:
        return _run(reader, args, kw)
    elif name.startswith(("os.exec", "os.spawn", "os.posix_spawn")) and name.count(".") == 1:
        _exec(reader, name.removeprefix("os."), args)
    elif name.startswith("tempfile.") and name.count(".") == 1:
        return _temporary(reader, name, kw)
    elif name in tables.OPENS:
        if name == "fileinput.input" and (kw.keys() & {"inplace", "openhook"} or len(args) > 1):
            reader.opaque("`fileinput.input` that writes what it reads")
            paths.write(first)
        packed = name.split(".", maxsplit=1)[0] in {"gzip", "bz2", "lzma"}
        return _open(reader, args, kw, default="rb" if packed else "r")
    elif name in tables.ARCHIVES:
        opened = _open(reader, args, kw, default="r")
        return Opened(tables.ARCHIVES[name], opened.path if isinstance(opened, FileValue) else Data())
    elif name in tables.DOCUMENTS:
        if args and isinstance(first, str | PathValue):
            paths.read(first)
        return Opened("config" if name.startswith("configparser") else "document", Data())
    elif name == "sqlite3.connect":
        return _sqlite(reader, first, kw)
    elif name in {"urllib.request.urlopen", "urllib.request.urlretrieve", "urllib.request.Request"} or (
        name.startswith(("requests.", "httpx.")) and name.count(".") == 1
    ):
        return _fetch(reader, name, args, kw)
    elif name in {"socket.create_connection", "http.client.HTTPConnection", "http.client.HTTPSConnection"}:
        host = first[0] if isinstance(first, tuple) and first else first
        port = first[1] if isinstance(first, tuple) and len(first) > 1 else second
        reader.call.connect(
            host if isinstance(host, str) else "?", port if isinstance(port, int) else 0, upload=True
        )
        return Opened("connection", Data())
    elif name == "socket.socket":
        return Opened("socket", Data())
    elif name in {"socket.gethostname", "socket.getfqdn"}:
        return Data()
    elif name in {"socket.gethostbyname", "socket.getaddrinfo"}:
        reader.call.connect(first if isinstance(first, str) else "?", upload=not isinstance(first, str))
    elif name.startswith(("http.server", "socketserver.")):
        reader.call.say(Listen())
        reader.opaque(f"`{name}` serves something")
    elif name == "logging.basicConfig":
        if "filename" in kw:
            paths.write(kw["filename"])
        if kw.keys() - {"filename", "filemode", "level", "format", "datefmt", "force", "style"}:
            reader.opaque("a log that is set up in a way that is not followed")
    elif name in {"sys.stdout.write", "sys.stdout.buffer.write"}:
        reader.printed(first if isinstance(first, str) else None)
    elif name in {"sys.stdin.read", "sys.stdin.readline", "sys.stdin.readlines", "sys.stdin.buffer.read"}:
        return _stdin(reader, name)
    elif name in {"copy.copy", "copy.deepcopy"}:
        return (
            known(first) if isinstance(first, str | int | bytes | tuple) and is_known(first) else hides(first)
        )
    elif name == "functools.partial" and args:
        return Partial(first, tuple(args[1:]), tuple(kw.items()))
    elif name in {"os._exit", "os.abort", "sys.exit"}:
        return reader.ends()
    elif tables.computes(name):
        return _pure(reader, name, args, kw)
    else:
        reader.opaque(f"`{name}` is not followed")
        return Anything(f"`{name}`")
    return Data()


# ---------------------------------------------------------------------- what only computes


def _pure(reader: "Reader", name: str, args: list[object], kw: dict[str, object]) -> object:
    if len(args) == 1 and not kw and is_known(args[0]):
        value = args[0]
        try:
            if name in {
                "base64.b64decode",
                "base64.standard_b64decode",
                "base64.urlsafe_b64decode",
                "base64.decodebytes",
            } and isinstance(value, str | bytes):
                from base64 import b64decode, urlsafe_b64decode  # noqa: PLC0415 - rare

                return urlsafe_b64decode(value) if "urlsafe" in name else b64decode(value)
            if name in {"bytes.fromhex", "binascii.unhexlify", "binascii.a2b_hex"} and isinstance(value, str):
                return bytes.fromhex(value)
            if name == "zlib.decompress" and isinstance(value, bytes):
                from zlib import decompressobj  # noqa: PLC0415 - rare

                return decompressobj().decompress(value, _MAX_TEXT)
            if name == "shlex.split" and isinstance(value, str) and not set(value) & set("\"'\\#"):
                return Items([*value.split()])
            if name == "os.fspath" and isinstance(value, str):
                return value
        except Exception:  # noqa: BLE001 - decoders raise errors of their own, and what does not decode raises there too
            return Data()
    if name == "json.loads" and len(args) == 1 and isinstance(args[0], str) and not kw:
        return Data()
    if name == "string.Template":
        return hides(*args)
    if name in {
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.Counter",
        "collections.deque",
    }:
        return (
            Items(None, hides(*args[1:], *kw.values()))
            if name.endswith("deque")
            else Table(None, hides(*args, *kw.values()))
        )
    if name == "fnmatch.filter" and args and isinstance(args[0], Items):
        return Items(None, reader.paths.item_of(args[0]))
    if name == "itertools.chain" and args:
        return Items(None, either(*[reader.paths.item_of(value) for value in args]))
    handed = [
        value
        for value in (*args, *kw.values())
        if not (isinstance(value, Named) and tables.is_harmless(value.name))
    ]
    return hides(*handed)


def _builtin(reader: "Reader", name: str, args: list[object], kw: dict[str, object]) -> object:
    first = args[0] if args else Data()
    item_of = reader.paths.item_of
    match name:
        case "print":
            return _print(reader, args, kw)
        case "open":
            return _open(reader, args, kw, default="r")
        case "str" | "int" | "float" | "bool" | "repr" | "len" | "ord" | "abs" | "bytes" if (
            len(args) == 1 and not kw and is_known(first) and not isinstance(first, float | complex)
        ):
            return _computed(name, known(first))
        case "str" if isinstance(first, PathValue | Below):
            return first.path if isinstance(first, PathValue) else first
        case "chr" if isinstance(first, int):
            return chr(first) if 0 <= first < 0x110000 else Data()
        case "list" | "tuple" | "sorted" | "set" | "frozenset" | "reversed" | "iter":
            return _listed(reader, name, args, kw)
        case "dict" if not args and "**" not in kw:
            return Table(dict(kw))
        case "next" | "max" | "min":
            return either(*[item_of(value) for value in args]) if len(args) == 1 else hides(*args)
        case "enumerate":
            parts = elements(first)
            if parts is not None and len(args) == 1 and not isinstance(first, Table):
                return Items([(index, part) for index, part in enumerate(parts)])
            return Items(None, (Data(), item_of(first)))
        case "zip":
            lists = [elements(value) for value in args]
            if args and all(part is not None for part in lists) and not kw:
                return Items([tuple(row) for row in zip(*[part or [] for part in lists], strict=False)])
            return Items(None, tuple(item_of(value) for value in args))
        case "filter" if len(args) == 2:
            return Items(None, item_of(args[1]))
        case "map":
            return reader.mapped(args)
        case "range" if all(isinstance(value, int) for value in args) and args:
            try:
                numbers = range(*[value for value in args if isinstance(value, int)][:3])
            except (TypeError, ValueError):
                return Data()
            return Items(list(numbers)) if len(numbers) <= 64 else Data()
        case "input":
            return _stdin(reader, "sys.stdin.readline")
        case "exit" | "quit":
            return reader.ends()
        case "getattr" if len(args) >= 2 and isinstance(args[1], str):
            return reader.attribute(first, args[1])
        case "getattr":
            reader.opaque("`getattr` of a name that is not known can reach anything")
            return Anything("`getattr`")
        case "type" if len(args) == 3:
            reader.opaque("makes a class")
            return Anything("a class")
        case _ if name in tables.OPAQUE_BUILTINS:
            reader.opaque(f"`{name}` can reach anything")
            return Anything(f"`{name}`")
        case _:
            return hides(*[v for v in (*args, *kw.values()) if not isinstance(v, PathValue | Method | Named)])


def _computed(name: str, value: object) -> object:
    try:
        match name:
            case "str":
                return str(value)
            case "repr":
                return repr(value) if isinstance(value, str) and len(value) < _MAX_TEXT else Data()
            case "int":
                return (
                    int(value)
                    if isinstance(value, int) or (isinstance(value, str) and len(value) < 100)
                    else Data()
                )
            case "bool":
                return bool(value)
            case "len":
                return len(value)  # type: ignore[arg-type]
            case "ord":
                return ord(value)  # type: ignore[arg-type]
            case "bytes":
                return bytes(value) if isinstance(value, list | bytes) and len(value) < _MAX_TEXT else Data()
            case _:
                return Data()
    except (TypeError, ValueError):
        return Data()


def _listed(reader: "Reader", name: str, args: list[object], kw: dict[str, object]) -> object:
    if not args:
        return () if name == "tuple" else Items([])
    first = args[0]
    parts = elements(first)
    if name in {"set", "frozenset", "sorted", "reversed"} and parts is not None:
        # In another order than they stand here, and each once.
        plain_parts = [part for part in parts if isinstance(part, str)]
        if name == "sorted" and not kw and len(plain_parts) == len(parts):
            return Items([*sorted(plain_parts)])
        if name == "reversed":
            return Items(parts[::-1])
        return Items(parts if len(parts) < 2 else None, either(*parts))
    if parts is None:
        if isinstance(first, FileValue | Data):
            return Items(None, Data(name=isinstance(first, Data) and first.name))
        return Items(None, reader.paths.item_of(first))
    return tuple(parts) if name == "tuple" else Items(parts)


def _print(reader: "Reader", args: list[object], kw: dict[str, object]) -> object:
    if "file" in kw and kw["file"] != Named("sys.stdout"):
        if kw["file"] == Named("sys.stderr") or isinstance(kw["file"], FileValue | Data):
            return None
        reader.opaque("prints to something that is not followed")
        return None
    end, sep = kw.get("end", "\n"), kw.get("sep", " ")
    exact = (
        all(isinstance(value, str | int) for value in args)
        and not kw.keys() - {"file", "flush", "end", "sep"}
        and isinstance(end, str)
        and isinstance(sep, str)
    )
    reader.printed(str(sep).join(str(value) for value in args) + str(end) if exact else None)
    return None


def _stdin(reader: "Reader", name: str) -> object:
    text: Text | None = reader.call.stdin
    whole = static_text(text) if text is not None and not reader.reads_program else None
    if whole is None or not name.endswith(".read") or reader.read_once:
        return Data("what stands on the standard input")
    reader.read_once = True
    return whole


# ---------------------------------------------------------------------- files


def _open(reader: "Reader", args: list[object], kw: dict[str, object], *, default: str) -> object:
    path = args[0] if args else kw.get("file", kw.get("filename", kw.get("name", Data())))
    mode = args[1] if len(args) > 1 else kw.get("mode", default)
    if "opener" in kw:
        reader.opaque("opens a file by a function")
    if isinstance(path, FileValue):
        return path
    if not isinstance(mode, str) or set("wxa+") & set(mode):
        reader.paths.write(path)
    if not isinstance(mode, str) or not set("wxa") & set(mode) or "+" in mode:
        reader.paths.read(path)
    return FileValue(path)


def _temporary(reader: "Reader", name: str, kw: dict[str, object]) -> object:
    what = name.rpartition(".")[2]
    if what in {"gettempdir", "gettempprefix"}:
        return "/tmp" if what == "gettempdir" else "tmp"  # noqa: S108 - as above
    if what not in {
        "mkdtemp",
        "mkstemp",
        "mktemp",
        "NamedTemporaryFile",
        "TemporaryFile",
        "TemporaryDirectory",
        "SpooledTemporaryFile",
    }:
        reader.opaque(f"`{name}` is not followed")
        return Anything(f"`{name}`")
    base = kw.get("dir")
    if base is None:
        found = reader.paths.variable("TMPDIR")
        base = found if isinstance(found, str) and found else "/tmp"  # noqa: S108 - as above
    place = joined([base, "python-temporary"]) if isinstance(base, str) else base
    reader.paths.write(place)
    if what == "mkstemp":
        return (Data(), place)
    if what == "TemporaryDirectory":
        return Opened("temporary", place)
    return FileValue(place) if "File" in what else place


def _chdir(reader: "Reader", path: object) -> None:
    field, below = reader.paths.field(path)
    text = field.static
    state = reader.call.state
    certain = text is not None and not below and (text.startswith("/") or bool(state.cwd))
    places = (
        tuple(dict.fromkeys(posixpath.join(place, text or "") for place in (state.cwd or ("/",))))
        if certain
        else ()
    )
    if places and not reader.steady:
        places = tuple(dict.fromkeys((*state.cwd, *places)))
    reader.call.state = replace(state, cwd=places[:8] if len(places) <= 8 else ())


def _sqlite(reader: "Reader", path: object, kw: dict[str, object]) -> object:
    if path == ":memory:":
        return Opened("sqlite", ":memory:")
    text = path if isinstance(path, str) else ""
    if "uri" in kw:
        text = text.removeprefix("file:").partition("?")[0]
        path = text or Data()
    reader.paths.read(path)
    return Opened("sqlite", path)


# ---------------------------------------------------------------------- programs and the network


def _shell(reader: "Reader", command: object) -> None:
    if isinstance(command, str):
        reader.call.run_text((command,))
    else:
        reader.opaque("a shell command that is not known before it runs")


def _argument(reader: "Reader", value: object) -> Field:
    span = reader.call.span
    if isinstance(value, PathValue):
        value = value.path
    if value == Named("sys.executable"):
        value = "python3"
    if isinstance(value, bytes):
        value = value.decode(errors="surrogateescape")
    if isinstance(value, str | int) and not isinstance(value, bool):
        return plain(str(value), span)
    if isinstance(value, Below):
        return Field((value.base.rstrip("/") + "/", Hole("a name")), span)
    return Field((Hole("an argument that Python makes"),), span)


def _run(reader: "Reader", args: list[object], kw: dict[str, object]) -> object:
    command = args[0] if args else kw.get("args", Data())
    if len(args) > 1 or kw.keys() - {
        "args", "shell", "cwd", "check", "capture_output", "text", "stdout", "stderr", "stdin", "input", "timeout", "universal_newlines", "encoding",
        "errors", "env", "bufsize", "close_fds", "start_new_session",
    }:  # fmt: skip
        reader.opaque("starts a program in a way that is not followed")
    if kw.get("env") is not None:
        reader.opaque("a program with another environment")
    before = reader.call.state
    if kw.get("cwd") is not None:
        _chdir(reader, kw["cwd"])
    given = kw.get("input")
    if isinstance(given, bytes):
        given = given.decode(errors="replace")
    stdin: Text | None = (given,) if isinstance(given, str) else None
    if stdin is None and (given is not None or kw.get("stdin") is not None):
        stdin = ("",) if kw.get("stdin") == Named("subprocess.DEVNULL") else (Hole("what Python sends"),)
    shell = kw.get("shell", False)
    words = elements(command) if isinstance(command, Items | tuple) else None
    if shell is not False and shell != 0:
        if stdin is not None:
            reader.opaque("a shell command with an input of its own")
        _shell(reader, words[0] if words else command)
    elif words:
        reader.call.run([_argument(reader, item) for item in words], stdin=stdin)
    elif isinstance(command, str | PathValue):
        reader.call.run([_argument(reader, command)], stdin=stdin)
    else:
        reader.opaque("a program that is not known before it runs")
    reader.call.state = before
    return Data()


def _exec(reader: "Reader", name: str, args: list[object]) -> None:
    rest = args[1:] if name.startswith("spawn") else args
    if not rest:
        reader.opaque("a program that is not known before it runs")
        return
    program, words = rest[0], rest[1:]
    listed = elements(words[0]) if words and isinstance(words[0], Items | tuple) else None
    in_a_list = name.startswith(("execv", "spawnv", "posix_spawn"))
    if listed is None and (in_a_list or (words and isinstance(words[0], Items))):
        reader.opaque("arguments that are not known before it runs")
    argv = [program, *(listed if listed is not None else words)[1:]]
    if name.rstrip("p").endswith("e") or name.startswith("posix_spawn"):
        reader.opaque("a program with another environment")
        argv = [value for value in argv if not isinstance(value, Table)]
    reader.call.run([_argument(reader, value) for value in argv])
    if name.startswith("exec"):
        reader.ends()


def _fetch(reader: "Reader", name: str, args: list[object], kw: dict[str, object]) -> object:
    from guard.effects.commands.hosts import connect_field  # noqa: PLC0415 - rare

    verb = name.rpartition(".")[2]
    at = 1 if verb == "request" and not name.startswith("urllib") else 0
    url = args[at] if len(args) > at else kw.get("url", Data())
    if verb == "urlopen" and isinstance(url, Opened):
        return Data("what the network says")
    sends = verb in {"post", "put", "patch", "delete", "request", "send"} or bool(
        kw.keys() & {"data", "json", "files", "headers", "auth"}
    )
    sends = sends or (name.startswith("urllib") and verb != "urlretrieve" and len(args) > 1)
    if isinstance(url, str) and url.lower().startswith("file:"):
        reader.paths.read(url[5:].removeprefix("//").removeprefix("localhost") or Data())
        return Data("what stands in a file")
    connect_field(reader.call, _argument(reader, url), upload=sends)
    if verb == "urlretrieve":
        reader.paths.write(args[1] if len(args) > 1 else kw.get("filename", _TEMPORARY))
    elif not name.startswith("urllib"):
        reader.opaque(f"`{name}` comes with code of its own")
    return Opened("request", Data()) if verb == "Request" else Data("what the network says")
