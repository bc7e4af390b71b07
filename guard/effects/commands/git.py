"""git: what each subcommand does to the work tree, to history, and to what others see.

Options before the subcommand and configuration can make any subcommand run any program: those are read first.
"""

from collections.abc import Callable
from dataclasses import replace

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_to
from guard.effects.options import grammar
from guard.effects.values import Field, plain
from guard.model.effect import PersistEnv, PublishVcs, RewriteVcs
from guard.model.facts import GitFact, GitRunsFact, LookGit, LookGitRuns
from guard.model.paths import KnownPath

_GLOBAL = grammar(
    "C c git-dir work-tree namespace super-prefix exec-path config-env attr-source list-cmds",
    optional="exec-path",
    stops=True,
)
_RUNS = frozenset(
    "core.pager core.editor core.sshcommand core.fsmonitor core.hookspath core.askpass core.gitproxy diff.external "
    "credential.helper sequence.editor gpg.program gpg.ssh.program init.templatedir include.path core.attributesfile "
    "uploadpack.packobjectshook core.alternaterefscommand interactive.difffilter protocol.ext.allow http.proxy".split(
        " "
    )
)
_RUN_PREFIXES = (
    "alias.",
    "filter.",
    "merge.",
    "difftool.",
    "mergetool.",
    "pager.",
    "includeif.",
    "url.",
    "browser.",
    "man.",
    "submodule.",
)
_LOOKS = frozenset(
    "status log show diff shortlog describe rev-parse rev-list ls-files ls-tree cat-file blame annotate whatchanged "
    "name-rev merge-base for-each-ref show-ref show-branch count-objects fsck check-ignore check-attr diff-tree diff-index "
    "diff-files version help var cherry range-diff ls-remote grep get-tar-commit-id verify-commit verify-tag "
    "check-ref-format column mktree hash-object patch-id stripspace rerere bugreport diagnose whatchanged".split(
        " "
    )
)


_SHOWS_CONTENT = frozenset(
    "show cat-file diff log blame annotate grep hash-object diff-tree whatchanged".split()
)
"""Those that print what is in files, in the tree or in commits."""
_LOOKS_AT_THE_TREE = frozenset(
    "status diff diff-files diff-index show log blame annotate grep ls-files whatchanged cat-file".split()
)
"""Those that refresh the index or run filters: the repository's configuration may name programs for that."""


def _git(call: Call) -> None:
    parsed = call.parse(_GLOBAL)
    aliases: dict[str, str] = {}
    for field in parsed.values("c"):
        _configured(call, field, aliases)
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
    before = call.statics[: call.statics.index("--")] if "--" in call.statics else call.statics
    if "--help" in before or call.statics == ["-h"]:
        return
    handler = _COMMANDS.get(name)
    if handler is not None:
        handler(call)
    elif name in _LOOKS:
        _look(call, name)
    else:
        _alias(call, name, aliases)


def _configured(call: Call, field: Field, aliases: dict[str, str]) -> None:
    """``-c KEY=VALUE``: what it makes git run is followed as far as it can be read."""
    name, _, value = (field.static or field.prefix).partition("=")
    key = name.lower()
    if field.static is not None and key.startswith("alias."):
        aliases[key.removeprefix("alias.")] = value
    elif (
        not key
        or key in _RUNS
        or key.startswith(_RUN_PREFIXES)
        or (field.static is None and "=" not in field.prefix)
    ):
        if field.static is not None and value:
            call.run_text((value,))
        call.opaque(f"`{key or field.text}` makes git run or load something")


def _alias(call: Call, name: str, own: dict[str, str]) -> None:
    fact = _repository(call)
    known = {**(dict(fact.aliases) if fact is not None else {}), **own}
    text = known.get(name.lower())
    if text is None:
        call.opaque(f"`git {name}` is an alias or a program that is not known")
    elif text.startswith("!"):
        call.run_text((text[1:],))
    else:
        call.run([plain("git", call.span), *(plain(word, call.span) for word in text.split()), *call.args])


def _repository(call: Call) -> GitFact | None:
    where = call.state.cwd[0] if call.state.cwd else ""
    answer = call.evaluator.ask(LookGit(where)) if where else None
    return answer if isinstance(answer, GitFact) and answer.root else None


def _top(call: Call) -> Field:
    fact = _repository(call)
    return plain(fact.root if fact is not None else ".", call.span)


def _after_dashes(call: Call, operands: list[Field]) -> list[Field]:
    """Paths where ``--`` says so; otherwise any operand may be one."""
    names = call.statics
    return call.args[names.index("--") + 1 :] if "--" in names else operands


def _in_commit(field: Field) -> Field:
    """``HEAD:src/a.py`` is what that file held: judged as the file."""
    text = field.static
    if text is None or text.startswith(("/", "./", "../")) or ":" not in text:
        return field
    return plain(text.partition(":")[2] or ".", field.span)


def _look(call: Call, name: str) -> None:
    if name in _LOOKS_AT_THE_TREE:
        _runs(call)
    parsed = call.parse(grammar("O open-files-in-pager output", optional="O open-files-in-pager"))
    call.write(*parsed.values("output"))
    if parsed.has("O", "open-files-in-pager") and name == "grep":
        call.opaque("opens what it finds in a program")
    if parsed.has("ext-diff", "textconv"):
        call.opaque("runs the repository's own diff programs")
    if name in _SHOWS_CONTENT:
        call.read(*(_in_commit(field) for field in _after_dashes(call, parsed.operands)))
    if name == "ls-remote":
        _remote(call, parsed.operands[0] if parsed.operands else None, upload=False)


def _remote(call: Call, field: Field | None, *, upload: bool) -> None:
    """A remote by name or address."""
    text = field.static if field is not None else "origin"
    if text is None:
        call.connect("?", upload=upload)
        return
    fact = _repository(call)
    address = dict(fact.remotes).get(text, "") if fact is not None else ""
    address = address or text
    if address.startswith("ext::") or "::" in address:
        call.opaque("a remote that runs a program")
    elif "/" not in address and ":" not in address:
        # A name whose address we do not know: the remote that the repository was cloned from, most likely.
        call.connect("?" if fact is not None and fact.remotes else "git-remote", upload=upload)
    elif address.startswith(("/", ".", "file:")):
        call.read(plain(address.removeprefix("file://"), call.span), recursive=True)
    else:
        connect_to(call, address, upload=upload)


def _add(call: Call) -> None:
    parsed = call.parse(grammar("chmod pathspec-from-file"))
    call.read(*parsed.operands)
    _runs(call)


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
    if parsed.has("amend"):
        call.say(RewriteVcs(branch=_branch(call), detail="amends the last commit"))
    if parsed.has("e", "edit", "c", "reedit-message", "p", "patch", "interactive"):
        call.opaque("opens an editor or asks")
    _runs(call, *(_COMMIT_HOOKS if not parsed.has("n", "no-verify") else _COMMIT_HOOKS[1::2]), "post-rewrite")


_COMMIT_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
_UPDATE_HOOKS = ("post-checkout", "post-merge", "post-rewrite")


def _runs(call: Call, *hooks: str) -> None:
    """Hooks of these names run if they are there; so does what the repository's own configuration names."""
    where = call.state.cwd[0] if len(call.state.cwd) == 1 else ""
    answer = call.evaluator.ask(LookGitRuns(where)) if where else None
    if not isinstance(answer, GitRunsFact):
        if hooks:
            call.opaque("runs the repository's hooks")
        return
    active = [
        name for name in answer.hooks if name == "*" or name in hooks or name == "reference-transaction"
    ]
    if active:
        call.opaque(f"runs the repository's hooks: {', '.join(active)}")
    if answer.config:
        call.opaque(f"the repository's configuration runs or loads something: {', '.join(answer.config[:4])}")


def _branch(call: Call) -> str:
    fact = _repository(call)
    return fact.branch if fact is not None and fact.branch else "?"


def _tree_change(call: Call, *, loses: bool) -> None:
    """The work tree becomes another commit's. ``loses``: changes that are not committed go."""
    top = _top(call)
    if loses:
        fact = _repository(call)
        if fact is None or fact.dirty is not False:
            call.say(RewriteVcs(branch=_branch(call), detail="discards changes that are not committed"))
    call.write(top, recursive=True)
    _runs(call, *_UPDATE_HOOKS)


def _switch(call: Call) -> None:
    _checkout(call, new="c create C force-create")


def _checkout(call: Call, new: str = "b B") -> None:
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
        _restored(call, [_top(call)])
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
            _tree_change(call, loses=forced)
        return
    if call.args and operands and (operands[0].static in {".", "*"} or len(operands) > 1):
        _restored(call, operands if operands[0].static in {".", "*"} else operands[1:])
        return
    if operands and (operands[0].static or "").startswith("./"):
        _restored(call, operands)
        return
    _tree_change(call, loses=forced)


def _restored(call: Call, fields: list[Field]) -> None:
    """Files go back to what a commit holds: what was not committed is lost."""
    fact = _repository(call)
    if fact is not None and fact.dirty is False:
        call.write(*fields, recursive=True)
        return
    call.write(*fields, recursive=True)
    call.say(RewriteVcs(branch=_branch(call), detail="discards changes that are not committed"))


def _restore(call: Call) -> None:
    parsed = call.parse(grammar("s source pathspec-from-file conflict U unified inter-hunk-context"))
    if parsed.has("S", "staged") and not parsed.has("W", "worktree"):
        return
    _restored(call, parsed.operands)


def _reset(call: Call) -> None:
    parsed = call.parse(
        grammar("pathspec-from-file", flags="hard soft mixed merge keep quiet patch no-refresh refresh q p N")
    )
    if parsed.has("hard", "merge", "keep"):
        _tree_change(call, loses=parsed.has("hard", "merge"))
        if any(field.static not in {"HEAD", None} for field in parsed.operands):
            call.say(RewriteVcs(branch=_branch(call), detail="moves the branch to another commit"))


_UNTRACKED = "files that git does not know"


def _clean(call: Call) -> None:
    parsed = call.parse(grammar("e exclude", flags="force dry-run interactive quiet f n d x X i q"))
    if parsed.has("n", "dry-run"):
        return
    if parsed.has("f", "force") or parsed.uncertain:
        fields = parsed.operands or [plain(".", call.span)]
        for field in fields:
            # Which files these are is in the tree; where they are is what matters. What git knows stays.
            text = field.static
            call.delete(
                field if text is None else plain(f"{text.rstrip('/') or '/'}/{_UNTRACKED}", field.span)
            )
        call.say(RewriteVcs(branch=_branch(call), detail="deletes files that git does not know"))


def _stash(call: Call) -> None:
    action = next((field.static for field in call.args if not (field.static or "").startswith("-")), "push")
    if action in {"list", "show"}:
        return
    if action in {"drop", "clear"}:
        call.say(RewriteVcs(branch="stash", detail="deletes stashed work"))
    else:
        call.write(_top(call), recursive=True)


def _branch_command(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "u set-upstream-to contains no-contains points-at sort format t track merged no-merged",
            optional="t track color contains no-contains merged no-merged",
        )
    )
    force = parsed.has("D", "f", "force", "M", "C")
    if parsed.has("D") or (parsed.has("d", "delete") and force):
        for field in parsed.operands:
            call.say(RewriteVcs(branch=field.text, detail="deletes a branch that may not be merged"))
    elif force and parsed.operands:
        call.say(RewriteVcs(branch=parsed.operands[-1].text, detail="moves a branch"))


def _tag(call: Call) -> None:
    parsed = call.parse(
        grammar("m message F file u local-user n sort contains points-at format", optional="n")
    )
    call.read(*parsed.values("F", "file"))
    if parsed.has("d", "delete", "f", "force"):
        call.say(
            RewriteVcs(
                branch=parsed.operands[0].text if parsed.operands else "?", detail="moves or deletes a tag"
            )
        )


def _merge(call: Call) -> None:
    parsed = call.parse(grammar("m message s strategy X strategy-option F file S", optional="S"))
    call.read(*parsed.values("F", "file"))
    if parsed.has("abort", "quit"):
        _tree_change(call, loses=True)
        return
    call.write(_top(call), recursive=True)
    _runs(call, "pre-merge-commit", *_COMMIT_HOOKS, *_UPDATE_HOOKS)


def _rebase(call: Call) -> None:
    parsed = call.parse(grammar("onto s strategy X strategy-option x exec C S", optional="S r rebase-merges"))
    for field in parsed.values("x", "exec"):
        call.run_text(field)
    if call.name and parsed.has("show-current-patch"):
        return
    call.say(RewriteVcs(branch=_branch(call), detail="rewrites commits"))
    call.write(_top(call), recursive=True)
    _runs(call, "pre-rebase", *_COMMIT_HOOKS, *_UPDATE_HOOKS)


def _pick(call: Call) -> None:
    if {"--abort", "--skip", "--quit"} & set(call.statics):
        _tree_change(call, loses=True)
        return
    call.write(_top(call), recursive=True)
    _runs(call, *_COMMIT_HOOKS, *_UPDATE_HOOKS, "applypatch-msg", "pre-applypatch", "post-applypatch")


def _push(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "o push-option receive-pack exec repo force-with-lease recurse-submodules signed",
            optional="force-with-lease signed recurse-submodules",
        )
    )
    if parsed.has("receive-pack", "exec"):
        call.opaque("runs a program on the remote")
    operands = parsed.operands
    named = operands[:1] or parsed.values("repo")
    remote = named[0] if named else None
    if parsed.has("n", "dry-run"):
        _remote(call, remote, upload=False)
        return
    refs = operands[1:]
    forced = parsed.has("f", "force", "force-with-lease", "mirror", "prune")
    everything = parsed.has("all", "mirror", "branches")
    name = remote.text if remote is not None else "origin"
    branches = [_pushed(call, field) for field in refs] or [("?" if everything else _branch(call), False)]
    for branch, rewritten in branches:
        call.say(PublishVcs(branch=branch, remote=name))
        if forced or rewritten or parsed.has("d", "delete"):
            call.say(RewriteVcs(branch=branch, detail="overwrites or deletes it for everybody"))
    _remote(call, remote, upload=True)
    _runs(call, *(("pre-push",) if not parsed.has("no-verify") else ()))


def _pushed(call: Call, field: Field) -> tuple[str, bool]:
    """Branch on the other side, and whether the spelling itself forces or deletes."""
    text = field.static
    if text is None:
        return "?", field.prefix.startswith("+")
    forced = text.startswith("+")
    source, colon, target = text.removeprefix("+").partition(":")
    branch = target if colon else source
    if branch == "HEAD":
        branch = _branch(call)
    return branch.removeprefix("refs/heads/") or "?", forced or (bool(colon) and not source)


def _fetch(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "upload-pack depth deepen shallow-since refmap j jobs o server-option",
            optional="recurse-submodules",
        )
    )
    if parsed.has("upload-pack"):
        call.opaque("runs a program on the remote")
    _remote(call, parsed.operands[0] if parsed.operands else None, upload=False)


def _pull(call: Call) -> None:
    _fetch(call)
    call.write(_top(call), recursive=True)
    _runs(call, "pre-merge-commit", *_COMMIT_HOOKS, *_UPDATE_HOOKS, "pre-rebase")


def _clone(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "o origin b branch u upload-pack template reference c config depth j jobs separate-git-dir filter server-option bundle-uri",
            optional="recurse-submodules",
        )
    )
    if parsed.has("u", "upload-pack", "template"):
        call.opaque("runs or copies programs into the new repository")
    for field in parsed.values("c", "config"):
        _configured(call, field, {})
    if parsed.operands:
        _remote(call, parsed.operands[0], upload=False)
        text = parsed.operands[0].static
        into = parsed.operands[1] if len(parsed.operands) > 1 else None
        if into is None and text is not None:
            into = plain(text.rstrip("/").rpartition("/")[2].removesuffix(".git") or ".", call.span)
        if into is not None:
            # A directory of its own, with what others have published: nothing in it is replaced, nothing runs.
            call.write(into, append=True)


def _config(call: Call) -> None:
    parsed = call.parse(grammar("f file blob type default comment value"))
    reads = ("l", "list", "get", "get-all", "get-regexp", "get-urlmatch", "get-color", "get-colorbool")
    operands = parsed.operands
    if operands and operands[0].static in {"list", "get"}:
        return
    if operands and operands[0].static in {"set", "unset", "edit", "rename-section", "remove-section"}:
        operands = operands[1:]
    elif parsed.has(*reads) or (len(operands) < 2 and not parsed.has("unset", "unset-all", "e", "edit")):
        return
    named = parsed.values("f", "file")
    if named:
        call.write(*named)
    elif parsed.has("global"):
        call.write(plain(f"{call.evaluator.facts.home}/.gitconfig", call.span))
    elif parsed.has("system"):
        call.write(plain("/etc/gitconfig", call.span))
    key = operands[0].static if operands else None
    harmless = key is not None and key.lower() not in _RUNS and not key.lower().startswith(_RUN_PREFIXES)
    if not harmless:
        call.say(PersistEnv(detail=f"git runs or loads what `{key or '?'}` says"))
    elif not named and not parsed.has("global", "system"):
        return


def _worktree(call: Call) -> None:
    action = call.args[0].static if call.args else ""
    parsed = call.parse(grammar("b B reason"))
    if action == "add" and len(parsed.operands) > 1:
        call.write(parsed.operands[1], append=True)
    elif action == "remove" and len(parsed.operands) > 1:
        call.delete(parsed.operands[1], recursive=True)
    elif action == "move" and len(parsed.operands) > 2:
        call.write(*parsed.operands[1:3], recursive=True)


def _rm(call: Call) -> None:
    parsed = call.parse(grammar("pathspec-from-file"))
    # The last of an option and its opposite counts.
    said = [name for name, _ in parsed.options if name in {"cached", "no-cached"}]
    if said[-1:] != ["cached"] and not parsed.has("n", "dry-run"):
        call.delete(*parsed.operands, recursive=parsed.has("r"))


def _mv(call: Call) -> None:
    parsed = call.parse(grammar())
    if not parsed.has("n", "dry-run"):
        call.run([plain("mv", call.span), plain("--", call.span), *parsed.operands])


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


def _history(call: Call) -> None:
    call.say(RewriteVcs(branch="?", detail="rewrites or prunes history"))
    parsed = call.parse(grammar(" ".join(_FILTERS)))
    for field in parsed.values(*_FILTERS):
        call.run_text(field)
    if any("filter" in (name or "") for name in call.statics) or call.args:
        call.opaque("may run filters on every commit")


def _reflog(call: Call) -> None:
    action = call.args[0].static if call.args else "show"
    if action in {"expire", "delete"}:
        call.say(RewriteVcs(branch="?", detail="deletes what could bring lost commits back"))


def _gc(call: Call) -> None:
    parsed = call.parse(grammar("prune", optional="prune"))
    if parsed.has("prune"):
        call.say(RewriteVcs(branch="?", detail="deletes what could bring lost commits back"))


def _submodule(call: Call) -> None:
    action = next((field.static for field in call.args if not (field.static or "").startswith("-")), "status")
    if action == "foreach":
        rest = [field for field in call.args if field.static not in {"foreach", "--recursive", "--quiet"}]
        call.run_text(rest[0]) if len(rest) == 1 else call.run(rest)
    elif action == "deinit":
        call.say(RewriteVcs(branch="?", detail="discards the work trees of submodules"))
        call.write(_top(call), recursive=True)
    elif action not in {"status", "summary"}:
        call.connect("git-remote")
        call.write(_top(call), recursive=True)


def _bisect(call: Call) -> None:
    action = call.args[0].static if call.args else ""
    if action == "run":
        call.run(call.args[1:])
    if action not in {"log", "view", "visualize"}:
        call.write(_top(call), recursive=True)


def _archive(call: Call) -> None:
    parsed = call.parse(grammar("o output format prefix remote exec add-file"))
    if parsed.has("exec", "remote"):
        call.opaque("runs a program on a remote")
    call.read(*(_in_commit(field) for field in parsed.operands[1:]))
    call.write(*parsed.values("o", "output"))


def _patches(call: Call) -> None:
    parsed = call.parse(
        grammar("o output-directory n v reroll-count subject-prefix to cc from base signature-file")
    )
    call.write(*(parsed.values("o", "output-directory") or [plain(".", call.span)]), append=True)


def _lfs(call: Call) -> None:
    action = call.args[0].static if call.args else "help"
    if action in {"ls-files", "env", "status", "version", "help", "logs", "locks", "fsck", "pointer"}:
        return
    if action == "push":
        call.say(PublishVcs(branch="?"))
    if action in {"push", "pull", "fetch", "clone", "lock", "unlock"}:
        _remote(call, None, upload=action not in {"fetch", "pull"})
    if action == "migrate":
        call.say(RewriteVcs(branch="?", detail="rewrites commits"))
    call.opaque(f"`git lfs {action or '?'}` changes the repository or talks to a server")


def _bridge(call: Call) -> None:
    """Other systems by way of git: what is sent there others see."""
    call.say(PublishVcs(branch="?"))
    call.connect("?", upload=True)
    _unknown(call)


def _credential(call: Call) -> None:
    call.secret("what git knows to log in with")
    _unknown(call)


def _plumbing_tree(call: Call) -> None:
    """``read-tree -u --reset``, ``checkout-index -f``: files are overwritten without a question."""
    if {"-u", "-f", "--force"} & set(call.statics) or any(
        (text or "").startswith("-f") for text in call.statics
    ):
        _tree_change(call, loses=True)


def _symbolic_ref(call: Call) -> None:
    parsed = call.parse(grammar("m"))
    if len(parsed.operands) > 1 or parsed.has("d", "delete"):
        call.say(
            RewriteVcs(
                branch=parsed.operands[0].text if parsed.operands else "?", detail="moves or deletes a ref"
            )
        )


def _sparse(call: Call) -> None:
    if call.statics[:1] != ["list"]:
        call.write(_top(call), recursive=True)


def _apply(call: Call) -> None:
    parsed = call.parse(grammar("p C whitespace exclude include directory build-fake-ancestor"))
    call.read(*parsed.operands)
    if not parsed.has("stat", "numstat", "summary", "check"):
        call.write(_top(call), recursive=True)


def _init(call: Call) -> None:
    parsed = call.parse(
        grammar("template separate-git-dir b initial-branch object-format", optional="shared")
    )
    if parsed.has("template"):
        call.opaque("copies hooks into the new repository")
    call.write(*(parsed.operands or [plain(".", call.span)]), append=True)


def _remote_command(call: Call) -> None:
    action = next((field.static for field in call.args if not (field.static or "").startswith("-")), "")
    if action in {"add", "set-url", "rename"}:
        address = call.args[-1]
        if "::" in (address.static or ""):
            call.opaque("a remote that runs a program")
        call.say(PersistEnv(detail="where git fetches from and pushes to"))
    elif action in {"remove", "rm", "prune", "update"}:
        call.say(PersistEnv(detail="where git fetches from and pushes to"))


def _bundle(call: Call) -> None:
    action = call.args[0].static if call.args else ""
    if action == "create":
        call.write(*call.args[1:2])


def _update_ref(call: Call) -> None:
    call.say(
        RewriteVcs(
            branch=next((f.text for f in call.args if not f.text.startswith("-")), "?"),
            detail="moves or deletes a ref",
        )
    )


def _nothing(call: Call) -> None:
    """Only what git keeps about itself changes."""
    _internals(call)


def _unknown(call: Call) -> None:
    call.opaque("a part of git that talks to other programs")


_COMMANDS: dict[str, Callable[[Call], None]] = {
    "add": _add,
    "stage": _add,
    "commit": _commit,
    "checkout": _checkout,
    "switch": _switch,
    "restore": _restore,
    "reset": _reset,
    "clean": _clean,
    "stash": _stash,
    "branch": _branch_command,
    "tag": _tag,
    "merge": _merge,
    "rebase": _rebase,
    "cherry-pick": _pick,
    "revert": _pick,
    "am": _pick,
    "push": _push,
    "fetch": _fetch,
    "pull": _pull,
    "clone": _clone,
    "config": _config,
    "worktree": _worktree,
    "rm": _rm,
    "mv": _mv,
    "filter-branch": _history,
    "filter-repo": _history,
    "replace": _history,
    "reflog": _reflog,
    "gc": _gc,
    "prune": _history,
    "submodule": _submodule,
    "bisect": _bisect,
    "archive": _archive,
    "apply": _apply,
    "init": _init,
    "remote": _remote_command,
    "bundle": _bundle,
    "update-ref": _update_ref,
    "symbolic-ref": _symbolic_ref,
    "update-index": _nothing,
    "read-tree": _plumbing_tree,
    "checkout-index": _plumbing_tree,
    "notes": _nothing,
    "pack-refs": _nothing,
    "repack": _nothing,
    "maintenance": _unknown,
    "format-patch": _patches,
    "sparse-checkout": _sparse,
    "lfs": _lfs,
    "svn": _bridge,
    "p4": _bridge,
    "daemon": _unknown,
    "send-email": _bridge,
    "imap-send": _bridge,
    "credential": _credential,
    "instaweb": _unknown,
    "difftool": _unknown,
    "mergetool": _unknown,
    "gui": _unknown,
    "citool": _unknown,
}

HANDLERS: dict[str, Callable[[Call], None]] = {"git": _git}
