"""A policy file becomes a layer, or one message with file, line and column. Strict YAML: what readers misread is refused."""

from datetime import date

import yaml
from pydantic import ValidationError

from guard.errors import PolicyFileError
from guard.model.typed import Any, NoReturn
from guard.model.verdict import Verdict
from guard.policy import zones as named_zones
from guard.policy.files.schema import PolicyTable, place_below_home
from guard.policy.match import expand_braces
from guard.policy.profiles import BASE, BOTH, CEILING
from guard.policy.rule import PolicyLayer

_KINDS = {"floor": "floor", "policy": "profile repo", "personal": "personal"}
_FREE_TEXT = frozenset({"why", "instead", "reason", "owner", "approved_by"})
_AMBIGUOUS = frozenset("y n yes no on off null ~ nan inf".split())
_DEPTH = 8
"""No key needs more than seven; each level more is stack and, in PyYAML, time."""
_PLACES = ("$W", "$H", "$T", "/")
Path = tuple[str | int, ...]


def load_layer(
    content: bytes, *, kind: str, source: str, profiles: frozenset[str] = frozenset()
) -> PolicyLayer:
    """``kind``: the layer that the file stands for here. ``profiles``: those of the layers above. Raises PolicyFileError."""
    return _Loader(content, kind, source, profiles).layer()


class _Loader:
    def __init__(
        self, content: bytes, kind: str, source: str, profiles: frozenset[str] = frozenset()
    ) -> None:
        self.profiles = profiles
        self.content = content
        self.kind = kind
        self.source = source
        self.marks: dict[Path, Any] = {}

    def refuse(self, problem: str, mark: Any = None, help_: str = "") -> NoReturn:
        place = self.source if mark is None else f"{self.source}:{mark.line + 1}:{mark.column + 1}"
        raise PolicyFileError(problem, place=place, help_=help_)

    def tree(self) -> Any:
        """The file as plain values, before their meaning is known."""
        try:
            text = self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            self.refuse(f"byte {error.start} is not UTF-8", help_="save the file as UTF-8")
        return self._tree(text)

    def layer(self) -> PolicyLayer:
        data = self.tree()
        try:
            table = PolicyTable.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            at = tuple(first["loc"])
            self._refuse_validation(first, at)
        return self._checked(table)

    def _refuse_validation(self, first: Any, at: Path) -> NoReturn:
        problem, help_ = _explained(first, at)
        self.refuse(problem, self._mark(at), help_)

    def _mark(self, at: Path) -> Any:
        while at not in self.marks and at:
            at = at[:-1]
        return self.marks.get(at)

    # ------------------------------------------------------------------ YAML

    def _tree(self, text: str) -> Any:
        try:
            documents = depth = 0
            for event in _events(text):
                if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                    self.refuse(
                        "anchors and aliases are not allowed", event.start_mark, "write the value again"
                    )
                if getattr(event, "tag", None):
                    self.refuse("tags are not allowed", event.start_mark, "write the plain value")
                depth += isinstance(event, yaml.CollectionStartEvent)
                depth -= isinstance(event, yaml.CollectionEndEvent)
                if depth > _DEPTH:
                    self.refuse("lists or tables nested too deeply", event.start_mark, "no key needs that")
                documents += isinstance(event, yaml.DocumentStartEvent)
                if documents > 1:
                    self.refuse("more than one document", event.start_mark, "split it into files")
            node = _compose(text)
        except yaml.MarkedYAMLError as error:
            self.refuse(
                f"not YAML: {error.problem}", error.problem_mark, "mend the indentation or the quotes"
            )
        except (yaml.YAMLError, RecursionError) as error:
            self.refuse(f"not YAML: {str(error).splitlines()[0]}", None, "mend the file")
        if node is None:
            self.refuse("the file is empty", None, "a policy needs at least version, kind, name and default")
        return self._value(node, ())

    def _value(self, node: yaml.Node, at: Path) -> Any:
        self.marks[at] = node.start_mark
        match node:
            case yaml.MappingNode():
                out: dict[str, Any] = {}
                for key_node, value_node in node.value:
                    key = self._value(key_node, (*at, "?key"))
                    if not isinstance(key, str):
                        self.refuse(f"`{key}` is not a name", key_node.start_mark, "quote it")
                    if key in out:
                        self.refuse(f"`{key}` stands here twice", key_node.start_mark, "keep one of them")
                    self.marks[(*at, key)] = key_node.start_mark
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
        if not text.isascii() and not (at and at[-1] in _FREE_TEXT):
            self.refuse(
                f"`{text}` holds characters that look like others",
                node.start_mark,
                "use ASCII outside of sentences",
            )
        if any(
            (ord(char) < 32 and char != "\n") or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
            for char in text
        ):
            self.refuse("a control or text direction character", node.start_mark, "remove it")
        if node.style is not None:
            return text
        if text in {"true", "false"}:
            return text == "true"
        if _is_day(text):
            return text
        if text.isdigit() and (text == "0" or not text.startswith("0")):
            return int(text)
        if (
            text.lower() in _AMBIGUOUS
            or (text[:1].isdigit() and node.tag != "tag:yaml.org,2002:str")
            or not text
        ):
            self.refuse(
                f"`{text}` is read in different ways",
                node.start_mark,
                "put it in quotes, or use true or false",
            )
        return text

    # ------------------------------------------------------------------ meaning

    def _checked(self, table: PolicyTable) -> PolicyLayer:
        if self.kind not in _KINDS[table.kind].split():
            self.refuse(
                f"kind `{table.kind}` cannot stand for the {self.kind} layer",
                self._mark(("kind",)),
                "use `floor` for the organisation, `policy` for a repository, `personal` for yourself",
            )
        known = set(named_zones.NAMED) | named_zones.COMPUTED | set(table.zones)
        for name, patterns in table.zones.items():
            if (name in named_zones.NAMED and name != "generated") or name in named_zones.COMPUTED:
                self.refuse(
                    f"the zone `{name}` has a meaning already",
                    self._mark(("zones", name)),
                    "choose another name",
                )
            for index, pattern in enumerate(patterns):
                self._pattern(pattern, ("zones", name, index))
        self._profiles(table)
        ids: set[str] = set()
        for index, rule in enumerate(table.rules):
            if rule.id in ids:
                self.refuse(
                    f"the rule `{rule.id}` stands here twice",
                    self._mark(("rules", index, "id")),
                    "rename one of them",
                )
            ids.add(rule.id)
            if rule.itself and (rule.verdict == "allow" or not rule.zones):
                self.refuse(
                    "`itself` narrows a rule that asks or denies about zones",
                    self._mark(("rules", index, "itself")),
                    "remove it, or add `zones`",
                )
            for number, program in enumerate(rule.programs or ()):
                if "/" in program:
                    self.refuse(
                        f"`{program}` is a path, and a program has many",
                        self._mark(("rules", index, "programs", number)),
                        "write its name, such as `git`",
                    )
                digits = program.removeprefix("sha256:")
                if digits != program and (len(digits) != 64 or set(digits) - set("0123456789abcdef")):
                    self.refuse(
                        f"`{program}` is no SHA-256",
                        self._mark(("rules", index, "programs", number)),
                        "write `sha256:` and the 64 small hexadecimal digits that `sha256sum FILE` prints",
                    )
            for key in ("zones", "except_zones", "carries"):
                for number, zone in enumerate(getattr(rule, key) or ()):
                    if zone not in known and not (key == "carries" and zone == "secret"):
                        self.refuse(
                            f"there is no zone `{zone}`",
                            self._mark(("rules", index, key, number)),
                            f"use one of {', '.join(sorted(known))}",
                        )
        for index, exception in enumerate(table.exceptions):
            if exception.rule not in ids:
                self.refuse(
                    f"there is no rule `{exception.rule}` in this file",
                    self._mark(("exceptions", index, "rule")),
                    "name a rule of this file",
                )
            for number, zone in enumerate(exception.zones or ()):
                if zone not in known:
                    self.refuse(
                        f"there is no zone `{zone}`",
                        self._mark(("exceptions", index, "zones", number)),
                        f"use one of {', '.join(sorted(known))}",
                    )
            try:
                date.fromisoformat(exception.expires)
            except ValueError:
                self.refuse(
                    f"`{exception.expires}` is no day of the calendar",
                    self._mark(("exceptions", index, "expires")),
                    "write the last day on which it holds, such as 2030-01-31",
                )
        return self._built(table)

    def _profiles(self, table: PolicyTable) -> None:
        """What profiles say, and that every name of one means something."""
        for name, profile in table.profiles.items():
            at: Path = ("profiles", name)
            if name == "host":
                self.refuse("`host` is no profile: there are no walls", self._mark(at), "choose another name")
            if name == CEILING and self.kind == "repo":
                self.refuse(
                    f"a repository cannot say what a repository may give itself (`{CEILING}`)",
                    self._mark(at),
                    "it is written by the machine's owner, in the floor or the personal file",
                )
            for key in ("caches", "read_only"):
                for index, path in enumerate(getattr(profile, key) or ()):
                    self._place(path, (*at, key, index), home_only=key == "caches")
        known = self.profiles | {BASE} | set(table.profiles)
        known -= {CEILING}
        for index, rule in enumerate(table.rules):
            named: list[tuple[str, Path]] = []
            if rule.run not in BOTH:
                named.append((rule.run, ("rules", index, "run")))
            named += [
                (one, ("rules", index, "grants", number)) for number, one in enumerate(rule.grants or ())
            ]
            for name, at in named:
                if name not in known:
                    self.refuse(
                        f"there is no profile `{name}`",
                        self._mark(at),
                        f"use one of {', '.join(sorted(known | BOTH))}, or write it under `profiles`",
                    )

    def _place(self, path: str, at: Path, *, home_only: bool) -> None:
        begins = ("~/", "$H/") if home_only else ("~/", "$H/", "/")
        place = place_below_home(path)
        parts = place.split("/")
        if not path.startswith(begins) or {".", ".."} & set(parts) or "" in parts[1:]:
            self.refuse(
                f"`{path}` is no place that can be shown in a sandbox",
                self._mark(at),
                f"begin it with {' or '.join(begins)} and write it without `.` and `..`",
            )
        if any(char in path for char in "*?{}["):
            self.refuse(f"`{path}` is a pattern", self._mark(at), "name one directory or file")
        secret = next((one for one in named_zones.CREDENTIALS if _touches(place, one)), "")
        if secret:
            self.refuse(
                f"`{path}` holds key material (`{secret}`)",
                self._mark(at),
                "name what is needed of it more narrowly, or pass a credential by its variable under `environment`",
            )

    def _pattern(self, pattern: str, at: Path) -> None:
        if not pattern.startswith(_PLACES) and not pattern.startswith("~/"):
            self.refuse(
                f"`{pattern}` does not say where it begins",
                self._mark(at),
                "begin it with $W/, $H/, $T/ or /",
            )
        if ".." in pattern.split("/"):
            self.refuse(f"`{pattern}` holds `..`", self._mark(at), "write the place that is meant")
        root = pattern.split("/", maxsplit=1)[0]
        if root not in {"$W", "$H", "$T", "~", ""}:
            self.refuse(
                f"`{pattern}` begins with something else than a root",
                self._mark(at),
                "begin it with $W/, $H/, $T/ or /",
            )
        try:
            expand_braces(pattern)
        except ValueError as error:
            self.refuse(f"`{pattern}`: {error}", self._mark(at), "write the patterns one by one")

    def _source(self, *at: str | int) -> str:
        mark = self._mark(at)
        return f"{self.source}:{mark.line + 1}" if mark is not None else self.source

    def _built(self, table: PolicyTable) -> PolicyLayer:
        return PolicyLayer(
            kind=self.kind,
            name=table.name,
            default=Verdict(table.default),
            rules=tuple(rule.to_rule(self._source("rules", index)) for index, rule in enumerate(table.rules)),
            zones=tuple(
                (name, tuple(_place(pattern) for pattern in patterns))
                for name, patterns in table.zones.items()
            ),
            hosts=tuple((name, tuple(patterns)) for name, patterns in table.hosts.items()),
            profiles=tuple(
                profile.to_profile(
                    name,
                    self._source("profiles", name),
                    {key: self._source("profiles", name, "limits", key) for key in profile.limits.values()},
                )
                for name, profile in table.profiles.items()
            ),
            exceptions=tuple(
                e.to_exception(self._source("exceptions", index)) for index, e in enumerate(table.exceptions)
            ),
            tests=tuple(test.to_test(self._source("tests", index)) for index, test in enumerate(table.tests)),
            permits_host=table.permits_host,
            lock_after=table.lock_after or 0,
            unproposed=table.unproposed,
            source=self.source,
        )


def _events(text: str) -> Any:
    return yaml.parse(text, Loader=yaml.SafeLoader)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - the stubs leave it open


def _compose(text: str) -> Any:
    return yaml.compose(text, Loader=yaml.SafeLoader)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - the stubs leave it open


def _is_day(text: str) -> bool:
    """``2030-01-31``: everybody reads it as a day, and we as its text."""
    return len(text) == 10 and [*map(len, text.split("-"))] == [4, 2, 2] and text.replace("-", "").isdecimal()


def _touches(place: str, secret: str) -> bool:
    """Whether the place is, holds, or lies in what a pattern for key material names without a wildcard before it."""
    fixed = secret.partition("*")[0].rstrip("/")
    if fixed in {"$H", ""}:
        return False
    if place == "/" or (fixed + "/").startswith(place.rstrip("/") + "/"):
        return True
    return place.startswith(fixed + "/")


def _place(pattern: str) -> str:
    """``~/x`` and ``/tmp/x`` in the spelling that places have."""
    if pattern == "~" or pattern.startswith("~/"):
        return "$H" + pattern[1:]
    for root in ("/tmp", "/var/tmp"):  # noqa: S108 - a name in a pattern
        if pattern == root or pattern.startswith(root + "/"):
            return "$T" + pattern[len(root) :]
    return pattern


def _explained(error: Any, at: Path) -> tuple[str, str]:
    """Problem and next step in our words."""
    key = str(at[-1]) if at else "the file"
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key `{key}`", "remove it, or look for a misspelling"
        case "missing":
            return f"`{key}` is missing", f"add `{key}`"
        case "literal_error":
            return f"`{error['input']}` is not known here", f"use one of {error['ctx']['expected']}"
        case "string_pattern_mismatch":
            return (
                f"`{error['input']}` does not have the right form",
                f"it must match {error['ctx']['pattern']}",
            )
        case _:
            return f"`{key}`: {error['msg'][:1].lower()}{error['msg'][1:]}", "see docs/policy.md"


def kind_of(content: bytes, source: str) -> str:
    """The layer that a file would stand for by what it says it is; ``repo`` when it does not say so in a known way."""
    loader = _Loader(content, "repo", source)
    data = loader.tree()
    said = ""
    if isinstance(data, dict):
        said = str(data.get("kind"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - any YAML
    return {"floor": "floor", "personal": "personal"}.get(said, "repo")


def tree_of(content: bytes, source: str) -> Any:
    """Any file of ours in the same strict YAML, as plain values. Raises PolicyFileError."""
    return _Loader(content, "repo", source).tree()
