"""``python tests/fuzz/fuzz_parse.py [libFuzzer options]``: coverage-guided texts for the reader of the shell.

Whatever the text: no exception, an answer in time, and what was read reads the same from its canonical text.
"""

import sys
import time
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports():
    from guard.shell.emit import emit
    from guard.shell.parse import parse
    from guard.shell.walk import command_names, same, unread

LIMIT_S = 1.0
"""Twenty times what is promised: this runs instrumented, on a machine that does other things too."""


def one(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    started = time.perf_counter()
    script = parse(text)
    if time.perf_counter() - started > LIMIT_S:
        raise AssertionError(f"slow: {text[:200]!r}")
    command_names(script)
    if not unread(script):
        canonical = emit(script)
        if not same(parse(canonical), script):
            raise AssertionError(f"{text!r} reads otherwise as {canonical!r}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
