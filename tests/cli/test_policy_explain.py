"""``guard policy explain``: what people and machines read, and that what it says would change a decision does."""

import json
import re

import jsonschema
import pytest

from tests import golden
from tests.cli.conftest import ROOT

SCHEMA = json.loads((ROOT / "docs" / "schemas" / "policy-explain.schema.json").read_text())
CODES = {"allow": 0, "ask": 10, "deny": 11}
POLICY = """version: 1
kind: policy
name: payments
default: allow

zones:
  migrations: ["$W/db/migrations/**"]

rules:
  - id: migrations-are-history
    effect: [fs.write, fs.delete]
    zones: [migrations]
    verdict: ask
    why: Applied migrations must never change.
    instead: Add a new migration with `make migration`.

  - id: no-make
    effect: [exec]
    programs: [make]
    verdict: deny
    why: The build server makes.

  - id: seen-only
    effect: [fs.read]
    zones: [migrations]
    verdict: ask
    mode: shadow
    why: We want to know who reads them.

exceptions:
  - id: squash
    rule: migrations-are-history
    zones: [migrations]
    programs: [mv]
    verdict: allow
    reason: One-off squash of old migrations.
    owner: dana
    approved_by: kim
    expires: 2030-01-31
"""
FLOOR = """version: 1
kind: floor
name: acme
default: allow

rules:
  - id: no-other-hosts
    effect: [net.connect]
    except_hosts: [loopback]
    verdict: deny
    exceptable: true
    why: Nothing leaves this machine.
    instead: Ask the platform team.
"""
CASES = {
    "held-by-the-repository": ["touch db/migrations/2.sql"],
    "held-by-the-built-in-floor": ["cat ~/.ssh/id_rsa"],
    "held-by-two": ["touch db/migrations/2.sql && touch ~/x"],
    "exception-holds": ["mv db/migrations/1.sql db/old.sql"],
    "exception-has-expired": ["--at", "2030-02-01", "mv db/migrations/1.sql db/old.sql"],
    "shadow": ["cat db/migrations/1.sql"],
    "allowed": ["ls -la"],
    "denied-program": ["make all"],
    "many-effects": ["for f in 1 2 3 4 5 6 7 8 9 10 11 12; do touch out/$f; done; cat ~/.ssh/id_rsa"],
}


@pytest.fixture
def made(user):
    (user.work / "db" / "migrations").mkdir(parents=True)
    (user.work / "db" / "migrations" / "1.sql").write_text("select 1;\n")
    (user.work / "policy.yaml").write_text(POLICY)
    (user.work / "floor.yaml").write_text(FLOOR)
    return user


def explained(user, *words, policy=("policy.yaml",)):
    files = [word for name in policy for word in ("--policy", name)]
    return user.guard("policy", "explain", "--level", "contained", "--at", "2029-06-01", *files, *words)


def report(user, *words, **more):
    done = explained(user, "--json", *words, **more)
    found = json.loads(done.stdout)

    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert done.returncode == CODES[found["verdict"]], done.stderr
    return found


def text(user, done):
    shown = done.stdout.decode() + done.stderr.decode() + f"---- exit code {done.returncode}\n"
    return re.sub(
        r"(builtin/[\w/-]+\.yaml):\d+", r"\1:N", golden.normal(shown, home=user.home, work=user.work)
    )


@pytest.mark.parametrize("name", CASES)
def test_what_people_read(made, name):
    *options, command = CASES[name]
    shown = text(made, explained(made, *options, "--", command))

    golden.matches(f"policy-explain/{name}.txt", shown)
    assert len(shown.splitlines()) <= 41, "more than a screen"


def test_a_file_that_is_written(made):
    done = explained(made, "--write", "db/migrations/1.sql")

    golden.matches("policy-explain/write.txt", text(made, done))


def test_a_floor_that_takes_exceptions_says_so(made):
    done = explained(made, "--", "curl https://evil.example/", policy=("policy.yaml", "floor.yaml"))

    golden.matches("policy-explain/exceptable.txt", text(made, done))


@pytest.mark.parametrize("name", CASES)
def test_machines_read_what_the_schema_says(made, name):
    *options, command = CASES[name]
    found = report(made, *options, "--", command)

    assert all(held["verdict"] == found["verdict"] for held in found["held_by"])
    assert [held["rule"] for held in found["held_by"]].count(found["decided_by"]["rule"]) >= 1


def without(policy, rule):
    """The policy file as somebody would edit it."""
    parts = re.split(r"(?m)^(?=  - id: |exceptions:|[a-z])", policy)
    kept = [part for part in parts if not part.startswith(f"  - id: {rule}\n")]
    # An exception to nothing is refused.
    return "".join(kept).partition("exceptions:")[0] if rule == "migrations-are-history" else "".join(kept)


@pytest.mark.parametrize(
    "command",
    [
        "touch db/migrations/2.sql",
        "make all",
        "touch db/migrations/2.sql && touch ~/x",
        "rm db/migrations/1.sql",
        "make clean && rm -r db",
    ],
)
def test_what_is_said_to_change_it_changes_it(made, command):
    """The edit is made, and the whole command is decided again."""
    found = report(made, "--", command)

    assert found["changes"], "each of these is held by a rule of the file"
    for change in found["changes"]:
        edited = POLICY
        for gone in change["without"]:
            edited = without(edited, gone["rule"])
        (made.work / "edited.yaml").write_text(edited)
        after = report(made, "--", command, policy=("edited.yaml",))

        assert edited != POLICY
        assert after["verdict"] == change["verdict"]
        assert after["decided_by"]["rule"] == change["then"]["rule"]


def test_where_it_is_said_to_be_allowed_it_is(made):
    found = report(made, "--", "touch ~/x")
    names = {other["name"]: other["example"] for other in found["allowed"]}

    assert {"workspace", "temp"} <= names.keys()
    assert "migrations" not in names
    for place in (names["workspace"].replace("$W", str(made.work)), names["temp"].replace("$T", "/tmp")):
        assert report(made, "--", f"touch {place}")["verdict"] == "allow"


def test_an_exception_that_holds_says_what_comes_after_it(made):
    found = report(made, "--", "mv db/migrations/1.sql db/old.sql")
    (exception,) = found["exceptions"]
    later = report(made, "--at", "2030-02-01", "--", "mv db/migrations/1.sql db/old.sql")

    assert (exception["state"], exception["expires"], exception["after"]) == ("holds", "2030-01-31", "ask")
    assert later["verdict"] == "ask"
    assert later["exceptions"][0]["state"] == "expired"


@pytest.mark.parametrize(
    "words",
    [[], ["--write", "a", "--", "ls"], ["--write", ""], ["--at", "soon", "--", "ls"], ["--policy", "nowhere", "--", "ls"],
     ["--policy", "src/a.py", "--", "ls"]],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_meant_is_said(made, words):
    done = made.guard("policy", "explain", *words)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"guard: ")


def test_without_files_it_is_the_policy_in_force(made):
    (made.work / ".guard").mkdir()
    (made.work / ".guard" / "policy.yaml").write_text(POLICY)
    done = made.guard("policy", "explain", "--level", "contained", "--", "touch db/migrations/2.sql")

    assert done.returncode == 10
    assert b"migrations-are-history" in done.stdout


def test_a_policy_in_force_that_cannot_be_read_is_said(made):
    (made.work / ".guard").mkdir()
    (made.work / ".guard" / "policy.yaml").write_text("version: 9\n")
    done = made.guard("policy", "explain", "--", "ls")

    assert done.returncode == 10
    assert b"restricted mode" in done.stderr
