"""Recorded decisions as Parquet, by DuckDB. The one module that imports it, and only when it is called."""

import json
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from guard.enforce.replay.rows import COLUMNS, Row
from guard.errors import GuardError

if TYPE_CHECKING:
    import duckdb

INSTALL = "pip install 'execguard[replay]'"
MEMORY = "1GB"
"""What DuckDB may hold at once; what is more goes to a temporary directory."""


@contextmanager
def database(jobs: int) -> "Generator[duckdb.DuckDBPyConnection]":
    """In memory, with a directory of its own for what does not fit. Reads and writes only what it is told to."""
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise GuardError(
            "replaying needs DuckDB, which is not installed", help_=f"run `{INSTALL}`"
        ) from error
    with tempfile.TemporaryDirectory(prefix="guard-replay-") as spill:
        connection = duckdb.connect(
            ":memory:",
            config={
                "threads": str(jobs),
                "memory_limit": MEMORY,
                "temp_directory": spill,
                "preserve_insertion_order": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        try:
            yield connection
        except RuntimeError as error:
            # What DuckDB makes of Ctrl-C while it is at work.
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            raise
        finally:
            connection.close()


def quoted(text: str) -> str:
    """A path, or any text, in a statement that takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


class Writer:
    """Rows to one Parquet file, complete or not there at all."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows = 0
        # Beside it, so that the last step is a rename.
        self._early = f"{path}.{os.getpid()}"
        self._lines = open(f"{self._early}.jsonl", "w", encoding="utf-8")  # noqa: SIM115 - closed by `close` or `give_up`

    def add(self, row: Row) -> None:
        self._lines.write(json.dumps(row) + "\n")
        self.rows += 1

    def close(self) -> None:
        self._lines.close()
        types = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
        try:
            with database(1) as connection:
                connection.execute(
                    f"COPY (SELECT * FROM read_json({quoted(self._lines.name)}, format = 'newline_delimited', "
                    f"maximum_object_size = 67108864, columns = {{{types}}})) "
                    f"TO {quoted(self._early)} (FORMAT parquet, COMPRESSION zstd)"
                )
            os.chmod(self._early, 0o600)
            os.replace(self._early, self.path)
        finally:
            self.give_up()

    def give_up(self) -> None:
        self._lines.close()
        for path in (self._lines.name, self._early):
            if os.path.lexists(path):
                os.unlink(path)


def described(connection: "duckdb.DuckDBPyConnection", path: str) -> set[str]:
    """The columns of a Parquet file. GuardError if it is none."""
    import duckdb  # noqa: PLC0415 - an extra

    try:
        found: list[tuple[Any, ...]] = connection.execute(
            f"DESCRIBE SELECT * FROM read_parquet({quoted(path)})"
        ).fetchall()
    except duckdb.Error as error:
        first = str(error).splitlines()[0][:200]
        raise GuardError(
            f"{path}: cannot be read as Parquet: {first}", help_="name a Parquet file"
        ) from error
    return {str(row[0]) for row in found}
