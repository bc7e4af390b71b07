"""What a machine is set to, and what runs on it: names, trust, alternatives, priorities, screens, servers that are stopped."""

from guard.effects.knowledge.schema import PRINTS, Row, alike

_SETS: Row = {"does": ("privilege changes how the machine is set",)}
_TRUST: Row = {"does": ("privilege changes which certificates are trusted",)}
_ENDS: Row = {"does": ("kill a server",)}
_SERVES: Row = {"does": ("listen", "opaque serves something")}
_SERVICES: Row = {"does": ("privilege controls services of the machine",)}
_DISTURBS: Row = {"does": ("privilege writes to terminals of others",)}
_ALTERNATIVES: Row = {
    "about": "chooses which program a name starts",
    "takes": "altdir admindir log",
    "tame": {"list display query get-selections": PRINTS},
    "does": ("privilege changes which program a name starts",),
}
_NAME: Row = {
    "about": "prints and sets a name of the machine",
    "when": {"F file b boot": _SETS},
    "verbs": {"*": _SETS},
    "bare": PRINTS,
}
_CLUSTER: Row = {"verbs": {"status": PRINTS, "start": _SERVES, "*": _ENDS}}

PROGRAMS: dict[str, Row] = {
    "renice": {"about": "changes the priority of processes", "takes": "n p g u", "does": ("privilege changes how other processes run",)},
    "wall": {"about": "writes to everybody's terminal", "takes": "t timeout g group", "operands": "skip", **_DISTURBS},
    "write": {"about": "writes to somebody's terminal", "operands": "skip", **_DISTURBS},
    "mesg": {"about": "says who may write to the terminal", "verbs": {"*": _SETS}, "bare": PRINTS},
    **alike("domainname nisdomainname ypdomainname dnsdomainname nodename", _NAME),
    "hostnamectl": {
        "about": "looks at and sets the host's name",
        "takes": "H host M machine json",
        "verbs": {
            "status show": PRINTS,
            "hostname icon-name chassis deployment location": {"verbs": {"*": _SETS}, "bare": PRINTS},
            "*": _SETS,
        },
        "bare": PRINTS,
    },
    "hwclock": {
        "about": "looks at and sets the clock of the hardware",
        "takes": "date epoch delay f rtc adjfile",
        "when": {"w systohc s hctosys set a adjust systz param-set setepoch vl-clear": {"does": ("privilege sets the clock",)}},
    },
    **alike("update-ca-certificates update-ca-trust c_rehash", {"about": "changes which certificates are trusted", "help": "h", **_TRUST}),
    "trust": {"about": "looks at and changes which certificates are trusted", "verbs": {"list check-format dump": PRINTS, "extract": {"last": "write", "operands": "write"}, "*": _TRUST}, "bare": PRINTS},
    "certutil": {
        "about": "looks at and changes a store of certificates",
        "takes": "d n t i f h P k g p s v x y z Z m r",
        "options": {"o": "write", "f z": "secret"},
        "tame": {"L K V O": PRINTS},
        "does": ("privilege changes which certificates are trusted",),
    },
    **alike("update-alternatives alternatives", _ALTERNATIVES),
    "eselect": {"about": "chooses which program a name starts", "verbs": {"*": {"verbs": {"list show help": PRINTS, "*": _SETS}, "bare": PRINTS}}, "bare": PRINTS},
    "pg_ctl": {
        "about": "starts and stops a database server",
        "takes": "D pgdata l log m mode o options p t timeout U P e s",
        "options": {"o options p": "opaque"},
        "verbs": {"status": PRINTS, "start init initdb": _SERVES, "*": _ENDS},
        "bare": PRINTS,
    },
    "pg_ctlcluster": {"about": "starts and stops a database server", "takes": "m mode o options", "verbs": {"*": {"verbs": {"*": _CLUSTER}}}},
    "pg_lsclusters": {"about": "shows database servers", "help": "h"},
    "pg_dropcluster": {"about": "deletes a database server with its data", "does": ("database a whole cluster of databases", "kill a server")},
    "nginx": {
        "about": "a server",
        "help": "h v V ?",
        "takes": "p g e s",
        "options": {"c": "config", "g": "opaque"},
        "tame": {"s": {"values": {"s": {"*": _ENDS, "?": _ENDS}}}, "t T": PRINTS},
        **_SERVES,
    },
    **alike("apachectl apache2ctl httpd apache2", {
        "about": "a server",
        "help": "h v V l L",
        "takes": "d C c D e E k",
        "options": {"f": "config", "C c": "opaque"},
        "tame": {"k": {"values": {"k": {"start": _SERVES, "*": _ENDS, "?": _ENDS}}}, "t S M": PRINTS},
        "verbs": {"configtest status fullstatus": PRINTS, "stop graceful-stop restart graceful": _ENDS, "*": _SERVES},
        "bare": _SERVES,
    }),
    "sv": {"about": "controls services of runit", "takes": "w", "help": "V", "verbs": {"status s check": PRINTS, "*": _SERVICES}},
    **alike("monit circusctl", {"about": "watches over programs", "takes": "c g l p s endpoint timeout", "verbs": {"status summary report validate stats list numprocesses options globaloptions": PRINTS, "*": _SERVICES}}),
    "chronyc": {"about": "looks at and sets the clock", "takes": "h p c", "help": "v", "verbs": {"tracking sources sourcestats activity serverstats ntpdata rtcdata clients selectdata authdata": PRINTS, "*": {"does": ("privilege sets the clock",)}}, "bare": {"does": ("prompt takes commands",)}},
    **alike("update-rc.d insserv", {"about": "says which services start", "tame": {"n dryrun": PRINTS}, "does": ("persist services of the machine", "privilege controls services of the machine")}),
    "chkconfig": {"about": "says which services start", "takes": "level type", "when": {"add del override": _SERVICES}, "tame": {"list": PRINTS}, "verbs": {"*": {"verbs": {"*": _SERVICES}, "bare": PRINTS}}, "bare": PRINTS},
    "rc-update": {"about": "says which services start", "verbs": {"show -v": PRINTS, "*": _SERVICES}, "bare": PRINTS},
    **alike("locale-gen update-locale mandb makewhatis localedef select-editor update-mime-database update-desktop-database gtk-update-icon-cache fc-cache grub-set-default grub-reboot grub-mkconfig grub-editenv powerprofilesctl tuned-adm cpupower", {"about": "changes how the machine is set", "help": "h", "verbs": {"list active get frequency-info idle-info info monitor verify recommend": PRINTS, "*": _SETS}, "bare": _SETS}),
    "udevadm": {
        "about": "looks at devices and how they are set up",
        "verbs": {"info": {"takes": "q query p path n name", "operands": "skip"}, "monitor settle test test-builtin verify cat wait": PRINTS, "*": _SETS},
        "bare": PRINTS,
    },
    **alike("chvt openvt deallocvt xset xmodmap setxkbmap xinput brightnessctl amixer pactl bluetoothctl", {"about": "looks at and sets screen, keyboard and sound", "tame": {"query q pk pke pm print list l m": PRINTS}, "verbs": {"q list info show get query sget scontrols": PRINTS, "*": _SETS}, "bare": PRINTS}),
    "xrandr": {"about": "looks at and sets screens", "takes": "d display screen", "long": True, "flags": "verbose query q current listmonitors listproviders prop properties version"},
    "rfkill": {"about": "looks at and switches radios", "takes": "o output", "verbs": {"list event help": PRINTS, "*": _SETS}, "bare": PRINTS},
    **alike("dpkg-divert dpkg-statoverride", {"about": "says which file of a package counts", "takes": "divert package admindir instdir root", "tame": {"list listpackage truename": PRINTS}, **_SETS}),
    "gcore": {"about": "writes what a process holds in memory to a file", "takes": "o", "does": ("secret what another process holds in memory", "append .")},
    "wg": {
        "about": "looks at and sets tunnels of WireGuard",
        "verbs": {
            "show": {"operands": "skip", "python": "knowledge.process_words:wireguard"},
            "showconf": {"does": ("secret private keys of WireGuard",)},
            "genkey genpsk pubkey": PRINTS,
            "*": {"does": ("privilege changes the network",)},
        },
        "bare": PRINTS,
    },
    "wg-quick": {"about": "starts and stops tunnels of WireGuard", "verbs": {"strip": {"does": ("secret private keys of WireGuard",)}, "*": {"does": ("privilege changes the network", "opaque runs what its settings say")}}},
}  # fmt: skip
