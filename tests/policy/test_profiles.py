"""What a run is given and where it ends: united, bounded by the owner, only ever tightened by a repository."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model.profile import LIMITS, RunProfile, amount
from guard.model.verdict import Verdict
from guard.policy.files.load import load_layer
from guard.policy.profiles import GRANTS, clamped, profile_for
from guard.policy.rule import Policy, PolicyLayer, Profile, ProfileLimit, policy_of

BUILT_IN = """
  sandbox: {why: x, environment: [PATH, "LC_*"], caches: [~/.npm], limits: {wall: 10m, memory: 4GiB, processes: 512}}
  install: {why: x, network: {hosts: [pypi.org, "*.pythonhosted.org"]}, limits: {wall: 30m, memory: 8GiB}}
  build: {why: x, read_only: [~/.m2], limits: {wall: 20m}}
"""


def layer(profiles: str, kind: str, hosts: str = "") -> PolicyLayer:
    said = "personal" if kind == "personal" else "floor" if kind == "floor" else "policy"
    text = f"version: 1\nkind: {said}\nname: p\ndefault: allow\n"
    text += f"hosts:\n{hosts}\n" if hosts else ""
    return load_layer(f"{text}profiles:\n{profiles}\n".encode(), kind=kind, source=f"{kind}.yaml")


def policy(**layers: str) -> Policy:
    return policy_of((layer(BUILT_IN, "profile"), *(layer(text, kind) for kind, text in layers.items())), "d")


def run(of: Policy, *owners: str, repo: tuple[str, ...] = ()) -> RunProfile:
    return profile_for(of, frozenset(owners), frozenset(repo))


def limits(profile: RunProfile) -> dict[str, int]:
    return {limit.name: limit.value for limit in profile.limits}


def test_every_run_has_the_base() -> None:
    base = run(policy())

    assert (base.names, base.environment, base.caches) == ((), ("PATH", "LC_*"), ("$H/.npm",))
    assert limits(base) == {"wall": 600, "memory": 4 << 30, "processes": 512}


def test_a_limit_knows_where_it_was_set() -> None:
    limit = run(policy()).limit("wall")

    assert limit is not None
    assert (limit.profile, limit.layer, limit.source) == ("sandbox", "profile", "profile.yaml:7")


def test_a_named_profile_has_its_own_limits_and_the_bases_for_the_rest() -> None:
    assert limits(run(policy(), "install")) == {"wall": 1800, "memory": 8 << 30, "processes": 512}


def test_of_several_profiles_grants_are_united_and_the_strictest_limit_counts() -> None:
    both = run(policy(), "install", "build")

    assert both.hosts == ("pypi.org", "*.pythonhosted.org")
    assert both.read_only == ("$H/.m2",)
    assert limits(both) == {"wall": 1200, "memory": 4 << 30, "processes": 512}


def test_an_owner_adds_to_what_is_built_in_and_an_empty_list_takes_it_away() -> None:
    more = run(policy(personal="  sandbox: {why: x, environment: [MY_VAR], limits: {wall: 2h}}"))
    none = run(policy(personal="  sandbox: {why: x, environment: [], caches: []}"))

    assert (more.environment, limits(more)["wall"]) == (("PATH", "LC_*", "MY_VAR"), 7200)
    assert (none.environment, none.caches, limits(none)["wall"]) == ((), (), 600)


def test_where_the_floor_speaks_nobody_gives_more() -> None:
    floor = "  sandbox: {why: x, environment: [CORP], limits: {wall: 5m, memory: 16GiB}}"
    mine = "  sandbox: {why: x, environment: [TOKEN, CORP], caches: [~/.cargo/registry], limits: {wall: 2h, memory: 32GiB}}"
    both = run(policy(floor=floor, personal=mine))

    assert both.environment == ("PATH", "LC_*", "CORP")
    assert both.caches == ("$H/.npm", "$H/.cargo/registry")
    assert (limits(both)["wall"], limits(both)["memory"]) == (300, 16 << 30)


def test_a_repository_lowers_and_takes_away() -> None:
    repo = (
        "  install: {why: x, network: {hosts: [pypi.org, evil.example]}, limits: {wall: 5m, memory: 64GiB}}"
    )
    found = run(policy(repo=repo), "install")

    assert found.hosts == ("pypi.org",)
    assert (limits(found)["wall"], limits(found)["memory"]) == (300, 8 << 30)


def test_a_repository_lowers_what_every_run_has() -> None:
    base = run(policy(repo="  sandbox: {why: x, environment: [PATH], limits: {wall: 1m, memory: 64GiB}}"))

    assert base.environment == ("PATH",)
    assert (limits(base)["wall"], limits(base)["memory"]) == (60, 4 << 30)


@pytest.mark.parametrize("name", ["mine", "install"])
def test_a_rule_of_a_repository_gives_nothing_beyond_the_base_by_itself(name: str) -> None:
    repo = "  mine: {why: x, network: {hosts: [pypi.org], ports: [5432]}, caches: [~/.npm, ~/.cargo/registry], limits: {memory: 64GiB}}"
    found = run(policy(repo=repo), repo=(name,))

    assert (found.hosts, found.ports, found.caches) == ((), (), ("$H/.npm",))
    assert limits(found)["memory"] == 4 << 30


def test_the_owner_says_what_a_repository_may_give() -> None:
    mine = '  repository: {why: x, network: {hosts: ["*.pythonhosted.org"], ports: [5432]}, read_only: [/opt], environment: ["DB_*"]}'
    repo = "  tests: {why: x, network: {hosts: [files.pythonhosted.org, pypi.org], ports: [5432, 22]}, read_only: [/opt/tool, /srv/x], environment: [DB_URL, HOME_KEY]}"
    found = run(policy(repo=repo, personal=mine), repo=("tests",))

    assert (found.hosts, found.ports) == (("files.pythonhosted.org",), (5432,))
    assert found.read_only == ("/opt/tool",)
    assert found.environment == ("PATH", "LC_*", "DB_URL")


def test_a_repository_may_lower_for_its_own_commands() -> None:
    found = run(policy(repo="  short: {why: x, limits: {wall: 30s}}"), "install", repo=("short",))

    assert limits(found)["wall"] == 30
    assert found.hosts == ("pypi.org", "*.pythonhosted.org")


def test_requirements_add_up() -> None:
    found = run(
        policy(
            floor="  sandbox: {why: x, requires: [seccomp]}", repo="  sandbox: {why: x, requires: [landlock]}"
        )
    )

    assert found.requires == ("landlock", "seccomp")


def test_groups_of_hosts_mean_what_the_layer_says() -> None:
    ours = layer(
        "  install: {why: x, network: {hosts: [mirror, package-index]}}",
        "personal",
        "  mirror: [pypi.corp.example]",
    )
    found = run(policy_of((ours,), "d"), "install")

    assert found.hosts[0] == "pypi.corp.example"
    assert {"package-index", "pypi.org"} <= set(found.hosts)


def test_a_profile_that_no_layer_has_is_not_among_the_names() -> None:
    assert run(policy(), "install", "nothing").names == ("install",)


def test_what_is_said_in_vain_is_said() -> None:
    repo = """
  install: {why: x, network: {hosts: [pypi.org, evil.example]}, limits: {wall: 5m, memory: 64GiB}}
  mine:
    why: x
    network: {ports: [5432]}
    limits: {wall: 1h}
"""
    found = [(c.source, c.profile, c.what, c.given, c.allowed) for c in clamped(policy(repo=repo))]

    assert found == [
        ("repo.yaml:7", "install", "hosts", "evil.example", "pypi.org"),
        ("repo.yaml:7", "install", "memory", "64 GiB", "8 GiB"),
        ("repo.yaml:8", "mine", "ports", "5432", ""),
        ("repo.yaml:11", "mine", "wall", "1 h", "10 min"),
    ]


def test_what_is_permitted_is_not_complained_about() -> None:
    repo = "  install: {why: x, network: {hosts: [pypi.org]}, limits: {wall: 5m}}\n  short: {why: x, limits: {wall: 5s}}"

    assert clamped(policy(repo=repo)) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("wall", 90, "90 s"), ("wall", 600, "10 min"), ("cpu", 7200, "2 h"), ("memory", 4 << 30, "4 GiB"),
        ("disk", 1536 << 20, "1536 MiB"), ("output", 1000, "1000 bytes"), ("processes", 512, "512"),
    ],
)  # fmt: skip
def test_limits_are_told_in_units_people_use(name: str, value: int, text: str) -> None:
    assert amount(name, value) == text


# ---------------------------------------------------------------------- properties

_NAMES = st.sampled_from(["sandbox", "install", "mine"])
_LISTS = {
    "hosts": ["pypi.org", "*.pythonhosted.org", "files.pythonhosted.org", "evil.example", "*"],
    "ports": [22, 5432, 6379],
    "caches": ["$H/.npm", "$H/.npm/_cacache", "$H/.cargo/registry", "$H/.cache"],
    "read_only": ["$H/.m2", "/opt", "/opt/tool", "/srv"],
    "environment": ["PATH", "LC_*", "LC_ALL", "TOKEN", "*"],
}
_PROFILES = st.builds(
    Profile,
    id=_NAMES,
    why=st.just("x"),
    limits=st.lists(
        st.builds(ProfileLimit, name=st.sampled_from(LIMITS), value=st.integers(1, 2000)),
        unique_by=lambda limit: limit.name,
        max_size=3,
    ).map(tuple),
    **{
        name: st.none() | st.lists(st.sampled_from(values), unique=True, max_size=3).map(tuple)  # type: ignore[arg-type]
        for name, values in _LISTS.items()
    },
)


def _layers(kind: str):
    return st.lists(_PROFILES, max_size=3, unique_by=lambda profile: profile.id).map(
        lambda found: PolicyLayer(kind=kind, name=kind, default=Verdict.ALLOW, profiles=tuple(found))
    )


def _permits(name: str, value: object, bound: tuple[object, ...]) -> bool:
    from guard.policy.profiles import _common

    return bool(_common(name, (value,), bound))


@settings(max_examples=150, deadline=None)
@given(
    _layers("profile"),
    _layers("floor"),
    _layers("personal"),
    _layers("repo"),
    st.sets(_NAMES, max_size=2),
    st.sets(_NAMES, max_size=2),
)
def test_a_repository_only_tightens(profile, floor, personal, repo, owners, named) -> None:
    owned = policy_of((profile, floor, personal), "d")
    without = run(owned, *owners)
    ceiling = run(owned)
    with_it = profile_for(
        policy_of((profile, floor, repo, personal), "d"), frozenset(owners), frozenset(named)
    )

    for name in GRANTS:
        bound = (*getattr(without, name), *getattr(ceiling, name))
        assert all(_permits(name, value, bound) for value in getattr(with_it, name))
    now = limits(with_it)
    assert all(name in now and now[name] <= value for name, value in limits(without).items())
    assert set(with_it.requires) >= set(without.requires)


@settings(max_examples=100, deadline=None)
@given(
    _layers("profile"), _layers("floor"), _layers("personal"), st.sets(st.sampled_from(["install", "mine"]))
)
def test_the_floors_word_on_a_limit_is_the_last(profile, floor, personal, owners) -> None:
    found = limits(run(policy_of((profile, floor, personal), "d"), *owners))

    for one in floor.profiles:
        if one.id in owners or (one.id == "sandbox" and not owners):
            assert all(found[limit.name] <= limit.value for limit in one.limits)
