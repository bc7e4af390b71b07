"""``Script`` back to bash text in one canonical form: what bash is given is what was analysed. Pure.

``parse(emit(script))`` is the same tree but for spans. Quoting, backticks, blanks and comments take their canonical form.
"""

from guard.model.typed import assert_never
from guard.shell.ast import (
    Arithmetic,
    ArithmeticCommand,
    ArithmeticFor,
    ArrayValue,
    Assignment,
    Braces,
    Case,
    Command,
    Condition,
    Coproc,
    For,
    Function,
    Glob,
    Group,
    If,
    Item,
    Join,
    Literal,
    Loop,
    Parameter,
    Part,
    Pipeline,
    ProcessSubstitution,
    Redirect,
    RedirectOp,
    Script,
    Simple,
    Subshell,
    Substitution,
    Tilde,
    Unread,
    Word,
)
from guard.shell.compound import RESERVED


def emit(script: Script) -> str:
    """Raises ValueError for a tree with an ``Unread``: nothing stands for what was not read."""
    return _Emitter().lines(script)


_DEFAULTS = frozenset({":-", ":=", ":?", ":+", "-", "=", "?", "+"})


class _Emitter:
    """One text, or the inside of one substitution: here-document bodies wait for its next newline."""

    def __init__(self) -> None:
        self.waiting: list[str] = []

    # ------------------------------------------------------------------ lists

    def lines(self, script: Script) -> str:
        """The outermost script, with its lines as they were: an error in one does not end the next."""
        out: list[str] = []
        for at, item in enumerate(script.items):
            if at in script.lines:
                out.append(self._end_of_line(script.items[at - 1]))
            elif at:
                joined = item.join in {Join.AND, Join.OR}
                background = script.items[at - 1].background
                out.append(f" {item.join.value} " if joined else " & " if background else "; ")
            out.append(self._pipeline(item.pipeline))
        if script.items:
            out.append(self._end_of_line(script.items[-1]))
        return "".join(out)

    def _end_of_line(self, last: Item) -> str:
        bodies, self.waiting = self.waiting, []
        return (" &\n" if last.background else "\n") + "".join(bodies)

    def list(self, script: Script) -> str:
        """Every item of an inner script, with its terminator."""
        out: list[str] = []
        for at, item in enumerate(script.items):
            if at:
                if item.join in {Join.AND, Join.OR}:
                    out.append(f" {item.join.value} ")
                else:
                    out.append(self._terminator(script.items[at - 1]))
            out.append(self._pipeline(item.pipeline))
        if script.items:
            out.append(self._terminator(script.items[-1]))
        return "".join(out)

    def _terminator(self, item: Item) -> str:
        mark = " & " if item.background else "; "
        if not self.waiting:
            return mark
        bodies, self.waiting = self.waiting, []
        return (" &\n" if item.background else "\n") + "".join(bodies)

    def _pipeline(self, pipeline: Pipeline) -> str:
        out = ["! "] if pipeline.negated else []
        empty = pipeline.commands and pipeline.commands[0] == _nothing(pipeline.commands[0])
        if pipeline.timed:
            out.append("time " if empty else "time -- ")
        for at, command in enumerate(pipeline.commands):
            if at:
                out.append(" |& " if pipeline.stderr_too[at - 1] else " | ")
            out.append(self._command(command))
        return "".join(out)

    # ------------------------------------------------------------------ commands

    def _command(self, command: Command) -> str:
        match command:
            case Simple():
                return self._simple(command)
            case Group(body, redirects):
                return f"{{ {self.list(body)}}}{self._redirects(redirects)}"
            case Subshell(body, redirects):
                return f"( {self.list(body)}){self._redirects(redirects)}"
            case If(branches, otherwise, redirects):
                return self._if(branches, otherwise) + self._redirects(redirects)
            case Loop(condition, body, until, redirects):
                head = f"{'until' if until else 'while'} {self.list(condition)}"
                return head + self._do(body) + self._redirects(redirects)
            case For(name, words, body, redirects):
                head = f"{'select' if command.select else 'for'} {name}"
                if words is not None:
                    head += " in" + "".join(" " + self.word(word) for word in words)
                return f"{head}; {self._do(body)}{self._redirects(redirects)}"
            case ArithmeticFor(text, _, body, redirects):
                return f"for (({text})); {self._do(body)}{self._redirects(redirects)}"
            case Case():
                return self._case(command)
            case Function(name, body):
                return f"{name} () {self._command(body)}"
            case Condition(words, redirects):
                return f"[[ {' '.join(map(self.word, words))} ]]{self._redirects(redirects)}"
            case ArithmeticCommand(text, _, redirects):
                return f"(({text})){self._redirects(redirects)}"
            case Coproc(name, body):
                named = "" if isinstance(body, Simple) else f"{name} "
                return f"coproc {named}{self._command(body)}"
            case Unread(reason):
                raise ValueError(f"emit: a part that was not read has no text ({reason})")
            case _:
                assert_never(command)

    def _simple(self, command: Simple) -> str:
        first = [self._assignment(assignment) for assignment in command.assignments]
        words = [self.word(word) for word in command.words]
        redirects = self._redirects(command.redirects).strip(" ")
        # After a redirection bash takes `if` for a name, at the start of a command it does not.
        early = not first and words and words[0] in RESERVED
        order = [redirects, *words] if early else [*first, *words, redirects]
        return " ".join(text for text in order if text)

    def _if(self, branches: tuple[tuple[Script, Script], ...], otherwise: Script | None) -> str:
        out: list[str] = []
        for condition, body in branches:
            out.append(f"{'elif' if out else 'if'} {self.list(condition)}then {self.list(body)}")
        if otherwise is not None:
            out.append(f"else {self.list(otherwise)}")
        return "".join(out) + "fi"

    def _do(self, body: Script) -> str:
        return f"do {self.list(body)}done"

    def _case(self, command: Case) -> str:
        out = [f"case {self.word(command.word)} in "]
        for item in command.items:
            patterns = " | ".join(map(self.word, item.patterns))
            out.append(f"({patterns}) {self.list(item.body)}{item.terminator} ")
        return "".join(out) + "esac" + self._redirects(command.redirects)

    def _assignment(self, assignment: Assignment) -> str:
        subscript = "" if assignment.subscript is None else f"[{self._raw(assignment.subscript)}]"
        head = f"{assignment.name}{subscript}{'+=' if assignment.append else '='}"
        if assignment.value is None:
            return head + self._elements(assignment.array, assignment.subscripts)
        return head + self.word(assignment.value)

    def _elements(self, words: tuple[Word, ...], subscripts: tuple[Word | None, ...]) -> str:
        out: list[str] = []
        for at, word in enumerate(words):
            subscript = subscripts[at] if subscripts else None
            head = "" if subscript is None else f"[{self._raw(subscript)}]="
            out.append(head + self.word(word))
        return f"({' '.join(out)})"

    # ------------------------------------------------------------------ redirections

    def _redirects(self, redirects: tuple[Redirect, ...]) -> str:
        return "".join(" " + self._redirect(redirect) for redirect in redirects)

    def _redirect(self, redirect: Redirect) -> str:
        fd = "" if redirect.fd is None else redirect.fd
        head = f"{{{fd}}}" if isinstance(fd, str) and fd else str(fd)
        if redirect.op is not RedirectOp.HEREDOC:
            return f"{head}{redirect.op.value} {self.word(redirect.target)}"
        parts = redirect.target.parts
        plain = bool(parts) and all(isinstance(part, Literal) for part in parts)
        body = redirect.target.static if plain else "".join(map(self._in_heredoc, parts))
        end = "EOF"
        while end in (body or ""):
            end += "_"
        self.waiting.append(f"{body or ''}{end}\n")
        return f"{head}<<'{end}'" if plain else f"{head}<<{end}"

    def _in_heredoc(self, part: Part) -> str:
        if isinstance(part, Literal):
            text = part.text.replace("\\", "\\\\")
            return text.replace("$", "\\$").replace("`", "\\`")
        return self._expansion(part)

    # ------------------------------------------------------------------ words

    def word(self, word: Word) -> str:
        """Never empty, except for an empty value of an assignment, which is the same empty."""
        out: list[str] = []
        for part in word.parts:
            if isinstance(part, Literal) and part.quoted:
                out.append(_quote(part.text, after_dollar=bool(out) and out[-1].endswith("$")))
            elif isinstance(part, Literal):
                out.append(part.text)
            elif isinstance(part, Parameter | Substitution | Arithmetic) and part.quoted:
                out.append(f'"{self._expansion(part)}"')
            elif isinstance(part, Braces):
                out.append(self._braces(part))
            else:
                out.append(self._expansion(part))
        return "".join(out)

    def _braces(self, part: Braces) -> str:
        inside = [self.word(Word(choice, part.span)) for choice in part.alternatives]
        # A sequence of one: `{7}` would not expand.
        return f"{{{inside[0]}..{inside[0]}}}" if len(inside) == 1 else "{" + ",".join(inside) + "}"

    def _in_double(self, word: Word) -> str:
        """An operand inside double quotes, where single quotes mean nothing and yet are matched."""
        out: list[str] = []
        for part in word.parts:
            if not isinstance(part, Literal):
                out.append(self._expansion(part))
                continue
            # Quotes only around what needs them: a backslash in quotes in quotes is another matter.
            out += [
                "\\" + char if char in '\\$`"' else f'"{char}"' if char in "'}<>" else char
                for char in part.text
            ]
            if not part.text:
                out.append('""')
        return "".join(out)

    def _raw(self, word: Word) -> str:
        """Text that stands where quotes mean nothing."""
        return "".join(
            part.text if isinstance(part, Literal) else self._expansion(part) for part in word.parts
        )

    def _expansion(self, part: Part) -> str:
        match part:
            case Parameter():
                return self._parameter(part)
            case Substitution(script):
                return f"$( {_Emitter().list(script)})"
            case ProcessSubstitution(script, reads):
                return f"{'<' if reads else '>'}( {_Emitter().list(script)})"
            case Arithmetic(text):
                return f"$(({text}))"
            case Tilde(user):
                return f"~{user}"
            case Glob(text) | Literal(text):
                return text
            case Braces():
                return self._braces(part)
            case ArrayValue(elements, subscripts):
                return self._elements(elements, subscripts)
            case _:
                assert_never(part)

    def _parameter(self, part: Parameter) -> str:
        if part.operator == ":":
            inside = self._raw
        else:
            inside = self._in_double if part.quoted and part.operator in _DEFAULTS else self.word
        out = "#" if part.length else "!" if part.indirect else ""
        out += part.name
        if part.subscript is not None:
            out += f"[{self._raw(part.subscript)}]"
        if part.operand is not None:
            out += part.operator + inside(part.operand)
        if part.replacement is not None:
            out += ("/" if part.operator.startswith("/") else ":") + inside(part.replacement)
        return "${" + out + "}"


def _nothing(command: Command) -> Simple:
    return Simple((), (), (), command.span)


def _quote(text: str, *, after_dollar: bool) -> str:
    """One quoted word. A quote directly after a literal ``$`` would be read together with it."""
    if after_dollar and text:
        return "\\" + text[0] + (_quote(text[1:], after_dollar=False) if len(text) > 1 else "")
    if all(char.isprintable() for char in text):
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(map(_escape, text)) + "'"


def _escape(char: str) -> str:
    if char in "'\\":
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
