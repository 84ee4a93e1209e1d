"""A topic may repeat and step back: however often and in whatever order its records come, the same rows stand in the end."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from libs.common.case_events import (
    CaseAssigned,
    CaseClockBreached,
    CaseEscalated,
    CaseJoined,
    CaseLeft,
    CaseOpened,
    CaseReopened,
    CaseResolved,
)
from libs.common.events import MentionRegrouped, MentionRemoved, MentionRevised
from libs.common.record import Received
from libs.common.reply_events import ReplyApproved, ReplyDrafted, ReplyEdited, ReplySent, ReplySubmitted
from libs.common.topics import EVENT_TYPES
from services.analytics import store
from tests.integration.analytics.world import NOW, Record, Story, World


def tale(story: Story) -> list[Record]:
    """Two mentions that become one case, leave it again, and all that happens on the way."""
    reacted = NOW - timedelta(minutes=10)
    escalation = {"clock": "reaction", "share": 80, "did": ["notify_owner"]}
    return [
        story.mention("a", 1),
        story.mention("b", 1, channel="email"),
        story.case("case", 1, CaseOpened, mentions=["a"], state="new", told={"rule": "1"}),
        story.case("other", 1, CaseOpened, mentions=["b"], state="new", told={"rule": "1"}),
        story.mention("b", 2, event=MentionRegrouped, channel="email", group="a"),
        story.case("case", 2, CaseJoined, mentions=["a", "b"], told={"mention_id": story.id("b")}),
        story.case("other", 2, CaseLeft, mentions=[], state="withdrawn", told={"mention_id": story.id("b"), "why": "regrouped"}),
        story.case("case", 3, CaseAssigned, mentions=["a", "b"], owner="gs", department="billing"),
        story.case("case", 4, CaseEscalated, mentions=["a", "b"], owner="gs", department="billing", told=escalation),
        story.case("case", 5, CaseClockBreached, mentions=["a", "b"], owner="gs", department="billing", told={"clock": "reaction"}),
        story.reply("reply", 1, ReplyDrafted, "draft", case="case"),
        story.reply("reply", 2, ReplyEdited, "draft", case="case"),
        story.reply("reply", 3, ReplySubmitted, "submitted", case="case"),
        story.reply("reply", 4, ReplyApproved, "approved", case="case", approved_at=reacted),
        story.reply("reply", 5, ReplySent, "sent", case="case", approved_at=reacted, sent_at=reacted),
        story.case("case", 6, CaseResolved, mentions=["a", "b"], state="resolved", replied_at=reacted, resolved_at=NOW),
        story.case("case", 7, CaseReopened, mentions=["a", "b"], replied_at=reacted),
        story.mention("a", 2, event=MentionRevised, intent="complaint", respond="reply", urgency="high"),
        story.mention("b", 3, event=MentionRemoved, channel="email", group="a", removed=True),
        story.case("case", 8, CaseLeft, mentions=["a"], replied_at=reacted, told={"mention_id": story.id("b"), "why": "removed"}),
    ]


DELIVERIES: dict[str, Callable[[Sequence[Record]], list[Record]]] = {
    "twice": lambda told: [*told, *told],
    "adjacent pairs": lambda told: [record for record in told for _ in range(2)],
    "an earlier block again": lambda told: [*told[:12], *told[3:9], *told[12:]],
    "a stale record last": lambda told: [*told, told[0], told[2], told[3], told[10], told[8]],
    "backwards": lambda told: list(reversed(told)),
}


@pytest.mark.parametrize("delivery", list(DELIVERIES))
async def test_the_same_rows_stand_however_the_topics_repeat(world: World, delivery: str) -> None:
    once, again = Story("told-once"), Story("told-" + delivery.replace(" ", "-"))
    await world.tell(tale(once))
    await world.tell(DELIVERIES[delivery](tale(again)))
    expected = await _rows(world, once)
    assert await _rows(world, again) == expected
    assert [row["version"] for row in expected["fact_case"]] == [8, 2]
    assert len(expected["case_event"]) == 3
    assert await world.database.fetchval(
        "select (select sum(next_offset - first_offset) from position) = (select sum(effects + repeated + dead + parked + gap) from ledger)"
    )


async def test_a_repeat_is_counted_as_one_in_the_ledger(world: World) -> None:
    story = Story("repeats")
    before = await world.database.fetchval("select sum(repeated) from ledger")
    await world.tell([story.mention("a", 2), story.mention("a", 2), story.mention("a", 1)])
    assert await world.database.fetchval("select sum(repeated) from ledger") - (before or 0) == 2


async def test_an_event_of_another_brand_about_our_mention_changes_nothing(world: World) -> None:
    mine = Story("mine")
    record = mine.mention("a")
    forged = replace(
        mine.mention("a", 9), brand="thief", value=mine.mention("a", 9).value.replace(b'"mine"', b'"thief"'), key="thief-customer"
    )
    await world.tell([record])  # whose it is follows from what came first, and two brands have no order between them
    await world.tell([forged])
    assert [row["version"] for row in (await world.rows("mine"))["fact_mention"]] == [1]
    assert (await world.rows("thief"))["fact_mention"] == []
    assert await world.database.fetchval("select standing from dead_letter where brand = 'thief'") == "dead"


async def test_an_event_that_no_column_can_hold_is_a_dead_letter_and_holds_nobody_up(world: World) -> None:
    story = Story("huge")
    bad = story.mention("a")
    bad = replace(bad, key="huge-customer", headers={**bad.headers, "ce_entityversion": "9" * 30})
    await world.tell([bad, story.mention("b")])
    assert len((await world.rows("huge"))["fact_mention"]) == 1
    assert await world.database.fetchval("select standing from dead_letter where brand = 'huge'") == "dead"


async def test_what_another_instance_wrote_between_our_reading_and_writing_is_not_overtaken(world: World) -> None:
    story = Story("raced")
    newer = (
        story.mention("a", 2, sentiment="positive"),
        story.case("case", 2, CaseOpened, mentions=["a"], told={"rule": "1"}),
        story.reply("reply", 2, ReplyEdited, "draft", case="case"),
    )
    older = (
        story.mention("a", 1),
        story.case("case", 1, CaseOpened, mentions=["b"], told={"rule": "1"}),
        story.reply("reply", 1, ReplyDrafted, "draft", case="case"),
    )
    for mention, case, reply in (newer, older):
        async with world.database.transaction():
            await store.put_mentions(world.database, [_received(mention)])
            await store.put_cases(world.database, [_received(case)])
            await store.put_replies(world.database, [_received(reply)])
    rows = await world.rows("raced")
    assert [rows[table][0]["version"] for table in ("fact_mention", "fact_case", "fact_reply")] == [2, 2, 2]
    assert rows["fact_case"][0]["group_id"] == story.id("a")


def _received(record: Record) -> Received[Any]:
    event = EVENT_TYPES[record.headers["ce_type"]].model_validate_json(record.value)
    version = int(record.headers["ce_entityversion"])
    return Received(event, record.event_id, record.headers["ce_subject"], version, NOW, None, record.topic, 0, 0, record.key, NOW)


async def _rows(world: World, story: Story) -> dict[str, Any]:
    """The rows of a brand with names for its ids, so that two brands with the same tale compare equal."""
    names = story.ids | {record.event_id: f"event {place}" for place, record in enumerate(tale(story))}
    text = json.dumps(await world.rows(story.brand), default=str)
    for known, name in names.items():
        text = text.replace(known, name)
    rows = json.loads(text.replace(f'"{story.brand}"', '"brand"'))
    return {table: sorted(found, key=lambda row: json.dumps(row, sort_keys=True)) for table, found in rows.items()}
