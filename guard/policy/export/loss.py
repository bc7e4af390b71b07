"""What another engine cannot say of our rules, and which way it errs there."""

from guard.model.dataclass import dataclass
from guard.model.enums import Enum
from guard.policy.rule import PolicyLayer


class Direction(Enum):
    LOOSER = "looser"
    """The export lets pass, or leaves to others, what the policy stops."""
    STRICTER = "stricter"
    """The export stops what the policy lets pass."""
    SAME = "same"
    """Nothing that decides: a sentence, a placement, a rule that only records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    rule: str
    """``LAYER/RULE``, or the layer alone for what it says of all else."""
    what: str
    direction: Direction
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    text: str
    lost: tuple[Loss, ...] = ()
    schema: str = ""
    """What the target checks questions against, where it has such a thing."""

    def worst(self, direction: Direction) -> tuple[Loss, ...]:
        return tuple(loss for loss in self.lost if loss.direction is direction)


def layer_names(layers: tuple[PolicyLayer, ...]) -> tuple[str, ...]:
    """A word for each layer, by which its rules and zones are told from those of the others."""
    kinds = [layer.kind for layer in layers]
    return tuple(
        kind if kinds.count(kind) == 1 else f"{kind}{kinds[: number + 1].count(kind)}"
        for number, kind in enumerate(kinds)
    )
