"""What data cannot say of package managers: how many words are given decides."""

from guard.effects.call import Call
from guard.effects.entry_points import also
from guard.effects.options import Parsed
from guard.effects.values import plain
from guard.model.effect import InstallPackage, PersistEnv

_PROJECT_FILES = {
    "npm": "package.json",
    "pnpm": "package.json",
    "yarn": "package.json",
    "bun": "package.json",
}


def version(call: Call, parsed: Parsed) -> None:
    """``version`` shows it; ``version 2.0`` writes it to the project's file."""
    if parsed.operands or parsed.uncertain:
        call.write(plain(_PROJECT_FILES.get(call.name, "pyproject.toml"), call.span))


def setting(call: Call, parsed: Parsed) -> None:
    """``config KEY`` shows; ``config KEY VALUE`` and ``--unset KEY`` set."""
    sets = parsed.has("unset", "delete", "add", "replace-all", "set", "e", "edit", "editor", "auth")
    if len(parsed.operands) > 1 or sets or parsed.uncertain:
        call.say(PersistEnv(detail=f"settings of {call.name}"))


def rest_sets(call: Call, parsed: Parsed) -> None:
    """``bundle config KEY`` shows; whatever follows the key is what it is set to."""
    if parsed.operands or parsed.uncertain or parsed.has("delete", "unset"):
        call.say(PersistEnv(detail=f"settings of {call.name}"))


def local_or_fetched(call: Call, parsed: Parsed) -> None:
    """``npx NAME``: a program of the project where there is one, else a package that is fetched now.

    Contained either way, where only the project's own can work; told to fetch without asking, it is an installation.
    """
    packages = parsed.values("p", "package")
    if packages or parsed.has("y", "yes"):
        named = packages or parsed.operands[:1]
        call.say(InstallPackage(packages=tuple(field.text for field in named)))
        call.connect("package-index")
    if parsed.operands:
        also(call, parsed.operands)
    if parsed.operands or parsed.has("c", "call") or parsed.uncertain:
        call.opaque("runs a package of the project, or one that is fetched just now")


_BY_ITSELF = frozenset(
    "preinstall install postinstall prepare preprepare postprepare prepublish prepublishOnly prepack postpack dependencies".split()
)


def own_scripts(call: Call, parsed: Parsed) -> None:
    """``npm install --dry-run``: seen to run ``install`` and ``prepare`` of the project itself."""
    if not parsed.operands or any(field.static is None for field in parsed.operands):
        call.opaque("runs the project's own scripts, if it does nothing else")


def scripts_set(call: Call, parsed: Parsed) -> None:
    """``npm pkg set scripts.postinstall=...``: a script that runs without being asked for, at the next installation."""
    for field in parsed.operands:
        name = field.prefix.partition("=")[0]
        if field.static is None and "=" not in field.prefix and "scripts".startswith(name[:7]):
            call.say(PersistEnv(detail="a script that may run by itself"))
        elif name.startswith("scripts") and name.strip("[]'\"").partition(".")[2].strip("[]'\"") in {
            "",
            *_BY_ITSELF,
        }:
            call.say(PersistEnv(detail=f"`{name}`, which the package manager runs by itself"))


def as_env(call: Call, parsed: Parsed) -> None:
    """``cross-env NAME=VALUE COMMAND``: ``env``, for every system."""
    if parsed.operands:
        call.run([plain("env", call.span), *parsed.operands])


def after_directory(call: Call, parsed: Parsed) -> None:
    """``direnv exec DIRECTORY COMMAND``."""
    if len(parsed.operands) > 1:
        call.run(parsed.operands[1:])
