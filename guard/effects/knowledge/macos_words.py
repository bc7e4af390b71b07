"""What data cannot say of macOS tools."""

from guard.effects.call import Call
from guard.effects.options import Parsed


def plistbuddy(call: Call, parsed: Parsed) -> None:
    """``-c 'Print :Key' FILE`` shows; every other command changes."""
    del parsed
    statics = call.statics
    commands = [statics[index + 1] for index, text in enumerate(statics[:-1]) if text == "-c"]
    if commands and all(text is not None and text.lstrip().lower().startswith("print") for text in commands):
        call.read(*call.args[-1:])
        return
    call.write(*call.args[-1:])
    if not commands:
        call.opaque("takes commands", typed=True)
