"""Interpreters of programming languages: code on the command line, on standard input and in files.

What a reader of the language follows is said; the rest is opaque, and runs in a sandbox.
"""

import posixpath
from collections.abc import Callable

from guard.effects.call import NO_OUTPUT, Call
from guard.effects.options import Parsed, grammar
from guard.effects.values import Field, plain, static_text
from guard.model.effect import Listen
from guard.model.facts import LookPath, LookProgram, LookScript, PathFact, ProgramFact, ScriptFact
from guard.model.paths import FileKind, KnownPath

_ASKS = frozenset({"--version", "--help", "-v", "-V", "-h", "-version"})

# ---------------------------------------------------------------------- Python

_PYTHON = grammar(
    "c m W X Q check-hash-based-pycs",
    flags="B b d E h I O P q R s S u V v x 3 t version help help-all help-env help-xoptions i",
    stops=True,
)
_HARMLESS_MODULES = frozenset(
    "json.tool py_compile compileall this tabnanny tokenize ast dis platform site calendar sysconfig base64 encodings.rot_13 "
    "mimetypes quopri uuid textwrap inspect".split()
)
_TOOLS = frozenset(
    "pytest unittest mypy ruff black flake8 pylint isort coverage build twine tox nox pip pipx uv poetry pre_commit jupyter notebook "
    "flask django celery uvicorn gunicorn sphinx mkdocs alembic pyright bandit vulture virtualenv pdm hatch ipython".split()
)
_HARMLESS_VARIABLES = frozenset(
    "PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED PYTHONIOENCODING PYTHONHASHSEED PYTHONUTF8 PYTHONFAULTHANDLER PYTHONOPTIMIZE PYTHONTRACEMALLOC "
    "PYTHONDEVMODE PYTHONNOUSERSITE PYTHONSAFEPATH PYTHONPROFILEIMPORTTIME PYTHONASYNCIODEBUG PYTHONVERBOSE PYTHONINTMAXSTRDIGITS".split()
)
_X_OPTIONS = frozenset(
    {
        "utf8",
        "dev",
        "importtime",
        "faulthandler",
        "tracemalloc",
        "no_debug_ranges",
        "safe_path",
        "frozen_modules",
    }
)


def _python(call: Call) -> None:
    parsed = call.parse(_PYTHON)
    if not call.args and call.stdin is None:
        call.opaque("an interpreter that takes commands")
        return
    if parsed.has("V", "version", "h", "help", "help-all", "help-env", "help-xoptions") and not parsed.has(
        "c", "m"
    ):
        return
    if parsed.has("i"):
        call.opaque("an interpreter that takes commands afterwards")
    _doubts(call, parsed)
    isolated = parsed.has("I", "P")
    if parsed.has("c"):
        code = parsed.values("c")[-1].static
        if code is None:
            call.opaque("Python code that is not known before it runs")
        else:
            _read_python(call, code, shadowed=not isolated)
        return
    modules = parsed.values("m")
    if modules:
        _module(call, modules[0], _after(call, modules[0]) or parsed.operands)
        return
    if not parsed.operands or parsed.operands[0].static in {
        "-",
        "/dev/stdin",
        "/dev/fd/0",
        "/proc/self/fd/0",
    }:
        text = static_text(call.stdin) if call.stdin is not None else None
        if text is not None:
            _read_python(call, text, shadowed=not isolated, on_stdin=True)
        else:
            call.opaque("runs what it reads from its standard input")
        return
    _python_file(call, parsed.operands[0])


def _after(call: Call, module: Field) -> list[Field]:
    """Everything after ``-m NAME`` is the module's own, options too."""
    for index, arg in enumerate(call.args):
        if arg is module:
            return call.args[index + 1 :]
    return []


def _doubts(call: Call, parsed: Parsed) -> None:
    """What makes Python run other code before the one it is given."""
    variables = call.state.variables
    if any(name.startswith("PYTHON") and name not in _HARMLESS_VARIABLES for name in variables):
        call.opaque("a variable that makes Python load other code")
    if "HOME" in variables and not parsed.has("I", "s"):
        call.opaque("packages of another home")
    if parsed.unknown or parsed.uncertain:
        call.opaque("an option of Python that is not known")
    if any((field.static or "?").partition("=")[0] not in _X_OPTIONS for field in parsed.values("X")):
        call.opaque("an option of Python that is not known")
    if any("." in (field.static or ".") or "/" in (field.static or "") for field in parsed.values("W")):
        # `-W error::module.Category` imports the module.
        call.opaque("a filter of warnings that loads a module")
    if call.name == "python2":
        call.opaque("Python 2 reads code in another way")


def _read_python(call: Call, code: str, *, shadowed: bool, on_stdin: bool = False) -> None:
    from guard.effects.readers.python import Reader  # noqa: PLC0415 - only where Python code stands in a command

    # Without -I or -P the current directory comes before the standard library.
    directory = call.state.cwd[0] if len(call.state.cwd) == 1 else ""
    Reader(call, shadowed_from=directory if shadowed else None, reads_program=on_stdin).read(code)


def _python_file(call: Call, script: Field) -> None:
    """What a script would do can deny or ask; it opens the host only if this very line surely wrote it."""
    call.read(script)
    _known_as(call, script)
    stream = script.stream
    if stream is not None:
        if stream.text is not None:
            _read_python(call, stream.text, shadowed=True)
        else:
            call.opaque(f"runs {stream.reason}")
        return
    paths = call.paths(script)
    if len(paths) != 1:
        call.opaque(f"runs code in `{script.text}`")
    for path in paths:
        if not isinstance(path, KnownPath):
            call.opaque(f"runs code in `{script.text}`")
            continue
        text, doubt = source_of(call, path.text)
        if doubt:
            call.opaque(doubt)
        if text is not None:
            from guard.effects.readers.python import Reader  # noqa: PLC0415 - as above

            output = call.output
            Reader(call, shadowed_from=posixpath.dirname(path.text)).read(text)
            if doubt:
                call.output = output


def run_source(call: Call, text: str, path: str) -> None:
    """A script of Python, started by its own name."""
    from guard.effects.readers.python import Reader  # noqa: PLC0415 - only where Python code is met

    output = call.output
    Reader(call, shadowed_from=posixpath.dirname(path)).read(text)
    call.output = output


def source_of(call: Call, path: str) -> tuple[str | None, str]:
    """What stands in a file that runs, and why that may not be what runs; empty when it surely is."""
    made = call.state.written.get(posixpath.normpath(path))
    if made is not None:
        answer = call.evaluator.ask(LookPath(path))
        if (
            made.text is not None
            and isinstance(answer, PathFact)
            and answer.kind is FileKind.ABSENT
            and not answer.error
        ):
            return made.text, ""
        # A file that was there already may have withstood the write, and then the old text runs.
        return made.text, f"runs `{path}`, which this very command writes"
    found = call.evaluator.ask(LookScript(path))
    if isinstance(found, ScriptFact) and found.text is not None:
        return found.text, f"runs code in `{path}`, which can change before it runs"
    reason = found.reason if isinstance(found, ScriptFact) and found.reason else "not read"
    return None, f"runs code in `{path}`: {reason}"


def _module(call: Call, module: Field, rest: list[Field]) -> None:
    name = module.static
    operands = [field for field in rest if not (field.static or "").startswith("-")]
    if name is None:
        call.opaque("runs a Python module that is not known before it runs")
    elif name in _TOOLS:
        call.run(
            [
                plain(
                    name.replace("pre_commit", "pre-commit").replace("sphinx", "sphinx-build"), module.span
                ),
                *rest,
            ]
        )
    elif name == "pip3":
        call.run([plain("pip", module.span), *rest])
    elif name == "http.server":
        call.say(Listen())
        call.read(plain(".", call.span), recursive=True)
    elif name == "venv":
        call.write(*operands, recursive=True, append=True)
        call.opaque("sets up an environment from packages of this machine")
    elif name == "json.tool":
        call.read(*operands[:1])
        call.write(*operands[1:2])
    elif name in {"zipfile", "tarfile"}:
        _archive(call, rest, deep=name == "tarfile")
    elif name == "timeit":
        parsed = parse_rest(call, rest, "n s r u")
        for field in (*parsed.values("s"), *parsed.operands):
            if field.static is None:
                call.opaque("Python code that is not known before it runs")
            else:
                _read_python(call, field.static, shadowed=True)
        call.output = NO_OUTPUT
    elif name in {"py_compile", "compileall"}:
        call.read(*(operands or [plain(".", call.span)]), recursive=name == "compileall")
        call.write(plain("__pycache__", call.span), recursive=True, append=True)
    elif name in _HARMLESS_MODULES:
        call.read(*operands)
    else:
        call.opaque(f"runs the Python module `{module.text}`")


def parse_rest(call: Call, rest: list[Field], takes: str) -> Parsed:
    """Options of something inside the call."""
    before, call.args = call.args, rest
    parsed = call.parse(grammar(takes))
    call.args = before
    return parsed


def _archive(call: Call, rest: list[Field], *, deep: bool) -> None:
    """``python -m zipfile -e FILE DIR``."""
    word = (rest[0].static if rest else None) or "?"
    operands = rest[1:]
    match word:
        case "-l" | "--list" | "-t" | "--test":
            call.read(*operands[:1])
        case "-e" | "--extract":
            call.read(*operands[:1])
            call.write(*(operands[1:2] or [plain(".", call.span)]), recursive=True)
            if deep:
                call.opaque("unpacks an archive")
        case "-c" | "--create":
            call.write(*operands[:1])
            call.read(*operands[1:], recursive=True)
        case _:
            call.opaque("an archive that is handled in a way that is not followed")


# ---------------------------------------------------------------------- other languages

_CODE_OPTIONS = {
    "node": "e eval p print",
    "nodejs": "e eval p print",
    "ruby": "e",
    "perl": "e E",
    "php": "r B R E",
    "lua": "e",
    "luajit": "e",
    "Rscript": "e",
    "osascript": "e",
    "elixir": "e eval",
    "erl": "eval",
    "guile": "c",
    "ts-node": "e eval p print",
    "tsx": "e eval p print",
    "irb": "",
    "ipython": "c",
    "tclsh": "",
}


def _language(call: Call) -> None:
    if len(call.args) == 1 and call.args[0].static in _ASKS and call.name != "tclsh":
        return
    codes = _CODE_OPTIONS[call.name].split()
    parsed = call.parse(grammar(" ".join(codes) + " I l M r require import loader", stops=True))
    if parsed.has(*codes) or not parsed.operands:
        call.opaque(f"runs {call.name} code")
        return
    script(call, parsed.operands[0])


def script(call: Call, file: Field) -> None:
    """A file in a language that is not read."""
    if file.static == "-":
        call.opaque("runs what it reads from its standard input")
        return
    call.read(file)
    _known_as(call, file)
    call.opaque(f"runs code in `{file.text}`")


def _known_as(call: Call, file: Field) -> None:
    """`node /usr/bin/npx` is npx: rules that name a program speak of it too."""
    text = file.static
    if text is None or "/" not in text or not call.state.cwd:
        return
    answer = call.evaluator.ask(LookProgram(text, call.state.cwd[0]))
    if isinstance(answer, ProgramFact) and answer.path:
        base = [answer.path.rpartition("/")[2], answer.real.rpartition("/")[2], *answer.same_as]
        names = tuple(dict.fromkeys([*call.names, *base]))
        if names != call.names:
            call.names = names
            call.evaluator.say_program(call)


HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys("python python2 python3 pypy pypy3".split(), _python),
    **dict.fromkeys("node nodejs ruby perl php lua luajit Rscript tclsh osascript elixir erl guile irb ipython ts-node tsx".split(), _language),
}  # fmt: skip
