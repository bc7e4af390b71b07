"""``python own_root.py COMMAND...`` as root: run it with mounts of its own, in a chroot as well as outside of one."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from sandbox.backends import _kernel

if __name__ == "__main__":
    here = os.getcwd()
    _kernel.own_root()
    os.chdir(here)
    os.execvp(sys.argv[1], sys.argv[1:])
