"""What bash's own commands do to the shell and to the world. One function each; the table is at the end."""

import posixpath

from guard.effects.call import NO_OUTPUT, Call
from guard.effects.expand import LAST_JOB
from guard.effects.identity import lexical_path
from guard.effects.injection import doubt_of
from guard.effects.options import Parsed, grammar
from guard.effects.printf import format_printf, unescape
from guard.effects.sources import sources_of
from guard.effects.state import (
    MAX_ALTERNATIVES,
    NUMBER,
    READ_BY_THE_SHELL,
    UNKNOWN,
    State,
    Variable,
    forgotten,
    join,
)
from guard.effects.values import BRACKETS, Field, Hole, Text, names_in, plain, static_text, texts_of
from guard.model.dataclass import replace
from guard.model.effect import KillProcess, Opaque, ReadSecret
from guard.model.facts import LookPath, PathFact
from guard.model.paths import FileKind, KnownPath, UnresolvedPath
from guard.model.typed import Callable

_SOME_VARIABLE = "a variable that is not named in plain words"


def _silent(call: Call) -> None:
    call.output = ()


def _prints(call: Call) -> None:
    """It shows something of the shell's own."""
    del call


def _echo(call: Call) -> None:
    args = list(call.args)
    newline, escapes = True, False
    while args:
        text = args[0].static
        if text is None or len(text) < 2 or text[0] != "-" or set(text[1:]) - set("neE"):
            break
        newline = newline and "n" not in text
        escapes = "e" in text or (escapes and "E" not in text)
        args.pop(0)
    pieces: list[str | Hole] = []
    for index, field in enumerate(args):
        if index:
            pieces.append(" ")
        if field.open:
            pieces.append(Hole("an unquoted expansion"))
        for part in field.parts:
            match part:
                case str():
                    pieces.append(unescape(part) if escapes else part)
                case Hole():
                    pieces.append(part)
                case _:
                    pieces.append(Hole("names that match a pattern"))
    call.output = (*pieces, "\n") if newline else tuple(pieces)
    known = static_text(call.output)
    if known is not None:
        call.output = (known,)


def _printf(call: Call) -> None:
    args = list(call.args)
    target = ""
    if args and args[0].static == "-v":
        target = (args[1].static or "?") if len(args) > 1 else ""
        args = args[2:]
    elif args and args[0].static == "--":
        args = args[1:]
    texts = [field.static for field in args]
    known = [text for text in texts if text is not None]
    if any(
        field.static in READ_BY_THE_SHELL or doubt_of(field.static or "", (NUMBER.values[0],))
        for field in args[1:]
    ):
        # `%n` gives a variable the count of what was printed.
        form = texts[0]
        if form is None or any(
            "n" in part.lstrip("-+ #0123456789.*hlqjzt")[:1] for part in form.split("%")[1:]
        ):
            call.opaque("sets a variable that decides what runs")
    output: Text
    if texts and len(known) == len(texts):
        printed = format_printf(known[0], known[1:])
        output = (printed,) if printed is not None else (Hole("formatted output"),)
    else:
        output = (Hole("formatted output", sources=call.given),)
    if target:
        if not target.isidentifier():
            call.opaque("an array subscript that is not known can run commands")
        call.after = call.state.with_variable(target, Variable((output,)))
        if not target.isidentifier():
            call.after = call.after.keeping(_SOME_VARIABLE)
        call.output = ()
    else:
        call.output = output


def _cd(call: Call) -> None:
    call.output = ()
    operands = [f for f in call.args if not ((f.static or "").startswith("-") and len(f.static or "") > 1)]
    if call.name == "pushd" and (not operands or (operands[0].static or "").startswith(("+", "-"))):
        # It turns the stack of directories around.
        call.after = replace(call.state, cwd=(), rare=replace(call.state.rare, stack=None))
        return
    target = operands[0] if operands else plain(_home(call), call.span)
    places = _places(call, target)
    _moved(call, places, target)
    if call.name == "pushd" and call.after is not None:
        stack = call.state.rare.stack
        cwd = call.state.cwd
        kept = (*stack, cwd[0]) if stack is not None and len(cwd) == 1 else None
        call.after = replace(call.after, rare=replace(call.after.rare, stack=kept))


def _places(call: Call, target: Field) -> tuple[str, ...]:
    """Directories that ``cd TARGET`` may lead to; empty when nobody can tell."""
    text = target.static
    if text is None:
        return ()
    if text == "-" and call.name == "cd":
        return call.state.rare.old
    paths = [p.text for p in call.paths(target) if isinstance(p, KnownPath)]
    if not text.startswith(("/", "./", "../")) and text not in {".", ".."}:
        for value in call.evaluator.expander.variable("CDPATH", call.state).values:
            known = static_text(value)
            if known is None:
                if "CDPATH" in call.state.variables:
                    return ()
                continue
            for base in known.split(":") if known else ():
                paths += [
                    p.text
                    for p in call.paths(plain(f"{base or '.'}/{text}", target.span))
                    if isinstance(p, KnownPath)
                ]
    return tuple(dict.fromkeys(_tidy(path) for path in paths))


def _moved(call: Call, places: tuple[str, ...], target: Field) -> None:
    """The shell goes to one of these places, or stays where it is."""
    state = call.state
    after = replace(state, cwd=places, rare=replace(state.rare, old=state.cwd))
    call.after, call.failed = after, state
    # `cd` to a directory that is there does not fail, so what follows `;` does not also run in the old place (rule 1).
    if places and all(_is_directory(call, path) for path in places) and not _passes_through(call, target):
        call.failed = after


def _passes_through(call: Call, target: Field) -> bool:
    """Whether the way there leads through a directory that may be gone: `cd sub/../deep`."""
    parts = (target.static or "").split("/")
    return ".." in parts and any(
        call.evaluator.may_have_gone(lexical_path(path.text))
        for count, part in enumerate(parts)
        if part == ".." and count
        for path in call.paths(plain("/".join(parts[:count]) or "/", target.span))
        if isinstance(path, KnownPath)
    )


def _tidy(path: str) -> str:
    """Without ``.`` and doubled slashes; ``..`` stays when a link may stand before it."""
    return posixpath.normpath(path) if ".." not in path.split("/") else lexical_path(path)


def _is_directory(call: Call, path: str) -> bool:
    made = call.state.written.get(lexical_path(path))
    if made is not None:
        return made.copy_of == ""
    answer = call.evaluator.ask(LookPath(path))
    there = isinstance(answer, PathFact) and answer.kind is FileKind.DIRECTORY
    return there and not call.evaluator.may_have_gone(lexical_path(path))


def _home(call: Call) -> str:
    values = call.evaluator.expander.variable("HOME", call.state).values
    return static_text(values[0]) or call.evaluator.facts.home


def _popd(call: Call) -> None:
    call.output = ()
    stack = call.state.rare.stack
    if call.args or not stack:
        call.after = replace(call.state, cwd=(), rare=replace(call.state.rare, stack=None))
        call.failed = call.state
        return
    _moved(call, stack[-1:], plain("/", call.span))
    if call.after is not None:
        call.after = replace(call.after, rare=replace(call.after.rare, stack=stack[:-1]))


def _declare(call: Call) -> None:
    state: State = call.state
    call.output = ()
    flags = "".join(f.static or "" for f in call.args if (f.static or "").startswith(("-", "+")))
    named = [f.static or "?" for f in call.args if not f.prefix.startswith(("-", "+"))]
    if "p" in flags or not named:
        # As `env` does: the agent is shown what it gave the shell itself. Where that goes on to is followed.
        shown = tuple(f"variable:{name}" for name in named) or ("environment",)
        call.output = (Hole("the environment", sources=shown),)
    if "f" in flags or "F" in flags:
        call.output = NO_OUTPUT
    if "n" in flags and not all(_after(f).isidentifier() for f in call.args if "=" in f.text):
        call.opaque("a name reference can run commands when it is expanded")
    if "i" in flags:
        call.opaque("an integer variable evaluates what it is given, which can run commands")
    exported = (call.name == "export" or "x" in flags) and "+" not in flags
    if "f" in flags and exported:
        names = frozenset[str](f.static or "" for f in call.args)
        call.after = replace(state, rare=replace(state.rare, exported=state.rare.exported | names))
        return
    own = call.name in {"local", "declare", "typeset"} and "g" not in flags
    for field in call.args:
        text = field.text
        if text.startswith(("-", "+")):
            continue
        name, equals, _ = field.prefix.partition("=")
        if own:
            state = replace(state, local=state.local | {name})
        if not name.isidentifier() or (not equals and field.static is None):
            # `a[...]` that looks like a pattern is a subscript all the same.
            call.opaque("declares a variable whose name is not known, which can run commands")
            state = state.keeping(_SOME_VARIABLE)
            continue
        variable = call.evaluator.expander.variable(name, state)
        if "n" in flags and equals and _after(field).isidentifier():
            state = state.with_variable(name, Variable(UNKNOWN.values, refers=_after(field)))
        elif not equals:
            if name not in state.variables and call.name != "export" and ("A" in flags or "a" in flags):
                variable = Variable((("",),), () if "a" in flags else None)
            if own:  # in a function it hides the value of outside, and is empty
                variable = replace(variable, values=tuple(dict.fromkeys((*variable.values, ("",)))))
            kept = replace(
                variable,
                exported=exported or variable.exported,
                keyed=variable.keyed or ("A" in flags and "+" not in flags),
            )
            state = state.with_variable(name, kept)
        else:
            lists = {*flags} & {"a", "A"} or variable.array is not None or variable.keyed
            if lists and _list_as_text(_after_equals(field, name)):
                call.opaque("a list that is given as text is expanded, which can run commands")
            inherits = exported or variable.exported or name in call.evaluator.facts.env
            keyed = "A" in flags and "+" not in flags
            state = state.with_variable(
                name, Variable((_after_equals(field, name),), None, inherits, keyed=keyed)
            )
        if (call.name == "readonly" or "r" in flags) and BRACKETS not in field.parts:
            state = state.fixing(name)
        if call.name == "readonly" or (call.name != "export" and not _NATURES.isdisjoint(flags)):
            state = state.keeping(f"an attribute of `{name}`")
        call.evaluator.note_injection(name, state, call.span)
    call.after = state


_NATURES = frozenset("ilnru")
"""Of a variable: it counts, spells in its own way, stands for another, or keeps what it holds."""


def _after(field: Field) -> str:
    return (field.static or "").partition("=")[2]


def _list_as_text(value: Text) -> bool:
    """Whether it may begin with the bracket of an array and holds more than plain words."""
    first = value[0]
    if first == BRACKETS:
        return False
    return (not isinstance(first, str) or first.startswith("(")) and not all(
        isinstance(part, str) and not set(part) & {"$", "`"} for part in value
    )


def _after_equals(field: Field, name: str) -> Text:
    if field.open:
        return (Hole("an unquoted expansion", sources=sources_of(field.parts)),)
    parts: list[str | Hole] = []
    skip = len(name) + 1
    for part in field.parts:
        if isinstance(part, str):
            parts.append(part[skip:])
            skip = max(0, skip - len(part))
        elif isinstance(part, Hole):
            parts.append(part)
        else:
            parts.append(Hole("names that match a pattern"))
    return tuple(p for p in parts if p != "") or ("",)


def _unset(call: Call) -> None:
    state = call.state
    call.output = ()
    for field in call.args:
        name = field.static or ""
        if name.startswith("-"):
            continue
        if not name.isidentifier():
            call.opaque("unsets a name that is not known, which can run commands")
            state = state.keeping(_SOME_VARIABLE)
            continue
        state = state.without_variable(name).without_function(name)
    call.after = state


def _set(call: Call) -> None:
    state = call.state
    call.output = ()
    if not call.args:
        call.output = (Hole("the environment", sources=("environment",)),)
        return
    rest = list(call.args)
    while rest:
        text = rest[0].static
        if text is None:
            state = replace(state, positional=None)
            break
        if text == "--" or not text.startswith(("-", "+")):
            state = replace(state, positional=_positional(rest[1:] if text == "--" else rest))
            break
        rest.pop(0)
        options = set(text[1:])
        if "o" in options and rest:
            options = options - {"o"} | {rest.pop(0).static or "?"}
        on = text.startswith("-")
        if options & {"u", "nounset"}:
            state = replace(state, unset_stops=on)
        if options & {"a", "allexport"}:
            state = replace(state, rare=replace(state.rare, exports=on))
        if options & {"k", "keyword"} and on:
            call.opaque("`set -k` makes variables of what stands among arguments")
        for option in sorted(options - _STRICTER):
            state = state.keeping(f"the option `{option}`")
    call.after = state


_STRICTER = frozenset(
    "e o u x v b h m C errexit nounset xtrace verbose notify hashall monitor noclobber pipefail".split()
)
"""Options with which the shell stops or tells more, and does nothing else than it reads."""


def _positional(fields: list[Field]) -> tuple[Text, ...] | None:
    if any(f.open for f in fields):
        return None
    return tuple(
        tuple(p if isinstance(p, str | Hole) else Hole("a pattern") for p in f.parts) or ("",) for f in fields
    )


def _shift(call: Call) -> None:
    call.output = ()
    count = call.args[0].static if call.args else "1"
    positional = call.state.positional
    if positional is None or count is None or not count.isdigit():
        call.after = replace(call.state, positional=None)
    else:
        call.after = replace(call.state, positional=positional[int(count) :])


def _read(call: Call) -> None:
    call.output = ()
    parsed = call.parse(_READ)
    state = call.state
    arrays = [field.static for field in parsed.values("a")]
    names = [*arrays, *(f.static for f in parsed.operands)] or ["REPLY"]
    words = None if parsed.has("d", "n", "N", "u") else _words_read(call, raw=parsed.has("r"))
    unknown: Text = (Hole("a line of input", sources=sources_of(call.stdin)),)
    for index, name in enumerate(names):
        if name is None or not name.isidentifier():
            call.opaque("reads into a name that is not known, which can run commands")
            state = state.keeping(_SOME_VARIABLE)
            continue
        if len(names) == 1 and not arrays and (lines := _lines_read(call, parsed)):
            variable = Variable(lines)
        elif words is None:
            variable = Variable((unknown,), (unknown, unknown) if arrays else None)
        elif arrays:
            array: tuple[Text, ...] = tuple((word,) for word in words)
            variable = Variable(array[:1] or (("",),), array)
        elif index == len(names) - 1 and len(words) > len(names):
            # The rest of the line keeps the blanks that it has.
            variable = Variable((unknown,))
            if _default_separators(call):
                line = (static_text(call.stdin or ()) or "").split("\n", 1)[0]
                variable = Variable(((line.strip(" \t").split(None, index)[index],),))
        else:
            variable = Variable(((words[index] if index < len(words) else "",),))
        state = state.with_variable(name, variable)
    call.after = call.failed = state


_READ = grammar("a d i n N p t u")


def _default_separators(call: Call) -> bool:
    return call.evaluator.expander.variable("IFS", call.state).values == ((" \t\n",),)


def _lines_read(call: Call, parsed: Parsed) -> tuple[Text, ...]:
    """Any of the lines that come in, if each is taken whole: which one it is, a loop decides. Empty = not known."""
    ends = [field.static for field in parsed.values("d")]
    if not parsed.has("r") or parsed.has("n", "N", "u", "e", "i") or ends not in ([], [""]):
        return ()
    if call.evaluator.expander.variable("IFS", call.state).values not in (((" \t\n",),), (("",),)):
        return ()
    known = static_text(call.stdin) if call.stdin is not None else None
    if known is None:
        return tuple((name,) for name in names_in(call.stdin))
    end = "\0" if ends else "\n"
    lines = [line.strip(" \t") for line in known.removesuffix(end).split(end)]
    if len(lines) < 2 and not ends:
        return ()
    if len(set(lines)) <= MAX_ALTERNATIVES:
        return tuple((line,) for line in dict.fromkeys(lines))
    from guard.effects.names import line_of  # noqa: PLC0415 - only where a long list is read

    found = line_of(call, lines)
    return (found,) if found else ()


def _words_read(call: Call, *, raw: bool) -> list[str] | None:
    """The first line of its input, split as ``read`` does; None when that is not known."""
    known = static_text(call.stdin) if call.stdin is not None else None
    separators = call.evaluator.expander.variable("IFS", call.state).values
    if known is None or len(separators) != 1 or (not raw and "\\" in known):
        return None
    if call.evaluator.reads_again(call.stdin or ()) and "\n" in known.rstrip("\n"):
        # Which line it is, nobody counts.
        return None
    line = known.split("\n", 1)[0]
    signs = static_text(separators[0])
    if signs is None:
        return None
    if not signs:
        return [line] if line else []
    if not signs.strip(" \t\n"):
        words = [""]
        for char in line:
            if char not in signs:
                words[-1] += char
            elif words[-1]:
                words.append("")
        return [word for word in words if word]
    if len(signs) == 1:
        words = line.split(signs)
        return words[:-1] if words and not words[-1] else words
    return None


def _mapfile(call: Call) -> None:
    call.output = ()
    parsed = call.parse(grammar("d n O s u C c"))
    for code in parsed.values("C"):
        call.run_text(code, what="the callback", shell="same")
    name = (parsed.operands[0].static or "") if parsed.operands else "MAPFILE"
    if not name.isidentifier():
        call.opaque("reads into a name that is not known, which can run commands")
        call.after = call.state.keeping(_SOME_VARIABLE)
        return
    line: Text = (Hole("a line of input", sources=sources_of(call.stdin)),)
    known = static_text(call.stdin) if call.stdin is not None else None
    # How many there are, nobody knows: not only one.
    array: tuple[Text, ...] = (line, line)
    names = names_in(call.stdin)
    ends = [field.static for field in parsed.values("d")]
    if (
        names
        and {option for option, _ in parsed.options} <= {"t", "d"}
        and parsed.has("t")
        and ends in ([], [""])
    ):
        array = tuple((one,) for one in names) * 2
    again = known is not None and call.evaluator.reads_again(call.stdin or ())
    if (
        known is not None
        and not again
        and {option for option, _ in parsed.options} <= {"t"}
        and len(known) < 8192
    ):
        lines = known.splitlines(keepends=not parsed.has("t"))
        array = tuple((text.rstrip("\n") if parsed.has("t") else text,) for text in lines)
    call.after = call.state.with_variable(name, Variable(array[:1] or (("",),), array))


def _eval(call: Call) -> None:
    args = call.args[1:] if call.args and call.args[0].static == "--" else call.args
    texts = [field.static for field in args]
    if any(text is None for text in texts):
        call.opaque("`eval` of text that is not known before it runs")
        call.after = forgotten(call.state)
        return
    source = " ".join(text for text in texts if text is not None)
    flow = call.evaluator.run_text(
        source, call.state, span=call.span, certain=call.certain, depth=call.depth + 1, same=True
    )
    call.after, call.failed, call.output = flow.ok, flow.fail, flow.output


def _source(call: Call) -> None:
    args = call.args[1:] if call.args and call.args[0].static == "--" else call.args
    if not args:
        return
    flow = call.evaluator.source(call, args[0], args[1:])
    if flow is None:
        call.after = forgotten(call.state)
        return
    positional = flow.ok.positional
    if len(args) > 1:
        # Its own arguments end with it; what `set --` puts in their place does not.
        positional = call.state.positional if positional == texts_of(args[1:]) else None
    call.after = replace(flow.ok, positional=positional)
    call.failed = join(replace(flow.fail, positional=positional), call.state)
    call.output = flow.output


def _exec(call: Call) -> None:
    parsed = call.parse(grammar("a", stops=True))
    if parsed.operands:
        call.run(parsed.operands)
    else:
        call.after = call.state.keeping("other descriptors")


def _command(call: Call) -> None:
    parsed = call.parse(grammar("", stops=True))
    if parsed.has("v", "V"):
        call.output = (Hole("where a program is"),)
        return
    if parsed.operands:
        flow = call.evaluator.run_argv(
            parsed.operands,
            replace(call.state, functions={}),
            span=call.span,
            stdin=call.stdin,
            certain=call.certain,
            depth=call.depth + 1,
            shell=True,
        )
        call.after = replace(flow.ok, functions=call.state.functions)
        call.failed = replace(flow.fail, functions=call.state.functions)
        call.output = flow.output


def _trap(call: Call) -> None:
    call.output = ()
    args = [f for f in call.args if f.static != "--"]
    if not args or args[0].static in {"-l", "-p"}:
        call.output = NO_OUTPUT
    if not args or args[0].static in {"-", "", "-l", "-p"} or (args[0].static or "x").isdigit():
        return
    call.run_text(args[0], what="the trap", shell="same")
    text = args[0].static
    if text is not None:
        rare = call.state.rare
        call.after = replace(call.state, rare=replace(rare, traps=tuple(dict.fromkeys((*rare.traps, text)))))


def _alias(call: Call) -> None:
    for field in call.args:
        name, equals, value = (field.static or "").partition("=")
        if "=" not in field.text:
            continue
        call.output = ()
        # Where the shell expands aliases at all is not known: what follows is judged with and without.
        call.opaque("an alias changes what later names run")
        if equals:
            call.after = (call.after or call.state).renamed(name, value, alias=True)


def _hash(call: Call) -> None:
    call.output = ()
    texts = [field.static for field in call.args]
    if len(texts) == 3 and texts[0] == "-p" and texts[1] and texts[2]:
        call.after = call.state.renamed(texts[2], texts[1], alias=False)
    elif any((text or "?").startswith("-") and "p" in (text or "p") for text in texts):
        call.opaque("`hash -p` changes what a name runs")
        call.after = call.state.keeping("another program for a name")


def _enable(call: Call) -> None:
    call.output = ()
    if any((f.static or "-f").startswith("-") for f in call.args):
        call.opaque("`enable` changes what builtins do or loads code")
        call.after = call.state.keeping("other builtins")


def _kill(call: Call) -> None:
    call.output = ()
    args = list(call.args)
    statics = call.statics
    if statics[:1] in (["-l"], ["-L"], ["-0"]) or statics[:2] in (["-s", "0"], ["-n", "0"]):
        # Signal 0 only asks whether the process is there.
        return
    if args and args[0].static in {"-s", "-n"}:
        args = args[2:]
    elif len(args) > 1 and (args[0].static or "").startswith("-"):
        args = args[1:]
    for field in args:
        if field.static == "--":
            continue
        # `$!` and `%1` are this shell's own children.
        target = field.static or "?"
        if (target[:1] == "%" and len(target) > 1) or field.parts == (LAST_JOB,):
            # A job of this very shell: what was started here may be ended here.
            continue
        call.say(KillProcess(target=target))


def _wait(call: Call) -> None:
    """``wait -p NAME``: the name may be an element, whose number is computed."""
    call.output = ()
    for field in call.parse(grammar("p")).values("p"):
        if not (field.static or "?").isidentifier():
            call.opaque("an array subscript that is not known can run commands")
            call.after = call.state.keeping(_SOME_VARIABLE)
        elif field.static:
            call.after = call.state.with_variable(field.static, UNKNOWN)


def _let(call: Call) -> None:
    call.output = ()
    for field in call.args:
        text = field.static
        if text is None or any(c in text for c in "[$`"):
            call.opaque("arithmetic on text that can hold a command")
            return
        call.evaluator.expander.arithmetic(text, (), call.state, call.span)
    call.after = call.state
    for field in call.args:
        name = (field.static or "").split("=", 1)[0].rstrip("+-*/%")
        if name.isidentifier():
            call.after = call.after.with_variable(name, Variable(((Hole("a number", number=True),),)))


def _test(call: Call) -> None:
    call.output = ()
    texts = [f.static for f in call.args]
    if {"-v", "-R"} & {*texts} and any(t is None or "[" in t for t in texts if t not in {"[", "]"}):
        call.opaque("`test -v` of a name that is not known can run commands")


def _completion(call: Call) -> None:
    parsed = call.parse(grammar("A C F G o P S W X"))
    for code in parsed.values("C"):
        call.run_text(code, what="the completion command", shell="same")
    if parsed.has("W", "F"):
        call.opaque("completion words are expanded, which can run commands")
        call.after = call.state.keeping("a completion")


def _history(call: Call) -> None:
    if any((f.static or "").startswith("-") and set(f.static or "") & set("cdw") for f in call.args):
        call.opaque("changes the shell's history")
    call.emit(
        ReadSecret(
            path=UnresolvedPath("the shell's history", "not a file by name"),
            program=call.name,
            span=call.span,
        )
    )


def _pwd(call: Call) -> None:
    values = call.evaluator.expander.variable("PWD", call.state).values
    call.output = (*values[0], "\n") if len(values) == 1 else (Hole("the current directory"),)


def _exit(call: Call) -> None:
    call.output = ()
    # With two arguments it complains and goes on.
    if len(call.args) > 1 or any(field.open for field in call.args):
        return
    for text in call.state.rare.traps:
        call.evaluator.run_trap(text, call.state)
    call.after = replace(call.state, dead=True)


def _return(call: Call) -> None:
    call.output = ()
    if len(call.args) <= 1 and not any(field.open for field in call.args):
        call.after = call.evaluator.jumps.leave_function(call.state)


def _break(call: Call) -> None:
    call.output = ()
    count = call.args[0].static if call.args else "1"
    if count is None or not count.isdigit() or count == "0":
        call.evaluator.jumps.leave_loops(call.state, 99)
        return
    call.after = call.evaluator.jumps.leave_loops(call.state, int(count))


def _shopt(call: Call) -> None:
    call.output = ()
    names = {f.static for f in call.args}
    if None in names or names & {
        "expand_aliases",
        "lastpipe",
        "extglob",
        "nocaseglob",
        "dotglob",
        "globstar",
        "cdable_vars",
        "autocd",
    }:
        call.emit(Opaque(reason="`shopt` changes how the rest is read", program=call.name, span=call.span))
        call.after = call.state.keeping("another way of reading commands")
        if (None in names or "lastpipe" in names) and "-u" not in names:
            call.after = replace(call.after, rare=replace(call.after.rare, lastpipe=True))


def _getopts(call: Call) -> None:
    call.output = ()
    if len(call.args) > 1 and call.args[1].static:
        call.after = call.state.with_variable(call.args[1].static, UNKNOWN).with_variable("OPTARG", UNKNOWN)


BUILTINS: dict[str, Callable[[Call], None]] = {
    ":": _silent,
    ".": _source,
    "[": _test,
    "alias": _alias,
    "bg": _silent,
    "break": _break,
    "builtin": _command,
    "caller": _prints,
    "cd": _cd,
    "command": _command,
    "compgen": _completion,
    "complete": _completion,
    "compopt": _silent,
    "continue": _break,
    "declare": _declare,
    "dirs": _prints,
    "disown": _silent,
    "echo": _echo,
    "enable": _enable,
    "eval": _eval,
    "exec": _exec,
    "exit": _exit,
    "export": _declare,
    "false": _silent,
    "fc": _history,
    "fg": _prints,
    "getopts": _getopts,
    "hash": _hash,
    "help": _prints,
    "history": _history,
    "jobs": _prints,
    "kill": _kill,
    "let": _let,
    "local": _declare,
    "logout": _exit,
    "mapfile": _mapfile,
    "popd": _popd,
    "printf": _printf,
    "pushd": _cd,
    "pwd": _pwd,
    "read": _read,
    "readarray": _mapfile,
    "readonly": _declare,
    "return": _return,
    "set": _set,
    "shift": _shift,
    "shopt": _shopt,
    "source": _source,
    "suspend": _silent,
    "test": _test,
    "times": _prints,
    "trap": _trap,
    "true": _silent,
    "type": _prints,
    "typeset": _declare,
    "ulimit": _prints,
    "umask": _prints,
    "unalias": _silent,
    "unset": _unset,
    "wait": _wait,
}
"""Builtin name to what it does."""
