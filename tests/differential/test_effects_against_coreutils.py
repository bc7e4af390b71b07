"""Prediction against real programs: whatever changes in a directory was predicted to change."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from guard.effects.evaluate import Evaluator
from guard.effects.state import State
from guard.model.effect import ChangeMode, DeletePath, LinkPath, Opaque, RunProgram, WritePath
from guard.model.facts import Facts
from guard.model.paths import KnownPath

BASH = shutil.which("bash") or "/bin/bash"
COMMANDS = (
    "rm a.txt",
    "rm -rf -- sub 'two words'",
    "rm -v sub/one.txt b.txt",
    "rmdir empty",
    "rmdir -p deep/er",
    "unlink a.txt",
    "cp a.txt c.txt",
    "cp -t sub a.txt b.txt",
    "cp -r sub copy",
    "cp a.txt b.txt empty/",
    "cp --target-directory=empty a.txt",
    "cp -al sub twin",
    "mv a.txt c.txt",
    "mv -t empty a.txt b.txt",
    "mv sub empty",
    "mv a.txt b.txt empty",
    "ln a.txt hard",
    "ln -s a.txt soft",
    "ln -sf b.txt a.txt",
    "ln -s -t empty ../a.txt",
    "install -m 600 a.txt placed",
    "install -d new/dir",
    "install -D a.txt new/place/file",
    "echo hi | tee t1 t2",
    "echo hi | tee -a a.txt >/dev/null",
    "sed -i s/a/b/ a.txt",
    "sed -i.bak -e s/a/b/ a.txt b.txt",
    "sed -n 'w copied' a.txt",
    "sed --in-place s/a/b/ a.txt",
    "sort -o b.txt a.txt",
    "sort a.txt -o a.txt",
    "sort --output=sorted a.txt",
    "uniq a.txt uniqued",
    "truncate -s 0 a.txt",
    "truncate --size=3 fresh",
    "dd if=a.txt of=dd.out status=none",
    "dd if=/dev/zero of=a.txt bs=1 count=1 conv=notrunc status=none",
    "touch fresh a.txt",
    "mkdir -p new/one new/two",
    "chmod 600 a.txt",
    "chmod -R go= sub",
    "chmod go-rwx a.txt b.txt",
    "shred -u a.txt",
    "split -l 1 a.txt part-",
    "csplit -s a.txt 2",
    "tar -cf all.tar sub",
    "tar czf all.tgz sub a.txt",
    "tar --create --file=all.tar sub",
    "tar cf all.tar sub && tar xf all.tar -C empty",
    "tar cf all.tar --remove-files sub",
    "gzip a.txt",
    "gzip a.txt && gunzip a.txt.gz && gzip b.txt",
    "gzip -r sub",
    "find . -name '*.txt' -delete",
    "find sub -type f -exec rm {} +",
    "find sub -type f -exec sh -c 'rm \"$1\"' _ {} ';'",
    "find . -maxdepth 1 -name a.txt -fprint listed",
    "find sub -name one.txt -execdir mv {} renamed ';'",
    "echo a.txt b.txt | xargs rm",
    "printf 'a.txt\\0b.txt\\0' | xargs -0 rm --",
    "echo a.txt | xargs -I{} cp {} {}.bak",
    "find sub -type f | xargs rm",
    'for f in a.txt b.txt; do mv "$f" "$f.old"; done',
    "cd sub && rm one.txt",
    "(cd sub; echo x > made); rm a.txt",
    "cat a.txt > catted 2>errors",
    ": > a.txt",
    "env -i /bin/rm a.txt",
    "timeout 5 nice rm a.txt",
    "bash -c 'rm \"$0\" $1' a.txt b.txt",
    "eval 'rm a.txt'",
    "x=a; rm $x.txt",
    "rm {a,b}.txt",
    "echo 'rm a.txt' | sh",
    "git init -q repo",
)


def _tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    found: dict[str, tuple[int, int, bytes]] = {}
    for base, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = Path(base, name)
            status = path.lstat()
            content = os.readlink(path).encode() if path.is_symlink() else b""
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
            found[str(path)] = (status.st_mode, status.st_ino, content)
    return found


def _changed(before: dict[str, tuple[int, int, bytes]], after: dict[str, tuple[int, int, bytes]]) -> set[str]:
    return {
        path for path in before.keys() | after.keys() if _what(before.get(path)) != _what(after.get(path))
    }


def _what(entry: tuple[int, int, bytes] | None) -> tuple[int, bytes] | None:
    return None if entry is None else (entry[0], entry[2])


def _covers(effect: object, path: str) -> bool:
    if isinstance(effect, Opaque):
        return False
    if isinstance(effect, RunProgram):
        # What git keeps about itself is its own business; that it keeps it there is told of the directory.
        return effect.program == "git" and "/.git" in path
    if not isinstance(effect, WritePath | DeletePath | ChangeMode | LinkPath):
        return False
    if not isinstance(effect.path, KnownPath):
        return True
    said = os.path.normpath(effect.path.text)
    deep = not isinstance(effect, LinkPath) and effect.recursive
    # Making or removing a directory's entry is told of the entry; parents that `-p` makes on the way are told by it.
    return path == said or (deep and path.startswith(said.rstrip("/") + "/")) or said.startswith(path + "/")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_change_that_a_real_program_makes_was_predicted(command: str, tmp_path: Path) -> None:
    root = tmp_path / "w"
    for directory in ("sub/more", "empty", "deep/er", "two words"):
        (root / directory).mkdir(parents=True)
    for name in ("a.txt", "b.txt", "sub/one.txt", "sub/more/two.txt", "two words/x y.txt"):
        (root / name).write_text("a\nb\na\n")
    before = _tree(root)
    evaluator = Evaluator(Facts(workspace=str(root), home="/home/nobody", cwd=str(root)))
    evaluator.analyse_text(command, State(cwd=(str(root),)))
    done = subprocess.run(
        [BASH, "--norc", "--noprofile", "-c", command],
        cwd=root, capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    changed = _changed(before, _tree(root))
    assert changed, "the command should have changed something, or it proves nothing"
    missed = {path for path in changed if not any(_covers(effect, path) for effect in evaluator.effects)}
    assert not missed, evaluator.effects
