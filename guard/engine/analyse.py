"""Station 3: a proposal becomes effects on symbolic paths, and the questions about the world that they raise.

Pure. The edge answers ``lookups`` and calls again; when nothing new is asked the analysis is complete.
"""

from guard.effects.builtins import BUILTINS
from guard.effects.evaluate import Evaluator
from guard.effects.resolve import directory_of
from guard.effects.state import LIVED, NOTHING_RARE, State, Variable
from guard.effects.writes import (
    fetch_effects,
    read_effects,
    removal_effects,
    tool_effects,
    write_effects,
)
from guard.engine.stages import Analysed, UnreadPart
from guard.model.dataclass import replace
from guard.model.effect import (
    CLEANS,
    ChangeMode,
    DeletePath,
    LinkPath,
    Opaque,
    ReadPath,
    ReadSecret,
    RunProgram,
    SymbolicEffect,
    TamperGuard,
    WritePath,
)
from guard.model.facts import Facts, LookPath, LookProgram, LookTree, Lookup, PathFact
from guard.model.paths import FileKind, KnownPath, SymbolicPath
from guard.model.proposal import (
    BatchProposal,
    DeleteProposal,
    EditProposal,
    FetchProposal,
    MoveProposal,
    Proposal,
    ReadProposal,
    ShellProposal,
    ToolProposal,
    WriteProposal,
)
from guard.model.typed import Iterable, assert_never


def analyse(proposal: Proposal, facts: Facts) -> Analysed:
    """Never raises on anything a proposal may hold; always at least one effect."""
    if isinstance(proposal, BatchProposal):
        return _united(proposal, [analyse(part, facts) for part in proposal.parts])
    lookups: dict[Lookup, None] = {}
    unread: tuple[UnreadPart, ...] = ()
    stays: tuple[str, ...] = ()
    effects: tuple[SymbolicEffect, ...]
    match proposal:
        case ShellProposal():
            evaluator = Evaluator(facts)
            start = start_of(proposal)
            evaluator.analyse_text(proposal.command, start)
            effects = evaluator.effects or (RunProgram(program=":", names=(":",)),)
            if proposal.lasting:
                from guard.effects.lasting import left, questions  # noqa: PLC0415 - for the few clients that keep a shell

                after, told = evaluator.after, proposal.directory_told
                stays = left(start, after, facts, told=told)
                effects += tuple(
                    Opaque(reason=f"leaves {what} in the shell that later commands run in") for what in stays
                )
                lookups.update(dict.fromkeys(questions(start, after, facts, told=told)))
            lookups.update(evaluator.lookups)
            if evaluator.unread:
                unread = tuple(UnreadPart(span=part.span, reason=part.reason) for part in evaluator.unread)
        case WriteProposal() | EditProposal():
            effects = write_effects(proposal)
        case DeleteProposal() | MoveProposal():
            effects = removal_effects(proposal)
        case ReadProposal():
            effects = read_effects(proposal)
        case FetchProposal():
            effects = fetch_effects(proposal)
        case ToolProposal():
            effects = tool_effects(proposal)
        case _:
            assert_never(proposal)
    consulted = frozenset(lookups)
    for effect in effects:
        for lookup in _questions(effect, facts):
            lookups[lookup] = None
    return Analysed(
        proposal=proposal,
        effects=effects,
        lookups=frozenset(lookups) if len(lookups) > len(consulted) else consulted,
        unread=unread,
        consulted=consulted,
        left=stays,
    )


def _united(proposal: BatchProposal, parts: list[Analysed]) -> Analysed:
    # Places in the text are those of each part: a reader is shown the part, and nothing else rests on them.
    return Analysed(
        proposal=proposal,
        effects=tuple(effect for part in parts for effect in part.effects),
        lookups=frozenset(lookup for part in parts for lookup in part.lookups),
        unread=tuple(unread for part in parts for unread in part.unread),
        consulted=frozenset(lookup for part in parts for lookup in part.consulted),
        left=tuple(what for part in parts for what in part.left),
    )


def again(analysed: Analysed, facts: Facts, answered: Iterable[Lookup]) -> Analysed:
    """The analysis with ``facts`` that hold the newly ``answered`` look-ups too."""
    if not analysed.consulted.isdisjoint(answered):
        return analyse(analysed.proposal, facts)
    # What the effects rest on is as it was, and so are they: only where they lead may raise another question.
    lookups = dict.fromkeys(analysed.consulted)
    for effect in analysed.effects:
        for lookup in _questions(effect, facts):
            lookups[lookup] = None
    return replace(analysed, lookups=frozenset(lookups))


def likely(proposal: Proposal, facts: Facts) -> list[Lookup]:
    """Look-ups that the analysis will probably ask for: answered before it, they spare a second one. Rests on nothing."""
    if not isinstance(proposal, ShellProposal):
        return []
    text = proposal.command[:_GUESSED]
    for end in _ENDS:
        if end in text:
            text = text.replace(end, "\0")
    names: dict[str, None] = {}
    for part in text.split("\0"):
        starts = True
        for word in part.split():
            if starts and word[0] != "-":
                name = word.strip("\"'")
                if name.translate(_PUNCTUATION).isalnum():
                    names[name] = None
            starts = word in _BEFORE_A_COMMAND or (starts and (word[0] == "-" or "=" in word))
    return [LookProgram(name, facts.cwd) for name in names if name not in BUILTINS]


_GUESSED = 400
_ENDS = "|&;\n()`"
_BEFORE_A_COMMAND = frozenset(
    "sudo xargs env time nohup nice timeout watch exec command -exec -execdir -ok do then else if elif while until ! {".split()
)
_PUNCTUATION = str.maketrans("", "", "-_.+")


def start_of(proposal: ShellProposal) -> State:
    """What the shell begins with."""
    cwd = (proposal.cwd,) if proposal.cwd.startswith("/") else ()
    variables = {name: Variable(((value,),), exported=True) for name, value in proposal.env}
    return State(cwd=cwd, variables=variables, rare=LIVED if proposal.lasting else NOTHING_RARE)


def _questions(effect: SymbolicEffect, facts: Facts) -> list[Lookup]:
    match effect:
        case RunProgram():
            return []
        case DeletePath(path=KnownPath(text), detail=detail) if detail in CLEANS:
            return [LookPath(text), LookTree(text), LookTree(directory_of(text))]
        case DeletePath(path=path):
            return _look(path, tree=True)
        case LinkPath(path=path, target=target):
            return _look(path, tree=False) + _look(target, tree=False)
        case WritePath(path=KnownPath(text), recursive=False, append=False, program=program):
            answer = facts.answers.get(LookPath(text))
            # What stood in a file before a command writes over it: counted like what is deleted.
            stood = isinstance(answer, PathFact) and answer.kind is FileKind.FILE and answer.size > 0
            return (
                [LookPath(text), LookTree(text)]
                if stood and program not in _KEPT_BY_CLIENTS
                else [LookPath(text)]
            )
        case ReadPath(path=path, recursive=deep) | WritePath(path=path, recursive=deep):
            return _look(path, tree=deep)
        case ChangeMode(path=path, recursive=deep):
            return _look(path, tree=deep)
        case ReadSecret(path=path) | TamperGuard(path=path):
            return _look(path, tree=False)
        case _:
            return []


_KEPT_BY_CLIENTS = frozenset({"Write", "Edit", "Move"})


def _look(path: SymbolicPath, *, tree: bool) -> list[Lookup]:
    if not isinstance(path, KnownPath):
        return []
    return [LookPath(path.text), LookTree(path.text)] if tree else [LookPath(path.text)]
