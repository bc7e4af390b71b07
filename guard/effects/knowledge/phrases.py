"""Rows that many tools share."""

from guard.effects.knowledge.schema import Row

NET: Row = {"does": ("connect package-index",)}
"""It asks the registry and prints what it says."""
RUNS: Row = {"stops": True, "does": ("opaque runs the project's code",)}
"""What stands behind the first operand belongs to the project's code, ``--help`` too."""
SCRIPTS: Row = {**RUNS, "always": True}
PROGRAMS_TOO: Row = {**SCRIPTS, "whole": True, "operands": "program"}
"""Where no script has that name it is a program of the project: `yarn prisma`."""
"""The subcommand itself is a script of the project: ``yarn test --help`` runs it."""
BUILDS: Row = {"does": ("opaque runs the project's code",)}
"""Likewise, with options of its own anywhere."""
INSTALLS: Row = {
    "operands": "package",
    "does": ("install", "connect package-index", "opaque packages run code when they are installed"),
}
FETCHES: Row = {"does": ("connect package-index", "write-deep .")}
"""It fetches packages into the workspace or a cache and runs none of them."""
PUBLISHES: Row = {"does": ("publish", "upload package-index")}
"""Includes names, owners and tokens: others see them."""
SETTINGS: Row = {"does": ("persist settings of the package manager",)}
CACHES: Row = {"does": ("persist packages that are kept for later",)}
"""Emptying a cache costs time, not work; still it is the person's."""
FORMATS: Row = {"operands": "edit"}
EDITS: Row = {"does": ("write-deep .",)}
"""It changes files of the project that its documentation names."""
DAEMON: Row = {"does": ("listen", "opaque serves something")}
