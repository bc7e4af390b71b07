"""What came back from a reviewer's server, read strictly: a form that is filled in, or one sentence why it is none. Pure."""

from guard.enforce.reviewer.prompt import RECOMMENDATIONS, RISKS, TOOL
from guard.model.dataclass import dataclass
from guard.model.jsons import loads
from guard.model.typed import Any, cast
from guard.model.verdict import Verdict

SURE = 80
"""How sure a model must be for its word to count; below it a person answers, as without it."""
MAX_BODY = 256 * 1024
MAX_SENTENCE = 300
_LONGEST = 2_000
"""Of a sentence: what is longer is none, whatever it says."""
_KEYS = frozenset(("does", "risk", "recommendation", "confidence"))
_STOPPED = {
    "max_tokens": "its answer was cut short",
    "refusal": "it refused to answer",
    "end_turn": "it did not fill in the form",
    "stop_sequence": "it did not fill in the form",
}
_MOST_TOKENS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``problem`` is empty where there is an answer; what is known of the response is there either way."""

    problem: str = ""
    does: str = ""
    risk: str = ""
    recommendation: Verdict = Verdict.ASK
    confidence: int = 0
    id: str = ""
    model: str = ""
    stop: str = ""
    input_tokens: int = -1
    """-1: it does not say."""
    output_tokens: int = -1

    def counts_as(self, *, told_all: bool) -> Verdict:
        """``told_all``: whether it knew the whole command and every effect. INVARIANT: never looser than recommended."""
        if self.problem or self.confidence < SURE:
            return Verdict.ASK
        if self.recommendation is Verdict.ALLOW and (self.risk != "low" or not told_all):
            return Verdict.ASK
        return self.recommendation


def read(body: str) -> Answer:
    """Never raises."""
    if len(body) > MAX_BODY:
        return Answer(problem="its answer is too long")
    try:
        message = loads(body, object_pairs_hook=_once, parse_constant=_none, parse_float=_whole)
    except (ValueError, RecursionError):
        return Answer(problem="its answer is not JSON")
    if not _is_object(message) or message.get("type") != "message":
        return Answer(problem="its answer is no message")
    usage = message.get("usage")
    known = Answer(
        id=_word(message.get("id")),
        model=_word(message.get("model")),
        stop=_word(message.get("stop_reason")),
        input_tokens=_tokens(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
        output_tokens=_tokens(usage, "output_tokens"),
    )
    if message.get("stop_reason") != "tool_use":
        return _but(known, _STOPPED.get(known.stop, f"it ended with `{known.stop}`"))
    content: Any = message.get("content")
    blocks = cast("list[dict[str, Any]]", content) if isinstance(content, list) else []
    if not all(_is_object(block) for block in blocks):
        return _but(known, "its answer has the wrong form")
    forms = [block for block in blocks if block.get("type") == "tool_use"]
    if len(forms) != 1 or forms[0].get("name") != TOOL:
        return _but(known, "it did not fill in the form once")
    return _filled(known, forms[0].get("input"))


def _filled(known: Answer, form: Any) -> Answer:
    if not _is_object(form) or form.keys() != _KEYS:
        return _but(known, "the form it filled in is another one")
    does, risk, recommendation, confidence = (
        form[name] for name in ("does", "risk", "recommendation", "confidence")
    )
    if risk not in RISKS or recommendation not in RECOMMENDATIONS:
        return _but(known, "it chose what there is not to choose")
    if type(confidence) is not int or not 0 <= confidence <= 100:
        return _but(known, "its confidence is no number from 0 to 100")
    if not isinstance(does, str) or len(does) > _LONGEST or not (sentence := one_line(does)):
        return _but(known, "what it says is no sentence")
    return Answer(
        does=sentence,
        risk=risk,
        recommendation=Verdict(recommendation),
        confidence=confidence,
        id=known.id,
        model=known.model,
        stop=known.stop,
        input_tokens=known.input_tokens,
        output_tokens=known.output_tokens,
    )


def one_line(text: str, longest: int = MAX_SENTENCE) -> str:
    """What a terminal shows as it is: no line ends, control characters, or characters that turn or hide the text around them."""
    shown = "".join(char if char.isprintable() else " " for char in text.strip()[: 4 * longest])
    shown = " ".join(shown.replace("“", "'").replace("”", "'").split())
    return shown if len(shown) <= longest else shown[: longest - 3].rstrip() + "..."


def _but(known: Answer, problem: str) -> Answer:
    return Answer(
        problem=problem,
        id=known.id,
        model=known.model,
        stop=known.stop,
        input_tokens=known.input_tokens,
        output_tokens=known.output_tokens,
    )


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _word(value: Any) -> str:
    return one_line(value, 100) if isinstance(value, str) else ""


def _tokens(usage: Any, first: str, *more: str) -> int:
    if not _is_object(usage):
        return -1
    total = 0
    for name in (first, *more):
        count = usage.get(name)
        if count is None and name != first:
            continue
        if type(count) is not int or not 0 <= count <= _MOST_TOKENS:
            return -1
        total += count
    return total


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key stands in one object twice")
    return out


def _none(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _whole(number: str) -> None:
    """No number of the form is a fraction, so none is anything here; elsewhere nobody asks."""
    del number
