"""Every way in which a set of wildcards can match one text, each with a short text that is matched so. Pure.

Texts that are matched by the same patterns are one: a comparison of two policies need look at one of each.
"""

from guard.model.dataclass import dataclass
from guard.model.typed import Iterable
from guard.policy.match import wildcard

STATES = 30_000
"""Beyond this the patterns are too many to be told apart."""


class Unproved(Exception):
    """There is more to compare than can be: what was not compared has to be said."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern, compared as it stands, or with every text folded first (then it is written folded)."""

    text: str
    fold: bool = False

    def holds(self, text: str) -> bool:
        return wildcard(self.text, text.lower() if self.fold else text)

    def affix(self) -> tuple[str, str, int] | None:
        """What stands before and behind its only star, and the length of both. Most patterns have one star."""
        before, star, behind = self.text.partition("*")
        simple = bool(star) and "*" not in behind and "?" not in self.text
        return (before, behind, len(before) + len(behind)) if simple else None


def is_wild(text: str) -> bool:
    return "*" in text or "?" in text


def texts(kinds: Iterable[frozenset[Pattern]], *, separator: str = "") -> list[str]:
    """At least one text for every set of ``kinds`` that some text is matched by, short ones first.

    A text is matched by a kind when any of its patterns holds. ``separator``: a character that no text begins or ends with,
    such as the dot of host names.
    """
    given = sorted(set(kinds), key=lambda kind: sorted((p.text, p.fold) for p in kind))
    plain = sorted({p for kind in given for p in kind if not is_wild(p.text)}, key=lambda p: (p.text, p.fold))
    out: dict[str, None] = {}
    for pattern in plain:
        out[pattern.text] = None
        if pattern.fold:
            # What a disk takes for the same name, and a pattern that is compared as it stands does not.
            stem = pattern.text.lstrip(".").partition(".")[0]
            out[pattern.text.upper()] = None
            out[pattern.text[:-1] + pattern.text[-1:].upper()] = None
            if len(stem) > 1:
                out[f"{stem[:6].upper()}~1"] = None
    wild = [
        tuple(sorted((p for p in kind if is_wild(p.text)), key=lambda p: (p.text, p.fold))) for kind in given
    ]
    search = _Search([kind for kind in wild if kind], frozenset(out), separator)
    for text in search.found():
        out[text] = None
    # Small letters first: a reader takes large ones for something that matters.
    return sorted((text for text in out if text not in _NONE), key=lambda text: (len(text), text.swapcase()))


class _Search:
    """A text for each set of kinds that match together, and for none of them; none that is listed by its name."""

    def __init__(self, kinds: list[tuple[Pattern, ...]], names: frozenset[str], separator: str) -> None:
        self._names = names
        self._separator = separator
        self._kinds = kinds
        self._simple = [[(pattern.affix(), pattern) for pattern in kind] for kind in kinds]
        self._starts = self._stars = self._over = 0
        self._ends: dict[int, tuple[int, int]] = {}
        """By each bit after which everything matches: what is left of its kind, and all of its bits."""
        self._accepts: list[int] = []
        """Of each kind: the bits that accept."""
        letters = sorted(
            {
                letter
                for kind in kinds
                for p in kind
                for char in p.text
                if char not in "*?"
                for letter in ((char, char.upper()) if p.fold else (char,))
            }
        )
        letters.append(next(char for char in _SPARE if char not in letters))
        self._step = dict.fromkeys(letters, 0)
        at = 0
        for kind in kinds:
            accepts = ends = 0
            first = at
            for pattern in kind:
                text = _collapsed(pattern.text)
                self._starts |= 1 << at
                for char in text:
                    self._character(pattern, char, 1 << at)
                    at += 1
                accepts |= 1 << at
                if text.endswith("*"):
                    ends |= 1 << (at - 1)
                at += 1
            whole = (1 << at) - (1 << first)
            for bit in _bits(ends):
                self._ends[bit] = (accepts & -accepts) | (ends & -ends), whole
            self._over |= ends
            self._accepts.append(accepts)

    def _character(self, pattern: Pattern, char: str, bit: int) -> None:
        if char == "*":
            self._stars |= bit
        elif char == "?":
            for letter in self._step:
                self._step[letter] |= bit
        else:
            for letter in {char, char.upper()} if pattern.fold else {char}:
                self._step[letter] |= bit

    def found(self) -> list[str]:
        shown: dict[int, str] = {}
        for filler in ("x", "y", "xx", "other"):
            for text in (
                filler,
                *(p.text.replace("*", filler).replace("?", filler[:1]) for kind in self._kinds for p in kind),
            ):
                if self._fits(text):
                    shown.setdefault(self._key(text), text)
        for key, text in self._reached().items():
            shown.setdefault(key, text)
        return list(shown.values())

    def _fits(self, text: str) -> bool:
        if text in self._names or text in _NONE:
            return False
        mark = self._separator
        return not mark or not (text.startswith(mark) or text.endswith(mark) or mark * 2 in text)

    def _key(self, text: str) -> int:
        low = text.lower()
        out = 0
        for index, kind in enumerate(self._simple):
            for affix, pattern in kind:
                if affix is None:
                    holds = pattern.holds(text)
                else:
                    before, behind, length = affix
                    given = low if pattern.fold else text
                    holds = len(given) >= length and given.startswith(before) and given.endswith(behind)
                if holds:
                    out |= 1 << index
                    break
        return out

    def _reached(self) -> dict[int, str]:
        """All patterns read at once: a bit for each place between their characters."""
        begin = self._closed(self._starts)
        seen = {begin: ""}
        keys = {begin: self._accepted(begin)}
        out: dict[int, str] = {}
        level = [begin]
        while level:
            after: list[int] = []
            for state in level:
                text = seen[state]
                apart = False
                for char, mask in self._step.items():
                    if not state & mask:
                        # All that no pattern waits for lead on to the same.
                        if apart:
                            continue
                        apart = self._fits(text + char)
                    reached = self._closed(((state & mask) << 1) | (state & self._stars))
                    if reached not in seen:
                        seen[reached] = text + char
                        keys[reached] = self._accepted(reached)
                        after.append(reached)
                    key = keys[reached]
                    if key not in out and self._fits(text + char):
                        out[key] = text + char
                if len(seen) > STATES:
                    raise Unproved(f"wildcards in names that can meet in more than {STATES} ways")
            level = after
        return out

    def _closed(self, state: int) -> int:
        # Stars that follow each other were collapsed: one step is enough.
        state |= (state & self._stars) << 1
        over = state & self._over
        while over:
            bit = over & -over
            over ^= bit
            # Whatever follows is matched: what else of the kind might match is of no interest.
            kept, whole = self._ends[bit]
            state = (state & ~whole) | kept
            over &= ~whole
        return state

    def _accepted(self, state: int) -> int:
        return sum(1 << index for index, accepts in enumerate(self._accepts) if state & accepts)


_NONE = ("", ".", "..")
_SPARE = "xqzjkvwyabcdefghilmnoprstu0123456789_-ABCDEFGHIJKLMNOPQRSTUVWXYZ+=,@%"


def _bits(value: int) -> Iterable[int]:
    while value:
        yield value & -value
        value &= value - 1


def _collapsed(text: str) -> str:
    while "**" in text:
        text = text.replace("**", "*")
    return text
