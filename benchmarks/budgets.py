"""What reading a change set costs in memory when a command makes too much: entries, MiB, seconds of CPU, what is said.

python benchmarks/budgets.py [--scale 1.0]

Each tree is made on a tmpfs and read in a process of its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
READ = """
import os, resource, sys
from sandbox.layer import read
before = resource.getrusage(resource.RUSAGE_SELF)
found = read(os.open(sys.argv[1], os.O_RDONLY), sys.argv[2])
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
mib = (after.ru_maxrss - before.ru_maxrss) // 1024
print(f"{len(found.entries):>9,} entries {mib:>5} MiB {cpu:>7.1f} s   {found.truncated or 'all of it'}")
"""


def files(upper: str, count: int, per_directory: int) -> None:
    for number in range(count):
        if number % per_directory == 0:
            os.makedirs(f"{upper}/d{number // per_directory}")
        with open(f"{upper}/d{number // per_directory}/{number}", "wb") as file:
            file.write(b"x")


def names(upper: str, count: int) -> None:
    """Hard links cost a tmpfs little more than a name."""
    os.makedirs(f"{upper}/d")
    with open(f"{upper}/d/0", "wb") as file:
        file.write(b"x" * 4096)
    for number in range(1, count):
        os.link(f"{upper}/d/0", f"{upper}/d/{number}")


def sparse(upper: str) -> None:
    with open(f"{upper}/huge", "wb") as file:
        file.truncate(1 << 40)


def loops(upper: str, count: int) -> None:
    for number in range(count):
        os.symlink(f"l{(number + 1) % count}", f"{upper}/l{number}")


def deep(upper: str, count: int) -> None:
    here = os.open(upper, os.O_RDONLY)
    for _ in range(count):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    scale: float = parser.parse_args().scale
    cases: dict[str, Callable[[str], None]] = {
        "198,000 files": lambda upper: files(upper, int(198_000 * scale), 200),
        "250,000 files": lambda upper: files(upper, int(250_000 * scale), 200),
        "100,000 names in a directory": lambda upper: names(upper, int(100_000 * scale)),
        "1,000,000 names in a directory": lambda upper: names(upper, int(1_000_000 * scale)),
        "a sparse terabyte": sparse,
        "100,000 links in a loop": lambda upper: loops(upper, int(100_000 * scale)),
        "2,000 directories deep": lambda upper: deep(upper, 2000),
    }
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    for title, make in cases.items():
        directory = tempfile.mkdtemp(dir=place)
        os.mkdir(f"{directory}/upper")
        os.mkdir(f"{directory}/work")
        make(f"{directory}/upper")
        print(f"{title:<32}", end="", flush=True)
        subprocess.run(
            [sys.executable, "-c", READ, f"{directory}/upper", f"{directory}/work"],
            env={"PYTHONPATH": ROOT},
            check=True,
        )
        # `shutil.rmtree` does not go as deep as the last one.
        subprocess.run(["rm", "-rf", directory], check=True)


if __name__ == "__main__":
    main()
