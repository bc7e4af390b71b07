"""Names of files that are not yet what they will be: written apart, then given their name. A crash leaves only such."""

import os

from guard.faults import Point, reached

_ENDING = ".new"


def temporary(path: str) -> str:
    """Beside ``path``, for this process."""
    return f"{path}.{os.getpid()}{_ENDING}"


def sweep(directory: str) -> None:
    """Remove those whose process is gone. A number that is used again only delays it."""
    try:
        names = [name for name in os.listdir(directory) if name.endswith(_ENDING)]
    except OSError:
        return
    for name in names:
        number = name.removesuffix(_ENDING).rpartition(".")[2]
        if number.isdigit() and not os.path.exists(f"/proc/{number}"):
            try:
                os.unlink(os.path.join(directory, name))
            except OSError:
                # Somebody else was quicker, or it stays for the next start.
                continue
            reached(Point.TEMPORARY_SWEPT)
