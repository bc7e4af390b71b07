"""Where the guard keeps its own files. Knows names only; creates directories on request, reads nothing."""

import os

from guard.errors import AuditError
from guard.model.dataclass import dataclass
from guard.model.typed import Mapping


def home_of(variables: Mapping[str, str]) -> str:
    """HOME as it stands; the account's where it is unset or empty; empty where the account has none either."""
    if home := variables.get("HOME", ""):
        return home
    import pwd  # noqa: PLC0415 - rare

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


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
        base = home if home is not None else home_of(variables)
        if not os.path.isabs(base):
            # A log in `./~` would be one that nobody looks at.
            problem = (
                f"HOME is `{base}`, which is no absolute path"
                if base
                else "HOME is not set and this account has no home"
            )
            raise AuditError(f"{problem}, so there is no place for the log", help_="set HOME")
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
    def sessions(self) -> str:
        return os.path.join(self.state, "sessions")

    @property
    def approvals(self) -> str:
        """Asks that wait for a person, and what people have granted."""
        return os.path.join(self.state, "approvals")

    @property
    def asked(self) -> str:
        return os.path.join(self.approvals, "asked")

    @property
    def granted(self) -> str:
        return os.path.join(self.approvals, "granted")

    @property
    def reviews(self) -> str:
        """What a model was asked, how often, and what it said lately."""
        return os.path.join(self.state, "reviews")

    @property
    def pins(self) -> str:
        """Which policy each session began under."""
        return os.path.join(self.state, "pins")

    @property
    def caches(self) -> str:
        return os.path.join(self.state, "caches")

    @property
    def waiting(self) -> str:
        """Which containers were started beforehand."""
        return os.path.join(self.state, "waiting")

    @property
    def runs(self) -> str:
        return os.path.join(self.state, "runs")

    @property
    def agents(self) -> str:
        """What agents keep that are enclosed."""
        return os.path.join(self.state, "agents")

    @property
    def doors(self) -> str:
        """Sockets at which enclosed sessions ask for decisions, while they last."""
        return os.path.join(self.state, "doors")

    @property
    def log(self) -> str:
        return os.path.join(self.state, "log")

    def make(self, path: str) -> str:
        """Create ``path`` (one of ours) as a private directory and return it."""
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path
