"""What can go wrong with the walls.

SandboxError
├── NoBackend         nothing on this machine builds the walls asked for
├── SetupError        a wall could not be built: ``primitive`` names it, ``fix`` is the one line that would
└── ChangesError      the writable layer could not be read back
"""


class SandboxError(Exception):
    pass


class NoBackend(SandboxError):
    pass


class SetupError(SandboxError):
    """``primitive`` is the kernel or engine feature that failed, ``fix`` the next step for a person."""

    def __init__(self, message: str, *, primitive: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.primitive = primitive
        self.fix = fix


class ChangesError(SandboxError):
    pass
