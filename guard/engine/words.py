"""What an effect would take or send, in a sentence, for the reason that decides. Judges nothing."""

from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Decision, Deny, Sandbox
from guard.model.effect import (
    CLEANS,
    CLEANS_IGNORED,
    CLEANS_UNTRACKED,
    DISCARDS,
    DISCARDS_STAGED,
    MOVES,
    STASHES,
    Connect,
    DeletePath,
    ResolvedEffect,
    WritePath,
)
from guard.model.paths import FileKind, Loss, ResolvedPath

_SHOWN = 3
_TAKING = (DeletePath, WritePath, Connect)
"""Effects that :func:`sentence` has words for."""


def in_words(decision: Decision, effects: tuple[ResolvedEffect, ...], *, undone: bool) -> Decision:
    """The decision whose first reason also says what would be lost, or sent where. ``undone``: undo keeps it if it is allowed."""
    if not any(isinstance(effect, _TAKING) for effect in effects):
        return decision
    first, *others = decision.reasons
    # What the decision is about comes first; what else is taken is said all the same.
    deciding = effects[first.effect : first.effect + 1]
    ordered = (*deciding, *(effect for index, effect in enumerate(effects) if index != first.effect))
    said = list(dict.fromkeys(text for effect in ordered if (text := sentence(effect))))
    if not said:
        return decision
    text = " ".join(said[:_SHOWN])
    if len(said) > _SHOWN:
        text += f" And {len(said) - _SHOWN} more."
    kept = _undo(decision, undone=undone) if any(_gone(effect) for effect in effects) else ""
    why = " ".join(part for part in (first.why.rstrip(), text, kept) if part)
    return replace(decision, reasons=(replace(first, why=why), *others))


def _undo(decision: Decision, *, undone: bool) -> str:
    match decision:
        case Deny():
            return ""
        case Ask():
            return "Undo keeps it only if it then runs in the sandbox."
        case Allow(placement=placement):
            kept = undone and isinstance(placement, Sandbox)
            return "`guard undo` can put it back." if kept else "Undo does not keep it."


def _gone(effect: ResolvedEffect) -> bool:
    """Whether it takes something that git cannot bring back, before it has happened."""
    match effect:
        case WritePath(detail=detail) if detail in {STASHES, MOVES}:
            return False
        case DeletePath(path=path) | WritePath(path=path, append=False) if not effect.observed:
            loss = path.loss
            return (
                loss is not None
                and bool(loss.untracked or loss.ignored or loss.modified)
                and bool(sentence(effect))
            )
        case _:
            return False


def sentence(effect: ResolvedEffect) -> str:
    """``It deletes 412 files (3.1 MB) below src/; 3 are not in git.`` Empty when there is nothing to add."""
    match effect:
        case DeletePath(path=path, detail=detail) if detail in CLEANS:
            return _cleaned(path, detail)
        case DeletePath(path=path, recursive=deep):
            verb = "It deleted" if effect.observed else "It deletes"
            return _taken(verb, path, deep=deep)
        case WritePath(path=path, detail=detail) if detail == MOVES:
            name = _place(path.place)
            known = path.kind in {FileKind.FILE, FileKind.DIRECTORY} and not path.unresolved
            return f"It moves `{name}` away." if known and not effect.observed else ""
        case WritePath(path=path, detail=detail) if detail in {DISCARDS, DISCARDS_STAGED, STASHES}:
            staged = "What is staged and in no commit would go too." if detail == DISCARDS_STAGED else ""
            return " ".join(text for text in (_changes(path, kept=detail == STASHES), staged) if text)
        case WritePath(path=path, append=False):
            if path.kind is not FileKind.FILE or effect.observed:
                return ""
            return _taken("It overwrites", path, deep=False)
        case Connect(carries=carries, host=host) if carries:
            shown = [_source(source) for source in carries[:_SHOWN]]
            rest = len(carries) - len(shown)
            what = ", ".join(shown) + (f" and {rest} more" if rest else "")
            return f"It sends {what} to {'a host that is not known' if host == '?' else f'`{host}`'}."
        case _:
            return ""


def _taken(verb: str, path: ResolvedPath, *, deep: bool) -> str:
    loss = path.loss
    if loss is None:
        return ""
    name = _place(path.place)
    if deep and path.kind is FileKind.DIRECTORY:
        below = "the whole workspace" if name == "." else f"`{name.rstrip('/')}/`"
        where = f"below {below}" if name != "." else f"in {below}"
        return f"{verb} {_count(loss.files)} ({size(loss.bytes)}) {where}; {_kept(loss)}."
    return f"{verb} `{name}` ({size(loss.bytes)}), {_single(loss)}."


def _cleaned(path: ResolvedPath, detail: str) -> str:
    """``git clean``: some of the files of a directory. Which of them it spares, patterns say that are not followed."""
    loss = path.loss
    if loss is None:
        return ""
    name = _place(path.place).rpartition("/")[0] or "."
    where = "the workspace" if name == "." else f"`{name}/`"
    if not loss.files:
        return f"There are no such files in {where}."
    what = {CLEANS_UNTRACKED: "that git does not know", CLEANS_IGNORED: "that git ignores"}.get(
        detail, f"that git does not keep, {loss.ignored} of them ignored,"
    )
    return f"It deletes up to {_count(loss.files)} {what} ({size(loss.bytes)}) in {where}; git cannot bring them back."


def _changes(path: ResolvedPath, *, kept: bool) -> str:
    """Changes that are in no commit, and may be in no other place either."""
    loss = path.loss
    if loss is None or not loss.files:
        return ""
    name = _place(path.place)
    if path.kind is not FileKind.DIRECTORY:
        what = f"the changes in `{name}` ({size(loss.bytes)})"
    else:
        where = "the workspace" if name == "." else f"`{name.rstrip('/')}/`"
        what = f"the changes in {_count(loss.files)} ({size(loss.bytes)}) of {where}"
    if kept:
        return f"It puts {what} away; `git stash pop` brings them back."
    return f"It discards {what}; git has them nowhere else."


def _single(loss: Loss) -> str:
    if loss.untracked:
        return "which is not in git"
    if loss.ignored:
        return "which git ignores"
    return "which has changes that git does not have" if loss.modified else "which git can bring back"


def _kept(loss: Loss) -> str:
    """Which part of it git cannot bring back."""
    parts = [
        f"{number} {'is' if number == 1 else 'are'} {what}"
        for number, what in (
            (loss.untracked, "not in git"),
            (loss.ignored, "ignored by git"),
            (
                loss.modified,
                "changed since git saw them" if loss.modified > 1 else "changed since git saw it",
            ),
        )
        if number
    ]
    if not parts:
        return "git can bring all of them back" if loss.files > 1 else "git can bring it back"
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _count(files: int) -> str:
    return "1 file" if files == 1 else f"{files:,} files"


def size(number: int) -> str:
    """``3.1 MB``."""
    if number < 1000:
        return "1 byte" if number == 1 else f"{number} bytes"
    value = float(number)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            return f"{value:.1f} {unit}"
    raise AssertionError("unreachable")


def _place(place: str) -> str:
    """``$W/src`` -> ``src``, ``$H/x`` -> ``~/x``; the rest stays."""
    if place == "$W":
        return "."
    if place.startswith("$W/"):
        return place[3:]
    if place == "$H" or place.startswith("$H/"):
        return "~" + place[2:]
    return place


def _source(source: str) -> str:
    """A source for people."""
    kind, _, what = source.partition(":")
    match kind:
        case "file":
            return f"`{_place(what)}`"
        case "tree":
            name = _place(what)
            return "the workspace" if name == "." else f"`{name}` and all below"
        case "variable":
            return f"`${what}`"
        case "environment":
            return "the environment"
        case _:
            return what or "a secret"
