"""Package managers of JavaScript, and the tools that a project of that language runs: those load code that it names."""

from guard.effects.knowledge.phrases import (
    BUILDS,
    CACHES,
    DAEMON,
    EDITS,
    INSTALLS,
    NET,
    PROGRAMS_TOO,
    PUBLISHES,
    RUNS,
    SCRIPTS,
    SETTINGS,
)
from guard.effects.knowledge.schema import PRINTS, Row, alike

_REGISTRY = {
    "registry": "connect",
    "proxy https-proxy": "connect",
    "globalconfig": "config",
    "userconfig": "config",
    "script-shell shell": "opaque",
}
_NPM_TAKES = (
    "w workspace loglevel cache tag otp depth omit include access scope before install-strategy cpu os libc sbom-format sbom-type "
    "audit-level json-indent searchlimit searchopts message m init-author-name preid save-prefix node-options user-agent expect-result-count"
)
_ADDS: Row = {**INSTALLS, "tame": {"dry-run": NET}}
_BEGINS: Row = {**INSTALLS, "tame": {"dry-run": {**NET, "python": "knowledge.package_words:own_scripts"}}}
"""Without a package to install it is about the project, whose own scripts a dry run leaves out in pnpm and bun only."""
_DIST_TAGS: Row = {"verbs": {"ls list l": NET, "*": PUBLISHES}, "bare": NET}
_NPX: Row = {
    "loads": "npmrc",
    "stops": True,
    "takes": f"{_NPM_TAKES} p package c call",
    "options": {**_REGISTRY, "c call": "code", "node-arg n": "opaque"},
    "help": "h v",
    "python": "knowledge.package_words:local_or_fetched",
}
_DLX: Row = {
    "stops": True,
    "takes": "package p allow-build",
    "options": {**_REGISTRY, "c shell-mode": "opaque"},
    "first": "package",
    "does": ("opaque runs a package that is fetched just now",),
}
_RUN_SCRIPT: Row = {
    "stops": True,
    "takes": "filter F",
    "tame": {"list l": {}},
    # Without a name the scripts are listed.
    "first": "opaque",
    "python": "readers.package_scripts:run",
}
_SCRIPTS: dict[str, Row] = {
    name: {**SCRIPTS, "python": f"readers.package_scripts:{name}"}
    for name in ("test", "start", "stop", "restart", "build", "lint", "dev", "check", "clean", "deploy")
}
"""Names that scripts usually have, where the name alone runs them."""
_CREATES: Row = {
    "stops": True,
    "first": "package",
    "does": ("opaque runs a package that is fetched just now", "write-deep ."),
}
_NPM: Row = {
    "about": "installs and publishes packages of JavaScript, and runs a project's scripts",
    "loads": "npmrc",
    "takes": _NPM_TAKES,
    "within": "prefix C",
    "options": _REGISTRY,
    "help": "h v usage",
    "verbs": {
        "ls list la ll ln-list root prefix bin explain why query q help help-search completion get fund": PRINTS,
        "view v info show outdated search s se find whoami ping stars doctor docs home repo bugs issues diff sbom": NET,
        "c config": {
            "verbs": {"list ls get": PRINTS, "set delete rm edit fix *": SETTINGS},
            "bare": PRINTS,
        },
        "set": SETTINGS,
        "pkg": {
            "verbs": {
                "get": PRINTS,
                "set delete fix": {
                    "does": ("write package.json",),
                    "python": "knowledge.package_words:scripts_set",
                },
            }
        },
        "audit": {"verbs": {"fix": {**INSTALLS, "tame": {"dry-run": NET}}, "signatures": NET}, "bare": NET},
        "cache": {"verbs": {"ls verify npx": PRINTS, "*": CACHES}},
        "pack": {
            "options": {"pack-destination": "write-deep"},
            "operands": "skip",
            # Packing runs the scripts of what is packed, with `--dry-run` too.
            "does": ("connect package-index", "write-deep .", "opaque runs the project's scripts"),
        },
        "install i in ins inst insta instal isnt isnta isntal isntall add": _BEGINS,
        "update up upgrade udpate dedupe ddp prune link ln": _ADDS,
        # They run the project's own scripts, with `--dry-run` too.
        "ci clean-install ic install-clean isntall-clean rebuild rb install-test it install-ci-test cit clean-install-test sit": {
            **INSTALLS,
            "tame": {"dry-run": {"does": ("connect package-index", "opaque runs the project's own scripts")}},
        },
        "uninstall unlink remove rm r un": _ADDS,
        "find-dupes": NET,
        "run run-script rum urn": _RUN_SCRIPT,
        "test t tst": {**RUNS, "python": "readers.package_scripts:test"},
        "start": {**RUNS, "python": "readers.package_scripts:start"},
        "stop": {**RUNS, "python": "readers.package_scripts:stop"},
        "restart": {**RUNS, "python": "readers.package_scripts:restart"},
        "exec x": _NPX,
        "explore": {
            "stops": True,
            "first": "skip",
            "operands": "argv",
            "does": ("opaque opens a shell or runs a command in a package",),
        },
        "edit": {"does": ("opaque opens an editor",)},
        "init create innit": {
            "stops": True,
            "options": {"init-module": "opaque"},
            "first": "package",
            "does": ("write package.json", "opaque runs a package that is fetched just now"),
            "tame": {"y yes": {"first": "package", "does": ("write package.json",)}},
        },
        # With a number it runs the project's scripts, commits and tags.
        "version verison": {"first": "opaque", "python": "knowledge.package_words:version"},
        "shrinkwrap": {"does": ("write npm-shrinkwrap.json",)},
        "set-script": {"does": ("write package.json", "persist a script that the package manager runs")},
        "access": {"verbs": {"list ls get ls-packages ls-collaborators": NET, "*": PUBLISHES}},
        "owner author": {"verbs": {"ls list": NET, "*": PUBLISHES}},
        "profile": {"verbs": {"get": NET, "*": PUBLISHES}},
        "token": {
            "verbs": {
                "list ls": NET,
                "create": {"does": ("publish", "upload package-index", "secret a token of the registry")},
                "*": PUBLISHES,
            },
            "bare": NET,
        },
        "team org ogr": {"verbs": {"ls list": NET, "*": PUBLISHES}},
        "dist-tag dist-tags": _DIST_TAGS,
        "hook": {"verbs": {"ls list": NET, "*": PUBLISHES}},
        "trust": {"verbs": {"list": NET, "*": PUBLISHES}},
        "publish": {**PUBLISHES, "operands": "read-deep", "tame": {"dry-run": BUILDS}},
        "unpublish deprecate undeprecate star unstar": PUBLISHES,
        "login logout adduser add-user": {
            "does": ("persist credentials of a registry", "upload package-index")
        },
    },
}
_YARN: Row = {
    "loads": "yarnrc yarnrc1 npmrc",
    "about": "installs packages of JavaScript and runs a project's scripts",
    "within": "cwd",
    "takes": "mutex modules-folder cache-folder network-timeout",
    "options": {**_REGISTRY, "use-yarnrc": "config"},
    "help": "h v",
    "verbs": {
        "list why bin licenses versions help explain": {"takes": "depth pattern"},
        "info outdated audit check search": NET,
        "npm": {
            "verbs": {
                "info whoami audit": NET,
                "tag": {"verbs": {"list ls": NET, "*": PUBLISHES}},
                "login logout": SETTINGS,
                "*": PUBLISHES,
            }
        },
        "config": {"verbs": {"list get current": PRINTS, "*": SETTINGS}, "bare": PRINTS},
        "cache": {"verbs": {"dir list": PRINTS, "*": CACHES}},
        "workspaces": {"verbs": {"info list": PRINTS, "*": RUNS}},
        "workspace": {
            "stops": True,
            "first": "skip",
            "operands": "skip",
            "does": ("opaque runs the project's code",),
        },
        "add remove install import upgrade upgrade-interactive up dedupe link unlink rebuild unplug autoclean generate-lock-entry": {
            **INSTALLS,
            "options": _REGISTRY,
        },
        "global": {"verbs": {"list ls bin dir": PRINTS, "*": INSTALLS}},
        "dlx": _DLX,
        "create": _CREATES,
        "run": _RUN_SCRIPT,
        "init version": EDITS,
        "set plugin": {"does": ("persist which yarn the project runs", "connect package-index")},
        "pack": BUILDS,
        "publish": {**PUBLISHES, "operands": "read-deep"},
        "owner tag team": {"verbs": {"list ls": NET, "*": PUBLISHES}},
        "login logout": {"does": ("persist credentials of a registry", "upload package-index")},
        # Any other word is a script or a program of the project.
        **_SCRIPTS,
        "*": PROGRAMS_TOO,
    },
    "bare": {
        "does": ("install", "connect package-index", "opaque packages run code when they are installed")
    },
}
_PNPM: Row = {
    "loads": "npmrc pnpmfile pnpm-workspace",
    "about": "installs packages of JavaScript and runs a project's scripts",
    "within": "C dir",
    "takes": "filter F filter-prod loglevel reporter store-dir virtual-store-dir depth workspace-concurrency lockfile-dir modules-dir test-pattern",
    "options": _REGISTRY,
    "help": "h v",
    "verbs": {
        "list ls ll la why root bin licenses help completion": PRINTS,
        "store": {"verbs": {"path status list ls": PRINTS, "*": CACHES}},
        "outdated audit view info show search whoami ping doctor": {
            "when": {"fix": INSTALLS},
            "does": ("connect package-index",),
        },
        "cat-file cat-index find-hash": PRINTS,
        "config c": {"verbs": {"list ls get": PRINTS, "*": SETTINGS}, "bare": PRINTS},
        "get": PRINTS,
        "cache": {"verbs": {"list view list-registries": PRINTS, "*": CACHES}},
        "install i add remove rm un uninstall update up upgrade import dedupe rebuild rb prune fetch install-test it link ln unlink patch patch-commit patch-remove approve-builds deploy ci": {
            **_ADDS,
            "options": _REGISTRY,
        },
        "dlx": _DLX,
        "create": _CREATES,
        "exec": {
            "stops": True,
            "takes": "c shell-mode",
            "options": {"c shell-mode": "opaque"},
            "operands": "argv",
            "does": ("opaque runs a program of the project",),
        },
        "run run-script": _RUN_SCRIPT,
        "recursive multi m": {"stops": True, "python": "knowledge.language_words:again"},
        "init": {"does": ("write package.json",)},
        "pack": BUILDS,
        "env": {"verbs": {"list ls": PRINTS, "*": INSTALLS}},
        "setup": {"does": ("persist the path of the shell",)},
        "self-update": INSTALLS,
        "server": DAEMON,
        "publish": {**PUBLISHES, "operands": "read-deep", "tame": {"dry-run": BUILDS}},
        "unpublish deprecate owner access team dist-tag token adduser login logout star": PUBLISHES,
        **_SCRIPTS,
        "*": PROGRAMS_TOO,
    },
}
_BUN: Row = {
    "loads": "bunfig npmrc",
    "about": "runs JavaScript, installs its packages and tests it",
    "within": "cwd",
    "takes": "c config r preload inspect port e eval p print filter F",
    "options": {
        "e eval p print": "opaque",
        "r preload import require": "opaque",
        "c config": "config",
        "registry": "connect",
    },
    "help": "h v revision",
    "verbs": {
        "pm": {
            "verbs": {
                "ls list bin hash hash-string hash-print whoami view why": PRINTS,
                "cache": {"verbs": {"rm": CACHES}, "bare": PRINTS},
                "version": {"first": "opaque"},
                "pkg": {
                    "verbs": {
                        "get": PRINTS,
                        "*": {
                            "does": ("write package.json",),
                            "python": "knowledge.package_words:scripts_set",
                        },
                    }
                },
                "*": INSTALLS,
            },
            "bare": PRINTS,
        },
        "outdated info audit why list completions": NET,
        "install i add a remove rm update upgrade link unlink patch patch-commit ci": _ADDS,
        "x": _NPX,
        "create c init": _CREATES,
        "publish": {**PUBLISHES, "operands": "read-deep", "tame": {"dry-run": BUILDS}},
        "run": _RUN_SCRIPT,
        "*": PROGRAMS_TOO,
    },
    "bare": {"python": "knowledge.language_words:prompt"},
}
_DENO: Row = {
    "about": "runs JavaScript and TypeScript, and checks them",
    "takes": "L log-level",
    "options": {
        "c config": "read",
        "import-map": "read",
        "lock": "read",
        "cert": "read",
        "preload": "opaque",
    },
    "help": "h V",
    "verbs": {
        "fmt": {
            "tame": {"check": {"operands": "read-deep"}},
            "takes": "ext ignore line-width indent-width prose-wrap",
            "operands": "edit",
            "python": "knowledge.language_words:whole_tree",
        },
        "lint": {
            "takes": "rules-tags rules-include rules-exclude ignore ext",
            "when": {"fix": EDITS},
            "does": ("opaque loads plug-ins that the project names",),
        },
        "info": {"operands": "skip", "does": ("connect package-index",)},
        "check doc outdated": {
            "options": {"html output": "write-deep"},
            "operands": "read",
            "does": ("connect package-index",),
            "when": {"update u": EDITS},
        },
        "types completions help json_reference": PRINTS,
        "coverage": {"operands": "read-deep", "options": {"output": "write"}},
        "cache": {"operands": "read", "does": ("connect package-index",)},
        "install i add remove uninstall upgrade update approve-scripts": INSTALLS,
        "publish deploy": PUBLISHES,
        "init": EDITS,
        "clean": CACHES,
        "run test task bench eval serve compile repl jupyter": RUNS,
        "*": SCRIPTS,
    },
    "bare": {"python": "knowledge.language_words:prompt"},
}

PROGRAMS: dict[str, Row] = {
    "npm": _NPM,
    **alike("npx bunx", {**_NPX, "about": "runs a program from a package"}),
    "pnpx": {**_DLX, "loads": "npmrc", "about": "runs a program from a package"},
    "yarn": _YARN,
    "yarnpkg": _YARN,
    "pnpm": _PNPM,
    "corepack": {"about": "fetches and runs the package manager that a project names", "help": "h v", "verbs": {"enable disable install use up prepare hydrate pack": INSTALLS, "cache": CACHES, "*": RUNS}},
    "bun": _BUN,
    "deno": _DENO,
    **alike("gulp grunt webpack webpack-cli rollup parcel vite next nuxt nuxi astro remix svelte-kit ng vue-cli-service react-scripts expo electron storybook turbo rush babel swc tsup", {"about": "builds a web project with code that it names", "loads": "bundlers", "always": True, "does": ("opaque runs the project's code",)}),
    "lerna": {"about": "builds and publishes the packages of a repository", "always": True, "verbs": {"publish version": {"tame": {"no-push no-git-tag-version": BUILDS}, "does": ("publish", "upload package-index", "opaque runs the project's code")}, "*": BUILDS}, "bare": BUILDS},
    "nx": {"about": "builds and publishes the packages of a repository", "always": True, "verbs": {"release": {"tame": {"dry-run d": BUILDS}, "verbs": {"version changelog plan plan:check": BUILDS, "*": PUBLISHES}, "bare": PUBLISHES}, "*": BUILDS}, "bare": BUILDS},
    **alike("jest vitest mocha ava karma cypress playwright nyc c8 tap jasmine wdio testcafe", {"about": "runs tests of a JavaScript project", "loads": "testers", "always": True, "does": ("opaque runs the project's code",)}),
    "esbuild": {
        "about": "bundles JavaScript",
        "options": {"outfile metafile": "write", "outdir": "write-deep", "tsconfig": "read", "servedir": "read-deep"},
        "when": {"serve": {"does": ("listen",)}},
        "operands": "read",
        # A tsconfig file and package.json are data; plug-ins exist only for its library.
        "does": ("read-deep .",),
    },
    "tsc": {
        "loads": "tsconfig",
        "about": "checks and compiles TypeScript",
        "takes": "target t module m lib jsx rootDir moduleResolution locale types typeRoots paths baseUrl strict jsxImportSource maxNodeModuleJsDepth",
        "options": {"p project": "read", "outFile outDir declarationDir tsBuildInfoFile generateTrace": "write-deep"},
        "help": "h v",
        # Plug-ins of tsconfig are for editors; the compiler ignores them.
        "tame": {"noEmit showConfig listFilesOnly": {"operands": "read", "does": ("read-deep .",)}, "init": {"does": ("write tsconfig.json",)}},
        "operands": "read",
        "does": ("read-deep .", "write-deep ."),
    },
    "prisma": {
        "about": "describes and migrates databases",
        "help": "h v",
        "options": {"schema": "read", "config": "opaque"},
        "verbs": {
            "version validate format": {"does": ("opaque loads the configuration of the project",)},
            "migrate": {"verbs": {"reset": {"does": ("database the project's database", "opaque runs the project's code")}, "deploy": {"does": ("cloud", "opaque runs the project's code")}, "*": BUILDS}},
            "db": {"verbs": {"push": {"when": {"force-reset accept-data-loss": {"does": ("database the project's database",)}}, "does": ("opaque changes a database",)}, "execute": {"does": ("database statements that are not known", "opaque runs statements")}, "*": BUILDS}},
            "*": BUILDS,
        },
    },
    "knex": {"about": "migrates databases", "help": "h", "verbs": {"migrate:rollback": {"does": ("database what the migration removes", "opaque runs the project's code")}, "migrate:down": {"does": ("database what the migration removes", "opaque runs the project's code")}, "*": BUILDS}},
    **alike("sequelize sequelize-cli", {"about": "migrates databases", "help": "h", "verbs": {"db:drop db:migrate:undo db:migrate:undo:all db:seed:undo db:seed:undo:all": {"does": ("database the project's database", "opaque runs the project's code")}, "*": BUILDS}}),
    "typeorm": {"about": "migrates databases", "help": "h v", "verbs": {"schema:drop migration:revert query schema:sync": {"does": ("database the project's database", "opaque runs the project's code")}, "*": BUILDS}},
    "drizzle-kit": {"about": "migrates databases", "help": "h v", "verbs": {"drop push": {"does": ("database what the schema no longer names", "opaque runs the project's code")}, "*": BUILDS}},
}  # fmt: skip
