"""Whether each agent of this machine asks the guard, as far as that can be seen without starting anything but `--version`.

Whether a client obeys what is registered is for the live probe to find out.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from guard.agents.codex_trust import trust
from guard.agents.failures import SEEN, open_to
from guard.agents.qwen_trust import trusted
from guard.cli import jsonc
from guard.cli.clients import CLIENTS, SCOPES, Client, Scope, followed, path_of
from guard.cli.disarmed import Found, disarmed, variables
from guard.cli.inspecting import Inspected, Wrong, inspect
from guard.cli.install import present
from guard.cli.installing import switched_in
from guard.cli.versions import program_of, version_of, written
from guard.model.dataclass import dataclass

_BLOCKS_FROM = (2, 1, 295)
"""From here on Claude Code obeys ``onFailure``."""
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    scope: Scope
    path: str
    inspected: Inspected = Inspected()
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Of one client. ``wrong`` empty: the hook is asked, as far as can be seen."""

    client: Client
    program: str
    version: str
    registrations: tuple[Registration, ...]
    wrong: tuple[Wrong, ...]
    notes: tuple[str, ...] = ()

    @property
    def says(self) -> str:
        name = f"{self.client.agent}{' ' if self.version else ''}{self.version}"
        if self.wrong:
            return f"{name}: not protected: " + "; ".join(one.says for one in self.wrong)
        where = ", ".join(f"{one.path} ({one.scope})" for one in self.registrations if not one.wrong)
        return "; ".join((f"{name}: protected: hook in {where}", _when_it_fails(self.client), *self.notes))

    @property
    def fix(self) -> str:
        return "; ".join(dict.fromkeys(one.fix for one in self.wrong if one.fix))


def _when_it_fails(client: Client) -> str:
    seen = SEEN.get(client.agent)
    if seen is None:
        closed = f"kept closed by {client.closed}" if client.closed else "it has no switch to keep it closed"
        return f"{closed}; what it does when the hook fails was not tried"
    opens = open_to(client.agent)
    but = f", but not when {' or '.join(opens)}" if opens else ""
    return f"when the hook fails the call is denied, in {len(seen.installed)} ways tried with {seen.version}{but}"


def protections(
    directory: str, workspace: str, home: str, environment: Mapping[str, str]
) -> list[Protection]:
    """Of each client that is on this machine, or registered."""
    found: list[Protection] = []
    for usual in CLIENTS.values():
        client = followed(usual, environment)
        registrations = [*_registrations(client, home, workspace)]
        if registrations or present(client, home):
            found.append(_protection(client, registrations, directory, home, environment))
    return found


def _protection(
    client: Client,
    registrations: list[Registration],
    directory: str,
    home: str,
    environment: Mapping[str, str],
) -> Protection:
    program = program_of(client.programs)
    version = version_of(program) if program else ()
    good = [one for one in registrations if not one.wrong]
    again = f"say `guard install --agent {client.agent}`"
    wrong: list[Wrong] = []
    notes: list[str] = []
    if not registrations:
        wrong.append(Wrong(says="not registered", fix=again))
    elif not good:
        wrong += [
            Wrong(says=f"{one.path}: {what.says}", fix=what.fix)
            for one in registrations
            for what in one.wrong
        ]
    if good:
        held = any(one.scope == "managed" for one in good)
        for found in disarmed((client.agent,), directory, home):
            if (
                found.row.comes == "off"
                and not (held and found.row.managed)
                and client.agent in found.row.agents
            ):
                wrong.append(told(found))
        for name, says in variables((client.agent,), environment):
            # Where it leads to an absolute path, that is where we have looked.
            if name != client.moved[0] or not environment[name].startswith("/"):
                wrong.append(Wrong(says=f"`{name}` is set here: {says}", fix=f"unset {name}"))
        wrong += _of_version(client, version, good)
        elsewhere = [one.inspected.elsewhere for one in good if one.inspected.elsewhere]
        notes += [f"answered by another installation, {one}" for one in elsewhere]
    return Protection(
        client=client,
        program=program,
        version=written(version),
        registrations=tuple(registrations),
        wrong=tuple(wrong),
        notes=(*notes, *_notes(client, version, good)),
    )


def told(found: Found) -> Wrong:
    if found.unread:
        return Wrong(
            says=f"{found.place}: nobody can say what stands there: {found.unread}",
            fix="mend it, or remove it",
        )
    return Wrong(says=f"`{found.what}` in {found.place} {found.row.says}", fix=found.row.fix)


def _registrations(client: Client, home: str, workspace: str) -> Iterator[Registration]:
    for scope in SCOPES:
        path = path_of(client, scope, home, workspace)
        if not path or (scope == "project" and path == path_of(client, "user", home, workspace)):
            continue
        try:
            text = _read(path)
        except (OSError, ValueError) as error:
            yield _unreadable(scope, path, error)
            continue
        if text is None:
            continue
        try:
            inspected = inspect(client, scope, path, text)
        except (ValueError, RecursionError) as error:
            yield _unreadable(scope, path, error)
            continue
        if inspected.commands:
            wrong = [*inspected.wrong, *_untrusted(client, scope, path, text, home)]
            if not switched_in(client, scope, home, workspace):
                says = "nothing stops the client where it does not load the hook"
                wrong.append(Wrong(says=says, fix=f"say `guard install --agent {client.agent}`"))
            yield Registration(scope=scope, path=path, inspected=inspected, wrong=tuple(wrong))


def _unreadable(scope: Scope, path: str, error: Exception) -> Registration:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Registration(
        scope=scope,
        path=path,
        wrong=(Wrong(says=f"it cannot be read, by the client neither: {why}", fix="mend the file"),),
    )


def _untrusted(client: Client, scope: Scope, path: str, text: str, home: str) -> Iterator[Wrong]:
    if client.agent == "cline" and not os.access(path, os.X_OK):
        yield Wrong(says="it may not be executed, and the client skips it", fix=f"chmod +x {path}")
    if client.agent == "qwen" and scope == "project":
        yield from _in_an_untrusted_folder(client, path, home)
    if client.agent != "codex" or scope == "managed":
        return
    import json  # noqa: PLC0415 - for one client
    import tomllib  # noqa: PLC0415 - as above

    config_path = os.path.join(home, client.home, "config.toml")
    try:
        config: Any = tomllib.loads(_read(config_path) or "")
        groups = json.loads(text).get("hooks", {}).get("PreToolUse", [])
    except (OSError, ValueError, AttributeError) as error:
        yield Wrong(says=f"nobody can say whether it is trusted: {config_path}: {error}", fix="mend it")
        return
    states = {state for line, state in trust(config, path, groups).items() if "hook codex" in line}
    if states and "trusted" not in states:
        says = {
            "untrusted": "it is not trusted yet, and skipped without a word",
            "modified": "it was changed since it was trusted, and is skipped without a word",
            "disabled": f"{config_path} says `enabled = false` of it",
        }
        yield Wrong(says=says[min(states)], fix="start `codex`, say `/hooks` and trust it")
    if scope == "project":
        at = os.path.dirname(os.path.dirname(path))
        levels: Any = config.get("projects")
        level: Any = cast("dict[str, Any]", levels).get(at) if isinstance(levels, dict) else None
        if not isinstance(level, dict) or cast("dict[str, Any]", level).get("trust_level") != "trusted":
            yield Wrong(
                says=f"{at} is no trusted project, and its hooks are not loaded",
                fix="start `codex` there and trust it",
            )


def _in_an_untrusted_folder(client: Client, path: str, home: str) -> Iterator[Wrong]:
    at = os.path.dirname(os.path.dirname(path))
    files = [os.path.join(home, client.home, name) for name in ("settings.json", "trustedFolders.json")]
    try:
        settings, folders = (jsonc.value_of(jsonc.read(_read(one) or "{}")) for one in files)
    except (OSError, ValueError, RecursionError) as error:
        yield Wrong(says=f"nobody can say whether {at} is trusted: {error}", fix="mend the file")
        return
    if not trusted(settings, folders, os.path.realpath(at)):
        yield Wrong(
            says=f"{at} is no trusted folder, and its hooks are not loaded",
            fix="start `qwen` there, say `/permissions` and trust it, or install for all of your projects",
        )


def _of_version(client: Client, version: tuple[int, ...], good: Iterable[Registration]) -> Iterator[Wrong]:
    rewrites = any("--rewrites" in line for one in good for line in one.inspected.commands)
    if rewrites and version and version < client.proved:
        yield Wrong(
            says=f"before {written(client.proved)} it runs its own command in the place of the contained one",
            fix=f"say `guard install --agent {client.agent}`",
        )


def _notes(client: Client, version: tuple[int, ...], good: list[Registration]) -> Iterator[str]:
    if not good:
        return
    if client.agent == "claude-code" and version and version < _BLOCKS_FROM:
        yield f"before {written(_BLOCKS_FROM)} a hook that it gives up waiting for stops nothing"
    rewrites = any("--rewrites" in line for one in good for line in one.inspected.commands)
    if client.proved and version >= client.proved and not rewrites:
        yield f"could run commands contained by itself: `guard install --agent {client.agent}`"
    if not program_of(client.programs):
        yield "its program is not on PATH here"


def _read(path: str) -> str | None:
    """None where there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with open(descriptor, "rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES} bytes")
    return content.decode()


def surroundings(
    protected: list[Protection], directory: str, home: str, environment: Mapping[str, str]
) -> list[tuple[bool, Wrong]]:
    """What stands around here that is no client's registration: whether it is a fault, and what it is."""
    asked = {one.client.agent for one in protected if any(not other.wrong for other in one.registrations)}
    out: list[tuple[bool, Wrong]] = []
    unread = {other.path for one in protected for other in one.registrations if other.wrong}
    for found in disarmed(tuple(CLIENTS), directory, home):
        if found.unread and found.path in unread:
            continue  # told with its client
        about = asked & set(found.row.agents)
        what = told(found)
        match found.row.comes:
            case "off" if not about:
                out.append((True, what))
            case "off" if found.row.managed and not any(what in one.wrong for one in protected):
                says = f"{what.says}, without effect: the hook is registered for everybody on this machine"
                out.append((False, Wrong(says=says, fix="nothing")))
            case "beside" if about or not found.row.agents:
                out.append((False, what))
            case "vain":
                out.append((False, what))
            case _:
                pass
    return [*out, *_path(environment, directory), *_python(environment)]


def _path(environment: Mapping[str, str], directory: str) -> Iterator[tuple[bool, Wrong]]:
    """Programs are looked for there: by the clients, by their shells, and by whoever says `guard`."""
    own = os.path.dirname(sys.executable)
    for entry in environment.get("PATH", "").split(":"):
        if not entry.startswith("/"):
            says = f"`{entry}` in PATH is whatever directory one is in: a repository's programs run in the place of others"
            yield True, Wrong(says=says, fix="take it out of PATH")
            continue
        if entry == own:
            continue
        try:
            mode = os.stat(entry).st_mode
        except OSError:
            continue
        if mode & 0o002:
            yield (
                True,
                Wrong(
                    says=f"{entry} is in PATH, and everybody may write there",
                    fix=f"chmod o-w {entry}, or take it out",
                ),
            )
        elif (os.path.realpath(entry) + "/").startswith(os.path.realpath(directory) + "/"):
            says = f"{entry} is in PATH, and inside of this workspace: what an agent may write there runs in the place of others"
            yield False, Wrong(says=says, fix="take it out of PATH where agents are started")


def _python(environment: Mapping[str, str]) -> Iterator[tuple[bool, Wrong]]:
    for name in ("PYTHONPATH", "PYTHONHOME"):
        if environment.get(name):
            says = f"`{name}` is set to {environment[name]}: hooks do not obey it (`-I`), `guard` in a terminal does"
            yield False, Wrong(says=says, fix=f"unset {name} where you do not need it")
