"""``json.loads`` and ``json.dumps`` as the hook uses them, without the patterns that ``json`` compiles when it loads.

The same scanner and encoder, straight from the interpreter; where it has none, and for every error, ``json`` itself.
"""

from guard.model.typed import Any, Callable

_SPACE = " \t\n\r"


class _Reading:
    """What the scanner asks its decoder for."""

    strict = True
    object_hook = None
    parse_int = int

    def __init__(
        self,
        pairs: "Callable[[list[tuple[str, Any]]], object] | None",
        constant: "Callable[[str], object]",
        number: "Callable[[str], object]",
    ) -> None:
        self.object_pairs_hook = pairs
        self.parse_constant = constant
        self.parse_float = number


def loads(
    text: str,
    *,
    object_pairs_hook: "Callable[[list[tuple[str, Any]]], object] | None" = None,
    parse_constant: "Callable[[str], object] | None" = None,
    parse_float: "Callable[[str], object]" = float,
) -> "Any":
    """Raises ValueError with ``msg`` and ``pos`` (``json.JSONDecodeError``) for what is not JSON."""
    try:
        from _json import make_scanner  # noqa: PLC0415 - CPython's own
    except ImportError:
        pass
    else:
        start = len(text) - len(text.lstrip(_SPACE))
        reading: Any = _Reading(object_pairs_hook, parse_constant or _constant, parse_float)
        try:
            value, end = make_scanner(reading)(text, start)
        except (StopIteration, SystemError):
            # The scanner takes its error from `json.decoder`; with that not loaded it has none to raise.
            pass
        else:
            if not text[end:].strip(_SPACE):
                return value
    import json  # noqa: PLC0415 - says what is wrong

    return json.loads(
        text, object_pairs_hook=object_pairs_hook, parse_constant=parse_constant, parse_float=parse_float
    )


def dumps(value: object, *, ascii_only: bool = True, compact: bool = False, sort_keys: bool = False) -> str:
    """Raises ValueError for a number that JSON has not, TypeError for what is no JSON value."""
    item, key = (",", ":") if compact else (", ", ": ")
    try:
        from _json import (  # noqa: PLC0415 - as above
            encode_basestring,
            encode_basestring_ascii,
            make_encoder,
        )
    except ImportError:
        import json  # noqa: PLC0415 - as above

        return json.dumps(
            value, ensure_ascii=ascii_only, separators=(item, key), sort_keys=sort_keys, allow_nan=False
        )
    quoted = encode_basestring_ascii if ascii_only else encode_basestring
    return "".join(make_encoder({}, _refused, quoted, None, key, item, sort_keys, False, False)(value, 0))


def _constant(name: str) -> float:
    return float(name.replace("Infinity", "inf"))


def _refused(value: object) -> object:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
