"""The one way to write a policy file: order, quotes and indentation follow from what it says. Reads no files."""

from collections import Counter

from guard.errors import PolicyFileError
from guard.model.typed import Any
from guard.policy.files.comments import comments_of
from guard.policy.files.layout import layout
from guard.policy.files.load import load_layer, load_pack
from guard.policy.files.order import in_order, is_list, is_table
from guard.policy.files.strict_yaml import tree_of


def canonical(content: bytes, *, kind: str, source: str) -> bytes:
    """The same file in its canonical form. ``kind``: ``pack``, or the layer that it stands for. Raises PolicyFileError."""
    data = tree_of(content, source)
    _must_load(content, data, kind, source)
    comments = comments_of(content.decode())
    written = layout(data, comments).encode()
    # INVARIANT: what is written says the same as what was read, and a person's words are all there.
    try:
        again = tree_of(written, source)
        _must_load(written, again, kind, source)
    except PolicyFileError as error:
        raise _defect(source, str(error)) from error
    if in_order(again) != in_order(data):
        raise _defect(source, "it would mean something else")
    if Counter(comments_of(written.decode()).all()) != Counter(comments.all()):
        raise _defect(source, "a comment would be lost")
    return written


def _defect(source: str, problem: str) -> PolicyFileError:
    return PolicyFileError(
        f"cannot be written in the canonical form: {problem}",
        place=source,
        help_="this is a defect of the guard: please report it; the file is as it was",
    )


def _must_load(content: bytes, data: Any, kind: str, source: str) -> None:
    """Raises PolicyFileError."""
    if kind == "pack":
        load_pack(content, source=source)
    else:
        # Which profiles there are hangs on the machine; how a file is written does not.
        load_layer(content, kind=kind, source=source, profiles=_named_profiles(data))


def _named_profiles(data: Any) -> frozenset[str]:
    found: set[str] = set()
    rules = data.get("rules") if is_table(data) else None
    for rule in rules if is_list(rules) else ():
        if is_table(rule):
            grants = rule.get("grants")
            names = (rule.get("run"), *(grants if is_list(grants) else ()))
            found.update(name for name in names if isinstance(name, str))
    return frozenset(found)
