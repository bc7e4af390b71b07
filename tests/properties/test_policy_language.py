"""What holds of every policy: order means nothing, more never loosens, what has expired is gone, and what is written is read."""

import json
import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model.dataclass import replace
from guard.model.decision import verdict_of
from guard.model.effect import (
    Connect,
    DeletePath,
    PublishVcs,
    ReadPath,
    ResolvedEffect,
    RunProgram,
    WritePath,
)
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.verdict import Verdict
from guard.policy.evaluate import judge
from guard.policy.files.build import read_builtin
from guard.policy.files.compiled import read_source
from guard.policy.files.dump import dump_layer
from guard.policy.files.load import load_layer
from guard.policy.files.locate import builtin
from guard.policy.files.table import layer_from_json, layer_to_json
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of

DAYS = ("2030-01-01", "2030-01-31", "2030-02-01", "2031-01-01")
PATTERNS = ("$W/**", "$W/a/**", "$W/a", "$W/*/b", "$W/**/b/**", "$W/a*/c", "$H/**", "$T/**", "$W/{a,b}/x")
ZONES = ("z1", "z2", "z3", "workspace", "home", "temp")
HOSTS = ("loopback", "ours", "*.example", "a.example", "10.0.0.0/8", "?", "*")
PROGRAMS = ("ls", "rm", "g*", "sha256:" + "ab" * 32)
BRANCHES = ("main", "agent/*", "release/**", "*")
NAMES = st.text("abcdefgh", min_size=1, max_size=4)
SENTENCE = st.text("abc déé'\":#-{}[],&*!|>%@` 012~", min_size=1, max_size=30)


def some(values: Iterable[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(tuple(values)), min_size=1, max_size=most, unique=True)


CONDITIONS = {
    "zones": some(ZONES), "programs": some(PROGRAMS), "hosts": some(HOSTS), "branches": some(BRANCHES),
}  # fmt: skip
RULE = st.fixed_dictionaries(
    {
        "effect": some(("fs.read", "fs.write", "fs.delete", "net.connect", "exec", "vcs.publish")),
        "verdict": st.sampled_from(("allow", "ask", "deny")),
        "why": SENTENCE,
    },
    optional={
        **CONDITIONS,
        "except_zones": some(ZONES), "except_hosts": some(HOSTS), "recursive": st.booleans(), "upload": st.booleans(),
        "append": st.booleans(), "observed": st.booleans(), "certain": st.booleans(), "run": st.sampled_from(("host", "sandbox", "net")),
        "grants": st.just(["net"]), "mode": st.sampled_from(("shadow", "enforce")), "exceptable": st.booleans(), "instead": SENTENCE,
        "recoverable": st.sampled_from((True, False, "unknown", "lost")),
    },
)  # fmt: skip
EXCEPTION = st.fixed_dictionaries(
    {
        "verdict": st.sampled_from(("allow", "ask", "deny")), "reason": SENTENCE, "owner": SENTENCE, "approved_by": SENTENCE,
        "expires": st.sampled_from(DAYS), "rule": st.integers(0, 5),
    },
    optional=CONDITIONS,
)  # fmt: skip


@st.composite
def layers(draw: st.DrawFn, kind: str = "profile") -> PolicyLayer:
    rules = draw(st.lists(RULE, max_size=6))
    exceptions = [
        {**e, "id": f"e{n}", "rule": f"r{e['rule'] % len(rules)}"}
        for n, e in enumerate(draw(st.lists(EXCEPTION, max_size=3)) if rules else [])
    ]
    table = {
        "version": 1,
        "kind": {"floor": "floor", "personal": "personal"}.get(kind, "policy"),
        "name": draw(NAMES),
        "default": draw(st.sampled_from(("allow", "ask", "deny"))),
        "zones": {f"z{n}": draw(some(PATTERNS)) for n in (1, 2, 3)},
        "hosts": {"ours": draw(some(("*.corp", "b.example", "192.168.0.0/16")))},
        "profiles": {
            "net": {
                "why": draw(SENTENCE),
                "network": {"hosts": ["a.example"], "ports": [5432]},
                "limits": {
                    "wall": f"{draw(st.integers(1, 300))}s",
                    "memory": f"{draw(st.integers(1, 99))}MiB",
                    "processes": 64,
                },
            }
        },
        "rules": [{"id": f"r{n}", **rule} for n, rule in enumerate(rules)],
        "exceptions": exceptions,
    }
    text = json.dumps(table, ensure_ascii=False)
    return load_layer(text.encode(), kind=kind, source="p.yaml")


PLACES = ("$W", "$W/a", "$W/a/b", "$W/a/x", "$W/b/c", "$W/ab/c", "$W/q", "$H/a", "$T/a", "/etc/a")
PROGRAM = st.sampled_from(("ls", "rm", "git", "x"))


@st.composite
def effects(draw: st.DrawFn) -> ResolvedEffect:
    program = draw(PROGRAM)
    names = draw(st.sampled_from(((), ("rm",), ("sha256:" + "ab" * 32,))))
    observed, certain = draw(st.booleans()), draw(st.booleans())
    more = {"program": program, "names": names, "observed": observed, "certain": certain}
    place = draw(st.sampled_from(PLACES))
    deep = draw(st.booleans())
    below = (
        tuple(f"{place}/{n}" for n in draw(st.lists(st.sampled_from(("b", "c", "x")), max_size=2)))
        if deep
        else ()
    )
    path = ResolvedPath(
        given=place, real=place, place=place, below=below, listed=True, lost=draw(st.sampled_from((-1, 0, 3)))
    )
    match draw(st.integers(0, 5)):
        case 0:
            return ReadPath(path=path, recursive=deep, **more)
        case 1:
            return WritePath(path=path, recursive=deep, append=draw(st.booleans()), **more)
        case 2:
            return DeletePath(path=path, recursive=deep, **more)
        case 3:
            host = draw(
                st.sampled_from(
                    ("localhost", "a.example", "b.example", "x.corp", "10.1.2.3", "192.168.1.1", "?")
                )
            )
            return Connect(host=host, upload=draw(st.booleans()), **more)
        case 4:
            return PublishVcs(
                branch=draw(st.sampled_from(("main", "agent/x", "release/1/2", "?", ""))), **more
            )
        case _:
            return RunProgram(**more)


FACTS = Facts(workspace="/work", home="/home/you", cwd="/work")
DAY = st.sampled_from(("", *DAYS))


def said(policy: Policy, found: ResolvedEffect, today: str) -> Verdict:
    return verdict_of(judge((found,), policy, replace(FACTS, today=today)))


def bare(layer: PolicyLayer) -> PolicyLayer:
    """Without places."""
    return replace(
        layer,
        source="",
        rules=tuple(replace(rule, source="") for rule in layer.rules),
        exceptions=tuple(replace(e, source="") for e in layer.exceptions),
        profiles=tuple(
            replace(p, source="", limits=tuple(replace(limit, source="") for limit in p.limits))
            for p in layer.profiles
        ),
        tests=tuple(replace(t, source="") for t in layer.tests),
    )


@settings(max_examples=40, deadline=None)
@given(layers(), st.integers())
def test_the_order_of_rules_never_matters(layer: PolicyLayer, seed: int) -> None:
    rules, exceptions = list(layer.rules), list(layer.exceptions)
    random.Random(seed).shuffle(rules)
    random.Random(seed + 1).shuffle(exceptions)
    other = replace(layer, rules=tuple(rules), exceptions=tuple(exceptions))
    for found in SAMPLES:
        facts = replace(FACTS, today="2030-01-15")
        assert judge((found,), policy_of((layer,), "a"), facts) == judge(
            (found,), policy_of((other,), "a"), facts
        )


@settings(max_examples=40, deadline=None)
@given(layers(), layers("repo"), effects(), DAY)
def test_a_layer_more_never_loosens(
    one: PolicyLayer, two: PolicyLayer, found: ResolvedEffect, today: str
) -> None:
    alone, both = policy_of((one,), "a"), policy_of((one, two), "b")

    assert said(both, found, today).rank == max(
        said(alone, found, today).rank, said(policy_of((two,), "c"), found, today).rank
    )


@settings(max_examples=50, deadline=None)
@given(layers(), RULE, effects(), DAY)
def test_a_rule_more_never_loosens_what_another_rule_says(
    layer: PolicyLayer, more: dict, found: ResolvedEffect, today: str
) -> None:
    (rule,) = load_layer(
        json.dumps(
            {
                "version": 1, "kind": "policy", "name": "x", "default": "ask", "zones": {f"z{n}": ["$W/a/**"] for n in (1, 2, 3)},
                "hosts": {"ours": ["b.example"]}, "profiles": {"net": {"why": "x"}}, "rules": [{"id": "more", **more}],
            }
        ).encode(), kind="profile", source="m.yaml",
    ).rules  # fmt: skip
    # An allow speaks where nothing spoke, in place of the default: what a rule said it never takes back.
    by_rules = replace(layer, default=Verdict.ALLOW)
    wider = replace(by_rules, rules=(*by_rules.rules, rule))

    assert (
        said(policy_of((wider,), "b"), found, today).rank
        >= said(policy_of((by_rules,), "a"), found, today).rank
    )


@settings(max_examples=50, deadline=None)
@given(layers(), layers("repo"), effects(), DAY)
def test_what_has_expired_applies_nowhere(
    one: PolicyLayer, two: PolicyLayer, found: ResolvedEffect, today: str
) -> None:
    def without(layer: PolicyLayer) -> PolicyLayer:
        kept = tuple(e for e in layer.exceptions if today and today <= e.expires)
        return replace(layer, exceptions=kept)

    facts = replace(FACTS, today=today)
    full = judge((found,), policy_of((one, two), "a"), facts)

    assert full == judge((found,), policy_of((without(one), without(two)), "a"), facts)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(("profile", "repo", "floor", "personal")).flatmap(layers))
def test_what_is_written_is_read_again(layer: PolicyLayer) -> None:
    again = load_layer(dump_layer(layer).encode(), kind=layer.kind, source="q.yaml")

    assert bare(again) == bare(layer)
    assert layer_from_json(layer_to_json(layer)) == layer


@pytest.mark.parametrize("profile", ["strict", "balanced", "observe"])
def test_what_ships_is_read_again(profile: str) -> None:
    for layer in read_builtin([(source, read_source(source)) for source in builtin()])[profile]:
        rules = {rule.id: rule for rule in layer.rules}
        single = replace(layer, rules=tuple(rules.values()))

        assert bare(load_layer(dump_layer(single).encode(), kind=layer.kind, source="q.yaml")) == bare(single)


# ---------------------------------------------------------------------- the reference


def glob(pattern: str, place: str) -> bool:
    """By trying every way, on parts; braces first."""
    if "{" in pattern:
        head, _, rest = pattern.partition("{")
        inner, _, tail = rest.partition("}")
        return any(glob(head + one + tail, place) for one in inner.split(","))

    def parts(p: list[str], t: list[str]) -> bool:
        if not p:
            return not t
        if p[0] == "**":
            return parts(p[1:], t) or (bool(t) and parts(p, t[1:]))
        return bool(t) and chars(p[0], t[0]) and parts(p[1:], t[1:])

    return parts(pattern.split("/"), place.split("/"))


def chars(p: str, t: str) -> bool:
    if not p:
        return not t
    if p[0] == "*":
        return chars(p[1:], t) or (bool(t) and chars(p, t[1:]))
    return bool(t) and p[0] in ("?", t[0]) and chars(p[1:], t[1:])


BUILT_IN_ZONES = {"workspace": ("$W/**",), "home": ("$H/**",), "temp": ("$T/**",)}
GROUPS = {"loopback": ("localhost",)}


def in_hosts(layer: PolicyLayer, names: tuple[str, ...], host: str) -> bool:
    own = dict(layer.hosts)
    for name in names:
        for pattern in own.get(name, GROUPS.get(name, (name,))):
            if pattern == "*" or (host == "?" and pattern == "?"):
                return True
            if host == "?":
                continue
            if "/" in pattern:
                if host.startswith({"10.0.0.0/8": "10.", "192.168.0.0/16": "192.168."}[pattern]):
                    return True
            elif not host[0].isdigit() and chars(pattern, host):
                return True
    return False


def holds(layer: PolicyLayer, one: object, found: ResolvedEffect, *, strict: bool) -> bool:
    """Whether a rule or an exception speaks of the effect, read from the specification and not from the code."""
    path = getattr(found, "path", None)
    deep = getattr(found, "recursive", False)
    every = [path.place, *(path.below if deep else ())] if path else []
    zones = {**BUILT_IN_ZONES, **dict(layer.zones)}

    def inside(names: tuple[str, ...], *, any_of: bool) -> bool:
        met = [any(glob(p, place) for name in names for p in zones[name]) for place in every]
        return any(met) if any_of else bool(met) and all(met)

    names = [found.program, *(n for n in found.names if strict or n.startswith("sha256:"))]
    if one.programs and not any(chars(p, n) if "*" in p else p == n for p in one.programs for n in names):
        return False
    if one.zones and not inside(one.zones, any_of=strict):
        return False
    if one.hosts and not (isinstance(found, Connect) and in_hosts(layer, one.hosts, found.host)):
        return False
    if one.branches:
        if not isinstance(found, PublishVcs):
            return False
        if found.branch in ("", "?"):
            if not strict:
                return False
        elif not any(glob(b, found.branch) for b in one.branches):
            return False
    if not isinstance(one, Rule):
        return True
    if one.hosts and isinstance(found, PublishVcs):
        return False
    if one.except_zones and path and inside(one.except_zones, any_of=not strict):
        return False
    if one.recursive is not None and (path is None or one.recursive != deep):
        return False
    if one.recoverable:
        if path is None:
            return False
        lost = path.lost
        if not {
            "yes": lost == 0,
            "unknown": lost < 0,
            "lost": lost > 0,
            "no": lost > 0 or (strict and lost < 0),
        }[one.recoverable]:
            return False
    for key, value in (
        ("observed", found.observed),
        ("certain", found.certain),
        ("append", getattr(found, "append", None)),
    ):
        wanted = getattr(one, key)
        if wanted is not None and wanted != value:
            return False
    if one.upload is not None and not (
        isinstance(found, PublishVcs) or getattr(found, "upload", None) == one.upload
    ):
        return False
    if one.except_hosts and not isinstance(found, Connect | PublishVcs):
        return False
    if one.except_hosts and isinstance(found, Connect):
        if found.host == "?":
            if not strict:
                return False
        elif in_hosts(layer, one.except_hosts, found.host):
            return False
    return True


def reference(layer: PolicyLayer, found: ResolvedEffect, name: str, today: str) -> Verdict:
    verdicts: list[Verdict] = []
    for rule in layer.rules:
        if (
            name not in rule.effects
            or rule.shadow
            or not holds(layer, rule, found, strict=rule.verdict is not Verdict.ALLOW)
        ):
            continue
        open_ = [
            e.verdict
            for e in layer.exceptions
            if e.rule == rule.id and rule.exceptable is not False and today and today <= e.expires
            and holds(layer, e, found, strict=e.verdict.rank > rule.verdict.rank)
        ]  # fmt: skip
        verdicts.append(max(open_, key=lambda v: v.rank) if open_ else rule.verdict)
    return max(verdicts, key=lambda v: v.rank) if verdicts else layer.default


NAME = {ReadPath: "fs.read", WritePath: "fs.write", DeletePath: "fs.delete", Connect: "net.connect", PublishVcs: "vcs.publish", RunProgram: "exec"}  # fmt: skip
SAMPLES = (
    WritePath(program="rm", path=ResolvedPath(given="a", real="a", place="$W/a/b")),
    DeletePath(program="rm", recursive=True, path=ResolvedPath(given="a", real="a", place="$W/a", below=("$W/a/b",), listed=True)),
    Connect(program="ls", host="a.example"),
    PublishVcs(program="git", branch="agent/x"),
    RunProgram(program="rm"),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(layers(), effects(), DAY)
def test_the_table_says_what_the_reference_says(
    layer: PolicyLayer, found: ResolvedEffect, today: str
) -> None:
    assert said(policy_of((layer,), "a"), found, today) == reference(layer, found, NAME[type(found)], today)


@settings(max_examples=150, deadline=None)
@given(
    layers(),
    layers("repo"),
    st.lists(effects(), min_size=1, max_size=3),
    st.lists(DAY, min_size=2, max_size=4),
)
def test_the_table_says_so_of_several_effects_and_layers_however_often_it_is_asked(
    one: PolicyLayer, two: PolicyLayer, found: list[ResolvedEffect], days: list[str]
) -> None:
    policy = policy_of((one, two), "a")
    # Each day again after the others: what is kept of one decision is never taken for another.
    for today in (*days, *days):
        facts = replace(FACTS, today=today)
        each = {
            effect: max(
                (reference(layer, effect, NAME[type(effect)], today) for layer in (one, two)),
                key=lambda verdict: verdict.rank,
            )
            for effect in found
        }

        assert [verdict_of(judge((effect,), policy, facts)) for effect in found] == [each[e] for e in found]
        assert verdict_of(judge(tuple(found), policy, facts)) is max(
            each.values(), key=lambda verdict: verdict.rank
        )
