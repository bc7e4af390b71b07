"""A policy file read by itself, and the layers that it would stand among."""

import os

from guard.errors import PolicyFileError
from guard.model.dataclass import replace
from guard.policy.files.build import read_layer
from guard.policy.files.compiled import read_source
from guard.policy.files.load import kind_of
from guard.policy.files.locate import Source
from guard.policy.rule import PolicyLayer


def read_by_itself(source: Source, above: list[PolicyLayer]) -> tuple[PolicyLayer, bytes]:
    """The layer and its text, of the kind that it says it is. Raises PolicyFileError."""
    content = read_source(source)
    kind = source.kind or kind_of(content, source.path)
    if kind == "pack":
        raise PolicyFileError(
            "packs are built in", place=source.path, help_="say `kind: policy`, `floor` or `personal`"
        )
    return read_layer(replace(source, kind=kind), content, above), content


def layers_around(
    layer: PolicyLayer, checked: list[PolicyLayer], in_force: list[PolicyLayer]
) -> list[PolicyLayer]:
    """The layers that a file would stand among: those in force, as edited where they are being checked themselves."""
    mine = {os.path.abspath(other.source): other for other in checked}
    return [
        mine.get(os.path.abspath(other.source), other)
        for other in in_force
        # A file that is to replace the repository's own is judged without the old one.
        if os.path.abspath(other.source) != os.path.abspath(layer.source)
        and not (other.kind == layer.kind and layer.kind in {"repo", "personal"})
    ]
