"""Directories that crashed runs have left on the machine: how they are named, and removing them at anybody's next start."""

import os

BASES = ("/var/tmp", "/tmp")  # noqa: S108 - each run has a directory of its own in there, of mode 0700
PREFIX = "execguard-copy-"


def sweep() -> int:
    """Of runs whose process is gone. Looks at names only, unless there is something. Returns how many."""
    for base in BASES:
        try:
            found = any(name.startswith(PREFIX) for name in os.listdir(base))
        except OSError:
            continue
        if found:
            from sandbox.backends.landlock import LandlockBackend  # noqa: PLC0415 - rarely needed

            return LandlockBackend().sweep()
    return 0
