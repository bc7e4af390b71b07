"""mini-swe-agent: an environment whose commands the guard decides, runs, contains and judges.

Named in a configuration: ``environment_class: guard.integrations.minisweagent.GuardedEnvironment``.
"""

import os
import platform
from importlib import import_module
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError

from guard.errors import GuardError, UsageError
from guard.library.answers import Ran
from guard.library.guards import Approve, Guard
from guard.model.outcome import LimitReached

try:
    # As of version 2: what an action is changed there.
    _exceptions: Any = import_module("minisweagent.exceptions")
except ImportError as error:
    raise UsageError(
        f"mini-swe-agent cannot be used: {error}",
        help_="install it: `pip install 'execguard[mini-swe-agent]'`",
    ) from error

REFUSED, FAILED = 126, -1
FINISHED = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
"""The first line of the output of the command that ends a task, as this agent has it."""


class GuardedEnvironmentConfig(BaseModel):
    """What stands under ``environment`` in a configuration; a key that is none of these is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)

    cwd: str = ""
    env: dict[str, str] = {}
    timeout: int = 30
    workspace: str = ""
    """The tree that commands may change; empty = the work tree around ``cwd``."""
    session: str = ""
    level: str = ""
    """``advice`` or ``contained``; empty = what this machine can do."""


class GuardedEnvironment:
    """``DefaultAgent(model, GuardedEnvironment(cwd=..., approve=...))``.

    ``approve``: asked about what a person has to decide; without it that is refused.
    """

    def __init__(self, *, approve: Approve | None = None, **given: Any) -> None:
        try:
            self.config = GuardedEnvironmentConfig(**given)
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(
                f"`environment.{'.'.join(map(str, first['loc']))}`: {first['msg'].lower()}",
                help_=f"known are {', '.join(GuardedEnvironmentConfig.model_fields)}",
            ) from error
        config = self.config
        self._guard = Guard(
            config.workspace or None,
            cwd=config.cwd or os.getcwd(),
            approve=approve,
            agent="mini-swe-agent",
            session=config.session,
            level=config.level or None,
            env={**os.environ, **config.env},
        )

    def execute(self, action: dict[str, Any], cwd: str = "", *, timeout: int | None = None) -> dict[str, Any]:
        """Raises what this agent knows as the end of its task, as its own environments do."""
        command: object = action.get("command", "")
        limit = timeout or self.config.timeout
        try:
            ran = self._guard.run(
                command,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - what is no text is refused there
                cwd=cwd or None,
                timeout_s=limit,
                id_=str(action.get("tool_call_id") or ""),
            )
        except GuardError as error:
            return _observed("", FAILED, f"[guard] not carried out: {error}")
        if ran.ok:
            first, _, submission = _output(ran).lstrip().partition("\n")
            if first.strip() == FINISHED:
                _submit(submission)
        return _told(ran, limit)

    def get_template_vars(self, **kwargs: Any) -> dict[str, Any]:
        return {**self.config.model_dump(), **platform.uname()._asdict(), **os.environ, **kwargs}

    def serialize(self) -> dict[str, Any]:
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return {
            "info": {"config": {"environment": self.config.model_dump(mode="json"), "environment_type": kind}}
        }


def _submit(submission: str) -> NoReturn:
    said = {"exit_status": "Submitted", "submission": submission}
    raise _exceptions.Submitted({"role": "exit", "content": submission, "extra": said})


def _told(ran: Ran, limit: int) -> dict[str, Any]:
    if not ran.permitted:
        return _observed(ran.text, REFUSED)
    output = _output(ran)
    if ran.held:
        output += f"\n[guard] its changes are held for a person and not in the workspace: {ran.held}"
    if ran.stopped:
        return _observed(output, FAILED, f"[guard] ended because it took longer than {limit} s")
    if isinstance(ran.outcome, LimitReached):
        return _observed(output, FAILED, f"[guard] ended by the limit on {ran.outcome.limit}")
    status = ran.status
    return _observed(output, status) if status is not None else _observed(ran.text, FAILED)


def _output(ran: Ran) -> str:
    cut = f"[guard] {ran.cut} bytes of output left out in the middle\n" if ran.cut else ""
    return (ran.stdout + ran.stderr).decode(errors="replace") + cut


def _observed(output: str, returncode: int, exception_info: str = "") -> dict[str, Any]:
    return {"output": output, "returncode": returncode, "exception_info": exception_info}


__all__ = ["GuardedEnvironment", "GuardedEnvironmentConfig"]
