"""The hook's way to a policy: digest the files, load the table made from exactly these bytes. Imports no YAML.

On a miss another process compiles it, so that what reads YAML never loads into the one that answers.
"""

import os
import stat
import sys

from guard.errors import PolicyFileError
from guard.model.hashes import sha256
from guard.model.jsons import dumps, loads
from guard.policy.files.locate import PolicySources, Source
from guard.policy.files.table import FORMAT, layer_from_json
from guard.policy.protected import DIGEST
from guard.policy.rule import Policy, policy_of

MAX_BYTES = 1024 * 1024
COMPILE_TIMEOUT_S = 15
_HELP = "  help: "


def load_policy(sources: PolicySources, cache_dir: str) -> Policy:
    """Raises PolicyFileError when a file cannot be read as law: then everything is to be asked about."""
    for source in sources.files:
        if source.kind == "floor":
            _believed(source, sources.seals)
    digest = digest_of([(source, read_source(source)) for source in (*sources.files, *sources.seals)])
    path = os.path.join(cache_dir, f"{digest.removeprefix('sha256:')}.json")
    policy = _load(path, digest) or _policy_in(_compile(sources, digest, path), digest)
    if policy is None:
        raise PolicyFileError(
            "the compiled policy cannot be read back",
            place=path,
            help_="this is a defect of the guard: please report it",
        )
    return policy


def _believed(floor: Source, seals: tuple[Source, ...]) -> None:
    """Raises PolicyFileError: an organisation's floor is root's, or signed with a key that is root's, or not read at all."""
    from guard.policy.files.owned import check_owned  # noqa: PLC0415 - only where there is a floor

    missing = [source.path for source in (floor, *seals) if not os.path.lexists(source.path)]
    if seals and missing:
        raise PolicyFileError(
            f"there is no such file, and {seals[0].path} says that the floor is signed",
            place=missing[0],
            help_="put the floor and its signature there (`guard policy sign`), or remove the key",
        )
    check_owned(seals[0].path if seals else floor.path)


def digest_of(files: list[tuple[Source, bytes]]) -> str:
    """Of the list of protected files, and of the kind, the path and the content of each file: the identity of a policy."""
    total = sha256(f"{FORMAT} {DIGEST}\n".encode())
    for source, content in files:
        kind = source.kind if source.reviewed else f"{source.kind}, not reviewed"
        total.update(f"{kind}\0{source.path}\0{len(content)}\0".encode(errors="surrogateescape"))
        total.update(content)
    return "sha256:" + total.hexdigest()


def read_source(source: Source) -> bytes:
    """Raises PolicyFileError."""
    return read_bytes(source.path) if source.content is None else source.content


def read_bytes(path: str) -> bytes:
    """A policy file's bytes: a regular file of bounded size. Raises PolicyFileError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PolicyFileError(
            f"cannot be read: {(error.strerror or '').lower()}",
            place=path,
            help_="make it readable, or remove it",
        ) from error
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise PolicyFileError(
                "is not a regular file", place=path, help_="put a YAML file here, or remove it"
            )
        # Fifteen files are read for every call: without the layers of a file object that is half the time.
        content = os.read(descriptor, min(info.st_size, MAX_BYTES) + 1)
        while len(content) <= MAX_BYTES and (more := os.read(descriptor, MAX_BYTES + 1)):
            content += more
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise PolicyFileError(
            "is larger than 1 MiB", place=path, help_="split it, or remove what it does not need"
        )
    return content


def kept_policy(digest: str, cache_dir: str) -> Policy | None:
    """One that was compiled before, as long as it is kept."""
    return _load(os.path.join(cache_dir, f"{digest.removeprefix('sha256:')}.json"), digest)


def _load(path: str, digest: str) -> Policy | None:
    kept = read_kept(path)
    return None if kept is None else _policy_in(kept, digest)


def read_kept(path: str) -> str | None:
    """What was kept in ``path``, where only we can have written it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8") as file:
            info = os.fstat(descriptor)
            # Whoever can write here decides what is allowed: only our own private file counts.
            if info.st_uid != os.getuid() or info.st_mode & 0o022:
                return None
            return file.read()
    except (OSError, ValueError):
        return None


def keep(path: str, text: str) -> None:
    """Atomic and private. Raises OSError."""
    from guard.faults import Point, reached  # noqa: PLC0415 - for what a call rarely does
    from guard.temporary import temporary  # noqa: PLC0415 - as above

    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    early = temporary(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(early, flags, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        reached(Point.POLICY_WRITTEN)
        os.replace(early, path)
        reached(Point.POLICY_PLACED)
    except OSError:
        try:  # noqa: SIM105 - a hook does not load contextlib for this
            os.unlink(early)
        except OSError:
            pass
        raise


def _policy_in(table: str | bytes, digest: str) -> Policy | None:
    try:
        data = loads(table if isinstance(table, str) else table.decode())
        if data["format"] != FORMAT or data["digest"] != digest:
            return None
        layers = tuple(layer_from_json(layer) for layer in data["layers"])
        return policy_of(layers, digest, str(data["identity"]))
    except (ValueError, KeyError, TypeError):
        return None


def _compile(sources: PolicySources, digest: str, path: str) -> bytes:
    """The table, as JSON."""
    import subprocess  # noqa: PLC0415 - 10 ms that only a changed policy is worth

    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    paths = dumps([root, *[entry for entry in sys.path if entry]])
    start = f"import sys; sys.path[:0] = {paths}; from guard.policy.files.build import main; sys.exit(main())"
    order = dumps(
        {
            "digest": digest,
            "path": path,
            "files": [
                [s.kind, s.path, None if s.content is None else s.content.decode("latin-1"), s.reviewed]
                for s in (*sources.files, *sources.seals)
            ],
        }
    )
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", start],
            input=order.encode(errors="surrogateescape"),
            capture_output=True,
            timeout=COMPILE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PolicyFileError(
            f"the policy could not be compiled: {error}", help_="run `guard policy check` to see why"
        ) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        problem = next((line for line in lines if not line.startswith(" ")), "it did not say why")
        told = next((line.removeprefix(_HELP) for line in lines if line.startswith(_HELP)), "")
        raise PolicyFileError(problem, help_=told or "run `guard policy check` and mend the file")
    return done.stdout
