"""Which words of a command were known when it was analysed, as what, and where that came from: for explanations only.

The same evaluator with two of its parts replaced by ones that take notes. A decision never runs through here.
"""

from guard.effects.evaluate import Evaluator
from guard.effects.expand import Expander
from guard.effects.flow import Flow
from guard.effects.sources import Sources, is_secret_name, sources_of, union
from guard.effects.state import NOT_SET, State, Variable
from guard.effects.values import Field, Hole, Stream, Text, static_text
from guard.model.dataclass import dataclass
from guard.model.enums import Enum
from guard.model.facts import Facts
from guard.model.source import Span
from guard.model.typed import Iterable, override
from guard.shell.ast import Command, For, Glob, Script, Simple, Word

MAX_NOTES = 512
MAX_VALUES = 8
_MAX_SHOWN = 60


class Known(Enum):
    """How much of a word was known."""

    PLAIN = "plain"
    """It stands there as it is."""
    COMPUTED = "computed"
    """One exact value, or several exact words."""
    ONE_OF = "one of"
    PATTERN = "pattern"
    """A glob whose matches nobody has listed."""
    PREFIX = "begins with"
    """What it begins with is known, the rest is not."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordNote:
    """One word of one command."""

    span: Span
    """In the proposed text, or in the text that stands ``inside``."""
    source: str
    known: Known
    values: tuple[str, ...] = ()
    """What it may be: all of it, or what it begins with."""
    origins: tuple[str, ...] = ()
    """Where that came from, and why the rest is not known."""
    sources: Sources = ()
    """What the unknown part holds something of: see :mod:`guard.effects.sources`."""
    inside: Span | None = None
    """The command that runs the text in which the word stands; None = the proposed text."""


_RANK = list(Known)


class Tracer(Evaluator):
    """An analysis that takes notes."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.expander = NotingExpander(self)
        self._notes: dict[tuple[Span | None, Span], WordNote] = {}
        self._sites: dict[tuple[str, Text], str] = {}
        self._loops: dict[str, str] = {}
        self._texts: list[str] = []

    @property
    def notes(self) -> tuple[WordNote, ...]:
        """In the order of the text; what stands inside another text comes after it."""
        return tuple(sorted(self._notes.values(), key=_order))

    def note(self, word: Word, choices: list[list[Field]], origins: Iterable[str]) -> None:
        """What the expander made of ``word``."""
        if len(self._notes) >= MAX_NOTES or word.span.start == word.span.end:
            # The value of `IFS=`: nothing is written there that anything could be said of.
            return
        key = (self._span, word.span)
        known, values = _kind(word, choices)
        fields = [field for choice in choices for field in choice]
        found = tuple(dict.fromkeys(origin for origin in origins if origin))
        if not found and known is Known.UNKNOWN:
            found = tuple(dict.fromkeys(field.why for field in fields if field.static is None))
        sources = union(*[sources_of(field.parts) for field in fields])
        before = self._notes.get(key)
        if before is not None:
            # Met more than once: in a loop, or with other values of a variable.
            values = tuple(dict.fromkeys((*before.values, *values)))
            found = tuple(dict.fromkeys((*before.origins, *found)))
            sources = union(before.sources, sources)
            worst = max(known, before.known, key=_RANK.index)
            many = worst in {Known.COMPUTED, Known.PLAIN} and values != before.values
            known = Known.ONE_OF if many else worst
        self._notes[key] = WordNote(
            span=word.span,
            source=self.source_of(word.span),
            known=known,
            values=values[:MAX_VALUES],
            origins=found,
            sources=sources,
            inside=self._span,
        )

    def source_of(self, span: Span) -> str:
        return self._texts[-1][span.start : span.end] if self._texts else ""

    def place(self, span: Span) -> str:
        """``2:14``; empty in a text inside another."""
        if self._span is not None:
            return ""
        text = self._texts[0] if self._texts else ""
        return place(text, span.start)

    def substituted(self, script: Script, state: State, stdin: Text | None) -> Text:
        """What the evaluator makes of ``$( )``."""
        return self._substitute(script, state, stdin)

    def origin(self, name: str, value: Text) -> str:
        """Where a variable got this value; empty when no command of the line gave it."""
        site = self._sites.get((name, value))
        if site is not None:
            return f"assigned at {site}" if site else "assigned in that text"
        loop = self._loops.get(name)
        return "" if loop is None else f"a word of the loop at {loop}" if loop else "a word of a loop"

    # ------------------------------------------------------------------ the evaluator's own

    @override
    def analyse_text(self, text: str, state: State, stdin: Text | None = None) -> None:
        self._texts.append(text)
        super().analyse_text(text, state, stdin)

    @override
    def run_text(
        self, text: str, state: State, *, span: Span, certain: bool, depth: int, same: bool = False
    ) -> Flow:
        self._texts.append(text)
        try:
            return super().run_text(text, state, span=span, certain=certain, depth=depth, same=same)
        finally:
            self._texts.pop()

    @override
    def _command(self, command: Command, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        if isinstance(command, For):
            self._loops[command.name] = self.place(command.span)
        flow = super()._command(command, state, certain=certain, stdin=stdin)
        if isinstance(command, Simple):
            self._assigned(state, flow.ok, command.span)
            self._assigned(state, flow.fail, command.span)
        return flow

    def _assigned(self, before: State, after: State, span: Span) -> None:
        if after.variables is before.variables:
            return
        for name, variable in after.variables.items():
            old = before.variables.get(name)
            if old is not variable and old != variable:
                for value in variable.values:
                    self._sites[name, value] = self.place(span)


class NotingExpander(Expander):
    """An expander that tells the tracer of every word, and of what it looked into for it."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__(tracer.facts, tracer.ask, self._noted_substitution, tracer.opaque)
        self._tracer = tracer
        self._run = tracer.substituted
        self._origins: list[dict[str, None]] = []
        """Of the word being expanded; words of commands inside it have their own."""

    @override
    def fields(self, words: Iterable[Word], state: State) -> list[list[Field]]:
        words = tuple(words)
        if not self._origins:
            for word in words:
                known = word.static
                if known is not None:
                    self._tracer.note(word, [[Field((known,), word.span)]], ())
        return super().fields(words, state)

    @override
    def texts(self, word: Word, state: State) -> tuple[Text, ...]:
        if self._origins:
            return super().texts(word, state)
        self._origins.append({})
        try:
            found = super().texts(word, state)
        finally:
            origins = self._origins.pop()
        self._tracer.note(word, [[Field(text, word.span)] for text in found], origins)
        return found

    @override
    def variable(self, name: str, state: State) -> Variable:
        variable = super().variable(name, state)
        if self._origins:
            for value in variable.values[:MAX_VALUES]:
                self._origins[-1].setdefault(self._origin(name, value, state))
        return variable

    @override
    def _word(self, word: Word, state: State) -> list[list[Field]]:
        if self._origins:
            return super()._word(word, state)
        self._origins.append({})
        try:
            found = super()._word(word, state)
        finally:
            origins = self._origins.pop()
        if any(isinstance(part, Glob) for part in word.parts):
            origins.setdefault(_matched(found, self._tracer.source_of(word.span)))
        self._tracer.note(word, found, origins)
        return found

    def _noted_substitution(self, script: Script, state: State, stdin: Text | None) -> Text:
        outer, self._origins = self._origins, []
        try:
            printed = self._run(script, state, stdin)
        finally:
            self._origins = outer
        if outer and stdin is None:
            source = short(self._tracer.source_of(script.span).strip() or "a command")
            known = static_text(printed)
            outer[-1].setdefault(
                f"output of `{source}`, which nobody ran"
                if known is None
                else f"what `{source}` prints, worked out without running it"
            )
        return printed

    def _origin(self, name: str, value: Text, state: State) -> str:
        shown = f"${name}"
        if name in state.variables:
            site = self._tracer.origin(name, value)
            if value == NOT_SET or (value == ("",) and not site):
                return f"`{shown}` may not be set on some way through the line: worst case empty"
            return f"`{shown}`: {', '.join(part for part in (site, _reason(value)) if part) or 'set before'}"
        if name == "HOME":
            return "the home directory"
        if name in {"PWD", "OLDPWD"}:
            return "the current directory" if name == "PWD" else "the directory before"
        if name.isdigit() or name in {"@", "*"}:
            return (
                f"`{shown}`: an argument that was given"
                if static_text(value)
                else f"`{shown}`: no such argument"
            )
        if value == ("",):
            return f"`{shown}` is not set: worst case empty"
        if static_text(value) is not None:
            return f"`{shown}`: from the environment"
        if is_secret_name(name):
            return f"`{shown}`: a secret whose value is not looked at"
        # What else it could be is said beside its being unset.
        return "" if name not in self._tracer.facts.env else f"`{shown}`: {_reason(value)}"


# ---------------------------------------------------------------------- words


def _order(note: WordNote) -> tuple[int, int, int, int]:
    inside = note.inside
    return (
        inside is not None,
        inside.start if inside is not None else 0,
        note.span.start,
        note.span.end,
    )


def _matched(found: list[list[Field]], source: str) -> str:
    """What became of a pattern."""
    texts = [field.static for choice in found for field in choice]
    if not all(text is not None for text in texts):
        return "a pattern whose matches are not known"
    return "no name matches" if texts == [source] else "the names that match now"


def _kind(word: Word, choices: list[list[Field]]) -> tuple[Known, tuple[str, ...]]:
    if word.static is not None:
        return Known.PLAIN, (word.static,)
    fields = [field for choice in choices for field in choice]
    statics = [field.static for field in fields]
    if all(text is not None for text in statics):
        shown = [" ".join(field.static or "" for field in choice) for choice in choices]
        values = tuple(dict.fromkeys(shown))
        return (Known.ONE_OF if len(values) > 1 else Known.COMPUTED), values
    if not any(isinstance(part, Hole | Stream) for field in fields for part in field.parts):
        return Known.PATTERN, tuple(dict.fromkeys(field.text for field in fields))
    certain = tuple(dict.fromkeys(text for text in statics if text))
    begins = tuple(dict.fromkeys(_beginning(field) for field in fields if field.static is None))
    if not certain and all(begins):
        return Known.PREFIX, begins
    return Known.UNKNOWN, certain


def _beginning(field: Field) -> str:
    """What stands before the first part that is not known, though a blank in that part may split the word there."""
    out = ""
    for part in field.parts:
        if not isinstance(part, str):
            break
        out += part
    return out


def _reason(value: Text) -> str:
    return next((part.reason for part in value if isinstance(part, Hole | Stream)), "")


def short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def place(text: str, at: int) -> str:
    """``line:column``, both from 1."""
    return f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"
