"""``git config`` and ``-c KEY=VALUE``: what a setting makes git do, now or later. What keys mean is told as data."""

from guard.effects.call import Call
from guard.effects.knowledge.git_settings import meaning, names_a_file, settled
from guard.effects.options import Parsed, grammar
from guard.effects.state import WrittenFile
from guard.effects.values import Field, plain
from guard.model.effect import PersistEnv

_SHELL_TEXT = frozenset(
    "pager editor sshcommand external textconv command clean smudge process driver cmd helper difffilter "
    "uploadpack receivepack update packobjectshook defaultkeycommand alternaterefscommand sendmailcmd tunnel".split()
)
"""Last words of keys whose value git hands to a shell; that of others names a program or a file."""
_SECRETS = ("extraheader", "smtppass", "password", "token")
_READS = ("l", "list", "get", "get-all", "get-regexp", "get-urlmatch", "get-color", "get-colorbool")
_ACTIONS = frozenset({"set", "unset", "edit", "rename-section", "remove-section"})


def configured_by(call: Call, field: Field, aliases: dict[str, str]) -> None:
    """``-c KEY=VALUE``: for this one command. What it makes git run is followed as far as it can be read."""
    text = field.static
    key, equals, value = (field.prefix if text is None else text).partition("=")
    if text is None and not equals:
        call.opaque("which setting of git is changed is not known before it runs")
        return
    if text is not None and key.lower().startswith("alias."):
        aliases[key.lower().removeprefix("alias.")] = value
        return
    if text is not None and names_a_file(key):
        _shows(call, plain(value, field.span))
    if meaning(key) == "harmless" or (text is not None and settled(key, value if equals else "true")):
        return
    if text is not None and value and _is_shell_text(key):
        call.run_text((value.removeprefix("!"),))
    call.opaque(f"`{key or field.text}` makes git run, load or trust something")


def config(call: Call) -> None:
    """``git config``: for every git command from now on."""
    parsed = call.parse(grammar("f file blob type default comment value"))
    operands = parsed.operands
    action = operands[0].static if operands else None
    if action in {"list", "get"} or parsed.has(*_READS):
        _reads(call, operands)
        return
    if action in _ACTIONS:
        operands = operands[1:]
    changes = ("unset", "unset-all", "e", "edit", "rename-section", "remove-section")
    if action not in _ACTIONS and len(operands) < 2 and not parsed.has(*changes):
        _reads(call, operands)
        return
    named = parsed.values("f", "file")
    if named:
        call.write(*named)
    elif parsed.has("global"):
        call.write(plain(f"{call.evaluator.facts.home}/.gitconfig", call.span))
    elif parsed.has("system"):
        call.write(plain("/etc/gitconfig", call.span))
    detail = _changed(call, parsed, action or "", operands)
    if detail:
        call.say(PersistEnv(detail=detail))
        for directory in call.state.cwd:
            call.remember(f"{directory}/.git/config", WrittenFile(None))


def _reads(call: Call, operands: list[Field]) -> None:
    if any((field.static or "").lower().endswith(_SECRETS) for field in operands):
        call.secret("what git logs in with")


def _changed(call: Call, parsed: Parsed, action: str, operands: list[Field]) -> str:
    """What there is to say of it; empty when the setting makes git do nothing of its own."""
    if action == "edit" or parsed.has("e", "edit"):
        call.opaque("opens an editor")
        return "settings of git that a person types"
    section = action in {"rename-section", "remove-section"} or parsed.has("rename-section", "remove-section")
    removes = action in {"unset", "remove-section"} or parsed.has("unset", "unset-all", "remove-section")
    if section:
        # A section that is renamed gives its settings another meaning.
        text = operands[-1].static if operands else None
        harmless = text is not None and removes and meaning(f"{text}.x") in {"harmless", "runs"}
        return "" if harmless else f"a section of git's settings: `{text or '?'}`"
    key = operands[0].static if operands else None
    if key is None:
        return "a setting of git that is not known before it runs"
    if names_a_file(key) and not removes and len(operands) > 1:
        _shows(call, operands[1])
    meant = meaning(key)
    if meant == "harmless" or (removes and meant == "runs"):
        return ""
    value = operands[1].static if len(operands) > 1 else None
    if value is not None and not removes:
        if settled(key, value):
            return ""
        if key.lower().startswith("alias."):
            return _alias(call, key, value)
        if _is_shell_text(key):
            # What is put off is judged as if it ran now.
            call.run_text((value.removeprefix("!"),))
    if meant == "unknown":
        # In a file that git does not read it is a setting of somebody else.
        return "" if parsed.has("f", "file") else f"what reads `{key}` is not known"
    return (
        f"git runs or loads what `{key}` says"
        if meant == "runs"
        else f"where git goes, or what it trusts and keeps: `{key}`"
    )


def _shows(call: Call, file: Field) -> None:
    """What git will read, and put into a message, a patch or a request. It knows `~` itself."""
    text = file.static
    if text is not None and text.startswith("~/"):
        file = plain(call.evaluator.facts.home + text[1:], file.span)
    if text != "":
        call.read(file)


def _alias(call: Call, key: str, value: str) -> str:
    if value.startswith("!"):
        call.run_text((value[1:],))
        return f"git runs what `{key}` says"
    call.run([plain(word, call.span) for word in ("git", *value.split())], certain=False)
    return ""


def _is_shell_text(key: str) -> bool:
    return meaning(key) == "runs" and key.lower().rpartition(".")[2] in _SHELL_TEXT
