"""Whether it is worth asking people whether two mentions are one issue: pure decisions on how they answered before.

Scores are looked at in bands of a tenth. Where people rejected more than seven of ten, and that at least ten times, suggestions of that band are
withheld: they are kept, and whoever wants to see them can; one who confirms some of them brings the band back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

BANDS = 10
ENOUGH = 10
"""Rejections before they count: fewer may be chance."""
TOO_MANY = 0.7


@dataclass(frozen=True, slots=True)
class Answered:
    """How people answered suggestions whose score was in this band, 0 to BANDS - 1."""

    band: int
    confirmed: int
    rejected: int

    @property
    def shown(self) -> bool:
        return self.rejected < ENOUGH or self.rejected <= TOO_MANY * (self.rejected + self.confirmed)


def band_of(score: float) -> int:
    return min(int(score * BANDS), BANDS - 1)


def state_of(score: float, answered: Sequence[Answered]) -> str:
    """open, or withheld where people rejected too many like it."""
    return "withheld" if any(known.band == band_of(score) and not known.shown for known in answered) else "open"


def precision(answered: Sequence[Answered]) -> float | None:
    """The share that people confirmed; none while nobody answered."""
    total = sum(known.confirmed + known.rejected for known in answered)
    return sum(known.confirmed for known in answered) / total if total else None
