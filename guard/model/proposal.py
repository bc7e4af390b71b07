"""What an agent asks to do, before we judge it. Holds the agent's words; nothing here has been believed yet."""

from guard.model.dataclass import dataclass
from guard.model.principal import Principal
from guard.model.typed import Literal, TypeAlias, assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellProposal:
    """Run ``command`` with bash in ``cwd``."""

    principal: Principal
    cwd: str
    command: str
    call: str = ""
    """The agent's id for this tool call, if it has one."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables known to be set for the command, beyond the facts of this machine."""
    typed_into: bool = False
    """Whether the agent can go on typing into it while it runs, unseen by the guard."""
    lasting: bool = False
    """Whether the shell lives on, and what it has been told holds for the agent's next commands."""
    directory_told: bool = False
    """Of a shell that lives on: whether the client says before each command where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteProposal:
    """Replace the whole of ``path`` by ``content``."""

    principal: Principal
    cwd: str
    path: str
    content: str
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One search-and-replace of an edit."""

    old: str
    new: str
    everywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditProposal:
    """Change parts of ``path``. A notebook cell is an edit too."""

    principal: Principal
    cwd: str
    path: str
    edits: tuple[Replacement, ...]
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteProposal:
    """Remove the file ``path`` with a tool of the agent."""

    principal: Principal
    cwd: str
    path: str
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveProposal:
    """Give the file ``path`` the name ``to``, over whatever stands there."""

    principal: Principal
    cwd: str
    path: str
    to: str
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProposal:
    """Look at ``path`` (a file, or a tree for searches) with the agent's own reader."""

    principal: Principal
    cwd: str
    path: str
    recursive: bool = False
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchProposal:
    """Get ``url`` with the agent's own client."""

    principal: Principal
    cwd: str
    url: str
    call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolProposal:
    """Any other tool: an MCP server's, a sub-agent, a scheduler. Its arguments are kept as text."""

    principal: Principal
    cwd: str
    tool: str
    arguments: str
    """JSON text of the arguments, as sent."""
    call: str = ""


BOOKKEEPING = frozenset(
    "Agent Task TodoWrite TodoRead TaskCreate TaskUpdate TaskList TaskGet TaskOutput TaskStop ExitPlanMode EnterPlanMode "
    "AskUserQuestion ToolSearch WebSearch BashOutput KillBash KillShell ListMcpResourcesTool SendMessage StructuredOutput".split(
        " "
    )
)
"""An agent's own, by the names that policy has. What subagents do comes as proposals of its own; the provider sees a search
anyway."""
_PART = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def is_of_a_server(name: str) -> bool:
    """``mcp__SERVER__TOOL``, as several clients and `guard mcp` call what a registered server offers."""
    start, _, rest = name.partition("__")
    server, _, tool = rest.partition("__")
    return start == "mcp" and bool(server) and bool(tool)


def of_a_server(server: str, tool: str) -> str:
    """The name of a server's tool; empty where it would be another server's just as well, or no name for a policy."""
    if "__" in server or server.endswith("_"):
        # `a__b` and `c`, `a` and `b__c`; `a_` and `b`, `a` and `_b`.
        return ""
    return f"mcp__{server}__{tool}" if server and tool and _PART.issuperset(server + tool) else ""


SingleProposal: TypeAlias = (
    ShellProposal
    | WriteProposal
    | EditProposal
    | DeleteProposal
    | MoveProposal
    | ReadProposal
    | FetchProposal
    | ToolProposal
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProposal:
    """One call that asks for several things: the files of a patch, a list of commands. They are allowed together or not."""

    principal: Principal
    cwd: str
    parts: tuple[SingleProposal, ...]
    call: str = ""

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a batch of nothing would be allowed for want of an effect")


Proposal: TypeAlias = SingleProposal | BatchProposal


Holds = Literal["command", "content", "edits", "to", "url", "arguments", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A proposal taken apart, for all who write it down or show it."""

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
