"""The command that a client is told to run in the place of its own: ours, which decides again and runs that one in a sandbox."""

import sys
from shlex import quote

from guard.agents.codec import HookCall
from guard.model.proposal import BatchProposal, ShellProposal


def contained_command(call: HookCall, workspace: str, held_to: str = "") -> str:
    """The command that decides again and runs this one in a sandbox; several one after the other.

    ``held_to``: a policy that it must hold to too.
    """
    proposal = call.proposal
    parts = proposal.parts if isinstance(proposal, BatchProposal) else (proposal,)
    if not all(isinstance(part, ShellProposal) for part in parts):
        return ""
    return "; ".join(contained(part, workspace, held_to) for part in parts if isinstance(part, ShellProposal))


def contained(proposal: ShellProposal, workspace: str, held_to: str) -> str:
    words = [*guard_command(), "exec", "--workspace", workspace, "--cwd", proposal.cwd]
    if proposal.call:
        words += ["--call", proposal.call]
    if held_to:
        words += ["--held-to", held_to]
    return " ".join(quote(word) for word in [*words, "--", proposal.command])


def guard_command() -> list[str]:
    """How to start us again, from any directory, with any PATH and any PYTHON* variable.

    ``-I``: what is started here runs on the host, and a `sitecustomize.py` that PYTHONPATH finds in the workspace would too.
    """
    return [sys.executable, "-I", "-m", "guard"]
