"""Environments of Python: names in them that lead to the machine's own interpreter. Pure, by spelling only."""

import posixpath

_SYSTEM = ("/usr/bin", "/usr/local/bin", "/bin")
"""Where only root puts programs."""
_KINDS = ("python", "pypy")


def leads_to_interpreter(path: str, target: str) -> bool:
    """Whether a link ``path`` to ``target`` is one of those that making an environment makes: ``bin/python`` to another
    of its names beside it, or to an interpreter of the system. What stands beside it is judged by itself.
    """
    head, name = posixpath.split(path)
    place, leads_to = posixpath.split(target)
    if posixpath.basename(head) != "bin" or not _is_interpreter(name) or not _is_interpreter(leads_to):
        return False
    return place in _SYSTEM or place == ""


def _is_interpreter(name: str) -> bool:
    """``python``, ``python3``, ``python3.12``, ``pypy3``; nothing that merely begins so."""
    kind = next((kind for kind in _KINDS if name.startswith(kind)), "")
    version = name[len(kind) :]
    return bool(kind) and (version == "" or version.replace(".", "").isdecimal())
