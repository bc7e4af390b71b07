"""Commands that run on another machine: read as they would be here, told as what they change there.

Nothing is known about that machine, so none of its paths means anything here: what it would lose is said as a change to
something that others use, with the machine's name.
"""

from guard.effects.call import Call
from guard.effects.state import State
from guard.effects.values import Text
from guard.model.dataclass import replace
from guard.model.effect import (
    ChangeMode,
    ControlContainer,
    DeletePath,
    DestroyDatabase,
    GainPrivilege,
    InstallPackage,
    KillProcess,
    LinkPath,
    MutateCloud,
    PersistEnv,
    PublishPackage,
    PublishVcs,
    ReadSecret,
    RewriteVcs,
    SymbolicEffect,
    WritePath,
)
from guard.model.paths import SymbolicPath

_MAX_SAID = 8


def run_elsewhere(call: Call, host: str, text: str, stdin: Text | None) -> None:
    """Say what shell ``text`` changes on ``host``."""
    from guard.effects.evaluate import Evaluator  # noqa: PLC0415 - it imports this package where a program is met

    facts = replace(
        call.evaluator.facts, answers={}, env={}, workspace="", cwd="/home/there", home="/home/there"
    )
    there = Evaluator(facts, spent=call.evaluator.spent)
    there.analyse_text(text, State(cwd=(facts.cwd,)), stdin=stdin)
    call.evaluator.spent = there.spent
    said = dict.fromkeys(told for effect in there.effects if (told := _change(effect)))
    for told in list(said)[:_MAX_SAID]:
        call.say(MutateCloud(detail=f"on {host}: {told}"))
    for effect in there.effects:
        if isinstance(effect, ReadSecret):
            call.secret(f"on {host}: {effect.detail}")


def _change(effect: SymbolicEffect) -> str:
    """What it changes, for people; empty when it only looks."""
    match effect:
        case DeletePath(path=path, recursive=deep):
            return f"{effect.program} deletes {_named(path)}{' and all below' if deep else ''}"
        case WritePath(path=path):
            return f"{effect.program} writes {_named(path)}"
        case ChangeMode(path=path):
            return f"{effect.program} changes who may use {_named(path)}"
        case LinkPath(path=path):
            return f"{effect.program} links {_named(path)}"
        case (
            GainPrivilege(detail=detail)
            | ControlContainer(detail=detail)
            | DestroyDatabase(detail=detail)
            | MutateCloud(detail=detail)
        ):
            return f"{effect.program}: {detail}"
        case KillProcess(target=target):
            return f"{effect.program} ends {target}"
        case RewriteVcs() | PersistEnv() | InstallPackage() | PublishPackage() | PublishVcs():
            return f"{effect.program} changes what is there"
        case _:
            return ""


def _named(path: SymbolicPath) -> str:
    return path.text.replace("/home/there", "~", 1) if path.text.startswith("/home/there") else path.text
