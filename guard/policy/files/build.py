"""Compile policy files to the table that the hook loads. Runs in a process of its own; reads YAML."""

import json
import os
import sys
from typing import Any

from guard.errors import PolicyFileError
from guard.policy.files.compiled import digest_of, read_bytes
from guard.policy.files.load import load_layer
from guard.policy.files.table import FORMAT, layer_to_json


def main() -> int:
    """Order as one JSON object on standard input; 0 when the table is written, 1 with a message when not."""
    order = json.loads(sys.stdin.buffer.read().decode(errors="surrogateescape"))
    try:
        layers = _layers(order["files"], order["digest"])
        write_table(order["path"], {"format": FORMAT, "digest": order["digest"], "layers": layers})
    except PolicyFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{order['path']}: cannot be written: {(error.strerror or '').lower()}\n")
        return 1
    return 0


def _layers(files: list[tuple[str, str]], digest: str) -> list[dict[str, Any]]:
    contents = [(kind, path, read_bytes(path)) for kind, path in files]
    # Else a file that changes in this moment would be kept as the meaning of what stood there before.
    if digest_of(contents) != digest:
        raise PolicyFileError("a policy file changed while it was read", help_="try again")
    return [layer_to_json(load_layer(content, kind=kind, source=path)) for kind, path, content in contents]


def write_table(path: str, table: dict[str, object]) -> None:
    """Atomic and private."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.urandom(8).hex()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(table, file)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
