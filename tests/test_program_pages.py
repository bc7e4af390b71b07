"""docs/programs is what the descriptions and the cases say: nobody edits it by hand."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_pages_about_programs_are_up_to_date():
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "docs", "generate.py"), "--check"], capture_output=True, text=True, check=False
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
