"""Every program that is understood, by name. A family is imported when one of its programs is met."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from guard.effects.call import Call

Handler = Callable[[Call], None]

READ_ONLY_NAMES = frozenset(
    "true false : whoami id groups who w users logname uname arch nproc uptime free vmstat iostat mpstat lscpu lsblk lspci lsusb lsmod "
    "ps pgrep pidof pstree top htop sleep seq yes tty stty tput clear reset locale getconf getent which whereis "
    "type man info apropos whatis help expr factor bc dc numfmt lsof ss netstat dmesg last lastlog sw_vers sysinfo neofetch "
    "fastfetch echo printf pwd logger cowsay figlet fortune banner nvidia-smi sensors lsb_release hostid ipcs lsns findmnt blkid "
    "lshw dmidecode inxi test usleep errno units jobs wait uuidgen pwgen cksum vm_stat".split()
)
"""Whatever their arguments, they only print."""

_FAMILIES = {
    "reads": "cat tac nl head tail less more wc sort uniq cut paste join comm tr rev fold fmt column expand unexpand od hexdump hd strings "
    "file stat ls dir vdir exa eza tree du df grep egrep fgrep zgrep rg ag ack diff cmp colordiff base64 base32 md5sum sha1sum sha224sum "
    "sha256sum sha384sum sha512sum b2sum cksum sum zcat bzcat xzcat zless jq yq bat batcat realpath readlink basename dirname cal shuf "
    "tsort iconv cloc tokei wdiff nm objdump readelf ldd size xxd date hostname printenv [ look csvlook mdcat glow getfacl lsattr namei",
    "files": "rm unlink rmdir shred srm trash cp mv ln link install tee touch mkdir mkfifo mktemp truncate fallocate dd chmod chown chgrp "
    "setfacl chattr split csplit patch rename",
    "archives": "tar bsdtar gtar zip unzip gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd 7z",
    "search": "find gfind fd fdfind xargs gxargs parallel",
    "git": "git",
    "net": "curl wget http https aria2c ssh scp sftp rsync ftp telnet lftp tftp mosh nc ncat netcat socat dig host nslookup ping ping6 "
    "traceroute whois mtr drill openssl",
    "wrappers": "env sudo doas pkexec run0 gosu su-exec su runuser nice nohup setsid stdbuf unbuffer time timeout gtimeout ionice chrt taskset "
    "caffeinate setarch linux64 linux32 prlimit catchsegv xvfb-run dbus-run-session fakeroot eatmydata chronic ts hyperfine watch flock "
    "script expect unshare nsenter chroot proot bwrap firejail systemd-nspawn capsh setpriv strace ltrace perf gdb lldb valgrind bash sh "
    "dash ash zsh ksh mksh fish csh tcsh rbash pwsh ld.so ld-linux.so ld-linux-x86-64.so ld-linux-aarch64.so ld-musl-x86_64.so busybox "
    "toybox at batch crontab systemd-run tmux screen zellij guard execguard entr direnv nix-shell",
    "text": "sed gsed awk gawk mawk nawk",
}
_WIDE = ("code", "system")
"""Families with too many names to repeat here: looked into last."""


class _Programs(Mapping[str, Handler]):
    def __init__(self) -> None:
        self._family = {name: family for family, names in _FAMILIES.items() for name in names.split()}
        self._loaded: dict[str, dict[str, Handler]] = {}

    def __getitem__(self, name: str) -> Handler:
        family = self._family.get(name)
        if family is not None:
            return self._load(family)[name]
        # The dynamic linker's name carries its version.
        if name.startswith("ld-") and ".so" in name:
            return self._load("wrappers")["ld.so"]
        for family in _WIDE:
            handlers = self._load(family)
            if name in handlers:
                return handlers[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        if name in READ_ONLY_NAMES or not isinstance(name, str):
            return name in self._family
        try:
            self[name]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        seen = dict.fromkeys(self._family)
        for family in _WIDE:
            seen.update(dict.fromkeys(self._load(family)))
        return iter(seen)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _load(self, family: str) -> dict[str, Handler]:
        handlers = self._loaded.get(family)
        if handlers is None:
            handlers = import_module(f"guard.effects.commands.{family}").HANDLERS
            self._loaded[family] = handlers
        return handlers


PROGRAMS: Mapping[str, Handler] = _Programs()
