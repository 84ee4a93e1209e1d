"""Events go straight to Kafka from here, and return once the broker has acknowledged them: ingest's hot path has no database in it.

An idempotent producer of aiokafka tries for ever; a sender of mentions must know within seconds. So every send has a deadline, and a producer
that missed one, or that failed, is retired: new events go to a new one, and what still waits in the old one gets its own deadline's chance. What
was not acknowledged may nevertheless reach the log; its deterministic id makes that harmless.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from prometheus_client import Gauge

from libs.common import outbox
from libs.common.errors import TooManyRequests, Unavailable
from libs.common.outbox import Outgoing
from libs.common.topics import partition_of

log = logging.getLogger(__name__)

MAX_EVENT_BYTES = 900_000
"""Below Kafka's own default for the largest message (1 MB, headers included)."""
_RETRY_AFTER_S = 5
_REFUSE_FOR_S = 1.0

PENDING = Gauge("weerklank_ingest_pending", "Mentions that wait for Kafka's acknowledgement")


@dataclass(frozen=True, slots=True)
class Record:
    """An event in the shape that goes to Kafka."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def record_of(outgoing: Outgoing, topic: str) -> Record:
    headers = outbox.attributes(outgoing, "ingest", datetime.now(UTC))
    return Record(
        topic,
        partition_of(outgoing.event.brand, outgoing.key),
        outgoing.key.encode(),
        outgoing.event.model_dump_json().encode(),
        [(name, value.encode()) for name, value in headers.items()],
    )


class Sender:
    """One per instance. At most `max_pending` events and `max_pending_bytes` wait for their acknowledgement at a time."""

    def __init__(self, bootstrap: str, *, client_id: str, max_pending: int, max_pending_bytes: int, timeout_s: float) -> None:
        self._bootstrap, self._client_id, self._timeout_s = bootstrap, client_id, timeout_s
        self._max_pending, self._max_pending_bytes = max_pending, max_pending_bytes
        self._pending = self._pending_bytes = 0
        self._room = asyncio.Condition()
        self._starting = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._refused_at = float("-inf")
        self._retired: set[asyncio.Task[None]] = set()

    def check_room(self) -> None:
        """Raises `TooManyRequests` when so much waits already that a new request should not begin."""
        if self._pending >= self._max_pending or self._pending_bytes >= self._max_pending_bytes:
            raise TooManyRequests(
                f"{self._pending} mentions wait for Kafka already. Send this again a little later; nothing of it was taken.",
                retry_after_s=2,
            )

    async def send(self, records: Sequence[Record], turn: asyncio.Lock | None = None) -> None:
        """Return once every record is acknowledged by all replicas, waiting for room first when too much is pending.

        Sends that share a `turn` reach each partition in the order in which they began, as long as none of them fails: one at a time waits for room
        and for a place in a full batch, where another would pass it. Their acknowledgements are awaited together.

        Raises `Unavailable` when that does not happen in time. Some of the records may then be in the log, or come to be: sending all of them
        again is safe.
        """
        if not records:
            return
        size = sum(len(record.value) for record in records)
        try:
            async with asyncio.timeout(self._timeout_s), AsyncExitStack() as ended:
                async with turn or nullcontext():
                    await self._enter(len(records), size)
                    ended.push_async_callback(lambda: asyncio.shield(self._leave(len(records), size)))
                    producer = await self._ready()
                    ended.enter_context(self._retiring(producer))
                    waiting = [
                        await producer.send(
                            record.topic, value=record.value, key=record.key, partition=record.partition, headers=record.headers
                        )
                        for record in records
                    ]
                await asyncio.gather(*waiting)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"Kafka did not acknowledge in time ({type(error).__name__}). Send this again: what did arrive is recognised.",
                retry_after_s=_RETRY_AFTER_S,
            ) from error

    @contextmanager
    def _retiring(self, producer: AIOKafkaProducer) -> Iterator[None]:
        """Whatever fails in here retires the producer."""
        try:
            yield
        except (KafkaError, OSError, TimeoutError, asyncio.CancelledError):
            # Cancelled is what the deadline of `send` looks like from in here.
            self._retire(producer)
            raise

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is not None:
                return self._producer
            if time.monotonic() - self._refused_at < _REFUSE_FOR_S:
                raise TimeoutError
            producer = outbox.producer(self._bootstrap, client_id=self._client_id)
            try:
                await producer.start()
            except (KafkaError, OSError, asyncio.CancelledError):
                self._refused_at = time.monotonic()
                self._in_background(producer.stop())
                raise
            self._producer = producer
            return producer

    async def _enter(self, count: int, size: int) -> None:
        """Wait for room. A batch larger than the limit itself goes when nothing else waits."""
        async with self._room:
            await self._room.wait_for(
                lambda: (
                    not self._pending
                    or (self._pending + count <= self._max_pending and self._pending_bytes + size <= self._max_pending_bytes)
                )
            )
            self._pending += count
            self._pending_bytes += size
            PENDING.set(self._pending)

    async def _leave(self, count: int, size: int) -> None:
        async with self._room:
            self._pending -= count
            self._pending_bytes -= size
            PENDING.set(self._pending)
            self._room.notify_all()

    def _retire(self, producer: AIOKafkaProducer) -> None:
        if producer is self._producer:
            log.warning("producer retired: a send was not acknowledged")
            self._producer = None
            self._in_background(self._abandon(producer))

    async def _abandon(self, producer: AIOKafkaProducer) -> None:
        """Give what others have in flight until its own deadline, then drop the rest: a plain stop would try for ever."""
        try:
            await asyncio.sleep(self._timeout_s)
        finally:
            producer._closed = True
            await producer._sender.close()
            await producer.client.close()

    def _in_background(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]  # a coroutine, whichever
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)
        task.add_done_callback(_log_failure)

    async def run(self) -> None:
        """Hold the producer until cancelled, then close it: what is in flight gets a last chance."""
        try:
            await asyncio.Event().wait()
        finally:
            for task in list(self._retired):
                task.cancel()
            await asyncio.gather(*self._retired, return_exceptions=True)
            if self._producer is not None:
                producer, self._producer = self._producer, None
                try:
                    async with asyncio.timeout(3):
                        await producer.flush()
                except TimeoutError:
                    log.warning("stopped with events that Kafka had not acknowledged: their senders were told so")
                await producer._sender.close()
                producer._closed = True
                await producer.client.close()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("closing a producer failed", extra={"error": type(error).__name__})
