"""Build tools and task runners: what they build is the project's, so is what they run."""

from guard.effects.knowledge.phrases import BUILDS, DAEMON, EDITS, NET, PUBLISHES, RUNS
from guard.effects.knowledge.schema import PRINTS, Row, alike

_WATCHES: Row = {
    "about": "runs a command whenever files change",
    "help": "h v V",
    "stops": True,
    "operands": "skip",
    "does": ("opaque runs the project's code",),
}

PROGRAMS: dict[str, Row] = {
    # Its own commands (`-E`) and scripts (`-P`) come before any other option is looked at.
    "cmake": {"about": "configures and builds projects", "always": True, "python": "knowledge.tool_words:cmake"},
    **alike("ctest cpack ccmake", {"about": "tests and packs projects", "help": "h", "does": ("opaque runs the project's code",)}),
    **alike("ninja samu", {
        "about": "builds what a generator described",
        "takes": "f j k l d w",
        "within": "C",
        # Targets and a dry run only read the description.
        "tame": {"n": {"options": {"f": "read"}}},
        "help": "h",
        "values": {"t": {"targets query list commands deps graph missingdeps rules inputs compdb": {}, "*": BUILDS}},
        "python": "knowledge.tool_words:ninja",
    }),
    "meson": {"about": "configures and builds projects", "help": "h v", "verbs": {"introspect": {"operands": "read-deep"}, "help": PRINTS, "format fmt": {"when": {"i inplace": {"operands": "write"}}, "operands": "read"}, "init rewrite": EDITS, "*": BUILDS}, "bare": BUILDS},
    **alike("bazel bazelisk buck buck2 pants please plz", {
        "about": "builds and tests projects",
        # A project may put a script in place of the tool itself.
        "takes": "output_base bazelrc",
        "verbs": {"version help info": {"operands": "skip"}, "clean": BUILDS, "shutdown": PRINTS, "*": BUILDS},
        "bare": PRINTS,
    }),
    # What options there are is said by the project's scripts, too.
    **alike("scons waf b2 xmake premake5", {"about": "builds projects with scripts of their own", "always": True, "help": "version v", "does": ("opaque runs the project's code",)}),
    **alike("qmake gyp gn autoconf automake autoreconf libtool configure aclocal autoheader earthly dagger garden tilt skaffold", {"about": "builds projects with scripts of their own", "help": "h v", "does": ("opaque runs the project's code",)}),
    "just": {
        "about": "runs recipes of a project",
        "takes": "d working-directory set shell-arg dotenv-filename",
        "options": {"f justfile": "read", "E dotenv-path": "read"},
        "help": "h V",
        # Recipes are only shown; `--evaluate` would run what stands in backticks.
        "tame": {"l list summary s show dump groups n dry-run completions man": {"operands": "skip"}, "init": {"does": ("write justfile",)}, "fmt": {"tame": {"check": {}}, "does": ("write justfile",)}},
        "stops": True,
        "does": ("opaque runs the project's code",),
    },
    **alike("task go-task", {"about": "runs tasks of a project", "takes": "d dir t taskfile o output C concurrency", "help": "h", "tame": {"l list a list-all": {"when": {"j json": {"does": ("opaque runs what says whether a task is up to date",)}}}, "i init": {"does": ("write Taskfile.yml",)}}, "stops": True, "does": ("opaque runs the project's code",)}),
    **alike("mask cargo-make makers doit poe poethepoet paver fab", {"about": "runs tasks of a project", "always": True, "stops": True, "does": ("opaque runs the project's code",)}),
    **alike("watchexec nodemon watchman chokidar modd reflex air onchange", _WATCHES),
    "concurrently": {"about": "runs several commands at once", "takes": "n names c prefix-colors p prefix s success max-processes m t l", "help": "h v V", "operands": "code"},
    **alike("npm-run-all run-s run-p wireit", {"about": "runs several scripts of a project", "does": ("opaque runs the project's code",)}),
    "pm2": {
        "about": "keeps programs running",
        "takes": "n name i lines w",
        "help": "h v V",
        "verbs": {
            "list ls l ps status jlist prettylist describe desc show info monit dash logs log report ping id pid examples": {"takes": "lines"},
            "env conf get": {"does": ("secret variables of programs",)},
            "stop delete del kill reload restart reset flush": {"does": ("kill",)},
            "startup unstartup save dump resurrect": {"does": ("persist programs that start with the machine",)},
            "deploy": {"does": ("cloud", "opaque runs the project's code")},
            "*": DAEMON,
        },
    },
    "forever": {"about": "keeps programs running", "verbs": {"list columns logs config help": PRINTS, "stop stopall restart restartall": {"does": ("kill",)}, "*": DAEMON}},
    "supervisorctl": {"loads": "supervisor", "about": "controls programs that are kept running", "takes": "u username p password s serverurl", "options": {"c configuration": "read"}, "help": "h", "verbs": {"status tail maintail avail pid version help": PRINTS, "*": {"does": ("privilege controls services of the machine",)}}, "bare": {"does": ("prompt takes commands",)}},
    **alike("foreman overmind hivemind honcho supervisord", {"about": "runs the programs that a file names", "help": "h v", "verbs": {"check version help ps status": PRINTS, "*": BUILDS}, "bare": BUILDS}),
    "changeset": {"about": "makes releases", "help": "h", "verbs": {"publish tag": PUBLISHES, "*": BUILDS}, "bare": BUILDS},
    **alike("semantic-release release-it standard-version goreleaser release-please np bumpversion bump2version bump-my-version commitizen cz towncrier", {"about": "makes releases", "help": "h v V", "tame": {"dry-run n show": BUILDS}, "verbs": {"check status show bump version changelog info ls init build show-bump": BUILDS, "*": PUBLISHES}, "bare": PUBLISHES}),
    **alike("cross-env cross-env-shell", {"about": "runs a command with variables", "stops": True, "python": "knowledge.package_words:as_env"}),
    **alike("dotenv dotenvx env-cmd dotenv-run-script", {
        "about": "runs a command with variables of a file",
        "takes": "v c p q r rc-file environments export override",
        "options": {"e f file env-file": "read"},
        "help": "h",
        "stops": True,
        "verbs": {"list get set unset encrypt decrypt rotate ls genexample gitignore prebuild precommit": {"does": ("secret variables of a file", "append .")}, "run exec": {"stops": True, "operands": "argv", "does": ("opaque loads variables of a file",)}},
        "otherwise": {"whole": True, "stops": True, "operands": "argv", "does": ("opaque loads variables of a file",)},
    }),
    # Whatever it is given, and without anything, it says where git looks for hooks from then on.
    "husky": {"about": "runs checks before commits", "always": True, "does": ("persist hooks of the repository", "opaque runs the project's code")},
    **alike("lefthook lint-staged", {"about": "runs checks before commits", "help": "h", "verbs": {"version help dump validate": PRINTS, "install uninstall add init": {"does": ("persist hooks of the repository",)}, "*": RUNS}, "bare": RUNS}),
    "ccache": {"about": "remembers what compilers made", "tame": {"s show-stats p show-config v print-stats show-compression k get-config": {"operands": "skip"}, "C clear z zero-stats c cleanup o set-config M max-size F": {"does": ("persist packages that are kept for later",)}}, "stops": True, "help": "h V", "operands": "argv"},
    "sccache": {"about": "remembers what compilers made", "tame": {"s show-stats show-adv-stats": {}, "z zero-stats start-server stop-server": DAEMON}, "stops": True, "help": "h V", "operands": "argv"},
    **alike("distcc icecc bear", {"about": "runs a compiler", "stops": True, "does": ("opaque runs the project's code",)}),
    "conan": {"about": "installs packages of C and C++", "help": "h v", "verbs": {"search list version": NET, "config": {"verbs": {"home list show get": PRINTS, "*": {"does": ("persist settings of the package manager", "opaque installs hooks and plug-ins")}}}, "upload": PUBLISHES, "inspect": BUILDS, "*": {"does": ("install", "connect package-index", "opaque packages run code when they are built")}}},
    "vcpkg": {"about": "installs packages of C and C++", "verbs": {"list search version help owns depend-info env": PRINTS, "*": {"does": ("install", "connect package-index", "opaque packages run code when they are built")}}},
    **alike("pkg-config pkgconf", {"about": "says how to compile with a library", "operands": "skip"}),
    **alike("llvm-config pg_config mysql_config curl-config python3-config python-config xml2-config sdl2-config", {"about": "says how something was built"}),
}  # fmt: skip
