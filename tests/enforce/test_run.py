"""``guard run`` with a scripted agent: the real command line, the real sandbox, a real workspace."""

import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from guard.audit.verify import verify
from guard.enforce import enclose
from guard.enforce.agentstate import kept
from guard.enforce.approve import Nobody
from guard.enforce.changeset import list_sets
from guard.enforce.fixed import fixed
from guard.enforce.manifest import read_set
from guard.enforce.pipeline import Guard
from guard.errors import AuditError
from guard.model.outcome import NotStarted
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Verdict
from guard.policy.rule import Policy, PolicyLayer
from sandbox.errors import NoBackend
from sandbox.spec import Stdio
from tests.sandbox.conftest import BUBBLEWRAP
from tests.sandbox.runners import in_a_chroot

from .machine import Machine
from .trees import look

pytestmark = pytest.mark.sandbox
OK, USAGE, FAILED, ASK, DENY, HELD = 0, 2, 3, 10, 11, 12
ROOT, NOBODY = os.getuid() == 0, 65534
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/audit-record.schema.json").read_text())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def ours(machine: Machine) -> Machine:
    """With a workspace that belongs to an ordinary user, for who works in it directly."""
    if ROOT:
        for directory, _names, files in os.walk(machine.work):
            for path in (directory, *(os.path.join(directory, name) for name in files)):
                os.chown(path, NOBODY, NOBODY)
    return machine


def agent(text: str) -> list[str]:
    """A program that does what the shell text says, and that nobody can read beforehand."""
    code = f"import subprocess, os; s = subprocess.call(['sh', '-c', {text!r}]); os._exit(s if s >= 0 else 128 - s)"
    return ["python3", "-c", f'getattr(__builtins__, "exec")(bytes.fromhex("{code.encode().hex()}"))']


def run(
    machine: Machine, text: str, *options: str, stdin: bytes = b"", **more
) -> subprocess.CompletedProcess:
    return machine.run("run", *options, "--", *agent(text), stdin=stdin, **more)


@pytest.mark.parametrize(("text", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143)])
def test_the_exit_status_is_the_agents(machine: Machine, text: str, status: int) -> None:
    assert run(machine, text).returncode == status


def test_input_and_output_pass_through(machine: Machine) -> None:
    done = run(machine, "cat; echo err >&2", stdin=b"a\0b\xff\n")

    assert (done.stdout, done.stderr) == (b"a\0b\xff\n", b"err\n")


WITHOUT_LOCAL = (
    "import runpy; from sandbox import select; from sandbox.result import Capabilities; "
    "from sandbox.backends.bubblewrap import BubblewrapBackend; from sandbox.backends.local import LocalBackend; "
    "LocalBackend.probe = lambda self: Capabilities(backend='local', works=False, failed='not here'); "
    f"select._made['bubblewrap'] = BubblewrapBackend(program={BUBBLEWRAP!r}); "
    "runpy.run_module('guard', run_name='__main__')"
)


@pytest.mark.bubblewrap
@pytest.mark.skipif(not BUBBLEWRAP, reason="no bubblewrap: GUARD_TEST_BWRAP is unset")
@pytest.mark.parametrize("workspace", ["staged", "direct"])
def test_where_local_cannot_bubblewrap_encloses(
    ours: Machine, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ours.argv
    monkeypatch.setattr(ours, "argv", lambda *words: [plain()[0], "-c", WITHOUT_LOCAL, *plain(*words)[3:]])
    done = run(
        ours,
        "echo new > made; echo kept > ~/.config/kept; exit 4",
        "--workspace",
        workspace,
    )

    assert done.returncode == (4 if workspace == "direct" else HELD), done.stderr
    assert {record["backend"] for record in ours.records() if "backend" in record} == {"bubblewrap"}
    assert (ours.work / "made").exists() == (workspace == "direct")
    assert (ours.home / "precious").read_text() == "canary\n"


def test_nothing_of_the_home_is_seen_or_touched(machine: Machine) -> None:
    before = look(machine.home / "precious"), look(machine.work)

    done = run(
        machine,
        f"cat {machine.home}/precious; ls -A ~; rm -rf {machine.home} ~ 2>/dev/null; ls {machine.state}; true",
        "--at-end",
        "drop",
    )

    assert b"canary" not in done.stdout
    assert set(done.stdout.split()) <= {b".config", b".local", b".guard-door", b".cline", b".pi"}
    assert (look(machine.home / "precious"), look(machine.work)) == before


def test_a_session_is_held_by_default_and_let_in_by_a_person(machine: Machine) -> None:
    before = look(machine.work)

    done = run(machine, "echo new > made; echo more >> README; exit 4")
    unchanged = look(machine.work) == before
    held = machine.records("session.ended")[-1]["held"]
    shown = machine.run("changes", "show", held).stdout
    applied = machine.run("changes", "apply", "--yes", held)

    assert (done.returncode, unchanged, applied.returncode) == (HELD, True, OK)
    assert held.encode() in done.stderr
    assert b"+more" in shown
    assert (machine.work / "made").read_text() == "new\n"


MIXED = "echo new > made; mkdir -p d/e; echo 1 > d/e/f; echo x > .git/hooks/pre-commit; echo {} > .mcp.json; exit 4"


def test_what_is_allowed_is_applied_and_the_rest_stays_held(machine: Machine) -> None:
    done = run(machine, MIXED, "--at-end", "apply-allowed")
    held = json.loads(machine.run("changes", "list", "--json").stdout)

    assert done.returncode == HELD
    assert (machine.work / "made").read_text() == "new\n"
    assert (machine.work / "d/e/f").read_text() == "1\n"
    assert not (machine.work / ".git/hooks/pre-commit").exists()
    assert [entry["path"] for entry in held["changes"]] == [".git/hooks/pre-commit", ".mcp.json"]


def test_where_all_is_allowed_the_status_is_the_agents_and_it_can_be_put_back(machine: Machine) -> None:
    before = look(machine.work)

    done = run(machine, "echo new > made; rm README; exit 4", "--at-end", "apply-allowed")
    made = (machine.work / "made").exists(), (machine.work / "README").exists()
    undone = machine.run("undo", "--yes", machine.records("changes.applied")[-1]["undo"])

    assert (done.returncode, made, undone.returncode) == (4, (True, False), OK)
    assert look(machine.work) == before


def test_dropped_is_dropped(machine: Machine) -> None:
    before = look(machine.work)

    done = run(machine, MIXED, "--at-end", "drop")

    assert (done.returncode, look(machine.work) == before) == (4, True)
    assert machine.run("changes", "list", "--json").stdout == b""
    assert machine.records("changes.dropped")


@pytest.mark.parametrize(("words", "status"), [("rm -rf /", DENY), ("git push --force origin main", ASK)])
def test_what_the_policy_speaks_against_is_not_started(machine: Machine, words: str, status: int) -> None:
    done = machine.run("run", "--ask", "deny", "--", *words.split())

    assert done.returncode == status
    assert not machine.records("session.started")


def test_an_agent_keeps_its_own_state_for_each_workspace_apart(machine: Machine, tmp_path: Path) -> None:
    (machine.home / ".config").mkdir()
    (machine.home / ".config/python3").write_text("the person's own\n")
    other = machine.home / "other"
    other.mkdir()

    first = run(
        machine, "ls -A ~/.config/python3; echo x > ~/.config/python3/s; echo y > ~/gone", "--at-end", "drop"
    )
    second = run(machine, "cat ~/.config/python3/s; ls ~/gone")
    elsewhere = run(machine, "ls -A ~/.config/python3", "--cwd", str(other))

    assert (first.stdout, second.stdout, elsewhere.stdout) == (b"", b"x\n", b"")
    assert (machine.home / ".config/python3").read_text() == "the person's own\n"


def test_known_agents_have_their_own_places(machine: Machine) -> None:
    places = Guard.open(cwd=str(machine.work), home=str(machine.home)).places
    own = type(places)(state=str(machine.home / "s"), config=str(machine.home / "c"))

    def inside(name: str) -> list[str]:
        return [place.path.removeprefix("/home/sandbox/") for place in kept(name, str(machine.work), own)]

    assert inside("claude") == [".claude"]
    assert inside("codex") == [".codex"]
    assert inside("mine") == [".config/mine", ".local/share/mine", ".local/state/mine"]


def test_only_what_is_named_is_passed_on(machine: Machine) -> None:
    machine.env |= {"TOKEN_A": "aaa", "TOKEN_B": "bbb"}
    secret = machine.home / ".agent/auth.json"
    secret.parent.mkdir()
    secret.write_text("auth\n")
    (machine.home / ".agent/other").write_text("other\n")

    done = run(
        machine, "env; cat ~/.agent/*; echo x > ~/.agent/auth.json", "--env", "TOKEN_A", "--file", str(secret)
    )
    started = machine.records("session.started")[-1]

    assert b"TOKEN_A=aaa" in done.stdout
    assert b"bbb" not in done.stdout
    assert b"auth\n" in done.stdout
    assert b"other" not in done.stdout
    assert secret.read_text() == "auth\n"
    assert "TOKEN_A" in started["environment"]
    assert started["files"] == ["/home/sandbox/.agent/auth.json"]
    assert "aaa" not in json.dumps(machine.records())


@pytest.mark.parametrize(
    "options",
    [
        ["--env", "NO_SUCH"],
        ["--file", "/etc/passwd"],
        ["--file", "~/.local/state/guard/x"],
        ["--port", "0"],
        ["--host", "a b"],
    ],
)
def test_a_grant_that_cannot_be_is_refused_and_nothing_runs(machine: Machine, options: list[str]) -> None:
    machine.state.mkdir(parents=True)
    (machine.state / "x").write_text("")

    done = run(machine, "echo ran", *options)

    assert (done.returncode, done.stdout) == (USAGE, b"")
    assert options[0].strip("-").encode() in done.stderr


@pytest.mark.parametrize(
    ("options", "bound", "permitted"),
    [
        (["--host", "evil.example"], "network: {hosts: [good.example]}", False),
        (["--host", "good.example"], "network: {hosts: [good.example]}", True),
        (["--port", "5432"], "network: {ports: [80]}", False),
        (["--env", "TOKEN"], "environment: [PATH, LANG]", False),
        (["--env", "TOKEN"], 'environment: [PATH, "TOK*"]', True),
        (["--file", "~/auth"], "read_only: [~/.gitconfig]", False),
    ],
)
def test_nothing_is_granted_where_a_repository_bounds(
    machine: Machine, options: list[str], bound: str, permitted: bool
) -> None:
    machine.env["TOKEN"] = "t"
    (machine.home / "auth").write_text("")
    (machine.work / ".guard").mkdir()
    (machine.work / ".guard/policy.yaml").write_text(
        "version: 1\nkind: policy\nname: r\ndefault: allow\nprofiles:\n  sandbox:\n    why: Bounds.\n    "
        + bound
        + "\n"
    )

    done = run(machine, "echo ran", "--at-end", "drop", *options)

    assert (done.returncode, done.stdout) == ((OK, b"ran\n") if permitted else (USAGE, b"")), done.stderr


def test_what_a_session_did_is_not_lost_with_the_log(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    guard = Guard.open(cwd=str(machine.work), home=str(machine.home))
    append = guard.log.append

    def full(record: dict, **more: bool) -> object:
        if record["type"] == "changes":
            raise AuditError("no space left on device", help_="make room")
        return append(record, **more)

    monkeypatch.setattr(guard.log, "append", full)
    wanted = enclose.Wanted(argv=tuple(agent("echo x > made")), agent="python3", session="s")
    proposal = ShellProposal(
        principal=Principal(agent="x"), cwd=str(machine.work), command=shlex.join(wanted.argv)
    )
    with pytest.raises(AuditError):
        enclose.enclose(guard, proposal, wanted, Nobody(), Stdio())

    (held,) = list_sets(guard.places.held)
    assert [entry.path for entry in read_set(guard.places.held, held).entries] == ["made"]


def test_the_session_is_recorded_as_the_schema_says(machine: Machine) -> None:
    done = run(machine, "echo $GUARD_SESSION; echo x > made")
    started, ended = machine.records("session.started")[-1], machine.records("session.ended")[-1]
    lines = machine.run("audit", "tail", "-n", "50", "--json").stdout.splitlines()

    for line in lines:
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(line))
    assert done.stdout.decode().strip() == started["session"] == ended["session"]
    assert (started["mode"], started["level"], started["backend"]) == ("staged", "enclosed", "local")
    assert (ended["changes"], bool(ended["held"])) == (1, True)
    assert not verify(str(machine.state / "audit")).problems


@pytest.mark.parametrize("where", ["/", "/etc"])
def test_what_is_no_workspace_is_refused_and_nothing_runs(machine: Machine, where: str) -> None:
    done = run(machine, "echo ran", "--cwd", where)

    assert (done.returncode, done.stdout) == (FAILED, b"")
    assert b"workspace" in done.stderr


def test_where_it_cannot_be_enclosed_it_is_not_started(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none(*_: object) -> None:
        raise NoBackend("no sandbox works here")

    monkeypatch.setattr(enclose, "choose", none)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    guard = Guard.open(cwd=str(machine.work), home=str(machine.home))
    words = agent(f"touch {tmp_path}/ran")
    wanted = enclose.Wanted(argv=tuple(words), agent="python3", session="s")
    proposal = ShellProposal(principal=Principal(agent="x"), cwd=str(machine.work), command="python3 -")

    session = enclose.enclose(guard, proposal, wanted, Nobody(), Stdio())

    assert isinstance(session.outcome, NotStarted)
    assert "enclosed" in session.outcome.reason
    assert not (tmp_path / "ran").exists()


# ctrl-C, kill -9


def started(machine: Machine, text: str, *options: str) -> subprocess.Popen:
    child = subprocess.Popen(
        machine.argv("run", *options, "--", *agent(text)),
        cwd=machine.work,
        env=machine.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"started\n"
    return child


def alive(mark: str) -> list[str]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark.encode() in Path(f"/proc/{name}/cmdline").read_bytes() and int(name) != os.getpid():
                found.append(name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_the_agent_and_keeps_what_it_did(machine: Machine, number: signal.Signals) -> None:
    child = started(machine, "echo x > made; echo started; sleep 987.1")
    child.send_signal(number)
    _, err = child.communicate(timeout=30)

    assert child.returncode == 128 + number
    assert b"1 changes are held" in err
    assert machine.records("session.ended")[-1]["changes"] == 1
    assert not alive("sleep\x00987.1")


def test_killed_it_leaves_nothing_behind(ours: Machine) -> None:
    child = started(
        ours, "echo x > made; (setsid sleep 987.2 &); echo started; sleep 987.2", "--workspace", "direct"
    )
    held = (ours.work / ".mcp.json").is_dir()
    child.kill()
    child.communicate(timeout=30)
    names = [".git", "README", "made", "src"]
    end = time.monotonic() + 10
    while (alive("sleep\x00987.2") or sorted(os.listdir(ours.work)) != names) and time.monotonic() < end:
        time.sleep(0.02)

    assert held
    assert not alive("sleep\x00987.2")
    assert sorted(os.listdir(ours.work)) == names
    assert os.listdir(ours.state / "journal") == [] if (ours.state / "journal").exists() else True


# directly


def test_directly_what_is_written_is_written_and_seen(ours: Machine) -> None:
    done = run(ours, "echo new > made; rm README; sleep 0.3; exit 4", "--workspace", "direct")
    seen = ours.records("effect.unproposed")[-1]["paths"]

    assert done.returncode == 4
    assert (ours.work / "made").read_text() == "new\n"
    assert not (ours.work / "README").exists()
    assert {str(ours.work / "made"), str(ours.work / "README")} <= set(seen)
    assert not [path for path in seen if path.endswith(".mcp.json")]


def test_directly_protected_files_stay_and_git_works(ours: Machine) -> None:
    (ours.work / "CLAUDE.md").write_text("mine\n")
    before = look(ours.work)
    text = (
        "echo x >> CLAUDE.md; echo x > .git/hooks/pre-commit; git config core.pager evil; echo {} > .mcp.json;"
        " mkdir .vscode; mv .git g; rm -rf CLAUDE.md; git status --short; git rev-parse HEAD"
    )

    done = run(ours, f"({text}) 2>/dev/null", "--workspace", "direct")

    assert len(done.stdout.split()[-1]) == 40
    after = look(ours.work)
    assert {path: value for path, value in after.items() if ".git/index" not in path} == {
        path: value for path, value in before.items() if ".git/index" not in path
    }


HIDDEN = {
    "in a subdirectory": ("mkdir -p a/b; echo x > a/b/CLAUDE.md", ["a/b/CLAUDE.md"]),
    "moved there": ("mkdir -p a; echo x > a/x; mv a/x src/.envrc; rmdir a", ["src/.envrc"]),
    "a directory of them": ("mkdir -p a/.claude/commands; echo x > a/.claude/commands/x.md", ["a/.claude"]),
    "a link": ("ln -s ../README src/AGENTS.md", ["README", "src/AGENTS.md"]),
    "spelled otherwise": ("mkdir a; echo x > a/AGENTS.MD", ["a/AGENTS.MD"]),
    "a repository": (
        "git init -q src/inner",
        ["src/inner/.git/branches", "src/inner/.git/config", "src/inner/.git/hooks"],
    ),
    "in the workspace itself": ("echo x > CLAUDE.md", ["CLAUDE.md"]),
    "behind a crowd": (
        "mkdir a; i=0; while [ $i -lt 600 ]; do : > a/$i; i=$((i+1)); done; echo x > a/.cursorrules",
        ["a/.cursorrules"],
    ),
}


@pytest.mark.parametrize(("text", "names"), HIDDEN.values(), ids=HIDDEN)
def test_no_protected_file_comes_to_be_unsaid(ours: Machine, text: str, names: list[str]) -> None:
    done = run(ours, f"{text}; exit 0", "--workspace", "direct")
    paths = [str(ours.work / name) for name in names]
    (seen,) = ours.records("effect.unproposed")

    assert done.returncode == HELD
    assert ours.records("session.ended")[-1]["appeared"] == paths
    assert set(paths) <= set(seen["paths"])
    assert all(path.encode() in done.stderr for path in paths)


def test_where_none_came_to_be_nothing_is_said(ours: Machine) -> None:
    (ours.work / "src/AGENTS.md").write_text("mine\n")

    done = run(
        ours, "mkdir a; echo x > a/made; git status --short >/dev/null; exit 3", "--workspace", "direct"
    )

    assert (done.returncode, done.stderr) == (3, b"")
    assert ours.records("session.ended")[-1]["appeared"] == []


def test_the_hook_inside_answers_where_the_workspace_is_no_copy(ours: Machine) -> None:
    (ours.work / "call").write_text(
        json.dumps(
            {
                "session_id": "s",
                "cwd": str(ours.work),
                "hook_event_name": "PreToolUse",
                "tool_name": "Bash",
                "tool_input": {"command": "rm -rf ."},
                "tool_use_id": "t",
            }
        )
    )
    hook = f"{os.path.realpath(sys.executable)} -I -S {Path(__file__).parents[2]}/guard/__main__.py hook claude-code"

    done = run(
        ours,
        f"{hook} < call; echo; sed -i 's/rm -rf ./make/' call; {hook} < call; exit 5",
        "--workspace",
        "direct",
    )

    lines = done.stdout.decode().split()
    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout)["hookSpecificOutput"]["permissionDecision"] in {"ask", "deny"}
    assert lines
    said = [record["decision"]["verdict"] for record in ours.records("decision")]
    assert said[1] in {"ask", "deny"}
    assert said[2] == "allow"


def test_a_policy_can_end_the_session_at_such_a_change(ours: Machine) -> None:
    config = ours.home / ".config/guard"
    config.mkdir(parents=True)
    (config / "personal.yaml").write_text(
        "version: 1\nkind: personal\nname: me\ndefault: allow\nunproposed: end\n"
    )

    done = run(
        ours,
        "echo fine > made; sleep 0.3; echo x > src/CLAUDE.md; sleep 20; echo never > late",
        "--workspace",
        "direct",
    )

    assert done.returncode == DENY
    assert b"src/CLAUDE.md" in done.stderr
    assert (ours.work / "made").exists()
    assert not (ours.work / "late").exists()
    assert machine_ended(ours).endswith("src/CLAUDE.md")


@pytest.mark.parametrize(
    ("floor", "repo", "personal", "ends"),
    [
        ("record", "record", "record", False),
        ("end", "record", "record", True),
        ("record", "end", "record", True),
        ("record", "record", "end", True),
    ],
)
def test_what_one_layer_ends_none_lets_go_on(floor: str, repo: str, personal: str, ends: bool) -> None:
    layers = tuple(
        PolicyLayer(kind=kind, name=kind, default=Verdict.ALLOW, unproposed=said)
        for kind, said in (("floor", floor), ("repo", repo), ("personal", personal))
    )

    assert Policy(layers=layers, digest="").ends_on_unproposed is ends


def test_a_repository_can_say_so_too(ours: Machine) -> None:
    (ours.work / ".guard").mkdir()
    (ours.work / ".guard/policy.yaml").write_text(
        "version: 1\nkind: policy\nname: r\ndefault: allow\nunproposed: end\n"
    )

    assert Guard.open(cwd=str(ours.work), home=str(ours.home)).policy.ends_on_unproposed


def machine_ended(machine: Machine) -> str:
    return machine.records("session.ended")[-1]["by"]


def test_the_protected_files_of_a_workspace_are_found(ours: Machine) -> None:
    bare = ours.work / "sub/store"
    (bare / "refs").mkdir(parents=True)
    (bare / "objects").mkdir()
    (bare / "hooks").mkdir()
    for name in ("HEAD", "config"):
        (bare / name).write_text("")
    (ours.work / "sub/Agents.MD").write_text("")
    (ours.work / "rules").write_text("")
    (ours.work / ".cursorrules").symlink_to("rules")
    (ours.work / "Makefile").write_text("")

    found = fixed(str(ours.work))
    names = {os.path.relpath(path, ours.work) for path in found.protected}

    assert {
        "sub/Agents.MD",
        "sub/store/config",
        "sub/store/hooks",
        ".git/hooks",
        ".git/config",
        "rules",
        ".cursorrules",
    } <= names
    assert {".mcp.json", ".claude"} <= {os.path.relpath(path, ours.work) for path in found.absent}
    assert not names & {"Makefile", "README", ".git", "src/a.py"}
    assert str(ours.work / ".git") in found.pinned


# as an ordinary user


@pytest.mark.skipif(not ROOT, reason="the tests run as an ordinary user already")
def test_an_ordinary_user_can_do_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    import shutil
    import tempfile

    if in_a_chroot():
        pytest.skip("in a chroot Linux gives an ordinary user no namespaces")
    root = Path(tempfile.mkdtemp(prefix="guard-run-"))
    try:
        machine = Machine(root)
        for directory, _names, files in os.walk(root):
            for path in (directory, *(os.path.join(directory, name) for name in files)):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        if not machine.as_somebody_else(who):
            pytest.skip(
                "an ordinary user can start no interpreter here that reads the checkout and its libraries"
            )
        staged = run(machine, "id -u; echo x > made; exit 4", "--at-end", "apply-allowed", **who)
        (machine.work / "call").write_text(
            json.dumps(
                {
                    "cwd": str(machine.work),
                    "hook_event_name": "PreToolUse",
                    "tool_name": "Bash",
                    "tool_input": {"command": "rm -rf /"},
                }
            )
        )
        (machine.work / "call").chmod(0o644)
        start = f"{os.path.realpath(machine.python)} -I -S {Path(__file__).parents[2]}/guard/__main__.py"
        asked = run(machine, f"{start} hook claude-code < call; exit 6", "--at-end", "drop", **who)
        direct = run(
            machine, "echo y > made; echo x > .git/hooks/pre-commit; exit 5", "--workspace", "direct", **who
        )

        assert (staged.returncode, staged.stdout, direct.returncode) == (4, b"65534\n", 5)
        assert (
            asked.returncode,
            b"permissionDecision" in asked.stdout,
            b"could not judge" in asked.stdout,
        ) == (
            6,
            True,
            False,
        ), asked
        assert (machine.work / "made").read_text() == "y\n"
        assert not (machine.work / ".git/hooks/pre-commit").exists()
    finally:
        shutil.rmtree(root)


# at the terminal


def at_terminal(machine: Machine, text: str, answers: list[str]) -> tuple[int, str]:
    """What is shown, with each answer given when a question stands there."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(machine.work)
        os.execve(sys.executable, machine.argv("run", "--", *agent(text)), {**machine.env, "PAGER": "cat"})
    shown, waiting = "", list(answers)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part.decode(errors="replace")
            if shown.endswith(": ") and waiting:
                os.write(terminal, waiting.pop(0).encode() + b"\n")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown


def test_a_review_lets_in_file_by_file(machine: Machine) -> None:
    status, shown = at_terminal(machine, "echo 1 > one; echo 2 > two; exit 4", ["s", "p", "n", "y"])

    assert status == HELD, shown
    assert "+1" in shown
    assert not (machine.work / "one").exists()
    assert (machine.work / "two").read_text() == "2\n"
    assert [
        entry["path"] for entry in json.loads(machine.run("changes", "list", "--json").stdout)["changes"]
    ] == ["one"]


def test_an_agent_has_a_terminal(machine: Machine) -> None:
    text = "test -t 0 && test -t 1 && stty size >/dev/null && echo it is one; stty raw -echo; exit 5"

    status, shown = at_terminal(machine, text, [])

    assert status == 5, shown
    assert "it is one" in shown


@pytest.mark.parametrize(
    ("answers", "status", "left", "applied"),
    [
        (["a"], 4, 0, True),
        (["k"], HELD, 1, False),
        (["huh", ""], HELD, 1, False),
        (["d", "no", "k"], HELD, 1, False),
        (["d", "yes"], 4, 0, False),
        (["l"], 4, 0, True),
    ],
    ids=["all", "keep", "no answer keeps", "not confirmed", "drop", "what is allowed"],
)
def test_a_review_ends_as_the_person_says(
    machine: Machine, answers: list[str], status: int, left: int, applied: bool
) -> None:
    got, shown = at_terminal(machine, "echo 1 > one; exit 4", answers)

    assert got == status, shown
    assert len(machine.run("changes", "list", "--json").stdout.splitlines()) == left
    assert (machine.work / "one").exists() == applied
