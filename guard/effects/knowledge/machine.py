"""The machine itself: services, accounts, devices, the kernel, the network, processes, and who may do what."""

from guard.effects.knowledge.schema import PRINTS, Row, alike

_SERVICES: Row = {"does": ("privilege controls services of the machine",)}
_SERVICES_LAST: Row = {
    "does": ("privilege controls services of the machine", "persist services of the machine")
}
_ACCOUNTS: Row = {
    "about": "changes accounts of the machine",
    "does": ("privilege changes accounts of the machine", "write /etc/passwd"),
}
_KERNEL: Row = {
    "about": "changes the kernel, its modules or its settings",
    "help": "h V",
    "does": ("privilege changes the kernel or its settings", "opaque changes the kernel or its settings"),
}
_POWER: Row = {
    "about": "stops or restarts the machine",
    "does": ("privilege stops or restarts the machine", "opaque stops or restarts the machine"),
}
_FIREWALL: Row = {"does": ("privilege changes the firewall or the network",)}
_DEVICE: Row = {
    "about": "makes, changes or checks file systems and partitions",
    "takes": "t type L U m b N i I O E label",
    "help": "V",
    "operands": "write",
    "does": ("privilege changes file systems or partitions",),
}
_PARTITIONS: Row = {**_DEVICE, "tame": {"l list": {"operands": "read"}}}
_CHECKED: Row = {**_DEVICE, "tame": {"n no-act": {"operands": "read"}}}
_IP_OBJECT: Row = {
    "verbs": {
        "show list lst ls get sh s l g save": PRINTS,
        "exec": {
            "stops": True,
            "first": "skip",
            "operands": "argv",
            "does": ("privilege runs it in another network",),
        },
        "*": {"does": ("privilege changes the network",)},
    },
    "bare": PRINTS,
}

PROGRAMS: dict[str, Row] = {
    "systemctl": {
        "about": "controls services of the machine",
        "takes": "t type state p property n lines o output H host M machine root s signal job-mode",
        "help": "h",
        "verbs": {
            "status list-units list-unit-files is-active is-enabled is-failed is-system-running show cat list-timers list-dependencies "
            "get-default list-sockets list-jobs list-machines list-automounts list-paths help": PRINTS,
            "show-environment": {"does": ("secret the environment of the session",)},
            "enable disable reenable mask unmask link edit set-default preset add-wants add-requires import-environment set-environment set-property revert": _SERVICES_LAST,
            "*": _SERVICES,
        },
        "bare": PRINTS,
        "when": {"user": {"does": ()}},
    },
    "service": {
        "about": "controls services of the machine",
        "tame": {"status-all": PRINTS},
        "python": "knowledge.machine_words:service",
    },
    "rc-service": {"about": "controls services of the machine", "python": "knowledge.machine_words:service"},
    "initctl": {"about": "controls services of the machine", "verbs": {"list status version": PRINTS, "*": _SERVICES}},
    "loginctl": {
        "about": "looks at and ends sessions of users",
        "verbs": {"list-* show-* session-status user-status seat-status": PRINTS, "*": _SERVICES},
        "bare": PRINTS,
    },
    "timedatectl": {"about": "looks at and sets the clock", "verbs": {"status show list-timezones timesync-status show-timesync": PRINTS, "*": _SERVICES}, "bare": PRINTS},
    "localectl": {"about": "looks at and sets language and keyboard", "verbs": {"status list-*": PRINTS, "*": _SERVICES}, "bare": PRINTS},
    "resolvectl": {"about": "asks the name service", "verbs": {"status statistics show-cache dns domain llmnr mdns dnssec nta default-route": {"verbs": {"*": {"verbs": {"*": _SERVICES}, "bare": PRINTS}}, "bare": PRINTS}, "query service openpgp tlsa": {"does": ("connect ?",)}, "*": _SERVICES}, "bare": PRINTS},
    "busctl": {"about": "looks at and talks on the message bus", "verbs": {"list status tree introspect capture monitor get-property": PRINTS, "*": _SERVICES}, "bare": PRINTS},
    "coredumpctl": {"about": "shows crashes", "takes": "o output D directory F n", "options": {"o output": "write"}, "verbs": {"list info dump": PRINTS, "debug gdb": {"does": ("opaque starts a debugger",)}}, "bare": PRINTS},
    "journalctl": {
        "about": "shows the system's log",
        "takes": "u unit user-unit p priority n lines o output S since U until t identifier b boot g grep D directory M machine case-sensitive facility",
        "options": {"file": "read"},
        "when": {
            "vacuum-size vacuum-time vacuum-files": {
                "does": ("privilege changes the system's log", "delete-deep /var/log/journal"),
            },
            "rotate flush relinquish-var sync smart-relinquish-var update-catalog setup-keys": {"does": ("privilege changes the system's log",)},
        },
    },
    "systemd-analyze": {"about": "shows how the machine started", "verbs": {"time blame critical-chain plot dot dump unit-paths exit-status calendar timestamp timespan verify security cat-config syscall-filter": PRINTS, "*": _SERVICES}, "bare": PRINTS},
    "launchctl": {
        "about": "controls services of macOS",
        "verbs": {
            "list print print-cache print-disabled blame hostinfo resolveport variant version error examine dumpstate procinfo managername manageruid managerpid limit plist help": PRINTS,
            "getenv": {"does": ("secret the environment of the session",)},
            "load bootstrap enable submit setenv config": _SERVICES_LAST,
            "*": _SERVICES,
        },
    },
    "defaults": {
        "about": "looks at and sets preferences of macOS",
        "takes": "host",
        "long": True,
        "verbs": {"read read-type domains find help": PRINTS, "export": {"last": "write"}, "*": {"does": ("persist settings of the desktop",)}},
    },
    "dscl": {
        "about": "looks at and changes accounts of macOS",
        "long": True,
        "python": "knowledge.machine_words:dscl",
    },
    "networksetup": {"about": "looks at and sets the network of macOS", "python": "knowledge.machine_words:networksetup"},
    "scutil": {"about": "looks at and sets the configuration of macOS", "long": True, "python": "knowledge.machine_words:scutil"},
    "pmset": {"about": "looks at and sets power saving", "tame": {"g": PRINTS}, "does": ("privilege changes the machine",)},
    "nvram": {"about": "looks at and sets variables of the firmware", "tame": {"p": PRINTS}, "does": ("privilege changes the firmware's variables",)},
    "csrutil": {"about": "looks at and sets the integrity protection of macOS", "verbs": {"status authenticated-root report": PRINTS, "*": {"does": ("privilege takes down walls of the system",)}}},
    "profiles": {"about": "looks at and installs configuration profiles", "verbs": {"list show status help validate -P -L -C -e -v": PRINTS, "*": {"does": ("privilege changes the machine",)}}, "takes": "type path output o", "long": True},
    **alike("shutdown reboot halt poweroff init telinit", _POWER),
    **alike("insmod modprobe rmmod kexec setenforce apparmor_parser setcap grub-install update-grub efibootmgr kmod depmod update-initramfs sysrq swapoff bpftrace", _KERNEL),
    "passwd": {**_ACCOUNTS, "takes": "n mindays x maxdays w warndays i inactive r repository R root", "tame": {"S status": PRINTS}},
    "visudo": {**_ACCOUNTS, "takes": "f file x export", "help": "h V", "tame": {"c check": {"options": {"f file": "read"}}}},
    "chsh": {**_ACCOUNTS, "takes": "s shell", "help": "v", "tame": {"l list-shells": PRINTS}},
    "bpftool": {**_KERNEL, "verbs": {"version help": PRINTS, "prog map link net cgroup btf feature struct_ops": {"verbs": {"show list probe": PRINTS, "*": _KERNEL}, "bare": PRINTS}, "*": _KERNEL}},
    "auditctl": {**_KERNEL, "help": "h v", "tame": {"l s": PRINTS}},
    "dkms": {**_KERNEL, "verbs": {"status": PRINTS, "*": _KERNEL}},
    "swapon": {**_KERNEL, "optional": "show", "tame": {"s summary show": PRINTS}},
    "dmsetup": {**_DEVICE, "verbs": {"ls info status deps targets version": PRINTS, "*": {"operands": "write", "does": ("privilege changes file systems or partitions",)}}},
    "nvme": {**_DEVICE, "verbs": {"version help list list-subsys smart-log id-ctrl id-ns error-log fw-log get-feature": PRINTS, "*": {"operands": "write", "does": ("privilege changes file systems or partitions",)}}},
    "smartctl": {"about": "asks disks how they are", "takes": "d n T l v q b r f", "help": "h V", "when": {"t test s smart o offlineauto S saveauto X abort set": {"does": ("privilege changes a device",)}}},
    **alike("getenforce sestatus aa-status apparmor_status aa-enabled", {"about": "says which walls of the system are up"}),
    "aa-teardown": {**_KERNEL, "help": ""},
    **alike("useradd userdel usermod groupadd groupdel groupmod chpasswd adduser deluser addgroup delgroup chfn vipw vigr gpasswd newusers sysadminctl pwck pwconv usermod.ldap realm", _ACCOUNTS),
    "chage": {"about": "looks at and sets when passwords expire", "tame": {"l list": PRINTS}, "takes": "d E I m M W", "does": ("privilege changes accounts of the machine", "write /etc/shadow")},
    # Here `-V` only makes it say what it does while it does it, or means nothing.
    **alike("mkfs badblocks partprobe newfs newfs_apfs format", {**_DEVICE, "help": ""}),
    **alike("mkswap cfdisk blkdiscard hdparm resize2fs debugfs "
        "mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mkfs.exfat mkfs.f2fs",
        _DEVICE,
    ),
    **alike("gdisk tune2fs", _PARTITIONS),
    "fdisk": {**_PARTITIONS, "help": "V v"},
    # The same letter is another thing to each of them: `-d` dumps, deletes or detaches.
    "sfdisk": {**_DEVICE, "help": "v", "tame": {"l list d dump J json F list-free V verify": {"operands": "read"}}},
    "sgdisk": {**_DEVICE, "help": "V", "tame": {"p print v verify": {"operands": "read"}}},
    "losetup": {**_DEVICE, "tame": {"l list a all j associated": {"operands": "read"}}},
    "parted": {**_DEVICE, "help": "v h", "tame": {"l list": {"operands": "read"}}, "python": "knowledge.machine_words:parted", "operands": "skip", "does": ()},
    "fsck": {**_CHECKED, "help": ""},
    **alike("e2fsck fsck.ext4 xfs_repair wipefs mke2fs mkfs.ext4 mkfs.ext3 mkfs.ext2", _CHECKED),
    "cryptsetup": {"about": "encrypts devices", "verbs": {"status luksDump isLuks luksUUID benchmark": PRINTS, "*": {"does": ("privilege changes file systems or partitions", "write /dev/mapper")}}},
    **alike("lvremove vgremove pvremove lvcreate vgcreate pvcreate lvextend lvreduce vgextend mdadm lvresize lvrename", {"about": "changes volumes", "takes": "n name L size l", "tame": {"t test detail D examine E": PRINTS}, "does": ("privilege changes file systems or partitions", "write /dev/mapper")}),
    **alike("lvs vgs pvs lvdisplay vgdisplay pvdisplay lvscan vgscan pvscan", {"about": "shows volumes"}),
    "zpool": {"about": "looks at and changes storage pools", "verbs": {"version list status iostat get history events": PRINTS, "*": {"does": ("privilege changes file systems or partitions", "write /dev/zfs")}}},
    "zfs": {"about": "looks at and changes ZFS file systems", "verbs": {"version list get diff holds userspace groupspace": PRINTS, "destroy rollback": {"does": ("privilege changes file systems or partitions", "database file systems and snapshots")}, "*": {"does": ("privilege changes file systems or partitions",)}}},
    "btrfs": {"about": "looks at and changes Btrfs file systems", "verbs": {"subvolume device filesystem quota qgroup scrub balance": {"verbs": {"list show stats status df usage du get-default": PRINTS, "delete": {"operands": "delete-deep", "does": ("privilege changes file systems or partitions",)}, "*": {"does": ("privilege changes file systems or partitions",)}}}, "inspect-internal version help": PRINTS, "*": {"does": ("privilege changes file systems or partitions",)}}},
    **alike("mount umount fusermount fusermount3 pivot_root mount.nfs mount.cifs sshfs", {"about": "changes what is mounted where", "help": "V h", "takes": "t types o options L U O N", "python": "knowledge.machine_words:mount"}),
    "diskutil": {"about": "looks at and changes disks of macOS", "verbs": {"list info activity listFilesystems listfilesystems apfs cs corestorage": {"verbs": {"list listUsers listCryptoUsers listVolumeGroups info -plist": PRINTS, "/*": PRINTS, "disk*": PRINTS}, "bare": PRINTS, "otherwise": {"does": ("privilege changes file systems or partitions", "write /dev/disk0")}}, "verifyVolume verifyDisk verifyvolume verifydisk": PRINTS, "*": {"does": ("privilege changes file systems or partitions", "write /dev/disk0")}}},
    "sysctl": {"about": "looks at and sets parameters of the kernel", "takes": "r pattern", "when": {"w write p load system f": {"does": ("privilege changes settings of the kernel",)}}, "python": "knowledge.machine_words:sysctl"},
    **alike("iptables ip6tables iptables-legacy iptables-nft ebtables arptables", {"about": "looks at and changes the firewall", "help": "V h", "takes": "t table", "tame": {"L list S list-rules C check": {"takes": "t table"}}, **_FIREWALL}),
    "iptables-save": {"about": "prints the firewall's rules", "options": {"f file": "write"}, "takes": "t"},
    "nft": {"about": "looks at and changes the firewall", "help": "v V h", "options": {"f file": "read"}, "verbs": {"list monitor describe": PRINTS, "*": _FIREWALL}, "bare": _FIREWALL},
    "ufw": {"about": "looks at and changes the firewall", "verbs": {"status version show app": {"verbs": {"list info default verbose numbered raw added listening": PRINTS}, "bare": PRINTS, "otherwise": _FIREWALL}, "*": _FIREWALL}},
    "firewall-cmd": {"about": "looks at and changes the firewall", "takes": "zone", "tame": {"list-all list-services list-ports list-all-zones get-zones get-active-zones get-default-zone state get-services query-service query-port": PRINTS}, **_FIREWALL},
    "pfctl": {"about": "looks at and changes the firewall of BSD", "takes": "s f a t T", **_FIREWALL},
    "ifconfig": {"about": "looks at and sets network interfaces", "python": "knowledge.machine_words:ifconfig"},
    "iwconfig": {"about": "looks at and sets wireless interfaces", "python": "knowledge.machine_words:ifconfig"},
    "route": {"about": "looks at and sets routes", "takes": "A", "tame": {"e": PRINTS}, "verbs": {"get show print": PRINTS, "*": {"does": ("privilege changes the network",)}}, "bare": PRINTS},
    "ip": {
        "about": "looks at and sets addresses, links and routes",
        "takes": "f family l loops rc rcvbuf n netns a",
        "options": {"b batch": "opaque"},
        "long": True,
        "verbs": {
            "address addr addre a link l li lin route r ro rou rule ru neighbor neigh neighbour n netns tunnel tun maddress maddr m mroute mr vrf addrlabel token tcp_metrics netconf xfrm macsec nexthop sr ntable nt": _IP_OBJECT,
            "monitor mon": PRINTS,
        },
    },
    "nmcli": {"about": "looks at and sets network connections", "when": {"s show-secrets": {"does": ("secret passwords of networks",)}}, "takes": "f fields m mode g get-values c colors w wait", "help": "h v", "verbs": {"radio r networking n": {"verbs": {"all wifi wwan": {"verbs": {"on off": {"does": ("privilege changes the network",)}}, "bare": PRINTS}, "on off": {"does": ("privilege changes the network",)}, "connectivity": PRINTS}, "bare": PRINTS}, "general g device d dev connection c con": {"verbs": {"status show list wifi hostname permissions logging connectivity": {"verbs": {"list": PRINTS, "connect hotspot rescan": {"does": ("privilege changes the network",)}}, "otherwise": PRINTS}, "*": {"does": ("privilege changes the network",)}}, "bare": PRINTS}, "monitor help": PRINTS, "*": {"does": ("privilege changes the network",)}}, "bare": PRINTS},
    "tc": {"about": "looks at and sets traffic control", "verbs": {"qdisc class filter action": {"verbs": {"show list ls": PRINTS, "*": {"does": ("privilege changes the network",)}}, "bare": PRINTS}, "monitor": PRINTS, "*": {"does": ("privilege changes the network",)}}},
    "arp": {"about": "looks at and sets neighbours in the network", "takes": "i H", "operands": "skip", "when": {"s set d delete f file": {"does": ("privilege changes the network",)}}},
    "ethtool": {"about": "looks at and sets network interfaces", "when": {"s change A pause C coalesce G set-ring K offload K features E change-eeprom f flash p identify r negotiate": {"does": ("privilege changes the network",)}}},
    "tcpdump": {"about": "records traffic of the network", "help": "h", "takes": "i c s C G W m M T y E j Z B", "options": {"w": "write", "r F": "read", "z": "opaque"}, "tame": {"r D": {"operands": "skip"}}, "does": ("privilege reads other programs' traffic", "secret traffic of the network")},
    "tshark": {"about": "records and reads traffic of the network", "takes": "i f Y T e c a b s n N d o z E", "options": {"w": "write", "r": "read", "X": "opaque"}, "tame": {"r D G": {"operands": "skip"}}, "does": ("privilege reads other programs' traffic", "secret traffic of the network")},
    **alike("pkill killall skill", {"about": "ends processes by name", "takes": "s signal ns nslist r runstates o Z o older-than y younger-than", "options": {"u user U uid euid g pgroup G group P parent t terminal F pidfile": "kill"}, "operands": "kill"}),
    **alike("xkill killall5", {"about": "ends processes that somebody points at, or all of them", "does": ("kill ?",)}),
    "fuser": {"about": "shows and ends the users of files", "takes": "n namespace s N", "operands": "read", "when": {"k kill": {"does": ("kill users of a file",)}}},
    **alike("ntpdate rtcwake loadkeys setterm chronyd ntpd", {"about": "changes the clock or the console", "tame": {"show r get": PRINTS}, "does": ("privilege changes the machine",)}),
    **alike("pbcopy pbpaste xclip xsel wl-copy wl-paste clip", {"about": "reads or fills the clipboard", "takes": "selection sel t target o"}),
    **alike("hg sl", {"about": "a version control system", "takes": "R repository cwd config encoding r rev T template l limit d date u user b branch", "options": {"config": "opaque"}, "verbs": {"status st log history diff summary sum id identify parents heads branches branch tags bookmarks cat annotate blame files manifest root paths showconfig version help grep verify incoming in outgoing out tip": {"operands": "skip"}, "update up checkout co revert": {"does": ("write-deep .", "rewrite discards changes that are not committed")}, "add commit ci addremove rename mv copy cp forget": {"does": ("opaque runs the repository's hooks",)}, "push": {"does": ("upload git-remote", "cloud", "opaque runs the repository's hooks")}, "pull fetch clone": {"does": ("connect git-remote", "write-deep .", "opaque runs the repository's hooks")}, "purge strip rollback histedit rebase": {"does": ("rewrite history", "write-deep .", "opaque runs the repository's hooks")}}}),
    "svn": {"about": "a version control system", "takes": "r revision m message username password c change l limit depth F file", "options": {"config-dir": "opaque", "config-option": "opaque", "diff-cmd editor-cmd diff3-cmd": "opaque"}, "verbs": {"status stat st log diff di info list ls cat blame praise annotate ann propget pget pg proplist plist pl help": {"does": ("connect git-remote",)}, "add": PRINTS, "update up checkout co switch sw export": {"does": ("connect git-remote", "write-deep .")}, "revert": {"operands": "write-deep", "does": ("rewrite discards changes that are not committed",)}, "cleanup": {"when": {"remove-unversioned remove-ignored": {"does": ("delete-deep .",)}}}, "delete del remove rm": {"operands": "delete-deep"}, "commit ci import mkdir copy cp move mv": {"does": ("upload git-remote", "cloud")}}},
    **alike("bzr fossil jj p4 darcs cvs", {"about": "a version control system", "verbs": {"status st log diff info annotate show help version changes whoami opened": PRINTS}}),
    "ssh-agent": {"about": "keeps keys of ssh", "takes": "a t P E O", "stops": True, "operands": "argv", "does": ("secret keys of ssh",)},
    "ssh-add": {"about": "hands keys to the agent", "help": "l L", "takes": "t E S", "options": {"s": "opaque"}, "operands": "read", "does": ("secret keys of ssh",)},
    "ssh-keyscan": {"about": "prints public keys of hosts", "takes": "p t T", "options": {"f": "read"}, "operands": "connect"},
    "ssh-copy-id": {"about": "lets a key in on another machine", "takes": "p o t s", "options": {"i": "read"}, "operands": "upload", "does": ("secret keys of ssh", "opaque lets a key in on another machine")},
    "ssh-keygen": {"about": "makes and looks at keys of ssh", "python": "knowledge.machine_words:ssh_keygen", "takes": "b C N P m O I s n V a E g f r W Z t T S J j M D F R w"},
    **alike("gpg gpg2", {
        "about": "encrypts, signs and checks",
        "takes": "r recipient u local-user passphrase digest-algo cipher-algo compress-level z trust-model status-fd command-fd logger-fd pinentry-mode keyid-format list-options verify-options s2k-mode",
        "help": "h",
        "options": {"o output": "write", "homedir": "read", "passphrase-file": "secret", "keyserver": "connect", "exec-path": "opaque", "agent-program dirmngr-program photo-viewer": "opaque"},
        "operands": "read",
        "when": {
            "export-secret-keys export-secret-key export-secret-subkeys d decrypt export-ssh-key delete-secret-keys delete-secret-and-public-key": {"does": ("secret private keys of GnuPG",)},
            "s sign clearsign clear-sign b detach-sign": {"does": ("secret private keys of GnuPG",)},
            "import delete-keys delete-key edit-key gen-key generate-key full-gen-key full-generate-key quick-generate-key quick-gen-key sign-key lsign-key quick-add-key": {"does": ("persist the key ring",)},
            "recv-keys receive-keys refresh-keys search-keys fetch-keys locate-keys": {"does": ("persist the key ring", "connect ?")},
            "send-keys": {"does": ("upload ?",)},
        },
    }),
    **alike("ngrok cloudflared localtunnel lt tailscale bore", {"about": "lets others reach this machine", "verbs": {"version help status ip ping netcheck": PRINTS, "*": {"does": ("listen", "upload ?", "opaque lets others reach this machine")}}}),
    "sshd": {"about": "a server", "help": "V ?", "takes": "b c C D E g h k o p u", "options": {"f": "config"}, "tame": {"t T G": PRINTS}, "does": ("listen", "opaque serves something")},
    **alike("caddy dockerd containerd haproxy lighttpd traefik", {"about": "a server", "options": {"c config f": "config"}, "takes": "g p s", "verbs": {"version validate fmt adapt list-modules environ build-info configtest": {"operands": "read"}, "*": {"does": ("listen", "opaque serves something")}}, "bare": {"does": ("listen", "opaque serves something")}}),
    **alike("memcached redis-server valkey-server mongod mysqld postgres initdb elasticsearch rabbitmq-server etcd minio dnsmasq named squid vsftpd smbd", {"about": "a server", "does": ("listen", "opaque serves something")}),
    "serve": {"about": "serves a directory", "takes": "l listen p port c config", "operands": "read-deep", "does": ("listen", "opaque serves something")},
    **alike("open xdg-open gio gnome-open start wslview", {"about": "opens files and addresses in another program", "takes": "a b", "help": "h", "python": "knowledge.machine_words:opens"}),
    **alike("crond cron atd anacron", {"about": "runs jobs at their time", "does": ("persist jobs that run later", "opaque runs jobs")}),
    "atq": {"about": "shows jobs that run later", "takes": "q"},
    "atrm": {"about": "removes jobs that run later", "does": ("persist jobs that run later",)},
    "ldconfig": {"about": "tells the loader where libraries are", "tame": {"p print-cache V": PRINTS}, "options": {"f C r": "read"}, "does": ("privilege changes where libraries are found",)},
    "chcon": {"about": "changes security labels", "takes": "u user r role t type l range reference", "tame": {"u user r role t type l range reference": {"operands": "mode-deep"}}, "first": "skip", "operands": "mode-deep"},
    "restorecon": {"about": "restores security labels", "takes": "e f", "operands": "mode"},
    "getcap": {"about": "shows capabilities of files", "operands": "read-deep"},
    "getsebool": {"about": "shows switches of SELinux"},
    "setsebool": {"about": "sets switches of SELinux", "does": ("privilege takes down walls of the system",)},
    "semanage": {"about": "changes rules of SELinux", "tame": {"l list": PRINTS}, "does": ("privilege takes down walls of the system",)},
    "logrotate": {"about": "rotates logs", "options": {"s state l log": "write"}, "tame": {"d debug": {"operands": "read"}}, "operands": "config"},
    **alike("mail mailx mutt sendmail msmtp swaks", {"about": "sends mail", "takes": "s c b r S a A q F f t", "options": {"a A attach": "read"}, "does": ("upload ?",)}),
    "notify-send": {"about": "shows a notification", "takes": "u t i c h a p"},
}  # fmt: skip
