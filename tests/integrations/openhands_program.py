"""A program with the real OpenHands SDK, run by a Python that is new enough for it: `python openhands_program.py URL WORK`.

Several conversations in one process, each with its own script of the model, by a word in its first message. What came of
them is one JSON object on the last line.
"""

import json
import os
import sys
from typing import Any

from openhands.sdk import LLM, Agent, Conversation, Tool
from openhands.tools.file_editor import FileEditorTool
from openhands.tools.terminal import TerminalTool

from guard import AsyncGuard, UsageError, Write
from guard.integrations.openhands import GuardAnalyzer, Guarded, StopUnlessLow

URL, WORK = sys.argv[1:3]
HOME = os.environ["HOME"]
ASKED: list[str] = []
SAID: dict[str, Any] = {"asked": ASKED}


def approve(question: Any) -> bool:
    ASKED.append(question.call)
    return "yes" in question.call


def started(word: str, **more: Any) -> Any:
    llm = LLM(model="openai/gpt-5", base_url=f"{URL}/v1", api_key="none", num_retries=0)
    agent = Agent(llm=llm, tools=[Tool(name=TerminalTool.name), Tool(name=FileEditorTool.name)], **more)
    made = Conversation(agent=agent, workspace=WORK, visualizer=None, max_iteration_per_run=30)
    made.send_message(f"go on: {word}")
    return made


def stopped() -> None:
    """With an answer for each action; then one that nobody gives."""
    for word, approves in (("asking", approve), ("nobody", None)):
        conversation = started(word)
        Guarded(conversation, AsyncGuard(WORK, approve=approves)).run()
        SAID[word] = conversation.state.execution_status.value
        conversation.close()


def interrupted() -> None:
    """What stands unanswered after a crash, and is confirmed for the SDK by going on, is judged first."""
    conversation = started("crash")
    guarded = Guarded(conversation, AsyncGuard(WORK))
    gate = guarded._gate
    look = gate.look
    crashes = [KeyboardInterrupt(), RuntimeError("out of order"), None, RuntimeError("again")]

    def crash(action: Any) -> Any:
        error = crashes.pop(0) if crashes else None
        if error is not None:
            raise error
        return look(action)

    gate.look = crash
    for _ in range(2):
        try:
            guarded.run()
        except BaseException as error:  # noqa: BLE001 - an interrupt is one
            SAID.setdefault("crashed", []).append(type(error).__name__)
    guarded.run()
    conversation.close()


def broken() -> None:
    """The guard itself fails: its state has no place."""
    conversation = started("broken")
    guard = AsyncGuard(WORK, approve=lambda _: True)
    os.rename(f"{HOME}/.local", f"{HOME}/.was")
    with open(f"{HOME}/.local", "w", encoding="utf-8"):
        Guarded(conversation, guard).run()
    conversation.close()


def restored() -> None:
    """An analyzer as it comes out of a conversation's file: it knows no guard, and stops everything."""
    conversation = started("restored")
    conversation.set_security_analyzer(GuardAnalyzer.model_validate(GuardAnalyzer().model_dump()))
    conversation.set_confirmation_policy(StopUnlessLow())
    conversation.run()
    SAID["restored"] = conversation.state.execution_status.value
    conversation.close()


def unseen() -> None:
    conversation = started("unseen", tool_concurrency_limit=4)
    try:
        Guarded(conversation, AsyncGuard(WORK), calls={"save": lambda given: Write(given["path"], "")})
    except UsageError as error:
        SAID["unseen"] = str(error)
    conversation.close()


for part in (stopped, interrupted, restored, unseen, broken):
    part()
sys.stdout.write(f"{json.dumps(SAID)}\n")
