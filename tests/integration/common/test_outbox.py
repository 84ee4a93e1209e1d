"""The relay's guarantees: every row is sent at least once, rows of a key in order, one relay at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from libs.common import db, migrate, outbox
from libs.common.errors import TooLarge
from libs.common.events import MentionDeleted, SendingLease
from libs.common.outbox import Outgoing, Relay
from libs.common.topics import HOLDS, MENTIONS, PARTITIONS
from tests.integration.common.rig import fresh_topics
from tests.stack import Databases, KafkaServer
from tests.waiting import until


@pytest.fixture
async def url(kafka_server: KafkaServer, postgres: Databases) -> AsyncIterator[str]:
    await fresh_topics(kafka_server.bootstrap)
    found = postgres.login(postgres.database(), "triage")
    await migrate.migrate(found, "triage", Path("/nonexistent"))
    return found  # type: ignore[return-value]


async def add(pool: db.Pool, key: str, number: int) -> list[UUID]:
    ids = [uuid4() for _ in range(number)]
    async with pool.acquire() as connection, connection.transaction():
        now = datetime.now(UTC)
        rows = [Outgoing(MentionDeleted(brand="vaart", mention_id=i, deleted_at=now), str(i), 1, key) for i in ids]
        await outbox.add(connection, "triage", rows)
    return ids


async def everything(bootstrap: str, topic: str) -> AsyncIterator[ConsumerRecord]:
    """All that a topic holds, in log order within a partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, n) for n in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def read(bootstrap: str) -> list[tuple[str, UUID]]:
    """(key, mention id) of all that the topic of mentions holds."""
    found = everything(bootstrap, MENTIONS.name)
    return [(record.key.decode(), MentionDeleted.model_validate_json(record.value).mention_id) async for record in found]


async def empty(pool: db.Pool) -> bool:
    return await pool.fetchval("select count(*) from outbox") == 0


async def test_rows_arrive_in_the_order_of_their_key_and_leave_the_outbox(kafka_server: KafkaServer, url: str) -> None:
    pool = await db.open_pool(url, "triage")
    relay = Relay(url, "triage", kafka_server.bootstrap)
    task = asyncio.create_task(relay.run())
    sent = {key: await add(pool, key, 1500) for key in ("a", "b", "c")}  # more than one of Kafka's batches holds
    relay.poke()
    await until(lambda: empty(pool), "the outbox is empty")
    arrived = await read(kafka_server.bootstrap)
    for key, ids in sent.items():
        assert [i for k, i in arrived if k == key] == ids
    assert await pool.fetchval("select sum(count) from emitted") == 4500
    relay.stop()
    await asyncio.wait_for(task, 10)
    await pool.close()


async def test_the_relay_whose_session_ends_is_followed_by_another_and_nothing_is_lost(
    kafka_server: KafkaServer, url: str, postgres: Databases
) -> None:
    """A failover of Postgres under the leading relay, again and again, while rows keep coming."""
    pool = await db.open_pool(url, "triage")
    relays = [Relay(url, "triage", kafka_server.bootstrap) for _ in range(2)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    await until(lambda: any(relay.leads for relay in relays), "one leads")
    sent: list[UUID] = []
    for _ in range(5):
        sent += await add(pool, "a", 400)
        await pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid in "
            "(select l.pid from pg_locks l where l.locktype = 'advisory' and l.granted) and pid <> pg_backend_pid()"
        )
    await until(lambda: empty(pool), "the outbox is empty")
    arrived = [i for _, i in await read(kafka_server.bootstrap)]
    assert set(arrived) == set(sent)
    first_seen = list(dict.fromkeys(arrived))
    assert first_seen == sent
    for relay in relays:
        relay.stop()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    await pool.close()


async def test_an_event_that_the_broker_would_refuse_is_refused_where_it_is_decided(kafka_server: KafkaServer, url: str) -> None:
    """In the outbox it would hold up every brand behind it. The largest that may go in does arrive."""
    pool = await db.open_pool(url, "triage")

    def lease(length: int) -> Outgoing:
        return Outgoing(SendingLease(brand="vaart", held=True, hold_version=1, reason="x" * length), "vaart", 1, "vaart")

    fits = outbox.MAX_EVENT_BYTES - len(lease(0).event.model_dump_json())
    async with pool.acquire() as connection:
        with pytest.raises(TooLarge, match="an event may have"):
            async with connection.transaction():
                await outbox.add(connection, "triage", [lease(1), lease(fits + 1)])
        assert await empty(pool), "of what was decided together, nothing is told"
        async with connection.transaction():
            await outbox.add(connection, "triage", [lease(fits), lease(1)])
    relay = Relay(url, "triage", kafka_server.bootstrap)
    task = asyncio.create_task(relay.run())
    await until(lambda: empty(pool), "the outbox is empty", 30)
    relay.stop()
    await asyncio.wait_for(task, 10)
    await pool.close()
    arrived = [len(record.value) async for record in everything(kafka_server.bootstrap, HOLDS.name)]
    assert [length for length in arrived if length > 1000] == [outbox.MAX_EVENT_BYTES]


async def test_the_relay_takes_as_many_rows_as_it_may_hold(kafka_server: KafkaServer, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded in bytes, and one that is larger than the bound goes alone."""
    monkeypatch.setattr(outbox, "_BATCH_BYTES", 400)
    taken: list[int] = []
    send = outbox._send

    async def counting(sender: object, rows: list[object]) -> None:
        taken.append(len(rows))
        await send(sender, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "_send", counting)
    pool = await db.open_pool(url, "triage")
    ids = await add(pool, "a", 9)
    lease = Outgoing(SendingLease(brand="vaart", held=True, hold_version=1, reason="x" * 5000), "vaart", 1, "vaart")
    async with pool.acquire() as connection, connection.transaction():
        await outbox.add(connection, "triage", [lease])
    relay = Relay(url, "triage", kafka_server.bootstrap)
    task = asyncio.create_task(relay.run())
    await until(lambda: empty(pool), "the outbox is empty")
    relay.stop()
    await asyncio.wait_for(task, 10)
    await pool.close()
    assert sum(taken) == 10
    assert taken[-1] == 1
    assert 1 < taken[0] < 9
    assert [i for _, i in await read(kafka_server.bootstrap)] == ids


async def test_one_relay_leads_at_a_time(kafka_server: KafkaServer, url: str) -> None:
    """The other stands by for as long as the first is well; twenty rounds are longer than it waits between two tries."""
    pool = await db.open_pool(url, "triage")
    relays = [Relay(url, "triage", kafka_server.bootstrap) for _ in range(2)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    await until(lambda: any(relay.leads for relay in relays), "one leads")
    for _ in range(40):
        await add(pool, "a", 5)
        await until(lambda: empty(pool), "the outbox is empty")
        assert sum(relay.leads for relay in relays) == 1
    for relay in relays:
        relay.stop()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    await pool.close()


async def test_rows_wait_for_a_broker_that_is_gone(tmp_path_factory: pytest.TempPathFactory, url: str, kafka_server: KafkaServer) -> None:
    pool = await db.open_pool(url, "triage")
    relay = Relay(url, "triage", kafka_server.bootstrap)
    task = asyncio.create_task(relay.run())
    await until(lambda: relay.leads, "it leads")
    kafka_server.kill()
    sent = await add(pool, "a", 50)
    relay.poke()
    await until(lambda: relay.problem is not None or not relay.leads, "it says that it cannot send", 60)
    assert await pool.fetchval("select count(*) from outbox") == 50
    kafka_server.start()
    await until(lambda: empty(pool), "the outbox is empty", 60)
    assert list(dict.fromkeys(i for _, i in await read(kafka_server.bootstrap))) == sent
    relay.stop()
    await asyncio.wait_for(task, 10)
    await pool.close()


async def test_a_hold_overtakes_what_waits_in_front_of_it_and_what_the_broker_does_not_take(
    kafka_server: KafkaServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the relay's other lane is stuck in a send."""
    stuck, send = asyncio.Event(), outbox._send

    async def only_holds(sender: Any, rows: Any) -> None:
        if any(row["topic"] != HOLDS.name for row in rows):
            await stuck.wait()
        await send(sender, rows)

    monkeypatch.setattr(outbox, "_send", only_holds)
    monkeypatch.setattr(outbox, "lanes_of", lambda schema: [outbox.PRIORITY, outbox.NORMAL])
    pool = await db.open_pool(url, "triage")
    await add(pool, "a", 3000)
    hold = Outgoing(SendingLease(brand="held", held=True, hold_version=7), "held", 7, "held")
    async with pool.acquire() as connection, connection.transaction():
        await outbox.add(connection, "routing", [hold])
    relay = Relay(url, "triage", kafka_server.bootstrap)
    task = asyncio.create_task(relay.run())

    async def only_the_others_wait() -> bool:
        return bool(await pool.fetchval("select count(*) = 3000 and max(lane) = 0 from outbox"))

    await until(only_the_others_wait, "the hold is sent, and nothing else")
    assert "held" in [record.key.decode() async for record in everything(kafka_server.bootstrap, HOLDS.name)]
    stuck.set()
    await until(lambda: empty(pool), "the others are sent after all")
    relay.stop()
    await asyncio.wait_for(task, 10)
    await pool.close()
