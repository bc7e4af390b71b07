"""Every program that is understood, by name. A family is imported when one of its programs is met."""

import sys

from guard.effects.call import Call
from guard.effects.knowledge.index import FAMILY as _DESCRIBED
from guard.effects.values import Field
from guard.model.typed import Any, Callable, Iterator

Handler = Callable[[Call], None]

_FAMILIES = {
    "reads": "cat tac nl head tail less more wc sort uniq cut paste join comm tr rev fold pr fmt column expand unexpand od hexdump hd strings "
    "file stat ls dir vdir exa eza tree du df grep egrep fgrep zgrep rg ag ack diff cmp colordiff base64 base32 md5sum sha1sum sha224sum "
    "sha256sum sha384sum sha512sum b2sum cksum sum zcat bzcat xzcat zless jq yq bat batcat realpath readlink basename dirname cal shuf "
    "tsort iconv cloc tokei wdiff nm objdump readelf ldd size xxd date hostname printenv [ look csvlook mdcat glow getfacl lsattr namei ts inotifywait",
    "files": "rm unlink rmdir shred srm trash cp mv ln link install tee touch mkdir mkfifo mktemp truncate fallocate dd chmod chown chgrp "
    "setfacl chattr split csplit patch rename",
    "archives": "tar bsdtar gtar zip unzip zipinfo cpio gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd pigz unpigz lz4 unlz4 lzma unlzma "
    "compress uncompress 7z 7za 7zr 7zz",
    "search": "find gfind fd fdfind xargs gxargs",
    "git": "git",
    "requests": "curl wget http https aria2c",
    "net": "ssh scp sftp rsync ftp telnet lftp tftp mosh nc ncat netcat socat dig host nslookup ping ping6 "
    "traceroute whois mtr drill openssl",
    "wrappers": "env genv sudo doas dzdo pkexec gosu su-exec setuidgid s6-setuidgid pfexec chpst nice gnice nohup setsid stdbuf gstdbuf "
    "unbuffer time gtime timeout gtimeout ionice chrt taskset numactl prlimit choom caffeinate uclampset coresched setpriv setarch "
    "linux64 linux32 i386 x86_64 uname26 catchsegv eatmydata faketime xvfb-run dbus-run-session dbus-launch fakeroot fakechroot "
    "chronic rlwrap cpulimit daemonize daemon setlock softlimit envdir envuidgid pgrphack tini dumb-init catatonit systemd-inhibit "
    "systemd-cat cgexec torsocks torify proxychains proxychains4 tsocks sshpass autossh start-stop-daemon run-parts unshare "
    "nsenter chroot proot systemd-nspawn bwrap firejail capsh strace ltrace perf gdb lldb rr valgrind ld.so ld-linux.so "
    "ld-linux-x86-64.so ld-linux-aarch64.so ld-musl-x86_64.so busybox toybox coreutils entr direnv nix-shell winpty",
    "shells": "bash sh dash ash rbash zsh ksh mksh fish csh tcsh pwsh elvish nu xonsh osh oil yash su runuser sg newgrp watch flock script "
    "hyperfine expect parallel gparallel",
    "sessions": "at batch crontab systemd-run run0 tmux screen zellij byobu dtach abduco",
    "ourselves": "guard execguard",
    "text": "sed gsed awk gawk mawk nawk",
    "interpreters": "python python2 python3 pypy pypy3 node nodejs ruby perl php lua luajit Rscript tclsh osascript elixir erl guile irb "
    "ipython ts-node tsx",
    "databases": "psql mysql mariadb sqlite3 sqlite mongosh mongo duckdb clickhouse-client sqlcmd cqlsh sqlplus usql pgcli mycli litecli "
    "redis-cli valkey-cli dropdb dropuser mysqladmin pg_restore mongorestore createdb pg_dump pg_dumpall mysqldump mongodump mongoimport mongoexport",
    "makefiles": "make gmake",
}
_AS_BUILTIN = frozenset({"echo", "printf", "kill", "command"})
"""Programs that do what the shell's own command of that name does."""
_WIDE = ("code",)
"""Families with too many names to repeat here: looked into last."""


_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_LOADED: dict[str, dict[str, Handler]] = {}


_ALSO: dict[str, dict[tuple[str, ...], str]] = {
    "npm": {("exec",): "npx", ("x",): "npx"},
    "pnpm": {("dlx",): "pnpx"},
    "bun": {("x",): "bunx"},
    "uv": {("tool", "run"): "uvx"},
}
"""Programs that are there under another name too: who denies `npx` means `npm exec`."""


def also_called(name: str, arguments: list[Field]) -> tuple[str, ...]:
    """The names of the program that ``name`` with these arguments is besides."""
    known = _ALSO.get(name)
    if known is None:
        return ()
    plain = [text for field in arguments if (text := field.static) and not text.startswith("-")]
    return tuple(other for verbs, other in known.items() if tuple(plain[: len(verbs)]) == verbs)


def handler(name: str) -> Handler | None:
    """What understands the program ``name``; None when nothing does."""
    if name in _AS_BUILTIN:
        from guard.effects.builtins import BUILTINS  # noqa: PLC0415 - they are loaded already wherever a shell is read

        return BUILTINS[name]
    described = _DESCRIBED.get(name)
    if described is not None:
        return _describe(described, name)
    family = _FAMILY.get(name)
    if family is not None:
        return _load(family)[name]
    # The dynamic linker's name carries its version.
    if name.startswith("ld-") and ".so" in name:
        return _load("wrappers")["ld.so"]
    for wide in _WIDE:
        found = _load(wide).get(name)
        if found is not None:
            return found
    return None


def names() -> Iterator[str]:
    """Every program that is understood."""
    yield from _DESCRIBED
    yield from _FAMILY
    for wide in _WIDE:
        yield from _load(wide)


def family_of(name: str) -> str:
    """The module of ``guard/effects/commands`` that understands ``name``; for its page."""
    return _FAMILY.get(name) or next((wide for wide in _WIDE if name in _load(wide)), "")


def _load(family: str) -> dict[str, Handler]:
    handlers = _LOADED.get(family)
    if handlers is None:
        handlers = _module(f"guard.effects.commands.{family}").HANDLERS
        _LOADED[family] = handlers
    return handlers


def _module(name: str) -> Any:
    """As ``importlib.import_module``, without loading that."""
    __import__(name)
    return sys.modules[name]


def _describe(family: str, name: str) -> Handler:
    handlers = _LOADED.setdefault(f"knowledge.{family}", {})
    found = handlers.get(name)
    if found is None:
        from guard.effects.knowledge.understand import understand  # noqa: PLC0415 - only where a row is met

        row = _module(f"guard.effects.knowledge.{family}").PROGRAMS[name]
        found = handlers[name] = understand(row)
    return found
