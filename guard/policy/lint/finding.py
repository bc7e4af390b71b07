"""What the linter says about a policy file: which code, where, what is wrong and what to do. Pure."""

from guard.model.dataclass import dataclass
from guard.model.enums import Enum
from guard.policy.lint.codes import CODES


class Severity(Enum):
    """ERROR fails a check, WARNING one that asks for it, NOTE none."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for ERROR to 2 for NOTE."""
        return _RANK[self]


_RANK: dict[Severity, int] = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    line: int = 0
    """From 1; 0 = the whole file."""
    column: int = 0

    def text(self) -> str:
        parts = [self.file] + [str(number) for number in (self.line, self.column) if number]
        return ":".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    code: str
    severity: Severity
    place: Place
    problem: str
    help: str = ""


def finding(
    code: str, place: Place, problem: str, help_: str = "", *, severity: Severity | None = None
) -> Finding:
    """As severe as the table of codes says, where nothing else is said."""
    usual = severity or Severity(CODES[code].severity)
    return Finding(code=code, severity=usual, place=place, problem=problem, help=help_ or CODES[code].help)


def place_of(text: str) -> Place:
    """``file:line:column`` as the loader writes it, as far as it is there."""
    numbers: list[int] = []
    file = text
    while len(numbers) < 2:
        head, colon, tail = file.rpartition(":")
        if not colon or not head or not tail.isdecimal():
            break
        numbers.insert(0, int(tail))
        file = head
    return Place(file, *numbers)
