"""What a proposal asks for, taken apart once for all who write it down or show it. Pure."""

from guard.model.dataclass import dataclass
from guard.model.proposal import (
    BatchProposal,
    DeleteProposal,
    EditProposal,
    FetchProposal,
    MoveProposal,
    Proposal,
    ReadProposal,
    ShellProposal,
    ToolProposal,
    WriteProposal,
)
from guard.model.typed import Literal, assert_never

Holds = Literal["command", "content", "edits", "to", "url", "arguments", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    verb: str
    """``shell``, ``write`` and so on; empty for a tool that only its client knows, and for several at once."""
    tool: str
    """As records have it: ``Bash``, ``Write``, or the name that the client has for it."""
    path: str | None = None
    text: str = ""
    """Everything else that was asked for."""
    holds: Holds = ""
    """What ``text`` is."""
    edits: int = 0
    parts: tuple["Said", ...] = ()


def said_of(proposal: Proposal) -> Said:
    match proposal:
        case ShellProposal(command=command):
            return Said(verb="shell", tool="Bash", text=command, holds="command")
        case WriteProposal(path=path, content=content):
            return Said(verb="write", tool="Write", path=path, text=content, holds="content")
        case EditProposal(path=path, edits=edits):
            text = "\n".join(f"-{edit.old}\n+{edit.new}" for edit in edits)
            return Said(verb="edit", tool="Edit", path=path, text=text, holds="edits", edits=len(edits))
        case DeleteProposal(path=path):
            return Said(verb="delete", tool="Delete", path=path)
        case MoveProposal(path=path, to=to):
            return Said(verb="move", tool="Move", path=path, text=to, holds="to")
        case ReadProposal(path=path):
            return Said(verb="read", tool="Read", path=path)
        case FetchProposal(url=url):
            return Said(verb="fetch", tool="Fetch", text=url, holds="url")
        case ToolProposal(tool=name, arguments=arguments):
            return Said(verb="", tool=name, text=arguments, holds="arguments")
        case BatchProposal(parts=parts):
            said = tuple(said_of(part) for part in parts)
            text = "\n".join(f"{one.tool} {one.path or ''}".rstrip() + f"\n{one.text}" for one in said)
            return Said(verb="", tool="Batch", text=text, parts=said)
        case _:
            assert_never(proposal)
