"""What can go wrong with *us*. A refusal is a value (``Deny``), never one of these.

GuardError
├── UsageError          the caller's input is malformed (exit code 2)
├── PolicyFileError     a policy file cannot be read as law: place, problem, next step
├── FactsError          the world could not be looked at
├── AuditError          the log could not be written or does not verify
├── ApplyError          a change set could not be applied
└── NoPermit            something tried to act without one
"""


class GuardError(Exception):
    """Base of everything the guard raises on purpose. ``help_`` is the next step for the reader."""

    def __init__(self, message: str, *, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_


class UsageError(GuardError):
    pass


class PolicyFileError(GuardError):
    """``place`` is ``file:line:column``, as far as known."""

    def __init__(self, message: str, *, place: str = "", help_: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message, help_=help_)
        self.place = place
        self.problem = message


class FactsError(GuardError):
    pass


class AuditError(GuardError):
    pass


class ApplyError(GuardError):
    pass


class NoPermit(GuardError):
    pass
