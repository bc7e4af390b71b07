"""Named sets of places that every policy may speak of. Data, and how a place is tested against it.

``unresolved`` is the zone of paths that could be anything; ``guard`` is decided by real path, not by pattern.
"""

from guard.model.names import folded
from guard.model.paths import UNRESOLVED_PLACE
from guard.model.typed import Mapping
from guard.policy import protected
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
    "$H/.composer/auth.json", "$H/.config/composer/auth.json",
    "$H/.pulumi/credentials.json", "$H/.databrickscfg", "$H/.snowsql/config", "$H/.kaggle/kaggle.json", "$H/.huggingface/token",
    "$H/.oci/**", "$H/.aliyun/config.json", "$H/.config/doctl/config.yaml", "$H/.config/hcloud/cli.toml", "$H/.config/scw/config.yaml", "$H/.fly/config.yml",
    "$H/.config/stripe/config.toml", "$H/.config/ngrok/ngrok.yml", "$H/.ngrok2/ngrok.yml", "$H/.cloudflared/**", "$H/.config/github-copilot/**",
    "$H/.local/share/com.vercel.cli/auth.json", "$H/.config/netlify/config.json", "$H/.config/.wrangler/config/**", "$H/.supabase/access-token",
    "$H/.config/BraveSoftware/**", "$H/.config/microsoft-edge/**", "$H/.thunderbird/**", "$H/.bitcoin/**", "$H/.ethereum/keystore/**", "$H/.config/solana/id.json",
    "$H/.local/share/fish/fish_history", "$H/.sqlite_history", "$H/.rediscli_history", "$H/.irb_history",
    "/etc/wireguard/**", "/etc/NetworkManager/system-connections/**", "/etc/letsencrypt/live/**", "/etc/letsencrypt/archive/**", "/etc/pki/tls/private/**",
    "/etc/mysql/debian.cnf", "/etc/rancher/**", "/etc/ppp/chap-secrets", "/etc/security/opasswd",
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
    "generated": GENERATED,
    "runtime-sockets": ("/run/**", "/var/run/**"),
    **protected.ZONES,
}
FOLDED = frozenset(protected.ZONES)
"""Zones whose names count however a disk may spell them."""
COMPUTED = frozenset({"system", "device", "unresolved", "guard"})
"""Zones that are not a list of patterns."""


class ZoneTable:
    """The zones that a policy speaks of as bits, and the places that were asked about."""

    __slots__ = ("_bits", "_folded", "_known", "_map", "guard", "patterns")

    def __init__(self, zones: Mapping[str, tuple[str, ...]]) -> None:
        """``zones``: every name that a rule may mention, with its patterns; computed ones have none."""
        self.patterns = zones
        plain = {name: patterns for name, patterns in zones.items() if name not in FOLDED}
        # Harmless devices are carved out of `device` whoever speaks of it.
        plain["harmless-device"] = _HARMLESS_DEVICES
        self._map = ZoneMap(plain)
        # The patterns of the list are written folded.
        self._folded = ZoneMap(
            {name: zones[name] for name in zones if name in FOLDED}, first_bit=len(plain), short_names=True
        )
        self._bits = {
            name: self._folded.bit(name) if name in FOLDED else self._map.bit(name) for name in zones
        }
        self._known: dict[str, Membership] = {}
        self.guard = self._bits.get("guard", 0)

    def reads_as(self, other: "ZoneTable") -> bool:
        """Whether every place is the same to both, bit by bit."""
        return self.patterns == other.patterns and list(self.patterns) == list(other.patterns)

    def bits(self, names: tuple[str, ...]) -> int:
        out = 0
        for name in names:
            out |= self._bits[name]
        return out

    def names(self, bits: int) -> list[str]:
        """The names that :meth:`bits` would turn into these."""
        return [name for name, bit in self._bits.items() if bit & bits]

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
        for spelling in spelled(place):
            listed = self._folded.membership(spelling)
            inside, may, must = inside | listed.inside, may | listed.may, must | listed.must
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


def spelled(place: str) -> tuple[str, ...]:
    """How a protected file at ``place`` stands in the list: below its own root, and below any."""
    plain = folded(place)
    return (plain, "$*" + plain[2:]) if plain.startswith("$") else (plain,)
