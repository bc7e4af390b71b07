"""``find``, ``fd`` and ``xargs``: programs that run other programs on names they find."""

from guard.effects.call import Call
from guard.effects.commands.wrappers import doubts
from guard.effects.identity import lexical_path
from guard.effects.injection import doubt_of
from guard.effects.names import all_listed, each
from guard.effects.options import grammar
from guard.effects.state import READ_BY_THE_SHELL, WrittenFile
from guard.effects.values import Field, Hole, Text, plain, static_text
from guard.model.dataclass import replace
from guard.model.effect import ChangeMode, DeletePath, ReadPath, WritePath
from guard.model.facts import LookTree, TreeFact
from guard.model.paths import KnownPath, SymbolicPath, UnresolvedPath
from guard.model.typed import Callable

_MAX_FOUND = 64
_MAX_ALTERNATIVES = 16
_NONE = frozenset(
    "-print -print0 -ls -prune -quit -depth -d -mount -xdev -x -follow -noleaf -nouser -nogroup -readable -writable -executable "
    "-true -false -daystart -warn -nowarn -ignore_readdir_race -noignore_readdir_race -help --help -version --version -a -and".split()
)
_ONE = frozenset(
    "-lname -ilname -regex -iregex -xtype -mtime -atime -ctime -mmin -amin -cmin -newer -anewer -cnewer -size -user -group -uid "
    "-gid -perm -maxdepth -mindepth -links -inum -samefile -fstype -context -used -regextype -printf -since -flags -Bmin -Btime".split()
)
_NAMES = frozenset("-name -iname -path -ipath -wholename -iwholename".split())
_WRITES = {"-fprint": 1, "-fprint0": 1, "-fls": 1, "-fprintf": 2}
_ENDS = {"-print": "\n", "-print0": "\0"}
_EXECS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_ACTS = _EXECS | frozenset(_WRITES) | {"-delete", "-printf", "-ls"}

Tests = frozenset[tuple[str, str]]
"""Tests that a name must all pass: (``name`` or ``path``, pattern), (``type``, letter), (``empty``, ``)."""
Alternatives = frozenset[Tests]
_ANY: Alternatives = frozenset({frozenset()})


def _both(a: Alternatives, b: Alternatives) -> Alternatives:
    out = frozenset(left | right for left in a for right in b)
    return out if len(out) <= _MAX_ALTERNATIVES else _ANY


def _either(a: Alternatives, b: Alternatives) -> Alternatives:
    out = a | b
    return out if len(out) <= _MAX_ALTERNATIVES and frozenset[tuple[str, str]]() not in out else _ANY


class _Find:
    """One ``find`` command line. What stands left of an action, and only that, says on which names it acts."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.args = call.args
        self.at = 0
        self.starts: list[Field] = []
        self.prints = True
        """Whether it prints the names it finds and nothing else."""
        self.ends: set[str] = set()
        """What stands behind each name that it prints."""
        self.follows = False

    def run(self) -> None:
        call = self.call
        self._start_points()
        texts = [field.static for field in self.args[self.at :]]
        if texts[:1] in (["-help"], ["--help"], ["-version"], ["--version"]):
            return
        if None in texts:
            call.opaque("a test or an action of find that is not known before it runs")
        self.follows = self.follows or "-follow" in texts or "l" in texts
        matched = _ANY
        while self.at < len(self.args):
            matched = self._alternatives(_ANY)
            if self.at < len(self.args):
                # A `)` too many, or a comma: find itself refuses the one, the other begins anew.
                self.at += 1
        for start in self.starts:
            call.read(start)
        if self.prints:
            self._say_names(matched)

    def _say_names(self, matched: Alternatives) -> None:
        listed = [self._listed(start, matched) if self._narrow(matched) else None for start in self.starts]
        if all(found is not None for found in listed) and len(self.ends) < 2:
            end = next(iter(self.ends), "\n")
            self.call.output = tuple(f"{f.static or ''}{end}" for found in listed for f in found or ())
            return
        found = () if self.follows else all_listed(self.call, self.starts, "names that find finds")
        if found:
            self.call.output = found

    def _start_points(self) -> None:
        while self.at < len(self.args):
            text = self.args[self.at].static
            if text in {"-H", "-L", "-P"} or (text is not None and text.startswith("-O")):
                self.follows = self.follows or text in {"-L", "-H"}
                self.at += 1
            elif text == "-D":
                self.at += 2
            elif text is not None and (text.startswith("-") or text in {"(", "!", ")", ","}):
                break
            else:
                self.starts.append(self.args[self.at])
                self.at += 1
        if not self.starts:
            self.starts = [plain(".", self.call.span)]

    # ------------------------------------------------------------------ the expression

    def _alternatives(self, left: Alternatives) -> Alternatives:
        """``A -o B``, up to a closing parenthesis: what a name passed that made it true."""
        out = self._terms(left)
        while self.at < len(self.args) and self.args[self.at].static in {"-o", "-or"}:
            self.at += 1
            out = _either(out, self._terms(left))
        return out

    def _terms(self, left: Alternatives) -> Alternatives:
        passed = left
        while self.at < len(self.args):
            text = self.args[self.at].static
            if text in {"-o", "-or", ")", ","}:
                break
            passed = self._term(passed, text)
        return passed

    def _term(self, passed: Alternatives, text: str | None) -> Alternatives:
        if text in {"!", "-not"}:
            self.at += 1
            if self.at < len(self.args):
                self._term(passed, self.args[self.at].static)
            return passed
        if text == "(":
            self.at += 1
            inner = self._alternatives(passed)
            self.at += 1
            return inner
        following = self.args[self.at + 1] if self.at + 1 < len(self.args) else None
        if text in _NAMES and following is not None:
            self.at += 2
            if following.static is None:
                return passed
            kind = "path" if "path" in text or "whole" in text else "name"
            return _both(passed, frozenset({frozenset({(kind, following.static)})}))
        if text == "-type" and following is not None:
            self.at += 2
            return _both(passed, frozenset({frozenset({("type", following.static or "")})}))
        if text == "-empty":
            self.at += 1
            return _both(passed, frozenset({frozenset({("empty", "")})}))
        self._action(passed, text, following)
        return passed

    def _action(self, passed: Alternatives, text: str | None, following: Field | None) -> None:
        call = self.call
        self.prints = self.prints and text not in _ACTS
        if text == "-delete":
            self.at += 1
            self._delete(passed)
        elif text in _EXECS:
            self._exec(passed)
        elif text is not None and text in _WRITES:
            if following is not None:
                call.write(following)
            self.at += 1 + _WRITES[text]
        elif text == "-files0-from" and following is not None:
            call.read(following)
            self.starts = [Field((Hole("names from a file"),), following.span)]
            self.at += 2
        elif text in _ONE or (text is not None and text.startswith("-newer")):
            self.at += 2
        else:
            self.at += 1
            if text in _ENDS:
                self.ends.add(_ENDS[text])
            if text is not None and text not in _NONE:
                call.opaque(f"a test or an action of find that is not known: `{text}`")

    # ------------------------------------------------------------------ names

    def _narrow(self, passed: Alternatives) -> bool:
        """Whether every name must match a pattern that says something."""
        return all(
            any(kind in {"name", "path"} and not set(text) <= set("*?./") for kind, text in tests)
            for tests in passed
        )

    def _delete(self, passed: Alternatives) -> None:
        if all(("empty", "") in tests for tests in passed):
            # Nothing is lost with an empty file or directory.
            return
        for start in self.starts:
            listed = self._listed(start, passed) if self._narrow(passed) else None
            if self.follows and start.static:
                # What a link leads to is searched, not the link.
                start = plain(f"{start.static.rstrip('/')}/", start.span)  # noqa: PLW2901 - the same place
            if listed is not None:
                self.call.delete(*listed)
            elif self._narrow(passed) and in_workspace(self.call, start):
                # Nobody has listed what matches, and it may lie at any depth: a name that stands for it, and more.
                self.call.delete(*self._stand_ins(start, passed), recursive=True)
                self.call.delete(Field((Hole("names that find finds"),), start.span), recursive=True)
            else:
                self.call.delete(start, recursive=True)

    def _stand_ins(self, start: Field, passed: Alternatives) -> list[Field]:
        names = [text for tests in passed for kind, text in sorted(tests) if kind in {"name", "path"}]
        return [self._entry(start, name.rpartition("/")[2] or "*") for name in dict.fromkeys(names)]

    def _found(self, start: Field, passed: Alternatives) -> tuple[list[Field], bool]:
        """The names that a command may get, and whether they stand for others at any depth."""
        if not self._narrow(passed):
            files = all(("type", "f") in tests for tests in passed)
            return ([self._entry(start, "*")] if files else [start]), True
        listed = self._listed(start, passed)
        if listed is None:
            return self._stand_ins(start, passed), True
        # Nothing is there now; what runs is still judged, on a name that may be there then.
        return listed or self._stand_ins(start, passed), False

    def _listed(self, start: Field, passed: Alternatives) -> list[Field] | None:
        """Entries below ``start`` that match, if the tree is known."""
        text = start.static
        paths = [path for path in self.call.paths(start) if isinstance(path, KnownPath)]
        if text is None or len(paths) != 1 or self.follows:
            return None
        tree = self.call.evaluator.ask(LookTree(paths[0].text))
        if not isinstance(tree, TreeFact) or not tree.complete:
            return None
        root = text.rstrip("/")
        # What this line wrote is found too, though nobody could see it when the tree was looked at.
        base = lexical_path(paths[0].text).rstrip("/") + "/"
        written = [
            "/".join(parts[: count + 1])
            for path in self.call.state.written
            if path.startswith(base)
            for parts in [path.removeprefix(base).split("/")]
            for count in range(len(parts))
        ]
        found = [
            f"{root}/{entry}"
            for entry in dict.fromkeys((*tree.entries, *written))
            if any(all(_passes(f"{root}/{entry}", test) for test in tests) for tests in passed)
        ]
        if len(found) > _MAX_FOUND:
            return None
        return [plain(name, start.span) for name in found]

    def _entry(self, start: Field, name: str) -> Field:
        text = start.static
        if text is None:
            return Field((*start.parts, "/", Hole("a name that find finds")), start.span)
        # A name we cannot list is judged by the pattern that it matches, in the directory where the search begins.
        return plain(f"{text.rstrip('/')}/{name}", start.span)

    def _exec(self, passed: Alternatives) -> None:
        at = self.at
        end = at + 1
        argv: list[Field] = []
        while end < len(self.args):
            field = self.args[end]
            end += 1
            if field.static == ";" or (field.static == "+" and argv and argv[-1].static == "{}"):
                break
            argv.append(field)
        self.at = end
        note_code(self.call, argv, "{}")
        # `-execdir` runs beside each file found: a relative name in its arguments could be anywhere below.
        beside = self.args[at].static in {"-execdir", "-okdir"}
        state = replace(self.call.state, cwd=()) if beside else self.call.state
        for start in self.starts:
            places, anywhere = self._found(start, passed)
            for place in [_absolute(self.call, found) for found in places] if beside else places:
                before = len(self.call.evaluator.effects)
                self.call.run([put(field, "{}", place) for field in argv], state=state, certain=False)
                if anywhere:
                    deepen(self.call, start, place, before, narrow=self._narrow(passed))


def in_workspace(call: Call, start: Field) -> bool:
    """Whether all that lies below it lies in the workspace, as far as names tell."""
    root = call.evaluator.facts.workspace
    paths = call.paths(start)
    return bool(root) and all(
        isinstance(path, KnownPath) and f"{lexical_path(path.text)}/".startswith(f"{root}/") for path in paths
    )


def deepen(call: Call, start: Field, place: Field, before: int, *, narrow: bool = False) -> None:
    """What happens to the one name that stood for all may happen to everything below ``start``.

    Of the workspace only what matches a pattern is meant, not the whole, and nobody has listed what that is.
    """
    some = UnresolvedPath(place.text, "names that are not listed")
    within = narrow and in_workspace(call, start)
    stood = {path.text for path in call.paths(place) if isinstance(path, KnownPath)}
    for effect in call.evaluator.effects[before:]:
        if not isinstance(effect, ReadPath | WritePath | DeletePath | ChangeMode):
            continue
        if isinstance(effect.path, KnownPath) and any(effect.path.text.startswith(s) for s in stood):
            if (
                isinstance(effect, WritePath | ChangeMode)
                and effect.path.text in stood
                and in_workspace(call, start)
                and _each_of(call, start, effect)
            ):
                continue
            if within and not isinstance(effect, ReadPath):
                call.emit(replace(effect, path=some, recursive=True))
                continue
            for path in call.paths(start):
                call.emit(replace(effect, path=path, recursive=True))


def _each_of(call: Call, start: Field, effect: WritePath[SymbolicPath] | ChangeMode[SymbolicPath]) -> bool:
    """Said of every file below, where all of them were looked at and they are few."""
    found = all_listed(call, [start], "names that are found")
    files = each(call, Field(found, start.span)) if len(found) == 1 else None
    for file in files or ():
        call.emit(replace(effect, path=KnownPath(file), recursive=False))
        if isinstance(effect, WritePath):
            call.remember(file, WrittenFile(None))
    return files is not None


def _passes(path: str, test: tuple[str, str]) -> bool:
    """Whether a name may pass: only patterns can be tried on a name, in either case."""
    kind, pattern = test
    if kind not in {"name", "path"}:
        return True
    from fnmatch import fnmatchcase  # noqa: PLC0415 - it brings the compiler of patterns along

    text = path if kind == "path" else path.rpartition("/")[2]
    return fnmatchcase(text, pattern) or fnmatchcase(text.lower(), pattern.lower())


def _absolute(call: Call, field: Field) -> Field:
    paths = call.paths(field)
    if len(paths) == 1 and isinstance(paths[0], KnownPath):
        return plain(paths[0].text, field.span)
    return Field((Hole("a name that find finds"),), field.span)


def note_code(call: Call, argv: list[Field], token: str) -> None:
    """`sh -c "... {} ..."`: a name becomes code, and nobody knows the name."""
    if any(token in (field.static or "") and field.static != token for field in argv):
        shells = {
            "sh",
            "bash",
            "dash",
            "zsh",
            "ksh",
            "eval",
            "python",
            "python3",
            "perl",
            "ruby",
            "node",
            "awk",
        }
        names = {(field.static or "").rpartition("/")[2] for field in argv}
        if names & shells or any(token in (f.static or "") and " " in (f.static or "") for f in argv):
            call.opaque("puts names of files into code")


def put(field: Field, token: str, value: Field) -> Field:
    """The argument with ``value`` in place of ``token``."""
    text = field.static
    if text is None or token not in text:
        return field
    if text == token:
        return value
    known = value.static
    if known is None:
        before, _, behind = text.partition(token)
        if len(value.parts) == 1 and isinstance(value.parts[0], Hole) and token not in behind:
            return Field(tuple(part for part in (before, *value.parts, behind) if part), field.span)
        return Field((Hole("a name inside another text"),), field.span)
    return plain(text.replace(token, known), field.span)


def _find(call: Call) -> None:
    _Find(call).run()


# ---------------------------------------------------------------------- fd

_FD = grammar(
    "d max-depth min-depth exact-depth E exclude t type e extension S size changed-within changed-before change-newer-than "
    "change-older-than newer older o owner j threads c color path-separator max-results batch-size base-directory search-path C "
    "ignore-file max-buffer-time format and gen-completions x exec X exec-batch",
    optional="hyperlink gen-completions strip-cwd-prefix",
    flags="H hidden I no-ignore no-ignore-vcs no-require-git no-ignore-parent u unrestricted s case-sensitive i ignore-case g glob "
    "regex F fixed-strings a absolute-path l list-details L follow p full-path prune 1 q quiet has-results show-errors "
    "one-file-system mount xdev 0 print0 h help V version no-follow no-hidden relative-path strip-cwd-prefix",
)
_FD_TOKENS = ("{//}", "{/.}", "{/}", "{.}", "{}")


def _fd(call: Call) -> None:
    statics = call.statics
    at = next(
        (i for i, text in enumerate(statics) if text in {"-x", "-X", "--exec", "--exec-batch"}), len(statics)
    )
    end = next((i for i in range(at, len(statics)) if statics[i] == ";"), len(statics))
    argv = call.args[at + 1 : end]
    call.args = [*call.args[:at], *call.args[end + 1 :]]
    parsed = call.parse(_FD)
    if parsed.has("h", "help", "V", "version", "gen-completions"):
        return
    if parsed.unknown or parsed.has("x", "X", "exec", "exec-batch"):
        call.opaque("an option that is not known, or a program to run that is attached to one")
    if parsed.uncertain and any(text is None for text in statics):
        call.opaque("an argument that is not known before it runs may be an option")
    within = parsed.values("C", "base-directory")
    starts = [*parsed.operands[1:], *parsed.values("search-path"), *within] or [plain(".", call.span)]
    for start in starts:
        call.read(start, recursive=True)
    if within:
        call.opaque("runs in another directory")
    if not argv:
        if not parsed.has("l", "L", "follow", "format", "list-details"):
            given = [*parsed.operands[1:], *parsed.values("search-path")] or [plain("", call.span)]
            aside = not parsed.has("H", "hidden", "u", "unrestricted")
            call.output = all_listed(call, given, "names that fd finds", outside_git=aside) or call.output
        return
    if not any(token in (field.static or "") for field in argv for token in _FD_TOKENS):
        argv = [*argv, plain("{}", call.span)]
    for token in _FD_TOKENS:
        note_code(call, argv, token)
    pattern = parsed.operands[0].static if parsed.operands else ""
    narrow = parsed.has("e", "extension") or any(char.isalnum() for char in pattern or "")
    for start in starts:
        place = start if start.static is None else plain(f"{start.static.rstrip('/')}/*", call.span)
        before = len(call.evaluator.effects)
        words = argv
        for token in _FD_TOKENS:
            words = [put(field, token, place) for field in words]
        call.run(words, certain=False)
        deepen(call, start, place, before, narrow=narrow)


# ---------------------------------------------------------------------- xargs

_XARGS = grammar(
    "I L n P s d E a J R S arg-file delimiter max-args max-procs max-chars process-slot-var",
    optional="i l e replace eof max-lines",
    flags="0 null r no-run-if-empty t verbose p interactive o open-tty x exit show-limits help version",
    stops=True,
)


def _xargs(call: Call) -> None:
    parsed = call.parse(_XARGS)
    if parsed.has("help", "version"):
        return
    doubts(call, parsed)
    for field in parsed.values("process-slot-var"):
        name = field.static
        if name is None or name in READ_BY_THE_SHELL or doubt_of(name, (("0",),)):
            call.opaque(f"sets `{field.text}` for what it runs")
    files = parsed.values("a", "arg-file")
    call.read(*files)
    argv = parsed.operands or [plain("echo", call.span)]
    text = None if files else call.stdin
    tokens = parsed.values("I", "replace", "i", "J")
    token = tokens[-1].static if tokens else "{}" if parsed.has("i", "replace") else None
    if tokens and token is None:
        call.opaque("what it replaces is not known before it runs")
    delimiters = parsed.values("d", "delimiter")
    exact = parsed.has("0", "null") or bool(delimiters)
    known = static_text(text) if text is not None else None
    items: list[Field] | None = None
    if known is not None:
        words = (
            _separated(known, parsed.has("0", "null"), delimiters)
            if exact
            else _quoted(known, lines=token is not None)
        )
        if words is not None:
            items = [plain(word, call.span) for word in words[:_MAX_FOUND]]
            if len(words) > _MAX_FOUND:
                items.append(Field((Hole("more names"),), call.span))
    if items is None:
        items = _unknown_items(call, text, open=token is None and not exact)
    if token is not None and not parsed.has("J"):
        note_code(call, argv, token)
        printed = [
            call.run([put(field, token, item) for field in argv], stdin=(), certain=False) for item in items
        ]
        if not any(token in field.text for field in argv):
            # Nothing is replaced, so the names go nowhere; whoever wrote it means them to be given to the command.
            call.run([*argv, *items], stdin=(), certain=False)
        call.output = _together(printed, parsed.has("P", "max-procs"))
        return
    if parsed.has("J") and token is not None:
        at = next((i for i, field in enumerate(argv) if field.static == token), len(argv))
        call.run([*argv[:at], *items, *argv[at + 1 :]], stdin=(), certain=False)
        return
    size = parsed.values("n", "max-args", "L", "l", "max-lines", "s", "max-chars", "S", "R")
    chunks = [[item] for item in items] if size and len(items) > 1 else []
    # How many go together is for xargs to decide: all at once, and each alone where it was told to.
    printed = [call.run([*argv, *chunk], stdin=(), certain=False) for chunk in [*chunks, items]]
    call.output = (
        printed[-1] if not size else _together(printed[:-1] or printed, parsed.has("P", "max-procs"))
    )


def _together(printed: list[Text], mixed: object) -> Text:
    return (Hole("the output of several commands"),) if mixed else tuple(p for text in printed for p in text)


def _unknown_items(call: Call, text: Text | None, *, open: bool) -> list[Field]:  # noqa: A002 - as Field says it
    """Names nobody has listed, with what is known of them all."""
    holes = [part for part in text or () if isinstance(part, Hole)]
    rest = "".join(part for part in text or () if isinstance(part, str))
    if text is None or rest.strip("\n") or not holes or not all(hole.below for hole in holes):
        return [Field((Hole("a name from another command"),), call.span, open=open)]
    return [Field((hole,), call.span, open=open) for hole in dict.fromkeys(holes)]


def _separated(text: str, null: bool, delimiters: list[Field]) -> list[str] | None:
    mark: str | None = "\0"
    if not null:
        given = delimiters[-1].static
        mark = {"\\n": "\n", "\\0": "\0", "\\t": "\t"}.get(given or "", given)
        if mark is None or len(mark) != 1:
            return None
    words = text.split(mark)
    return words[:-1] if words and words[-1] == "" else words


def _quoted(text: str, *, lines: bool) -> list[str] | None:
    """As xargs reads its input: blanks separate (newlines only, with ``-I``), quotes and backslashes protect."""
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char in "'\"":
            end = text.find(char, at)
            if end < 0 or "\n" in text[at:end]:
                return None
            word = (word or "") + text[at:end]
            at = end + 1
        elif char == "\\" and at < len(text):
            word = (word or "") + text[at]
            at += 1
        elif char == "\n" or (char in " \t" and (not lines or word is None)):
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + char
    return [*words, word] if word is not None else words


HANDLERS: dict[str, Callable[[Call], None]] = {
    "find": _find,
    "gfind": _find,
    "fd": _fd,
    "fdfind": _fd,
    "xargs": _xargs,
    "gxargs": _xargs,
}
