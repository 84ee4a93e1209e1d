"""The clock of a question to a department: its reminders, in opening time, and how much of its time is gone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from libs.common.bookfile import load_book
from libs.common.hours import Calendar
from services.routing.consultation import Answer, Consultation, gone, moments, with_answer
from services.routing.sla import Policy

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl]
hours: {mon-fri: ["09:00-12:00", "13:00-17:00"], sat: ["10:00-12:00"], holidays: {country: NL, closed: true}}
departments: [{id: billing, consult_within: 4h, remind_at: [50, 80]}, {id: legal, remind_at: []}]
""")
POLICY = Policy(BOOK, Calendar.of(BOOK), 1)
START = datetime(2026, 3, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHEN = st.integers(0, 14 * 24 * 60).map(lambda minutes: START + minutes * MINUTE)
"""Over a change of the clock, 29 March 2026, and two weekends."""


def asked(since: datetime, due_at: datetime, department: str = "billing") -> Consultation:
    return Consultation(
        id=UUID(int=1),
        brand="vaart",
        case_id=UUID(int=2),
        kind="question",
        state="open",
        department=department,
        question="?",
        mention_ids=(),
        holds_case=False,
        asked_by="gs",
        asked_at=since,
        since=since,
        due_at=due_at,
    )


def open_minutes(a: datetime, b: datetime) -> int:
    """Minute by minute."""
    count, at = 0, a
    while at < b:
        count += POLICY.calendar.is_open(at)
        at += MINUTE
    return count


@given(WHEN, st.integers(1, 10 * 24 * 60))
def test_a_reminder_goes_when_its_share_of_the_opening_time_has_passed(since: datetime, minutes: int) -> None:
    found = asked(since, since + minutes * MINUTE)
    whole = open_minutes(found.since, found.due_at)
    told = dict(moments(POLICY, found))
    assert list(told) == [50, 80, 100]
    assert found.since <= told[50] <= told[80] <= told[100] == found.due_at
    for share in (50, 80):
        passed = open_minutes(found.since, told[share]) if whole else (told[share] - found.since) / MINUTE
        assert abs(passed - (whole or minutes) * share / 100) <= 1
    assert gone(POLICY, found, found.due_at) == 100


@given(WHEN, WHEN)
def test_how_much_is_gone_never_runs_back(one: datetime, other: datetime) -> None:
    found = asked(START, START + timedelta(days=3))
    first, second = sorted([one, other])
    assert 0 <= gone(POLICY, found, first) <= gone(POLICY, found, second)


def test_being_overdue_is_told_whatever_the_book_says_of_reminders() -> None:
    found = asked(START, START + timedelta(days=1), "legal")
    assert moments(POLICY, found) == [(100, found.due_at)]


def answer(**more: object) -> Answer:
    given_ = {"id": UUID(int=3), "brand": "vaart", "consultation_id": UUID(int=1), "department": "billing", "at": START}
    return Answer(**{**given_, "what": "answer", "via": "mail", "by": "x@vaart.example", "text": "Ja", **more})  # type: ignore[arg-type]


def test_only_the_first_answer_of_the_department_that_has_it_counts() -> None:
    found = asked(START, START + timedelta(days=1))
    after, kept = with_answer(found, answer())
    assert (after.state, after.ended_at, kept.late) == ("answered", START, False)
    for late in (with_answer(after, answer()), with_answer(found, answer(department="legal"))):
        assert late[1].late
        assert late[0].version in (1, 2)
    for what in ("automatic", "undelivered"):
        assert with_answer(found, answer(what=what))[0] == found
