"""Grants in real sandboxes, on a machine that is wired to a small internet. The ways round them are data: cases.toml."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.backends.local import LocalBackend
from sandbox.proxy import attend
from sandbox.result import Connections, Exited
from sandbox.spec import Limits, Network, SandboxSpec, Stdio
from tests.sandbox.runners import NOBODY, remove

HERE = Path(__file__).parent
CASES = [
    pytest.param(case, id=case["name"]) for case in tomllib.loads((HERE / "cases.toml").read_text())["case"]
]
DOCKER_HOST = os.environ.get("GUARD_TEST_DOCKER_HOST", "")
BWRAP = os.environ.get("GUARD_TEST_BWRAP", "")
PATH = "/usr/local/bin:/usr/bin:/bin"
PRELUDE = (
    'for name in ask socks hello; do eval "$name() { /usr/bin/python3 ask.py $name \\"\\$@\\"; }"; done\n'
)


@dataclass
class Met:
    out: str
    end: object
    connections: Connections

    @property
    def decided(self) -> list[str]:
        return [
            f"{one.host}:{one.port} {one.why if not one.allowed else one.why or 'ok'}"
            for one in self.connections.entries
        ]


def backend(name):
    if name.startswith("bubblewrap"):
        from sandbox.backends.bubblewrap import BubblewrapBackend

        return BubblewrapBackend(program=BWRAP)
    if name == "docker":
        from sandbox.backends.docker import DockerBackend

        return DockerBackend(host=DOCKER_HOST)
    return LocalBackend()


@pytest.fixture(
    params=[
        pytest.param("root", marks=pytest.mark.sandbox),
        pytest.param("user", marks=pytest.mark.sandbox),
        pytest.param("bubblewrap-root", marks=pytest.mark.bubblewrap),
        pytest.param("bubblewrap-user", marks=pytest.mark.bubblewrap),
        pytest.param("docker", marks=pytest.mark.docker),
    ]
)
def run(request, here):
    words = request.node.callspec.params.get("case", {}).get("words", False)
    if request.param != "root" and words:
        pytest.skip("only about what is said to the proxy: tried by root on local")
    if request.param == "docker" and not DOCKER_HOST:
        pytest.skip("no Docker engine: GUARD_TEST_DOCKER_HOST is unset")
    if request.param.startswith("bubblewrap") and not BWRAP:
        pytest.skip("no bubblewrap: GUARD_TEST_BWRAP is unset")
    uid = NOBODY if request.param.endswith("user") else 0
    workspace = os.path.realpath(tempfile.mkdtemp(prefix="execguard-test-"))
    for source in (HERE / "ask.py", HERE / "relay.py", here.certificate):
        shutil.copy(source, workspace)
    for place in (workspace, *(f"{workspace}/{name}" for name in os.listdir(workspace))):
        os.chown(place, uid, uid)

    def one(script, network, **fields):
        spec = SandboxSpec(
            argv=("/bin/bash", "-c", PRELUDE + script),
            workspace=workspace,
            cwd=workspace,
            env=(("PATH", PATH),),
            limits=Limits(wall_s=90.0),
            network=network,
            **fields,
        )

        def work():
            if uid:
                sys.executable, attend._ROOT = "/usr/bin/python3", f"{here.directory}/site"
            with tempfile.TemporaryFile() as out, open(os.devnull) as null:
                made = backend(request.param).run(
                    spec, Stdio(stdin=null.fileno(), stdout=out.fileno(), stderr=out.fileno())
                )
                found = made.connections()
                made.destroy()
                out.seek(0)
                return Met(out.read().decode(errors="replace"), made.end, found)

        met = here.do_beside_an_engine(work) if request.param == "docker" else here.do(uid, work)
        assert isinstance(met, Met), met.failed
        return met

    yield one
    remove(workspace)


@pytest.mark.parametrize("case", CASES)
def test_a_grant_is_what_it_says_and_nothing_more(run, here, case):
    network = Network(
        hosts=tuple(case.get("hosts", ())),
        private_hosts=tuple(case.get("private_hosts", ())),
        loopback_ports=tuple(case.get("loopback_ports", ())),
    )

    met = run(case["script"], network)

    reached = {line.split(" ")[0] for line in here.lines("met")}
    assert [text for text in case.get("says", ()) if text.lower() not in met.out.lower()] == [], met.out
    assert [text for text in case.get("never", ()) if text.lower() in met.out.lower()] == [], met.out
    assert isinstance(met.end, Exited)
    assert met.connections.problem == ""
    assert met.decided == case.get("decided", met.decided)
    assert reached == set(case.get("met", ()))
    if not case.get("asked", True):
        assert here.lines("asked") == []


TOOLS = {
    "git": "GIT_SSL_CAINFO=cert.pem git clone -q https://index.example.org/toy.git got && cat got/file.txt",
    "pip": (
        "/usr/bin/python3 -m pip install -q --disable-pip-version-check --no-cache-dir --target got"
        " --index-url https://index.example.org/simple --cert cert.pem toy && cat got/toy.py"
    ),
    "npm": (
        "npm install --no-audit --no-fund --registry https://index.example.org/ --cafile cert.pem toypkg"
        " && cat node_modules/toypkg/i.js"
    ),
}
"""Each leaves a sentence that only the server knows."""


@pytest.mark.parametrize("granted", [True, False], ids=["granted", "refused"])
@pytest.mark.parametrize("tool", TOOLS)
def test_tools_follow_the_proxy(request, run, here, tool, granted):
    if request.node.callspec.params["run"] not in {"root", "user"}:
        pytest.skip("only about what is said to the proxy: tried on local")
    there = ["/usr/bin/python3", "-m", "pip", "--version"] if tool == "pip" else [tool, "--version"]
    if (
        shutil.which(there[0], path=PATH) is None
        or subprocess.run(there, check=False, capture_output=True).returncode
    ):
        pytest.skip(f"there is no {tool}")

    met = run(
        f"export PIP_RETRIES=0 npm_config_fetch_retries=0; {TOOLS[tool]}",
        Network(hosts=("index.example.org",) if granted else ("files.example.org",)),
    )

    from_there = "from the" in met.out
    assert from_there is granted, met.out
    # git asks first whether it needs the password at all.
    assert {one for one in met.decided if "no-token" not in one} == {
        f"index.example.org:443 {'ok' if granted else 'not-granted'}"
    }, met.out
    assert bool(here.lines("met")) is granted


def proxies(directory):
    """Processes of the proxy that were started from this copy of the package."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
            if attend._PROGRAM.encode() in words and os.fsencode(directory) in words:
                found.append(int(name))
    return found


@pytest.mark.sandbox
@pytest.mark.parametrize("whom", ["the caller", "the proxy"])
def test_nothing_is_left_when_one_of_them_is_killed(tmp_path, whom):
    site = tmp_path / "site"
    shutil.copytree(Path(attend.__file__).parents[1], site / "sandbox")
    workspace = os.path.realpath(tmp_path / "ws")
    os.mkdir(workspace)
    ask = 'import os, socket, time; open("up", "w").close(); time.sleep(2); print(socket.socket().connect_ex(("127.0.0.1", 61080)), flush=True)'
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from sandbox.backends.local import LocalBackend\n"
        "from sandbox.spec import Network, SandboxSpec, Stdio\n"
        f"spec = SandboxSpec(argv=('/usr/bin/python3', '-c', {ask!r}), workspace={workspace!r}, cwd={workspace!r},\n"
        "    network=Network(hosts=('index.example.org',)))\n"
        "run = LocalBackend().run(spec, Stdio())\n"
        "print(run.end, run.connections(), flush=True)\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", program, str(site)], stdout=subprocess.PIPE, text=True, cwd="/"
    )
    deadline = time.monotonic() + 30
    while not (found := proxies(site)) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1)  # it serves by now

    os.kill(caller.pid if whom == "the caller" else found[0], 9)
    said, _ = caller.communicate(timeout=60)
    while proxies(site) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert proxies(site) == []
    if whom == "the proxy":
        assert said.startswith("111\nExited(status=0)")
        assert "the proxy ended with -9" in said
