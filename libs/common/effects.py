"""What a batch does, as one Postgres transaction: positions, states, outbox rows, dead letters and ledger, all of it or nothing.

Batches reach this module from `stream.py`, prepared or not; committed effects leave it. Passing faults are waited out here, invalid events set
aside, and a batch that fails for an unknown reason is halved until the event that causes it stands alone.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic

import asyncpg
from aiokafka.errors import KafkaError

from libs.common import collector, db, ledger, outbox, telemetry
from libs.common.batch import Batch, outcomes
from libs.common.books import BrandBooks
from libs.common.consumer import Consumer, W
from libs.common.errors import InvalidEvent, StreamStopped, TooManyDeadLetters, UnknownEventType
from libs.common.events import Event, MentionReceived, MentionTriaged
from libs.common.record import Place, Received, dead_letter, key_of, place_of, place_of_letter, revive

log = logging.getLogger(__name__)


_TOO_SLOW = (asyncpg.QueryCanceledError, TimeoutError)
_WAITS_BEFORE_HALVING = 4
"""A batch that keeps running into a time limit may be too much at once: half of it is tried, and nothing of it is given up."""


class Lost(Exception):
    """Another instance moved a position: the partition is its own now."""


class _Invalid(Exception):
    def __init__(self, found: dict[Place, InvalidEvent]) -> None:
        super().__init__()
        self.found = found


class Effects(Generic[W]):
    """Commits the batches of one consumer.

    `pause` waits, and raises when the stream is asked to stop meanwhile; `report` takes what keeps the batch waiting, none once it goes on;
    `committed` hears of every batch, or half of one, that is in the database.
    """

    def __init__(
        self,
        consumer: Consumer[W],
        *,
        service: str,
        pool: db.Pool,
        books: BrandBooks,
        attempts: int,
        dead_letter_ratio: float,
        dead_letter_window: int,
        pause: Callable[[float], Awaitable[None]],
        report: Callable[[str | None], None],
        committed: Callable[[Batch], None],
    ) -> None:
        self._consumer, self._service, self._pool, self._books = consumer, service, pool, books
        self._attempts, self._ratio, self._window = attempts, dead_letter_ratio, dead_letter_window
        self._pause, self._report, self._committed = pause, report, committed
        self._window_open = True

    async def apply(self, batch: Batch) -> None:
        """Commit the batch, whatever it takes: wait out passing faults, set invalid events aside, bisect to a poison event."""
        prepared: Any = None
        is_prepared = False
        attempts = waits = 0
        while True:
            try:
                if not is_prepared:
                    prepared = await self._prepare(batch)
                    is_prepared = True
                await self._transaction(batch, prepared)
                return self._report(None)
            except _Invalid as error:
                batch.invalid.update(error.found)
            except (StreamStopped, Lost):
                raise
            except Exception as error:
                telemetry.METRICS.batch_retries.labels(type(error).__name__).inc()
                if isinstance(error, (*db.TRANSIENT, KafkaError)) and not isinstance(error, ValueError):
                    waits += 1
                    self._report(f"stream: {type(error).__name__}")
                    log.warning("passing fault, the batch waits", extra={"error": type(error).__name__, "waits": waits})
                    if isinstance(error, _TOO_SLOW) and waits >= _WAITS_BEFORE_HALVING and len(batch.records) > 1:
                        return await self._apply_halves(batch)
                    await self._pause(min(5.0, 0.1 * 2 ** min(waits, 6)))
                    continue
                # asyncpg's InterfaceError that is also a ValueError is a value no column can hold: waiting mends nothing.
                attempts += 1
                log.exception("handling failed", extra={"records": len(batch.records), "attempt": attempts})
                if attempts < self._attempts:
                    await self._pause(0.1 * 2**attempts)
                elif len(batch.records) > 1:
                    return await self._apply_halves(batch)
                else:
                    place = place_of(batch.records[0])
                    if place in batch.invalid:
                        raise
                    batch.invalid[place] = InvalidEvent(f"{type(error).__name__}: {error}"[:500])

    async def _apply_halves(self, batch: Batch) -> None:
        await self.apply(batch.half(first=True))
        await self.apply(batch.half(first=False))

    async def _prepare(self, batch: Batch) -> Any:
        if self._consumer.prepare is None:
            return None
        wanted = [place for place in map(place_of, batch.records) if place in batch.decoded and place not in batch.invalid]
        return await self._consumer.prepare([batch.decoded[place] for place in wanted])

    async def _transaction(self, batch: Batch, prepared: Any) -> None:
        began = time.monotonic()
        with collector.rests():
            async with self._pool.acquire() as connection, connection.transaction():
                outcome, did = await self._effects(connection, batch, prepared)
        telemetry.METRICS.transaction_seconds.observe(time.monotonic() - began)
        self._committed(batch)
        for (topic, what), count in outcome.items():
            telemetry.METRICS.records.labels(topic, what).inc(count)
        _took(did, datetime.now(UTC))

    async def _effects(
        self, connection: db.Connection, batch: Batch, prepared: Any
    ) -> tuple[dict[tuple[str, str], int], list[Received[Event]]]:
        """How many records had which outcome, by topic, and the events that had an effect."""
        last = batch.last
        moves = [ledger.Move(tp.topic, tp.partition, expected, last[tp].offset + 1) for tp, expected in sorted(batch.expected.items())]
        some_aside = await ledger.move(connection, moves)
        if some_aside is None:
            raise Lost
        behind: dict[tuple[str, str], str] = {}
        if some_aside:
            behind = await ledger.keys_set_aside(connection, {(record.topic, key_of(record)) for record in batch.records})
        live: list[Received[Event]] = []
        aside: list[ledger.DeadLetter] = []
        for record in batch.records:
            place, key = place_of(record), (record.topic, key_of(record))
            if place in batch.passed_over:
                continue
            if key in behind:
                aside.append(dead_letter(record, batch.decoded.get(place), "parked", behind[key]))
            elif (error := batch.invalid.get(place)) is not None:
                standing = "parked" if isinstance(error, UnknownEventType) else "dead"
                aside.append(dead_letter(record, batch.decoded.get(place), standing, error.detail))
                behind[key] = f"behind offset {record.offset}"
            else:
                live.append(batch.decoded[place])
        work = await self._fold(connection, live, prepared)
        await self._consumer.save(connection, work)
        await outbox.add(connection, self._service, work.outgoing)
        new = await ledger.set_aside(connection, aside)
        work.repeated |= {place_of_letter(letter) for letter in aside} - {place_of_letter(letter) for letter in new}
        dead = sum(letter.standing == "dead" for letter in new)
        if dead or self._window_open:
            await self._move_window(connection, len(live) + dead, dead)
        counts = outcomes(batch, live, aside, work.repeated)
        await ledger.count(connection, counts)
        totals: dict[tuple[str, str], int] = {}
        for (topic, _, _), outcome in counts.items():
            for what, number in outcome.items():
                totals[topic, what] = totals.get((topic, what), 0) + number
        return totals, [received for received in live if received.place not in work.repeated]

    async def _fold(self, connection: db.Connection, live: Sequence[Received[Event]], prepared: Any) -> W:
        """Load the states and fold the events into them, in order. Raises `_Invalid` with all that turned out to be so."""
        work = await self._consumer.load(connection, live, prepared)
        found: dict[Place, InvalidEvent] = {}
        for received in live:
            if type(received.event) not in self._consumer.handlers:
                found[received.place] = UnknownEventType(f"No handler for {received.event.type} in this version.")
                continue
            handler = self._consumer.handlers[type(received.event)]
            if handler is None:  # set aside by a version for which it was
                work.repeat(received)
                continue
            try:
                handler(work, received)
            except InvalidEvent as error:
                found[received.place] = error
        if found:
            raise _Invalid(found)
        return work

    async def replay(self, topic: str, key: str) -> int:
        """Handle the dead letter of a key and all that is parked behind it, in order, in one transaction; return how many.

        Raises `InvalidEvent` when one of them still fails: nothing changes then.
        """
        async with self._pool.acquire() as connection:
            letters = await ledger.letters_of(connection, topic, key)
        if not letters:
            return 0
        received = [revive(letter) for letter in letters]
        for one in received:
            if not self._books.has({one.event.brand: one.event.book_version}):
                raise InvalidEvent(
                    f"Offset {one.offset} of {topic} was decided under version {one.event.book_version} of a brand book that is not here "
                    "yet. Publish it with `weerklank apply`, then replay."
                )
        prepared = await self._consumer.prepare(received) if self._consumer.prepare else None
        async with self._pool.acquire() as connection, connection.transaction():
            await ledger.lock_position(connection, topic, letters[0].partition)
            if [letter.offset for letter in await ledger.letters_of(connection, topic, key)] != [x.offset for x in letters]:
                raise InvalidEvent(f"More events of this key arrived in {topic} meanwhile. Replay again.")
            try:
                work = await self._fold(connection, received, prepared)
            except _Invalid as error:
                place, reason = next(iter(error.found.items()))
                raise InvalidEvent(f"Offset {place[2]} of {topic} still fails: {reason.detail}") from error
            await self._consumer.save(connection, work)
            await outbox.add(connection, self._service, work.outgoing)
            await ledger.take_back(connection, letters)
            await ledger.move_window(connection, 0, -sum(letter.standing == "dead" for letter in letters))
        return len(letters)

    # --- dead letters ---------------------------------------------------------------------------------------------------------------

    async def check_window(self, connection: db.Connection) -> None:
        """Raise `TooManyDeadLetters` while the service is stopped for that, by this instance or another."""
        window = await ledger.window(connection)
        self._window_open = window.dead > 0
        if window.reason:
            raise TooManyDeadLetters(window.reason)

    async def _move_window(self, connection: db.Connection, events: int, dead: int) -> None:
        """Count into the stored window; over the limit, roll this batch back and stop."""
        window = await ledger.move_window(connection, events, dead)
        self._window_open = window.dead > 0
        if window.events >= self._window and window.dead > self._ratio * window.events:
            reason = (
                f"{window.dead:.0f} of the last {window.events:.0f} events failed, more than {self._ratio:.0%}. "
                f"`weerklank dead list` shows them; after mending: `weerklank dead resume --service {self._service}`."
            )
            raise TooManyDeadLetters(reason)


def _took(did: Sequence[Received[Event]], now: datetime) -> None:
    """Measure how long events were on their way to this commit. The broker's clock and ours may differ: nothing took less than no time."""
    hops = {topic: telemetry.METRICS.hop_seconds.labels(topic) for topic in {received.topic for received in did}}
    for received in did:
        hops[received.topic].observe(max(0.0, (now - received.appended_at).total_seconds()))
        event = received.event
        mention = (
            event.mention if isinstance(event, MentionReceived) else event.triaged.mention if isinstance(event, MentionTriaged) else None
        )
        if mention is not None and not mention.historic:
            telemetry.METRICS.received_seconds.observe(max(0.0, (now - mention.received_at).total_seconds()))
