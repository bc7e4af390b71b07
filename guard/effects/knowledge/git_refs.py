"""What git notes of other repositories: the branches of each remote as they were when it was asked last."""

_REMOTES = "refs/remotes/"


def untrue_note(refspec: str | None, remote: str | None) -> bool:
    """Whether ``evil:refs/remotes/origin/main`` notes for a remote's branch what that branch is not.

    What others have reviewed is read from these notes. A branch of the remote's own under its own name is what a fetch is
    for, and so is somebody's pull request below a name of its kind.
    """
    source, colon, target = (refspec or "").removeprefix("+").partition(":")
    if not colon or not target.startswith(_REMOTES):
        return False
    whose, _, name = target.removeprefix(_REMOTES).partition("/")
    if source.removeprefix("refs/").startswith(("pull/", "merge-requests/")) and "/" in name:
        return False
    return whose != remote or source.removeprefix("refs/heads/") != name
