"""The fold of a batch, without a database: which events have an effect, and which are repeats."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from libs.common.case_events import Case, CaseEscalated, CaseResolved
from libs.common.errors import InvalidEvent
from libs.common.events import Event, deterministic_id
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplyDrafted
from libs.common.topics import CASES, REPLIES, TRIAGED
from services.analytics.consumer import HANDLERS, FactWork
from services.analytics.store import Stored

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASE = deterministic_id("test", "case")
REPLY = deterministic_id("test", "reply")


def case(brand: str = "vaart") -> Case:
    return Case(
        id=CASE,
        brand=brand,
        customer_id=CASE,
        group_id=CASE,
        state="open",
        department="billing",
        channel="twitter",
        language="nl",
        sentiment="negative",
        urgency="normal",
        opened_at=AT,
    )


def escalated(brand: str = "vaart") -> CaseEscalated:
    return CaseEscalated(brand=brand, case=case(), at=AT, clock="reaction", share=80, did=["notify_owner"])


def resolved() -> CaseResolved:
    return CaseResolved(brand="vaart", case=case(), at=AT)


def drafted(brand: str) -> ReplyDrafted:
    reply = Reply(
        id=REPLY, brand=brand, case_id=CASE, channel="twitter", visibility="public", state="draft", text="", digest="", created_at=AT
    )
    return ReplyDrafted(brand=brand, reply=reply, at=AT)


def received(event: Event, version: int, offset: int, event_id: str = "") -> Received[Any]:
    return Received(event, event_id or f"{event.type}/{version}", str(CASE), version, AT, None, "topic", 0, offset, "key", AT)


def handle(work: FactWork, *events: Received[Any]) -> FactWork:
    for event in events:
        HANDLERS[type(event.event)](work, event)
    return work


def empty(cases: dict[Any, Stored] | None = None, replies: dict[Any, Stored] | None = None, counted: set[str] | None = None) -> FactWork:
    return FactWork({}, cases or {}, replies or {}, counted or set())


def test_every_event_of_our_topics_has_a_handler() -> None:
    assert set(HANDLERS) == {*TRIAGED.events, *CASES.events, *REPLIES.events}


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_the_newest_version_wins_in_any_order_and_what_is_older_is_a_repeat(order: tuple[int, ...]) -> None:
    work = handle(empty(), *(received(resolved(), version, place) for place, version in enumerate(order)))
    assert work.cases.events[CASE].version == 3
    stale = {place for place, version in enumerate(order) if any(earlier > version for earlier in order[:place])}
    assert {offset for _, _, offset in work.repeated} == stale


@pytest.mark.parametrize(("stored", "version", "effect"), [(4, 5, True), (5, 5, False), (6, 5, False)])
def test_an_event_has_an_effect_only_beyond_the_stored_version(stored: int, version: int, effect: bool) -> None:
    work = handle(empty({CASE: Stored("vaart", stored)}), received(resolved(), version, 0))
    assert (CASE in work.cases.events, len(work.repeated)) == (effect, 0 if effect else 1)


def test_an_escalation_counts_although_a_newer_version_of_its_case_came_first() -> None:
    work = handle(empty(), received(resolved(), 3, 0), received(escalated(), 2, 1))
    assert work.cases.events[CASE].version == 3
    assert [item.what for item in work.happened] == ["escalated"]
    assert work.repeated == set()


@pytest.mark.parametrize("counted", [set(), {"e"}])
def test_an_escalation_told_again_counts_once(counted: set[str]) -> None:
    again = (received(escalated(), 2, place, "e") for place in range(3))
    work = handle(empty({CASE: Stored("vaart", 2)}, counted=counted), *again)
    assert len(work.happened) == 1 - len(counted)
    assert len(work.repeated) == 2 + len(counted)


def test_an_event_about_another_brands_thing_is_invalid() -> None:
    with pytest.raises(InvalidEvent, match="another brand"):
        handle(empty(replies={REPLY: Stored("vaart", 1)}), received(drafted("golfnet"), 2, 0))
    with pytest.raises(InvalidEvent, match="another brand"):
        handle(empty(), received(escalated("golfnet"), 2, 0))
