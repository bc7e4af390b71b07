"""What there is to compare for one kind of effect: along each axis, one of everything that some rule tells apart. Pure."""

from guard.effects.place import place_of, roots
from guard.model.dataclass import dataclass, field, replace
from guard.model.facts import Facts
from guard.model.paths import UNRESOLVED_PLACE
from guard.model.typed import Any, Iterable
from guard.policy import hosts, zones
from guard.policy.evaluate import Seen
from guard.policy.layers import SECRET, exceptions_to
from guard.policy.review.alphabet import Pattern, Unproved, texts
from guard.policy.review.cell import BRANCHES, NETWORK, PLACED, TREES, Cell, Where
from guard.policy.review.places import Found, Group, find
from guard.policy.review.side import Meeting, Side
from guard.policy.rule import PolicyException, PolicyLayer, Rule

SETS = 4_096
"""Beyond this, ways in which links and trees join places are sampled."""
SAMPLED = 400
KEPT = 3
"""Pieces of an axis that meet the same rules."""
MOST_TOGETHER, STATES_TOGETHER = 40, 30_000

Conditions = Rule | PolicyException


@dataclass(frozen=True, slots=True)
class Piece:
    """What a cell is on one axis: fields of :class:`Cell`, and how hard it is to see."""

    weight: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether any of a path lies in these zones, or outside of them, or whether the path itself does."""

    zones: int
    outside: bool = False
    here: bool = False


@dataclass(slots=True)
class Axis:
    """``cells``: by the rules met on either side, the simplest pieces."""

    total: int = 0
    cells: dict[tuple[int, int], list[Piece]] = field(default_factory=dict[tuple[int, int], list[Piece]])
    unproved: list[str] = field(default_factory=list[str])
    states: int = 0

    def add(self, key: tuple[int, int], piece: Piece) -> None:
        if self.wants(key, piece.weight):
            self.keep(key, piece)

    def wants(self, key: tuple[int, int], weight: int) -> bool:
        """Counts it; whether none of those that are kept is easier to see, or there is room."""
        self.total += 1
        known = self.cells.get(key)
        return known is None or len(known) < KEPT or weight < known[-1].weight

    def keep(self, key: tuple[int, int], piece: Piece) -> None:
        known = self.cells.setdefault(key, [])
        known.append(piece)
        known.sort(key=lambda one: one.weight)
        del known[KEPT:]


class Axes:
    """Both policies' rules about one effect."""

    def __init__(
        self,
        old: Side,
        new: Side,
        effect: str,
        *,
        same_denies: bool,
        same_places: bool,
        each_rule: bool = False,
    ) -> None:
        """``same_denies``: both sides deny exactly the same effects of this name; ``same_places``: run them in the same place.

        ``each_rule``: it counts which rules are met, not only what they say together.
        """
        self._each_rule = each_rule
        self._same_denies = same_denies
        self._same_places = same_places
        self._shared: Found | None = None
        self._sides = (old, new)
        self._meeting = Meeting(old, new)
        self._effect = effect
        self._facts = old.facts
        self._said: list[tuple[PolicyLayer, Conditions]] = []
        for side in self._sides:
            layers = side.policy.layers
            for number, layer in enumerate(layers):
                for rule in layer.rules:
                    if effect in rule.effects and not rule.shadow:
                        self._said.append((layer, rule))
                        self._said += [
                            (layers[place], e) for place, e in exceptions_to(side.policy, number, rule)
                        ]
        self._rules = [said for _, said in self._said if isinstance(said, Rule)]

    def groups(self) -> list[Group]:
        """Patterns of paths that its rules ask about."""
        return self._groups([*self._conditions()]) if self._effect in PLACED else []

    def settled(self) -> frozenset[Group]:
        """Patterns of which it is enough that one holds: whatever else there is, both sides say the same."""
        if self._each_rule:
            return frozenset()
        both: list[frozenset[Group]] = []
        for side in self._sides:
            rules = side.asks if self._same_denies and self._same_places else side.denies
            said = side.lone(rules)
            both.append(
                frozenset(
                    group for layer, rule in said for group in _groups_of(rule.zones, dict(layer.zones))
                )
            )
        return both[0] & both[1]

    def all(self, shared: Found | None) -> list[Axis]:
        """``shared``: places that tell apart whatever the rules of any effect do."""
        self._shared = shared
        axes = [self._place(), self._program(), self._state()]
        if self._effect == NETWORK or self._effect in BRANCHES:
            axes += [self._host(), self._sends()]
        else:
            axes += [self._one("host"), self._one("sends")]
        return axes

    def _met(self, axis: str, fields: dict[str, Any], facts: Facts | None = None) -> tuple[int, int]:
        effect = Cell(self._effect, **fields).resolved(self._facts)
        old, new = self._sides
        facts = facts or self._facts
        return (
            old.meets(Seen(effect, old.tables, facts), axis),
            new.meets(Seen(effect, new.tables, facts), axis),
        )

    def _one(self, axis: str) -> Axis:
        out = Axis()
        out.add(self._met(axis, {}), Piece(0, {}))
        return out

    # ------------------------------------------------------------------ places

    def _place(self) -> Axis:
        if self._effect not in PLACED:
            return self._one("place")
        axis = Axis()
        found = self._places(axis, [*self._conditions()])
        singles = [*found.places, UNRESOLVED_PLACE]
        lost = (-1, 0, 1) if any(rule.recoverable for rule in self._rules) else (0,)
        made: list[Where] = [Where((place,)) for place in singles]
        made += self._joined(axis, found.places, listed=False, recursive=False)
        if self._effect in TREES:
            made += [
                Where((place,), recursive=True, listed=listed)
                for place in singles
                for listed in (False, True)
            ]
            made += self._joined(axis, found.places, listed=False, recursive=True)
            made += self._joined(axis, found.places, listed=True, recursive=True)
        link = self._effect == "fs.link"
        kinds = Axis() if link else axis
        for where in made:
            weight = where.weight
            ends = self._meeting.ends(where)
            for number in lost:
                key = self._meeting.met(ends, number)
                if kinds.wants(key, weight):
                    kinds.keep(
                        key, Piece(weight, {"where": replace(where, lost=number) if number else where})
                    )
        if link:
            self._links(axis, {key: pieces[0] for key, pieces in kinds.cells.items()})
        return axis

    def _links(self, axis: Axis, kinds: dict[tuple[int, int], Piece]) -> None:
        """Two ends, each anything: joined by what the rules say of each, not one by one."""
        settled = {key for key in kinds if self._settled(key)}
        open_ = [(key, piece, *self._of_target(key)) for key, piece in kinds.items() if key not in settled]
        for one, first in kinds.items():
            strict = [met & side.strict for met, side in zip(one, self._sides, strict=True)]
            others = [(one, first, *self._of_target(one))] if one in settled else open_
            for _, second, target, both in others:
                # A strict rule speaks of either end, or of the new name only; a permissive one of both.
                key = strict[0] | target[0] | one[0] & both[0], strict[1] | target[1] | one[1] & both[1]
                weight = first.weight + second.weight
                if axis.wants(key, weight):
                    fields = {"where": first.fields["where"], "target": second.fields["where"]}
                    axis.keep(key, Piece(weight, fields))

    def _of_target(self, met: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Of rules that it meets: the strict ones that speak of what a link leads to too, and the permissive ones."""
        old, new = self._sides
        return (
            (met[0] & old.strict & ~old.itself, met[1] & new.strict & ~new.itself),
            (met[0] & ~old.strict, met[1] & ~new.strict),
        )

    def _settled(self, met: tuple[int, int]) -> bool:
        """Whether both sides say the same of it, and of all that takes it along."""
        old, new = self._sides
        if met[0] & old.denies and met[1] & new.denies:
            return True
        same = self._same_denies and self._same_places
        return same and bool(met[0] & old.asks and met[1] & new.asks)

    def _conditions(self) -> Iterable[tuple[str, ...]]:
        for layer, said in self._said:
            own = dict(layer.zones)
            for names in _zone_names(said):
                if names:
                    yield tuple(
                        f"{layer.kind}:{layer.name}:{name}" if name in own else name for name in names
                    )

    def _places(self, axis: Axis, conditions: list[tuple[str, ...]]) -> Found:
        if self._shared is not None:
            axis.states += self._shared.states
            return self._shared
        try:
            found = find(self._groups(conditions), rooted=True, settled=self.settled())
        except Unproved as problem:
            axis.unproved.append(str(problem))
            return Found(self._sampled(conditions), 0, complete=False)
        axis.states += found.states
        return found

    def _groups(self, conditions: list[tuple[str, ...]]) -> list[Group]:
        groups: dict[Group, None] = {Group(frozenset({"$W/**"})): None}
        named = {name for names in conditions for name in names}
        for layer, said in self._said:
            own = dict(layer.zones)
            for names in _zone_names(said):
                groups.update(dict.fromkeys(_groups_of(names, own)))
        if named & {"system", "device", "harmless-device"}:
            for patterns in (("/**",), ("/",), ("/dev/**",), ("/dev",), zones.NAMED["harmless-device"]):
                groups[Group(frozenset(patterns))] = None
        if "guard" in named:
            at = roots(self._facts)
            own_paths = frozenset(place_of(path, at).lower() + "/**" for path in self._facts.guard_paths)
            groups[
                Group(frozenset(p.replace("$w", "$W").replace("$h", "$H") for p in own_paths), fold=True)
            ] = None
        return [group for group in groups if group.patterns]

    def _sampled(self, conditions: list[tuple[str, ...]]) -> tuple[str, ...]:
        """Where the automaton would be too large: places that each pattern was written for, and near misses."""
        out: dict[str, None] = dict.fromkeys(("$W", "$H", "$T", "/", "$W/x", "$H/x", "$T/x", "/x"))
        for group in self._groups(conditions):
            for pattern in sorted(group.patterns):
                base = pattern.replace("$*", "$W").replace("?", "x")
                for text in (
                    base.replace("/**", ""),
                    base.replace("**", "x"),
                    base.replace("**", "x/y") + "/z",
                ):
                    out[text.replace("*", "x").rstrip("/") or "/"] = None
        return tuple(out)[: SETS // 2]

    def _joined(self, axis: Axis, places: tuple[str, ...], *, listed: bool, recursive: bool) -> list[Where]:
        """Places that one path has together: by links, or because they lie in one tree."""
        singles = [Where((place,), recursive=recursive, listed=listed) for place in places]
        # Whatever else such a path had, both sides would say the same of it.
        meeting = self._meeting
        open_ = [where for where in singles if not self._settled(meeting.met(meeting.ends(where)))]
        known: _Unions = {}
        for merged in (False,) if self._each_rule else (False, True):
            # Each rule by itself tells which of them gives way; where that is too much, rules that say the same are one.
            asked = self._asked(recursive=recursive, merged=merged)
            known, whole = _unions([(where, *self._features(where, asked)) for where in open_], listed=listed)
            if whole:
                break
        else:
            axis.unproved.append("places that links and trees join")
        return [
            Where(spelled, below, recursive=recursive, listed=listed)
            for spelled, below in known.values()
            if len(spelled) + len(below) > 1
        ]

    def _asked(self, *, recursive: bool, merged: bool) -> tuple[tuple[_Question, ...], ...]:
        """What rules of each side ask of a path: the answers for several places together are those of each."""
        old, new = (_asked_by(side, recursive=recursive, merged=merged) for side in self._sides)
        return (tuple(dict.fromkeys((*old, *new))),) if self._meeting.alike else (old, new)

    def _features(self, where: Where, asked: tuple[tuple[_Question, ...], ...]) -> tuple[int, int]:
        """Which questions are answered with yes, as a path of its own and as one that lies below another."""
        whole = rest = 0
        bit = 1
        # Where a path is the same to both sides, what they ask of it is put together.
        for end, questions in zip(self._meeting.ends(where), asked, strict=False):
            for one in questions:
                if one.here:
                    whole |= bit if end.here & one.zones else 0
                elif (
                    any(not part & one.zones for part in end.all_zones)
                    if one.outside
                    else end.any_zone & one.zones
                ):
                    whole |= bit
                    rest |= bit
                bit <<= 1
        return whole, rest

    # ------------------------------------------------------------------ programs, flags

    def _program(self) -> Axis:
        axis = Axis()
        named = {program for _, said in self._said for program in said.programs}
        old, new = self._sides
        single: dict[tuple[int, int], str] = {}
        for text in texts(frozenset({Pattern(program)}) for program in named) or ["x"]:
            single.setdefault(self._met("program", {"program": text}), text)
        strict = {key: (key[0] & old.strict, key[1] & new.strict) for key in single}
        loose = {key: (key[0] & ~old.strict, key[1] & ~new.strict) for key in single}
        # Of its other names only strict rules hear, and of its content all.
        contents = [key for key, text in single.items() if text.startswith("sha256:")]
        starts: list[tuple[tuple[int, int], tuple[int, int], tuple[str, ...]]] = [
            (key, key, (text,)) for key, text in single.items()
        ]
        for first, text in single.items():
            for key in contents:
                both = (loose[first][0] | loose[key][0], loose[first][1] | loose[key][1])
                whole = (strict[first][0] | both[0], strict[first][1] | both[1])
                starts.append((first, whole, (text, single[key])))
        for first, whole, names in starts:
            known: dict[tuple[int, int], tuple[str, ...]] = {
                (whole[0] | strict[first][0], whole[1] | strict[first][1]): names
            }
            todo = list(known)
            for key in todo:
                for more, text in single.items():
                    joined = key[0] | strict[more][0], key[1] | strict[more][1]
                    if joined not in known:
                        known[joined] = (*known[key], text)
                        todo.append(joined)
                if len(known) > SETS:
                    axis.unproved.append("programs under several names")
                    break
            for key, given in known.items():
                fields = {"program": given[0], "names": given}
                axis.add(key, Piece(sum(map(len, given)) + 100 * (len(given) - 1), fields))
        return axis

    def _state(self) -> Axis:
        axis = Axis()
        asked = {
            name
            for name in ("certain", "observed", "surprise", "append")
            if any(getattr(rule, name) is not None for rule in self._rules)
        }
        both = (False, True)
        for certain in both if "certain" in asked else (True,):
            for observed in both if asked & {"observed", "surprise"} else (False,):
                for surprise in both if observed and "surprise" in asked else (False,):
                    for append in both if "append" in asked else (False,):
                        fields = {
                            "certain": certain,
                            "observed": observed,
                            "surprise": surprise,
                            "append": append,
                        }
                        axis.add(
                            self._met("state", fields),
                            Piece(5 * ((not certain) + observed + surprise), fields),
                        )
        return axis

    # ------------------------------------------------------------------ network

    def _host(self) -> Axis:
        axis = Axis()
        if self._effect in BRANCHES:
            groups = [Group(frozenset(said.branches)) for _, said in self._said if said.branches]
            found = find([*groups, Group(frozenset({"**"}))], rooted=False)
            axis.states += found.states
            for branch in (*found.places, "?"):
                axis.add(self._met("host", {"branch": branch}), Piece(len(branch), {"branch": branch}))
            return axis
        patterns = {"*"}
        for layer, said in self._said:
            own = dict(layer.hosts)
            for name in (*said.hosts, *(said.except_hosts if isinstance(said, Rule) else ())):
                patterns.update(hosts.normal(p) for p in (own.get(name) or hosts.NAMED.get(name) or (name,)))
        indexed = any(r.index or r.except_index for side in self._sides for r in side.rulings)
        for host in host_kinds(patterns):
            for configured in (False, True) if indexed and host != hosts.UNKNOWN else (False,):
                fields = {"host": host, "package_host": configured}
                facts = replace(self._facts, package_hosts=(hosts.normal(host),) if configured else ())
                # A name that is easily read stands for many better than an address.
                weight = len(host) + 40 * configured + 20 * (hosts.address(host) is not None)
                axis.add(self._met("host", fields, facts), Piece(weight, fields))
        return axis

    def _sends(self) -> Axis:
        axis = Axis()
        if self._effect in BRANCHES:
            return self._one("sends")
        sources: tuple[str, ...] = ()
        if any(rule.carries for rule in self._rules):
            groups = self._groups([])
            found = find(groups, rooted=True)
            axis.states += found.states
            sources = (*(f"file:{place}" for place in found.places), "secret:TOKEN")
        for carries in self._carried(axis, sources):
            for upload in (False, True):
                fields = {"upload": upload, "carries": carries}
                weight = sum(map(len, carries)) + 50 * len(carries) + 5 * upload
                axis.add(self._met("sends", fields), Piece(weight, fields))
        return axis

    def _carried(self, axis: Axis, sources: tuple[str, ...]) -> list[tuple[str, ...]]:
        """What is sent together: by whether any, and whether all of it, is in what a rule speaks of."""
        base: dict[int, str] = {}
        old, new = self._sides
        width = len(old.rulings) + len(new.rulings)
        for source in sources:
            feature = 0
            # A rule may speak of what is sent, and of what is not sent but known to be at hand.
            for upload in (False, True):
                met = self._met("sends", {"upload": upload, "carries": (source,)})
                flat = met[0] | met[1] << len(old.rulings)
                feature = feature << 2 * width | flat << width | ((1 << width) - 1 & ~flat)
            base.setdefault(feature, source)
        known: dict[int, tuple[str, ...]] = {0: ()}
        todo = [0]
        for feature in todo:
            for more, source in base.items():
                if feature | more not in known:
                    known[feature | more] = (*known[feature], source)
                    todo.append(feature | more)
            if len(known) > SETS:
                axis.unproved.append("what may be sent together")
                break
        return list(known.values())


def _groups_of(names: tuple[str, ...], own: dict[str, tuple[str, ...]]) -> list[Group]:
    """Patterns of zones that stand in one condition: some of them are compared folded."""
    plain = frozenset(
        pattern
        for name in names
        if name not in zones.FOLDED or name in own
        for pattern in (own.get(name) or zones.NAMED.get(name, ()))
    )
    folded = frozenset(
        pattern for name in names if name in zones.FOLDED and name not in own for pattern in zones.NAMED[name]
    )
    return [group for group in (Group(plain), Group(folded, fold=True)) if group.patterns]


def _zone_names(said: Conditions) -> tuple[tuple[str, ...], ...]:
    """Of each condition about places, those of what is sent too."""
    if not isinstance(said, Rule):
        return (said.zones,)
    return said.zones, said.except_zones, tuple(zone for zone in said.carries if zone != SECRET)


def _asked_by(side: Side, *, recursive: bool, merged: bool) -> tuple[_Question, ...]:
    out: dict[_Question, None] = {}
    for rulings in side.alike if merged else [(ruling,) for ruling in side.rulings]:
        first = rulings[0]
        if first.rule.recursive not in (None, recursive):
            continue
        inside = 0
        for ruling in rulings:
            inside |= ruling.at.zones
        if inside:
            out[_Question(inside, outside=not first.strict)] = None
            if first.rule.itself:
                out[_Question(inside, here=True)] = None
        if first.at.except_zones:
            out[_Question(first.at.except_zones, outside=first.strict)] = None
    return tuple(out)


_Unions = dict[int, tuple[tuple[str, ...], tuple[str, ...]]]
"""By the answers to all questions: places of one path, and of what lies below it."""


def _unions(given: list[tuple[Where, int, int]], *, listed: bool) -> tuple[_Unions, bool]:
    """Every way in which answers come together, each by the fewest places; and whether these are all."""
    roots_of: dict[int, str] = {}
    below_of: dict[int, str] = {}
    for where, here, rest in given:
        roots_of.setdefault(here, where.places[0])
        if listed:
            below_of.setdefault(rest, where.places[0])
    known: _Unions = {feature: ((place,), ()) for feature, place in roots_of.items()}
    todo = list(known)
    for feature in todo:
        spelled, below = known[feature]
        for more, place in roots_of.items():
            if feature | more not in known:
                known[feature | more] = ((*spelled, place), below)
                todo.append(feature | more)
        for more, place in below_of.items():
            if feature | more not in known:
                known[feature | more] = (spelled, (*below, place))
                todo.append(feature | more)
        if len(known) > SETS:
            return known, False
    return known, True


def together(axes: list[Axes]) -> Found | None:
    """Places for all effects at once: most rules speak of several. None where each by itself is less."""
    groups = {group for one in axes for group in one.groups()}
    placed = [one for one in axes if one.groups()]
    if len(placed) < 2 or len(groups) > MOST_TOGETHER:
        return None
    try:
        settled = frozenset[Group].intersection(*(one.settled() for one in placed))
        return find(groups, rooted=True, most=STATES_TOGETHER, settled=settled)
    except Unproved:
        return None


def host_kinds(patterns: Iterable[str]) -> list[str]:
    """Names and addresses, one of each that some pattern tells apart, and the one that nobody can tell."""
    given = set(patterns)
    networks = [network for pattern in given if (network := hosts.network_of(pattern)) is not None]
    names = {
        pattern
        for pattern in given
        if hosts.network_of(pattern) is None and pattern not in ("*", hosts.UNKNOWN, "")
    }
    out = [
        text
        for text in texts((frozenset({Pattern(n)}) for n in names), separator=".")
        if hosts.address(text) is None
    ]
    for bits in (32, 128):
        points = {8 << 24 if bits == 32 else 0x2620 << 112}
        for width, shift, base in networks:
            if width == bits:
                first, after = base << shift, (base + 1) << shift
                points |= {first, after} | ({first - 1} if first else set())
        out += [_spelled(bits, point) for point in sorted(points) if point < 1 << bits]
    return [*out, "example.com", hosts.UNKNOWN]


def _spelled(bits: int, value: int) -> str:
    if bits == 32:
        return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    return ":".join(f"{value >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
