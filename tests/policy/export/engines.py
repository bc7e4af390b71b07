"""The real engines that exported policies are held against."""

import json
import subprocess
from pathlib import Path
from typing import Any

import hobofan_regorus as regorus

from guard.engine.decide import touches_guard
from guard.model.effect import ResolvedEffect
from guard.model.facts import Facts


def rego(text: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What ``data.guard.decision`` is for an input."""
    engine = regorus.Engine()
    engine.add_policy("policy", text)
    engine.set_input_json(json.dumps(asked))
    return json.loads(engine.eval_query_as_json("data.guard.decision"))["result"][0]["expressions"][0][
        "value"
    ]


def codex(programs: Path, rules: Path, words: list[str]) -> str:
    """``allow``, ``prompt``, ``forbidden``, or nothing when no rule speaks of it."""
    done = subprocess.run(
        [programs / "codex", "execpolicy", "check", "--rules", rules, "--", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout).get("decision", "")


def touching(effects: tuple[ResolvedEffect, ...], facts: Facts) -> list[tuple[ResolvedEffect, str]]:
    return [(effect, touches_guard(effect, facts).name.lower()) for effect in effects]
