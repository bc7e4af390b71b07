"""Small trees on a real file system: made, looked at, compared."""

import os
import stat
from pathlib import Path


def look(root: Path) -> dict[str, tuple]:
    """Every object below ``root``: kind, mode, content. Times do not count."""
    out: dict[str, tuple] = {}
    for directory, names, files in os.walk(root):
        for name in [*names, *files]:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, root)
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                out[relative] = ("link", os.readlink(path))
            elif stat.S_ISDIR(info.st_mode):
                out[relative] = ("directory", stat.S_IMODE(info.st_mode))
            else:
                with open(path, "rb") as file:
                    out[relative] = ("file", stat.S_IMODE(info.st_mode), file.read())
    return out


def build_workspace(root: Path) -> None:
    (root / "src" / "deep").mkdir(parents=True)
    (root / "README").write_text("read me\n")
    (root / "src" / "a.py").write_text("a\n")
    (root / "src" / "deep" / "b.py").write_text("b\n")
    os.symlink("a.py", root / "src" / "link")
