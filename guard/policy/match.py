"""Path patterns on places, all zones in one automaton. Pure: knows no files, only their spelling.

``*`` and ``?`` stay within a component, ``**`` stands for any number of them, ``{a,b}`` for either; ``dir/**``
includes ``dir``. Beside "is this place in the zone" it answers, for trees that nobody has listed, what may lie
below and what all of it surely is.
"""

from guard.model.dataclass import dataclass
from guard.model.names import may_be_short_for, short_parts
from guard.model.typed import Iterable, Mapping

REMEMBERED = 20_000
"""Places kept by a long-lived guard before it starts anew."""
_BRACES = 256
ANY = "$*"
"""The first part of a pattern that holds below each of several roots: compared as it stands."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Zones as bits: the place itself, what may lie strictly below it, and all of what lies strictly below it."""

    inside: int
    may: int
    must: int


class _Node:
    """A position in the patterns; patterns that begin alike share theirs."""

    __slots__ = ("_short", "accept", "affixes", "deep", "literal", "loop", "may", "wild")

    def __init__(self, *, loop: bool = False) -> None:
        self.literal: dict[str, _Node] = {}
        self.wild: list[tuple[str, _Node]] = []
        self.affixes: list[tuple[str, str, int, _Node]] = []
        """Those with a single ``*``: what stands before and behind it, the length of both, and where it leads."""
        self.deep: _Node | None = None
        self.loop = loop
        self.accept = 0
        self.may = 0
        self._short: tuple[int, dict[str, list[tuple[str, _Node]]]] | None = None

    def shortened(self, part: str) -> "list[tuple[str, _Node]]":
        """Those that a short name (folded) may be meant for: it keeps two letters, whatever a disk makes of the rest."""
        kept = self._short
        if kept is None or kept[0] != len(self.literal):
            known: dict[str, list[tuple[str, _Node]]] = {}
            for name, child in self.literal.items():
                known.setdefault(short_parts(name)[0][:2], []).append((name, child))
            kept = self._short = len(self.literal), known
        return kept[1].get(part.partition("~")[0][:2], [])

    def then(self, part: str) -> "_Node":
        if part == "**":
            if self.loop:
                return self
            if self.deep is None:
                self.deep = _Node(loop=True)
            return self.deep
        if ("*" not in part and "?" not in part) or part == ANY:
            return self.literal.setdefault(part, _Node())
        for pattern, node in self.wild:
            if pattern == part:
                return node
        before, star, behind = part.partition("*")
        simple = star and "*" not in behind and "?" not in part
        for known in self.affixes if simple else ():
            if known[:2] == (before, behind):
                return known[3]
        node = _Node()
        if simple:
            self.affixes.append((before, behind, len(part) - 1, node))
        else:
            self.wild.append((part, node))
        return node

    def close(self) -> int:
        """Work out ``may``; returns every zone that accepts here or below."""
        below = self.accept if self.loop else 0
        for child in (
            *self.literal.values(),
            *(node for _, node in self.wild),
            *(known[3] for known in self.affixes),
        ):
            below |= child.close()
        self.may = below
        return below | self.accept | (self.deep.close() if self.deep is not None else 0)


class ZoneMap:
    """Names of zones to bits, and places to the bits of the zones they are in.

    What begins alike is put together when something that begins so is asked about: most commands name the workspace only.
    """

    def __init__(
        self, zones: Mapping[str, Iterable[str]], *, first_bit: int = 0, short_names: bool = False
    ) -> None:
        """``short_names``: places and patterns are folded, and a place may be spelled in 8.3 names."""
        self._root = _Node()
        self._bits: dict[str, int] = {}
        self._below: dict[str, tuple[_Node, ...]] = {}
        self._known: dict[str, Membership] = {}
        self._short = short_names
        self._waiting: dict[str, list[tuple[str, int]]] = {}
        waiting = self._waiting
        for name, patterns in zones.items():
            bit = self._bits[name] = 1 << (len(self._bits) + first_bit)
            for pattern in patterns:
                for single in expand_braces(pattern) if "{" in pattern or "}" in pattern else (pattern,):
                    first = single.partition("/")[0]
                    if ("*" in first or "?" in first) and first != ANY:
                        self._add(single, bit)
                    elif first in waiting:
                        waiting[first].append((single, bit))
                    else:
                        waiting[first] = [(single, bit)]
        self._root.close()

    def _add(self, pattern: str, bit: int) -> None:
        node = self._root
        for part in pattern.rstrip("/").split("/"):
            node = node.literal.get(part) or node.then(part)
        node.accept |= bit

    def _begin(self, first: str) -> None:
        waiting = self._waiting.pop(first, None)
        if waiting is not None:
            for pattern, bit in waiting:
                self._add(pattern, bit)
            self._root.literal[first].close()

    def bit(self, name: str) -> int:
        return self._bits[name]

    def membership(self, place: str) -> Membership:
        known = self._known.get(place)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
                self._below.clear()
            known = self._known[place] = self._look(place.rstrip("/"))
        return known

    def _look(self, place: str) -> Membership:
        parent, slash, last = place.rpartition("/")
        if slash:
            states = self._below.get(parent)
            if states is None:
                states = self._walk(parent)
                self._below[parent] = states
        else:
            self._begin(last)
            states = _closed((self._root,))
        inside = may = must = 0
        for node in _step(states, last, short=self._short):
            inside |= node.accept
            may |= node.may
            if node.loop:
                must |= node.accept
        return Membership(inside, may, must)

    def _walk(self, place: str) -> tuple[_Node, ...]:
        parts = place.split("/")
        self._begin(parts[0])
        states = _closed((self._root,))
        for part in parts:
            states = _step(states, part, short=self._short)
        return states


def _closed(states: Iterable[_Node]) -> tuple[_Node, ...]:
    out = dict.fromkeys(states)
    for node in tuple(out):
        # `**` may stand for nothing: who is before it is behind it, too.
        if node.deep is not None:
            out[node.deep] = None
    return tuple(out)


def _step(states: tuple[_Node, ...], part: str, *, short: bool = False) -> tuple[_Node, ...]:
    out: list[_Node] = []
    short = short and "~" in part
    for node in states:
        if node.loop:
            out.append(node)
        following = node.literal.get(part)
        if following is not None:
            out.append(following)
        if short:
            out.extend(child for name, child in node.shortened(part) if may_be_short_for(part, name))
        for before, behind, length, child in node.affixes:
            if part.endswith(behind) and part.startswith(before) and len(part) >= length:
                out.append(child)
        if node.wild:
            out.extend(child for pattern, child in node.wild if wildcard(pattern, part))
    return _closed(out)


def wildcard(pattern: str, text: str) -> bool:
    """``*`` any run of characters, ``?`` any one. Linear in practice: only the last ``*`` is taken back."""
    at = star = retry = 0
    seen = False
    index = 0
    while index < len(text):
        if at < len(pattern) and pattern[at] == "*":
            seen, star, retry = True, at, index
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[index]):
            at += 1
            index += 1
        elif seen:
            retry += 1
            at, index = star + 1, retry
        else:
            return False
    return all(char == "*" for char in pattern[at:])


def expand_braces(pattern: str) -> tuple[str, ...]:
    """``a{b,c}d`` is ``abd`` and ``acd``. ValueError for braces that do not pair or stand for too much."""
    done: list[str] = []
    todo = [pattern]
    while todo:
        text = todo.pop()
        start = text.find("{")
        if start < 0:
            if "}" in text:
                raise ValueError("a `}` without its `{`")
            done.append(text)
            continue
        end = text.find("}", start)
        inner = text[start + 1 : end]
        if end < 0 or "{" in inner:
            raise ValueError("a `{` without its `}`, or braces in braces")
        todo.extend(text[:start] + choice + text[end + 1 :] for choice in reversed(inner.split(",")))
        if len(todo) + len(done) > _BRACES:
            raise ValueError(f"braces that stand for more than {_BRACES} patterns")
    return tuple(done)


def glob(pattern: str, name: str) -> bool:
    """One pattern on one name with components, such as a branch."""
    zone = ZoneMap({"it": (pattern,)})
    return bool(zone.membership(name).inside)
