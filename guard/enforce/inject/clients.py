"""Every client that is given the hook of a session, and what of its own command line takes it away. Data, and their sum."""

from guard.enforce.inject import claude, codex, gemini, net, plugins
from guard.enforce.inject.made import Injected, Made, NotTakenOver, Registrations, Source, needed
from guard.enforce.inject.variables import QUIET
from guard.enforce.net import MARK
from guard.model.dataclass import dataclass
from sandbox.spec import HOME


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    agent: str
    """As whom the hook speaks."""
    programs: tuple[str, ...]
    managed: str
    """The directory of the machine's own files; empty where there are none."""
    source: Source
    off: tuple[str, ...] = ()
    """Words after its name by which it runs no hook."""
    back: tuple[str, ...] = ()
    """Words of its own that bring it back then; put right behind its name."""
    variables: tuple[str, ...] = ()
    """Those a person may pass on that do the same."""
    net: tuple[tuple[str, str], ...] | None = None
    """Variables by which it starts its shells where the second net is; None where it starts none that could be seen so."""


CLIENTS: tuple[Client, ...] = (
    Client(
        agent="claude-code",
        programs=("claude",),
        managed=claude.MANAGED,
        source=claude.made,
        off=("--bare",),
        variables=("CLAUDE_CODE_SIMPLE",),
    ),
    Client(agent="codex", programs=("codex",), managed=codex.MANAGED, source=codex.made),
    Client(agent="gemini", programs=("gemini",), managed=gemini.GEMINI, source=gemini.gemini, net=()),
    Client(
        agent="qwen",
        programs=("qwen",),
        managed=gemini.QWEN,
        source=gemini.qwen,
        net=(),
        off=("--bare", "--safe-mode"),
        variables=gemini.QWEN_OFF,
    ),
    Client(
        agent="opencode",
        programs=("opencode",),
        managed=plugins.OPENCODE,
        source=plugins.opencode,
        net=(("SHELL", net.SHELL),),
        off=("--pure",),
    ),
    Client(agent="copilot", programs=("copilot",), managed=plugins.COPILOT, source=plugins.copilot),
    Client(
        agent="cline",
        programs=("cline",),
        managed="",
        source=plugins.cline,
        off=("--config",),
        variables=("CLINE_DIR",),
    ),
    Client(
        agent="pi",
        programs=("pi",),
        managed="",
        source=plugins.pi,
        off=("-ne", "--no-extensions"),
        back=("-e", f"{HOME}/{plugins.EXTENSION}"),
        variables=("PI_CODING_AGENT_DIR",),
    ),
)


def client_of(program: str) -> Client | None:
    return next((client for client in CLIENTS if program in client.programs), None)


def inject(
    argv: tuple[str, ...],
    program: str,
    given: tuple[str, ...],
    registrations: Registrations,
    managed: dict[str, str] | None = None,
) -> Injected:
    """For every program: a script may start the agent.

    ``given``: variables that a person passes on. ``managed``: other directories than the machine's, by agent.
    """
    parts: list[Made] = []
    for client in CLIENTS:
        directory = (managed or {}).get(client.agent, client.managed)
        try:
            parts.append(client.source(registrations[client.agent], directory))
        except NotTakenOver as error:
            return Injected(
                problem=f"{directory} cannot be taken over, and without it an organisation's rules would not hold:"
                f" {error}; mend it"
            )
    named = client_of(program)
    words, off = _off(named, argv, given) if named is not None else ((), "")
    variables = named.net if named is not None else None
    return Injected(
        agent=named.agent if named is not None and not off else "",
        without=f"`{program}` may run no hook with `{off}`: then the walls alone hold it" if off else "",
        shown=(
            *(one for part in parts for one in part.shown),
            *net.stubs(tuple(line for part in parts for line in part.hooks)),
        ),
        files=tuple(one for part in parts for one in part.files),
        environment=(
            *QUIET,
            *(pair for part in parts for pair in part.environment),
            *(() if variables is None else ((MARK, "1"), *variables)),
        ),
        programs="" if variables is None else net.PROGRAMS,
        words=words,
        read_only=needed(),
    )


def _off(client: Client, argv: tuple[str, ...], given: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """What brings the hook back, and what takes it away all the same."""
    if name := next((name for name in given if name in client.variables), ""):
        return (), name
    found = [word.partition("=")[0] for word in argv[1:] if word.partition("=")[0] in client.off]
    if not found or client.back:
        return client.back if found else (), ""
    return (), found[0]
