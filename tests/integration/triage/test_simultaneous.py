"""Two instances of triage at the same moment: what names the same thing ends in one group, whoever commits first."""

import asyncio
import random
from dataclasses import replace
from itertools import pairwise

from libs.common import db
from services.triage import consumer
from tests.integration.pools import somebody_waits_for_a_lock
from tests.integration.triage.test_batches import Story
from tests.waiting import until


async def test_of_two_simultaneous_transactions_the_second_waits_and_sees_the_first(pool: db.Pool) -> None:
    story = Story("vaart")
    tweet, mail = story.mention("tweet", 1, "x"), story.mention("mail", 2, "x")
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        work = await consumer.load(first, [tweet], story.prepared)
        second = asyncio.create_task(story.batch(pool, [mail]))
        await until(lambda: somebody_waits_for_a_lock(pool), "the second waits for the evidence of the first")
        consumer.HANDLERS[type(tweet.event)](work, tweet)  # type: ignore[misc]
        await consumer.save(first, work)
        await transaction.commit()
    await second
    assert await story.groups(pool) == {"tweet": "tweet", "mail": "tweet"}


async def test_of_two_simultaneous_transactions_the_second_goes_on_when_the_first_fails(pool: db.Pool) -> None:
    story = Story("vaart")
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        await consumer.load(first, [story.mention("tweet", 1, "x")], story.prepared)
        second = asyncio.create_task(story.batch(pool, [story.mention("mail", 2, "x")]))
        await until(lambda: somebody_waits_for_a_lock(pool), "the second waits for the evidence of the first")
        await transaction.rollback()
    await second
    assert await story.groups(pool) == {"mail": "mail"}


async def test_four_instances_at_once_make_one_group_of_every_chain(pool: db.Pool) -> None:
    """Twenty chains of ten mentions, each of which shares a number with the next, dealt to four instances in disorder."""
    story, chance = Story("storm"), random.Random(7)
    chains = [[f"{chain}-{n}" for n in range(10)] for chain in range(20)]
    events = []
    for chain in chains:
        links = {name: [] for name in chain}
        for one, other in pairwise(chain):
            links[one].append(f"{one}/{other}")
            links[other].append(f"{one}/{other}")
        for name in chain:
            event = story.mention(name, chance.randrange(600))
            found = story.prepared[event.event.mention.id]
            story.prepared[event.event.mention.id] = replace(found, identifiers=tuple(("order", link) for link in links[name]))
            events.append(event)
    chance.shuffle(events)

    async def instance(share: list[object]) -> None:
        for start in range(0, len(share), 7):
            while True:
                try:
                    await story.batch(pool, share[start : start + 7])  # type: ignore[arg-type]
                    break
                except db.TRANSIENT:
                    continue  # a deadlock or a race: the loop does the batch again

    await asyncio.gather(*(instance(events[n::4]) for n in range(4)))
    groups = await story.groups(pool)
    assert len(groups) == 200
    for chain in chains:
        assert len({groups[name] for name in chain}) == 1, chain
    assert len(set(groups.values())) == 20
