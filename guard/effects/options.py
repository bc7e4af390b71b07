"""Reading a program's arguments as its own option parser would. Pure syntax: says nothing of what options do.

Follows GNU getopt_long: bundled short options, attached and separate arguments, unique prefixes of long
options, ``--``, and permutation unless the program stops at its first operand.
"""

from guard.effects.values import Field, Hole, plain
from guard.model.dataclass import dataclass, field, once


@dataclass(frozen=True, slots=True)
class Grammar:
    """``takes``: options that need an argument. ``optional``: those whose argument must be attached.

    Short options are one character, long ones more, both without dashes. ``flags`` None = any other is a plain flag.
    """

    takes: frozenset[str]
    optional: frozenset[str] = frozenset()
    flags: frozenset[str] | None = None
    stops: bool = False
    """Whether options end at the first operand (wrappers such as ``env``, ``timeout``, ``sudo``)."""
    single_dash_long: bool = False
    """``-name`` is one option (find, java, terraform)."""
    exact: frozenset[str] = frozenset()
    """Flags that are known as they stand: `--status` is not the beginning of `--status-logger COMMAND`."""

    @once
    def long(self) -> frozenset[str]:
        """Names of more than one letter."""
        return frozenset({n for n in self.takes | self.optional | (self.flags or frozenset()) if len(n) > 1})


def grammar(
    takes: str = "",
    *,
    optional: str = "",
    flags: str | None = None,
    stops: bool = False,
    single_dash_long: bool = False,
) -> Grammar:
    """A grammar from words: ``grammar("n lines c bytes")``."""
    key = (takes, optional, flags, stops, single_dash_long)
    known = _GRAMMARS.get(key)
    if known is None:
        known = _GRAMMARS[key] = Grammar(
            frozenset(takes.split()),
            frozenset(optional.split()),
            None if flags is None else frozenset(flags.split()),
            stops,
            single_dash_long,
        )
    return known


_GRAMMARS: dict[tuple[str, str, str | None, bool, bool], Grammar] = {}
"""Each is asked for with words that stand in our own modules: as many as those spell."""


@dataclass(slots=True)
class Parsed:
    """``options`` in order as (name, argument or None)."""

    options: list[tuple[str, Field | None]] = field(default_factory=list)
    operands: list[Field] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    uncertain: bool = False
    """An argument that is not known may have been an option."""

    def has(self, *names: str) -> bool:
        """Whether any of these options was given."""
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> list[Field]:
        """Arguments of these options, in order."""
        return [value for name, value in self.options if name in names and value is not None]


def parse_options(args: list[Field], rules: Grammar) -> Parsed:
    """Split ``args`` (without the program's name) into options and operands."""
    out = Parsed()
    index = 0
    while index < len(args):
        arg = args[index]
        index += 1
        text = arg.static
        if text is None:
            if arg.open or not (arg.prefix or named(arg)):
                out.uncertain = True
            head = arg.prefix
            if len(head) > 1 and head.startswith("-"):
                _unknown_tail(arg, head, rules, out)
                continue
            out.operands.append(arg)
            if rules.stops:
                out.operands.extend(args[index:])
                break
        elif text == "--":
            out.operands.extend(args[index:])
            break
        elif text.startswith("--"):
            index += _long(text[2:], arg, args, index, rules, out)
        elif text.startswith("-") and len(text) > 1:
            index += _short(text[1:], arg, args, index, rules, out)
        else:
            out.operands.append(arg)
            if rules.stops:
                out.operands.extend(args[index:])
                break
    return out


def named(arg: Field) -> bool:
    """Whether it is a name that begins with more than a dash."""
    first = arg.parts[0] if arg.parts else None
    return isinstance(first, Hole) and bool(first.after)


def _unknown_tail(arg: Field, head: str, rules: Grammar, out: Parsed) -> None:
    """An option whose argument is attached and not known: ``--file=$X``, ``-f$X``."""
    if head.startswith("--") and "=" in head:
        name, _, rest = head[2:].partition("=")
        parts = (rest, *arg.parts[1:]) if rest else arg.parts[1:]
        out.options.append((_complete(name, rules, out), Field(parts, arg.span, open=arg.open)))
    elif not head.startswith("--") and head[1] in rules.takes | rules.optional:
        rest = head[2:]
        parts = (rest, *arg.parts[1:]) if rest else arg.parts[1:]
        out.options.append((head[1], Field(parts, arg.span, open=arg.open)))
    else:
        out.uncertain = True
        out.unknown.append(arg.text)


def _complete(name: str, rules: Grammar, out: Parsed) -> str:
    """The full name of a long option from a unique prefix."""
    known = rules.long
    if name in known or name in rules.exact:
        return name
    if rules.single_dash_long and name in rules.takes | rules.optional:
        # `-o=x` where `-output` is another option.
        return name
    matches = [n for n in known if n.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if rules.flags is not None:
        out.unknown.append("--" + name)
    return name


def _long(body: str, arg: Field, args: list[Field], index: int, rules: Grammar, out: Parsed) -> int:
    given, equals, value = body.partition("=")
    name = _complete(given, rules, out)
    if equals:
        out.options.append((name, plain(value, arg.span)))
        return 0
    if name != given and rules.flags is None:
        # `--force` may be the beginning of `--force-with-lease REF` or a flag of its own that no list names:
        # both are said, and what follows stays an operand too.
        out.options.append((given, None))
        out.options.append((name, args[index] if name in rules.takes and index < len(args) else None))
        return 0
    if name in rules.takes:
        if index < len(args):
            out.options.append((name, args[index]))
            return 1
        out.unknown.append("--" + name)
        return 0
    out.options.append((name, None))
    return 0


def _short(body: str, arg: Field, args: list[Field], index: int, rules: Grammar, out: Parsed) -> int:
    if rules.single_dash_long and len(body) > 1:
        return _long(body, arg, args, index, rules, out)
    for position, char in enumerate(body):
        rest = body[position + 1 :]
        if char in rules.takes:
            if rest:
                out.options.append((char, plain(rest, arg.span)))
                return 0
            if index < len(args):
                out.options.append((char, args[index]))
                return 1
            out.unknown.append("-" + char)
            return 0
        if char in rules.optional:
            out.options.append((char, plain(rest, arg.span) if rest else None))
            return 0
        if rules.flags is not None and char not in rules.flags:
            out.unknown.append("-" + char)
        out.options.append((char, None))
    return 0
