"""How each client is given the hook: its files, what stands in them, and the switch that makes it fail closed. Data only.

Reads and writes nothing; `guard/cli/installing.py` does.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from shlex import quote
from typing import Any, Literal

from guard.cli import plugins
from guard.cli.hook import DONE

Scope = Literal["user", "project", "managed"]
SCOPES: tuple[Scope, ...] = ("user", "project", "managed")
TIMEOUT_S = 60
"""Longer than the hook's own deadline, so that it is the hook that answers."""
GIVE_UP_S = 40
"""Between the two: for a hook that never got as far as its deadline."""
_TIMEOUT = "/usr/bin/timeout"
_NO_ANSWER = "denied: the guard gave no answer: it is damaged or was stopped; a person can run guard doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """An element of a list in a JSON file, and how ours is known there."""

    at: tuple[str, ...]
    element: dict[str, Any]
    grouped: bool = True
    """Whether the element is a group, with the hook in its ``hooks``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A file that is the client's: our parts go in among what is there."""

    path: str
    added: tuple[Added, ...]
    needs: tuple[tuple[tuple[str, ...], str, object], ...] = ()
    """What else has to stand there: where, the key, its value."""
    switches: tuple[tuple[tuple[str, ...], str, object], ...] = ()
    """The same, and it goes with us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A file of our own."""

    path: str
    content: str
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Toml:
    """A TOML file of the client's, changed with ``tomlkit``."""

    path: str
    tables: dict[str, Any]
    """Set as they are here; lists get our part."""


Registered = Merged | Whole | Toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    agent: str
    programs: tuple[str, ...]
    """Any of which, on PATH, says that the client is on this machine."""
    home: str
    """What is below the home directory of whoever uses it."""
    files: dict[Scope, str]
    """Below the home directory, below the workspace, or absolute."""
    register: "Callable[[str, str, Scope], Registered]"
    """From a path, the words that start the hook, and the scope."""
    switch: "Callable[[str], Merged] | None" = None
    """From the path of the registration: what in another file makes the client let nothing through while it has not loaded us."""
    moved: tuple[str, str] = ("", "")
    """The variable by which it keeps its files elsewhere, and the directory below the home that this stands in the place of."""
    proved: tuple[int, ...] = ()
    """From this version on it runs a command that is answered; the hook is told so. Empty: it never does, or payloads tell."""
    closed: str = ""
    """What keeps it closed when the hook itself cannot start; empty when nothing of the client's does."""
    open: str = ""
    """What lets calls through all the same, for people."""
    after: str = ""
    """What a person has still to do."""


def started(words: Iterable[str], give_up_s: int = GIVE_UP_S) -> str:
    """A line for a shell that ends with 0 or 2, and says something with 2: several clients run the call otherwise.

    Only the hook's own word for "done" lets a call through. Anything else that ends well, or says something, is none of
    ours: another program in the interpreter's place, a module of somebody else. What does not end is killed before the
    client gives up waiting, for then most run the call; where there is no `timeout`, only the hook's own deadline holds.
    Signals are ignored until the hook itself takes them: a shell that one kills says nothing.
    The line is the same in every shell that a person may have: what is in the quotes is read by `sh`.
    """
    hook = " ".join(quote(word) for word in words)
    return "/bin/sh -c " + quote(
        'trap "" HUP INT PIPE TERM; '
        # By its whole name: a PATH may lead into a workspace.
        f"[ -x {_TIMEOUT} ] && set -- {_TIMEOUT} -s KILL {give_up_s}; "
        f'said=$("$@" {hook}); '
        f'case $? in {DONE}) end=0 ;; 2) end=2 ;; *) echo "{_NO_ANSWER}" >&2; exit 2 ;; esac; '
        # A deny that cannot be written must not end as silence.
        '[ -z "$said" ] || printf "%s\\n" "$said" || exit 2; exit $end'
    )


def _grouped(event: str, matcher: str, **more: object) -> "Callable[[str, str, Scope], Registered]":
    def register(path: str, command: str, scope: Scope) -> Registered:
        del scope
        hook = {"type": "command", "command": command, "timeout": TIMEOUT_S, **more}
        return Merged(
            path=path, added=(Added(at=("hooks", event), element={"matcher": matcher, "hooks": [hook]}),)
        )

    return register


def _claude(path: str, command: str, scope: Scope) -> Registered:
    hook = {"type": "command", "command": command, "timeout": TIMEOUT_S, "onFailure": "block"}
    needs: tuple[tuple[tuple[str, ...], str, object], ...] = ()
    if scope == "managed":
        # A repository's settings count less, so it cannot switch the hook off.
        needs = (((), "disableAllHooks", False),)
    return Merged(
        path=path,
        added=(Added(at=("hooks", "PreToolUse"), element={"matcher": "*", "hooks": [hook]}),),
        needs=needs,
    )


def _codex(path: str, command: str, scope: Scope) -> Registered:
    hook = {"type": "command", "command": command, "timeout": TIMEOUT_S}
    group = {"matcher": "*", "hooks": [hook]}
    if scope == "managed":
        return Toml(path=path, tables={"features": {"hooks": True}, "hooks": {"PreToolUse": [group]}})
    return Merged(path=path, added=(Added(at=("hooks", "PreToolUse"), element=group),))


def _cursor(path: str, command: str, scope: Scope) -> Registered:
    del scope
    hook = {"command": command, "timeout": TIMEOUT_S, "failClosed": True}
    events = ("preToolUse", "beforeShellExecution", "beforeMCPExecution", "beforeReadFile")
    return Merged(
        path=path,
        added=tuple(Added(at=("hooks", event), element=dict(hook), grouped=False) for event in events),
        needs=(((), "version", 1),),
    )


def _copilot(path: str, command: str, scope: Scope) -> Registered:
    del scope
    hook = {"type": "command", "bash": command, "timeoutSec": TIMEOUT_S}
    return Whole(path=path, content=_json({"version": 1, "hooks": {"preToolUse": [hook]}}))


def _goose(path: str, command: str, scope: Scope) -> Registered:
    del scope
    # `*` is no regular expression, and would drop the rule without a word.
    hook = {"type": "command", "command": command, "timeout": TIMEOUT_S, "on_failure": "block"}
    return Whole(path=path, content=_json({"hooks": {"PreToolUse": [{"matcher": ".*", "hooks": [hook]}]}}))


def _crush(path: str, command: str, scope: Scope) -> Registered:
    del scope
    hook = {"name": "guard", "matcher": ".*", "command": command, "timeout": TIMEOUT_S}
    return Merged(path=path, added=(Added(at=("hooks", "PreToolUse"), element=hook, grouped=False),))


def _windsurf(path: str, command: str, scope: Scope) -> Registered:
    del scope
    events = ("pre_run_command", "pre_write_code", "pre_read_code", "pre_mcp_tool_use")
    return Merged(
        path=path,
        added=tuple(
            Added(at=("hooks", event), element={"command": command, "show_output": True}, grouped=False)
            for event in events
        ),
    )


def _kiro(path: str, command: str, scope: Scope) -> Registered:
    del scope
    hook = {
        "name": "guard",
        "trigger": "PreToolUse",
        "matcher": ".*",
        "action": {"type": "command", "command": command},
        "timeout": TIMEOUT_S,
        "enabled": True,
    }
    return Whole(path=path, content=_json({"version": "v1", "hooks": [hook]}))


def _droid(path: str, command: str, scope: Scope) -> Registered:
    del scope
    hook = {"type": "command", "command": command, "timeout": TIMEOUT_S}
    return Merged(path=path, added=(Added(at=("PreToolUse",), element={"matcher": "*", "hooks": [hook]}),))


def _openhands(path: str, command: str, scope: Scope) -> Registered:
    del scope
    hook = {"type": "command", "command": command, "timeout": TIMEOUT_S}
    return Merged(path=path, added=(Added(at=("pre_tool_use",), element={"matcher": "*", "hooks": [hook]}),))


def _cline(path: str, command: str, scope: Scope) -> Registered:
    del scope
    return Whole(path=path, content=plugins.cline(command), executable=True)


def _opencode(path: str, command: str, scope: Scope) -> Registered:
    del scope
    return Whole(path=path, content=plugins.opencode(command))


def _opencode_switch(path: str) -> Merged:
    # Of the three files that it reads there the last: what is said of a tool in the others comes before.
    return Merged(
        path=os.path.join(os.path.dirname(os.path.dirname(path)), "opencode.jsonc"),
        added=(),
        # The client writes it into every file that has none: then it would not be what we wrote.
        needs=(((), "$schema", "https://opencode.ai/config.json"),),
        switches=((("permission",), plugins.SWITCH, "deny"),),
    )


def _pi(path: str, command: str, scope: Scope) -> Registered:
    del scope
    return Whole(path=path, content=plugins.pi(command))


def _json(value: object) -> str:
    import json  # noqa: PLC0415 - beside its only use

    return json.dumps(value, indent=2) + "\n"


_CRASH = "a hook whose shell is killed or cannot start"
CLIENTS: dict[str, Client] = {
    client.agent: client
    for client in (
        Client(
            agent="claude-code",
            programs=("claude",),
            home=".claude",
            files={
                "user": ".claude/settings.json",
                "project": ".claude/settings.json",
                "managed": "/etc/claude-code/managed-settings.json",
            },
            moved=("CLAUDE_CONFIG_DIR", ".claude"),
            register=_claude,
            closed='`"onFailure": "block"`, from 2.1.295 on',
            open="before 2.1.295 a hook that times out; `disableAllHooks` in a repository, except against managed settings;"
            " shell lines in slash commands",
        ),
        Client(
            agent="codex",
            programs=("codex",),
            home=".codex",
            files={
                "user": ".codex/hooks.json",
                "project": ".codex/hooks.json",
                "managed": "/etc/codex/requirements.toml",
            },
            moved=("CODEX_HOME", ".codex"),
            register=_codex,
            proved=(0, 169, 0),
            open=f"{_CRASH}; `features.hooks = false` in a trusted repository, except against managed requirements;"
            " what is typed into a running program",
            after="start `codex`, say `/hooks` and trust the hook: until then it is skipped without a word",
        ),
        Client(
            agent="gemini",
            programs=("gemini",),
            home=".gemini",
            files={
                "user": ".gemini/settings.json",
                "project": ".gemini/settings.json",
                "managed": "/etc/gemini-cli/settings.json",
            },
            register=_grouped("BeforeTool", ".*", name="guard", timeout=TIMEOUT_S * 1000),
            proved=(0, 61, 0),
            open=f"{_CRASH}; `hooksConfig` in a repository",
        ),
        Client(
            agent="qwen",
            programs=("qwen",),
            home=".qwen",
            files={"user": ".qwen/settings.json", "project": ".qwen/settings.json"},
            register=_grouped("PreToolUse", "*"),
            open=f"{_CRASH}; `disableAllHooks` in a repository, or `QWEN_CODE_SAFE_MODE` in its `.env`",
        ),
        Client(
            agent="copilot",
            programs=("copilot",),
            home=".copilot",
            files={
                "user": ".copilot/hooks/guard.json",
                "project": ".github/hooks/guard.json",
                "managed": "/etc/github-copilot/policy.d/guard.json",
            },
            moved=("COPILOT_HOME", ".copilot"),
            register=_copilot,
            proved=(1, 0, 102),
            closed="any exit status but 0, of itself",
            open="`disableAllHooks` in a trusted repository, except against a policy",
        ),
        Client(
            agent="cursor",
            programs=("cursor-agent", "cursor"),
            home=".cursor",
            files={
                "user": ".cursor/hooks.json",
                "project": ".cursor/hooks.json",
                "managed": "/etc/cursor/hooks.json",
            },
            register=_cursor,
            closed='`"failClosed": true`',
            open="what its command line does not ask hooks about in older versions",
        ),
        Client(
            agent="cline",
            programs=("cline",),
            home=".cline",
            files={"user": ".cline/hooks/PreToolUse", "project": ".clinerules/hooks/PreToolUse"},
            moved=("CLINE_DIR", ".cline"),
            register=_cline,
            proved=(3, 0, 65),
            open="a hook whose shell is killed: no exit status counts",
        ),
        Client(
            agent="opencode",
            programs=("opencode",),
            home=".config/opencode",
            files={"user": ".config/opencode/plugin/guard.js", "project": ".opencode/plugin/guard.js"},
            moved=("XDG_CONFIG_HOME", ".config"),
            register=_opencode,
            switch=_opencode_switch,
            closed="the plugin throws when there is no answer; where it is not loaded no tool is to be had",
            open="where the plugin is not loaded (`--pure`, version 2): tools that a repository, an agent or"
            " `OPENCODE_PERMISSION` allows by name",
        ),
        Client(
            agent="pi",
            programs=("pi",),
            home=".pi",
            files={"user": ".pi/agent/extensions/guard.ts", "project": ".pi/extensions/guard.ts"},
            moved=("PI_CODING_AGENT_DIR", ".pi/agent"),
            register=_pi,
            closed="an extension that throws or does not load, of itself",
            open="`-ne`, which loads no extension",
        ),
        Client(
            agent="openhands",
            programs=("openhands",),
            home=".openhands",
            files={"project": ".openhands/hooks.json"},
            register=_openhands,
            open=f"{_CRASH}; a directory that earlier commands of its terminal have gone to is not in the payload",
        ),
        Client(
            agent="goose",
            programs=("goose",),
            home=".config/goose",
            files={
                "user": ".agents/plugins/guard/hooks/hooks.json",
                "project": ".agents/plugins/guard/hooks/hooks.json",
            },
            register=_goose,
            closed='`"on_failure": "block"`',
        ),
        Client(
            agent="crush",
            programs=("crush",),
            home=".config/crush",
            files={"user": ".config/crush/crush.json", "project": "crush.json"},
            register=_crush,
            open=f"{_CRASH}; its sub-agents, so starting one is asked about",
        ),
        Client(
            agent="windsurf",
            programs=("windsurf",),
            home=".codeium/windsurf",
            files={
                "user": ".codeium/windsurf/hooks.json",
                "project": ".windsurf/hooks.json",
                "managed": "/etc/windsurf/hooks.json",
            },
            register=_windsurf,
            open=_CRASH,
        ),
        Client(
            agent="kiro",
            programs=("kiro-cli", "kiro"),
            home=".kiro",
            files={"user": ".kiro/hooks/guard.json", "project": ".kiro/hooks/guard.json"},
            register=_kiro,
            open=f"{_CRASH}; version 2 of its command line, which keeps hooks elsewhere",
        ),
        Client(
            agent="droid",
            programs=("droid",),
            home=".factory",
            files={"user": ".factory/hooks.json", "project": ".factory/hooks.json"},
            register=_droid,
            open=f"{_CRASH}; `hooksDisabled` in its settings",
        ),
    )
}


def followed(client: Client, environment: Mapping[str, str]) -> Client:
    """Where this client looks in this environment: a registration in the usual place is one that it does not read."""
    variable, usual = client.moved
    elsewhere = environment.get(variable, "") if variable else ""
    # A relative one leads somewhere else from every directory; of XDG's, the specification says to ignore it.
    if not elsewhere.startswith("/"):
        return client
    home = client.home if client.home.startswith(f"{usual}/") else usual
    return replace(
        client,
        home=os.path.normpath(os.path.join(elsewhere, os.path.relpath(home, usual))),
        files={**client.files, "user": os.path.join(elsewhere, os.path.relpath(client.files["user"], usual))},
    )


def path_of(client: Client, scope: Scope, home: str, workspace: str) -> str:
    """Where it registers in ``scope``; empty where it cannot."""
    name = client.files.get(scope, "")
    if not name or name.startswith("/"):
        return name
    base = home if scope == "user" else workspace
    return os.path.join(base, name) if base else ""
