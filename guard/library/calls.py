"""What a program proposes through the library, in its own words; the guard adds who and where."""

import json
import os

from guard.errors import UsageError
from guard.model.dataclass import dataclass, field
from guard.model.principal import Principal
from guard.model.proposal import (
    EditProposal,
    FetchProposal,
    Proposal,
    ReadProposal,
    Replacement,
    Said,
    ShellProposal,
    ToolProposal,
    WriteProposal,
    said_of,
)
from guard.model.typed import Any, Mapping, TypeAlias, assert_never


@dataclass(frozen=True, slots=True, kw_only=False)
class Shell:
    """Run ``command`` with bash."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=False)
class Write:
    """Make the whole of the file ``path`` be ``content``, UTF-8."""

    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=False)
class Edit:
    """Put ``new`` in the place of ``old``, which is in the file once, or ``everywhere``."""

    path: str
    old: str
    new: str
    everywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=False)
class Read:
    """Look at the file ``path``, or with ``recursive`` through the tree."""

    path: str
    recursive: bool = False


@dataclass(frozen=True, slots=True, kw_only=False)
class Fetch:
    """Get ``url`` with a client of the program's own."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=False)
class Tool:
    """Any other tool: ``arguments`` as JSON takes them."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])


Call: TypeAlias = Shell | Write | Edit | Read | Fetch | Tool


def proposal_of(call: Call | str, principal: Principal, cwd: str, id_: str = "") -> Proposal:
    """A text is a shell command. Raises UsageError for what no call can be."""
    who: dict[str, Any] = {"principal": principal, "cwd": cwd, "call": _text(id_, "the id of the call")}
    match call:
        case str():
            return ShellProposal(command=_text(call, "the command"), **who)
        case Shell(command=command):
            return ShellProposal(command=_text(command, "the command"), **who)
        case Write(path=path, content=content):
            return WriteProposal(path=_path(path), content=_text(content, "the content", nul=True), **who)
        case Edit(path=path, old=old, new=new, everywhere=everywhere):
            edit = Replacement(
                old=_text(old, "`old`", nul=True), new=_text(new, "`new`", nul=True), everywhere=everywhere
            )
            return EditProposal(path=_path(path), edits=(edit,), **who)
        case Read(path=path, recursive=recursive):
            return ReadProposal(path=_path(path), recursive=recursive, **who)
        case Fetch(url=url):
            return FetchProposal(url=_text(url, "the address"), **who)
        case Tool(name=name, arguments=arguments):
            try:
                sent = json.dumps(dict(arguments), sort_keys=True)
            except (TypeError, ValueError) as error:
                raise UsageError(
                    f"the arguments of `{name}` are not JSON: {error}",
                    help_="give strings, numbers, lists and dicts",
                ) from error
            return ToolProposal(tool=_text(name, "the name of the tool"), arguments=sent, **who)
        case _:  # pyright: ignore[reportUnnecessaryComparison] - callers without a type checker
            raise UsageError(
                f"a call is text, or one of `Shell`, `Write`, `Edit`, `Read`, `Fetch` and `Tool`, not {type(call).__name__}",
                help_="give one of them",
            )


def _path(path: str | os.PathLike[str]) -> str:
    return _text(os.fspath(path), "the path")


def _text(value: object, what: str, *, nul: bool = False) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{what} is {type(value).__name__}, not text", help_="give a str")
    if not nul and "\0" in value:
        raise UsageError(f"{what} holds a NUL byte", help_="no file and no command can")
    return value


def shown(proposal: Proposal) -> str:
    """For the person who is asked."""
    return _shown(said_of(proposal))


def _shown(said: Said) -> str:
    if said.parts:
        return "\n".join(map(_shown, said.parts))
    match said.holds:
        case "command":
            return said.text
        case "to":
            return f"{said.verb} {said.path} to {said.text}"
        case "url" | "arguments":
            return f"{said.verb or said.tool} {said.text}"
        case "content" | "edits" | "":
            return f"{said.verb} {said.path}"
        case _:
            assert_never(said.holds)
