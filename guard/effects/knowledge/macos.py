"""Tools that only macOS has: by look and change."""

from guard.effects.knowledge.schema import PRINTS, Row, alike

_CHANGES: Row = {"does": ("privilege changes the machine",)}
_OUT: Row = {"options": {"o output out": "write"}}

PROGRAMS: dict[str, Row] = {
    "say": {"about": "speaks a text", "takes": "v voice r rate a audio-device n network-send data-format file-format channels bit-rate quality", "optional": "interactive progress", "options": {"o output-file": "write", "f input-file": "read"}, "when": {"n network-send network": {"does": ("upload ?",)}}, "help": "?"},
    "qlmanage": {"about": "shows previews of files", "takes": "s f z g c d", "options": {"o": "write-deep", "g": "opaque"}, "when": {"r": _CHANGES}, "help": "h", "operands": "read"},
    **alike("mdls mdfind ioreg kextstat system_profiler GetFileInfo afinfo atos vmmap heap leaks stringdups footprint fs_usage nettop lsappinfo plockstat systemstats powermetrics", {"about": "shows something of the machine", "takes": "name onlyin live attr o p c w k", "long": True, "operands": "skip"}),
    "mdutil": {"about": "looks at and changes the index of files", "tame": {"s": {}, "P": {}}, **_CHANGES},
    "mdimport": {"about": "indexes files", "tame": {"L A X n": {}}, **_CHANGES},
    "sips": {
        "about": "shows and changes pictures",
        "long": True,
        "takes": "g getProperty x extractProfile i r rotate f flip c cropToHeightWidth cropOffset p padToHeightWidth padColor z resampleHeightWidth resampleWidth resampleHeight Z resampleHeightWidthMax "
        "s setProperty d deleteProperty e embedProfile E embedProfileIfNone m matchTo optimizeColorForSharing js j",
        "options": {"o out": "write", "x extractProfile": "write", "js j": "opaque"},
        "help": "h H helpProperties help-properties formats v",
        "when": {
            "s setProperty d deleteProperty deleteColorManagementProperties e embedProfile E embedProfileIfNone m matchTo r rotate f flip c cropToHeightWidth p padToHeightWidth z resampleHeightWidth "
            "resampleWidth resampleHeight Z resampleHeightWidthMax i addIcon optimizeColorForSharing repairProfile deleteTag copyTag": {"operands": "write"},
        },
        "operands": "read",
    },
    "plutil": {
        "about": "checks, shows and changes property lists",
        "long": True,
        "takes": "e",
        "options": {"o": "write"},
        "help": "h help",
        "tame": {"lint p type": {"operands": "read"}},
        "operands": "skip",
        "last": "write",
    },
    "PlistBuddy": {"about": "shows and changes property lists", "long": True, "python": "knowledge.macos_words:plistbuddy"},
    "textutil": {"about": "converts documents of text", "long": True, "takes": "convert cat format encoding inputencoding fontname font fontsize title author subject keywords extension timeout baseurl prefixspaces", "options": {"output outputdir": "write-deep"}, "help": "help", "tame": {"info stdout": {"operands": "read"}}, "operands": "read", "does": ("write-deep .",)},
    "binhex": {"about": "packs files for old machines", "options": {"o": "write"}, "help": "h V", "verbs": {"probe": {"operands": "read"}, "decode": {"tame": {"c p pipe to-stdout": {"operands": "read"}}, "operands": "read", "does": ("write-deep .",)}, "encode": {"tame": {"c p pipe to-stdout": {"operands": "read"}}, "operands": "read", "does": ("write-deep .",)}}, "bare": PRINTS},
    **alike("applesingle macbinary", {"about": "packs files for old machines", "verbs": {"probe": {"operands": "read"}, "*": {"tame": {"c p": {"operands": "read"}}, "operands": "read", "does": ("write-deep .",)}}}),
    "lipo": {"about": "shows and changes which machines a program is for", "long": True, "takes": "arch thin extract extract_family remove replace segalign create-arch", "options": {"o output": "write"}, "operands": "read"},
    **alike("otool dyldinfo pagestuff unwinddump", {"about": "shows what is in programs", "long": True, "takes": "arch s p", "operands": "read"}),
    **alike("install_name_tool vtool codesign_allocate bitcode_strip nmedit", {"about": "changes programs", "long": True, "takes": "id change rpath add_rpath delete_rpath", "options": {"o output": "write"}, "operands": "write"}),
    "symbols": {"about": "shows symbols of programs and processes", "long": True, "takes": "arch lookup uuid dependencies wide", "options": {"saveSignature": "write", "loadSignature": "read"}, "operands": "skip"},
    "sample": {"about": "shows where a process spends its time", "long": True, "takes": "", "options": {"file": "write"}, "operands": "skip"},
    "codesign": {
        "about": "shows, checks and makes signatures of programs",
        "takes": "i identifier r requirements o options entitlements P pagesize a architecture preserve-metadata timestamp file-list bundle-version all-architectures prefix team-identifier runtime-version launch-constraint-self detached D R test-requirement extract-certificates",
        "optional": "preserve-metadata timestamp extract-certificates entitlements R",
        "when": {
            "s sign": {"operands": "write-deep", "does": ("secret keys that sign",)},
            "remove-signature": {"operands": "write-deep"},
            "file-list detached": {"does": ("write-deep .",)},
        },
        "options": {"s sign": "skip", "keychain": "skip"},
        "help": "h",
        "operands": "read-deep",
    },
    "spctl": {"about": "says which programs may run", "takes": "t type context label rule requirement priority", "tame": {"a assess status list disable-status": {"operands": "read"}}, "does": ("privilege takes down walls of the system",)},
    "pkgutil": {
        "about": "looks at packages and what they installed",
        "long": False,
        "takes": "volume edit-pkg learn",
        "options": {"export-plist": "skip"},
        "help": "h",
        "tame": {
            "packages pkgs pkgs-plist pkg-info pkg-info-plist files file-info file-info-plist group-pkgs groups groups-plist group-plist export-plist lsbom "
            "pkg-groups check-signature payload-files verify-pkg only-files only-dirs": {"operands": "read"},
            "expand expand-full": {"operands": "write-deep"},
            "flatten flatten-full": {"operands": "write-deep"},
            "bom": {"operands": "read", "does": ("write /tmp/package.bom",)},
        },
        "does": ("privilege changes what the machine knows of packages",),
    },
    "installer": {"about": "installs packages of macOS", "takes": "pkg target tgt file lang", "long": True, "tame": {"pkginfo dominfo volinfo query showChoicesXML showChoicesAfterApplyingChangesXML vers help": {}}, "does": ("install", "privilege installs for the whole machine", "opaque packages run code when they are installed")},
    "softwareupdate": {"about": "updates macOS", "tame": {"l list list-full-installers history schedule h help": {}}, "does": ("install", "privilege updates the machine")},
    "xattr": {"about": "shows and changes attributes of files", "takes": "", "tame": {"p": {"first": "skip", "operands": "read-deep"}, "l": {"operands": "read-deep"}, "w": {"operands": "mode-deep"}, "d": {"first": "skip", "operands": "mode-deep"}, "c": {"operands": "mode-deep"}}, "help": "h", "operands": "read-deep"},
    "tmutil": {
        "about": "looks at and changes backups of the machine",
        "verbs": {
            "listbackups listlocalsnapshots listlocalsnapshotdates destinationinfo latestbackup machinedirectory status version compare calculatedrift uniquesize verifychecksums isexcluded help currentphase": PRINTS,
            "restore": {"operands": "write-deep", **_CHANGES},
            "delete deletelocalsnapshots deleteinprogress thinlocalsnapshots removedestination": {"does": ("database backups of the machine", "privilege changes backups of the machine")},
            "*": {"does": ("privilege changes backups of the machine",)},
        },
        "bare": PRINTS,
    },
    "hdiutil": {
        "about": "looks at and changes disk images",
        "options": {"srcfolder srcdir": "read-deep"},
        "takes": "size type fs volname format o imagekey encryption layout srcdevice mountpoint mountroot passphrase align segmentSize",
        "long": True,
        "verbs": {
            "info plugins help imageinfo pmap isencrypted verify checksum udifderez hfsanalyze fsid": {"operands": "read"},
            "create makehybrid": {"operands": "write"},
            "convert": {"operands": "read", "options": {"o": "write"}},
            "*": {"operands": "skip", "does": ("privilege changes disk images or what is mounted",)},
        },
        "bare": PRINTS,
    },
    "ditto": {"about": "copies trees", "long": True, "takes": "arch bom lang", "operands": "read-deep", "last": "write-deep"},
    **alike("pkgbuild productbuild productsign", {"about": "makes packages of macOS", "long": True, "takes": "identifier version install-location sign keychain", "options": {"root component scripts distribution package-path resources": "read-deep"}, "operands": "write", "when": {"sign": {"does": ("secret keys that sign",)}}}),
    **alike("altool notarytool stapler", {"about": "has programs checked by Apple", "verbs": {"history info log validate": {"does": ("connect package-index",)}, "staple": {"operands": "write-deep"}, "*": {"does": ("upload ?", "publish")}}, "when": {"upload-app upload-package notarize-app": {"does": ("upload ?", "publish")}}, "bare": PRINTS}),
    "simctl": {"about": "controls simulated devices", "verbs": {"list getenv get_app_container listapps io help status": PRINTS, "erase delete": {"does": ("database simulated devices",)}, "*": {"does": ("opaque runs something in a simulated device",)}}},
    "screencapture": {"about": "takes pictures of the screen", "takes": "R l D t T V G", "operands": "write", "does": ("secret what the screen shows",)},
    "afplay": {"about": "plays sound", "takes": "v t r q", "operands": "read"},
    "SetFile": {"about": "changes attributes of files", "takes": "a c d m t", "operands": "mode"},
    "log": {"about": "shows the system's log", "verbs": {"show stream stats help": {"takes": "predicate last style start end process level timeout type source info debug", "operands": "skip"}, "collect": {"does": ("privilege collects the log",), **_OUT}, "*": _CHANGES}},
    "mas": {"about": "installs applications of macOS", "verbs": {"list search info outdated version account config home": {"does": ("connect package-index",)}, "*": {"does": ("install", "connect package-index")}}},
    **alike("kextload kextunload kmutil", {"about": "loads parts of the kernel", "verbs": {"showloaded inspect find": PRINTS, "*": {"does": ("privilege changes the kernel", "opaque changes the kernel")}}}),
    **alike("bless asr", {"about": "changes what a machine starts from", "tame": {"info getBoot": {}}, "does": ("privilege changes what the machine starts from", "opaque changes disks")}),
    **alike("fdesetup tccutil systemsetup spindump sysdiagnose automator shortcuts", {"about": "looks at and changes the machine", "verbs": {"status list isactive -get* -list* help version": PRINTS, "*": {"does": ("privilege changes the machine", "opaque changes the machine")}}, "long": False}),
    "DevToolsSecurity": {"about": "says who may debug programs", "long": True, "tame": {"status": {}}, "does": ("privilege takes down walls of the system",)},
    **alike("actool ibtool ictool momc", {"about": "compiles parts of applications", "does": ("opaque runs the project's code",)}),
    "lsregister": {"about": "looks at and changes which program opens what", "tame": {"dump": {}}, "long": True, "does": ("privilege changes which program opens what",)},
}  # fmt: skip
