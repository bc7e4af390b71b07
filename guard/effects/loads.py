"""Settings that a program reads where it works: they may run code or lead it to another server. Looks at nothing itself.

A program whose settings are absent, or say neither, does what its own description says and no more.
"""

import posixpath

from guard.effects.call import Call
from guard.effects.knowledge.settings import SETTINGS, Settings
from guard.effects.place import is_below
from guard.effects.state import WrittenFile
from guard.model.effect import WritePath
from guard.model.facts import Facts, LookSettings, ScriptFact, SettingsFact
from guard.model.paths import KnownPath

_UNSEEN = ScriptFact(text=None, reason="this very command puts it there")


def load(call: Call, kinds: str) -> None:
    """Say what the settings of these kinds make the program do. To be called when its own connections were said."""
    if not call.state.cwd:
        call.opaque("which settings it reads is not known before it runs")
        return
    for kind in kinds.split():
        settings = SETTINGS[kind]
        for directory in call.state.cwd:
            for path, file in _found(call, posixpath.normpath(directory), settings):
                _read(call, settings, path, file)


def _found(call: Call, directory: str, settings: Settings) -> list[tuple[str, ScriptFact]]:
    """The files that are there, and those that this command line puts there."""
    names = tuple(settings["files"].split())
    top = _top(directory, call.evaluator.facts) if settings.get("above") else directory
    if not top:
        return []
    answer = call.evaluator.ask(LookSettings(directory, names, top))
    found = dict(answer.found) if isinstance(answer, SettingsFact) else {}
    for path in _places(directory, top, names) if call.state.written else ():
        made = _made(call, path)
        if made is not None:
            found[path] = made
    return list(found.items())


def _top(directory: str, facts: Facts) -> str:
    """How far up settings count; empty where none does: what lies in the home directory is the person's own."""
    if directory == facts.workspace or (facts.workspace and is_below(directory, facts.workspace)):
        return facts.workspace
    if directory == facts.home:
        return ""
    if is_below(directory, facts.home):
        home = facts.home.rstrip("/") + "/"
        return home + directory[len(home) :].partition("/")[0]
    return "/"


def _places(directory: str, top: str, names: tuple[str, ...]) -> list[str]:
    places = [directory]
    while places[-1] not in {top, "/"}:
        places.append(posixpath.dirname(places[-1]))
    return [posixpath.normpath(f"{place}/{name}") for place in places for name in names]


def _made(call: Call, path: str) -> ScriptFact | None:
    """What an earlier part of the line wrote there; None when nothing did."""
    file = call.state.written.get(path)
    if file is not None:
        return ScriptFact(text=file.text) if file.text is not None and file.surely else _UNSEEN
    for name, above in call.state.written.items():
        if is_below(path, name) and _brings_files(above):
            return _UNSEEN
    for effect in call.evaluator.effects:
        match effect:
            case WritePath(path=KnownPath(text), recursive=True, span=span, program=program):
                # What unpacks, fetches or checks out below here; not what this very program does.
                root = posixpath.normpath(text)
                mine = span == call.span and program == call.name
                if not mine and (is_below(path, root) or path == root):
                    return _UNSEEN
            case _:
                pass
    return None


def _brings_files(file: WrittenFile) -> bool:
    """Whether there may be files in what was made there: a link, a copy, a clone. A new directory is empty."""
    return file.link or bool(file.copy_of) or any(source.startswith("network:") for source in file.sources)


def _read(call: Call, settings: Settings, path: str, file: ScriptFact) -> None:
    text = file.text
    if settings["format"] == "code" or text is None:
        reason = "" if settings["format"] == "code" else f": {file.reason or 'not read'}"
        call.opaque(f"runs or is led by `{path}`{reason}")
        return
    from guard.effects.readers.settings import read_settings  # noqa: PLC0415 - only where such a file is there

    read_settings(call, settings, path, text)
