"""Judging a command in a world that is only described: examples in policy files, cases in tests. Looks at nothing."""

from guard.effects.resolve import resolve
from guard.engine.analyse import analyse
from guard.engine.decide import decide
from guard.engine.stages import Analysed, Decided
from guard.model.dataclass import replace
from guard.model.effect import ResolvedEffect
from guard.model.facts import (
    Answer,
    Facts,
    GitRunsFact,
    GlobFact,
    LookGitRuns,
    LookGlob,
    LookModule,
    LookSettings,
    Lookup,
    ModuleFact,
    SettingsFact,
)
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.typed import MappingProxyType
from guard.model.verdict import Level
from guard.policy.rule import Policy

WORKSPACE = "/work"
HOME = "/home/you"
PATH = "/usr/local/bin:/usr/bin:/bin"


def imagined_facts(level: Level = Level.CONTAINED, *, today: str = "") -> Facts:
    """A workspace and a home nobody has looked into, with containment to be had."""
    return Facts(
        workspace=WORKSPACE,
        home=HOME,
        cwd=WORKSPACE,
        user="you",
        uid=1000,
        env=MappingProxyType({"PATH": PATH, "USER": "you"}),
        guard_paths=(
            f"{HOME}/.local/state/guard",
            f"{HOME}/.config/guard",
            "/etc/guard",
            f"{WORKSPACE}/.guard",
        ),
        level=level,
        today=today,
    )


def decide_imagined(
    command: str, policy: Policy, *, level: Level = Level.CONTAINED, today: str = ""
) -> Decided:
    """What ``policy`` says of ``command``, run in :data:`WORKSPACE` on the ISO date ``today``."""
    facts = imagined_facts(level, today=today)
    proposal = ShellProposal(principal=Principal(agent="example"), cwd=WORKSPACE, command=command)
    analysed, facts = _imagined(proposal, facts)
    return decide(analysed, facts, policy)


def imagine(proposal: ShellProposal, facts: Facts) -> tuple[tuple[ResolvedEffect, ...], Facts]:
    """What a command would do in such a world, for whoever has several policies to ask about it."""
    analysed, facts = _imagined(proposal, facts)
    return resolve(analysed.effects, facts), facts


def _imagined(proposal: ShellProposal, facts: Facts) -> tuple[Analysed, Facts]:
    analysed = analyse(proposal, facts)
    answers: dict[Lookup, Answer] = {}
    for _ in range(2):
        # A pattern in the workspace stands for itself: an example need not list the files that it matches.
        answers = {
            lookup: GlobFact(matches=(f"{lookup.base.rstrip('/')}/{lookup.pattern}",), complete=True)
            for lookup in analysed.lookups
            if isinstance(lookup, LookGlob) and not lookup.pattern.startswith(("/", "."))
        }
        # Nor are there hooks or filters in a repository that nobody has set up.
        answers |= {lookup: GitRunsFact() for lookup in analysed.lookups if isinstance(lookup, LookGitRuns)}
        answers |= {
            lookup: ModuleFact(found=False) for lookup in analysed.lookups if isinstance(lookup, LookModule)
        }
        answers |= {lookup: SettingsFact() for lookup in analysed.lookups if isinstance(lookup, LookSettings)}
        facts = replace(facts, answers=MappingProxyType(answers))
        analysed = analyse(proposal, facts)
    return replace(analysed, lookups=frozenset(answers)), facts
