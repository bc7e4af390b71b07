"""Redirections: effects of their own, in order, that happen before the command and even when it fails (rule 17)."""

from guard.effects.call import symbolic_paths
from guard.effects.identity import lexical_path
from guard.effects.sources import sources_of
from guard.effects.state import State, WrittenFile
from guard.effects.values import Field, Hole, Stream, Text, static_text
from guard.model.dataclass import dataclass
from guard.model.effect import Connect, Opaque, ReadPath, WritePath
from guard.model.paths import KnownPath
from guard.model.typed import TYPE_CHECKING
from guard.shell.ast import Redirect, RedirectOp

if TYPE_CHECKING:
    from guard.effects.evaluate import Evaluator

_STREAMS = frozenset({"/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_SHELL = "the shell"


@dataclass(frozen=True, slots=True)
class Redirected:
    state: State
    stdin: Text | None
    outputs: tuple[tuple[str, bool], ...] = ()
    """Files that get what is printed on descriptor 1: absolute path, and whether it is appended."""
    sockets: tuple[Connect, ...] = ()
    """Connections that are written to: said once it is known what is sent."""
    streams: tuple[Stream, ...] = ()
    """Commands that read what is printed."""
    before: State | None = None
    """The state without what those commands would write, if that is not ``state``."""


def apply_redirects(
    evaluator: "Evaluator",
    redirects: tuple[Redirect, ...],
    state: State,
    *,
    stdin: Text | None,
    certain: bool,
) -> Redirected:
    """The effects of ``redirects`` and what descriptors 0 and 1 are afterwards."""
    outputs: list[tuple[str, bool]] = []
    sockets: list[Connect] = []
    streams: list[Stream] = []
    for redirect in redirects:
        match redirect.op:
            case RedirectOp.HEREDOC | RedirectOp.HERESTRING:
                texts = evaluator.expander.texts(redirect.target, state)
                ending = () if redirect.op is RedirectOp.HEREDOC else ("\n",)
                if redirect.fd in {None, 0}:
                    stdin = (*texts[0], *ending) if len(texts) == 1 else (Hole("one of many texts"),)
                continue
            case RedirectOp.DUP_IN | RedirectOp.DUP_OUT:
                static = redirect.target.static
                if static is not None and (static == "-" or static.rstrip("-").isdigit()):
                    if redirect.op is RedirectOp.DUP_OUT and redirect.fd in {None, 1} and static != "1":
                        outputs.clear()
                    continue
                if static is None and redirect.op is RedirectOp.DUP_OUT and redirect.fd in {None, 1}:
                    _expanded_twice(evaluator, redirect, state)
                if redirect.op is RedirectOp.DUP_IN:
                    stdin = (Hole("another descriptor"),)
                    evaluator.expander.texts(redirect.target, state)
                    continue
            case _:
                pass
        for world in evaluator.expander.fields((redirect.target,), state):
            for field in world:
                if (
                    field.stream is not None
                    and redirect.fd in {None, 1}
                    and redirect.op is not RedirectOp.READ
                ):
                    streams.append(field.stream)
                stdin = _file(evaluator, redirect, field, state, stdin, outputs, sockets, certain=certain)
    return Redirected(state, stdin, tuple(outputs), tuple(sockets), tuple(streams))


def _expanded_twice(evaluator: "Evaluator", redirect: Redirect, state: State) -> None:
    """``>&$x``: bash expands what the expansion gave once more, as the name of a file. It runs what stands there."""
    for text in evaluator.expander.texts(redirect.target, state):
        name = static_text(text)
        if name is None or "$" in name or "`" in name:
            evaluator.emit(
                Opaque(
                    reason="runs what stands in the name after `>&`, which is expanded twice",
                    program=_SHELL,
                    span=redirect.span,
                )
            )
            return


def _file(
    evaluator: "Evaluator",
    redirect: Redirect,
    field: Field,
    state: State,
    stdin: Text | None,
    outputs: list[tuple[str, bool]],
    sockets: list[Connect],
    *,
    certain: bool,
) -> Text | None:
    reads = redirect.op in {RedirectOp.READ, RedirectOp.READ_WRITE}
    writes = redirect.op is not RedirectOp.READ
    to_stdin = redirect.fd in {None, 0} and reads
    append = redirect.op in {RedirectOp.APPEND, RedirectOp.BOTH_APPEND}
    stream = field.stream
    if stream is not None:
        if not to_stdin:
            return stdin
        if stream.text is not None:
            return (stream.text,)
        return stream.names or (Hole(stream.reason, sources=stream.sources),)
    text = field.static or ""
    if field.prefix.startswith(("/dev/tcp/", "/dev/udp/")):
        sockets.append(_socket(evaluator, redirect, field, certain=certain))
        return (Hole("the network"),) if to_stdin else stdin
    if text in _STREAMS or (text.startswith("/dev/fd/") and text.removeprefix("/dev/fd/").isdigit()):
        return ("",) if to_stdin and text == "/dev/null" else stdin
    for path in symbolic_paths(field, state):
        if reads:
            evaluator.emit(ReadPath(path=path, program=_SHELL, span=redirect.span, certain=certain))
        if writes:
            evaluator.emit(
                WritePath(path=path, append=append, program=_SHELL, span=redirect.span, certain=certain)
            )
            if isinstance(path, KnownPath) and redirect.fd in {None, 1}:
                outputs.append((lexical_path(path.text), append))
        if to_stdin:
            made = state.written.get(lexical_path(path.text)) if isinstance(path, KnownPath) else None
            stdin = (
                (made.text,)
                if made is not None and made.text is not None
                else _content(path.text, made)
                if isinstance(path, KnownPath)
                else (Hole("the content of a file"),)
            )
    return stdin


def _content(path: str, made: WrittenFile | None) -> Text:
    """What a file holds, when nobody knows: that it comes from there."""
    origin = () if made is None else (*((f"file:{made.copy_of}",) if made.copy_of else ()), *made.sources)
    return (Hole("the content of a file", sources=(f"file:{path}", *origin)),)


def _socket(evaluator: "Evaluator", redirect: Redirect, field: Field, *, certain: bool) -> Connect:
    parts = (field.static or "").split("/")
    host = parts[3] if len(parts) > 3 else "?"
    port = int(parts[4]) if len(parts) > 4 and parts[4].isdigit() else 0
    if redirect.op is RedirectOp.READ_WRITE:
        evaluator.emit(Opaque(reason="a socket opened for both ways", program=_SHELL, span=redirect.span))
    return Connect(
        host=host or "?",
        port=port,
        upload=True,
        carries=sources_of(field.parts),
        program=_SHELL,
        span=redirect.span,
        certain=certain,
    )
