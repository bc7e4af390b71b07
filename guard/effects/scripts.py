"""Files, pipes and standard input that are programs: read where they are known, opaque where not. Looks at nothing itself."""

from guard.effects.call import Call
from guard.effects.flow import Flow
from guard.effects.identity import lexical_path
from guard.effects.sources import Sources, sources_of
from guard.effects.state import State, WrittenFile, join
from guard.effects.values import Field, plain, static_text, texts_of
from guard.model.dataclass import replace
from guard.model.facts import LookPath, LookScript, PathFact, ScriptFact
from guard.model.paths import FileKind
from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.effects.evaluate import Evaluator


class Scripts:
    """Runs files for one analysis; a file that runs itself is followed once."""

    def __init__(self, evaluator: "Evaluator") -> None:
        self._evaluator = evaluator
        self._running: list[str] = []

    def run(
        self, call: Call, field: Field, args: list[Field], state: State, *, shell: bool, same: bool = False
    ) -> Flow | None:
        """``bash FILE``, or in the ``same`` shell ``source FILE``: what it leaves, or None when nobody can tell."""
        stream = field.stream
        if stream is not None:
            if stream.text is not None:
                return self._text(call, stream.text, _given(state, args, same=same), same=same)
            sender = _sender(stream.sources)
            call.opaque(f"runs what {sender} sends" if sender else f"runs {stream.reason}")
            return None
        text = field.static
        if text is None or not state.cwd:
            call.opaque("which file it runs is not known before it runs")
            return None
        if text in {"/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"}:
            return self.run_stdin(call, _given(state, args, same=same), same=same)
        flows: list[Flow | None] = []
        for cwd in state.cwd:
            path = lexical_path(text if text.startswith("/") else f"{cwd}/{text}")
            flows.append(
                self.run_path(call, path, state.written.get(path), args, state, shell=shell, same=same)
            )
        return flows[0] if len(flows) == 1 else None

    def _text(self, call: Call, text: str, state: State, *, same: bool) -> Flow:
        """A sourced file may ``return``."""
        left: list[State] = []
        if same:
            self._evaluator.jumps.returns.append(left)
        try:
            flow = self._evaluator.run_text(
                text, state, span=call.span, certain=call.certain, depth=call.depth + 1, same=same
            )
        finally:
            if same:
                self._evaluator.jumps.returns.pop()
        for other in left:
            flow = Flow(join(flow.ok, other), join(flow.fail, other))
        return flow

    def run_stdin(self, call: Call, state: State, *, same: bool = False) -> Flow | None:
        """The program comes on descriptor 0 (rule 19)."""
        known = static_text(call.stdin) if call.stdin is not None else None
        if known is not None:
            return self._text(call, known, state, same=same)
        if call.stdin is None:
            call.opaque("reads commands from its standard input", typed=True)
        else:
            sender = _sender(sources_of(call.stdin))
            call.opaque(f"runs what {sender} sends" if sender else "runs what another command prints")
        return None

    def run_path(
        self,
        call: Call,
        path: str,
        made: WrittenFile | None,
        args: list[Field],
        state: State,
        *,
        shell: bool,
        same: bool = False,
    ) -> Flow | None:
        call.read(plain(path, call.span))
        if made is not None and made.text is not None:
            flow = self._script_text(call, path, made.text, args, state, shell=shell, same=same)
            if not made.surely and not self._was_absent(path):
                # A file that was there already may have withstood the write, and then the old text runs.
                before = self._evaluator.ask(LookScript(path))
                if isinstance(before, ScriptFact) and before.text is not None:
                    self._script_text(call, path, before.text, args, state, shell=shell, same=same)
                call.opaque(f"runs `{path}`, which this very command writes")
            return flow
        if made is not None:
            sender = _sender(made.sources)
            call.opaque(
                f"runs `{path}`, which comes from {sender}"
                if sender
                else f"runs `{path}`, which this very command writes"
            )
            return None
        answer = self._evaluator.ask(LookScript(path))
        if not isinstance(answer, ScriptFact) or answer.text is None:
            reason = answer.reason if isinstance(answer, ScriptFact) and answer.reason else "not read"
            call.opaque(f"runs `{path}`: {reason}")
            return None
        flow = self._script_text(call, path, answer.text, args, state, shell=shell, same=same)
        # The file may be another one by the time it runs, so what was read here never opens the host.
        call.opaque(f"runs `{path}`, which can change before it runs")
        return flow

    def _was_absent(self, path: str) -> bool:
        answer = self._evaluator.ask(LookPath(path))
        return isinstance(answer, PathFact) and answer.kind is FileKind.ABSENT and not answer.error

    def _script_text(
        self,
        call: Call,
        path: str,
        text: str,
        args: list[Field],
        state: State,
        *,
        shell: bool,
        same: bool,
    ) -> Flow | None:
        interpreter = _interpreter(text)
        if not shell and interpreter.startswith("python"):
            from guard.effects.commands.interpreters import run_source  # noqa: PLC0415 - only where Python code is met

            run_source(call, text, path)
            call.opaque(f"runs code in `{path}` that is not shell")
            return None
        if not shell and interpreter not in {"sh", "bash", "dash", "ash"}:
            call.opaque(f"runs code in `{path}` that is not shell")
            return None
        if path in self._running:
            call.opaque(f"`{path}` runs itself")
            return None
        self._running.append(path)
        try:
            inside = _given(state, args, same=same)
            return self._text(call, text, inside if same else replace(inside, name=(path,)), same=same)
        finally:
            self._running.pop()


def _given(state: State, args: list[Field], *, same: bool) -> State:
    """What is sourced without arguments has those of the shell that it runs in."""
    return state if same and not args else replace(state, positional=texts_of(args))


def _sender(sources: Sources) -> str:
    """The server whose answer this is, for people; empty when it came from none."""
    for source in sources:
        if source.startswith("network:"):
            host = source.removeprefix("network:")
            return "a server that is not known" if host == "?" else f"the server `{host}`"
    return ""


def _interpreter(text: str) -> str:
    if not text.startswith("#!"):
        return "sh"
    words = text[2:].split("\n", 1)[0].split()
    names = [word.rpartition("/")[2] for word in words]
    if names[:1] == ["env"]:
        names = [n for n in names[1:] if not n.startswith("-") and "=" not in n]
    return names[0] if names else ""
