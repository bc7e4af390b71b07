"""What calls into Python's standard library do. A name that no table holds is opaque."""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING

from guard.effects.call import Call
from guard.effects.readers.python_values import (
    Anything,
    Below,
    Data,
    FileValue,
    Function,
    Method,
    Named,
    PathValue,
    is_known,
)
from guard.effects.values import Field, Hole, plain, static_text
from guard.model.dataclass import replace
from guard.model.effect import KillProcess, Listen

if TYPE_CHECKING:
    from guard.effects.readers.python import Reader

BUILTINS = frozenset(
    "print open len str int float list dict set tuple sorted range enumerate zip map filter sum min max any all abs round repr ord chr hex oct "
    "bin bytes bytearray isinstance issubclass type format reversed input iter next hash id divmod pow slice bool frozenset complex ascii "
    "callable hasattr getattr exec eval compile __import__ globals locals vars dir setattr delattr breakpoint memoryview object super property "
    "staticmethod classmethod exit quit help copyright credits license NotImplemented Exception BaseException ValueError TypeError KeyError "
    "IndexError OSError IOError FileNotFoundError FileExistsError PermissionError RuntimeError StopIteration SystemExit KeyboardInterrupt "
    "AssertionError AttributeError NotImplementedError UnicodeDecodeError UnicodeEncodeError ZeroDivisionError ImportError NameError EOFError".split()
)
_OPAQUE_BUILTINS = frozenset(
    "getattr exec eval compile __import__ globals locals vars setattr delattr breakpoint super property help".split()
)
PRELOADED = frozenset(
    "sys builtins os posix posixpath genericpath stat abc codecs encodings io site time marshal zipimport _thread errno".split()
)
"""Loaded before the first line is read: no directory can put another one in their place."""
PURE_MODULES = frozenset(
    "json re math datetime time collections itertools functools string textwrap random statistics decimal fractions hashlib base64 binascii uuid "
    "pprint csv html difflib typing dataclasses enum struct unicodedata calendar secrets operator copy shlex bisect heapq numbers "
    "types abc platform urllib.parse contextlib __future__ keyword locale array colorsys zlib gzip bz2 lzma ast tokenize "
    "tomllib fnmatch errno stat warnings traceback timeit graphlib cmath hmac ipaddress "
    "argparse sys os os.path pathlib shutil glob subprocess tempfile io".split()
)
"""Modules whose functions only compute, but for those that the tables below name."""
_NOT_PURE = frozenset(
    "functools.singledispatch gzip.open bz2.open lzma.open types.FunctionType types.CodeType types.ModuleType traceback.print_exc "
    "contextlib.ExitStack sys.settrace sys.setprofile sys.path sys.modules sys.meta_path sys.path_hooks sys.displayhook sys.excepthook "
    "locale.setlocale timeit.timeit timeit.repeat timeit.Timer sys.addaudithook sys._getframe argparse.FileType typing.get_type_hints "
    "typing.ForwardRef gzip.GzipFile bz2.BZ2File lzma.LZMAFile tokenize.open io.FileIO io.open_code io.BufferedWriter time.clock_settime "
    "time.clock_settime_ns dataclasses.make_dataclass collections.namedtuple operator.call".split()
)
_READS = frozenset(
    "os.listdir os.scandir os.stat os.lstat os.access os.readlink os.walk os.open os.fwalk glob.glob glob.iglob".split()
)
_DELETES = frozenset("os.remove os.unlink os.rmdir os.removedirs".split())
_MOVES = frozenset("os.rename os.replace os.renames shutil.move".split())
_COPIES = frozenset(
    "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.copymode shutil.copystat".split()
)
_MODES = frozenset("os.chmod os.chown os.lchown os.utime shutil.chown os.setxattr os.removexattr".split())
_MAKES = frozenset("os.mkdir os.makedirs os.mkfifo os.mknod os.truncate".split())
_LINKS = frozenset("os.symlink os.link".split())
_RUNS = frozenset(
    "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen".split()
)
_SHELLS = frozenset(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput".split()
)
_OS_DATA = frozenset(
    "getcwd getcwdb getenv getpid getppid getuid getgid geteuid getegid getlogin uname cpu_count urandom sep linesep pathsep curdir pardir extsep "
    "name devnull get_terminal_size fspath fsencode fsdecode strerror times getloadavg umask isatty fstat cpu_count environ path "
    "error DirEntry F_OK R_OK W_OK X_OK O_RDONLY O_WRONLY O_RDWR O_CREAT O_APPEND O_TRUNC close write read fsync dup SEEK_SET SEEK_END".split()
)
_SHUTIL_DATA = frozenset("which disk_usage get_terminal_size ignore_patterns Error copyfileobj".split())
_PATH_READS = frozenset(
    "read_text read_bytes exists is_file is_dir is_symlink stat lstat iterdir glob rglob owner group samefile readlink walk is_mount".split()
)
_PATH_PARTS = frozenset(
    "name stem suffix suffixes parts drive root anchor as_posix as_uri is_absolute match relative_to is_relative_to".split()
)
_PATH_SAME = frozenset("resolve absolute expanduser".split())
_WRITING = frozenset("wxa+")


_INNARDS = frozenset(
    "gi_frame cr_frame ag_frame tb_frame f_globals f_locals f_builtins f_back gi_code cr_code func_globals func_code im_func".split()
)
_CLASSES = frozenset(
    "datetime.datetime datetime.date datetime.time datetime.timedelta datetime.timezone decimal.Decimal fractions.Fraction uuid.UUID "
    "collections.OrderedDict collections.Counter collections.defaultdict itertools.chain string.Template "
    "dict str bytes int list float set bytearray tuple frozenset".split()
)
_OS_PATH = frozenset(
    "join expanduser abspath realpath normpath dirname basename exists lexists isfile isdir islink ismount isabs getsize getmtime getatime getctime "
    "split splitext splitdrive commonpath commonprefix relpath samefile expandvars sep".split()
)
_SYS = frozenset(
    "sys.exit sys.getsizeof sys.getrecursionlimit sys.version sys.version_info sys.platform sys.stdout sys.stderr sys.stdin sys.stdin.buffer "
    "sys.intern sys.maxsize sys.getdefaultencoding sys.stdout.flush sys.stderr.write sys.stderr.flush sys.argv sys.executable sys.byteorder "
    "sys.stdout.buffer sys.stdin.fileno sys.stdout.fileno sys.stdin.isatty sys.stdout.isatty sys.stdout.reconfigure sys.float_info".split()
)


class Effects:
    """Says what calls do, through the call that runs the interpreter."""

    def __init__(self, call: Call, opaque: Callable[[str], None]) -> None:
        self._call = call
        self._opaque = opaque

    # ------------------------------------------------------------------ values

    def attribute(self, value: object, name: str) -> object:
        if name.startswith("__") or name in _INNARDS:
            # Through `().__class__` or a frame everything can be reached.
            return Anything(f"`{name}`")
        match value:
            case Named(name="os") if name == "environ":
                return Named("os.environ")
            case Named(name="os") if name in {"sep", "linesep", "curdir", "pardir", "devnull", "name"}:
                return {
                    "sep": "/",
                    "linesep": "\n",
                    "curdir": ".",
                    "pardir": "..",
                    "devnull": "/dev/null",
                    "name": "posix",
                }[name]
            case Named(name="sys") if name == "argv":
                return Named("sys.argv")
            case Named(name=base):
                return Named(f"{base}.{name}")
            case PathValue(path=path) if name == "parent":
                known = path.base if isinstance(path, Below) else path
                if isinstance(known, str) and not isinstance(path, Below):
                    return PathValue(posixpath.dirname(known) or ".")
                return PathValue(path)
            case PathValue(path=path) if name in {"name", "stem", "suffix"} and isinstance(path, str):
                base, suffix = posixpath.splitext(posixpath.basename(path))
                return {"name": posixpath.basename(path), "stem": base, "suffix": suffix}[name]
            case PathValue() if name in {"name", "stem"}:
                return Data(name=True)
            case Anything():
                return value
            case _:
                return Method(value, name)

    def subscript(self, value: object, index: object) -> object:
        if isinstance(value, Named):
            if value.name == "os.environ":
                return self._variable(index)
            return (
                Data()
                if value.name == "sys.argv"
                else Anything("an element of something that is not followed")
            )
        if isinstance(value, Anything):
            return value
        try:
            if isinstance(value, list | tuple | str) and isinstance(index, int | slice):
                return value[index]
            if isinstance(value, dict) and isinstance(index, str | int):
                return value[index]
        except (IndexError, KeyError, TypeError, ValueError):
            return Data()
        return self.item_of(value)

    def item_of(self, value: object) -> object:
        """Something that is in ``value``."""
        match value:
            case list() | tuple() | set():
                paths = [item for item in value if isinstance(item, PathValue | Below | Anything | Function)]
                return (
                    paths[0]
                    if paths
                    else value[0]
                    if isinstance(value, list | tuple) and len(value) == 1
                    else Data()
                )
            case FileValue() | Data() | str() | dict():
                return Data(name=value.name) if isinstance(value, Data) else Data()
            case Anything() | Named():
                return Anything("an element of something that is not followed")
            case _:
                return Data()

    def joined(self, parts: list[object]) -> object:
        """``os.path.join``."""
        texts = [part.path if isinstance(part, PathValue) else part for part in parts]
        if all(isinstance(text, str) for text in texts):
            return posixpath.join(*[str(text) for text in texts]) if texts else ""
        base: list[str] = []
        for text in texts:
            if isinstance(text, str):
                base.append(text)
            elif isinstance(text, Below):
                return Below(posixpath.join(*base, text.base) if base else text.base)
            elif isinstance(text, Data) and text.name and base:
                return Below(posixpath.join(*base))
            else:
                return Data("a path that is not known before it runs")
        return Data()

    def _variable(self, name: object) -> object:
        if isinstance(name, str):
            values = self._call.evaluator.expander.variable(name, self._call.state).values
            if len(values) == 1:
                text = static_text(values[0])
                if text is not None:
                    return text
            if name == "HOME":
                return self._call.evaluator.facts.home
        return Data("a variable of the environment")

    # ------------------------------------------------------------------ fields of commands and effects

    def _field(self, value: object) -> tuple[Field, bool]:
        """The argument for a path, and whether it is all below it that is meant."""
        span = self._call.span
        if isinstance(value, PathValue):
            value = value.path
        if isinstance(value, Below):
            return plain(value.base, span), True
        if isinstance(value, bytes):
            value = value.decode(errors="surrogateescape")
        if isinstance(value, str):
            return plain(value or ".", span), False
        if isinstance(value, int) and not isinstance(value, bool):
            return plain("/dev/null", span), False  # a descriptor that is open already
        return Field((Hole("a path that Python makes"),), span), False

    def _act(self, how: Callable[..., None], *values: object, deep: bool = False) -> None:
        for value in values:
            field, below = self._field(value)
            how(field, recursive=deep or below)

    def _read(self, *values: object, deep: bool = False) -> None:
        self._act(self._call.read, *values, deep=deep)

    def _write(self, *values: object, deep: bool = False) -> None:
        self._act(self._call.write, *values, deep=deep)

    def _delete(self, *values: object, deep: bool = False) -> None:
        self._act(self._call.delete, *values, deep=deep)

    # ------------------------------------------------------------------ calls

    def is_harmless(self, name: str) -> bool:
        """Whether whoever is handed this function can do no more with it than compute."""
        if name in BUILTINS:
            return name not in _OPAQUE_BUILTINS and name != "open"
        return self._computes(name) or (
            name.startswith("os.path.") and name.removeprefix("os.path.") in _OS_PATH
        )

    def call(self, reader: "Reader", target: object, args: list[object], kw: dict[str, object]) -> object:
        if Named("os.environ") in args:
            self._call.secret("the environment of this session")
        match target:
            case Named(name=name):
                return self._named(reader, name.removeprefix("builtins."), args, kw)
            case Method(of=value, name=name):
                return self._method(reader, value, name, args, kw)
            case Anything(why=why):
                self._opaque(f"calls something that is not followed: {why}")
                return Anything(why)
            case _:
                # `operator.methodcaller("unlink")(path)`: a value that is called can be any function.
                self._opaque("calls a value that is not known before it runs")
                return Anything("what a value that was called gave")

    def _named(self, reader: "Reader", name: str, args: list[object], kw: dict[str, object]) -> object:
        first = args[0] if args else kw.get("path", kw.get("src", Data()))
        second = args[1] if len(args) > 1 else kw.get("dst", Data())
        if name in BUILTINS:
            return self._builtin(reader, name, args, kw)
        if name in {"pathlib.Path", "pathlib.PosixPath", "pathlib.PurePath", "Path"}:
            return PathValue(self.joined(args) if args else ".")
        if name in {"pathlib.Path.home", "pathlib.Path.cwd"}:
            cwd = self._call.state.cwd
            return PathValue(
                self._variable("HOME") if name.endswith("home") else cwd[0] if len(cwd) == 1 else Data()
            )
        if name.startswith("os.path.") and name.removeprefix("os.path.") in _OS_PATH:
            return self._os_path(name.removeprefix("os.path."), args)
        if name.startswith("os.environ.") and not self._computes(name):
            self._call.secret("the environment of this session")
            return Data()
        if name in {"os.getenv", "os.environ.get"}:
            found = self._variable(first)
            return (
                found
                if isinstance(found, str) and found
                else (second if len(args) > 1 and not isinstance(found, str) else Data())
            )
        if name == "os.getcwd":
            return self._call.state.cwd[0] if len(self._call.state.cwd) == 1 else Data()
        if name in _READS:
            self._read(first if args or kw else ".", deep=name in {"os.walk", "os.fwalk"})
            if name == "os.open":
                self._write(first)
            return self._listing(name, first)
        if name in _DELETES:
            self._delete(*args[:1] or [Data()])
        elif name == "shutil.rmtree":
            self._delete(first, deep=True)
        elif name in _MOVES:
            self._write(first, second, deep=True)
        elif name in _COPIES:
            deep = name == "shutil.copytree"
            self._read(first, deep=deep)
            self._write(second, deep=deep)
            return second
        elif name in _MODES:
            field, below = self._field(first)
            self._call.mode(field, recursive=below)
        elif name in _MAKES:
            self._write(first)
        elif name in _LINKS:
            self._call.link(self._field(first)[0], self._field(second)[0])
        elif name == "os.chdir":
            self._chdir(first)
        elif name in {"os.kill", "os.killpg"}:
            self._call.say(KillProcess(target=str(first) if is_known(first) else "?"))
        elif name in _SHELLS:
            self._shell(first)
        elif name in _RUNS:
            return self._run(args, kw)
        elif name.startswith(("os.exec", "os.spawn", "os.posix_spawn")):
            self._exec(name.removeprefix("os."), args)
        elif name.startswith("tempfile."):
            self._call.write(plain("/tmp/python-temporary", self._call.span), append=True)  # noqa: S108 - where it makes them
            return FileValue("/tmp/python-temporary") if "File" in name else "/tmp/python-temporary"  # noqa: S108 - as above
        elif name in {"gzip.open", "bz2.open", "lzma.open", "io.open", "codecs.open"}:
            return self._open(
                args, kw, default="rb" if name.split(".", maxsplit=1)[0] in {"gzip", "bz2", "lzma"} else "r"
            )
        elif name in {
            "urllib.request.urlopen",
            "urllib.request.urlretrieve",
            "urllib.request.Request",
        } or name.startswith(("requests.", "httpx.")):
            self._fetch(name, args, kw)
        elif name.startswith(("http.server", "socketserver.")):
            self._call.say(Listen())
            self._opaque(f"`{name}` serves something")
        elif name in {"sys.stdout.write", "sys.stdout.buffer.write"}:
            reader.printed(first if isinstance(first, str) else None)
        elif name in {"sys.stdin.read", "sys.stdin.readline", "sys.stdin.readlines", "sys.stdin.buffer.read"}:
            return self._stdin()
        elif self._computes(name):
            return self._pure(name, args)
        else:
            self._opaque(f"`{name}` is not followed")
            return Anything(f"`{name}`")
        return Data()

    def _computes(self, name: str) -> bool:
        """Only names that are listed: modules hold other modules, so `glob.os.system` is none of `glob`'s functions."""
        module, _, rest = name.rpartition(".")
        if name in _NOT_PURE or rest.startswith("_"):
            return False
        match module:
            case "os":
                return rest in _OS_DATA
            case "os.environ":
                return rest in {"get", "keys"}
            case "shutil":
                return rest in _SHUTIL_DATA
            case "subprocess":
                return rest in {
                    "PIPE",
                    "STDOUT",
                    "DEVNULL",
                    "list2cmdline",
                    "CalledProcessError",
                    "TimeoutExpired",
                }
            case "tempfile":
                return rest == "gettempdir"
            case "pathlib":
                return False
            case _ if name.startswith("sys"):
                return name in _SYS
            case _:
                return module in PURE_MODULES or module in _CLASSES

    def _pure(self, name: str, args: list[object]) -> object:
        if len(args) == 1 and is_known(args[0]):
            value = args[0]
            try:
                if name in {"base64.b64decode", "base64.standard_b64decode"} and isinstance(
                    value, str | bytes
                ):
                    from base64 import b64decode  # noqa: PLC0415 - rare

                    return b64decode(value)
                if name in {"bytes.fromhex", "binascii.unhexlify"} and isinstance(value, str):
                    return bytes.fromhex(value)
            except ValueError:
                return Data()
        return Data()

    def _builtin(self, reader: "Reader", name: str, args: list[object], kw: dict[str, object]) -> object:
        first = args[0] if args else Data()
        match name:
            case "print":
                if "file" in kw and kw["file"] != Named("sys.stdout"):
                    return None
                known = all(
                    is_known(value) and isinstance(value, str | int) for value in args
                ) and not kw.keys() - {"file", "flush", "end"}
                end = kw.get("end", "\n")
                reader.printed(
                    " ".join(str(value) for value in args) + end if known and isinstance(end, str) else None
                )
                return None
            case "open":
                return self._open(args, kw, default="r")
            case "str" | "repr" | "int" | "float" | "bool" if (
                len(args) == 1 and is_known(first) and name in {"str", "int"}
            ):
                try:
                    return str(first) if name == "str" else int(first)  # type: ignore[call-overload]
                except (TypeError, ValueError):
                    return Data()
            case "str" if isinstance(first, PathValue | Below):
                return first.path if isinstance(first, PathValue) else first
            case "chr" if isinstance(first, int):
                return chr(first) if 0 <= first < 0x110000 else Data()
            case "list" | "tuple" | "sorted" | "set" | "reversed" | "iter" if args:
                return (
                    list(first)
                    if isinstance(first, list | tuple)
                    else [first]
                    if isinstance(first, PathValue | Below)
                    else first
                    if isinstance(first, Data | FileValue)
                    else Data()
                )
            case "next" | "max" | "min" if len(args) == 1:
                return self.item_of(first)
            case "enumerate" | "zip" | "map" | "filter":
                paths = [
                    item
                    for value in args
                    for item in [self.item_of(value)]
                    if isinstance(item, PathValue | Below)
                ]
                return (
                    [(Data(), paths[0])] if paths and name == "enumerate" else [paths[0]] if paths else Data()
                )
            case "range" if all(isinstance(value, int) for value in args) and args:
                numbers = range(*[int(str(value)) for value in args][:3])
                return list(numbers) if len(numbers) <= 64 else Data()
            case "input":
                return self._stdin()
            case _ if name in _OPAQUE_BUILTINS:
                self._opaque(f"`{name}` can reach anything")
                return Anything(f"`{name}`")
            case _:
                return Data()

    def _open(self, args: list[object], kw: dict[str, object], *, default: str) -> object:
        path = args[0] if args else kw.get("file", Data())
        mode = args[1] if len(args) > 1 else kw.get("mode", default)
        if "opener" in kw:
            self._opaque("opens a file by a function")
        if not isinstance(mode, str) or _WRITING & set(mode):
            self._write(path)
        if not isinstance(mode, str) or not set("wxa") & set(mode) or "+" in mode:
            self._read(path)
        return FileValue(path)

    def _os_path(self, name: str, args: list[object]) -> object:
        first = args[0] if args else Data()
        if isinstance(first, PathValue):
            first = first.path
        match name:
            case "join":
                return self.joined(args)
            case "expanduser":
                return self._expanded(first)
            case "abspath" | "realpath" | "normpath" | "dirname":
                if isinstance(first, Below):
                    return first
                if isinstance(first, str):
                    if name == "dirname":
                        return posixpath.dirname(first)
                    cwd = self._call.state.cwd
                    base = posixpath.join(cwd[0], first) if len(cwd) == 1 and name != "normpath" else first
                    return posixpath.normpath(base) if name != "realpath" else base
                return Data()
            case "basename":
                return posixpath.basename(first) if isinstance(first, str) else Data(name=True)
            case _:
                return Data()

    def _expanded(self, path: object) -> object:
        if isinstance(path, str) and (path == "~" or path.startswith("~/")):
            home = self._variable("HOME")
            return home + path[1:] if isinstance(home, str) else Data()
        return path

    def _listing(self, name: str, path: object) -> object:
        known = path.path if isinstance(path, PathValue) else path
        if name in {"os.walk", "os.fwalk"} and isinstance(known, str):
            return [(Below(known), [Data(name=True)], [Data(name=True)])]
        if name in {"glob.glob", "glob.iglob"}:
            # The pattern stands for what it matches, as it does for the shell.
            return [known] if isinstance(known, str) else Data()
        if name == "os.scandir":
            return [PathValue(Below(known))] if isinstance(known, str) else Data()
        if name == "os.listdir":
            return [Data(name=True)]
        return Data()

    def _stdin(self) -> object:
        text = static_text(self._call.stdin) if self._call.stdin is not None else None
        return text if text is not None else Data("what stands on the standard input")

    def _chdir(self, path: object) -> None:
        field, below = self._field(path)
        text = field.static
        cwd = self._call.state.cwd
        known = text is not None and not below and (text.startswith("/") or bool(cwd))
        places = (
            tuple(dict.fromkeys(posixpath.join(place, text or "") for place in (cwd or ("/",))))
            if known
            else ()
        )
        self._call.state = replace(self._call.state, cwd=places)

    # ------------------------------------------------------------------ programs

    def _shell(self, command: object) -> None:
        if isinstance(command, str):
            self._call.run_text((command,))
        else:
            self._opaque("a shell command that is not known before it runs")

    def _argument(self, value: object) -> Field:
        if isinstance(value, PathValue):
            value = value.path
        if isinstance(value, str | int) and not isinstance(value, bool):
            return plain(str(value), self._call.span)
        if isinstance(value, Below):
            return Field((value.base.rstrip("/") + "/", Hole("a name")), self._call.span)
        return Field((Hole("an argument that Python makes"),), self._call.span)

    def _run(self, args: list[object], kw: dict[str, object]) -> object:
        command = args[0] if args else kw.get("args", Data())
        if kw.get("env") is not None or kw.get("executable") is not None or kw.get("preexec_fn") is not None:
            self._opaque("a program with another environment")
        before = self._call.state
        if "cwd" in kw and kw["cwd"] is not None:
            self._chdir(kw["cwd"])
        given = kw.get("input")
        stdin = (
            (given,)
            if isinstance(given, str)
            else (Hole("what Python sends"),)
            if given is not None
            else None
        )
        shell = kw.get("shell", False)
        if shell is not False and shell != 0:
            self._shell(command[0] if isinstance(command, list) and command else command)
        elif isinstance(command, list | tuple) and command:
            self._call.run([self._argument(item) for item in command], stdin=stdin)
        elif isinstance(command, str):
            self._call.run([plain(command, self._call.span)], stdin=stdin)
        else:
            self._opaque("a program that is not known before it runs")
        self._call.state = before
        return Data()

    def _exec(self, name: str, args: list[object]) -> None:
        rest = args[1:] if name.startswith("spawn") else args
        if not rest:
            self._opaque("a program that is not known before it runs")
            return
        program, words = rest[0], rest[1:]
        listed = list(words[0]) if words and isinstance(words[0], list | tuple) else words
        argv = [program, *listed[1:]]
        if name.rstrip("p").endswith("e"):
            self._opaque("a program with another environment")
            argv = [value for value in argv if not isinstance(value, dict)]
        self._call.run([self._argument(value) for value in argv])

    def _fetch(self, name: str, args: list[object], kw: dict[str, object]) -> None:
        from guard.effects.commands.hosts import connect_field  # noqa: PLC0415 - rare

        verb = name.rpartition(".")[2]
        at = 1 if verb == "request" else 0
        url = args[at] if len(args) > at else kw.get("url", Data())
        sends = (
            verb in {"post", "put", "patch", "delete", "request", "send"}
            or "data" in kw
            or "json" in kw
            or "files" in kw
        )
        sends = sends or (name.startswith("urllib") and verb != "urlretrieve" and len(args) > 1)
        connect_field(self._call, self._argument(url), upload=sends)
        if verb == "urlretrieve":
            self._write(args[1] if len(args) > 1 else "/tmp/python-temporary")  # noqa: S108 - where it makes them
        elif not name.startswith("urllib"):
            self._opaque(f"`{name}` comes with code of its own")

    # ------------------------------------------------------------------ methods

    def _method(
        self, reader: "Reader", value: object, name: str, args: list[object], kw: dict[str, object]
    ) -> object:
        first = args[0] if args else Data()
        if isinstance(value, PathValue):
            return self._path_method(value, name, args, kw)
        if isinstance(value, FileValue):
            if name in {"read", "readline", "readlines"}:
                return Data("what stands in a file")
            return Data()
        if isinstance(value, str | bytes):
            return self._text_method(value, name, args)
        if isinstance(value, list) and name in {"append", "extend", "insert"}:
            added = list(first) if name == "extend" and isinstance(first, list | tuple) else args[-1:]
            value.extend(added)
            return None
        if isinstance(value, dict) and name in {"values", "items", "keys"}:
            return list(getattr(value, name)())
        if isinstance(value, dict) and name == "get" and isinstance(first, str) and first in value:
            return value[first]
        del reader
        return Data()

    def _text_method(self, value: str | bytes, name: str, args: list[object]) -> object:
        if not all(is_known(argument) for argument in args):
            if name == "join" and args and isinstance(args[0], list) and value == "/":
                return self.joined(args[0])
            return Data()
        if name in {"join", "strip", "lstrip", "rstrip", "lower", "upper", "replace", "split", "rsplit", "splitlines", "decode", "encode", "format",
                    "removeprefix", "removesuffix", "title", "capitalize", "swapcase", "partition", "rpartition", "hex", "startswith", "endswith"}:  # fmt: skip
            try:
                found: object = getattr(value, name)(*args)
            except (TypeError, ValueError, LookupError):
                return Data()
            return found
        return Data()

    def _path_method(self, value: PathValue, name: str, args: list[object], kw: dict[str, object]) -> object:
        path = value.path
        if name in _PATH_SAME:
            return PathValue(self._expanded(path))
        if name in {"joinpath", "with_name", "with_suffix", "with_stem"}:
            if name == "joinpath":
                return PathValue(self.joined([path, *args]))
            return PathValue(Below(posixpath.dirname(path)) if isinstance(path, str) else path)
        if name in _PATH_PARTS:
            return Data(name=name in {"name", "stem"})
        if name in _PATH_READS:
            deep = name in {"rglob", "walk"}
            self._read(path, deep=deep)
            if name in {"iterdir", "glob", "rglob"}:
                return [PathValue(Below(path) if isinstance(path, str) else path)]
            return Data("what stands in a file")
        if name in {"write_text", "write_bytes", "touch", "mkdir"}:
            self._write(path)
        elif name in {"unlink", "rmdir"}:
            self._delete(path)
        elif name in {"rename", "replace"}:
            self._write(path, args[0] if args else Data(), deep=True)
        elif name in {"chmod", "lchmod"}:
            field, below = self._field(path)
            self._call.mode(field, recursive=below)
        elif name in {"symlink_to", "hardlink_to", "link_to"}:
            self._call.link(self._field(args[0] if args else Data())[0], self._field(path)[0])
        elif name == "open":
            return self._open([path, *args], kw, default="r")
        else:
            self._opaque(f"`Path.{name}` is not followed")
        return Data()
