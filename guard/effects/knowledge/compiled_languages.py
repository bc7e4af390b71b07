"""Toolchains of Rust, Go, Swift, Zig, Haskell, OCaml and the like."""

from guard.effects.knowledge.phrases import BUILDS, CACHES, EDITS, FETCHES, INSTALLS, NET, PUBLISHES, RUNS
from guard.effects.knowledge.schema import PRINTS, Row, alike

_CARGO_TAKES = (
    "color Z C p package exclude j jobs profile F features target message-format format e edges i invert prefix depth charset limit index token "
    "filter-platform format-version bin example test bench lockfile-path timings vers version rev tag branch git path registry rename emit"
)
_CARGO_BUILD: Row = {
    "stops": True,
    "options": {"target-dir artifact-dir": "write-deep", "manifest-path": "read"},
    # Build scripts and procedural macros run while it compiles, clippy and check included.
    "does": ("opaque runs the project's code",),
}
_LOCKS: Row = {"tame": {"dry-run n": NET}, "does": ("connect package-index", "write Cargo.lock")}
_CARGO: Row = {
    "about": "builds, tests and publishes Rust code",
    "loads": "cargo rustup",
    "takes": _CARGO_TAKES,
    "options": {"config": "opaque", "manifest-path": "read", "target-dir": "write-deep"},
    "help": "h V list explain",
    "verbs": {
        "report": {"verbs": {"future-incompatibilities": PRINTS, "*": BUILDS}},
        "config": {"verbs": {"get": PRINTS}},
        "tree metadata locate-project pkgid read-manifest verify-project version help": {
            "tame": {"list": {}}
        },
        "search info owners": NET,
        "fmt": {
            "tame": {"check": {"does": ("read-deep .",)}},
            "python": "knowledge.language_words:cargo_fmt",
        },
        "fetch generate-lockfile update": {**_LOCKS, "operands": "skip"},
        "vendor": {"first": "write-deep", "does": ("connect package-index", "write-deep vendor")},
        "add remove rm": {
            **_LOCKS,
            "does": ("connect package-index", "write Cargo.toml", "write Cargo.lock"),
            "options": {"path": "read", "git": "connect"},
        },
        "new init": {
            "takes": "vcs edition name registry",
            "operands": "write-deep",
            "does": ("write-deep .",),
        },
        "clean": {
            "tame": {"dry-run n": {}},
            "does": ("delete-deep target",),
            "options": {"target-dir": "delete-deep"},
        },
        "install": {
            **INSTALLS,
            "tame": {"list": {}},
            "options": {"root": "write-deep", "path": "read-deep", "git index": "connect"},
        },
        "uninstall": {
            "does": ("install", "persist programs in the home directory"),
            "options": {"root": "write-deep"},
        },
        "publish": {**PUBLISHES, "tame": {"dry-run n": BUILDS}},
        "yank": PUBLISHES,
        "owner": {"tame": {"l list": NET}, "does": ("publish", "upload package-index")},
        "login logout": {"does": ("persist credentials of a registry",)},
        "package": {"tame": {"l list": {}}, "does": ("opaque runs the project's code",)},
        "audit deny outdated udeps machete sort": {
            "does": ("connect package-index",),
            "when": {"w write fix": EDITS},
        },
        # Everything after the name is the program's own, and subcommands may be programs named cargo-*.
        "build b check c clippy doc d test t bench fix run r rustc rustdoc nextest expand bloat flamegraph llvm-cov tarpaulin watch": _CARGO_BUILD,
        "+*": {"stops": True, "python": "knowledge.language_words:toolchain"},
    },
}

# ------------------------------------------------------------------ Go
# Building Go code runs none of it, by the promise of its makers: generators, tests and programs run only when told to,
# and flags that name other tools are the ones listed as opaque.
_GO_RUNS = {"toolexec exec vettool overlay modfile ldflags gcflags asmflags gccgoflags compiler": "opaque"}
_GO_TAKES = "p asmflags buildmode buildvcs covermode coverpkg gccgoflags installsuffix mod pkgdir tags f vet run bench count cpu parallel timeout pgo reuse go godebug require droprequire replace toolchain tool"
_GO_LOOK: Row = {"takes": _GO_TAKES, "options": _GO_RUNS, "does": ("connect package-index", "read-deep .")}
_GO_BUILD: Row = {
    "takes": f"{_GO_TAKES} ldflags gcflags",
    "options": {"toolexec exec vettool overlay modfile asmflags gccgoflags compiler": "opaque", "o": "write"},
    "does": ("connect package-index", "read-deep ."),
    "python": "knowledge.language_words:go_ldflags",
}
_GO_RUN: Row = {"takes": _GO_TAKES, "stops": True, "does": ("opaque runs the project's code",)}
_GO: Row = {
    "about": "builds, tests and runs Go code",
    "long": True,
    "within": "C",
    "help": "h",
    "verbs": {
        "version": {"operands": "read"},
        "help doc bug": {"stops": True},
        "env": {"when": {"w u": {"does": ("persist settings of Go",)}}},
        "list vet": _GO_LOOK,
        "fmt": {"tame": {"n": {}}, "does": ("edit .",)},
        "build": _GO_BUILD,
        "mod": {
            "verbs": {
                "graph why verify": NET,
                "download": NET,
                "tidy edit init": {
                    "tame": {"diff print json": NET},
                    "does": ("connect package-index", "write go.mod", "write go.sum"),
                },
                "vendor": FETCHES,
            }
        },
        "work": {
            "verbs": {
                "edit": {"tame": {"print json": {}}, "does": ("write go.work",)},
                "use init sync": {"does": ("write go.work",)},
                "vendor": FETCHES,
            }
        },
        "get": {
            "operands": "skip",
            "does": ("connect package-index", "write go.mod", "write go.sum", "install"),
        },
        "install": {**INSTALLS, "takes": _GO_TAKES},
        "clean": {
            # What tests said is asked again; nothing that was built goes.
            "tame": {
                "n": {},
                "testcache": {"operands": "opaque", "when": {"cache modcache fuzzcache": CACHES}},
            },
            "when": {"cache modcache fuzzcache": CACHES},
            "does": ("opaque deletes what was built",),
        },
        "fix": EDITS,
        "test run generate tool": _GO_RUN,
        "telemetry": {"verbs": {"on off local": {"does": ("persist settings of Go",)}}, "bare": PRINTS},
    },
}

_DART: dict[str, Row] = {
    "pub": {
        "verbs": {
            "deps outdated": NET,
            "get upgrade downgrade add remove": {
                **INSTALLS,
                "tame": {"dry-run n": NET},
                "does": ("connect package-index", "write pubspec.lock", "install"),
            },
            "publish lish": {**PUBLISHES, "tame": {"dry-run n": {}}},
            "global run": {
                "verbs": {"list": PRINTS, "activate deactivate": INSTALLS, "*": RUNS},
                "otherwise": RUNS,
            },
            "cache": {"verbs": {"list": PRINTS, "*": CACHES}},
            "token": {"verbs": {"list": PRINTS, "*": PUBLISHES}},
            "*": RUNS,
        }
    }
}

PROGRAMS: dict[str, Row] = {
    "cargo": _CARGO,
    "rustup": {
        "about": "installs toolchains of Rust",
        "help": "h V",
        "takes": "toolchain",
        "verbs": {
            "show which check doc docs man completions help": {"operands": "skip"},
            "toolchain": {"verbs": {"list": PRINTS, "*": INSTALLS}},
            "target component": {"verbs": {"list": PRINTS, "*": INSTALLS}},
            "override": {"verbs": {"list": PRINTS, "*": {"does": ("persist which toolchain is used",)}}},
            "run": {"stops": True, "first": "skip", "operands": "argv"},
            "default": {"first": "package"},
            "set": {"does": ("persist settings of rustup",)},
            "*": INSTALLS,
        },
    },
    "rustc": {
        "about": "compiles Rust code",
        "loads": "rustup",
        "takes": "cfg check-cfg l crate-type crate-name edition emit print explain target W A D F cap-lints color error-format json remap-path-prefix g O",
        "options": {"L": "opaque", "o": "write", "out-dir": "write-deep", "extern sysroot": "opaque", "C codegen Z": "opaque"},
        "tame": {"V version print explain": {}},
        "operands": "read",
        # Macros that run while it compiles come from another crate: `--extern`, `-L`.
        "python": "knowledge.compiler_words:beside",
    },
    "go": _GO,
    **alike("gofmt goimports", {"about": "formats Go code", "takes": "r cpuprofile local", "options": {"cpuprofile": "write"}, "long": True, "operands": "read-deep", "when": {"w": {"operands": "edit"}}}),
    "rustfmt": {"about": "formats Rust code", "loads": "rustup", "takes": "edition style-edition color files-with-diff config emit print-config", "options": {"config-path": "read"}, "help": "h V", "tame": {"check": {"operands": "read"}}, "operands": "write"},
    "swift": {
        "about": "builds and runs Swift code",
        "help": "h",
        "stops": True,
        "verbs": {
            "package": {"takes": "package-path scratch-path", "verbs": {"describe show-dependencies dump-package tools-version show-executables": BUILDS, "init": EDITS, "clean": {"does": ("delete-deep .build",)}, "*": BUILDS}},
            "*": RUNS,
        },
        "bare": {"does": ("prompt an interpreter that takes commands",)},
    },
    "xcodebuild": {
        "about": "builds projects of macOS",
        "takes": "project workspace scheme target configuration sdk arch destination derivedDataPath resultBundlePath",
        "long": True,
        "tame": {"version showsdks usage checkFirstLaunchStatus license": {}, "list showBuildSettings showdestinations": BUILDS},
        "help": "h",
        "does": ("opaque runs the project's code",),
    },
    "xcrun": {"about": "finds and runs tools of Xcode", "takes": "sdk toolchain", "stops": True, "tame": {"f find show-sdk-path show-sdk-version show-sdk-build-version show-sdk-platform-path show-sdk-platform-version show-toolchain-path": {}}, "operands": "argv"},
    "xcode-select": {"about": "chooses which Xcode is used", "long": False, "tame": {"p print-path v version h": {}}, "does": ("privilege changes which tools the machine uses",)},
    "pod": {"about": "installs packages of macOS projects", "takes": "project-directory", "help": "h", "verbs": {"list search which": NET, "env": PRINTS, "outdated": BUILDS, "trunk": {"verbs": {"me info": NET, "*": PUBLISHES}}, "cache": {"verbs": {"list": PRINTS, "*": CACHES}}, "init": {"does": ("write Podfile",)}, "lib spec ipc": BUILDS, "*": INSTALLS}},
    "carthage": {"about": "builds packages of macOS projects", "verbs": {"version help outdated": NET, "*": INSTALLS}},
    "fastlane": {"about": "builds and ships apps with a script of the project", "always": True, "does": ("opaque runs the project's code",)},
    "flutter": {
        "about": "builds apps in Dart",
        "takes": "d device-id",
        "help": "h",
        "verbs": {
            "doctor devices channel help": PRINTS,
            "emulators": {"when": {"launch create": {"does": ("opaque starts an emulator",)}}},
            "config": {"tame": {"list": {}}, "does": ("persist settings of the package manager",)},
            "format": {"operands": "write-deep"},
            "analyze": {"does": ("opaque loads plug-ins that the project names",)},
            "upgrade downgrade precache": INSTALLS,
            "create": EDITS,
            "clean": {"does": ("delete-deep build", "delete-deep .dart_tool")},
            **_DART,
            "*": RUNS,
        },
    },
    "dart": {
        "about": "runs, formats and checks Dart code",
        "help": "h",
        "verbs": {
            "info help": PRINTS,
            "format": {"takes": "o output l line-length show", "python": "knowledge.language_words:dart_format"},
            "analyze": {"does": ("opaque loads plug-ins that the project names",)},
            "create": EDITS,
            **_DART,
            "*": RUNS,
        },
        "bare": PRINTS,
    },
    "pub": {**_DART["pub"], "about": "installs packages of Dart"},
    **alike("gopls dlv", {"about": "answers editors and debuggers about Go code", "verbs": {"version help": PRINTS, "*": BUILDS}, "bare": BUILDS}),
    "crystal": {"about": "compiles Crystal", "verbs": {"version env help": PRINTS, "*": BUILDS}, "bare": PRINTS},
    "nim": {"about": "compiles Nim", "help": "h v", "verbs": {"*": BUILDS}, "bare": PRINTS},
    "zig": {"about": "compiles Zig and C", "verbs": {"version env targets zen help libc": PRINTS, "fmt": {"tame": {"check": {"operands": "read-deep"}}, "operands": "edit"}, "ast-check": {"operands": "read"}, "init init-exe init-lib": EDITS, "build": {**BUILDS, "always": True}, "*": BUILDS}},
    "stack": {"about": "builds Haskell code", "loads": "stack", "takes": "stack-yaml resolver", "help": "h", "verbs": {"path ls list templates": {"when": {"x": PRINTS}}, "query dot": BUILDS, "setup update upgrade install": INSTALLS, "new init": EDITS, "upload": PUBLISHES, "clean purge": {"does": ("delete-deep .stack-work",)}, "*": RUNS}},
    "cabal": {"about": "builds Haskell code", "help": "h V", "verbs": {"list info path help": NET, "update get fetch": FETCHES, "check outdated freeze": BUILDS, "install": INSTALLS, "upload report": PUBLISHES, "init": EDITS, "clean": {"does": ("delete-deep dist-newstyle",)}, "*": RUNS}},
    **alike("ghc ghci runghc runhaskell", {"about": "compiles and runs Haskell", "help": "info", "long": False, "does": ("opaque runs code while it compiles",)}),
    "ghcup": {"about": "installs toolchains of Haskell", "verbs": {"list whereis debug-info tool-requirements changelog": NET, "*": INSTALLS}},
    "opam": {
        "about": "installs packages of OCaml",
        "takes": "switch root color",
        "help": "h",
        "verbs": {
            "list search show info tree lint help": {"takes": "f field columns"},
            "var config": {"verbs": {"list var env report": PRINTS, "*": {"operands": "skip", "python": "knowledge.package_words:setting"}}, "bare": PRINTS},
            "switch": {"verbs": {"list show list-available": PRINTS, "*": INSTALLS}, "bare": PRINTS},
            "repository repo remote pin": {"verbs": {"list": PRINTS, "*": INSTALLS}, "bare": PRINTS},
            "env": PRINTS,
            "exec": {"stops": True, "operands": "argv"},
            "publish": PUBLISHES,
            "clean": CACHES,
            "*": INSTALLS,
        },
    },
    "dune": {"about": "builds OCaml code", "help": "", "verbs": {"init": EDITS, "clean": {"does": ("delete-deep _build",)}, "help": PRINTS, "*": BUILDS}},
    **alike("elm", {"about": "builds a project", "does": ("opaque runs the project's code",)}),
}  # fmt: skip
