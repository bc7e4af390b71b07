"""Package managers of Python. What they look at is data; what they install, build or run is code of strangers or of the project."""

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

_INDEX = {"i index-url extra-index-url pypi-url index default-index": "connect", "f find-links": "connect"}
_FILES = {
    "r requirement requirements c constraint constraints b build-constraint build-constraints overrides override": "read"
}
_PIP_INSTALL: Row = {
    **INSTALLS,
    "takes": "e editable src upgrade-strategy platform python-version implementation abi no-binary only-binary report config-settings C global-option "
    "progress-bar root-user-action use-feature use-deprecated resume-retries group extra P p refresh-package upgrade-package link-mode prerelease resolution",
    "options": {
        **_INDEX,
        **_FILES,
        "t target prefix root": "write-deep",
        "e editable": "read-deep",
        "report": "write",
    },
    # Finding out what would be installed may build it, still nothing is installed.
    "tame": {"dry-run": {"does": ("connect package-index", "opaque packages run code when they are built")}},
}
_PIP_FETCH: Row = {
    "takes": "platform python-version implementation abi no-binary only-binary e src progress-bar group",
    "options": {**_INDEX, **_FILES, "d dest destination-directory w wheel-dir o output": "write-deep"},
    "operands": "skip",
    # Packages without a wheel run their build to tell what they need.
    "does": ("connect package-index", "write-deep .", "opaque packages run code when they are built"),
}
_PIP: Row = {
    "about": "installs packages of Python",
    "loads": "pip",
    "takes": "retries timeout exists-action trusted-host cache-dir",
    "options": {"proxy": "connect", "cert client-cert": "read", "log": "append", "python": "opaque"},
    "help": "h V",
    "verbs": {
        "list": {"takes": "path format exclude", "when": {"o outdated u uptodate": NET}, "options": _INDEX},
        "show freeze check inspect debug hash help completion": {
            "takes": "path exclude a algorithm",
            "options": {"r": "read"},
        },
        "index": {"verbs": {"versions": {**NET, "options": _INDEX}}},
        "search": {**NET, "options": {"i index": "connect"}},
        "cache": {"verbs": {"dir info list": PRINTS, "*": CACHES}},
        "config": {"verbs": {"list get debug": PRINTS, "*": SETTINGS}},
        "download wheel lock": _PIP_FETCH,
        "install": _PIP_INSTALL,
        "uninstall": {"takes": "r requirement", "does": ("install",)},
        "*": INSTALLS,
    },
}

# ------------------------------------------------------------------ uv
_UV_TAKES = (
    "p python cache-dir config-file color project package P group only-group no-group extra no-extra refresh-package upgrade-package "
    "index-strategy keyring-provider prerelease resolution exclude-newer link-mode no-build-package no-binary-package config-setting C format"
)
_UV_LOCKS: Row = {
    "options": {**_INDEX, "o output-file": "write"},
    # To say what the project needs its own build may run; a frozen lock is only read.
    "tame": {"frozen": {}},
    "does": ("connect package-index", "write uv.lock", "opaque building tells what packages need"),
}
_UV_RUN: Row = {
    "stops": True,
    "takes": "with with-editable with-requirements env-file m module s script",
    "options": {**_INDEX, "env-file with-requirements": "read"},
    "does": ("connect package-index", "opaque sets up the project's environment and runs in it"),
    "tame": {"m module s script gui-script": {"does": ("connect package-index", "opaque runs Python code")}},
    "operands": "argv",
}
_UV_TOOL: Row = {
    "stops": True,
    "takes": f"{_UV_TAKES} from with with-editable with-requirements env-file",
    "options": {**_INDEX, "env-file with-requirements": "read"},
    "first": "package",
    "does": ("opaque runs a package that may be fetched just now",),
}
_UV: Row = {
    "about": "installs packages of Python and runs in their environments",
    "loads": "uv uv-project",
    "takes": _UV_TAKES,
    "within": "directory",
    "options": {"project": "read"},
    "help": "h V",
    "verbs": {
        "version": {
            "tame": {"dry-run": {}},
            "when": {"bump": {"does": ("write pyproject.toml",)}},
            "python": "knowledge.package_words:version",
        },
        "help": PRINTS,
        "tree export": _UV_LOCKS,
        "lock": {**_UV_LOCKS, "tame": {}},
        "sync": {**INSTALLS, "options": _INDEX},
        "add remove": {**INSTALLS, "options": {**_INDEX, **_FILES, "script": "write"}},
        "run": _UV_RUN,
        "tool": {
            "verbs": {
                "run": _UV_TOOL,
                "list dir": PRINTS,
                "update-shell": {"does": ("persist the path of the shell",)},
                "*": {**INSTALLS, "options": {**_INDEX, **_FILES}},
            }
        },
        "python": {
            "verbs": {
                "list find": {"loads": "venv"},
                "dir": PRINTS,
                "pin": {"does": ("write .python-version",)},
                "*": INSTALLS,
            }
        },
        "pip": {
            "verbs": {
                # It asks the environment's own Python what is there.
                "list show freeze check tree": {
                    "when": {"outdated": NET},
                    "options": _INDEX,
                    "loads": "venv",
                },
                "compile": {
                    "options": {**_INDEX, **_FILES, "o output-file": "write"},
                    "operands": "read",
                    "does": ("connect package-index", "opaque packages run code when they are built"),
                },
                "install sync": {**_PIP_INSTALL, "takes": "e editable"},
                "uninstall": {"options": _FILES, "does": ("install",)},
            }
        },
        "venv": {
            "operands": "write-deep",
            "does": ("write-deep .venv", "connect package-index"),
            "takes": "prompt seed-packages",
        },
        "init": {
            "operands": "write-deep",
            "does": ("write-deep .",),
            "takes": "name description build-backend vcs author-from",
        },
        "build": BUILDS,
        "publish": {
            **PUBLISHES,
            "operands": "read",
            "takes": "u username p password t token",
            "options": {"publish-url check-url": "connect"},
        },
        "cache": {"verbs": {"dir size": PRINTS, "*": CACHES}},
        "self": {"verbs": {"version": PRINTS, "*": INSTALLS}},
        "format": {
            "tame": {"check diff": NET},
            "does": ("connect package-index", "write-deep ."),
            "operands": "write-deep",
        },
        "auth": {
            "verbs": {"dir": PRINTS, "token": {"does": ("secret a token of a registry",)}, "*": SETTINGS}
        },
        "generate-shell-completion": PRINTS,
    },
}

_ENVIRONMENTS: Row = {"verbs": {"list ls show info activate": PRINTS, "*": INSTALLS}}
_CONDA: Row = {
    "about": "installs packages and environments",
    "takes": "n name p prefix c channel log-level",
    "help": "h V",
    "verbs": {
        "list info compare doctor notices": {"takes": "export-format"},
        "search repoquery": {**NET, "takes": "subdir platform", "options": {"channel c": "skip"}},
        "config": {
            "takes": "show show-sources get describe file system env",
            "tame": {"show show-sources get describe validate": {}},
            "does": ("persist settings of the package manager",),
        },
        "env": {
            "verbs": {
                "list export ls": {"options": {"f file": "write"}},
                "config": {"verbs": {"vars": {"verbs": {"list": PRINTS, "*": SETTINGS}}}},
                "*": {**INSTALLS, "options": {"f file": "read"}},
            }
        },
        "run": {
            "stops": True,
            "takes": "cwd",
            "operands": "argv",
            "does": ("opaque activates an environment, whose scripts run",),
        },
        "clean": CACHES,
        "init deactivate activate shell": {"does": ("persist the start of the shell",)},
        "build render develop skeleton": BUILDS,
        "install create update upgrade remove uninstall": {
            **INSTALLS,
            "options": {"file f": "read"},
            "tame": {"d dry-run": NET},
        },
        "*": INSTALLS,
    },
}

PROGRAMS: dict[str, Row] = {
    **alike("pip pip3", _PIP),
    "pipx": {
        "about": "installs programs written in Python, each in its own environment",
        "takes": "python",
        "help": "h",
        "verbs": {
            "list environment completions help": PRINTS,
            "run": _UV_TOOL,
            "runpip": {"first": "skip", "operands": "skip", "stops": True, "does": ("install",)},
            "ensurepath": {"does": ("persist the path of the shell",)},
            "*": {**INSTALLS, "takes": "suffix pip-args", "options": _INDEX},
        },
    },
    "uv": _UV,
    "uvx": {**_UV_TOOL, "about": "runs a program written in Python from its package"},
    "poetry": {
        "about": "manages dependencies of a Python project",
        "loads": "poetry",
        "takes": "with without only",
        "within": "P project C directory",
        "help": "h V",
        "verbs": {
            "show": {"when": {"l latest o outdated": NET}, "loads": "venv"},
            "check about list help": PRINTS,
            "search": NET,
            "version": {"tame": {"dry-run": {}}, "python": "knowledge.package_words:version"},
            "env": {"verbs": {"info list": {"loads": "venv"}, "activate": PRINTS, "*": {"does": ("write-deep .venv", "opaque makes an environment from a Python that is named")}}},
            "config": {"tame": {"list": {}}, "python": "knowledge.package_words:setting"},
            "source": {"verbs": {"show": PRINTS, "add": {"operands": "skip", "last": "connect", "does": ("write pyproject.toml",)}, "remove": {"does": ("write pyproject.toml",)}}},
            "cache": {"verbs": {"list": PRINTS, "*": CACHES}},
            "self": {"verbs": {"show": {"verbs": {"plugins": PRINTS}, "bare": PRINTS}, "*": INSTALLS}},
            "lock": {"does": ("connect package-index", "write poetry.lock", "opaque building tells what packages need")},
            "export": {"takes": "f format without-urls", "options": {"o output": "write"}},
            "add remove install update sync": {**INSTALLS, "takes": "G group E extras python platform source", "tame": {"dry-run": {"does": ("connect package-index", "opaque building tells what packages need")}}},
            "run": {"stops": True, "operands": "argv", "does": ("opaque runs in the project's environment",)},
            "shell": RUNS,
            "build": BUILDS,
            "publish": {**PUBLISHES, "takes": "r repository u username p password cert client-cert dist-dir", "tame": {"dry-run": {"when": {"build": BUILDS}}}},
            "new init": EDITS,
            "python": {"verbs": {"list": PRINTS, "*": INSTALLS}},
        },
        "bare": PRINTS,
    },
    "pdm": {
        "about": "manages dependencies of a Python project",
        "loads": "pdm pdm-settings venv",
        "takes": "c config G group",
        "within": "p project",
        "help": "h V",
        # Its project file may name plug-ins, but only `install --plugins` fetches them.
        "verbs": {
            "list show info outdated completion": {"options": {"o output": "write"}},
            "search": NET,
            "config": {"tame": {"list": {}}, "python": "knowledge.package_words:setting"},
            "cache": {"verbs": {"list info": PRINTS, "*": CACHES}},
            "venv": {"verbs": {"list activate": PRINTS, "*": INSTALLS}},
            "python": {"verbs": {"list find": PRINTS, "*": INSTALLS}},
            "export": {"takes": "f format", "options": {"o output": "write"}},
            "lock": {"does": ("connect package-index", "write pdm.lock", "opaque building tells what packages need")},
            "add install update sync remove": {**INSTALLS, "tame": {"dry-run": NET}},
            "run": {"stops": True, "tame": {"l list": {}}, "operands": "program", "does": ("opaque runs the project's code",)},
            "build": BUILDS,
            "publish": PUBLISHES,
            "init new": EDITS,
            "*": {"stops": True, "always": True, "does": ("opaque runs the project's code",)},
        },
    },
    "pipenv": {
        "about": "manages dependencies of a Python project",
        "takes": "python pypi-mirror categories",
        "options": {"i index": "connect"},
        "help": "h",
        "verbs": {
            "graph": {"loads": "venv"},
            "verify scripts --where --venv --py --envs --support": PRINTS,
            "run": {"stops": True, "operands": "program", "does": ("opaque runs the project's code",)},
            "shell": {"does": ("opaque opens a shell",)},
            "requirements": PRINTS,
            "lock": {"does": ("connect package-index", "write Pipfile.lock", "opaque building tells what packages need")},
            "check audit": NET,
            "open": {"does": ("opaque opens an editor",)},
            "install update upgrade sync uninstall clean": INSTALLS,
        },
        "bare": PRINTS,
    },
    "hatch": {
        "about": "builds and tests a Python project",
        "takes": "e env p project color data-dir cache-dir config",
        "help": "h",
        "verbs": {
            # The project names the plug-ins that know its version and its environments.
            "config": {"verbs": {"show find explore": PRINTS, "*": SETTINGS}},
            "status": PRINTS,
            "python": {"verbs": {"show find": PRINTS, "*": INSTALLS}},
            "self": {"verbs": {"report": PRINTS, "*": INSTALLS}},
            "new": {"operands": "write-deep", "does": ("write-deep .",)},
            "publish": {**PUBLISHES, "operands": "read-deep", "takes": "r repo u user a auth"},
            "run": {**RUNS, "operands": "program"},
            "*": RUNS,
        },
    },
    "flit": {"about": "builds and publishes simple Python packages", "takes": "f ini-file", "help": "h", "verbs": {"info": PRINTS, "init": EDITS, "install": INSTALLS, "publish": PUBLISHES, "build": BUILDS}},
    "twine": {
        "about": "publishes Python packages",
        "takes": "r repository u username p password sign-with i identity c comment",
        "options": {"repository-url": "upload", "config-file": "secret", "cert client-cert": "read"},
        "help": "h",
        "verbs": {"check": {"operands": "read"}, "*": {**PUBLISHES, "operands": "read"}},
    },
    **alike("conda mamba micromamba", _CONDA),
    "rye": {
        "about": "manages dependencies of a Python project",
        "help": "h V",
        "verbs": {
            "show list version help": PRINTS,
            "config": {"tame": {"get show-path": {}}, "does": ("persist settings of the package manager",)},
            "toolchain": {"verbs": {"list ls": PRINTS, "*": INSTALLS}},
            "tools": {"verbs": {"list": PRINTS, "*": INSTALLS}},
            "run": {"stops": True, "tame": {"l list": {}}, "operands": "program", "does": ("opaque runs the project's code",)},
            "publish": PUBLISHES,
            "init pin": EDITS,
            "lint fmt test build make-req": BUILDS,
            "*": INSTALLS,
        },
    },
    "pixi": {
        "about": "manages environments and tasks of a project",
        "takes": "manifest-path e environment color p platform",
        "help": "h V",
        "verbs": {
            "list ls tree info completion help": PRINTS,
            "search": NET,
            "task": {"verbs": {"list ls": PRINTS, "*": {"does": ("write pixi.toml",)}}},
            "config": {"verbs": {"list ls": PRINTS, "*": SETTINGS}},
            "workspace project": {"verbs": {"channel platform environment feature version": {"verbs": {"list ls get read": PRINTS, "*": EDITS}}, "*": EDITS}},
            "global": {"verbs": {"list ls tree": PRINTS, "*": INSTALLS}},
            "auth": SETTINGS,
            "init": EDITS,
            "run shell shell-hook exec x build": RUNS,
            "upload publish": PUBLISHES,
            "clean": {"verbs": {"cache": CACHES}, "bare": {"does": ("delete-deep .pixi",)}},
            "*": INSTALLS,
        },
    },
    "pre-commit": {
        "about": "runs checks that a project names, from repositories that it names",
        "takes": "color c config",
        "help": "h V",
        "verbs": {
            "sample-config help": PRINTS,
            "validate-config validate-manifest": {"operands": "read"},
            "install uninstall init-templatedir": {"does": ("write .git/hooks/pre-commit", "persist hooks of the repository")},
            "autoupdate migrate-config": {"does": ("connect git-remote", "write .pre-commit-config.yaml")},
            "clean gc": CACHES,
            "*": RUNS,
        },
        "bare": RUNS,
    },
    "virtualenv": {"about": "makes an environment of Python", "takes": "p python prompt seeder activators", "help": "h", "operands": "write-deep", "does": ("opaque makes an environment from a Python that is named",)},
    "nox": {"about": "runs tasks of a Python project", "loads": "noxfile", "help": "h", "stops": True, **BUILDS},
    "tox": {"about": "runs tasks of a Python project", "always": True, "does": ("opaque runs the project's code",), "stops": True},
    **alike("invoke inv", {"about": "runs tasks of a Python project", "loads": "invoke", "always": True, "does": ("opaque runs the project's code",), "stops": True}),
    **alike("pytest py.test", {"about": "runs tests of a Python project", "loads": "conftest", "always": True, "does": ("opaque runs the project's code",)}),
    **alike("unittest coverage", {"about": "runs tests of a Python project", "help": "h", "verbs": {"help": PRINTS, "*": RUNS}, "bare": RUNS}),
    **alike("sphinx-build mkdocs", {"about": "builds documentation", "help": "h", "does": ("opaque runs the project's code",)}),
    **alike("jupyter jupyter-lab jupyter-notebook", {"about": "serves and runs notebooks", "help": "h paths", "verbs": {"kernelspec": {"verbs": {"list": PRINTS, "*": INSTALLS}}, "--paths troubleshoot": PRINTS, "*": RUNS}, "bare": DAEMON}),
    "celery": {"about": "serves a Python application", "takes": "A app b broker workdir", "always": True, "verbs": {"purge": {"does": ("database tasks that wait", "opaque runs the project's code")}, "*": BUILDS}, "bare": BUILDS},
    "flask": {"about": "serves a Python application", "takes": "A app e env-file", "always": True, "verbs": {"db": {"verbs": {"downgrade drop reset": {"does": ("database what the migration removes", "opaque runs the project's code")}, "*": BUILDS}, "bare": BUILDS}, "*": BUILDS}, "bare": BUILDS},
    **alike("streamlit uvicorn gunicorn hypercorn daphne fastapi", {"about": "serves a Python application", "help": "h", "stops": True, "verbs": {"version help hello docs": PRINTS, "*": {"does": ("listen", "opaque runs the project's code")}}, "bare": BUILDS}),
    "django-admin": {
        "about": "runs tasks of a Django project",
        "takes": "settings pythonpath",
        "always": True,
        "verbs": {
            "version": PRINTS,
            "flush reset_db sqlflush": {"does": ("database all rows of the project's database", "opaque runs the project's code")},
            "migrate": {**BUILDS, "takes": "database v verbosity settings pythonpath", "tame": {"plan check": BUILDS}, "python": "knowledge.framework_words:migration"},
            "shell shell_plus": {**BUILDS, "takes": "c command i interface", "python": "knowledge.framework_words:console"},
            "dbshell": {**BUILDS, "takes": "database", "python": "knowledge.framework_words:statements_by_pipe"},
            "startproject startapp": EDITS,
            "*": BUILDS,
        },
    },
    "alembic": {
        "about": "migrates databases",
        "takes": "c config n name x",
        "help": "h",
        "verbs": {"downgrade": {"tame": {"sql": BUILDS}, "does": ("database what the migration removes", "opaque runs the project's code")}, "list_templates": PRINTS, "*": BUILDS},
    },
}  # fmt: skip
