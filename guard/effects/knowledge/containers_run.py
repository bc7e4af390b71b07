"""What data cannot say of containers: mounts that reach the machine, and commands that only look at what is inside."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import Field, plain
from guard.model.effect import Connect, ControlContainer, MutateCloud, ReadPath, RunProgram

_WALLS = frozenset(
    "privileged device cap-add pid ipc userns security-opt uts cgroupns network net device-cgroup-rule".split()
)
"""Options that take walls of a container down (``network``, ``pid`` ... when they name the host's)."""
_NAMESPACES = frozenset("pid ipc userns uts cgroupns network net".split())


def mounts(call: Call, parsed: Parsed) -> None:
    """``run`` and ``create``: directories of this machine are written through a mount."""
    down = [
        name
        for name, value in parsed.options
        if name in _WALLS
        and (name not in _NAMESPACES or value is None or value.static is None or "host" in value.static)
    ]
    if down:
        call.say(ControlContainer(detail=f"{call.name} with walls taken down: {' '.join(down)}"))
    for field in parsed.values("v", "volume", "mount"):
        _mount(call, field)


def _mount(call: Call, field: Field) -> None:
    text = field.static
    if text is None:
        head = field.prefix.partition(":")[0]
        call.write(plain(head, field.span) if ":" in field.prefix else field, recursive=True)
        return
    if "=" in text:
        parts: dict[str, str] = {}
        for part in text.split(","):
            key, _, value = part.partition("=")
            parts[key] = value
        source = parts.get("source", parts.get("src", ""))
        if parts.get("type", "volume") != "bind":
            return
        readonly = "readonly" in parts or "ro" in parts
    else:
        source, *rest = text.split(":")
        readonly = "ro" in (rest[1].split(",") if len(rest) > 1 else ())
    if not source.startswith(("/", "~", ".")):
        return
    where = plain(source, field.span)
    call.say(ControlContainer(detail=f"a container that sees {source}"))
    if readonly:
        call.read(where, recursive=True)
    else:
        call.write(where, recursive=True)


def inside(call: Call, parsed: Parsed) -> None:
    """``exec CONTAINER COMMAND``: a look when all that the command does is looking."""
    command = parsed.operands[1:]
    if not only_looks(call, command):
        shown = " ".join(field.text for field in command[:6])
        call.say(ControlContainer(detail=f"runs `{shown}` in a container"))


def in_cluster(call: Call, parsed: Parsed) -> None:
    """``kubectl exec POD -- COMMAND``: as in a container."""
    command = parsed.operands[1:]
    looks = only_looks(call, command)
    call.say(Connect(host="cloud-provider", upload=not looks))
    if not looks:
        shown = " ".join(field.text for field in command[:6])
        call.say(MutateCloud(detail=f"runs `{shown}` in a cluster"))
        call.opaque("runs something in a cluster")


def only_looks(call: Call, command: list[Field]) -> bool:
    """Whether a command would only read and print, wherever it runs."""
    from guard.effects.evaluate import Evaluator  # noqa: PLC0415 - the evaluator finds us through the table of programs

    if not command or any(field.static is None for field in command):
        return False
    # Of its own: what a program reads in there is not a file of this machine.
    elsewhere = Evaluator(call.evaluator.facts)
    elsewhere.run_argv(
        command, call.state, span=call.span, stdin=None, certain=True, depth=call.depth + 1, shell=False
    )
    return all(isinstance(effect, ReadPath | RunProgram) for effect in elsewhere.effects)


def copies(call: Call, parsed: Parsed) -> None:
    """``cp``: one side is a path in a container, the other is one of ours."""
    for index, field in enumerate(parsed.operands[:2]):
        if ":" in (field.static or ":") and not field.prefix.startswith(("/", ".")):
            continue
        if index == 0:
            call.read(field, recursive=True)
        else:
            call.write(field, recursive=True)


def kubectl(call: Call, parsed: Parsed) -> None:
    """``minikube kubectl -- get pods``."""
    call.run([plain("kubectl", call.span), *parsed.operands])
