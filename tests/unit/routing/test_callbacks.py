"""When a number that was left makes a callback, when it is due, and what becomes of it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import Conflict, Unprocessable
from libs.common.events import MentionRegrouped, MentionRemoved, MentionRevised, MentionTriaged, PersonalData, TriagedMention
from services.routing import callback as callbacks
from services.routing.callback import Callback
from services.routing.case import case_id_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention
from tests.unit.routing.test_permutations import BOOK, POLICIES, START, event, mention_id, state

POLICY = POLICIES.policy
CASE = case_id_of("vaart", mention_id("A"))
NUMBER = "06 12345678"


def message(name: str, text: str, *, group: str = "A", visibility: str = "private", **more: Any) -> TriagedMention:
    """Mention A, B, C … with this text; what looks like a number in it was found to be one."""
    base = state(name, group, **more)
    found = [PersonalData(kind="phone", start=m.start(), end=m.end()) for m in re.finditer(r"[+0][\d ]{7,}\d", text)]
    return base.model_copy(
        update={
            "mention": base.mention.model_copy(update={"text": text, "visibility": visibility}),
            "findings": base.findings.model_copy(update={"pii": found}),
        }
    )


def heard(*events: Any) -> CaseWork:
    work = CaseWork(POLICIES, START + timedelta(hours=1))  # type: ignore[arg-type]
    for received in events:
        on_mention(work, received)
    return work


def said(work: CaseWork) -> list[str]:
    return [story.outgoing.event.type.split(".")[2] for story in work.stories if "callback" in story.outgoing.event.type]


def states(work: CaseWork) -> list[tuple[str, str, UUID]]:
    return sorted((callback.phone, callback.state, callback.case_id) for callback in work.callbacks.values())


def waits(**more: Any) -> Callback:
    given: dict[str, Any] = {
        "id": UUID(int=1),
        "brand": "vaart",
        "case_id": CASE,
        "mention_id": mention_id("A"),
        "phone": "+31612345678",
        "state": "open",
        "department": None,
        "owner": None,
        "note": None,
        "window_from": None,
        "window_to": None,
        "next_at": START,
        "due_at": START + timedelta(hours=4),
        "attempts": 0,
        "created_at": START,
        "created_by": "system",
    }
    return Callback(**{**given, **more})


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (f"Bel me op {NUMBER} alsjeblieft", "open"),
        (f"Kunt u mij vanmiddag even bellen? {NUMBER}", "open"),
        (f"Ik word graag teruggebeld: {NUMBER}", "open"),
        (f"Please call me back on {NUMBER}", "open"),
        (f"Rufen Sie mich an: {NUMBER}", "open"),
        (f"Mijn internet ligt eruit.\n\nGroet, Sanne\nT {NUMBER}", "proposed"),
        (f"Bel me niet meer op {NUMBER}!", "proposed"),
        (f"Please do not call me on {NUMBER}", "proposed"),
    ],
)
def test_a_number_is_a_proposal_and_a_request_for_a_call_is_open_at_once(text: str, state: str) -> None:
    work = heard(event(MentionTriaged, 1, message("A", text)))
    assert states(work) == [("+31612345678", state, CASE)]
    assert said(work) == ["callback-" + ("planned" if state == "open" else "proposed")]


@pytest.mark.parametrize(
    "triaged",
    [
        message("A", f"Bel me op {NUMBER}", visibility="public"),
        message("A", "Bel me maar"),
        message("A", "Bel me op 0000 000 0000 00 000000000"),
        message("A", f"Bel me op {NUMBER}").model_copy(
            update={"mention": message("A", f"Bel me op {NUMBER}").mention.model_copy(update={"historic": True})}
        ),
    ],
)
def test_what_is_public_without_a_number_or_history_makes_none(triaged: TriagedMention) -> None:
    assert heard(event(MentionTriaged, 1, triaged)).callbacks == {}


def test_no_event_holds_the_number() -> None:
    work = heard(event(MentionTriaged, 1, message("A", f"Bel me op {NUMBER}")))
    [told] = [story.outgoing.event for story in work.stories if "callback" in story.outgoing.event.type]
    assert "12345678" not in told.callback.model_dump_json()  # type: ignore[attr-defined]
    assert "12345678" not in str([story.detail for story in work.stories])


def test_a_signature_in_every_message_makes_one_proposal_and_a_request_opens_it() -> None:
    first, second = message("A", f"Storing. T {NUMBER}"), message("B", f"Nog steeds. T {NUMBER}")
    work = heard(event(MentionTriaged, 1, first), event(MentionTriaged, 1, second))
    assert states(work) == [("+31612345678", "proposed", CASE)]
    on_mention(work, event(MentionTriaged, 1, message("C", f"Bel me nu eens! T {NUMBER}")))
    assert states(work) == [("+31612345678", "open", CASE)]
    assert said(work) == ["callback-proposed", "callback-planned"]


def test_hearing_of_a_message_again_changes_nothing() -> None:
    received = event(MentionTriaged, 1, message("A", f"Bel me op {NUMBER}"))
    work = heard(received, received, event(MentionRevised, 2, message("A", f"Bel me op {NUMBER}"), why="depth"))
    assert [callback.version for callback in work.callbacks.values()] == [1]
    assert said(work) == ["callback-planned"]


def test_a_message_that_is_taken_back_takes_its_callback_and_the_number_with_it() -> None:
    work = heard(event(MentionTriaged, 1, message("A", f"Bel me op {NUMBER}")), event(MentionRemoved, 2, message("A", "", removed=True)))
    assert states(work) == [("", "withdrawn", CASE)]
    assert said(work) == ["callback-planned", "callback-ended"]


def test_while_another_message_has_the_number_the_callback_stays() -> None:
    work = heard(
        event(MentionTriaged, 1, message("A", f"Bel me op {NUMBER}")),
        event(MentionTriaged, 1, message("B", f"Nogmaals, bel me: {NUMBER}")),
        event(MentionRemoved, 2, message("A", "", removed=True)),
    )
    assert states(work) == [("+31612345678", "open", CASE)]
    assert [callback.mention_id for callback in work.callbacks.values()] == [mention_id("B")]


def test_a_callback_goes_with_its_message_to_another_case() -> None:
    alone, together = message("B", f"Bel me op {NUMBER}", group="B"), message("B", f"Bel me op {NUMBER}", group="A")
    work = heard(event(MentionTriaged, 1, message("A", "Storing?")), event(MentionTriaged, 1, alone), event(MentionRegrouped, 2, together))
    assert states(work) == [("+31612345678", "open", CASE)]


def test_two_cases_that_become_one_call_a_number_once() -> None:
    work = heard(
        event(MentionTriaged, 1, message("A", f"Bel me op {NUMBER}")),
        event(MentionTriaged, 1, message("B", f"Bel me op {NUMBER}", group="B")),
        event(MentionRegrouped, 2, message("B", f"Bel me op {NUMBER}")),
    )
    assert states(work) == [("", "withdrawn", CASE), ("+31612345678", "open", CASE)]
    on_mention(work, event(MentionRegrouped, 3, message("B", f"Bel me op {NUMBER}", group="B")))
    other = case_id_of("vaart", mention_id("B"))
    assert sorted(states(work)) == sorted([("+31612345678", "open", CASE), ("+31612345678", "open", other)])


@pytest.mark.parametrize("names", ["AB", "ABC"])
def test_every_order_of_messages_ends_in_the_same_numbers_to_call(names: str) -> None:
    texts = {"A": f"Storing. T {NUMBER}", "B": f"Bel me op {NUMBER}", "C": "Of op 020 1234567, bel me daar"}
    events = [event(MentionTriaged, 1, message(name, texts[name])) for name in names]
    events.append(event(MentionRemoved, 2, message(names[-1], "", removed=True)))
    ends = set()
    for order in permutations(events):
        if order.index(events[-1]) > order.index(events[-2]):
            ends.add(tuple((phone, state) for phone, state, _ in states(heard(*order)) if state != "withdrawn"))
    assert len(ends) == 1


def test_a_request_after_the_last_call_has_ended_makes_another() -> None:
    ended = waits(state="reached", attempts=1, ended_at=START + timedelta(minutes=1, seconds=30))
    before = message("B", f"Bel me op {NUMBER}")  # a minute after START
    [*none] = callbacks.followed(POLICY, _case(), [before], [ended], START)
    assert none == []
    [again] = callbacks.followed(POLICY, _case(), [before, message("C", f"Bel me weer op {NUMBER}")], [ended], START)
    assert (again.state, again.mention_id) == ("open", mention_id("C"))


def test_a_request_after_the_last_call_stands_for_itself_and_not_for_what_was_asked_before() -> None:
    ended = waits(state="reached", attempts=1, ended_at=START + timedelta(minutes=1, seconds=30))
    before, later = message("B", f"Bel me op {NUMBER}"), message("C", f"Bel me weer op {NUMBER}")
    [again] = callbacks.followed(POLICY, _case(), [before, later], [ended], START)
    assert callbacks.followed(POLICY, _case(), [before, later, message("D", f"T {NUMBER}")], [ended, again], START) == []
    taken_back = message("C", "", removed=True)
    [gone] = callbacks.followed(POLICY, _case(), [before, taken_back], [ended, again], START)
    assert (gone.id, gone.state, gone.phone) == (again.id, "withdrawn", "")
    tried = again.changed(attempts=1, touched=True)
    assert callbacks.followed(POLICY, _case(), [before, later], [ended, tried], START) == []
    [gone] = callbacks.followed(POLICY, _case(), [before, taken_back], [ended, tried], START)
    assert gone.state == "withdrawn"


def test_what_a_person_cancelled_is_not_proposed_again() -> None:
    cancelled = waits(state="cancelled", ended_at=START)
    assert callbacks.followed(POLICY, _case(), [message("B", f"T {NUMBER}")], [cancelled], START) == []


def test_a_case_has_so_many_callbacks_and_no_more() -> None:
    many = "Bel me op " + ", of ".join(f"06 1234 {n:04}" for n in range(60))
    found = callbacks.followed(POLICY, _case(), [message(name, many) for name in "AB"], [], START)
    assert len({callback.id for callback in found}) == len(found) == callbacks.MOST_AT_ONCE


def _case() -> Any:
    return heard(event(MentionTriaged, 1, state("A", "A"))).files[CASE].case


# --- its clock ----------------------------------------------------------------------------------------------------------------------------


def test_a_call_is_due_in_opening_time_and_not_before_somebody_is_there() -> None:
    saturday_night = datetime(2026, 11, 7, 23, tzinfo=UTC)
    next_at, due_at = callbacks.times(POLICY, saturday_night, None)
    assert POLICY.calendar.is_open(next_at)
    assert next_at == POLICY.calendar.next_open(saturday_night)
    assert POLICY.calendar.between(next_at, due_at) == timedelta(hours=4)


@pytest.mark.parametrize("outcome", ["reached", "wrong_number"])
def test_a_call_that_settles_it_ends_it(outcome: str) -> None:
    found = callbacks.attempted(POLICY, waits(), outcome, START)
    assert (found.state, found.attempts, found.ended_at) == (outcome, 1, START)


@given(st.lists(st.sampled_from(["no_answer", "busy"]), min_size=1, max_size=10))
def test_nobody_is_called_more_often_than_the_book_says(outcomes: Sequence[str]) -> None:
    found, now = waits(), START
    for outcome in outcomes:
        if found.state not in callbacks.LIVE:
            with pytest.raises(Conflict):
                callbacks.attempted(POLICY, found, outcome, now)
            break
        found = callbacks.attempted(POLICY, found, outcome, now)
        if found.state == "open":
            assert POLICY.calendar.between(now, found.next_at) >= timedelta(hours=1)
            assert found.due_at > found.next_at
            now = found.next_at
    assert found.attempts <= BOOK.callbacks.attempts
    assert (found.state == "not_reached") == (len(outcomes) >= BOOK.callbacks.attempts)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (START, START),
        (START + timedelta(hours=2), START + timedelta(hours=1)),
        (START - timedelta(hours=2), START - timedelta(hours=1)),
        (START, START + timedelta(days=400)),
        (START.replace(tzinfo=None), START + timedelta(hours=1)),
    ],
)
def test_a_window_that_is_none_is_refused(begin: datetime, end: datetime) -> None:
    with pytest.raises(Unprocessable):
        callbacks.window_of(begin, end, START)


@pytest.mark.parametrize(("phone", "shown"), [("+31612345678", "•••• 78"), ("112", "••••"), ("", "••••")])
def test_whoever_may_not_call_sees_two_digits_at_most(phone: str, shown: str) -> None:
    assert callbacks.masked(phone) == shown
