"""The person's own tools, which lie outside of the system: seen read-only, so that they work inside as they do outside."""

import os

from guard.model.facts import Facts

_WHOLE = {
    ".pyenv": "PYENV_ROOT", ".nvm": "NVM_DIR", ".rustup": "RUSTUP_HOME", ".volta": "VOLTA_HOME", ".asdf": "ASDF_DATA_DIR",
    ".rbenv": "RBENV_ROOT", ".nodenv": "NODENV_ROOT", ".goenv": "GOENV_ROOT", ".sdkman": "SDKMAN_DIR", "mise": "MISE_DATA_DIR",
    "miniconda3": "", "anaconda3": "",
}  # fmt: skip
"""Directories that hold programs and no secrets: seen whole. The variable says where they are, for the home is another."""
_BESIDE = {".cargo/bin": ".rustup"}
"""Programs that only start others, which lie elsewhere below the same home."""
_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib")


def toolchains(facts: Facts) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What lies on PATH outside of the system, and the variables by which it finds itself."""
    found: dict[str, None] = {}
    variables: dict[str, str] = {}
    for real in _directories(facts):
        for path in (real, _beside(real), *_interpreters(real)):
            if not path or _hides_nothing(path, facts):
                continue
            whole, name = _whole(path)
            found.setdefault(whole)
            variable = _WHOLE.get(name, "")
            if variable:
                variables.setdefault(variable, whole)
    # What the workspace's own environment was made of lies elsewhere.
    for base in _interpreters(os.path.join(facts.workspace, ".venv", "bin")) if facts.workspace else ():
        if not _hides_nothing(base, facts):
            found.setdefault(_whole(base)[0])
    return tuple(found), tuple(variables.items())


def program(name: str, facts: Facts) -> tuple[str, ...]:
    """Where a program really lies that is started by a link, as packages install theirs; nothing where it is seen anyway.

    Of a package of Node the tree of packages it stands in, for it loads the others; of anything else the file alone.
    """
    entries = [name] if "/" in name else [os.path.join(entry, name) for entry in _directories(facts)]
    found = next((path for path in entries if os.access(path, os.X_OK) and os.path.isfile(path)), "")
    real = os.path.realpath(found) if found.startswith("/") else ""
    if not real or (real + "/").startswith(_SYSTEM) or _inside(real, facts.workspace):
        return ()
    parts = real.split("/")
    if "node_modules" not in parts:
        return (real,)
    packages = "/".join(parts[: parts.index("node_modules") + 1])
    return () if _inside(facts.workspace, packages) else (packages,)


def _directories(facts: Facts) -> list[str]:
    entries = facts.env.get("PATH", "").split(":")
    return [
        real for entry in entries if entry.startswith("/") and os.path.isdir(real := os.path.realpath(entry))
    ]


def _hides_nothing(path: str, facts: Facts) -> bool:
    """Seen anyway, or so much that it would show the workspace's surroundings or the home."""
    return (
        (path + "/").startswith(_SYSTEM)
        or _inside(path, facts.workspace)
        or _inside(facts.workspace, path)
        or _inside(facts.home, path)
    )


def _beside(real: str) -> str:
    found = next(
        (real[: -len(end)] + other for end, other in _BESIDE.items() if real.endswith("/" + end)), ""
    )
    return found if os.path.isdir(found) else ""


def _interpreters(programs: str) -> tuple[str, ...]:
    """A Python environment as a whole, and what it was made of: `home = ` in its pyvenv.cfg."""
    environment = os.path.dirname(programs)
    try:
        with open(os.path.join(environment, "pyvenv.cfg"), encoding="utf-8", errors="replace") as file:
            lines = file.read(65536).splitlines()
    except OSError:
        return ()
    homes = [
        value.strip() for name, _, value in (line.partition("=") for line in lines) if name.strip() == "home"
    ]
    bases = [os.path.realpath(home) for home in homes if home.startswith("/")]
    # A prefix is shown whole only where it is one: programs in `bin` and their library beside it.
    prefixes = [
        os.path.dirname(base) for base in bases if os.path.isdir(os.path.join(os.path.dirname(base), "lib"))
    ]
    return (environment, *prefixes)


def _inside(path: str, root: str) -> bool:
    return bool(root) and (path + "/").startswith(root.rstrip("/") + "/")


def _whole(real: str) -> tuple[str, str]:
    """The toolchain that a directory of programs belongs to, when it is one that we know, and its name."""
    parts = real.split("/")
    for index, part in enumerate(parts):
        if part in _WHOLE:
            return "/".join(parts[: index + 1]), part
    return real, ""
