"""git and others: what is fetched, what others see, what a remote can make git run."""

from guard.effects.call import Call
from guard.effects.commands.git_config import configured_by
from guard.effects.commands.git_repository import (
    COMMIT_HOOKS,
    TALK,
    UPDATE_HOOKS,
    apart,
    current_branch,
    repository_of,
    runs_hooks,
    talks_to_programs,
    tree_top,
)
from guard.effects.commands.hosts import connect_to
from guard.effects.knowledge.git_refs import untrue_note
from guard.effects.options import grammar
from guard.effects.state import WrittenFile
from guard.effects.values import Field, plain
from guard.model.effect import PersistEnv, PublishVcs, RewriteVcs

_NOTED_ANEW = "changes what is noted of the branches that others have"


def to_remote(call: Call, field: Field | None, *, upload: bool) -> None:
    """A remote by name or address."""
    text = field.static if field is not None else "origin"
    if text is None:
        call.connect("?", upload=upload)
        return
    fact = repository_of(call)
    address = dict(fact.remotes).get(text, "") if fact is not None else ""
    address = address or text
    if address.startswith("ext::") or "::" in address:
        call.opaque("a remote that runs a program")
    elif "/" not in address and ":" not in address and address[:1] != ".":
        # A name whose address we do not know: the remote that the repository was cloned from, most likely.
        changed = any(path.endswith("/.git/config") for path in call.state.written)
        known = not changed and (fact is None or not fact.remotes)
        call.connect("git-remote" if known else "?", upload=upload)
    elif address.startswith(("/", ".", "file:")):
        call.read(plain(address.removeprefix("file://"), call.span), recursive=True)
    else:
        connect_to(call, address, upload=upload)


def push(call: Call) -> None:
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
        to_remote(call, remote, upload=False)
        runs_hooks(call, *(("pre-push",) if not parsed.has("no-verify") else ()), about=TALK)
        return
    refs = operands[1:]
    forced = parsed.has("f", "force", "force-with-lease", "mirror", "prune")
    everything = parsed.has("all", "mirror", "branches")
    name = remote.text if remote is not None else "origin"
    branches = [_pushed(call, field) for field in refs] or [
        ("?" if everything else current_branch(call), False)
    ]
    for branch, rewritten in branches:
        call.say(PublishVcs(branch=branch, remote=name))
        if forced or rewritten or parsed.has("d", "delete"):
            call.say(RewriteVcs(branch=branch, detail="overwrites or deletes it for everybody"))
    to_remote(call, remote, upload=True)
    runs_hooks(call, *(("pre-push",) if not parsed.has("no-verify") else ()))


def _pushed(call: Call, field: Field) -> tuple[str, bool]:
    """Branch on the other side, and whether the spelling itself forces or deletes."""
    text = field.static
    if text is None:
        return "?", field.prefix.startswith("+")
    forced = text.startswith("+")
    source, colon, target = text.removeprefix("+").partition(":")
    branch = target if colon else source
    if branch == "HEAD":
        branch = current_branch(call)
    return branch.removeprefix("refs/heads/") or "?", forced or (bool(colon) and not source)


def fetch(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "upload-pack depth deepen shallow-since refmap j jobs o server-option",
            optional="recurse-submodules",
        )
    )
    if parsed.has("upload-pack"):
        call.opaque("runs a program on the remote")
    runs_hooks(call, about=TALK)
    to_remote(call, parsed.operands[0] if parsed.operands else None, upload=False)
    remote = parsed.operands[0].static if parsed.operands else "origin"
    for field in (*parsed.operands[1:], *parsed.values("refmap")):
        if untrue_note(field.static, remote):
            call.say(RewriteVcs(branch=field.text, detail=_NOTED_ANEW))
            continue
        branch = _overwritten(field, forced=parsed.has("f", "force"))
        if branch:
            call.say(RewriteVcs(branch=branch, detail="puts another history in the place of a branch"))


def _overwritten(field: Field, *, forced: bool) -> str:
    """The branch or tag of this repository that ``+main:main`` replaces whatever it held; empty when there is none."""
    text = field.static
    if text is None:
        return "?" if forced or field.prefix.startswith("+") else ""
    _, colon, target = text.removeprefix("+").partition(":")
    if not colon or not target or target.startswith("refs/remotes/"):
        return ""
    return target.removeprefix("refs/heads/") if forced or text.startswith("+") else ""


def pull(call: Call) -> None:
    fetch(call)
    call.write(tree_top(call), recursive=True)
    runs_hooks(call, "pre-merge-commit", *COMMIT_HOOKS, *UPDATE_HOOKS, "pre-rebase")


def clone(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "o origin b branch u upload-pack template reference c config depth j jobs separate-git-dir filter server-option bundle-uri",
            optional="recurse-submodules",
        )
    )
    if parsed.has("u", "upload-pack", "template"):
        call.opaque("runs or copies programs into the new repository")
    for field in parsed.values("c", "config"):
        configured_by(call, field, {})
    for field in parsed.values("bundle-uri", "reference"):
        to_remote(call, field, upload=False)
    if parsed.operands:
        to_remote(call, parsed.operands[0], upload=False)
        text = parsed.operands[0].static
        into = parsed.operands[1] if len(parsed.operands) > 1 else None
        if into is None and text is not None:
            into = plain(text.rstrip("/").rpartition("/")[2].removesuffix(".git") or ".", call.span)
        if into is not None:
            # A directory of its own, with what others have published: nothing in it is replaced, nothing runs.
            call.write(into, append=True, recursive=parsed.has("bare", "mirror"))
            apart(call, parsed, into)


def submodule(call: Call) -> None:
    action = next((field.static for field in call.args if not (field.static or "").startswith("-")), "status")
    if action == "foreach":
        rest = [field for field in call.args if field.static not in {"foreach", "--recursive", "--quiet"}]
        call.run_text(rest[0]) if len(rest) == 1 else call.run(rest)
    elif action == "deinit":
        call.say(RewriteVcs(branch="?", detail="discards the work trees of submodules"))
        call.write(tree_top(call), recursive=True)
    elif action in {"status", "summary"}:
        runs_hooks(call)
    else:
        named = [
            field for field in call.args if "://" in field.prefix or "@" in field.prefix.partition(":")[0]
        ]
        for field in named if action in {"add", "set-url"} else []:
            to_remote(call, field, upload=False)
        call.connect("git-remote")
        call.write(tree_top(call), recursive=True)


_BRIDGE_LOOKS = frozenset("info log find-rev show-ignore show-externals blame proplist propget".split())


def lfs(call: Call) -> None:
    action = call.args[0].static if call.args else "help"
    if action in {"ls-files", "env", "status", "version", "help", "logs", "locks", "fsck", "pointer"}:
        return
    if action in {"install", "uninstall", "update"}:
        call.say(PersistEnv(detail="programs that git runs on files"))
    if action == "push":
        call.say(PublishVcs(branch="?"))
    if action in {"push", "pull", "fetch", "clone", "lock", "unlock"}:
        to_remote(call, None, upload=action not in {"fetch", "pull"})
    if action == "migrate":
        call.say(RewriteVcs(branch="?", detail="rewrites commits"))
    call.opaque(f"`git lfs {action or '?'}` changes the repository or talks to a server")


def bridge(call: Call) -> None:
    """Other systems by way of git: what is sent there others see."""
    if call.name == "git" and call.statics[:1] and call.statics[0] in _BRIDGE_LOOKS:
        call.connect("git-remote")
        return
    call.say(PublishVcs(branch="?"))
    call.connect("?", upload=True)
    talks_to_programs(call)


def credential(call: Call) -> None:
    call.secret("what git knows to log in with")
    talks_to_programs(call)


def remote_command(call: Call) -> None:
    action = next((field.static for field in call.args if not (field.static or "").startswith("-")), "")
    if action in {"add", "set-url", "rename"}:
        address = call.args[-1]
        if address.static is None or "::" in address.static:
            call.opaque("a remote that runs a program")
        if action != "add" or "::" in (address.static or "::"):
            call.say(PersistEnv(detail="where git fetches from and pushes to"))
        # A new remote is nothing that anything goes to by itself; from here on its name says nothing of where it is.
        for directory in call.state.cwd:
            call.remember(f"{directory}/.git/config", WrittenFile(None))
        if call.parse(grammar("t m", optional="mirror")).has("f"):
            connect_to(call, address.static or "?", upload=False)
    elif action == "set-head":
        # Which branch is the reviewed one. Asking the remote itself is no lie.
        if not call.parse(grammar("")).has("a", "auto"):
            call.say(RewriteVcs(branch="HEAD", detail=_NOTED_ANEW))
    elif action in {"remove", "rm"}:
        call.say(PersistEnv(detail="where git fetches from and pushes to"))
    elif action in {"prune", "update", "show"}:
        # As `fetch --prune`: what is forgotten of a branch is only that it was there.
        names = [field for field in call.args if not field.prefix.startswith("-")]
        runs_hooks(call, about=TALK)
        to_remote(call, names[1] if len(names) > 1 else None, upload=False)
