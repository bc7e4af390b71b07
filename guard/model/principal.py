"""Who proposes: the agent, its session, and the human behind it. Not a permission: only a name in the record."""

from guard.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    agent: str
    """The client's own name for itself, e.g. ``claude-code``; ``cli`` for a person at a terminal."""
    session: str = ""
    version: str = ""
    subagent: str = ""
    human: str = ""
    """Login name of the person whose account the agent uses."""
