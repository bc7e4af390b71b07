"""Interpreters of programming languages: code on the command line, on standard input and in files.

What a reader of the language follows is said; the rest is opaque, and runs in a sandbox.
"""

import posixpath
from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Field, plain, static_text
from guard.model.effect import Listen
from guard.model.facts import LookProgram, LookScript, ProgramFact, ScriptFact
from guard.model.paths import KnownPath

_HARMLESS_MODULES = frozenset(
    {
        "json.tool",
        "py_compile",
        "compileall",
        "this",
        "tabnanny",
        "tokenize",
        "ast",
        "dis",
        "platform",
        "site",
        "calendar",
    }
)
_PYTHON = grammar("c m W X Q", stops=True)
_CODE_OPTIONS = {
    "python": ("c",),
    "node": ("e", "eval", "p", "print"),
    "ruby": ("e",),
    "perl": ("e", "E"),
    "php": ("r", "B", "R", "E"),
    "lua": ("e",),
    "Rscript": ("e",),
    "bun": ("e", "eval"),
    "tclsh": (),
    "osascript": ("e",),
    "julia": ("e", "E"),
}


def _python(call: Call) -> None:
    parsed = call.parse(_PYTHON)
    if not call.args and call.stdin is None:
        call.opaque("an interpreter that takes commands")
        return
    if parsed.has("V", "version", "h", "help") and not parsed.has("c", "m"):
        return
    if parsed.has("i"):
        call.opaque("an interpreter that takes commands afterwards")
    isolated = parsed.has("I", "P")
    if parsed.has("c"):
        code = parsed.values("c")[-1].static
        if code is None:
            call.opaque("Python code that is not known before it runs")
        else:
            _read_python(call, code, isolated=isolated)
        return
    modules = parsed.values("m")
    if modules:
        _module(call, modules[0], parsed.operands)
        return
    if not parsed.operands or parsed.operands[0].static in {"-", "/dev/stdin"}:
        text = static_text(call.stdin) if call.stdin is not None else None
        if text is not None:
            _read_python(call, text, isolated=isolated)
            return
    _interpreted(call, parsed.operands)
    _read_file(call, parsed.operands)


def _read_python(call: Call, code: str, *, isolated: bool) -> None:
    from guard.effects.readers.python import Reader  # noqa: PLC0415 - only where Python code stands in a command

    # Without -I or -P the current directory comes before the standard library.
    directory = call.state.cwd[0] if len(call.state.cwd) == 1 else ""
    Reader(call, shadowed_from=None if isolated else directory).read(code)


def _read_file(call: Call, operands: list[Field]) -> None:
    """What a script would do can deny or ask; that it can change before it runs was said already."""
    from guard.effects.readers.python import Reader  # noqa: PLC0415 - as above

    for path in call.paths(operands[0]) if operands else ():
        if not isinstance(path, KnownPath):
            continue
        made = call.state.written.get(posixpath.normpath(path.text))
        if made is not None:
            text = made.text
        else:
            answer = call.evaluator.ask(LookScript(path.text))
            text = answer.text if isinstance(answer, ScriptFact) else None
        if text is not None:
            output = call.output
            Reader(call, shadowed_from=None).read(text)
            call.output = output


def _module(call: Call, module: Field, rest: list[Field]) -> None:
    name = module.static
    # Everything after `-m NAME` is the module's own.
    if name in {"pip", "pip3"}:
        call.run([plain("pip", module.span), *rest])
    elif name in {
        "pytest",
        "unittest",
        "mypy",
        "ruff",
        "black",
        "flake8",
        "pylint",
        "isort",
        "coverage",
        "build",
        "twine",
        "tox",
        "nox",
    }:
        call.run([plain(name, module.span), *rest])
    elif name == "http.server":
        call.say(Listen())
        call.read(plain(".", call.span), recursive=True)
    elif name == "venv":
        call.write(
            *[field for field in rest if not (field.static or "").startswith("-")],
            recursive=True,
            append=True,
        )
        call.opaque("sets up an environment from packages of this machine")
    elif name == "json.tool":
        call.read(*rest[:1])
        call.write(*rest[1:2])
    elif name in _HARMLESS_MODULES:
        call.read(*[field for field in rest if not (field.static or "").startswith("-")])
    else:
        call.opaque(f"runs the Python module `{module.text}`")


def _interpreted(call: Call, operands: list[Field]) -> None:
    """A file, or standard input, in a language that we do not read."""
    if not operands or operands[0].static == "-":
        call.opaque("runs what it reads from its standard input")
        return
    call.read(operands[0])
    _known_as(call, operands[0])
    call.opaque(f"runs code in `{operands[0].text}`")


def _known_as(call: Call, script: Field) -> None:
    """`node /usr/bin/npx` is npx: rules that name a program speak of it too."""
    text = script.static
    if text is None or "/" not in text or not call.state.cwd:
        return
    answer = call.evaluator.ask(LookProgram(text, call.state.cwd[0]))
    if isinstance(answer, ProgramFact) and answer.path:
        base = [answer.path.rpartition("/")[2], answer.real.rpartition("/")[2], *answer.same_as]
        names = tuple(dict.fromkeys([*call.names, *base]))
        if names != call.names:
            call.names = names
            call.evaluator.say_program(call)


def _language(call: Call) -> None:
    codes = next((codes for name, codes in _CODE_OPTIONS.items() if call.name.startswith(name)), ("e",))
    if len(call.args) == 1 and call.args[0].static in {"--version", "-v", "-V", "--help", "-h"}:
        return
    parsed = call.parse(grammar(" ".join(codes) + " I l M r require import loader", stops=True))
    if parsed.has(*codes) or not parsed.operands:
        call.opaque(f"runs {call.name} code")
        if parsed.has("i"):
            call.write(*parsed.operands)
        return
    _interpreted(call, parsed.operands)


HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys("python python2 python3 pypy pypy3".split(), _python),
    **dict.fromkeys("node nodejs ruby perl php lua luajit Rscript tclsh osascript elixir erl guile irb ipython ts-node tsx".split(), _language),
}  # fmt: skip
