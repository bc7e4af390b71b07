"""Compile policy files to the table that the hook loads. Runs in a process of its own; reads YAML."""

import contextlib
import json
import sys

from guard.errors import PolicyFileError
from guard.model.dataclass import replace
from guard.model.typed import Any
from guard.policy.files.compiled import digest_of, keep, read_source
from guard.policy.files.load import load_layer
from guard.policy.files.locate import Source
from guard.policy.files.table import FORMAT, layer_to_json
from guard.policy.rule import PolicyLayer


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
        keep(order["path"], json.dumps(table))
    json.dump(table, sys.stdout)
    return 0


def _layers(files: list[tuple[str, str, str | None, bool]], digest: str) -> list[dict[str, Any]]:
    found = [
        Source(
            kind=kind, path=path, content=None if text is None else text.encode("latin-1"), reviewed=reviewed
        )
        for kind, path, text, reviewed in files
    ]
    contents = [(source, read_source(source)) for source in found]
    # Else a file that changes in this moment would be kept as the meaning of what stood there before.
    if digest_of(contents) != digest:
        raise PolicyFileError("a policy file changed while it was read", help_="try again")
    return [layer_to_json(layer) for layer in read_layers(contents)]


def read_layers(contents: list[tuple[Source, bytes]]) -> list[PolicyLayer]:
    """The layers that files are, in their order. Raises PolicyFileError for the first that is none."""
    layers: list[PolicyLayer] = []
    for source, content in contents:
        layers.append(read_layer(source, content, layers))
    return layers


def read_layer(source: Source, content: bytes, above: list[PolicyLayer]) -> PolicyLayer:
    """``above``: what it may name profiles of. Raises PolicyFileError."""
    layer = load_layer(content, kind=source.kind, source=source.path, profiles=profiles_above(above))
    return layer if source.reviewed else replace(layer, reviewed=False)


def profiles_above(layers: list[PolicyLayer]) -> frozenset[str]:
    """The profiles that a file may name besides its own: those of the machine's owner that stand before it."""
    return frozenset(
        profile.id for layer in layers if layer.kind not in {"repo", "personal"} for profile in layer.profiles
    )
