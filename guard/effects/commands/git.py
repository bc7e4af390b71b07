"""git: options and configuration that make it run things, looking, committing; the table of its subcommands.

Options before the subcommand and configuration can make any subcommand run any program: those are read first.
"""

from guard.effects.call import Call
from guard.effects.commands.git_config import config, configured_by
from guard.effects.commands.git_remote import (
    bridge,
    clone,
    credential,
    fetch,
    lfs,
    pull,
    push,
    remote_command,
    submodule,
    to_remote,
)
from guard.effects.commands.git_repository import (
    COMMIT_HOOKS,
    TALK,
    apart,
    in_commit,
    repository_of,
    runs_hooks,
    talks_to_programs,
)
from guard.effects.commands.git_store import (
    gc,
    history,
    index,
    maintenance,
    notes,
    prune,
    reflog,
    repack,
    replacements,
    rerere,
    symbolic_ref,
    update_ref,
)
from guard.effects.commands.git_tree import (
    apply,
    bisect,
    branch_command,
    checkout,
    checkout_index,
    clean,
    merge,
    moved,
    pick,
    read_tree,
    rebase,
    removed,
    reset,
    restore,
    sparse,
    stash,
    switch,
    tag,
    worktree,
)
from guard.effects.options import Parsed, grammar
from guard.effects.values import Field, Hole, plain
from guard.model.dataclass import replace
from guard.model.paths import KnownPath
from guard.model.typed import Callable

_GLOBAL = grammar(
    "C c git-dir work-tree namespace super-prefix exec-path config-env attr-source list-cmds",
    optional="exec-path",
    stops=True,
)

_LOOKS = frozenset(
    "status log show diff shortlog describe rev-parse rev-list ls-files ls-tree cat-file blame annotate whatchanged "
    "name-rev merge-base for-each-ref show-ref show-branch count-objects fsck check-ignore check-attr diff-tree diff-index "
    "diff-files version help var cherry range-diff ls-remote grep get-tar-commit-id verify-commit verify-tag "
    "check-ref-format column mktree hash-object patch-id stripspace whatchanged".split(" ")
)

_SHOWS_CONTENT = frozenset(
    "show cat-file diff log blame annotate grep hash-object diff-tree whatchanged".split()
)
"""Those that print what is in files, in the tree or in commits."""

_LOOKS_AT_THE_TREE = frozenset(
    "status diff diff-files diff-index show log blame annotate grep ls-files whatchanged cat-file describe hash-object verify-commit "
    "verify-tag".split()
)
"""Those that refresh the index, run filters or check signatures: the repository's configuration may name programs for that."""


def _git(call: Call) -> None:
    parsed = call.parse(_GLOBAL)
    aliases: dict[str, str] = {}
    for field in parsed.values("c"):
        configured_by(call, field, aliases)
    for field in parsed.values("config-env"):
        call.opaque(f"`{field.text}` takes git's configuration from the environment")
    if parsed.values("exec-path"):
        call.opaque("takes git's own programs from another directory")
    state = call.state
    for field in parsed.values("C", "work-tree"):
        places = tuple(path.text for path in call.paths(field, state) if isinstance(path, KnownPath))
        state = replace(state, cwd=places if field.static is not None else ())
    call.state = state
    call.read(*parsed.values("git-dir", "work-tree"))
    if parsed.values("git-dir"):
        call.opaque("takes its configuration from a repository named by an option")
    if not parsed.operands:
        return
    name = parsed.operands[0].static
    if name is None:
        call.opaque("which git command runs is not known before it runs")
        return
    call.args = parsed.operands[1:]
    # git itself looks at the first argument only: `--source --help` is a value.
    if call.statics[:1] == ["--help"] or call.statics == ["-h"]:
        return
    handler = _COMMANDS.get(name)
    if handler is not None:
        handler(call)
    elif name in _LOOKS:
        _look(call, name)
    else:
        _alias(call, name, aliases)


def _alias(call: Call, name: str, own: dict[str, str]) -> None:
    fact = repository_of(call)
    known = {**(dict(fact.aliases) if fact is not None else {}), **own}
    text = known.get(name.lower())
    if text is None:
        call.opaque(f"`git {name}` is an alias or a program that is not known")
    elif text.startswith("!"):
        call.run_text((text[1:],))
    else:
        call.run([plain("git", call.span), *(plain(word, call.span) for word in text.split()), *call.args])


def _after_dashes(call: Call, operands: list[Field]) -> list[Field]:
    """Paths where ``--`` says so; otherwise any operand may be one."""
    names = call.statics
    return call.args[names.index("--") + 1 :] if "--" in names else operands


def _look(call: Call, name: str) -> None:
    if name in _LOOKS_AT_THE_TREE:
        runs_hooks(call)
    parsed = call.parse(
        grammar(
            "O open-files-in-pager output upload-pack exec server-option diff-filter",
            optional="O open-files-in-pager",
        )
    )
    call.write(*parsed.values("output"))
    if parsed.has("O", "open-files-in-pager") and name == "grep":
        call.opaque("opens what it finds in a program")
    if name == "ls-remote" and parsed.has("upload-pack", "exec"):
        call.opaque("runs a program on a remote, which may be this machine")
    if parsed.has("ext-diff", "textconv"):
        call.opaque("runs the repository's own diff programs")
    if name in _SHOWS_CONTENT:
        call.read(*(in_commit(field) for field in _after_dashes(call, parsed.operands)))
    if name in _NAMES:
        _say_names(call, name, parsed)
    if name == "ls-remote":
        runs_hooks(call, about=TALK)
        to_remote(call, parsed.operands[0] if parsed.operands else None, upload=False)


def _say_names(call: Call, name: str, parsed: Parsed) -> None:
    """It prints names of what lies below the directory in which it works, and nothing else.

    Files that differ are named from the top of the repository. None of the names has a ``..`` in it, so they lie below
    wherever they are used; one that was deleted is there no more, and nobody can look at what it is like.
    """
    if not {option for option, _ in parsed.options} <= _NAMES[name] or any(
        field.static is None or field.static.startswith(("/", "..", ":")) for field in parsed.operands
    ):
        return
    dashes = "--" in call.statics
    before = (
        parsed.operands[: len(parsed.operands) - len(_after_dashes(call, []))] if dashes else parsed.operands
    )
    if name == "diff":
        if not parsed.has("name-only"):
            return
        kinds = [field.static or "" for field in parsed.values("diff-filter")]
        kept = any("d" in kind or (kind.isupper() and "D" not in kind) for kind in kinds)
        gone = not kept or any(field.static != "HEAD" for field in before)
    elif name == "grep":
        if not parsed.has("l", "files-with-matches", "name-only", "L", "files-without-match"):
            return
        # What stands behind the pattern may be a commit.
        gone = len(before) > 1
    else:
        gone = parsed.has("d", "deleted")
    call.output = (Hole("names of files", below=call.state.cwd, relative=True, gone=gone, outside_git=True),)


_NAMES = {
    "ls-files": frozenset("c o m z d cached others modified deleted exclude-standard".split()),
    "grep": frozenset(
        "l files-with-matches name-only L files-without-match i ignore-case w word-regexp F fixed-strings E extended-regexp "
        "G basic-regexp P perl-regexp v invert-match e I z n null line-number untracked cached".split()
    ),
    "diff": frozenset(
        "name-only z cached staged diff-filter relative merge-base no-renames M ignore-submodules".split()
    ),
}


def _add(call: Call) -> None:
    parsed = call.parse(grammar("chmod pathspec-from-file"))
    call.read(*parsed.operands)
    runs_hooks(call)


def _internals(call: Call) -> None:
    """Objects, index and refs change by git's own hand: that is what the command is for."""


def _commit(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "m message F file C reuse-message c reedit-message author date t template cleanup fixup squash trailer S u",
            optional="S u gpg-sign",
        )
    )
    call.read(*parsed.values("F", "file", "t", "template"))
    # `--amend` loses nothing: the log of the branch names the commit that was, and to publish it is asked about.
    if parsed.has("e", "edit", "c", "reedit-message", "p", "patch", "interactive"):
        call.opaque("opens an editor or asks")
    runs_hooks(
        call, *(COMMIT_HOOKS if not parsed.has("n", "no-verify") else COMMIT_HOOKS[1::2]), "post-rewrite"
    )


def _archive(call: Call) -> None:
    parsed = call.parse(grammar("o output format prefix remote exec add-file"))
    if parsed.has("exec", "remote"):
        call.opaque("runs a program on a remote")
        for field in parsed.values("remote"):
            to_remote(call, field, upload=False)
    call.read(*(in_commit(field) for field in parsed.operands[1:]), *parsed.values("add-file"))
    call.write(*parsed.values("o", "output"))
    runs_hooks(call)


def _patches(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "o output-directory n v reroll-count subject-prefix to cc from base signature-file description-file"
        )
    )
    call.read(*parsed.values("signature-file", "description-file"))
    call.write(*(parsed.values("o", "output-directory") or [plain(".", call.span)]), append=True)


def _reported(call: Call) -> None:
    """``bugreport``, ``diagnose``: what is wrong with the repository is written to a file."""
    parsed = call.parse(grammar("o output-directory s suffix mode", optional="diagnose"))
    call.write(*(parsed.values("o", "output-directory") or [plain(".", call.span)]), append=True)
    call.opaque("opens an editor, or packs what it finds in the repository")


def _init(call: Call) -> None:
    parsed = call.parse(
        grammar("template separate-git-dir b initial-branch object-format", optional="shared")
    )
    if parsed.has("template"):
        call.opaque("copies hooks into the new repository")
    apart(call, parsed, parsed.operands[0] if parsed.operands else None)
    # What follows may write where a bare one has its configuration, which has no name that tells.
    call.write(*(parsed.operands or [plain(".", call.span)]), append=True, recursive=parsed.has("bare"))


def _bundle(call: Call) -> None:
    action = call.args[0].static if call.args else ""
    if action == "create":
        call.write(*call.args[1:2])


def _nothing(call: Call) -> None:
    """Only what git keeps about itself changes."""
    _internals(call)


_COMMANDS: dict[str, Callable[[Call], None]] = {
    "add": _add,
    "stage": _add,
    "commit": _commit,
    "checkout": checkout,
    "switch": switch,
    "restore": restore,
    "reset": reset,
    "clean": clean,
    "stash": stash,
    "branch": branch_command,
    "tag": tag,
    "merge": merge,
    "rebase": rebase,
    "cherry-pick": pick,
    "revert": pick,
    "am": pick,
    "push": push,
    "fetch": fetch,
    "pull": pull,
    "clone": clone,
    "config": config,
    "worktree": worktree,
    "rm": removed,
    "mv": moved,
    "filter-branch": history,
    "filter-repo": history,
    "replace": replacements,
    "reflog": reflog,
    "gc": gc,
    "prune": prune,
    "submodule": submodule,
    "bisect": bisect,
    "archive": _archive,
    **dict.fromkeys(("bugreport", "diagnose"), _reported),
    "apply": apply,
    "init": _init,
    "remote": remote_command,
    "bundle": _bundle,
    "update-ref": update_ref,
    "symbolic-ref": symbolic_ref,
    "update-index": index,
    "read-tree": read_tree,
    "checkout-index": checkout_index,
    "notes": notes,
    "pack-refs": _nothing,
    "prune-packed": _nothing,
    "multi-pack-index": _nothing,
    "commit-graph": _nothing,
    "unpack-objects": _nothing,
    "rerere": rerere,
    "repack": repack,
    "maintenance": maintenance,
    "format-patch": _patches,
    "sparse-checkout": sparse,
    "lfs": lfs,
    "svn": bridge,
    "p4": bridge,
    "daemon": talks_to_programs,
    "send-email": bridge,
    "imap-send": bridge,
    "credential": credential,
    "instaweb": talks_to_programs,
    "difftool": talks_to_programs,
    "mergetool": talks_to_programs,
    "gui": talks_to_programs,
    "citool": talks_to_programs,
}

HANDLERS: dict[str, Callable[[Call], None]] = {"git": _git}
