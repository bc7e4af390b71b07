"""Compile policy files to the table that the hook loads. Runs in a process of its own; reads YAML."""

import contextlib
import json
import os
import sys

from guard.errors import PolicyFileError
from guard.faults import Point, reached
from guard.model.typed import Any
from guard.policy.files.compiled import digest_of, read_bytes
from guard.policy.files.load import load_layer
from guard.policy.files.table import FORMAT, layer_to_json
from guard.policy.rule import PolicyLayer
from guard.temporary import temporary


def main() -> int:
    """Order as one JSON object on standard input; 0 with the table on standard output, 1 with a message.

    It is kept for the next time where that can be done: a full disk makes a policy slow, not unreadable.
    """
    order = json.loads(sys.stdin.buffer.read().decode(errors="surrogateescape"))
    try:
        layers = _layers(order["files"], order["digest"])
    except PolicyFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    table: dict[str, object] = {"format": FORMAT, "digest": order["digest"], "layers": layers}
    with contextlib.suppress(OSError):
        write_table(order["path"], table)
    json.dump(table, sys.stdout)
    return 0


def _layers(files: list[tuple[str, str]], digest: str) -> list[dict[str, Any]]:
    contents = [(kind, path, read_bytes(path)) for kind, path in files]
    # Else a file that changes in this moment would be kept as the meaning of what stood there before.
    if digest_of(contents) != digest:
        raise PolicyFileError("a policy file changed while it was read", help_="try again")
    layers: list[PolicyLayer] = []
    for kind, path, content in contents:
        layers.append(load_layer(content, kind=kind, source=path, profiles=profiles_above(layers)))
    return [layer_to_json(layer) for layer in layers]


def profiles_above(layers: list[PolicyLayer]) -> frozenset[str]:
    """The profiles that a file may name besides its own: those of the machine's owner that stand before it."""
    return frozenset(
        profile.id for layer in layers if layer.kind not in {"repo", "personal"} for profile in layer.profiles
    )


def write_table(path: str, table: dict[str, object]) -> None:
    """Atomic and private."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    early = temporary(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(early, flags, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(table, file)
            file.flush()
            os.fsync(descriptor)
        reached(Point.POLICY_WRITTEN)
        os.replace(early, path)
        reached(Point.POLICY_PLACED)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(early)
        raise
