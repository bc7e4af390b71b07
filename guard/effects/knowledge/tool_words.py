"""What data cannot say of single tools: how their arguments hang together."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import Field, plain
from guard.model.effect import ReadPath, RunProgram

_CMAKE_PRINTS = frozenset(
    "capabilities cat compare_files echo echo_append environment md5sum sha1sum sha224sum sha256sum sha384sum sha512sum sleep true false __help".split()
)
_CMAKE_LOOKS = frozenset("--version --help --help-full --help-command-list --help-module-list --help-policy-list --help-variable-list --list-presets -version -help -h".split())  # fmt: skip


def cmake(call: Call, parsed: Parsed) -> None:
    """The first argument says whether it asks, copies files or builds."""
    del parsed
    first = call.statics[0] if call.args else "--help"
    if first == "-E":
        _cmake_command(call, call.args[1:])
    elif first not in _CMAKE_LOOKS and not (first or "").startswith("--help-"):
        call.opaque("runs the project's code")


def _cmake_command(call: Call, args: list[Field]) -> None:
    words = [field for field in args[1:] if not (field.static or "x").startswith("-")]
    deep = any((field.static or "").startswith(("-r", "-R")) for field in args[1:])
    match args[0].static if args else "__help":
        case "copy" | "copy_if_different" | "rename":
            call.read(*words[:-1])
            call.write(*words[-1:])
            if args[0].static == "rename":
                call.delete(*words[:1])
        case "copy_directory" | "copy_directory_if_different":
            call.read(*words[:-1], recursive=True)
            call.write(*words[-1:], recursive=True)
        case "make_directory" | "touch" | "touch_nocreate":
            call.write(*words)
        case "rm":
            call.delete(*words, recursive=deep)
        case "remove" | "remove_directory":
            call.delete(*words, recursive=args[0].static != "remove")
        case "time":
            call.run(args[1:])
        case str() as name if name in _CMAKE_PRINTS:
            call.read(*words[:8])
        case _:
            call.opaque("a command of cmake that is not followed")


def ninja(call: Call, parsed: Parsed) -> None:
    """Without a tool (``-t``) or a dry run it builds."""
    if not parsed.has("t", "n") or parsed.uncertain:
        call.opaque("runs the project's code")


def here_if_none(call: Call, parsed: Parsed) -> None:
    """A formatter that is told to write, and not what: everything below."""
    if not parsed.operands:
        call.edit(plain(".", call.span))


def pyupgrade(call: Call, parsed: Parsed) -> None:
    """Some formatters of Python write without being told to."""
    if call.name in {"pyupgrade", "add-trailing-comma"}:
        call.write(*parsed.operands)


def one_is_changed(call: Call, parsed: Parsed) -> None:
    """``objcopy FILE`` changes it in place; sections come from files and go to some, by ``NAME=FILE``."""
    for name in ("add-section", "update-section", "dump-section"):
        for field in parsed.values(name):
            if field.static is None:
                call.opaque("a file that is not known before it runs")
                continue
            file = plain(field.static.partition("=")[2], field.span)
            call.write(file) if name == "dump-section" else call.read(file)
    if len(parsed.operands) == 1:
        call.write(*parsed.operands)


# ------------------------------------------------------------------ fzf
_FZF_RUNS = ("execute", "become", "reload", "transform", "preview", "change-preview", "bg-")  # fmt: skip


def fzf(call: Call, parsed: Parsed) -> None:
    """It chooses lines; previews and keys may run commands, which are looked at as such."""
    for field in parsed.values("preview"):
        _only_looks(call, field.static)
    for field in parsed.values("bind"):
        text = field.static
        if text is None:
            call.opaque("a key that may run a command")
        else:
            for command in _bound(text):
                _only_looks(call, command)


def _bound(text: str) -> list[str | None]:
    """Commands in ``KEY:ACTION(COMMAND)+ACTION``; None where the grammar is beyond us."""
    out: list[str | None] = []
    _, _, rest = text.partition(":")
    while rest:
        end = next((i for i, char in enumerate(rest) if not (char.isalnum() or char == "-")), len(rest))
        name, rest = rest[:end], rest[end:]
        if rest[:1] in ("+", ",", ""):
            # `enter:accept,tab:down` binds another key.
            rest = rest[1:].partition(":")[2] if rest[:1] == "," else rest[1:]
            continue
        runs = name.startswith(_FZF_RUNS) and not name.startswith(
            ("preview-", "toggle-preview", "change-preview-window")
        )
        if rest[0] == ":":
            return [*out, rest[1:]] if runs else out
        closing = {"(": ")", "[": "]", "{": "}", "<": ">"}.get(rest[0], rest[0])
        last = rest.rfind(closing) if runs else rest.find(closing)
        if last <= 0:
            return [*out, None]
        if runs:
            # Another action may follow the first closing sign: too clever by half to guess which.
            out.append(rest[1:last] if closing not in rest[1:last] else None)
        rest = rest[last + 1 :].removeprefix("+")
        if rest.startswith(","):
            rest = rest.partition(":")[2]
    return out


def _only_looks(call: Call, text: str | None) -> None:
    from guard.effects.evaluate import Evaluator  # noqa: PLC0415 - the evaluator finds us through the table of programs

    if text is not None:
        elsewhere = Evaluator(call.evaluator.facts)
        elsewhere.run_text(text, call.state, span=call.span, certain=True, depth=call.depth + 1)
        if all(isinstance(effect, ReadPath | RunProgram) for effect in elsewhere.effects):
            return
    call.opaque("a key or a preview runs a command")


# ------------------------------------------------------------------ tables
_MILLER_VERBS = frozenset({"put", "filter", "tee", "split", "case", "nothing"})
_MILLER_RUNS = ("system", "exec", "tee", "dump", "emit", "redirect", ">", "|")
_MILLER_OPTIONS = ("--prepipe", "--load", "--mload", "--gen-")


def miller(call: Call, parsed: Parsed) -> None:
    """``mlr VERB ...``: verbs with programs of their own (``put``) can run and write."""
    del parsed
    texts = [text or "?" for text in call.statics]
    programs = _MILLER_VERBS & set(texts)
    if any(text.startswith(_MILLER_OPTIONS) or text in {"?", "-s"} for text in texts) or programs & {
        "tee",
        "split",
        "case",
    }:
        call.opaque("options or verbs that run, load or write something")
    elif programs and any(word in text for text in texts for word in _MILLER_RUNS):
        call.opaque("a program for rows that may run or write something")
    if "-I" in texts:
        call.write(*call.args[-1:])
    call.read(*[field for field in call.args if "." in (field.static or "")])


def substitutes(call: Call, parsed: Parsed) -> None:
    """``sd FROM TO FILE``: files are changed in place, the standard input is not."""
    if not parsed.has("p", "preview"):
        call.write(*parsed.operands[2:])
    else:
        call.read(*parsed.operands[2:])
