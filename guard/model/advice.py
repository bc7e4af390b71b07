"""What a model said about a question, or why it said nothing. A value: what comes of it is decided elsewhere."""

from guard.model.dataclass import dataclass
from guard.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    digest: str
    """Of exactly what was asked: see ``guard.engine.granted.asked_digest``."""
    record: int
    """Number of the record of its answer."""
    model: str = ""
    verdict: Verdict = Verdict.ASK
    """What it recommends, as far as that counts: nothing that it was not sure of, or not told whole, is more than ASK."""
    says: str = ""
    """One sentence of the model's, with no sign in it that a terminal would obey."""
    risk: str = ""
    confidence: int = 0
    """0 to 100."""
    problem: str = ""
    """Why there is no answer; then nothing else is said."""
