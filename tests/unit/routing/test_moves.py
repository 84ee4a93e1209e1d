"""Whatever people put together and take apart, and triage, customers and replies do meanwhile: what must hold does."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from libs.common.errors import Conflict
from libs.common.events import Evidence, MentionRegrouped, MentionRemoved, MentionTriaged, deterministic_id
from services.routing import merge, move
from services.routing.case import EMPTY, ENDED, case_id_of, root_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.merge import Happened
from services.routing.move import Done, Move, Said
from services.routing.turn import reopened, resolved
from tests.unit.routing.test_permutations import POLICIES, START, event, mention_id, reply_sent, state, tick

NAMES = "ABCDE"
Step = tuple[str, str, str]
WHAT = [
    *("comes", "comes", "comes", "regroup", "regroup", "remove", "tick"),
    *("merge", "merge", "merge", "unmerge", "unmerge", "split", "split", "unsplit", "reply", "reply", "resolve", "reopen"),
]
STEPS = st.lists(st.tuples(st.sampled_from(WHAT), st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=3, max_size=22)


class Desk:
    """Messages A to E, each by a customer of its own, and what triage and people do with them. `settled`: messages that somebody has seen to."""

    def __init__(self) -> None:
        self.work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
        self.now = START
        self.versions: dict[str, int] = {}
        self.moves: list[tuple[Move, Done, int]] = []
        self.undone: set[UUID] = set()
        self.replies: list[Happened] = []
        self.acts: list[tuple[UUID, int, Happened]] = []
        self.settled: set[UUID] = set()

    def step(self, what: str, name: str, other: str) -> None:
        self.now += timedelta(minutes=3)
        self.work.now = self.now
        known = self.work.copies.get(mention_id(name))
        if what in ("comes", "regroup", "remove"):
            self.triage(what, name, other)
        elif what == "tick":
            tick(self.work, self.now)
        elif known is not None and not known.triaged.removed:
            try:
                self.people(what, name, other)
            except Conflict:  # a person cannot do this to a case as it is
                pass

    def triage(self, what: str, name: str, other: str) -> None:
        if (what == "comes") == (name in self.versions):
            return
        group = other if other in self.versions or other == name else name
        version = self.versions[name] = self.versions.get(name, 0) + 1
        kind = {"comes": MentionTriaged, "regroup": MentionRegrouped, "remove": MentionRemoved}[what]
        triaged = state(name, group, removed=what == "remove")
        if what == "comes" and group != name:
            triaged = triaged.model_copy(update={"evidence": [Evidence(kind="thread", mention_id=mention_id(group))]})
        told = len(self.work.outgoing)
        on_mention(self.work, event(kind, version, triaged))
        for outgoing in self.work.outgoing[
            told:
        ]:  # what was answered or solved in a case that triage put into another holds there (test_histories)
            carried = getattr(outgoing.event, "carried", [])
            if {"resolved", "replied"} & set(carried):
                self.settled |= set(self.work.members[UUID(outgoing.subject)])

    def case_of(self, name: str) -> UUID:
        return self.work.copies[mention_id(name)].case_id

    def people(self, what: str, name: str, other: str) -> None:
        case_id, policy = self.case_of(name), POLICIES.policy
        file, mentions = self.work.files[case_id], self.work.mentions_of(case_id)
        if what == "reply":
            self.reply(name, case_id)
        elif what == "resolve":
            merge.may_end(file)
            resolved(file, self.now)
            merge.settled(file)
            self.acts.append((case_id, file.version, Happened(self.now, "resolved")))
            self.settled |= {m.mention.id for m in mentions}
        elif what == "reopen":
            reopened(policy, file, mentions, self.now)
            self.acts.append((case_id, file.version, Happened(self.now, "reopened")))
        elif what == "merge" and mention_id(other) in self.work.copies and self.case_of(other) != case_id:
            done = move.merge_into(self.work, policy, self.move("merge", self.case_of(other), case_id), None)
            self.moves.append((done.move, done, len(self.replies)))
        elif what == "split":
            new = self.move("split", case_id, case_id)
            into = self.case_of(other) if mention_id(other) in self.work.copies and self.case_of(other) != case_id else None
            new = Move(**{**_fields(new), "into_id": into or move.split_case_id("vaart", new.id)})
            done = move.split(self.work, policy, new, {mention_id(name)}, self.replies, None)
            self.moves.append((done.move, done, len(self.replies)))
        elif what in ("unmerge", "unsplit"):
            self.undo(what)

    def move(self, kind: str, from_id: UUID, into_id: UUID) -> Move:
        id = deterministic_id("vaart", "move", str(len(self.moves)))
        return Move(id, "vaart", kind, from_id, into_id, self.now, "gs", "Omdat.")

    def undo(self, what: str) -> None:
        """Of the standing moves of that kind whose case stands, the one that was made first."""
        for place, (made, done, heard) in enumerate(self.moves):
            stands = made.id not in self.undone and self.work.files[made.into_id].case.state not in EMPTY
            if made.kind == what.removeprefix("un") and stands:
                happened = [
                    *self.replies[heard:],
                    *(one for id, version, one in self.acts if id == made.into_id and version > made.into_version),
                ]
                later = [m for m, _, _ in self.moves if m.kind == "merge" and m.into_id == made.into_id and m.id not in self.undone]
                happened += [
                    Happened(m.at, "merged", moved=m.from_before, theirs=frozenset(m.moved), move_id=m.id)
                    for m in later
                    if m.into_version > made.into_version
                ]
                said, known = Said(self.now, "gs", "Toch niet."), set(done.placed)
                if what == "unmerge":
                    undone = move.unmerge(self.work, POLICIES.policy, made, said, known, happened, worked=False)
                else:
                    self.forget(made)
                    try:
                        undone = move.unsplit(self.work, POLICIES.policy, made, said, known, happened, worked=False)
                    except Conflict:
                        self.place(self.moves)
                        raise
                self.undone.add(made.id)
                for later_id, (before, after) in undone.others.items():
                    at = next(n for n, (m, _, _) in enumerate(self.moves) if m.id == later_id)
                    old, was, number = self.moves[at]
                    self.moves[at] = Move(**{**_fields(old), "into_before": before, "into_after": after}), was, number
                assert place < len(self.moves)
                return

    def forget(self, made: Move) -> None:
        self.place([one for one in self.moves if one[0].id != made.id])

    def place(self, moves: Sequence[tuple[Move, Done, int]]) -> None:
        """What people placed by these, as the table has it."""
        self.work.overlay.placed = {}
        for one, done, _ in moves:
            if one.id not in self.undone or one.kind == "merge":
                self.work.overlay.placed |= done.placed

    def reply(self, name: str, case_id: UUID) -> None:
        file, id = self.work.files[case_id], mention_id(name)
        alone = not file.case.merged_cases
        answered = self.work.copies[id].triaged
        until = answered.mention.received_at
        sent = reply_sent(case_id, self.now, "reply", name, str(self.now), answers=id)
        self.replies.append(Happened(self.now, "reply", mention_id=id))
        on_reply_sent(self.work, sent)
        self.settled |= {
            m.mention.id
            for m in self.work.mentions_of(case_id)
            if m.mention.id == id
            or ((alone or m.group_id == answered.group_id) and m.mention.received_at <= until)  # once it is alone again
        }


def _fields(made: Move) -> dict[str, Any]:
    return {name: getattr(made, name) for name in Move.__dataclass_fields__}


def all_is_well(desk: Desk) -> None:
    work = desk.work
    for id, copy in work.copies.items():
        assert copy.case_id == work.case_of(copy.triaged), "a message is where its newest state and people's decisions put it"
        assert id in work.members[copy.case_id]
        assert [case_id for case_id, ids in work.members.items() if id in ids] == [copy.case_id], "and nowhere else"
        live = not copy.triaged.removed
        case = work.files[copy.case_id].case
        assert not live or case.state not in EMPTY
        if live and id not in desk.settled:
            assert merge.waits_for_us(case), "whoever has no answer waits in a case that is ours to answer"
    for case_id, file in work.files.items():
        present = [m for m in work.mentions_of(case_id) if not m.removed]
        assert (file.case.state in EMPTY) == (not present)
        assert file.case.mentions_total == len(present)
        way = [file.case]
        while (into := way[-1].merged_into) is not None and into not in {case.id for case in way}:
            way.append(work.files[into].case)
        if into is not None:
            roots = [work.copies[root_of(case)].triaged for case in way if case.id not in work.overlay.merged]
            assert roots, "what people put together goes round in a circle"
            assert all(root.removed for root in roots), "only messages that were taken back are each of another's group"
        assert bool(file.case.customers) == (bool(file.case.merged_cases) and bool(present))
        if merge.waits_for_us(file.case) and not file.case.historic:
            assert any(clock.met_at is None for clock in file.case.clocks), "a clock runs while it is our turn"
        if file.case.state in ENDED:
            assert all(clock.met_at is not None for clock in file.case.clocks)


@settings(max_examples=600, deadline=None)
@given(STEPS)
@example([("comes", "A", "A"), ("comes", "B", "B"), ("reply", "A", "A"), ("merge", "A", "B"), ("reply", "A", "A"), ("unmerge", "A", "B")])
@example([("comes", "A", "A"), ("comes", "B", "A"), ("split", "B", "B"), ("regroup", "B", "A"), ("reply", "A", "A"), ("unsplit", "A", "A")])
@example([("comes", "A", "A"), ("comes", "B", "A"), ("comes", "C", "B"), ("split", "B", "A")])
@example([("comes", "A", "A"), ("comes", "B", "B"), ("comes", "C", "A"), ("merge", "A", "B"), ("reply", "C", "A"), ("unmerge", "A", "A")])
@example([("comes", "A", "A"), ("comes", "B", "A"), ("remove", "A", "B"), ("remove", "B", "A")])
@example([*(("comes", n, n) for n in "ABC"), ("remove", "A", "B"), ("remove", "B", "C"), ("remove", "C", "A"), ("tick", "A", "A")])
def test_what_must_hold_of_moves_holds_after_every_step(steps: list[Step]) -> None:
    desk = Desk()
    for step in steps:
        desk.step(*step)
        all_is_well(desk)


@settings(max_examples=300, deadline=None)
@given(
    STEPS, st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans()), max_size=8), st.randoms(use_true_random=False)
)
def test_after_what_people_decided_every_order_of_what_triage_says_ends_in_the_same_cases(
    steps: list[Step], later: list[tuple[str, str, bool]], random: Any
) -> None:
    def outcome(order: Callable[[list[Any]], list[Any]]) -> dict[UUID, Any]:
        desk = Desk()
        for step in steps:
            if step[0] not in ("reply", "resolve", "reopen", "tick"):
                desk.step(*step)
        versions, events = dict(desk.versions), []
        for name, group, removed in later:
            if name in versions and (group in versions):
                versions[name] += 1
                known = desk.work.copies[mention_id(name)].triaged
                told = state(name, group, removed=removed or known.removed)
                told = told.model_copy(update={"evidence": known.evidence})
                events.append(event(MentionRemoved if told.removed else MentionRegrouped, versions[name], told))
        for one in order(events):
            on_mention(desk.work, one)
        return {id: set(desk.work.members[id]) for id in desk.work.members if desk.work.members[id]}

    def shuffled(events: list[Any]) -> list[Any]:
        found = [*events, *random.choices(events, k=2)] if events else []
        random.shuffle(found)
        return found

    assert outcome(shuffled) == outcome(lambda events: events)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_a_merge_taken_back_at_once_leaves_both_cases_as_they_were(steps: list[Step], name: str, other: str) -> None:
    desk = Desk()
    for step in steps:
        desk.step(*step)
    work = desk.work
    if not {mention_id(name), mention_id(other)} <= work.copies.keys() or desk.case_of(name) == desk.case_of(other):
        return
    into, moved = work.files[desk.case_of(name)], work.files[desk.case_of(other)]
    before = into.case, into.touched, into.handled, moved.case, moved.touched, moved.handled
    try:
        done = move.merge_into(work, POLICIES.policy, desk.move("merge", moved.case.id, into.case.id), None)
    except Conflict:
        return
    said = Said(desk.now, "gs", "Vergist.")
    move.unmerge(work, POLICIES.policy, done.move, said, set(done.placed), [], worked=False)
    assert (into.case, into.touched, into.handled, moved.case, moved.touched, moved.handled) == before


def test_a_case_knows_its_root_by_the_mention_that_people_took_out_first() -> None:
    desk = Desk()
    for step in [("comes", "A", "A"), ("comes", "B", "A"), ("split", "B", "B")]:
        desk.step(*step)
    made = desk.work.files[desk.case_of("B")].case
    assert (made.group_id, made.split_from, made.id) != (mention_id("B"), None, case_id_of("vaart", mention_id("B")))
    assert made.split_from == case_id_of("vaart", mention_id("A"))
