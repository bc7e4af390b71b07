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
    """``primitive`` is the kernel or engine feature that failed, ``fix`` the next step for a person.

    ``code`` is the error number where the next step is not known yet: ``explained`` finds it.
    """

    def __init__(self, message: str, *, primitive: str = "", fix: str = "", code: int = 0) -> None:
        super().__init__(message)
        self.primitive = primitive
        self.fix = fix
        self.code = code

    def explained(self) -> "SetupError":
        """The same with why it failed on this machine and what mends it, as far as its settings tell."""
        if self.fix or not self.code:
            return self
        from sandbox import readings  # noqa: PLC0415 - only after something has failed
        from sandbox.diagnose import explain  # noqa: PLC0415 - as above

        cause = explain(self.primitive, self.code, readings.take())
        if cause is None:
            return self
        first = self.primitive.split(" ")[0]
        return SetupError(f"{self}: {cause.why}", primitive=first, fix=cause.fix, code=self.code)


class ChangesError(SandboxError):
    pass
