"""Whether a file of the organisation can have been written by nobody but root. Looks, and reads nothing."""

import os
import stat

from guard.errors import PolicyFileError

ROOT = frozenset((0,))
"""Whose files are believed. A file of a user who is unknown in this namespace is nobody's."""


def check_owned(path: str) -> None:
    """Raises PolicyFileError: whoever can write it, or a directory above it, says what is law."""
    place = os.path.realpath(path)
    while True:
        try:
            info = os.stat(place)
        except OSError as error:
            raise PolicyFileError(
                f"whose it is cannot be told: {(error.strerror or '').lower()}",
                place=place,
                help_="make it readable",
            ) from error
        # In a directory like /tmp nobody can take the place of somebody else's file.
        sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
        whose = "" if info.st_uid in ROOT else f"it belongs to uid {info.st_uid}"
        if not whose and info.st_mode & 0o022 and not sticky:
            whose = "others can write it"
        if whose:
            above = "" if place == os.path.realpath(path) else f", and {path} lies below it"
            raise PolicyFileError(
                f"{whose}{above}: an organisation's file counts only where nobody but root can change it",
                place=place,
                help_=f"run `chown root {place}; chmod go-w {place}`, or sign the floor (docs/policy.md)",
            )
        if place == "/":
            return
        place = os.path.dirname(place)
