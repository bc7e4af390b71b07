"""Package managers of systems. Looking at packages is free; what changes them changes the machine."""

from guard.effects.knowledge.phrases import BUILDS, CACHES, FETCHES, INSTALLS, NET, RUNS, SETTINGS
from guard.effects.knowledge.schema import PRINTS, Row, alike

_CHANGES: Row = {
    "operands": "package",
    "does": (
        "install",
        "connect package-index",
        "privilege changes the packages of the machine",
        "opaque packages run code when they are installed",
    ),
}
_APT_TAKES = "t target-release default-release a host-architecture P build-profiles solver"
_SIMULATED: Row = {"does": ("connect package-index",)}
_APT: Row = {
    "about": "installs packages of the machine",
    "takes": _APT_TAKES,
    # Its settings can name programs that it runs.
    "options": {"o option": "opaque", "c config-file": "config"},
    "help": "h v",
    "tame": {"s simulate dry-run just-print recon no-act print-uris": _SIMULATED},
    "verbs": {
        "list search show showsrc showpkg policy depends rdepends madison stats pkgnames dump dumpavail unmet dotty xvcg moo help "
        "showmanual showauto showhold showinstall showremove showpurge minimize-manual why why-not versions indextargets check changelog": {
            "takes": "n"
        },
        "download": {"does": ("connect package-index", "write-deep .")},
        "source": {"when": {"b compile build": BUILDS}, "does": ("connect package-index", "write-deep .")},
        "*": {**_CHANGES, "tame": {"s simulate dry-run just-print recon no-act print-uris": _SIMULATED}},
    },
    "bare": PRINTS,
}
_DNF: Row = {
    "about": "installs packages of the machine",
    "takes": "R releasever d e x exclude installroot repoid repo enablerepo disablerepo enableplugin disableplugin forcearch queryformat qf arch downloaddir destdir color comment",
    "options": {
        "c config": "config",
        "setopt": "opaque",
        "repofrompath": "connect",
        "downloaddir destdir": "write-deep",
    },
    "help": "h",
    "verbs": {
        "list ls search info provides whatprovides repolist repoquery check-update check-upgrade check deplist updateinfo repoinfo "
        "resolvedep leaves needs-restarting changelog advisory help alias": NET,
        "history": {"verbs": {"list info userinstalled": NET, "*": _CHANGES}, "bare": NET},
        "module group groups grouplist groupinfo environment": {
            "verbs": {"list info summary provides": NET, "*": _CHANGES},
            "bare": NET,
        },
        "repo versionlock config-manager": {
            "verbs": {"list info": NET, "*": _CHANGES},
            "bare": NET,
            "tame": {"dump": {}},
        },
        "download": FETCHES,
        "clean makecache mc": CACHES,
        "shell": {"does": ("prompt takes commands", "install")},
        "*": {**_CHANGES, "tame": {"assumeno downloadonly": NET}},
    },
}
_PACMAN: Row = {
    "about": "installs packages of the machine",
    "takes": "r root b dbpath cachedir color arch gpgdir logfile ignore ignoregroup assume-installed overwrite print-format sysroot",
    "options": {"config": "config", "hookdir": "opaque", "makepkg editor": "opaque"},
    "help": "h V",
    "python": "knowledge.system_words:pacman",
}
_BREW_BUNDLE: Row = {
    "options": {"file": "read"},
    # The list of what it installs is a program in Ruby.
    "verbs": {
        "dump add remove": {"does": ("write Brewfile",)},
        "check list env exec sh": {
            "stops": True,
            "does": ("opaque runs the list of packages, which is a program",),
        },
        "*": _CHANGES,
    },
    "bare": _CHANGES,
}
_DRY: Row = {**_CHANGES, "tame": {"n dry-run": NET}}
_FLATPAK_LOOK: Row = {"operands": "skip", "does": ("connect package-index",)}

PROGRAMS: dict[str, Row] = {
    **alike("apt apt-get apt-cache apt-mark aptitude", _APT),
    "add-apt-repository": {"about": "adds a source of packages", "tame": {"L list": {}}, "does": ("privilege changes where packages come from", "install")},
    "apt-key": {"about": "says whose packages are trusted", "verbs": {"list finger export exportall": PRINTS, "*": {"does": ("privilege changes whose packages are trusted",)}}},
    "apt-config": {"about": "shows settings of apt", "options": {"o option": "opaque", "c config-file": "config"}, "operands": "skip"},
    "apt-file": {"about": "finds which package a file is from", "verbs": {"search find list show": PRINTS, "*": CACHES}},
    "dpkg": {
        "about": "installs and looks at packages of the machine",
        "takes": "admindir root instdir D ignore-depends",
        "options": {"pre-invoke post-invoke": "opaque", "status-logger": "opaque", "log": "append"},
        "help": "force-help",
        "tame": {
            "l list L listfiles s status S search p print-avail get-selections print-architecture print-foreign-architectures C audit V verify "
            "compare-versions validate-pkgname validate-archname validate-trigname validate-version yet-to-unpack assert-help": {"operands": "skip"},
            "c contents I info f field": {"first": "read", "operands": "skip"},
            "x extract X vextract": {"first": "read", "operands": "write-deep"},
            "e control R raw-extract": {"first": "read", "operands": "write-deep"},
            "b build": {"first": "read-deep", "operands": "write"},
            "no-act dry-run simulate": {"operands": "read"},
        },
        "operands": "read+package",
        "does": ("install", "privilege changes the packages of the machine", "opaque packages run code when they are installed"),
    },
    "dpkg-query": {"about": "looks at packages of the machine", "takes": "f showformat W l L s S p", "options": {"admindir root": "read"}},
    "dpkg-deb": {"about": "packs and looks at packages", "takes": "Z z S D", "tame": {"c contents I info f field W show": {"first": "read", "operands": "skip"}, "x extract X vextract e control R raw-extract": {"first": "read", "operands": "write-deep"}}, "first": "read-deep", "operands": "write"},
    "dpkg-reconfigure": {"about": "configures packages of the machine", "does": ("privilege changes the packages of the machine", "opaque runs the scripts of packages")},
    **alike("yum dnf dnf5 microdnf tdnf", _DNF),
    "rpm": {
        "about": "installs and looks at packages of the machine",
        "takes": "qf queryformat root r dbpath",
        "options": {"E eval D define undefine pipe macros rcfile load predefine": "opaque"},
        "tame": {
            "q query V verify K checksig showrc querytags": {
                "options": {"f file": "read"},
                "when": {"p package": {"operands": "read", "python": "knowledge.system_words:addresses"}},
                "operands": "skip",
            },
            "test": {"operands": "read", "python": "knowledge.system_words:addresses"},
            "E eval": {},
        },
        "operands": "read",
        "python": "knowledge.system_words:addresses",
        "does": ("install", "privilege changes the packages of the machine", "opaque packages run code when they are installed"),
    },
    "apk": {
        "about": "installs packages of the machine",
        "takes": "p root X repository progress-fd wait cache-max-age arch t virtual timeout",
        "options": {"X repository": "connect", "keys-dir repositories-file cache-dir": "read", "o output": "write-deep"},
        "help": "h V",
        "verbs": {
            "list search info policy version stats dot manifest query": {"takes": "a d w r R P L W"},
            "fetch": FETCHES,
            "audit verify": {"operands": "read"},
            "cache": {"verbs": {"*": CACHES}},
            "*": {**_CHANGES, "tame": {"s simulate": NET}},
        },
    },
    **alike("pacman yay paru pamac trizen", _PACMAN),
    "makepkg": {"about": "builds packages", "does": ("opaque runs the project's code",)},
    "zypper": {
        "about": "installs packages of the machine",
        "takes": "R root D reposd-dir C cache-dir t type r repo",
        "options": {"c config": "config"},
        "help": "h V",
        "verbs": {
            "search se info if list-updates lu list-patches lp packages pa patterns pt products pd repos lr services ls what-provides wp "
            "patch-check pchk verify-status locks ll targetos tos versioncmp vcmp licenses needs-rebooting ps help search-packages patch-info product-info pattern-info": NET,
            "download source-download": FETCHES,
            "clean cc refresh ref": CACHES,
            "*": {**_CHANGES, "tame": {"D dry-run": NET}},
        },
    },
    "snap": {"about": "installs applications", "help": "h", "verbs": {"list find search info connections interfaces interface services changes change tasks known version warnings get logs model whoami help": {"takes": "n abs-time", "does": ("connect package-index",)}, "download": FETCHES, "run": RUNS, "pack try": BUILDS, "*": _CHANGES}},
    "flatpak": {"about": "installs applications", "takes": "installation columns arch", "help": "h", "verbs": {"list search info remote-ls remotes remote-info history ps documents document-info permissions permission-list permission-show": _FLATPAK_LOOK, "config": {"tame": {"list get": {}}, "does": ("persist settings of the package manager",)}, "run enter": RUNS, "kill": {"does": ("kill",)}, "build build-*": BUILDS, "*": _CHANGES}},
    "brew": {
        "about": "installs packages for one person",
        "help": "h prefix cellar caskroom repository repo config env cache taps",
        "tame": {"S": NET},
        "verbs": {
            "list ls info abv desc deps uses missing options tap-info formulae casks log commands cat home homepage docs shellenv outdated doctor dr leaves "
            "formula command which-formula linkage config source": {"takes": "n max-count debug-mode sort"},
            "search livecheck lc": NET,
            "fetch": NET,
            "tap": {"tame": {"force": _CHANGES, "repair": _CHANGES}, "first": "package"},
            "analytics developer": {"verbs": {"state": PRINTS, "*": SETTINGS}, "bare": PRINTS},
            "services service": {
                "takes": "file",
                "verbs": {"list ls info i": PRINTS, "*": {"does": ("privilege controls services of the machine", "persist services of this person")}},
                "bare": PRINTS,
            },
            "bundle": _BREW_BUNDLE,
            "unpack": {"options": {"destdir": "write-deep"}, "does": ("connect package-index", "opaque runs a formula")},
            "gist-logs": {"does": ("upload package-index",)},
            "bump bump-* pr-* dispatch-build-bottle": {"does": ("cloud", "opaque runs a formula")},
            "readall audit style test tests typecheck irb ruby sh create edit extract cleanup-logs contributions prof bottle": BUILDS,
            "cleanup autoremove uninstall rm remove upgrade unlink link ln migrate install reinstall postinstall pin unpin untap update up": _DRY,
            "*": _DRY,
        },
    },
    "port": {"about": "installs packages of macOS", "takes": "D", "help": "", "verbs": {"installed search info list deps variants contents provides outdated echo version rdeps rdependents dependents dir file work notes cat help space url livecheck distfiles select": {"when": {"set": {"does": ("privilege changes which program a name starts",)}}}, "*": _CHANGES}},
    "emerge": {"about": "installs packages of the machine", "tame": {"p pretend s search S searchdesc info list-sets check-news": {}}, "does": ("install", "privilege changes the packages of the machine", "opaque packages run code when they are installed")},
    "xbps-query": {"about": "looks at packages of the machine", "takes": "C r repository p"},
    **alike("xbps-install xbps-remove slackpkg pkg pkg_add tlmgr", {"about": "installs packages of the machine", "verbs": {"info search query list version which stats audit": NET, "*": _CHANGES}, "bare": _CHANGES}),
    "nix": {
        "about": "builds and installs packages that are described in Nix",
        "takes": "I include arg argstr override-input f file log-format j max-jobs cores",
        "options": {"option": "opaque", "builders store post-build-hook build-hook": "opaque", "extra-plugin-files": "opaque", "o out-link": "write"},
        "help": "h",
        "verbs": {
            "search show-config doctor why-depends path-info log help config": NET,
            "store": {"verbs": {"ls cat diff-closures dump-path ping info path-from-hash-part verify": NET, "gc delete optimise": CACHES, "*": INSTALLS}},
            "flake": {"verbs": {"metadata info archive": NET, "show check": {"does": ("connect package-index", "opaque evaluates the project's code")}, "update lock": {"does": ("connect package-index", "write flake.lock")}, "init new clone": {"does": ("connect package-index", "write-deep .")}}},
            "profile": {"verbs": {"list history diff-closures": PRINTS, "*": INSTALLS}},
            "registry": {"verbs": {"list": PRINTS, "*": SETTINGS}},
            "hash key": {"verbs": {"file path to-* convert": {"operands": "read"}, "*": BUILDS}},
            "derivation": {"verbs": {"show": BUILDS}},
            "copy": {"does": ("upload ?",)},
            "upgrade-nix": INSTALLS,
            "*": RUNS,
        },
    },
    "nix-env": {
        "about": "installs packages that are described in Nix",
        "takes": "f file p profile I A attr arg argstr",
        "tame": {"q query list-generations dry-run": {"when": {"a available": {"does": ("opaque evaluates a description of packages",)}}}},
        "operands": "package",
        "does": ("install", "opaque packages run code when they are built"),
    },
    "nix-store": {"about": "looks at and changes what is built", "tame": {"q query read-log l verify verify-path dump-db dump print-env": {}, "gc delete": CACHES}, "does": ("opaque builds and runs packages",)},
    **alike("nix-build nix-instantiate", {"about": "evaluates and builds what is described in Nix", "options": {"o out-link": "write"}, "does": ("opaque evaluates and builds a description",)}),
    "nix-collect-garbage": {"about": "empties the store", "tame": {"dry-run": {}}, **CACHES},
    "nix-channel": {"about": "says where packages come from", "tame": {"list list-generations": {}}, **SETTINGS},
    "nix-copy-closure": {"about": "copies packages between machines", "does": ("upload ?",)},
    **alike("nixos-rebuild darwin-rebuild home-manager", {"about": "makes the machine what its description says", "verbs": {"list-generations generations packages news option": PRINTS, "build build-vm dry-build dry-activate": BUILDS, "*": _CHANGES}}),
    "guix": {"about": "builds and installs packages that are described in Scheme", "verbs": {"search show describe size graph lint hash weather challenge": NET, "gc": {"tame": {"list-dead list-live list-roots references requisites referrers verify": {}}, **CACHES}, "package": {"tame": {"s search show I list-installed A list-available l list-generations": {}}, "does": ("install", "opaque packages run code when they are built")}, "download": NET, "install remove upgrade pull": INSTALLS, "*": RUNS}},
    "choco": {"about": "installs packages of Windows", "verbs": {"list search find info outdated help": NET, "source feature config pin": {"verbs": {"list": PRINTS, "*": SETTINGS}, "bare": PRINTS}, "*": _CHANGES}},
    "winget": {"about": "installs packages of Windows", "verbs": {"list ls search find show view help features validate hash": NET, "source": {"verbs": {"list": PRINTS, "*": SETTINGS}}, "export": {"options": {"o output": "write"}}, "download": FETCHES, "*": _CHANGES}},
    "scoop": {"about": "installs packages of Windows", "verbs": {"list search info status which prefix cat depends home help checkup": NET, "bucket": {"verbs": {"list known": PRINTS, "*": SETTINGS}}, "cache": {"verbs": {"show": PRINTS, "*": CACHES}}, "config": {"python": "knowledge.package_words:setting"}, "*": _CHANGES}},
}  # fmt: skip
