"""Payloads of every client with something changed, and what the guard makes of them. Seeded: same seed, same payloads.

`python -m tests.agents.mutations --count 100000` (`just mutations`) prints what ran without a plain allow, what raised and
what took too long, and how many went each way; ends with 1 if there was any.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from guard.agents.codec import PayloadError
from guard.agents.dialect import Dialect
from guard.agents.table import AGENTS, dialect_of
from guard.cli.hook import respond
from guard.enforce import pipeline
from guard.engine.stages import Decided
from guard.errors import GuardError
from guard.model.decision import Allow, Host
from guard.model.proposal import BatchProposal, ShellProposal
from guard.model.verdict import Level
from guard.policy.files.locate import PolicySources
from guard.policy.rule import Policy
from tests.agents.payloads import obeyed, payloads

SLOW_S = 10
"""Far beyond what any of them takes, and what a client waits."""
APART = 8
"""So many calls, and the sessions begin anew: ten denials lock one, and then nothing that it sends is judged."""

HOSTILE = "rm -rf ~"
STRINGS = (
    "", " ", "/", "~", "..", "../..", "/etc/passwd", HOSTILE, "ls", "$(", "\0", "\ud800", "\u202e", "ſ", "bash", "Bash",
    "*** Begin Patch", "*** Begin Patch\n*** Delete File: a\n*** End Patch", "preToolUse", "PreToolUse", "null", "true",
    "a" * 3000, "é" * 50, "\n", "\r\n", "{}", "[]", '{"command": "ls"}', "/home/ana/app", "file:///etc/passwd", "-", "--",
)  # fmt: skip
KEYS = (
    "command",
    "Command",
    "command ",
    "path",
    "file_path",
    "cwd",
    "tool_name",
    "toolName",
    "tool_input",
    "x",
    "",
    "\0",
)
SCALARS = (None, True, False, 0, -1, 1, 2**31, 2**64, 10**40, 0.5, float("nan"), float("inf"), -0.0)
BYTES = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\\u0000", b"\\ud800", b"/*x*/", b"NaN", b"\n")  # fmt: skip


def value(rng: random.Random, depth: int = 3) -> Any:
    match rng.randrange(6 if depth else 4):
        case 0 | 1:
            return rng.choice(STRINGS)
        case 2:
            return rng.choice(SCALARS)
        case 3:
            return "".join(
                chr(rng.choice((rng.randrange(32, 127), rng.randrange(0xD7FF))))
                for _ in range(rng.randrange(12))
            )
        case 4:
            return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
        case _:
            return {rng.choice(KEYS): value(rng, depth - 1) for _ in range(rng.randrange(4))}


def _inside(found: object) -> Iterator[dict[str, Any] | list[Any]]:
    if isinstance(found, dict):
        yield found
        for one in found.values():
            yield from _inside(one)
    elif isinstance(found, list):
        yield found
        for one in found:
            yield from _inside(one)


def change(payload: object, rng: random.Random) -> None:
    """One thing, somewhere."""
    target = rng.choice(list(_inside(payload)))
    keys: list[Any] = sorted(target) if isinstance(target, dict) else list(range(len(target)))
    if not keys:
        if isinstance(target, dict):
            target[rng.choice(KEYS)] = value(rng)
        else:
            target.append(value(rng))
        return
    key = rng.choice(keys)
    old: Any = target[key]
    match rng.randrange(9):
        case 0 | 1:
            target[key] = value(rng)
        case 2 | 3:
            del target[key]
        case 4:
            target[key] = rng.choice(([old], {"value": old}, str(old), json.dumps(old), [old, value(rng)]))
        case 5:
            other = rng.choice(keys)
            target[key], target[other] = target[other], old
        case 6 if isinstance(target, dict):
            target[
                rng.choice((key.upper(), key.title(), f" {key}", key.replace("_", ""), rng.choice(KEYS)))
            ] = old
            if rng.random() < 0.5:
                target.pop(key, None)
        case 7 if isinstance(old, str):
            at = rng.randrange(len(old) + 1)
            target[key] = old[:at] + rng.choice(STRINGS) + old[at + rng.randrange(3) :]
        case _:
            if isinstance(target, dict):
                target[rng.choice(KEYS)] = value(rng)
            else:
                target.insert(rng.randrange(len(target) + 1), value(rng))


def spoil(text: bytes, rng: random.Random) -> bytes:
    """Bytes, with no regard for what they mean."""
    at = rng.randrange(len(text) + 1)
    match rng.randrange(6):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + rng.choice(BYTES) + text[at:]
        case 2:
            return text[:at] + rng.choice(BYTES) + text[at + rng.randrange(1, 9) :]
        case 3:
            return text[:at] + text[at + rng.randrange(1, 9) :]
        case 4:
            # A key that stands there twice: two readers may take different ones.
            return (
                text.replace(b"{", b'{"command": "ls", "file_path": "a", ', 1)
                if rng.random() < 0.5
                else text + text
            )
        case _:
            return text[:at] + rng.randbytes(rng.randrange(1, 5)) + text[at:]


def instead(found: Any, old: str, new: str) -> Any:
    """Wherever a text is exactly ``old``."""
    match found:
        case dict():
            return {key: instead(one, old, new) for key, one in found.items()}
        case list():
            return [instead(one, old, new) for one in found]
        case _:
            return new if found == old else found


@cache
def known(agent: str) -> list[str]:
    """What there is of a client, and each of its commands once more as one that must never run."""
    texts = []
    for payload in payloads(agent):
        texts.append(json.dumps(payload))
        proposal = dialect_of(agent).read(texts[-1].encode()).proposal
        if isinstance(proposal, ShellProposal):
            texts.append(json.dumps(instead(payload, proposal.command, HOSTILE)))
    return texts


def mutant(agent: str, rng: random.Random) -> tuple[dict[str, Any], bytes]:
    """A payload with up to four things changed, as values and then as bytes. The first is what the client meant."""
    payload = json.loads(rng.choice(known(agent)))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        change(payload, rng)
    text = json.dumps(payload, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        text = spoil(text, rng)
    return payload, text


class Machine:
    """In this process: a scratch home, walls that are said to work, and what was decided last."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.work = home / "app"
        self.decided: list[Decided] = []
        self.raised: BaseException | None = None
        self.calls = 0

    def answers(self, agent: str, payload: dict[str, Any], text: bytes) -> str:
        """What the client then does. Raises AssertionError where it runs what was not plainly allowed."""
        self.calls += 1
        if self.calls % APART == 0:
            shutil.rmtree(self.home / ".local/state/guard/sessions", ignore_errors=True)
        self.decided.clear()
        self.raised = None
        reply = respond(text, agent)
        does = obeyed(agent, payload, reply.stdout, reply.status, reply.stderr)
        assert does in {"run", "ask", "deny", "rewrite"}, does
        # A deny all the same, and yet nobody meant it: what nobody meant may be an allow tomorrow.
        assert isinstance(self.raised, PayloadError | GuardError | OSError | None), repr(self.raised)
        if does in {"run", "rewrite"}:
            assert self.decided, "nothing was decided, and it runs"
            decision = self.decided[-1].decision
            assert isinstance(decision, Allow), decision
            assert does == "rewrite" or isinstance(decision.placement, Host), decision
            for proposal in _parts(self.decided[-1].analysed.proposal):
                assert does == "rewrite" or not _hostile(proposal), proposal
        return does


def _parts(proposal: object) -> tuple[object, ...]:
    return proposal.parts if isinstance(proposal, BatchProposal) else (proposal,)


def _hostile(proposal: object) -> bool:
    return isinstance(proposal, ShellProposal) and proposal.command.strip() == HOSTILE


@contextmanager
def machine(root: Path) -> Iterator[Machine]:
    here = Machine(root / "home/ana")
    (here.work / ".git/hooks").mkdir(parents=True)
    read: dict[str, Policy] = {}

    def load(sources: PolicySources, place: str, real=pipeline.load_policy) -> Policy:
        key = repr(sources)
        if key not in read:
            read[key] = real(sources, place)
        return read[key]

    def refuse(dialect, why, real=Dialect.refuse):
        here.raised = sys.exception()
        return real(dialect, why)

    def answer(dialect, call, decided, rewritten, real=Dialect.answer):
        here.decided.append(decided)
        return real(dialect, call, decided, rewritten)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "CLAUDE_PROJECT_DIR"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(here.home))
        patch.chdir(here.work)
        patch.setattr("guard.enforce.levels.best_level", lambda _places: Level.CONTAINED)
        patch.setattr(Dialect, "answer", answer)
        patch.setattr(Dialect, "refuse", refuse)
        # Two thirds of the time: the same law read anew, and a disk that is waited for.
        patch.setattr(pipeline, "load_policy", load)
        patch.setattr("os.fdatasync", lambda _fd: None)
        patch.setattr("os.fsync", lambda _fd: None)
        yield here


def try_all(agent: str, count: int, seed: int, here: Machine) -> tuple[Counter[str], list[str]]:
    """How many went which way, and what is wrong. Each is of a number of its own: any can be had again."""
    went: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(count):
        payload, text = mutant(agent, random.Random(f"{agent} {seed} {number}"))
        began = time.monotonic()
        try:
            signal.alarm(SLOW_S)
            went[here.answers(agent, payload, text)] += 1
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            wrong.append(
                f"{agent} {seed} {number}: {type(error).__name__}: {str(error)[:300]}: {text[:1000]!r}"
            )
        finally:
            signal.alarm(0)
        if time.monotonic() - began > SLOW_S:
            wrong.append(f"{agent} {seed} {number}: {time.monotonic() - began:.0f} s: {text[:1000]!r}")
    return went, wrong


class Hangs(Exception):
    """It was not answered in time."""


def _late(*_: object) -> None:
    raise Hangs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="for each client")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("agents", nargs="*", default=list(AGENTS))
    chosen = parser.parse_args()
    found = 0
    for agent in chosen.agents:
        with (
            tempfile.TemporaryDirectory(prefix="guard-mutations-") as scratch,
            machine(Path(scratch)) as here,
        ):
            began, spent = time.monotonic(), time.process_time()
            went, wrong = try_all(agent, chosen.count, chosen.seed, here)
            seconds, processor = time.monotonic() - began, time.process_time() - spent
        found += len(wrong)
        print(*wrong, sep="\n", end="\n" if wrong else "")
        print(
            f"{agent}: {chosen.count} in {seconds:.0f} s ({chosen.count / processor:.0f} a second of one processor), "
            f"{len(wrong)} wrong, {dict(sorted(went.items()))}",
            flush=True,
        )
    return 1 if found else 0


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _late)
    sys.exit(main())
