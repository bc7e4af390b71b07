"""What data cannot say of the machine's package managers: one letter is the verb, another says that it only looks."""

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field
from guard.effects.options import Parsed
from guard.model.effect import Connect, GainPrivilege, InstallPackage

_MAIN = {
    "query": "Q",
    "sync": "S",
    "remove": "R",
    "upgrade": "U",
    "database": "D",
    "files": "F",
    "deptest": "T",
    "getpkgbuild": "G",
    "show": "P",
}
_SYNC_LOOKS = frozenset({"s", "search", "i", "info", "l", "list", "g", "groups", "p", "print"})
_REFRESHES = frozenset({"y", "refresh", "u", "sysupgrade", "c", "clean", "w", "downloadonly"})


def pacman(call: Call, parsed: Parsed) -> None:
    """``-Q``, ``-T``, ``-Ss``, ``-Si``, ``-F`` look; ``-D`` without a mark as well."""
    given = {name for name, _ in parsed.options}
    verbs = {_MAIN.get(name, name) for name in given} & set(_MAIN.values())
    if len(verbs) == 1 and not parsed.uncertain:
        verb = verbs.pop()
        looks = {
            "Q": True,
            "T": True,
            "P": True,
            "S": bool(given & _SYNC_LOOKS) and not given & _REFRESHES,
            "F": not given & _REFRESHES,
            "D": bool(given & {"k", "check"}),
        }
        if looks.get(verb):
            return
    call.say(InstallPackage(packages=tuple(field.text for field in parsed.operands)))
    call.say(Connect(host="package-index"))
    call.say(GainPrivilege(detail="changes the packages of the machine"))
    call.opaque("packages run code when they are installed")


def addresses(call: Call, parsed: Parsed) -> None:
    """A package may be fetched from where its operand says."""
    for field in parsed.operands:
        if "://" in field.prefix:
            connect_field(call, field)
