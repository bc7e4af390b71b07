"""The seccomp profile handed to the engine: the same refusals as the local backend's filter. No I/O."""

import json

from sandbox.backends import _seccomp

_NAMESPACE_FLAGS = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80)
_PERSONALITIES = (0x0008, 0x0020000, 0x0040000, 0x0400000)
"""32-bit programs, an older kernel, no random addresses, everything readable executable: each one by its bit.

Asking which one is in force has every bit set, and is refused as well: rules of an engine cannot say `and not`.
"""
_LAST_FAMILY = 46
_LOW_HALF = 0xFFFFFFFF
"""The kernel reads these arguments as 32 bits; comparing 64 would let the upper half hide a match."""


def _rule(names: list[str], *, errno: int, argument: tuple[int, int, int] | None = None) -> dict[str, object]:
    rule: dict[str, object] = {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": errno}
    if argument is not None:
        index, mask, value = argument
        compared = {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
        rule["args"] = [compared]
    return rule


def profile(machine: str, *, memfd: bool = True) -> str:
    """The profile as the engine's JSON. ``memfd``: files in memory, which can be started."""
    names = sorted(_seccomp.refused_names(machine) - {"personality"})
    rules = [_rule(names, errno=1), _rule(["clone3", *([] if memfd else ["memfd_create"])], errno=38)]
    rules += [_rule(["clone", "unshare"], errno=1, argument=(0, flag, flag)) for flag in _NAMESPACE_FLAGS]
    rules += [
        _rule(["socket", "socketpair"], errno=97, argument=(0, _LOW_HALF, family))
        for family in range(_LAST_FAMILY + 1)
        if family not in _seccomp.FAMILIES
    ]
    rules += [
        _rule(["ioctl"], errno=1, argument=(1, _LOW_HALF, request)) for request in _seccomp.TERMINAL_INJECTION
    ]
    rules += [_rule(["personality"], errno=1, argument=(0, bits, bits)) for bits in _PERSONALITIES]
    names = sorted(_seccomp.about_a_process(machine))
    rules.append(_rule(names, errno=1, argument=(0, _LOW_HALF, _seccomp.WATCHER)))
    for name, everybody in sorted(_seccomp.priorities(machine).items()):
        rules.append(_rule([name], errno=1, argument=(0, _LOW_HALF, everybody)))
        rules.append(_rule([name], errno=1, argument=(1, _LOW_HALF, _seccomp.WATCHER)))
    architecture = "SCMP_ARCH_AARCH64" if machine == "aarch64" else "SCMP_ARCH_X86_64"
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "architectures": [architecture], "syscalls": rules})
