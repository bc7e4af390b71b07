"""What the tests of a policy file leave untried: rules that decide none of them, and the edges of zones. Pure."""

from guard.model.dataclass import dataclass
from guard.model.decision import Decision, verdict_of
from guard.model.effect import ResolvedEffect
from guard.model.paths import ResolvedPath
from guard.model.typed import Iterator
from guard.policy.lint.document import Document
from guard.policy.lint.finding import Place
from guard.policy.match import ZoneMap
from guard.policy.rule import Policy
from guard.policy.trial.survivors import Effects, Judge
from guard.policy.trial.trial import Trial
from guard.policy.trial.widen import wider_path


@dataclass(frozen=True, slots=True)
class Missing:
    place: Place
    what: str


@dataclass(frozen=True, slots=True)
class Coverage:
    rules: int
    decided: int
    """Rules by which some test was decided."""
    edges: int
    """Two for each pattern of a zone: a place in it, and one just outside."""
    tried: int
    missing: tuple[Missing, ...]

    @property
    def percent(self) -> int:
        """Rounded down: 100 only where nothing is missing."""
        whole = self.rules + self.edges
        return 100 * (self.decided + self.tried) // whole if whole else 100


def coverage(
    document: Document, policy: Policy, trials: list[Trial], judge: Judge, effects: Effects
) -> Coverage:
    deciding: set[tuple[str, str]] = set()
    places: set[str] = set()
    for trial in trials:
        deciding.update(_deciding(judge(trial.command, policy)))
        for effect in effects(trial.command, policy):
            places.update(_places(effect))
    missing: list[Missing] = []
    rules = [(path, rule) for path, rule in document.rules() if not rule.shadow]
    for path, rule in rules:
        if (rule.id, rule.source) not in deciding:
            missing.append(Missing(document.at((*path, "id")), f"no test is decided by the rule `{rule.id}`"))
    edges = 0
    for name, patterns in document.layer.zones:
        zone = ZoneMap({"it": patterns})
        for number, pattern in enumerate(patterns):
            at = document.at(("zones", name, number))
            inside, wide = ZoneMap({"it": (pattern,)}), wider_path(pattern)
            around = ZoneMap({"it": (wide,)}) if wide else None
            edges += 1 + (around is not None)
            if not any(_holds(inside, place) for place in places):
                missing.append(Missing(at, f"no test is about a place in `{pattern}` of the zone `{name}`"))
            if around is not None and not any(
                _holds(around, place) and not _holds(zone, place) for place in places
            ):
                missing.append(
                    Missing(
                        at,
                        f"no test is about a place just outside of `{pattern}` of the zone `{name}`, in `{wide}`",
                    )
                )
    gone = sum(one.what.startswith("no test is decided") for one in missing)
    return Coverage(len(rules), len(rules) - gone, edges, edges - (len(missing) - gone), tuple(missing))


def _deciding(decision: Decision) -> Iterator[tuple[str, str]]:
    """Rules that have their way: of each layer and effect the first, where the decision is what it says."""
    verdict = verdict_of(decision)
    spoken: set[tuple[str, int]] = set()
    for reason in decision.reasons:
        # They are sorted, the strictest first.
        if (reason.layer, reason.effect) not in spoken:
            spoken.add((reason.layer, reason.effect))
            if reason.verdict is verdict:
                # An exception speaks in the place of its rule, and is no test of it.
                yield reason.rule, reason.source


def _places(effect: ResolvedEffect) -> Iterator[str]:
    for key in ("path", "target"):
        path = getattr(effect, key, None)
        if isinstance(path, ResolvedPath):
            yield path.place
            yield from path.aliases


def _holds(zone: ZoneMap, place: str) -> bool:
    return bool(zone.membership(place).inside)
