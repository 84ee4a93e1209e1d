"""What conditions ask of a customer, whatever came in first: a first contact or a repeated one, their group, and who helped them last."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, CaseRevised
from libs.common.events import Identity, MentionRegrouped, MentionRemoved, MentionTriaged, TriagedMention, deterministic_id
from libs.common.hours import Calendar
from libs.common.record import Received
from services.routing import contact
from services.routing.case import EMPTY, case_id_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention
from services.routing.customer_store import Help
from services.routing.route import facts, facts_of
from services.routing.sla import Policy
from tests.unit.routing.test_permutations import BOOK, START, OneBook, event, histories, mention_id, state

ONE = deterministic_id("vaart", "customer", "one")


def policies(**more: Any) -> Any:
    found = BrandBook.model_validate(BOOK.model_dump(mode="json", by_alias=True) | more)
    return OneBook(Policy(found, Calendar.of(found), 1))


REPEAT = policies(
    cases={"repeat_within": "1m"},
    routing=[{"when": {"contact": "repeat"}, "department": "billing", "labels": ["factuur"]}],
    targets=[{"when": {"contact": "repeat"}, "reaction": "5m", "resolution": "1h"}, {"reaction": "30m", "resolution": "1d"}],
)


def of_one(triaged: TriagedMention) -> TriagedMention:
    return triaged.model_copy(update={"customer_id": ONE})


def case_of(name: str) -> UUID:
    return case_id_of("vaart", mention_id(name))


def heard(events: list[Received[Any]], books: Any = REPEAT) -> CaseWork:
    work = CaseWork(books, START)
    for received in events:
        on_mention(work, received)
    return work


def seen(work: CaseWork) -> dict[UUID, Case]:
    return {id: file.case for id, file in work.files.items() if file.case.state not in EMPTY}


@settings(max_examples=200, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.sampled_from(["ABCD", "AB", "BC", ""]))
def test_in_any_order_the_same_contacts_are_repeated_ones(events: list[Received[Any]], random: Any, of_the_same: str) -> None:
    """A, B, C and D come a minute apart, and some of them from one customer, whose cases are merged, moved and emptied."""
    names = {mention_id(name) for name in of_the_same}
    told = []
    for received in events:
        triaged = received.event.triaged
        triaged = of_one(triaged) if triaged.mention.id in names else triaged
        told.append(event(type(received.event), received.version, triaged, **_said(received)))
    shuffled = list(told)
    random.shuffle(shuffled)
    found = seen(heard(told))
    assert seen(heard(shuffled)) == found
    for case in found.values():
        others = {id: other.opened_at for id, other in found.items() if other.customer_id == case.customer_id}
        assert case.contact == contact.of(case.id, case.opened_at, others, timedelta(minutes=1))
        assert ("rule 1: contact repeat" in str(case.decided)) == (case.contact == "repeat")


def _said(received: Received[Any]) -> dict[str, Any]:
    return {name: getattr(received.event, name) for name in ("why", "actor") if hasattr(received.event, name)}


def test_a_second_case_within_the_time_is_a_repeated_contact_and_a_later_one_is_a_first() -> None:
    told = [event(MentionTriaged, 1, of_one(state(name, name))) for name in "ABD"]  # at 0, 1 and 3 minutes
    found = seen(heard(told))
    assert [found[case_of(name)].contact for name in "ABD"] == ["first", "repeat", "first"]
    assert found[case_of("B")].department == "billing"
    reaction = next(clock for clock in found[case_of("B")].clocks if clock.kind == "reaction")
    assert reaction.due_at - reaction.started_at == timedelta(minutes=5)


def test_an_earlier_case_that_comes_to_light_late_makes_the_next_one_a_repeated_contact_and_says_so() -> None:
    work = heard([event(MentionTriaged, 1, of_one(state(name, name))) for name in "BA"])
    (told,) = [outgoing.event for outgoing in work.outgoing if isinstance(outgoing.event, CaseRevised)]
    assert (told.case.id, told.why, told.case.contact) == (case_of("B"), "contact", "repeat")


def test_a_case_whose_message_is_taken_back_makes_nothing_a_repeated_contact() -> None:
    gone = event(MentionRemoved, 2, of_one(state("A", "A", removed=True)))
    found = seen(heard([*(event(MentionTriaged, 1, of_one(state(name, name))) for name in "AB"), gone]))
    assert found[case_of("B")].contact == "first"


def test_a_case_that_goes_on_in_another_makes_nothing_a_repeated_contact() -> None:
    merged = event(MentionRegrouped, 2, of_one(state("A", "B")))
    found = seen(heard([*(event(MentionTriaged, 1, of_one(state(name, name))) for name in "AB"), merged]))
    assert [case.contact for case in found.values()] == ["first"]


def written_by(triaged: TriagedMention, *identities: Identity, followers: int | None = None) -> TriagedMention:
    author = triaged.mention.author.model_copy(update={"identities": list(identities), "followers": followers})
    return triaged.model_copy(update={"mention": triaged.mention.model_copy(update={"author": author})})


GROUPS = policies(
    customer_groups=[
        {"id": "large", "identities": ["@groot.example", "inkoop@klein.example", "@VIP"]},
        {"id": "known", "followers_from": 10_000},
    ],
    targets=[{"when": {"customer_group": "large"}, "reaction": "5m", "resolution": "1h"}, {"reaction": "30m", "resolution": "1d"}],
)


@pytest.mark.parametrize(
    ("identity", "followers", "group"),
    [
        (Identity(kind="email", value="jan@groot.example"), None, "large"),
        (Identity(kind="email", value="jan@niet-groot.example"), None, None),
        (Identity(kind="email", value="jan@groot.example.elsewhere.example"), None, None),
        (Identity(kind="email", value="inkoop@klein.example"), None, "large"),
        (Identity(kind="email", value="verkoop@klein.example"), None, None),
        (Identity(kind="handle", value="vip", channel="twitter"), None, "large"),
        (Identity(kind="handle", value="vips", channel="twitter"), None, None),
        (Identity(kind="handle", value="jan", channel="twitter"), 10_000, "known"),
        (Identity(kind="handle", value="jan", channel="twitter"), 9_999, None),
        (Identity(kind="handle", value="vip", channel="twitter"), 10_000, "large"),
    ],
)
def test_the_first_group_that_names_a_writer_is_the_customers(identity: Identity, followers: int | None, group: str | None) -> None:
    (case,) = seen(heard([event(MentionTriaged, 1, written_by(state("A", "A"), identity, followers=followers))], GROUPS)).values()
    assert case.customer_group == group
    reaction = next(clock for clock in case.clocks if clock.kind == "reaction")
    assert (reaction.due_at - reaction.started_at == timedelta(minutes=5)) == (group == "large")


def test_a_group_that_a_person_chose_goes_before_the_book_for_as_long_as_the_book_has_it() -> None:
    vip = event(MentionTriaged, 1, written_by(state("A", "A"), Identity(kind="handle", value="vip", channel="twitter")))
    work = CaseWork(GROUPS, START)
    customer = ("vaart", state("A", "A").customer_id)
    work.circumstances.groups[customer] = ("known", "mk")
    on_mention(work, vip)
    assert (work.files[case_of("A")].case.customer_group, work.files[case_of("A")].case.customer_group_by) == ("known", "mk")
    work = CaseWork(GROUPS, START)
    work.circumstances.groups[customer] = (None, "mk")
    on_mention(work, vip)
    assert (work.files[case_of("A")].case.customer_group, work.files[case_of("A")].case.customer_group_by) == (None, "mk")
    work = CaseWork(GROUPS, START)
    work.circumstances.groups[customer] = ("gone", "mk")
    on_mention(work, vip)
    assert (work.files[case_of("A")].case.customer_group, work.files[case_of("A")].case.customer_group_by) == ("large", None)


def test_whoever_helped_the_customer_last_gets_the_next_case_of_that_department() -> None:
    book = policies(assignment={"stick_within": "30d"})
    for member, days, owner in [("uu", 29, "uu"), ("uu", 31, None), ("gone", 1, None)]:
        work = CaseWork(book, START)
        english = state("A", "A", language="en")
        plain = heard([event(MentionTriaged, 1, english)], book).files[case_of("A")].case.owner
        work.circumstances.helped["vaart", english.customer_id] = [Help("technical", member, START - timedelta(days=days))]
        on_mention(work, event(MentionTriaged, 1, english))
        case = work.files[case_of("A")].case
        assert (case.department, case.owner) == ("technical", owner or plain)
        assert ("helped this customer last" in (case.decided or "")) == (owner is not None)


def test_a_rule_may_name_the_owner_and_give_labels() -> None:
    book = policies(
        routing=[{"when": {"labels_any": ["internet"]}, "department": "technical", "owner": "gs", "labels": ["factuur"], "skills": ["a"]}]
    )
    (case,) = seen(heard([event(MentionTriaged, 1, state("A", "A"))], book)).values()
    assert (case.owner, case.labels, case.department) == ("gs", ["internet", "factuur"], "technical")
    assert case.decided == "rule 1: labels_any internet; skills a; owner gs"


def test_opening_hours_and_tags_can_be_asked_for() -> None:
    book = policies(hours={"mon-fri": ["09:00-17:00"]}).policy
    (case,) = seen(heard([event(MentionTriaged, 1, state("A", "A"))])).values()
    monday_ten = case.model_copy(update={"opened_at": START, "tags": ["vip"]})
    saturday = case.model_copy(update={"opened_at": START + timedelta(days=5)})
    assert (facts([state("A", "A")], book, monday_ten)["hours"], facts_of(monday_ten, book)["hours"]) == ("open", "open")
    assert facts([state("A", "A")], book, saturday)["hours"] == "closed"
    assert facts_of(monday_ten, book)["tags"] == ["vip"]
