"""How a decision is said to a client: its forms as data, and what becomes of a decision that it has no form for.

A client without a question gets a deny that says what a person can do. One that does not run what it is answered is
never told to: what may only run in a sandbox is then refused.
"""

from guard.agents.codec import HookCall, PayloadError, Reply, explanation
from guard.agents.refusal import refusal
from guard.engine.stages import Decided
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Allow, Ask, Deny, Sandbox
from guard.model.jsons import dumps
from guard.model.typed import Any, Callable, Mapping, MappingProxyType, TypeAlias, cast


class _Place:
    """Where a form has to be filled in. Compared by identity."""


REASON, ARGUMENTS = _Place(), _Place()
"""The words for people and models; all arguments of the call, with the command that is to be run."""
Form: TypeAlias = Mapping[str, object]
NOTHING: Form = {}
"""No standard output at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One client."""

    name: str
    deny: Form
    ask: Form | None = None
    """None: the client has no question, or one that nobody would hear."""
    rewrite: Form | None = None
    """None: the client runs its own command whatever is answered."""
    silent: bytes = b""
    """No opinion."""
    status: int = 0
    """The exit status that goes with a deny; with 2 the reason is on standard error as well."""
    inside: Form | None = None
    """Allow, without the client's own question."""
    ask_status: int = 0
    """The exit status that goes with a question."""
    rewrites_since: str = ""
    """The version that was seen to run what it is answered; empty where each payload tells, or none does.

    No payload says a client's version: a hook of such a client rewrites only when it is registered with ``--rewrites``.
    """
    advises: bool = False
    """Whether a command that the client is not told to run contained is denied with the words that would run it so."""
    others: "Mapping[str, Dialect]" = MappingProxyType({})
    """What is said otherwise at some of the client's events."""
    reader: "Callable[[bytes], HookCall]"

    def read(self, payload: bytes) -> HookCall:
        """Raises PayloadError for whatever is not an event before a tool call."""
        call = self.reader(payload)
        if "\0" in call.project or "\0" in call.proposal.cwd:
            raise PayloadError("a directory that it names holds a NUL byte, and none can")
        return call

    def answer(self, call: HookCall, decided: Decided, rewritten: str) -> Reply:
        """``rewritten``: the command that runs this one contained; empty when there is none, or none is needed."""
        if other := self.others.get(call.event):
            return other.answer(replace(call, event=""), decided, rewritten)
        match decided.decision:
            case Deny():
                return self._say(self.deny, f"denied: {explanation(decided)}", self.status)
            case Ask() if rewritten and not call.rewrites and self.advises:
                why = f"denied: it may only run in a sandbox. To run it in one, say exactly this instead:\n{rewritten}"
                return self._say(self.deny, why, self.status)
            case Ask():
                if self.ask is None or not call.asks:
                    why = f"denied, because a person has to decide: {explanation(decided)}\n{_ADVICE}"
                    return self._say(self.deny, why, self.status)
                return self._say(self.ask, explanation(decided), self.ask_status)
            case Allow(placement=Sandbox()):
                if not rewritten or not call.rewrites or self.rewrite is None:
                    return self.refuse(
                        "it may only run in a sandbox, and this client cannot be told to do so"
                    )
                command: object = [rewritten] if call.listed else rewritten
                arguments = {**call.arguments, call.command_key: command}
                return Reply(stdout=_line(_filled(self.rewrite, "", arguments)))
            case Allow():
                return self.no_opinion(call)

    def answer_inside(self, call: HookCall, decided: Decided, *, judged_later: bool) -> Reply:
        """For an agent that is in a sandbox as a whole: what may only run in one runs as it stands.

        ``judged_later``: what it changes is judged before it reaches the workspace, so that it needs nobody's yes before.
        """
        match decided.decision:
            case Allow(placement=Sandbox()):
                if not judged_later or self.inside is None:
                    return self.no_opinion(call)
                why = "the whole session is in a sandbox, and what it changes is looked at in the end"
                return Reply(stdout=_line(_filled(self.inside, why, {})))
            case _:
                return self.answer(call, decided, "")

    def approved(self, call: HookCall, decided: Decided) -> Reply:
        """What a person has said yes to in another terminal: the client need not ask again."""
        if other := self.others.get(call.event):
            return other.approved(replace(call, event=""), decided)
        if self.inside is None:
            return self.no_opinion(call)
        return Reply(stdout=_line(_filled(self.inside, decided.decision.reasons[0].why, {})))

    def asks(self, call: HookCall) -> bool:
        """Whether a question is put to the client's own person."""
        if other := self.others.get(call.event):
            return other.asks(replace(call, event=""))
        return self.ask is not None and call.asks

    def no_opinion(self, call: HookCall) -> Reply:
        """What the client's own permissions say goes on to hold."""
        if other := self.others.get(call.event):
            return other.no_opinion(replace(call, event=""))
        return Reply(stdout=self.silent)

    def refuse(self, problem: str) -> Reply:
        """For whatever goes wrong with us: the same for all, because the reader of the client may be what failed."""
        stdout, stderr = refusal(problem)
        return Reply(stdout=stdout, stderr=stderr, status=2)

    def _say(self, form: Form, reason: str, status: int) -> Reply:
        stdout = _line(_filled(form, reason, {})) if form else b""
        stderr = f"{reason}\n".encode(errors="backslashreplace") if status else b""
        return Reply(stdout=stdout, stderr=stderr, status=status)


_ADVICE = "this client has no question to a person: tell them; they can run it themselves, or let the policy allow it"
CLAUDE_DENY: Form = {
    "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": REASON,
    }
}
CLAUDE_ASK: Form = {
    "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "ask",
        "permissionDecisionReason": REASON,
    }
}
CLAUDE_ALLOW: Form = {
    "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "allow",
        "permissionDecisionReason": REASON,
    }
}
CLAUDE_REWRITE: Form = {
    "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "allow",
        "updatedInput": ARGUMENTS,
    }
}
"""Several clients took these over, and nothing else of Claude Code."""


def _filled(form: Form, reason: str, arguments: dict[str, Any]) -> dict[str, object]:
    out: dict[str, object] = {}
    for key, value in form.items():
        if value is REASON:
            out[key] = reason
        elif value is ARGUMENTS:
            out[key] = arguments
        elif isinstance(value, dict):
            out[key] = _filled(cast("Form", value), reason, arguments)
        else:
            out[key] = value
    return out


def _line(body: dict[str, object]) -> bytes:
    # `Infinity` is not JSON, and what is not JSON lets the call run.
    return dumps(body).encode() + b"\n"
