"""The policy that is asked: files among the built-in ones, or what is in force where somebody is. Reads; judges nothing."""

import os

from guard.enforce.pipeline import workspace_of
from guard.enforce.places import Places, home_of
from guard.enforce.reviewed import reviewed_sources
from guard.enforce.revisions import Contents, builtin, contents, digest, layers
from guard.model.dataclass import dataclass
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import sources
from guard.policy.rule import Policy, PolicyLayer, policy_of


@dataclass(frozen=True, slots=True)
class Law:
    name: str
    policy: Policy


def in_force(cwd: str) -> Law:
    """What decides here today. Raises PolicyFileError."""
    places = Places.from_environment()
    workspace = workspace_of(cwd, os.path.realpath(home_of(os.environ)))
    here = sources(workspace, places.config, reviewed_sources(workspace, places.policy_cache))
    return Law("what is in force here", load_policy(here, places.policy_cache))


def composed(specs: list[str], floors: list[str], cwd: str, *, alone: bool) -> Law:
    """``specs``: as :func:`guard.enforce.revisions.contents` takes them, each a layer or several. Raises PolicyFileError."""
    above = [] if alone else builtin()
    held: list[PolicyLayer] = []
    for path in floors:
        held += layers(contents(path, cwd), [*above, *held], kind="floor")
    found: Contents = []
    for spec in specs:
        found += contents(spec, cwd)
    own = layers(found, [*above, *held])
    if above:
        # Which built-in profile is in force is asked for by the files themselves.
        above = builtin([*held, *own])
    named = {(layer.kind, layer.name) for layer in own}
    around = [layer for layer in (*above, *held) if (layer.kind, layer.name) not in named]
    if not around and not own:
        from guard.errors import PolicyFileError  # noqa: PLC0415 - rare

        raise PolicyFileError("--alone: there is no policy", help_="leave --alone out, or name a file")
    return Law(" ".join(specs), policy_of((*around, *own), digest(found)))
