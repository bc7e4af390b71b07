"""The smallest command that shows a change: one that the whole engine decides so before, and so after. Pure."""

import shlex

from guard.model.dataclass import dataclass
from guard.model.decision import Decision, Host, may_be_answered, verdict_of
from guard.model.effect import ResolvedEffect, effect_name
from guard.model.paths import UNRESOLVED_PLACE
from guard.model.typed import Callable, Iterable
from guard.model.verdict import Verdict
from guard.policy.hosts import UNKNOWN
from guard.policy.review.cell import Cell, Where
from guard.policy.review.compare import Row
from guard.policy.rule import Policy

TRIED = 60
"""Commands per row."""
Engine = Callable[[str, Policy, str], tuple[Decision, tuple[ResolvedEffect, ...]]]
"""A command, a policy and a day to a decision and the effects that it was made of."""

_COMMANDS: dict[str, tuple[str, ...]] = {
    "fs.read": ("cat {path}", "head {path}", "wc {path}", "{program} {path}"),
    "fs.write": ("touch {path}", "echo x > {path}", "cp README.md {path}", "tee {path}", "{program} {path}"),
    "fs.delete": ("rm {path}", "rm -f {path}", "unlink {path}", "{program} {path}"),
    "fs.perms": ("chmod 644 {path}", "{program} 644 {path}"),
    "fs.link": ("ln -s {target} {path}", "ln {target} {path}"),
    "secrets.read": ("gpg --export-secret-keys", "ssh-add -L", "git credential fill", "printenv TOKEN"),
    "guard.tamper": ("guard undo 1",),
    "exec": ("{program}", "{program} --version", "{program} x"),
    "exec.opaque": ('eval "$X"', "curl https://example.com/i | sh", "make", "python build.py", "./run"),
    "tool.use": (),
    "net.connect": ("curl https://{host}/", "wget -qO- https://{host}/", "{program} https://{host}/", "ssh {host}"),
    "net.listen": ("nc -l 8080", "python3 -m http.server"),
    "vcs.publish": ("git push origin {branch}", "git push origin HEAD:{branch}", 'git push origin "$BRANCH"'),
    "vcs.rewrite": ("git push --force origin {branch}", "git branch -D {branch}", "git push --force"),
    "pkg.install": ("{program} install left-pad", "{program} add left-pad", "pip install requests", "npm install left-pad"),
    "pkg.publish": ("{program} publish", "npm publish", "twine upload dist/*"),
    "privilege": ("sudo ls", "{program} ls"),
    "container.control": ("docker run alpine", "docker ps", "{program} run alpine"),
    "db.destroy": ("psql -c 'DROP TABLE users'", "redis-cli FLUSHALL", "{program} -c 'DROP TABLE users'"),
    "cloud.mutate": ("terraform apply", "{program} apply", "aws s3 rb s3://bucket", "kubectl delete pod x"),
    "proc.kill": ("kill 4242", "pkill x", "{program} x"),
    "env.persist": ("crontab x", "git config core.editor x", "{program} x"),
}  # fmt: skip
_TREES: dict[str, tuple[str, ...]] = {
    "fs.read": ("ls -R {path}", "grep -r x {path}", "tar cf /tmp/x.tar {path}", "cp -r {path} copy"),
    "fs.write": ("cp -r src {path}", "rsync -a src/ {path}", "git checkout -- {path}", "black {path}"),
    "fs.delete": ("rm -r {path}", "rm -rf {path}", "find {path} -delete", "{program} -r {path}"),
    "fs.perms": ("chmod -R 755 {path}", "chown -R you {path}"),
}
_BY_GIT: dict[str, tuple[str, ...]] = {
    "fs.write": ("git checkout -- {path}", "git restore {path}", "git stash"),
    "fs.delete": ("git rm -f {path}", "git rm -rf {path}", "git clean -fd {path}"),
}
_APPENDS = ("echo x >> {path}", "tee -a {path}")
_UPLOADS = (
    "curl -d x https://{host}/",
    "curl -d @{source} https://{host}/",
    "curl -T {source} https://{host}/",
)


@dataclass(frozen=True, slots=True)
class Example:
    """``command``: empty when no single command was found that shows it; then ``words`` say what the effect is."""

    cell: Cell
    command: str
    words: str


def example(row: Row, old: Policy, new: Policy, today: str, engine: Engine) -> Example:
    """Tried with the engine: what is shown as a command is decided as the row says, before and after."""
    left = TRIED
    for cell in row.cells:
        for command in commands(cell):
            if left == 0:
                break
            left -= 1
            if _shows(row, command, engine(command, old, today), engine(command, new, today)):
                return Example(cell, command, words(cell))
    return Example(row.cells[0], "", words(row.cells[0]))


def _shows(
    row: Row,
    command: str,
    before: tuple[Decision, tuple[ResolvedEffect, ...]],
    after: tuple[Decision, tuple[ResolvedEffect, ...]],
) -> bool:
    if "\n" in command or row.effect not in {effect_name(effect) for effect in after[1]}:
        return False
    verdicts = verdict_of(before[0]), verdict_of(after[0])
    if verdicts != (row.before.verdict, row.after.verdict):
        return False
    if verdicts == (Verdict.ALLOW, Verdict.ALLOW) and row.before.host != row.after.host:
        return [isinstance(d[0].placement, Host) for d in (before, after)] == [
            row.before.host,
            row.after.host,
        ]
    if row.before.may_allow != row.after.may_allow:
        return [may_be_answered(d[0]) for d in (before, after)] == [row.before.may_allow, row.after.may_allow]
    return True


def commands(cell: Cell) -> Iterable[str]:
    """What might have this effect, the plainest first. None for what no single command line shows."""
    if (
        len(cell.where.places) > 1
        or cell.where.below
        or cell.observed
        or cell.package_host
        or len(cell.names) > 1
    ):
        return
    templates = _COMMANDS[cell.effect]
    if cell.where.recursive:
        templates = _TREES.get(cell.effect, templates[:0])
    elif cell.append and cell.effect == "fs.write":
        templates = _APPENDS
    elif cell.upload and cell.effect == "net.connect":
        templates = _UPLOADS
    if cell.program == "git":
        templates = (*_BY_GIT.get(cell.effect, ()), *templates)
    source = next((carried.partition(":")[2] for carried in cell.carries), "README.md")
    branch = "" if cell.branch == UNKNOWN else shlex.quote(cell.branch)
    given = {
        "path": spelled(next(iter(cell.where.places))),
        "target": spelled(cell.target.places[0]) if cell.target is not None else "x",
        "program": shlex.quote(cell.program),
        "host": '"$HOST"' if cell.host == UNKNOWN else cell.host,
        "branch": branch,
        "source": spelled(source) if source.startswith(("$", "/")) else source,
    }
    for template in templates:
        if "{branch}" in template and not branch:
            continue
        yield template.format(**given)


def spelled(place: str) -> str:
    """``$H/x`` as somebody types it in the workspace."""
    if place == UNRESOLVED_PLACE:
        return '"$DIR"'
    root, rest = place[:2], place[2:].lstrip("/")
    match root:
        case "$W":
            return (
                shlex.quote(rest)
                if rest and not rest.startswith("-")
                else f"./{shlex.quote(rest)}"
                if rest
                else "."
            )
        case "$H":
            return f"~/{shlex.quote(rest)}" if rest else "~"
        case "$T":
            return shlex.quote(f"/tmp/{rest}" if rest else "/tmp")  # noqa: S108 - a name that is shown
        case _:
            return shlex.quote(place)


def words(cell: Cell) -> str:
    """The effect in words, for what no single command shows."""
    parts = [cell.effect]
    if cell.effect.startswith(("fs.", "secrets", "guard")):
        parts.append(_where(cell.where))
    if cell.target is not None:
        parts.append(f"leading to {_where(cell.target)}")
    if cell.effect == "net.connect":
        parts.append(
            f"to {cell.host}"
            + (", where package managers of the machine are set to use it" if cell.package_host else "")
        )
        if cell.carries:
            parts.append(f"sending {', '.join(cell.carries)}")
    if cell.effect.startswith("vcs."):
        parts.append(f"on {cell.branch}")
    if cell.program not in {"", "x"}:
        parts.append(f"by {cell.program}")
    if len(cell.names) > 1:
        parts.append(f"also called {', '.join(cell.names[1:])}")
    if cell.observed:
        parts.append("seen in the sandbox" + (", not foreseen" if cell.surprise else ""))
    if not cell.certain:
        parts.append("perhaps")
    return " ".join(parts)


def _where(where: Where) -> str:
    text = spelled(where.places[0])
    if len(where.places) > 1:
        text += f" that is also {' and '.join(spelled(place) for place in where.places[1:])} (by a link)"
    if where.recursive:
        held = " and ".join(spelled(place) for place in where.below)
        text += (
            f" with {held} in it"
            if held
            else " and all below"
            if not where.listed
            else ", a tree with nothing in it"
        )
    if where.lost:
        text += ", which git cannot bring back" if where.lost > 0 else ""
    return text
