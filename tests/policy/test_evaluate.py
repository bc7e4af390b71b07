"""Rules on effects, as data; and what must hold of any rules at all."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model.dataclass import replace
from guard.model.decision import Host, Sandbox, verdict_of
from guard.model.effect import (
    EFFECT_NAMES,
    Connect,
    DeletePath,
    LinkPath,
    Opaque,
    PublishVcs,
    ReadPath,
    RunProgram,
    WritePath,
)
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.verdict import Verdict
from guard.policy.evaluate import judge
from guard.policy.files.load import load_layer
from guard.policy.files.table import layer_from_json, layer_to_json
from guard.policy.rule import PolicyLayer, Rule, policy_of

CASES = tomllib.loads((Path(__file__).parent / "cases" / "evaluate.toml").read_text())["case"]
FACTS = Facts(
    workspace="/home/you/app",
    home="/home/you",
    cwd="/home/you/app",
    guard_paths=("/home/you/app/.guard", "/home/you/.config/guard"),
    package_hosts=("pypi.corp.example",),
    today="2030-01-01",
)
_BY_NAME = {name: kind for kind, name in EFFECT_NAMES.items()}
_ROOTS = {"$W": "/home/you/app", "$H": "/home/you", "$T": "/tmp"}


def path(place: str, **more: object) -> ResolvedPath:
    root = place.split("/")[0]
    real = "" if place == "?" else place.replace(root, _ROOTS.get(root, ""), 1) if root in _ROOTS else place
    return ResolvedPath(given=place, real=real, place=place, **more)


def effect(table: dict) -> object:
    table = dict(table)
    kind = _BY_NAME[table.pop("kind")]
    if "place" in table:
        where = {key: table.pop(key) for key in ("listed", "lost") if key in table}
        where |= {key: tuple(table.pop(key)) for key in ("below", "aliases") if key in table}
        table["path"] = path(table.pop("place"), **where)
    if "target" in table:
        table["target"] = path(table["target"])
    if "names" in table:
        table["names"] = tuple(table["names"])
    return kind(**table)


def layer(
    rules: str, zones: str = "", exceptions: str = "", kind: str = "profile", profiles: str = ""
) -> PolicyLayer:
    text = f"version: 1\nkind: policy\nname: p\ndefault: ask\nrules:\n{rules}\n"
    text += f"profiles:\n{profiles}\n" if profiles else ""
    text += f"zones:\n{zones}\n" if zones else ""
    text += f"exceptions:\n{exceptions}\n" if exceptions else ""
    return load_layer(text.encode(), kind=kind, source="p.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_rules_judge_effects_as_the_case_says(case: dict) -> None:
    only = layer(
        case["rules"], case.get("zones", ""), case.get("exceptions", ""), profiles=case.get("profiles", "")
    )
    policy = policy_of((only,), "d")
    facts = replace(FACTS, today=case.get("today", FACTS.today))
    decision = judge(tuple(effect(e) for e in case["effects"]), policy, facts)

    assert verdict_of(decision).value == case["says"], decision.reasons
    assert decision.reasons[0].rule == case["because"]
    assert [reason.rule for reason in decision.shadow] == case.get("shadow", [])
    if "placed" in case:
        assert isinstance(decision.placement, Host if case["placed"] == "host" else Sandbox)
    if "grants" in case:
        assert isinstance(decision.placement, Sandbox)
        assert sorted(decision.placement.grants) == sorted(case["grants"])
        assert sorted(decision.placement.profile.names) == sorted(case["grants"])


def test_no_effects_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to judge"):
        judge((), policy_of((layer("  []"),), "d"), FACTS)


def test_a_policy_without_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="layer"):
        policy_of((), "d")


def test_a_repository_cannot_let_anything_out_of_the_sandbox() -> None:
    profile = layer("  - {id: run, effect: [exec], verdict: allow, why: x}")
    repo = layer("  - {id: out, effect: [exec], verdict: allow, run: host, why: x}", kind="repo")
    ours = judge((RunProgram(program="ls"),), policy_of((profile, repo), "d"), FACTS)
    alone = judge((RunProgram(program="ls"),), policy_of((repo,), "d"), FACTS)

    assert ours.placement == Sandbox()
    assert alone.placement == Sandbox()


def test_a_repository_can_send_to_the_sandbox() -> None:
    profile = layer("  - {id: run, effect: [exec], verdict: allow, run: host, why: x}")
    repo = layer("  - {id: in, effect: [exec], verdict: allow, why: x}", kind="repo")

    assert judge((RunProgram(program="ls"),), policy_of((profile,), "d"), FACTS).placement == Host()
    assert judge((RunProgram(program="ls"),), policy_of((profile, repo), "d"), FACTS).placement == Sandbox()


def test_a_floor_that_permits_no_host_has_the_last_word() -> None:
    profile = layer("  - {id: run, effect: [exec], verdict: allow, run: host, why: x}")
    floor = PolicyLayer(kind="floor", name="f", default=Verdict.ALLOW, permits_host=False)

    assert judge((RunProgram(program="ls"),), policy_of((floor, profile), "d"), FACTS).placement == Sandbox()


def test_two_layers_may_give_one_name_to_different_zones() -> None:
    rule = "  - {id: RULE, effect: [fs.write], zones: [mine], verdict: deny, why: x}"
    one = layer(rule.replace("RULE", "one"), zones="  mine: ['$W/one/**']")
    two = layer(rule.replace("RULE", "two"), zones="  mine: ['$W/two/**']", kind="repo")
    decision = judge((WritePath(path=path("$W/two/x")),), policy_of((one, two), "d"), FACTS)

    assert [reason.rule for reason in decision.reasons if reason.rule != "default"] == ["two"]


# ---------------------------------------------------------------------- properties

_ZONES = st.lists(
    st.sampled_from(
        ["workspace", "home", "temp", "system", "device", "generated", "credentials", "unresolved", "guard"]
    ),
    max_size=2,
    unique=True,
).map(tuple)
_PLACES = st.sampled_from(
    ["$W", "$W/a", "$W/build/x", "$W/.git/config", "$W/.guard/x", "$H", "$H/.ssh/id_rsa", "$T/x", "/", "/etc/x", "/dev/sda", "/dev/null", "?"]
)  # fmt: skip
_RULES = st.builds(
    Rule,
    id=st.sampled_from(["a", "b", "c", "d"]),
    effects=st.lists(
        st.sampled_from(
            [
                "fs.read",
                "fs.write",
                "fs.delete",
                "fs.link",
                "exec",
                "exec.opaque",
                "net.connect",
                "vcs.publish",
            ]
        ),
        min_size=1,
        max_size=4,
        unique=True,
    ).map(tuple),
    verdict=st.sampled_from(list(Verdict)),
    why=st.just("x"),
    zones=_ZONES,
    except_zones=_ZONES,
    programs=st.sampled_from([(), ("ls",), ("r*",)]),
    hosts=st.sampled_from([(), ("loopback",), ("anywhere",), ("example.com",), ("unknown",)]),
    except_hosts=st.sampled_from([(), ("package-index",)]),
    branches=st.sampled_from([(), ("main",), ("agent/*",)]),
    recursive=st.sampled_from([None, None, True, False]),
    upload=st.sampled_from([None, None, True, False]),
    recoverable=st.sampled_from(["", "", "yes", "no", "unknown", "lost"]),
    run=st.sampled_from(["sandbox", "host"]),
    source=st.sampled_from(["p:1", "p:2", "p:3"]),
)
_PATHS = st.builds(
    path,
    _PLACES,
    below=st.lists(_PLACES, max_size=2).map(tuple),
    aliases=st.lists(_PLACES, max_size=1).map(tuple),
    listed=st.booleans(),
    lost=st.sampled_from([-1, 0, 2]),
)
_PROGRAMS = st.sampled_from(["ls", "rm", ""])
_EFFECTS = st.one_of(
    st.builds(ReadPath, path=_PATHS, recursive=st.booleans(), program=_PROGRAMS),
    st.builds(WritePath, path=_PATHS, recursive=st.booleans(), program=_PROGRAMS),
    st.builds(DeletePath, path=_PATHS, recursive=st.booleans(), program=_PROGRAMS),
    st.builds(LinkPath, path=_PATHS, target=_PATHS),
    st.builds(RunProgram, program=_PROGRAMS, names=st.just(("rm",))),
    st.builds(Opaque, reason=st.just("x")),
    st.builds(
        Connect, host=st.sampled_from(["?", "127.0.0.1", "example.com", "pypi.org"]), upload=st.booleans()
    ),
    st.builds(PublishVcs, branch=st.sampled_from(["?", "main", "agent/x"])),
)
_LAYERS = st.builds(
    PolicyLayer,
    kind=st.sampled_from(["floor", "profile", "repo", "personal"]),
    name=st.just("n"),
    default=st.sampled_from(list(Verdict)),
    rules=st.lists(_RULES, max_size=5).map(tuple),
    permits_host=st.booleans(),
)
_ALL_EFFECTS = st.lists(_EFFECTS, min_size=1, max_size=3).map(tuple)


@settings(max_examples=300)
@given(st.lists(_LAYERS, min_size=1, max_size=3), _LAYERS, _ALL_EFFECTS)
def test_one_more_layer_never_loosens(layers: list[PolicyLayer], more: PolicyLayer, effects: tuple) -> None:
    before = judge(effects, policy_of(tuple(layers), "d"), FACTS)
    after = judge(effects, policy_of((*layers, more), "d"), FACTS)

    assert verdict_of(after).rank >= verdict_of(before).rank


@settings(max_examples=300)
@given(st.lists(_LAYERS, min_size=1, max_size=2), st.lists(_RULES, max_size=4), _ALL_EFFECTS)
def test_a_repository_never_moves_a_command_onto_the_host(
    layers: list[PolicyLayer], rules: list[Rule], effects: tuple
) -> None:
    repo = PolicyLayer(kind="repo", name="r", default=Verdict.ALLOW, rules=tuple(rules))
    before = judge(effects, policy_of(tuple(layers), "d"), FACTS)
    after = judge(effects, policy_of((*layers, repo), "d"), FACTS)

    assert isinstance(before.placement, Host) or isinstance(after.placement, Sandbox)


@settings(max_examples=300)
@given(_LAYERS, _RULES, _ALL_EFFECTS)
def test_one_more_rule_never_loosens_what_rules_say(base: PolicyLayer, rule: Rule, effects: tuple) -> None:
    def said(one: PolicyLayer) -> list[int]:
        # A default is what stands where no rule speaks: a rule may well be looser than it.
        decision = judge(effects, policy_of((one,), "d"), FACTS)
        return [
            max(
                (r.verdict.rank for r in decision.reasons if r.effect == index and r.rule != "default"),
                default=-1,
            )
            for index in range(len(effects))
        ]

    with_it = replace(base, rules=(*base.rules, rule))

    assert all(after >= before for before, after in zip(said(base), said(with_it), strict=True))


@settings(max_examples=300)
@given(_LAYERS, _ALL_EFFECTS, st.randoms())
def test_order_never_matters(base: PolicyLayer, effects: tuple, random: object) -> None:
    shuffled = list(base.rules)
    random.shuffle(shuffled)
    one = judge(effects, policy_of((base,), "d"), FACTS)
    other = judge(effects, policy_of((replace(base, rules=tuple(shuffled)),), "d"), FACTS)

    assert verdict_of(one) is verdict_of(other)
    assert one.placement == other.placement
    assert (one.reasons[0].rule, one.reasons[0].effect) == (other.reasons[0].rule, other.reasons[0].effect)


@settings(max_examples=300)
@given(_LAYERS, _EFFECTS)
def test_more_names_for_a_path_never_loosen(base: PolicyLayer, one: object) -> None:
    if not isinstance(one, ReadPath | WritePath | DeletePath):
        return
    policy = policy_of((base,), "d")
    more = replace(one, path=replace(one.path, aliases=(*one.path.aliases, "/etc/shadow")))
    strict = [
        r.rule
        for r in judge((one,), policy, FACTS).reasons
        if r.verdict is not Verdict.ALLOW and r.rule != "default"
    ]
    said = [r.rule for r in judge((more,), policy, FACTS).reasons]
    carved = {rule.id for rule in base.rules if rule.except_zones}

    assert set(strict) <= set(said) | carved


@settings(max_examples=200)
@given(_LAYERS)
def test_a_layer_survives_the_table(base: PolicyLayer) -> None:
    assert layer_from_json(layer_to_json(base)) == base
