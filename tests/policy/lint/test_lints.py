"""What the linter finds, by code and place, and what looks alike and is fine."""

import re
import sys
from pathlib import Path

import pytest

from guard.engine.imagined import decide_imagined, imagined_facts
from guard.policy.files.check import check_files
from guard.policy.files.locate import Source
from guard.policy.lint.codes import CODES
from guard.policy.lint.finding import Finding, Place, Severity, place_of

TODAY = "2030-06-15"
HEAD = "version: 1\nkind: policy\nname: p\ndefault: ask\n"


def found(text: str, *, alone: bool = True, workspace: str = "", kind: str = "repo") -> list[Finding]:
    source = Source(kind=kind, path="p.yaml", content=text.encode())
    findings, _ = check_files(
        (source,),
        (),
        lambda command, policy: decide_imagined(command, policy, today=TODAY).decision,
        imagined_facts(today=TODAY),
        workspace=workspace,
        alone=alone,
    )
    return findings


def codes(text: str, **more: bool) -> list[str]:
    return [one.code for one in found(text, **more) if one.severity is not Severity.NOTE]


def a_rule(**keys: str) -> str:
    given = {"id": "r", "effect": "[fs.delete]", "verdict": "deny", "why": "because", **keys}
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in given.items()) + "}\n"


def zoned(*patterns: str, verdict: str = "deny") -> str:
    listed = ", ".join(f'"{pattern}"' for pattern in patterns)
    return f"{HEAD}zones:\n  z: [{listed}]\nrules:\n{a_rule(zones='[z]', verdict=verdict)}"


def hosted(*patterns: str, verdict: str = "allow", key: str = "hosts") -> str:
    listed = ", ".join(f'"{pattern}"' for pattern in patterns)
    return f"{HEAD}rules:\n" + a_rule(effect="[net.connect]", verdict=verdict, **{key: f"[{listed}]"})


def branched(*patterns: str) -> str:
    listed = ", ".join(f'"{pattern}"' for pattern in patterns)
    return f"{HEAD}rules:\n" + a_rule(effect="[vcs.publish]", verdict="allow", branches=f"[{listed}]")


def excepted(**keys: str) -> str:
    given = {
        "id": "e", "rule": "r", "verdict": "ask", "programs": "[git]", "reason": "x", "owner": "dana",
        "approved_by": "kim", "expires": "2030-07-01", **keys,
    }  # fmt: skip
    listed = ", ".join(f"{key}: {value}" for key, value in given.items() if value)
    return f"{HEAD}rules:\n{a_rule(zones='[workspace]')}exceptions:\n  - {{{listed}}}\n"


WRONG: dict[str, tuple[str, list[str]]] = {
    "a key that stands twice": (HEAD + "name: q\n", ["GP001"]),
    "an example that is not met": (f"{HEAD}rules:\n" + a_rule(examples='{match: ["ls"]}'), ["GP002"]),
    "a test that fails": (HEAD + 'tests:\n  - {run: "ls", expect: deny}\n', ["GP003"]),
    "an exception that ended yesterday": (excepted(expires="2030-06-14"), ["GP010"]),
    "an exception that ended long ago": (excepted(expires="2029-06-14"), ["GP010"]),
    "an exception without conditions": (excepted(programs=""), ["GP012"]),
    "an exception with the rule's own conditions": (excepted(programs="", zones="[workspace]"), ["GP012"]),
    "an exception that its owner approved": (excepted(approved_by='"Dana "'), ["GP013"]),
    "an exception elsewhere than its rule": (excepted(programs="", zones="[temp]"), ["GP014"]),
    "a rule whose carve-out is its zone": (f"{HEAD}rules:\n" + a_rule(zones="[temp]", except_zones="[temp]", recursive="false", verdict="allow"), ["GP020"]),
    "an effect that has no host": (f"{HEAD}rules:\n" + a_rule(hosts="[loopback]"), ["GP020"]),
    "one effect of two that has no place": (f"{HEAD}rules:\n" + a_rule(effect="[exec, fs.write]", zones="[temp]"), ["GP020"]),
    "a rule below a stricter one": (f"{HEAD}rules:\n" + a_rule() + a_rule(id="s", verdict="ask", zones="[temp]"), ["GP022"]),
    "one level only": (zoned("$W/db/*"), ["GP030"]),
    "one level in braces": (zoned("$W/{db,sql}/*"), ["GP030"]),
    "all levels but the directory": (zoned("$W/db/*/**"), ["GP030"]),
    "a slash at the end": (zoned("~/notes/"), ["GP030"]),
    "one level with the directory beside it": (zoned("$W/db", "$W/db/*"), ["GP030"]),
    "stars that end a name": (zoned("$W/db/migrations**"), ["GP031"]),
    "stars that begin a name": (zoned("$W/**.sql"), ["GP031"]),
    "brackets": (zoned("$W/[ab]/**"), ["GP031"]),
    "an empty name": (zoned("$W//db/**"), ["GP032"]),
    "a dot": (zoned("$W/./db/**"), ["GP032"]),
    "a pattern in another": (zoned("$W/db/m/**", "$W/db/**"), ["GP033"]),
    "a pattern twice": (zoned("$W/db/**", "$W/db/**"), ["GP033"]),
    "a deep pattern in another": (zoned("$W/**/*.pyc", "$W/**"), ["GP033"]),
    "a program in another": (f"{HEAD}rules:\n" + a_rule(programs='["python3", "python*"]'), ["GP033"]),
    "a branch twice": (branched("main", "main"), ["GP033"]),
    "eleven deep patterns": (zoned(*(f"$W/**/{name}/**" for name in "abcdefghijk")), ["GP026", "GP034"]),
    "a zone that nobody names": (f'{HEAD}zones:\n  z: ["$W/a/**"]\n', ["GP040"]),
    "a group that nobody names": (f"{HEAD}hosts:\n  h: [a.example]\n", ["GP041"]),
    "a profile that nobody gives": (f"{HEAD}profiles:\n  x: {{why: because}}\n", ["GP042"]),
    "a group that is none": (hosted("mirors"), ["GP043"]),
    "a suffix without its dot": (hosted("*corp.example"), ["GP050"]),
    "a suffix of a cloud": (hosted("*.amazonaws.com"), ["GP051"]),
    "a suffix of a cloud in a region": (hosted("*.s3.eu-central-1.amazonaws.com"), ["GP051"]),
    "a suffix that a registry sells": (hosted("*.co.uk"), ["GP051"]),
    "a top-level domain": (hosted("*.com"), ["GP051"]),
    "hosts of others that are carved out of a denial": (hosted("*.github.io", verdict="deny", key="except_hosts"), ["GP051"]),
    "all addresses": (hosted("0.0.0.0/0"), ["GP052"]),
    "half of all addresses": (hosted("128.0.0.0/1"), ["GP052"]),
    "an address with a short prefix": (hosted("10.1.2.3/16"), ["GP053"]),
    "a star that stops at a slash": (branched("agent*"), ["GP054"]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_is_found(name: str) -> None:
    text, expected = WRONG[name]

    assert sorted(set(codes(text)) - {"GP026"}) == sorted(set(expected) - {"GP026"})


FINE: dict[str, str] = {
    "a directory and all below": zoned("$W/db/**"),
    "files of a kind": zoned("$W/*.log", "$W/**/*.tmp"),
    "the workspace itself": zoned("$W/*", "$W"),
    "patterns that meet": zoned("$W/a*/**", "$W/*b/**"),
    "ten deep patterns": zoned(*(f"$W/{name}/**" for name in "abcdefghijkl")),
    "a rule beside a stricter one": f"{HEAD}rules:\n"
    + a_rule(zones="[temp]")
    + a_rule(id="s", verdict="ask"),
    "a group of the file": f"{HEAD}hosts:\n  mirrors: [a.example]\nrules:\n"
    + a_rule(effect="[net.connect]", hosts="[mirrors]", verdict="allow"),
    "groups that are built in": hosted("git-remote", "cloud-provider", "package-index", "loopback"),
    "one host of a cloud": hosted("acme.s3.amazonaws.com", "*.acme.s3.amazonaws.com", "*.corp.internal"),
    "hosts of a cloud that are denied": hosted("*.amazonaws.com", verdict="deny"),
    "anywhere": hosted("anywhere"),
    "a private network": hosted("10.0.0.0/8", "fd00::/8"),
    "all addresses that are denied": hosted("0.0.0.0/0", verdict="deny"),
    "branches of agents": branched("agent/*", "release-[12]", "main"),
    "a star that means what it says": branched("agent*", "agent/*"),
    "a narrow exception": excepted(),
}


@pytest.mark.parametrize("name", FINE)
def test_is_not_found(name: str) -> None:
    assert codes(FINE[name]) == []


def test_every_code_is_shown_by_a_file() -> None:
    """Those that need more than a file are tested by themselves, below."""
    elsewhere = {"GP004", "GP011", "GP021", "GP023", "GP024", "GP025", "GP026", "GP035", "GP060", "GP061"}

    assert {code for _, expected in WRONG.values() for code in expected} | elsewhere == set(CODES)


def test_the_days_after_its_end_an_exception_is_a_warning_and_then_an_error() -> None:
    severities = [
        found(excepted(expires=day))[0].severity for day in ("2030-06-14", "2030-06-08", "2030-06-07")
    ]

    assert severities == [Severity.WARNING, Severity.WARNING, Severity.ERROR]


def test_an_exception_beyond_what_the_floor_permits() -> None:
    text = (
        excepted()
        .replace("kind: policy", "kind: floor")
        .replace("default: ask", "default: allow\nmax_exception_days: 10")
    )

    assert [
        one.code
        for one in found(text.replace("verdict: deny, ", "verdict: deny, exceptable: true, "), kind="floor")
    ] == ["GP011"]


def test_a_rule_that_the_floor_overrides_wholly_and_one_in_part() -> None:
    text = f"{HEAD.replace('ask', 'allow')}rules:\n"
    wholly = text + a_rule(effect="[net.connect]", hosts="[metadata]", verdict="allow")
    in_part = text + a_rule(id="mine", verdict="ask")

    (whole,) = [one for one in found(wholly, alone=False) if one.code.startswith("GP02")]
    assert (whole.code, whole.severity) == ("GP021", Severity.ERROR)
    assert "`no-metadata` (floor)" in whole.problem
    (part,) = [one for one in found(in_part, alone=False) if one.code.startswith("GP02")]
    assert (part.code, part.severity) == ("GP024", Severity.NOTE)
    # The command was decided by the engine, and by that rule.
    command, rule = re.findall("`([^`]+)`", part.problem)[1:]
    assert rule.startswith("never-delete-")
    assert command.startswith("rm ")


def test_what_changes_nothing_and_what_only_watches_are_notes() -> None:
    twice = f"{HEAD}rules:\n" + a_rule() + a_rule(id="again", zones="[temp]")
    shadow = f"{HEAD}rules:\n" + a_rule(mode="shadow")

    assert [(one.code, one.severity) for one in found(twice)] == [("GP023", Severity.NOTE)]
    assert [(one.code, one.severity) for one in found(shadow)] == [("GP025", Severity.NOTE)]


def test_a_question_for_a_reviewer_that_nobody_set_up_and_one_about_the_unread() -> None:
    rules = "rules:\n" + a_rule(effect="[exec.opaque]", verdict="ask", reviewer="may_allow")
    text = HEAD.replace("policy", "personal")

    def seen(text: str) -> list[tuple[str, Severity]]:
        found_ = found(text + rules, kind="personal")
        return [(one.code, one.severity) for one in found_ if one.code.startswith("GP06")]

    assert seen(text) == [("GP060", Severity.NOTE)]
    assert seen(f"{text}permits_reviewer: false\nreviewer: {{model: m}}\n") == [("GP060", Severity.NOTE)]
    assert seen(f"{text}reviewer: {{model: m}}\n") == [("GP061", Severity.WARNING)]


def test_of_very_many_rules_it_is_said_that_nobody_worked_out_which_decide() -> None:
    many = f"{HEAD}rules:\n" + "".join(
        a_rule(id=f"r{number}", programs=f"[p{number}]") for number in range(301)
    )

    assert [(one.code, one.severity) for one in found(many)] == [("GP026", Severity.NOTE)]


def test_of_a_very_long_list_only_what_stands_there_twice_is_found() -> None:
    many = [f"a{number}.example.org" for number in range(300)]

    assert codes(hosted(*many, "*.example.org")) == []
    assert codes(hosted(*many, "a7.example.org")) == ["GP033"]
    assert codes(zoned(*(f"$W/a{number}/**" for number in range(300)), "$W/a7/**")) == ["GP033"]


def test_a_profile_that_asks_for_more_than_it_gets() -> None:
    text = f"{HEAD}profiles:\n  net: {{why: because, network: {{hosts: [a.example]}}}}\nrules:\n"
    text += a_rule(effect="[exec]", verdict="allow", run="net")

    (one,) = [one for one in found(text, alone=False) if one.code == "GP004"]
    assert one.place == Place("p.yaml", 6)


def test_a_directory_by_nearly_its_name(tmp_path: Path) -> None:
    (tmp_path / "db" / "migrations").mkdir(parents=True)
    near, far = zoned("$W/db/migration/**"), zoned("$W/db/seeds/**", "$W/build/**", "$W/db/migrations/old/**")

    (one,) = [one for one in found(near, workspace=str(tmp_path)) if one.code == "GP035"]
    assert one.help == "write `$W/db/migrations/**` if that is meant"
    assert found(far, workspace=str(tmp_path)) == []


def test_places_have_line_and_column() -> None:
    (one,) = [one for one in found(zoned("$W/a/**", "$W/db/*")) if one.code == "GP030"]

    assert one.place == Place("p.yaml", 6, 18)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("p.yaml:3:4", Place("p.yaml", 3, 4)),
        ("p.yaml:3", Place("p.yaml", 3)),
        ("p.yaml", Place("p.yaml")),
        ("main:p.yaml:3:4", Place("main:p.yaml", 3, 4)),
    ],
)
def test_a_place_is_read_from_what_the_loader_writes(text: str, place: Place) -> None:
    assert place_of(text) == place
    assert place.text() == text


def test_what_ships_has_no_findings() -> None:
    from guard.policy.files.locate import builtin

    findings, judged = check_files(
        builtin(),
        builtin(),
        lambda command, policy: decide_imagined(command, policy, today=TODAY).decision,
        imagined_facts(today=TODAY),
        ours=True,
    )

    assert [one for one in findings if one.severity is not Severity.NOTE] == []
    assert judged > 150


def test_the_page_holds_every_code() -> None:
    sys.path.insert(0, str(Path(__file__).parents[3] / "docs"))
    try:
        import policy_codes
    finally:
        sys.path.pop(0)

    assert policy_codes.wrong() == []
