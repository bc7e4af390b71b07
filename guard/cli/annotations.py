"""What was found in files, for GitHub: annotations in the log of a job, and SARIF. Writes nothing itself."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guard.cli.main import version


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    rule: str
    """Stable, such as the code of a finding."""
    level: str
    """``error``, ``warning`` or ``note``."""
    message: str
    file: str
    line: int = 0
    """From 1; 0 = the file as a whole."""
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A rule of SARIF's: what kind of thing is found."""

    name: str
    says: str
    help: str
    level: str


def relative(path: str, directory: str) -> str:
    """Below ``directory`` as others see it who have a checkout somewhere else; as it is when it is not below."""
    inside = os.path.relpath(os.path.abspath(path), directory)
    return path if inside.startswith("..") else inside


def github(result: Result, title: str) -> str:
    """https://docs.github.com/actions, workflow commands: they end at the line's end, and `%` begins an escape."""
    word = {"error": "error", "warning": "warning", "note": "notice"}[result.level]
    parts = [f"file={_property(result.file)}"]
    parts += [f"line={result.line}"] if result.line else []
    parts += [f"col={result.column}"] if result.column else []
    return f"::{word} {','.join(parts)},title={_property(title)}::{_escaped(result.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(",", "%2C").replace(":", "%3A")


def sarif(tool: str, about: Mapping[str, About], results: Iterable[Result]) -> str:
    """SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""
    rules = [
        {
            "id": key,
            "name": one.name,
            "shortDescription": {"text": one.says},
            "help": {"text": one.help},
            "defaultConfiguration": {"level": one.level},
        }
        for key, one in about.items()
    ]
    numbers = {key: number for number, key in enumerate(about)}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": tool, "semanticVersion": version(), "rules": rules}},
                "results": [
                    {
                        "ruleId": result.rule,
                        "ruleIndex": numbers[result.rule],
                        "level": result.level,
                        "message": {"text": result.message},
                        "locations": [{"physicalLocation": _location(result)}],
                    }
                    for result in results
                ],
            }
        ],
    }
    return json.dumps(log, indent=2)


def _location(result: Result) -> dict[str, object]:
    out: dict[str, object] = {"artifactLocation": {"uri": result.file}}
    if result.line:
        region = {"startLine": result.line}
        if result.column:
            region["startColumn"] = result.column
        out["region"] = region
    return out
