"""Policy files to be compared: from disk, or out of a git revision. Reads; never checks anything out."""

import os
import subprocess

from guard.enforce.gitcommand import git_argv, git_env
from guard.errors import PolicyFileError
from guard.model.hashes import sha256
from guard.model.typed import Iterable
from guard.policy.files.build import chosen_profile, profiles_above, read_builtin, read_layers
from guard.policy.files.compiled import MAX_BYTES, read_bytes, read_source
from guard.policy.files.load import kind_of, load_layer
from guard.policy.files.locate import PROFILES, Source
from guard.policy.files.locate import builtin as shipped
from guard.policy.files.strict_yaml import tree_of
from guard.policy.rule import PolicyLayer

NONE = "none"
"""Instead of a file: there is none."""
_TIMEOUT_S = 20
_FILES = 200
Contents = list[tuple[str, bytes]]


def contents(spec: str, directory: str) -> Contents:
    """Name and bytes of each file: ``FILE``, ``DIRECTORY``, ``REVISION:PATH`` or ``none``. Raises PolicyFileError."""
    if spec == NONE:
        return []
    path = os.path.join(directory, spec)
    if os.path.isdir(path):
        found = sorted(
            os.path.join(folder, name)
            for folder, _, names in os.walk(path)
            for name in names
            if name.endswith((".yaml", ".yml"))
        )
        return _those_of_ours(
            [(os.path.relpath(one, directory), read_bytes(one)) for one in _few(found, spec)]
        )
    if os.path.lexists(path):
        return [(spec, read_bytes(path))]
    revision, colon, inside = spec.partition(":")
    if not colon:
        raise PolicyFileError(
            "there is no such file", place=spec, help_=f"name a file, a directory, REVISION:PATH or `{NONE}`"
        )
    return _of_revision(revision, inside, directory)


def _few(found: list[str], spec: str) -> list[str]:
    if len(found) > _FILES:
        raise PolicyFileError(f"holds more than {_FILES} files", place=spec, help_="name the policy files")
    return found


def _of_revision(revision: str, inside: str, directory: str) -> Contents:
    if revision.startswith("-") or not revision:
        raise PolicyFileError(f"`{revision}` is no revision", help_="write it as git does, such as main")
    commit = _git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise PolicyFileError(
            f"there is no revision `{revision}` here", help_="fetch it, such as with `git fetch --unshallow`"
        )
    at = f"{commit.decode().strip()}:{inside}"
    kind = _git(directory, "cat-file", "-t", at)
    match (kind or b"").strip():
        case b"blob":
            return [(f"{revision}:{inside}", _blob(directory, at))]
        case b"tree":
            listed = _git(directory, "ls-tree", "-r", "-z", "--name-only", at) or b""
            names = [name for name in os.fsdecode(listed).split("\0") if name.endswith((".yaml", ".yml"))]
            prefix = f"{inside.rstrip('/')}/" if inside else ""
            return _those_of_ours(
                [
                    (
                        f"{revision}:{prefix}{name}",
                        _blob(directory, f"{at.rstrip('/')}{'/' if inside else ''}{name}"),
                    )
                    for name in _few(names, inside)
                ]
            )
        case _:
            # A file that a branch adds, or removes.
            return []


def _blob(directory: str, at: str) -> bytes:
    size = _git(directory, "cat-file", "-s", at)
    if size is None or int(size) > MAX_BYTES:
        raise PolicyFileError("is larger than 1 MiB, or cannot be read", place=at, help_="split it")
    content = _git(directory, "cat-file", "blob", at)
    if content is None:
        raise PolicyFileError("cannot be read", place=at, help_="see `git fsck`")
    return content


def _git(directory: str, *words: str) -> bytes | None:
    """None when git says no; nothing here runs a hook or fetches anything."""
    try:
        done = subprocess.run(
            # Whose it is does not matter to who only reads what is committed, and runs nothing that it names.
            git_argv("git", *words, settings=("safe.directory=*",)),
            cwd=directory,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env=git_env(os.environ),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PolicyFileError(f"git could not be run: {error}", help_="install git, or name files") from error
    return done.stdout if done.returncode == 0 else None


def _those_of_ours(found: Contents) -> Contents:
    """A directory may hold other YAML: what does not say which kind of policy it is, is none."""
    out: Contents = []
    for name, content in found:
        data = tree_of(content, name)
        if isinstance(data, dict) and "kind" in data and "version" in data:
            out.append((name, content))
    return out


def layers(found: Contents, above: list[PolicyLayer], *, kind: str = "") -> list[PolicyLayer]:
    """``above``: the layers that are in force around it. A file called like a built-in one stands in its place."""
    profiles = {layer.name for layer in above if layer.kind == "profile"}
    kinds = {name: kind or kind_of(content, name) for name, content in found}
    out: list[PolicyLayer] = []
    if "pack" in kinds.values():
        out += _of_packs(found, kinds)
    for name, content in found:
        said = kinds[name]
        if said == "pack" or (out and _profile_name(name)):
            continue
        known = profiles_above([*above, *out])
        layer = load_layer(content, kind=said, source=name, profiles=known)
        if said == "repo" and layer.name in profiles:
            layer = load_layer(content, kind="profile", source=name, profiles=known)
        out.append(layer)
    return out


def _of_packs(found: Contents, kinds: dict[str, str]) -> list[PolicyLayer]:
    """The floor and the profile that packs make up, with the profiles beside them or else those that ship."""
    packs = [(Source(kind="pack", path=name), content) for name, content in found if kinds[name] == "pack"]
    own = [(Source(kind="profile", path=name), content) for name, content in found if _profile_name(name)]
    usual = [(source, read_source(source)) for source in shipped() if source.kind == "profile"]
    return read_layers([*packs, *(own or usual)])


def _profile_name(name: str) -> bool:
    folder, _, file = name.rpartition(":")[2].rpartition("/")
    return folder.rpartition("/")[2] == "profiles" and file.removesuffix(".yaml") in PROFILES


def builtin(asking: Iterable[PolicyLayer] = ()) -> list[PolicyLayer]:
    """What stands above every repository, as it ships, in the profile that these layers ask for; nothing of this machine."""
    profiles = read_builtin([(source, read_source(source)) for source in shipped()])
    return list(profiles[chosen_profile(list(asking), tuple(profiles))])


def digest(found: Contents) -> str:
    total = sha256(b"")
    for name, content in found:
        total.update(f"{name.rpartition(':')[2]}\0{len(content)}\0".encode(errors="surrogateescape"))
        total.update(content)
    return "sha256:" + total.hexdigest()
