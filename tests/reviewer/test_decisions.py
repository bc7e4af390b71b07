"""What comes of a second reading: whatever a server answers, nothing is looser than the rules let a reviewer make it."""

import json
from pathlib import Path

import jsonschema
import pytest

from guard.enforce.approvals import file_ask, grant
from guard.enforce.approve import Nobody, permitted
from guard.engine.advised import is_advised
from guard.model.decision import Allow, Ask, Deny, Sandbox, verdict_of
from guard.model.principal import Principal
from guard.model.proposal import WriteProposal
from guard.model.verdict import Level, Verdict
from tests.reviewer.conftest import BOTH, KEY, MAY, NEVER, ONE, PERSON, Open, proposal, records
from tests.reviewer.server import Reply, Server, form, message, says

pytestmark = pytest.mark.usefixtures("in_process")
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/audit-record.schema.json").read_text())


def said(guard, command: str) -> str:
    return verdict_of(guard.read_again(guard.decide(proposal(guard, command))).decision).value


@pytest.mark.parametrize(
    ("command", "recommends", "becomes"),
    [
        (MAY, "allow", "allow"),
        (MAY, "ask", "ask"),
        (MAY, "deny", "deny"),
        (PERSON, "allow", "ask"),
        (PERSON, "ask", "ask"),
        (PERSON, "deny", "deny"),
        (BOTH, "allow", "ask"),
        (BOTH, "deny", "deny"),
        (f"{MAY}; cat ~/.ssh/id_rsa", "allow", "deny"),
        (NEVER, "allow", "deny"),
        ("ls", "deny", "allow"),
    ],
)
def test_it_tightens_everywhere_and_loosens_only_where_every_rule_lets_it(
    opened: Open, server: Server, command: str, recommends: str, becomes: str
) -> None:
    server.reply = says(recommends)

    assert said(opened(), command) == becomes


def test_only_questions_are_sent(opened: Open, server: Server) -> None:
    guard = opened()
    for command in ("ls", NEVER):
        said(guard, command)

    assert server.requests == []


@pytest.mark.parametrize(
    "more", [{"risk": "medium"}, {"risk": "high"}, {"confidence": 79}, {"confidence": 0}]
)
def test_an_allow_that_is_not_sure_or_not_harmless_is_a_question(
    opened: Open, server: Server, more: dict
) -> None:
    server.reply = says("allow", **more)

    assert said(opened(), MAY) == "ask"


def test_an_allow_runs_where_the_rule_says_and_never_where_there_are_no_walls(opened: Open) -> None:
    contained, advice = opened(), opened(level=Level.ADVICE)
    command = "make > notes/a"
    first = contained.read_again(contained.decide(proposal(contained, command)))
    second = advice.read_again(advice.decide(proposal(advice, command)))

    assert is_advised(first.decision)
    assert isinstance(first.decision.placement, Sandbox)
    assert isinstance(second.decision, Ask)
    assert second.decision.reasons[0].rule == "may"


def whole(said: object) -> Reply:
    return Reply(json.dumps(said).encode())


USED = message()["content"][0]
BAD = {
    "nothing": Reply(b""),
    "no JSON": Reply(b"not json"),
    "no object": Reply(b"[1]"),
    "a key twice": Reply(b'{"type": "message", "type": "message"}'),
    "deep": Reply(b"[" * 100_000),
    "half of it": Reply(json.dumps(message()).encode(), half=True),
    "429": Reply(json.dumps(message()).encode(), 429),
    "500": Reply(json.dumps(message()).encode(), 500),
    "529": Reply(json.dumps(message()).encode(), 529),
    "401": Reply(b'{"type": "error", "error": {"type": "authentication_error", "message": "no"}}', 401),
    "elsewhere, by 302": Reply(b"", 302, headers={"location": "http://127.0.0.1:9/"}),
    "elsewhere, by 307": Reply(b"", 307, headers={"location": "/elsewhere"}),
    "cut short": whole(message(stop_reason="max_tokens")),
    "refused": whole(message(stop_reason="refusal", content=[])),
    "ended otherwise": whole(message(stop_reason="end_turn")),
    "ended in no way": whole(message(stop_reason="absent")),
    "ended with null": whole(message(stop_reason=None)),
    "no blocks": whole(message(content=[])),
    "text for blocks": whole(message(content="allow")),
    "text for a form": whole(message(content=[{"type": "text", "text": '{"recommendation": "allow"}'}])),
    "two forms": whole(message(content=[USED, USED])),
    "another form": whole(message(content=[{**USED, "name": "other"}])),
    "an unknown word": whole(message(form(recommendation="permit"))),
    "a word in capitals": whole(message(form(recommendation="ALLOW"))),
    "a list for a word": whole(message(form(recommendation=["allow"]))),
    "an unknown risk": whole(message(form(risk="none"))),
    "text for a number": whole(message(form(confidence="95"))),
    "a fraction": whole(message(form(confidence=95.0))),
    "a truth value for a number": whole(message(form(confidence=True))),
    "too large a number": whole(message(form(confidence=101))),
    "no sentence": whole(message(form(does=""))),
    "a sentence of signs": whole(message(form(does="\x1b\x07 \n"))),
    "null for a sentence": whole(message(form(does=None))),
    "an endless sentence": whole(message(form(does="a" * 5000))),
    "one key more": whole(message(form(more="key"))),
    "one key only": whole(message({"recommendation": "allow"})),
    "text instead of the form": whole(message("allow")),
    "an error": whole(message(type="error")),
    "long": whole(message(padding="a" * 300_000)),
    "very long": whole(message(padding="a" * 2_000_000)),
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_what_is_no_answer_leaves_the_question_and_is_on_the_record(
    opened: Open, server: Server, reply: Reply
) -> None:
    guard = opened()
    server.reply = reply
    decided = guard.read_again(guard.decide(proposal(guard, MAY)))

    assert isinstance(decided.decision, Ask)
    (answered,) = records(guard, "review.answered")
    assert answered["problem"]
    assert answered["counts_as"] == "ask"
    assert "answer" not in answered
    assert decided.facts.advice is not None
    assert decided.facts.advice.problem == answered["problem"]
    assert len(server.requests) == 1, "nobody is asked twice, and nobody else"


# ---------------------------------------------------------------------- who is asked, and with what


def test_nobody_is_asked_without_a_key(opened: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = opened()
    monkeypatch.delenv("ANTHROPIC_API_KEY")

    assert said(guard, MAY) == "ask"
    assert server.requests == []
    assert (
        records(guard, "review.answered")[0]["problem"] == "ANTHROPIC_API_KEY is not set where the guard runs"
    )
    assert records(guard, "review.asked")[0]["prompt"] == ""


def test_a_variable_does_not_point_it_elsewhere(
    opened: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = opened()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")

    assert said(guard, MAY) == "ask"
    assert server.requests == []
    assert "names another address" in records(guard, "review.answered")[0]["problem"]
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url + "/")
    assert said(guard, MAY) == "allow"


def test_no_variable_of_the_session_gets_between(
    opened: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert said(opened(), MAY) == "allow"


def test_a_server_that_is_not_there(opened: Open) -> None:
    guard = opened(url="http://127.0.0.1:9")

    assert said(guard, MAY) == "ask"
    assert "cannot be reached" in records(guard, "review.answered")[0]["problem"]


def test_the_key_goes_in_its_header_and_nowhere_else(opened: Open, server: Server) -> None:
    guard = opened()
    said(guard, MAY)

    assert server.keys == [KEY]
    assert server.paths == ["/v1/messages"]
    assert KEY not in json.dumps(server.requests)
    assert KEY not in json.dumps(list(guard.log.records()))


def test_the_answer_must_be_the_form(opened: Open, server: Server) -> None:
    said(opened(), MAY)
    (request,) = server.requests

    assert request["model"] == "claude-test"
    assert request["tool_choice"] == {
        "type": "tool",
        "name": "second_reading",
        "disable_parallel_tool_use": True,
    }
    (tool,) = request["tools"]
    assert tool["input_schema"]["additionalProperties"] is False
    assert sorted(tool["input_schema"]["required"]) == ["confidence", "does", "recommendation", "risk"]


# ---------------------------------------------------------------------- again, and how often


def test_the_same_action_is_asked_once_and_another_one_anew(opened: Open, server: Server) -> None:
    guard = opened()
    first, again = (guard.read_again(guard.decide(proposal(guard, MAY))) for _ in range(2))
    said(guard, MAY + "b")

    assert first.decision == again.decision
    assert len(server.requests) == 2
    assert len(records(guard, "review.asked")) == 2


def test_an_answer_is_for_the_policy_and_the_reviewer_that_it_was_given_under(
    opened: Open, server: Server
) -> None:
    said(opened(), MAY)
    server.reply = says("deny")

    assert said(opened("  send: [command, effects]\n"), MAY) == "deny"


def test_an_answer_that_somebody_else_has_written_does_not_count(opened: Open, server: Server) -> None:
    guard = opened()
    said(guard, MAY)
    (kept,) = Path(guard.places.reviews, "answers").iterdir()
    kept.chmod(0o666)
    server.reply = says("deny")

    assert said(guard, MAY) == "deny"


@pytest.mark.parametrize("at", [0, 10**12])
def test_an_answer_holds_for_ten_minutes(opened: Open, server: Server, at: int) -> None:
    guard = opened()
    said(guard, MAY)
    (kept,) = Path(guard.places.reviews, "answers").iterdir()
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "at": at}))
    server.reply = says("deny")

    assert said(guard, MAY) == "deny"


def test_no_more_calls_than_the_policy_says_and_each_session_has_its_own(
    opened: Open, server: Server
) -> None:
    guard = opened("  max_calls: 2\n")
    verdicts = [said(guard, f"{MAY}{number}") for number in range(3)]
    other = proposal(guard, MAY + "z", Principal(agent="claude-code", session="two"))

    assert verdicts == ["allow", "allow", "ask"]
    assert len(server.requests) == 2
    assert "`max_calls` is 2" in records(guard, "review.answered")[-1]["problem"]
    assert isinstance(guard.read_again(guard.decide(other)).decision, Allow)


def test_what_it_costs_is_written_down_and_limited(opened: Open, server: Server) -> None:
    # 1,000 tokens in and 50 out: 0.0015 and 0.0005 dollars.
    guard = opened('  max_usd: "0.02"\n  price: {input: "1.5", output: "10"}\n')
    assert said(guard, MAY) == "allow"
    (answered,), (asked,) = records(guard, "review.answered"), records(guard, "review.asked")
    assert (answered["cost"], answered["response"]["input_tokens"]) == (2000, 1000)
    assert asked["most"] > answered["cost"]

    costs = [said(guard, f"{MAY}{number}") for number in range(12)]
    assert set(costs) == {"allow", "ask"}
    assert sum(record["cost"] for record in records(guard, "review.answered")) <= 20_000
    assert "`max_usd`" in records(guard, "review.answered")[-1]["problem"]


def test_a_call_of_which_nobody_knows_what_it_cost_has_cost_the_most(opened: Open, server: Server) -> None:
    guard = opened('  max_usd: "5"\n  price: {input: "1", output: "5"}\n')
    server.reply = Reply(json.dumps(message(usage="absent")).encode())
    said(guard, MAY)
    server.reply = Reply(b"{}", 500)
    said(guard, MAY + "b")
    first, second = records(guard, "review.answered")

    assert first["cost"] == records(guard, "review.asked")[0]["most"]
    assert second["cost"] == 0


def test_a_torn_line_of_the_count_has_spent_everything(opened: Open, server: Server) -> None:
    guard = opened('  max_usd: "5"\n  price: {input: "1", output: "5"}\n')
    said(guard, MAY)
    (count,) = Path(guard.places.reviews, "calls").iterdir()
    with count.open("ab") as file:
        file.write(b'{"mo')

    assert said(guard, MAY + "b") == "ask"


# ---------------------------------------------------------------------- records, persons


def test_what_was_asked_and_answered_is_on_the_record_and_is_as_the_schema_says(
    opened: Open, server: Server
) -> None:
    guard = opened()
    decided, number, permit = permitted(guard, proposal(guard, MAY), Nobody())
    server.reply = Reply(b"no")
    permitted(guard, proposal(guard, PERSON), Nobody())
    asked, answered = records(guard, "review.asked"), records(guard, "review.answered")

    assert permit is not None
    assert asked[0]["prompt"] == server.requests[0]["messages"][0]["content"]
    assert answered[0]["answer"]["does"] == "Lists the files here."
    assert answered[0]["response"] == {
        "id": "msg_1",
        "model": "claude-test-1",
        "stop": "tool_use",
        "input_tokens": 1000,
        "output_tokens": 50,
        "request": "req_1",
    }
    assert [record["asked"] for record in answered] == [record["seq"] for record in asked]
    decisions = records(guard, "decision")
    assert [record["review"] for record in decisions] == [record["seq"] for record in answered]
    assert decisions[0]["seq"] == number
    assert decisions[0]["decision"]["reason"]["layer"] == "reviewer"
    assert asked[0]["seq"] < answered[0]["seq"] < number
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for record in guard.log.records():
        validator.validate(record)
    assert decided.facts.advice is not None


def test_a_person_who_said_yes_is_not_contradicted(opened: Open, server: Server) -> None:
    guard = opened()
    server.reply = says("ask")
    decided = guard.read_again(guard.decide(proposal(guard, PERSON)))
    ask = file_ask(decided, guard.record(decided).seq, guard.places)
    assert ask is not None
    assert "Lists the files here." in ask.shown["reviewer"]
    server.reply = says("deny")
    grant(ask, guard.places, guard.log, by="ana", surface="here", session=False)
    _, _, permit = permitted(guard, proposal(guard, PERSON), Nobody())

    assert permit is not None


def test_a_denial_of_a_models_does_not_lock_a_session(opened: Open, server: Server) -> None:
    server.reply = says("deny")
    guard = opened(more="lock_after: 1\n")
    for _ in range(3):
        decided, _, permit = permitted(guard, proposal(guard, PERSON), Nobody())
        assert permit is None
        assert isinstance(decided.decision, Deny)

    assert records(guard, "session.locked") == []


def test_what_a_model_says_is_one_harmless_line_marked_as_its_words(opened: Open, server: Server) -> None:
    from guard.agents.codec import explanation
    from guard.cli.render import decision_lines

    server.reply = says("ask", does="Fine.\x1b[2J\n\u202eallowed by ana” \x07It is safe")
    guard = opened()
    decided = guard.read_again(guard.decide(proposal(guard, PERSON)))
    for text in (explanation(decided), "\n".join(decision_lines(decided))):
        (line,) = [one for one in text.splitlines() if "in its own words" in one]
        assert line.isprintable()
        assert "“Fine. [2J allowed by ana' It is safe”" in line
        assert "it may be wrong" in line


def test_a_file_that_an_agent_writes_is_not_sent(opened: Open, server: Server) -> None:
    guard = opened()
    content = "the text of a file that is nobody's business"
    write = WriteProposal(
        principal=ONE, cwd=guard.facts.cwd, path=f"{guard.facts.cwd}/yours/a", content=content
    )
    guard.read_again(guard.decide(write))

    (request,) = server.raw
    assert b"nobody's business" not in request
    assert b"yours/a" in request
    assert str(guard.facts.workspace).encode() not in request


def test_a_verdict_of_a_recommendation_is_never_a_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(Verdict.ALLOW)
