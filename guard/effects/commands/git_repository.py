"""What is known of the repository that a git command works on, and what git would run there by itself."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import Field, plain
from guard.model.facts import GitFact, GitRunsFact, LookGit, LookGitRuns


def repository_of(call: Call, *, compare: bool = False) -> GitFact | None:
    """``compare``: ask for ``dirty`` too."""
    where = call.state.cwd[0] if call.state.cwd else ""
    answer = call.evaluator.ask(LookGit(where, compare)) if where else None
    return answer if isinstance(answer, GitFact) and answer.root else None


def tree_top(call: Call) -> Field:
    fact = repository_of(call)
    return plain(fact.root if fact is not None else ".", call.span)


def in_commit(field: Field) -> Field:
    """``HEAD:src/a.py`` is what that file held: judged as the file."""
    text = field.static
    if text is None or text.startswith(("/", "./", "../")) or ":" not in text:
        return field
    return plain(text.partition(":")[2] or ".", field.span)


COMMIT_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")

UPDATE_HOOKS = ("post-checkout", "post-merge", "post-rewrite")


_EVERY = ("",)
TALK = (
    "core.sshcommand",
    "core.gitproxy",
    "core.askpass",
    "credential.",
    "remote.",
    "include",
    "protocol.",
    "url.",
)
"""Settings that stand between git and a remote."""


def runs_hooks(call: Call, *hooks: str, about: tuple[str, ...] = _EVERY) -> None:
    """Hooks of these names run if they are there; so does what the repository's own configuration names.

    ``about``: how those settings begin that count here.
    """
    if about == _EVERY and any("/.git/" in path for path in call.state.written):
        # Nobody could look at what this very line puts there.
        call.opaque("runs what this command writes into the repository")
    where = call.state.cwd[0] if len(call.state.cwd) == 1 else ""
    answer = call.evaluator.ask(LookGitRuns(where)) if where else None
    if not isinstance(answer, GitRunsFact):
        if hooks:
            call.opaque("runs the repository's hooks")
        return
    always = {"*", "reference-transaction", "post-index-change"}
    active = [name for name in answer.hooks if name in always or name in hooks]
    if active:
        call.opaque(f"runs the repository's hooks: {', '.join(active)}")
    settings = [key for key in answer.config if key.startswith(about)] if about else []
    if settings:
        call.opaque(f"the repository's configuration runs or loads something: {', '.join(settings[:4])}")


def moves_refs(call: Call) -> None:
    """Only hooks that see whatever changes."""
    runs_hooks(call, about=())


def current_branch(call: Call) -> str:
    fact = repository_of(call)
    return fact.branch if fact is not None and fact.branch else "?"


def talks_to_programs(call: Call) -> None:
    call.opaque("a part of git that talks to other programs")


def apart(call: Call, parsed: Parsed, tree: Field | None) -> None:
    """``--separate-git-dir``: the repository goes there, and a file in the work tree leads to it."""
    for field in parsed.values("separate-git-dir"):
        call.write(field, recursive=True)
        text = "." if tree is None else tree.static
        call.write(plain(f"{text}/.git", call.span) if text is not None else field)
