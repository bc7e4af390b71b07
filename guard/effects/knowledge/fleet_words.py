"""Tasks on many machines: which machines, and whether anything changes there."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.model.effect import Connect, MutateCloud

_HERE = frozenset({"localhost", "127.0.0.1", "localhost,", "127.0.0.1,"})


def tasks(call: Call, parsed: Parsed) -> None:
    """On this machine alone it is code that nobody has read; elsewhere it changes what others use, unless it only checks."""
    call.opaque("it runs tasks that nobody has read")
    hosts = [field.static for field in parsed.values("i", "inventory")]
    if call.name == "ansible":
        hosts = [field.static for field in parsed.operands[:1]]
    local = [field.static for field in parsed.values("c", "connection")]
    if hosts and all(host in _HERE for host in hosts) and (call.name == "ansible" or local == ["local"]):
        return
    if parsed.has("C", "check"):
        # The machines are those of the person's own list; nothing is changed there.
        call.say(Connect(host="cloud-provider"))
    else:
        call.say(Connect(host="?", upload=True))
        call.say(MutateCloud(detail=f"{call.name}: other machines"))
