"""First words of commands that surely have an effect, for permission systems that compare words. Pure data.

A list like this is never complete: what it misses is said with every export. Each line is held against our own reading
of the command in tests/policy/export/test_commands.py.
"""

from guard.model.dataclass import dataclass
from guard.model.verdict import Verdict
from guard.policy.export.meaning import Spoken
from guard.policy.match import wildcard

KNOWN: dict[str, str] = {
    "pkg.install": (
        "pip install, pip3 install, uv add, uv pip install, pipx install, poetry add, conda install, npm install, npm i, npm ci, "
        "npm add, yarn add, pnpm add, pnpm install, bun add, cargo install, gem install, go install, go get, composer require, "
        "brew install, apt install, apt-get install, apk add, dnf install, yum install"
    ),
    "pkg.publish": (
        "npm publish, yarn publish, yarn npm publish, pnpm publish, twine upload, cargo publish, gem push, poetry publish, "
        "uv publish, docker push, mvn deploy"
    ),
    "privilege": "sudo, su, doas, pkexec, chsh, useradd, passwd, visudo",
    "container.control": (
        "docker run, docker exec, docker rm, docker build, docker compose up, docker-compose up, "
        "podman run, podman exec, podman rm"
    ),
    "cloud.mutate": (
        "kubectl delete, kubectl apply, kubectl exec, kubectl scale, helm install, helm upgrade, helm uninstall, "
        "terraform apply, terraform destroy, tofu apply, pulumi up, pulumi destroy, aws s3 rm, "
        "aws ec2 terminate-instances, cdk deploy, "
        "serverless deploy, fly deploy, gh pr merge, gh release create"
    ),
    "db.destroy": "dropdb, terraform destroy, pulumi destroy, helm uninstall",
    "proc.kill": "kill, pkill, killall",
    "env.persist": "crontab, systemctl enable, at, git config --global",
    "net.listen": "nc -l, python3 -m http.server",
    "vcs.publish": "git push",
    "vcs.rewrite": (
        "git push --force, git push -f, git push --delete, git rebase, git filter-branch, git reset --hard, git branch -D, "
        "git update-ref"
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prefix:
    words: tuple[str, ...]
    verdict: Verdict
    spoken: Spoken


def known(effect: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in KNOWN.get(effect, "").split(", ") if line)


def prefixes(spoken: Spoken) -> tuple[Prefix, ...]:
    """The commands by which a strict rule can be recognised; none where it asks what their first words do not say."""
    rule = spoken.rule
    if rule.verdict is Verdict.ALLOW or rule.shadow or not plain(spoken):
        return ()
    found: dict[tuple[str, ...], None] = {}
    for effect in rule.effects:
        if effect == "exec":
            found.update({(name,): None for name in rule.programs if _is_word(name)})
        for words in known(effect):
            if not rule.programs or any(wildcard(name, words[0]) for name in rule.programs):
                found[words] = None
    return tuple(Prefix(words, rule.verdict, spoken) for words in found)


def plain(spoken: Spoken) -> bool:
    """Whether what the rule asks besides program and effect holds of every command as it stands there."""
    rule = spoken.rule
    return not (
        spoken.condition.placed
        or rule.hosts
        or rule.except_hosts
        or rule.branches
        or rule.carries
        or rule.upload is not None
        or rule.append is not None
        or rule.observed
        or rule.surprise
        or rule.certain is False
    )


def _is_word(name: str) -> bool:
    return "*" not in name and "?" not in name and not name.startswith(("sha256:", "mcp__"))
