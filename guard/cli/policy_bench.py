"""``guard policy bench``: what the policy in force costs: a decision, loading it, a call of the hook. Changes no policy.

Everything is measured beside something that is known, in turn: on a machine with other work a ratio means more.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles

from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import complain, say
from guard.engine.analyse import analyse
from guard.engine.decide import decide
from guard.engine.imagined import imagined_facts
from guard.errors import UsageError
from guard.model.dataclass import dataclass
from guard.model.effect import ResolvedEffect
from guard.model.facts import Facts
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.policy.evaluate import judge
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import PolicySources
from guard.policy.layers import tables_of
from guard.policy.review.probes import probes
from guard.policy.rule import Policy

PAYLOAD = json.dumps({"tool_name": "Bash", "tool_input": {"command": "git status && ls -la"}, "cwd": "/work"})
ROUNDS = 7
COMMANDS = 60

_PLAIN = (
    "ls -la src | head -n 20",
    "git status",
    "cat README.md",
    "pytest -q tests",
    "rm -rf build",
    "python x.py",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds for each of several things, each at its best, and the same of what was measured beside them."""

    times: tuple[float, ...]
    beside: tuple[float, ...]

    def report(self) -> dict[str, float]:
        p50 = median(self.times)
        cuts = quantiles(self.times, n=100) if len(self.times) > 1 else [p50] * 99
        return {
            "p50": round(p50, 3),
            "p99": round(cuts[98], 3),
            "ratio": round(p50 / max(median(self.beside), 1e-6), 3),
            "of": len(self.times),
        }


def measured(things: Sequence[Callable[[], object]], rounds: int) -> Measured:
    """One after the other in each round, so that noise meets all of them; beside them ``json.loads`` of a hook's payload."""
    best = [float("inf")] * len(things)
    beside = [float("inf")] * len(things)
    for _ in range(rounds):
        for number, thing in enumerate(things):
            started = time.perf_counter()
            thing()
            ended = time.perf_counter()
            json.loads(PAYLOAD)
            last = time.perf_counter()
            best[number] = min(best[number], ended - started)
            beside[number] = min(beside[number], last - ended)
    return Measured(tuple(t * 1e6 for t in best), tuple(t * 1e6 for t in beside))


def decisions(policy: Policy, facts: Facts, rounds: int = ROUNDS) -> tuple[Measured, Measured]:
    """Of effects as the rules have them in mind: decided before; and not decided before, by a guard that has run."""
    found = [(effect,) for effect in probes(policy, facts)]
    again = measured([_again(one, policy, facts) for one in found], rounds)
    first = measured([_anew(one, policy, facts) for one in found], rounds)
    return again, first


Effects = tuple[ResolvedEffect, ...]


def _again(effects: Effects, policy: Policy, facts: Facts) -> Callable[[], object]:
    judge(effects, policy, facts)
    return lambda: judge(effects, policy, facts)


def _anew(effects: Effects, policy: Policy, facts: Facts) -> Callable[[], object]:
    kept = tables_of(policy).decided

    def asked() -> object:
        kept.clear()
        return judge(effects, policy, facts)

    return asked


def commands(policy: Policy, facts: Facts, rounds: int = ROUNDS) -> Measured:
    """From the text of a command to the decision, without the looks at the machine: the examples of the policy's rules."""
    said = [text for layer in policy.layers for rule in layer.rules for text in (*rule.match, *rule.no_match)]
    said += [test.run for layer in policy.layers for test in layer.tests]
    step = max(1, len(said) // COMMANDS)
    return measured([_decided(text, policy, facts) for text in (*_PLAIN, *said[::step])], rounds)


def _decided(command: str, policy: Policy, facts: Facts) -> Callable[[], object]:
    def decided() -> object:
        proposal = ShellProposal(principal=Principal(agent="bench"), cwd=facts.cwd, command=command)
        return decide(analyse(proposal, facts), facts, policy)

    return decided


def loading(here: PolicySources, cache: str, rounds: int = ROUNDS) -> Measured:
    load_policy(here, cache)
    return measured([lambda: load_policy(here, cache)] * 5, rounds)


def hook(cwd: str, calls: int = ROUNDS) -> dict[str, float]:
    """Milliseconds of processor for one call of the hook with this policy, beside an interpreter that does nothing."""
    payload = {
        "session_id": "bench",
        "transcript_path": "",
        "cwd": cwd,
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": "git status && ls -la"},
    }
    with tempfile.TemporaryDirectory(prefix="guard-bench-") as state:
        # A log, a cache and sessions of its own: what is measured is no decision of anybody.
        env = {**os.environ, "XDG_STATE_HOME": state}
        ours = [sys.executable, "-I", "-m", "guard", "hook", "claude-code"]
        bare = [sys.executable, "-I", "-S", "-c", "pass"]
        given = json.dumps(payload).encode()
        _cpu_ms(ours, given, env, cwd)
        spent = [(_cpu_ms(ours, given, env, cwd), _cpu_ms(bare, b"", env, cwd)) for _ in range(calls)]
    ours_ms, bare_ms = (median(each) for each in zip(*spent, strict=True))
    return {
        "cpu_ms": round(ours_ms, 2),
        "interpreter_ms": round(bare_ms, 2),
        "ratio": round(ours_ms / max(bare_ms, 1e-3), 2),
        "of": calls,
    }


def _cpu_ms(argv: list[str], given: bytes, env: dict[str, str], cwd: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, input=given, env=env, cwd=cwd, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 2):
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise UsageError(
            f"a call of the hook ended with {done.returncode}: {said}", help_="see `guard doctor`"
        )
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent * 1e3


def run(args: argparse.Namespace, here: PolicySources, policy: Policy, cache: str, cwd: str) -> int:
    limits = (args.max_us, args.max_load_ms, args.max_hook_ratio)
    if args.rounds < 1 or any(limit is not None and not limit > 0 for limit in limits):
        complain("a limit or a number of rounds is not positive", "give numbers above 0")
        return USAGE
    facts = imagined_facts(today=time.strftime("%Y-%m-%d", time.gmtime()))
    again, first = decisions(policy, facts, args.rounds)
    whole = commands(policy, facts, args.rounds)
    loaded = loading(here, cache, args.rounds)
    load_ms = {name: round(value / 1e3, 3) for name, value in loaded.report().items() if name != "ratio"}
    called = hook(cwd, args.rounds + 1)
    over = [
        f"{what}: {found:g} {unit}, and at most {limit:g} were to be"
        for what, found, unit, limit in (
            ("a decision", again.report()["p50"], "µs", args.max_us),
            ("loading the policy", load_ms["p50"], "ms", args.max_load_ms),
            ("a call of the hook", called["ratio"], "starts of an interpreter", args.max_hook_ratio),
        )
        if limit is not None and found > limit
    ]
    if args.json:
        say(
            json.dumps(
                {
                    "digest": policy.digest,
                    "rules": sum(len(layer.rules) for layer in policy.layers),
                    "decision_us": again.report(),
                    "anew_us": first.report(),
                    "command_us": whole.report(),
                    "load_ms": {**load_ms, "of": loaded.report()["of"], "ratio": loaded.report()["ratio"]},
                    "hook": called,
                    "over": over,
                }
            )
        )
    else:
        say(f"policy {policy.digest}, {sum(len(layer.rules) for layer in policy.layers)} rules")
        _line("decision", again, "effects that were decided before")
        _line("decision, anew", first, "effects that were not decided before")
        _line("command to decision", whole, "commands, without looks at the machine")
        say(f"{'load from cache':<22}{load_ms['p50']:>9.2f} ms  {loaded.report()['ratio']:>7.1f} x")
        say(
            f"{'hook call, processor':<22}{called['cpu_ms']:>9.1f} ms  {called['ratio']:>7.1f} x the start of an interpreter"
        )
        for problem in over:
            say(f"too slow: {problem}")
    return FINDINGS if over else OK


def _line(what: str, found: Measured, of: str) -> None:
    one = found.report()
    say(
        f"{what:<22}{one['p50']:>9.2f} µs  {one['ratio']:>7.2f} x reading a payload"
        f"   p99 {one['p99']:.1f} µs, {one['of']} {of}"
    )
