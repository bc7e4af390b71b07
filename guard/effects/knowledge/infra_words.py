"""What data cannot say of infrastructure as code: which of its values are keys that others log in with."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.sources import is_secret_name
from guard.effects.values import Field


def show(call: Call, parsed: Parsed) -> None:
    """The state as text hides what is marked; as JSON it hides nothing. A plan is there to be looked at before it is applied."""
    call.read(*parsed.operands)
    if parsed.has("json") and not parsed.operands:
        call.secret("all that the infrastructure's state holds")


def output(call: Call, parsed: Parsed) -> None:
    """A list hides what is marked; JSON and a value by name do not."""
    if parsed.has("json") and not parsed.operands:
        call.secret("all outputs of the infrastructure")
    named(call, parsed)


def named(call: Call, parsed: Parsed) -> None:
    """A value that is asked for by name is shown as it is."""
    if any(_is_secret(field) for field in parsed.operands):
        call.secret("a secret of the infrastructure")


def _is_secret(field: Field) -> bool:
    """Names are written in many ways: ``db-password``, ``app:dbPassword``, ``ACCESS_KEY``."""
    text = field.static
    if text is None:
        return True
    spaced = "".join("_" + letter if letter.isupper() else letter for letter in text)
    return any(is_secret_name(name.replace("-", "_").replace(":", "_")) for name in (text, spaced)) or (
        "connection" in text.lower()
    )
