"""What becomes of promises: which reply keeps which, and that it depends on when things happened, never on when they were heard of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.bookfile import load_book
from libs.common.errors import Conflict
from libs.common.events import MentionTriaged, deterministic_id
from libs.common.hours import Calendar
from libs.common.record import Received
from libs.common.reply_events import ReplyPromise, ReplySent
from services.routing import promise as promises
from services.routing.case import case_id_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.glance import what
from services.routing.promise import Heard, Promise
from services.routing.sla import Policy
from tests.unit.routing.test_permutations import POLICIES, START, event, mention_id, reply_sent, state

CASE = case_id_of("vaart", mention_id("A"))
OFFICE = load_book("""
brand: kantoor
name: Kantoor (example data)
languages: [nl]
hours: {mon-fri: ["09:00-17:00"], holidays: {country: NL, closed: true}}
promises: {remind_at: ["50%", "80%"]}
departments:
  - {id: webcare, members: [gs]}
team:
  - {id: gs, first_name: Guus, initials: gs}
""")
POLICY = Policy(OFFICE, Calendar.of(OFFICE), 1)


def at(text: str) -> datetime:
    """In winter, by Amsterdam's clock."""
    return datetime.fromisoformat(f"2026-11-{text}:00+01:00").astimezone(UTC)


def promise(given_at: str, due_at: str | None, **more: Any) -> Promise:
    said: dict[str, Any] = {"id": deterministic_id("x", "p"), "brand": "kantoor", "case_id": CASE, "mention_id": None, "reply_id": None}
    said |= {"channel": "email", "visibility": "private", "text": "…", "given_by": "gs", "given_at": at(given_at)}
    return Promise(**{**said, "due_at": at(due_at) if due_at else None, **more})


def reply(sent_at: str, *, keeps: Sequence[UUID] | None = None, update_due: bool = False) -> Heard:
    named = frozenset(keeps) if keeps is not None else None
    return Heard(deterministic_id("x", sent_at), None, at(sent_at), "gs", named, update_due)


@pytest.mark.parametrize(
    ("given_at", "due_at", "reminded"),
    [
        ("02T09:00", "02T17:00", ["02T13:00", "02T15:24"]),
        ("06T16:00", "09T10:00", ["06T17:00", "09T09:36"]),  # Friday to Monday: two opening hours
        ("07T10:00", "07T20:00", ["07T15:00", "07T18:00"]),  # a Saturday: nobody is there, and it is due all the same
        ("02T12:00", "02T11:00", []),  # sent after the time that it promised
        ("02T12:00", None, []),
    ],
)
def test_reminders_come_while_people_are_there(given_at: str, due_at: str | None, reminded: list[str]) -> None:
    found = promises.reminders(POLICY, promise(given_at, due_at))
    assert [(share, moment) for share, moment in found] == [(share, at(when)) for share, when in zip((50, 80), reminded, strict=False)]


P = deterministic_id("x", "p")


@pytest.mark.parametrize(
    ("changes", "said", "same", "kept"),
    [
        ({}, reply("02T10:00"), True, True),
        ({}, reply("02T12:00"), True, True),  # at the very moment
        ({}, reply("02T12:01"), True, False),  # nobody said so, and it was broken by then
        ({}, reply("02T12:01", keeps=[P]), True, True),
        ({}, reply("02T09:00"), True, False),  # the reply that gave it
        ({}, reply("02T10:00"), False, False),  # to another customer
        ({}, reply("02T10:00", keeps=[P]), False, True),
        ({}, reply("02T10:00", keeps=[]), True, False),
        ({}, reply("02T10:00", update_due=True), True, False),
        ({"state": "broken"}, reply("02T10:00"), True, True),  # heard of late
        ({"touched": True}, reply("02T10:00"), True, False),
        ({"touched": True}, reply("02T10:00", keeps=[P]), True, True),
        ({"state": "kept", "ended_at": at("02T11:00")}, reply("02T10:00"), True, True),
        ({"state": "kept", "ended_at": at("02T09:30")}, reply("02T10:00"), True, False),
        ({"state": "kept", "ended_at": at("02T11:00"), "touched": True}, reply("02T10:00", keeps=[P]), True, False),
        ({"state": "withdrawn", "ended_at": at("02T11:00"), "touched": True}, reply("02T10:00", keeps=[P]), True, False),
    ],
)
def test_which_reply_keeps_which_promise(changes: dict[str, Any], said: Heard, same: bool, kept: bool) -> None:
    assert promises.keeps(said, replace(promise("02T09:00", "02T12:00"), **changes), same_customer=same) is kept


def test_what_nothing_kept_cannot_be_said_not_to_be_kept() -> None:
    for name in ("open", "broken", "renegotiated", "withdrawn"):
        with pytest.raises(Conflict):
            promises.not_kept(replace(promise("02T09:00", "02T12:00"), state=name), at("02T10:00"), "x")


# --- in any order -------------------------------------------------------------------------------------------------------------------------


@dataclass
class Said:
    """A reply of a history: minutes after the start, when the promises that it gives are due, which it replaces and which it keeps, by number."""

    minute: int
    due: list[int | None] = field(default_factory=list)
    replaces: int | None = None
    keeps: list[int] | None = None
    update_due: bool = False


def promise_id(reply_number: int, place: int) -> UUID:
    return deterministic_id("vaart", "promise", str(reply_number), str(place))


def sent(number: int, said: Said) -> Received[ReplySent]:
    told = reply_sent(CASE, START + timedelta(minutes=said.minute), "reply", str(number), answers=mention_id("A"))
    given = [
        ReplyPromise(
            id=promise_id(number, place),
            text="…",
            due_at=START + timedelta(minutes=due) if due is not None else None,
            renegotiates=promise_id(said.replaces, 0) if said.replaces is not None and place == 0 else None,
        )
        for place, due in enumerate(said.due)
    ]
    keeps = [promise_id(one, 0) for one in said.keeps] if said.keeps is not None else None
    reply = told.event.reply.model_copy(update={"promises": given, "keeps": keeps, "update_due": said.update_due, "writer": "gs"})
    return Received(
        told.event.model_copy(update={"reply": reply}), told.id, told.subject, 5, told.time, None, told.topic, 0, 0, told.key, told.time
    )


def ends(replies: Sequence[Received[ReplySent]]) -> tuple[dict[UUID, tuple[Any, ...]], tuple[Any, ...]]:
    """What has become of each promise, and what its case says of them, once these were heard of in this order."""
    work = CaseWork(POLICIES, START + timedelta(minutes=200))  # type: ignore[arg-type]
    on_mention(work, event(MentionTriaged, 1, state("A", "A")))
    for one in replies:
        on_reply_sent(work, one)
    file = work.files[CASE]
    told = [(row.outgoing.version) for row in work.stories if row.outgoing.subject == str(CASE)]
    assert told == sorted(set(told)), "each version of the case is told once"
    found = {
        id: (one.state, one.ended_at, one.kept_by, one.replaced_by, one.broken_at, one.assumed) for id, one in work.promises.by_id.items()
    }
    case = file.case
    return found, (case.promise_open, case.promise_broken, case.promise_due_at, case.state, case.waiting_for)


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    minutes = draw(st.lists(st.integers(1, 120), min_size=1, max_size=5, unique=True).map(sorted))
    history: list[Said] = []
    for number, minute in enumerate(minutes):
        before = [one for one in range(number) if history[one].due]
        some = st.sampled_from(before) if before else st.nothing()
        due = draw(st.lists(st.none() | st.integers(1, 150), max_size=2))
        history.append(
            Said(
                minute,
                due,
                draw(st.none() | some) if due else None,
                draw(st.none() | st.lists(some, max_size=2) if before else st.sampled_from([None, []])),
                draw(st.booleans()),
            )
        )
    return history


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_in_whichever_order_replies_are_heard_of_promises_end_the_same(history: list[Said], random: Any) -> None:
    replies = [sent(number, said) for number, said in enumerate(history)]
    mixed = [*replies, *replies]
    random.shuffle(mixed)
    assert ends(mixed) == ends(replies)


# --- what is still owed -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state_", "waiting_for", "of_promise", "ours"),
    [
        ("waiting", "customer", "broken", True),
        ("waiting", "promise", "broken", True),
        ("waiting", "department", "broken", False),  # we wait for a colleague, and our clocks run
        ("waiting", "until", "broken", False),
        ("open", None, "broken", False),  # it is
        ("resolved", None, "broken", False),
        ("waiting", "promise", "open", False),
        ("waiting", "customer", "kept", False),
        ("waiting", "customer", "renegotiated", False),
        ("waiting", "customer", "withdrawn", False),
    ],
)
def test_a_case_is_ours_while_a_broken_promise_is_owed(state_: str, waiting_for: str | None, of_promise: str, ours: bool) -> None:
    work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
    on_mention(work, event(MentionTriaged, 1, state("A", "A")))
    case = work.files[CASE].case.model_copy(update={"state": state_, "waiting_for": waiting_for})
    assert promises.stays_ours(case, [replace(promise("02T09:00", "02T12:00"), state=of_promise)]) is ours


@pytest.mark.parametrize(
    ("later", "ends_as", "told"),
    [
        (Said(90), "open", ["reacted", "resumed"]),
        (Said(90, update_due=True), "open", ["reacted", "resumed"]),
        (Said(90, keeps=[]), "open", ["reacted", "resumed"]),
        (Said(90, due=[150]), "open", ["reacted", "promised", "resumed"]),  # another one, and not in its place
        (Said(90, keeps=[0]), "waiting", ["reacted", "promise-kept"]),
        (Said(90, due=[150], replaces=0), "waiting", ["reacted", "promised", "promise-renegotiated"]),
    ],
)
def test_a_reply_after_a_broken_promise_leaves_the_case_ours_until_one_keeps_it(later: Said, ends_as: str, told: list[str]) -> None:
    work = CaseWork(POLICIES, START + timedelta(minutes=200))  # type: ignore[arg-type]
    on_mention(work, event(MentionTriaged, 1, state("A", "A")))
    due_at, broken = START + timedelta(minutes=60), promise("02T09:00", "02T12:00")
    broken = replace(broken, id=promise_id(0, 0), brand="vaart", given_at=START, due_at=due_at, broken_at=due_at, state="broken")
    work.promises.know([broken])
    before = work.files[CASE].case.clocks
    on_reply_sent(work, sent(7, later))
    case = work.files[CASE].case
    whats = [what(row.outgoing.event) for row in work.stories[1:]]
    assert [one for one in whats if one != "clock-breached"] == told
    assert (case.state, case.promise_broken) == (ends_as, ends_as == "open")
    if ends_as == "open":
        running = {clock.kind: clock for clock in case.clocks}["resolution"]
        assert (running.paused_at, running.due_at) == (None, {clock.kind: clock for clock in before}["resolution"].due_at)
