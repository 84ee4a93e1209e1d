"""A reply that comes back has told its customer nothing: the case is what it would be without it."""

from datetime import timedelta
from typing import Any

from libs.common.case_events import CaseReopened, CaseReplyBounced
from libs.common.record import Received
from libs.common.reply_events import ReplyBounced, ReplySent
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_bounced, on_reply_sent
from services.routing.turn import resolved
from tests.unit.routing.test_permutations import POLICIES, START
from tests.unit.routing.test_turns import A1, B1, C1, A, sent, turn_of


def bounced(reply: Received[ReplySent], *, minutes: int = 40) -> Received[ReplyBounced]:
    at = START + timedelta(minutes=minutes)
    told = reply.event.reply.model_copy(update={"delivery": "failed", "delivery_code": "5.1.1"})
    event = ReplyBounced(brand="vaart", book_version=1, reply=told, at=at)
    return Received(event, f"bounced-{told.id}", str(told.id), 6, at, None, reply.topic, 0, 1, reply.key, at)


def told(work: CaseWork, events: list[Received[Any]]) -> CaseWork:
    handlers: dict[type[Any], Any] = {ReplySent: on_reply_sent, ReplyBounced: on_reply_bounced}
    for received in events:
        handlers.get(type(received.event), on_mention)(work, received)
    return work


def heard(*events: Received[Any]) -> CaseWork:
    work = CaseWork(POLICIES, START + timedelta(minutes=45))  # type: ignore[arg-type]
    return told(work, list(events))


def test_the_case_is_ours_again_with_clocks_that_never_stopped() -> None:
    work = heard(A1, sent("A"), bounced(sent("A")))
    found, without = turn_of(work), turn_of(heard(A1))
    assert found["state"] == "open"
    assert found["replied_at"] is None
    assert found["handled"] is None
    assert found["clocks"] == without["clocks"]
    event = work.outgoing[-1].event
    assert isinstance(event, CaseReplyBounced)
    assert (event.reply_id, event.code, event.case.state) == (sent("A").event.reply.id, "5.1.1", "open")
    assert {row[5] for row in work.notifications} == {"a reply came back"}


def test_it_counts_once_whatever_is_told_again() -> None:
    once = heard(A1, sent("A"), bounced(sent("A")))
    again = heard(A1, sent("A"), bounced(sent("A")), sent("A"), bounced(sent("A")))
    assert turn_of(again) == turn_of(once)
    assert len(again.outgoing) == len(once.outgoing)


def test_the_next_reply_stops_the_clock_when_it_is_sent() -> None:
    found = turn_of(heard(A1, sent("A"), bounced(sent("A")), sent("A", minutes=50, again="2")))
    assert found["state"] == "waiting"
    assert found["clocks"][0].met_at == found["replied_at"] == START + timedelta(minutes=50)


def test_what_was_said_since_counts_in_its_place() -> None:
    """They were told something else before the first came back: the case waits for them, and the clock stopped with that."""
    found = turn_of(heard(A1, sent("A"), sent("A", minutes=30, again="2"), bounced(sent("A"))))
    assert found["state"] == "waiting"
    assert found["clocks"][0].met_at == found["replied_at"] == START + timedelta(minutes=30)


def test_a_round_that_the_customer_began_since_goes_on() -> None:
    before = turn_of(heard(A1, sent("A"), B1, C1))
    found = turn_of(heard(A1, sent("A"), B1, C1, bounced(sent("A"))))
    assert (found["state"], found["clocks"]) == ("open", before["clocks"])


def test_a_case_that_was_resolved_by_it_is_open_again() -> None:
    work = heard(A1, sent("A"))
    resolved(work.files[A], START + timedelta(minutes=30))
    told(work, [bounced(sent("A"))])
    case = work.files[A].case
    assert (case.state, case.resolved_at, case.clocks[0].met_at) == ("open", None, None)
    assert case.clocks[1].met_at is None
    assert [type(outgoing.event) for outgoing in work.outgoing[-2:]] == [CaseReopened, CaseReplyBounced]


def test_a_reply_that_nobody_knows_as_sent_changes_nothing() -> None:
    assert turn_of(heard(A1, bounced(sent("A")))) == turn_of(heard(A1))
