"""Conditions of rules as Cedar expressions. Pure.

What Cedar cannot say (any element of a set that is *like* something, all parts of a set of sets) is asked for by name:
:class:`Vocabulary` collects the names, and who asks answers which of them hold.
"""

from guard.model.dataclass import dataclass, field
from guard.model.typed import Iterable
from guard.policy.export import cedar_schema
from guard.policy.export.meaning import Condition, OpenException
from guard.policy.hosts import UNKNOWN, network_of, normal
from guard.policy.rule import Rule

TRUE, FALSE = "true", "false"
SECRET = "secret"  # noqa: S105 - the word of a policy file


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names that conditions ask about; each list without repetition, in the order they were met."""

    unions: dict[tuple[str, ...], None] = field(default_factory=dict[tuple[str, ...], None])
    carried: dict[tuple[str, ...], None] = field(default_factory=dict[tuple[str, ...], None])
    programs: dict[str, None] = field(default_factory=dict[str, None])
    hosts: dict[str, None] = field(default_factory=dict[str, None])
    branches: dict[str, None] = field(default_factory=dict[str, None])


def union_name(zones: Iterable[str]) -> str:
    return " + ".join(sorted(zones))


def text(value: str) -> str:
    """A Cedar string."""
    out: list[str] = []
    for char in value:
        if char in '"\\':
            out.append("\\" + char)
        elif char.isprintable():
            out.append(char)
        else:
            out.append(f"\\u{{{ord(char):x}}}")
    return '"' + "".join(out) + '"'


def texts(values: Iterable[str]) -> str:
    return "[" + ", ".join(map(text, values)) + "]"


def both(*parts: str) -> str:
    if FALSE in parts:
        return FALSE
    left = list(dict.fromkeys(part for part in parts if part != TRUE))
    return " && ".join(left) if left else TRUE


def either(*parts: str) -> str:
    if TRUE in parts:
        return TRUE
    left = list(dict.fromkeys(part for part in parts if part != FALSE))
    if not left:
        return FALSE
    return (
        left[0]
        if len(left) == 1
        else "(" + " || ".join(f"({part})" if "&&" in part else part for part in left) + ")"
    )


def negated(part: str) -> str:
    return {TRUE: FALSE, FALSE: TRUE}.get(part) or f"!({part})"


class Writer:
    """Conditions, with what they ask about kept in :attr:`asked`."""

    def __init__(self) -> None:
        self.asked = Vocabulary()

    def met(self, condition: Condition, shape: str) -> str:
        """Whether the rule speaks of an effect of this shape."""
        rule = condition.rule
        return both(
            *(_flag(f"context.{name}", getattr(rule, name)) for name in ("observed", "surprise", "certain")),
            _flag("context.append", rule.append)
            if shape == cedar_schema.WRITE or rule.append is None
            else FALSE,
            self._programs(condition),
            self._places(condition, shape),
            self._network(condition, shape),
        )

    def open(self, exception: OpenException, shape: str) -> str:
        day = f"context has today && context.today <= datetime({text(exception.exception.expires)})"
        return both(day, self.met(exception.condition, shape))

    def _programs(self, condition: Condition) -> str:
        names = condition.rule.programs
        if not names:
            return TRUE
        self.asked.programs.update(dict.fromkeys(name for name in names if "*" in name or "?" in name))
        return f"context.{'names' if condition.strict else 'trusted'}.containsAny({texts(names)})"

    def _places(self, condition: Condition, shape: str) -> str:
        if not condition.placed:
            return TRUE
        match shape:
            case cedar_schema.FILE | cedar_schema.WRITE:
                return self._at(condition, "context.path")
            case cedar_schema.LINK:
                path = self._at(condition, "context.path")
                target = self._at(condition, "context.target")
                if not condition.strict:
                    return both(path, target)
                return path if condition.rule.itself else either(path, target)
            case _:
                return FALSE if condition.needs_place else TRUE

    def _at(self, condition: Condition, end: str) -> str:
        rule, strict = condition.rule, condition.strict
        lost = {
            "": TRUE,
            "yes": f"{end}.lost == 0",
            "unknown": f"{end}.lost < 0",
            "lost": f"{end}.lost > 0",
        }.get(rule.recoverable, f"{end}.lost != 0" if strict else f"{end}.lost > 0")
        return both(
            _flag(f"{end}.recursive", rule.recursive),
            lost,
            # An empty set of zones holds nothing.
            f"{end}.here.containsAny({texts(condition.zones)})" if rule.itself else TRUE,
            self._inside(condition.zones, end, strict=strict) if condition.zones else TRUE,
            negated(self._inside(condition.except_zones, end, strict=not strict))
            if condition.except_zones
            else TRUE,
        )

    def _inside(self, zones: tuple[str, ...], end: str, *, strict: bool) -> str:
        if strict:
            return f"{end}.any.containsAny({texts(zones)})"
        self.asked.unions[zones] = None
        return f"{end}.all.contains({text(union_name(zones))})"

    def _network(self, condition: Condition, shape: str) -> str:
        rule = condition.rule
        if not (rule.hosts or rule.except_hosts or rule.branches or rule.carries) and rule.upload is None:
            return TRUE
        match shape:
            case cedar_schema.CONNECT if rule.branches:
                return FALSE
            case cedar_schema.CONNECT:
                return both(
                    self._carried(condition) if rule.carries else TRUE,
                    _flag("context.upload", rule.upload),
                    self._among(condition.hosts, index=condition.index) if rule.hosts else TRUE,
                    self._not_carved(condition) if rule.except_hosts else TRUE,
                )
            case cedar_schema.BRANCH:
                return FALSE if rule.hosts or rule.carries else self._branch(rule, strict=condition.strict)
            case _:
                return FALSE

    def _carried(self, condition: Condition) -> str:
        words = (*condition.carries, *((SECRET,) if condition.secret else ()))
        if condition.strict:
            return f"context.carries.any.containsAny({texts(words)})"
        self.asked.carried[words] = None
        return f"context.carries.all.contains({text(union_name(words))})"

    def _not_carved(self, condition: Condition) -> str:
        among = self._among(condition.except_hosts, index=condition.except_index)
        untold = "context.host.unknown && !context.host.empty"
        if condition.strict:
            return negated(both(f"!({untold})", among))
        return both(f"!({untold})", negated(among))

    def _among(self, patterns: tuple[str, ...], *, index: bool) -> str:
        names: list[str] = []
        out = ["context.host.packageIndex"] if index else []
        for pattern in map(normal, patterns):
            if pattern == "*":
                return TRUE
            if pattern == UNKNOWN:
                out.append("context.host.unknown")
            elif (network := network_of(pattern)) is not None:
                out.append(
                    f"context.host has address && context.host.address.isInRange(ip({text(_network_text(pattern, network))}))"
                )
            elif "*" in pattern and "?" in pattern:
                self.asked.hosts[pattern] = None
                out.append(f"context.host.matches.contains({text(pattern)})")
            elif "*" in pattern:
                out.append(f"context.host has name && context.host.name like {text(pattern)}")
            else:
                names.append(pattern)
        if names:
            out.insert(0, f"context.host has name && {texts(names)}.contains(context.host.name)")
        return either(*out)

    def _branch(self, rule: Rule, *, strict: bool) -> str:
        if not rule.branches:
            return TRUE
        self.asked.branches.update(dict.fromkeys(rule.branches))
        matched = f"context.branch.matches.containsAny({texts(rule.branches)})"
        return either("context.branch.unknown", matched) if strict else matched


def address_text(bits: int, value: int) -> str:
    """In the one spelling that every parser of addresses reads alike."""
    if bits == 32:
        return ".".join(str(value >> shift & 0xFF) for shift in (24, 16, 8, 0))
    return ":".join(format(value >> shift & 0xFFFF, "x") for shift in range(112, -1, -16))


def _network_text(pattern: str, network: tuple[int, int, int]) -> str:
    bits, shift, base = network
    return (
        f"{address_text(bits, base << shift)}/{bits - shift}"
        if "/" in pattern
        else address_text(bits, base << shift)
    )


def _flag(name: str, wanted: bool | None) -> str:
    return TRUE if wanted is None else name if wanted else f"!{name}"
