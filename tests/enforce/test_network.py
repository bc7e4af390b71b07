"""What a contained command asked of the network: recorded, and told where it failed for the lack of it."""

import json
import socket
import threading
from pathlib import Path

import pytest

from guard.cli.exec import network_missing
from guard.enforce.connections import MAX_RECORDS
from sandbox.fake import Script
from sandbox.result import Connection, Connections, Exited

from .machine import Machine
from .test_carry import Scene
from .test_exec import personal

FAILED = Exited(status=1)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


def refused(host: str, port: int = 443, why: str = "not-granted") -> Connection:
    return Connection(host=host, port=port, via="connect", allowed=False, why=why, detail="d")


def allowed(host: str, **fields: int | str) -> Connection:
    return Connection(host=host, port=443, via="connect", allowed=True, **fields)


def test_each_decision_of_the_proxy_is_a_record(scene: Scene) -> None:
    entries = (
        refused("index.example.org"),
        allowed("files.example.org", address="93.1.1.10", sent=3, received=4),
    )

    scene.play(Script(connections=Connections(entries=entries)))

    records = [record for record in scene.guard.log.records() if record["type"] == "connection"]
    assert [(one["host"], one["allowed"], one["why"], one["sent"], one["received"]) for one in records] == [
        ("index.example.org", False, "not-granted", 0, 0),
        ("files.example.org", True, "", 3, 4),
    ]
    assert records[0]["decision"] == next(scene.guard.log.records())["seq"]
    assert scene.types()[-1] == "outcome"


def test_their_number_is_bounded_and_the_refused_ones_come_first(scene: Scene) -> None:
    entries = (*(allowed(f"h{n}.example.org") for n in range(300)), refused("late.example.org"))

    scene.play(Script(connections=Connections(entries=entries, more=7)))

    records = list(scene.guard.log.records())
    kept = [record["host"] for record in records if record["type"] == "connection"]
    assert len(kept) == MAX_RECORDS
    assert kept[0] == "h0.example.org"
    assert kept[-1] == "late.example.org"
    assert [record["more"] for record in records if record["type"] == "connections.more"] == [108]


def test_secrets_in_what_was_asked_for_are_not_written_down(scene: Scene) -> None:
    token = "ghp_" + "a1B2" * 9
    entries = (refused(f"{token}.example.net"),)

    scene.play(Script(connections=Connections(entries=entries)))

    written = json.dumps(list(scene.guard.log.records()))
    assert token not in written
    assert "[secret:" in written


def test_a_proxy_that_broke_is_an_error_in_the_log(scene: Scene) -> None:
    scene.play(Script(connections=Connections(problem="it ended with -9")))

    records = list(scene.guard.log.records())
    assert [record["problem"] for record in records if record["type"] == "guard.error"] == [
        "the network's proxy: it ended with -9"
    ]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (Script(end=FAILED, connections=Connections(entries=(refused("a.org"),))), "asked for a.org:443,"),
        (
            Script(
                end=FAILED,
                connections=Connections(entries=(refused("a.org"), refused("a.org"), refused("b.org", 80))),
            ),
            "asked for a.org:443, b.org:80,",
        ),
        (
            Script(end=FAILED, connections=Connections(entries=(refused("in.org", why="address"),))),
            "asked for in.org:443,",
        ),
        (
            Script(end=FAILED, connections=Connections(entries=(refused("fd00::1"),))),
            "asked for [fd00::1]:443,",
        ),
        (
            Script(
                end=FAILED,
                connections=Connections(entries=tuple(refused(f"h{n}.org") for n in range(9))),
            ),
            "and 4 more",
        ),
        (Script(end=FAILED, connections=Connections(entries=(refused("e\x1b[31m"),))), "e\\x1b[31m"),
        (Script(connections=Connections(entries=(refused("a.org"),))), ""),
        (Script(end=FAILED, connections=Connections(entries=(allowed("a.org"),))), ""),
        (Script(end=FAILED, connections=Connections(entries=(refused("a.org", why="no-token"),))), ""),
        (Script(end=FAILED), ""),
        (Script(fails="overlay", connections=Connections(entries=(refused("a.org"),))), ""),
    ],
)
def test_a_failed_command_is_told_what_it_lacked(scene: Scene, script: Script, says: str) -> None:
    missing = network_missing(scene.play(script))

    assert says in missing
    assert bool(missing) is bool(says)
    assert "\n" not in missing


def test_without_a_proxy_what_was_foreseen_is_told(scene: Scene) -> None:
    command = "curl -sS https://get.example.org/x | sh"

    assert "needs get.example.org" in network_missing(scene.play(Script(end=FAILED), command=command))


@pytest.mark.sandbox
def test_a_contained_command_is_refused_told_and_recorded(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    code = 'import urllib.request; urllib.request.urlopen("https://index.example.org/simple/")'

    done = machine.exec(f"python3 -c '{code}'")

    lines = [line for line in done.stderr.decode().splitlines() if "no network" in line]
    assert len(lines) == 1
    assert "asked for index.example.org:443" in lines[0]
    assert "hosts: [index.example.org]" in lines[0]
    records = machine.records("connection")
    assert [(one["host"], one["port"], one["allowed"], one["why"]) for one in records] == [
        ("index.example.org", 443, False, "not-granted")
    ]


@pytest.mark.sandbox
def test_the_report_has_what_was_asked_for(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    code = (
        "import http.client, os, urllib.parse\n"
        'at = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])\n'
        "one = http.client.HTTPConnection(at.hostname, at.port)\n"
        'one.request("GET", "http://index.example.org/")\n'
        "one.getresponse().read()"
    )

    report = machine.report(f"python3 -c '{code}'")

    assert [(one["host"], one["why"]) for one in report["connections"]] == [("index.example.org", "no-token")]
    assert report["connections_more"] == 0


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("curl -sS https://get.example.org/x | sh", ["get.example.org:443"]),
        ("curl -sS https://get.example.org:8443/x | sh", ["get.example.org:8443"]),
        (
            "curl -s http://a.example.org/x https://b.example.org/y | bash",
            ["a.example.org:80", "b.example.org:443"],
        ),
        ('curl -s "$(cat where)" | sh', []),
        ("python3 unknown.py", []),
        ("ls", []),
    ],
)
def test_check_names_the_hosts_that_a_contained_command_needs(
    tmp_path: Path, command: str, needs: list[str]
) -> None:
    machine = Machine(tmp_path)

    told = json.loads(machine.run("check", "--level", "contained", "--json", "--", command).stdout)
    text = machine.run("check", "--level", "contained", "--", command).stdout.decode()

    assert told["needs"] == needs
    assert ("needs   " + ", ".join(needs) in text) if needs else "needs   " not in text


@pytest.mark.sandbox
def test_a_profile_grants_a_port_of_the_machine_and_no_other(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as granted, socket.create_server(("127.0.0.1", 0)) as other:
        port, closed = granted.getsockname()[1], other.getsockname()[1]
        personal(
            machine,
            f"db: {{why: x, network: {{ports: [{port}]}}}}",
            "- {id: r, effect: [exec.opaque], verdict: allow, run: db, why: x}",
        )

        def answer() -> None:
            connection, _ = granted.accept()
            with connection:
                connection.sendall(b"hello from outside")

        served = threading.Thread(target=answer, daemon=True)
        served.start()
        code = (
            "import socket\n"
            f'print(socket.create_connection(("127.0.0.1", {port})).recv(99).decode())\n'
            f'print(socket.socket().connect_ex(("127.0.0.1", {closed})))'
        )
        done = machine.exec(f"python3 -c '{code}'")
        served.join(10)

    assert done.stdout.decode().split("\n") == ["hello from outside", "111", ""]
    records = machine.records("connection")
    assert [(one["port"], one["via"], one["allowed"], one["received"]) for one in records] == [
        (port, "loopback", True, 18)
    ]
