"""The real engines that exported policies are held against."""

import json
import subprocess
from pathlib import Path
from typing import Any

import hobofan_regorus as regorus

from guard.model.dataclass import replace
from guard.model.decision import Decision
from guard.model.facts import Facts
from guard.policy.evaluate import judge
from guard.policy.export.request import document, effect_document
from guard.policy.review.cell import Cell
from guard.policy.rule import Policy


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


def judged(policy: Policy, cells: list[Cell], facts: Facts) -> tuple[dict[str, Any], list[Decision]]:
    """The input that asks about every cell at once, and what we say of each."""
    asked, said = document((), facts), []
    for cell in cells:
        here = replace(facts, package_hosts=(cell.host,) if cell.package_host else ())
        effect = cell.resolved(here)
        asked["effects"].append(effect_document(effect, here))
        said.append(judge((effect,), policy, here))
    return asked, said
