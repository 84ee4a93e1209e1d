"""What happens, for people's screens: what a transaction adds here reaches everybody who listens, once it has committed.

Whoever changes something calls `add` in the transaction that does. A row gets its place after that has committed, under a lock (`feed_take` in
the migration), so places become visible in their order: whoever has read up to a place has missed nothing before it, and a slow transaction keeps
nobody waiting but its own rows. Every instance gives places, reads what is new and hands it to its own listeners; NOTIFY wakes them.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from prometheus_client import Counter, Gauge

from libs.common import db

log = logging.getLogger(__name__)

KEPT = timedelta(hours=24)
"""Whoever was away for longer reads everything anew."""
PAGE = 1000
MOST_QUEUED = 1000
"""Rows that wait for one listener. Whoever reads more slowly is cut off, and goes on where they were when they come again."""
MOST_BEHIND = 20_000
"""Rows that a listener catches up with. Whoever is further behind reads everything anew, which is less."""
CHANNEL = "routing_feed"
_POLL_S = 2.0
_ANSWER_S = 10.0

LISTENERS = Gauge("weerklank_feed_listeners", "Clients of the stream of changes that are connected")
ENDED = Counter("weerklank_feed_ended", "Streams of changes that ended, by why", ["why"])


@dataclass(frozen=True, slots=True)
class Fed:
    """A thing that screens show. `subject` is its id and `data` what is sent beside that: no personal data, and small.

    `member`: only their screens; none: all of the brand. `case_id`: the case that it is about, which listeners may ask for by its `people` (owner and
    watchers) and `departments`. With `version`, the case's by this change, it also reaches those whom the version before belonged to.
    """

    brand: str
    kind: str
    subject: UUID | str
    data: Mapping[str, Any]
    member: str | None = None
    case_id: UUID | None = None
    people: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its place, and what a listener is sent of it."""

    place: int
    kind: str
    member: str | None
    case_id: UUID | None
    people: frozenset[str]
    departments: frozenset[str]
    sent: bytes


_BETWEEN = "\x1f"


async def add(connection: db.Connection, rows: Sequence[Fed]) -> None:
    """Show these once the caller's transaction has committed, those of one thing in the order in which their transactions held its lock."""
    if rows:
        await connection.execute(
            "insert into feed_new (brand, kind, member, case_id, people, departments, data) "
            "select u.b, u.k, u.m, u.c, string_to_array(u.p, $9) || array_remove(array[t.detail ->> 'owner'], null), "
            "string_to_array(u.d, $9) || array_remove(array[t.detail ->> 'department'], null), u.j "
            "from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::int[]) "
            "with ordinality as u(b, k, m, c, p, d, j, v, n) "
            "left join timeline t on t.brand = u.b and t.case_id = u.c and t.version = u.v - 1 order by u.n",
            [row.brand for row in rows],
            [row.kind for row in rows],
            [row.member for row in rows],
            [row.case_id for row in rows],
            [_BETWEEN.join(row.people) for row in rows],
            [_BETWEEN.join(row.departments) for row in rows],
            [orjson.dumps({"id": str(row.subject), **row.data}, default=str).decode() for row in rows],
            [row.version for row in rows],
            _BETWEEN,
        )
        await connection.execute(f"notify {CHANNEL}")


async def after(connection: db.Connection, brand: str, place: int, upto: int, limit: int) -> tuple[list[Row], bool]:
    """The rows of a brand after a place, up to another; and whether some of them are kept no longer."""
    rows = await connection.fetch(
        "select * from feed where brand = $1 and place > $2 and place <= $3 order by place limit $4", brand, place, upto, limit
    )
    purged: int = await connection.fetchval("select place from feed_purged")  # what was gone before we read is counted by now
    return [_row(row) for row in rows], place < purged


async def newest_place(connection: db.Connection) -> int:
    """The last place that was given."""
    found: int = await connection.fetchval("select greatest((select max(place) from feed), (select place from feed_purged))")
    return found


def _row(row: asyncpg.Record) -> Row:
    sent = b"id: %d\nevent: %s\ndata: %s\n\n" % (row["place"], row["kind"].encode(), row["data"].encode())
    return Row(row["place"], row["kind"], row["member"], row["case_id"], frozenset(row["people"]), frozenset(row["departments"]), sent)


async def purge(connection: db.Connection, limit: int = 5000) -> int:
    """Forget what is older than is kept, at most so many rows, and return how many they were."""
    async with connection.transaction():
        gone = await connection.fetchrow(
            "with oldest as (select place, at from feed order by place limit $2), gone as (delete from feed where place in "
            "(select place from oldest where at < moment() - $1::interval) returning place) select max(place) as upto, count(*) as n from gone",
            KEPT,
            limit,
        )
        assert gone is not None
        if gone["n"]:
            await connection.execute("update feed_purged set place = greatest(place, $1)", gone["upto"])
    found: int = gone["n"]
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listener asks for. Conditions on cases leave in what is about no case. `member` none: nothing that is for one person only."""

    member: str | None = None
    kinds: frozenset[str] = frozenset()
    case_id: UUID | None = None
    person: str | None = None
    department: str | None = None

    def fits(self, row: Row) -> bool:
        if row.member is not None:
            if row.member != self.member:
                return False
        elif row.case_id is not None:
            if self.case_id is not None and row.case_id != self.case_id:
                return False
            if self.person is not None and self.person not in row.people:
                return False
            if self.department is not None and self.department not in row.departments:
                return False
        return not self.kinds or row.kind in self.kinds


class Listener:
    """Somebody who is connected. What is for them waits in a queue with an end; `ended` says why there is no more."""

    def __init__(self, brand: str, wanted: Wanted) -> None:
        self.brand, self.wanted = brand, wanted
        self.rows: deque[Row] = deque()
        self.wake = asyncio.Event()
        self.ended: str | None = None

    def offer(self, row: Row) -> None:
        """Raises nothing: who is too slow is told so, and what was queued is still theirs."""
        if self.ended is None and self.wanted.fits(row):
            if len(self.rows) >= MOST_QUEUED:
                self.end("behind")
            else:
                self.rows.append(row)
                self.wake.set()

    def end(self, why: str) -> None:
        """No more after what is queued."""
        if self.ended is None:
            self.ended = why
            self.wake.set()


class Feed:
    """The feed as one instance has read it, and who listens here. `place` none: not read yet."""

    def __init__(self) -> None:
        self.place: int | None = None
        self._listeners: dict[str, set[Listener]] = {}

    def listen(self, listener: Listener) -> int:
        """Hand it what comes from now on, and return the place after which that begins."""
        assert self.place is not None
        self._listeners.setdefault(listener.brand, set()).add(listener)
        LISTENERS.inc()
        return self.place

    def leave(self, listener: Listener) -> None:
        """Hand it nothing any more."""
        here = self._listeners.get(listener.brand, set())
        if listener in here:
            here.remove(listener)
            LISTENERS.dec()
            ENDED.labels(listener.ended or "left").inc()
        if not here:
            self._listeners.pop(listener.brand, None)

    async def run(self, url: str, schema: str = "routing") -> None:
        """Until cancelled. A passing fault of Postgres is waited out: listeners stay, and miss nothing."""
        wait = 0.1
        while True:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    connection = await db.connect(url, schema)
                try:
                    await self._begin(connection)
                    wait = 0.1
                    await self._follow(connection)
                finally:
                    connection.terminate()
            except db.TRANSIENT as error:
                log.warning("the stream of changes waits", extra={"error": type(error).__name__})
                await asyncio.sleep(wait)
                wait = min(2 * wait, 5.0)

    async def _begin(self, connection: db.Connection) -> None:
        async with asyncio.timeout(_ANSWER_S):
            newest = await newest_place(connection)
        if self.place is not None and newest < self.place:  # a database that was put back to an earlier state
            for listener in [listener for here in self._listeners.values() for listener in here]:
                listener.end("reset")
        if self.place is None or newest < self.place:
            self.place = newest

    async def _follow(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        wake = asyncio.Event()
        await connection.add_listener(CHANNEL, lambda *_: wake.set())
        while True:
            wake.clear()
            if await self._read(connection) == PAGE:
                continue
            try:
                await asyncio.wait_for(wake.wait(), _POLL_S)
            except TimeoutError:
                if connection.is_closed():
                    raise

    async def _read(self, connection: db.Connection) -> int:
        async with asyncio.timeout(_ANSWER_S):
            rows = await connection.fetch("select * from feed_take($1, $2)", self.place, PAGE)
        for row in rows:
            self.place = row["place"]
            if here := self._listeners.get(row["brand"]):
                found = _row(row)
                for listener in here:
                    listener.offer(found)
        return len(rows)


async def purging(pool: db.Pool) -> None:
    """Every five minutes, until cancelled."""
    while True:
        try:
            more = PAGE
            while more:
                async with pool.acquire() as connection:
                    more = await purge(connection)
        except db.TRANSIENT as error:
            log.warning("the feed is not purged now", extra={"error": type(error).__name__})
        await asyncio.sleep(300)
