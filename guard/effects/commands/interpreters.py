"""Interpreters of programming languages: code on the command line, on standard input and in files.

What a reader of the language follows is said; the rest is opaque, and runs in a sandbox.
"""

import posixpath

from guard.effects.call import NO_OUTPUT, Call
from guard.effects.options import Parsed, grammar
from guard.effects.values import Field, Hole, plain, static_text
from guard.model.effect import Listen
from guard.model.facts import LookPath, LookProgram, LookScript, PathFact, ProgramFact, ScriptFact
from guard.model.paths import FileKind, KnownPath
from guard.model.typed import Callable

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
    given = call.args
    call.args, rest = _before_code(given)
    parsed = call.parse(_PYTHON)
    call.args = given
    if not call.args and call.stdin is None:
        call.opaque("an interpreter that takes commands", typed=True)
        return
    if parsed.has("V", "version", "h", "help", "help-all", "help-env", "help-xoptions") and not parsed.has(
        "c", "m"
    ):
        return
    if parsed.has("i"):
        call.opaque("an interpreter that takes commands afterwards", typed=True)
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
        _module(call, modules[0], rest)
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
            call.opaque("runs what it reads from its standard input", typed=True)
        return
    _python_file(call, parsed.operands[0], parsed.operands[1:])


def _before_code(args: list[Field]) -> tuple[list[Field], list[Field]]:
    """Python's own options end with ``-c CODE`` and ``-m NAME``: what follows belongs to the code, dashes and all."""
    index = 0
    while index < len(args):
        text = args[index].static
        index += 1
        if text is None or not text.startswith("-") or text in {"-", "--"}:
            break
        if text.startswith("--"):
            index += text == "--check-hash-based-pycs"
            continue
        for at, char in enumerate(text[1:], 1):
            if char in "cmWXQ":
                index += at == len(text) - 1
                if char in "cm":
                    return args[:index], args[index:]
                break
    return args, []


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


def _python_file(call: Call, script: Field, rest: list[Field]) -> None:
    """What a script would do can deny or ask; it opens the host only if this very line surely wrote it."""
    call.read(script)
    _known_as(call, script)
    _entry_point(call, script, rest)
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
        if made.text is not None and made.surely:
            return made.text, ""
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
    elif name == "py_compile" and operands and all(field.static not in {None, "-"} for field in operands):
        call.read(*operands)
        for field in operands:
            directory, _, file = (field.static or "").rpartition("/")
            cache = f"{directory or '.'}/__pycache__"
            stem = file.rpartition(".")[0] or file
            call.write(plain(cache, field.span), plain(f"{cache}/{stem}.pyc", field.span), append=True)
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


# ---------------------------------------------------------------------- languages with a reader of words


def _only_asks(call: Call) -> bool:
    return len(call.args) == 1 and call.args[0].static in _ASKS


_NODE = grammar(
    "e eval p print pe r require import loader experimental-loader C conditions input-type env-file max-old-space-size max-http-header-size "
    "stack-trace-limit title run icu-data-dir",
    optional="inspect inspect-brk",
    flags="v version h help v8-options c check i interactive test watch trace-warnings no-warnings no-deprecation trace-deprecation "
    "enable-source-maps preserve-symlinks experimental-vm-modules experimental-strip-types expose-gc throw-deprecation unhandled-rejections "
    "abort-on-uncaught-exception pending-deprecation",
    stops=True,
)
_NODE_LOADS = "r require import loader experimental-loader i interactive test run inspect inspect-brk watch C conditions".split()
_PERL = grammar(
    "e E M m I F", optional="i l 0 C D d x V", flags="n p a w W c v h s S t T u U X f", stops=True
)
_PERL_MODULES = frozenset(
    "strict warnings utf8 feature POSIX JSON::PP Data::Dumper List::Util Scalar::Util Time::HiRes Time::Local Time::Piece MIME::Base64 Digest::MD5 "
    "Digest::SHA bigint integer 5.010 v5.10 Encode open".split()
)
_RUBY = grammar(
    "e r I C X E encoding external-encoding F", optional="i l 0 K W T x",
    flags="n p a w v c h y s S d version help copyright verbose jit yjit", stops=True,
)  # fmt: skip
_RUBY_MODULES = frozenset(
    "json csv date time set yaml digest base64 pp securerandom bigdecimal open3 erb English strscan stringio fileutils pathname uri shellwords "
    "tempfile".split()
)
_PHP = grammar(
    "r run R B E F d c S t f file z rf rc re ri process-code process-begin process-end",
    flags="a C e h i m n q s v w ini version help info modules syntax-check l", stops=True,
)  # fmt: skip


def _javascript(call: Call) -> None:
    if _only_asks(call):
        return
    parsed = call.parse(_NODE)
    if parsed.has("v", "version", "h", "help", "v8-options"):
        return
    if parsed.has("c", "check"):
        call.read(*parsed.operands)
        return
    if parsed.unknown or parsed.uncertain or parsed.has(*_NODE_LOADS):
        call.opaque("an option of node that makes it load or run something")
    call.read(*parsed.values("env-file"))
    _code(call, parsed, "javascript", ("e", "eval", "p", "print", "pe"))


def _perl(call: Call) -> None:
    if _only_asks(call):
        return
    call.args = _apart(call.args, "l0", "eEMmIFiCDdxV")
    parsed = call.parse(_PERL)
    if parsed.has("v", "V", "h") and not parsed.has("e", "E"):
        return
    modules = [(field.static or "?").lstrip("-").partition("=")[0] for field in parsed.values("M", "m")]
    loads = parsed.has("I", "S", "s", "d", "D", "x", "u", "T", "t", "c") or parsed.unknown or parsed.uncertain
    if loads or not all(module in _PERL_MODULES for module in modules):
        call.opaque("an option of perl that makes it load or run something")
    if not all(set(field.static or "?") <= set("/,:;|\\ts= -_.#@+*") for field in parsed.values("F")):
        # It becomes a part of the program as it stands.
        call.opaque("a separator that is code")
    _code(call, parsed, "perl", ("e", "E"), each=parsed.has("n", "p"))


def _ruby(call: Call) -> None:
    if _only_asks(call):
        return
    call.args = _apart(call.args, "0", "erICXEFiKWTx")
    parsed = call.parse(_RUBY)
    if parsed.has("version", "copyright", "help", "h"):
        return
    checks = parsed.has("c") and not parsed.has("e", "r")
    loads = parsed.has("I", "S", "x", "C", "X", "s") or parsed.unknown or parsed.uncertain
    if loads or not all((field.static or "?") in _RUBY_MODULES for field in parsed.values("r")):
        call.opaque("an option of ruby that makes it load or run something")
    if checks:
        # It says whether it can be read, and runs none of it.
        call.read(*parsed.operands[:1])
        return
    _code(call, parsed, "ruby", ("e",), each=parsed.has("n", "p"))


def _php(call: Call) -> None:
    if _only_asks(call):
        return
    parsed = call.parse(_PHP)
    if parsed.has("i", "m", "v", "h", "ini", "version", "help", "info", "modules", "rf", "rc", "re", "ri"):
        return
    if parsed.has("S"):
        call.say(Listen())
        call.opaque("serves what stands in a directory")
        return
    if parsed.has("l", "syntax-check"):
        call.read(*parsed.operands)
        return
    if parsed.unknown or parsed.uncertain or parsed.has("d", "c", "z", "a", "R", "B", "E", "F", "t"):
        call.opaque("an option of php that makes it load or run something")
    _code(call, parsed, "php", ("r", "run"))


def _apart(args: list[Field], numbered: str, valued: str) -> list[Field]:
    """``-lane CODE`` as ``-l -a -n -e CODE``: a number belongs to some letters, and the rest of the word to others."""
    out: list[Field] = []
    for index, arg in enumerate(args):
        text = arg.static
        if text is None or not text.startswith("-") or text == "-" or text.startswith("--"):
            return out + args[index:]
        at = 1
        while at < len(text):
            end = at + 1
            if text[at] in valued:
                end = len(text)
            elif text[at] in numbered:
                while (
                    end < len(text)
                    and text[end] in "0123456789xXabcdefABCDEF"
                    and (text[end].isdigit() or text[at + 1 : at + 2] == "x")
                ):
                    end += 1
            out.append(plain("-" + text[at:end], arg.span))
            at = end
        if out and out[-1].static in {"-e", "-E", "-I", "-r", "-F", "-C"} and index + 1 < len(args):
            # Its argument is the next word; what comes after that is looked at again.
            return [*out, args[index + 1], *_apart(args[index + 2 :], numbered, valued)]
    return out


def _code(call: Call, parsed: Parsed, language: str, options: tuple[str, ...], *, each: bool = False) -> None:
    """Code of an option, of standard input or of a file."""
    texts = [field.static for field in parsed.values(*options)]
    operands = list(parsed.operands)
    if not texts and operands and operands[0].static not in {"-", "/dev/stdin"}:
        _code_file(call, operands[0], operands[1:], language)
        return
    if not texts:
        if call.stdin is None:
            call.opaque("an interpreter that takes commands", typed=True)
            return
        given = static_text(call.stdin)
        texts = [given.strip().removeprefix("<?php") if given is not None and language == "php" else given]
        operands = operands[1:]
    known = [text for text in texts if text is not None]
    if len(known) < len(texts):
        call.opaque(f"{language} code that is not known before it runs")
    source = "\n".join(known)
    from guard.effects.readers.code import read_code  # noqa: PLC0415 - only where such code stands in a command

    read_code(call, source, language)
    if call.name in {"perl", "ruby"} and (
        each or any(word in source for word in ("<", "ARGF", "gets", "readlines"))
    ):
        _each(call, parsed, operands)


def _each(call: Call, parsed: Parsed, operands: list[Field]) -> None:
    """``-n``, ``-p`` and ``-i``: every line of every operand."""
    if call.name == "perl" and any(_may_be_command(field) for field in operands):
        # `perl -ne print 'rm -rf x|'`: a name that ends in a pipe is a command.
        call.opaque("a name that may be a command")
    call.read(*operands)
    if not parsed.has("i"):
        return
    call.write(*operands)
    for suffix in parsed.values("i"):
        for field in operands:
            kept, path = suffix.static, field.static
            if kept is None or path is None:
                call.opaque("a backup whose name is not known")
                continue
            directory, slash, name = path.rpartition("/")
            kept_as = kept.replace("*", name) if "*" in kept else name + kept
            call.write(plain(kept_as if "/" in kept_as else f"{directory}{slash}{kept_as}", field.span))


def _may_be_command(field: Field) -> bool:
    if field.static is None:
        return (
            field.open or not field.prefix.strip("./") or any(isinstance(part, Hole) for part in field.parts)
        )
    return bool(set(field.static) & set("|<>")) or field.static != field.static.strip()


def _code_file(call: Call, file: Field, rest: list[Field], language: str) -> None:
    call.read(file)
    _known_as(call, file)
    _entry_point(call, file, rest)
    for path in call.paths(file):
        text, doubt = source_of(call, path.text) if isinstance(path, KnownPath) else (None, "")
        if doubt or text is None:
            # What such a reader follows is too little to let a whole file onto the host that others have written.
            call.opaque(doubt or f"runs code in `{file.text}`")
        if text is not None:
            from guard.effects.readers.code import read_code  # noqa: PLC0415 - as above

            code = text.partition("\n")[2] if text.startswith("#!") else text
            read_code(call, code.strip().removeprefix("<?php").removesuffix("?>"), language, inline=False)


# ---------------------------------------------------------------------- languages without one

_CODE_OPTIONS = {
    "lua": "e", "luajit": "e", "Rscript": "e", "osascript": "e", "elixir": "e eval", "erl": "eval", "guile": "c", "ts-node": "e eval p print",
    "tsx": "e eval p print", "irb": "", "ipython": "c", "tclsh": "",
}  # fmt: skip


def _language(call: Call) -> None:
    if _only_asks(call) and call.name != "tclsh":
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
        call.opaque("runs what it reads from its standard input", typed=True)
        return
    call.read(file)
    _known_as(call, file)
    call.opaque(f"runs code in `{file.text}`")


def _entry_point(call: Call, file: Field, rest: list[Field]) -> None:
    """`php artisan`: what the project's own program would do."""
    from guard.effects.entry_points import also_file  # noqa: PLC0415 - only where a file of a project runs

    if file.static is not None:
        output = call.output
        also_file(call, file.static, rest)
        call.output = output


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
    "node": _javascript, "nodejs": _javascript, "perl": _perl, "ruby": _ruby, "php": _php,
    **dict.fromkeys(_CODE_OPTIONS, _language),
}  # fmt: skip
