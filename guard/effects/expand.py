"""Word expansion on abstract text, in bash's order: braces, tilde, parameters, substitutions, splitting, globs.

Follows POSIX 2.6 and the bash manual. Whatever cannot be told becomes a hole; unset is judged as empty *and* unknown.
"""

import posixpath
from itertools import product

from guard.effects.printf import unescape
from guard.effects.sources import is_secret_name, sources_of, union
from guard.effects.state import NOT_SET, READ_BY_THE_SHELL, State, Variable
from guard.effects.values import BRACKETS, Field, Hole, Piece, Stream, Text, Wild, names_in, static_text
from guard.model.dataclass import dataclass
from guard.model.facts import Answer, Facts, GlobFact, LookGlob, Lookup
from guard.model.source import Span
from guard.model.typed import Callable, Iterable, TypeVar, assert_never
from guard.shell.ast import (
    Arithmetic,
    ArrayValue,
    Braces,
    Glob,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Script,
    Substitution,
    Tilde,
    Word,
)

MAX_WORLDS = 16
MAX_BRACES = 256
MAX_FIELDS = 512
"""Of one word."""
MAX_TRIMMED = 2048
MAX_WORDS = 64
_SPACE = " \t\n"
_POURED: Text = (Hole("what is written into it"),)
LAST_JOB = Hole("the process that this shell started last", number=True)
_NUMBERS = frozenset("?#$!") | {
    "RANDOM",
    "SECONDS",
    "EPOCHSECONDS",
    "LINENO",
    "UID",
    "EUID",
    "PPID",
    "BASHPID",
    "SHLVL",
    "COLUMNS",
    "LINES",
}


@dataclass(frozen=True, slots=True)
class _Atom:
    piece: Piece | Wild | None
    """None = a boundary between the elements of ``"$@"``."""
    quoted: bool
    expanded: bool = False
    """From an expansion: splits and globs when unquoted."""


class _FieldBuilder:
    """Collects pieces into fields, as word splitting does."""

    def __init__(self, span: Span) -> None:
        self.fields: list[Field] = []
        self.current: list[Piece | Wild] = []
        self.present = False
        """Whether an empty field counts: something was quoted."""
        self.open = False
        self._span = span

    def add(self, piece: str) -> None:
        if piece:
            self.current.append(piece)

    def close(self) -> None:
        if self.present or self.current:
            self.fields.append(Field(_merge(self.current), self._span, open=self.open))
        self.current, self.present, self.open = [], False, False


class Expander:
    """Expands words of one analysis. ``ask`` answers lookups, ``substitute`` runs ``$( )`` and tells its output."""

    def __init__(
        self,
        facts: Facts,
        ask: Callable[[Lookup], Answer | None],
        substitute: Callable[[Script, State, Text | None], Text],
        opaque: Callable[[str, Span], None],
    ) -> None:
        self._facts = facts
        self._ask = ask
        self._substitute = substitute
        self._required: dict[str, None] = {}
        self._opaque = opaque

    # ------------------------------------------------------------------ public

    def fields(self, words: Iterable[Word], state: State) -> list[list[Field]]:
        """Argument lists the words may become: at least one, at most ``MAX_WORLDS``."""
        worlds: list[list[Field]] = [[]]
        words = tuple(words)
        # So many words in so many worlds would be looked at for too long.
        most = MAX_WORLDS if len(words) <= MAX_WORDS else 1
        for word in words:
            known = word.static
            if known is not None:
                # Most words of most commands.
                field = Field((known,) if known else (), word.span)
                for world in worlds:
                    world.append(field)
                continue
            alternatives = self._word(word, state)
            if len(worlds) * len(alternatives) > most:
                many = union(*[sources_of(f.parts) for choice in alternatives for f in choice])
                alternatives = [[Field((Hole("one of many values", sources=many),), word.span, open=True)]]
            if len(alternatives) == 1:
                for world in worlds:
                    world.extend(alternatives[0])
            else:
                worlds = [[*world, *choice] for world in worlds for choice in alternatives]
        return worlds

    def texts(self, word: Word, state: State) -> tuple[Text, ...]:
        """Values without splitting or globbing: right of ``=``, here-strings, ``case`` words."""
        out: dict[Text, None] = {}
        for atoms in self._worlds(word.parts, state, split=False):
            pieces: list[Piece] = []
            for atom in atoms:
                match atom.piece:
                    case None:
                        pieces.append(" ")
                    case Wild(text):
                        pieces.append(text)
                    case piece:
                        pieces.append(piece)
            out[_merge(pieces)] = None
        return tuple(out)

    def variable(self, name: str, state: State) -> Variable:
        """What ``$name`` may hold here."""
        variable = state.variables.get(name)
        if variable is not None:
            if variable.refers and variable.refers != name:
                return self.variable(variable.refers, state)
            return variable
        if name == "OLDPWD" and state.rare.old:
            return Variable(tuple((place,) for place in state.rare.old))
        if name == "HOME":
            return Variable(((self._facts.home,),))
        if name == "PWD":
            return Variable(
                tuple((d,) for d in state.cwd) or ((Hole("the current directory is not known"),),)
            )
        if name == "!":
            return Variable(((LAST_JOB,),))
        if name in _NUMBERS:
            return Variable(((Hole("a number known only when it runs", number=True),),))
        if name == "0":
            return Variable((state.name,))
        if name.isdigit():
            if state.positional is None:
                return Variable(((Hole("a positional parameter"),),))
            index = int(name) - 1
            return Variable((state.positional[index] if index < len(state.positional) else ("",),))
        if name in {"IFS", "-"}:
            return Variable(((_SPACE if name == "IFS" else "hB",),))
        value = self._facts.env.get(name)
        if is_secret_name(name):
            # Its value is nobody's business here; that it is one must be followed.
            secret = (Hole(f"the value of `${name}`", sources=(f"variable:{name}",)),)
            return Variable((secret,) if value else (("",), secret))
        if value is not None:
            return Variable(((value,),))
        # Worst case for a variable nobody has shown to be set: `rm -rf "$X/"` is `rm -rf /` when it is empty.
        return Variable((("",), (Hole(f"`${name}` is not set by anything we can see"),)))

    def take_required(self) -> tuple[str, ...]:
        """Names that ``${name:?}`` asked for since the last call: the shell stops where one is empty."""
        if not self._required:
            return ()
        names = tuple(self._required)
        self._required.clear()
        return names

    # ------------------------------------------------------------------ words

    def _word(self, word: Word, state: State) -> list[list[Field]]:
        """Alternatives, each the fields that the word becomes."""
        worlds: list[list[Field]] = [[]]
        for parts in _braces(word.parts):
            choices = [
                [f for field in self._split(atoms, word.span, state) for f in self._glob(field, state)]
                for atoms in self._worlds(parts, state, split=True)
            ]
            unique = [c for i, c in enumerate(choices) if c not in choices[:i]]
            for choice in unique:
                if len(choice) > MAX_FIELDS:
                    # More than anybody follows one by one: any words at all.
                    many = union(*[sources_of(field.parts) for field in choice[:MAX_FIELDS]])
                    choice[:] = [Field((Hole("a great many words", sources=many),), word.span, open=True)]
            if len(worlds) * len(unique) > MAX_WORLDS:
                many = union(*[sources_of(f.parts) for choice in unique for f in choice])
                unique = [[Field((Hole("one of many values", sources=many),), word.span, open=True)]]
            worlds = [[*world, *choice] for world in worlds for choice in unique]
        return worlds

    def _worlds(self, parts: Iterable[Part], state: State, *, split: bool) -> list[list[_Atom]]:
        options: list[list[list[_Atom]]] = [self._part(part, state, split=split) for part in parts]
        size = 1
        for option in options:
            size *= len(option)
        if size > MAX_WORLDS:
            options = [
                o
                if len(o) == 1
                else [
                    [
                        _Atom(
                            Hole("one of many values", sources=_sources(o)),
                            quoted=o[0][0].quoted if o[0] else True,
                            expanded=True,
                        )
                    ]
                ]
                for o in options
            ]
        return [[atom for choice in world for atom in choice] for world in product(*options)]

    def _part(self, part: Part, state: State, *, split: bool) -> list[list[_Atom]]:
        match part:
            case Literal(text, quoted):
                return [[_Atom(text, quoted=quoted)]]
            case Glob(text):
                return [[_Atom(Wild(text), quoted=False)]]
            case Tilde(user):
                return [[_Atom(piece, quoted=True) for piece in text] for text in self._tilde(user, state)]
            case Parameter():
                return self._parameter(part, state, split=split)
            case Substitution(script, quoted):
                printed = _strip_newlines(self._substitute(script, state, None))
                return [
                    [_Atom(piece, quoted=quoted, expanded=True) for piece in printed]
                    or [_Atom("", quoted=quoted, expanded=True)]
                ]
            case ProcessSubstitution(script, reads):
                if not reads:
                    # What is written into it, whoever gets the name knows: until then it could be anything.
                    self._substitute(script, state, _POURED)
                    return [[_Atom(Stream(None, "the input of a command", into=script), quoted=True)]]
                printed = self._substitute(script, state, None)
                stream = Stream(
                    static_text(printed),
                    "the output of a command",
                    sources_of(printed),
                    tuple(names_in(printed)),
                )
                return [[_Atom(stream, quoted=True)]]
            case Arithmetic(text, inner, quoted):
                self.arithmetic(text, inner, state, part.span)
                value: Piece = text.strip() if text.strip().isdigit() else Hole("a number", number=True)
                return [[_Atom(value, quoted=quoted)]]
            case Braces():
                return [
                    [
                        _Atom(
                            Hole("a brace expansion inside a word that does not split"),
                            quoted=False,
                            expanded=True,
                        )
                    ]
                ]
            case ArrayValue(elements, subscripts):
                # What it holds is expanded for what that runs; the value is not followed through `declare`.
                for word in (*elements, *(s for s in subscripts if s is not None)):
                    self.fields((word,), state)
                return [[_Atom(BRACKETS, quoted=True)]]
            case _:
                assert_never(part)

    def arithmetic(self, text: str, inner: Iterable[Part], state: State, span: Span) -> None:
        """Arithmetic evaluates the *values* of its variables: ``x='a[$(cmd)]'; ((x))`` runs ``cmd``."""
        names = _names(text)
        for part in inner:
            for atoms in self._part(part, state, split=False):
                for atom in atoms:
                    if isinstance(atom.piece, Hole | Stream) and not (
                        isinstance(atom.piece, Hole) and atom.piece.number
                    ):
                        self._opaque("arithmetic on a value that is not known can run commands", span)
                        return
                    if isinstance(atom.piece, str) and (
                        "[" in atom.piece or "$" in atom.piece or "`" in atom.piece
                    ):
                        self._opaque("arithmetic on text that can hold a command", span)
                        return
                    if isinstance(atom.piece, str):
                        names += _names(atom.piece)
        if any(self._holds_code(name, state, frozenset()) for name in names) or any(
            self._unseen(name, state) for name in _read_in(text)
        ):
            self._opaque("arithmetic on a value that is not known can run commands", span)

    def evaluates(self, value: Text, state: State, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a number is asked for where this may be a command: names in it stand for what they hold, and so on."""
        if not all(isinstance(piece, str) or (isinstance(piece, Hole) and piece.number) for piece in value):
            return True
        spelled = [piece for piece in value if isinstance(piece, str)]
        return any(letter in text for text in spelled for letter in "[$`") or any(
            self._holds_code(name, state, seen) for text in spelled for name in _names(text)
        )

    def unseen(self, value: Text, state: State) -> bool:
        """Whether a number that is asked for here may be one that an earlier command of the same shell has left."""
        return any(
            self._unseen(name, state) for piece in value if isinstance(piece, str) for name in _names(piece)
        )

    def _unseen(self, name: str, state: State) -> bool:
        return (
            state.rare.lived
            and name not in state.variables
            and name not in self._facts.env
            and name not in _NUMBERS
        )

    def _holds_code(self, name: str, state: State, seen: frozenset[str]) -> bool:
        variable = state.variables.get(name)
        if variable is None or name in seen:
            return False
        further = seen | {name}
        if variable.refers and ("[" in variable.refers or self._holds_code(variable.refers, state, further)):
            return True
        return any(
            self.evaluates(value, state, further) or self.unseen(value, state)
            for value in (*variable.values, *(variable.array or ()))
            if value != NOT_SET or name in self._facts.env
        )

    def _tilde(self, user: str, state: State) -> tuple[Text, ...]:
        match user:
            case "":
                return self.variable("HOME", state).values
            case "+":
                return self.variable("PWD", state).values
            case "-":
                old = state.rare.old
                return tuple((place,) for place in old) if old else ((Hole("the previous directory"),),)
            case "root":
                return (("/root",),)
            case _:
                return ((self._facts.home if user == self._facts.user else f"/home/{user}",),)

    # ------------------------------------------------------------------ parameters

    def _parameter(self, part: Parameter, state: State, *, split: bool) -> list[list[_Atom]]:
        quoted = part.quoted
        if (
            part.subscript is not None
            and part.subscript.static not in {"@", "*"}
            and not self.variable(part.name, state).keyed
        ):
            inner = part.subscript.parts
            text = "".join(p.text for p in inner if isinstance(p, Literal))
            self.arithmetic(text, (p for p in inner if not isinstance(p, Literal)), state, part.span)

        def atoms(text: Text) -> list[_Atom]:
            return [_Atom(piece, quoted=quoted, expanded=True) for piece in text] or [
                _Atom("", quoted=quoted, expanded=True)
            ]

        if part.length:
            return [[_Atom(Hole("a length", number=True), quoted=quoted, expanded=True)]]
        if part.indirect:
            return [atoms(text) for text in self._indirect(part, state)]
        many = self._many(part, state)
        if many is not None and not part.operator:
            out: list[_Atom] = []
            for index, element in enumerate(many):
                if index:
                    out.append(_Atom(None, quoted=quoted) if split else _Atom(" ", quoted=quoted))
                out.extend(atoms(element))
            return [out]
        if many is not None or part.subscript is not None:
            base = self._element(part, state)
        else:
            base = self.variable(part.name, state).values
            if state.unset_stops and part.name not in state.variables and not part.operator:
                # `set -u` stops the shell where nothing is set, so the empty case cannot go on.
                base = tuple(v for v in base if v != ("",)) or base
        return [atoms(text) for text in dict.fromkeys(self._operate(part, base, state))]

    def _indirect(self, part: Parameter, state: State) -> tuple[Text, ...]:
        """``${!x}``: the value of the variable that ``x`` names."""
        if part.subscript is not None or part.operator:
            return ((Hole("an indirect expansion"),),)
        named = [static_text(value) for value in self.variable(part.name, state).values]
        if any(text is None or "[" in text for text in named):
            self._opaque("an indirect expansion of a name that is not known can run commands", part.span)
        if all(text is not None and text.isidentifier() for text in named):
            return tuple(dict.fromkeys(v for text in named for v in self.variable(text or "", state).values))
        return ((Hole("an indirect expansion"),),)

    def _element(self, part: Parameter, state: State) -> tuple[Text, ...]:
        """``${a[2]}`` of an array whose elements are known."""
        variable = self.variable(part.name, state)
        array = variable.array
        if variable.keyed or (array is None and part.name in state.variables):
            # Of a single value `${x[0]}` is the value itself, and any other element is empty.
            return tuple(dict.fromkeys((*variable.values, ("",))))
        index = part.subscript.static if part.subscript is not None else None
        if array is None or index is None or not index.lstrip("-").isdigit():
            sources = union(*[sources_of(v) for v in self.variable(part.name, state).values])
            return ((Hole("an array element", sources=sources),),)
        if any(static_text(element) is None for element in array):
            return ((Hole("an array element", sources=union(*[sources_of(v) for v in array])),),)
        at = int(index)
        return (array[at],) if -len(array) <= at < len(array) else (("",),)

    def _many(self, part: Parameter, state: State) -> tuple[Text, ...] | None:
        """The elements of ``$@``, ``$*``, ``${a[@]}``; None when it is a single value."""
        if part.name in {"@", "*"}:
            return (
                state.positional if state.positional is not None else ((Hole("the positional parameters"),),)
            )
        if part.subscript is not None and part.subscript.static in {"@", "*"}:
            variable = self.variable(part.name, state)
            return (
                variable.array
                if variable.array is not None
                else ((Hole("an array that is not known"),),)
                if len(variable.values) > 1
                else variable.values
                if variable.values != (("",),)
                else ()
            )
        return None

    def _operate(self, part: Parameter, base: tuple[Text, ...], state: State) -> list[Text]:
        operator = part.operator
        if not operator:
            return list(base)
        if operator == ":":
            for word in (part.operand, part.replacement):
                inner = word.parts if word is not None else ()
                text = "".join(p.text for p in inner if isinstance(p, Literal))
                self.arithmetic(text, (p for p in inner if not isinstance(p, Literal)), state, part.span)
        operand = self.texts(part.operand, state) if part.operand is not None else (("",),)
        if part.replacement is not None:
            self.texts(part.replacement, state)
        out: list[Text] = []
        for value in base:
            known = static_text(value)
            match operator:
                case ":-" | "-" | ":=" | "=":
                    if known:
                        out.append(value)
                    elif known is None:
                        out.extend((value, *operand))
                    else:
                        out.extend(operand)
                        if "=" in operator and (
                            part.name in state.variables or part.name in READ_BY_THE_SHELL
                        ):
                            # Set in the middle of a command, where what we hold of it says that it is empty.
                            self._opaque(
                                f"`{part.name}` is given a value while words are put together", part.span
                            )
                case ":?" | "?":
                    if operator == ":?" and part.subscript is None and not part.name.isdigit():
                        self._required[part.name] = None
                    # Stops the command when it is empty: the worst case of an unset variable cannot happen.
                    if known != "":
                        out.append(value)
                case ":+" | "+":
                    out.extend(operand if known else (("",), *operand) if known is None else (("",),))
                case "#" | "##" | "%" | "%%":
                    plain = len(operand) == 1 and _plain_pattern(part.operand)
                    pattern = static_text(operand[0]) if plain else None
                    if known is not None and pattern is not None and len(known) <= MAX_TRIMMED:
                        out.append((_trim(known, pattern, operator),))
                    else:
                        out.append(_part_of(value))
                case "^" | "^^" | "," | ",," if known is not None and (
                    part.operand is None or not part.operand.parts
                ):
                    out.append((_case(known, operator),))
                case ":" if known is not None and part.operand is not None:
                    out.append(self._slice(known, part, state))
                case "/" | "//" | "/#" | "/%" if known is not None and len(operand) == 1:
                    out.append(self._replace(known, operand[0], part, state))
                case "@":
                    kind = part.operand.static if part.operand is not None else None
                    if known is not None and kind in _TRANSFORMS:
                        out.append((_TRANSFORMS[kind](known),))
                        continue
                    if kind not in {"Q", "U", "u", "L", "E", "A", "K", "a", "k"} and not (
                        known is not None and not set(known) & set("$`\\")
                    ):
                        self._opaque("`${name@P}` expands a prompt and runs what stands in it", part.span)
                    out.append((Hole("a transformed value", sources=sources_of(value)),))
                case _:
                    out.append(_part_of(value))
        return out or [("",)]

    def _slice(self, known: str, part: Parameter, state: State) -> Text:
        assert part.operand is not None
        start = static_text(self.texts(part.operand, state)[0])
        length = static_text(self.texts(part.replacement, state)[0]) if part.replacement is not None else ""
        if (
            start is None
            or length is None
            or not start.strip().isdigit()
            or (length and not length.strip().isdigit())
        ):
            return (Hole("part of a value that is not known"),)
        rest = known[int(start) :]
        return (rest[: int(length)] if length else rest,)

    def _replace(self, known: str, pattern: Text, part: Parameter, state: State) -> Text:
        old = static_text(pattern)
        new = static_text(self.texts(part.replacement, state)[0]) if part.replacement is not None else ""
        if (
            old is None
            or new is None
            or not old
            or any(c in old for c in "*?[\\")
            or "&" in new
            or part.operator not in {"/", "//"}
        ):
            return (Hole("part of a value that is not known"),)
        return (known.replace(old, new, 1 if part.operator == "/" else -1),)

    # ------------------------------------------------------------------ splitting and globbing

    def _split(self, atoms: list[_Atom], span: Span, state: State) -> list[Field]:
        separators = self._separators(state)
        out = _FieldBuilder(span)
        for atom in atoms:
            piece = atom.piece
            if piece is None:
                out.present = True
                out.close()
                out.present = atom.quoted
            elif not isinstance(piece, str):
                out.current.append(piece)
                out.open |= isinstance(piece, Hole) and not atom.quoted and not piece.number
            elif atom.quoted or not atom.expanded:
                out.present |= atom.quoted
                out.add(piece)
            elif separators is None:
                out.current.append(Hole("split at separators that are not known"))
                out.open = True
            else:
                for char in piece:
                    if char in separators:
                        out.close()
                        if len(out.fields) > MAX_FIELDS:
                            break
                    else:
                        out.current.append(Wild(char) if char in "*?[" else char)
        out.close()
        return out.fields

    def _separators(self, state: State) -> str | None:
        if "IFS" not in state.variables:
            return _SPACE
        values = state.variables["IFS"].values
        return static_text(values[0]) if len(values) == 1 else None

    def _glob(self, field: Field, state: State) -> list[Field]:
        if not any(isinstance(part, Wild) for part in field.parts) or field.open:
            return [field]
        pattern: list[str] = []
        for part in field.parts:
            match part:
                case Wild(text):
                    pattern.append(text)
                case str():
                    pattern.append(_escape(part))
                case _:
                    return [field]
        text = "".join(pattern)
        if len(state.cwd) != 1 and not text.startswith("/"):
            return [field]
        base = "/" if text.startswith("/") else state.cwd[0]
        answer = self._ask(LookGlob(base, text))
        if not isinstance(answer, GlobFact) or not answer.complete:
            return [field]
        # The shell keeps the spelling of the pattern: only `./*` protects from names that begin with `-`.
        prefix = 0 if text.startswith("/") else len(base.rstrip("/")) + 1
        names = dict.fromkeys(match_[prefix:] for match_ in answer.matches)
        # What this very line wrote is matched too, though nobody could see it when the facts were gathered.
        wanted = posixpath.normpath(posixpath.join(base, text)).split("/")
        for path, file in state.written.items():
            parts = path.split("/")[: len(wanted)]
            if not _may_match(parts, wanted[: len(parts)]):
                continue
            if len(parts) == len(wanted):
                name = "/".join(parts)
                names.setdefault(
                    name[prefix:] if name[:prefix] == f"{base.rstrip('/')}/" or not prefix else name
                )
            elif file.link:
                # What lies below the place where it leads, nobody has listed.
                return [field]
        if not names:
            return [Field(_merge([p.text if isinstance(p, Wild) else p for p in field.parts]), field.span)]
        return [Field((name,), field.span) for name in names]


def _part_of(value: Text) -> Text:
    return (Hole("part of a value that is not known", sources=sources_of(value)),)


def _sources(worlds: list[list[_Atom]]) -> tuple[str, ...]:
    return union(*[sources_of((atom.piece,)) for world in worlds for atom in world if atom.piece is not None])


def _may_match(parts: list[str], patterns: list[str]) -> bool:
    from fnmatch import fnmatchcase  # noqa: PLC0415 - it brings the compiler of patterns along

    return all(
        fnmatchcase(part, wanted) and not (part.startswith(".") and not wanted.startswith("."))
        for part, wanted in zip(parts, patterns, strict=True)
    )


_T = TypeVar("_T", bound=Piece | Wild)


def _merge(pieces: Iterable[_T | str]) -> tuple[_T | str, ...]:
    out: list[_T | str] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        elif piece != "":
            out.append(piece)
    return tuple(out)


def _strip_newlines(text: Text) -> Text:
    """What a shell keeps of an output: no newlines at its end, and no NUL."""
    if any(isinstance(piece, str) and "\0" in piece for piece in text):
        text = tuple(piece.replace("\0", "") if isinstance(piece, str) else piece for piece in text)
    if text and isinstance(text[-1], str):
        last = text[-1].rstrip("\n")
        return (*text[:-1], last) if last else text[:-1]
    return text


def _braces(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """Every word that the brace expansions of one word make, in order."""
    worlds: list[tuple[Part, ...]] = [()]
    for part in parts:
        if isinstance(part, Braces):
            choices = [inner for alternative in part.alternatives for inner in _braces(alternative)]
            if len(worlds) * len(choices) > MAX_BRACES:
                return [parts]
            worlds = [(*world, *choice) for world in worlds for choice in choices]
        else:
            worlds = [(*world, part) for world in worlds]
    return worlds


def _read_in(text: str) -> list[str]:
    """Names in arithmetic, less those that it has given a value itself by then."""
    given: set[str] = set()
    names: list[str] = []
    for clause in text.replace(";", ",").split(","):
        target, equals, value = clause.partition("=")
        target = target.strip()
        assigns = bool(equals) and target.isidentifier() and not value.startswith("=")
        names += (name for name in _names(value if assigns else clause) if name not in given)
        if assigns:
            given.add(target)
    return names


def _names(text: str) -> list[str]:
    names: list[str] = []
    word = ""
    for char in text + " ":
        if char.isalnum() or char == "_":
            word += char
        else:
            if word and not word[0].isdigit():
                names.append(word)
            word = ""
    return names


def _plain_pattern(word: Word | None) -> bool:
    """Whether ``fnmatch`` reads it as bash does: nothing quoted that would be special, no bracket, no expansion."""
    return word is not None and all(
        (isinstance(part, Literal) and not any(c in part.text for c in "*?[\\"))
        or (isinstance(part, Glob) and part.text in {"*", "?"})
        for part in word.parts
    )


def _escape(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _trim(value: str, pattern: str, operator: str) -> str:
    from fnmatch import fnmatchcase  # noqa: PLC0415 - it brings the compiler of patterns along

    lengths = range(len(value) + 1)
    order = lengths if len(operator) == 1 else reversed(lengths)
    for n in order:
        part = value[:n] if operator[0] == "#" else value[len(value) - n :]
        if fnmatchcase(part, pattern):
            return value[n:] if operator[0] == "#" else value[: len(value) - n]
    return value


_TRANSFORMS: dict[str | None, Callable[[str], str]] = {
    "U": str.upper,
    "L": str.lower,
    "u": lambda text: text[:1].upper() + text[1:],
    "E": unescape,
}
"""``${name@U}`` and its kin, where the value is known."""


def _case(value: str, operator: str) -> str:
    match operator:
        case "^":
            return value[:1].upper() + value[1:]
        case "^^":
            return value.upper()
        case ",":
            return value[:1].lower() + value[1:]
        case _:
            return value.lower()
