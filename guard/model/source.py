"""Where in a text something stands. Knows nothing of what the text means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of character offsets into the text it came from."""

    start: int
    end: int
