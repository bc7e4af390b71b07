"""The scripted model speaks as the real SDKs expect; where there is no SDK here, as the recorded forms are."""

import json
import urllib.request

import openai
import pytest

from guard.probe.model import ASIDE, LAST_WORDS, Call, serving

TOOL = {"name": "run", "description": "Run.", "parameters": {"type": "object", "properties": {}}}
SCRIPT = [
    Call("run", {"command": "a"}),
    [Call("run", {"command": "b"}), Call("run", lambda last: {"command": last})],
]


@pytest.fixture
def model():
    with serving(SCRIPT, beside={"sub": [Call("run", {"command": "inner"})]}) as model:
        yield model


def client(model) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{model.url}/v1", api_key="none", max_retries=0)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "piece by piece"])
def test_chat_completions(model, stream):
    said = [{"role": "user", "content": "go on"}]
    asked = []
    for _ in range(3):
        with client(model) as api:
            given = {"model": "scripted", "messages": said, "tools": [{"type": "function", "function": TOOL}]}
            if stream:
                with api.chat.completions.stream(**given) as events:
                    message = events.get_final_completion().choices[0].message
            else:
                message = api.chat.completions.create(**given).choices[0].message
        calls = message.tool_calls or []
        asked.append([json.loads(call.function.arguments)["command"] for call in calls])
        said.append(
            {
                "role": "assistant",
                "content": message.content,
                "tool_calls": [call.to_dict() for call in calls],
            }
        )
        said += [{"role": "tool", "tool_call_id": call.id, "content": f"did {call.id}"} for call in calls]

    assert asked[0] == ["a"]
    assert asked[1][0] == "b"
    assert asked[1][1].startswith("did call_")
    assert (asked[2], message.content) == ([], LAST_WORDS)
    assert [text[:4] for text, _ in model.results] == ["did ", "did ", "did "]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "piece by piece"])
def test_responses(model, stream):
    said = [{"role": "user", "content": "go on"}]
    asked = []
    for _ in range(3):
        with client(model) as api:
            given = {
                "model": "scripted",
                "input": said,
                "tools": [{"type": "function", "strict": False, **TOOL}],
            }
            if stream:
                with api.responses.stream(**given) as events:
                    answer = events.get_final_response()
            else:
                answer = api.responses.create(**given)
        calls = [item for item in answer.output if item.type == "function_call"]
        asked.append([json.loads(call.arguments)["command"] for call in calls])
        said += [
            {k: v for k, v in item.to_dict().items() if k != "parsed_arguments"} for item in answer.output
        ]
        said += [
            {"type": "function_call_output", "call_id": call.call_id, "output": "done"} for call in calls
        ]

    assert asked == [["a"], ["b", "done"], []]
    assert answer.output_text == LAST_WORDS
    assert model.results == [("done", False)] * 3


def post(model, path: str, body: object) -> str:
    request = urllib.request.Request(
        model.url + path, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent"])
def test_generate_content(model, method):
    said = [{"role": "user", "parts": [{"text": "go on"}]}]
    asked = []
    for _ in range(3):
        told = post(model, f"/v1beta/models/m:{method}?alt=sse", {"contents": said, "tools": [{"functionDeclarations": [TOOL]}]})  # fmt: skip
        content = json.loads(told.removeprefix("data: "))["candidates"][0]["content"]
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        asked.append([call["args"]["command"] for call in calls])
        said.append(content)
        said.append({"role": "user", "parts": [{"functionResponse": {"name": call["name"], "response": {"error": "no"}}} for call in calls]})  # fmt: skip

    assert asked == [["a"], ["b", "no"], []]
    assert content["parts"] == [{"text": LAST_WORDS}]
    assert model.results == [("no", True)] * 3


def test_side_questions_move_nothing(model):
    post(model, "/v1beta/models/m:generateContent", {"contents": [], "generationConfig": {"responseMimeType": "application/json"}, "tools": [1]})  # fmt: skip
    with client(model) as api:
        said = [{"role": "user", "content": "a title?"}]
        aside = api.chat.completions.create(model="scripted", messages=said).choices[0].message.content

    assert aside == ASIDE
    assert model.requests == []


def test_a_conversation_beside_has_its_own_script(model):
    tools = [{"type": "function", "function": TOOL}]
    with client(model) as api:
        for text in ("go on", "you are the sub"):
            said = [{"role": "user", "content": text}]
            call = (
                api.chat.completions.create(model="scripted", messages=said, tools=tools).choices[0].message
            )
            more = [call.to_dict(), {"role": "tool", "tool_call_id": call.tool_calls[0].id, "content": text}]
            api.chat.completions.create(model="scripted", messages=[*said, *more], tools=tools)

    assert model.told("sub") == [("you are the sub", False)]
    assert model.results == [("go on", False)]


def test_what_it_cannot_read_is_an_error(model):
    with pytest.raises(urllib.request.HTTPError, match="404"):
        post(model, "/v1/unknown", {})
