"""What is known of one recorded decision, as a row of a table: from records of the log, or from commands and nothing else.

A row holds no more of a secret than the record does; commands from elsewhere are redacted on the way.
"""

import json
from typing import Any

from guard.audit.canonical import text_from
from guard.audit.facts import PROBLEMS, fact_of
from guard.audit.redact import Redactor
from guard.engine.advised import REVIEWER_LAYER
from guard.engine.granted import GRANT_LAYER
from guard.engine.imagined import HOME, WORKSPACE
from guard.model.verdict import Verdict

_ANSWERS = frozenset((GRANT_LAYER, REVIEWER_LAYER))
FORMAT = 2
"""Of the rows: what another version of this module has kept is made again."""
ONLY_TEXT = "text"
PROBLEM_WORDS = {**PROBLEMS, ONLY_TEXT: "with a command and no effects: `--reanalyse` reads it"}
COLUMNS = {
    "seq": "BIGINT",
    "time": "VARCHAR",
    "session": "VARCHAR",
    "who": "VARCHAR",
    "agent": "VARCHAR",
    "workspace": "VARCHAR",
    "tool": "VARCHAR",
    "command": "VARCHAR",
    "world": "VARCHAR",
    "verdict": "VARCHAR",
    "host": "BOOLEAN",
    "rule": "VARCHAR",
    "layer": "VARCHAR",
    "grants": "VARCHAR",
    "policy": "VARCHAR",
    "fact": "VARCHAR",
    "problem": "VARCHAR",
}
"""Name and type of each column; ``world``: where a command ran, see :func:`world_of`."""
Row = dict[str, Any]


def row_of_record(record: dict[str, Any]) -> Row:
    """Raises ValueError, LookupError, TypeError or AttributeError for what is no record of a decision."""
    agent, call, facts, decision = record["agent"], record["call"], record["facts"], record["decision"]
    verdict, reason = decision["verdict"], decision["reason"]
    if reason["layer"] in _ANSWERS:
        # Somebody answered what the policy asked about: it is the policy's answer that another one is compared with.
        others: list[list[str]] = [said for said in decision["trace"] if said[0] not in _ANSWERS]
        layer, rule, verdict = others.pop(0)
        reason = {"layer": layer, "rule": rule}
    fact = fact_of(record)
    text = _shown(call["text"])
    workspace = _shown(facts["workspace"])
    tool = _shown(call["tool"])
    return {
        "seq": int(record["seq"]),
        "time": str(record["time"]),
        "session": _shown(agent["session"]),
        "who": _shown(agent["human"]),
        "agent": _shown(agent["name"]),
        "workspace": workspace,
        "tool": tool,
        "command": text if tool == "Bash" else f"{tool} {_shown(call.get('path', text))}",
        "world": world_of(text, _shown(call["cwd"]), workspace, _shown(facts["home"]))
        if tool == "Bash" and "text_length" not in call
        else "",
        "verdict": Verdict(verdict).value,
        "host": decision["placement"] == "host",
        "rule": str(reason["rule"]),
        "layer": str(reason["layer"]),
        "grants": " ".join(sorted(decision.get("grants", ()))),
        "policy": str(record["policy"]),
        "fact": fact.text,
        "problem": fact.problem,
    }


def row_of_command(case: dict[str, Any], redactor: Redactor, number: int) -> Row:
    """Of ``{"command": ..., "cwd": ...}`` and whatever else it says of session, user and time. Raises ValueError."""
    command = case.get("command")
    if not isinstance(command, str):
        raise ValueError("`command` is missing or no string")  # noqa: TRY004 - one kind of error for a malformed line
    told = {
        key: case.get(key, "") for key in ("cwd", "workspace", "home", "session", "user", "time", "agent")
    }
    for key, value in told.items():
        if not isinstance(value, str) or "\0" in value:
            raise ValueError(f"`{key}` is no text")
    command = redactor.redact(_sound(command))
    workspace = told["workspace"] or told["cwd"] or WORKSPACE
    return {
        "seq": number,
        "time": told["time"],
        "session": _sound(told["session"]),
        "who": _sound(told["user"]),
        "agent": _sound(told["agent"]),
        "workspace": _sound(workspace),
        "tool": "Bash",
        "command": command,
        "world": world_of(command, told["cwd"] or workspace, workspace, told["home"] or HOME),
        "verdict": "",
        "host": False,
        "rule": "",
        "layer": "",
        "grants": "",
        "policy": "",
        "fact": "",
        "problem": ONLY_TEXT,
    }


def world_of(command: str, cwd: str, workspace: str, home: str) -> str:
    """Workspace, home and working directory, with the home called as everybody's where the command does not name it.

    The same command of two people is then one command: what it means depends on how these three lie to each other.
    """
    if home.strip("/") and home not in command and HOME not in command:
        cwd, workspace = _at_home(cwd, home), _at_home(workspace, home)
        home = HOME
    return json.dumps([workspace, home, cwd])


def _at_home(path: str, home: str) -> str:
    return HOME + path[len(home) :] if path == home or path.startswith(home + "/") else path


def _shown(value: Any) -> str:
    return _sound(text_from(value))


def _sound(text: str) -> str:
    """Text that can be stored: bytes that are none stand there as escapes."""
    return text.encode(errors="backslashreplace").decode()
