"""Where the guard keeps its own files. Knows names only; creates directories on request, reads nothing."""

import os
from collections.abc import Mapping

from guard.errors import AuditError
from guard.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Absolute paths, per user, following the XDG base directory specification."""

    state: str
    """Log, held changes, undo store, compiled policy: everything that must survive."""
    config: str
    """``personal.yaml``."""

    @classmethod
    def from_environment(cls, home: str | None = None, env: Mapping[str, str] | None = None) -> "Places":
        """The places of this user, or of ``home`` when another one is to be used (demo, tests)."""
        variables: Mapping[str, str] = os.environ if env is None else env
        base = home if home is not None else variables.get("HOME") or os.path.expanduser("~")
        if not os.path.isabs(base):
            # Neither HOME nor an account: a log in `./~` would be one that nobody looks at.
            raise AuditError(
                "HOME is not set and this account has no home, so there is no place for the log",
                help_="set HOME",
            )
        if home is None:
            state_home = variables.get("XDG_STATE_HOME", "")
            config_home = variables.get("XDG_CONFIG_HOME", "")
        else:
            state_home = config_home = ""
        # The specification: a relative path in these variables is invalid and must be ignored.
        if not os.path.isabs(state_home):
            state_home = os.path.join(base, ".local", "state")
        if not os.path.isabs(config_home):
            config_home = os.path.join(base, ".config")
        return cls(state=os.path.join(state_home, "guard"), config=os.path.join(config_home, "guard"))

    @property
    def audit(self) -> str:
        return os.path.join(self.state, "audit")

    @property
    def policy_cache(self) -> str:
        return os.path.join(self.state, "policy")

    @property
    def held(self) -> str:
        return os.path.join(self.state, "held")

    @property
    def undo(self) -> str:
        return os.path.join(self.state, "undo")

    @property
    def journal(self) -> str:
        return os.path.join(self.state, "journal")

    @property
    def runs(self) -> str:
        return os.path.join(self.state, "runs")

    @property
    def log(self) -> str:
        return os.path.join(self.state, "log")

    def make(self, path: str) -> str:
        """Create ``path`` (one of ours) as a private directory and return it."""
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path
