"""Words that differ by a slip of the pen. Pure."""

from guard.model.typed import Iterable


def near(word: str, known: Iterable[str]) -> str:
    """The word that is one or two slips away, the nearest first; empty when there is none, or the word is known."""
    words = set(known)
    if word in words or len(word) < 3:
        return ""
    most = 1 if len(word) < 6 else 2
    found = [(slips(word, other), other) for other in words if abs(len(other) - len(word)) <= most]
    close = sorted(one for one in found if one[0] <= most)
    return close[0][1] if close else ""


def slips(one: str, two: str) -> int:
    """Letters to add, drop, change or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, first in enumerate(one, 1):
        above, row = row, [i]
        for j, second in enumerate(two, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (first != second))
            if i > 1 and j > 1 and first == two[j - 2] and one[i - 2] == second:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]
