"""The list of protected files, ``policies/protected.yaml``, as values. Reads YAML: never on the way of a hook."""

import os
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from guard.errors import PolicyFileError
from guard.policy.files.locate import builtin_directory
from guard.policy.files.schema import Identifier, Sentence
from guard.policy.files.strict_yaml import tree_of
from guard.policy.match import expand_braces

ROOTS = ("$W", "$H", "$T", "$*")
"""``$*`` stands for any of the three others."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Protected(_Strict):
    """One entry: files that somebody runs or obeys later."""

    id: Identifier
    zone: Literal["agent-config", "vcs-internals", "startup", "build-files", "guard-files"]
    paths: Annotated[list[Annotated[str, StringConstraints(min_length=2)]], Field(min_length=1)]
    obeyed_by: Sentence
    why: Sentence

    def patterns(self) -> tuple[str, ...]:
        """``paths`` one by one, without braces."""
        return tuple(single for path in self.paths for single in expand_braces(path))


class ProtectedTable(_Strict):
    version: Literal[1]
    entries: Annotated[list[Protected], Field(min_length=1)]


def protected_path() -> str:
    return os.path.join(os.path.dirname(builtin_directory()), "protected.yaml")


def load_protected(content: bytes, source: str) -> tuple[Protected, ...]:
    """Raises PolicyFileError with the file and what is wrong."""
    try:
        table = ProtectedTable.model_validate(tree_of(content, source))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PolicyFileError(
            f"`{place}`: {first['msg']}", place=source, help_="see the head of the file"
        ) from None
    seen: set[str] = set()
    for entry in table.entries:
        if entry.id in seen:
            raise PolicyFileError(f"`{entry.id}` stands here twice", place=source, help_="merge the two")
        seen.add(entry.id)
        for pattern in entry.patterns():
            root = pattern.split("/", maxsplit=1)[0]
            if root not in (*ROOTS, "") or ".." in pattern.split("/"):
                raise PolicyFileError(
                    f"`{entry.id}`: `{pattern}` does not begin with a place",
                    place=source,
                    help_="begin it with $W/, $H/, $T/, $*/ or /",
                )
    return tuple(table.entries)
