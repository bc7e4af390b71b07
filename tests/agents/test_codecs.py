"""Every client but Claude Code: what it sends becomes the proposal, and what is decided is what the client does."""

import json
import os

import pytest

from guard.agents.codec import HookCall, PayloadError
from guard.agents.table import AGENTS, dialect_of
from guard.cli.hook import respond
from guard.enforce.contained import contained
from guard.engine.stages import Analysed, Decided
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Deny, Host, Reason, Sandbox
from guard.model.facts import Facts
from guard.model.proposal import BatchProposal, ShellProposal
from guard.model.verdict import Level, Verdict
from tests.agents import mutations
from tests.agents.mutations import instead
from tests.agents.payloads import DOCUMENTED, OTHERS, PROPOSED, obeyed, payloads, recorded, said

RECORDED = [(agent, name) for agent in OTHERS for name in recorded(agent)]
WRITTEN = [(agent, index) for agent in OTHERS for index in range(len(DOCUMENTED.get(agent, [])))]
MUTATIONS = int(os.environ.get("GUARD_TEST_MUTATIONS", "300"))
"""For each client; `just mutations` has 100,000 of each, and others."""


def read(agent: str, payload: object) -> HookCall:
    return dialect_of(agent).read(json.dumps(payload).encode())


@pytest.mark.parametrize(
    ("agent", "name"), [pair for pair in RECORDED if pair[1] in PROPOSED.get(pair[0], {})]
)
def test_what_a_client_sent_becomes_the_proposal(agent, name):
    call = read(agent, recorded(agent)[name])

    assert said(call.proposal) == PROPOSED[agent][name]
    assert call.proposal.principal.agent == agent


@pytest.mark.parametrize(("agent", "index"), WRITTEN)
def test_what_is_documented_becomes_the_proposal(agent, index):
    payload, proposal = DOCUMENTED[agent][index]

    assert said(read(agent, payload).proposal) == proposal


@pytest.mark.parametrize(
    ("agent", "name"), [pair for pair in RECORDED if pair[1] not in PROPOSED.get(pair[0], {})]
)
def test_no_other_event_is_taken_for_a_call(agent, name):
    with pytest.raises(PayloadError):
        read(agent, recorded(agent)[name])


@pytest.mark.parametrize("agent", OTHERS)
def test_there_is_something_of_every_client_and_nothing_stale(agent):
    assert payloads(agent)
    assert set(PROPOSED.get(agent, {})) <= set(recorded(agent))


def decided(call: HookCall, kind: type, placement: object) -> Decided:
    verdict = {Allow: Verdict.ALLOW, Ask: Verdict.ASK, Deny: Verdict.DENY}[kind]
    reason = Reason(verdict=verdict, rule="r", layer="profile", why='because of "it"\nand more')
    facts = Facts(workspace="/w", home="/h", cwd="/w", level=Level.CONTAINED)
    analysed = Analysed(proposal=call.proposal, effects=(), lookups=frozenset())
    return Decided(
        analysed=analysed,
        facts=facts,
        effects=(),
        decision=kind(reasons=(reason,), placement=placement),
        policy_digest="",
    )


@pytest.mark.parametrize("agent", OTHERS)
def test_every_decision_is_what_the_client_does(agent):
    dialect = dialect_of(agent)
    for payload in payloads(agent):
        call = read(agent, payload)

        def does(kind, placement, rewritten="", *, call=call, payload=payload):
            reply = dialect.answer(call, decided(call, kind, placement), rewritten)
            return obeyed(agent, payload, reply.stdout, reply.status, reply.stderr)

        assert does(Deny, Host()) == "deny"
        assert does(Ask, Host()) == ("ask" if dialect.ask is not None and call.asks else "deny")
        assert does(Allow, Host()) == "run"
        # What may only run in a sandbox runs in none of its own accord.
        assert does(Allow, Sandbox()) == "deny"
        contained = does(Allow, Sandbox(), "guard exec -- x")
        assert contained == ("rewrite" if call.rewrites else "deny")
        refused = dialect.refuse("it went wrong")
        assert obeyed(agent, payload, refused.stdout, refused.status, refused.stderr) == "deny"


@pytest.mark.parametrize("agent", AGENTS)
def test_only_commands_are_rewritten(agent):
    for payload in payloads(agent):
        call = read(agent, payload)
        parts = call.proposal.parts if isinstance(call.proposal, BatchProposal) else (call.proposal,)

        assert not call.rewrites or all(isinstance(part, ShellProposal) for part in parts)


@pytest.fixture
def machine(tmp_path):
    with mutations.machine(tmp_path) as here:
        yield here.work, here.decided


@pytest.mark.parametrize("agent", [agent for agent in AGENTS if agent != "generic"])
def test_a_client_of_which_nobody_said_that_it_rewrites_is_never_told_to(agent, machine):
    for payload in payloads(agent):
        call = read(agent, payload)
        if (
            not call.rewrites
            or not dialect_of(agent).rewrites_since
            or isinstance(call.proposal, BatchProposal)
        ):
            continue
        text = json.dumps(payload).replace(json.dumps(call.proposal.command)[1:-1], "python3 build.py")
        text = text.replace("/home/ana/app", str(machine[0]))

        plain = respond(text.encode(), agent)
        told = respond(text.encode(), agent, rewrites=True)

        assert obeyed(agent, payload, plain.stdout, plain.status, plain.stderr) == "deny"
        assert obeyed(agent, payload, told.stdout, told.status, told.stderr) == "rewrite"


ADVISED = [agent for agent in OTHERS if dialect_of(agent).advises]


def _with_command(agent: str, command: str, work: str) -> tuple[dict, bytes]:
    """A payload of the client that runs ``command`` in ``work``."""
    for payload in payloads(agent):
        proposal = read(agent, payload).proposal
        if isinstance(proposal, ShellProposal) and proposal.cwd == "/home/ana/app":
            changed = instead(instead(payload, proposal.command, command), "/home/ana/app", work)
            return payload, json.dumps(changed).encode()
    raise AssertionError(agent)


def _answered(agent: str, command: str, work: str) -> tuple[str, str]:
    payload, text = _with_command(agent, command, work)
    reply = respond(text, agent)
    says = reply.stderr.decode() if reply.status else ""
    found = says or reply.stdout.decode()
    return obeyed(agent, payload, reply.stdout, reply.status, reply.stderr), found


@pytest.mark.parametrize("agent", ADVISED)
def test_what_must_be_contained_is_denied_with_the_words_that_contain_it(agent, machine):
    work = str(machine[0])

    does, told = _answered(agent, "python3 build.py 'a b'", work)
    assert does == "deny"
    assert "say exactly this instead" in told

    proposal = read(agent, json.loads(_with_command(agent, "python3 build.py 'a b'", work)[1])).proposal
    words = contained(replace(proposal, call=""), work, "")
    assert words in told or json.dumps(words)[1:-1] in told
    assert _answered(agent, words, work)[0] == "run"
    for other in (
        f"{words} ",
        words.replace(" exec ", "  exec ", 1),
        f"{words}; ls",
        f"X=1 {words}",
        f"{words}\nrm -rf ~",
    ):
        assert _answered(agent, other, work)[0] in {"deny", "ask"}, other


@pytest.mark.parametrize("agent", ADVISED)
def test_no_words_make_what_is_denied_run(agent, machine):
    work = str(machine[0])
    proposal = read(agent, json.loads(_with_command(agent, "rm -rf ~", work)[1])).proposal

    assert _answered(agent, contained(replace(proposal, call=""), work, ""), work)[0] in {"deny", "ask"}


def _in_a_directory_that_cannot_be(payload: object) -> object:
    return instead(payload, "/home/ana/app", "/home/ana\0/app")


@pytest.mark.parametrize(
    "agent", [agent for agent in AGENTS if "/home/ana/app" in json.dumps(payloads(agent))]
)
def test_a_directory_with_a_nul_byte_is_none_in_words(agent, machine):
    for payload in payloads(agent):
        changed = _in_a_directory_that_cannot_be(payload)
        if changed == payload:
            continue

        reply = respond(json.dumps(changed).encode(), agent)

        assert obeyed(agent, payload, reply.stdout, reply.status, reply.stderr) == "deny"
        assert b"Error" not in reply.stdout + reply.stderr


@pytest.mark.timeout(0 if MUTATIONS > 1000 else 120)
@pytest.mark.parametrize("agent", AGENTS)
def test_whatever_arrives_runs_only_what_was_plainly_allowed(agent, tmp_path):
    with mutations.machine(tmp_path) as here:
        went, wrong = mutations.try_all(agent, MUTATIONS, 0, here)

    assert wrong == []
    # They are not all refused at the door, or nothing was tried.
    assert went["run"] > MUTATIONS // 100
    assert went["deny"] > MUTATIONS // 10
