"""What a later look at mentions reads and writes: the queue of those it is due at, and what they are found by afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from libs.common import db
from libs.common.events import Mention, TriagedMention
from services.triage import suggestion_store

Identifiers = Sequence[tuple[str, str]]


async def ask(connection: db.Connection, found: Sequence[tuple[Mention, Identifiers]]) -> None:
    """A look is due at these mentions, in this order. Imported history is not looked at: nobody is asked about what is long over."""
    rows = [(mention, identifiers) for mention, identifiers in found if not mention.historic]
    if rows:
        await connection.execute(
            "insert into to_look (brand, mention_id, identifiers) select b, m, i::jsonb from unnest($1::text[], $2::uuid[], $3::text[]) "
            "with ordinality as u(b, m, i, n) order by n",
            [mention.brand for mention, _ in rows],
            [mention.id for mention, _ in rows],
            [orjson.dumps(identifiers).decode() for _, identifiers in rows],
        )


async def waiting(connection: db.Connection, brands: Sequence[str]) -> list[str]:
    """Those of the brands that have mentions which a look is due at."""
    rows = await connection.fetch(
        "select brand from unnest($1::text[]) as u(brand) where exists (select from to_look t where t.brand = u.brand)", brands
    )
    return [row["brand"] for row in rows]


async def backlog(connection: db.Connection, brand: str, limit: int) -> int:
    """How many mentions of a brand wait for a look, counted up to a limit."""
    query = "select count(*) from (select from to_look where brand = $1 limit $2) as some"
    count: int = await connection.fetchval(query, brand, limit)
    return count


async def alone(connection: db.Connection, brand: str) -> bool:
    """Take the right to look at a brand's mentions until the transaction ends; false where another instance has it."""
    held: bool = await connection.fetchval("select pg_try_advisory_xact_lock(hashtextextended('look ' || $1, 5))", brand)
    return held


@dataclass(frozen=True, slots=True)
class Due:
    mention_id: UUID
    identifiers: list[tuple[str, str]]


async def take(connection: db.Connection, brand: str, limit: int) -> list[Due]:
    """Take the longest waiting off the queue: they come back unless the transaction commits."""
    rows = await connection.fetch(
        "delete from to_look where brand = $1 and seq = any(array(select seq from to_look where brand = $1 order by seq limit $2)) "
        "returning seq, mention_id, identifiers",
        brand,
        limit,
    )
    return [
        Due(row["mention_id"], [(kind, value) for kind, value in row["identifiers"]]) for row in sorted(rows, key=lambda row: row["seq"])
    ]


@dataclass(frozen=True, slots=True)
class Looked:
    """What is kept of a mention that was looked at."""

    mention_id: UUID
    at: datetime
    identifiers: Identifiers
    meaning: str
    clues: Sequence[str]


async def keep(connection: db.Connection, brand: str, found: Sequence[Looked]) -> None:
    if not found:
        return
    await connection.execute(
        "insert into looked (brand, mention_id, at, identifiers, meaning) select $1, m, t, i::jsonb, v::halfvec "
        "from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[]) as u(m, t, i, v) on conflict do nothing",
        brand,
        [one.mention_id for one in found],
        [one.at for one in found],
        [orjson.dumps(one.identifiers).decode() for one in found],
        [one.meaning for one in found],
    )
    rows = sorted({(clue, one.at, one.mention_id) for one in found for clue in one.clues})
    if rows:
        await connection.execute(
            "insert into clue (brand, clue, at, mention_id) select $1, c, t, m from unnest($2::text[], $3::timestamptz[], $4::uuid[]) "
            "as u(c, t, m) on conflict do nothing",
            brand,
            *[[row[n] for row in rows] for n in range(3)],
        )


async def near(
    connection: db.Connection, brand: str, asked: Sequence[Looked], since: datetime, limit: int
) -> list[tuple[UUID, UUID, float]]:
    """(mention, another one, cosine): for each that is asked about the nearest by meaning, up to `limit`, none older than `since`.

    The index knows no brands: it is read on (`hnsw.iterative_scan`) until enough of this brand's are found, and not for ever.
    """
    if not asked:
        return []
    await connection.execute("set local hnsw.iterative_scan = relaxed_order")
    await connection.execute(f"set local hnsw.ef_search = {max(20, limit)}")
    await connection.execute("set local hnsw.max_scan_tuples = 2000")
    rows = await connection.fetch(
        "select q.id, c.mention_id, -(c.product) as cosine from unnest($2::uuid[], $3::text[]) as q(id, v) cross join lateral "
        "(select l.mention_id, l.meaning <#> q.v::halfvec as product from looked l where l.brand = $1 and l.at >= $4 "
        "order by l.meaning <#> q.v::halfvec limit $5) as c where c.mention_id <> q.id",
        brand,
        [one.mention_id for one in asked],
        [one.meaning for one in asked],
        since,
        limit + 1,
    )
    return [(row["id"], row["mention_id"], row["cosine"]) for row in rows]


async def sharing(
    connection: db.Connection, brand: str, asked: Sequence[Looked], since: datetime, limit: int
) -> list[tuple[UUID, UUID, str]]:
    """(mention, another one, clue): the newest that share a clue, up to `limit` for each clue, none older than `since`."""
    rows = [(one.mention_id, clue) for one in asked for clue in one.clues]
    if not rows:
        return []
    found = await connection.fetch(
        "select q.id, c.mention_id, q.clue from unnest($2::uuid[], $3::text[]) as q(id, clue) cross join lateral "
        "(select l.mention_id from clue l where l.brand = $1 and l.clue = q.clue and l.at >= $4 order by l.at desc limit $5) as c "
        "where c.mention_id <> q.id",
        brand,
        [row[0] for row in rows],
        [row[1] for row in rows],
        since,
        limit + 1,
    )
    return [(row["id"], row["mention_id"], row["clue"]) for row in found]


async def identifiers_of(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    rows = await connection.fetch(
        "select mention_id, identifiers from looked where brand = $1 and mention_id = any($2::uuid[])", brand, mention_ids
    )
    return {row["mention_id"]: [(kind, value) for kind, value in row["identifiers"]] for row in rows}


async def forget(connection: db.Connection, removed: Sequence[TriagedMention]) -> None:
    """Whatever was kept to find these mentions by: their authors took them back."""
    by_brand: dict[str, list[UUID]] = {}
    for triaged in removed:
        by_brand.setdefault(triaged.mention.brand, []).append(triaged.mention.id)
    for brand, ids in sorted(by_brand.items()):
        await connection.execute("delete from looked where brand = $1 and mention_id = any($2::uuid[])", brand, ids)
        await connection.execute("delete from clue where brand = $1 and mention_id = any($2::uuid[])", brand, ids)
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
