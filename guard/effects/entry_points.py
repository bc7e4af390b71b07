"""Programs that a project keeps for itself: ``npx prisma``, ``node_modules/.bin/prisma``, ``php artisan``, ``./manage.py``.

Nobody knows that such a file is what its name says, so it stays opaque. What the program of that name would do is said
*besides*: a sandbox without a network does not make ``npx prisma migrate reset`` a small thing when a person lets it out.
"""

import posixpath

from guard.effects.call import Call
from guard.effects.values import Field, plain

_ELSEWHERE = frozenset({"machine", "system_packages", "looks", "macos"})
"""Families whose names projects give to scripts of their own: `format`, `serve`, `start`, `test`."""
_FILES = {"manage.py": "django-admin", "artisan": "artisan"}
_BELOW = {
    "bin": frozenset({"rails", "rake", "console", "cake"}),
    "script": frozenset({"rails", "rake"}),
}
_ENVIRONMENTS = ("node_modules/.bin", "vendor/bin", "venv/bin", ".venv/bin", "env/bin")
_INTERPRETERS = frozenset({"python", "python3", "node", "php", "ruby"})
_PACKAGES = {
    "firebase-tools": "firebase", "netlify-cli": "netlify", "aws-cdk": "cdk", "typescript": "tsc", "dotenv-cli": "dotenv",
    "@railway/cli": "railway", "@changesets/cli": "changeset", "@vscode/vsce": "vsce", "@angular/cli": "ng",
    "@google/clasp": "clasp", "@sentry/cli": "sentry-cli", "@aws-amplify/cli": "amplify",
}  # fmt: skip
"""Packages of JavaScript whose program has another name."""


def program_at(path: str) -> str:
    """The name that a file of a project goes by among the programs that are known; empty when it is only a file."""
    directory, name = posixpath.split(path)
    if name in _FILES:
        return _FILES[name]
    if name in _BELOW.get(posixpath.basename(directory), ()):
        return name
    return name if directory.endswith(_ENVIRONMENTS) else ""


def also(call: Call, argv: list[Field]) -> None:
    """Say what the program of this name would do, whoever answers to it."""
    text = argv[0].static if argv else None
    name = _name(text) if text is not None else ""
    if name:
        call.run([plain(name, argv[0].span), *argv[1:]], certain=False)


def also_file(call: Call, path: str, args: list[Field]) -> None:
    """Likewise of a file that runs."""
    name = program_at(path)
    if name:
        also(call, [plain(name, call.span), *args])


def _name(text: str) -> str:
    """``prisma@5`` and ``@angular/cli@latest``: what it is called without its version; empty when nothing is known of it."""
    from guard.effects.knowledge.index import FAMILY  # noqa: PLC0415 - it names every program there is

    scope, at, version = text.rpartition("@")
    name = scope if at and scope and "/" not in version else text
    name = _PACKAGES.get(name, name)
    if name in _INTERPRETERS:
        return name
    return name if name in FAMILY and FAMILY[name] not in _ELSEWHERE else ""
