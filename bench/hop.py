"""One hop, raw and through `libs/common/stream.py`, in the same run on the same servers: what the guarantees cost.

Both consume the same kind of events, decode them once with the same model, write one row each to Postgres and produce one event each. Raw: COPY and an
idempotent producer, each record sent by itself as its documentation does, offsets left to Kafka. Ours: compare-and-set, effects, outbox, relay, ledger.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer

from libs.common import db, migrate, outbox
from libs.common.books import BrandBooks
from libs.common.consumer import Consumer, Work
from libs.common.events import Event, MentionDeleted, MentionReceived, SendingLease, TriagedEvent
from libs.common.outbox import Outgoing
from libs.common.record import Received
from libs.common.stream import Stream
from libs.common.topics import HOLDS, MENTIONS, partition_of


async def fill(bootstrap: str, number: int) -> None:
    """Put events on the mentions topic."""
    producer = outbox.producer(bootstrap, client_id="bench-fill")
    await producer.start()
    now = datetime.now(UTC)
    for n in range(number):
        mention_id, key = uuid4(), f"vaart/{n % 5000}"
        event = MentionDeleted(brand="vaart", mention_id=mention_id, deleted_at=now)
        headers = outbox.attributes(Outgoing(event, str(mention_id), 1, key), "bench", now)
        await producer.send(
            MENTIONS.name,
            value=event.model_dump_json().encode(),
            key=key.encode(),
            partition=partition_of("vaart", key),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )
    await producer.stop()


async def raw(bootstrap: str, url: str, number: int, turn: int, kind: type[Event] = MentionDeleted, topic: str = MENTIONS.name) -> float:
    """Events per second of the bare hop: consume, decode, COPY, produce. `kind` is what lies on the topic."""
    pool = await db.open_pool(url, "ingest")
    await pool.execute("create table if not exists raw_effect (id uuid, key text, place bigint)")
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=f"bench-raw-{turn}", auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = outbox.producer(bootstrap, client_id="bench-raw")
    await producer.start()
    await consumer.start()
    done, began = 0, 0.0
    while done < number:
        for records in (await consumer.getmany(timeout_ms=500, max_records=1000)).values():
            began = began or time.monotonic()
            rows, waiting = [], []
            for record in records:
                event = kind.model_validate_json(record.value)
                mention_id = _mention_of(event)
                rows.append((mention_id, record.key.decode(), record.offset))
                value = _told(event.brand, mention_id).model_dump_json().encode()
                waiting.append(
                    await producer.send(HOLDS.name, value=value, key=record.key, partition=record.partition, headers=list(record.headers))
                )
            async with pool.acquire() as connection:
                await connection.copy_records_to_table("raw_effect", records=rows)
            await asyncio.gather(*waiting)
            done += len(records)
    seconds = time.monotonic() - began
    await consumer.stop()
    await producer.stop()
    await pool.close()
    return done / seconds


def _mention_of(event: Event) -> UUID:
    match event:
        case MentionReceived():
            return event.mention.id
        case TriagedEvent():
            return event.triaged.mention.id
        case MentionDeleted():
            return event.mention_id
    raise TypeError(type(event).__name__)


def _told(brand: str, mention_id: UUID) -> SendingLease:
    """What the hop produces: a small event that goes to another topic than the one that it reads."""
    return SendingLease(brand=brand, held=False, hold_version=1, reason=str(mention_id))


class _Rows(Work):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[Any, str, int]] = []


def _handle(work: _Rows, received: Received[MentionDeleted]) -> None:
    event = received.event
    work.rows.append((event.mention_id, received.key, received.offset))
    work.emit(received, _told(event.brand, event.mention_id), subject=received.subject, version=received.version, key=received.key)


async def _load(connection: db.Connection, events: Sequence[Received[Any]], prepared: Any) -> _Rows:
    return _Rows()


async def _save(connection: db.Connection, work: _Rows) -> None:
    await connection.copy_records_to_table("effect", records=work.rows)


async def through_stream(bootstrap: str, url: str, number: int) -> float:
    """Events per second through the stream, until the relay has sent the last of them."""
    await migrate.migrate(url, "ingest", Path("/nonexistent"))
    pool = await db.open_pool(url, "ingest")
    await pool.execute("create table if not exists effect (id uuid, key text, place bigint)")
    relay = outbox.Relay(url, "ingest", bootstrap)
    stream = Stream(
        Consumer(topics=(MENTIONS.name,), handlers={MentionDeleted: _handle}, load=_load, save=_save),
        service="ingest",
        instance="bench",
        bootstrap=bootstrap,
        pool=pool,
        books=BrandBooks(bootstrap, "bench"),
        relay=relay,
    )
    tasks = [asyncio.create_task(stream.run()), asyncio.create_task(relay.run())]
    began = 0.0
    while True:
        handled, waiting = await pool.fetchrow("select (select coalesce(sum(effects), 0) from ledger), (select count(*) from outbox)") or (
            0,
            0,
        )
        if handled and not began:
            began, first = time.monotonic(), handled
        if handled >= number and not waiting:
            break
        await asyncio.sleep(0.05)
    seconds = time.monotonic() - began
    stream.stop()
    relay.stop()
    await asyncio.gather(*tasks)
    await pool.close()
    return float(number - first) / seconds
