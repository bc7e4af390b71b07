"""Judges what the cases of the escape battery leave behind, with the built-in policy and nothing of the caller's."""

import tempfile
from importlib import import_module

from guard.enforce.changeset import refused
from guard.enforce.judge import judge_changes, judge_proposal
from guard.enforce.pipeline import base_facts
from guard.enforce.places import Places
from guard.model.dataclass import replace
from guard.model.decision import Allow
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.typed import Callable
from guard.model.verdict import Level
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import sources
from sandbox.changes import Changes

UNREAD = "./attempt"
"""A command nobody has read, as every attempt is."""


def judging() -> Callable[[Changes, str], str]:
    """Why the changes of a project directory would not be applied unasked; empty when they would."""
    import_module("guard.effects.observed")  # it may be asked to judge as a user who cannot read our files
    places = Places(state="/nonexistent/state", config="/nonexistent/config")
    with tempfile.TemporaryDirectory() as cache:
        policy = load_policy(sources("", places.config), cache)

    def judge(changes: Changes, project: str) -> str:
        if why := refused(changes, project):
            return why
        home = f"{project}/no-home"
        facts = base_facts(cwd=project, home=home, env={"HOME": home}, workspace=project, places=places)
        facts = replace(facts, level=Level.CONTAINED)
        proposal = ShellProposal(principal=Principal(agent="battery"), cwd=project, command=UNREAD)
        judged = judge_changes(judge_proposal(proposal, facts, policy), changes, policy)
        if isinstance(judged.decision, Allow):
            return ""
        return f"{judged.decision.reasons[0].rule}: {judged.decision.reasons[0].why}"

    return judge
