"""Values and comments as lines of YAML: quotes, indentation, blank lines. Knows the shape of a policy file, not its meaning."""

import re

from guard.model.dataclass import replace
from guard.model.typed import Any, Iterable
from guard.policy.files.comments import Comments
from guard.policy.files.order import RULE_LISTS, SECTIONS, is_list, is_table, keys_at, keys_in_order, rank_at
from guard.policy.files.strict_yaml import FREE_TEXT, Path, means_itself

WIDTH = 120
"""Of a list or table in one line."""
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]*")
_BEGINS_OTHERWISE = frozenset("-?:,[]{}#&*!|>'\"%@`")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_NOT_AS_IT_IS = re.compile("[^ -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML takes only as an escape."""
_HELD_APART = RULE_LISTS | {"exceptions"}
"""A blank line between their items."""
_ONE_LINE = frozenset(("network", "limits"))
"""Tables that are written in one line where they fit."""
_COMMANDS = frozenset(("match", "no_match"))
_MODELINE = "yaml-language-server:"


def layout(data: dict[str, Any], comments: Comments) -> str:
    """In the canonical order, whatever order ``data`` has."""
    writer = _Writer(data, comments)
    writer.file()
    return "\n".join(writer.lines) + "\n"


class _Writer:
    def __init__(self, data: dict[str, Any], comments: Comments) -> None:
        self.lines: list[str] = []
        self._data = data
        self._comments = comments = replace(comments, before=_above_dashes(data, comments.before))
        kept = (comments.before, comments.beside, comments.end)
        inside = {path[:length] for some in kept for path in some for length in range(len(path))}
        self._inside = inside | comments.end.keys()
        """What holds a comment somewhere inside, and so cannot be one line."""

    def file(self) -> None:
        first = next(iter(self._data))
        head, above_first = self._head(self._comments.before.get((first,), []))
        self._notes(head, 0)
        for number, key in enumerate(keys_in_order(self._data, ())):
            above = above_first if key == first else self._comments.before.get((key,), [])
            # What belongs to the whole file is not to be taken for what belongs to this key.
            apart = bool(head and head[-1] and above) if not number else self._apart((key,), above)
            self._entry(f"{_key(key)}:", self._data[key], (key,), 0, above, apart=apart)
        self._notes(self._comments.end.get((), []), 0)

    def _head(self, above: list[str]) -> tuple[list[str], list[str]]:
        """What stands at the top speaks of the file; only a part of its own, right above the first key, speaks of that."""
        at = len(above) - 1 - above[::-1].index("") if "" in above else len(above)
        if at >= len(above) - 1 or any(_MODELINE in line for line in above[at:]):
            return above, []
        return above[: at + 1], above[at + 1 :]

    def _notes(self, comments: Iterable[str], indent: int) -> None:
        for comment in comments:
            # Two blank lines say no more than one.
            if comment or (self.lines and self.lines[-1]):
                self.lines.append(" " * indent + comment if comment else "")

    # ------------------------------------------------------------------ keys and items

    def _entry(
        self,
        prefix: str,
        value: Any,
        at: Path,
        indent: int,
        above: Iterable[str],
        *,
        apart: bool,
        begin: str = "",
    ) -> None:
        """``prefix``: the key with its colon, or the dash. ``begin``: what stands before it, where that is not blank."""
        beside = self._comments.beside.get(at, [])
        begin = begin or " " * indent
        flow = self._flow(value, at, len(begin) + len(prefix) + 1)
        behind_dash = flow is None and prefix == "-" and is_table(value)
        # There is room for one beside a value, and for none beside the dash of a table.
        above = [*above, *(beside if behind_dash else beside[:-1])]
        if apart and self.lines and self.lines[-1]:
            self.lines.append("")
        self._notes(above, indent)
        ending = f"  {beside[-1]}" if beside and not behind_dash else ""
        if flow is not None:
            self.lines.append(f"{begin}{prefix} {flow}{ending}")
        elif isinstance(value, str):
            self._block_text(f"{begin}{prefix}", value, indent + 2, ending)
        elif behind_dash:
            self._table(value, at, indent + 2, f"{begin}- ")
        else:
            self.lines.append(f"{begin}{prefix}{ending}")
            if is_table(value):
                self._table(value, at, indent + 2)
            elif is_list(value):
                self._list(value, at, indent + 2)

    def _table(self, table: dict[str, Any], at: Path, indent: int, begin: str = "") -> None:
        for number, key in enumerate(keys_in_order(table, at)):
            path = (*at, key)
            above = self._comments.before.get(path, [])
            self._entry(
                f"{_key(key)}:",
                table[key],
                path,
                indent,
                above,
                apart=bool(number) and self._apart(path, above),
                begin="" if number else begin,
            )
        self._notes(self._comments.end.get(at, []), indent)

    def _list(self, items: list[Any], at: Path, indent: int) -> None:
        for number, (index, head) in enumerate(self._sorted(items, at)):
            path, above = (*at, index), self._comments.before.get(head, [])
            apart = bool(number) and self._apart(head, above)
            self._entry("-", items[index], path, indent, above, apart=apart)
        self._notes(self._comments.end.get(at, []), indent)

    def _sorted(self, items: list[Any], at: Path) -> list[tuple[int, Path]]:
        """Numbers of the items; and with the first of those that a comment stands above, the place of the comment."""
        rank = rank_at(at)
        if rank is None:
            return [(number, (*at, number)) for number in range(len(items))]
        ranks = [rank(item) for item in items]
        parts: list[list[int]] = []
        for number in range(len(items)):
            # A comment in a list speaks of all that follows, up to the next one.
            if not parts or (*at, number) in self._comments.before:
                parts.append([])
            parts[-1].append(number)
        return [
            (number, (*at, part[0]) if not place else ())
            for part in parts
            for place, number in enumerate(sorted(part, key=ranks.__getitem__))
        ]

    def _apart(self, at: Path, above: list[str]) -> bool:
        """Whether a blank line is above: between what is long always, else where the author wanted one and nothing moves."""
        if (len(at) == 1 and at[0] in SECTIONS) or (len(at) == 2 and at[0] in _HELD_APART):
            return True
        moves = bool(keys_at(at[:-1])) or rank_at(at[:-1]) is not None
        return at in self._comments.apart and (bool(above) or not moves)

    # ------------------------------------------------------------------ values

    def _flow(self, value: Any, at: Path, column: int) -> str | None:
        """The value in one line, if it can be."""
        parts: list[tuple[str, str | None]]
        if is_table(value):
            short = (
                (at[0] == "profiles" and at[-1] in _ONE_LINE)
                or (at[0] == "tests" and len(at) == 2)
                or at == ("reviewer", "price")
            )
            if value and not (short and at not in self._inside):
                return None
            parts = [
                (f"{_key(key)}: ", self._flow(value[key], (*at, key), 0)) for key in keys_in_order(value, at)
            ]
            braces = "{}"
        elif is_list(value):
            if value and (at in self._inside or any(isinstance(item, dict | list) for item in value)):
                return None
            parts = [
                ("", self._flow(value[number], (*at, number), 0)) for number, _ in self._sorted(value, at)
            ]
            braces = "[]"
        else:
            return None if isinstance(value, str) and _is_block_text(value) else _scalar(value, at)
        texts = [name + text for name, text in parts if text is not None]
        whole = braces[0] + ", ".join(texts) + braces[1]
        return whole if len(texts) == len(parts) and column + len(whole) <= WIDTH else None

    def _block_text(self, begin: str, text: str, indent: int, ending: str) -> None:
        self.lines.append(f"{begin} |{'' if text.endswith(chr(10)) else '-'}{ending}")
        self.lines += [" " * indent + line if line else "" for line in text.removesuffix("\n").split("\n")]


def _above_dashes(data: Any, before: dict[Path, list[str]]) -> dict[Path, list[str]]:
    """Nothing fits between a dash and the first key of its table: what stands above the key is put above the dash."""
    out = dict(before)
    for path in before:
        if len(path) < 2 or not isinstance(path[-2], int):
            continue
        table = data
        for key in path[:-1]:
            table = table[key]
        if is_table(table) and keys_in_order(table, path[:-1])[0] == path[-1]:
            out[path[:-1]] = [*out.get(path[:-1], []), *out.pop(path)]
    return out


def _is_block_text(text: str) -> bool:
    """Whether it is several lines that can stand there as they are."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and all(line == line.rstrip() and not _NOT_AS_IT_IS.search(line) for line in lines)
        and bool(lines[0] and lines[-1])
        and lines[0] == lines[0].lstrip()
    )


def _scalar(value: Any, at: Path) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if at[-1] in FREE_TEXT:
        return text if _is_sentence(text) and means_itself(text) else _quoted(text)
    return _quoted(text) if _is_command_or_pattern(at) else _key(text)


def _key(text: str) -> str:
    return text if _WORD.fullmatch(text) and means_itself(text) else _quoted(text)


def _is_command_or_pattern(at: Path) -> bool:
    """These stand in quotes, also those of one word: they are no names of ours."""
    if len(at) < 3:
        return False
    return at[-2] in _COMMANDS or (at[0] == "tests" and at[-1] == "run") or at[0] in {"zones", "hosts"}


def _is_sentence(text: str) -> bool:
    """Whether YAML reads it as one text, in one line and without quotes."""
    return (
        text == text.strip()
        and text[:1] not in _BEGINS_OTHERWISE
        and text.isprintable()
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
    )


def _quoted(text: str) -> str:
    text = "".join(_ESCAPES.get(char, char) for char in text)
    return '"' + _NOT_AS_IT_IS.sub(lambda found: f"\\U{ord(found.group()):08X}", text) + '"'
