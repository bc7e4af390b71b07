"""Linters, formatters, type checkers, scanners.

Whether one runs on the machine itself depends on one question: can a file of the project make it load code?
Where the answer is yes (plug-ins, rules or settings that are programs) it is opaque, even if it only reports.
"""

from guard.effects.knowledge.phrases import BUILDS, EDITS, NET, SETTINGS
from guard.effects.knowledge.schema import PRINTS, Row, alike

_PLUGINS = "opaque loads plug-ins or settings that are code of the project"
_LOADS: Row = {"help": "h v V", "does": (_PLUGINS,)}
_CHECKS: Row = {"operands": "read-deep"}

PROGRAMS: dict[str, Row] = {
    "ruff": {
        "loads": "ruff ruff-project",
        "about": "checks and formats Python",
        # Settings are data and may only extend other settings; there are no plug-ins.
        "takes": "select ignore extend-select extend-ignore line-length target-version output-format exclude extend-exclude per-file-ignores fixable "
        "unfixable extension color range e stdin-filename isolated",
        "options": {"config": "read", "cache-dir": "write-deep", "o output-file": "write"},
        "help": "h V",
        "verbs": {
            "check": {"when": {"fix fix-only add-noqa unsafe-fixes": {"operands": "edit", "python": "knowledge.tool_words:here_if_none"}}, "operands": "read-deep", "does": ("read-deep .",)},
            "format": {"tame": {"check diff": {"operands": "read-deep", "does": ("read-deep .",)}}, "operands": "edit", "python": "knowledge.tool_words:here_if_none"},
            "rule config linter version help generate-shell-completion": PRINTS,
            "analyze": {"operands": "read-deep"},
            "clean": {"does": ("delete-deep .ruff_cache",)},
            "server": {"does": ("opaque serves an editor",)},
        },
    },
    "black": {
        "about": "formats Python",
        "takes": "l line-length t target-version include exclude extend-exclude force-exclude stdin-filename W workers required-version c code line-ranges python-cell-magics enable-unstable-feature",
        "options": {"config": "read"},
        "help": "h",
        "tame": {"check diff": {"operands": "read-deep"}},
        "operands": "edit",
    },
    "isort": {
        "about": "sorts imports of Python",
        "takes": "l line-length m multi-line profile p project o thirdparty src s skip sg skip-glob e py python-version a add-import rm remove-import n filename k lines-after-imports j jobs ls known-local-folder w wrap-length",
        "options": {"sp settings-path settings-file": "read", "formatter": "opaque"},
        "help": "h V vn",
        "tame": {"c check check-only diff show-config show-settings show-files d stdout": {"operands": "read-deep"}},
        "operands": "edit",
    },
    **alike("autopep8 yapf pyupgrade autoflake docformatter add-trailing-comma", {
        "about": "formats Python",
        "takes": "style j jobs max-line-length select ignore exclude l lines e indent-size imports p",
        "options": {"global-config": "read"},
        "help": "h",
        "tame": {"d diff check c": {"operands": "read-deep"}},
        "when": {"i in-place recursive": {"operands": "edit"}},
        "operands": "read-deep",
        "python": "knowledge.tool_words:pyupgrade",
    }),
    # It says which plug-ins it has, and those of the project are loaded for that.
    "flake8": {"about": "checks Python", "always": True, "does": (_PLUGINS,)},
    "pylint": {"about": "checks Python", "help": "h", "does": (_PLUGINS,)},
    **alike("mypy dmypy stubtest pyre pytype", {
        "about": "checks types of Python",
        # Its settings can name plug-ins; without settings there are none.
        "takes": "p m python-version exclude cache-dir",
        "help": "h V",
        "options": {"python-executable": "opaque"},
        "does": (_PLUGINS,),
    }),
    **alike("pyright basedpyright", {"about": "checks types of Python", "takes": "p project level pythonversion pythonplatform v venvpath t typeshedpath", "options": {"pythonpath": "opaque", "createstub": "skip"}, "help": "h v", "when": {"createstub": EDITS}, "operands": "read-deep", "does": ("read-deep .",)}),
    **alike("ty pyrefly", {"about": "checks types of Python", "help": "h V", "takes": "python-version python-platform output-format error warn ignore project", "options": {"config-file": "read", "python": "read"}, "verbs": {"check": {"operands": "read-deep", "does": ("read-deep .",)}, "version help explain": PRINTS}}),
    **alike("vulture radon pydocstyle xenon mccabe pycodestyle pyflakes bandit interrogate", {
        "about": "checks Python",
        "takes": "min-confidence exclude ignore-names ignore-decorators convention add-ignore match max-line-length select ignore f format l s t tests p profile n i j x skips severity-level confidence-level a msg-template e ee",
        "options": {"o output": "write", "c config configfile ini b baseline": "read"},
        "help": "h",
        "operands": "read-deep",
    }),
    **alike("pip-audit safety", {"about": "looks for known holes in packages", "takes": "f format s vulnerability-service ignore-vuln", "options": {"r requirement": "read", "o output": "write"}, "help": "h V", "when": {"fix r requirement": {"does": ("install", "opaque packages run code when they are built")}}, "operands": "read", "does": ("connect package-index",)}),
    **alike("eslint stylelint tslint standard xo markdownlint-cli2 htmlhint textlint commitlint remark alex cspell knip madge depcheck syncpack", {"about": "checks a web project", "loads": "eslint", **_LOADS}),
    "prettier": {"about": "formats files of a web project", "loads": "prettier", "takes": "parser log-level tab-width print-width", "options": {"plugin": "opaque"}, "help": "h v support-info", "does": (_PLUGINS,)},
    **alike("biome oxlint", {
        "about": "checks and formats files of a web project",
        # Settings and rules are data (JSON, GritQL), but for plug-ins of the second.
        "loads": "oxlint",
        "takes": "reporter max-diagnostics colors log-level stdin-file-path changed since only skip c A D W tsconfig",
        "options": {"config-path config": "read"},
        "help": "h V",
        "verbs": {"check lint format ci search explain": {"tame": {"dry-run": _CHECKS}, "when": {"write apply apply-unsafe fix w": {"operands": "edit"}}, "operands": "read-deep", "does": ("read-deep .",)}, "version rage help": PRINTS, "init migrate": {"does": ("write biome.json",)}, "*": {"operands": "read-deep", "when": {"fix": {"operands": "edit"}}}},
        "bare": {"does": ("read-deep .",)},
    }),
    "dprint": {"about": "formats files with plug-ins, most in a sandbox of their own", "loads": "dprint", "takes": "c config excludes L log-level", "help": "h V", "verbs": {"check output-file-paths output-resolved-config output-format-times license help": NET, "fmt": {"operands": "edit", "does": ("connect package-index", "write-deep .")}, "*": EDITS}},
    "shellcheck": {"about": "checks shell scripts", "takes": "f format s shell e exclude i include S severity o enable P source-path W wiki-link-count C color", "options": {"rcfile": "read"}, "help": "V", "operands": "read"},
    "shfmt": {"about": "formats shell scripts", "takes": "i indent ln language-dialect p filename apply-ignore", "tame": {"d diff": _CHECKS, "l list": {"when": {"w write": {"operands": "edit"}}, "operands": "read-deep"}}, "when": {"w write": {"operands": "edit"}}, "operands": "read-deep"},
    "yamllint": {"about": "checks YAML", "takes": "d config-data f format", "options": {"c config-file": "read"}, "help": "h v", "operands": "read-deep"},
    **alike("yamlfmt taplo", {"about": "formats YAML and TOML", "takes": "o option", "options": {"c conf config": "read"}, "help": "h V", "tame": {"lint check dry diff d": _CHECKS}, "verbs": {"lint check get": {"operands": "read-deep"}, "fmt format": {"tame": {"check diff": _CHECKS}, "operands": "edit"}, "*": {"operands": "skip", "does": ("write-deep .",)}}, "bare": EDITS}),
    **alike("jsonlint json5 ajv check-jsonschema", {"about": "checks JSON", "options": {"s schema schemafile d": "read"}, "when": {"i in-place": {"operands": "write"}}, "operands": "read"}),
    "markdownlint": {"about": "checks Markdown", "takes": "i ignore s enable disable json", "options": {"c config p ignore-path": "read", "o output": "write", "r rules": "opaque"}, "help": "h V", "when": {"f fix": {"operands": "edit"}}, "operands": "read-deep"},
    "mdformat": {"about": "formats Markdown", "takes": "wrap number exclude", "help": "h", "tame": {"check": _CHECKS}, "operands": "edit"},
    **alike("golangci-lint revive", {"about": "checks Go code", "help": "h", "verbs": {"help version cache completion": PRINTS, "linters formatters config": {"loads": "golangci"}, "*": {"does": (_PLUGINS,)}}, "bare": PRINTS}),
    **alike("staticcheck errcheck ineffassign gosec govulncheck gocyclo misspell golint deadcode", {"about": "checks Go code", "long": True, "takes": "checks fail go tags f format fmt exclude include severity confidence over top", "options": {"out": "write", "conf": "read"}, "when": {"w": {"operands": "edit"}}, "help": "h", "operands": "skip", "does": ("read-deep .", "connect package-index")}),
    **alike("gofumpt gci golines", {"about": "formats Go code", "long": True, "takes": "lang modpath s m", "when": {"w": {"operands": "edit"}}, "operands": "read-deep", "verbs": {"write": {"operands": "edit"}, "diff print list": _CHECKS, "*": {"operands": "read-deep"}}}),
    "clang-format": {"about": "formats C and C++", "takes": "assume-filename fallback-style lines length offset cursor sort-includes", "optional": "style", "options": {"files": "read"}, "long": False, "tame": {"n dry-run": _CHECKS}, "when": {"i": {"operands": "write"}}, "operands": "read"},
    "clang-tidy": {"about": "checks C and C++", "takes": "p checks header-filter config line-filter extra-arg extra-arg-before format-style exclude-header-filter warnings-as-errors vfsoverlay", "long": True, "options": {"config-file": "read", "export-fixes": "write", "load": "opaque", "extra-arg extra-arg-before": "opaque"}, "when": {"fix fix-errors fix-notes": EDITS}, "operands": "read"},
    **alike("cppcheck cpplint cppclean flawfinder include-what-you-use", {"about": "checks C and C++", "takes": "j I D U i", "options": {"output-file plist-output": "write", "project addon clang rule-file": "opaque"}, "operands": "read-deep"}),
    **alike("cmake-format cmake-lint gersemi", {"about": "formats and checks CMake files", "when": {"i in-place": {"operands": "write"}}, "options": {"c config-files": "opaque"}, "operands": "read"}),
    **alike("rubocop standardrb erb_lint haml-lint reek brakeman rails_best_practices", {"about": "checks Ruby", "always": True, "does": (_PLUGINS,)}),
    # They load the project's own packages before they look at their options.
    **alike("phpstan psalm php-cs-fixer phpcs phpcbf rector phpmd pint", {"about": "checks PHP", "always": True, "does": (_PLUGINS,)}),
    "ktlint": {"about": "checks and formats Kotlin", "takes": "reporter editorconfig baseline log-level l code-style", "options": {"R ruleset": "opaque"}, "help": "h V", "when": {"F format": EDITS}, "operands": "read-deep", "does": ("read-deep .",)},
    **alike("checkstyle detekt spotless pmd spotbugs scalafmt google-java-format", {"about": "checks and formats code of the JVM", "help": "h V", "when": {"i replace r auto-correct": {"operands": "edit"}}, "does": (_PLUGINS,)}),
    **alike("swiftlint swiftformat swift-format", {"loads": "swiftlint", "about": "checks and formats Swift", "takes": "config reporter rules disable enable", "options": {"config": "read", "plugin": "opaque"}, "help": "h", "tame": {"lint": _CHECKS}, "verbs": {"version rules help docs": PRINTS, "lint analyze dump-configuration": {"when": {"fix autocorrect": EDITS}, "operands": "read-deep"}, "*": EDITS}, "bare": _CHECKS}),
    **alike("luacheck stylua selene credo hlint ormolu fourmolu ocamlformat", {"about": "checks and formats code", "help": "h v", "takes": "config std", "when": {"i inplace in-place m mode refactor": {"operands": "edit"}}, "does": (_PLUGINS,)}),
    **alike("codespell typos", {"loads": "codespell codespell-project", "about": "finds misspelt words", "takes": "L ignore-words-list S skip x exclude-file q quiet-level format exclude type ignore-regex uri-ignore-words-list count builtin sort", "options": {"I ignore-words D dictionary config c": "read"}, "help": "h V", "when": {"w write-changes i interactive": {"operands": "edit", "python": "knowledge.tool_words:here_if_none"}}, "operands": "read-deep", "does": ("read-deep .",)}),
    **alike("aspell hunspell ispell", {"about": "finds misspelt words", "takes": "l lang d p mode encoding i", "verbs": {"list pipe munch soundslike dicts dump config -a": PRINTS, "check -c": {"operands": "write"}, "*": {"operands": "read"}}, "bare": PRINTS}),
    "vale": {"about": "checks prose", "takes": "output minAlertLevel ext glob filter ignore-syntax", "options": {"config": "read"}, "help": "h v", "verbs": {"ls-config ls-metrics ls-dirs ls-vars help": PRINTS, "sync": {"does": ("connect package-index", "write-deep .")}, "*": {"operands": "read-deep"}}},
    **alike("proselint write-good", {"about": "checks prose", "options": {"config": "read"}, "operands": "read"}),
    "actionlint": {"about": "checks workflows", "takes": "ignore format stdin-filename", "options": {"config-file": "read", "shellcheck pyflakes": "opaque"}, "long": True, "help": "h version", "when": {"init-config": {"does": ("write .github/actionlint.yaml",)}}, "operands": "read"},
    # Schemas are data, fetched from where they are kept unless another place is named.
    **alike("kubeconform kubeval", {"about": "checks descriptions of a cluster against schemas", "long": True, "takes": "output o kubernetes-version v ignore-filename-pattern ignore-missing-schemas reject skip n cache", "options": {"schema-location s additional-schema-locations": "connect", "d directories": "read-deep", "cache": "write-deep"}, "help": "h v", "operands": "read-deep", "does": ("connect raw.githubusercontent.com",)}),
    **alike("kube-linter kube-score conftest checkov tfsec tflint terrascan cfn-lint cfn_nag spectral ansible-lint dockle", {"about": "checks descriptions of infrastructure", "takes": "o output format kubernetes-version schema-location p policy f framework c check skip-check", "help": "h v V", "does": (_PLUGINS,)}),
    **alike("semgrep opengrep", {
        "about": "finds patterns in code",
        "takes": "e pattern l lang severity exclude include timeout j jobs max-target-bytes baseline-commit exclude-rule metrics max-memory timeout-threshold",
        "options": {"o output json-output sarif-output": "write"},
        "help": "h",
        "when": {"autofix a": {"operands": "edit"}},
        "verbs": {
            # Rules are data, fetched from its registry when they are named by a pack.
            "scan": {"options": {"f config c": "skip"}, "when": {"autofix a": {"operands": "edit"}}, "operands": "read-deep", "does": ("connect package-index", "read-deep .")},
            "show validate test": {"operands": "read-deep", "options": {"f config": "read"}},
            "ci publish": {"does": ("cloud", "upload ?")},
            "login logout install-semgrep-pro": SETTINGS,
            "*": {"operands": "read-deep", "does": ("connect package-index", "read-deep .")},
        },
        "bare": {"does": ("connect package-index", "read-deep .")},
    }),
    "trivy": {
        "loads": "trivy",
        "about": "looks for known holes and settings that are unsafe",
        "takes": "f format s severity timeout scanners vuln-type pkg-types skip-dirs skip-files exit-code platform cache-dir security-checks db-repository",
        "options": {"o output": "write", "c config t template ignorefile i input ignore-policy": "read", "server": "upload", "token": "skip"},
        "help": "h v",
        "verbs": {
            "image i fs filesystem repo repository rootfs config conf sbom vm version": {"operands": "read-deep", "does": ("connect package-index",)},
            "kubernetes k8s": {"does": ("connect cloud-provider",), "operands": "skip"},
            "server": {"does": ("listen", "opaque serves something")},
            "clean": SETTINGS,
            "*": BUILDS,
        },
    },
    **alike("grype syft osv-scanner", {"about": "looks for known holes in packages", "takes": "o output fail-on only-fixed scope format", "options": {"file config c lockfile L sbom": "read", "output-file": "write"}, "help": "h", "verbs": {"version db completion": {"operands": "skip"}, "login attest": BUILDS, "scan": {"operands": "read-deep", "does": ("connect package-index",)}, "*": {"operands": "skip", "does": ("connect package-index", "read-deep .")}}}),
    **alike("gitleaks detect-secrets git-secrets talisman", {"about": "finds secrets in code", "takes": "f report-format log-level max-target-megabytes log-opts redact exit-code", "options": {"c config b baseline-path s source": "read", "r report-path": "write", "source": "read-deep"}, "help": "h", "verbs": {"detect dir git protect stdin version scan audit": {"operands": "read-deep", "does": ("read-deep .",)}, "*": {"does": (_PLUGINS,)}}}),
    "trufflehog": {
        "about": "finds secrets in code, and tries whether they work",
        "takes": "since-commit branch max-depth j concurrency results include-detectors exclude-detectors",
        "options": {"config": "read"},
        "help": "h",
        # What it finds it sends to whom it belongs, unless told not to.
        "tame": {},
        "verbs": {"*": {"tame": {"no-verification": {"operands": "skip", "does": ("read-deep .", "connect git-remote")}}, "does": ("read-deep .", "upload cloud-provider")}},
    },
    **alike("djlint curlylint", {"about": "checks templates", "takes": "profile ignore extension", "help": "h", "tame": {"check lint": _CHECKS}, "when": {"reformat": {"operands": "edit"}}, "operands": "read-deep"}),
    "sqlfluff": {"about": "checks SQL", "takes": "dialect templater rules exclude-rules f format", "help": "h", "verbs": {"rules dialects version": PRINTS, "*": {"does": (_PLUGINS,)}}},
    **alike("sqlfmt pg_format sqlformat", {"about": "formats SQL", "takes": "s d", "options": {"o outfile": "write"}, "tame": {"check diff": _CHECKS}, "when": {"i inplace": {"operands": "write"}}, "operands": "read-deep"}),
    **alike("editorconfig-checker ec lychee", {"about": "checks files and links in them", "takes": "exclude config format", "help": "h version", "operands": "read-deep", "does": ("read-deep .",)}),
    **alike("ls-lint license-eye addlicense reuse licensee scancode", {"about": "checks names and licences of files", "tame": {"check lint": _CHECKS}, "verbs": {"lint check spdx supported-licenses detect": _CHECKS, "*": EDITS}, "bare": _CHECKS}),
    **alike("cargo-audit cargo-deny", {"about": "looks for known holes in packages", "does": ("connect package-index",)}),
}  # fmt: skip
