"""The consume loop of every service: one Postgres transaction is the whole effect of a batch of events.

A batch is fetched, decoded once, prepared (inference and other slow work, before the transaction), then applied (`effects.py`): the positions move by
compare-and-set, the states of all keys are loaded and locked, each key's events are folded in offset order by pure handlers, and what they decided
is written set-based, together with the outbox rows, the dead letters and the ledger. All of it or nothing.

Postgres is the authority on offsets: an instance that lost its partitions, a relay's retry or a consumer that wakes after a day can offer a
batch again, and the compare-and-set refuses it. Offsets are committed to Kafka only for lag dashboards.
"""

import asyncio
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from opentelemetry.trace import SpanKind

from libs.common import db, lag, ledger, outbox, telemetry
from libs.common.batch import Batch
from libs.common.books import BrandBooks
from libs.common.consumer import Consumer, W
from libs.common.effects import Effects, Lost
from libs.common.errors import (
    InvalidEvent,
    PositionBelowLogStart,
    PositionBeyondLogEnd,
    StreamStopped,
    TooManyDeadLetters,
    UnknownEventType,
)
from libs.common.lag import PartitionState
from libs.common.record import append_time, decode, place_of, type_of
from libs.common.topics import BY_NAME

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 10.0


class _Stopping(Exception):
    """We were asked to stop while waiting for something to come back."""


@dataclass
class StreamSettings:
    """`session_timeout_s`: after this long without a heartbeat Kafka gives our partitions to another instance."""

    batch: int = 1000
    session_timeout_s: float = 10.0
    attempts: int = 3
    dead_letter_ratio: float = 0.1
    dead_letter_window: int = 100
    stalled_after_s: float = 60.0
    bulk_waits_over_s: float = 1.0
    book_wait_s: float = 60.0


class Stream(Generic[W]):
    """Runs one `Consumer` of one service. `run()` is a task; `stop()` lets the batch at hand finish."""

    def __init__(
        self,
        consumer: Consumer[W],
        *,
        service: str,
        instance: str,
        bootstrap: str,
        pool: db.Pool,
        books: BrandBooks,
        relay: outbox.Relay,
        settings: StreamSettings | None = None,
    ) -> None:
        self._consumer, self._service, self._instance, self._bootstrap = consumer, service, instance, bootstrap
        self._pool, self._books, self._relay = pool, books, relay
        self._settings = settings or StreamSettings()
        self._effects = Effects(
            consumer,
            service=service,
            pool=pool,
            books=books,
            attempts=self._settings.attempts,
            dead_letter_ratio=self._settings.dead_letter_ratio,
            dead_letter_window=self._settings.dead_letter_window,
            pause=self._pause,
            report=self._report,
            committed=self._committed,
        )
        self._not_ours = frozenset(event.type.encode() for event, handler in consumer.handlers.items() if handler is None)
        self._partitions: dict[TopicPartition, PartitionState] = {}
        self._kafka: AIOKafkaConsumer | None = None
        self._stopping = asyncio.Event()
        self._missed: dict[str, int] = {}  # brand → the lowest version of its book that was waited for in vain
        self._committed_at = 0.0
        self._rechecked_at = 0.0
        self.stopped: StreamStopped | None = None
        self.stopped_partitions: dict[TopicPartition, StreamStopped] = {}
        self._told: dict[TopicPartition, str] = {}  # partitions whose stop stands in the log already
        self._waits = False
        self.problem: str | None = "starting"
        self.moved_at = time.monotonic()

    # --- what others see ------------------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> tuple[str, ...]:
        return self._consumer.topics

    def stop(self) -> None:
        self._stopping.set()

    def problems(self) -> list[str]:
        """Why this stream is not ready; empty when it is."""
        found = [self.problem] if self.problem else []
        if self.stopped:
            found.append(f"{self.stopped.kind}: {self.stopped.detail}")
        return found + [f"{error.kind}: {error.detail}" for error in self.stopped_partitions.values()]

    def stalled(self) -> bool:
        """Records wait, nothing moves, and no fault that we know of explains it: only a restart is left."""
        if self.problem or self.stopped or not self._waits:
            return False
        return time.monotonic() - self.moved_at > self._settings.stalled_after_s

    async def watch(self) -> None:
        """Until cancelled: ask the broker whether records wait for us. The fetcher's own idea of that is no witness: it may be what stalled."""
        while True:
            await asyncio.sleep(min(5.0, self._settings.stalled_after_s / 3))
            partitions = {tp: state.expected for tp, state in self._partitions.items()}
            if self._kafka is None or not partitions:
                continue
            try:
                async with asyncio.timeout(5):
                    ends = await self._kafka.end_offsets(list(partitions))
            except (KafkaError, IllegalStateError, TimeoutError) as error:
                log.debug("the broker was not asked", extra={"error": type(error).__name__})
                continue
            self._waits = any(ends[tp] > expected for tp, expected in partitions.items())
            for tp in [tp for tp, expected in partitions.items() if ends[tp] < expected]:
                self._partitions.pop(tp, None)  # the log was cut short: positioning again names the error
            if not self._waits:
                self.moved_at = time.monotonic()

    def lags(self) -> dict[str, dict[str, float]]:
        """Lag per topic of what is ours: messages (sum) and seconds (largest)."""
        return lag.by_topic(self._kafka, self._consumer.topics, self._partitions)

    async def waiting(self, connection: db.Connection) -> dict[str, int] | None:
        """Records per topic that no instance of this service has handled; none when the broker does not answer within 2 s."""
        return None if self._kafka is None else await lag.waiting(self._kafka, self._consumer.topics, connection)

    # --- the loop -------------------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Consume until `stop()`. Passing faults of Kafka and Postgres are waited out; `problem` names them meanwhile."""
        watch = asyncio.create_task(self.watch())
        try:
            while not self._stopping.is_set():
                await self._consume_once()
        except _Stopping:
            log.debug("asked to stop while waiting")
        finally:
            watch.cancel()

    async def _consume_once(self) -> None:
        """Consume until something comes in between, and wait until it has passed."""
        try:
            await self._consume()
        except (*db.TRANSIENT, KafkaError) as error:
            self.problem = f"stream: {type(error).__name__}"
            log.warning("stream interrupted, starting again", extra={"error": type(error).__name__})
            await self._pause(1.0)
        except StreamStopped as error:
            self.stopped, self.problem = error, None
            log.error("stream stopped: an operator must choose", extra={"kind": error.kind, "detail": error.detail})
            await self._wait_for_operator()

    async def _consume(self) -> None:
        kafka = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=self._instance,
            group_id="-".join(part for part in ("weerklank", self._service, self._consumer.lane) if part),
            group_instance_id=self._instance,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            session_timeout_ms=int(self._settings.session_timeout_s * 1000),
            heartbeat_interval_ms=max(300, int(self._settings.session_timeout_s * 1000 / 10)),
            max_poll_interval_ms=300_000,
            fetch_max_wait_ms=200,
            request_timeout_ms=15_000,
            metadata_max_age_ms=30_000,
        )
        kafka.subscribe(self._consumer.topics, listener=_Rebalance(self))
        self._partitions.clear()
        self._kafka = kafka
        try:
            await kafka.start()
            async with self._pool.acquire() as connection:
                await self._effects.check_window(connection)
            while not self._stopping.is_set():
                await self._position(kafka)
                self._bulk_lane(kafka)
                fetched = await kafka.getmany(timeout_ms=200, max_records=self._settings.batch)
                batch = await self._ours(kafka, fetched)
                if batch.records:
                    await self._handle(batch)
                self.problem = None
                await self._commit_to_kafka(kafka)
        finally:
            self._kafka = None
            # Until the next consumer runs, nobody sees what waits: say so before the old one is closed, which may take long.
            self.problem = self.problem or "stream: between two consumers"
            await _close(kafka)

    def _bulk_lane(self, kafka: AIOKafkaConsumer) -> None:
        """Pause the bulk topics while the live ones lag; resume them when they have caught up."""
        if self._consumer.bulk:
            assigned = kafka.assignment()
            ours = [(tp, state) for tp, state in self._partitions.items() if tp.topic not in self._consumer.bulk]
            live = max((lag.seconds(kafka, tp, state) for tp, state in ours), default=0.0)
            bulk = {tp for tp in assigned if tp.topic in self._consumer.bulk and tp not in self.stopped_partitions}
            paused = kafka.paused() & bulk
            if live > self._settings.bulk_waits_over_s and bulk - paused:
                kafka.pause(*(bulk - paused))
            elif live <= self._settings.bulk_waits_over_s and paused:
                kafka.resume(*paused)

    async def _position(self, kafka: AIOKafkaConsumer) -> None:
        """Seek every newly assigned partition to the position that Postgres holds."""
        if self.stopped_partitions and time.monotonic() - self._rechecked_at > 5:
            self._rechecked_at = time.monotonic()
            self.stopped_partitions.clear()
        assigned = kafka.assignment()
        for gone in self._partitions.keys() - assigned:
            del self._partitions[gone]
        new = sorted(assigned - self._partitions.keys() - self.stopped_partitions.keys())
        if not new:
            return
        starts, ends = await kafka.beginning_offsets(new), await kafka.end_offsets(new)
        async with self._pool.acquire() as connection, connection.transaction():
            positions = await ledger.positions(connection, {(tp.topic, tp.partition): starts[tp] for tp in new})
            for tp in new:
                if BY_NAME[tp.topic].perishable and positions[tp.topic, tp.partition] < starts[tp]:
                    await ledger.reset_position(connection, tp.topic, tp.partition, starts[tp], datetime.now(UTC))
                    positions[tp.topic, tp.partition] = starts[tp]
        for tp in new:
            position = positions[tp.topic, tp.partition]
            try:
                _check_position(self._service, tp, position, starts[tp], ends[tp])
                kafka.seek(tp, position)
                if tp in kafka.paused():
                    kafka.resume(tp)
                self._partitions[tp] = PartitionState(position)
                self._told.pop(tp, None)
            except StreamStopped as error:
                if self._told.get(tp) != error.kind:
                    self._told[tp] = error.kind
                    log.error("partition stopped: an operator must choose", extra={"kind": error.kind, "detail": error.detail})
                self.stopped_partitions[tp] = error
                kafka.pause(tp)
            except IllegalStateError:
                return  # reassigned meanwhile: the next round sees what we have

    async def _ours(self, kafka: AIOKafkaConsumer, fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> Batch:
        """The records at or after our positions, in (topic, partition, offset) order, decoded."""
        batch = Batch([], {}, {}, {})
        for tp in sorted(fetched):
            state = self._partitions.get(tp)
            if state is None:
                continue  # assigned while we fetched: not positioned yet
            records = fetched[tp]
            if records and records[0].offset < state.expected:
                # What is behind us is not offered again, unless the log was made anew: positioning again names the error.
                self._partitions.pop(tp, None)
                continue
            if not records:
                continue
            if records[0].offset > state.expected:
                start = (await kafka.beginning_offsets([tp]))[tp]
                if start > state.expected:
                    del self._partitions[tp]  # positioning again names the error
                    continue
            batch.expected[tp] = state.expected
            batch.records += records
        for record in batch.records:
            if self._not_ours and type_of(record) in self._not_ours:
                batch.passed_over.add(place_of(record))
                continue
            try:
                batch.decoded[place_of(record)] = decode(record)
            except InvalidEvent as error:
                batch.invalid[place_of(record)] = error
        return batch

    async def _handle(self, batch: Batch) -> None:
        began = time.monotonic()
        traceparents = (received.traceparent for received in batch.decoded.values())
        with telemetry.tracer().start_as_current_span(
            f"{self._service} batch",
            kind=SpanKind.CONSUMER,
            links=telemetry.links(traceparents),
            attributes={"messaging.system": "kafka", "messaging.batch.message_count": len(batch.records)},
        ):
            await self._wait_for_books(batch)
            try:
                await self._effects.apply(batch)
            except Lost:
                log.info("position moved by another instance: reading it again")
                for tp in batch.expected:
                    self._partitions.pop(tp, None)
        telemetry.METRICS.batch_seconds.observe(time.monotonic() - began)

    async def _wait_for_books(self, batch: Batch) -> None:
        self._missed = {brand: version for brand, version in self._missed.items() if not self._books.has({brand: version})}
        needed: dict[str, int] = {}
        for received in batch.decoded.values():
            event = received.event
            if event.book_version < self._missed.get(event.brand, math.inf):
                needed[event.brand] = max(needed.get(event.brand, 0), event.book_version)
        if self._missed:
            self._park_without_book(batch)
        deadline = time.monotonic() + self._settings.book_wait_s
        while not await self._books.wait_for(needed, 0.5):
            self.problem = "waiting for a newer brand book"
            if self._stopping.is_set():
                raise _Stopping
            if time.monotonic() > deadline:
                for received in batch.decoded.values():
                    brand, version = received.event.brand, received.event.book_version
                    if not self._books.has({brand: version}):
                        self._missed[brand] = min(version, self._missed.get(brand, version))
                self._park_without_book(batch)
                return

    def _park_without_book(self, batch: Batch) -> None:
        """One brand whose book does not come must not hold up all others: its events are parked, for a replay when the book is there. It is
        waited for once, not once for every batch."""
        for place, received in batch.decoded.items():
            brand, version = received.event.brand, received.event.book_version
            if version >= self._missed.get(brand, math.inf) and not self._books.has({brand: version}):
                reason = f"Decided under version {version} of a brand book that did not arrive within {self._settings.book_wait_s:.0f} s."
                batch.invalid[place] = UnknownEventType(f"{reason} Replay when `weerklank apply` has published it.")

    # --- dead letters ---------------------------------------------------------------------------------------------------------------

    async def _wait_for_operator(self) -> None:
        """Keep the reason where a restart finds it, and wait until an operator has cleared it."""
        if self.stopped and isinstance(self.stopped, TooManyDeadLetters):
            stored = False
            while not self._stopping.is_set():
                try:
                    async with self._pool.acquire() as connection:
                        if not stored:
                            await ledger.stop_window(connection, self.stopped.detail)
                            stored = True
                        elif not (await ledger.window(connection)).reason:
                            break
                except db.TRANSIENT as error:
                    log.warning("stopped, and Postgres does not answer", extra={"error": type(error).__name__})
                try:
                    await self._pause(1.0)
                except _Stopping:
                    return
        self.stopped = None

    async def replay(self, topic: str, key: str) -> int:
        """Handle the dead letter of a key and all that is parked behind it, in order, in one transaction; return how many.

        Raises `InvalidEvent` when one of them still fails: nothing changes then.
        """
        replayed = await self._effects.replay(topic, key)
        self._relay.poke()
        return replayed

    # --- small things ---------------------------------------------------------------------------------------------------------------

    def _report(self, problem: str | None) -> None:
        self.problem = problem

    def _committed(self, batch: Batch) -> None:
        for tp, last in batch.last.items():
            if (state := self._partitions.get(tp)) is not None:
                state.expected, state.handled_at = last.offset + 1, append_time(last)
        self.moved_at = time.monotonic()
        self._relay.poke()

    def _forget(self, partitions: Sequence[TopicPartition]) -> None:
        for tp in partitions:
            self._partitions.pop(tp, None)
            self.stopped_partitions.pop(tp, None)

    async def _commit_to_kafka(self, kafka: AIOKafkaConsumer) -> None:
        if time.monotonic() - self._committed_at < 5 or not self._partitions:
            return
        self._committed_at = time.monotonic()
        try:
            async with asyncio.timeout(5):
                await kafka.commit({tp: state.expected for tp, state in self._partitions.items()})
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            log.debug("offsets not committed to Kafka", extra={"error": type(error).__name__})

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise _Stopping


async def _close(kafka: AIOKafkaConsumer) -> None:
    """Close a consumer, within `CLOSE_WITHIN_S`. One that was frozen through a rebalance may wait for ever for its own coordinator; its successor
    joins under the same instance id, which shuts it out."""
    try:
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await kafka.stop()
    except TimeoutError:
        log.warning("a consumer did not close in time and is left behind")


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Forget the positions of what comes and goes: the loop reads them again from Postgres. Never raises (it would be swallowed)."""

    def __init__(self, stream: Stream[Any]) -> None:
        self._stream = stream

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._stream._forget(list(revoked))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._stream._forget(list(assigned))


def _check_position(service: str, tp: TopicPartition, position: int, start: int, end: int) -> None:
    where = f"{tp.topic} partition {tp.partition}"
    choose = f"`weerklank topics reset {service} {tp.topic} {tp.partition} --to start|end` chooses how to go on."
    if position < start:
        raise PositionBelowLogStart(
            f"{where}: the next event to handle is {position}, but the log starts at {start}: {start - position} events are gone. {choose}"
        )
    if position > end:
        raise PositionBeyondLogEnd(
            f"{where}: the next event to handle is {position}, but the log ends at {end}: it was truncated or made anew. {choose}"
        )
