"""Scripts of ``package.json``: shell text under a name. What was read can deny or ask; it never opens the host."""

# A file of JSON can hold anything.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from guard.effects.call import NO_OUTPUT, Call
from guard.effects.identity import lexical_path
from guard.effects.options import Parsed
from guard.model.facts import LookScript, ScriptFact
from guard.model.typed import Any, Callable

_MAX_TEXT = 256 * 1024


def run(call: Call, parsed: Parsed) -> None:
    """``npm run NAME``: the name is the first operand."""
    name = parsed.operands[0].static if parsed.operands else None
    if name is not None:
        _follow(call, name)


def _named(name: str) -> Callable[[Call, Parsed], None]:
    def follow(call: Call, parsed: Parsed) -> None:
        del parsed
        _follow(call, name)

    return follow


test, start, stop, restart = _named("test"), _named("start"), _named("stop"), _named("restart")
build, lint, dev, check, clean, deploy = (
    _named("build"),
    _named("lint"),
    _named("dev"),
    _named("check"),
    _named("clean"),
    _named("deploy"),
)


def _follow(call: Call, name: str) -> None:
    if len(call.state.cwd) != 1:
        return
    path = lexical_path(f"{call.state.cwd[0]}/package.json")
    made = call.state.written.get(path)
    answer = call.evaluator.ask(LookScript(path)) if made is None else None
    text = made.text if made is not None else answer.text if isinstance(answer, ScriptFact) else None
    if text is None or len(text) > _MAX_TEXT:
        return
    scripts = _scripts(text)
    certain, call.certain = call.certain, False
    for each in (f"pre{name}", name, f"post{name}"):
        command = scripts.get(each)
        if isinstance(command, str):
            call.run_text((command,))
    call.certain = certain
    call.output = NO_OUTPUT
    if scripts and name not in scripts and name not in {"restart", "start"}:
        call.opaque(f"`{path}` has no script `{name}`")


def _scripts(text: str) -> dict[str, object]:
    import json  # noqa: PLC0415 - only where a package's scripts run

    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    scripts: Any = found.get("scripts") if isinstance(found, dict) else None
    return dict(scripts) if isinstance(scripts, dict) else {}
