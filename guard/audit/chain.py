"""How records hang together: each holds the hash of the line before. Pure.

The seam for Merkle tiles and signed checkpoints is :func:`leaf`: they are built over the same line hashes.
"""

from guard.model.dataclass import dataclass
from guard.model.hashes import sha256

FIRST = "0" * 64
"""``prev`` of the first record."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a log: the next one has ``seq + 1`` and ``prev == hash``."""

    seq: int
    hash: str


EMPTY = Head(-1, FIRST)


def leaf(line: bytes) -> str:
    """Hash of one line, without its newline."""
    return sha256(line).hexdigest()
