"""Planning and making the change of a client's configuration: in place, whole or not at all, and back to the byte.

What a file was before is kept in the guard's own state. Taken out again, it is that; unless somebody changed it
meanwhile, then only our parts go.
"""

import base64
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass, field
from typing import Any, cast

from guard.cli import jsonc
from guard.cli.clients import Added, Client, Merged, Registered, Scope, Toml, Whole, path_of, started
from guard.cli.hook import REWRITES, SAYS_DONE
from guard.enforce.places import Places
from guard.errors import UsageError
from guard.temporary import temporary

MAX_BYTES = 4 * 1024 * 1024
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of one file. ``None`` is a file that is not there."""

    client: Client
    scope: Scope
    path: str
    """As the client knows it."""
    real: str
    """Where it really lies: dotfiles are often links."""
    before: bytes | None
    after: bytes | None
    executable: bool = False
    exact: bool = True
    """Whether what it will be is to the byte what it was before it was installed."""

    @property
    def needed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is remembered of a file that was changed."""

    before: bytes | None
    after: str
    """SHA-256 of what was written."""
    made: tuple[str, ...] = field(default=())
    """Directories that were made for it, the outermost first."""


def command(python: str, agent: str, *, rewrites: bool) -> str:
    """What a client starts: an interpreter by its whole name, that obeys no variable and no file of a workspace."""
    options = [REWRITES, SAYS_DONE] if rewrites else [SAYS_DONE]
    return started([python, "-I", "-m", "guard", "hook", agent, *options])


def is_ours(text: str, agent: str) -> bool:
    return re.search(rf"guard(?:/__main__\.py['\"]?)? hook {re.escape(agent)}(?![\w-])", text) is not None


def plan_install(
    client: Client, scope: Scope, home: str, workspace: str, python: str, *, rewrites: bool
) -> Change:
    """Raises UsageError for a configuration that cannot be changed, with its place and the next step."""
    return plan_line(client, scope, home, workspace, command(python, client.agent, rewrites=rewrites))


def plan_line(client: Client, scope: Scope, home: str, workspace: str, line: str) -> Change:
    """:func:`plan_install` with another line for the shell."""
    path = _place(client, scope, home, workspace)
    return _with(client, scope, path, client.register(path, line, scope))


def plan_switch(client: Client, scope: Scope, home: str, workspace: str) -> Change | None:
    """What goes with the registration in another file; None where nothing does. Raises UsageError."""
    if client.switch is None:
        return None
    registered = client.switch(_place(client, scope, home, workspace))
    return _with(client, scope, registered.path, registered)


def _with(client: Client, scope: Scope, path: str, registered: Registered) -> Change:
    real, before = os.path.realpath(path), _read(path)
    try:
        after = _installed(client, registered, before)
    except (jsonc.NotJson, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}", help_="mend the file; nothing of it was changed") from error
    return Change(
        client=client,
        scope=scope,
        path=path,
        real=real,
        before=before,
        after=after,
        executable=isinstance(registered, Whole) and registered.executable,
    )


def plan_uninstall(client: Client, scope: Scope, home: str, workspace: str, places: Places) -> Change:
    """Raises UsageError, as :func:`plan_install`."""
    path = _place(client, scope, home, workspace)
    return _without_ours(client, scope, path, client.register(path, "", scope), places)


def plan_unswitch(client: Client, scope: Scope, home: str, workspace: str, places: Places) -> Change | None:
    """As :func:`plan_switch`. It goes first: left alone, it would leave the client without tools."""
    if client.switch is None:
        return None
    registered = client.switch(_place(client, scope, home, workspace))
    return _without_ours(client, scope, registered.path, registered, places)


def _without_ours(client: Client, scope: Scope, path: str, registered: Registered, places: Places) -> Change:
    real, before = os.path.realpath(path), _read(path)
    kept = remembered(places, path)
    after, exact = before, True
    if before is not None and kept is not None and _digest(before) == kept.after:
        after = kept.before
    elif before is not None:
        exact = False
        try:
            after = _uninstalled(client, registered, before)
        except (jsonc.NotJson, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: {error}", help_="mend the file; nothing of it was changed") from error
    return Change(client=client, scope=scope, path=path, real=real, before=before, after=after, exact=exact)


def make(change: Change, places: Places, *, installing: bool) -> None:
    """Raises OSError, UsageError. What was there before is remembered first: a crash between the two loses nothing."""
    if _read(change.path) != change.before:
        raise UsageError(
            f"{change.path} was changed by somebody else meanwhile", help_="look at it, and try again"
        )
    if installing:
        earlier = remembered(places, change.path)
        ours_before = (
            change.before is not None and earlier is not None and earlier.after == _digest(change.before)
        )
        original = earlier.before if ours_before and earlier is not None else change.before
        made = earlier.made if ours_before and earlier is not None else _missing(os.path.dirname(change.real))
        assert change.after is not None
        _remember(places, change.path, Kept(before=original, after=_digest(change.after), made=made))
        os.makedirs(os.path.dirname(change.real), exist_ok=True)
        _write(change.real, change.after, executable=change.executable)
        return
    kept = remembered(places, change.path)
    if change.after is None:
        os.unlink(change.real)
        for directory in reversed(kept.made if kept is not None else ()):
            try:
                os.rmdir(directory)
            except OSError:
                break  # somebody has put something there
    else:
        _write(change.real, change.after, executable=False)
    _forget(places, change.path)


def switched_in(client: Client, scope: Scope, home: str, workspace: str) -> bool:
    """Whether what :func:`plan_switch` writes stands there; True where nothing has to."""
    path = path_of(client, scope, home, workspace)
    if client.switch is None or not path:
        return True
    try:
        registered = client.switch(path)
        content = _read(registered.path)
        root = jsonc.read((content or b"").decode("utf-8-sig"))
    except (UsageError, ValueError):
        return False
    return all(_stands(root, one) for one in registered.switches)


def _stands(root: jsonc.Node, one: tuple[tuple[str, ...], str, object]) -> bool:
    where, key, value = one
    found = jsonc.nodes_at(root, where)
    member = found.member(key) if found is not None else None
    return member is not None and jsonc.value_of(member.node) == value


def registered_in(client: Client, scope: Scope, home: str, workspace: str) -> tuple[str, ...] | None:
    """The commands of ours that stand there; None for a file that cannot be read. Empty: it is not registered."""
    path = path_of(client, scope, home, workspace)
    if not path:
        return ()
    try:
        content = _read(path)
        if content is None:
            return ()
        text = content.decode()
        match client.register(path, "", scope):
            case Whole():
                return (text,) if is_ours(text, client.agent) else ()
            case Toml():
                return tuple(one for one in _toml_commands(text) if is_ours(one, client.agent))
            case Merged(added=added):
                root = jsonc.read(text)
                found = [_ours(root, one, client.agent) for one in added]
                if not all(found):
                    return ()
                return tuple(command for where in found for _, _, command in where)
    except (UsageError, ValueError):
        return None


def _place(client: Client, scope: Scope, home: str, workspace: str) -> str:
    path = path_of(client, scope, home, workspace)
    if not path:
        known = ", ".join(client.files)
        raise UsageError(
            f"{client.agent} cannot be registered in the scope `{scope}`",
            help_=f"use --scope with one of {known}"
            + ("" if workspace or scope != "project" else ", in a workspace"),
        )
    return path


def _installed(client: Client, registered: Registered, before: bytes | None) -> bytes:
    match registered:
        case Whole(path=path, content=content):
            if before is not None and before.strip() and not is_ours(before.decode(), client.agent):
                raise UsageError(
                    f"{path} is a hook of somebody else",
                    help_="move it away, or call `guard hook` from it",
                )
            return content.encode()
        case Toml(tables=tables):
            return _with_tables(_text(before), tables, client.agent).encode()
        case Merged():
            return _merged(_text(before), registered, client.agent)


def _text(content: bytes | None) -> str:
    return content.decode() if content is not None else ""


def _merged(text: str, registered: Merged, agent: str) -> bytes:
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    if not text.strip():
        text = "{}\n"
    for where, key, value in registered.needs:
        found = jsonc.nodes_at(jsonc.read(text), where)
        old = found.member(key) if found is not None else None
        if old is None or (isinstance(value, bool) and jsonc.value_of(old.node) is not value):
            text = jsonc.with_member(text, where, key, value)
    for switch in registered.switches:
        if not _stands(jsonc.read(text), switch):
            text = jsonc.with_member(text, *switch)
    for one in registered.added:
        ours = _ours(jsonc.read(text), one, agent)
        if len(ours) == 1 and _element(jsonc.read(text), one, ours[0][0]) == one.element:
            continue
        text = _without(text, one, agent, keep_empty=True)
        text = jsonc.appended(text, one.at, one.element)
    return (mark + text).encode()


def _uninstalled(client: Client, registered: Registered, before: bytes) -> bytes | None:
    text = before.decode()
    match registered:
        case Whole():
            return None if is_ours(text, client.agent) else before
        case Toml(tables=tables):
            return _without_tables(text, tables, client.agent).encode()
        case Merged(added=added, switches=switches):
            mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
            for one in added:
                text = _without(text, one, client.agent, keep_empty=False)
            for where, key, _ in switches:
                text = _without_member(text, where, key)
            return (mark + text).encode()


def _ours(root: jsonc.Node, one: Added, agent: str) -> list[tuple[int, int, str]]:
    """Which element, which hook in it (-1 for the element itself), and its command."""
    found = jsonc.nodes_at(root, one.at)
    out: list[tuple[int, int, str]] = []
    for index, element in enumerate(found.elements if found is not None else []):
        hooks = jsonc.nodes_at(element, ("hooks",)) if one.grouped else None
        for at, hook in (
            enumerate(hooks.elements) if hooks is not None else ([(-1, element)] if not one.grouped else [])
        ):
            given: Any = jsonc.value_of(hook)
            told = _words(given)
            if told and is_ours(told, agent):
                out.append((index, at, told))
    return out


def _words(hook: object) -> str:
    if not isinstance(hook, dict):
        return ""
    given = cast("dict[str, object]", hook)
    arguments = given.get("args")
    words = cast("list[object]", arguments) if isinstance(arguments, list) else []
    return " ".join(str(word) for word in (given.get("command", ""), *words))


def _element(root: jsonc.Node, one: Added, index: int) -> object:
    found = jsonc.nodes_at(root, one.at)
    return None if found is None else jsonc.value_of(found.elements[index])


def _without(text: str, one: Added, agent: str, *, keep_empty: bool) -> str:
    removed = False
    while ours := _ours(jsonc.read(text), one, agent):
        index, at, _ = ours[-1]
        found = jsonc.nodes_at(jsonc.read(text), one.at)
        group = jsonc.nodes_at(found.elements[index], ("hooks",)) if found is not None else None
        if at < 0 or group is None or len(group.elements) == 1:
            text = jsonc.removed(text, one.at, index)
        else:
            text = _hook_removed(text, one, index, at)
        removed = True
    return text if not removed or keep_empty else _without_empty(text, one.at)


def _without_member(text: str, where: tuple[str, ...], key: str) -> str:
    found = jsonc.nodes_at(jsonc.read(text), where)
    position = next((at for at, one in enumerate(found.members if found else ()) if one.key == key), None)
    return text if position is None else _without_empty(jsonc.removed(text, where, position), where)


def _without_empty(text: str, path: tuple[str, ...]) -> str:
    """Without what held nothing but ours, as it was made for it."""
    while path:
        found = jsonc.nodes_at(jsonc.read(text), path)
        if found is None or found.parts:
            break
        outer = jsonc.nodes_at(jsonc.read(text), path[:-1])
        if outer is None:
            break
        position = next(index for index, member in enumerate(outer.members) if member.key == path[-1])
        text = jsonc.removed(text, path[:-1], position)
        path = path[:-1]
    return text


def _hook_removed(text: str, one: Added, index: int, at: int) -> str:
    """One hook of a group that holds others."""
    found = jsonc.nodes_at(jsonc.read(text), one.at)
    assert found is not None
    group = found.elements[index]
    inner = text[group.start : group.end]
    return text[: group.start] + jsonc.removed(inner, ("hooks",), at) + text[group.end :]


def _with_tables(text: str, tables: dict[str, Any], agent: str) -> str:
    import tomlkit  # noqa: PLC0415 - for managed files of one client
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        document = tomlkit.parse(_without_tables(text, tables, agent))
    except TOMLKitError as error:
        raise jsonc.NotJson(f"no TOML: {error}") from error
    made: Any = document
    for key, value in tables["features"].items():
        made.setdefault("features", tomlkit.table())[key] = value
    hooks: Any = made.setdefault("hooks", tomlkit.table())
    for event, groups in tables["hooks"].items():
        if event not in hooks:
            hooks[event] = tomlkit.aot()
        for group in groups:
            hooks[event].append(tomlkit.item(group))
    return tomlkit.dumps(document)


def _without_tables(text: str, tables: dict[str, Any], agent: str) -> str:
    import tomlkit  # noqa: PLC0415 - as above
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        document: Any = tomlkit.parse(text)
    except TOMLKitError as error:
        raise jsonc.NotJson(f"no TOML: {error}") from error
    for event in tables["hooks"]:
        groups = document.get("hooks", {}).get(event)
        for index in reversed(range(len(groups or ()))):
            if any(is_ours(str(hook.get("command", "")), agent) for hook in groups[index].get("hooks", ())):
                del groups[index]
        if groups is not None and not len(groups):
            del document["hooks"][event]
            if not document["hooks"]:
                del document["hooks"]
    return tomlkit.dumps(document)


def _toml_commands(text: str) -> list[str]:
    import tomllib  # noqa: PLC0415 - as above

    hooks: Any = tomllib.loads(text).get("hooks", {})
    return [
        str(hook.get("command", ""))
        for group in hooks.get("PreToolUse", ())
        for hook in group.get("hooks", ())
    ]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{path} is no file", help_="look at what it is")
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES} bytes", help_="look at what it is")
    return content


def _write(path: str, content: bytes, *, executable: bool) -> None:
    """Whole or not at all, and as open to others as it was."""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mode = 0o755 if executable else 0o644
    early = temporary(path)
    descriptor = os.open(early, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(early, path)
    except BaseException:
        os.unlink(early)
        raise


def _missing(directory: str) -> tuple[str, ...]:
    out: list[str] = []
    while directory and not os.path.lexists(directory):
        out.insert(0, directory)
        directory = os.path.dirname(directory)
    return tuple(out)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _memory(places: Places, path: str) -> str:
    return os.path.join(places.state, "registrations", f"{_digest(os.fsencode(path))[:32]}.json")


def remembered(places: Places, path: str) -> Kept | None:
    """None where nothing is, or nothing that can be believed: then our parts are looked for in the file itself."""
    try:
        with open(_memory(places, path), "rb") as file:
            found: Any = json.load(file)
        before = found["before"]
        made = found["made"]
        if found["path"] != path or not all(isinstance(one, str) for one in made):
            return None
        return Kept(
            before=None if before is None else base64.b64decode(before, validate=True),
            after=str(found["after"]),
            made=tuple(made),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(places: Places, path: str, kept: Kept) -> None:
    memory = _memory(places, path)
    places.make(places.state)
    places.make(os.path.dirname(memory))
    found = {
        "path": path,
        "before": None if kept.before is None else base64.b64encode(kept.before).decode(),
        "after": kept.after,
        "made": list(kept.made),
    }
    early = temporary(memory)
    descriptor = os.open(early, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    with open(descriptor, "wb") as file:
        file.write(json.dumps(found).encode())
        file.flush()
        os.fsync(file.fileno())
    os.replace(early, memory)


def _forget(places: Places, path: str) -> None:
    try:
        os.unlink(_memory(places, path))
    except FileNotFoundError:
        return
