"""The stage of the demo: a scratch home with canaries and a git workspace. Builds and removes real files, decides nothing."""

import hashlib
import os
import shutil
import subprocess
import tempfile

from guard.enforce.gitcommand import git_argv, git_env
from guard.enforce.places import Places
from guard.model.dataclass import dataclass

_POLICY = """\
version: 1
kind: policy
name: demo
default: allow                  # a repository only tightens: this opens nothing
rules:
  - id: no-npx
    effect: [exec]
    programs: [npx]
    verdict: deny
    why: This team does not fetch and run packages in one step.
"""
_CANARIES = {
    "home/.ssh/id_ed25519": "a key that opens nothing\n",
    "home/.bashrc": "export EDITOR=vi\n",
    "home/photos/2019/summer.jpg": "the only copy\n",
    "home/documents/thesis.txt": "three years of work\n",
    "home/app/README.md": "# app\n",
    "home/app/tests/test_app.py": "def test_app(): assert True\n",
    "home/app/patches/0001.patch": "--- a\n+++ b\n",
}
_BUILD = "#!/bin/sh\nset -e\nmkdir -p build\nwc -c < README.md > build/size.txt\necho built\n"
_PROGRAM = "/bin/true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    root: str

    @property
    def home(self) -> str:
        return os.path.join(self.root, "home")

    @property
    def workspace(self) -> str:
        return os.path.join(self.home, "app")

    @property
    def npx(self) -> str:
        return os.path.join(self.root, "bin", "npx")

    @property
    def places(self) -> Places:
        """The demo's own log and state: the user's are not touched."""
        return Places(
            state=os.path.join(self.root, "state", "guard"), config=os.path.join(self.root, "config", "guard")
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the agent of the story sees."""
        return {
            "HOME": self.home,
            "PATH": f"{os.path.dirname(self.npx)}:/usr/local/bin:/usr/bin:/bin",
            "XDG_STATE_HOME": os.path.join(self.root, "state"),
            "XDG_CONFIG_HOME": os.path.join(self.root, "config"),
            "LANG": "C.UTF-8",
            "USER": os.environ.get("USER", ""),
        }

    def write(self, path: str, text: str) -> None:
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def canaries(self) -> dict[str, str]:
        """SHA-256 of every canary; ``gone`` for one that is not there."""
        return {name: _hash(os.path.join(self.root, name)) for name in _CANARIES}

    def files(self) -> dict[str, str]:
        """Every file of the home with its hash: what a step changed is the difference."""
        found: dict[str, str] = {}
        for directory, _, names in os.walk(self.home):
            for name in names:
                path = os.path.join(directory, name)
                found[os.path.relpath(path, self.home)] = _hash(path)
        return found

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def build() -> Scene:
    """A new stage in the temporary directory, private to this user."""
    # Resolved, because a temporary directory behind a symlink would be named in two ways in what is shown.
    scene = Scene(root=os.path.realpath(tempfile.mkdtemp(prefix="guard-demo-")))
    try:
        for name, text in _CANARIES.items():
            scene.write(name, text)
        scene.write("home/app/build.sh", _BUILD)
        scene.write("home/app/.guard/policy.yaml", _POLICY)
        _denied_program(scene)
        _repository(scene)
    except BaseException:
        scene.remove()
        raise
    return scene


def _denied_program(scene: Scene) -> None:
    """A real program under a denied name, and the same bytes under another one."""
    os.makedirs(os.path.dirname(scene.npx))
    shutil.copy(_PROGRAM, scene.npx)
    shutil.copy(_PROGRAM, os.path.join(scene.workspace, "helper"))


def _repository(scene: Scene) -> None:
    """Committed, when git is there: what git can restore is judged more mildly than what it cannot."""
    git = shutil.which("git")
    if git is None:
        os.makedirs(os.path.join(scene.workspace, ".git", "hooks"), exist_ok=True)
        return
    who = ("user.name=demo", "user.email=demo@example.invalid")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "start")):
        subprocess.run(
            git_argv(git, *words, settings=who),
            cwd=scene.workspace,
            env=git_env(scene.environment),
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _hash(path: str) -> str:
    try:
        if os.path.islink(path):
            return f"link to {os.readlink(path)}"
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        return "gone"
