"""A profile becomes limits, variables and places of the sandbox, or the run is not started."""

import os
from pathlib import Path

import pytest

from guard.enforce.grants import environment, limits, network, places, refused
from guard.model.decision import Sandbox
from guard.model.facts import Facts
from guard.model.profile import Limit, RunProfile
from sandbox.spec import Limits, Network

FACTS = Facts(
    workspace="/srv/w",
    home="/home/a",
    cwd="/srv/w",
    env={"PATH": "/usr/bin", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "x", "DB_URL": "y", "LC": "z"},
)


def test_only_named_variables_pass() -> None:
    profile = RunProfile(environment=("PATH", "LC_*", "DB_URL"))

    assert dict(environment(profile, FACTS)) == {"PATH": "/usr/bin", "LC_ALL": "C", "DB_URL": "y"}
    assert environment(RunProfile(), FACTS) == ()


def test_limits_that_no_policy_sets_are_the_sandboxes_own() -> None:
    given = limits(RunProfile(limits=(Limit(name="wall", value=5), Limit(name="open-files", value=64))))

    assert (given.wall_s, given.open_files) == (5, 64)
    assert (given.memory_bytes, given.disk_bytes) == (Limits().memory_bytes, Limits().disk_bytes)


def test_every_limit_has_its_place() -> None:
    names = ("wall", "cpu", "memory", "processes", "open-files", "disk", "inodes", "output")
    given = limits(RunProfile(limits=tuple(Limit(name=name, value=9000 + i) for i, name in enumerate(names))))

    assert given == Limits(
        wall_s=9000, cpu_s=9001, memory_bytes=9002, processes=9003, open_files=9004, disk_bytes=9005,
        inodes=9006, output_bytes=9007,
    )  # fmt: skip


def test_places_are_those_that_exist_by_where_they_really_are(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "home" / "work"
    (home / ".m2").mkdir(parents=True)
    work.mkdir()
    (home / ".gradle").symlink_to(".m2")
    facts = Facts(workspace=str(work), home=str(home), cwd=str(work))
    profile = RunProfile(read_only=("$H/.m2", "$H/.gradle", "$H/none", str(tmp_path), str(work), "/opt"))

    assert places(profile, facts) == (os.path.realpath(home / ".m2"), "/opt")


@pytest.mark.parametrize(
    ("placement", "says"),
    [
        (Sandbox(), ""),
        (Sandbox(grants=frozenset({"a"}), profile=RunProfile(names=("a",))), ""),
        (Sandbox(grants=frozenset({"a", "b"}), profile=RunProfile(names=("a",))), "no profile b"),
        (Sandbox(profile=RunProfile(hosts=("pypi.org", "*.example.org", "10.0.0.1"), ports=(5432,))), ""),
        (Sandbox(profile=RunProfile(hosts=("*",))), "`*`"),
        (Sandbox(profile=RunProfile(hosts=("?",))), "`?`"),
        (Sandbox(profile=RunProfile(hosts=("10.0.0.0/8",))), "`10.0.0.0/8`: a scheme, a path or a network"),
        (Sandbox(profile=RunProfile(hosts=("*.internal",))), "everybody's names"),
        (Sandbox(profile=RunProfile(hosts=("localhost",))), "loopback_ports"),
    ],
)
def test_what_cannot_be_given_is_said(placement: Sandbox, says: str) -> None:
    assert (says in refused(placement)) if says else refused(placement) == ""


def test_hosts_of_a_profile_are_granted_as_what_they_are() -> None:
    hosts = (
        "package-index",
        "pypi.org",
        "*.example.org",
        "git.corp",
        "*.team.internal",
        "10.0.0.7:5432",
        "fd00::7",
        "[fd00::7]:80",
        "93.1.1.1",
        "h.org:8443",
    )

    assert network(RunProfile(hosts=hosts, ports=(5432,))) == Network(
        hosts=("pypi.org", "*.example.org", "h.org:8443"),
        private_hosts=("git.corp", "*.team.internal", "10.0.0.7:5432", "fd00::7", "[fd00::7]:80", "93.1.1.1"),
        loopback_ports=(5432,),
    )
    assert network(RunProfile()) == Network()
