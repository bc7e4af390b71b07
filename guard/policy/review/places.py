"""Every way in which sets of path patterns can hold a place and what lies below it, each with a shortest place. Pure.

All patterns are read at once, component by component: places that lead to the same state are alike for every set.
"""

from guard.model.dataclass import dataclass
from guard.model.names import may_be_short_for, short_parts
from guard.model.typed import Iterable
from guard.policy.match import ANY, expand_braces
from guard.policy.review.alphabet import Pattern, Unproved, is_wild, texts

ROOTS = ("$W", "$H", "$T", "")
MOST = 60_000
Column = dict[int, tuple[int, ...]]
"""Nodes that one component leads on from, and where to."""


@dataclass(frozen=True, slots=True)
class Group:
    """Patterns of which a condition asks whether any holds."""

    patterns: frozenset[str]
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Places with a representative each: no place is treated otherwise than one of these."""

    places: tuple[str, ...]
    states: int
    complete: bool = True


class _Node:
    """A position in the patterns; what leads on alike is one node."""

    __slots__ = ("accept", "deep", "edges", "loop")

    def __init__(self, *, loop: bool = False) -> None:
        self.edges: dict[Pattern, _Node] = {}
        self.deep: _Node | None = None
        self.loop = loop
        self.accept = 0

    def then(self, part: str, *, fold: bool) -> "_Node":
        if part == "**":
            if self.loop:
                return self
            if self.deep is None:
                self.deep = _Node(loop=True)
            return self.deep
        return self.edges.setdefault(Pattern(part, fold and part not in {ANY, *ROOTS}), _Node())


class _Machine:
    def __init__(self, groups: tuple[Group, ...]) -> None:
        root = _Node()
        for index, group in enumerate(groups):
            for pattern in sorted(group.patterns):
                for single in expand_braces(pattern):
                    node = root
                    for part in single.rstrip("/").split("/"):
                        node = node.then(part, fold=group.fold)
                    node.accept |= 1 << index
        self.accept: list[int] = []
        self.below: list[int] = []
        self.reach: list[int] = []
        self.deep: list[int] = []
        self.loop: list[bool] = []
        self.edges: list[tuple[tuple[Pattern, int], ...]] = []
        self._known: dict[object, int] = {}
        self._closures: dict[int, tuple[int, int]] = {}
        self._looks: dict[int, tuple[int, int]] = {}
        self.done: dict[int, int] = {}
        """By what holds everything: nodes at which nothing else could be accepted."""
        self.start = self._number(root)
        self.loops = sum(1 << number for number, loop in enumerate(self.loop) if loop)
        self.onward = sum(
            1 << number
            for number, edges in enumerate(self.edges)
            if edges or self.loop[number] or self.deep[number] >= 0
        )
        """Nodes that anything leads on from: those that are left out only say what is here."""

    def _number(self, node: _Node) -> int:
        """Nodes from which the same is accepted get one number."""
        deep = self._number(node.deep) if node.deep is not None else -1
        edges = tuple(sorted(((p, self._number(child)) for p, child in node.edges.items()), key=_order))
        key = (node.accept, node.loop, deep, edges)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.accept)
            below = node.accept if node.loop else 0
            for _, child in edges:
                below |= self.reach[child]
            self.accept.append(node.accept)
            self.below.append(below)
            self.reach.append(below | node.accept | (self.reach[deep] if deep >= 0 else 0))
            self.deep.append(deep)
            self.loop.append(node.loop)
            self.edges.append(edges)
        return known

    def closure(self, number: int) -> tuple[int, int]:
        """Where one is who is at this node, as bits, and the groups that hold everything from there on."""
        known = self._closures.get(number)
        if known is None:
            nodes = held = 0
            at = number
            while at >= 0:
                nodes |= 1 << at
                if self.loop[at]:
                    held |= self.accept[at]
                at = self.deep[at]
            known = self._closures[number] = nodes, held
        return known

    def left(self, nodes: int, held: int) -> int:
        """Without the nodes at which whatever could still be accepted is accepted already, and will be for ever.

        ``held``: groups that hold everything from here on.
        """
        done = self.done.get(held)
        if done is None:
            done = sum(1 << number for number, reach in enumerate(self.reach) if not reach & ~held)
            self.done[held] = done
        return nodes & ~done

    def looks(self, nodes: int, held: int) -> tuple[int, int, int]:
        """Inside, may, must: as groups, in bits."""
        known = self._looks.get(nodes)
        if known is None:
            inside = may = 0
            for number in _bits(nodes):
                inside |= self.accept[number]
                may |= self.below[number]
            known = self._looks[nodes] = inside, may
        return known[0] | held, known[1] | held, held


def _order(edge: tuple[Pattern, int]) -> tuple[str, bool, int]:
    return edge[0].text, edge[0].fold, edge[1]


def _bits(value: int) -> Iterable[int]:
    while value:
        low = value & -value
        yield low.bit_length() - 1
        value ^= low


_FOUND: dict[tuple[frozenset[Group], bool, frozenset[Group]], Found | Unproved] = {}
"""The same patterns are asked about for several effects, and for each day on which an exception ends."""
_REMEMBERED = 64


def find(
    groups: Iterable[Group],
    *,
    rooted: bool,
    most: int = MOST,
    settled: frozenset[Group] = frozenset(),
) -> Found:
    """``rooted``: places of files, which begin with a root; else names such as those of branches. Raises Unproved.

    ``settled``: where one of these holds for all that lies below, nothing below is of interest.
    """
    given = frozenset(groups)
    settled &= given
    key = given, rooted, settled
    known = _FOUND.get(key)
    if known is None:
        if len(_FOUND) >= _REMEMBERED:
            _FOUND.clear()
        try:
            known = _FOUND[key] = _find(given, rooted=rooted, most=most, settled=settled)
        except Unproved as problem:
            if most == MOST:
                _FOUND[key] = problem
            raise
    if isinstance(known, Unproved):
        raise Unproved(*known.args)
    return known


def _find(groups: frozenset[Group], *, rooted: bool, most: int, settled: frozenset[Group]) -> Found:
    ordered = tuple(sorted(groups, key=lambda g: (sorted(g.patterns), g.fold)))
    machine = _Machine(ordered)
    final = sum(1 << number for number, group in enumerate(ordered) if group in settled)
    index = _Index(machine)
    symbols = [_Symbol(machine, text, column) for text, column in _symbols(machine, index)]
    roots = [_Symbol(machine, root, index.column(root)) for root in ROOTS]
    steps = _Steps(machine, symbols)
    nodes, held = machine.closure(machine.start)
    seen: set[tuple[int, int]] = set()
    kinds: dict[tuple[int, int, int], str] = {}
    met: set[tuple[int, int]] = set()
    level = [(machine.left(nodes, held), held, "")]
    first = True
    done = machine.done
    while level:
        after: list[tuple[int, int, str]] = []
        for at, held, spelled in level:
            for more, holds, text in steps.by(roots, at) if rooted and first else steps.apart(at, held):
                now = held | holds
                gone = done.get(now)
                nodes = machine.left(more, now) if gone is None else more & ~gone
                made = nodes, now
                if made in met:
                    continue
                met.add(made)
                place = text if first else f"{spelled}/{text}"
                kinds.setdefault(machine.looks(nodes, now), place)
                if now & final:
                    continue
                onward = nodes & machine.onward, now
                if onward not in seen:
                    seen.add(onward)
                    after.append((nodes, now, place))
            if len(seen) > most:
                raise Unproved(f"patterns of paths that can meet in more than {most} ways")
        level, first = after, False
    return Found(tuple(place or "/" for place in kinds.values()), len(seen))


_Step = tuple[int, int, str]
"""Nodes, groups that hold everything from there on, and the component that leads there."""


class _Symbol:
    """A component, with where it leads on from each node that it leads on from."""

    __slots__ = ("follow", "mask", "text")

    def __init__(self, machine: _Machine, text: str, column: Column) -> None:
        self.text = text
        self.mask = 0
        self.follow: dict[int, tuple[int, int]] = {}
        for node, children in column.items():
            self.mask |= 1 << node
            nodes = held = 0
            for child in children:
                more, holds = machine.closure(child)
                nodes, held = nodes | more, held | holds
            self.follow[node] = nodes, held


class _Steps:
    """Where components lead. Those that lead to the same from a set of nodes are one; it is worked out once for each set."""

    def __init__(self, machine: _Machine, symbols: list[_Symbol]) -> None:
        self._machine = machine
        self._symbols = symbols
        self._leading: dict[int, int] = {}
        """Components that lead on from a node, in bits."""
        for number, symbol in enumerate(symbols):
            for node in symbol.follow:
                self._leading[node] = self._leading.get(node, 0) | 1 << number
        self._awaited: dict[int, tuple[int, list[_Step]]] = {}
        self._looped: dict[int, list[tuple[int, int, int]]] = {}
        self._untried: dict[tuple[int, int], list[tuple[int, int, int]]] = {}

    def by(self, symbols: Iterable[_Symbol], nodes: int) -> list[_Step]:
        """From these nodes, one for each place that is led to."""
        out: dict[tuple[int, int], str] = {}
        stay, holds = self._stay(nodes & self._machine.loops)
        for symbol in symbols:
            out.setdefault(_led(symbol, nodes, stay, holds), symbol.text)
        return [(*made, text) for made, text in out.items()]

    def apart(self, nodes: int, held: int) -> list[_Step]:
        """From these nodes, to all that is not reached by :meth:`by` from elsewhere already."""
        loops = nodes & self._machine.loops
        known = self._awaited.get(nodes)
        if known is None:
            own = 0
            for node in _bits(nodes & ~loops):
                own |= self._leading.get(node, 0)
            made = self.by([self._symbols[number] for number in _bits(own)], nodes)
            known = self._awaited[nodes] = own, made
        own, made = known
        # What only a `**` waits for, or nothing, leads to the same wherever the same `**` waits.
        key = loops, held
        untried = self._untried.get(key)
        if untried is None:
            untried = self._looping(loops)
        if not untried:
            return made
        fresh: list[_Step] = []
        later: list[tuple[int, int, int]] = []
        for one in untried:
            symbols, more, holds = one
            if rest := symbols & ~own:
                # The lowest stands for all of them.
                fresh.append((more, holds, self._symbols[(rest & -rest).bit_length() - 1].text))
            else:
                later.append(one)
        self._untried[key] = later
        return made + fresh

    def _looping(self, loops: int) -> list[tuple[int, int, int]]:
        """All components, in bits, by where these nodes alone lead on to."""
        known = self._looped.get(loops)
        if known is None:
            stay, holds = self._stay(loops)
            alike: dict[tuple[int, int], int] = {}
            for number, symbol in enumerate(self._symbols):
                made = _led(symbol, loops, stay, holds)
                alike[made] = alike.get(made, 0) | 1 << number
            known = self._looped[loops] = [(symbols, *made) for made, symbols in alike.items()]
        return known

    def _stay(self, loops: int) -> tuple[int, int]:
        """What stays as it is whatever follows."""
        nodes = held = 0
        for number in _bits(loops):
            more, holds = self._machine.closure(number)
            nodes, held = nodes | more, held | holds
        return nodes, held


def _led(symbol: _Symbol, at: int, nodes: int, held: int) -> tuple[int, int]:
    """From ``at``, added to what stays."""
    led = at & symbol.mask
    while led:
        low = led & -led
        more, holds = symbol.follow[low.bit_length() - 1]
        nodes |= more
        held |= holds
        led ^= low
    return nodes, held


class _Index:
    """Where a component leads from each node."""

    def __init__(self, machine: _Machine) -> None:
        self._plain: dict[str, list[tuple[int, int]]] = {}
        self._folded: dict[str, list[tuple[int, int]]] = {}
        wild: dict[Pattern, list[tuple[int, int]]] = {}
        for number, edges in enumerate(machine.edges):
            for pattern, child in edges:
                if pattern.text == ANY:
                    for root in ROOTS[:3]:
                        self._plain.setdefault(root, []).append((number, child))
                elif is_wild(pattern.text):
                    wild.setdefault(pattern, []).append((number, child))
                else:
                    names = self._folded if pattern.fold else self._plain
                    names.setdefault(pattern.text, []).append((number, child))

        self._wild: list[tuple[Pattern, list[tuple[int, int]]]] = []
        self._affixed: dict[tuple[bool, str, str], list[tuple[str, str, int, list[tuple[int, int]]]]] = {}
        """By how a component is compared, and the letters that it has to begin and to end with."""
        for pattern, led in wild.items():
            affix = pattern.affix()
            if affix is None:
                self._wild.append((pattern, led))
            else:
                key = pattern.fold, affix[0][:1], affix[1][-1:]
                self._affixed.setdefault(key, []).append((*affix, led))
        self._shortened: dict[str, list[str]] = {}
        for name in self._folded:
            # Whatever a disk makes of it, a short name keeps two letters; those that are asked about have no ending.
            plain, kind = short_parts(name)
            if not kind:
                self._shortened.setdefault(plain[:2], []).append(name)

    def column(self, text: str) -> Column:
        out: dict[int, set[int]] = {}
        low = text.lower()
        led = [*self._plain.get(text, ()), *self._folded.get(low, ())]
        if low.endswith("~1"):
            led += [
                edge
                for name in self._shortened.get(low.partition("~")[0][:2], ())
                if may_be_short_for(low, name)
                for edge in self._folded[name]
            ]
        for pattern, edges in self._wild:
            if pattern.holds(text):
                led += edges
        for fold, given in ((False, text), (True, low)):
            for first in ("", given[:1]):
                for last in ("", given[-1:]):
                    for before, behind, length, edges in self._affixed.get((fold, first, last), ()):
                        if given.startswith(before) and given.endswith(behind) and len(given) >= length:
                            led += edges
        for number, child in led:
            out.setdefault(number, set()).add(child)
        return {number: tuple(sorted(children)) for number, children in out.items()}


def _symbols(machine: _Machine, index: _Index) -> list[tuple[str, Column]]:
    """Components, one for all that lead everywhere to the same."""
    leads: dict[Pattern, list[tuple[int, int]]] = {}
    for number, edges in enumerate(machine.edges):
        for pattern, child in edges:
            if pattern.text not in (*ROOTS, ANY):
                leads.setdefault(pattern, []).append((number, child))
    alike: dict[tuple[tuple[int, int], ...], set[Pattern]] = {}
    for pattern, where in leads.items():
        alike.setdefault(tuple(where), set()).add(pattern)
    kinds: dict[object, tuple[str, Column]] = {}
    for text in texts(map(frozenset, alike.values())):
        column = index.column(text)
        kinds.setdefault(tuple(sorted(column.items())), (text, column))
    return list(kinds.values())


def forget() -> None:
    """For those who measure."""
    _FOUND.clear()
