"""A stream of its own for tests: a consumer whose only effect is a row without any unique key, so that doing anything twice shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from libs.common import db, migrate, outbox
from libs.common.books import BrandBooks
from libs.common.consumer import Consumer, Work
from libs.common.errors import InvalidEvent
from libs.common.events import MentionDeleted, MentionReceived
from libs.common.record import Received
from libs.common.stream import Stream, StreamSettings
from libs.common.topics import MENTIONS, create_topics, partition_of
from tests.stack import KafkaServer

TOPIC = MENTIONS.name


class Rows(Work):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[UUID, str, int]] = []


class Rig:
    """Kafka, a fresh database, and any number of instances of one stream."""

    def __init__(self, kafka: KafkaServer, url: str) -> None:
        self.kafka, self.url = kafka, url
        self.poison: dict[UUID, Exception] = {}
        self.before_save: Callable[[], Any] = lambda: None
        self.save: Callable[[db.Connection, Rows], Awaitable[None]] | None = None
        self.streams: list[Stream[Rows]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._books = BrandBooks(kafka.bootstrap, "rig")
        self.settings = StreamSettings(batch=100, session_timeout_s=3, attempts=2)

    async def open(self) -> None:
        await fresh_topics(self.kafka.bootstrap)
        await migrate.migrate(self.url, "triage", Path("/nonexistent"))
        self.pool = await db.open_pool(self.url, "triage")
        await self.pool.execute("create table effect (n bigint generated always as identity, id uuid, key text, place bigint)")
        self.producer = outbox.producer(self.kafka.bootstrap, client_id="rig")
        await self.producer.start()

    async def close(self) -> None:
        for stream in self.streams:
            stream.stop()
        await asyncio.wait_for(asyncio.gather(*self._tasks, return_exceptions=True), 30)
        await self.producer.stop()
        await self.pool.close()

    def start(self, instance: str = "rig-0") -> Stream[Rows]:
        """One more instance of the stream."""
        relay = outbox.Relay(self.url, "triage", self.kafka.bootstrap)
        stream = Stream(
            Consumer(
                topics=(TOPIC,),
                handlers={MentionDeleted: self._handle, MentionReceived: None},
                load=self._load,
                save=self.save or self._save,
            ),
            service="triage",
            instance=instance,
            bootstrap=self.kafka.bootstrap,
            pool=self.pool,
            books=self._books,
            relay=relay,
            settings=self.settings,
        )
        self.streams.append(stream)
        self._tasks.append(asyncio.create_task(stream.run()))
        return stream

    async def stop(self, stream: Stream[Rows]) -> None:
        stream.stop()
        await asyncio.wait_for(self._tasks[self.streams.index(stream)], 30)

    def _handle(self, work: Rows, received: Received[MentionDeleted]) -> None:
        if (error := self.poison.get(received.event.mention_id)) is not None:
            raise error
        work.rows.append((received.event.mention_id, received.key, received.offset))

    async def _load(self, connection: db.Connection, events: Sequence[Received[Any]], prepared: Any) -> Rows:
        return Rows()

    async def _save(self, connection: db.Connection, work: Rows) -> None:
        self.before_save()
        await connection.executemany("insert into effect (id, key, place) values ($1, $2, $3)", work.rows)

    async def send(
        self,
        key: str,
        ids: Sequence[UUID] | int = 1,
        *,
        kind: str = MentionDeleted.type,
        value: bytes | None = None,
        more: Sequence[tuple[str, bytes | None]] = (),
    ) -> list[UUID]:
        """Send events of one key, in order; return the ids that they are about."""
        found = [uuid4() for _ in range(ids)] if isinstance(ids, int) else list(ids)
        for mention_id in found:
            event = MentionDeleted(brand="vaart", mention_id=mention_id, deleted_at=datetime.now(UTC))
            outgoing = outbox.Outgoing(event, str(mention_id), 1, key)
            headers = outbox.attributes(outgoing, "rig", datetime.now(UTC)) | {"ce_type": kind}
            await self.producer.send_and_wait(
                TOPIC,
                value=event.model_dump_json().encode() if value is None else value,
                key=key.encode(),
                partition=partition_of("vaart", key),
                headers=[*((name, text.encode()) for name, text in headers.items()), *more],
            )
        return found

    async def effects(self) -> list[UUID]:
        return [row["id"] for row in await self.pool.fetch("select id from effect order by n")]

    async def letters(self) -> list[dict[str, Any]]:
        return [
            dict(row)
            for row in await self.pool.fetch('select standing, reason, key, "offset" from dead_letter order by partition, "offset"')
        ]

    async def handled(self) -> int:
        found: int = await self.pool.fetchval("select coalesce(sum(effects + repeated + dead + parked), 0) from ledger")
        return found


async def fresh_topics(bootstrap: str) -> None:
    """Every rig begins with an empty log."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if TOPIC in await admin.list_topics():
            await admin.delete_topics([TOPIC])
            while TOPIC in await admin.list_topics():
                await asyncio.sleep(0.05)
    finally:
        await admin.close()
    await create_topics(bootstrap)


async def log_end(bootstrap: str, partition: int) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        tp = TopicPartition(TOPIC, partition)
        found: int = (await consumer.end_offsets([tp]))[tp]
        return found
    finally:
        await consumer.stop()


@asynccontextmanager
async def rig(kafka: KafkaServer, url: str) -> AsyncIterator[Rig]:
    made = Rig(kafka, url)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


INVALID = InvalidEvent("this one can never be handled")
