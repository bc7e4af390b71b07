"""Asking a guard about one command, and counting what it says. Runs hooks, never a case."""

import json
import resource
import shlex
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from guard.cli.lines import is_object
from guard.enforce.pipeline import Guard
from guard.errors import UsageError
from guard.model.dataclass import dataclass, field
from guard.model.decision import Sandbox, verdict_of
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level, Verdict

HOOK_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    end: str
    """``stopped``, ``contained`` or ``host``."""
    seconds: float
    cpu_seconds: float
    rule: str = ""
    failed: bool = False


@dataclass(slots=True)
class Ends:
    """How cases of one truth ended."""

    counts: Counter[str] = field(default_factory=Counter[str])

    @property
    def all(self) -> int:
        return sum(self.counts.values())

    def share(self, end: str) -> str:
        return f"{100 * self.counts[end] / self.all:.1f}%" if self.all else "-"


@dataclass(slots=True)
class Score:
    ends: dict[str, Ends] = field(default_factory=dict[str, Ends])
    seconds: list[float] = field(default_factory=list[float])
    cpu_seconds: list[float] = field(default_factory=list[float])
    failed: int = 0

    def add(self, expected: str, answer: Answer) -> None:
        self.of(expected).counts[answer.end] += 1
        self.seconds.append(answer.seconds)
        self.cpu_seconds.append(answer.cpu_seconds)
        self.failed += answer.failed

    def of(self, expected: str) -> Ends:
        return self.ends.setdefault(expected, Ends())

    def speed(self) -> str:
        times, cpu = sorted(self.seconds), sorted(self.cpu_seconds)
        p50, p99 = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
        return f"p50 {_span(p50)}, p99 {_span(p99)}; CPU p50 {_span(cpu[len(cpu) // 2])}"

    def report(self) -> dict[str, Any]:
        times, cpu = sorted(self.seconds), sorted(self.cpu_seconds)
        ends = {
            name: {end: self.of(name).counts[end] for end in ("stopped", "contained", "host")}
            for name in ("block", "ask", "allow")
        }
        return {
            **ends,
            "failed": self.failed,
            "us_p50": round(times[len(times) // 2] * 1e6),
            "us_p99": round(times[min(len(times) - 1, len(times) * 99 // 100)] * 1e6),
            "cpu_us_p50": round(cpu[len(cpu) // 2] * 1e6),
        }


def _span(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} \u00b5s"


def own_answers(cwd: str, home: str | None, level: Level | None) -> Callable[[str, str], Answer]:
    """This guard, in this process."""
    guard = Guard.open(cwd=cwd, home=home, level=level)

    def answer(command: str, where: str) -> Answer:
        here = guard if where == guard.facts.cwd else guard.at(cwd=where)
        started, spent = time.perf_counter(), time.process_time()
        decision = here.decide(
            ShellProposal(principal=Principal(agent="bench"), cwd=where, command=command)
        ).decision
        end = "stopped"
        if verdict_of(decision) is Verdict.ALLOW:
            end = "contained" if isinstance(decision.placement, Sandbox) else "host"
        return Answer(
            end=end,
            seconds=time.perf_counter() - started,
            cpu_seconds=time.process_time() - spent,
            rule=decision.reasons[0].rule,
        )

    return answer


def hook_answers(hook: str) -> Callable[[str, str], Answer]:
    """Any hook that speaks Claude Code's PreToolUse: one process for each case, as clients start it."""
    try:
        argv = shlex.split(hook)
    except ValueError as error:
        raise UsageError(f"--hook: {error}", help_="quote it for a shell") from error
    if not argv:
        raise UsageError("--hook is empty", help_="name the command of a hook")

    def answer(command: str, where: str) -> Answer:
        payload = {
            "session_id": "bench",
            "transcript_path": "/dev/null",
            "cwd": where,
            "permission_mode": "default",
            "hook_event_name": "PreToolUse",
            "tool_name": "Bash",
            "tool_input": {"command": command},
            "tool_use_id": "toolu_bench",
        }
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        try:
            done = subprocess.run(
                argv,
                input=json.dumps(payload).encode(),
                capture_output=True,
                check=False,
                timeout=HOOK_TIMEOUT_S,
            )
        except FileNotFoundError as error:
            raise UsageError(f"--hook: there is no program `{argv[0]}`", help_="give its path") from error
        except OSError as error:
            problem = (error.strerror or str(error)).lower()
            raise UsageError(
                f"--hook: `{argv[0]}`: {problem}", help_="name a program that can be run"
            ) from error
        except subprocess.TimeoutExpired:
            return Answer(end="host", seconds=HOOK_TIMEOUT_S, cpu_seconds=0.0, failed=True)
        seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        end, failed = said(done.returncode, done.stdout)
        return Answer(end=end, seconds=seconds, cpu_seconds=spent, failed=failed)

    return answer


def said(status: int, stdout: bytes) -> tuple[str, bool]:
    """What Claude Code would do with an answer: the end, and whether it was no answer at all."""
    if status == 2:
        return "stopped", False
    text = stdout.decode(errors="replace").strip()
    if not text:
        return "host", status != 0
    try:
        reply: object = json.loads(text)
    except (ValueError, RecursionError):
        return "host", True
    if not is_object(reply):
        return "host", True
    inner: object = reply.get("hookSpecificOutput")
    own = inner if is_object(inner) else {}
    if (
        own.get("permissionDecision") in {"deny", "ask", "defer"}
        or reply.get("decision") == "block"
        or reply.get("continue") is False
    ):
        return "stopped", False
    return ("contained" if "updatedInput" in own else "host"), False
