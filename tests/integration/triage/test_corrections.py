"""What people say about findings: it stands, it is told, it is kept to learn from, and nothing of it comes twice."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from libs.common.errors import InvalidEvent
from libs.common.events import FindingCorrected, deterministic_id
from libs.common.record import Received
from services.triage import consumer
from tests.integration.pools import somebody_waits_for_a_lock
from tests.integration.triage.test_batches import AT, Story
from tests.waiting import until


def said(story: Story, name: str, finding: str, *values: str, minute: int = 0, reason: str | None = None) -> Received[Any]:
    event = FindingCorrected(
        brand=story.brand,
        correction_id=deterministic_id(story.brand, name, finding, *values, str(minute)),
        mention_id=story.id(name),
        finding=finding,
        values=list(values),
        proposed=["neutral"],
        reason=reason,
        actor="mk",
        at=AT + timedelta(minutes=minute),
    )
    return story.received(event)


async def findings(pool: db.Pool, story: Story, name: str) -> dict[str, Any]:
    found: dict[str, Any] = await pool.fetchval("select findings from mention where id = $1", story.id(name))
    return found


async def rows(pool: db.Pool) -> list[tuple[str, str, list[str]]]:
    return [
        (row["brand"], row["finding"], row["chosen"])
        for row in await pool.fetch("select * from correction order by brand, finding, chosen")
    ]


async def test_a_persons_word_stands_and_is_told_once(pool: db.Pool) -> None:
    story = Story("vaart")
    await story.batch(pool, [story.mention("a", 1)])
    event = said(story, "a", "sentiment", "negative")
    work = await story.batch(pool, [event])
    [told] = work.outgoing
    revised: Any = told.event
    assert (revised.type, revised.why, revised.actor) == ("weerklank.mention.revised.v1", "correction", "mk")
    assert (told.version, told.key, revised.triaged.findings.corrected) == (2, str(revised.triaged.customer_id), ["sentiment"])
    kept = await findings(pool, story, "a")
    assert (kept["sentiment"], kept["why"]["sentiment"]) == ("negative", ["decided by a person"])
    again = await story.batch(pool, [event, event])
    assert (again.outgoing, again.repeated) == ([], {event.place})
    assert await rows(pool) == [("vaart", "sentiment", ["negative"])]
    assert await pool.fetchval("select version from mention") == 2


async def test_an_older_word_that_comes_late_is_kept_and_changes_nothing(pool: db.Pool) -> None:
    story = Story("vaart")
    await story.batch(pool, [story.mention("a", 1), said(story, "a", "urgency", "high", minute=5)])
    work = await story.batch(pool, [said(story, "a", "urgency", "low", minute=2)])
    assert work.outgoing == []
    assert (await findings(pool, story, "a"))["urgency"] == "high"
    assert len(await rows(pool)) == 2


@pytest.mark.parametrize("together", [True, False])
async def test_a_word_that_comes_before_its_mention_waits_for_it(pool: db.Pool, together: bool) -> None:
    story = Story("vaart")
    early, mention = said(story, "a", "labels", "storing"), story.mention("a", 1)
    told = []
    for batch in [[early, mention]] if together else [[early], [mention]]:
        told += (await story.batch(pool, batch)).outgoing
    [triaged] = [outgoing.event for outgoing in told]
    assert triaged.type == "weerklank.mention.triaged.v1"
    assert [label["name"] for label in (await findings(pool, story, "a"))["labels"]] == ["storing"]


async def test_a_word_and_its_mention_at_the_same_moment_do_not_miss_each_other(pool: db.Pool) -> None:
    story = Story("vaart")
    mention, word = story.mention("a", 1), said(story, "a", "urgency", "high")
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        work = await consumer.load(first, [mention], story.prepared)
        second = asyncio.create_task(story.batch(pool, [word]))
        await until(lambda: somebody_waits_for_a_lock(pool), "the correction waits for who brings mentions")
        consumer.HANDLERS[type(mention.event)](work, mention)  # type: ignore[misc]
        await consumer.save(first, work)
        await transaction.commit()
    await second
    assert (await findings(pool, story, "a"))["urgency"] == "high"


async def test_what_was_said_of_a_mention_goes_with_it_and_does_not_come_back(pool: db.Pool) -> None:
    story = Story("vaart")
    word, early = said(story, "a", "urgency", "high"), said(story, "b", "urgency", "low")
    await story.batch(pool, [story.mention("a", 1), word, early])
    await story.batch(pool, [story.deleted("a"), story.deleted("b")])
    assert await rows(pool) == []
    again = await story.batch(pool, [word, early])
    assert (again.outgoing, again.repeated) == ([], {word.place, early.place})
    assert await rows(pool) == []
    within = Story("een")
    await within.batch(pool, [within.mention("a", 1), said(within, "a", "urgency", "high"), within.deleted("a")])
    assert await rows(pool) == []


async def test_nobody_corrects_another_brands_mention(pool: db.Pool) -> None:
    ours, theirs = Story("vaart"), Story("other")
    mention = ours.mention("a", 1)
    foreign = said(theirs, "x", "urgency", "critical")
    foreign = theirs.received(foreign.event.model_copy(update={"mention_id": ours.id("a")}))
    await theirs.batch(pool, [foreign])  # we do not know yet whose it is
    await ours.batch(pool, [mention])
    assert (await findings(pool, ours, "a"))["corrected"] == []
    with pytest.raises(InvalidEvent, match="its own"):
        await theirs.batch(pool, [theirs.received(foreign.event.model_copy(update={"correction_id": UUID(int=1)}))])
