"""A quick "we are on it": what it promises is what was asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from libs.common.brandbook import BrandBook
from libs.common.errors import Unprocessable
from libs.common.hours import Calendar, Span, parse_span
from services.responder import promise, quick

HOURS = {"mon-fri": ["08:00-12:30", "13:00-22:00"], "sat": ["09:00-13:00"]}
BOOKS = {
    (form, person): BrandBook.model_validate(
        {"brand": "vaart", "name": "Vaart", "languages": ["nl", "en"], "hours": HOURS, "voice": {"address_form": form, "person": person}}
    )
    for form in ("je", "u")
    for person in ("ik", "wij")
}
CALENDAR = Calendar.of(BOOKS["je", "ik"])
START = datetime(2026, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 10, 2, 17, tzinfo=UTC)


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda number: timedelta(minutes=number))


@given(
    minutes(0, 600 * 24 * 60).map(lambda later: START + later),
    minutes(1, 59 * 24 * 60),
    st.sampled_from(["nl", "en", "de"]),
    st.sampled_from(sorted(BOOKS)),
)
@settings(max_examples=300)
def test_the_promise_that_is_found_in_every_wording_is_the_one_that_was_asked_for(
    now: datetime, ahead: timedelta, language: str, voice: tuple[str, str]
) -> None:
    due = now + ahead
    assume(CALENDAR.is_open(due) or CALENDAR.is_open(due - timedelta(microseconds=1)))
    book = BOOKS[voice]
    script = quick.script(book, language, quick.asked(due, CALENDAR, now), CALENDAR, now)
    assert len(script.wordings) == (4 if language == "nl" else 3), "no wording is left out"
    for text in script.wordings:
        found = promise.found(text, calendar=CALENDAR, now=now, language=script.language or "")
        assert [one.due_at for one in found] == [due], text


@given(minutes(0, 600 * 24 * 60).map(lambda later: START + later), st.sampled_from(["1m", "15m", "2h", "11h", "1d", "3d"]))
def test_so_much_opening_time_ends_within_opening_hours(now: datetime, within: str) -> None:
    span = parse_span(within)
    due = quick.after(span, CALENDAR, now)
    assert CALENDAR.is_open(due) or CALENDAR.is_open(due - timedelta(microseconds=1))
    assert timedelta() <= due - CALENDAR.add(now, span) + timedelta(minutes=1) <= timedelta(minutes=6)


@pytest.mark.parametrize(
    ("due", "why"),
    [
        (MONDAY.replace(minute=0, second=0), "passed"),
        (MONDAY + timedelta(hours=1), "whole minute"),
        (MONDAY.replace(hour=23, minute=0, second=0), "2026-03-03 08:00"),
        (MONDAY.replace(month=8, second=0), "60 days"),
    ],
)
def test_what_cannot_be_promised_is_refused_with_what_can(due: datetime, why: str) -> None:
    with pytest.raises(Unprocessable, match=why):
        quick.asked(due, CALENDAR, MONDAY)


def test_more_time_than_the_calendar_has_is_refused() -> None:
    with pytest.raises(Unprocessable):
        quick.after(Span(5000, "h"), CALENDAR, MONDAY)
