"""A policy file becomes a layer, or one message with file, line and column. The YAML itself is read elsewhere."""

from datetime import date
from typing import TypeVar

from pydantic import ValidationError

from guard.model.typed import Any, Iterable, NoReturn
from guard.model.verdict import Verdict
from guard.policy import zones as named_zones
from guard.policy.files.names import branch_problem, host_problem, program_problem
from guard.policy.files.schema import ExceptionTable, PackTable, PolicyTable, RuleTable, place_below_home
from guard.policy.files.strict_yaml import Path, StrictYaml
from guard.policy.match import expand_braces
from guard.policy.profiles import BASE, BOTH, CEILING
from guard.policy.rule import PolicyLayer

_KINDS = {"floor": "floor", "policy": "profile repo", "personal": "personal"}
_PATTERNS = 20_000
"""Of one file, without braces: each is looked at whenever a policy is loaded."""
Table = TypeVar("Table", PolicyTable, PackTable)
_PLACES = ("$W", "$H", "$T", "/")


def load_layer(
    content: bytes, *, kind: str, source: str, profiles: frozenset[str] = frozenset()
) -> PolicyLayer:
    """``kind``: the layer that the file stands for here. ``profiles``: those of the layers above. Raises PolicyFileError."""
    return _Loader(content, kind, source, profiles).layer()


def load_pack(content: bytes, *, source: str) -> tuple[PolicyLayer, PolicyLayer]:
    """Its part of the built-in floor and its part of every profile. Raises PolicyFileError."""
    return _Loader(content, "profile", source).pack()


class _Loader:
    def __init__(
        self, content: bytes, kind: str, source: str, profiles: frozenset[str] = frozenset()
    ) -> None:
        self.profiles = profiles
        self.kind = kind
        self.source = source
        self.yaml = StrictYaml(content, source)
        self._patterns = 0
        self._rules = "rules"
        """The key of the list that is looked at."""

    def refuse(self, problem: str, mark: Any = None, help_: str = "") -> NoReturn:
        self.yaml.refuse(problem, mark, help_)

    def _mark(self, at: Path) -> Any:
        return self.yaml.mark(at)

    def pack(self) -> tuple[PolicyLayer, PolicyLayer]:
        """The part of the floor and the part of a profile that the file is."""
        data = self.yaml.tree()
        table = self._validated(PackTable, data)
        parts: list[PolicyLayer] = []
        for self.kind, self._rules in (("floor", "floor"), ("profile", "rules")):
            part = PolicyTable.model_construct(
                kind="floor" if self.kind == "floor" else "policy",
                name=table.name,
                default="allow",
                zones=table.zones,
                hosts=table.hosts,
                profiles=table.profiles if self.kind == "profile" else {},
                rules=getattr(table, self._rules),
            )
            parts.append(self._checked(part))
        return parts[0], parts[1]

    def layer(self) -> PolicyLayer:
        return self._checked(self._validated(PolicyTable, self.yaml.tree()))

    def _validated(self, model: type[Table], data: Any) -> Table:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            at = tuple(first["loc"])
            self._refuse_validation(first, at)

    def _refuse_validation(self, first: Any, at: Path) -> NoReturn:
        problem, help_ = _explained(first, at)
        self.refuse(problem, self._mark(at), help_)

    # ------------------------------------------------------------------ meaning

    def _checked(self, table: PolicyTable) -> PolicyLayer:
        if self.kind not in _KINDS[table.kind].split():
            self.refuse(
                f"kind `{table.kind}` cannot stand for the {self.kind} layer",
                self._mark(("kind",)),
                "use `floor` for the organisation, `policy` for a repository, `personal` for yourself",
            )
        if table.mode == "observe" and self.kind != "profile":
            self.refuse(
                "only a built-in profile observes",
                self._mark(("mode",)),
                "say `profile: observe` in the floor or in your personal file",
            )
        if table.profile == "observe" and self.kind not in {"floor", "personal"}:
            self.refuse(
                "a repository cannot have the guard only look on",
                self._mark(("profile",)),
                "say it in the floor or in your personal file, or `profile: strict` here",
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
        if table.max_exception_days is not None and self.kind != "floor":
            self.refuse(
                "`max_exception_days` is for a floor",
                self._mark(("max_exception_days",)),
                "remove it: who may make exceptions does not say how long they last",
            )
        self._reviewer(table)
        self._profiles(table)
        ids: set[str] = set()
        for index, rule in enumerate(table.rules):
            if rule.id in ids:
                self.refuse(
                    f"the rule `{rule.id}` stands here twice",
                    self._mark((self._rules, index, "id")),
                    "rename one of them",
                )
            ids.add(rule.id)
            if rule.itself and (rule.verdict == "allow" or not rule.zones):
                self.refuse(
                    "`itself` narrows a rule that asks or denies about zones",
                    self._mark((self._rules, index, "itself")),
                    "remove it, or add `zones`",
                )
            if rule.reviewer and rule.verdict != "ask":
                self.refuse(
                    "only what a rule asks about can be answered by a reviewer",
                    self._mark((self._rules, index, "reviewer")),
                    "remove `reviewer`, or say `verdict: ask`",
                )
            self._names(rule, (self._rules, index))
            for key in ("zones", "except_zones", "carries"):
                for number, zone in enumerate(getattr(rule, key) or ()):
                    if zone not in known and not (key == "carries" and zone == "secret"):
                        self.refuse(
                            f"there is no zone `{zone}`",
                            self._mark((self._rules, index, key, number)),
                            f"use one of {', '.join(sorted(known))}",
                        )
        for name, hosts in table.hosts.items():
            self._hosts(hosts, ("hosts", name))
        self._exceptions(table, ids, known)
        return self._built(table)

    def _names(self, one: RuleTable | ExceptionTable, at: Path) -> None:
        """Programs, hosts and branches, which no zone helps to understand."""
        for number, program in enumerate(one.programs or ()):
            if problem := program_problem(program):
                self.refuse(problem[0], self._mark((*at, "programs", number)), problem[1])
        self._hosts(one.hosts or (), (*at, "hosts"))
        if isinstance(one, RuleTable):
            self._hosts(one.except_hosts or (), (*at, "except_hosts"))
        for number, branch in enumerate(one.branches or ()):
            if problem := branch_problem(branch):
                self.refuse(problem[0], self._mark((*at, "branches", number)), problem[1])
            self._expanded(branch, (*at, "branches", number))

    def _hosts(self, hosts: Iterable[str], at: Path) -> None:
        for number, host in enumerate(hosts):
            if problem := host_problem(host):
                self.refuse(problem[0], self._mark((*at, number)), problem[1])

    def _exceptions(self, table: PolicyTable, ids: set[str], known: set[str]) -> None:
        seen: set[str] = set()
        for index, exception in enumerate(table.exceptions):
            at: Path = ("exceptions", index)
            if exception.id in seen:
                self.refuse(
                    f"the exception `{exception.id}` stands here twice",
                    self._mark((*at, "id")),
                    "rename one of them",
                )
            seen.add(exception.id)
            above = "/" in exception.rule
            if above and self.kind == "personal":
                self.refuse(
                    "a personal file can only tighten, so it has no exception to a rule of another layer",
                    self._mark((*at, "rule")),
                    "ask for it in the repository's policy, through a pull request",
                )
            if not above and exception.rule not in ids:
                self.refuse(
                    f"there is no rule `{exception.rule}` in this file",
                    self._mark((*at, "rule")),
                    "name a rule of this file, or `floor/ID` or `profile/ID` for one there that says `exceptable: true`",
                )
            for number, zone in enumerate(exception.zones or ()):
                if zone not in known:
                    self.refuse(
                        f"there is no zone `{zone}`",
                        self._mark((*at, "zones", number)),
                        f"use one of {', '.join(sorted(known))}",
                    )
            self._names(exception, at)
            try:
                date.fromisoformat(exception.expires)
            except ValueError:
                self.refuse(
                    f"`{exception.expires}` is no day of the calendar",
                    self._mark((*at, "expires")),
                    "write the last day on which it holds, such as 2030-01-31",
                )

    def _reviewer(self, table: PolicyTable) -> None:
        if table.reviewer is None:
            return
        if self.kind not in {"floor", "personal"}:
            self.refuse(
                "a repository cannot say to whom commands are sent",
                self._mark(("reviewer",)),
                "say it in the floor or in your personal file",
            )
        if table.reviewer.max_usd is not None and table.reviewer.price is None:
            self.refuse(
                "what a call costs is not known, so `max_usd` limits nothing",
                self._mark(("reviewer", "max_usd")),
                'add `price: {input: "1.00", output: "5.00"}`, in dollars for a million tokens',
            )

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
                named.append((rule.run, (self._rules, index, "run")))
            named += [
                (one, (self._rules, index, "grants", number)) for number, one in enumerate(rule.grants or ())
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
        self._expanded(pattern, at)

    def _expanded(self, pattern: str, at: Path) -> None:
        try:
            self._patterns += len(expand_braces(pattern))
        except ValueError as error:
            self.refuse(f"`{pattern}`: {error}", self._mark(at), "write the patterns one by one")
        if self._patterns > _PATTERNS:
            self.refuse(
                f"more than {_PATTERNS} patterns, braces written out",
                self._mark(at),
                "say it with fewer, such as `dir/**`",
            )

    def _source(self, *at: str | int) -> str:
        mark = self._mark(at)
        return f"{self.source}:{mark.line + 1}" if mark is not None else self.source

    def _built(self, table: PolicyTable) -> PolicyLayer:
        return PolicyLayer(
            kind=self.kind,
            name=table.name,
            default=Verdict(table.default),
            rules=tuple(
                rule.to_rule(self._source(self._rules, index)) for index, rule in enumerate(table.rules)
            ),
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
            permits_reviewer=table.permits_reviewer,
            reviewer=None if table.reviewer is None else table.reviewer.to_reviewer(self._source("reviewer")),
            lock_after=table.lock_after or 0,
            observe=table.mode == "observe",
            profile=table.profile or "",
            max_exception_days=table.max_exception_days or 0,
            unproposed=table.unproposed,
            source=self.source,
        )


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
    data = StrictYaml(content, source).tree()
    said = ""
    if isinstance(data, dict):
        said = str(data.get("kind"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - any YAML
    return {"floor": "floor", "personal": "personal", "pack": "pack"}.get(said, "repo")
