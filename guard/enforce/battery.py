"""Judges what the cases of the escape battery leave behind, with the built-in policy and nothing of the caller's."""

import tempfile
from importlib import import_module

from guard.enforce.apply import Conflict, apply
from guard.enforce.changeset import refused, stage
from guard.enforce.judge import judge_changes, judge_proposal
from guard.enforce.pipeline import base_facts
from guard.enforce.places import Places
from guard.errors import ApplyError
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


def settling() -> Callable[[Changes, str, Callable[[], None]], str]:
    """Why changes that were let in were not applied after what happened meanwhile; empty when they were."""

    def settle(changes: Changes, project: str, meanwhile: Callable[[], None]) -> str:
        with tempfile.TemporaryDirectory(prefix="execguard-battery-") as state:
            places = Places(state=state, config="/nonexistent/config")
            found = stage(
                changes, parent=places.journal, workspace=project, decision=0, why="", command=UNREAD
            )
            meanwhile()
            try:
                result = apply(found, places)
            except (ApplyError, OSError) as error:
                return str(error)
            return f"changed meanwhile: {result.paths[0]}" if isinstance(result, Conflict) else ""

    return settle
