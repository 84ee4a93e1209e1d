"""The outbox: what a transaction decided to tell, and the relay that tells it.

A service never sends an event to Kafka from a transaction; it adds a row here, in the same transaction as the state that the event is
about. One relay per service, by advisory lock, sends the rows in id order and deletes them once the broker has acknowledged them.

Rows of topics with `priority` are in a lane of their own, which has its own lock, connection and producer: however many others wait, and whatever keeps
the broker from taking those, they are sent at once. All rows of a key are in one lane.

What holds: every row is sent at least once, and the rows of one key in the order in which they were inserted (they are inserted under that key's
row lock). What does not: a row may be sent again, after newer ones, when a relay lost its session between sending and deleting. Handlers
live with that by `ce_entityversion`.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from operator import itemgetter
from uuid import UUID

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from libs.common import db
from libs.common.errors import TooLarge
from libs.common.events import Event, deterministic_id
from libs.common.telemetry import METRICS
from libs.common.topics import MAX_MESSAGE_BYTES, TOPICS, partition_of

log = logging.getLogger(__name__)

NORMAL, PRIORITY = 0, 1
"""Lanes of the outbox."""
_PRIORITY_OF: frozenset[tuple[str, str]] = frozenset((topic.producer, topic.name) for topic in TOPICS if topic.priority)
_TOPIC_OF: dict[type[Event], str] = {event: topic.name for topic in reversed(TOPICS) for event in topic.events}
_BATCH, _BATCH_BYTES = 1000, 16 * 1024 * 1024
MAX_EVENT_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""What is left for an event's value beside its key and headers."""


@dataclass(frozen=True)
class Outgoing:
    """An event about to be told. `version` is the entity's version after the change; `key` is what its topic is ordered by."""

    event: Event
    subject: str
    version: int
    key: str
    traceparent: str | None = None

    @cached_property
    def id(self) -> UUID:
        """Deterministic: the same change of the same thing is the same event, however often it is told."""
        return deterministic_id(self.event.type, self.event.brand, self.subject, str(self.version))


def attributes(outgoing: Outgoing, source: str, now: datetime) -> dict[str, str]:
    """The CloudEvents attributes as Kafka headers, without the values that are absent."""
    found = {
        "ce_specversion": "1.0",
        "ce_id": str(outgoing.id),
        "ce_type": outgoing.event.type,
        "ce_source": f"/weerklank/{source}",
        "ce_time": now.isoformat(),
        "ce_subject": outgoing.subject,
        "ce_entityversion": str(outgoing.version),
        "content-type": "application/json",
    }
    return found | {"ce_traceparent": outgoing.traceparent} if outgoing.traceparent else found


def encoded(outgoing: Outgoing) -> bytes:
    """The event's value. Raises `TooLarge` for one that the broker would refuse: here it fails alone, in the relay it would hold up every brand."""
    value = outgoing.event.model_dump_json().encode()
    if len(value) > MAX_EVENT_BYTES:
        raise TooLarge(f"{outgoing.event.type} of {outgoing.subject} would be {len(value)} bytes; an event may have {MAX_EVENT_BYTES}.")
    return value


async def age(connection: db.Connection, now: datetime) -> float:
    """Seconds since the oldest event in the outbox was decided; 0 when there is none."""
    headers = await connection.fetchval("select headers from outbox order by id limit 1")
    return max(0.0, (now - datetime.fromisoformat(orjson.loads(headers)["ce_time"])).total_seconds()) if headers else 0.0


async def add(connection: db.Connection, source: str, outgoing: Sequence[Outgoing]) -> None:
    """Insert what must be told, in order, inside the caller's transaction.

    Raises `TooLarge` as `encoded` does.
    """
    if not outgoing:
        return
    now = datetime.now(UTC)
    topics = [_TOPIC_OF[type(item.event)] for item in outgoing]
    values = [encoded(item) for item in outgoing]
    await connection.copy_records_to_table(
        "outbox",
        columns=("topic", "brand", "key", "headers", "value", "lane"),
        records=[
            (
                topic,
                item.event.brand,
                item.key,
                orjson.dumps(attributes(item, source, now)),
                value,
                PRIORITY if (source, topic) in _PRIORITY_OF else NORMAL,
            )
            for topic, item, value in zip(topics, outgoing, values, strict=True)
        ],
    )
    counted = sorted({topic: topics.count(topic) for topic in set(topics)}.items())
    await connection.execute(
        "insert into emitted (topic, minute, count) "
        "select t, date_trunc('minute', $3::timestamptz), c from unnest($1::text[], $2::bigint[]) as u(t, c) "
        "on conflict (topic, minute) do update set count = emitted.count + excluded.count",
        [topic for topic, _ in counted],
        [count for _, count in counted],
        now,
    )


def producer(bootstrap: str, *, client_id: str) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas: aiokafka's own defaults do neither."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_batch_size=256 * 1024,
        max_request_size=MAX_MESSAGE_BYTES,
        request_timeout_ms=15_000,
    )


async def _send(sender: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
    """Send rows, those of a partition in their order, and return when the broker has acknowledged all of them.

    By whole batches: a future for every record would cost more than the record.
    """
    batches: dict[tuple[str, int], list[BatchBuilder]] = {}
    for row in rows:
        place = (row["topic"], partition_of(row["brand"], row["key"]))
        record = {
            "timestamp": None,
            "key": row["key"].encode(),
            "value": row["value"],
            "headers": [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()],
        }
        found = batches.setdefault(place, [])
        if not found or found[-1].append(**record) is None:
            found.append(sender.create_batch())
            found[-1].append(**record)
    sending = [asyncio.create_task(_send_batches(sender, place, found)) for place, found in batches.items()]
    try:
        await asyncio.gather(*sending)
    finally:
        # One partition's fault ends all: nobody sends on while the rows are already somebody else's.
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


async def _send_batches(sender: AIOKafkaProducer, place: tuple[str, int], batches: Sequence[BatchBuilder]) -> None:
    """One after another: what follows a batch that was refused must not arrive before it."""
    topic, partition = place
    for batch in batches:
        await (await sender.send_batch(batch, topic, partition=partition))


class Relay:
    """Sends the outbox of one service to Kafka. Run `run()` as a task; `poke()` after a commit saves it a poll."""

    def __init__(self, url: str, schema: str, bootstrap: str, *, poll_s: float = 0.05) -> None:
        self._lanes = [_Lane(url, schema, bootstrap, lane, poll_s=poll_s) for lane in lanes_of(schema)]

    @property
    def leads(self) -> bool:
        """Whether it is this process that sends what has no priority. Of the other lane `problem` tells."""
        return self._lanes[-1].leads

    @property
    def problem(self) -> str | None:
        return next((lane.problem for lane in self._lanes if lane.problem), None)

    def poke(self) -> None:
        for lane in self._lanes:
            lane.poke()

    def stop(self) -> None:
        """Finish what is being sent, then return from `run`. What is left in the outbox waits for the next relay."""
        for lane in self._lanes:
            lane.stop()

    async def run(self) -> None:
        """Until `stop()`: each lane leads when its lock is free, and goes on after any passing fault of Kafka or Postgres."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())


def lanes_of(schema: str) -> list[int]:
    """The lanes that this service writes to, the first to be sent first."""
    return [PRIORITY, NORMAL] if any(producer == schema for producer, _ in _PRIORITY_OF) else [NORMAL]


class _Lane:
    """Sends one lane."""

    def __init__(self, url: str, schema: str, bootstrap: str, lane: int, *, poll_s: float) -> None:
        self._url, self._schema, self._bootstrap, self._poll_s = url, schema, bootstrap, poll_s
        # Written out, not a parameter: a plan for any lane would not use the index of this one.
        self._mine = f"lane = {lane}"
        self._lock = f"weerklank-relay-{schema}" + ("-priority" if lane == PRIORITY else "")
        self._client_id = f"{schema}-relay" + ("-priority" if lane == PRIORITY else "")
        self._poked = asyncio.Event()
        self._stopping = False
        self.leads = False
        self.problem: str | None = None

    def poke(self) -> None:
        self._poked.set()

    def stop(self) -> None:
        """Finish what is being sent, then return from `run`. What is left in the outbox waits for the next relay."""
        self._stopping = True
        self._poked.set()

    async def run(self) -> None:
        """Lead when the lock is free, and go on after any passing fault of Kafka or Postgres."""
        while not self._stopping:
            try:
                await self._lead()
                self.problem = None
            except (*db.TRANSIENT, asyncpg.PostgresError, KafkaError) as error:
                self.problem = f"relay: {type(error).__name__}"
                METRICS.relay_failures.labels(type(error).__name__).inc()
                log.warning("relay interrupted, starting again", extra={"error": type(error).__name__})
                await self._pause(1.0)

    async def _lead(self) -> None:
        connection = await db.connect(self._url, self._schema)
        try:
            if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 0))", self._lock):
                await self._pause(1.0)
                return
            # Rows that come back when Postgres loses its last milliseconds are sent again, as after any other fault: worth no wait for the disk.
            await connection.execute("set synchronous_commit = off")
            sender = producer(self._bootstrap, client_id=self._client_id)
            await sender.start()
            try:
                self.leads, self.problem, told = True, None, True
                while not self._stopping:
                    # Unless somebody told of rows, look before taking any: a look is no transaction.
                    if told or await connection.fetchval(f"select id from outbox where {self._mine} order by id limit 1"):
                        told = bool(await self._send_some(connection, sender))
                    if not told:
                        told = await self._pause(self._poll_s)
            finally:
                self.leads = False
                await sender.stop()
        finally:
            await connection.close(timeout=5)

    async def _send_some(self, connection: db.Connection, sender: AIOKafkaProducer) -> int:
        began = time.monotonic()
        async with connection.transaction():
            # Taken out and acknowledged in one transaction: without the acknowledgement the rows are still there.
            rows = await connection.fetch(
                # As an array: a join would be planned by the statistics of a table that was empty a moment ago, and read its dead rows.
                # Counted in bytes too: a thousand long mails at once would be more than this process may hold.
                "delete from outbox where id = any(array(select id from (select id, sum(octet_length(value)) over (order by id) as bytes, "
                f"row_number() over (order by id) as place from (select id, value from outbox where {self._mine} "
                "order by id limit $1) as first) as counted "
                "where bytes <= $2 or place = 1)) returning id, topic, brand, key, headers, value",
                _BATCH,
                _BATCH_BYTES,
            )
            if not rows:
                return 0
            rows.sort(key=itemgetter("id"))
            await _send(sender, rows)
        METRICS.relayed.inc(len(rows))
        METRICS.relay_seconds.observe(time.monotonic() - began)
        return len(rows)

    async def _pause(self, seconds: float) -> bool:
        """Wait for a poke, at most `seconds`; whether one came."""
        try:
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        except TimeoutError:
            return False
        if not self._stopping:
            self._poked.clear()
        return True
