"""Package managers and build tools of Ruby, PHP, the JVM, .NET, the BEAM, Lua, Perl, R and Julia."""

from guard.effects.knowledge.phrases import (
    BUILDS,
    CACHES,
    DAEMON,
    EDITS,
    INSTALLS,
    NET,
    PUBLISHES,
    RUNS,
    SETTINGS,
)
from guard.effects.knowledge.schema import PRINTS, Row, alike

_DROPS: Row = {"does": ("database the project's database", "opaque runs the project's code")}
_RAKE: dict[str, Row] = {
    "runner r": {**BUILDS, "takes": "e environment", "python": "knowledge.framework_words:ruby"},
    "db:drop* db:reset* db:purge* db:truncate_all* db:migrate:reset* db:migrate:redo* db:rollback* db:migrate:down* db:schema:load* db:structure:load* db:seed:replant*": _DROPS,
    "*": BUILDS,
}
_VERSIONS: dict[str, Row] = {
    "versions version version-name version-file version-origin which whence root prefix commands help completions hooks shims --version": PRINTS,
    "local": {"first": "skip", "python": "knowledge.version_words:local"},
    "global": {"first": "skip", "python": "knowledge.version_words:everywhere"},
    "init": PRINTS,
    "rehash": {"does": ("persist which programs a name starts",)},
    "exec": {"stops": True, "operands": "argv", "does": ("opaque runs it in another environment",)},
    "install": {
        "tame": {"list l": NET},
        "does": ("install", "connect package-index", "opaque builds what it fetches"),
    },
    "shell": PRINTS,
    "virtualenvs": PRINTS,
    "*": INSTALLS,
}
_COMPOSER_LOOK: Row = {
    "tame": {"no-plugins": NET},
    "does": ("connect package-index", "opaque loads plug-ins of the project"),
}
_GRADLE: Row = {
    "about": "builds projects of the JVM",
    "takes": "b build-file c settings-file p project-dir x exclude-task I init-script g gradle-user-home",
    # Its build files are programs; even listing tasks runs them.
    "always": True,
    "does": ("opaque runs the project's code",),
    "python": "knowledge.build_words:deploys",
}
_DOTNET_INSTALL: Row = {**INSTALLS, "options": {"s source add-source": "connect", "configfile": "config"}}

PROGRAMS: dict[str, Row] = {
    "gem": {
        "about": "installs and publishes packages of Ruby",
        "takes": "v version n bindir i install-dir platform format user-install",
        "options": {"config-file": "config", "s source": "connect", "p http-proxy": "connect", "B build-root i install-dir n bindir": "write-deep", "P trust-policy": "skip"},
        "help": "h",
        "verbs": {
            "list query info which environment env contents dependency specification spec check help stale": {"takes": "r a d", "when": {"r remote b both a all": NET}},
            "search outdated owner": {"when": {"a add r remove": PUBLISHES}, "does": ("connect package-index",)},
            "cert": {"tame": {"l list": {}}, "does": ("persist whose packages are trusted", "secret keys that sign packages")},
            "sources": {"when": {"a add r remove c clear-all u update p prepend append": SETTINGS}},
            "fetch": {"does": ("connect package-index", "write-deep .")},
            "unpack": {"does": ("connect package-index", "write-deep .")},
            "build": BUILDS,
            "push yank": {**PUBLISHES, "operands": "read", "options": {"host": "upload", "key": "skip"}},
            "signin signout": {"does": ("persist credentials of a registry", "upload package-index")},
            "server": DAEMON,
            "exec": {"stops": True, "first": "package", "does": ("opaque runs a package that may be fetched just now",)},
            "cleanup": CACHES,
            "*": INSTALLS,
        },
    },
    **alike("bundle bundler", {
        "loads": "gemfile",
        "about": "installs what a Ruby project names, and runs in it",
        "takes": "gemfile retry",
        "help": "h v",
        # The list of what it needs is itself a program (Gemfile).
        "verbs": {
            "config": {"verbs": {"list get": PRINTS, "set unset": SETTINGS}, "otherwise": {"python": "knowledge.package_words:rest_sets"}, "bare": PRINTS},
            "version help": PRINTS,
            "exec e": {"stops": True, "operands": "argv", "does": ("opaque runs in the project's environment",)},
            "install i update add remove lock cache package pristine": INSTALLS,
            "clean": CACHES,
            "init": {"does": ("write Gemfile",)},
            "gem": EDITS,
            "*": RUNS,
        },
        "bare": INSTALLS,
    }),
    **alike("rake rails", {"about": "runs tasks of a Ruby project", "loads": "rakefile gemfile", "help": "V", "always": True, "verbs": _RAKE, "bare": BUILDS}),
    "jekyll": {"about": "builds a web site", "always": True, "does": ("opaque runs the project's code",)},
    "hugo": {
        "about": "builds a web site",
        "takes": "b baseURL e environment logLevel",
        "options": {"s source": "read-deep", "d destination cacheDir": "write-deep", "config configDir themesDir": "read"},
        "help": "h",
        "verbs": {"version env list config completion help": PRINTS, "server serve deploy": {"does": ("listen", "opaque serves something")}, "new": EDITS, "mod": INSTALLS, "*": BUILDS},
        "bare": BUILDS,
    },
    **alike("rspec cucumber", {"about": "runs tests of a Ruby project", "always": True, "does": ("opaque runs the project's code",)}),
    "composer": {
        "loads": "composer",
        "about": "installs packages of PHP",
        "within": "d working-dir",
        "takes": "f format t tree a available",
        "help": "h V",
        "verbs": {
            "show info list outdated licenses license why depends why-not prohibits validate status suggests fund search check-platform-reqs browse home audit diagnose about help": _COMPOSER_LOOK,
            "config": {"tame": {"l list": _COMPOSER_LOOK}, "python": "knowledge.package_words:setting", "does": ("opaque loads plug-ins of the project",)},
            "global": {"stops": True, "does": ("install", "opaque packages run code when they are installed")},
            "install i require r update u upgrade remove rm reinstall create-project self-update selfupdate bump": {**INSTALLS, "tame": {"dry-run": BUILDS}, "options": {"repository repository-url": "connect"}},
            "clear-cache clearcache cc": CACHES,
            "*": RUNS,
        },
        "bare": _COMPOSER_LOOK,
    },
    **alike("artisan phpunit pest codecept", {"about": "runs the code of a PHP project", "always": True, "verbs": {"migrate:fresh migrate:reset migrate:refresh migrate:rollback db:wipe": _DROPS, "tinker": {**BUILDS, "takes": "execute", "python": "knowledge.framework_words:console"}, "*": BUILDS}, "bare": BUILDS}),
    **alike("mvn mvnw mvnd", {
        "about": "builds projects of the JVM",
        "takes": "f file D define P activate-profiles pl projects s settings gs global-settings T threads l log-file rf resume-from",
        # `.mvn/jvm.config` can load an agent before anything else.
        "always": True,
        "does": ("opaque runs the project's code",),
        "python": "knowledge.build_words:deploys",
    }),
    **alike("gradle gradlew", _GRADLE),
    "sbt": {**_GRADLE, "about": "builds projects in Scala"},
    **alike("ant lein clj clojure mill bb", {"about": "builds projects of the JVM", "always": True, "does": ("opaque runs the project's code",), "python": "knowledge.build_words:deploys"}),
    "dotnet": {
        "about": "builds, tests and publishes .NET code",
        "loads": "dotnet",
        "takes": "v verbosity c configuration f framework r runtime",
        "help": "h info list-sdks list-runtimes ?",
        "verbs": {
            # What a project file says is evaluated, and may name tasks that run.
            "list reference": {"when": {"outdated": NET}, "does": ("opaque evaluates the project's build",)},
            "help --info --list-sdks": PRINTS,
            "sdk": {"verbs": {"check": NET}},
            "search": NET,
            "package": {"verbs": {"search": NET, "list": BUILDS, "*": INSTALLS}},
            "nuget": {
                "verbs": {
                    "list locals": {"verbs": {"source": PRINTS}, "otherwise": {"tame": {"l list": {}}, "does": ("persist packages that are kept for later",)}},
                    "why verify": NET,
                    "push delete": {**PUBLISHES, "operands": "read", "options": {"s source": "upload", "k api-key": "skip"}},
                    "*": SETTINGS,
                }
            },
            "tool": {"verbs": {"list": PRINTS, "search": NET, "run": RUNS, "*": _DOTNET_INSTALL}},
            "workload": {"verbs": {"list --info": PRINTS, "search": NET, "*": INSTALLS}},
            "new": {"verbs": {"list": PRINTS, "search": NET, "install uninstall update": INSTALLS, "*": EDITS}, "bare": PRINTS},
            "add": _DOTNET_INSTALL,
            "remove": BUILDS,
            "restore": {"options": {"s source": "connect"}, "does": ("connect package-index", "opaque evaluates the project's build")},
            "sln solution": {
                "verbs": {"list": PRINTS, "add remove migrate": EDITS},
                # The file may stand before the word.
                "otherwise": {"verbs": {"list": PRINTS}, "otherwise": EDITS, "bare": EDITS},
                "bare": EDITS,
            },
            "dev-certs user-secrets": {"verbs": {"list": {"does": ("secret secrets of the project",)}}, "otherwise": SETTINGS},
            "ef": {"verbs": {"database": {"verbs": {"drop": _DROPS, "*": BUILDS}}, "*": BUILDS}},
            "clean": BUILDS,
            "*": RUNS,
        },
        "bare": PRINTS,
    },
    "nuget": {"about": "installs and publishes packages of .NET", "takes": "Source ApiKey ConfigFile Verbosity", "long": True, "verbs": {"search list help ?": NET, "sources config": {"verbs": {"list List": PRINTS, "*": SETTINGS}, "bare": PRINTS}, "locals": CACHES, "push delete": {**PUBLISHES, "operands": "read"}, "setapikey": SETTINGS, "pack spec": BUILDS, "*": INSTALLS}},
    **alike("msbuild xbuild", {"about": "builds .NET code", "does": ("opaque runs the project's code",)}),
    "mix": {
        "about": "builds and tests Elixir code",
        # The project's description is a program, and every task reads it.
        "verbs": {
            "ecto.drop ecto.reset ecto.rollback": _DROPS,
            "hex.publish hex.retire hex.owner hex.organization hex.user": {"does": ("publish", "upload package-index", "opaque runs the project's code")},
            "deps.get deps.update archive.install escript.install local.hex local.rebar hex.install": INSTALLS,
            "help *": BUILDS,
        },
        "bare": BUILDS,
    },
    # Its settings are a program, and are read before its options.
    "rebar3": {"about": "builds Erlang code", "always": True, "does": ("opaque runs the project's code",)},
    **alike("erlc elixirc iex", {"about": "builds Erlang and Elixir code", "help": "h", "does": ("opaque runs the project's code",)}),
    "luarocks": {"about": "installs packages of Lua", "takes": "tree server only-server lua-version", "options": {"server only-server": "connect", "tree": "read"}, "help": "h", "verbs": {"list show which path doc help lint": {"operands": "skip"}, "search": NET, "config": {"python": "knowledge.package_words:setting"}, "upload": PUBLISHES, "*": INSTALLS}},
    "cpan": {"about": "installs packages of Perl", "takes": "j", "tame": {"l L O D v h": NET, "a A C x": NET}, "operands": "package", "does": ("install", "opaque packages run code when they are installed")},
    **alike("cpanm cpm carton", {"about": "installs packages of Perl", "takes": "l L n mirror from", "options": {"mirror from": "connect", "l L local-lib local-lib-contained": "write-deep"}, "help": "h V", "tame": {"info": NET}, "operands": "package", "does": ("install", "opaque packages run code when they are installed")}),
    "R": {"about": "runs R code, and builds its packages", "stops": True, "options": {"e": "opaque", "f file": "opaque"}, "tame": {"help version": {}}, "verbs": {"CMD": {"verbs": {"INSTALL REMOVE": INSTALLS, "config": PRINTS, "*": BUILDS}}, "RHOME": PRINTS, "*": BUILDS}, "bare": BUILDS},
    "julia": {"about": "runs Julia code", "takes": "t threads p procs O optimize J sysimage C cpu-target", "stops": True, "options": {"e eval E print L load J sysimage": "opaque", "project": "skip"}, "optional": "project", "help": "h v", "first": "read", "does": ("opaque runs Julia code",)},
    **alike("rbenv pyenv nodenv goenv jenv phpenv plenv", {"about": "chooses which version of a language is used", "verbs": _VERSIONS, "help": "h v", "bare": PRINTS}),
    **alike("nvm fnm n", {
        "about": "installs and chooses versions of Node",
        "takes": "arch log-level node-dist-mirror fnm-dir version-file-strategy",
        "verbs": {
            "ls list current which version help --help lsr prefix bin doctor env completions version-remote": {"operands": "skip"},
            "ls-remote list-remote lsr": NET,
            # For this shell only.
            "use deactivate unload": PRINTS,
            "alias default": {"operands": "skip", "last": "skip", "python": "knowledge.version_words:everywhere"},
            "exec run x": {"stops": True, "first": "skip", "operands": "argv", "does": ("opaque runs it in another environment",)},
            "cache": {"verbs": {"dir": PRINTS, "*": CACHES}},
            "*": INSTALLS,
        },
        "bare": PRINTS,
    }),
    "volta": {"about": "installs and chooses versions of Node", "help": "h v", "verbs": {"list ls which help completions": PRINTS, "pin": {"does": ("write package.json", "connect package-index")}, "setup": {"does": ("persist the path of the shell",)}, "run": {"stops": True, "takes": "node npm yarn env bundled-npm", "operands": "argv", "does": ("opaque runs it in another environment",)}, "*": INSTALLS}},
    **alike("mise rtx asdf", {
        "about": "installs and chooses versions of tools, and runs tasks",
        "loads": "mise",
        "within": "C cd",
        "takes": "E env j jobs P profile",
        "help": "h V",
        # Its files may set variables by running things; what only lists leaves them alone once a person trusted them.
        "verbs": {
            "ls list current where which version info doctor dr outdated latest help completion settings config cfg alias tool search registry backends root path bin-paths": {
                "operands": "skip",
                "verbs": {"set add unset rm generate": SETTINGS, "all": NET},
                "otherwise": {"operands": "skip"},
                "bare": PRINTS,
            },
            "ls-remote list-all": NET,
            "plugins plugin plugin-list plugin-list-all p": {"verbs": {"ls list ls-remote": NET, "*": INSTALLS}, "bare": PRINTS},
            "tasks": {"verbs": {"ls deps info list validate": PRINTS, "*": RUNS}, "bare": PRINTS},
            "trust": {"tame": {"show": {}}, "does": ("persist that the project's configuration may run things",)},
            "activate": PRINTS,
            "exec x": {"stops": True, "takes": "c command j jobs", "options": {"c command": "code"}, "python": "knowledge.version_words:after_dashes", "does": ("opaque sets up the project's environment and runs in it",)},
            "env e export hook-env set-env": {"does": ("opaque sets up the project's environment",)},
            "run r watch": RUNS,
            "local global use set unset shell reshim unuse": {"does": ("write .tool-versions", "persist which version is used")},
            "cache prune": CACHES,
            "*": INSTALLS,
        },
        "bare": PRINTS,
    }),
    "sdk": {"about": "installs and chooses versions of tools of the JVM", "verbs": {"list ls current c version v help home": NET, "use": PRINTS, "default d": {"does": ("persist which version is used",)}, "*": INSTALLS}},
    "rvm": {"about": "installs and chooses versions of Ruby", "verbs": {"list current info version help gemdir strings": PRINTS, "use": PRINTS, "do": {"stops": True, "operands": "argv", "first": "skip"}, "*": INSTALLS}},
}  # fmt: skip
