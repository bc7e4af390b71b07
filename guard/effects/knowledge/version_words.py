"""What data cannot say of version managers: without a name they show, with one they set."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import plain
from guard.model.effect import PersistEnv


def local(call: Call, parsed: Parsed) -> None:
    """``pyenv local 3.12``: for this directory."""
    if parsed.operands or parsed.options or parsed.uncertain:
        tool = call.name.removesuffix("env")
        names = {"py": "python", "rb": "ruby"}
        call.write(plain(f".{names.get(tool, tool)}-version", call.span))


def everywhere(call: Call, parsed: Parsed) -> None:
    """``pyenv global 3.12``: for everything of this person."""
    if parsed.operands or parsed.options or parsed.uncertain:
        call.say(PersistEnv(detail=f"which version {call.name} chooses"))


def after_dashes(call: Call, parsed: Parsed) -> None:
    """``mise exec node@20 -- npm test``: tools first, then the command."""
    del parsed
    statics = call.statics
    if "--" in statics:
        call.run(call.args[statics.index("--") + 1 :])
    elif call.name == "asdf":
        call.run(call.args)
