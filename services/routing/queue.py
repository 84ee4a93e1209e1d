"""In which order cases wait, and who may take which. Pure.

A case comes before another that is less urgent, and among equals before one with more time left on its clock; when it arrived plays no part. The
reaction clock counts first, while it runs, then the resolution clock.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.hours import Calendar
from services.routing.route import PRIORITIES, able

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
LANGUAGES = ("nl", "en", "de", "fr", "other")
"""What triage tells apart."""


def rank(case: Case) -> int:
    """0 for what is urgent, 3 for what has a low priority."""
    return len(PRIORITIES) - 1 - PRIORITIES.index(case.priority) if case.priority in PRIORITIES else 2


def due_at(case: Case) -> datetime:
    """When the clock is due that is looked at first; `NEVER` where none runs."""
    running = {clock.kind: clock.due_at for clock in case.clocks if clock.met_at is None}
    return running.get("reaction", running.get("resolution", NEVER))


def left(calendar: Calendar, due: datetime, now: datetime) -> timedelta | None:
    """The opening time until a clock is due; below zero once it was. None: no clock runs."""
    return None if due == NEVER else calendar.between(now, due)


def lane(department: str, language: str, skills: Iterable[str]) -> str:
    """Whoever may take one case of a lane may take all of them."""
    return f"{department} {language} {','.join(sorted(skills))}"


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of a brand book, with the members who are able to own their cases. `parts`: department, language and skills."""

    book: BrandBook
    able: Mapping[str, frozenset[str]]
    parts: Mapping[str, tuple[str, str, tuple[str, ...]]]

    @classmethod
    def of(cls, book: BrandBook) -> "Lanes":
        parts = {lane(*combination): combination for combination in _combinations(book)}
        return cls(book, {name: frozenset(m.id for m in able(book, *part)) for name, part in parts.items()}, parts)

    def for_member(self, member: str) -> list[str]:
        """Those of which this member may take cases: where they are among those who are able, as for any case that is given to somebody."""
        return [name for name, members in self.able.items() if member in members]

    def within(self, department: str | None, language: str | None, skills: Collection[str] | None) -> list[str]:
        """Those of a department, of a language, and with all of these skills."""
        return [
            name
            for name, (d, speaks, asked) in self.parts.items()
            if (department is None or d == department)
            and (language is None or speaks == language)
            and (skills is None or set(skills) <= set(asked))
        ]


_LANES: dict[str, Lanes] = {}


def lanes(book: BrandBook) -> Lanes:
    """The lanes of a book, made once for each version: there are some hundreds."""
    known = _LANES.get(book.brand)
    if known is None or known.book is not book:
        known = _LANES[book.brand] = Lanes.of(book)
    return known


def _combinations(book: BrandBook) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every department, language and set of skills that a case of this book may have."""
    asked = sorted({tuple(sorted(rule.skills)) for rule in book.routing} | {()})
    languages = list(dict.fromkeys([*LANGUAGES, *book.languages, *(language for member in book.team for language in member.languages)]))
    for department in book.departments:
        for language in languages:
            for skills in asked:
                yield department.id, language, skills
