"""``find`` and ``xargs``: programs that run other programs on names they find."""

from collections.abc import Callable
from fnmatch import fnmatchcase

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Field, Hole, plain
from guard.model.dataclass import replace
from guard.model.effect import ChangeMode, DeletePath, ReadPath, WritePath
from guard.model.facts import LookTree, TreeFact
from guard.model.paths import KnownPath

_MAX_FOUND = 64
_ONE = frozenset(
    "-name -iname -path -ipath -wholename -iwholename -lname -ilname -regex -iregex -type -xtype -mtime -atime -ctime "
    "-mmin -amin -cmin -newer -anewer -cnewer -size -user -group -uid -gid -perm -maxdepth -mindepth -links -inum "
    "-samefile -fstype -context -used -regextype -printf".split(" ")
)
_WRITES = {"-fprint": 1, "-fprint0": 1, "-fls": 1, "-fprintf": 2}
_EXECS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_XARGS = grammar(
    "I L n P s d E a i l arg-file delimiter max-args max-procs max-lines max-chars replace eof process-slot-var",
    optional="i l e replace eof max-lines",
    stops=True,
)


class _Find:
    """One ``find`` command line, read from left to right."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.args = call.args
        self.starts: list[Field] = []
        self.names: list[str] = []
        """Patterns that every name found must match."""
        self.loose = False
        """Whether an ``-o``, ``!`` or comma makes it unknown what a test restricts."""
        self.files_only = self.empty = False

    def run(self) -> None:
        at = self._start_points()
        rest = self.args[at:]
        self.loose = any(field.static in {"-o", "-or", "!", "-not", ",", None} for field in rest)
        while at < len(self.args):
            at += self._primary(at)
        for start in self.starts:
            self.call.read(start)
        if self._narrow:
            listed = [self._listed(start) for start in self.starts]
            if all(found is not None for found in listed):
                # Names that nobody could list stay a hole: they may lie at any depth.
                self.call.output = tuple(f"{f.static or ''}\n" for found in listed for f in found or ())

    def _start_points(self) -> int:
        at = 0
        while at < len(self.args):
            text = self.args[at].static
            if text in {"-H", "-L", "-P"} or (text is not None and text.startswith("-O")):
                at += 1
            elif text == "-D":
                at += 2
            elif text is not None and (text.startswith("-") or text in {"(", "!", ")", ","}):
                break
            else:
                self.starts.append(self.args[at])
                at += 1
        if not self.starts:
            self.starts = [plain(".", self.call.span)]
        return at

    def _primary(self, at: int) -> int:
        text = self.args[at].static
        following = self.args[at + 1] if at + 1 < len(self.args) else None
        if text in {"-name", "-iname"} and following is not None:
            # `-delete -name x` deletes everything: only tests that stand before an action restrict it.
            if following.static is not None:
                self.names.append(following.static.lower() if text == "-iname" else following.static)
            return 2
        if text == "-type" and following is not None:
            self.files_only = following.static == "f"
            return 2
        if text == "-empty":
            self.empty = True
            return 1
        if text == "-delete":
            if self.empty and not self.loose:
                return 1
            for start in self.starts:
                listed = self._listed(start) if self._narrow else None
                if listed is None:
                    # Nobody has listed what matches, and it may lie at any depth.
                    self.call.delete(start, recursive=True)
                else:
                    self.call.delete(*listed)
            return 1
        if text in _EXECS:
            return self._exec(at)
        if text in _WRITES:
            if following is not None:
                self.call.write(following)
            return 1 + _WRITES[text]
        if text == "-files0-from" and following is not None:
            self.call.read(following)
            self.starts.append(Field((Hole("names from a file"),), following.span))
            return 2
        if text in _ONE:
            return 2
        return 1

    @property
    def _narrow(self) -> bool:
        return bool(self.names) and not self.loose and not all(set(name) <= set("*?.") for name in self.names)

    def _found(self, start: Field) -> tuple[list[Field], bool]:
        """The names that a command may get, and whether they stand for others at any depth."""
        if not self._narrow:
            return ([self._entry(start, "*")] if self.files_only else [start]), True
        listed = self._listed(start)
        if listed is None:
            return [self._entry(start, self.names[0])], True
        # Nothing is there now; what runs is still judged, on a name that may be there then.
        return listed or [self._entry(start, self.names[0])], False

    def _listed(self, start: Field) -> list[Field] | None:
        """Entries below ``start`` that match, if the tree is known."""
        text = start.static
        paths = [path for path in self.call.paths(start) if isinstance(path, KnownPath)]
        if text is None or len(paths) != 1:
            return None
        tree = self.call.evaluator.ask(LookTree(paths[0].text))
        if not isinstance(tree, TreeFact) or not tree.complete:
            return None
        found = [
            entry
            for entry in tree.entries
            if all(
                fnmatchcase(entry.rpartition("/")[2], n) or fnmatchcase(entry.rpartition("/")[2].lower(), n)
                for n in self.names
            )
        ]
        if len(found) > _MAX_FOUND:
            return None
        return [plain(f"{text.rstrip('/')}/{entry}", start.span) for entry in found]

    def _entry(self, start: Field, name: str) -> Field:
        text = start.static
        if text is None:
            return Field((*start.parts, "/", Hole("a name that find finds")), start.span)
        # A name we cannot list is judged by the pattern that it matches, in the directory where the search begins.
        return plain(f"{text.rstrip('/')}/{name}", start.span)

    def _exec(self, at: int) -> int:
        end = at + 1
        argv: list[Field] = []
        while end < len(self.args):
            field = self.args[end]
            end += 1
            if field.static == ";" or (field.static == "+" and argv and argv[-1].static == "{}"):
                break
            argv.append(field)
        _note_code(self.call, argv, "{}")
        # `-execdir` runs beside each file found: a relative name in its arguments could be anywhere below.
        beside = self.args[at].static in {"-execdir", "-okdir"}
        state = replace(self.call.state, cwd=()) if beside else self.call.state
        for start in self.starts:
            places, anywhere = self._found(start)
            for place in [_absolute(self.call, found) for found in places] if beside else places:
                before = len(self.call.evaluator.effects)
                self.call.run([_with(field, "{}", place) for field in argv], state=state, certain=False)
                if anywhere:
                    self._deepen(start, place, before)
        return end - at

    def _deepen(self, start: Field, place: Field, before: int) -> None:
        """What happens to the one name that stood for all may happen to everything below ``start``."""
        stood = {path.text for path in self.call.paths(place) if isinstance(path, KnownPath)}
        for effect in self.call.evaluator.effects[before:]:
            if not isinstance(effect, ReadPath | WritePath | DeletePath | ChangeMode):
                continue
            if isinstance(effect.path, KnownPath) and any(effect.path.text.startswith(s) for s in stood):
                for path in self.call.paths(start):
                    self.call.emit(replace(effect, path=path, recursive=True))


def _absolute(call: Call, field: Field) -> Field:
    paths = call.paths(field)
    if len(paths) == 1 and isinstance(paths[0], KnownPath):
        return plain(paths[0].text, field.span)
    return Field((Hole("a name that find finds"),), field.span)


def _note_code(call: Call, argv: list[Field], token: str) -> None:
    """`sh -c "... {} ..."`: a name becomes code, and nobody knows the name."""
    if any(token in (field.static or "") and " " in (field.static or "") for field in argv):
        call.opaque("puts names of files into code")


def _with(field: Field, token: str, value: Field) -> Field:
    text = field.static
    if text is None or token not in text:
        return field
    if text == token:
        return value
    known = value.static
    if known is None:
        return Field((Hole("a name inside another text"),), field.span)
    return plain(text.replace(token, known), field.span)


def _find(call: Call) -> None:
    _Find(call).run()


def _fd(call: Call) -> None:
    statics = call.statics
    if any(text in {"-x", "-X", "--exec", "--exec-batch"} for text in statics):
        call.opaque("runs a program on what it finds")
    call.read(plain(".", call.span))


def _xargs(call: Call) -> None:
    parsed = call.parse(_XARGS)
    files = parsed.values("a", "arg-file")
    call.read(*files)
    argv = parsed.operands or [plain("echo", call.span)]
    text = None if files else call.stdin
    known = (
        "".join(p for p in text if isinstance(p, str))
        if text is not None and all(isinstance(p, str) for p in text)
        else None
    )
    plain_items = known is not None and not any(char in known for char in "'\"\\")
    tokens = parsed.values("I", "replace", "i")
    token = tokens[0].static if tokens else "{}" if parsed.has("i", "replace") else None
    items: list[Field]
    if known is not None and plain_items:
        words = (
            known.splitlines()
            if token is not None or parsed.has("d", "delimiter")
            else known.replace("\0", "\n").split()
        )
        items = [plain(word, call.span) for word in words[:_MAX_FOUND]]
        if len(words) > _MAX_FOUND:
            items.append(Field((Hole("more names"),), call.span))
    else:
        items = [Field((Hole("a name from another command"),), call.span, open=token is None)]
    if token is not None:
        _note_code(call, argv, token)
        for item in items:
            call.run([_with(field, token, item) for field in argv], stdin=(), certain=False)
        return
    call.run([*argv, *items], stdin=(), certain=False)


HANDLERS: dict[str, Callable[[Call], None]] = {
    "find": _find,
    "gfind": _find,
    "fd": _fd,
    "fdfind": _fd,
    "xargs": _xargs,
    "gxargs": _xargs,
}
