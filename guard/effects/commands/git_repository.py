"""What is known of the repository that a git command works on, and what git would run there by itself."""

from guard.effects.call import Call
from guard.effects.values import Field, plain
from guard.model.facts import GitFact, GitRunsFact, LookGit, LookGitRuns

RUNNING_KEYS = frozenset(
    "core.pager core.editor core.sshcommand core.fsmonitor core.hookspath core.askpass core.gitproxy diff.external "
    "credential.helper sequence.editor gpg.program gpg.ssh.program init.templatedir include.path core.attributesfile "
    "uploadpack.packobjectshook core.alternaterefscommand interactive.difffilter protocol.ext.allow http.proxy".split(
        " "
    )
)

RUNNING_SECTIONS = (
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


def configured_by(call: Call, field: Field, aliases: dict[str, str]) -> None:
    """``-c KEY=VALUE``: what it makes git run is followed as far as it can be read."""
    name, _, value = (field.static or field.prefix).partition("=")
    key = name.lower()
    if field.static is not None and key.startswith("alias."):
        aliases[key.removeprefix("alias.")] = value
    elif (
        not key
        or key in RUNNING_KEYS
        or key.startswith(RUNNING_SECTIONS)
        or (field.static is None and "=" not in field.prefix)
    ):
        if field.static is not None and value:
            call.run_text((value,))
        call.opaque(f"`{key or field.text}` makes git run or load something")


def repository_of(call: Call) -> GitFact | None:
    where = call.state.cwd[0] if call.state.cwd else ""
    answer = call.evaluator.ask(LookGit(where)) if where else None
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
