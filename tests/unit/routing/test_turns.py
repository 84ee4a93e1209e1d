"""Whose turn it is does not depend on which of a reply and the customer's next message routing hears of first."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.case_events import CaseJoined, CaseReacted
from libs.common.events import MentionRegrouped, MentionRemoved, MentionTriaged, TriagedMention
from libs.common.record import Received
from libs.common.reply_events import ReplySent
from services.routing.case import File, case_id_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.turn import reopened, resolved, unhandled
from tests.unit.routing.test_permutations import POLICIES, START, event, mention_id, reply_sent, state

A = case_id_of("vaart", mention_id("A"))


def historic(triaged: TriagedMention) -> TriagedMention:
    return triaged.model_copy(update={"mention": triaged.mention.model_copy(update={"historic": True})})


def sent(name: str, *, minutes: int = 20, again: str = "") -> Received[ReplySent]:
    """A reply to mention `name`, in the case of A."""
    return reply_sent(A, START + timedelta(minutes=minutes), "reply", name, again, answers=mention_id(name))


def heard(events: Sequence[Received[Any]]) -> CaseWork:
    work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
    for received in events:
        (on_reply_sent if isinstance(received.event, ReplySent) else on_mention)(work, received)
    return work


def turn_of(work: CaseWork) -> dict[str, Any]:
    case = work.files[A].case
    return {
        "state": case.state,
        "clocks": case.clocks,
        "earlier": case.earlier,
        "replied_at": case.replied_at,
        "handled": work.files[A].handled,
    }


def named(received: Received[Any]) -> str:
    """Which message it is, or which one it answers."""
    found = received.event.reply.mention_id if isinstance(received.event, ReplySent) else received.event.triaged.mention.id
    return next(name for name in "ABCD" if mention_id(name) == found)


def possible(order: Sequence[Received[Any]]) -> bool:
    """Whether routing may hear these in this order: a reply comes after all that was in the case up to the message that it answers."""
    for place, received in enumerate(order):
        if isinstance(received.event, ReplySent):
            up_to_it = {x.id for x in order if not isinstance(x.event, ReplySent) and named(x) <= named(received)}
            if not up_to_it <= {x.id for x in order[:place]}:
                return False
    return True


def orders(events: Sequence[Received[Any]]) -> Iterator[list[Received[Any]]]:
    return (list(order) for order in permutations(events) if possible(order))


A1 = event(MentionTriaged, 1, state("A", "A"))
B1 = event(MentionTriaged, 1, state("B", "A"))
B_ALONE, B_LINKED = event(MentionTriaged, 1, state("B", "B")), event(MentionRegrouped, 2, state("B", "A"))
B_TAKEN_BACK = event(MentionRemoved, 2, state("B", "A", removed=True))
B_HISTORIC = event(MentionTriaged, 1, historic(state("B", "A")))
C1 = event(MentionTriaged, 1, state("C", "A"))
C_TAKEN_BACK = event(MentionRemoved, 2, state("C", "A", removed=True))


@pytest.mark.parametrize(
    ("events", "expected", "since"),
    [
        pytest.param([A1, B1, sent("A")], "open", "B", id="the customer wrote again"),
        pytest.param([A1, B_ALONE, B_LINKED, sent("A")], "open", "B", id="what another customer wrote is linked"),
        pytest.param([A1, B_HISTORIC, sent("A")], "waiting", "A", id="history opens nothing"),
        pytest.param([A1, B1, B_TAKEN_BACK, sent("A")], "waiting", "A", id="it was taken back"),
        pytest.param([A1, B1, C1, sent("A")], "open", "B", id="two more messages: the earliest counts"),
        pytest.param([A1, B1, C1, B_TAKEN_BACK, sent("A")], "open", "C", id="the earlier of two is taken back"),
        pytest.param([A1, B1, C1, C_TAKEN_BACK, sent("A")], "open", "B", id="the later of two is taken back"),
        pytest.param([A1, B1, sent("B")], "waiting", "A", id="the reply answers the newest"),
        pytest.param([A1, B1, C1, sent("B")], "open", "C", id="the reply answers the one before the newest"),
    ],
)
def test_a_message_that_came_after_the_answered_one_is_our_turn_in_every_order(
    events: list[Received[Any]], expected: str, since: str
) -> None:
    found = [turn_of(heard(order)) for order in orders(events)]
    assert len(found) > 1
    assert all(turn == found[0] for turn in found)
    assert found[0]["state"] == expected
    reaction, resolution = found[0]["clocks"]
    assert reaction.started_at == state(since, "A").mention.received_at
    assert resolution.started_at == START, "it goes on through all rounds"
    assert resolution.paused_at == (None if expected == "open" else START + timedelta(minutes=20))
    assert found[0]["replied_at"] == START + timedelta(minutes=20)
    assert (reaction.met_at is None) == (expected == "open")


def test_the_story_of_a_late_reply_says_that_it_was_sent_and_that_a_message_waits() -> None:
    work = heard([A1, B1, sent("A")])
    reacted, woken = (outgoing.event for outgoing in work.outgoing[-2:])
    assert isinstance(reacted, CaseReacted)
    assert reacted.case.state == "waiting"
    assert isinstance(woken, CaseJoined)
    assert (woken.woken, woken.mention_id, woken.case.state) == (True, mention_id("B"), "open")


def test_a_second_reply_to_an_older_message_does_not_stop_the_clock_of_the_newer_one() -> None:
    before = turn_of(heard([A1, sent("A"), B1]))
    assert turn_of(heard([A1, sent("A"), B1, sent("A", minutes=30, again="2")])) == before


def test_a_message_that_routing_hears_of_after_a_resolution_wakes_the_case_however_old_it_is() -> None:
    """Whoever resolved it cannot have seen it."""
    work = heard([A1, C1])
    resolved(work.files[A], START + timedelta(hours=1))
    on_mention(work, B1)
    file = work.files[A]
    assert (file.case.state, file.case.resolved_at) == ("open", None)
    assert [clock.started_at for clock in file.case.clocks] == [B1.event.triaged.mention.received_at, START]


@pytest.mark.parametrize("late", [[B1], [B_ALONE, B_LINKED]], ids=["triaged late", "linked late"])
def test_a_message_that_comes_to_a_waiting_case_is_our_turn_although_a_later_one_was_answered(late: list[Received[Any]]) -> None:
    """Somebody else's question, from another partition or another case: whoever answered did not see it."""
    *before, last = late
    work = heard([*before, A1, C1, sent("C"), last])
    file = work.files[A]
    assert file.case.state == "open"
    assert [clock.started_at for clock in file.case.clocks] == [B1.event.triaged.mention.received_at, START]
    assert all(clock.met_at is None for clock in file.case.clocks)
    told = [outgoing.event for outgoing in work.outgoing if isinstance(outgoing.event, CaseJoined)][-1]
    assert (told.woken, told.mention_id) == (True, mention_id("B"))


def test_what_a_resolution_handled_is_not_our_turn_once_it_is_reopened_and_answered() -> None:
    work = heard([A1, B1])
    file, policy = work.files[A], POLICIES.of("vaart")
    resolved(file, START + timedelta(minutes=10))
    reopened(policy, file, work.mentions_of(A), START + timedelta(minutes=15))
    on_reply_sent(work, sent("A"))
    assert file.case.state == "waiting"


def test_a_reply_that_is_heard_of_after_a_resolution_stopped_the_clock_when_it_reached_the_customer() -> None:
    work = heard([A1])
    file = work.files[A]
    resolved(file, START + timedelta(minutes=40))
    assert next(clock for clock in file.case.clocks if clock.kind == "reaction").breached_at is not None
    on_reply_sent(work, sent("A"))
    reaction = next(clock for clock in file.case.clocks if clock.kind == "reaction")
    assert (reaction.met_at, reaction.breached_at) == (START + timedelta(minutes=20), None)
    assert file.case.state == "resolved"
    on_reply_sent(work, sent("A", minutes=25, again="2"))
    assert file.case.clocks[0].met_at == START + timedelta(minutes=20)


def test_a_late_reply_to_an_earlier_message_says_nothing_of_the_round_that_began_since() -> None:
    work = heard([A1])
    resolved(work.files[A], START + timedelta(minutes=10))
    on_mention(work, B1)
    resolved(work.files[A], START + timedelta(minutes=50))
    before = work.files[A].case.clocks
    on_reply_sent(work, sent("A", minutes=20))
    assert work.files[A].case.clocks == before


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Received[Any]], list[Received[Any]]]:
    """What customers write in the case of A, in any order; and the replies to some of it, in the order in which they were sent."""
    said: list[Received[Any]] = [A1]
    for name in "BCD":
        kind = draw(st.sampled_from(["at once", "linked", "historic", "taken back", "linked and taken back"]))
        first = state(name, name if "linked" in kind else "A")
        said.append(event(MentionTriaged, 1, historic(first) if kind == "historic" else first))
        if "linked" in kind:
            said.append(event(MentionRegrouped, 2, state(name, "A")))
        if "taken back" in kind:
            said.append(event(MentionRemoved, 3, state(name, "A", removed=True)))
    answers = sorted(draw(st.sets(st.sampled_from("ABCD"), max_size=3)))
    return said, [sent(name, minutes=20 + number) for number, name in enumerate(answers)]


def interleaved(said: Sequence[Received[Any]], replies: Sequence[Received[Any]], random: Any) -> list[Received[Any]]:
    """One possible order, with the replies as they were sent."""
    order = list(said)
    random.shuffle(order)
    earliest = 0
    for reply in replies:
        places = [n for n in range(earliest, len(order) + 1) if possible([*order[:n], reply, *order[n:]])]
        order.insert(place := random.choice(places), reply)
        earliest = place + 1
    return order


@settings(max_examples=300, deadline=None)
@given(conversations(), st.randoms(use_true_random=False))
def test_any_order_of_messages_and_replies_ends_in_the_same_turn(
    conversation: tuple[list[Received[Any]], list[Received[Any]]], random: Any
) -> None:
    said, replies = conversation
    one, other = heard(interleaved(said, replies, random)), heard(interleaved(said, replies, random))
    assert turn_of(one) == turn_of(other)
    nobody_is_forgotten(one.files[A], one.mentions_of(A))


def nobody_is_forgotten(file: File, mentions: Sequence[TriagedMention], reopened_at: datetime = START) -> None:
    """A message that nobody has handled is our turn, and its clock runs from no later than when it came, or than when somebody reopened the case."""
    if not file.touched or not (waiting := unhandled(file, mentions)):
        return
    assert file.case.state in ("new", "open")
    reaction = next(clock for clock in file.case.clocks if clock.kind == "reaction")
    assert reaction.met_at is None
    assert reaction.started_at <= max(waiting[0].mention.received_at, reopened_at)
