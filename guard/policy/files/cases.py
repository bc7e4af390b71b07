"""The case file beside a policy: commands with the decision that they must get. Reads it strictly."""

import os
import tomllib

from guard.errors import PolicyFileError
from guard.model.typed import Any
from guard.model.verdict import Verdict
from guard.policy.files.compiled import read_bytes
from guard.policy.lint.finding import Place
from guard.policy.trial.trial import Trial

NAME = "cases.toml"
_KEYS = frozenset({"command", "says", "because", "speaks"})


def cases_beside(path: str) -> list[Trial]:
    """Those of ``cases.toml`` in the directory of a file called ``policy.yaml``. Raises PolicyFileError."""
    if os.path.basename(path) != "policy.yaml":
        return []
    beside = os.path.join(os.path.dirname(path), NAME)
    if not os.path.lexists(beside):
        return []
    try:
        text = read_bytes(beside).decode("utf-8")
        data: dict[str, Any] = tomllib.loads(text)
    except ValueError as error:
        raise PolicyFileError(f"not TOML: {error}", place=beside, help_="mend the file") from error
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line.strip() == "[[case]]"]
    listed: list[dict[str, Any]] = data.get("case", []) if isinstance(data.get("case", []), list) else []
    if set(data) - {"case"} or len(lines) != len(listed):
        raise PolicyFileError(
            "holds something else than cases", place=beside, help_="write each as a table [[case]]"
        )
    return [_case(case, Place(beside, line), path) for case, line in zip(listed, lines, strict=True)]


def _case(case: dict[str, Any], place: Place, file: str) -> Trial:
    def refuse(problem: str, help_: str) -> PolicyFileError:
        return PolicyFileError(problem, place=place.text(), help_=help_)

    if unknown := sorted(set(case) - _KEYS):
        raise refuse(f"unknown key `{unknown[0]}`", f"use {', '.join(sorted(_KEYS))}")
    if any(not isinstance(value, str) for value in case.values()) or not case.get("command"):
        raise refuse("a case needs a `command`, and each value is text", 'write command = "..."')
    if case.get("says") not in {verdict.value for verdict in Verdict}:
        raise refuse(f"`{case.get('says')}` is no verdict", "say allow, ask or deny")
    return Trial(
        command=case["command"],
        place=place,
        kind="case",
        verdict=Verdict(case["says"]),
        because=case.get("because", ""),
        file=file if "speaks" in case else "",
        speaks=case.get("speaks", ""),
    )
