"""What people did to a case stays done, wherever its mentions go."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common.case_events import CaseClockBreached, CaseJoined, CaseReacted, CaseWaiting, Rounds
from libs.common.events import MentionRegrouped, MentionRemoved, MentionTriaged, deterministic_id
from libs.common.record import Received
from libs.common.reply_events import ReplySent
from services.routing.case import MAX_MENTIONS, File, assigned, case_id_of, computed, noted
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.turn import resolved
from tests.unit.routing.test_permutations import POLICIES, START, event, mention_id, reply_sent, state

A, B = (case_id_of("vaart", mention_id(name)) for name in "AB")
SENT_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@dataclass
class Desk:
    """Two customers' cases, A and B, and what happens to them."""

    work: CaseWork = field(default_factory=lambda: CaseWork(POLICIES, START))  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        for name in "AB":
            on_mention(self.work, event(MentionTriaged, 1, state(name, name)))

    def file(self, case_id: UUID) -> File:
        return self.work.files[case_id]

    def merge(self) -> None:
        """B's mention turns out to be about A's issue."""
        on_mention(self.work, event(MentionRegrouped, 2, state("B", "A")))

    def sent(self, case_id: UUID, name: str = "reply") -> Received[ReplySent]:
        received = reply_sent(case_id, SENT_AT, name)
        on_reply_sent(self.work, received)
        return received

    def told(self) -> list[type[Any]]:
        return [type(outgoing.event) for outgoing in self.work.outgoing]


def reaction_of(file: File) -> Any:
    return next(clock for clock in file.case.clocks if clock.kind == "reaction")


def test_a_case_that_was_answered_stays_answered_when_it_goes_on_in_another() -> None:
    desk = Desk()
    assigned(desk.file(B), to="mk", department=None)
    desk.sent(B)
    desk.merge()
    file = desk.file(A)
    assert desk.file(B).case.merged_into == A
    assert (file.case.replied_at, file.case.state, file.case.owner, file.touched) == (SENT_AT, "waiting", "mk", True)
    assert reaction_of(file).met_at == SENT_AT


def test_a_case_that_nobody_touched_leaves_nothing_behind_in_the_one_it_goes_on_in() -> None:
    desk = Desk()
    desk.merge()
    file = desk.file(A)
    assert (file.case.replied_at, file.case.state, file.touched) == (None, "new", False)
    assert reaction_of(file).met_at is None


def test_the_owner_of_a_case_that_people_work_on_stays_when_another_comes_to_it() -> None:
    desk = Desk()
    assigned(desk.file(A), to="gs", department=None)
    assigned(desk.file(B), to="mk", department=None)
    desk.merge()
    assert desk.file(A).case.owner == "gs"


RESOLVED_AT = START + timedelta(minutes=5)


def resolve(file: File) -> None:
    assigned(file, to="tt", department="technical")
    resolved(file, RESOLVED_AT)


def joined(desk: Desk) -> CaseJoined:
    """The story of the merge, in the case that goes on."""
    return next(x.event for x in desk.work.outgoing if isinstance(x.event, CaseJoined) and x.event.merged)


def test_a_case_that_was_assigned_and_resolved_stays_so_when_it_goes_on_in_another() -> None:
    desk = Desk()
    resolve(desk.file(B))
    desk.merge()
    case = desk.file(A).case
    assert (case.department, case.owner, case.state, case.resolved_at) == ("technical", "tt", "resolved", RESOLVED_AT)
    assert [clock.met_at for clock in case.clocks] == [RESOLVED_AT, RESOLVED_AT]
    assert (joined(desk).merged, joined(desk).carried, joined(desk).overruled) == (B, ["department", "owner", "resolved"], [])


def test_a_message_after_the_resolution_is_our_turn_in_the_case_that_goes_on() -> None:
    desk = Desk()
    resolve(desk.file(B))
    late = state("A", "A").mention.model_copy(update={"id": mention_id("D"), "received_at": RESOLVED_AT + timedelta(minutes=1)})
    on_mention(desk.work, event(MentionTriaged, 1, state("A", "A").model_copy(update={"mention": late})))
    desk.merge()
    case = desk.file(A).case
    assert (case.department, case.owner, case.state, case.resolved_at) == ("technical", "tt", "open", None)
    assert [clock.started_at for clock in case.clocks] == [late.received_at, START]
    assert [clock.met_at for clock in case.clocks] == [None, None]
    assert case.earlier == [Rounds(kind="reaction", met=1)]


def test_where_people_work_on_both_the_case_that_goes_on_keeps_its_own_and_says_so() -> None:
    desk = Desk()
    assigned(desk.file(A), to="gs", department="webcare")
    resolve(desk.file(B))
    desk.merge()
    case = desk.file(A).case
    assert (case.department, case.owner, case.state, case.resolved_at) == ("webcare", "gs", "open", None)
    assert (joined(desk).carried, joined(desk).overruled) == ([], ["department", "owner", "resolved"])
    assert case.earlier == [Rounds(kind="reaction", met=1), Rounds(kind="resolution", met=1)]


def test_a_case_with_a_note_is_one_that_people_work_on() -> None:
    desk = Desk()
    noted(desk.file(B))
    owner = desk.file(B).case.owner
    desk.merge()
    assert (desk.file(A).case.owner, desk.file(A).case.state, desk.file(A).touched) == (owner, "new", True)


def test_a_later_round_goes_on_in_the_other_case_as_it_was() -> None:
    desk = Desk()
    desk.sent(B)
    again = state("B", "B").mention.model_copy(update={"id": mention_id("D"), "received_at": SENT_AT + timedelta(minutes=1)})
    on_mention(desk.work, event(MentionTriaged, 1, state("B", "B").model_copy(update={"mention": again})))
    round_two = desk.file(B).case
    on_mention(desk.work, event(MentionRegrouped, 2, state("B", "A").model_copy(update={"mention": again})))
    desk.merge()
    case = desk.file(A).case
    (reaction, resolution), (_, before) = case.clocks, round_two.clocks
    assert (case.state, reaction, case.earlier) == ("open", round_two.clocks[0], round_two.earlier)
    assert (resolution.started_at, resolution.resumed_at) == (START, before.resumed_at), (
        "since the first message of both, without the pause"
    )
    assert resolution.due_at == before.due_at - timedelta(minutes=1)
    assert case.replied_at == SENT_AT


@pytest.mark.parametrize("order", ["removed, then both move", "the root moves first"])
def test_what_people_did_goes_on_however_the_last_message_leaves(order: str) -> None:
    """The case of B has B and C; C is taken back, and both move to the case of A: the last one to leave may be the one that was taken back."""
    desk = Desk()
    on_mention(desk.work, event(MentionTriaged, 1, state("C", "B")))
    resolve(desk.file(B))
    taken_back = event(MentionRemoved, 2, state("C", "B", removed=True))
    moves = [event(MentionRegrouped, 2, state("B", "A")), event(MentionRegrouped, 3, state("C", "A", removed=True))]
    for received in [taken_back, *moves] if order == "removed, then both move" else [moves[0], taken_back, moves[1]]:
        on_mention(desk.work, received)
    into = desk.file(A).case
    assert (into.owner, into.department, into.state) == ("tt", "technical", "resolved")
    assert desk.file(B).case.state == "merged"


def test_a_reply_before_a_merge_and_one_after_it_end_in_the_same_turn() -> None:
    before, after = Desk(), Desk()
    before.sent(B)
    before.merge()
    after.merge()
    after.sent(B)
    one, other = before.file(A).case, after.file(A).case
    assert (one.state, one.clocks, one.replied_at) == (other.state, other.clocks, other.replied_at)


def test_an_answer_that_was_under_way_counts_where_the_question_is_by_now() -> None:
    desk = Desk()
    desk.merge()
    desk.sent(B)
    assert desk.file(A).case.replied_at == SENT_AT
    assert desk.file(B).case.replied_at is None
    assert desk.told()[-2:] == [CaseReacted, CaseClockBreached]


def test_a_reply_that_is_told_twice_stops_the_clock_once_and_a_second_reply_is_told() -> None:
    desk = Desk()
    desk.sent(A)
    version = desk.file(A).version
    again = desk.sent(A)
    assert again.place in desk.work.repeated
    assert desk.file(A).version == version
    desk.sent(A, "another")
    assert desk.told()[-1] is CaseWaiting


def test_a_case_lists_its_newest_mentions_and_counts_them_all() -> None:
    """An event has a size; a case of a storm has thousands of mentions."""
    one = state("A", "A")
    many = [
        one.model_copy(
            update={
                "mention": one.mention.model_copy(
                    update={"id": deterministic_id("vaart", str(n)), "received_at": START + timedelta(seconds=n)}
                )
            }
        )
        for n in range(MAX_MENTIONS + 50)
    ]
    case = computed(POLICIES.of("vaart"), Desk().file(A), many, None, START)
    assert (len(case.mentions), case.mentions_total) == (MAX_MENTIONS, MAX_MENTIONS + 50)
    assert case.mentions[-1].id == many[-1].mention.id
    assert case.mentions[0].id == many[50].mention.id
