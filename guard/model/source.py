"""Where in a text something stands. Knows nothing of what the text means."""

from guard.model.frozen import Frozen


class Span(Frozen):
    """Half-open range of character offsets into the text it came from."""

    start: int
    end: int
