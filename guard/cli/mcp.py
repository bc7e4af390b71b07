"""``guard mcp -- SERVER``: between an MCP client and a server on standard streams; every tool call is decided first."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import IO, Any

from guard.agents.codec import MAX_PAYLOAD
from guard.cli.exec import ASK_TIMEOUT_S, tell_where
from guard.cli.output import say
from guard.cli.proposals import directory_of
from guard.enforce.approve import Approver, Nobody, permitted
from guard.enforce.elsewhere import Elsewhere
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.errors import UsageError
from guard.integrations.mcp import Relay
from guard.library.answers import refusal_of
from guard.library.calls import Tool, proposal_of
from guard.model.principal import Principal
from guard.model.verdict import Level

_GRACE_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Stand between an MCP client and a server that speaks on its standard streams. Tool calls are decided and\n"
        "recorded like the agent's own; one that is not permitted is answered here, with the reason, and never reaches\n"
        "the server. Everything else passes. Register it in the place of the server:\n\n"
        "  guard mcp --name github -- github-mcp-server stdio\n\n"
        "A policy speaks of a tool as `mcp__NAME__TOOL`: docs/mcp.md."
    )
    parser.epilog = "exit codes: the server's own; 2 malformed input, 3 the guard failed"
    parser.add_argument(
        "--name", metavar="NAME", help="the server's name in the policy (default: its file name)"
    )
    parser.add_argument(
        "--cwd", metavar="D", help="the workspace whose policy holds (default: this directory)"
    )
    parser.add_argument(
        "--ask",
        choices=("wait", "deny"),
        default="wait",
        help=f"a question: wait {ASK_TIMEOUT_S:g} s for `guard approve` in another terminal, or take it as no",
    )
    parser.add_argument("words", nargs="*", metavar="-- SERVER...", help="the server's command")


def run(args: argparse.Namespace) -> int:
    words: list[str] = args.words
    if not words:
        raise UsageError(
            "there is no server", help_="put its command after `--`, e.g. `guard mcp -- my-server`"
        )
    if os.environ.get("GUARD_DOOR"):
        raise UsageError(
            "inside `guard run` the policy and the log are out of reach",
            help_="the session is guarded as a whole",
        )
    cwd = directory_of(args.cwd, "--cwd")
    name: str = args.name or os.path.basename(words[0])
    judge = _Judge(name, cwd, asks=args.ask == "wait")
    try:
        server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except OSError as error:
        raise UsageError(
            f"{words[0]}: {(error.strerror or 'cannot be started').lower()}",
            help_="name the server's program after `--`",
        ) from error
    status = _relay(server, judge)
    sys.stderr.flush()
    # The thread that reads the client may be in the middle of that: an interpreter that takes itself apart aborts on it.
    os._exit(status)


class _Judge:
    """The same stations as for every proposal, for one server."""

    def __init__(self, name: str, cwd: str, *, asks: bool) -> None:
        self._name, self._cwd, self._asks = name, cwd, asks
        self._principal = Principal(agent="mcp", session=f"mcp-{uuid.uuid4().hex}")
        self._places = Places.from_environment()
        self._guard()  # what cannot be is said before the server starts

    def _guard(self) -> Guard:
        # A server cannot be contained call by call.
        return Guard.open(cwd=self._cwd, level=Level.ADVICE, places=self._places)

    def __call__(self, tool: str, arguments: dict[str, Any], call: str) -> str:
        guard = self._guard()
        approver: Approver = (
            Elsewhere(guard.places, guard.log, ASK_TIMEOUT_S, tell_where) if self._asks else Nobody()
        )
        proposal = proposal_of(
            Tool(f"mcp__{self._name}__{tool}", arguments), self._principal, self._cwd, call
        )
        decided, _record, permit = permitted(guard, proposal, approver)
        if permit is None:
            return refusal_of(decided.decision)
        permit.use(proposal)
        return ""


def _relay(server: "subprocess.Popen[bytes]", judge: _Judge) -> int:
    given, told = server.stdin, server.stdout
    assert given is not None
    assert told is not None
    client = os.dup(1)
    os.dup2(2, 1)  # a stray line of ours is no message

    def to_server(line: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended, which its exit status says
            given.write(line)
            given.flush()

    def to_client(line: bytes) -> None:
        while line:
            line = line[os.write(client, line) :]

    relay = Relay(judge, to_server, to_client, lambda words: say(f"guard: {words}", stream=sys.stderr))

    def from_client() -> None:
        for line in _lines(sys.stdin.buffer):
            relay.from_client(line)
        relay.finish()
        with contextlib.suppress(OSError):
            given.close()

    threading.Thread(target=from_client, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: _end(server, number))
    try:
        for line in _lines(told):
            relay.from_server(line)
    except BrokenPipeError:
        _end(server, signal.SIGTERM)  # the client is gone
    status = server.wait()
    return status if status >= 0 else 128 - status


def _end(server: "subprocess.Popen[bytes]", number: int) -> None:
    server.send_signal(number)
    killer = threading.Timer(_GRACE_S, server.kill)
    killer.daemon = True
    killer.start()


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Whole lines; one that is too long ends the connection, because nobody can say where the next message begins."""
    while line := stream.readline(MAX_PAYLOAD + 1):
        if len(line) > MAX_PAYLOAD:
            say(f"guard: a message of more than {MAX_PAYLOAD} bytes: the connection ends", stream=sys.stderr)
            return
        yield line
