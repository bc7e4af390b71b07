"""Programs that make, move, change and remove files."""

import posixpath

from guard.effects.call import Call
from guard.effects.identity import lexical_path
from guard.effects.options import Parsed, grammar
from guard.effects.state import WrittenFile
from guard.effects.values import Field, Hole, plain, static_text
from guard.model.effect import MOVES, GainPrivilege
from guard.model.facts import LookPath, PathFact
from guard.model.paths import FileKind, KnownPath
from guard.model.typed import Callable

_MAX_COPIED = 128
_RM = grammar(
    optional="interactive preserve-root no-preserve-root",
    flags="force recursive dir verbose one-file-system parents ignore-fail-on-non-empty help version f i I r R d v p",
)
_COPY = grammar(
    "t target-directory S suffix g o m group owner mode no-preserve sparse strip-program",
    optional="backup reflink preserve update context",
)
_LN = grammar("t target-directory S suffix", optional="backup")
_TOUCH = grammar("d date r reference t time")
_TRUNCATE = grammar("s size r reference")
_MKDIR = grammar("m mode", optional="context")
_CHMOD = grammar("reference")
_SHRED = grammar("n iterations s size random-source")
_MKTEMP = grammar("p suffix tmpdir", optional="tmpdir")
_SPLIT = grammar(
    "a b C l n t f additional-suffix filter suffix-length bytes lines number separator prefix suffix-format digits line-bytes"
)
_PATCH = grammar("p i d o r B F D V Y z input directory output reject-file strip prefix suffix fuzz")


def _rm(call: Call) -> None:
    parsed = call.parse(_RM)
    # An argument that is not known, or a file whose name begins with `-`, may be `-r`.
    deep = parsed.has("r", "R", "recursive") or parsed.uncertain
    for field in parsed.operands:
        paths = call.paths(field, entry=True)
        if paths and all(isinstance(path, KnownPath) and _was_made(call, path.text) for path in paths):
            call.spare(field, recursive=deep)
        else:
            call.delete(field, recursive=deep)


def _was_made(call: Call, path: str) -> bool:
    """A name that was none before this line began."""
    if _is_new(call, path):
        return True
    made = call.state.written.get(posixpath.normpath(path))
    if made is None or made.link or path.endswith("/"):
        return False
    before = call.evaluator.ask(LookPath(path))
    return (
        isinstance(before, PathFact)
        and before.kind is FileKind.ABSENT
        and not before.is_link
        and not before.error
    )


def _is_new(call: Call, path: str) -> bool:
    """A directory that mktemp made and that nothing was put in the place of."""
    made = call.state.written.get(posixpath.normpath(path))
    return made is not None and made.fresh


def _unlink(call: Call) -> None:
    call.delete(*call.parse(_RM).operands)


def _rmdir(call: Call) -> None:
    """It removes empty directories only: nothing that they held is lost."""
    parsed = call.parse(_RM)
    call.write(*parsed.operands, append=True)
    if parsed.has("p", "parents"):
        for field in parsed.operands:
            parts = (field.static or "").rstrip("/").split("/")
            ways = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
            call.delete(*([plain(way, field.span) for way in ways if way] or [field]))


def _shred(call: Call) -> None:
    parsed = call.parse(_SHRED)
    call.read(*parsed.values("random-source"))
    call.delete(*parsed.operands)
    call.write(*parsed.operands)


def _into(call: Call, target: Field, source: Field, *, directory: bool) -> list[Field]:
    """What ``source`` becomes when it is put to ``target``: the target itself, an entry of it, or either."""
    text, name = target.static, source.static
    if text is None:
        return [target]
    base = posixpath.basename(name.rstrip("/")) if name is not None else None
    entry = plain(f"{text.rstrip('/') or '/'}/{base}", source.span) if base else target
    if directory or text.endswith("/") or text in {".", ".."}:
        return [entry]
    kinds = {_kind(call, path.text) for path in call.paths(target) if isinstance(path, KnownPath)}
    if kinds == {FileKind.DIRECTORY}:
        return [entry]
    if kinds <= {FileKind.FILE, FileKind.ABSENT} and kinds:
        return [target]
    return [target, entry]


def _is_single(call: Call, source: Field) -> bool:
    """Whether it is surely no tree: a file, or nothing at all."""
    paths = call.paths(source)
    return bool(paths) and all(
        isinstance(path, KnownPath)
        and (
            _is_file(call, posixpath.normpath(path.text))
            or _kind(call, path.text) in {FileKind.FILE, FileKind.ABSENT}
        )
        for path in paths
    )


def _is_file(call: Call, path: str) -> bool:
    """A file that this line wrote, and surely no directory that a redirection failed on."""
    made = call.state.written.get(path)
    if made is None or (made.text is None and not made.file):
        return False
    if made.surely:
        return True
    before = call.evaluator.ask(LookPath(path))
    kind = before.kind if isinstance(before, PathFact) else FileKind.UNKNOWN
    return kind in {FileKind.FILE, FileKind.ABSENT} or (
        made.text is not None and kind is not FileKind.DIRECTORY
    )


def _kind(call: Call, path: str) -> FileKind:
    if _is_new(call, path):
        return FileKind.DIRECTORY
    if call.state.written:
        # What this line made before is not what was looked at.
        tidy = posixpath.normpath(path)
        if tidy in call.state.written or any(made.startswith(tidy + "/") for made in call.state.written):
            return FileKind.UNKNOWN
    answer = call.evaluator.ask(LookPath(path))
    return answer.kind if isinstance(answer, PathFact) else FileKind.UNKNOWN


def _sources_and_target(call: Call) -> tuple[list[Field], Field | None, bool, bool]:
    """Sources, target, whether it surely is a directory, whether trees are taken whole."""
    parsed = call.parse(_COPY)
    deep = parsed.has("r", "R", "recursive", "a", "archive")
    named = parsed.values("t", "target-directory")
    if named:
        return parsed.operands, named[-1], True, deep
    if len(parsed.operands) < 2:
        if parsed.uncertain:
            call.opaque("arguments that are not known before it runs")
        return [], None, False, deep
    return parsed.operands[:-1], parsed.operands[-1], len(parsed.operands) > 2, deep


def _cp(call: Call) -> None:
    sources, target, directory, deep = _sources_and_target(call)
    if target is None:
        return
    parsed = call.parse(_COPY)
    linked = parsed.has("l", "link", "s", "symbolic-link")
    as_it_is = deep or parsed.has("P", "no-dereference", "d")
    for source in sources:
        below = deep and not _is_single(call, source)
        call.read(source, recursive=below)
        places = _into(call, target, source, directory=directory)
        if parsed.has("parents"):
            # The directories that lead to it are made again below the target.
            whole = (source.static or "").strip("/")
            places = [plain(f"{target.static or '.'}/{whole}", source.span)] if whole else [target]
        inside = _files_in(call, source) if below and not linked else None
        for place in places:
            if inside is not None and place.static is not None:
                for entry in ("", *inside):
                    call.write(plain(f"{place.static.rstrip('/')}/{entry}", place.span))
            else:
                call.write(place, recursive=below)
            if linked:
                call.link(source, place)
            else:
                _remember(call, place, source, as_it_is=as_it_is)
            _backup(call, parsed, place)


def _files_in(call: Call, source: Field) -> list[str] | None:
    """What lies below, when all of it was looked at, and none of it is a link that would lead elsewhere from another place."""
    from guard.effects.names import below_of  # noqa: PLC0415 - only where trees are copied

    paths = call.paths(source)
    only = paths[0] if len(paths) == 1 else None
    if not isinstance(only, KnownPath):
        return None
    entries = below_of(call, only.text)
    if entries is None or len(entries) > _MAX_COPIED:
        return None
    for entry in entries:
        fact = call.evaluator.ask(LookPath(f"{only.text.rstrip('/')}/{entry}"))
        if (
            not isinstance(fact, PathFact)
            or fact.is_link
            or fact.kind not in {FileKind.FILE, FileKind.DIRECTORY}
        ):
            return None
    return entries


def _backup(call: Call, parsed: Parsed, place: Field) -> None:
    """``-b``: what stood there gets another name first."""
    if not parsed.has("b", "backup", "S", "suffix") or place.static is None:
        return
    kinds = [field.static for field in parsed.values("backup")]
    suffix = next((field.static or "~" for field in parsed.values("S", "suffix")), "~")
    call.write(plain(f"{place.static.rstrip('/')}{suffix}", place.span))
    if kinds not in (["simple"], ["never"]):
        # Which number it will be, those that are there decide.
        call.write(plain(f"{place.static.rstrip('/')}.~1~", place.span))


def _remember(call: Call, place: Field, source: Field, *, as_it_is: bool = True, tree: bool = False) -> None:
    """``as_it_is``: a link stays one. ``tree``: the very things that stood there, with the links among them."""
    for path in call.paths(place):
        for origin in call.paths(source, entry=as_it_is):
            if isinstance(path, KnownPath) and isinstance(origin, KnownPath):
                known = call.state.written.get(posixpath.normpath(origin.text))
                if as_it_is and known is not None and known.link:
                    call.remember(path.text, known)
                    continue
                if (tree and known is None) or (as_it_is and _is_link(call, origin.text)):
                    call.remember(path.text, WrittenFile(None, copy_of=origin.text, link=True))
                    continue
                text = known.text if known is not None else None
                origins = known.copy_of if known is not None and known.copy_of else origin.text
                made = WrittenFile(
                    text,
                    copy_of="" if text is not None else origins,
                    file=_stays_file(call, path.text, source),
                )
                call.remember(path.text, made)


def _stays_file(call: Call, path: str, source: Field) -> bool:
    before = call.state.written.get(posixpath.normpath(path))
    return (before is None or before.file) and _is_single(call, source)


def _mv(call: Call) -> None:
    sources, target, directory, _ = _sources_and_target(call)
    if target is None:
        return
    for source in sources:
        # The content goes on existing, so nothing is lost; but the old name is gone with all below it.
        deep = not _is_single(call, source)
        call.write(source, recursive=deep, detail=MOVES)
        for path in call.paths(source):
            if isinstance(path, KnownPath) and not deep:
                call.remember(path.text, WrittenFile(None, file=True))
        if any(
            _holds_the_workspace(call, path.text)
            for path in call.paths(source)
            if isinstance(path, KnownPath)
        ):
            call.delete(source, recursive=True)
        for place in _into(call, target, source, directory=directory):
            call.write(place, recursive=deep)
            _remember(call, place, source, tree=deep)
            _backup(call, call.parse(_COPY), place)


def _holds_the_workspace(call: Call, path: str) -> bool:
    root = call.evaluator.facts.workspace
    return bool(root) and f"{root}/".startswith(f"{lexical_path(path).rstrip('/')}/")


def _ln(call: Call) -> None:
    parsed = call.parse(_LN)
    symbolic = parsed.has("s", "symbolic")
    named = parsed.values("t", "target-directory")
    operands = parsed.operands
    if not operands:
        return
    if named:
        pairs = [(source, _into(call, named[-1], source, directory=True)) for source in operands]
    elif len(operands) == 1:
        pairs = [(operands[0], _into(call, plain(".", call.span), operands[0], directory=True))]
    else:
        pairs = [
            (source, _into(call, operands[-1], source, directory=len(operands) > 2))
            for source in operands[:-1]
        ]
    for source, places in pairs:
        for place in places:
            if not symbolic:
                call.read(source)
                if any(
                    _is_link(call, path.text) for path in call.paths(source) if isinstance(path, KnownPath)
                ):
                    call.opaque("a second name for a link, which leads elsewhere from another directory")
            # The target of a symbolic link is read from where the link is, not from where we are.
            call.link(_from_link(source, place) if symbolic else source, place)


def _is_link(call: Call, path: str) -> bool:
    answer = call.evaluator.ask(LookPath(path))
    return isinstance(answer, PathFact) and answer.is_link


def _from_link(source: Field, place: Field) -> Field:
    text, where = source.static, place.static
    if text is None or where is None or text.startswith("/"):
        return source
    return plain(posixpath.join(posixpath.dirname(where), text), source.span)


def _install(call: Call) -> None:
    parsed = call.parse(_COPY)
    if parsed.has("strip-program"):
        call.opaque("runs another program")
    for field in parsed.values("m", "mode"):
        _elevates(call, field.static)
    if parsed.has("d", "directory"):
        call.write(*parsed.operands)
        return
    _cp(call)


def _tee(call: Call) -> None:
    parsed = call.parse(_RM)
    text = call.stdin
    known = (
        "".join(p for p in text if isinstance(p, str))
        if text and all(isinstance(p, str) for p in text)
        else None
    )
    call.write(*parsed.operands, append=parsed.has("a", "append"), text=known, content=True)
    if text is not None:
        call.output = text


def _touch(call: Call) -> None:
    parsed = call.parse(_TOUCH)
    call.write(*parsed.operands, append=True)


def _mkdir(call: Call) -> None:
    call.write(*call.parse(_MKDIR).operands, append=True)


def _truncate(call: Call) -> None:
    call.write(*call.parse(_TRUNCATE).operands)


def _mktemp(call: Call) -> None:
    """What it makes has a name that nobody knows, but it is a new one: another each time, of which nobody else knows."""
    parsed = call.parse(_MKTEMP)
    named = parsed.values("p", "tmpdir")
    template = parsed.operands[0].static if parsed.operands else "tmp.XXXXXXXXXX"
    suffixes = [field.static for field in parsed.values("suffix")]
    directory = named[-1].static if named else None
    if parsed.uncertain or template is None or None in suffixes or (named and directory is None):
        for field in (*named, *parsed.operands):
            call.write(field, append=True)
        call.output = (Hole("a name that mktemp makes"),)
        return
    if (named or parsed.has("t", "tmpdir") or not parsed.operands) and not template.startswith("/"):
        template = f"{directory or _temporary(call)}/{template}"
    stem, marks, rest = template.rpartition("XXX")
    name = f"{stem.rstrip('X')}{call.evaluator.made():010}{marks and rest}{suffixes[-1] if suffixes else ''}"
    made = plain(name, call.span)
    if parsed.has("u", "dry-run"):
        call.output = (f"{name}\n",)
        return
    whole = parsed.has("d", "directory")
    call.write(made, append=whole, text="", content=not whole)
    for path in call.paths(made):
        if isinstance(path, KnownPath) and whole:
            call.remember(path.text, WrittenFile(None, fresh=True))
    call.output = (f"{name}\n",)


def _temporary(call: Call) -> str:
    values = call.evaluator.expander.variable("TMPDIR", call.state).values
    known = static_text(values[0]) if len(values) == 1 else None
    return known or "/tmp"  # noqa: S108 - its default


def _dd(call: Call) -> None:
    for field in call.args:
        name, equals, rest = field.prefix.partition("=")
        if not equals:
            if field.static is None:
                call.opaque("an operand that is not known before it runs")
            continue
        parts = (rest, *field.parts[1:]) if rest else field.parts[1:]
        value = Field(parts, field.span, open=field.open)
        if name == "if":
            call.read(value)
        elif name == "of":
            call.write(value)


def _mode(call: Call) -> None:
    parsed = call.parse(_CHMOD)
    operands = parsed.operands
    # `chmod -w file`: a mode that looks like options.
    bare = any(
        text is not None and text.startswith("-") and text[1:2] in set("rwxXstugo") for text in call.statics
    )
    if not parsed.has("reference") and not (bare and call.name == "chmod" and not _mode_operand(operands)):
        operands = operands[1:]
    _elevates(call, parsed.operands[0].static if call.name == "chmod" and parsed.operands else None)
    detail = " ".join(field.text for field in call.args[:1])
    call.mode(*operands, recursive=parsed.has("R", "recursive") or parsed.uncertain, detail=detail)


def _elevates(call: Call, mode: str | None) -> None:
    """A program that runs as its owner whoever starts it: ``4755``, ``u+s``."""
    if mode is None:
        return
    octal = mode.lstrip("=+0")
    if octal.isdigit():
        given = len(octal) > 3
    else:
        given = any(
            "s" in clause.lstrip("ugoa")[1:]
            for clause in mode.split(",")
            if clause.lstrip("ugoa")[:1] in {"+", "="}
        )
    if given:
        call.say(GainPrivilege(detail="lets a program run as its owner"))


def _mode_operand(operands: list[Field]) -> bool:
    text = operands[0].static if operands else None
    # What is not known may be the only file: it is not taken for a mode.
    return text is not None and (text.isdigit() or any(char in text for char in "+="))


def _setfacl(call: Call) -> None:
    parsed = call.parse(grammar("m M x X modify modify-file remove remove-file set set-file restore"))
    call.mode(*parsed.operands, recursive=parsed.has("R", "recursive"), detail="access control list")
    if parsed.has("restore"):
        call.opaque("changes modes and owners of the files that a file names")


def _chattr(call: Call) -> None:
    operands = [field for field in call.args if not (field.static or "").startswith(("-", "+", "="))]
    call.mode(*operands, recursive="-R" in call.statics, detail="attributes")


def _split(call: Call) -> None:
    parsed = call.parse(_SPLIT)
    if parsed.has("filter"):
        for field in parsed.values("filter"):
            call.run_text(field)
    call.read(*parsed.operands[:1])
    if call.name == "csplit":
        # What follows the file are places to cut at; the pieces are named by an option.
        named = parsed.values("f", "prefix") or [plain("xx", call.span)]
    else:
        named = parsed.operands[1:2] or [plain("x", call.span)]
    prefix = named[-1].static
    if prefix is None:
        call.write(named[-1])
        return
    # How many pieces there will be is not known: they are all beside the first.
    call.write(plain(posixpath.dirname(prefix) or ".", call.span), recursive=True)


def _patch(call: Call) -> None:
    parsed = call.parse(_PATCH)
    call.read(*parsed.values("i", "input"))
    if parsed.has("dry-run", "C", "check"):
        call.read(*parsed.operands)
        return
    call.write(*parsed.values("o", "output", "r", "reject-file"), *parsed.operands[:1])
    if not parsed.operands:
        # Which files a patch names is in the patch; it never leaves the directory.
        where = parsed.values("d", "directory")
        call.write(where[-1] if where else plain(".", call.span), recursive=True)


def _rename(call: Call) -> None:
    call.opaque("computes new names by an expression")
    call.write(*call.args[1:])


HANDLERS: dict[str, Callable[[Call], None]] = {
    "rm": _rm,
    "unlink": _unlink,
    "rmdir": _rmdir,
    "shred": _shred,
    "srm": _rm,
    "trash": _rm,
    "cp": _cp,
    "mv": _mv,
    "ln": _ln,
    "link": _ln,
    "install": _install,
    "tee": _tee,
    "touch": _touch,
    "mkdir": _mkdir,
    "mkfifo": _mkdir,
    "mktemp": _mktemp,
    "truncate": _truncate,
    "fallocate": _truncate,
    "dd": _dd,
    "chmod": _mode,
    "chown": _mode,
    "chgrp": _mode,
    "setfacl": _setfacl,
    "chattr": _chattr,
    "split": _split,
    "csplit": _split,
    "patch": _patch,
    "rename": _rename,
}
