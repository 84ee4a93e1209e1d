"""A message after a resolution reopens the case for as long as the brand book says; later ones begin a case that refers back, in every order."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.case_events import CaseOpened
from libs.common.events import MentionRegrouped, MentionRemoved, MentionTriaged, TriagedMention
from libs.common.record import Received
from services.routing import reopening
from services.routing.case import EMPTY, assigned, case_id_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.turn import reopened, resolved
from tests.unit.routing.test_permutations import POLICIES, START, event, mention_id, reply_sent, state
from tests.unit.routing.test_turns import A, historic

RESOLVED_AT = START + timedelta(hours=1)
WITHIN, AFTER, LATER = timedelta(days=10), timedelta(days=15), timedelta(days=20)
"""So long after the resolution; the brand book's default is 14 days."""


def came(name: str, after: timedelta, group: str = "A") -> TriagedMention:
    """Mention `name`, received so long after the resolution."""
    triaged = state(name, group)
    return triaged.model_copy(update={"mention": triaged.mention.model_copy(update={"received_at": RESOLVED_AT + after})})


def said(name: str, after: timedelta, group: str = "A", version: int = 1, kind: type[Any] = MentionTriaged) -> Received[Any]:
    return event(kind, version, came(name, after, group))


def desk(*, is_closed: bool = False) -> CaseWork:
    """The case of A, which was resolved an hour after it came."""
    work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
    on_mention(work, event(MentionTriaged, 1, state("A", "A")))
    file = work.files[A]
    assigned(file, to="gs", department=None)
    resolved(file, RESOLVED_AT)
    if is_closed:
        reopening.closed(file)
    return work


def follow_up(begun_by: str) -> UUID:
    return case_id_of("vaart", mention_id("A"), mention_id(begun_by))


def outcome(work: CaseWork) -> dict[UUID, Any]:
    """Which mentions are in which case, how each stands, and what it refers back to."""
    found = {}
    for case_id, file in work.files.items():
        if file.case.state not in EMPTY:
            names = sorted(str(mention.id) for mention in file.case.mentions)
            found[case_id] = (names, file.case.state, file.case.follows, file.case.begun_by, file.case.clocks, file.case.owner)
    return found


def heard(events: Sequence[Received[Any]], **how: bool) -> CaseWork:
    work = desk(**how)
    for received in events:
        on_mention(work, received)
    return work


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize(
    ("after", "state_then", "cases"),
    [
        (timedelta(minutes=1), "open", 1),
        (timedelta(days=14), "open", 1),
        (timedelta(days=14, seconds=1), "follow-up", 2),
        (timedelta(days=400), "follow-up", 2),
    ],
)
def test_the_time_at_which_a_message_came_decides_whether_it_reopens(
    after: timedelta, state_then: str, cases: int, is_closed: bool
) -> None:
    work = heard([said("D", after)], is_closed=is_closed)
    assert len(outcome(work)) == cases
    first = work.files[A].case
    if state_then == "open":
        assert (first.state, first.resolved_at, first.mentions_total, first.owner) == ("open", None, 2, "gs")
        return
    assert (first.state, first.mentions_total) == ("closed" if is_closed else "resolved", 1)
    new = work.files[follow_up("D")]
    assert (new.case.follows, new.case.group_id, new.case.state, new.touched) == (A, mention_id("A"), "new", False)
    assert {clock.started_at for clock in new.case.clocks} == {RESOLVED_AT + after}
    told = work.outgoing[-1].event
    assert isinstance(told, CaseOpened)
    assert told.case.id == follow_up("D")


@pytest.mark.parametrize(
    ("events", "cases"),
    [
        pytest.param([said("D", WITHIN), said("E", AFTER)], {A: "ADE"}, id="the first reopens it, so the second joins"),
        pytest.param(
            [said("D", AFTER), said("E", LATER)], {A: "A", follow_up("D"): "DE"}, id="both are of one follow-up, which the first began"
        ),
        pytest.param([said("D", WITHIN), said("E", AFTER), said("F", LATER)], {A: "ADEF"}, id="one within the time, two after it"),
        pytest.param(
            [said("D", AFTER), said("E", LATER, "E"), said("E", LATER, "A", 2, MentionRegrouped)],
            {A: "A", follow_up("D"): "DE"},
            id="one is linked later",
        ),
    ],
)
def test_in_every_order_the_same_messages_are_in_the_same_cases(events: list[Received[Any]], cases: dict[UUID, str]) -> None:
    expected = outcome(heard(events))
    assert {case_id: "".join(sorted(names)) for case_id, (names, *_) in expected.items()} == {
        case_id: "".join(sorted(str(mention_id(name)) for name in names)) for case_id, names in cases.items()
    }
    for order in permutations(events):
        assert outcome(heard(order)) == expected


@st.composite
def later_messages(draw: st.DrawFn) -> list[Received[Any]]:
    """What comes of four more mentions after a resolution: at some time, at once in the group or linked to it afterwards, perhaps taken back."""
    events = []
    for name in "BCDE":
        after = draw(st.sampled_from([timedelta(minutes=-30), timedelta(minutes=5), WITHIN, AFTER, LATER])) + timedelta(seconds=ord(name))
        how = draw(st.sampled_from(["at once", "linked", "leaves", "taken back"]))
        events.append(said(name, after, name if how == "linked" else "A"))
        if how in ("linked", "leaves"):
            events.append(said(name, after, "A" if how == "linked" else name, 2, MentionRegrouped))
        elif how == "taken back":
            events.append(event(MentionRemoved, 2, came(name, after).model_copy(update={"removed": True})))
    return events


@settings(max_examples=600, deadline=None)
@given(later_messages(), st.randoms(use_true_random=False), st.booleans())
def test_any_order_of_messages_after_a_resolution_ends_in_the_same_cases(events: list[Received[Any]], random: Any, is_closed: bool) -> None:
    shuffled = events + random.choices(events, k=2)
    random.shuffle(shuffled)
    one, other = heard(events, is_closed=is_closed), heard(shuffled, is_closed=is_closed)
    assert outcome(one) == outcome(other)


def test_a_follow_up_that_people_worked_on_goes_on_where_an_earlier_message_puts_it() -> None:
    work = heard([said("E", LATER)])
    assigned(work.files[follow_up("E")], to="mk", department="billing")
    on_mention(work, said("D", AFTER))
    assert work.files[follow_up("E")].case.merged_into == follow_up("D")
    assert (work.files[follow_up("D")].case.owner, work.files[follow_up("D")].case.department) == ("mk", "billing")
    on_reply_sent(work, reply_sent(follow_up("E"), RESOLVED_AT + LATER + timedelta(minutes=5), "answer", answers=mention_id("E")))
    assert work.files[follow_up("D")].case.state == "waiting"


def test_a_follow_up_of_a_follow_up() -> None:
    work = heard([said("D", AFTER)])
    resolved(work.files[follow_up("D")], RESOLVED_AT + AFTER + timedelta(hours=1))
    on_mention(work, said("E", AFTER + timedelta(days=1)))
    assert (work.files[follow_up("D")].case.state, work.files[follow_up("D")].case.mentions_total) == ("open", 2)
    resolved(work.files[follow_up("D")], RESOLVED_AT + AFTER + timedelta(days=2))
    on_mention(work, said("F", timedelta(days=60)))
    assert work.files[follow_up("F")].case.follows == follow_up("D")


def test_history_and_what_people_reopened_begin_no_follow_up() -> None:
    work = desk()
    on_mention(work, event(MentionTriaged, 1, historic(came("D", AFTER))))
    assert (work.files[A].case.state, work.files[A].case.mentions_total) == ("resolved", 2)
    reopened(POLICIES.policy, work.files[A], work.mentions_of(A), RESOLVED_AT + AFTER)
    on_mention(work, said("E", LATER))
    assert list(outcome(work)) == [A]


def test_a_follow_up_whose_messages_are_taken_back_is_withdrawn_and_the_next_message_is_in_it() -> None:
    work = heard([said("D", AFTER)])
    removed = came("D", AFTER).model_copy(update={"removed": True})
    on_mention(work, event(MentionRemoved, 2, removed))
    assert work.files[follow_up("D")].case.state == "withdrawn"
    on_mention(work, said("E", LATER))
    assert (work.files[follow_up("D")].case.state, work.files[follow_up("D")].case.mentions_total) == ("new", 1)
