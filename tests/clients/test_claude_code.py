"""The real Claude Code, with the hook as `guard install` registers it."""

from guard.probe.model import Call, serving
from tests.cli.conftest import needs_a_sandbox


@needs_a_sandbox
def test_what_is_denied_does_not_happen_and_the_model_is_told_why(scene):
    scene.install("claude-code")
    canary = scene.home / "canary"
    canary.mkdir()

    with serving(
        [Call("Bash", {"command": f"rm -rf {canary}"}), Call("Bash", {"command": "cat README.md"})]
    ) as model:
        done = scene.drive("claude-code", model)

    assert done.returncode == 0, done.stderr
    assert canary.exists()
    (denied, is_error), (read, _) = model.results
    assert is_error
    assert "rule `" in denied
    assert "# app" in read
