"""Programs that change the machine, other processes, containers, databases and clouds."""

from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field
from guard.effects.options import grammar
from guard.effects.values import Text, plain
from guard.model.effect import (
    Connect,
    DestroyDatabase,
    GainPrivilege,
    KillProcess,
    Listen,
    MutateCloud,
    PersistEnv,
)


def _words(call: Call) -> list[str]:
    """Static operands: subcommands and names, without options."""
    return [text for text in call.statics if text and not text.startswith("-")]


def _only_asks(call: Call) -> bool:
    return bool(call.args) and all(
        text in {"--version", "--help", "-V", "-h", "version", "help"} for text in call.statics
    )


def _changes(what: str) -> Callable[[Call], None]:
    """Anything it does changes the machine."""

    def handle(call: Call) -> None:
        if not _only_asks(call):
            call.say(GainPrivilege(detail=what))
            call.opaque(what)

    return handle


def _pkill(call: Call) -> None:
    parsed = call.parse(grammar("s signal u U g G P t F e n o x f euid parent"))
    if parsed.has("l", "list") and call.name != "pkill":
        return
    targets = parsed.operands or [plain("?", call.span)]
    for field in targets:
        call.say(KillProcess(target=field.static or "?"))


def _device(call: Call) -> None:
    """File systems and partitions: what is on the device is lost."""
    if _only_asks(call) or any(text in {"-l", "--list", "-n"} for text in call.statics):
        return
    operands = [field for field in call.args if not (field.static or "").startswith("-")]
    call.write(*[field for field in operands if (field.static or "/").startswith("/")])
    call.say(GainPrivilege(detail="changes file systems or partitions"))
    if not operands:
        call.opaque("changes file systems or partitions")


def _mount(call: Call) -> None:
    if not call.args or call.statics == ["-l"]:
        return
    call.say(GainPrivilege(detail="changes what is mounted where"))
    call.opaque("changes what is mounted where")


def _systemctl(call: Call) -> None:
    words = _words(call)
    looks = {
        "status",
        "list-units",
        "list-unit-files",
        "is-active",
        "is-enabled",
        "is-failed",
        "show",
        "cat",
        "list-timers",
        "list-dependencies",
        "get-default",
        "list-sockets",
        "list-jobs",
    }
    if not words or words[0] in looks or words[-1] == "status":
        return
    if (
        words[0] in {"enable", "link", "edit", "set-default", "mask", "unmask", "disable"}
        or "--user" in call.statics
    ):
        call.say(PersistEnv(detail="services of the machine"))
    call.say(GainPrivilege(detail="controls services of the machine"))


def _journalctl(call: Call) -> None:
    if any(
        (text or "").startswith(("--vacuum", "--rotate", "--flush", "--relinquish")) for text in call.statics
    ):
        call.delete(plain("/var/log/journal", call.span), recursive=True)


def _sysctl(call: Call) -> None:
    if any(text is None or "=" in text or text in {"-w", "-p", "--system"} for text in call.statics):
        call.say(GainPrivilege(detail="changes settings of the kernel"))


def _firewall(call: Call) -> None:
    if any(text in {"-L", "--list", "-S", "status", "list"} for text in call.statics):
        return
    call.say(GainPrivilege(detail="changes the firewall or the network"))


def _ip(call: Call) -> None:
    words = _words(call)
    if any(
        word in {"add", "del", "delete", "set", "change", "replace", "flush", "exec", "up", "down"}
        for word in words[1:]
    ):
        call.say(GainPrivilege(detail="changes the network"))
        if "exec" in words:
            call.opaque("runs it in another network")


def _accounts(call: Call) -> None:
    if not _only_asks(call):
        call.say(GainPrivilege(detail="changes accounts of the machine"))
        call.write(plain("/etc/passwd", call.span))


# ------------------------------------------------------------------ databases

_DESTROYS = (
    "drop ",
    "truncate ",
    "delete ",
    "alter ",
    "grant ",
    "revoke ",
    "update ",
    "insert ",
    "create ",
    "copy ",
    "vacuum",
    "attach ",
    "replace ",
    ".import",
    ".shell",
    ".system",
    ".output",
    ".save",
    ".restore",
    "\\!",
    "\\copy",
    "pragma writable",
    "load_extension",
    "load_file",
    "into outfile",
    "xp_cmdshell",
    "dropdatabase",
    "deletemany",
    "deleteone",
    "remove(",
    "drop()",
    "pg_read",
    "lo_export",
)


def _database(call: Call) -> None:
    if _only_asks(call):
        return
    parsed = call.parse(
        grammar(
            "c command e execute f file h host p port U user u d dbname username D database P v eval authenticationDatabase o output",
            stops=False,
        )
    )
    for field in parsed.values("h", "host"):
        connect_field(call, field, upload=True)
    texts = parsed.values("c", "command", "e", "execute", "eval")
    if call.name.startswith("sqlite"):
        call.read(*parsed.operands[:1])
        texts += parsed.operands[1:]
    call.read(*parsed.values("f", "file"))
    known = [field.static for field in texts]
    if call.stdin is not None:
        known.append(_plain(call.stdin))
    if parsed.values("f", "file") or (not known and call.stdin is None):
        known.append(None)
    for text in known:
        _statement(call, text)


def _plain(text: Text) -> str | None:
    return "".join(p for p in text if isinstance(p, str)) if all(isinstance(p, str) for p in text) else None


def _statement(call: Call, text: str | None) -> None:
    if text is None:
        call.opaque("statements that are not known before it runs")
        return
    tidy = " ".join(text.lower().split()) + " "
    if any(word in tidy for word in _DESTROYS):
        if call.name.startswith("sqlite"):
            fields = [field for field in call.args if not (field.static or "-").startswith("-")]
            call.write(*fields[:1])
        if any(
            word in tidy
            for word in (
                "drop ",
                "truncate ",
                "delete ",
                "dropdatabase",
                "deletemany",
                "deleteone",
                "remove(",
                "drop()",
            )
        ):
            call.say(DestroyDatabase(detail=f"a statement that deletes: `{text[:80]}`"))
        call.opaque("statements that change a database or run something")


def _redis(call: Call) -> None:
    parsed = call.parse(grammar("h p a n u s i x r d D user pass eval", stops=True))
    for field in parsed.values("h", "u"):
        connect_field(call, field, upload=True)
    words = [(field.static or "?").lower() for field in parsed.operands]
    if not words or words[0] in {
        "get",
        "keys",
        "scan",
        "ping",
        "info",
        "ttl",
        "exists",
        "type",
        "llen",
        "lrange",
        "hgetall",
        "dbsize",
        "mget",
        "hget",
    }:
        return
    if words[0] in {"flushall", "flushdb", "del", "unlink", "?", "eval", "shutdown"}:
        call.say(DestroyDatabase(detail=" ".join(words[:2])))
    call.opaque("changes a database")


def _drops(call: Call) -> None:
    if not _only_asks(call):
        call.say(DestroyDatabase(detail=call.name))


def _dump(call: Call) -> None:
    parsed = call.parse(grammar("f file h host U p d port username dbname o out db uri"))
    call.write(*parsed.values("f", "file", "o", "out"))
    for field in parsed.values("h", "host"):
        connect_field(call, field, upload=True)


# ------------------------------------------------------------------ clouds

_CLOUD_LOOKS = (
    "get",
    "list",
    "ls",
    "describe",
    "show",
    "version",
    "help",
    "logs",
    "top",
    "explain",
    "api-resources",
    "api-versions",
    "cluster-info",
    "config",
    "diff",
    "validate",
    "fmt",
    "output",
    "plan",
    "graph",
    "providers",
    "whoami",
    "status",
    "search",
    "history",
    "template",
    "lint",
    "view",
    "current-context",
    "get-contexts",
    "info",
    "read",
    "events",
)


def _cloud(call: Call) -> None:
    """Command lines of providers: a verb that only looks, or a change to what others use."""
    if _only_asks(call):
        return
    words = [text for text in call.statics if text and not text.startswith("-")]
    verbs = [word for word in words[:4] if word.partition("-")[0] in _CLOUD_LOOKS or word in _CLOUD_LOOKS]
    risky = [word for word in words if word.partition("-")[0] in _CLOUD_CHANGES]
    secret = [
        word
        for word in words
        if word.startswith(
            ("secret", "get-secret", "get-password", "print-access-token", "get-session-token")
        )
    ]
    if secret:
        call.secret(f"{call.name} {' '.join(words[:3])}")
    call.say(Connect(host="cloud-provider", upload=bool(risky)))
    if risky or not verbs:
        call.say(MutateCloud(detail=f"{call.name} {' '.join(words[:3])}"))
    if call.name in {"terraform", "tofu", "pulumi", "helm"} and (risky or "plan" in words):
        call.opaque("runs providers that the project names")
    if call.name == "kubectl" and words[:1] in (
        ["exec"],
        ["cp"],
        ["port-forward"],
        ["proxy"],
        ["run"],
        ["debug"],
        ["attach"],
    ):
        call.opaque("runs something in a cluster")


_CLOUD_CHANGES = frozenset(
    "delete remove rm rb destroy terminate create apply update put set run start stop reboot scale patch replace edit drain cordon taint rollout "
    "exec cp mv sync push deploy import state untaint force install upgrade uninstall rollback attach detach modify add up refresh release "
    "close merge comment review fork transfer archive disable enable revoke grant purge reset restore publish login logout ssh invoke write".split(
        " "
    )
)


def _gh(call: Call) -> None:
    words = _words(call)
    if _only_asks(call) or not words:
        return
    parsed = call.parse(
        grammar(
            "X method f raw-field F field H header R repo b body t title B base H l a r m q jq template input"
        )
    )
    call.read(*parsed.values("input"))
    call.say(Connect(host="api.github.com"))
    action = words[1] if len(words) > 1 else ""
    if words[0] == "auth" and action == "token":
        call.secret("a token for GitHub")
    if words[0] == "api":
        method = (parsed.values("X", "method") or [plain("GET", call.span)])[-1].static
        if method != "GET" or parsed.has("f", "raw-field", "F", "field", "input"):
            call.say(MutateCloud(detail="gh api with a change"))
        return
    if words[0] in {"extension", "alias", "codespace"}:
        call.opaque("runs or installs other programs")
    if action not in {"list", "view", "status", "diff", "checks", "watch", "browse", "search"} and words[
        0
    ] not in {"status", "search", "browse", "help", "version"}:
        if action in {"checkout", "clone"}:
            call.write(plain(".", call.span), recursive=True)
        else:
            call.say(MutateCloud(detail=f"gh {' '.join(words[:2])}"))


def _secrets(call: Call) -> None:
    words = _words(call)
    if _only_asks(call) or words[:1] in (["ls"], ["list"], ["version"], ["status"]):
        return
    call.secret(f"{call.name} {' '.join(words[:2])}")


def _gpg(call: Call) -> None:
    statics = set(call.statics)
    parsed = call.parse(
        grammar("o output r recipient u local-user homedir passphrase passphrase-file keyserver")
    )
    call.write(*parsed.values("o", "output"))
    call.read(*parsed.operands)
    if statics & {
        "--export-secret-keys",
        "--export-secret-subkeys",
        "--decrypt",
        "-d",
        "--delete-secret-keys",
    }:
        call.secret("private keys of GnuPG")
    if statics & {
        "--import",
        "--recv-keys",
        "--delete-keys",
        "--edit-key",
        "--gen-key",
        "--full-gen-key",
        "--delete-secret-keys",
    }:
        call.say(PersistEnv(detail="the key ring"))


def _ssh_keys(call: Call) -> None:
    parsed = call.parse(grammar("t b C f N P m O I s n V a D"))
    if call.name == "ssh-keygen":
        if parsed.has("l", "F", "H", "B") and not parsed.has("R"):
            call.read(*parsed.values("f"))
            return
        call.write(*(parsed.values("f") or [plain(f"{call.evaluator.facts.home}/.ssh/id_rsa", call.span)]))
        return
    if call.name == "ssh-copy-id":
        call.opaque("lets a key in on another machine")
    call.secret("keys of ssh")


def _listens(call: Call) -> None:
    call.say(Listen())
    call.opaque("serves something")


def _git_like(call: Call) -> None:
    call.opaque("a version control system that is not followed")


def _editor(call: Call) -> None:
    if _only_asks(call):
        return
    operands = [field for field in call.args if not (field.static or "").startswith(("-", "+"))]
    call.write(*operands)
    call.opaque("an editor that takes commands")


def _open(call: Call) -> None:
    call.opaque("opens it in another program")
    for field in call.args:
        if "://" in field.prefix:
            connect_field(call, field, upload=True)


def _swap(call: Call) -> None:
    call.say(GainPrivilege(detail="changes the machine"))


def _defaults(call: Call) -> None:
    if _words(call)[:1] not in (["read"], ["domains"], ["find"]):
        call.say(PersistEnv(detail="settings of the desktop"))


def _clipboard(call: Call) -> None:
    """The clipboard is another program's input."""
    call.output = call.output


_POWER = _changes("stops or restarts the machine")
_KERNEL = _changes("changes the kernel or its settings")

HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys("pkill killall killall5 skill xkill fuser".split(), _pkill),
    **dict.fromkeys("mkswap wipefs fdisk sfdisk gdisk sgdisk cfdisk parted blkdiscard hdparm badblocks fsck e2fsck tune2fs resize2fs debugfs "
                    "cryptsetup lvremove vgremove pvremove lvcreate mdadm zpool zfs btrfs diskutil format mke2fs mkfs mkfs.ext4 mkfs.ext3 mkfs.ext2 "
                    "mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs partprobe dmsetup losetup sgdisk nvme".split(), _device),
    **dict.fromkeys("mount umount swapon swapoff fusermount pivot_root".split(), _mount),
    **dict.fromkeys("shutdown reboot halt poweroff init telinit".split(), _POWER),
    **dict.fromkeys("insmod modprobe rmmod kexec bpftool setenforce apparmor_parser aa-teardown auditctl setcap grub-install update-grub efibootmgr kmod dkms".split(), _KERNEL),
    **dict.fromkeys("useradd userdel usermod groupadd groupdel groupmod passwd chpasswd adduser deluser addgroup visudo chsh chfn vipw gpasswd newusers dscl".split(), _accounts),
    **dict.fromkeys("iptables ip6tables nft ufw firewall-cmd ifconfig route iwconfig nmcli tc pfctl".split(), _firewall),
    **dict.fromkeys("ip".split(), _ip),
    "systemctl": _systemctl, "service": _systemctl, "rc-service": _systemctl, "launchctl": _systemctl, "initctl": _systemctl, "loginctl": _systemctl,
    "journalctl": _journalctl, "sysctl": _sysctl, "timedatectl": _systemctl, "hostnamectl": _systemctl, "localectl": _systemctl,
    **dict.fromkeys("psql mysql mariadb sqlite3 sqlite mongosh mongo duckdb clickhouse-client sqlcmd cqlsh sqlplus usql pgcli mycli litecli".split(), _database),
    "redis-cli": _redis, "valkey-cli": _redis, "memcached": _listens,
    **dict.fromkeys("dropdb dropuser mysqladmin pg_restore mongorestore createdb".split(), _drops),
    **dict.fromkeys("pg_dump pg_dumpall mysqldump mongodump".split(), _dump),
    **dict.fromkeys("kubectl helm terraform tofu pulumi aws gcloud gsutil bq az doctl linode-cli hcloud ibmcloud oci oc eksctl kustomize argocd flux "
                    "vault-cli consul nomad s3cmd rclone mc azcopy stripe twilio supabase planetscale neonctl railway render glab tea jira linear".split(), _cloud),
    "gh": _gh, "hub": _gh,
    **dict.fromkeys("vault op pass bw lpass security secret-tool keyring kwallet-query keyctl age sops chamber aws-vault doppler infisical teller".split(), _secrets),
    "gpg": _gpg, "gpg2": _gpg, **dict.fromkeys("ssh-keygen ssh-add ssh-agent ssh-copy-id".split(), _ssh_keys),
    **dict.fromkeys("hg svn bzr fossil jj p4 darcs".split(), _git_like),
    **dict.fromkeys("vi vim nvim nano emacs ed ex pico micro joe code subl mcedit vimdiff view".split(), _editor),
    **dict.fromkeys("open xdg-open gio gnome-open".split(), _open), "defaults": _defaults,
    **dict.fromkeys("hwclock ntpdate rtcwake loadkeys setterm".split(), _swap),
    **dict.fromkeys("pbcopy pbpaste xclip xsel wl-copy wl-paste clip".split(), _clipboard),
    **dict.fromkeys("ngrok cloudflared localtunnel lt serve caddy nginx httpd apache2 sshd dockerd socks".split(), _listens),
}  # fmt: skip
