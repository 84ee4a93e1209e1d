"""Every order in which events of different customers may arrive ends in the same cases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.bookfile import load_book
from libs.common.events import (
    Author,
    Evidence,
    Findings,
    Identity,
    Label,
    Mention,
    MentionRegrouped,
    MentionRemoved,
    MentionRevised,
    MentionTriaged,
    Respond,
    TriagedMention,
    deterministic_id,
)
from libs.common.hours import Calendar
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplySent
from services.routing import ticker
from services.routing.case import EMPTY, ENDED, case_id_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention
from services.routing.sla import Policy

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl, en]
labels:
  - {name: internet, department: technical}
  - {name: factuur, department: billing}
departments:
  - {id: webcare, members: [gs, mk]}
  - {id: billing, members: [bb]}
  - {id: technical, members: [tt, uu]}
routing:
  - {when: {risk_any: [legal_threat]}, department: billing, priority: urgent}
  - {when: {labels_any: [factuur]}, department: billing}
  - {when: {labels_any: [internet]}, department: technical}
team:
  - {id: gs, first_name: Guus, initials: gs, languages: [nl, en]}
  - {id: mk, first_name: Mila, initials: mk, role: lead, languages: [nl]}
  - {id: bb, first_name: Bo, initials: bb, languages: [nl, en]}
  - {id: tt, first_name: Tim, initials: tt, languages: [nl]}
  - {id: uu, first_name: Uma, initials: uu, languages: [en]}
""")
START = datetime(2026, 11, 2, 9, tzinfo=UTC)


@dataclass
class OneBook:
    policy: Policy = field(default_factory=lambda: Policy(BOOK, Calendar.of(BOOK), 1))

    def of(self, brand: str) -> Policy:
        assert brand == "vaart"
        return self.policy

    def versions(self) -> list[tuple[str, int]]:
        return [("vaart", self.policy.version)]


POLICIES = OneBook()


def mention_id(name: str) -> UUID:
    return deterministic_id("vaart", "twitter", name)


def state(name: str, group: str, *, removed: bool = False, **findings_: Any) -> TriagedMention:
    """Mention A, B, C … as triage has it: each from a customer of its own, a minute after the one before. `findings_` are those that differ."""
    number = ord(name) - ord("A")
    at = START + timedelta(minutes=number)
    author = Author(identities=[Identity(kind="handle", value=name.lower(), channel="twitter")])
    mention = Mention(
        id=mention_id(name),
        brand="vaart",
        channel=["twitter", "email", "review"][number % 3],
        kind="post",
        external_id=name,
        author=author,
        text="" if removed else f"text of {name}",
        posted_at=at,
        received_at=at,
    )
    findings = Findings(
        language=["nl", "en"][number % 2],
        language_confidence=1,
        sentiment="negative",
        sentiment_score=-0.5,
        sentiment_confidence=1,
        labels=[Label(name=["internet", "factuur", "anders"][number % 3], score=1)],
        urgency=["normal", "critical", "low"][number % 3],
        risk=["legal_threat"] if name == "C" else [],
        model="test",
    ).model_copy(update=findings_)
    return TriagedMention(
        mention=mention,
        findings=findings,
        customer_id=deterministic_id("vaart", "customer", name),
        group_id=mention_id(group),
        evidence=[] if group == name else [Evidence(kind="order_number", mention_id=mention_id(group))],
        removed=removed,
        triaged_at=at,
    )


def reply_sent(case_id: UUID, at: datetime, *id_parts: str, answers: UUID | None = None) -> Received[ReplySent]:
    """A reply of ours reached the customer at that moment. Its id is of `id_parts`; `answers` is the message that it answers."""
    reply = Reply(
        id=deterministic_id("vaart", *id_parts),
        brand="vaart",
        case_id=case_id,
        mention_id=answers,
        channel="twitter",
        visibility="public",
        state="sent",
        text="We kijken ernaar. ^bb",
        digest="0" * 64,
        created_at=START,
        sent_at=at,
    )
    told = ReplySent(brand="vaart", book_version=1, reply=reply, at=at)
    return Received(told, f"sent-{reply.id}", str(reply.id), 5, at, None, "weerklank.replies.v1", 0, 0, str(case_id), at)


REVISIONS: list[dict[str, Any]] = [
    {"urgency": "critical", "labels": [Label(name="factuur", score=1)], "sentiment": "neutral"},
    {"respond": Respond(decision="no_reply", reason="Not addressed to the brand."), "intent": "chatter", "urgency": "low"},
    {"respond": Respond(decision="ask_clarification", reason="A bare call."), "go_private": True, "risk": ["press"]},
    {"department": "technical", "corrected": ["department"]},
]
"""What triage may find otherwise at a deeper look, or when it hears of a correction."""


def revised(version: int, triaged: TriagedMention, why: str = "correction", actor: str = "gs") -> Received[Any]:
    return event(MentionRevised, version, triaged, why=why, actor=actor)


def event(kind: type[Any], version: int, triaged: TriagedMention, **said: Any) -> Received[Any]:
    return Received(
        event=kind(brand="vaart", book_version=1, triaged=triaged, **said),
        id=f"{triaged.mention.id}-{version}",
        subject=str(triaged.mention.id),
        version=version,
        time=START,
        traceparent=None,
        topic="weerklank.triaged.v1",
        partition=0,
        offset=0,
        key=str(triaged.customer_id),
        appended_at=START,
    )


def tick(work: CaseWork, now: datetime) -> None:
    """What the clocks of all cases do when they are asked at this moment."""
    policy, work.now = POLICIES.policy, now
    for file in work.files.values():
        if file.case.state not in ENDED:
            ticker.due(policy, file, now)


def outcome(events: Sequence[Received[Any] | timedelta], until: timedelta = timedelta()) -> dict[UUID, dict[str, Any]]:
    """The cases that hold a mention after these events, each as people would see it. A time among the events is that long after the first mention: the
    clocks are asked then, and at `until`."""
    work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
    for received in events:
        if isinstance(received, timedelta):
            tick(work, START + received)
        else:
            on_mention(work, received)
    tick(work, START + until)
    found = {}
    for case_id, file in work.files.items():
        if work.members.get(case_id):
            whole = file.case.model_dump()
            # What an ended case was before its last mention went is history, told by its timeline.
            kept = ("id", "state", "mentions", "merged_into") if file.case.state in EMPTY else tuple(whole)
            found[case_id] = {name: whole[name] for name in kept}
        else:
            assert file.case.state in EMPTY, "a case that no mention is in has ended"
            assert file.case.merged_into is None or work.members.get(file.case.merged_into) is not None
    return found


A1, B1, C1 = (event(MentionTriaged, 1, state(name, name)) for name in "ABC")
LINKED = event(MentionRegrouped, 2, state("B", "A"))
MERGED = event(MentionRegrouped, 2, state("C", "A"))
DELETED_A = event(MentionRemoved, 2, state("A", "A", removed=True))
DELETED_B = event(MentionRemoved, 3, state("B", "A", removed=True))
DELETED_ALONE = event(MentionRemoved, 2, state("C", "C", removed=True))
A_REVISED = revised(2, state("A", "A", **REVISIONS[0]))
A_DELETED_AFTER = event(MentionRemoved, 3, state("A", "A", removed=True, **REVISIONS[0]))
B_REVISED = revised(3, state("B", "A", **REVISIONS[1]))


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([A1, B1, LINKED], id="triaged A, triaged B, linked"),
        pytest.param([A1, B1, LINKED, DELETED_A], id="the root is deleted"),
        pytest.param([A1, B1, LINKED, DELETED_B], id="the linked one is deleted"),
        pytest.param([A1, B1, LINKED, DELETED_A, DELETED_B], id="both are deleted"),
        pytest.param([A1, B1, C1, LINKED, MERGED], id="two groups merge into one"),
        pytest.param([A1, B1, C1, LINKED, MERGED, DELETED_A], id="triaged, linked, merged, deleted"),
        pytest.param([A1, C1, DELETED_ALONE], id="one alone is deleted"),
        pytest.param([A1, A_REVISED, B1, LINKED, B_REVISED], id="both are revised"),
        pytest.param([A1, A_REVISED, A_DELETED_AFTER, B1, LINKED], id="the root is revised and deleted"),
    ],
)
def test_every_permutation_ends_in_the_same_cases(events: list[Received[Any]]) -> None:
    expected = outcome(events)
    for order in permutations(events):
        assert outcome(list(order)) == expected


@st.composite
def histories(draw: st.DrawFn) -> list[Received[Any]]:
    """What triage may tell of four mentions: each first alone or in a group, then regrouped, revised and removed at will."""
    events = []
    for name in "ABCD":
        group, findings = draw(st.sampled_from("ABCD")), dict[str, Any]()
        events.append(event(MentionTriaged, 1, state(name, group)))
        for version, change in enumerate(draw(st.lists(st.sampled_from(["A", "B", "C", "D", 0, 1, 2, 3]), max_size=3)), 2):
            if isinstance(change, int):
                findings |= REVISIONS[change]
                events.append(revised(version, state(name, group, **findings)))
            else:
                group = change
                events.append(event(MentionRegrouped, version, state(name, group, **findings)))
        if draw(st.booleans()):
            events.append(event(MentionRemoved, events[-1].version + 1, state(name, group, removed=True, **findings)))
    return events


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_with_repetitions_ends_in_the_same_cases(events: list[Received[Any]], random: Any, repeats: int) -> None:
    shuffled = events + random.choices(events, k=repeats)
    random.shuffle(shuffled)
    assert outcome(shuffled) == outcome(events)


MOMENTS = st.lists(st.sampled_from([7, 9, 12, 20, 25, 31, 60, 300, 700]).map(lambda m: timedelta(minutes=m)), max_size=4).map(sorted)


def with_ticks(events: Sequence[Received[Any]], moments: Sequence[timedelta], random: Any) -> list[Received[Any] | timedelta]:
    places = sorted(random.randint(0, len(events)) for _ in moments)
    mixed: list[Received[Any] | timedelta] = list(events)
    for number, (place, moment) in enumerate(zip(places, moments, strict=True)):
        mixed.insert(place + number, moment)
    return mixed


@settings(max_examples=300, deadline=None)
@given(histories(), MOMENTS, MOMENTS, st.randoms(use_true_random=False))
def test_escalations_in_between_end_in_the_same_cases(
    events: list[Received[Any]], some: list[timedelta], others: list[timedelta], random: Any
) -> None:
    """Whatever the clocks did to a case before its next mention came, nobody has decided anything."""
    shuffled = list(events)
    random.shuffle(shuffled)
    until = max([*some, *others, timedelta(minutes=40)])
    assert outcome(with_ticks(shuffled, some, random), until) == outcome(with_ticks(events, others, random), until)


def test_a_clock_that_spoke_leaves_the_case_to_the_brand_book() -> None:
    """At 80 per cent the default book raises the priority; then a legal threat joins, which has a department and an urgency of its own."""
    joined = event(MentionTriaged, 1, state("C", "A"))
    (case,) = outcome([A1, timedelta(minutes=25), joined], timedelta(minutes=25)).values()
    assert (case["department"], case["owner"], case["priority"], case["state"]) == ("billing", "bb", "urgent", "new")
    (quiet,) = outcome([A1], timedelta(minutes=5)).values()
    (raised,) = outcome([A1], timedelta(minutes=25)).values()
    assert (quiet["priority"], raised["priority"]) == ("normal", "high")
    assert {**raised, "priority": "normal"} == quiet


def test_what_a_clock_did_too_early_is_undone_when_the_clock_moves_back() -> None:
    """B is critical and has ten minutes; taken back, A has its half hour again, and nothing has run out."""
    joined, gone = event(MentionTriaged, 1, state("B", "A")), event(MentionRemoved, 2, state("B", "A", removed=True))
    late = timedelta(minutes=15)
    (breached,) = outcome([A1, joined], late).values()
    assert {clock["kind"] for clock in breached["clocks"] if clock["breached_at"]} == {"reaction"}
    assert breached["owner"] == "mk"
    assert outcome([A1, joined, late, gone], late) == outcome([A1], late)


def test_two_linked_mentions_are_one_case_with_one_owner_and_the_earliest_clock() -> None:
    cases = outcome([B1, A1, LINKED])
    assert list(cases) == [case_id_of("vaart", mention_id("A"))]
    case = cases[case_id_of("vaart", mention_id("A"))]
    assert [m["id"] for m in case["mentions"]] == [mention_id("A"), mention_id("B")]
    assert case["department"] == "billing"
    assert case["owner"] == "bb"
    assert case["urgency"] == "critical"
    assert {clock["started_at"] for clock in case["clocks"]} == {START}


def test_a_lead_whose_case_it_was_anyway_has_it_by_the_clock_only_where_the_clock_gave_it() -> None:
    def history(name: str, *, heard_before: bool) -> CaseWork:
        work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
        on_mention(work, event(MentionTriaged, 1, state(name, name, labels=[])))
        if heard_before:
            tick(work, START + timedelta(days=2))
        on_mention(work, event(MentionRegrouped, 2, state(name, name)))
        tick(work, START + timedelta(days=2))
        return work

    def case_id(name: str) -> UUID:
        return case_id_of("vaart", mention_id(name))

    def owner(name: str) -> str | None:
        work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
        on_mention(work, event(MentionTriaged, 1, state(name, name, labels=[])))
        return work.files[case_id(name)].case.owner

    name = next(name for name in "AEGIKMOQSUWY" if owner(name) == "mk")  # those who write Dutch
    before, after = history(name, heard_before=True), history(name, heard_before=False)
    told, wanted = (work.files[case_id(name)].case for work in (before, after))
    assert (told.owner, told.department, told.decided) == (wanted.owner, wanted.department, wanted.decided)
