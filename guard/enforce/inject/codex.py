"""Codex: `/etc/codex/requirements.toml` is obeyed before its own and a repository's configuration, and asks for no trust."""

import os
import tomllib
from typing import Any

from guard.enforce.inject.made import Made, NotTakenOver, Registration, as_they_are, own, with_ours
from sandbox.spec import Shown

MANAGED = "/etc/codex"
REQUIREMENTS = "requirements.toml"
_ALSO = ("config.toml", "managed_config.toml")


def made(registration: Registration, managed: str = MANAGED) -> Made:
    assert not isinstance(registration, str)
    import tomlkit  # noqa: PLC0415 - only for a session, and the library has no writer

    path = os.path.join(managed, REQUIREMENTS)
    try:
        theirs: dict[str, Any] = tomllib.loads(own(managed, REQUIREMENTS).decode())
    except (ValueError, RecursionError) as error:
        raise NotTakenOver(f"{path}: {error}") from error
    # A hook of a repository or of the agent's own home could answer with another command than the one that was judged.
    both = {"allow_managed_hooks_only": True, **registration}
    held = with_ours(theirs, both, path)
    content = tomlkit.dumps(held).encode()
    return Made(
        shown=(
            Shown(path=f"{MANAGED}/{REQUIREMENTS}", content=content),
            *as_they_are(managed, MANAGED, _ALSO),
        )
    )
