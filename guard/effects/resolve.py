"""Station 5: where the paths of predicted effects really lead. Pure: everything about the world is in the facts.

What nobody looked at, or could not look at, stays ``?`` or unlisted: the policy judges it as anything.
"""

from guard.effects.identity import lexical_path
from guard.effects.place import as_in_git, is_below, place_of, roots
from guard.model.dataclass import replace
from guard.model.effect import (
    CLEANS,
    CLEANS_IGNORED,
    CLEANS_UNTRACKED,
    DISCARDS,
    DISCARDS_STAGED,
    MOVES,
    STASHES,
    ChangeMode,
    Connect,
    ControlContainer,
    DeletePath,
    DestroyDatabase,
    GainPrivilege,
    InstallPackage,
    KillProcess,
    LinkPath,
    Listen,
    MutateCloud,
    Opaque,
    PersistEnv,
    PublishPackage,
    PublishVcs,
    ReadPath,
    ReadSecret,
    ResolvedEffect,
    RewriteVcs,
    RunProgram,
    SymbolicEffect,
    TamperGuard,
    UseTool,
    WritePath,
)
from guard.model.facts import Facts, LookPath, LookTree, PathFact, TreeFact
from guard.model.paths import UNRESOLVED_PLACE, FileKind, KnownPath, Loss, ResolvedPath, SymbolicPath
from guard.model.typed import assert_never

Roots = tuple[tuple[str, str], ...]


def resolve(effects: tuple[SymbolicEffect, ...], facts: Facts) -> tuple[ResolvedEffect, ...]:
    """The same effects, each once, on resolved paths."""
    named = roots(facts)
    out: dict[ResolvedEffect, None] = {}
    for effect in effects:
        out.setdefault(one := _resolve(effect, facts, named))
        if (other := _by_another_name(one, facts)) is not None:
            out.setdefault(other)
    return tuple(out)


def _by_another_name(effect: ResolvedEffect, facts: Facts) -> ResolvedEffect | None:
    """The same on the file's other names, which may lie anywhere: `ln ~/.bashrc notes` may have been long ago."""
    match effect:
        case WritePath(path=path, detail="", recursive=False) | ChangeMode(path=path, recursive=False):
            answer = facts.answers.get(LookPath(path.given))
            if not isinstance(answer, PathFact) or answer.names < 2:
                return None
            elsewhere = ResolvedPath(
                given=path.given, real="", place=UNRESOLVED_PLACE, unresolved="the file has other names, too"
            )
            return replace(effect, path=elsewhere)
        case _:
            return None


def _resolve(effect: SymbolicEffect, facts: Facts, named: Roots) -> ResolvedEffect:
    match effect:
        case RunProgram() | Opaque():
            return effect
        case ReadPath():
            return _as_read(effect, _path(effect.path, facts, named, deep=effect.recursive))
        case WritePath():
            written = _path(effect.path, facts, named, deep=effect.recursive, replaces=not effect.append)
            return WritePath(
                path=_takes(written, effect.path, effect.detail, facts),
                recursive=effect.recursive,
                append=effect.append,
                detail=effect.detail,
                program=effect.program,
                names=effect.names,
                span=effect.span,
                certain=effect.certain,
            )
        case DeletePath():
            gone = _path(effect.path, facts, named, deep=effect.recursive, entry=True, loses=True)
            return DeletePath(
                path=_takes(gone, effect.path, effect.detail, facts),
                recursive=effect.recursive,
                detail=effect.detail,
                program=effect.program,
                names=effect.names,
                span=effect.span,
                certain=effect.certain,
            )
        case ChangeMode():
            return ChangeMode(
                path=_path(effect.path, facts, named, deep=effect.recursive),
                recursive=effect.recursive,
                detail=effect.detail,
                program=effect.program,
                names=effect.names,
                span=effect.span,
                certain=effect.certain,
            )
        case LinkPath():
            return LinkPath(
                path=_path(effect.path, facts, named, deep=False, entry=True),
                target=_path(effect.target, facts, named, deep=False),
                program=effect.program,
                names=effect.names,
                span=effect.span,
                certain=effect.certain,
            )
        case ReadSecret():
            return ReadSecret(
                path=_path(effect.path, facts, named, deep=False),
                detail=effect.detail,
                program=effect.program,
                names=effect.names,
                span=effect.span,
                certain=effect.certain,
            )
        case TamperGuard():
            return TamperGuard(
                path=_path(effect.path, facts, named, deep=False),
                detail=effect.detail,
                program=effect.program,
                names=effect.names,
                span=effect.span,
                certain=effect.certain,
            )
        case Connect(carries=carries) if carries:
            return replace(effect, carries=tuple(_source(source, facts, named) for source in carries))
        case (
            Connect()
            | Listen()
            | PublishVcs()
            | RewriteVcs()
            | InstallPackage()
            | PublishPackage()
            | GainPrivilege()
            | ControlContainer()
            | DestroyDatabase()
            | UseTool()
            | MutateCloud()
            | KillProcess()
            | PersistEnv()
        ):
            return effect
        case _:
            assert_never(effect)


def _source(source: str, facts: Facts, named: Roots) -> str:
    """``file:/home/u/k`` -> ``file:$H/k``, through the links that were looked at."""
    kind, _, path = source.partition(":")
    if kind not in {"file", "tree"}:
        return source
    answer = facts.answers.get(LookPath(path))
    real = answer.real if isinstance(answer, PathFact) and answer.real else lexical_path(path)
    return f"{kind}:{place_of(real, named)}"


def _as_read(effect: ReadPath[SymbolicPath], path: ResolvedPath) -> ResolvedEffect:
    return ReadPath(
        path=path,
        recursive=effect.recursive,
        program=effect.program,
        names=effect.names,
        span=effect.span,
        certain=effect.certain,
    )


def _path(
    path: SymbolicPath,
    facts: Facts,
    named: Roots,
    *,
    deep: bool,
    entry: bool = False,
    loses: bool = False,
    replaces: bool = False,
) -> ResolvedPath:
    """``entry``: the effect is on the name itself and does not follow a link there."""
    if not isinstance(path, KnownPath):
        return ResolvedPath(
            given=path.text, real="", place=UNRESOLVED_PLACE, unresolved=path.reason, lost=-1 if loses else 0
        )
    spelled = lexical_path(path.text)
    answer = facts.answers.get(LookPath(path.text))
    fact = answer if isinstance(answer, PathFact) else None
    if fact is None:
        # Nobody looked (a question about an imagined world): judged by its spelling, with an unknown tree.
        fact = PathFact(real=spelled, parent_real=spelled, kind=FileKind.UNKNOWN)
    elif fact.error:
        return ResolvedPath(
            given=path.text, real="", place=UNRESOLVED_PLACE, unresolved=fact.error, lost=-1 if loses else 0
        )
    # `rm link` removes the link; `rm link/` and `rm link/.` mean what it leads to.
    follows = not entry or path.text.endswith(("/", "/.", "/.."))
    real = fact.real if follows else fact.parent_real
    place = place_of(real, named)
    aliases: tuple[str, ...] = ()
    if spelled != real or fact.parent_real != real or fact.repository:
        others = dict.fromkeys((place_of(spelled, named), place_of(fact.parent_real, named)))
        others[_in_git(fact, real, named) or place] = None
        others.pop(place, None)
        aliases = tuple(others)
    resolved = ResolvedPath(
        given=path.text,
        real=real,
        place=place,
        kind=FileKind.OTHER if fact.is_link and not follows else fact.kind,
        aliases=aliases,
        lost=-1 if loses else 0,
    )
    return _tree(resolved, path.text, facts, named, deep=deep, loses=loses, replaces=replaces)


def _in_git(fact: PathFact, real: str, named: Roots) -> str:
    inside = as_in_git(real, fact.repository) or as_in_git(fact.parent_real, fact.repository)
    return place_of(inside, named) if inside else ""


def _tree(
    resolved: ResolvedPath, text: str, facts: Facts, named: Roots, *, deep: bool, loses: bool, replaces: bool
) -> ResolvedPath:
    if not deep and not loses:
        if replaces and resolved.kind is FileKind.FILE:
            counted = facts.answers.get(LookTree(text))
            return replace(resolved, loss=_loss(counted)) if isinstance(counted, TreeFact) else resolved
        return resolved
    answer = facts.answers.get(LookTree(text))
    tree = answer if isinstance(answer, TreeFact) else TreeFact(entries=(), complete=False, unrecoverable=-1)
    lost = tree.unrecoverable if loses else 0
    if not deep:
        return replace(resolved, lost=lost, loss=_loss(tree) if loses else None)
    base = resolved.real.rstrip("/")
    below = [place_of(f"{base}/{entry}", named) for entry in tree.entries]
    if not tree.complete:
        # Not all of it was seen, so what matters and may lie there does: `rm -rf /home` takes `$H` with it.
        important = [path for _, path in named] + list(facts.guard_paths)
        below += [place_of(path, named) for path in important if is_below(path, resolved.real)]
    return replace(
        resolved,
        below=tuple(dict.fromkeys(below)),
        listed=tree.complete,
        lost=lost,
        loss=_loss(tree) if loses else None,
    )


def _takes(resolved: ResolvedPath, path: SymbolicPath, detail: str, facts: Facts) -> ResolvedPath:
    """The same path; what is lost there is only what ``detail`` says."""
    if not detail or detail == MOVES or not isinstance(path, KnownPath):
        return resolved if detail != MOVES else replace(resolved, loss=None)
    asked = directory_of(path.text) if detail in CLEANS else path.text
    tree = facts.answers.get(LookTree(asked))
    if not isinstance(tree, TreeFact) or not tree.complete:
        return replace(resolved, loss=None)
    if detail in {DISCARDS, DISCARDS_STAGED, STASHES}:
        return replace(
            resolved, loss=Loss(files=tree.modified, bytes=tree.modified_bytes, modified=tree.modified)
        )
    known = detail != CLEANS_IGNORED
    ignored = detail != CLEANS_UNTRACKED
    return replace(
        resolved,
        loss=Loss(
            files=known * tree.untracked + ignored * tree.ignored,
            bytes=known * tree.untracked_bytes + ignored * tree.ignored_bytes,
            untracked=known * tree.untracked,
            ignored=ignored * tree.ignored,
        ),
    )


def directory_of(text: str) -> str:
    """The directory of which only some files are meant: what is looked at instead of the made-up name in it."""
    return text.rpartition("/")[0] or "/"


def _loss(tree: TreeFact) -> Loss | None:
    """What there is to lose; None when not all of it was counted, or there is nothing."""
    if not tree.complete or not tree.files:
        return None
    return Loss(
        files=tree.files,
        bytes=tree.bytes,
        untracked=tree.untracked,
        ignored=tree.ignored,
        modified=tree.modified,
    )
