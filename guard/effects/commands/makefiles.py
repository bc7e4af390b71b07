"""``make``: what stands in the makefile runs. What was read can deny or ask; it can change, so it never opens the host."""

from guard.effects.call import NO_OUTPUT, Call
from guard.effects.identity import lexical_path
from guard.effects.options import Parsed, grammar
from guard.effects.readers.makefile import MAX_TEXT, UNKNOWN, Makefile
from guard.effects.state import UNKNOWN as NOT_KNOWN
from guard.effects.state import Variable
from guard.effects.values import plain
from guard.model.dataclass import replace
from guard.model.facts import LookScript, ScriptFact
from guard.model.paths import KnownPath
from guard.model.typed import Callable

_MAKE = grammar(
    "f file makefile C directory I include-dir o old-file assume-old W what-if new-file assume-new eval E",
    optional="j jobs l load-average max-load O output-sync debug d",
    flags="b m B always-make d e environment-overrides h help i ignore-errors k keep-going L check-symlink-times n just-print dry-run recon p print-data-base "
    "q question r no-builtin-rules R no-builtin-variables s silent quiet no-silent S no-keep-going stop t touch trace v version w print-directory "
    "no-print-directory warn-undefined-variables j jobs l O",
)
_NAMES = ("GNUmakefile", "makefile", "Makefile")


def _make(call: Call) -> None:
    parsed = call.parse(_MAKE)
    if parsed.has("h", "help", "v", "version"):
        return
    if parsed.unknown or parsed.uncertain or parsed.has("eval", "E"):
        call.opaque("what make is told is not known before it runs")
    outer = call.state
    for field in parsed.values("C", "directory"):
        paths = call.paths(field)
        places = tuple(path.text for path in paths if isinstance(path, KnownPath))
        call.state = replace(call.state, cwd=places if len(places) == len(paths) else ())
    certain, call.certain = call.certain, False
    _follow(call, parsed)
    call.certain = certain
    call.output = NO_OUTPUT
    call.state = outer
    if call.after is not None:
        call.after = replace(
            call.after,
            cwd=outer.cwd,
            variables=outer.variables,
            functions=outer.functions,
            positional=outer.positional,
        )


def _follow(call: Call, parsed: Parsed) -> None:
    words = [field.static for field in parsed.operands]
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = (word or "").partition("=")
        if equals:
            given[name.rstrip(":?+")] = value
    text, path = _source(call, parsed)
    if text is None or len(text) > MAX_TEXT:
        call.opaque(f"runs the project's code: {path}")
        return
    makefile = Makefile(given)
    makefile.read(text)
    lines, missing = makefile.recipes([word for word in words if word is not None and "=" not in word])
    call.opaque(
        f"runs the project's code: {path}"
        + (f", in which {makefile.doubt}" if makefile.doubt else "")
        + (f", which has no rule for `{missing[0]}`" if missing else "")
    )
    if "SHELL" in makefile.variables or "SHELL" in given:
        return
    state = call.state.with_variable(UNKNOWN, Variable(NOT_KNOWN.values, None, exported=True))
    for name, value in makefile.variables.items():
        # Recipes may speak of variables that make exports.
        if name.isidentifier() and name not in {"PATH", "HOME"} and "$" not in value:
            state = state.with_variable(name, Variable(((value,), *NOT_KNOWN.values), None, exported=True))
    for line in (
        *makefile.shells,
        *([] if parsed.has("n", "just-print", "dry-run", "recon", "q", "question", "t", "touch") else lines),
    ):
        if line:
            call.run_text((line,), state=state)


def _source(call: Call, parsed: Parsed) -> tuple[str | None, str]:
    """The makefile's text, and what to say of it."""
    files = parsed.values("f", "file", "makefile")
    if len(files) > 1 or len(call.state.cwd) != 1:
        return None, "which makefile is not known"
    names = [files[0].static] if files else list(_NAMES)
    why = "no makefile could be read"
    for name in names:
        if name is None:
            return None, "which makefile is not known"
        path = lexical_path(name if name.startswith("/") else f"{call.state.cwd[0]}/{name}")
        made = call.state.written.get(path)
        if made is not None:
            return made.text, f"`{path}`, which this very command writes"
        answer = call.evaluator.ask(LookScript(path))
        if isinstance(answer, ScriptFact):
            if answer.text is not None:
                call.read(plain(path, call.span))
                return answer.text, f"`{path}`, which can change before it runs"
            why = f"`{path}`: {answer.reason or 'not read'}"
    return None, why


HANDLERS: dict[str, Callable[[Call], None]] = {"make": _make, "gmake": _make}
