"""JSON as a border reads it: one object, no double keys, no numbers that are none, no text that is none."""

from guard.agents.codec import MAX_PAYLOAD, PayloadError
from guard.model.jsons import dumps, loads
from guard.model.typed import Any, NoReturn, cast

_INFINITE = (float("inf"), float("-inf"))


def read_object(payload: bytes) -> dict[str, Any]:
    """Raises PayloadError with the problem in words."""
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError(f"the payload is larger than {MAX_PAYLOAD} bytes")
    if not payload.strip():
        raise PayloadError("the payload is empty")
    try:
        value = loads(
            payload.decode("utf-8"), object_pairs_hook=_once, parse_constant=_constant, parse_float=_finite
        )
        if b"\\u" in payload:
            # Half of a surrogate pair has no UTF-8: what the client makes of it is not what we would judge.
            dumps(value, ascii_only=False).encode()
    except UnicodeEncodeError as error:
        raise PayloadError("the payload holds half of a surrogate pair, which is no text") from error
    except UnicodeDecodeError as error:
        raise PayloadError(f"byte {error.start} of the payload is not UTF-8") from error
    except RecursionError as error:
        raise PayloadError("the payload is nested too deeply") from error
    except ValueError as error:
        from json import JSONDecodeError  # noqa: PLC0415 - a payload that is JSON needs no names for errors

        place = f"{error.msg.lower()} at byte {error.pos}" if isinstance(error, JSONDecodeError) else error
        raise PayloadError(f"the payload is not JSON: {place}") from error
    return as_object(value, "the payload is not a JSON object")


def as_object(value: object, problem: str) -> dict[str, Any]:
    """PayloadError with ``problem`` for anything but an object. The keys of a JSON object are strings."""
    if not isinstance(value, dict):
        raise PayloadError(problem)
    return cast("dict[str, Any]", value)


def text(source: dict[str, Any], key: str, where: str) -> str:
    """A required string."""
    if key not in source:
        raise PayloadError(f"`{where}{key}` is missing")
    return checked_text(source[key], where + key)


def optional_text(source: dict[str, Any], key: str, where: str) -> str:
    """A string, or empty when it is absent or null."""
    value = source.get(key)
    return "" if value is None else checked_text(value, where + key)


def checked_text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise PayloadError(f"`{place}` is not a string")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            # Parsers differ in which one counts: the client may run the one that we did not judge.
            raise PayloadError(f"the key `{key}` stands in one object twice")
        out[key] = value
    return out


def _finite(number: str) -> float:
    value = float(number)
    if value in _INFINITE:
        # It would go back to the client as `Infinity`.
        raise PayloadError(f"`{number}` is too large for a number")
    return value


def _constant(name: str) -> NoReturn:
    raise PayloadError(f"`{name}` is not JSON")
