"""What a program that some other program starts sees of the shell it all began in."""

from guard.effects.call import Call
from guard.effects.state import State
from guard.model.dataclass import replace


def inherited(call: Call) -> State:
    """No functions, no arguments, and only variables that are exported: ``rm(){ :; }`` changes nothing for a child."""
    state = call.state
    env = call.evaluator.facts.env
    return replace(
        state,
        functions={},
        positional=(),
        variables={
            name: value
            for name, value in state.variables.items()
            if value.exported or name in env or name in {"HOME", "PATH"}
        },
    )
