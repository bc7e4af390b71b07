"""Facts and commands to answers, in as many processes as there are cores. Each is judged once, whoever asked how often."""

import json
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from guard.audit.facts import at_most, judged_of
from guard.engine.decide import weigh
from guard.engine.imagined import imagine, imagined_facts
from guard.model.dataclass import replace
from guard.model.decision import Decision, Host, Sandbox
from guard.model.facts import Facts
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level, Verdict
from guard.policy.replay.flips import Said
from guard.policy.rule import Policy


class Answer(NamedTuple):
    """Of one policy to one fact; ``high`` only where a tree is not known whole and that matters."""

    low: Said
    high: Said


_UNREADABLE = Said(Verdict.ALLOW, True, "", "")
"""In the place of what is no fact at all: it could be anything."""
UNREADABLE = Answer(_UNREADABLE, Said(Verdict.DENY, False, "", ""))


def said(
    verdict: Verdict, *, host: bool, rule: str, layer: str, grants: frozenset[str] = frozenset()
) -> Said:
    """Where it would run is part of an answer that allows, and of no other."""
    allowed = verdict is Verdict.ALLOW
    return Said(verdict, allowed and host, rule, layer, grants if allowed else frozenset())


def answered(decision: Decision) -> Said:
    first = decision.reasons[0]
    placement = decision.placement
    return said(
        first.verdict,
        host=isinstance(placement, Host),
        rule=first.rule,
        layer=first.layer,
        grants=placement.grants if isinstance(placement, Sandbox) else frozenset(),
    )


class Judge:
    """The policies that are asked, and the day on which they are."""

    def __init__(self, policies: tuple[Policy, ...], today: str) -> None:
        self.policies = policies
        self.today = today

    def of_fact(self, text: str) -> tuple[Answer, ...]:
        """One answer of each policy to what :func:`guard.audit.facts.fact_of` has written."""
        try:
            found = judged_of(text, self.today)
        except (ValueError, KeyError, TypeError, AttributeError):
            return (UNREADABLE,) * len(self.policies)
        out: list[Answer] = []
        for policy in self.policies:
            low = weigh(found.effects, found.facts, policy, a_tool=not found.shell)
            high = low
            if found.partial:
                high = weigh(at_most(found.effects), found.facts, policy, a_tool=not found.shell)
                if _rules(low) == _rules(high):
                    # The same rules speak whatever else is in the tree, so nothing in between differs.
                    high = low
            out.append(Answer(answered(low), answered(high)))
        return tuple(out)

    def of_command(self, command: str, world: str) -> tuple[Answer, ...]:
        """One answer of each policy to a command, read anew where nobody has looked around."""
        try:
            workspace, home, cwd = json.loads(world)
        except ValueError:
            return (UNREADABLE,) * len(self.policies)
        facts = _facts(workspace, home, cwd, self.today)
        proposal = ShellProposal(principal=Principal(agent="replay"), cwd=cwd, command=command)
        effects, facts = imagine(proposal, facts)
        return tuple(
            Answer(answer, answer)
            for answer in (answered(weigh(effects, facts, policy, a_tool=False)) for policy in self.policies)
        )


def _rules(decision: Decision) -> set[tuple[int, str, str, str, Verdict]]:
    """Without what the guard itself adds: of its own files in a tree, a record holds every one."""
    return {(r.effect, r.layer, r.rule, r.source, r.verdict) for r in decision.reasons if r.layer != "guard"}


# ---------------------------------------------------------------------- processes

_JUDGE: list[Judge] = []


def begin(policies: tuple[Policy, ...], today: str) -> None:
    """In each process, once. Who is interrupted is the one that waits for them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _JUDGE[:] = [Judge(policies, today)]


Judged = tuple[list[tuple[Answer, ...]], list[int]]
"""Each different answer once, and for each question the number of its answer: few answers stand for many facts."""


def numbered(answers: Iterable[tuple[Answer, ...]]) -> Judged:
    known: dict[tuple[Answer, ...], int] = {}
    numbers = [known.setdefault(answer, len(known)) for answer in answers]
    return list(known), numbers


def facts_judged(texts: list[str]) -> Judged:
    return numbered(map(_JUDGE[0].of_fact, texts))


def commands_judged(commands: list[tuple[str, str]]) -> Judged:
    return numbered(_JUDGE[0].of_command(*command) for command in commands)


def processes(jobs: int, policies: tuple[Policy, ...], today: str) -> ProcessPoolExecutor:
    """Started anew and not forked: whoever asks has threads of a database."""
    return ProcessPoolExecutor(jobs, get_context("spawn"), begin, (policies, today))


def _facts(workspace: str, home: str, cwd: str, today: str) -> Facts:
    facts = imagined_facts(Level.CONTAINED, today=today)
    guarded = (f"{home}/.local/state/guard", f"{home}/.config/guard", "/etc/guard", f"{workspace}/.guard")
    return replace(facts, workspace=workspace, home=home, cwd=cwd, guard_paths=guarded)
