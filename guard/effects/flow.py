"""What a command leaves behind: the state if it went well or not, what it printed, and ways out of the middle."""

from guard.effects.sources import sources_of, union, with_sources
from guard.effects.state import State, join
from guard.effects.values import Hole, Text
from guard.model.dataclass import dataclass, field, replace

SOME: Text = (Hole("the output of a command"),)


@dataclass(frozen=True, slots=True)
class Flow:
    """The state if the command succeeded, if it failed, and what it printed."""

    ok: State
    fail: State
    output: Text = SOME

    @property
    def any(self) -> State:
        return self.ok if self.ok is self.fail else join(self.ok, self.fail)


@dataclass(slots=True)
class Jumps:
    """States that left a loop, a function or a sourced file before its end; the innermost last."""

    loops: list[list[State]] = field(default_factory=list[list[State]])
    returns: list[list[State]] = field(default_factory=list[list[State]])

    def leave_loops(self, state: State, count: int) -> State:
        """``break`` and ``continue``: what stands behind is not run. Outside of a loop they do nothing."""
        if not self.loops:
            return state
        for left in self.loops[-count:]:
            left.append(state)
        return replace(state, dead=True)

    def leave_function(self, state: State) -> State:
        """``return``; where there is nothing to return from, the shell goes on."""
        if not self.returns:
            return state
        self.returns[-1].append(state)
        return replace(state, dead=True)


def either(*texts: Text) -> Text:
    """What is printed when it may be any of these."""
    if all(text == texts[0] for text in texts):
        return texts[0]
    return with_sources(SOME, union(*[sources_of(text) for text in texts]))
