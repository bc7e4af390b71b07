"""Station 4: the only look at the world. Answers what the analysis asks, until it asks nothing new.

Bounded in rounds, entries, bytes and time. What was not answered in time stays a question, and judges as anything.
"""

import os

from guard.enforce.executables import Executables, look_module, look_script, look_settings
from guard.enforce.gitfacts import look_git
from guard.enforce.gitruns import look_git_runs
from guard.enforce.globs import look_glob
from guard.enforce.trees import Trees
from guard.enforce.walkpath import look_path
from guard.engine.analyse import again, analyse, likely
from guard.engine.stages import Analysed
from guard.model.dataclass import once, replace
from guard.model.facts import (
    Answer,
    Facts,
    GitFact,
    GitRunsFact,
    GlobFact,
    LookGit,
    LookGitRuns,
    LookGlob,
    LookModule,
    LookPath,
    LookProgram,
    LookScript,
    LookSettings,
    LookTree,
    Lookup,
    ModuleFact,
    SettingsFact,
)
from guard.model.proposal import Proposal
from guard.model.typed import Callable, Mapping, MappingProxyType, assert_never

MAX_ROUNDS = 12


class World:
    """The machine as one proposal may ask about it. Remembers nothing between proposals."""

    def __init__(self, facts: Facts, named: frozenset[str], late: Callable[[], bool]) -> None:
        self._trees = Trees(late)
        self._home = facts.home
        self._executables = Executables(facts.env, named, (facts.workspace, facts.cwd, *facts.temp))

    def answer(self, lookup: Lookup) -> Answer:
        """Never raises for anything a proposal can name: the answer then says why there is none."""
        match lookup:
            case LookPath(path):
                return look_path(path)
            case LookTree(path):
                return self._trees.look(path)
            case LookProgram(name, cwd):
                return self._executables.look(name, cwd)
            case LookScript(path):
                return look_script(path)
            case LookGlob(base, pattern):
                return look_glob(base, pattern)
            case LookGit(path, compare):
                return look_git(path, self._trees, compare=compare)
            case LookGitRuns(path):
                return look_git_runs(path, self._home)
            case LookModule(name, directory):
                return look_module(name, directory)
            case LookSettings(directory, names, top):
                return look_settings(directory, names, top)
            case _:
                assert_never(lookup)


class Imagined:
    """Where a root is a place that does not exist here (``--cwd`` of a case): answers nothing about it.

    Of everything else, and where the roots are there, it is the machine as usual.
    """

    def __init__(self, world: World, roots: tuple[str, ...]) -> None:
        self._world = world
        self._roots = roots

    def answer(self, lookup: Lookup) -> Answer | None:
        """None = it cannot be known."""
        match lookup:
            case LookProgram(name, cwd):
                if "/" in name and self._imagined(name if name.startswith("/") else cwd):
                    return None
            case LookPath(path) | LookTree(path) | LookScript(path) | LookGit(path):
                if self._imagined(path):
                    return GitFact(root="") if isinstance(lookup, LookGit) else None
            case LookGitRuns(path):
                if self._imagined(path):
                    # Where there is nothing, there are no hooks.
                    return GitRunsFact()
            case LookModule(_, directory):
                if self._imagined(directory):
                    return ModuleFact(found=False)
            case LookSettings(directory, _, _):
                if self._imagined(directory):
                    # Nor has anybody put settings there.
                    return SettingsFact()
            case LookGlob(base, pattern):
                if self._imagined(pattern if pattern.startswith("/") else base):
                    return _literal(base, pattern)
            case _:
                assert_never(lookup)
        return self._world.answer(lookup)

    def _imagined(self, path: str) -> bool:
        below = self._below
        if not below:
            return False
        tidy = os.path.normpath(path)
        return any(tidy == root or tidy.startswith(root + "/") for root in below)

    @once
    def _below(self) -> tuple[str, ...]:
        """Looked at when the first question is about a path."""
        roots = dict.fromkeys(self._roots)
        return tuple([root.rstrip("/") for root in roots if root.strip("/") and not os.path.isdir(root)])


def _literal(base: str, pattern: str) -> GlobFact:
    """A pattern that only names entries of one directory stands for itself; a hidden or deeper one may be anything."""
    part = pattern.removeprefix("./")
    if "/" in part or part.startswith("."):
        return GlobFact(matches=(), complete=False)
    return GlobFact(matches=(f"{base.rstrip('/')}/{pattern}",), complete=True)


def gather(
    proposal: Proposal, facts: Facts, world: Imagined, late: Callable[[], bool]
) -> tuple[Analysed, Facts]:
    """Analyse, answer, analyse again, to a fixpoint."""
    answers: dict[Lookup, Answer] = dict(facts.answers)
    unanswerable: set[Lookup] = set()
    guessed: dict[Lookup, Answer] = {}
    for lookup in likely(proposal, facts):
        answer = None if answers and lookup in answers else world.answer(lookup)
        if answer is not None:
            guessed[lookup] = answer
    facts = _with(facts, {**answers, **guessed})
    analysed = analyse(proposal, facts)
    if len(guessed) + len(analysed.lookups.difference(guessed)) == len(analysed.lookups):
        answers.update(guessed)
    else:
        # What was guessed in vain is forgotten: nothing rests on it, and no record holds it.
        answers.update((lookup, answer) for lookup, answer in guessed.items() if lookup in analysed.lookups)
        facts = _with(facts, answers)
    for _ in range(MAX_ROUNDS):
        asked = list(analysed.lookups.difference(answers, unanswerable))
        if not asked:
            break
        if len(asked) > 1:
            # A set has another order in every process; records and explanations must not.
            asked.sort(key=repr)
        for lookup in asked:
            if late():
                return analysed, _with(facts, answers)
            answer = world.answer(lookup)
            if answer is None:
                unanswerable.add(lookup)
            else:
                answers[lookup] = answer
        facts = _with(facts, answers)
        analysed = again(analysed, facts, asked)
    # What cannot be known is not a question that was left open: its effects are on spelled paths, unlisted.
    return (replace(analysed, lookups=analysed.lookups - unanswerable) if unanswerable else analysed), facts


def answer_all(lookups: frozenset[Lookup], facts: Facts, world: Imagined, late: Callable[[], bool]) -> Facts:
    """``facts`` with answers to ``lookups``, as many as there is time for."""
    answers = dict(facts.answers)
    for lookup in lookups:
        if lookup not in answers and not late():
            answer = world.answer(lookup)
            if answer is not None:
                answers[lookup] = answer
    return _with(facts, answers)


def _with(facts: Facts, answers: Mapping[Lookup, Answer]) -> Facts:
    return replace(facts, answers=MappingProxyType(dict(answers)))
