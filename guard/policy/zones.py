"""Named sets of places that every policy may speak of. Data, and how a place is tested against it.

``unresolved`` is the zone of paths that could be anything; ``guard`` is decided by real path, not by pattern.
"""

from guard.model.facts import Facts
from guard.model.paths import UNRESOLVED_PLACE
from guard.policy.globs import matches, may_match_below, must_match_below

_HARMLESS_DEVICES = (
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/stdin", "/dev/stdout", "/dev/stderr",
    "/dev/fd/*", "/dev/pts/*",
)  # fmt: skip

CREDENTIALS = (
    "$H/.ssh/**", "$H/.gnupg/**", "$H/.aws/**", "$H/.azure/**", "$H/.kube/**", "$H/.docker/config.json", "$H/.netrc", "$H/_netrc",
    "$H/.git-credentials", "$H/.config/git/credentials", "$H/.pgpass", "$H/.my.cnf", "$H/.mylogin.cnf", "$H/.npmrc", "$H/.pypirc",
    "$H/.yarnrc.yml", "$H/.cargo/credentials", "$H/.cargo/credentials.toml", "$H/.gem/credentials", "$H/.config/gcloud/**",
    "$H/.config/gh/**", "$H/.config/hub", "$H/.config/glab-cli/**", "$H/.config/op/**", "$H/.vault-token", "$H/.terraform.d/credentials.tfrc.json",
    "$H/.password-store/**", "$H/.local/share/keyrings/**", "$H/.config/google-chrome/**", "$H/.config/chromium/**", "$H/.mozilla/**",
    "$H/Library/Keychains/**", "$H/Library/Application Support/Google/Chrome/**", "$H/.config/rclone/**", "$H/.s3cfg", "$H/.boto",
    "$H/.claude/.credentials.json", "$H/.claude.json", "$H/.codex/auth.json", "$H/.gemini/oauth_creds.json", "$H/.config/anthropic/**",
    "$H/.bash_history", "$H/.zsh_history", "$H/.python_history", "$H/.node_repl_history", "$H/.psql_history", "$H/.mysql_history",
    "$H/.env", "$H/.envrc", "$H/**/id_rsa", "$H/**/id_ed25519", "$H/**/id_ecdsa", "$H/**/id_dsa", "$H/.config/sops/**", "$H/.age/**",
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d/**", "/etc/ssh/*_key", "/etc/ssl/private/**",
    "/etc/krb5.keytab", "/etc/kubernetes/**", "/proc/*/environ", "/proc/*/mem", "/proc/kcore", "/proc/*/task/*/environ", "/run/secrets/**",
    "/var/run/secrets/**", "/root/.ssh/**", "/root/.aws/**", "/home/*/.ssh/**", "/home/*/.aws/**", "/home/*/.gnupg/**", "/home/*/.netrc",
    "/Users/*/.ssh/**", "/Users/*/.aws/**", "/var/lib/docker/**", "/dev/mem", "/dev/kmem", "/dev/port",
)  # fmt: skip

ENV_FILES = (
    "$W/**/id_rsa", "$W/**/id_ed25519", "$W/**/id_ecdsa", "$W/**/.aws/credentials", "$W/**/.netrc", "$W/**/.git-credentials", "$W/**/.pypirc",
    "$W/**/.env", "$W/**/.env.local", "$W/**/.env.production", "$W/**/.env.staging", "$W/**/.env.development", "$W/**/.env.prod",
    "$W/**/credentials.json", "$W/**/secrets.yaml", "$W/**/secrets.yml", "$W/**/secrets.json", "$W/**/*.pem", "$W/**/*.key", "$W/**/*.p12",
    "$W/**/*.pfx", "$W/**/*.keystore", "$W/**/*.jks", "$W/**/terraform.tfstate", "$W/**/service-account*.json", "$W/**/.npmrc",
    "$W/**/.htpasswd", "$W/**/.vault_pass*",
)  # fmt: skip

VCS_INTERNALS = tuple(
    f"{root}{rest}"
    for root in ("$W/**/.git", "$H/**/.git", "$T/**/.git", "$W/**/.git/modules/**", "$W/**/.git/worktrees/**")
    for rest in ("/hooks/**", "/config", "/config.worktree", "/info/attributes", "/objects/info/alternates", "/commondir", "/gitdir")
) + ("$W/.git", "$W/**/.gitmodules", "$W/**/.hg/hgrc", "$W/**/.svn/**")  # fmt: skip

AGENT_CONFIG = tuple(
    f"{root}/{rest}"
    for root in ("$W/**", "$H")
    for rest in (
        ".claude/**", ".mcp.json", "CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "GEMINI.md", ".codex/**", ".gemini/**", ".cursor/**",
        ".cursorrules", ".windsurf/**", ".windsurfrules", ".clinerules/**", ".clinerules", ".aider.conf.yml", ".github/copilot-instructions.md",
        "opencode.json", ".opencode/**", ".qwen/**", ".continue/**", ".goose/**", ".goosehints", ".roo/**", ".kiro/**", ".crush.json", "crush.json",
    )
) + tuple(
    f"$W/**/{rest}"
    for rest in (
        ".vscode/**", ".idea/**", ".devcontainer/**", ".devcontainer.json", ".envrc", ".tool-versions", ".mise.toml", "mise.toml",
        ".pre-commit-config.yaml", ".husky/**", ".githooks/**", "lefthook.yml", ".github/workflows/**", ".github/actions/**", ".gitlab-ci.yml",
        ".circleci/**", ".buildkite/**", "Jenkinsfile", "azure-pipelines.yml", ".travis.yml", "bitbucket-pipelines.yml", "sitecustomize.py",
        "usercustomize.py", ".yarnrc.yml", ".yarn/plugins/**", ".vimrc", ".nvimrc", ".exrc", ".dir-locals.el", ".gdbinit", ".lldbinit", ".bazelrc",
    )
)  # fmt: skip

STARTUP = (
    "$H/.bashrc", "$H/.bash_profile", "$H/.bash_login", "$H/.bash_logout", "$H/.bash_aliases", "$H/.profile", "$H/.zshrc", "$H/.zshenv",
    "$H/.zprofile", "$H/.zlogin", "$H/.zlogout", "$H/.kshrc", "$H/.cshrc", "$H/.tcshrc", "$H/.login", "$H/.inputrc", "$H/.config/fish/**",
    "$H/.xinitrc", "$H/.xprofile", "$H/.xsession", "$H/.pam_environment", "$H/.config/autostart/**", "$H/.config/systemd/**",
    "$H/.config/environment.d/**", "$H/Library/LaunchAgents/**", "$H/.gitconfig", "$H/.config/git/**", "$H/.vimrc", "$H/.config/nvim/**",
    "$H/.emacs", "$H/.emacs.d/**", "$H/.tmux.conf", "$H/.gdbinit", "$H/.pythonrc", "$H/.config/pip/**", "$H/.pip/**", "$H/.condarc",
    "$H/bin/**", "$H/.local/bin/**", "$H/.local/lib/**", "$H/.cargo/bin/**", "$H/.cargo/config.toml", "$H/go/bin/**", "$H/.nvm/**", "$H/.pyenv/**",
    "/var/spool/cron/**", "/etc/cron*/**", "/etc/profile*", "/etc/profile.d/**", "/etc/ld.so.preload",
)  # fmt: skip

GENERATED = tuple(
    f"$W/**/{name}/**"
    for name in (
        "node_modules", "build", "dist", "target", "__pycache__", ".venv", "venv", ".tox", ".nox", ".pytest_cache", ".mypy_cache", ".ruff_cache",
        ".cache", ".next", ".nuxt", ".turbo", ".parcel-cache", "coverage", "htmlcov", ".eggs", "*.egg-info", "out", ".gradle", "_build", "site",
        "tmp", ".svelte-kit", ".angular", "bin/Debug", "obj", "cmake-build-*", ".terraform", "vendor/bundle", "logs", ".sass-cache", ".hypothesis",
    )
) + (
    "$W/**/*.pyc", "$W/**/*.o", "$W/**/*.class", "$W/**/*.log", "$W/**/.coverage", "$W/**/*.tmp", "$W/**/.DS_Store", "$W/**/*~", "$W/**/*.swp",
    "$W/**/*.bak", "$W/**/*.orig", "$W/**/*.rej", "$W/**/*.tsbuildinfo", "$W/**/core", "$W/**/*.obj", "$W/**/*.pid",
)  # fmt: skip

NAMED: dict[str, tuple[str, ...]] = {
    "workspace": ("$W/**",),
    "workspace-root": ("$W",),
    "home": ("$H/**",),
    "temp": ("$T/**",),
    "temp-root": ("$T",),
    "harmless-device": _HARMLESS_DEVICES,
    "credentials": CREDENTIALS,
    "env-files": ENV_FILES,
    "vcs-internals": VCS_INTERNALS,
    "agent-config": AGENT_CONFIG,
    "startup": STARTUP,
    "generated": GENERATED,
    "runtime-sockets": ("/run/**", "/var/run/**"),
}
COMPUTED = frozenset({"system", "device", "unresolved", "guard"})
"""Zones that are not a list of patterns."""


def in_zone(place: str, zone: str, patterns: tuple[str, ...], facts: Facts) -> bool:
    """Whether one place lies in a zone."""
    match zone:
        case "unresolved":
            return place == UNRESOLVED_PLACE
        case "device":
            return place.startswith("/dev/") and not any(matches(p, place) for p in _HARMLESS_DEVICES)
        case "system":
            return place.startswith("/") and not place.startswith("/dev/")
        case "guard":
            return any(_same(place, own, facts) for own in facts.guard_paths)
        case _:
            return place != UNRESOLVED_PLACE and any(matches(pattern, place) for pattern in patterns)


def may_below(place: str, zone: str, patterns: tuple[str, ...]) -> bool:
    """Whether something below an unlisted place may lie in a zone (roots below it are listed in any case)."""
    match zone:
        case "unresolved" | "guard":
            return False
        case "device":
            return place in {"/", "/dev"}
        case "system":
            return place.startswith("/")
        case _:
            return any(may_match_below(pattern, place) for pattern in patterns)


def must_below(place: str, zone: str, patterns: tuple[str, ...]) -> bool:
    """Whether everything below an unlisted place lies in a zone."""
    match zone:
        case "unresolved" | "guard":
            return False
        case "device":
            return place.startswith("/dev/")
        case "system":
            return place.startswith("/") and place not in {"/", "/dev"}
        case _:
            return any(must_match_below(pattern, place) for pattern in patterns)


def _same(place: str, own: str, facts: Facts) -> bool:
    from guard.effects.place import place_of, roots  # noqa: PLC0415 - only policies that name the zone pay for it

    spelled = place_of(own, roots(facts))
    return place == spelled or place.startswith(spelled + "/")
