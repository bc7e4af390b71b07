"""Questions to an exported Cedar policy: one for each effect of a command. Pure."""

from guard.model.effect import (
    Connect,
    LinkPath,
    PublishVcs,
    ResolvedEffect,
    RewriteVcs,
    WritePath,
    effect_name,
)
from guard.model.facts import Facts
from guard.model.typed import Any, Iterable
from guard.policy.evaluate import End, Seen
from guard.policy.export.cedar import vocabulary
from guard.policy.export.cedar_expression import SECRET, Vocabulary, address_text, union_name
from guard.policy.export.meaning import meaning_of
from guard.policy.export.request import NO, SURELY
from guard.policy.hosts import UNKNOWN, address, normal
from guard.policy.layers import Tables
from guard.policy.match import ZoneMap, wildcard
from guard.policy.rule import Policy
from guard.policy.zones import COMPUTED, ZoneTable

Json = dict[str, Any]


class Asker:
    """Asks in the words of one policy: which of its zones, patterns and sets of zones hold."""

    def __init__(self, policy: Policy) -> None:
        self._zones: dict[str, tuple[str, ...]] = {
            **meaning_of(policy).zones,
            **dict.fromkeys(sorted(COMPUTED), ()),
        }
        self._table = ZoneTable(self._zones)
        self._tables = Tables(layers=(), zones=self._table, permits_host=True)
        self._asked: Vocabulary = vocabulary(policy)

    def request(
        self,
        effect: ResolvedEffect,
        facts: Facts,
        *,
        own: str,
        approved: bool = False,
        contained: bool = True,
    ) -> Json:
        """``own``: whether it touches the guard itself, as in :mod:`guard.policy.export.request`."""
        context: Json = {
            "approved": approved,
            "contained": contained,
            "program": effect.program,
            "names": self._names((effect.program, *effect.names)),
            "trusted": self._names(
                (effect.program, *(name for name in effect.names if name.startswith("sha256:")))
            ),
            "certain": effect.certain,
            "observed": effect.observed,
            "surprise": effect.surprise,
            "touchesGuard": own == SURELY,
            "mayTouchGuard": own != NO,
        }
        if facts.today:
            context["today"] = _extension("datetime", facts.today)
        ends = [self._end(end) for end in Seen(effect, self._tables, facts).ends]
        if ends:
            context["path"] = ends[0]
        match effect:
            case LinkPath():
                context["target"] = ends[1]
            case WritePath(append=append):
                context["append"] = append
            case Connect(host=host, upload=upload, carries=carries):
                context["host"] = self._host(host, facts)
                context["upload"] = upload
                context["carries"] = self._carried(carries)
            case PublishVcs(branch=branch) | RewriteVcs(branch=branch):
                context["branch"] = self._branch(branch)
            case _:
                pass
        return {
            "principal": 'Guard::Agent::"agent"',
            "action": f'Guard::Action::"{effect_name(effect)}"',
            "resource": 'Guard::Workspace::"workspace"',
            "context": context,
        }

    def _names(self, names: Iterable[str]) -> list[str]:
        known = dict.fromkeys(names)
        matched = [
            pattern for pattern in self._asked.programs if any(wildcard(pattern, name) for name in known)
        ]
        return sorted({*known, *matched})

    def _end(self, end: End) -> Json:
        return {
            "here": self._in(end.here),
            "any": self._in(end.any_zone),
            "all": [
                union_name(zones)
                for zones in self._asked.unions
                if all(part & self._table.bits(zones) for part in end.all_zones)
            ],
            "recursive": end.recursive,
            "lost": end.lost,
        }

    def _in(self, bits: int) -> list[str]:
        return [name for name in self._zones if bits & self._table.bits((name,))]

    def _host(self, host: str, facts: Facts) -> Json:
        name = normal(host)
        out: Json = {
            "unknown": name in ("", UNKNOWN),
            "empty": host != UNKNOWN and name in ("", UNKNOWN),
            "packageIndex": name in facts.package_hosts,
            "matches": [],
        }
        found = address(name)
        if found is not None:
            out["address"] = _extension("ip", address_text(found.bits, found.value))
        elif not out["unknown"]:
            out["name"] = name
            out["matches"] = [pattern for pattern in self._asked.hosts if wildcard(pattern, name)]
        return out

    def _branch(self, branch: str) -> Json:
        if branch in ("", UNKNOWN):
            return {"unknown": True, "matches": []}
        name = branch.removeprefix("refs/heads/")
        matches = [one for one in self._asked.branches if ZoneMap({"it": (one,)}).membership(name).inside]
        return {"unknown": False, "name": name, "matches": matches}

    def _carried(self, sources: tuple[str, ...]) -> Json:
        held = [self._source(source) for source in sources]
        return {
            "any": sorted(set[str]().union(*held)),
            "all": [
                union_name(words)
                for words in self._asked.carried
                if held and all(one & set(words) for one in held)
            ],
        }

    def _source(self, source: str) -> set[str]:
        kind, _, place = source.partition(":")
        if kind not in ("file", "tree"):
            return {SECRET}
        return set(self._in(self._table.membership(place).inside))


def _extension(name: str, value: str) -> Json:
    return {"__extn": {"fn": name, "arg": value}}
