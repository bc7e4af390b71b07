"""The system call filter as classic BPF: a list of what no build, test or script needs. No I/O.

Everything refused is also out of reach for another reason (no capabilities, no devices, own
namespaces); the filter is what remains when the kernel gets one of those wrong.
"""

import functools
import os
import struct

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NEW_NAMESPACES = 0x7E020080
"""Every CLONE_NEW* flag, CLONE_NEWTIME (0x80) included."""

_REFUSED_X86_64 = {
    "ptrace": 101, "syslog": 103, "uselib": 134, "personality": 135, "ustat": 136, "sysfs": 139, "vhangup": 153,
    "modify_ldt": 154, "pivot_root": 155, "_sysctl": 156, "adjtimex": 159, "chroot": 161, "acct": 163,
    "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169,
    "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "create_module": 174, "init_module": 175,
    "delete_module": 176, "get_kernel_syms": 177, "query_module": 178, "quotactl": 179, "nfsservctl": 180,
    "lookup_dcookie": 212, "clock_settime": 227, "mbind": 237, "set_mempolicy": 238, "get_mempolicy": 239,
    "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "migrate_pages": 256, "move_pages": 279,
    "perf_event_open": 298, "fanotify_init": 300, "fanotify_mark": 301, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
    "kcmp": 312, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
_REFUSED_AARCH64 = {
    "ptrace": 117, "syslog": 116, "personality": 92, "vhangup": 58, "pivot_root": 41, "adjtimex": 171, "chroot": 51,
    "acct": 89, "settimeofday": 170, "mount": 40, "umount2": 39, "swapon": 224, "swapoff": 225, "reboot": 142,
    "sethostname": 161, "setdomainname": 162, "init_module": 105, "delete_module": 106, "quotactl": 60,
    "nfsservctl": 42, "lookup_dcookie": 18, "clock_settime": 112, "mbind": 235, "set_mempolicy": 237,
    "get_mempolicy": 236, "kexec_load": 104, "add_key": 217, "request_key": 218, "keyctl": 219,
    "migrate_pages": 238, "move_pages": 239, "perf_event_open": 241, "fanotify_init": 262, "fanotify_mark": 263,
    "name_to_handle_at": 264, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "kexec_file_load": 294,
    "bpf": 280, "userfaultfd": 282,
}  # fmt: skip
_REFUSED_EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "statmount": 457, "listmount": 458,
    "lsm_set_self_attr": 460, "open_tree_attr": 467,
}  # fmt: skip
_MEMFD = {"x86_64": 319, "aarch64": 279}
_SPECIAL = {
    "x86_64": {"clone": 56, "unshare": 272, "ioctl": 16, "socket": 41, "socketpair": 53},
    "aarch64": {"clone": 220, "unshare": 97, "ioctl": 29, "socket": 198, "socketpair": 199},
}
_ABOUT_A_PROCESS = {
    "x86_64": {
        "sched_setparam": 142, "sched_setscheduler": 144, "sched_setaffinity": 203, "prlimit64": 302, "sched_setattr": 314,
    },
    "aarch64": {
        "sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122, "prlimit64": 261, "sched_setattr": 274,
    },
}  # fmt: skip
"""Process 1 watches the limits, and where nobody but root has several users it is the same one as the command."""
_PRIORITIES = {
    "x86_64": {"setpriority": (141, 2), "ioprio_set": (251, 3)},
    "aarch64": {"setpriority": (140, 2), "ioprio_set": (30, 3)},
}
"""Number, and the kind that means every process of a user. The second argument is whose."""
WATCHER = 1
_CLONE3 = 435
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
TERMINAL_INJECTION = (0x5412, 0x541C, 0x5423)
"""TIOCSTI types into the terminal we share with the user, TIOCLINUX pastes, TIOCSETD loads line disciplines."""
FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6: the network namespace has nothing but its own loopback."""


def refused_names(machine: str) -> frozenset[str]:
    """What is refused whatever its arguments."""
    by_name = _REFUSED_AARCH64 if machine == "aarch64" else _REFUSED_X86_64
    return frozenset(by_name) | frozenset(_REFUSED_EVERYWHERE)


def about_a_process(machine: str) -> frozenset[str]:
    """What may not be done to the watcher, which the first argument names."""
    return frozenset(_ABOUT_A_PROCESS["aarch64" if machine == "aarch64" else "x86_64"])


def priorities(machine: str) -> dict[str, int]:
    """By the second argument not the watcher's, and not a whole user's, which the first would say."""
    found = _PRIORITIES["aarch64" if machine == "aarch64" else "x86_64"]
    return {name: everybody for name, (_, everybody) in found.items()}


_Instruction = tuple[int, int, int, int]


def _refuse(errno: int) -> _Instruction:
    return (_RETURN, 0, 0, _ERRNO | errno)


def _argument(index: int) -> _Instruction:
    return (_LOAD, 0, 0, 16 + 8 * index)


def _when(number: int, body: list[_Instruction]) -> list[_Instruction]:
    """``body`` for one call; it falls through to the next rule with the call number loaded again."""
    whole = [*body, (_LOAD, 0, 0, 0)]
    return [(_EQUAL, 0, len(whole), number), *whole]


@functools.cache
def program(machine: str = "", *, memfd: bool = False) -> bytes:
    """The filter for this machine. ``memfd`` allows files in memory, which only a memory cgroup can count."""
    machine = machine or os.uname().machine
    if machine not in _AUDIT_ARCH:
        raise OSError(_ENOSYS, f"no system call table for {machine}", "seccomp")
    special = _SPECIAL[machine]
    rules: list[_Instruction] = [
        # A second ABI would number its calls differently and walk past the list: int 0x80 and x32 die.
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":
        rules += [(_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    refused = (_REFUSED_X86_64 if machine == "x86_64" else _REFUSED_AARCH64) | _REFUSED_EVERYWHERE
    personality = refused["personality"]
    for number in sorted(set(refused.values()) - {personality}):
        rules += [(_EQUAL, 0, 1, number), _refuse(_EPERM)]
    if not memfd:
        rules += [(_EQUAL, 0, 1, _MEMFD[machine]), _refuse(_ENOSYS)]
    # A filter cannot look behind clone3's pointer; ENOSYS makes libc fall back to clone.
    rules += [(_EQUAL, 0, 1, _CLONE3), _refuse(_ENOSYS)]
    for name in ("clone", "unshare"):
        rules += _when(special[name], [_argument(0), (_ANY_BIT, 0, 1, _NEW_NAMESPACES), _refuse(_EPERM)])
    # Asking (0xffffffff) and the plain personality are fine; READ_IMPLIES_EXEC and old ABIs are not.
    rules += _when(
        personality, [_argument(0), (_EQUAL, 2, 0, 0xFFFFFFFF), (_EQUAL, 1, 0, 0), _refuse(_EPERM)]
    )
    # Each match but the last jumps over the remaining tests to the refusal.
    last = len(TERMINAL_INJECTION) - 1
    chain: list[_Instruction] = [
        (_EQUAL, last - i, 1 if i == last else 0, request) for i, request in enumerate(TERMINAL_INJECTION)
    ]
    rules += _when(special["ioctl"], [_argument(1), *chain, _refuse(_EPERM)])
    for number in sorted(_ABOUT_A_PROCESS[machine].values()):
        rules += _when(number, [_argument(0), (_EQUAL, 0, 1, WATCHER), _refuse(_EPERM)])
    for number, everybody in sorted(_PRIORITIES[machine].values()):
        whose = [
            _argument(0),
            (_EQUAL, 2, 0, everybody),
            _argument(1),
            (_EQUAL, 0, 1, WATCHER),
            _refuse(_EPERM),
        ]
        rules += _when(number, whose)
    for name in ("socket", "socketpair"):
        families: list[_Instruction] = [
            (_EQUAL, len(FAMILIES) - i, 0, family) for i, family in enumerate(FAMILIES)
        ]
        rules += _when(special[name], [_argument(0), *families, _refuse(_EAFNOSUPPORT)])
    rules.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *rule) for rule in rules)
