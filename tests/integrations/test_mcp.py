"""``guard mcp``: the SDK's own client and server, with the guard between them."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from guard.audit.log import AuditLog
from guard.enforce.approvals import asks, grant
from guard.enforce.places import Places
from guard.integrations.mcp import Relay

SERVER = str(Path(__file__).with_name("mcp_server.py"))


def guarded(work, *options):
    return StdioServerParameters(
        command=sys.executable,
        args=[
            "-m",
            "guard",
            "mcp",
            "--name",
            "files",
            *options,
            "--",
            sys.executable,
            SERVER,
            str(work / "log"),
        ],
        cwd=work,
        env=dict(os.environ),
    )


def with_session(parameters, do):
    async def main():
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            return await do(session)

    return asyncio.run(main())


def removed(session):
    return session.call_tool("remove", {"path": "precious"})


def test_a_call_that_nobody_permits_never_reaches_the_server_and_the_model_reads_why(work):
    done = with_session(guarded(work, "--ask", "deny"), removed)

    assert json.loads(done.model_dump_json())["isError" if hasattr(done, "isError") else "is_error"] is True
    assert "[guard] a person has to approve this" in done.content[0].text
    assert (work / "precious").exists()
    assert not (work / "log").exists()


def test_everything_but_calls_passes(work):
    async def look(session):
        tools = await session.list_tools()
        resources = await session.list_resources()
        return [tool.name for tool in tools.tools], [str(one.uri) for one in resources.resources]

    tools, resources = with_session(guarded(work, "--ask", "deny"), look)

    assert tools == ["remove"]
    assert resources == ["note://one"]


def test_a_call_that_a_person_permits_is_carried_out_and_recorded(work):
    places = Places.from_environment()

    def person():
        while not (waiting := asks(places)):
            pass
        grant(waiting[0], places, AuditLog(places.audit), by="ana", surface="test", session=False)

    helping = threading.Thread(target=person)
    helping.start()
    done = with_session(guarded(work), removed)
    helping.join()

    assert done.content[0].text == "removed precious"
    assert (work / "log").read_text() == "remove precious\n"
    records = [
        json.loads(line)
        for file in Path(places.audit).glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]
    decision = next(record for record in records if record["type"] == "decision")
    assert decision["agent"]["name"] == "mcp"
    assert decision["call"]["tool"] == "mcp__files__remove"
    assert any(record["type"] == "approval.used" for record in records)


def test_the_exit_status_is_the_servers(work):
    done = subprocess.run(
        [sys.executable, "-m", "guard", "mcp", "--", "bash", "-c", "exit 7"],
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (7, b"")


def test_a_server_that_is_not_there_is_said(work):
    done = subprocess.run(
        [sys.executable, "-m", "guard", "mcp", "--", "/nonexistent/server"],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "/nonexistent/server: no such file or directory" in done.stderr


# ------------------------------------------------------------------ messages


class Ends:
    def __init__(self, judge=lambda *_: ""):
        self.server, self.client, self.told = [], [], []
        self.relay = Relay(judge, self.server.append, self.client.append, self.told.append)

    def say(self, *messages):
        for message in messages:
            self.relay.from_client(message if isinstance(message, bytes) else json.dumps(message).encode())
        self.relay.finish()

    @property
    def answers(self):
        return [json.loads(line) for line in self.client]


CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t", "arguments": {"a": "ü"}}}


def test_the_server_reads_what_was_judged():
    judged = []
    ends = Ends(lambda *call: judged.append(call) or "")
    ends.say(CALL)

    assert judged == [("t", {"a": "ü"}, "1")]
    assert [json.loads(line) for line in ends.server] == [CALL]


@pytest.mark.parametrize(
    "line",
    [
        b'{"method":"ping","method":"tools/call","id":1,"params":{"name":"t"}}',
        b'{"method":"tools/call","id":1,"params":{"name":"t","name":"u"}}',
        json.dumps([CALL]).encode(),
        b"tools/call",
        b'{"method":"tools/call","id":1,"params":{"name":"t"}}}',
        b'{"method":"tools/call","id":NaN,"params":{"name":"t"}}',
        b'{"method":"tools/call","id":1,"params":["t"]}',
        b'{"method":"tools/call","id":1,"params":{"name":7}}',
        b'{"method":"tools/call","id":1,"params":{"name":"t","arguments":"x"}}',
        b'{"method":"tools/call","id":1}',
        b'{"method":"tools/call","id":{},"params":{"name":"t"}}',
        b'{"method":"tools/call","id":true,"params":{"name":"t"}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_two_readers_could_read_differently_reaches_nobody(line):
    ends = Ends()
    ends.say(line)

    assert ends.server == []
    assert len(ends.answers) == 1
    assert "[guard] not relayed" in ends.answers[0]["error"]["message"]


def test_a_call_without_an_id_reaches_nobody():
    ends = Ends()
    ends.say({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "t"}})

    assert (ends.server, ends.client) == ([], [])
    assert len(ends.told) == 1


def test_a_judge_that_fails_has_not_permitted():
    def judge(*_call):
        raise OSError("disk full")

    ends = Ends(judge)
    ends.say(CALL)

    assert ends.server == []
    assert ends.answers[0]["result"]["isError"] is True
    assert "disk full" in ends.answers[0]["result"]["content"][0]["text"]


def test_a_call_that_is_taken_back_while_it_is_decided_is_not_made():
    taken_back = threading.Event()
    ends = Ends(lambda *_: "" if taken_back.wait(30) else "late")
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    ends.relay.from_client(json.dumps(CALL).encode())
    ends.relay.from_client(json.dumps(cancel).encode())
    taken_back.set()
    ends.relay.finish()

    assert (ends.server, ends.client) == ([], [])


def test_taking_back_what_the_server_has_is_the_servers_business():
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}}
    ends = Ends()
    ends.say(cancel)

    assert [json.loads(line) for line in ends.server] == [cancel]


def test_a_question_does_not_hold_the_others_up():
    go = threading.Event()
    ends = Ends(lambda tool, *_: "" if tool == "quick" or go.wait(30) else "late")
    ends.relay.from_client(json.dumps(CALL).encode())
    ends.say_later = json.dumps({**CALL, "id": 2, "params": {"name": "quick"}}).encode()
    ends.relay.from_client(ends.say_later)
    ends.relay.from_client(json.dumps({"jsonrpc": "2.0", "id": 3, "method": "ping"}).encode())
    while len(ends.server) < 2:
        pass
    before = {json.loads(line)["id"] for line in ends.server}
    go.set()
    ends.relay.finish()

    assert before == {2, 3}
    assert {json.loads(line)["id"] for line in ends.server} == {1, 2, 3}


def test_an_id_in_use_and_too_many_calls_are_refused():
    go = threading.Event()
    ends = Ends(lambda *_: "" if go.wait(30) else "late")
    for number in range(66):
        ends.relay.from_client(json.dumps({**CALL, "id": min(number, 64)}).encode())
    refused = len(ends.answers)
    go.set()
    ends.relay.finish()

    assert refused == 2
    assert len(ends.server) == 64


def test_lines_of_the_server_that_are_no_messages_are_left_out():
    ends = Ends()
    for line in (b"hello\n", b"7\n", b'{"jsonrpc":"2.0","id":1,"result":{}}\n', b"\n", b"[[[[" * 50_000):
        ends.relay.from_server(line)

    assert ends.client == [b'{"jsonrpc":"2.0","id":1,"result":{}}\n']
    assert len(ends.told) == 3
