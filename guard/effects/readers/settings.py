"""Reads files of settings far enough to tell what runs code, what names a server, and that the rest does neither.

Knows TOML by the standard library, and of INI and YAML the plain forms only: anything else is opaque.
"""

# A file of TOML or JSON can hold anything.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import posixpath

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_to
from guard.effects.knowledge.settings import Settings
from guard.effects.values import plain
from guard.model.typed import Any, Iterator

MAX_TEXT = 64 * 1024
_MAX_SAID = 4
Key = tuple[str, ...]


class _Unsure(Exception):
    """It is not written in the way that is followed here."""


def read_settings(call: Call, settings: Settings, path: str, text: str) -> None:
    """Say what the program does because of this file."""
    if len(text) > MAX_TEXT:
        call.opaque(f"`{path}` is too long to read")
        return
    certain, output = call.certain, call.output
    try:
        match settings["format"]:
            case "python" | "javascript" | "ruby" | "shell" | "composer":
                # It may change before it runs, and not all of it need run: what was read can deny or ask, no more.
                call.certain = False
                _code(call, settings["format"], path, text)
            case _:
                _keys(call, settings, path, text)
    finally:
        call.certain, call.output = certain, output


def _code(call: Call, language: str, path: str, text: str) -> None:
    match language:
        case "python":
            from guard.effects.commands.interpreters import run_source  # noqa: PLC0415 - only where such code is met

            run_source(call, text, path)
        case "shell":
            call.run_text((text,))
        case "composer":
            for command in _composer(text):
                call.run_text((command,))
        case _:
            from guard.effects.readers.code import read_code  # noqa: PLC0415 - as above

            read_code(call, text, language)
    call.opaque(f"loads code of the project: `{path}`")


def _composer(text: str) -> list[str]:
    """Scripts of ``composer.json`` that are commands; the rest are its own words and names of PHP."""
    import json  # noqa: PLC0415 - only where composer runs

    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return []
    scripts: Any = found.get("scripts") if isinstance(found, dict) else None
    lists = (
        [each if isinstance(each, list) else [each] for each in scripts.values()]
        if isinstance(scripts, dict)
        else []
    )
    return [
        each
        for one in lists
        for each in one
        if isinstance(each, str) and "::" not in each and not each.startswith("@")
    ]


# ---------------------------------------------------------------------- keys


def _keys(call: Call, settings: Settings, path: str, text: str) -> None:
    runs, hosts = _patterns(settings.get("runs", "")), _patterns(settings.get("hosts", ""))
    writes, quiet = _patterns(settings.get("writes", "")), _patterns(settings.get("quiet", ""))
    below = tuple(settings.get("below", "").split(".")) if settings.get("below") else ()
    doubts: dict[str, None] = {}
    try:
        for key, value in list(_entries(settings, text)):
            if key[: len(below)] != below:
                continue
            inner = key[len(below) :]
            if _is(inner, runs) or (settings.get("templates") and "{{" in value):
                doubts.setdefault(".".join(inner))
            elif _is(inner, hosts):
                _talks(call, value)
            elif _is(inner, writes):
                call.write(plain(posixpath.join(posixpath.dirname(path), value), call.span))
            elif not _is(inner, quiet):
                doubts.setdefault(".".join(inner))
    except _Unsure as why:
        call.opaque(f"`{path}` can make it run or load something: {why}")
        return
    if doubts:
        named = ", ".join(f"`{key}`" for key in list(doubts)[:_MAX_SAID])
        call.opaque(f"{named} in `{path}` can make it run or load something")


def _talks(call: Call, value: str) -> None:
    """Where the program talks to anybody, it talks to these."""
    if not call.sent:
        return
    for word in value.replace(",", " ").split():
        address = word.strip("\"'[]{}").removeprefix("sparse+").removeprefix("registry+")
        if address and not address.startswith(("file:", ".", "/")):
            connect_to(call, address)


def _patterns(words: str) -> tuple[Key, ...]:
    return tuple(tuple(word.split(".")) for word in words.split())


def _is(key: Key, patterns: tuple[Key, ...]) -> bool:
    return any(
        len(pattern) <= len(key)
        and all(wanted in {"*", part} for wanted, part in zip(pattern, key, strict=False))
        for pattern in patterns
    )


def _entries(settings: Settings, text: str) -> Iterator[tuple[Key, str]]:
    match settings["format"]:
        case "toml":
            return _toml(text)
        case "toolchain":
            return _toolchain(text)
        case "npmrc":
            return _npmrc(text)
        case "ini":
            return _ini(text)
        case "yaml":
            return _yaml(text)
        case "json":
            return _json(text)
        case _:
            raise _Unsure("nobody has said how it is read")


def _toml(text: str) -> Iterator[tuple[Key, str]]:
    from tomllib import loads  # noqa: PLC0415 - only where such a file is there

    try:
        table = loads(text)
    except (ValueError, RecursionError):
        raise _Unsure("it is not TOML") from None
    return _flat(table, ())


def _json(text: str) -> Iterator[tuple[Key, str]]:
    """With comments and a comma too many, as most that read such files take them."""
    from json import loads  # noqa: PLC0415 - only where such a file is there

    try:
        table = loads(_plain_json(text))
    except (ValueError, RecursionError):
        raise _Unsure("it is not JSON") from None
    return _flat(table, ())


def _plain_json(text: str) -> str:
    out, at = list[str](), 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            out.append(text[at : end + 1])
            at = end + 1
        elif text.startswith(("//", "/*"), at):
            last = "\n" if text[at + 1] == "/" else "*/"
            end = text.find(last, at + 2)
            at = len(text) if end < 0 else end + len(last)
        else:
            if text[at] in "]}" and (before := "".join(out[-_BLANKS:]).rstrip()).endswith(","):
                del out[-_BLANKS:]
                out.append(before[:-1])
            out.append(text[at])
            at += 1
    return "".join(out)


_BLANKS = 1000
"""How far back a comma is looked for."""


def _flat(value: object, key: Key) -> Iterator[tuple[Key, str]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _flat(inner, (*key, str(name)))
        case list() if any(isinstance(inner, dict | list) for inner in value):
            for inner in value:
                yield from _flat(inner, key)
        case list():
            yield key, " ".join(str(inner) for inner in value)
        case _:
            yield key, str(value)


def _toolchain(text: str) -> Iterator[tuple[Key, str]]:
    if "[" in text or "=" in text:
        return _toml(text)
    if "/" in text or len(text.split()) > 1:
        raise _Unsure("it is not a name")
    return iter(())


def _npmrc(text: str) -> Iterator[tuple[Key, str]]:
    for line in text.replace("\r", "\n").split("\n"):
        bare = line.strip()
        if not bare or bare[0] in ";#":
            continue
        name, _, value = bare.partition("=")
        name = name.strip().removesuffix("[]")
        if name.startswith("//"):
            # Settings of one server: how to log in there. `tokenHelper` is a program.
            name = "auth" if name.rpartition(":")[2] in _LOGIN else name
        elif name.startswith("@") and name.endswith(":registry"):
            name = "registry"
        elif name in _LOGIN:
            name = "auth"
        yield (name,), value.strip()


_LOGIN = frozenset(
    {"_authToken", "_auth", "_password", "username", "email", "always-auth", "certfile", "keyfile"}
)


def _ini(text: str) -> Iterator[tuple[Key, str]]:
    """As ``configparser`` reads it: a line that begins with a blank goes on with the one before."""
    name, block = "", list[str]()
    for line in text.replace("\r", "\n").split("\n"):
        bare = line.strip()
        if not bare or bare[0] in ";#" or (bare[0] == "[" and line[0] == "["):
            continue
        if line[0] in " \t" and name:
            block.append(bare)
            continue
        if name:
            yield (name,), " ".join(block)
        cut = min((at for at in (bare.find("="), bare.find(":")) if at >= 0), default=len(bare))
        name, block = bare[:cut].strip().lower(), [bare[cut + 1 :].strip()]
    if name:
        yield (name,), " ".join(block)


_JOINS = {ord("-"): None, ord("_"): None}


def _yaml(text: str) -> Iterator[tuple[Key, str]]:
    """Keys at the left margin, each with everything below it as its value."""
    if any(char in text.replace("\r\n", "\n") for char in "\r\x85\u2028\u2029\t"):
        raise _Unsure("a line that ends in an odd way")
    name, block = "", list[str]()
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] == " " or line.startswith("- ") or line == "-":
            if not name:
                raise _Unsure("it is not a plain table")
            block.append(line.strip())
            continue
        if line.rstrip() == "---" and not name:
            continue
        if name:
            yield (name,), " ".join(block)
        key, colon, value = line.partition(":")
        name = key.strip().strip("\"'")
        if not colon or not name.translate(_JOINS).isalnum() or (value and value[0] != " "):
            raise _Unsure("it is not a plain table")
        block = [value.strip()]
    if name:
        yield (name,), " ".join(block)
