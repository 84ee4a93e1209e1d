"""Two instances of routing at the same moment: one case, with all that both of them heard."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from libs.common import db
from libs.common.events import Event, MentionTriaged
from libs.common.record import Received
from services.routing import case_work, consumer
from services.routing.case import case_id_of
from tests.integration.pools import somebody_waits_for_a_lock
from tests.unit.routing.test_permutations import POLICIES, START, mention_id, state
from tests.waiting import until

OFFSETS = count()
policies: Any = POLICIES


def triaged(name: str, group: str, version: int = 1) -> Received[Any]:
    event: Event = MentionTriaged(brand="vaart", triaged=state(name, group))
    return Received(event, f"{name}-{version}", str(mention_id(name)), version, START, None, "triaged", 0, next(OFFSETS), name, START)


async def decide(connection: db.Connection, events: Sequence[Received[Any]]) -> case_work.CaseWork:
    work = await case_work.load(connection, events, policies)
    for received in events:
        handler = consumer.HANDLERS[type(received.event)]
        assert handler is not None
        handler(work, received)
    return work


async def batch(pool: db.Pool, events: Sequence[Received[Any]]) -> int:
    """As the loop does it: again after a race. How often it raced."""
    for races in range(100):
        try:
            async with pool.acquire() as connection, connection.transaction():
                await case_work.save(connection, await decide(connection, events))
            return races
        except db.TRANSIENT:
            continue
    raise AssertionError("raced a hundred times")


async def mentions_of(pool: db.Pool, group: str) -> set[str]:
    row = await pool.fetchrow("select state_json from care_case where id = $1", case_id_of("vaart", mention_id(group)))
    assert row is not None
    return {mention["id"] for mention in row["state_json"]["mentions"]}


async def test_two_that_open_the_same_case_at_once_open_one_with_both_mentions(pool: db.Pool) -> None:
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        work = await decide(first, [triaged("A", "A")])
        async with pool.acquire() as second:
            other = second.transaction()
            await other.start()
            late = await decide(second, [triaged("B", "A")])  # neither sees the other's mention
            await case_work.save(first, work)
            await transaction.commit()
            with pytest.raises(db.Raced):
                await case_work.save(second, late)
            await other.rollback()
    await batch(pool, [triaged("B", "A")])
    assert await mentions_of(pool, "A") == {str(mention_id("A")), str(mention_id("B"))}
    assert await pool.fetchval("select count(*) from care_case where state <> 'merged'") == 1


async def test_one_that_changes_a_case_waits_for_another_that_does_and_keeps_both_changes(pool: db.Pool) -> None:
    await batch(pool, [triaged("A", "A")])
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        work = await decide(first, [triaged("B", "A")])
        second = asyncio.create_task(batch(pool, [triaged("C", "A")]))
        await until(lambda: somebody_waits_for_a_lock(pool), "the second waits for the case")
        await case_work.save(first, work)
        await transaction.commit()
    assert await second == 0
    assert await mentions_of(pool, "A") == {str(mention_id(name)) for name in "ABC"}


async def test_whoever_comes_first_eight_at_once_end_in_one_case(pool: db.Pool) -> None:
    await asyncio.gather(*(batch(pool, [triaged(name, "A")]) for name in "ABCDEFGH"))
    assert await mentions_of(pool, "A") == {str(mention_id(name)) for name in "ABCDEFGH"}
    rows = await pool.fetch("select version from timeline where case_id = $1 order by version", case_id_of("vaart", mention_id("A")))
    assert [row["version"] for row in rows] == list(range(1, 9))
