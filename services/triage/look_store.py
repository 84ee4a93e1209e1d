"""What a later look at mentions reads and writes: the queue of those it is due at, and what they are found by afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import orjson

from libs.common import db
from libs.common.events import Mention, TriagedMention
from libs.common.wordvectors import Floats
from services.triage import suggestion_store, topic_store
from services.triage.meaning import DIMENSIONS
from services.triage.names import Name
from services.triage.shown import Seen

NEWEST = 2_000
"""So many mentions of a brand are compared one by one where that is sooner done than by the index."""
SPREAD = 0.05


async def ask(connection: db.Connection, found: Sequence[Mention]) -> None:
    """A look is due at these mentions, in this order. Imported history is not looked at: nobody is asked about what is long over."""
    rows = [mention for mention in found if not mention.historic]
    if rows:
        await connection.execute(
            "insert into to_look (brand, mention_id) select b, m from unnest($1::text[], $2::uuid[]) with ordinality as u(b, m, n) order by n",
            [mention.brand for mention in rows],
            [mention.id for mention in rows],
        )


async def waiting(connection: db.Connection, brands: Sequence[str]) -> list[str]:
    """Those of the brands that have mentions which a look is due at."""
    rows = await connection.fetch(
        "select brand from unnest($1::text[]) as u(brand) where exists (select from to_look t where t.brand = u.brand)", brands
    )
    return [row["brand"] for row in rows]


async def backlog(connection: db.Connection, brand: str, limit: int) -> int:
    """How many mentions of a brand wait for a look, counted up to a limit."""
    query = "select count(*) from (select from to_look where brand = $1 limit $2) as counted"
    count: int = await connection.fetchval(query, brand, limit)
    return count


async def waiting_counts(connection: db.Connection) -> list[tuple[str, int]]:
    """Mentions that a look is due at, by brand."""
    rows = await connection.fetch("select brand, count(*) as number from to_look group by brand")
    return [(row["brand"], row["number"]) for row in rows]


async def alone(connection: db.Connection, brand: str) -> bool:
    """Take the right to look at a brand's mentions until the transaction ends; false where another instance has it."""
    held: bool = await connection.fetchval("select pg_try_advisory_xact_lock(hashtextextended('look ' || $1, 5))", brand)
    return held


async def take(connection: db.Connection, brand: str, limit: int) -> list[UUID]:
    """Take the longest waiting off the queue: they come back unless the transaction commits."""
    rows = await connection.fetch(
        "delete from to_look where brand = $1 and seq = any(array(select seq from to_look where brand = $1 order by seq limit $2)) "
        "returning seq, mention_id",
        brand,
        limit,
    )
    return [row["mention_id"] for row in sorted(rows, key=lambda row: row["seq"])]


@dataclass(frozen=True, slots=True)
class Looked:
    """What is kept of a mention that was looked at. `meaning`: shape (64,), what is searched."""

    mention_id: UUID
    seen: Seen
    meaning: Floats
    clues: Sequence[str]


def _flat(found: Sequence[Looked]) -> list[float]:
    """The numbers of all of them behind one another: far less to read than as text."""
    flat: list[float] = np.concatenate([one.meaning for one in found]).tolist()
    return flat


def _row_of(flat: str) -> str:
    """SQL for the vector at `place`, from 1 on, of an array that `_flat` made."""
    return f"(({flat}::real[])[(place - 1) * {DIMENSIONS} + 1 : place * {DIMENSIONS}])::halfvec"


async def keep(connection: db.Connection, brand: str, found: Sequence[Looked]) -> None:
    """Whoever is looked at later finds these."""
    if not found:
        return
    shown = [one.seen.as_json() for one in found]
    await connection.execute(
        f"insert into looked (brand, mention_id, at, seen, static, meaning, name) select $1, m, t, s::jsonb, b, {_row_of('$6')}, n::jsonb "
        "from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::bytea[], $7::text[]) with ordinality as u(m, t, s, b, n, place) "
        "on conflict do nothing",
        brand,
        [one.mention_id for one in found],
        [one.seen.at for one in found],
        [orjson.dumps(one).decode() for one in shown],
        [None if one.seen.meaning is None else one.seen.meaning.astype(np.float16).tobytes() for one in found],
        _flat(found),
        [orjson.dumps(one["name"]).decode() for one in shown],
    )
    rows = sorted({(clue, one.seen.at, one.mention_id) for one in found for clue in one.clues})
    if rows:
        await connection.execute(
            "insert into clue (brand, clue, at, mention_id) select $1, c, t, m from unnest($2::text[], $3::timestamptz[], $4::uuid[]) "
            "as u(c, t, m) on conflict do nothing",
            brand,
            *[[row[n] for row in rows] for n in range(3)],
        )


async def seen(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> dict[UUID, Seen]:
    """What was kept of these, where it still is."""
    if not mention_ids:
        return {}
    rows = await connection.fetch(
        "select mention_id, seen, static from looked where brand = $1 and mention_id = any($2::uuid[])", brand, mention_ids
    )
    return {
        row["mention_id"]: Seen.from_json(
            row["seen"], None if row["static"] is None else np.frombuffer(row["static"], np.float16).astype(np.float32)
        )
        for row in rows
    }


async def names(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> dict[UUID, Name]:
    """How the authors of these are called, where that was kept apart. A tenth of what `seen` takes."""
    if not mention_ids:
        return {}
    rows = await connection.fetch(
        "select mention_id, name from looked where brand = $1 and mention_id = any($2::uuid[]) and name is not null", brand, mention_ids
    )
    return {row["mention_id"]: Name.from_json(row["name"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a mention stands at this moment."""

    group_id: UUID
    customer_id: UUID
    moment: datetime
    removed: bool


def _standing(rows: Sequence[asyncpg.Record]) -> dict[UUID, Standing]:
    return {row["id"]: Standing(row["group_id"], row["customer_id"], row["moment"], row["removed"]) for row in rows}


async def standing(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    rows = await connection.fetch(
        "select id, group_id, customer_id, moment, removed from mention where brand = $1 and id = any($2::uuid[])", brand, mention_ids
    )
    return _standing(rows)


async def standing_beside(
    connection: db.Connection, brand: str, mention_ids: Sequence[UUID], group_ids: Sequence[UUID]
) -> dict[UUID, Standing]:
    """Those of these mentions that are in one of these groups."""
    rows = await connection.fetch(
        "select id, group_id, customer_id, moment, removed from mention where brand = $1 and group_id = any($3::uuid[]) and id = any($2::uuid[])",
        brand,
        mention_ids,
        group_ids,
    )
    return _standing(rows)


async def own(connection: db.Connection, brand: str, mention_ids: Sequence[UUID], limit: int) -> list[tuple[UUID, UUID]]:
    """(mention, an earlier one of the same customer): the newest of each other group of theirs, up to `limit`."""
    rows = await connection.fetch(
        "select m.id, e.id as earlier from mention m cross join lateral (select id from mention o where o.brand = $1 "
        "and o.customer_id = m.customer_id and o.moment <= m.moment and o.group_id <> m.group_id and not o.removed "
        "order by o.moment desc limit $3) as e where m.brand = $1 and m.id = any($2::uuid[])",
        brand,
        mention_ids,
        limit,
    )
    return [(row["id"], row["earlier"]) for row in rows]


async def spread(connection: db.Connection, brand: str) -> bool:
    """Whether a brand has enough of all that was looked at for the index on meaning to find its mentions soon: it knows no brands, and of one with a
    hundredth of the rows it must read a hundred for each."""
    found: bool = await connection.fetchval(
        "with most as (select greatest($2, reltuples * $3)::bigint as rows from pg_class where oid = 'looked'::regclass) "
        "select count(*) = (select rows from most) from (select from looked where brand = $1 limit (select rows from most)) as counted",
        brand,
        NEWEST,
        SPREAD,
    )
    return found


async def near(connection: db.Connection, brand: str, asked: Sequence[Looked], since: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(mention, another one): for each that is asked about the nearest by meaning, up to `limit`, none older than `since`.

    The index is read on until enough of this brand's are found (`hnsw.iterative_scan`), and not for ever.
    """
    await connection.execute(
        f"set local hnsw.iterative_scan = relaxed_order; set local hnsw.ef_search = {max(20, limit)}; set local hnsw.max_scan_tuples = 2000"
    )
    rows = await connection.fetch(
        f"with q as materialized (select id, {_row_of('$3')} as v from unnest($2::uuid[]) with ordinality as u(id, place)) "
        "select q.id, c.mention_id from q cross join lateral (select l.mention_id from looked l "
        "where l.brand = $1 and l.at >= $4 order by l.meaning <#> q.v limit $5) as c where c.mention_id <> q.id",
        brand,
        [one.mention_id for one in asked],
        _flat(asked),
        since,
        limit + 1,
    )
    return [(row["id"], row["mention_id"]) for row in rows]


async def newest(connection: db.Connection, brand: str, since: datetime) -> tuple[list[UUID], Floats]:
    """A brand's newest mentions, at most NEWEST and none older than `since`, and their meanings: shape (n, 512)."""
    rows = await connection.fetch(
        "select mention_id, static from looked where brand = $1 and at >= $2 and static is not null order by at desc limit $3",
        brand,
        since,
        NEWEST,
    )
    meanings = np.frombuffer(b"".join(row["static"] for row in rows), np.float16).reshape(len(rows), -1)
    return [row["mention_id"] for row in rows], meanings.astype(np.float32)


async def recent(connection: db.Connection, brand: str, since: datetime, limit: int) -> list[UUID]:
    """The newest that were looked at, none older than `since`, in the order of time."""
    rows = await connection.fetch(
        "select mention_id from looked where brand = $1 and at >= $2 order by at desc, mention_id desc limit $3", brand, since, limit
    )
    return [row["mention_id"] for row in reversed(rows)]


async def sample(connection: db.Connection, brand: str, since: datetime, a_day: int) -> list[Seen]:
    """What some mentions of each day since then showed."""
    rows = await connection.fetch(
        "select s.seen from generate_series($2::timestamptz, now(), interval '1 day') as day cross join lateral "
        "(select seen from looked where brand = $1 and at >= day and at < day + interval '1 day' order by at limit $3) as s",
        brand,
        since,
        a_day,
    )
    return [Seen.from_json(row["seen"]) for row in rows]


async def many(connection: db.Connection, brand: str, since: datetime) -> int:
    """How many were looked at that came in since then."""
    number: int = await connection.fetchval("select count(*) from looked where brand = $1 and at >= $2", brand, since)
    return number


async def sharing(
    connection: db.Connection, brand: str, asked: Sequence[Looked], since: datetime, limit: int
) -> list[tuple[UUID, UUID, str]]:
    """(mention, another one, clue): the newest that share a clue, up to `limit` for each clue, none older than `since`."""
    clues = sorted({clue for one in asked for clue in one.clues})  # each is looked up once, whoever shows it
    if not clues:
        return []
    rows = await connection.fetch(
        "select q.place, c.mention_id from unnest($2::text[]) with ordinality as q(clue, place) cross join lateral "
        "(select l.mention_id from clue l where l.brand = $1 and l.clue = q.clue and l.at >= $3 order by l.at desc limit $4) as c",
        brand,
        clues,
        since,
        limit + 1,
    )
    showing: dict[str, list[UUID]] = {}
    for place, mention_id in rows:
        showing.setdefault(clues[place - 1], []).append(mention_id)
    return [
        (one.mention_id, other, clue) for one in asked for clue in one.clues for other in showing.get(clue, ()) if other != one.mention_id
    ]


async def forget(connection: db.Connection, removed: Sequence[TriagedMention]) -> None:
    """Whatever was kept to find these mentions by: their authors took them back."""
    by_brand: dict[str, list[UUID]] = {}
    for triaged in removed:
        by_brand.setdefault(triaged.mention.brand, []).append(triaged.mention.id)
    for brand, ids in sorted(by_brand.items()):
        await connection.execute("delete from looked where brand = $1 and mention_id = any($2::uuid[])", brand, ids)
        await connection.execute("delete from clue where brand = $1 and mention_id = any($2::uuid[])", brand, ids)
        await topic_store.leave(connection, brand, ids)
        await suggestion_store.withdraw(connection, brand, ids)


async def forget_old(connection: db.Connection, brand: str, before: datetime, limit: int) -> int:
    """Remove at most `limit` that no look finds any more, they are from before that; return how many."""
    gone: list[Any] = await connection.fetch(
        "delete from looked where brand = $1 and mention_id = any(array(select mention_id from looked where brand = $1 and at < $2 "
        "order by at limit $3)) returning mention_id",
        brand,
        before,
        limit,
    )
    await connection.execute(
        "delete from clue where brand = $1 and mention_id = any($2::uuid[])", brand, [row["mention_id"] for row in gone]
    )
    return len(gone)
