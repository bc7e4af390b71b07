"""YAML that everybody reads alike: one document as plain values, with the place of each. Knows no policy.

Whatever readers or tools understand differently is refused, and what has no end is refused before it is built.
"""

import yaml

from guard.errors import PolicyFileError
from guard.model.typed import Any, Iterator, NoReturn

Path = tuple[str | int, ...]
MAX_BYTES = 1024 * 1024
MAX_VALUES = 20_000
"""Names, words and lists of one file; the largest that we know of has two thousand. Each costs a reader 50 microseconds."""
_DEPTH = 8
"""No key needs more than seven; each level more is stack and, in PyYAML, time."""
FREE_TEXT = frozenset({"why", "instead", "reason", "owner", "approved_by"})
_AMBIGUOUS = frozenset("y n yes no on off null ~ nan inf".split())
_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0x00, 0x09), (0x0B, 0x0C), (0x0E, 0x1F),
        (0x7F, 0x9F), (0xAD, 0xAD), (0x061C, 0x061C), (0x180E, 0x180E), (0x200B, 0x200F),
        (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F),
    )
    for code in range(first, last + 1)
)  # fmt: skip
"""Control characters, and those that turn, join, break or hide the text around them: a reviewer would not see what we read."""


class StrictYaml:
    """One file, read at most once. ``marks`` holds the place of every value by its keys."""

    def __init__(self, content: bytes, source: str) -> None:
        self.content = content
        self.source = source
        self.marks: dict[Path, Any] = {}
        self._values = 0

    def refuse(self, problem: str, mark: Any = None, help_: str = "") -> NoReturn:
        place = self.source if mark is None else f"{self.source}:{mark.line + 1}:{mark.column + 1}"
        raise PolicyFileError(problem, place=place, help_=help_)

    def mark(self, at: Path) -> Any:
        """Where the value stands, or the innermost around it that stands anywhere."""
        while at not in self.marks and at:
            at = at[:-1]
        return self.marks.get(at)

    def tree(self) -> Any:
        """The file as plain values, before their meaning is known. Raises PolicyFileError."""
        if len(self.content) > MAX_BYTES:
            self.refuse("is larger than 1 MiB", None, "split it, or remove what it does not need")
        try:
            text = self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            before = self.content[: error.start]
            line, column = before.count(b"\n"), error.start - (before.rfind(b"\n") + 1)
            self.refuse(f"byte {error.start} is not UTF-8", _Place(line, column), "save the file as UTF-8")
        self._visible(text)
        try:
            node = self._compose(text)
        except yaml.MarkedYAMLError as error:
            self.refuse(
                f"not YAML: {error.problem}", error.problem_mark, "mend the indentation or the quotes"
            )
        except (yaml.YAMLError, RecursionError) as error:
            self.refuse(f"not YAML: {str(error).splitlines()[0]}", None, "mend the file")
        if node is None:
            self.refuse("the file is empty", None, "a policy needs at least version, kind, name and default")
        return self._value(node, ())

    def _visible(self, text: str) -> None:
        """Comments and sentences too: there they deceive the reviewer, not us."""
        hidden = _INVISIBLE.intersection(text)
        if not hidden:
            return
        at = min(text.index(char) for char in hidden)
        before = text[:at]
        self.refuse(
            "a tab" if text[at] == "\t" else f"a control or text direction character (U+{ord(text[at]):04X})",
            _Place(before.count("\n"), at - (before.rfind("\n") + 1)),
            "indent with spaces" if text[at] == "\t" else "remove it",
        )

    # ------------------------------------------------------------------ events and nodes

    def _compose(self, text: str) -> yaml.Node | None:
        """The one document, built from what the parser tells as it tells it: a refusal comes before the memory is spent."""
        events = self._events(text)
        node: yaml.Node | None = None
        documents = 0
        for event in events:
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        self.refuse("more than one document", event.start_mark, "split it into files")
                case yaml.ScalarEvent() | yaml.CollectionStartEvent():
                    node = self._node(event, events, 1)
                case _:
                    pass
        return node

    def _events(self, text: str) -> Iterator[Any]:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - the stubs leave it open
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):  # pyright: ignore[reportUnknownArgumentType] - see above
                self.refuse("anchors and aliases are not allowed", event.start_mark, "write the value again")
            if getattr(event, "tag", None):  # pyright: ignore[reportUnknownArgumentType] - see above
                self.refuse("tags are not allowed", event.start_mark, "write the plain value")  # pyright: ignore[reportUnknownMemberType] - see above
            self._values += isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
            if self._values > MAX_VALUES:
                self.refuse(
                    f"more than {MAX_VALUES} values",
                    event.start_mark,  # pyright: ignore[reportUnknownMemberType] - see above
                    "say it with fewer patterns, such as `dir/**`",
                )
            yield event

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> yaml.Node:
        begin: Any = event.start_mark
        if isinstance(event, yaml.ScalarEvent):
            tag: str = _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - the stubs leave it open
            return yaml.ScalarNode(str(tag), event.value, begin, style=event.style)  # pyright: ignore[reportUnknownArgumentType] - see above
        if depth > _DEPTH:
            self.refuse("lists or tables nested too deeply", begin, "no key needs that")
        children: list[yaml.Node] = []
        for inner in events:
            if isinstance(inner, yaml.CollectionEndEvent):
                break
            children.append(self._node(inner, events, depth + 1))
        if isinstance(event, yaml.SequenceStartEvent):
            return yaml.SequenceNode("", children, begin)
        return yaml.MappingNode("", list(zip(children[::2], children[1::2], strict=True)), begin)

    # ------------------------------------------------------------------ values

    def _value(self, node: yaml.Node, at: Path) -> Any:
        self.marks[at] = node.start_mark
        match node:
            case yaml.MappingNode():
                out: dict[str, Any] = {}
                for key_node, value_node in node.value:
                    key = self._value(key_node, (*at, "?key"))
                    if not isinstance(key, str):
                        self.refuse(f"`{_short(key)}` is not a name", key_node.start_mark, "quote it")
                    if key in out:
                        self.refuse(
                            f"`{_short(key)}` stands here twice", key_node.start_mark, "keep one of them"
                        )
                    out[key] = self._value(value_node, (*at, key))
                    self.marks[(*at, key)] = key_node.start_mark
                return out
            case yaml.SequenceNode():
                return [self._value(child, (*at, index)) for index, child in enumerate(node.value)]
            case yaml.ScalarNode():
                return self._scalar(node, at)
            case _:
                self.refuse("something that is not YAML as we know it", node.start_mark)
        return None

    def _scalar(self, node: yaml.ScalarNode, at: Path) -> Any:
        text: str = node.value
        if not text.isascii() and not (at and at[-1] in FREE_TEXT):
            self.refuse(
                f"`{_short(text)}` holds characters that look like others",
                node.start_mark,
                "use ASCII outside of sentences",
            )
        # Escapes in quotes can spell what the text itself may not hold.
        if any(char in _INVISIBLE for char in text):
            self.refuse("a control or text direction character", node.start_mark, "remove it")
        if node.style is not None:
            return text
        value = plain_value(text, node.tag)
        if value is None:
            self.refuse(
                f"`{_short(text)}` is read in different ways",
                node.start_mark,
                "put it in quotes, or use true or false",
            )
        return value


def plain_value(text: str, tag: str) -> str | int | bool | None:
    """What a word says that stands without quotes, YAML's own reading of it being ``tag``; None: that depends on who reads it."""
    if text in {"true", "false"}:
        return text == "true"
    if _is_day(text):
        return text
    # `int` and `isdigit` take digits of every script; YAML those of one.
    if text.isascii() and text.isdigit() and len(text) < 16 and (text == "0" or not text.startswith("0")):
        return int(text)
    if (
        text.lower() in _AMBIGUOUS
        or (text[:1] in "+-.0123456789" and tag != "tag:yaml.org,2002:str")
        or not text
    ):
        return None
    return text


def means_itself(text: str) -> bool:
    """Whether a word without quotes is read as the text that it is."""
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - the stubs leave it open
    value = plain_value(text, str(tag))  # pyright: ignore[reportUnknownArgumentType] - see above
    return isinstance(value, str) and value == text


class _Place:
    """Where something stands that the parser has not seen."""

    def __init__(self, line: int, column: int) -> None:
        self.line = line
        self.column = column


_RESOLVER = yaml.resolver.Resolver()


def _short(value: object) -> str:
    """At most so much of it that a message stays one."""
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _is_day(text: str) -> bool:
    """``2030-01-31``: everybody reads it as a day, and we as its text."""
    return len(text) == 10 and [*map(len, text.split("-"))] == [4, 2, 2] and text.replace("-", "").isdecimal()


def tree_of(content: bytes, source: str) -> Any:
    """Any file of ours as plain values. Raises PolicyFileError."""
    return StrictYaml(content, source).tree()
