"""In which order cases wait, and who may take which. Pure.

A case comes before another that is less urgent, and among equals before one with more time left on its clock; when it arrived plays no part. The
reaction clock counts first, while it runs, then the resolution clock.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.hours import Calendar
from services.routing.route import PRIORITIES, able

LANGUAGES = ("nl", "en", "de", "fr", "other")
"""What triage tells apart."""


def rank(case: Case) -> int:
    """0 for what is urgent, 3 for what has a low priority."""
    return len(PRIORITIES) - 1 - PRIORITIES.index(case.priority) if case.priority in PRIORITIES else 2


def due_at(case: Case) -> datetime | None:
    """When the clock is due that is looked at first; none where none runs."""
    running = {clock.kind: clock.due_at for clock in case.clocks if clock.met_at is None}
    return running.get("reaction", running.get("resolution"))


def left(calendar: Calendar, due: datetime | None, now: datetime) -> timedelta | None:
    """The opening time until a clock is due; below zero once it was."""
    return None if due is None else calendar.between(now, due)


def lane(department: str, language: str, skills: Iterable[str]) -> str:
    """Whoever may take one case of a lane may take all of them."""
    return f"{department} {language} {','.join(sorted(skills))}"


def lanes_of(book: BrandBook, member: Member) -> list[str]:
    """The lanes of which this member may take cases: where they are among those who are able, as for any case that is given to somebody."""
    return [
        lane(department, language, skills)
        for department, language, skills in _combinations(book)
        if any(one.id == member.id for one in able(book, department, language, skills))
    ]


def _combinations(book: BrandBook) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every department, language and set of skills that a case of this book may have."""
    asked = sorted({tuple(sorted(rule.skills)) for rule in book.routing} | {()})
    languages = list(dict.fromkeys([*LANGUAGES, *book.languages, *(language for member in book.team for language in member.languages)]))
    for department in book.departments:
        for language in languages:
            for skills in asked:
                yield department.id, language, skills
