"""One way to write a record: RFC 8785 for the subset that records are made of. Pure.

Strings, integers below 2**53, booleans, null, arrays, objects with ASCII keys: for these, sorted ``json.dumps`` is JCS.
Text that is not Unicode (undecodable file names) is stored as its bytes: ``{"b64": ...}``.
"""

from guard.model.hashes import sha256
from guard.model.jsons import dumps
from guard.model.typed import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
_LIMIT = 1 << 53


def canonical(value: Json) -> bytes:
    """UTF-8 without a newline. ValueError for what a record may not hold."""
    return dumps(_checked(value), sort_keys=True, compact=True, ascii_only=False).encode()


def digest(value: Json) -> str:
    """``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + sha256(canonical(value)).hexdigest()


def text_of(value: str) -> Json:
    """A string as records hold it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        from base64 import b64encode  # noqa: PLC0415 - file names that are not text are rare

        return {"b64": b64encode(raw_of(value)).decode()}
    return value


def text_from(value: Json) -> str:
    """What :func:`text_of` has stored. ValueError for what is no text."""
    match value:
        case str():
            return value
        case {"b64": str(coded)}:
            from base64 import b64decode  # noqa: PLC0415 - as above

            return b64decode(coded, validate=True).decode(errors="surrogateescape")
        case _:
            raise ValueError("no text where one belongs")


def raw_of(value: str) -> bytes:
    """The bytes of a file name that is not text; any other lone surrogate (JSON can spell one) as WTF-8."""
    try:
        return value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return value.encode(errors="surrogatepass")


def _checked(value: Json) -> Json:
    match value:
        case None | bool():
            return value
        case str():
            return text_of(value)
        case int():
            if not -_LIMIT < value < _LIMIT:
                raise ValueError(f"{value} cannot stand in a record: more than 53 bits")
            return value
        case list():
            return [_checked(item) for item in value]
        case dict():
            for key in value:
                if not key.isascii():
                    raise ValueError(f"the key `{key}` cannot stand in a record: not ASCII")
            return {key: _checked(item) for key, item in value.items()}
        case _:
            raise ValueError(f"a {type(value).__name__} cannot stand in a record")
