"""The hook as it is registered, on a machine where the interpreter itself can hardly start: a deny, whatever happens."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guard.cli import registration
from tests.agents.hooks import Answer, Client, verdict, without_privileges
from tests.agents.test_claude_code import MALFORMED
from tests.agents.test_faults import needs_modes, refuses

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


def registered(client: Client, payload: bytes, before: str = "", **options) -> Answer:
    """As the client does it: one shell for the registered command. ``before`` is what is wrong with that shell."""
    return client.start(["sh", "-c", f"{before}{registration.command()}"], payload, **options)


def test_the_registered_command_answers_as_the_hook_does(client):
    assert registered(client, client.payload()).verdict == "nothing"
    assert registered(client, client.shell("rm -rf ~")).verdict == "deny"
    assert registered(client, b"{").verdict == "deny"


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_malformed_is_denied_in_words_by_a_process_of_its_own(client, what):
    answer = registered(client, MALFORMED[what])

    assert refuses(answer)
    assert re.search(r"\b[A-Z]\w*Error\b|Traceback| object at 0x", answer.reason) is None


def test_a_line_that_a_crash_cut_does_not_stop_the_next_hook(client):
    assert client.hook(client.payload()).verdict == "nothing"
    log = client.state / "audit" / "current.jsonl"
    log.write_bytes(log.read_bytes() + b'{"kind":"decision","at":17')

    assert client.hook(client.payload()).verdict == "nothing"
    assert client.run("audit", "verify").returncode == 0


def test_the_readme_and_the_doctor_name_one_registration():
    shown = json.loads((ROOT / "README.md").read_text().split("```json\n")[1].split("```")[0])

    assert shown == registration.settings("/path/to/.venv/bin/python")
    assert registration.problems(shown) == []


def test_a_directory_as_standard_input_denies(client):
    descriptor = os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY)
    try:
        done = subprocess.run(
            ["sh", "-c", registration.command()],
            stdin=descriptor,
            capture_output=True,
            check=False,
            cwd=client.work,
            env=client.env,
        )
    finally:
        os.close(descriptor)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.strip()


@pytest.mark.parametrize(
    "python", ["/nowhere/.venv/bin/python", "/etc/passwd", "/tmp", "/bin/false", "it's not/there"]
)
def test_an_interpreter_that_is_none_denies(client, python):
    done = client.start(["sh", "-c", registration.command(python)], client.payload())

    assert (done.status, done.stdout) == (2, b"")


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "unreadable", "no package"])
@pytest.mark.parametrize(
    "file", ["__init__", "__main__", "cli/hook", "agents/refusal", "agents/codec", "errors"]
)
def test_a_broken_installation_denies(client, damage, file, tmp_path):
    if file == "__init__" and damage in {"empty", "missing"}:
        pytest.skip("it holds nothing that is needed to answer")
    place = tmp_path / "site"
    shutil.copytree(ROOT / "guard", place / "guard", ignore=shutil.ignore_patterns("__pycache__"))
    broken = place / "guard" / f"{file}.py"
    match damage:
        case "missing":
            broken.unlink()
        case "empty":
            broken.write_text("")
        case "garbage":
            broken.write_bytes(b"\0\xff not Python (")
        case "unreadable":
            needs_modes()
            broken.chmod(0)
        case _:
            shutil.rmtree(place / "guard")
    # The installed package is not to be found instead.
    start = f"import runpy, sys; sys.path[:] = [{str(place)!r}, *(p for p in sys.path if 'python3' in p and 'site-packages' not in p)]; sys.argv = ['guard', 'hook', 'claude-code']; sys.meta_path[:] = sys.meta_path[:3]; runpy.run_module('guard', run_name='__main__')"
    command = registration.command().replace("-m guard", f'-c "{start}" ')
    done = client.start(without_privileges(["sh", "-c", command]), client.payload())

    assert done.status == 2, done
    assert done.verdict == "deny"
    assert done.stderr.strip()


STRANGE = {
    "PYTHONHOME": "/nowhere",
    "PYTHONHASHSEED": "strange",
    "PYTHONIOENCODING": "no-such-encoding",
    "PYTHONINSPECT": "1",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONVERBOSE": "1",
    "PYTHONPROFILEIMPORTTIME": "1",
    "PYTHONPLATLIBDIR": "nowhere",
    "PYTHONTRACEMALLOC": "strange",
    "PYTHONMALLOC": "strange",
    "PYTHONUTF8": "strange",
    "PYTHONINTMAXSTRDIGITS": "1",
    "PYTHONUSERBASE": "/nowhere",
    "PYTHONDUMPREFS": "1",
    "PYTHONSTARTUP": "/nowhere",
    "PYTHONCASEOK": "1",
    "PYTHONDEVMODE": "1",
    "LC_ALL": "nowhere",
    "LANG": "C",
}


@pytest.mark.parametrize("name", STRANGE)
def test_no_variable_of_the_interpreter_changes_an_answer(client, name):
    env = {key: value for key, value in client.env.items() if key != "PYTHONPATH"} | {name: STRANGE[name]}

    assert registered(client, client.payload(), env=env).verdict == "nothing"
    assert registered(client, client.shell("rm -rf ~"), env=env).verdict == "deny"
    assert registered(client, b"{", env=env).verdict == "deny"


@pytest.mark.parametrize("name", ["PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONVERBOSE"])
def test_nor_does_it_where_the_interpreter_reads_it(client, name):
    env = client.env | {name: STRANGE[name]}
    words = ["sh", "-c", f"{sys.executable} -m guard hook claude-code || exit 2"]

    assert client.start(words, client.shell("rm -rf ~"), env=env).verdict == "deny"
    assert client.start(words, b"{", env=env).status == 2


PLANTED = "import os\nopen(os.environ['HOME'] + '/planted', 'w').close()\nos._exit(0)\n"
MODULES = (
    "sitecustomize",
    "usercustomize",
    "json",
    "signal",
    "typing",
    "re",
    "contextlib",
    "enum",
    "guard",
    "sandbox",
)


def planted(client: Client) -> bool:
    return (client.home / "planted").exists()


def test_no_file_of_the_workspace_is_taken_for_a_module(client):
    for name in MODULES:
        (client.work / f"{name}.py").write_text(PLANTED)
    env = client.env | {"PYTHONPATH": f"{client.work}:."}

    answer = registered(client, client.shell("rm -rf ~"), env=env)

    assert answer.verdict == "deny"
    assert not planted(client)


def test_nor_by_the_plain_command_once_it_has_started(client):
    for name in MODULES[2:]:
        (client.work / f"{name}.py").write_text(PLANTED)
    env = client.env | {"PYTHONPATH": f"{client.work}:."}
    # What an installed command does: no directory but its own stands before the path.
    text = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['guard', 'hook', 'claude-code']; import guard.__main__ as it; it.main()"

    answer = client.start([sys.executable, "-P", "-c", text], client.shell("rm -rf ~"), env=env)

    assert answer.verdict == "deny"
    assert not planted(client)


def test_a_rewritten_command_takes_no_file_of_the_workspace_for_a_module(client):
    for name in MODULES:
        (client.work / f"{name}.py").write_text(PLANTED)
    env = client.env | {"PYTHONPATH": f"{client.work}:."}
    answer = registered(client, client.shell("python3 -c 'exec(input())'"), env=env)
    if answer.verdict != "allow":
        pytest.skip("no sandbox works here, so nothing is rewritten")
    command = json.loads(answer.stdout)["hookSpecificOutput"]["updatedInput"]["command"]

    subprocess.run(["sh", "-c", command], cwd=client.work, env=env, capture_output=True, check=False)

    assert not planted(client)


LIMITS = [
    f"ulimit -v {kilobytes};" for kilobytes in (2000, 8000, 12000, 16000, 20000, 24000, 28000, 32000, 48000)
]


@pytest.mark.parametrize(
    "limit",
    [
        *LIMITS,
        "ulimit -n 3;",
        "ulimit -n 5;",
        "ulimit -f 0;",
        "ulimit -s 64;",
        "ulimit -d 4000;",
        "umask 777;",
    ],
)
def test_no_limit_makes_a_deny_a_consent(client, limit):
    answer = registered(client, client.shell("rm -rf ~"), before=limit)

    if answer.status < 0:
        pytest.skip("the shell itself cannot start; docs/threat-model.md says so")
    assert answer.verdict == "deny", answer


@pytest.mark.parametrize("what", ["unreadable", "gone", "a loop"])
def test_a_directory_that_cannot_be_looked_at_gets_an_answer(client, what):
    needs_modes()
    place = client.home / "place"
    place.mkdir()
    before = {"unreadable": "chmod 000 .", "gone": 'rmdir "$PWD"', "a loop": "ln -s . loop; cd loop"}[what]
    words = without_privileges(["sh", "-c", f"{before}; {registration.command()}"])
    try:
        answer = client.start(words, client.shell("rm -rf ~"), cwd=place)
    finally:
        if what == "unreadable":
            place.chmod(0o700)

    assert answer.verdict == "deny"


def test_input_of_any_depth_denies(client):
    for text in (b"[" * 200_000, b'{"a":' * 200_000, b'{"tool_input":{"command":"' + b"$(" * 50_000):
        assert refuses(registered(client, text))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda n: n.name)
@pytest.mark.parametrize("group", [True, False], ids=["to the group", "to the interpreter"])
def test_a_signal_at_any_moment_denies(client, number, group):
    """From the first millisecond on: the shell, the interpreter, our modules, our answer."""
    chance = random.Random(int(number))
    payload = client.shell("rm -rf ~")
    ends = []
    for _ in range(25):
        process = subprocess.Popen(
            ["sh", "-c", registration.command()],
            cwd=client.work,
            env=client.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        # The shell needs a moment for its `trap`; the interpreter takes far longer.
        time.sleep(0.01 + 0.09 * chance.random())
        if group:
            os.killpg(process.pid, number)
        else:
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                os.kill(int(child), number)
        try:
            out, _ = process.communicate(payload, timeout=60)
        except BrokenPipeError:
            out, _ = process.communicate()
        ends.append((out, process.returncode))

    assert [(out, status) for out, status in ends if verdict(out, status) != "deny"] == []
