"""What the agent's own file tools do: writes, edits, reads, fetches, and tools we only know by name."""

from guard.effects.identity import lexical_path
from guard.model.effect import (
    MOVES,
    Connect,
    DeletePath,
    Opaque,
    ReadPath,
    RunProgram,
    SymbolicEffect,
    UseTool,
    WritePath,
)
from guard.model.paths import KnownPath, SymbolicPath, UnresolvedPath, read_differently
from guard.model.proposal import (
    BOOKKEEPING,
    DeleteProposal,
    EditProposal,
    FetchProposal,
    MoveProposal,
    ReadProposal,
    ToolProposal,
    WriteProposal,
    is_of_a_server,
)

_PORTS = {"http": 80, "https": 443, "ftp": 21, "ssh": 22}


def write_effects(proposal: WriteProposal | EditProposal) -> tuple[SymbolicEffect, ...]:
    """A file tool writes exactly the path it names; it expands neither ``~`` nor variables."""
    name = "Write" if isinstance(proposal, WriteProposal) else "Edit"
    path = path_of(proposal.path, proposal.cwd)
    write: SymbolicEffect = WritePath(path=path, program=name, names=(name,))
    if isinstance(proposal, WriteProposal):
        return (write,)
    return (ReadPath(path=path, program=name, names=(name,)), write)


def removal_effects(proposal: DeleteProposal | MoveProposal) -> tuple[SymbolicEffect, ...]:
    """What is moved is not lost, but it is no longer where it was."""
    path = path_of(proposal.path, proposal.cwd)
    if isinstance(proposal, DeleteProposal):
        return (DeletePath(path=path, program="Delete", names=("Delete",)),)
    return (
        ReadPath(path=path, program="Move", names=("Move",)),
        WritePath(path=path, detail=MOVES, program="Move", names=("Move",)),
        WritePath(path=path_of(proposal.to, proposal.cwd), program="Move", names=("Move",)),
    )


def read_effects(proposal: ReadProposal) -> tuple[SymbolicEffect, ...]:
    return (
        ReadPath(
            path=path_of(proposal.path, proposal.cwd),
            recursive=proposal.recursive,
            program="Read",
            names=("Read",),
        ),
    )


def fetch_effects(proposal: FetchProposal) -> tuple[SymbolicEffect, ...]:
    """The agent's own client gets a URL; what is in the URL is sent."""
    return (address_effect(proposal.url, proposal.cwd, "Fetch"),)


def address_effect(address: str, cwd: str, program: str) -> SymbolicEffect:
    """What getting a URL does."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - costs 3 ms, and few proposals are fetches

    try:
        url = urlsplit(address)
        host, port = (url.hostname or "").rstrip("."), url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        return Connect(host="?", program=program, names=(program,))
    if url.scheme == "file" or not host:
        return ReadPath(
            path=path_of(url.path, cwd) if url.scheme == "file" else _unknown(address),
            program=program,
            names=(program,),
        )
    return Connect(host=host, port=port, program=program, names=(program,))


def tool_effects(proposal: ToolProposal) -> tuple[SymbolicEffect, ...]:
    """A tool whose code we cannot see: it may do anything, outside of any sandbox of ours."""
    name = proposal.tool
    if name in BOOKKEEPING:
        return (RunProgram(program=name, names=(name,)),)
    if is_of_a_server(name):
        from guard.effects.tools import argument_effects  # noqa: PLC0415 - few calls are of servers

        arguments = argument_effects(name, proposal.arguments, proposal.cwd)
        return (RunProgram(program=name, names=(name,)), UseTool(program=name, names=(name,)), *arguments)
    return (
        RunProgram(program=name, names=(name,)),
        Opaque(reason=f"nothing is known about what the tool `{name}` does", program=name, names=(name,)),
    )


def path_of(text: str, cwd: str) -> SymbolicPath:
    if not text or "\0" in text:
        return UnresolvedPath(text, "not a path")
    odd = read_differently(text)
    if odd:
        return UnresolvedPath(text, f"{odd}, which file tools read differently")
    return KnownPath(text if text.startswith("/") else lexical_path(f"{cwd}/{text}"))


def _unknown(text: str) -> UnresolvedPath:
    return UnresolvedPath(text, "an address without a host")
