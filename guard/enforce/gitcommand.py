"""The one way in which the guard runs git: nothing that a repository configures is run. Decides nothing.

A repository that a command has written to names programs - a file-system monitor, hooks, a pager, differs, converters,
an editor, a transport - and git runs them for whoever asks it anything. What we need to know is read from files instead
(:mod:`guard.enforce.gitindex`); this is for where git itself must act.

Not covered: a clean, smudge or process filter that the configuration sets up, which no switch turns off. So git adds
and checks out only in repositories that we have made ourselves.
"""

import os

from guard.errors import UsageError
from guard.model.typed import Mapping

_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.editor=false",
    "core.askPass=",
    "core.sshCommand=false",
    "core.gitProxy=false",
    "core.attributesFile=/dev/null",
    "core.symlinks=false",
    "core.untrackedCache=false",
    "diff.external=",
    "credential.helper=",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "gpg.program=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "diff.ignoreSubmodules=all",
    "log.showSignature=false",
    "safe.bareRepository=explicit",
)
_DIFFERS = frozenset(
    {"diff", "log", "show", "diff-tree", "diff-index", "diff-files", "format-patch", "whatchanged"}
)
_KNOWN = frozenset(
    {
        "init",
        "add",
        "commit",
        "status",
        "rev-parse",
        "ls-files",
        "cat-file",
        "ls-tree",
        "for-each-ref",
        *_DIFFERS,
    }
)


def git_argv(git: str, *words: str, settings: tuple[str, ...] = ()) -> list[str]:
    """Arguments of ``git WORDS`` hardened; ``words`` begin with the subcommand. ``settings`` are ours, ``name=value``."""
    if not words or words[0] not in _KNOWN:
        # What else git does may run other things: whoever needs it must think about these first.
        raise UsageError(
            f"the guard does not run `git {' '.join(words[:1])}`",
            help_="add it to guard/enforce/gitcommand.py",
        )
    out = [git, "--no-pager", "--no-optional-locks", "--literal-pathspecs"]
    for setting in (*settings, *_SETTINGS):
        out += ["-c", setting]
    subcommand, *rest = words
    return [*out, subcommand, *(["--no-ext-diff", "--no-textconv"] if subcommand in _DIFFERS else []), *rest]


def git_env(base: Mapping[str, str]) -> dict[str, str]:
    """``base`` without what steers git, and without the configuration of person and machine."""
    kept = {
        name: value
        for name, value in base.items()
        if not name.startswith(("GIT_", "SSH_"))
        and name not in {"PAGER", "EDITOR", "VISUAL", "LESSOPEN", "LESS"}
    }
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
    }
