"""What data cannot say of programs that look at other processes: whose environment or memory is shown."""

from guard.effects.call import Call
from guard.effects.options import Parsed


def cow(call: Call, parsed: Parsed) -> None:
    """A cow by its path is a program in Perl; by its name it is one of those that came along."""
    for field in parsed.values("f"):
        if "/" in (field.static or "/"):
            call.read(field)
            call.opaque("a picture that is a program in Perl")


_TAKE = (frozenset("oOkpqtU"), frozenset("oOpqtUuGgsC"))
"""Letters of ``ps`` that take the rest of the word, or the next one: without a dash and with one."""


def ps(call: Call, parsed: Parsed) -> None:
    """``ps e``, ``ps auxe``: beside each command its environment; ``-e`` is all processes, ``-E`` is macOS for the first."""
    del parsed
    skip = False
    for text in call.statics:
        if skip:
            skip = False
            continue
        if text is None:
            call.opaque("what is shown of processes is not known before it runs")
            return
        dashed = text.startswith("-")
        letters = text.lstrip("-")
        if text.startswith("--"):
            skip = "=" not in text and letters in {
                "format",
                "sort",
                "pid",
                "ppid",
                "user",
                "User",
                "tty",
                "quick-pid",
                "sid",
                "cols",
                "columns",
            }
            continue
        for at, letter in enumerate(letters):
            if not letter.isalpha():
                break
            if letter == ("E" if dashed else "e"):
                call.secret("the environment of other processes")
                return
            if letter in _TAKE[dashed]:
                skip = at == len(letters) - 1
                break


def memory(call: Call, parsed: Parsed) -> None:
    """``jcmd 4 GC.heap_dump x``, ``jmap -dump:file=x 4``: what a process holds, keys included."""
    del parsed
    words = call.statics
    if any(
        text is None
        or text.startswith(("-dump", "-J", "GC.heap_dump", "VM.system_properties", "VM.info", "JFR.dump"))
        for text in words
    ):
        call.secret("what another process holds in memory")


def wireguard(call: Call, parsed: Parsed) -> None:
    """``wg show all private-key``: the last word says what of it."""
    if {field.static for field in parsed.operands} & {"private-key", "preshared-keys", "dump", None}:
        call.secret("private keys of WireGuard")
