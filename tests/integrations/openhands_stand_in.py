"""A stand-in for the OpenHands SDK, no more of it than our module touches. The real one is in test_real_conversations."""

from enum import Enum
from types import ModuleType, SimpleNamespace

from pydantic import BaseModel


class SecurityRisk(Enum):
    UNKNOWN, LOW, MEDIUM, HIGH = range(4)


class SecurityAnalyzerBase(BaseModel):
    pass


class ConfirmationPolicyBase(BaseModel):
    pass


class ConversationExecutionStatus(Enum):
    IDLE, WAITING_FOR_CONFIRMATION, FINISHED = range(3)


class ActionEvent:
    numbers = iter(range(10**6))

    def __init__(self, tool, given, kind=""):
        self.id = self.tool_call_id = f"call-{next(self.numbers)}"
        self.tool_name = tool
        said = None if given is None else {**given, "kind": kind}
        self.action = said and SimpleNamespace(kind=kind, model_dump=lambda mode: dict(said))


class ConversationState:
    def __init__(self):
        self.events = []
        self.execution_status = ConversationExecutionStatus.IDLE

    def active_branch(self):
        return self.events

    @staticmethod
    def get_unmatched_actions(events):
        done = {event.of for event in events if hasattr(event, "of")}
        return [event for event in events if isinstance(event, ActionEvent) and event.id not in done]


class Agent:
    tool_concurrency_limit = 1


class LocalConversation:
    max_iteration_per_run = 4

    def __init__(self, directory):
        self.agent, self.state = Agent(), ConversationState()
        self.workspace = SimpleNamespace(working_dir=str(directory))
        self.rejected, self.script = [], []

    def set_security_analyzer(self, analyzer):
        self.analyzer = analyzer

    def set_confirmation_policy(self, policy):
        self.policy = policy

    def propose(self, tool, given, kind=""):
        """What the analyzer says of it."""
        action = ActionEvent(tool, given, kind)
        self.state.events.append(action)
        return self.analyzer.security_risk(action).name

    def _end(self, **told):
        for action in ConversationState.get_unmatched_actions(self.state.events):
            self.state.events.append(SimpleNamespace(of=action.id, tool_name=action.tool_name, **told))

    def observe(self, working_dir):
        metadata = SimpleNamespace(working_dir=working_dir)
        self._end(observation=SimpleNamespace(metadata=metadata, command="x"))

    def reject_pending_actions(self, reason):
        self.rejected.append(reason)
        self._end()

    def run(self):
        self.propose(*self.script.pop())
        self.state.execution_status = ConversationExecutionStatus.WAITING_FOR_CONFIRMATION


def _module(name, *values):
    module = ModuleType(name, "no OpenHands: a stand-in")
    for value in values:
        setattr(module, value.__name__, value)
    return module


MODULES = {
    "openhands": _module("openhands"),
    "openhands.sdk": _module("openhands.sdk", Agent, LocalConversation, ConversationExecutionStatus),
    "openhands.sdk.security": _module(
        "openhands.sdk.security", SecurityRisk, SecurityAnalyzerBase, ConfirmationPolicyBase
    ),
    "openhands.sdk.conversation": _module("openhands.sdk.conversation"),
    "openhands.sdk.conversation.state": _module("openhands.sdk.conversation.state", ConversationState),
}
