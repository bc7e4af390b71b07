"""Brace expansion, found in the pieces of one word. Textual, before any other expansion, as in bash."""

from guard.model.source import Span
from guard.shell.ast import Braces, Literal, Part

MAX_SEQUENCE = 256
MAX_OPEN = 40
"""Matching takes quadratic time in the number of opened braces."""


class Mark:
    """An unquoted ``{``, ``,`` or ``}``."""

    __slots__ = ("span", "text")

    def __init__(self, text: str, span: Span) -> None:
        self.text = text
        self.span = span


Piece = Part | Mark


def with_braces(pieces: list[Piece], span: Span) -> list[Part] | None:
    """Parts with ``Braces`` where bash expands them; None when a sequence is larger than we follow."""
    if sum(1 for piece in pieces if isinstance(piece, Mark) and piece.text == "{") > MAX_OPEN:
        return None
    out: list[Part] = []
    # Where bash begins to look anew, and takes `{}` for itself.
    at = fresh = 0
    while at < len(pieces):
        piece = pieces[at]
        if not isinstance(piece, Mark):
            out.append(piece)
            at += 1
            continue
        end = _match(pieces, at, fresh=at == fresh) if piece.text == "{" else -1
        if end > 0:
            fresh = end + 1
            inside = pieces[at + 1 : end]
            split = _split(inside)
            if len(split) > 1:
                alternatives: list[tuple[Part, ...]] = []
                for choice in split:
                    built = with_braces(choice, span)
                    if built is None:
                        return None
                    alternatives.append(merged(built))
                out.append(Braces(tuple(alternatives), span))
                at = end + 1
                continue
            sequence = _sequence(inside)
            if sequence is None:
                return None
            if sequence:
                out.append(Braces(tuple((Literal(text, False, span),) for text in sequence), span))
                at = end + 1
                continue
        out.append(Literal(piece.text, False, piece.span))
        at += 1
    return out


def merged(parts: list[Part]) -> tuple[Part, ...]:
    """Neighbouring literals of the same quoting become one."""
    if len(parts) < 2:
        return tuple(parts)
    out: list[Part] = []
    at = 0
    while at < len(parts):
        part = parts[at]
        at += 1
        if isinstance(part, Literal):
            # Gathered first: adding to a text again and again would take quadratic time.
            texts = [part.text]
            last = part
            while at < len(parts) and isinstance(more := parts[at], Literal) and more.quoted == part.quoted:
                texts.append(more.text)
                last = more
                at += 1
            if len(texts) > 1:
                part = Literal("".join(texts), part.quoted, Span(part.span.start, last.span.end))
        out.append(part)
    return tuple(out)


def _match(pieces: list[Piece], start: int, *, fresh: bool) -> int:
    """The brace that closes the one at ``start``. One before any comma or ``..`` does not count, as in bash."""
    if fresh and start + 1 < len(pieces) and _is(pieces[start + 1], "}"):
        return -1
    depth = 0
    separated = False
    for at in range(start + 1, len(pieces)):
        piece = pieces[at]
        if isinstance(piece, Mark):
            match piece.text:
                case "{":
                    depth += 1
                case "," if depth == 0:
                    separated = True
                case "}" if depth:
                    depth -= 1
                case "}" if separated:
                    return at
                case _:
                    pass
        elif isinstance(piece, Literal) and not piece.quoted and depth == 0 and ".." in piece.text:
            ends = piece.text.endswith("..") and piece.text.find("..") == len(piece.text) - 2
            separated |= not (ends and at + 1 < len(pieces) and _is(pieces[at + 1], "}"))
    return -1


def _is(piece: Piece, text: str) -> bool:
    return isinstance(piece, Mark) and piece.text == text


def _split(pieces: list[Piece]) -> list[list[Piece]]:
    out: list[list[Piece]] = [[]]
    depth = 0
    for piece in pieces:
        if isinstance(piece, Mark):
            if piece.text == "," and depth == 0:
                out.append([])
                continue
            depth = max(0, depth + {"{": 1, "}": -1}.get(piece.text, 0))
        out[-1].append(piece)
    return out


def _sequence(pieces: list[Piece]) -> list[str] | None:
    """``1..9..2`` or ``a..e``; empty when it is none, None when it is too large or odd."""
    if len(pieces) != 1 or not isinstance(pieces[0], Literal) or pieces[0].quoted:
        # A comma that is quoted, or in braces of its own, makes bash take it for a list of one.
        return None
    fields = pieces[0].text.split("..")
    if len(fields) not in {2, 3}:
        return []
    first, last = fields[0], fields[1]
    if len(fields) == 3 and not _integer(fields[2]):
        return []
    step = abs(int(fields[2])) if len(fields) == 3 else 1
    step = step or 1
    if _integer(first) and _integer(last):
        low, high = int(first), int(last)
        if abs(high - low) // step >= MAX_SEQUENCE:
            return None
        padded = any(text.lstrip("-").startswith("0") and len(text.lstrip("-")) > 1 for text in (first, last))
        width = max(len(first), len(last)) if padded else 0
        numbers = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
        return [f"{number:0{width}d}" if width else str(number) for number in numbers]
    if (
        len(first) == len(last) == 1
        and first.isascii()
        and last.isascii()
        and first.isalpha()
        and last.isalpha()
    ):
        if first.islower() != last.islower():
            return None
        low, high = ord(first), ord(last)
        letters = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
        return [chr(letter) for letter in letters]
    return []


def _integer(text: str) -> bool:
    body = text[1:] if text[:1] in {"-", "+"} else text
    return body.isascii() and body.isdigit() and len(body) < 10
