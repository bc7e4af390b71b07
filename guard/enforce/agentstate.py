"""Where agents keep their own files: what of a home such a session needs, and keeps. Names and directories only.

What an agent keeps is kept for each workspace apart, below the guard's own state, and never the person's own: a
session that was talked into leaving instructions to its successors leaves them to none in another workspace.
"""

import os
import re

from guard.enforce.places import Places
from guard.errors import UsageError
from guard.faults import Point, reached
from guard.model.hashes import sha256
from guard.temporary import temporary
from sandbox.spec import HOME, Place

_KNOWN: dict[str, tuple[str, ...]] = {
    "aider": (".aider",),
    "amp": (".config/amp", ".local/share/amp"),
    "claude": (".claude",),
    "cline": (".cline",),
    "codex": (".codex",),
    "copilot": (".copilot", ".config/github-copilot"),
    "crush": (".config/crush", ".local/share/crush"),
    "cursor-agent": (".cursor", ".config/cursor"),
    "droid": (".factory",),
    "gemini": (".gemini",),
    "goose": (".config/goose", ".local/share/goose", ".local/state/goose"),
    "kimi": (".kimi",),
    "opencode": (".config/opencode", ".local/share/opencode", ".local/state/opencode"),
    "pi": (".pi",),
    "qwen": (".qwen",),
    "vibe": (".vibe",),
}
"""By the name of the program; of any other, its directories of the XDG base directory specification."""
_VARIABLES = {"claude": (("CLAUDE_CONFIG_DIR", ".claude"),)}
"""So that what would lie in the home itself lies in the directory that is kept."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


def name_of(program: str) -> str:
    """What the agent is called in records and directories. Raises UsageError."""
    name = os.path.basename(program)
    if not _PLAIN.fullmatch(name):
        raise UsageError(
            f"`{program}` is no name that a directory can have",
            help_="start it by a name of letters and digits",
        )
    return name


def is_known(name: str) -> bool:
    """Whether a program of this name is an agent that we have heard of."""
    return name in _KNOWN


def directories(agent: str) -> tuple[str, ...]:
    """Below the home."""
    return _KNOWN.get(agent) or tuple(
        f"{base}/{agent}" for base in (".config", ".local/share", ".local/state")
    )


def variables(agent: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"{HOME}/{below}") for name, below in _VARIABLES.get(agent, ()))


def kept(agent: str, workspace: str, places: Places) -> tuple[Place, ...]:
    """Make the directories, for who the session runs as: the owner of the workspace. Raises OSError."""
    root = _root(agent, workspace, places)
    owner = os.stat(workspace)
    out: list[Place] = []
    for below in directories(agent):
        path = os.path.join(root, below.replace("/", "-"))
        places.make(path)
        if os.getuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)
        reached(Point.AGENT_PLACED)
        out.append(Place(path=f"{HOME}/{below}", source=os.path.realpath(path), writable=True))
    return tuple(out)


def given(
    agent: str, workspace: str, places: Places, files: tuple[tuple[str, bytes], ...]
) -> tuple[Place, ...]:
    """Files of the home inside that nobody inside can change, by their paths below it. Raises OSError."""
    root = os.path.join(_root(agent, workspace, places), "given")
    places.make(root)
    out: list[Place] = []
    for below, content in files:
        path = os.path.join(root, below.replace("/", "-"))
        early = temporary(path)
        with open(early, "wb") as file:
            file.write(content)
            # Whoever the session runs as starts it.
            os.fchmod(file.fileno(), 0o755)
        os.replace(early, path)
        reached(Point.AGENT_PLACED)
        out.append(Place(path=f"{HOME}/{below}", source=os.path.realpath(path)))
    return tuple(out)


def _root(agent: str, workspace: str, places: Places) -> str:
    root = places.agents
    for part in (agent, sha256(os.fsencode(workspace)).hexdigest()[:16]):
        places.make(root)
        root = os.path.join(root, part)
    places.make(root)
    return root
