"""git and what it keeps about itself: objects, refs, their logs, notes, and what it says of files. Knows no work tree.

What the log of a ref still names comes back; what is pruned, or taken out of a log, does not.
"""

from guard.effects.call import Call
from guard.effects.commands.git_repository import moves_refs, runs_hooks, talks_to_programs
from guard.effects.options import grammar
from guard.effects.values import Field
from guard.model.effect import PersistEnv, RewriteVcs

_LOSES = "deletes what could bring lost commits back"
_FILTERS = (
    "tree-filter",
    "index-filter",
    "msg-filter",
    "env-filter",
    "commit-filter",
    "parent-filter",
    "tag-name-filter",
    "setup",
)


def _action(call: Call) -> str | None:
    return next((field.static for field in call.args if not field.prefix.startswith("-")), "")


def history(call: Call) -> None:
    """``filter-branch``, ``filter-repo``."""
    call.say(RewriteVcs(branch="?", detail="rewrites or prunes history"))
    parsed = call.parse(grammar(" ".join(_FILTERS)))
    for field in parsed.values(*_FILTERS):
        call.run_text(field)
    call.opaque("may run filters on every commit")


def prune(call: Call) -> None:
    parsed = call.parse(grammar("expire"))
    if not parsed.has("n", "dry-run"):
        call.say(RewriteVcs(branch="?", detail=_LOSES))


def repack(call: Call) -> None:
    """Objects that nothing names stay loose with ``-A``, for two weeks with ``--cruft``; with ``-a -d`` they are gone."""
    parsed = call.parse(
        grammar(
            "window depth threads window-memory max-pack-size filter filter-to expire-to unpack-unreachable "
            "cruft-expiration max-cruft-size geometric g keep-pack name-hash-version"
        )
    )
    dates = parsed.values("unpack-unreachable", "cruft-expiration")
    kept = parsed.has("A", "k", "keep-unreachable", "cruft")
    if any(_ends(field) for field in dates) or (parsed.has("a") and parsed.has("d") and not kept):
        call.say(RewriteVcs(branch="?", detail=_LOSES))


def _ends(date: Field) -> bool:
    return date.static not in {"never", "false", "2.weeks.ago"}


def gc(call: Call) -> None:
    parsed = call.parse(grammar("prune expire-to max-cruft-size", optional="prune"))
    # Without a date it is two weeks, as always.
    if any(_ends(field) for field in parsed.values("prune")):
        call.say(RewriteVcs(branch="?", detail=_LOSES))
    runs_hooks(call, "pre-auto-gc")


def reflog(call: Call) -> None:
    parsed = call.parse(grammar("expire expire-unreachable"))
    action = parsed.operands[0].static if parsed.operands else "show"
    if action is None or (action in {"expire", "delete", "drop"} and not parsed.has("n", "dry-run")):
        call.say(RewriteVcs(branch="?", detail=_LOSES))


def notes(call: Call) -> None:
    parsed = call.parse(grammar("ref m F C c s strategy separator", optional="separator"))
    action = parsed.operands[0].static if parsed.operands else "list"
    call.read(*parsed.values("F"))
    if action is None or (action in {"prune", "remove"} and not parsed.has("n", "dry-run")):
        call.say(RewriteVcs(branch="refs/notes", detail="removes notes"))
    elif action == "edit" or parsed.has("c"):
        call.opaque("opens an editor")
    else:
        moves_refs(call)


def replacements(call: Call) -> None:
    """``replace A B``: from now on git shows B where history says A."""
    parsed = call.parse(grammar("format"))
    if parsed.operands and not parsed.has("l", "list"):
        call.say(RewriteVcs(branch="?", detail="shows another history than the one that is there"))


def index(call: Call) -> None:
    """Only the index changes, but with two options git stops looking at a file: its changes are seen by nobody."""
    hides = {"--assume-unchanged", "--skip-worktree", "--no-assume-unchanged", "--no-skip-worktree"}
    said = [text for text in call.statics if text in hides]
    if said and not said[-1].startswith("--no-"):
        call.say(PersistEnv(detail="git no longer sees changes of the file"))
    runs_hooks(call)


def rerere(call: Call) -> None:
    if _action(call) in {"clear", "forget", None}:
        call.say(RewriteVcs(branch="?", detail="forgets how conflicts were resolved"))


def maintenance(call: Call) -> None:
    action = _action(call)
    if action in {"start", "stop", "register", "unregister", None}:
        call.say(PersistEnv(detail="jobs that git runs by the clock"))
    elif action == "run":
        runs_hooks(call, "pre-auto-gc")
    else:
        talks_to_programs(call)


def symbolic_ref(call: Call) -> None:
    parsed = call.parse(grammar("m"))
    if len(parsed.operands) > 1 or parsed.has("d", "delete"):
        call.say(
            RewriteVcs(
                branch=parsed.operands[0].text if parsed.operands else "?", detail="moves or deletes a ref"
            )
        )


def update_ref(call: Call) -> None:
    call.say(
        RewriteVcs(
            branch=next((f.text for f in call.args if not f.text.startswith("-")), "?"),
            detail="moves or deletes a ref",
        )
    )
