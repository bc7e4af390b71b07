"""What data cannot say of the machine's programs: the place of an operand decides."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import plain
from guard.model.effect import GainPrivilege

_DSCL_LOOKS = frozenset(
    "-read -readall -readpl -readpli -list -search -diff read list search diff cat ls -cat -ls".split()
)
_NETWORK_LOOKS = ("-list", "-get", "-show", "-print", "-is", "-version", "-help")
_SCUTIL_LOOKS = frozenset("get r w t dns proxy nwi n help nc".split())
_KEYGEN_LOOKS = frozenset("l F B y L Q A".split())


def service(call: Call, parsed: Parsed) -> None:
    """``service NAME status`` looks."""
    words = [field.static for field in parsed.operands]
    if words[1:2] not in (["status"], []) or parsed.uncertain:
        call.say(GainPrivilege(detail="controls services of the machine"))


def dscl(call: Call, parsed: Parsed) -> None:
    """``dscl . -read /Users/x``: what it does comes second."""
    del parsed
    statics = [text for text in call.statics[1:2] or [None] if text is not None]
    if statics and not _DSCL_LOOKS & set(statics):
        call.say(GainPrivilege(detail="changes accounts of the machine"))
        call.write(plain("/etc/passwd", call.span))
    if not statics and call.args:
        call.opaque("a directory service that takes commands", typed=True)


def networksetup(call: Call, parsed: Parsed) -> None:
    """``-get...`` and ``-list...`` look; everything else sets."""
    del parsed
    first = call.statics[0] if call.args else "-help"
    if first is None or not first.startswith(_NETWORK_LOOKS):
        call.say(GainPrivilege(detail="changes the network"))


def scutil(call: Call, parsed: Parsed) -> None:
    """``--get``, ``-r``, ``--dns`` look; ``--set`` and the prompt do not."""
    if not call.args:
        call.opaque("a prompt that takes commands", typed=True)
    elif not all(name in _SCUTIL_LOOKS for name, _ in parsed.options):
        call.say(GainPrivilege(detail="changes the machine"))


def parted(call: Call, parsed: Parsed) -> None:
    """``parted DEVICE COMMAND...``: printing looks."""
    words = [field.static for field in parsed.operands[1:]]
    if words and set(words) <= {
        "print",
        "free",
        "all",
        "devices",
        "list",
        "unit",
        "s",
        "B",
        "MB",
        "MiB",
        "GB",
        "GiB",
        "%",
    }:
        call.read(*parsed.operands[:1])
        return
    call.write(*parsed.operands[:1])
    call.say(GainPrivilege(detail="changes file systems or partitions"))


def mount(call: Call, parsed: Parsed) -> None:
    """Without operands it only shows."""
    if not call.args or (
        not parsed.operands
        and all(name in {"t", "types", "v", "l", "show-labels"} for name, _ in parsed.options)
    ):
        return
    call.say(GainPrivilege(detail="changes what is mounted where"))
    call.opaque("changes what is mounted where")


def sysctl(call: Call, parsed: Parsed) -> None:
    """``NAME=VALUE`` sets."""
    if any(field.static is None or "=" in field.static for field in parsed.operands):
        call.say(GainPrivilege(detail="changes settings of the kernel"))


def ifconfig(call: Call, parsed: Parsed) -> None:
    """One operand is the interface to show; more of them set something."""
    if len(parsed.operands) > 1 or parsed.uncertain:
        call.say(GainPrivilege(detail="changes the network"))


def ssh_keygen(call: Call, parsed: Parsed) -> None:
    """``-l``, ``-F`` ... look at a key; ``-R`` and making one write."""
    files = parsed.values("f")
    if parsed.has("w"):
        call.opaque("loads a library")
    if parsed.has(*_KEYGEN_LOOKS) and not parsed.has("R"):
        call.read(*files)
        if parsed.has("y"):
            call.secret("a private key of ssh")
        return
    if parsed.has("D"):
        call.opaque("loads a library")
    if parsed.has("R"):
        call.write(*(files or [plain(f"{call.evaluator.facts.home}/.ssh/known_hosts", call.span)]))
        return
    call.write(*(files or [plain(f"{call.evaluator.facts.home}/.ssh/id_rsa", call.span)]))


def opens(call: Call, parsed: Parsed) -> None:
    """A file starts the program that is registered for it; an address goes to a browser, which sends it."""
    from guard.effects.commands.hosts import connect_field  # noqa: PLC0415 - only for addresses

    for field in parsed.operands:
        if "://" in field.prefix or field.static is None:
            connect_field(call, field, upload=True)
    call.opaque("opens it in another program")
