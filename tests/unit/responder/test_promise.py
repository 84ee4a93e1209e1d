"""What a text promises, when that is due, and what becomes of it from draft to approval."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import thread_time
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.brandbook import BrandBook
from libs.common.errors import Conflict, Unprocessable
from services.responder import clearance, promise, reply
from services.responder.follow import follow_case
from services.responder.promised import Said, calendar_of
from services.responder.reply import ReplyRow
from tests.unit.responder import promises
from tests.unit.responder.promises import ZONE
from tests.unit.responder.test_reply import BOOK, CASE, GUUS, MILA, case_of, mention

CALENDAR = promises.calendar()
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
SATURDAY = datetime(2026, 3, 7, 16, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("name", "precision", "recall", "due"), [("development.txt", 0.99, 0.99, 0.99), ("held_out.txt", 0.95, 0.85, 0.97)]
)
def test_promises_that_people_read_are_found_with_their_moment_and_hardly_any_other(
    name: str, precision: float, recall: float, due: float
) -> None:
    found = promises.score(promises.read(name))
    assert found.precision >= precision, found.wrong
    assert found.recall >= recall, found.wrong
    assert found.due >= due, found.wrong


@pytest.mark.parametrize(
    ("now", "language", "text", "due"),
    [
        (MONDAY, "nl", "Ik bel je vandaag.", "2026-03-02 21:00"),
        (MONDAY.replace(hour=22), "nl", "Ik bel je vandaag nog.", "2026-03-02 23:59"),
        (MONDAY.replace(hour=13), "nl", "Ik bel je voor 12 uur.", "2026-03-03 12:00"),
        (MONDAY.replace(hour=13), "nl", "Ik bel je vandaag voor 12 uur.", "2026-03-02 12:00"),
        (MONDAY, "nl", "Ik bel je maandag.", "2026-03-09 21:00"),
        (MONDAY, "nl", "Ik bel je voor 9 uur.", "2026-03-02 21:00"),
        (MONDAY, "nl", "Ik bel je om 3 uur.", "2026-03-02 15:00"),
        (MONDAY, "nl", "Ik bel je na 17.00 uur.", "2026-03-02 21:00"),
        (SATURDAY, "nl", "We antwoorden binnen 1 werkdag.", "2026-03-09 21:00"),
        (SATURDAY, "nl", "We antwoorden deze week nog.", "2026-03-08 23:59"),
        (SATURDAY, "en", "We'll call you back in half an hour.", "2026-03-07 17:00"),
        (
            datetime(2026, 4, 24, 10, 0, tzinfo=ZONE),
            "en",
            "We'll reply within 2 working days.",
            "2026-04-29 21:00",
        ),  # the 27th is a holiday
        (datetime(2026, 3, 28, 10, 0, tzinfo=ZONE), "en", "We'll reply within 24 hours.", "2026-03-29 11:00"),  # summer time begins
        (datetime(2026, 12, 30, 10, 0, tzinfo=ZONE), "nl", "We antwoorden uiterlijk 3 januari.", "2027-01-03 23:59"),
        (MONDAY, "nl", "Ik bel je vanmiddag en stuur je dan morgen een mail.", "2026-03-02 18:00"),
        (MONDAY, "en", "We'll reply within two workdays.", "2026-03-04 21:00"),
        (MONDAY, "nl", "We'll call you by Friday.", "2026-03-06 21:00"),  # in the other language than was said
    ],
)
def test_when_it_is_due(now: datetime, language: str, text: str, due: str) -> None:
    found = promise.found(text, calendar=CALENDAR, now=now, language=language)
    assert found[0].due_at == datetime.strptime(due, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


_WORDS = [
    "ik",
    "bel je",
    "we'll",
    "call you",
    "morgen",
    "uiterlijk vrijdag",
    "voor 12 uur",
    "31 februari",
    "within 999 months",
    "25:99",
    "en",
    ",",
    ".",
    "?",
    "\n",
]


@settings(max_examples=60)
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from([*_WORDS, "İ", "\x00", "😀", "“", ">"]), max_size=30).map(" ".join)))
def test_any_text_can_be_read_and_words_stand_where_they_are_said_to(text: str) -> None:
    for one in promise.found(text, calendar=CALENDAR, now=MONDAY, language="nl"):
        assert text[one.start : one.end] == one.text
        assert one.text.strip()


@pytest.mark.parametrize("words", ["ik bel je morgen en ", "ik ", "voor ", "wij verwachten je te ", "monteur gevraagd te ", "uiterlijk "])
def test_the_longest_text_costs_no_more_than_its_budget(words: str) -> None:
    text = (words * 10_000)[:9_990] + " morgen"
    begin = thread_time()
    with suppress(TimeoutError):
        assert len(promise.found(text, calendar=CALENDAR, now=MONDAY, language="nl")) <= promise.KEPT
    assert thread_time() - begin < 2 * promise.FIND_CPU_S


def test_what_takes_too_long_to_read_is_not_sent_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promise, "FIND_CPU_S", 0.0)
    row = submitted(draft(TEXT), MONDAY)
    with pytest.raises(Conflict, match="unchecked"):
        clearance.approve(row, row.digest, GUUS, BOOK, CASE, MONDAY)


def draft(text: str, at: datetime = MONDAY, book: BrandBook = BOOK, **more: Any) -> ReplyRow:
    return reply.new(
        CASE,
        book,
        id=uuid4(),
        text=text,
        script=None,
        writer="gs",
        writer_role="agent",
        automatic=False,
        book_version=1,
        at=at,
        traceparent=None,
        **more,
    )


TEXT = "Hoi Sanne, ik bel je vandaag. Ik stuur je morgen een nieuwe factuur. ^gs"


def submitted(row: ReplyRow, at: datetime) -> ReplyRow:
    return reply.submit(row, GUUS, BOOK, "gs", at).row


def test_an_edit_of_other_words_leaves_a_promise_as_it_is_and_what_was_said_of_it() -> None:
    row = draft(TEXT)
    called, billed = row.promises
    later = MONDAY + timedelta(days=3)
    row = reply.promise(
        row, [Said(id=billed.id, text=None, due_at=later, renegotiates=None)], [called.id], None, GUUS, BOOK, "gs", MONDAY
    ).row
    edited = reply.edit(row, TEXT.replace("Hoi Sanne", "Goedemorgen"), GUUS, BOOK, "gs", MONDAY).row
    assert [(one.id, one.due_at) for one in edited.promises] == [(billed.id, later)]
    another = reply.edit(row, TEXT.replace("morgen een", "overmorgen een"), GUUS, BOOK, "gs", MONDAY).row
    assert [one.due_at == later for one in another.promises] == [False], (
        "other words are another promise, of which nobody has said anything"
    )


def test_what_is_approved_promises_what_its_reader_will_read_in_it_and_stands_from_then_on() -> None:
    row = submitted(draft(TEXT), MONDAY)
    tuesday = MONDAY + timedelta(days=1)
    assert [one.due_at for one in reply.as_of(row, BOOK, tuesday).promises] == [
        one.due_at + timedelta(days=1) for one in row.promises if one.due_at
    ]
    approved = clearance.approve(row, row.digest, GUUS, BOOK, CASE, tuesday).row
    assert [one.due_at for one in approved.promises] == [one.due_at + timedelta(days=1) for one in row.promises if one.due_at]
    assert reply.as_of(approved, BOOK, tuesday + timedelta(days=5)) == approved


def test_an_approval_is_of_text_and_of_what_people_said_that_it_promises() -> None:
    row = submitted(draft(TEXT), MONDAY)
    said = reply.promise(row, [], [row.promises[0].id], [uuid4()], MILA, BOOK, "gs", MONDAY).row
    assert (said.state, said.writer) == ("draft", "mk")
    again = reply.submit(said, GUUS, BOOK, "gs", MONDAY).row
    with pytest.raises(Conflict, match="not what this digest stands for"):
        clearance.approve(again, row.digest, MILA, BOOK, CASE, MONDAY)
    for asked, keeps in (([], None), ([Said(id=None, text="Kijk het na", due_at=None, renegotiates=None)], [])):
        other = reply.promise(row, asked, [row.promises[0].id], keeps, MILA, BOOK, "gs", MONDAY).row
        assert other.digest not in (said.digest, row.digest)


def test_nothing_is_approved_that_promises_what_has_passed() -> None:
    row = submitted(draft("Hoi Sanne, ik bel je vandaag voor 12 uur. ^gs"), MONDAY)
    late = MONDAY.replace(hour=12, minute=30)
    with pytest.raises(Conflict, match="a moment that has passed"):
        clearance.approve(row, row.digest, GUUS, BOOK, CASE, late)
    none = submitted(reply.promise(row, [], [row.promises[0].id], None, GUUS, BOOK, "gs", late).row, late)
    assert clearance.approve(none, none.digest, GUUS, BOOK, CASE, late).row.promises == []


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Said(id=uuid4(), text=None, due_at=None, renegotiates=None), "no promise that was found"),
        (Said(id=None, text=" ", due_at=None, renegotiates=None), "needs a text"),
        (Said(id=None, text="Bellen", due_at=MONDAY, renegotiates=None), "has passed"),
    ],
)
def test_what_cannot_be_said_of_a_text_is_refused(asked: Said, why: str) -> None:
    with pytest.raises(Unprocessable, match=why):
        reply.promise(draft(TEXT), [asked], [], None, GUUS, BOOK, "gs", MONDAY)


def test_the_machines_draft_promises_too_and_time_alone_changes_nothing_in_it() -> None:
    script = {"id": "storing", "label": "storing", "language": "nl", "text": "{groet}, ik bel je vandaag nog. {handtekening}"}
    book = BOOK.model_copy(update={"scripts": (BOOK.scripts[0].model_validate(script),)})
    case = case_of(mention("a"))
    told: dict[str, Any] = {"book_version": 1, "traceparent": None}
    (first,) = follow_case(case, "", [], book, at=MONDAY.astimezone(UTC), **told)
    assert [one.text for one in first.row.promises] == ["ik bel je vandaag nog"]
    assert follow_case(case, "open", [first.row], book, at=MONDAY.astimezone(UTC) + timedelta(days=2), **told) == []


@pytest.mark.parametrize(
    ("text", "language", "promised"),
    [
        ("De secretaris belt u morgen om 10.00 uur.", "nl", 1),
        ("Over een uur belt zij u op dit nummer.", "nl", 1),
        ("De behandelend jurist meldt zich morgen bij u.", "nl", 1),
        ("Belt u ons morgen om 10.00 uur?", "nl", 0),
        ("Die leest u uiterlijk morgen om 15.00 uur in een privébericht.", "nl", 1),
        ("You will hear from her and us by 16:00 tomorrow.", "en", 1),
        ("A colleague who speaks English will call you today at 17:30.", "en", 1),
        ("I passed the seat and flight number on and will e-mail you by 5 pm today.", "en", 1),
    ],
)
def test_whoever_of_ours_gets_in_touch_it_is_a_promise(text: str, language: str, promised: int) -> None:
    assert len(promise.found(text, calendar=calendar_of(BOOK), now=MONDAY, language=language)) == promised
