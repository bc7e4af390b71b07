"""What a reviewer is told of one question: what its record holds, secrets taken out, and never what a file holds. Pure."""

from guard.audit.canonical import Json, text_of
from guard.audit.record import MAX_TEXT, decision_record
from guard.audit.redact import Redactor
from guard.effects.place import place_of, roots
from guard.engine.stages import Decided
from guard.model.dataclass import dataclass
from guard.model.decision import Host
from guard.model.effect import DeletePath, WritePath
from guard.model.facts import Facts
from guard.model.proposal import Said, said_of
from guard.model.typed import Any, assert_never, cast
from guard.model.verdict import Verdict

MOST_EFFECTS = 40
_MOST_PARTS = 20
_TOLD_WHOLE = frozenset({"command", "url", "arguments"})
_NOT_TOLD = frozenset(("span", "real", "aliases"))
"""Of an effect and its paths: where it stands in the text, and how this machine's directories are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    data: dict[str, Json]
    whole: bool
    """Whether it is the whole command and every effect: what nobody has read in full, nobody can say is harmless."""


def told_of(decided: Decided, send: tuple[str, ...], redactor: Redactor) -> Told:
    """``send``: of ``command``, ``effects``, ``facts`` and ``rule``."""
    record = decision_record(decided, redactor)
    facts, proposal = decided.facts, decided.analysed.proposal
    said = said_of(proposal)
    data: dict[str, Json] = {}
    whole = "command" in send and "effects" in send
    if "command" in send:
        data["action"] = {
            **_action(said, redactor, facts),
            "cwd": redacted(place_of(proposal.cwd, roots(facts)), redactor),
        }
        whole = whole and _fits(said)
    if "effects" in send:
        effects = cast("list[Json]", record["effects"])
        data["effects"] = [_effect(effect, facts) for effect in effects[:MOST_EFFECTS]]
        data["effects_total"] = len(decided.effects)
        whole = whole and len(decided.effects) <= min(MOST_EFFECTS, len(effects))
    if "facts" in send:
        on_host = isinstance(decided.decision.placement, Host)
        data["facts"] = {
            "runs": "on the machine itself"
            if on_host
            else "in a throwaway sandbox, its changes judged again",
            "level": facts.level.value,
            "unread_parts": len(decided.analysed.unread),
            "lost": _lost(decided, redactor),
        }
    if "rule" in send:
        asking = [reason for reason in decided.decision.reasons if reason.verdict is Verdict.ASK]
        data["asked_by"] = [
            {
                "rule": reason.rule,
                "layer": reason.layer,
                "why": redacted(_placed(reason.why, facts), redactor),
                "effect": reason.effect,
            }
            for reason in asking[:MOST_EFFECTS]
        ]
    return Told(data=data, whole=whole)


def redacted(text: str, redactor: Redactor) -> Json:
    """Before it is cut: half a token is no longer recognised as one."""
    return text_of(redactor.redact(text[: 2 * MAX_TEXT])[:MAX_TEXT])


def _placed(text: str, facts: Facts) -> str:
    """Without how this machine's directories are called. Of our own sentences only: a command means what it says."""
    for token, path in roots(facts):
        text = text.replace(f"{path}/", f"{token}/")
    return text


def _action(said: Said, redactor: Redactor, facts: Facts) -> dict[str, Json]:
    """The tool and what it is about. Of what would stand in a file only how long it is."""

    def path(text: str) -> Json:
        return redacted(place_of(text, roots(facts)) if text.startswith("/") else text, redactor)

    if said.parts:
        return {"parts": [_action(part, redactor, facts) for part in said.parts[:_MOST_PARTS]]}
    out: dict[str, Json] = {"tool": said.verb or redacted(said.tool, redactor)}
    if said.path is not None:
        out["path"] = path(said.path)
    match said.holds:
        case "command" | "url" | "arguments":
            out[said.holds] = redacted(said.text, redactor)
        case "to":
            out["to"] = path(said.text)
        case "content":
            out["characters"] = len(said.text)
        case "edits":
            out["edits"] = said.edits
        case "":
            pass
        case _:
            assert_never(said.holds)
    return out


def _fits(said: Said) -> bool:
    if said.parts:
        return len(said.parts) <= _MOST_PARTS and all(map(_fits, said.parts))
    return said.holds not in _TOLD_WHOLE or len(said.text) <= MAX_TEXT


def _effect(value: Any, facts: Facts) -> Json:
    if isinstance(value, dict):
        table = cast("dict[str, Json]", value)
        if "place" in table and str(table.get("given")).startswith("/"):
            table = {**table, "given": table["place"]}
        return {key: _effect(item, facts) for key, item in table.items() if key not in _NOT_TOLD}
    if isinstance(value, list):
        return [
            place_of(word, roots(facts)) if isinstance(word, str) and word.startswith("/") else word
            for word in cast("list[Json]", value)
        ]
    return cast("Json", value)


def _lost(decided: Decided, redactor: Redactor) -> list[Json]:
    out: list[Json] = []
    for effect in decided.effects:
        if isinstance(effect, DeletePath | WritePath) and effect.path.loss is not None:
            loss = effect.path.loss
            out.append(
                {
                    "path": redacted(effect.path.place, redactor),
                    "files": loss.files,
                    "bytes": loss.bytes,
                    "git_does_not_know": loss.untracked,
                    "git_ignores": loss.ignored,
                    "changed_since": loss.modified,
                }
            )
    return out[:MOST_EFFECTS]
