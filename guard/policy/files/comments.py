"""What a policy file says beside its values: each comment with the value that it speaks of. Changes nothing.

ruamel.yaml keeps comments too, but loses those inside a list in brackets and before a value, and hands what stands
above a key to the key before it, so that a key takes the wrong ones along when it is moved. Tokens have exact places:
whatever lies between two of them is blank or a comment, so none can be lost.
"""

import re
from bisect import bisect_right

import yaml

from guard.model.dataclass import dataclass, field
from guard.model.typed import Any, Iterable
from guard.policy.files.strict_yaml import Path

_COMMENT = re.compile(r"#[^\n]*")
_HEADER = re.compile(r"[|>][-+0-9]*[ ]+(#[^\n]*)")
"""Of a text over several lines: a comment there lies inside of the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """By the place of the value: the name of a key, or the number of an item, behind those around it."""

    before: dict[Path, list[str]] = field(default_factory=dict[Path, list[str]])
    """Lines above it; an empty one stands for a blank line among them or below them."""
    beside: dict[Path, list[str]] = field(default_factory=dict[Path, list[str]])
    end: dict[Path, list[str]] = field(default_factory=dict[Path, list[str]])
    """Lines below the last value of a list or table; those of the file itself are under ``()``."""
    apart: frozenset[Path] = frozenset()
    """What a blank line stands above."""

    def all(self) -> list[str]:
        """Every comment, in no order that means anything."""
        kept = (self.before, self.beside, self.end)
        return [line for lines in kept for some in lines.values() for line in some if line]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comment:
    text: str
    at: int
    line: int
    column: int
    alone: bool
    """Nothing else stands on its line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """A key with its value, or an item."""

    path: Path
    start: int
    line: int
    column: int
    form: str
    """``scalar``, ``flow`` (in brackets) or ``block``."""
    value: int
    end: int
    """Where the value ends; of a block nothing is known."""
    end_line: int
    inner: int
    """The column of what a block holds."""


def comments_of(text: str) -> Comments:
    """``text``: what the strict reader has accepted."""
    text = plain_lines(text)
    tokens = list(yaml.scan(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType] - the stubs leave it open
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)  # pyright: ignore[reportUnknownMemberType] - as above
    dashes = [token.start_mark.index for token in tokens if isinstance(token, yaml.BlockEntryToken)]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - as above
    return _Placing(text, _Walk(dashes).spots_of(node)).place(_comments(text, tokens))


def plain_lines(text: str) -> str:
    """With one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _comments(text: str, tokens: Iterable[Any]) -> list[_Comment]:
    out: list[_Comment] = []
    starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def add(match: re.Match[str], group: int = 0) -> None:
        at = match.start(group)
        line = bisect_right(starts, at) - 1
        start = starts[line]
        out.append(
            _Comment(
                text=match.group(group).rstrip(),
                at=at,
                line=line,
                column=at - start,
                alone=not text[start:at].strip(),
            )
        )

    done = 0
    for token in tokens:
        for match in _COMMENT.finditer(text, done, max(done, token.start_mark.index)):
            add(match)
        if getattr(token, "style", None) in {"|", ">"} and (
            header := _HEADER.match(text, token.start_mark.index)
        ):
            add(header, 1)
        done = max(done, token.end_mark.index)
    for match in _COMMENT.finditer(text, done):
        add(match)
    return out


class _Walk:
    def __init__(self, dashes: list[int]) -> None:
        self._dashes = dashes
        self._spots: list[_Spot] = []

    def spots_of(self, node: Any) -> list[_Spot]:
        """In the order of the text."""
        self._walk(node, ())
        return self._spots

    def _walk(self, node: Any, at: Path) -> None:
        match node:
            case yaml.MappingNode():
                for key, value in node.value:
                    self._add(key.start_mark.index, key.start_mark, value, (*at, key.value))
            case yaml.SequenceNode():
                for number, child in enumerate(node.value):
                    start, column = child.start_mark.index, child.start_mark.column
                    if not node.flow_style:
                        # What stands between a dash and its item speaks of the item.
                        start = self._dashes[bisect_right(self._dashes, start) - 1]
                        column = node.start_mark.column
                    self._add(start, child.start_mark, child, (*at, number), column)
            case _:
                pass

    def _add(self, start: int, mark: Any, value: Any, at: Path, column: int = -1) -> None:
        form = "scalar" if isinstance(value, yaml.ScalarNode) else "flow" if value.flow_style else "block"
        self._spots.append(
            _Spot(
                path=at,
                start=start,
                line=mark.line,
                column=mark.column if column < 0 else column,
                form=form,
                value=value.start_mark.index,
                end=value.end_mark.index,
                end_line=value.end_mark.line,
                inner=value.start_mark.column,
            )
        )
        self._walk(value, at)


class _Placing:
    def __init__(self, text: str, spots: list[_Spot]) -> None:
        self._spots = spots
        self._starts = [spot.start for spot in spots]
        self._by_path = {spot.path: spot for spot in spots}
        self._blank = {number for number, line in enumerate(text.split("\n")) if not line.strip()}
        self._before: dict[Path, list[_Comment]] = {}
        self._beside: dict[Path, list[_Comment]] = {}
        self._end: dict[Path, list[_Comment]] = {}

    def place(self, comments: list[_Comment]) -> Comments:
        for comment in comments:
            kept, path = self._of(comment)
            kept.setdefault(path, []).append(comment)
        return Comments(
            before={path: self._lines(some, self._by_path[path].line) for path, some in self._before.items()},
            beside={path: [comment.text for comment in some] for path, some in self._beside.items()},
            end={path: self._lines(some) for path, some in self._end.items()},
            apart=frozenset(spot.path for spot in self._spots if self._first_line(spot) - 1 in self._blank),
        )

    def _first_line(self, spot: _Spot) -> int:
        above = self._before.get(spot.path)
        return above[0].line if above else spot.line

    def _lines(self, comments: list[_Comment], below: int = -1) -> list[str]:
        """With the blank lines among them; ``below``: the line of what they stand above."""
        out: list[str] = []
        for comment in comments:
            if (out or below < 0) and comment.line - 1 in self._blank:
                out.append("")
            out.append(comment.text)
        if below - 1 in self._blank and below - 1 > comments[-1].line:
            out.append("")
        return out

    def _of(self, comment: _Comment) -> tuple[dict[Path, list[_Comment]], Path]:
        number = bisect_right(self._starts, comment.at)
        last = self._spots[number - 1] if number else None
        following = self._spots[number] if number < len(self._spots) else None
        if last is not None and last.form == "scalar" and comment.at < last.end:
            return (self._before if comment.alone else self._beside), last.path
        if last is not None and (around := self._brackets(last, comment.at)):
            return self._in_brackets(comment, around, last, following)
        if not comment.alone:
            if last is not None:
                closed = self._closed(last)
                on = closed.line if closed.form == "block" else closed.end_line
                if on == comment.line:
                    return self._beside, closed.path
            if following is not None:
                return self._before, following.path
        return self._in_block(comment, last, following)

    def _brackets(self, last: _Spot, at: int) -> _Spot | None:
        """The innermost brackets around this place."""
        path = last.path
        while path:
            spot = self._by_path[path]
            if spot.form == "flow" and spot.value < at < spot.end:
                return spot
            path = path[:-1]
        return None

    def _in_brackets(
        self, comment: _Comment, around: _Spot, last: _Spot, following: _Spot | None
    ) -> tuple[dict[Path, list[_Comment]], Path]:
        depth = len(around.path)
        if not comment.alone:
            return self._beside, last.path[: depth + 1]
        if following is not None and following.path[:depth] == around.path:
            return self._before, following.path[: depth + 1]
        return (self._before, around.path) if last is around else (self._end, around.path)

    def _closed(self, last: _Spot) -> _Spot:
        """``last``, or the outermost brackets around it: they have been closed."""
        while (outer := self._by_path.get(last.path[:-1])) is not None and outer.form == "flow":
            last = outer
        return last

    def _in_block(
        self, comment: _Comment, last: _Spot | None, following: _Spot | None
    ) -> tuple[dict[Path, list[_Comment]], Path]:
        if following is not None and last is not None and following.path[:-1] == last.path:
            return self._before, following.path
        least = following.column if following is not None else -1
        # The outermost first: a list may stand in the column of the key that it belongs to.
        best: Path = ()
        width = 0 if following is None else -1
        path = last.path if last is not None else ()
        for length in range(1, len(path)):
            spot = self._by_path[path[:length]]
            if spot.form == "block" and max(least, width) < spot.inner <= comment.column:
                best, width = spot.path, spot.inner
        if best or following is None:
            return self._end, best
        return self._before, following.path
