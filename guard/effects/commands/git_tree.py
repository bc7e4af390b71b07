"""git and the work tree: what becomes another commit's, and what nothing else holds is lost."""

from guard.effects.call import Call
from guard.effects.commands.git_repository import (
    COMMIT_HOOKS,
    UPDATE_HOOKS,
    current_branch,
    moves_refs,
    repository_of,
    runs_hooks,
    tree_top,
)
from guard.effects.options import grammar
from guard.effects.values import Field, plain
from guard.model.effect import (
    CLEANS_BOTH,
    CLEANS_IGNORED,
    CLEANS_UNTRACKED,
    DISCARDS,
    DISCARDS_STAGED,
    STASHES,
    RewriteVcs,
)


def tree_changes(call: Call, *, loses: bool) -> None:
    """The work tree becomes another commit's. ``loses``: changes that are not committed go."""
    top = tree_top(call)
    if loses:
        fact = repository_of(call, compare=True)
        if fact is None or fact.dirty is not False:
            call.say(
                RewriteVcs(branch=current_branch(call), detail="discards changes that are not committed")
            )
    call.write(top, recursive=True, detail=DISCARDS_STAGED if loses else "")
    runs_hooks(call, *UPDATE_HOOKS)


def switch(call: Call) -> None:
    checkout(call, new="c create C force-create")


def checkout(call: Call, new: str = "b B") -> None:
    parsed = call.parse(
        grammar(
            f"{new} orphan pathspec-from-file conflict",
            optional="t track recurse-submodules",
            flags="q quiet f force l m merge p patch d detach guess no-guess progress no-progress overlay no-overlay ours theirs "
            "discard-changes ignore-skip-worktree-bits ignore-other-worktrees overwrite-ignore pathspec-file-nul no-track 2 3",
        )
    )
    forced = parsed.has("f", "force", "discard-changes", "ours", "theirs")
    if parsed.has("pathspec-from-file"):
        call.read(*parsed.values("pathspec-from-file"))
        _restored(call, [tree_top(call)])
        return
    names = [field.static for field in call.args]
    if "--" in names:
        at = names.index("--")
        _restored(call, call.args[at + 1 :])
        return
    operands = parsed.operands
    if parsed.has("b", "B", "orphan", "c", "C", "create", "force-create"):
        for field in parsed.values("B", "C", "force-create"):
            call.say(RewriteVcs(branch=field.text, detail="moves a branch"))
        if len(operands) > 0:
            tree_changes(call, loses=forced)
        else:
            runs_hooks(call, "post-checkout")
        return
    if call.args and operands and (operands[0].static in {".", "*"} or len(operands) > 1):
        _restored(call, operands if operands[0].static in {".", "*"} else operands[1:])
        return
    if operands and (operands[0].static or "").startswith("./"):
        _restored(call, operands)
        return
    tree_changes(call, loses=forced)


def _restored(call: Call, fields: list[Field]) -> None:
    """Files go back to what a commit holds: what was not committed is lost."""
    fact = repository_of(call, compare=True)
    call.write(*fields, recursive=True, detail=DISCARDS)
    runs_hooks(call, "post-checkout")
    if fact is not None and fact.dirty is False:
        return
    call.say(RewriteVcs(branch=current_branch(call), detail="discards changes that are not committed"))


def restore(call: Call) -> None:
    parsed = call.parse(grammar("s source pathspec-from-file conflict U unified inter-hunk-context"))
    if parsed.has("S", "staged") and not parsed.has("W", "worktree"):
        runs_hooks(call)
        return
    _restored(call, parsed.operands)


def reset(call: Call) -> None:
    parsed = call.parse(
        grammar("pathspec-from-file", flags="hard soft mixed merge keep quiet patch no-refresh refresh q p N")
    )
    if parsed.has("hard", "merge", "keep"):
        tree_changes(call, loses=parsed.has("hard", "merge"))
        if any(field.static not in {"HEAD", None} for field in parsed.operands):
            call.say(RewriteVcs(branch=current_branch(call), detail="moves the branch to another commit"))
    else:
        runs_hooks(call)


_UNTRACKED = "files that git does not know"


def clean(call: Call) -> None:
    parsed = call.parse(grammar("e exclude", flags="force dry-run interactive quiet f n d x X i q"))
    if parsed.has("n", "dry-run"):
        return
    if parsed.has("f", "force") or parsed.uncertain:
        fields = parsed.operands or [plain(".", call.span)]
        only = (
            CLEANS_IGNORED
            if parsed.has("X")
            else CLEANS_BOTH
            if parsed.has("x") or parsed.uncertain
            else CLEANS_UNTRACKED
        )
        for field in fields:
            # Which files these are is in the tree; where they are is what matters. What git knows stays.
            text = field.static
            call.delete(
                field if text is None else plain(f"{text.rstrip('/') or '/'}/{_UNTRACKED}", field.span),
                detail=only,
            )
        call.say(RewriteVcs(branch=current_branch(call), detail="deletes files that git does not know"))


def stash(call: Call) -> None:
    action = next((field.static for field in call.args if not (field.static or "").startswith("-")), "push")
    if action == "list":
        return
    runs_hooks(call)
    if action == "show":
        return
    if action in {"drop", "clear"}:
        call.say(RewriteVcs(branch="stash", detail="deletes stashed work"))
    else:
        keeps = action in {"push", "save"}
        call.write(tree_top(call), recursive=True, detail=STASHES if keeps else "")


def branch_command(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "u set-upstream-to contains no-contains points-at sort format t track merged no-merged",
            optional="t track color contains no-contains merged no-merged",
        )
    )
    force = parsed.has("D", "f", "force", "M", "C")
    if parsed.operands:
        moves_refs(call)
    if parsed.has("D") or (parsed.has("d", "delete") and force):
        for field in parsed.operands:
            call.say(RewriteVcs(branch=field.text, detail="deletes a branch that may not be merged"))
    elif parsed.has("d", "delete") and parsed.has("r", "remotes"):
        for field in parsed.operands:
            call.say(
                RewriteVcs(branch=field.text, detail="forgets what is noted of a branch that others have")
            )
    elif force and parsed.operands:
        call.say(RewriteVcs(branch=parsed.operands[-1].text, detail="moves a branch"))


def tag(call: Call) -> None:
    parsed = call.parse(
        grammar("m message F file u local-user n sort contains points-at format", optional="n")
    )
    call.read(*parsed.values("F", "file"))
    if parsed.has("s", "sign", "u", "local-user", "v", "verify"):
        runs_hooks(call)
    elif parsed.operands:
        moves_refs(call)
    if parsed.has("d", "delete", "f", "force"):
        call.say(
            RewriteVcs(
                branch=parsed.operands[0].text if parsed.operands else "?", detail="moves or deletes a tag"
            )
        )


def _given_up(call: Call) -> bool:
    """``--abort``: the tree becomes what it was before; a conflict that was half resolved is kept by undo, as any edit.

    git refuses to begin where it would overwrite what is not committed, so nothing else goes. ``--quit`` touches no file.
    """
    said = call.statics
    if "--abort" in said:
        tree_changes(call, loses=False)
    return "--abort" in said or "--quit" in said


def merge(call: Call) -> None:
    parsed = call.parse(grammar("m message s strategy X strategy-option F file S", optional="S"))
    call.read(*parsed.values("F", "file"))
    if _given_up(call):
        return
    call.write(tree_top(call), recursive=True)
    runs_hooks(call, "pre-merge-commit", *COMMIT_HOOKS, *UPDATE_HOOKS)


def rebase(call: Call) -> None:
    if _given_up(call):
        return
    parsed = call.parse(grammar("onto s strategy X strategy-option x exec C S", optional="S r rebase-merges"))
    for field in parsed.values("x", "exec"):
        call.run_text(field)
    if call.name and parsed.has("show-current-patch"):
        return
    call.say(RewriteVcs(branch=current_branch(call), detail="rewrites commits"))
    call.write(tree_top(call), recursive=True)
    runs_hooks(call, "pre-rebase", *COMMIT_HOOKS, *UPDATE_HOOKS)


def pick(call: Call) -> None:
    if _given_up(call):
        return
    call.write(tree_top(call), recursive=True)
    runs_hooks(call, *COMMIT_HOOKS, *UPDATE_HOOKS, "applypatch-msg", "pre-applypatch", "post-applypatch")


def worktree(call: Call) -> None:
    action = call.args[0].static if call.args else ""
    parsed = call.parse(grammar("b B reason"))
    for field in parsed.values("B"):
        call.say(RewriteVcs(branch=field.text, detail="moves a branch"))
    if action == "add" and len(parsed.operands) > 1:
        call.write(parsed.operands[1], append=True)
        runs_hooks(call, "post-checkout")
    elif action == "remove" and len(parsed.operands) > 1:
        call.delete(parsed.operands[1], recursive=True)
        if parsed.has("f", "force"):
            # Without, git refuses where something is not committed.
            call.say(RewriteVcs(branch="?", detail="discards what is not committed in another work tree"))
    elif action == "move" and len(parsed.operands) > 2:
        call.write(*parsed.operands[1:3], recursive=True)


def removed(call: Call) -> None:
    parsed = call.parse(grammar("pathspec-from-file"))
    # The last of an option and its opposite counts.
    said = [name for name, _ in parsed.options if name in {"cached", "no-cached"}]
    if said[-1:] != ["cached"] and not parsed.has("n", "dry-run"):
        call.delete(*parsed.operands, recursive=parsed.has("r"))
    runs_hooks(call)


def moved(call: Call) -> None:
    parsed = call.parse(grammar())
    if not parsed.has("n", "dry-run"):
        call.run([plain("mv", call.span), plain("--", call.span), *parsed.operands])
        runs_hooks(call)


def bisect(call: Call) -> None:
    action = call.args[0].static if call.args else ""
    if action == "run":
        call.run(call.args[1:])
    if action not in {"log", "view", "visualize"}:
        call.write(tree_top(call), recursive=True)


def read_tree(call: Call) -> None:
    """``-u``: what is read into the index is put into the work tree too."""
    parsed = call.parse(
        grammar("prefix index-output exclude-per-directory", optional="recurse-submodules", flags=_READ_TREE)
    )
    call.write(*parsed.values("index-output"))
    if parsed.has("u"):
        tree_changes(call, loses=True)


_READ_TREE = "u m i n dry-run q quiet v trivial aggressive reset empty no-sparse-checkout debug-unpack no-recurse-submodules"


def checkout_index(call: Call) -> None:
    """Files of the index are put into the work tree, or below another name: missing ones, and all with ``-f``."""
    parsed = call.parse(
        grammar(
            "stage prefix",
            flags="u index q quiet f force a all n no-create temp z stdin ignore-skip-worktree-bits",
        )
    )
    for field in parsed.values("prefix"):
        text = field.static
        # It is only put before each name: `--prefix=.git/hooks/x-`.
        into = (
            field
            if text is None
            else plain(text.rpartition("/")[0] or ("/" if text[:1] == "/" else "."), call.span)
        )
        call.write(into, recursive=True)
    if parsed.has("f", "force") and not parsed.has("prefix"):
        tree_changes(call, loses=True)
    elif not parsed.has("prefix"):
        call.write(tree_top(call), recursive=True)
    runs_hooks(call)


def sparse(call: Call) -> None:
    if call.statics[:1] != ["list"]:
        call.write(tree_top(call), recursive=True)


def apply(call: Call) -> None:
    parsed = call.parse(grammar("p C whitespace exclude include directory build-fake-ancestor"))
    call.read(*parsed.operands)
    if not parsed.has("stat", "numstat", "summary", "check"):
        call.write(tree_top(call), recursive=True)
