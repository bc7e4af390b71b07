"""The policy file as pydantic models: misspelt keys are errors. Becomes domain values, holds no behaviour."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from guard.model.effect import EFFECT_NAMES
from guard.model.verdict import Verdict
from guard.policy.profiles import BOTH
from guard.policy.rule import SENT, InlineTest, PolicyException, Profile, ProfileLimit, Reviewer, Rule

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500)]
VerdictName = Literal["allow", "ask", "deny"]
ProfileName = Literal["observe", "balanced", "strict"]
EffectName = Literal[
    "fs.read", "fs.write", "fs.delete", "fs.perms", "fs.link", "secrets.read", "guard.tamper", "exec", "exec.opaque", "tool.use",
    "net.connect", "net.listen", "vcs.publish", "vcs.rewrite", "pkg.install", "pkg.publish", "privilege", "container.control", "db.destroy",
    "cloud.mutate", "proc.kill", "env.persist",
]  # fmt: skip
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Names = Annotated[list[Name], Field(min_length=1)]
RuleName = Annotated[str, StringConstraints(pattern=r"^((floor|profile)/)?[a-z][a-z0-9-]{0,63}$")]
"""A rule of this file, or of a layer above."""
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,6}(s|m|h)$")]
Size = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,6}(KiB|MiB|GiB)$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\*?$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Capability = Literal[
    "user", "mount", "pid", "net", "ipc", "uts", "cgroup", "seccomp", "landlock", "cow", "memory", "processes", "cpu", "disk",
    "inodes", "output", "wall", "open-files", "caches", "hidden", "noexec", "terminal",
]  # fmt: skip
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$")]
Dollars = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}(\.[0-9]{1,6})?$")]
"""In quotes: what YAML makes of `0.50` is nobody's decimal number."""
BaseUrl = Annotated[
    str,
    StringConstraints(
        pattern=r"^(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost|\[::1\]))(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?$"
    ),
]
"""Encrypted, or on this machine; no name or password in it."""
Sent = Literal["command", "effects", "facts", "rule"]
_UNITS = {"s": 1, "m": 60, "h": 3600, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Examples(_Strict):
    match: list[str] = []
    no_match: list[str] = []


class RuleTable(_Strict):
    id: Identifier
    effect: Annotated[list[EffectName], Field(min_length=1)]
    verdict: VerdictName
    why: Sentence
    zones: Names | None = None
    except_zones: Names | None = None
    programs: Names | None = None
    hosts: Names | None = None
    except_hosts: Names | None = None
    branches: Names | None = None
    recursive: bool | None = None
    itself: Literal[True] | None = None
    upload: bool | None = None
    carries: Names | None = None
    append: bool | None = None
    certain: bool | None = None
    observed: bool | None = None
    surprise: bool | None = None
    recoverable: bool | Literal["unknown", "lost"] | None = None
    run: Identifier = "sandbox"
    grants: list[Identifier] | None = None
    instead: Sentence | None = None
    mode: Literal["enforce", "shadow"] = "enforce"
    reviewer: Literal["may_allow"] | None = None
    exceptable: bool | None = None
    examples: Examples = Examples()

    def to_rule(self, source: str) -> Rule:
        return Rule(
            id=self.id,
            effects=tuple(self.effect),
            verdict=Verdict(self.verdict),
            why=self.why,
            zones=tuple(self.zones or ()),
            except_zones=tuple(self.except_zones or ()),
            programs=tuple(self.programs or ()),
            hosts=tuple(self.hosts or ()),
            except_hosts=tuple(self.except_hosts or ()),
            branches=tuple(self.branches or ()),
            recursive=self.recursive,
            itself=self.itself is True,
            upload=self.upload,
            carries=tuple(self.carries or ()),
            append=self.append,
            certain=self.certain,
            observed=self.observed,
            surprise=self.surprise,
            recoverable={None: "", True: "yes", False: "no", "unknown": "unknown", "lost": "lost"}[
                self.recoverable
            ],
            run=self.run,
            grants=tuple(
                dict.fromkeys((*((self.run,) if self.run not in BOTH else ()), *(self.grants or ())))
            ),
            instead=self.instead or "",
            shadow=self.mode == "shadow",
            may_allow=self.reviewer == "may_allow",
            exceptable=self.exceptable,
            source=source,
            match=tuple(self.examples.match),
            no_match=tuple(self.examples.no_match),
        )


class ExceptionTable(_Strict):
    id: Identifier
    rule: RuleName
    verdict: VerdictName
    reason: Sentence
    owner: Sentence
    approved_by: Sentence
    expires: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")]
    zones: Names | None = None
    programs: Names | None = None
    hosts: Names | None = None
    branches: Names | None = None

    def to_exception(self, source: str) -> PolicyException:
        return PolicyException(
            id=self.id,
            rule=self.rule,
            verdict=Verdict(self.verdict),
            reason=self.reason,
            owner=self.owner,
            approved_by=self.approved_by,
            expires=self.expires,
            zones=tuple(self.zones or ()),
            programs=tuple(self.programs or ()),
            hosts=tuple(self.hosts or ()),
            branches=tuple(self.branches or ()),
            source=source,
        )


class NetworkTable(_Strict):
    hosts: list[str] | None = None
    ports: list[Port] | None = None


class LimitsTable(_Strict):
    """At most, each: durations such as ``90s``, ``10m``, ``1h``; sizes such as ``512MiB``, ``4GiB``."""

    wall: Duration | None = None
    cpu: Duration | None = None
    memory: Size | None = None
    processes: Annotated[int, Field(ge=8, le=100_000)] | None = None
    open_files: Annotated[int, Field(ge=16, le=1_000_000)] | None = None
    disk: Size | None = None
    inodes: Annotated[int, Field(ge=256, le=100_000_000)] | None = None
    output: Size | None = None

    def values(self) -> dict[str, int]:
        """By the name of the key; seconds, bytes or numbers."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value if isinstance(value, int) else _number(value)
            for name, value in given.items()
            if value is not None
        }


def _number(text: str) -> int:
    digits = text.rstrip("smhKMGiB")
    return int(digits) * _UNITS[text[len(digits) :]]


class ProfileTable(_Strict):
    why: Sentence
    network: NetworkTable | None = None
    caches: list[str] | None = None
    read_only: list[str] | None = None
    environment: list[Variable] | None = None
    requires: list[Capability] = []
    limits: LimitsTable = LimitsTable()

    def to_profile(self, name: str, source: str, limits: dict[str, str]) -> Profile:
        """``limits``: the place of each that is given."""
        network = self.network or NetworkTable()

        def given(values: list[str] | None) -> tuple[str, ...] | None:
            return None if values is None else tuple(dict.fromkeys(values))

        return Profile(
            id=name,
            why=self.why,
            hosts=given(network.hosts),
            ports=None if network.ports is None else tuple(dict.fromkeys(network.ports)),
            caches=None if self.caches is None else tuple(place_below_home(one) for one in self.caches),
            read_only=None
            if self.read_only is None
            else tuple(place_below_home(one) for one in self.read_only),
            environment=given(self.environment),
            requires=tuple(sorted(set(self.requires))),
            limits=tuple(
                ProfileLimit(name=key.replace("_", "-"), value=value, source=limits.get(key, source))
                for key, value in self.limits.values().items()
            ),
            source=source,
        )


def place_below_home(path: str) -> str:
    """``~/x`` in the spelling that places have."""
    return "$H" + path[1:] if path.startswith("~/") else path


class PriceTable(_Strict):
    """Dollars for a million tokens."""

    input: Dollars
    output: Dollars


class ReviewerTable(_Strict):
    """A model that reads what a person is about to be asked: docs/reviewer.md."""

    model: ModelName
    base_url: BaseUrl = "https://api.anthropic.com"
    timeout_s: Annotated[int, Field(ge=1, le=10)] = 8
    max_calls: Annotated[int, Field(ge=1, le=10_000)] = 50
    max_usd: Dollars | None = None
    price: PriceTable | None = None
    send: Annotated[list[Sent], Field(min_length=1)] | None = None

    def to_reviewer(self, source: str) -> Reviewer:
        price = self.price or PriceTable(input="0", output="0")
        return Reviewer(
            model=self.model,
            base_url=self.base_url.rstrip("/"),
            timeout_s=self.timeout_s,
            max_calls=self.max_calls,
            max_cost=_millionths(self.max_usd or "0"),
            input_price=_millionths(price.input),
            output_price=_millionths(price.output),
            send=tuple(one for one in SENT if self.send is None or one in self.send),
            source=source,
        )


def _millionths(dollars: str) -> int:
    whole, _, rest = dollars.partition(".")
    return int(whole) * 1_000_000 + int(rest.ljust(6, "0"))


class TestTable(_Strict):
    __test__ = False

    run: Sentence
    expect: VerdictName
    rule: Identifier | None = None

    def to_test(self, source: str) -> InlineTest:
        return InlineTest(run=self.run, expect=Verdict(self.expect), rule=self.rule or "", source=source)


class PackTable(_Strict):
    """Rules that belong together and ship together: a part of the built-in floor and of every profile."""

    version: Literal[1]
    kind: Literal["pack"]
    name: Identifier
    zones: dict[Identifier, Names] = {}
    hosts: dict[Identifier, Names] = {}
    profiles: dict[Identifier, ProfileTable] = {}
    floor: list[RuleTable] = []
    rules: list[RuleTable] = []


class PolicyTable(_Strict):
    """One policy file."""

    version: Literal[1]
    kind: Literal["floor", "policy", "personal"]
    name: Identifier
    default: VerdictName
    permits_host: bool = True
    permits_reviewer: bool = True
    lock_after: Annotated[int, Field(ge=1, le=1000)] | None = None
    unproposed: Literal["record", "end"] = "record"
    mode: Literal["enforce", "observe"] = "enforce"
    profile: ProfileName | None = None
    max_exception_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    reviewer: ReviewerTable | None = None
    zones: dict[Identifier, Names] = {}
    hosts: dict[Identifier, Names] = {}
    profiles: dict[Identifier, ProfileTable] = {}
    rules: list[RuleTable] = []
    exceptions: list[ExceptionTable] = []
    tests: list[TestTable] = []


if Sent.__args__ != SENT:  # type: ignore[attr-defined]
    raise AssertionError("what a reviewer can be told is not what the schema says")
if frozenset(EFFECT_NAMES.values()) != frozenset(EffectName.__args__):  # type: ignore[attr-defined]
    raise AssertionError("the schema's effect names are not those of the model")


def json_schema() -> dict[str, object]:
    """For editors: ``# yaml-language-server: $schema=...``."""
    either: TypeAdapter[object] = TypeAdapter(Annotated[PolicyTable | PackTable, Field(discriminator="kind")])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **either.json_schema(),
        "title": "Policy of the guard, version 1",
    }
