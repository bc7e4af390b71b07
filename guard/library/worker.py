"""The process that one command of the library runs in: making walls forks and takes signals, which the caller's must not.

Started as a file with a socket's descriptor. One JSON object a line: in the call, out questions, in their answers, out the
report. The command's standard descriptors are this process's.
"""

import os
import socket
import sys

if __name__ == "__main__" and not __package__:
    # Behind everything that is installed: nothing next to us may stand for a module.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import ctypes
import json
import signal
from io import TextIOWrapper
from typing import Any

from guard.audit.record import decision_json, effect_json
from guard.enforce.approve import Nobody
from guard.enforce.carry import carry
from guard.enforce.permit import action_digest
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.report import report
from guard.enforce.walls import waiting
from guard.engine.stages import Decided
from guard.errors import GuardError
from guard.library.answers import why_of
from guard.library.calls import proposal_of
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level
from sandbox.errors import SandboxError
from sandbox.select import keep_waiting
from sandbox.spec import Stdio

_PR_SET_PDEATHSIG = 1


class _Caller:
    """The program at the other end of the socket, which knows a person to ask."""

    def __init__(self, channel: TextIOWrapper) -> None:
        self._channel = channel
        self.by, self.surface = "nobody", "library"

    def approves(self, decided: Decided, decision: int) -> bool:
        del decision
        proposal = decided.analysed.proposal
        say(
            self._channel,
            {
                "question": {
                    "call": proposal.command if isinstance(proposal, ShellProposal) else "",
                    "cwd": proposal.cwd,
                    "text": why_of(decided),
                    "decision": decision_json(decided.decision),
                    "effects": [effect_json(effect) for effect in decided.effects],
                    "digest": action_digest(proposal),
                }
            },
        )
        answer = heard(self._channel)
        if answer.get("approved") is not True:
            return False
        self.by = f"uid {os.getuid()}, by the program"
        return True


def main(descriptor: int) -> int:
    _end_with_the_caller()
    with socket.socket(fileno=descriptor) as end:
        end.set_inheritable(False)
        channel = end.makefile("rw", encoding="utf-8", errors="surrogateescape")
        try:
            say(channel, {"report": _carried(heard(channel), channel)})
        except (GuardError, SandboxError) as error:
            say(channel, {"failed": str(error), "help": getattr(error, "help", "")})
        except Exception as error:  # noqa: BLE001 - the border: whatever failed was not carried out, and is said
            say(channel, {"failed": f"{type(error).__name__}: {error}", "help": ""})
    return 0


def _carried(asked: dict[str, Any], channel: TextIOWrapper) -> dict[str, Any]:
    places = Places(state=asked["state"], config=asked["config"])
    keep_waiting(waiting(places.config), places.waiting)
    level, principal = asked["level"], Principal(**asked["principal"])
    guard = Guard.open(
        cwd=asked["cwd"],
        home=asked["home"],
        env=asked["env"],
        workspace=asked["workspace"],
        level=Level(level) if level else None,
        places=places,
    ).for_session(principal)
    proposal = proposal_of(asked["command"], principal, asked["cwd"], asked["call"])
    if not isinstance(proposal, ShellProposal):
        raise TypeError("only a command runs")
    approver = _Caller(channel) if asked["asks"] else Nobody()
    carried = carry(
        guard, proposal, approver, Stdio(), preferred=tuple(asked["backends"]), watch=asked["watch"]
    )
    return report(carried)


def _end_with_the_caller() -> None:
    """A program that is killed takes its commands with it."""
    above = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != above:
        os._exit(1)


def say(channel: TextIOWrapper, message: dict[str, Any]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def heard(channel: TextIOWrapper) -> dict[str, Any]:
    """Raises EOFError when the other end is gone."""
    line = channel.readline()
    if not line.endswith("\n"):
        raise EOFError("the program that asked is gone")
    answer: object = json.loads(line)
    if not isinstance(answer, dict):
        raise TypeError("not an object")
    return answer  # pyright: ignore[reportUnknownVariableType] - JSON


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
