"""In which order cases wait, and who may take which. Pure.

A case comes before another that is less urgent, and among equals before one with more time left on its clock; when it arrived plays no part. The
reaction clock counts first, while it runs, then the resolution clock; a promise to the customer that is due before that, or was broken, counts as one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.hours import Calendar
from services.routing.route import PRIORITIES, able

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a clock is due that does not run."""


def rank(case: Case) -> int:
    """0 for what is urgent, 3 for what has a low priority."""
    return len(PRIORITIES) - 1 - PRIORITIES.index(case.priority) if case.priority in PRIORITIES else 2


def due_at(case: Case) -> datetime:
    """When the clock is due that is looked at first, or a promise to the customer, whichever comes first; `NEVER` where nothing is."""
    running = {clock.kind: clock.due_at for clock in case.clocks if clock.met_at is None}
    return min(running.get("reaction", running.get("resolution", NEVER)), case.promise_due_at or NEVER)


def left(calendar: Calendar, due: datetime, now: datetime) -> timedelta | None:
    """The opening time until a clock is due; below zero once it was. None: no clock runs."""
    return None if due == NEVER else calendar.between(now, due)


def lane(department: str, language: str, skills: Iterable[str]) -> str:
    """Whoever may take one case of a lane may take all of them. No id has a blank or a comma in it."""
    return f"{department} {language} {','.join(sorted(skills))}"


@dataclass(frozen=True, slots=True)
class Lanes:
    """What a brand book makes of lanes: which members are able to own their cases. Those of a lane are found once, for as long as the book holds."""

    book: BrandBook
    _able: dict[str, frozenset[str]] = field(default_factory=dict)

    def able(self, name: str) -> frozenset[str]:
        """The members who may own a case of this lane. Also of one that an earlier book made."""
        known = self._able.get(name)
        if known is None:
            department, language, skills = parts(name)
            known = self._able[name] = frozenset(m.id for m in able(self.book, department, language, skills))
        return known

    def for_member(self, member: str, names: Iterable[str]) -> list[str]:
        """Those of which this member may take cases: where they are among those who are able, as for any case that is given to somebody."""
        return [name for name in names if member in self.able(name)]


def parts(name: str) -> tuple[str, str, tuple[str, ...]]:
    """Department, language and skills of a lane."""
    department, language, skills = name.split(" ")
    return department, language, tuple(skills.split(",")) if skills else ()


def within(names: Iterable[str], department: str | None, language: str | None, skills: Collection[str] | None) -> list[str]:
    """Those of a department, of a language, and with all of these skills."""
    found = []
    for name in names:
        of, speaks, asked = parts(name)
        if department in (None, of) and language in (None, speaks) and set(skills or ()) <= set(asked):
            found.append(name)
    return found


_LANES: dict[str, Lanes] = {}


def lanes(book: BrandBook) -> Lanes:
    """The lanes of a book, the same for as long as it is the brand's."""
    known = _LANES.get(book.brand)
    if known is None or known.book is not book:
        known = _LANES[book.brand] = Lanes(book)
    return known
