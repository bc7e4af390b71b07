"""One JSON object a line, as ``--batch`` reads it. Checks form; knows nothing of what the objects mean."""

import json
from typing import Any, TypeGuard, cast

from guard.errors import UsageError

MAX_LINE = 17 * 1024 * 1024


def object_of(line: bytes) -> dict[str, Any]:
    """Raises UsageError for what is not one JSON object."""
    if len(line) >= MAX_LINE:
        raise UsageError("the line is longer than 17 MiB", help_="split it")
    try:
        case = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"the line is not JSON: {str(error)[:200]}", help_="write one JSON object a line"
        ) from error
    if not isinstance(case, dict):
        raise UsageError("the line is not a JSON object", help_="write one JSON object a line")
    return cast("dict[str, Any]", case)  # the keys of a JSON object are strings


def only_keys(case: dict[str, Any], keys: frozenset[str]) -> None:
    """Raises UsageError for a key that means nothing: a misspelt one would be lost in silence."""
    unknown = case.keys() - keys
    if unknown:
        raise UsageError(f"unknown key `{min(unknown)}`", help_=f"use {', '.join(sorted(keys))}")


def text_of_key(case: dict[str, Any], key: str) -> str:
    """Raises UsageError for a value that is not text; empty when it is absent."""
    value = case.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"`{key}` is not a string", help_="write it in quotes")
    return value


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """JSON's keys are strings, whatever else is in it."""
    return isinstance(value, dict)
