"""Every command on a disk that is full: one clear message or its answer, the documented code, nothing half done."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.test_malformed import assert_no_crash, one_message

OWN_ROOT = Path(__file__).parents[1] / "own_root.py"
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.getuid() != 0, reason="not root, and a full disk needs a mount of its own"),
]

# One run that was applied and can be undone, one whose changes are held; then not a byte is left.
PREPARE = r"""
set -eu
mount -t tmpfs -o size=4m none "$STATE"
cp -a "$WORK" "$WORK.kept"
mount -t tmpfs -o size=4m none "$WORK"
cp -a "$WORK.kept/." "$WORK"
cd "$WORK"
printf old > a
"$PYTHON" -m guard exec --ask deny -- 'python3 apply.py' > /dev/null
"$PYTHON" -m guard exec --ask deny -- 'python3 hold.py' > /dev/null 2>&1 && exit 90
[ $? = 12 ] || exit 91
held=$("$PYTHON" -m guard changes list | cut -d' ' -f1)
undo=$("$PYTHON" -m guard undo | cut -d' ' -f1)
[ -n "$held" ] && [ -n "$undo" ] || exit 92
# The last page of the log has room for a record more, or it has not: here it never has.
log="$STATE/guard/audit/current.jsonl"
size() { stat -c %s "$log"; }
before=$(size)
"$PYTHON" -m guard exec --ask deny -- 'true #' || exit 94
after=$(size)
pad=$(( (2 * 4096 - 200 - (2 * after - before) % 4096) % 4096 ))
"$PYTHON" -m guard exec --ask deny -- "true #$(head -c $pad /dev/zero | tr '\0' x)" || exit 95
[ $(( 4096 - $(size) % 4096 )) -lt 600 ] || exit 96
for place in $FULL; do cat /dev/zero > "$place/ballast" 2>/dev/null || :; done
find . -not -path './ballast' -type f -exec sha256sum {} + | sort > /dev/shm/$TOKEN.before
status=0
eval "set -- $WORDS"
"$PYTHON" -m guard "$@" < /dev/null || status=$?
find . -not -path './ballast' -type f -exec sha256sum {} + | sort > /dev/shm/$TOKEN.after
cmp -s /dev/shm/$TOKEN.before /dev/shm/$TOKEN.after && echo same > /dev/shm/$TOKEN.same
for place in $FULL; do rm -f "$place/ballast"; done
"$PYTHON" -m guard audit verify > /dev/null || exit 93
exit $status
"""
HIDDEN = "getattr(__builtins__, 'exec')(bytes.fromhex('{code}'))\n"
READS = [
    (["check", "--", "ls"], {0}),
    (["explain", "--", "ls"], {0}),
    (["parse", "--", "ls"], {0}),
    (["policy", "check"], {0}),
    (["policy", "show"], {0}),
    (["audit", "tail"], {0}),
    (["audit", "verify"], {0}),
    (["changes", "list"], {0}),
    (["changes", "show", "$held"], {0}),
    (["undo"], {0}),
    (["sessions", "list"], {0}),
    (["caches", "list"], {0}),
    (["doctor"], {0, 1}),
    (["completion", "bash"], {0}),
]
WRITES = [
    ["exec", "--ask", "deny", "--", "touch ran"],
    ["exec", "--ask", "deny", "--", "python3 apply.py"],
    ["run", "--ask", "deny", "--", "touch", "ran"],
    ["changes", "apply", "--yes", "$held"],
    ["undo", "--yes", "$undo"],
]


def on_a_full_disk(
    user: User, words: list[str], *full: str
) -> tuple[subprocess.CompletedProcess[bytes], bool]:
    """What came of it, and whether the workspace is as it was."""
    state = user.home / ".local" / "state"
    state.mkdir(parents=True)
    grown = b"open('a', 'w').write('new' * 1000); open('b', 'w').write('b' * 100000)".hex()
    lost = b"import shutil; shutil.rmtree('src'); open('c', 'w').write('c' * 100000)".hex()
    (user.work / "apply.py").write_text(HIDDEN.format(code=grown))
    (user.work / "hold.py").write_text(HIDDEN.format(code=lost))
    (user.work / "src" / "c.py").write_text("what git does not know\n")
    token = user.home.parent.name
    places = {"state": str(state), "work": str(user.work)}
    env = {
        **user.env, "STATE": str(state), "WORK": str(user.work), "PYTHON": sys.executable, "TOKEN": token,
        "WORDS": " ".join(word if word.startswith("$") else f"'{word}'" for word in words), "FULL": " ".join(places[one] for one in full),
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, str(OWN_ROOT), "bash", "-c", PREPARE],
            env=env,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode not in {90, 91, 92, 93, 94, 95, 96}, (done.returncode, done.stderr)
        return done, Path(f"/dev/shm/{token}.same").exists()
    finally:
        for end in ("before", "after", "same"):
            Path(f"/dev/shm/{token}.{end}").unlink(missing_ok=True)


@pytest.mark.parametrize(("words", "codes"), READS, ids=lambda value: " ".join(map(str, value)))
def test_what_only_reads_answers(user: User, words: list[str], codes: set[int]) -> None:
    done, same = on_a_full_disk(user, words, "state")

    assert done.returncode in codes, done.stderr
    assert_no_crash(done)
    assert done.stdout
    assert same


@pytest.mark.parametrize("words", WRITES, ids=" ".join)
@pytest.mark.parametrize("full", [("state",), ("state", "work")], ids=" and ".join)
def test_what_would_write_does_nothing_and_says_so(
    user: User, words: list[str], full: tuple[str, ...]
) -> None:
    done, same = on_a_full_disk(user, words, *full)

    assert done.returncode in {3, 11}, (done.returncode, done.stdout, done.stderr)
    one_message(done)
    assert b"no space left" in done.stderr.lower()
    assert same


@pytest.mark.parametrize("words", [*WRITES[1:]], ids=" ".join)
def test_a_workspace_that_is_full_is_left_whole(user: User, words: list[str]) -> None:
    done, same = on_a_full_disk(user, words, "work")

    assert_no_crash(done)
    assert same or done.returncode == 0, (done.returncode, done.stderr)
    assert done.returncode == 0 or done.stderr.strip()
