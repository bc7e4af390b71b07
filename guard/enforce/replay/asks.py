"""What people were asked and what they said, out of a log that is verified on the way."""

from typing import Any

from guard.audit.canonical import Json
from guard.audit.facts import at_most, fact_of, judged_of
from guard.audit.verify import Problem, continues, snapshot, verify_segment
from guard.enforce.replay.rows import row_of_record
from guard.engine.decide import weigh
from guard.errors import GuardError
from guard.model.dataclass import dataclass
from guard.policy.replay.learned import Ask
from guard.policy.rule import Policy

NOBODY = "nobody"
"""In the place of a person where there was none: no answer is not a no."""
_COMMANDS = 6
"""Of one set of facts."""


@dataclass(slots=True)
class _Fact:
    approved: int = 0
    denied: int = 0
    people: frozenset[str] = frozenset()
    first: str = ""
    last: str = ""
    commands: tuple[str, ...] = ()
    remembered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """``facts``: by the text that :func:`guard.audit.facts.fact_of` gives."""

    facts: dict[str, Any]
    asked: int
    approved: int
    denied: int
    unsure: int
    """Answers to decisions that cannot be made again from their records."""
    problems: tuple[Problem, ...]


def answered(directory: str, workspace: str, remembered: frozenset[str] = frozenset()) -> Answered:
    """Of one workspace; holds what was asked about, and nothing else of the log. GuardError if it cannot be read.

    ``remembered``: digests of what people asked to be made a rule of.
    """
    reader = _Reader(workspace, remembered)
    try:
        paths, size, note = snapshot(directory)
        if size < 0:
            paths = paths[:-1]
        last = len(paths) - 1
        limits = [size if number == last and size >= 0 else -1 for number in range(len(paths))]
        segments = [
            verify_segment(path, limit, note, reader.each) for path, limit in zip(paths, limits, strict=True)
        ]
    except OSError as error:
        raise GuardError(
            f"{error.filename or directory}: {(error.strerror or str(error)).lower()}",
            help_="repair the permissions",
        ) from error
    problems = [
        *(p for segment in segments for p in segment.problems),
        *continues(directory, paths, segments, note),
    ]
    return Answered(
        facts=reader.facts,
        asked=reader.asked,
        approved=reader.approved,
        denied=reader.denied,
        unsure=reader.unsure,
        problems=tuple(problems),
    )


class _Reader:
    def __init__(self, workspace: str, remembered: frozenset[str]) -> None:
        self.facts: dict[str, _Fact] = {}
        self.asked = self.approved = self.denied = self.unsure = 0
        self._workspace = workspace
        self._remembered = remembered
        self._open: dict[int, tuple[str, str, str, str]] = {}
        """Fact, command, day and person of each question, by the number of its decision."""

    def each(self, record: dict[str, Json], place: str) -> None:
        del place
        found: dict[str, Any] = record
        try:
            match found["type"]:
                case "decision":
                    self._decision(found)
                case "approval.resolved" if found["by"] != NOBODY:
                    self._answer(found["decision"], approved=found["approved"] is True)
                case "approval.granted":
                    noted = found["digest"] in self._remembered
                    self._answer(found["decision"], approved=True, remembered=noted)
                case _:
                    pass
        except (ValueError, LookupError, TypeError, AttributeError):
            # Whole, and not as this version writes it: nothing can be learned from it.
            self.unsure += 1

    def _decision(self, record: dict[str, Any]) -> None:
        if record["decision"]["verdict"] != "ask" or record["facts"]["workspace"] != self._workspace:
            return
        self.asked += 1
        row = row_of_record(record)
        self._open[record["seq"]] = (fact_of(record).text, row["command"], row["time"][:10], row["who"])

    def _answer(self, decision: int, *, approved: bool, remembered: bool = False) -> None:
        # A question has one answer; a yes that is noted twice is one.
        asked = self._open.pop(decision, None)
        if asked is None:
            return
        text, command, day, who = asked
        self.approved += approved
        self.denied += not approved
        if not text:
            self.unsure += 1
            return
        fact = self.facts.setdefault(text, _Fact())
        fact.approved += approved
        fact.denied += not approved
        fact.remembered += remembered
        fact.people |= {who} if who and approved else frozenset()
        fact.first, fact.last = min(fact.first or day, day), max(fact.last, day)
        if command not in fact.commands and len(fact.commands) < _COMMANDS:
            fact.commands = (*fact.commands, command)


def asks_of(found: Answered, policy: Policy, today: str) -> list[Ask]:
    """Each with what ``policy`` says of it now. A tree that is not known whole may hold anything."""
    out: list[Ask] = []
    for text, fact in found.facts.items():
        known = judged_of(text, today)
        effects = at_most(known.effects) if known.partial else known.effects
        out.append(
            Ask(
                effects=effects,
                facts=known.facts,
                approved=fact.approved,
                denied=fact.denied,
                people=fact.people,
                days=(fact.first, fact.last),
                commands=fact.commands,
                remembered=fact.remembered,
                again=weigh(effects, known.facts, policy, a_tool=not known.shell),
            )
        )
    return out
