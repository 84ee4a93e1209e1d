"""Bookkeeping: positions, what became of every record, and the events that were set aside.

For each topic and partition, minute by minute: accepted = effects + repeated + dead + parked + gap + in flight. `unaccounted` is what breaks
that sum, and is 0. The same rows judge every fault test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from libs.common import db
from libs.common.errors import NotFound

OUTCOMES = ("effects", "repeated", "dead", "parked", "gap")
MINUTES_KEPT = timedelta(days=2)
"""How long the ledger keeps every minute apart; before that it keeps days."""


@dataclass(frozen=True, slots=True)
class Move:
    """A position about to go from `expected` to `next`."""

    topic: str
    partition: int
    expected: int
    next: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    topic: str
    partition: int
    offset: int
    brand: str | None
    key: str
    event_id: str | None
    event_type: str | None
    standing: str
    reason: str
    traceparent: str | None
    headers: Mapping[str, str]
    value: bytes | None
    appended_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    events: float
    dead: float
    reason: str | None


async def positions(connection: db.Connection, starts: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    """The next offset of each (topic, partition); one that is new begins at its log's start, given in `starts`."""
    topics, numbers = [topic for topic, _ in starts], [number for _, number in starts]
    await connection.execute(
        "insert into position (topic, partition, first_offset, next_offset) "
        "select t, p, o, o from unnest($1::text[], $2::int[], $3::bigint[]) as u(t, p, o) on conflict do nothing",
        topics,
        numbers,
        list(starts.values()),
    )
    rows = await connection.fetch(
        "select topic, partition, next_offset from position join unnest($1::text[], $2::int[]) as u(topic, partition) using (topic, partition)",
        topics,
        numbers,
    )
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def next_offsets(connection: db.Connection) -> dict[tuple[str, int], int]:
    """All positions of this service."""
    rows = await connection.fetch("select topic, partition, next_offset from position")
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def move(connection: db.Connection, moves: Sequence[Move]) -> bool | None:
    """Compare-and-set all positions, locked in (topic, partition) order.

    None when one of them was not where we expected it; else whether any event of this service is set aside, so that most batches need not ask
    for their keys.
    """
    row = await connection.fetchrow(
        "with wanted as (select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as u(topic, partition, expected, next)), "
        "locked as (select p.topic, p.partition, p.next_offset from position p join wanted using (topic, partition) "
        "           order by p.topic, p.partition for update of p), "
        "moved as (update position p set next_offset = w.next, moved_at = now() from wanted w join locked l using (topic, partition) "
        "          where p.topic = w.topic and p.partition = w.partition and p.next_offset = w.expected returning 1) "
        "select (select count(*) from moved) as moved, exists (select from dead_letter) as aside",
        [item.topic for item in moves],
        [item.partition for item in moves],
        [item.expected for item in moves],
        [item.next for item in moves],
    )
    assert row is not None
    return bool(row["aside"]) if row["moved"] == len(moves) else None


async def lock_position(connection: db.Connection, topic: str, partition: int) -> None:
    """Hold a partition's position, so that the stream cannot move past it until this transaction ends."""
    await connection.execute("select 1 from position where topic = $1 and partition = $2 for update", topic, partition)


async def reset_position(connection: db.Connection, topic: str, partition: int, to: int, minute: datetime) -> int:
    """An operator's choice: go on at offset `to`. What that skips (or reads again: negative) stands in the ledger as a gap. Call it in a
    transaction: the position is locked until its end."""
    old = await connection.fetchval("select next_offset from position where topic = $1 and partition = $2 for update", topic, partition)
    if old is None:
        raise NotFound(f"{topic} partition {partition} has no position here. `weerklank status` lists the topics of each service.")
    await connection.execute(
        "update position set next_offset = $3, moved_at = now() where topic = $1 and partition = $2",
        topic,
        partition,
        to,
    )
    await count(connection, {(topic, partition, minute.replace(second=0, microsecond=0)): {"gap": to - old}})
    return int(to - old)


async def count(connection: db.Connection, counts: Mapping[tuple[str, int, datetime], Mapping[str, int]]) -> None:
    """Add to the ledger, by topic, partition and minute."""
    rows = sorted(counts.items())
    await connection.execute(
        "insert into ledger (topic, partition, minute, effects, repeated, dead, parked, gap) "
        "select * from unnest($1::text[], $2::int[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) "
        "on conflict (topic, partition, minute) do update set effects = ledger.effects + excluded.effects, "
        "repeated = ledger.repeated + excluded.repeated, dead = ledger.dead + excluded.dead, "
        "parked = ledger.parked + excluded.parked, gap = ledger.gap + excluded.gap",
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [key[2] for key, _ in rows],
        *[[outcome.get(name, 0) for _, outcome in rows] for name in OUTCOMES],
    )


async def keys_set_aside(connection: db.Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Those of the (topic, key) that have an event set aside, each with the reason why what follows must wait."""
    wanted = list(keys)
    rows = await connection.fetch(
        'select topic, key, min("offset") as first from dead_letter '
        "join unnest($1::text[], $2::text[]) as u(topic, key) using (topic, key) group by topic, key",
        [topic for topic, _ in wanted],
        [key for _, key in wanted],
    )
    return {(row["topic"], row["key"]): f"behind offset {row['first']}" for row in rows}


async def set_aside(connection: db.Connection, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Set letters aside, and return those that were not already: after an operator's reset the log is read again."""
    new = []
    for x in letters:
        values = [dict(x.headers) if name == "headers" else getattr(x, name) for name in DeadLetter.__slots__]
        inserted = await connection.fetchval(
            'insert into dead_letter (topic, partition, "offset", brand, key, event_id, event_type, standing, reason, traceparent, headers, '
            "value, appended_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning true",
            *values,
        )
        new += [x] if inserted else []
    return new


async def letters_of(connection: db.Connection, topic: str, key: str) -> list[DeadLetter]:
    """All that is set aside for a key, in the order of the log; what a log held before it was made anew comes first."""
    rows = await connection.fetch('select * from dead_letter where topic = $1 and key = $2 order by appended_at, "offset"', topic, key)
    return [DeadLetter(**{name: row[name] for name in DeadLetter.__slots__}) for row in rows]


async def take_back(connection: db.Connection, letters: Sequence[DeadLetter], *, handled: bool = True) -> None:
    """The letters were handled after all: out of the table, and effects in the ledger of their own minute. Not `handled`: an operator gave
    them up, and they are gaps."""
    await connection.executemany(
        'delete from dead_letter where topic = $1 and partition = $2 and "offset" = $3 and appended_at = $4',
        [(letter.topic, letter.partition, letter.offset, letter.appended_at) for letter in letters],
    )
    for letter in letters:
        minute = letter.appended_at.replace(second=0, microsecond=0)
        await count(connection, {(letter.topic, letter.partition, minute): {"effects" if handled else "gap": 1, letter.standing: -1}})


async def window(connection: db.Connection) -> Window:
    row = await connection.fetchrow("select events, dead, reason from dead_letter_window")
    assert row is not None
    return Window(row["events"], row["dead"], row["reason"])


async def move_window(connection: db.Connection, events: int, dead: int) -> Window:
    """Add to the window. Beyond 1,000 events old ones fade (both halve); without dead letters it closes and starts anew at the next."""
    row = await connection.fetchrow(
        "update dead_letter_window set "
        "dead = case when dead + $2 < 0.5 then 0 when events + $1 > 1000 then (dead + $2) / 2 else dead + $2 end, "
        "events = case when dead + $2 < 0.5 then 0 when events + $1 > 1000 then (events + $1) / 2 else events + $1 end "
        "returning events, dead, reason",
        float(events),
        float(dead),
    )
    assert row is not None
    return Window(row["events"], row["dead"], row["reason"])


async def stop_window(connection: db.Connection, reason: str) -> None:
    await connection.execute("update dead_letter_window set stopped_at = now(), reason = $1", reason)


async def resume(connection: db.Connection) -> None:
    """An operator has mended the cause: the window starts anew."""
    await connection.execute("update dead_letter_window set events = 0, dead = 0, stopped_at = null, reason = null")


async def summary(connection: db.Connection) -> dict[str, int]:
    """The ledger's totals, what waits in the outbox and what is set aside, for status pages and metrics.

    `unaccounted`: records that the positions have passed without an outcome in the ledger. Anything but 0 is a bug.
    """
    row = await connection.fetchrow(
        "select coalesce(sum(effects), 0)::bigint as effects, coalesce(sum(repeated), 0)::bigint as repeated, "
        "coalesce(sum(dead), 0)::bigint as dead, coalesce(sum(parked), 0)::bigint as parked, coalesce(sum(gap), 0)::bigint as gap, "
        # By its key: the table itself may be full of rows that are gone already.
        "(select count(*) from outbox where id >= (select id from outbox order by id limit 1)) as outbox, "
        "(select coalesce(sum(next_offset - first_offset), 0)::bigint from position) as passed from ledger"
    )
    assert row is not None
    found = {name: row[name] for name in (*OUTCOMES, "outbox")}
    return found | {"unaccounted": row["passed"] - sum(row[name] for name in OUTCOMES)}


async def fold(connection: db.Connection, before: datetime) -> bool:
    """Make one row of the minutes of the oldest day before that moment, so that neither the ledger nor what sums it grows with the minutes of all
    years. A day at a time, so that a long arrear is many short transactions. Whether there may be more."""
    day = await connection.fetchval(
        "select date_trunc('day', least((select min(minute) from ledger where minute < $1 and minute <> date_trunc('day', minute)), "
        "(select min(minute) from emitted where minute < $1 and minute <> date_trunc('day', minute))))",
        before,
    )
    if day is None:
        return False
    before = min(before, day + timedelta(days=1))
    await connection.execute(
        "with gone as (delete from ledger where minute < $1 and minute <> date_trunc('day', minute) returning *) "
        "insert into ledger (topic, partition, minute, effects, repeated, dead, parked, gap) "
        "select topic, partition, date_trunc('day', minute), sum(effects), sum(repeated), sum(dead), sum(parked), sum(gap) "
        "from gone group by 1, 2, 3 "
        "on conflict (topic, partition, minute) do update set effects = ledger.effects + excluded.effects, "
        "repeated = ledger.repeated + excluded.repeated, dead = ledger.dead + excluded.dead, "
        "parked = ledger.parked + excluded.parked, gap = ledger.gap + excluded.gap",
        before,
    )
    await connection.execute(
        "with gone as (delete from emitted where minute < $1 and minute <> date_trunc('day', minute) returning *) "
        "insert into emitted (topic, minute, count) select topic, date_trunc('day', minute), sum(count) from gone group by 1, 2 "
        "on conflict (topic, minute) do update set count = emitted.count + excluded.count",
        before,
    )
    return True


async def minutes(connection: db.Connection, topic: str, before: datetime | None, limit: int) -> list[dict[str, Any]]:
    """What became of the records of a topic, newest minute first, from before a moment on: all partitions together. Of days that were folded, a row
    for the day."""
    rows = await connection.fetch(
        "select minute, sum(effects)::bigint as effects, sum(repeated)::bigint as repeated, sum(dead)::bigint as dead, "
        "sum(parked)::bigint as parked, sum(gap)::bigint as gap from ledger where topic = $1 and ($2::timestamptz is null or minute < $2) "
        "group by minute order by minute desc limit $3",
        topic,
        before,
        limit,
    )
    return [dict(row) for row in rows]
