"""How often a brand hears of what: mentions of some weeks reach this module, how much of a surprise it is that so many say something now leaves it.

What a word is worth depends on who listens: "delivery" is news for a bank and nothing for whoever delivers. So a word, an amount, a code or trouble as
such counts as news only when more people come with it within hours than the brand's own other days, and what customers of any brand say, let expect.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from services.triage.outage import ANY
from services.triage.phrases import TROUBLE
from services.triage.shown import Seen
from services.triage.words import RAREST, weights

RAREST_WORD: Final = 7.5
"""The weight of a word that hardly any customer of any brand uses."""
BEGINNING, OPEN = 5, "…"
OTHER_DAYS_S: Final = 12 * 3600.0
"""What was said within so many seconds of a mention is no background to it."""
_MENTIONS: Final = 50.0
"""What is usual for any brand counts as much as so many mentions of this one."""
_LEAST_SPAN_S: Final = 2 * 86_400.0
"""What is known of less time than this says nothing of how much comes in."""
_BUSY: Final = 2.0
"""So many times the mean comes in at the busy hours of a day."""
_USUAL_AMOUNT: Final = math.exp(-4.5)
_USUAL_CODE: Final = math.exp(-7.0)
_USUAL_TROUBLE: Final = 0.15


def keys(shown: Seen) -> set[str]:
    """What can be news in a mention: its stems, amounts and codes, what its rarest words begin with, and that it tells of trouble."""
    return {*shown.words, *shown.details, *beginnings(shown), *(shown.flags & {TROUBLE})}


def beginnings(shown: Seen) -> set[str]:
    """What the rarest words begin with, which others put together: "buxus…" of "buxusmot" and "buxusplantjes"."""
    return {f"{stem[:BEGINNING]}{OPEN}" for stem, weight in shown.words.items() if weight >= RAREST_WORD and len(stem) >= BEGINNING}


def usual(key: str) -> float:
    """The share of any brand's mentions that have it."""
    if key == TROUBLE:
        return _USUAL_TROUBLE
    if key[0].isdigit():
        return _USUAL_AMOUNT
    if key.endswith(OPEN):
        return math.exp(-RAREST) + _begun().get(key[:-1], 0.0)
    return math.exp(-weights().get(key, RAREST)) if key.islower() else _USUAL_CODE


@lru_cache(maxsize=1)
def _begun() -> Mapping[str, float]:
    """The share of any brand's mentions with a word that begins so."""
    found: dict[str, float] = {}
    for stem, weight in weights().items():
        if len(stem) >= BEGINNING:
            found[stem[:BEGINNING]] = found.get(stem[:BEGINNING], 0.0) + math.exp(-weight)
    return found


class Heard:
    """What a brand heard in some weeks. `everyday`: the stems, places and outages of many of its days, which are never news."""

    def __init__(self, mentions: Iterable[Seen] = (), of: int | None = None) -> None:
        """`of`: how many there were, where `mentions` are a sample."""
        self._all: list[float] = []
        self._moments: dict[str, list[float]] = {}
        days: dict[str, set[int]] = {}
        every: set[int] = set()
        for seen in sorted(mentions, key=lambda seen: seen.written_at):
            at, day = seen.written_at.timestamp(), seen.written_at.toordinal()
            self._all.append(at)
            every.add(day)
            for key in keys(seen):
                self._moments.setdefault(key, []).append(at)
            for key in (*seen.words, *seen.places, *(flag for flag in seen.flags if flag.startswith(ANY))):
                days.setdefault(key, set()).add(day)
        least = max(4, len(every) // 4)
        self._scale = max(1.0, of / len(self._all)) if of and self._all else 1.0
        self.everyday = frozenset(key for key, on in days.items() if len(on) >= least)

    def surprise(self, key: str, people: int, of: int, at: float) -> float:
        """How much of a surprise it is, at a moment (in seconds), that so many people of `of` mentions say `key`: the negative logarithm of its
        probability, and 0 for no more than were to come.

        The share that is to be expected follows from the mentions of other days and from other brands, and is the less certain the fewer those
        are (a gamma distribution); so the number of people has a negative binomial one.
        """
        shape = _other_days(self._moments.get(key, ()), at) + _MENTIONS * usual(key)
        known = _other_days(self._all, at) + _MENTIONS
        if people <= of * shape / known:
            return 0.0
        chance = of / (of + known)
        chosen = math.lgamma(people + shape) - math.lgamma(shape) - math.lgamma(people + 1)
        return -(chosen + shape * math.log1p(-chance) + people * math.log(chance))

    def rush(self, key: str, people: int, seconds: float, at: float) -> float:
        """How much of a surprise it is that so many people say `key` within so many seconds, however much else is said: the negative logarithm of its
        probability where what comes in one such time is spread as widely as its mean (a geometric distribution)."""
        span = self._all[-1] - self._all[0] - 2 * OTHER_DAYS_S if self._all else 0.0
        if span < _LEAST_SPAN_S:
            return 0.0
        expected = _BUSY * self._scale * (_other_days(self._moments.get(key, ()), at) + 1) * seconds / span
        return people * math.log((1 + expected) / expected)


def _other_days(moments: Sequence[float], at: float) -> int:
    return len(moments) - bisect_right(moments, at + OTHER_DAYS_S) + bisect_left(moments, at - OTHER_DAYS_S)
