"""What data cannot say of languages' tools."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import plain

_LINKER = frozenset({"-s", "-w", "-linkmode=internal", "-buildid="})


def prompt(call: Call, parsed: Parsed) -> None:
    """Without anything it takes commands, from people or from a pipe."""
    if not parsed.options or call.stdin is not None:
        call.opaque("an interpreter that takes commands", typed=True)


def whole_tree(call: Call, parsed: Parsed) -> None:
    """A formatter without operands: everything below."""
    if not parsed.operands:
        call.edit(plain(".", call.span))


def again(call: Call, parsed: Parsed) -> None:
    """``pnpm recursive list``: the same subcommands."""
    del parsed
    call.run([plain(call.name, call.span), *call.args])


def toolchain(call: Call, parsed: Parsed) -> None:
    """``cargo +nightly fmt``: the same program of another toolchain."""
    del parsed
    call.run([plain("cargo", call.span), *call.args])


def cargo_fmt(call: Call, parsed: Parsed) -> None:
    """``cargo fmt -- --check``: the rest is for another program."""
    here = plain(".", call.span)
    if any(field.static == "--check" for field in parsed.operands):
        call.read(here, recursive=True)
    else:
        call.edit(here)


def go_ldflags(call: Call, parsed: Parsed) -> None:
    """Flags for the linker may name another one; stripping and setting variables is all that is known."""
    for field in parsed.values("ldflags", "gcflags"):
        words = (field.static or "?").replace("all=", "").split()
        known = {"-N", "-l", "-m", "-S"} if field in parsed.values("gcflags") else _LINKER
        expected = False
        for word in words:
            if expected:
                expected = False
            elif word == "-X":
                expected = True
            elif word not in known and not word.startswith("-X="):
                call.opaque(f"`{field.text}` may name another linker")
                return


def dart_format(call: Call, parsed: Parsed) -> None:
    """``--output=none`` only checks."""
    asked = parsed.values("o", "output")
    if asked and asked[-1].static in {"none", "show", "json"}:
        call.read(*parsed.operands, recursive=True)
    else:
        call.edit(*parsed.operands)
