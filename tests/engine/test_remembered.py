"""A command that was analysed once is decided as if it had been analysed again."""

import pytest

from guard.engine.imagined import decide_imagined
from guard.engine.remembered import Remembered
from guard.policy.files.build import read_builtin
from guard.policy.files.compiled import read_source
from guard.policy.files.locate import builtin
from guard.policy.rule import policy_of

OF = {
    name: policy_of(layers, name)
    for name, layers in read_builtin([(source, read_source(source)) for source in builtin()]).items()
}


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "rm -rf ~",
        "rm *.py",
        "make test",
        "git push",
        "cat $FILE",
        "cd x && ./run",
        "pip install x",
        "a=(",
    ],
)
def test_the_second_answer_is_that_of_a_first(command: str) -> None:
    remembered = Remembered("2030-01-01")

    for name in ("balanced", "strict", "balanced"):
        decided = decide_imagined(command, OF[name], today="2030-01-01")
        assert remembered(command, OF[name]) == decided.decision
        assert remembered.effects(command, OF[name]) == decided.effects
