"""The guard as a command: what an agent may ask of it, and what only a person may do."""

from guard.effects.call import Call
from guard.model.typed import Callable


def _guard(call: Call) -> None:
    """The guard itself: what an agent may ask of it, and what only a person may do."""
    names = [field.static for field in call.args if not (field.static or "-").startswith("-")]
    action = names[0] if names else ""
    if action in {"check", "explain", "audit", "doctor", "demo", "completion", None, ""} or call.statics in (
        ["--help"],
        ["--version"],
    ):
        return
    if action == "exec":
        rest = call.statics
        if "--" in rest:
            # It is judged again when it gets there; what it would be told to run is judged here too.
            inner = call.args[rest.index("--") + 1 :]
            call.run_text(inner[0]) if len(inner) == 1 else call.run(inner)
        if any(
            text is None or text.startswith(("--level", "--workspace", "--ask"))
            for text in rest[: rest.index("--") if "--" in rest else None]
        ):
            _tamper(call, "chooses its own protection")
        return
    if (action, *names[1:2]) in {("changes", "list"), ("changes", "show"), ("sessions", "list")}:
        return
    if action == "policy" and len(names) > 1 and names[1] in {"check", "show", "schema"}:
        call.read(*[field for field in call.args[2:] if not (field.static or "-").startswith("-")])
        return
    _tamper(call, f"`guard {action}` is for a person to run")


def _tamper(call: Call, detail: str) -> None:
    from guard.model.effect import TamperGuard  # noqa: PLC0415 - rare
    from guard.model.paths import UnresolvedPath  # noqa: PLC0415 - rare

    call.emit(
        TamperGuard(
            path=UnresolvedPath("guard", "the guard itself"),
            detail=detail,
            program=call.name,
            names=call.names,
            span=call.span,
        )
    )


HANDLERS: dict[str, Callable[[Call], None]] = {"guard": _guard, "execguard": _guard}
