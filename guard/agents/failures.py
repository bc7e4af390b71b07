"""What a client does with the call when its hook fails: seen with the real client, compared with it by tests/clients.

Data only. ``guard doctor`` and docs/agents.md say from here which failures let a call through.
"""

from guard.model.dataclass import dataclass
from guard.model.typed import Literal, Mapping, TypeAlias

Does: TypeAlias = Literal["denied", "runs", "waits"]
"""With the call: it is denied; it runs; nothing happens for as long as the client lives."""

FAILURES: dict[str, str] = {
    "crash": "a traceback, exit status 1",
    "silent": "exit status 1 without a word",
    "status-3": "a word, exit status 3",
    "killed": "it is killed",
    "hangs": "it never ends",
    "garbage": "text that is no answer, exit status 0",
    "nothing": "something else in its place that ends with 0 without a word",
    "missing": "the interpreter is not there",
    "shell-killed": "all of it is killed, the shell that starts it too",
    "not-loaded": "the file that the client loads it from does not load",
    "policy-broken": "a policy file that nobody can read",
    "disk-full": "the log cannot be written: a full disk",
    "guard-gone": "inside `guard run`: the guard outside does not answer",
}
OURS = frozenset({"policy-broken", "disk-full", "guard-gone"})
"""Failures that only our own hook can have: of a client without it there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One client. A failure that is not named has not been tried with it."""

    version: str
    alone: Mapping[str, Does]
    """A hook that is registered by its bare name, as the client's own pages show it."""
    installed: Mapping[str, Does]
    """The hook as `guard install` registers it."""


_TRIED = tuple(name for name in FAILURES if name not in OURS | {"shell-killed", "not-loaded"})


def _each(does: Does, **but: Does) -> dict[str, Does]:
    """Of those that every hook can have."""
    return {name: but.get(name.replace("-", "_"), does) for name in _TRIED}


_OUR_OWN: dict[str, Does] = dict.fromkeys(OURS, "denied")
SEEN: dict[str, Seen] = {
    "claude-code": Seen(
        version="2.1.332",
        alone=_each("runs"),
        installed={**_each("denied"), "shell-killed": "denied", **_OUR_OWN},
    ),
    "codex": Seen(
        version="0.171.0",
        alone=_each("runs"),
        installed={**_each("denied"), "shell-killed": "runs", **_OUR_OWN},
    ),
    "gemini": Seen(
        version="0.61.0",
        alone=_each("runs", status_3="denied", missing="denied"),
        installed={**_each("denied"), "shell-killed": "runs", **_OUR_OWN},
    ),
    "qwen": Seen(
        version="0.24.4",
        alone=_each("runs"),
        installed={**_each("denied"), "shell-killed": "runs", **_OUR_OWN},
    ),
    "copilot": Seen(
        version="1.0.102",
        alone=_each("denied", hangs="runs", garbage="runs", nothing="runs"),
        installed={**_each("denied"), "shell-killed": "denied", **_OUR_OWN},
    ),
    "cline": Seen(
        version="3.0.65",
        # How long it waits for one that hangs is not known: longer than 40 s.
        alone={name: does for name, does in _each("runs").items() if name != "hangs"},
        installed={**_each("denied"), "shell-killed": "runs", **_OUR_OWN},
    ),
    "opencode": Seen(
        version="1.18.33",
        alone={"not-loaded": "runs"},
        installed=dict.fromkeys(FAILURES, "denied"),
    ),
    "pi": Seen(
        version="0.73.1",
        alone={"not-loaded": "denied"},
        installed=dict.fromkeys(FAILURES, "denied"),
    ),
}


def open_to(agent: str) -> tuple[str, ...]:
    """The failures that let a call through although the hook is installed, in the words of :data:`FAILURES`."""
    seen = SEEN.get(agent)
    return (
        () if seen is None else tuple(FAILURES[one] for one, does in seen.installed.items() if does == "runs")
    )
