"""Decide what an AI agent may run; contain it; verify it; remember it.

The library: ``Guard`` and ``AsyncGuard`` decide and carry out, ``Allow``, ``Ask`` and ``Deny`` are what they decide; see
docs/library.md. A name is loaded when it is used: the hook uses none of them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from guard.errors import GuardError as GuardError
    from guard.errors import UsageError as UsageError
    from guard.library.answers import Answer as Answer
    from guard.library.answers import FileDone as FileDone
    from guard.library.answers import Question as Question
    from guard.library.answers import Ran as Ran
    from guard.library.calls import Edit as Edit
    from guard.library.calls import Fetch as Fetch
    from guard.library.calls import Read as Read
    from guard.library.calls import Shell as Shell
    from guard.library.calls import Tool as Tool
    from guard.library.calls import Write as Write
    from guard.library.guards import AsyncGuard as AsyncGuard
    from guard.library.guards import Guard as Guard
    from guard.model.decision import Allow as Allow
    from guard.model.decision import Ask as Ask
    from guard.model.decision import Decision as Decision
    from guard.model.decision import Deny as Deny
    from guard.model.decision import Reason as Reason

_HOMES = {
    "Guard": "guard.library.guards",
    "AsyncGuard": "guard.library.guards",
    "Allow": "guard.model.decision",
    "Ask": "guard.model.decision",
    "Deny": "guard.model.decision",
    "Decision": "guard.model.decision",
    "Reason": "guard.model.decision",
    "Answer": "guard.library.answers",
    "FileDone": "guard.library.answers",
    "Question": "guard.library.answers",
    "Ran": "guard.library.answers",
    "Shell": "guard.library.calls",
    "Write": "guard.library.calls",
    "Edit": "guard.library.calls",
    "Read": "guard.library.calls",
    "Fetch": "guard.library.calls",
    "Tool": "guard.library.calls",
    "GuardError": "guard.errors",
    "UsageError": "guard.errors",
}
__all__ = [  # noqa: RUF022 - in the order of the documentation; pyright reads it
    "Guard",
    "AsyncGuard",
    "Allow",
    "Ask",
    "Deny",
    "Decision",
    "Reason",
    "Answer",
    "FileDone",
    "Question",
    "Ran",
    "Shell",
    "Write",
    "Edit",
    "Read",
    "Fetch",
    "Tool",
    "GuardError",
    "UsageError",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `guard` has no name `{name}`")
    from importlib import import_module  # noqa: PLC0415 - only for who uses the library

    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
