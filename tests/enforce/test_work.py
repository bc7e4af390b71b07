"""A developer's day inside the sandbox: the real tools on small projects, each decided, confined and applied as always."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guard.enforce.carry import Carried, carry
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.model.outcome import Completed
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from sandbox import select
from sandbox.backends.bubblewrap import BubblewrapBackend
from sandbox.spec import Stdio
from tests.sandbox.conftest import BUBBLEWRAP

from .machine import Machine, hidden


class Yes:
    """A person who agrees; what is asked about here is asked about in test_exec."""

    by, surface = "test", "test"

    def approves(self, decided: Decided, decision: int) -> bool:
        return True


class Work:
    def __init__(self, machine: Machine, tmp_path: Path, backend: str) -> None:
        self.machine, self.path, self.backend = machine, machine.work, backend
        self.output = tmp_path / "output"

    def run(self, command: str) -> tuple[Carried, str]:
        environment = {name: value for name, value in self.machine.env.items() if name != "PYTHONPATH"}
        # The tests' own environment, as a person has one activated.
        environment["PATH"] = f"{os.path.dirname(sys.executable)}:{environment['PATH']}"
        places = self.machine.state
        guard = Guard.open(
            cwd=str(self.path), home=str(self.machine.home), env=environment, places=_places(places)
        )
        proposal = ShellProposal(principal=Principal(agent="test"), cwd=str(self.path), command=command)
        with open(self.output, "w+b") as out, open(os.devnull, "rb") as null:
            stdio = Stdio(stdin=null.fileno(), stdout=out.fileno(), stderr=out.fileno())
            carried = carry(guard, proposal, Yes(), stdio, preferred=(self.backend,), watch=False)
        return carried, self.output.read_text(errors="replace")

    def inside(self, command: str, status: int = 0) -> str:
        """Run it, see that it ran in the sandbox and ended so; returns its output."""
        carried, output = self.run(command)

        assert carried.outcome == Completed(status=status), (carried.outcome, output)
        assert carried.backend == self.backend
        return output


def _places(state: Path):
    from guard.enforce.places import Places

    return Places(state=str(state), config=str(state.parents[2] / ".config" / "guard"))


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.fixture(
    params=[
        pytest.param("local", marks=pytest.mark.sandbox),
        pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
    ]
)
def work(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    if request.param == "bubblewrap":
        if not BUBBLEWRAP:
            pytest.skip(
                "no bubblewrap: GUARD_TEST_BWRAP is unset (run tests/sandbox/with_bubblewrap.sh pytest)"
            )
        monkeypatch.setitem(select._made, "bubblewrap", BubblewrapBackend(program=BUBBLEWRAP))
    return Work(Machine(tmp_path), tmp_path, request.param)


def unread(*words: str) -> str:
    """The command as nobody can read it: it runs in the sandbox whatever it is."""
    return hidden(f"python3 -c 'import os; os.execvp({json.dumps(words[0])}, {json.dumps(words)})'")


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


PACKAGE = {
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "tiny"\nversion = "1.0"\n',
    # The smallest build backend there is: nothing is to be downloaded for it.
    "backend.py": """
import zipfile
META = "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n"
def _build(directory, name, content):
    wheel = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{wheel}", "w") as file:
        file.writestr(name, content)
        file.writestr("tiny-1.0.dist-info/METADATA", META)
        file.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        file.writestr("tiny-1.0.dist-info/RECORD", "")
    return wheel
def build_wheel(directory, config_settings=None, metadata_directory=None):
    return _build(directory, "tiny.py", open("src/tiny.py").read())
def build_editable(directory, config_settings=None, metadata_directory=None):
    import os
    return _build(directory, "tiny.pth", os.path.abspath("src") + "\\n")
""",
    "src/tiny.py": "def double(x):\n    return 2 * x\n",
    "tests/test_tiny.py": "from tiny import double\n\n\ndef test_double(tmp_path):\n"
    "    (tmp_path / 'x').write_text('x')\n    assert double(2) == 4\n",
    "tests/test_wrong.py": "def test_wrong():\n    assert 1 == 2\n",
    "conftest.py": "import sys\nsys.path.insert(0, 'src')\n",
}


def test_pytest(work: Work) -> None:
    write(work.path, PACKAGE)

    assert "1 passed" in work.inside("pytest -q tests/test_tiny.py")
    assert "1 failed" in work.inside("python -m pytest -q tests/test_wrong.py", status=1)
    assert (work.path / ".pytest_cache").is_dir()


def test_pip_install_editable_into_an_environment_of_the_workspace(work: Work) -> None:
    write(work.path, PACKAGE)
    venv = [sys.executable, "-m", "venv", "--without-pip", str(work.path / ".venv")]
    subprocess.run(venv, check=True)

    output = work.inside(
        "python -m pip --python .venv/bin/python install --no-index --no-build-isolation -e . &&"
        " .venv/bin/python -c 'import tiny; print(tiny.__file__)'"
    )

    assert "Successfully installed tiny-1.0" in output
    assert output.rstrip().endswith(str(work.path / "src" / "tiny.py"))


def test_make(work: Work) -> None:
    needs("make")
    write(
        work.path,
        {"Makefile": "all: out/a\n\nout/a: README\n\tmkdir -p out\n\tsort $< > $@\n\nfail:\n\texit 3\n"},
    )

    work.inside(unread("make", "-j4"))
    assert (work.path / "out" / "a").read_text() == "read me\n"
    assert "nothing to be done" in work.inside(unread("make")).lower()
    work.inside(unread("make", "fail"), status=2)


def test_npm_ci_and_npm_test(work: Work) -> None:
    needs("npm")
    write(
        work.path,
        {
            "package.json": json.dumps(
                {
                    "name": "tiny",
                    "version": "1.0.0",
                    "scripts": {"test": "node test.js"},
                    "dependencies": {"double": "file:double"},
                }
            ),
            "double/package.json": json.dumps({"name": "double", "version": "1.0.0", "main": "index.js"}),
            "double/index.js": "module.exports = x => 2 * x;\n",
            "test.js": "if (require('double')(2) !== 4) process.exit(1);\nconsole.log('all good', process.version);\n",
            "package-lock.json": json.dumps(
                {
                    "name": "tiny",
                    "version": "1.0.0",
                    "lockfileVersion": 3,
                    "requires": True,
                    "packages": {
                        "": {"name": "tiny", "version": "1.0.0", "dependencies": {"double": "file:double"}},
                        "double": {"version": "1.0.0"},
                        "node_modules/double": {"resolved": "double", "link": True},
                    },
                }
            ),
        },
    )

    assert "all good" in work.inside("npm ci --no-audit --no-fund && npm test")
    assert (work.path / "node_modules" / "double").is_symlink()


def test_node_alone(work: Work) -> None:
    needs("node")
    write(
        work.path,
        {"t.js": "require('fs').writeFileSync('made', 'x'); console.log(new Array(1e6).fill(1).length)"},
    )

    assert "1000000" in work.inside("node t.js")
    assert (work.path / "made").read_text() == "x"


def test_git_commit_with_a_hook_of_the_project(work: Work) -> None:
    hook = work.path / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho hook ran\n")
    hook.chmod(0o755)
    (work.path / "README").write_text("changed\n")

    output = work.inside("git -c user.name=a -c user.email=a@b commit -qam 'a change'")

    assert "hook ran" in output
    log = subprocess.run(
        ["git", "log", "-1", "--format=%s"], cwd=work.path, capture_output=True, text=True, check=True
    )
    assert log.stdout == "a change\n"
    subprocess.run(["git", "fsck", "--strict"], cwd=work.path, check=True, capture_output=True)


def test_a_server_on_localhost_with_a_client_beside_it(work: Work) -> None:
    (work.path / "serve.py").write_text(
        "import http.server, threading, urllib.request, os, socket\n"
        "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "for host in ('127.0.0.1', 'localhost'):\n"
        "    print(urllib.request.urlopen(f'http://{host}:{server.server_port}/README').read())\n"
        "six = socket.create_server(('::1', 0), family=socket.AF_INET6)\n"
        "socket.create_connection(six.getsockname()[:2]).close()\n"
        "print('six')\n"
    )

    output = work.inside("python3 serve.py")

    assert output.count("b'read me\\n'") == 2
    assert "six" in output


def test_docker_is_out_of_reach(work: Work) -> None:
    needs("docker")
    output = work.inside(unread("docker", "ps"), status=1)

    assert "daemon" in output.lower()


def test_processes_signals_and_times_of_a_build(work: Work) -> None:
    """What build tools do beside writing files."""
    text = (
        "set -e; d=$(mktemp -d); mkfifo $d/p; (echo through > $d/p &); cat $d/p; trap 'echo trapped' USR1; kill -USR1 $$; "
        "sleep 0.01 & wait $!; seq 3 | xargs -P2 -n1 echo n; date +%Y >/dev/null; id -un; nproc; tty || true; "
        "find . -name README -newermt 2000-01-01; tar cf - README | tar tf -; diff README README && flock $d/l true && echo done"
    )
    (work.path / "b.sh").write_text(text)
    output = work.inside(unread("bash", "b.sh"))

    assert "through" in output
    assert "trapped" in output
    assert output.rstrip().endswith("done")


def test_cargo_build_offline(work: Work) -> None:
    """Rust costs more to install and to run than the rest together: `just work` runs it."""
    if not os.environ.get("GUARD_TEST_CARGO"):
        pytest.skip("GUARD_TEST_CARGO is unset: cargo is not tested here (just work)")
    needs("cargo")
    write(
        work.path,
        {
            "Cargo.toml": '[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nother = { path = "other" }\n',
            "src/main.rs": 'fn main() { println!("{}", other::double(21)); }\n',
            "other/Cargo.toml": '[package]\nname = "other"\nversion = "0.1.0"\nedition = "2021"\n',
            "other/src/lib.rs": "pub fn double(x: u32) -> u32 { 2 * x }\n#[test]\nfn t() { assert_eq!(double(2), 4); }\n",
        },
    )

    work.inside("cargo build --offline")
    assert work.inside("target/debug/tiny") == "42\n"
    assert "1 passed" in work.inside("cargo test --offline -p other")
