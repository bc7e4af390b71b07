"""Windsurf's Cascade hooks, from its documentation: exit status 2 is a deny, and there is no other answer."""

from guard.agents import calls
from guard.agents.calls import Called, Layout
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import NOTHING, Dialect
from guard.agents.strict_json import as_object, optional_text, read_object, text
from guard.model.dataclass import replace
from guard.model.principal import Principal
from guard.model.proposal import Proposal

NAME = "windsurf"
_EVENTS = Layout(
    event="agent_action_name",
    events=frozenset({"pre_run_command", "pre_write_code", "pre_read_code", "pre_mcp_tool_use"}),
)


def read(payload: bytes) -> HookCall:
    """Only a command says where it runs: files have to be named in full. Raises PayloadError."""
    event = read_object(payload)
    calls.check_event(event, _EVENTS)
    action = text(event, "agent_action_name", "")
    arguments = as_object(event.get("tool_info"), "`tool_info` is missing or not an object")
    for known in ("execution_id", "timestamp"):
        optional_text(event, known, "")
    called = Called(
        principal=Principal(agent=NAME, session=optional_text(event, "trajectory_id", "")),
        cwd="/",
        tool=action,
        arguments=arguments,
        where="tool_info.",
    )
    return HookCall(proposal=_proposal(action, called), tool=action, arguments=arguments)


def _proposal(action: str, called: Called) -> Proposal:
    match action:
        case "pre_run_command":
            cwd = called.path("cwd")
            if not cwd.startswith("/"):
                raise PayloadError("`tool_info.cwd` is not an absolute path")
            return calls.shell_proposal(replace(called, cwd=cwd), called.text("command_line"))
        case "pre_write_code":
            return calls.edits("file_path")(_in_full(called))
        case "pre_read_code":
            return calls.read("file_path")(_in_full(called))
        case _:
            return calls.served(called, called.text("mcp_server_name"), called.text("mcp_tool_name"))


def _in_full(called: Called) -> Called:
    if not called.path("file_path").startswith("/"):
        raise PayloadError("`tool_info.file_path` is not an absolute path")
    return called


DIALECT = Dialect(name=NAME, deny=NOTHING, status=2, advises=True, reader=read)
