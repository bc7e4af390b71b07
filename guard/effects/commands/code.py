"""Programs that run other people's code: interpreters, build tools, test runners, package managers.

What such code does nobody has read: it is opaque, and runs in a sandbox. What only looks is said to only look.
"""

from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Field, plain
from guard.model.effect import Connect, InstallPackage, Listen, MutateCloud, PublishPackage
from guard.model.facts import LookProgram, ProgramFact

_HARMLESS_MODULES = frozenset(
    {
        "json.tool",
        "py_compile",
        "compileall",
        "this",
        "tabnanny",
        "tokenize",
        "ast",
        "dis",
        "platform",
        "site",
        "calendar",
    }
)
_PYTHON = grammar("c m W X Q", stops=True)
_CODE_OPTIONS = {
    "python": ("c",),
    "node": ("e", "eval", "p", "print"),
    "ruby": ("e",),
    "perl": ("e", "E"),
    "php": ("r", "B", "R", "E"),
    "lua": ("e",),
    "Rscript": ("e",),
    "bun": ("e", "eval"),
    "tclsh": (),
    "osascript": ("e",),
    "julia": ("e", "E"),
}


def _python(call: Call) -> None:
    parsed = call.parse(_PYTHON)
    if not call.args and call.stdin is None:
        call.opaque("an interpreter that takes commands")
        return
    if parsed.has("V", "version", "h", "help") and not parsed.has("c", "m"):
        return
    if parsed.has("c"):
        call.opaque("runs Python code")
        return
    modules = parsed.values("m")
    if modules:
        _module(call, modules[0], parsed.operands)
        return
    _interpreted(call, parsed.operands)


def _module(call: Call, module: Field, rest: list[Field]) -> None:
    name = module.static
    # Everything after `-m NAME` is the module's own.
    if name in {"pip", "pip3"}:
        call.run([plain("pip", module.span), *rest])
    elif name in {
        "pytest",
        "unittest",
        "mypy",
        "ruff",
        "black",
        "flake8",
        "pylint",
        "isort",
        "coverage",
        "build",
        "twine",
        "tox",
        "nox",
    }:
        call.run([plain(name, module.span), *rest])
    elif name == "http.server":
        call.say(Listen())
        call.read(plain(".", call.span), recursive=True)
    elif name == "venv":
        call.write(
            *[field for field in rest if not (field.static or "").startswith("-")],
            recursive=True,
            append=True,
        )
        call.opaque("sets up an environment from packages of this machine")
    elif name == "json.tool":
        call.read(*rest[:1])
        call.write(*rest[1:2])
    elif name in _HARMLESS_MODULES:
        call.read(*[field for field in rest if not (field.static or "").startswith("-")])
    else:
        call.opaque(f"runs the Python module `{module.text}`")


def _interpreted(call: Call, operands: list[Field]) -> None:
    """A file, or standard input, in a language that we do not read."""
    if not operands or operands[0].static == "-":
        call.opaque("runs what it reads from its standard input")
        return
    call.read(operands[0])
    _known_as(call, operands[0])
    call.opaque(f"runs code in `{operands[0].text}`")


def _known_as(call: Call, script: Field) -> None:
    """`node /usr/bin/npx` is npx: rules that name a program speak of it too."""
    text = script.static
    if text is None or "/" not in text or not call.state.cwd:
        return
    answer = call.evaluator.ask(LookProgram(text, call.state.cwd[0]))
    if isinstance(answer, ProgramFact) and answer.path:
        base = [answer.path.rpartition("/")[2], answer.real.rpartition("/")[2], *answer.same_as]
        names = tuple(dict.fromkeys([*call.names, *base]))
        if names != call.names:
            call.names = names
            call.evaluator.say_program(call)


def _language(call: Call) -> None:
    codes = next((codes for name, codes in _CODE_OPTIONS.items() if call.name.startswith(name)), ("e",))
    if len(call.args) == 1 and call.args[0].static in {"--version", "-v", "-V", "--help", "-h"}:
        return
    parsed = call.parse(grammar(" ".join(codes) + " I l M r require import loader", stops=True))
    if parsed.has(*codes) or not parsed.operands:
        call.opaque(f"runs {call.name} code")
        if parsed.has("i"):
            call.write(*parsed.operands)
        return
    _interpreted(call, parsed.operands)


def _project(
    *, looks: str = "", installs: str = "", publishes: str = "", connects: str = "", writes: str = ""
) -> Callable[[Call], None]:
    """A tool with subcommands that runs the project's own code unless the subcommand only looks."""
    tables = {key: frozenset(value.split()) for key, value in locals().items()}

    def handle(call: Call) -> None:
        if _only_asks(call):
            return
        words = [field.static for field in call.args if not (field.static or "").startswith("-")]
        first = words[0] if words else ""
        second = f"{first} {words[1]}" if len(words) > 1 else ""
        if first in tables["looks"] or second.replace(" ", "-") in tables["looks"]:
            return
        if first in tables["publishes"]:
            call.say(PublishPackage())
            call.say(Connect(host="package-index", upload=True))
        elif first in tables["installs"]:
            packages = tuple(field.text for field in call.args[1:] if not field.text.startswith("-"))
            call.say(InstallPackage(packages=packages))
            call.say(Connect(host="package-index"))
        elif first in tables["connects"]:
            call.say(Connect(host="package-index"))
        if first in tables["writes"]:
            call.write(plain(".", call.span), recursive=True, append=True)
            return
        call.opaque(
            "runs the project's code"
            if first not in tables["installs"]
            else "packages run code when they are installed"
        )

    return handle


def _only_asks(call: Call) -> bool:
    return len(call.args) == 1 and call.args[0].static in {
        "--version",
        "--help",
        "-V",
        "-h",
        "-v",
        "version",
        "help",
        "-version",
    }


def _runner(what: str) -> Callable[[Call], None]:
    def handle(call: Call) -> None:
        if not _only_asks(call):
            call.opaque(what)

    return handle


def _checker(call: Call) -> None:
    """Linters and formatters: they read the tree, and write it only when told to."""
    if _only_asks(call):
        return
    statics = call.statics
    flags = {text.partition("=")[0] for text in statics if text is not None and text.startswith("-")}
    operands = [
        field
        for field in call.args
        if not (field.static or "").startswith("-") and field.static not in {"check", "format", "lint"}
    ]
    call.read(*(operands or [plain(".", call.span)]), recursive=True)
    if call.name in {
        "eslint",
        "prettier",
        "pylint",
        "jest",
        "stylelint",
        "biome",
        "mypy",
        "sphinx-build",
        "tsc",
        "standard",
        "tslint",
    }:
        call.opaque("loads plug-ins that the project names")
    fixes = {"--fix", "--write", "-w", "-i", "--in-place", "--fix-only", "--unsafe-fixes"} & flags
    formats = (
        call.name in {"black", "isort", "rustfmt", "autopep8", "yapf"}
        and not {"--check", "--diff", "-d", "-c", "--check-only"} & flags
    )
    formats = formats or ("format" in statics and not {"--check", "--diff"} & flags)
    if fixes or formats:
        call.write(*(operands or [plain(".", call.span)]), recursive=True)


def _npx(call: Call) -> None:
    if _only_asks(call):
        return
    call.say(InstallPackage(packages=tuple(f.text for f in call.args if not f.text.startswith("-"))[:1]))
    call.say(Connect(host="package-index"))
    call.opaque("runs a package that may be fetched just now")


def _pip(call: Call) -> None:
    _PIP(call)
    parsed = call.parse(
        grammar(
            "i index-url extra-index-url f find-links r requirement c constraint e editable t target prefix root d dest w python proxy cert"
        )
    )
    call.read(*parsed.values("r", "requirement", "c", "constraint"))
    for field in parsed.values("i", "index-url", "extra-index-url", "f", "find-links", "proxy"):
        from guard.effects.commands.hosts import connect_field  # noqa: PLC0415 - rare

        connect_field(call, field)
    call.write(*parsed.values("t", "target", "prefix", "root", "d", "dest", "w"), recursive=True, append=True)
    for field in parsed.operands[1:]:
        if "://" in field.prefix:
            from guard.effects.commands.hosts import connect_field  # noqa: PLC0415 - rare

            connect_field(call, field)


def _system_packages(call: Call) -> None:
    if _only_asks(call):
        return
    words = [field.static for field in call.args if not (field.static or "").startswith("-")]
    first = words[0] if words else ""
    looks = {
        "list",
        "search",
        "show",
        "info",
        "policy",
        "depends",
        "rdepends",
        "madison",
        "showpkg",
        "stats",
        "leaves",
        "deps",
        "outdated",
        "home",
        "cat",
        "doctor",
        "config",
        "provides",
        "repolist",
        "check-update",
        "history",
        "why",
    }
    if first in looks or (
        call.name in {"dpkg", "rpm", "pacman"}
        and call.statics
        and (call.statics[0] or "")[:2] in {"-l", "-L", "-s", "-S", "-q", "-Q"}
    ):
        return
    if (
        call.name == "brew"
        or first in {"install", "add", "reinstall", "upgrade", "update", "dist-upgrade", "full-upgrade"}
        or call.name in {"dpkg", "rpm", "pacman"}
    ):
        call.say(InstallPackage(packages=tuple(word or "?" for word in words[1:])))
        call.say(Connect(host="package-index"))
    call.opaque("changes the packages of the machine")
    if first in {"remove", "purge", "autoremove", "uninstall", "erase", "del"} or (
        call.statics and call.statics[0] in {"-R", "-Rns", "-r", "-P", "--purge", "-e"}
    ):
        call.delete(plain("/usr", call.span))


def _deploy(call: Call) -> None:
    if not _only_asks(call):
        call.say(MutateCloud(detail=call.name))
        call.opaque("runs the project's code")


_PIP = _project(
    looks="list show freeze check search index config-list cache-dir cache-info cache-list inspect debug hash",
    installs="install download wheel uninstall",
    connects="",
)
_NPM = _project(
    looks="ls list view info show outdated search root prefix bin whoami ping explain why query fund docs repo bugs doctor config-get config-list audit la ll",
    installs="install i ci add update upgrade up dedupe uninstall remove rm un link import up rebuild create init exec dlx",
    publishes="publish unpublish deprecate dist-tag owner access team token adduser login logout star",
)
_CARGO = _project(
    looks="metadata tree search version locate-project pkgid read-manifest verify-project help",
    installs="install add update fetch",
    publishes="publish yank owner login logout",
)

HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys("python python2 python3 pypy pypy3".split(), _python),
    **dict.fromkeys("node nodejs ruby perl php lua luajit Rscript R deno bun tclsh osascript julia java groovy scala elixir erl ghc runghc guile irb ipython swift dart kotlin ts-node tsx".split(), _language),
    "pip": _pip, "pip3": _pip, "pipx": _PIP,
    "uv": _project(looks="tree version help cache-dir python-list pip-list pip-show pip-freeze pip-check", installs="add sync lock pip remove tool python", publishes="publish"),
    "poetry": _project(looks="show check version env-list env-info search about", installs="add install update lock remove sync", publishes="publish"),
    "pdm": _project(looks="list show info", installs="add install update lock sync remove", publishes="publish"),
    "conda": _project(looks="list info search env-list", installs="install create update remove env"), "mamba": _project(looks="list info search", installs="install create update remove env"),
    "npm": _NPM, "yarn": _NPM, "pnpm": _NPM, "corepack": _runner("fetches and runs a package manager"),
    "npx": _npx, "pnpx": _npx, "bunx": _npx, "uvx": _npx,
    "cargo": _CARGO, "rustup": _project(looks="show which", installs="install update toolchain component target"),
    "go": _project(looks="version env list doc help", installs="get install mod"),
    "gem": _project(looks="list search info which environment specification contents", installs="install update uninstall", publishes="push yank owner signin"),
    "bundle": _project(looks="list show info outdated check config version", installs="install update add remove"),
    "composer": _project(looks="show validate outdated licenses why", installs="install require update remove"),
    "mix": _project(looks="help", installs="deps.get deps.update", publishes="hex.publish"),
    "dotnet": _project(looks="--info --list-sdks", installs="add restore tool", publishes="nuget"),
    "mvn": _project(publishes="deploy release:perform"), "gradle": _project(looks="tasks projects properties dependencies", publishes="publish"),
    "gradlew": _project(looks="tasks projects properties dependencies", publishes="publish"), "sbt": _project(publishes="publish"),
    "twine": _project(looks="check", publishes="upload register"), "flit": _project(publishes="publish"), "hatch": _project(looks="version env-show", publishes="publish"),
    **dict.fromkeys(
        "make gmake cmake ninja meson bazel buck scons ant just task rake gulp grunt webpack vite rollup esbuild parcel next nuxt "
        "pytest py.test unittest tox nox coverage jest vitest mocha ava karma cypress playwright phpunit rspec ctest tap nyc c8 turbo nx lerna "
        "pre-commit sphinx-build mkdocs jupyter streamlit flask django-admin uvicorn gunicorn celery rails hugo jekyll electron expo "
        "alembic prisma sequelize knex typeorm ansible ansible-playbook vagrant packer build a2x latexmk xcodebuild xcrun flutter storybook wrangler-dev".split(),
        _runner("runs the project's code"),
    ),
    **dict.fromkeys("gcc cc g++ c++ clang clang++ rustc javac as ld ar ranlib strip nasm protoc swiftc tsc-watch pdflatex xelatex latex pandoc dot ffmpeg convert magick".split(), _runner("a compiler or converter whose outputs are not followed")),
    **dict.fromkeys("ruff black flake8 pylint isort autopep8 yapf mypy pyright bandit eslint prettier stylelint biome tsc tslint standard shellcheck shfmt yamllint markdownlint golangci-lint gofmt goimports rustfmt clippy-driver clang-format clang-tidy rubocop phpstan vulture radon pydocstyle codespell".split(), _checker),
    **dict.fromkeys("apt apt-get aptitude dpkg yum dnf rpm apk pacman zypper snap flatpak brew port emerge nix nix-env choco winget".split(), _system_packages),
    **dict.fromkeys("serverless sls sst cdk firebase netlify vercel fly flyctl heroku wrangler eb".split(), _deploy),
}  # fmt: skip
