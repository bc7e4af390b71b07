"""JSON with comments, changed in place: everything that is not asked for stays as it is, byte for byte.

Reads what clients read: comments and trailing commas too. What cannot be read is not changed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

_SPACE = " \t\r\n"
_DEEP = 200


class NotJson(ValueError):
    """``str`` says what, and where: line and column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    start: int
    end: int
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """``"key": value``."""

    start: int
    key: str
    node: "Node"

    @property
    def end(self) -> int:
        return self.node.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    start: int
    end: int
    """After the closing bracket."""
    members: list[Member] = field(default_factory=list[Member])
    """Of an object."""
    elements: "list[Node]" = field(default_factory=list["Node"])
    """Of a list."""
    is_object: bool
    comma: int = -1
    """Where a trailing comma stands; -1 without one."""

    @property
    def parts(self) -> "list[Member] | list[Node]":
        return self.members if self.is_object else self.elements

    def member(self, key: str) -> Member | None:
        # With the same key twice, the last one is what clients take.
        return next((member for member in reversed(self.members) if member.key == key), None)


Node: TypeAlias = Scalar | Container


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, what: str) -> NotJson:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - (self.text.rfind("\n", 0, self.at) + 1) + 1
        return NotJson(f"{what} at line {line}, column {column}")

    def skip(self) -> None:
        """White space and comments."""
        while self.at < len(self.text):
            if self.text[self.at] in _SPACE:
                self.at += 1
            elif self.text.startswith("//", self.at):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text.startswith("/*", self.at):
                end = self.text.find("*/", self.at + 2)
                if end < 0:
                    raise self.fail("a comment without an end")
                self.at = end + 2
            else:
                return

    def node(self, depth: int = 0) -> Node:
        if depth > _DEEP:
            raise self.fail("nested too deeply")
        char = self.text[self.at : self.at + 1]
        if char in {"{", "["}:
            return self.container(depth, is_object=char == "{")
        start = self.at
        try:
            value, self.at = json.JSONDecoder().raw_decode(self.text, start)
        except ValueError:
            raise self.fail("no value") from None
        return Scalar(start=start, end=self.at, value=value)

    def container(self, depth: int, *, is_object: bool) -> Container:
        start, close = self.at, "}" if is_object else "]"
        members: list[Member] = []
        elements: list[Node] = []
        comma = -1
        self.at += 1
        while True:
            self.skip()
            char = self.text[self.at : self.at + 1]
            if char == close:
                self.at += 1
                return Container(
                    start=start,
                    end=self.at,
                    members=members,
                    elements=elements,
                    is_object=is_object,
                    comma=comma,
                )
            if (members or elements) and comma < 0:
                raise self.fail(f"neither a comma nor `{close}`")
            if is_object:
                members.append(self.member(depth))
            else:
                elements.append(self.node(depth + 1))
            self.skip()
            comma = -1
            if self.text[self.at : self.at + 1] == ",":
                comma = self.at
                self.at += 1

    def member(self, depth: int) -> Member:
        start = self.at
        key = self.node(_DEEP) if self.text[start : start + 1] == '"' else None
        if not isinstance(key, Scalar) or not isinstance(key.value, str):
            raise self.fail("no key in double quotes")
        self.skip()
        if self.text[self.at : self.at + 1] != ":":
            raise self.fail("no colon after a key")
        self.at += 1
        self.skip()
        return Member(start=start, key=key.value, node=self.node(depth + 1))


def read(text: str) -> Node:
    """Raises NotJson."""
    reader = _Reader(text)
    reader.skip()
    found = reader.node()
    reader.skip()
    if reader.at < len(text):
        raise reader.fail("something after the value")
    return found


def value_of(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if node.is_object:
        return {member.key: value_of(member.node) for member in node.members}
    return [value_of(element) for element in node.elements]


def nodes_at(node: Node, path: tuple[str, ...]) -> Container | None:
    """The container at ``path``; None where there is none."""
    for key in path:
        found = node.member(key) if isinstance(node, Container) and node.is_object else None
        if found is None:
            return None
        node = found.node
    return node if isinstance(node, Container) else None


def appended(text: str, path: tuple[str, ...], element: object) -> str:
    """With ``element`` at the end of the list at ``path``; objects on the way are made. Raises NotJson."""
    return _added(text, path, "", [element], element)


def with_member(text: str, path: tuple[str, ...], key: str, value: object) -> str:
    """With ``key`` in the object at ``path``, in the place of what it was. Raises NotJson."""
    found = nodes_at(read(text), path)
    old = found.member(key) if found is not None and found.is_object else None
    if old is not None:
        rendered = _rendered(value, _indent_of(text), _margin(text, old.start), _end_of_line(text))
        return text[: old.node.start] + rendered + text[old.node.end :]
    return _added(text, path, key, {key: value}, value)


def _added(text: str, path: tuple[str, ...], key: str, whole: object, value: object) -> str:
    node = read(text)
    taken = 0
    while taken < len(path) and isinstance(node, Container) and node.is_object:
        found = node.member(path[taken])
        if found is None:
            break
        node, taken = found.node, taken + 1
    if not isinstance(node, Container):
        raise NotJson(
            f"`{'.'.join(path[:taken]) or 'the whole'}` is not what it should be: a list or an object"
        )
    rest = path[taken:]
    if not rest:
        if node.is_object != bool(key):
            raise NotJson(
                f"`{'.'.join(path)}` is {'an object' if node.is_object else 'a list'}, and should not be"
            )
        return _with_part(text, node, key, value)
    if not node.is_object:
        raise NotJson(f"`{'.'.join(path[:taken])}` is a list, and should be an object")
    for name in reversed(rest[1:]):
        whole = {name: whole}
    return _with_part(text, node, rest[0], whole)


def _with_part(text: str, node: Container, key: str, value: object) -> str:
    close = node.end - 1
    # Without a line of its own for what is in it, it stays on its line.
    inline = "\n" not in text[node.start : node.end] and bool(node.parts)
    step, eol = _indent_of(text), _end_of_line(text)
    margin = _margin(text, node.start)
    name = f"{json.dumps(key, ensure_ascii=False)}: " if node.is_object else ""
    comma = "," if node.parts and node.comma < 0 else ""
    last = node.parts[-1].end if node.parts else node.start + 1
    if inline:
        part = f"{comma} {name}{json.dumps(value, ensure_ascii=False)}"
        return text[:last] + part + text[last:]
    rendered = _rendered(value, step, margin + step, eol)
    content = len(text[:close].rstrip(_SPACE))
    new = f"{eol}{margin}{step}{name}{rendered}"
    if node.comma >= 0:
        new += ","
    tail = text[content:close]
    if "\n" not in tail:
        tail = f"{eol}{margin}"
    return text[:last] + comma + text[last:content] + new + tail + text[close:]


def removed(text: str, path: tuple[str, ...], part: int) -> str:
    """Without the part with this number of the container at ``path``. Raises NotJson."""
    node = nodes_at(read(text), path)
    if node is None:
        raise NotJson(f"`{'.'.join(path)}` is not there")
    parts = node.parts
    one = parts[part]
    last = part == len(parts) - 1
    before = parts[part - 1].end if part else node.start + 1
    if not last:
        # Up to the next one: what stands between is said of this one.
        return text[: one.start] + text[parts[part + 1].start :]
    end = node.comma + 1 if node.comma >= 0 else one.end
    start = len(text[: one.start].rstrip(_SPACE))
    if not part:
        rest = text[end : node.end - 1]
        keep = text[node.start + 1 : start] + rest
        return text[: node.start + 1] + (keep if keep.strip() else "") + text[node.end - 1 :]
    between = text[before:start]
    comma = between.find(",")
    if node.comma < 0 and comma >= 0:
        # A comma in a comment comes after the one that counts, or the text could not have been read.
        between = _without_comma(between)
    return text[:before] + between + text[end:]


def _without_comma(between: str) -> str:
    """The first comma that is in no comment."""
    reader = _Reader(between)
    reader.skip()
    return between[: reader.at] + between[reader.at + 1 :]


def _rendered(value: object, step: str, margin: str, eol: str) -> str:
    text = json.dumps(value, indent=step, ensure_ascii=False)
    return f"{eol}{margin}".join(text.split("\n"))


def _end_of_line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent_of(text: str) -> str:
    """What the first line that is indented is indented by; two blanks where none is."""
    for line in _lines(text):
        stripped = line.lstrip(" \t")
        if stripped and stripped != line and not stripped.startswith(("*", "/")):
            return line[: len(line) - len(stripped)]
    return "  "


def _lines(text: str) -> Iterator[str]:
    yield from text.splitlines()[1:]


def _margin(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    line = text[start:at]
    return line[: len(line) - len(line.lstrip(" \t"))]
