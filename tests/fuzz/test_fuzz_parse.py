"""The fuzzing harness for a few seconds, from the adversarial texts on; skipped, and said so, without atheris."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 5
DICTIONARY = (
    "$(", "${", "$((", "))", "<<E\n", "\nE\n", "<(", ">(", "&&", "||", ";;", "[[ ", " ]]", "case ", " in ", "esac",
    "if ", "then ", "fi", "for ", "do ", "done", "while ", "function ", "coproc ", "time ", "`", "$'", '$"', ":-", "//",
)  # fmt: skip


def test_fuzzing_finds_no_text_that_breaks_the_reader(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed: the fuzzing harness was not run")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    cases = tomllib.loads((HERE.parent / "shell" / "cases" / "adversarial.toml").read_text(encoding="utf-8"))
    for number, text in enumerate(text for group in cases["group"] for text in group["texts"]):
        (corpus / str(number)).write_text(text, encoding="utf-8")
    words = "\n".join('"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"' for word in DICTIONARY)
    (tmp_path / "words").write_text(words, encoding="utf-8")
    run = subprocess.run(
        [
            sys.executable, str(HERE / "fuzz_parse.py"), f"-max_total_time={SECONDS}", "-seed=1", "-max_len=4096",
            f"-dict={tmp_path / 'words'}", f"-artifact_prefix={tmp_path}/", str(corpus),
        ],
        check=False, capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip

    assert run.returncode == 0, run.stderr[-3000:]
    assert "DONE" in run.stderr
