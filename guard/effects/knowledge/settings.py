"""Files that programs read of themselves where they work: what in them runs code, and what names another server.

Data only: :mod:`guard.effects.loads` gives it its meaning. Of a file with keys, a key that is in none of the lists makes
the program opaque: the lists are closed. What a program reads in the home directory is the person's own.
"""

from guard.model.typed import Literal, TypedDict

Format = Literal[
    "code",
    "python",
    "javascript",
    "ruby",
    "shell",
    "toml",
    "toolchain",
    "ini",
    "npmrc",
    "yaml",
    "composer",
    "json",
]


class File(TypedDict):
    """What every kind says."""

    files: str
    """Names, relative to the directory in which the program works."""
    format: Format
    """``code``: nobody reads it, and that it is there is enough."""


class Settings(File, total=False):
    """One kind of file. Every key of these may be left out."""

    above: bool
    """Whether directories above count too, up to the workspace's own."""
    below: str
    """Only keys below this one matter."""
    runs: str
    """Keys that run or load something. Dotted; ``*`` is any one name; each speaks for all below it."""
    hosts: str
    """Keys whose values are addresses of servers: those that a program talks to, where it talks to any."""
    writes: str
    """Keys whose values are files that the program writes, seen from where the file of settings lies."""
    quiet: str
    """Keys that do none of this. ``*`` alone: every other key."""
    templates: bool
    """Whether a value with ``{{`` in it is code."""


_NPM_QUIET = (
    "save save-exact save-prefix save-dev save-peer save-prod save-optional save-bundle package-lock package-lock-only engine-strict "
    "legacy-peer-deps strict-peer-deps strict-peer-dependencies audit audit-level fund loglevel progress color unicode update-notifier "
    "lockfile-version omit include production only optional dev also prefer-offline prefer-online offline prefer-dedupe ignore-scripts "
    "install-links install-strategy legacy-bundling global-style hoist hoist-pattern public-hoist-pattern shamefully-hoist node-linker "
    "fetch-retries fetch-retry-factor fetch-retry-mintimeout fetch-retry-maxtimeout fetch-timeout maxsockets network-concurrency tag "
    "tag-version-prefix access sign-git-tag sign-git-commit message timing logs-max heading workspaces workspace workspaces-update "
    "include-workspace-root auto-install-peers dedupe-peer-dependents dedupe-direct-deps resolve-peers-from-workspace-root "
    "link-workspace-packages save-workspace-protocol prefer-workspace-packages shared-workspace-lockfile side-effects-cache node-version "
    "always-auth email auth minimum-release-age lockfile frozen-lockfile prefer-frozen-lockfile only-built-dependencies provenance json "
    "long parseable depth yes foreground-scripts format-package-lock bin-links before if-present ignore-engines resolution-mode "
    "init-author-name init-author-email init-author-url init-license init-version scope manage-package-manager-versions "
    "package-manager-strict enable-pre-post-scripts recursive-install child-concurrency"
)
_YARN_QUIET = (
    "nodeLinker enableTelemetry enableGlobalCache compressionLevel enableScripts packageExtensions enableImmutableInstalls "
    "enableInlineBuilds enableMessageNames enableProgressBars enableTimers enableColors checksumBehavior cacheMigrationMode "
    "defaultSemverRangePrefix defaultProtocol httpRetry httpTimeout networkConcurrency nmHoistingLimits nmMode nmSelfReferences pnpMode "
    "pnpFallbackMode pnpEnableEsmLoader pnpIgnorePatterns preferInteractive progressBarStyle supportedArchitectures tsEnableAutoTypes "
    "npmAuthToken npmAlwaysAuth npmPublishAccess npmMinimalAgeGate logFilters immutablePatterns enableNetwork enableTransparentWorkspaces "
    "enableOfflineMode enableHyperlinks initScope initFields approvedGitRepositories npmAuditExcludePackages npmAuditIgnoreAdvisories "
    "changesetBaseRefs changesetIgnorePatterns winLinkType telemetryInterval"
)
_UV_QUIET = (
    "dev-dependencies sources workspace conflicts package managed default-groups dependency-groups constraint-dependencies "
    "override-dependencies build-constraint-dependencies environments required-environments required-version cache-keys prerelease "
    "resolution fork-strategy link-mode exclude-newer exclude-newer-package compile-bytecode no-build no-build-package no-binary "
    "no-binary-package no-build-isolation no-build-isolation-package no-sources python-preference python-downloads concurrent-builds "
    "concurrent-downloads concurrent-installs dependency-metadata native-tls offline preview config-settings extra-build-dependencies "
    "index-strategy no-index no-cache reinstall reinstall-package upgrade upgrade-package build-backend pip.index-strategy pip.python-version "
    "pip.universal pip.generate-hashes pip.no-header pip.annotation-style pip.extra pip.all-extras pip.strict pip.resolution "
    "pip.prerelease pip.link-mode index.name index.default index.explicit index.format index.authenticate index.cache-control"
)
_INDEXES = (
    "index-url extra-index-url find-links index.url pip.index-url pip.extra-index-url pip.find-links publish-url check-url "
    "python-install-mirror pypy-install-mirror"
)

SETTINGS: dict[str, Settings] = {
    # ------------------------------------------------------------------ Rust
    "cargo": {
        "files": ".cargo/config.toml .cargo/config",
        "format": "toml",
        "above": True,
        "hosts": "registries.*.index registry.index source.*.registry source.*.git http.proxy",
        # An alias stands for no command of cargo's own, and any other word is opaque as it is.
        "quiet": "alias build.jobs build.target build.target-dir build.incremental build.dep-info-basedir build.warnings term profile net.retry "
        "net.offline net.git-fetch-with-cli cargo-new future-incompat-report future-incompat resolver cache patch paths http.timeout "
        "http.multiplexing http.low-speed-limit http.check-revoke http.debug http.ssl-version http.user-agent registry.default "
        "registry.token registries.*.token registries.*.protocol registries.*.registry-token source.*.replace-with source.*.directory "
        "source.*.local-registry source.*.branch source.*.tag source.*.rev",
    },
    "rustup": {
        "files": "rust-toolchain.toml rust-toolchain",
        "format": "toolchain",
        "above": True,
        # `path` names a directory whose rustc and cargo run instead.
        "quiet": "toolchain.channel toolchain.components toolchain.targets toolchain.profile",
    },
    # ------------------------------------------------------------------ JavaScript
    "npmrc": {
        "files": ".npmrc",
        "format": "npmrc",
        "above": True,
        "hosts": "registry proxy https-proxy http-proxy",
        "quiet": _NPM_QUIET,
    },
    "yarnrc": {
        "files": ".yarnrc.yml",
        "format": "yaml",
        "above": True,
        "hosts": "npmRegistryServer npmPublishRegistry npmAuditRegistry npmScopes npmRegistries httpProxy httpsProxy",
        "quiet": _YARN_QUIET,
    },
    "yarnrc1": {"files": ".yarnrc", "format": "code", "above": True},
    "pnpm-workspace": {
        "files": "pnpm-workspace.yaml",
        "format": "yaml",
        "above": True,
        "runs": "pnpmfile globalPnpmfile configDependencies scriptShell npmrcAuthFile pnpmfiles",
        "hosts": "registry registries httpProxy httpsProxy",
        "quiet": "*",
    },
    "ncu": {
        "files": ".ncurc .ncurc.js .ncurc.cjs .ncurc.mjs .ncurc.json .ncurc.yml .ncurc.yaml",
        "format": "code",
    },
    "tsconfig": {
        "files": "tsconfig.json",
        "format": "json",
        "above": True,
        # What it extends may say the same.
        "runs": "extends",
        "writes": "compilerOptions.tsBuildInfoFile compilerOptions.outDir compilerOptions.generateTrace",
        "quiet": "*",
    },
    "oxlint": {
        "files": ".oxlintrc.json oxlintrc.json oxlint.config.ts .oxlintrc.jsonc",
        "format": "json",
        "above": True,
        "runs": "jsPlugins overrides.jsPlugins extends",
        "quiet": "*",
    },
    "dprint": {
        "files": "dprint.json dprint.jsonc .dprint.json .dprint.jsonc",
        "format": "json",
        "above": True,
        # Those that are no WebAssembly are programs like any other.
        "runs": "plugins extends",
        "quiet": "*",
    },
    "pnpmfile": {"files": ".pnpmfile.cjs .pnpmfile.mjs pnpmfile.js", "format": "javascript", "above": True},
    "bunfig": {
        "files": "bunfig.toml",
        "format": "toml",
        "hosts": "install.registry install.scopes",
        "quiet": "telemetry logLevel console install.production install.optional install.dev install.peer install.frozenLockfile "
        "install.saveTextLockfile install.exact install.auto install.lockfile install.dryRun install.minimumReleaseAge "
        "install.linker install.linkWorkspacePackages test.coverage test.coverageThreshold test.root test.timeout test.smol",
    },
    "eslint": {
        "files": "eslint.config.js eslint.config.mjs eslint.config.cjs .eslintrc.js .eslintrc.cjs",
        "format": "javascript",
        "above": True,
    },
    "prettier": {
        "files": ".prettierrc.js .prettierrc.cjs .prettierrc.mjs prettier.config.js prettier.config.cjs prettier.config.mjs",
        "format": "javascript",
        "above": True,
    },
    "bundlers": {
        "files": "webpack.config.js webpack.config.cjs vite.config.js vite.config.mjs vite.config.ts rollup.config.js rollup.config.mjs "
        "next.config.js next.config.mjs nuxt.config.ts astro.config.mjs svelte.config.js babel.config.js babel.config.cjs .babelrc.js "
        "postcss.config.js gulpfile.js Gruntfile.js tsup.config.ts",
        "format": "javascript",
    },
    "testers": {
        "files": "jest.config.js jest.config.cjs jest.config.mjs jest.setup.js vitest.config.js vitest.config.ts karma.conf.js "
        "playwright.config.js playwright.config.ts cypress.config.js wdio.conf.js .mocharc.js .mocharc.cjs babel.config.js",
        "format": "javascript",
    },
    # ------------------------------------------------------------------ Python
    "venv": {"files": ".venv/bin/python venv/bin/python", "format": "code"},
    "pip": {
        "files": ".venv/pip.conf venv/pip.conf",
        "format": "ini",
        "hosts": "index-url extra-index-url find-links proxy index",
        "quiet": "timeout retries disable-pip-version-check no-cache-dir require-virtualenv no-color quiet verbose format "
        "no-binary only-binary prefer-binary use-pep517 break-system-packages no-warn-script-location progress-bar require-hashes",
    },
    "uv": {
        "files": "uv.toml",
        "format": "toml",
        "above": True,
        "hosts": _INDEXES,
        "quiet": _UV_QUIET,
    },
    "uv-project": {
        "files": "pyproject.toml",
        "format": "toml",
        "above": True,
        "below": "tool.uv",
        "hosts": _INDEXES,
        "quiet": _UV_QUIET,
    },
    "poetry": {
        "files": "pyproject.toml",
        "format": "toml",
        "above": True,
        "below": "tool.poetry",
        # Of the rest only `requires-plugins` runs anything: it is fetched and loaded.
        "runs": "requires-plugins",
        "hosts": "source.url",
        "quiet": "*",
    },
    "pdm": {"files": ".pdm-python .pdm-plugins", "format": "code", "above": True},
    "pdm-settings": {
        "files": "pdm.toml",
        "format": "toml",
        "above": True,
        "hosts": "pypi.url pypi.extra.url",
        "quiet": "venv install check_update use_uv strategy build_isolation request_timeout pypi.name",
    },
    "ruff": {
        "files": "ruff.toml .ruff.toml",
        "format": "toml",
        "above": True,
        # They switch on what the command line does not say; what is extended may as well.
        "runs": "fix fix-only extend",
        "writes": "cache-dir",
        "quiet": "*",
    },
    "ruff-project": {
        "files": "pyproject.toml",
        "format": "toml",
        "above": True,
        "below": "tool.ruff",
        "runs": "fix fix-only extend",
        "writes": "cache-dir",
        "quiet": "*",
    },
    "codespell": {
        "files": ".codespellrc setup.cfg",
        "format": "ini",
        "runs": "write-changes interactive",
        "quiet": "*",
    },
    "codespell-project": {
        "files": "pyproject.toml",
        "format": "toml",
        "below": "tool.codespell",
        "runs": "write-changes interactive",
        "quiet": "*",
    },
    "conftest": {"files": "conftest.py tests/conftest.py test/conftest.py", "format": "python"},
    "noxfile": {"files": "noxfile.py", "format": "python"},
    "invoke": {"files": "tasks.py", "format": "python", "above": True},
    # ------------------------------------------------------------------ others
    "mise": {
        "files": "mise.toml .mise.toml mise.local.toml .config/mise.toml .config/mise/config.toml mise/config.toml",
        "format": "toml",
        "above": True,
        "runs": "hooks env._ plugins",
        "quiet": "*",
        "templates": True,
    },
    "envrc": {"files": ".envrc", "format": "shell", "above": True},
    "vagrant": {"files": "Vagrantfile vagrantfile", "format": "ruby", "above": True},
    "gemfile": {"files": "Gemfile gems.rb", "format": "ruby", "above": True},
    "rakefile": {"files": "Rakefile rakefile Rakefile.rb", "format": "ruby", "above": True},
    "composer": {"files": "composer.json", "format": "composer"},
    "golangci": {
        "files": ".golangci.yml .golangci.yaml .golangci.toml .golangci.json",
        "format": "code",
        "above": True,
    },
    "buf": {
        "files": "buf.yaml",
        "format": "yaml",
        "above": True,
        # Rules that are programs.
        "runs": "plugins",
        "quiet": "*",
    },
    "dotnet": {
        "files": "global.json",
        "format": "json",
        "above": True,
        # Directories in which it looks for the rest of itself.
        "runs": "sdk.paths",
        "quiet": "*",
    },
    "stack": {
        "files": "stack.yaml",
        "format": "yaml",
        "above": True,
        "runs": "nix docker setup-info setup-info-locations",
        "quiet": "*",
    },
    "swiftlint": {
        "files": ".swiftlint.yml",
        "format": "yaml",
        "runs": "parent_config child_config",
        "writes": "write_baseline cache_path",
        "quiet": "*",
    },
    # It names the file that the report goes to, and the template that says what stands in it.
    "trivy": {"files": "trivy.yaml", "format": "code"},
    "pulumi": {"files": "Pulumi.yaml Pulumi.yml Pulumi.json", "format": "code", "above": True},
    "supervisor": {"files": "supervisord.conf etc/supervisord.conf", "format": "code"},
    "terraform": {"files": ".terraform/providers .terraform/plugins", "format": "code"},
    "ansible": {
        "files": "ansible.cfg",
        "format": "ini",
        "quiet": "host_key_checking retry_files_enabled forks timeout remote_user nocows deprecation_warnings gathering remote_port "
        "become become_user become_method become_ask_pass ask_pass gather_timeout command_warnings system_warnings "
        "display_skipped_hosts any_errors_fatal pipelining localhost_warning log_path poll_interval",
    },
}
"""Kind to what it is."""
