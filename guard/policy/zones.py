"""Named sets of places that every policy may speak of. Data, and how a place is tested against it.

``unresolved`` is the zone of paths that could be anything; ``guard`` is decided by real path, not by pattern.
"""

from guard.model.paths import UNRESOLVED_PLACE
from guard.model.typed import Mapping
from guard.policy.match import REMEMBERED, Membership, ZoneMap

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
    "$H/Library/Keychains/**", "$H/Library/Application Support/Google/Chrome/**", "$H/.config/rclone/**", "$H/.s3cfg", "$H/.boto", "$H/.config/pypoetry/auth.toml", "$H/.config/containers/auth.json",
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

PUBLIC_KEYS = tuple(
    f"$H/.ssh/{name}" for name in ("*.pub", "config", "known_hosts", "known_hosts.old", "authorized_keys", "allowed_signers")
) + tuple(
    f"$W/**/{name}.{kind}"
    for name in ("cert", "*-cert", "*_cert", "ca", "*-ca", "*_ca", "cacert", "chain", "fullchain", "ca-bundle", "*-bundle", "public", "*-public", "*_public", "pub", "*_pub", "*-pub", "public_key", "public-key")
    for kind in ("pem",)
) + ("$H/.aws/config", "$H/.config/gh/config.yml", "$H/.config/glab-cli/aliases.yml", "$H/.gnupg/gpg.conf", "$H/.gnupg/gpg-agent.conf", "$H/.config/gcloud/configurations/*", "$H/.config/gcloud/active_config")  # fmt: skip
"""What stands beside keys, or is called like one, and is none: it says where to log in, or proves who somebody is."""

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
        ".circleci/**", ".buildkite/**", "Jenkinsfile", "azure-pipelines.yml", ".travis.yml", "bitbucket-pipelines.yml", "sitecustomize.py", "site-packages/*.pth",
        ".cargo/config", ".cargo/config.toml", "rust-toolchain", "rust-toolchain.toml", ".npmrc", ".yarnrc", ".poetry/**", ".pdm-plugins/**",
        "mise.local.toml", ".mise/**", ".config/mise/**", "tools/bazel", "usercustomize.py", ".yarnrc.yml", ".yarn/plugins/**", ".vimrc", ".nvimrc", ".exrc", ".dir-locals.el", ".gdbinit", ".lldbinit", ".bazelrc",
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
    "public-keys": PUBLIC_KEYS,
    "vcs-internals": VCS_INTERNALS,
    "agent-config": AGENT_CONFIG,
    "startup": STARTUP,
    "generated": GENERATED,
    "runtime-sockets": ("/run/**", "/var/run/**"),
}
COMPUTED = frozenset({"system", "device", "unresolved", "guard"})
"""Zones that are not a list of patterns."""


class ZoneTable:
    """The zones that a policy speaks of as bits, and the places that were asked about."""

    __slots__ = ("_bits", "_known", "_map", "guard")

    def __init__(self, zones: Mapping[str, tuple[str, ...]]) -> None:
        """``zones``: every name that a rule may mention, with its patterns; computed ones have none."""
        # Harmless devices are carved out of `device` whoever speaks of it.
        self._map = ZoneMap({**zones, "harmless-device": _HARMLESS_DEVICES})
        self._bits = {name: self._map.bit(name) for name in zones}
        self._known: dict[str, Membership] = {}
        self.guard = self._bits.get("guard", 0)

    def bits(self, names: tuple[str, ...]) -> int:
        out = 0
        for name in names:
            out |= self._bits[name]
        return out

    def membership(self, place: str) -> Membership:
        known = self._known.get(place)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[place] = self._look(place)
        return known

    def _look(self, place: str) -> Membership:
        if place == UNRESOLVED_PLACE:
            bit = self._bits.get("unresolved", 0)
            return Membership(bit, bit, bit)
        listed = self._map.membership(place)
        inside, may, must = listed.inside, listed.may, listed.must
        if place.startswith("/"):
            system, device = self._bits.get("system", 0), self._bits.get("device", 0)
            harmless = self._map.bit("harmless-device")
            if place in {"/", "/dev"}:
                may |= device
            if place.startswith("/dev/"):
                inside |= 0 if inside & harmless else device
                may |= device
                must |= device
            else:
                inside |= system
                may |= system
                must |= 0 if place in {"/", "/dev"} else system
        return Membership(inside, may, must)
