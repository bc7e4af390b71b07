"""``name=value`` in all its forms, alone, before a command and as an argument of ``declare``. Knows no programs."""

from guard.effects.sources import sources_of, union
from guard.effects.state import MAX_ALTERNATIVES, State, Variable
from guard.effects.values import Hole, Text, static_text
from guard.model.dataclass import replace
from guard.model.typed import TYPE_CHECKING
from guard.shell.ast import ArrayValue, Assignment, Literal, Word

if TYPE_CHECKING:
    from guard.effects.evaluate import Evaluator

DECLARES = frozenset({"declare", "typeset", "local", "export", "readonly"})
"""Builtins whose arguments may be arrays."""
_COUNTS = frozenset({"RANDOM", "OPTIND", "HISTCMD"})
"""Variables that bash keeps as numbers."""
_SUBSCRIPT = "an array subscript that is not known can run commands"


def assign(
    evaluator: "Evaluator",
    assignments: tuple[Assignment, ...],
    state: State,
    *,
    exported: bool = False,
    declared: bool = False,
) -> State:
    """The state after these assignments. ``declared``: they add a value to what a builtin has just declared."""
    expander = evaluator.expander
    for item in assignments:
        if item.subscript is not None:
            state = _element(evaluator, item, item.subscript, state)
        elif item.value is None:
            state = _array(evaluator, item, state, exported=exported, declared=declared)
        else:
            values = expander.texts(item.value, state)
            if item.append:
                before = expander.variable(item.name, state).values
                values = tuple(dict.fromkeys((*old, *new) for old in before for new in values))
            values = tuple(_flat(v) for v in values)
            if item.name in _COUNTS and any(expander.evaluates(value, state) for value in values):
                evaluator.opaque("a variable that is a number evaluates what it is given", item.span)
            state = state.with_variable(item.name, Variable(values, None, exported))
    return state


def declared_arrays(words: tuple[Word, ...]) -> tuple[Assignment, ...]:
    """Arrays among the arguments of ``declare`` and its kin, as the assignments that they are."""
    out: list[Assignment] = []
    for word in words:
        if len(word.parts) != 2:
            continue
        match word.parts:
            case (Literal(text, _), ArrayValue(elements, subscripts, span)) if text.endswith("="):
                name = text.removesuffix("=")
                append = name.endswith("+")
                out.append(
                    Assignment(
                        name.removesuffix("+"), None, elements, append, span=span, subscripts=subscripts
                    )
                )
            case _:
                pass
    return tuple(out)


def _element(evaluator: "Evaluator", item: Assignment, word: Word, state: State) -> State:
    """``name[subscript]=value``."""
    expander = evaluator.expander
    subscript = word.static
    keyed = expander.variable(item.name, state).keyed
    if subscript is None or any(c in subscript for c in "$`["):
        expander.texts(word, state)
        if not keyed:
            evaluator.opaque(_SUBSCRIPT, item.span)
    elif not keyed:
        expander.arithmetic(subscript, (), state, item.span)
    values = expander.texts(item.value, state) if item.value is not None else ()
    if item.name in {"BASH_ALIASES", "BASH_CMDS"}:
        only = static_text(values[0]) if len(values) == 1 else None
        evaluator.opaque(f"`{item.name}` changes what a name runs", item.span)
        if subscript is not None and only is not None:
            state = state.renamed(subscript, only, alias=item.name == "BASH_ALIASES")
        return state
    return state.with_element(item.name, subscript, values)


def _array(
    evaluator: "Evaluator", item: Assignment, state: State, *, exported: bool, declared: bool
) -> State:
    """``name=( ... )``."""
    worlds = evaluator.expander.fields(item.array, state)
    old = state.variables.get(item.name)
    known = old if old is not None and declared else Variable((("",),), exported=exported)
    keyed = old is not None and old.keyed
    for key in item.subscripts:
        if key is not None and not keyed:
            # In an array that counts, what stands in brackets is arithmetic.
            text = key.static
            if text is None or any(c in text for c in "$`["):
                evaluator.expander.texts(key, state)
                evaluator.opaque(_SUBSCRIPT, item.span)
            else:
                evaluator.expander.arithmetic(text, (), state, item.span)
        elif key is not None:
            evaluator.expander.texts(key, state)
    array: tuple[Text, ...] = tuple(
        tuple(p if isinstance(p, str | Hole) else Hole("a pattern") for p in f.parts) or ("",)
        for world in worlds
        for f in world
    )
    if len(worlds) > 1 or any(f.open for f in worlds[0]):
        array = ((Hole("an array that is not known", sources=union(*[sources_of(v) for v in array])),),)
    if keyed or any(key is not None for key in item.subscripts):
        # Which element each word becomes, nobody counts: each may be any of them.
        before = old.values if old is not None and item.append else ()
        values = tuple(dict.fromkeys((*before, *array)))
        if len(values) > MAX_ALTERNATIVES:
            values = ((Hole("an array", sources=union(*[sources_of(v) for v in values])),),)
        made = replace(known, values=(*values, ("",)), array=None, refers="", keyed=keyed)
        return state.with_variable(item.name, made)
    if item.append and old is not None and old.array is not None:
        array = old.array + array
    return state.with_variable(
        item.name, replace(known, values=array[:1] or (("",),), array=array, refers="", keyed=False)
    )


def _flat(text: Text) -> Text:
    known = static_text(text)
    return (known,) if known is not None else text
