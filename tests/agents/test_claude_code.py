"""Payloads of real clients become proposals; whatever else arrives becomes a deny in the client's dialect."""

import copy
import json
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.agents import claude_code
from guard.agents.codec import MAX_PAYLOAD, PayloadError
from guard.agents.dialect import Dialect
from guard.cli.hook import respond
from guard.model.dataclass import replace
from guard.model.decision import Allow, Host
from guard.model.principal import Principal
from guard.model.proposal import (
    EditProposal,
    FetchProposal,
    ReadProposal,
    Replacement,
    ShellProposal,
    ToolProposal,
    WriteProposal,
)
from guard.model.verdict import Level
from tests.agents.hooks import RECORDED, Answer, recorded, verdict

SESSION = "a24ea118-ffc7-4155-a84d-e968ecbf4c3d"
PROJECT = "/home/dev/work/proj"
SUBAGENTS = {"Monitor": "aa46622842f50a7d3"}
PROPOSALS = {
    "Agent": (
        ToolProposal,
        {
            "tool": "Agent",
            "arguments": '{"description": "sub", "prompt": "run it", "subagent_type": "general-purpose"}',
        },
    ),
    "Bash": (ShellProposal, {"command": "echo hi; cd victim && rm -rf ./x"}),
    "Edit": (EditProposal, {"path": f"{PROJECT}/new.txt", "edits": (Replacement(old="a", new="b"),)}),
    "Monitor": (ShellProposal, {"command": "echo mon"}),
    "NotebookEdit": (EditProposal, {"path": f"{PROJECT}/n.ipynb", "edits": (Replacement(old="", new="2"),)}),
    "Read": (ReadProposal, {"path": f"{PROJECT}/keep.txt"}),
    "WebFetch": (FetchProposal, {"url": "http://127.0.0.1:9/x"}),
    "Write": (WriteProposal, {"path": f"{PROJECT}/new.txt", "content": "a\n"}),
    "mcp__fake__run_cmd": (
        ToolProposal,
        {"tool": "mcp__fake__run_cmd", "arguments": '{"command": "echo from-mcp"}'},
    ),
}
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """In this process: a scratch home, walls that are said to work, and what was decided last."""
    root = tmp_path_factory.mktemp("machine")
    work = root / "home" / "work"
    (work / ".git" / "hooks").mkdir(parents=True)
    decisions = []

    def answer(dialect, call, decided, rewritten, real=Dialect.answer):
        decisions.append(decided)
        return real(dialect, call, decided, rewritten)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(root / "home"))
        patch.setenv("CLAUDE_PROJECT_DIR", str(work))
        patch.setattr("guard.enforce.levels.best_level", lambda _places: Level.CONTAINED)
        patch.setattr(Dialect, "answer", answer)
        yield work, decisions


def asked(payload: bytes) -> Answer:
    reply = respond(payload)
    return Answer(reply.stdout, reply.stderr, reply.status)


def event(tool: str, arguments: object, **more: object) -> bytes:
    base = {"hook_event_name": "PreToolUse", "cwd": "/w", "tool_use_id": "t"}
    return json.dumps(base | {"tool_name": tool, "tool_input": arguments} | more).encode()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("2.1.330")])
def test_what_the_client_sent_becomes_the_proposal(name):
    _, _, tool, *subagent = name.split("-")
    kind, fields = PROPOSALS[tool]
    payload = recorded(name)

    call = claude_code.read(json.dumps(payload).encode())

    principal = Principal(
        agent="claude-code",
        session=SESSION,
        subagent=SUBAGENTS.get(tool, "a3a202af511b4dff6") if subagent else "",
    )
    cwd = PROJECT if name == "2.1.330-PreToolUse-Bash" else f"{PROJECT}/victim"
    assert call.proposal == kind(principal=principal, cwd=cwd, call=payload["tool_use_id"], **fields)
    assert call.tool == tool
    assert call.arguments == payload["tool_input"]
    assert call.rewrites == (kind is ShellProposal)


def test_every_tool_that_was_recorded_is_looked_at():
    assert {name.split("-")[2] for name in NAMES} == set(PROPOSALS)


@pytest.mark.parametrize(("version", "rewrites"), [("1.0.128", False), ("2.0.76", True), ("2.1.63", True)])
def test_old_clients_are_told_apart_by_what_they_send(version, rewrites):
    call = claude_code.read(json.dumps(recorded(f"{version}-PreToolUse-Bash")).encode())

    assert call.proposal.command == "touch made.txt && ls"
    assert call.proposal.cwd == PROJECT
    assert call.rewrites == rewrites


@pytest.mark.parametrize("unknown", [{}, {"tool_use_id": ""}, {"tool_use_id": None}, {"version": "2.1.330"}])
def test_a_client_of_unknown_version_is_never_answered_with_a_rewrite(machine, unknown):
    work, _ = machine
    payload = recorded("1.0.128-PreToolUse-Bash") | {"cwd": str(work)} | unknown
    payload["tool_input"] = {"command": "python3 build.py"}

    answer = asked(json.dumps(payload).encode())

    assert answer.verdict == "ask"
    assert "none can be had here" in answer.reason


def test_the_same_command_of_a_client_that_rewrites_is_contained_with_all_its_arguments(machine):
    work, _ = machine
    given = {
        "command": "python3 build.py",
        "timeout": 5000,
        "run_in_background": True,
        "novel": [1, {"a": None}],
    }

    answer = asked(event("Bash", given, cwd=str(work)))

    assert answer.verdict == "allow"
    updated = json.loads(answer.stdout)["hookSpecificOutput"]["updatedInput"]
    assert updated | {"command": ""} == given | {"command": ""}
    assert updated["command"].endswith(" -- 'python3 build.py'")
    assert f" --workspace {work} --cwd {work} --call t " in updated["command"]


def test_what_must_be_contained_is_never_answered_without_a_rewrite_that_is_obeyed(machine):
    work, decisions = machine
    payload = event("Bash", {"command": "python3 build.py"}, cwd=str(work))
    asked(payload)
    call, decided = claude_code.read(payload), decisions[-1]

    for reply in (
        claude_code.DIALECT.answer(call, decided, ""),
        claude_code.DIALECT.answer(replace(call, rewrites=False), decided, "guard exec -- x"),
    ):
        assert reply.status == 2
        assert verdict(reply.stdout, reply.status) == "deny"


def test_a_session_in_a_home_directory_has_nothing_to_put_into_a_sandbox(machine, monkeypatch):
    work, _ = machine
    home = str(work.parent)
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", home)

    assert asked(event("Bash", {"command": "python3 build.py"}, cwd=home)).verdict == "ask"


def test_a_command_outside_the_project_is_still_judged_by_the_project(machine):
    work, _ = machine

    answer = asked(event("Bash", {"command": "rm -rf work"}, cwd=str(work.parent)))

    assert answer.verdict in {"ask", "deny"}


@pytest.mark.parametrize(
    "tool", ["mcp__fake__run_cmd", "Workflow", "CronCreate", "RemoteTrigger", "bash", "PowerShell"]
)
def test_a_tool_nobody_knows_is_asked_about(machine, tool):
    work, _ = machine

    assert asked(event(tool, {"command": "ls", "script": "ls"}, cwd=str(work))).verdict == "ask"


def test_policy_decides_about_a_tool_by_its_name(machine):
    work, _ = machine
    policy = work / ".guard" / "policy.yaml"
    policy.parent.mkdir()
    policy.write_text(
        "version: 1\nkind: policy\nname: team\ndefault: allow\nrules:\n"
        "  - {id: no-fake, effect: [exec], programs: [mcp__fake__run_cmd], verdict: deny, why: It is a fake.}\n"
    )
    try:
        answer = asked(event("mcp__fake__run_cmd", {"command": "ls"}, cwd=str(work)))
    finally:
        policy.unlink()
        policy.parent.rmdir()

    assert answer.verdict == "deny"
    assert "rule `no-fake`" in answer.reason


@pytest.mark.parametrize(
    ("path", "pattern", "looks_at"),
    [
        (None, "**/*.py", "/w/"),
        (None, "src/*.py", "/w/src/"),
        ("/w/lib", "*.py", "/w/lib/"),
        (None, "a.py", "/w/a.py"),
        (None, "/etc/*", "/etc/"),
        (None, "/etc/passwd", "/etc/passwd"),
        (None, "../*", "/w/../"),
        (None, "~/.ssh/*", "~/.ssh/"),
        (None, "*/../../etc/*", "/"),
        (None, "{/etc,src}/*", "/"),
        (None, "{src,/etc}/*", "/"),
        (None, "@(/etc|src)/*", "/"),
    ],
)
def test_a_search_looks_where_its_pattern_leads(path, pattern, looks_at):
    call = claude_code.read(
        event("Glob", {"pattern": pattern} if path is None else {"pattern": pattern, "path": path})
    )

    assert call.proposal.path == looks_at
    assert call.proposal.recursive


def test_keys_through_a_search_pattern_are_refused(machine):
    work, _ = machine

    assert asked(event("Glob", {"pattern": f"{work.parent}/.ssh/*"}, cwd=str(work))).verdict == "deny"


GOOD = event("Bash", {"command": "ls"}, session_id="s")
MALFORMED = {
    "nothing": b"",
    "white space": b" \n\t",
    "no JSON": b"rm -rf /",
    "cut": GOOD[:-1],
    "a second object": GOOD + GOOD,
    "text after it": GOOD + b"x",
    "a NUL after it": GOOD + b"\0",
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "bytes that are not UTF-8": GOOD.replace(b"ls", b"l\xff"),
    "an overlong slash": GOOD.replace(b"ls", b"l\xc0\xaf"),
    "a surrogate as UTF-8": GOOD.replace(b"ls", b"l\xed\xa0\x80"),
    "half a pair in the command": GOOD.replace(b"ls", b"l\\ud800"),
    "the other half": GOOD.replace(b"ls", b"l\\uDC00"),
    "half a pair in a key": GOOD.replace(b'"command"', b'"x\\ud800": 1, "command"'),
    "half a pair in the arguments of a tool": event("Foo", {"a": [{"b": "\ud800"}]}),
    "the event twice": GOOD.replace(b'"tool_name"', b'"tool_name": "Read", "tool_name"'),
    "the command twice": GOOD.replace(b'"command"', b'"command": "rm -rf ~", "command"'),
    "the command twice, once escaped": GOOD.replace(b'"command"', b'"c\\u006fmmand": "rm -rf ~", "command"'),
    "NaN": GOOD.replace(b'"ls"', b'"ls", "timeout": NaN'),
    "Infinity": GOOD.replace(b'"ls"', b'"ls", "timeout": -Infinity'),
    "a number that is infinite": GOOD.replace(b'"ls"', b'"ls", "timeout": 1e999'),
    "a number of 5,000 digits": GOOD.replace(b'"ls"', b'"ls", "timeout": ' + b"9" * 5000),
    "a comment": GOOD.replace(b"{", b"/**/{", 1),
    "a trailing comma": GOOD[:-1] + b",}",
    "single quotes": GOOD.replace(b'"', b"'"),
    "a raw newline in a string": GOOD.replace(b"ls", b"l\ns"),
    "a NUL in the command": GOOD.replace(b"ls", b"l\\u0000s"),
    "a list": b"[" + GOOD + b"]",
    "a string": b'"ls"',
    "null": b"null",
    "100,000 brackets": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "deep arguments": GOOD.replace(b'"ls"', b'"ls", "x": ' + b"[" * 5000 + b"]" * 5000),
    "more than the limit": GOOD + b" " * MAX_PAYLOAD,
    "another event": GOOD.replace(b"PreToolUse", b"PostToolUse"),
    "a relative directory": event("Bash", {"command": "ls"}, cwd="w"),
    "an empty directory": event("Bash", {"command": "ls"}, cwd=""),
    "no name of a tool": event("", {"command": "ls"}),
    "no edits": event("MultiEdit", {"file_path": "/w/a", "edits": []}),
    "edits that are none": event("MultiEdit", {"file_path": "/w/a", "edits": ["a"]}),
    "half an edit": event("Edit", {"file_path": "/w/a", "old_string": "a"}),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_malformed_is_denied(what):
    answer = asked(MALFORMED[what])

    assert answer.status == 2
    assert answer.verdict == "deny"
    assert answer.stderr.strip()


def _nested(depth: int) -> bytes:
    return event("Foo", {}).replace(
        b'"tool_input": {}', b'"tool_input": {"a": ' + b"[" * depth + b"]" * depth + b"}"
    )


@pytest.mark.parametrize("depth", [100, 300, 900, 960, 975, 980, 985, 990, 995, 1000, 1500])
def test_no_depth_is_just_deep_enough_to_fall_through(machine, depth):
    answer = asked(_nested(depth))

    assert answer.verdict in {"ask", "deny"}


REQUIRED = {
    "Bash": {"command": "ls"},
    "Monitor": {"command": "ls"},
    "Write": {"file_path": "/w/a", "content": "a"},
    "Edit": {"file_path": "/w/a", "old_string": "a", "new_string": "b"},
    "NotebookEdit": {"notebook_path": "/w/a"},
    "Read": {"file_path": "/w/a"},
    "Glob": {"pattern": "*"},
    "WebFetch": {"url": "http://h/"},
}
OPTIONAL = {
    "Edit": {"replace_all": True},
    "NotebookEdit": {"new_source": "x"},
    "Glob": {"path": "/w"},
    "Grep": {"path": "/w"},
    "LS": {"path": "/w"},
}
WRONG = [5, 5.5, [], ["ls"], {}, {"a": "ls"}]
EVENT = ["hook_event_name", "tool_name", "tool_input", "cwd"]
EVENT_OPTIONAL = [
    "session_id",
    "transcript_path",
    "prompt_id",
    "permission_mode",
    "agent_id",
    "agent_type",
    "tool_use_id",
]


def refused(payload: bytes) -> bool:
    with pytest.raises(PayloadError):
        claude_code.read(payload)
    answer = asked(payload)
    return answer.status == 2 and answer.verdict == "deny"


@pytest.mark.parametrize("value", [*WRONG, True, None])
@pytest.mark.parametrize(("tool", "key"), [(tool, key) for tool, keys in REQUIRED.items() for key in keys])
def test_a_field_that_the_judgement_rests_on_has_its_type(tool, key, value):
    assert refused(event(tool, REQUIRED[tool] | {key: value}))


@pytest.mark.parametrize(("tool", "key"), [(tool, key) for tool, keys in REQUIRED.items() for key in keys])
def test_a_field_that_the_judgement_rests_on_is_there(tool, key):
    assert refused(event(tool, {name: value for name, value in REQUIRED[tool].items() if name != key}))


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize(("tool", "key"), [(tool, key) for tool, keys in OPTIONAL.items() for key in keys])
def test_an_optional_field_has_its_type_too(tool, key, value):
    assert refused(event(tool, REQUIRED.get(tool, {}) | {key: value}))


@pytest.mark.parametrize("value", [*WRONG, None])
@pytest.mark.parametrize("key", EVENT)
def test_the_event_has_its_types(key, value):
    assert refused(event("Bash", {"command": "ls"}, **{key: value}))


@pytest.mark.parametrize("value", [*WRONG, True])
@pytest.mark.parametrize("key", EVENT_OPTIONAL)
def test_what_else_is_known_of_the_event_has_its_types(key, value):
    assert refused(event("Bash", {"command": "ls"}, **{key: value}))


@pytest.mark.parametrize("key", EVENT)
def test_the_event_is_whole(key):
    payload = json.loads(GOOD)
    del payload[key]

    assert refused(json.dumps(payload).encode())


def test_keys_that_a_newer_client_may_send_change_nothing(machine):
    work, _ = machine
    plain = {"file_path": str(work / "README")}

    known = asked(event("Read", plain, cwd=str(work)))
    unknown = asked(event("Read", plain | {"novel": [1]}, cwd=str(work), effort={"level": 3}))

    assert unknown == known
    assert known.verdict == "nothing"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("Write", {"file_path": "/w/" + "a" * 1_000_000, "content": ""}),
        ("Read", {"file_path": "/" + "a/" * 500_000}),
        ("Read", {"file_path": "/w/" + "../" * 300_000}),
        ("WebFetch", {"url": "http://" + "a" * 1_000_000}),
        ("Glob", {"pattern": "a/" * 500_000 + "*"}),
        ("LS", {"path": "/" * 1_000_000}),
        ("mcp__x__y", {"a": "b" * 1_000_000}),
        ("m" * 1_000_000, {}),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_a_string_of_a_megabyte_is_not_waved_through(machine, tool, arguments):
    work, _ = machine

    answer = asked(event(tool, arguments, cwd=str(work)))

    assert answer.verdict in {"ask", "deny"}


@pytest.mark.parametrize(
    "command", ["echo " + "a" * 1_000_000, "(" * 1_000_000, "$(" * 500_000, "'" * 999_999]
)
def test_a_command_of_a_megabyte_gets_one_answer(machine, command):
    work, decisions = machine
    decisions.clear()

    answer = asked(event("Bash", {"command": command}, cwd=str(work)))

    if answer.verdict == "nothing":
        assert command.startswith("echo")
        assert isinstance(decisions[-1].decision.placement, Host)


def test_a_megabyte_of_content_is_judged_like_any_other(machine):
    work, _ = machine

    answer = asked(
        event("Write", {"file_path": str(work / "big"), "content": "a" * 1_000_000}, cwd=str(work))
    )

    assert answer.verdict == "nothing"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        ["", "/", "~", "..", "/etc/passwd", "rm -rf ~", "$(", "\0", "\ud800", "Bash", "Write", "Glob"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw) -> bytes:
    """A recorded payload with up to three things changed, as values and then as bytes."""
    payload = copy.deepcopy(recorded(draw(st.sampled_from(NAMES))))
    for _ in range(draw(st.integers(0, 3))):
        inside = payload.get("tool_input")
        target = inside if isinstance(inside, dict) and draw(st.booleans()) else payload
        key = draw(st.sampled_from(sorted(target)) if target else st.text(max_size=5))
        match draw(st.sampled_from(["put", "put", "drop", "add"])):
            case "put":
                target[key] = draw(JSON)
            case "drop":
                target.pop(key, None)
            case "add":
                target[draw(st.text(max_size=8))] = draw(JSON)
    text = json.dumps(payload).encode()
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        text = text[:start] + draw(st.binary(max_size=4)) + text[end:]
    return text


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(payload=mutated())
def test_whatever_arrives_there_is_one_answer_and_silence_only_for_a_plain_allow(machine, payload):
    _, decisions = machine
    decisions.clear()

    answer = asked(payload)

    match answer.verdict:
        case "nothing":
            assert isinstance(decisions[-1].decision, Allow)
            assert isinstance(decisions[-1].decision.placement, Host)
        case "allow":
            assert isinstance(decisions[-1].decision, Allow)
        case "ask" | "deny":
            assert not decisions or answer.status == 2 or not isinstance(decisions[-1].decision, Allow)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["claude"],
        ["claude-code", "x"],
        ["claude-code", "--rewrites", "x"],
        ["roo"],
        ["--agent", "claude-code"],
    ],
)
def test_an_agent_nobody_knows_is_denied_in_every_dialect(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "guard", "hook", *arguments],
        input=GOOD,
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(RECORDED.parents[3])},
    )
    answer = Answer(done.stdout, done.stderr, done.returncode)

    assert answer.status == 2
    assert answer.verdict == "deny"
