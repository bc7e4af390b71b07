"""Where a value came from: what a network program would carry out of the machine. Names sources, judges none.

A source is a word: ``file:/path``, ``tree:/path`` (it and all below), ``variable:NAME``, ``environment``,
``secret:what`` or ``network:host``.
"""

from guard.effects.values import Hole, Stream, Text, Wild
from guard.model.dataclass import replace

MAX_SOURCES = 256
Sources = tuple[str, ...]
_TRACED = (Hole, Stream)
_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "PRIVATE_KEY")
_NO_SECRETS = frozenset({"SSH_AUTH_SOCK", "GPG_KEY", "TOKENIZERS_PARALLELISM"})


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is there to hold a secret."""
    upper = name.upper()
    if upper in _NO_SECRETS:
        return False
    return any(word in upper for word in _SECRET_WORDS) or upper.endswith(("_KEY", "_PAT", "_PWD", "_PASS"))


def union(*groups: Sources) -> Sources:
    """Each source once, in order, bounded."""
    filled = [group for group in groups if group]
    if not filled:
        return ()
    if len(filled) == 1:
        return filled[0]
    return tuple(dict.fromkeys(source for group in filled for source in group))[:MAX_SOURCES]


def sources_of(parts: tuple[str | Hole | Stream | Wild, ...] | None) -> Sources:
    """Of everything in a text or an argument that nobody knows."""
    if not parts:
        return ()
    found = [part.sources for part in parts if isinstance(part, _TRACED) and part.sources]
    return union(*found) if found else ()


def with_sources(text: Text, sources: Sources) -> Text:
    """The same text; what is not known in it came from ``sources`` too."""
    if not sources:
        return text
    return tuple(
        replace(part, sources=union(part.sources, sources)) if isinstance(part, Hole) else part
        for part in text
    )
