"""What is known of the repository that a git command works on, and what git would run there by itself."""

from guard.effects.call import Call
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


def runs_hooks(call: Call, *hooks: str) -> None:
    """Hooks of these names run if they are there; so does what the repository's own configuration names."""
    if any("/.git/" in path for path in call.state.written):
        # Nobody could look at what this very line puts there.
        call.opaque("runs what this command writes into the repository")
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


def current_branch(call: Call) -> str:
    fact = repository_of(call)
    return fact.branch if fact is not None and fact.branch else "?"


def talks_to_programs(call: Call) -> None:
    call.opaque("a part of git that talks to other programs")
