"""Who is whom: customers that a person said to be one, and how that is taken back.

A mention keeps the customer under whom it came in (`known_as`, where it is another's by now), so where it goes follows from the merges that hold;
nothing is lost by one, and taking it back restores what was. What comes in later stays with whoever it came in for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg

from libs.common import db
from libs.common.events import Identity
from services.triage import customer, group, store


async def keep_still(connection: db.Connection, brands: Collection[str]) -> None:
    """Nobody merges customers of these brands until this transaction ends: whom a mention is of is read once and written later."""
    if brands:
        await connection.execute(
            "select pg_advisory_xact_lock_shared(hashtextextended('customers ' || b, 4)) from (select unnest($1::text[]) as b order by 1) as u",
            list(brands),
        )


async def hold(connection: db.Connection, brand: str) -> None:
    """No mention of the brand comes in until this transaction ends: who is whom may change."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('customers ' || $1, 4))", brand)


@dataclass(frozen=True, slots=True)
class Merge:
    """A person said that `loser` is `winner`; `undone_at`: and it was taken back."""

    id: UUID
    winner: UUID
    loser: UUID
    identities: list[Identity]
    reason: str
    merged_by: str
    merged_at: datetime
    undone_by: str | None
    undone_at: datetime | None


def _merge(row: asyncpg.Record) -> Merge:
    names = ("id", "winner", "loser", "reason", "merged_by", "merged_at", "undone_by", "undone_at")
    return Merge(identities=[Identity(**item) for item in row["identities"]], **{name: row[name] for name in names})


async def exists(connection: db.Connection, brand: str, customer_id: UUID) -> bool:
    found: bool = await connection.fetchval(
        "select exists (select from identity where brand = $1 and customer_id = $2) "
        "or exists (select from mention where brand = $1 and customer_id = $2) or exists (select from mention where brand = $1 and known_as = $2)",
        brand,
        customer_id,
    )
    return found


async def version(connection: db.Connection, brand: str, customer_id: UUID) -> int:
    """1 for a customer whom nobody merged."""
    query = "select version from customer_version where brand = $1 and customer_id = $2"
    return await connection.fetchval(query, brand, customer_id) or 1


async def holding(connection: db.Connection, brand: str) -> dict[UUID, UUID]:
    """Loser → winner of the merges that hold: as many as people made by hand."""
    rows = await connection.fetch("select loser, winner from customer_merge where brand = $1 and undone_at is null", brand)
    return {row["loser"]: row["winner"] for row in rows}


async def merges_into(connection: db.Connection, brand: str, customer_id: UUID, limit: int = 100) -> list[Merge]:
    """What a customer was merged with, those that were taken back too, the newest first."""
    rows = await connection.fetch(
        "select * from customer_merge where brand = $1 and winner = $2 order by merged_at desc, id limit $3", brand, customer_id, limit
    )
    return [_merge(row) for row in rows]


async def merge(connection: db.Connection, brand: str, winner: UUID, loser: UUID, reason: str, by: str) -> None:
    """`loser` is `winner` from here on: identities move now, what was said before follows (`retell.py`). The caller holds the brand's customers."""
    rows = await connection.fetch(
        "update identity set customer_id = $3 where brand = $1 and customer_id = $2 returning kind, channel, value", brand, loser, winner
    )
    moved = [Identity(kind=row["kind"], value=row["value"], channel=row["channel"] or None) for row in rows]
    await connection.execute(
        "insert into customer_merge (id, brand, winner, loser, identities, reason, merged_by, merged_at) values ($1, $2, $3, $4, $5, $6, $7, now())",
        uuid4(),
        brand,
        winner,
        loser,
        [item.model_dump() for item in moved],
        reason,
        by,
    )
    await _settle(connection, brand, loser, winner, moved, by)


async def unmerge(connection: db.Connection, brand: str, winner: UUID, loser: UUID, by: str) -> bool:
    """Take a merge back: the identities that moved by it are the loser's again, and so are the mentions that came in as theirs. What came in
    meanwhile stays. False where no such merge holds. The caller holds the brand's customers."""
    row = await connection.fetchrow(
        "update customer_merge set undone_by = $4, undone_at = now() where brand = $1 and winner = $2 and loser = $3 and undone_at is null "
        "returning *",
        brand,
        winner,
        loser,
        by,
    )
    if row is None:
        return False
    moved = _merge(row).identities
    now = customer.known_as(await holding(connection, brand), winner)
    await connection.execute(
        "update identity i set customer_id = $3 from unnest($4::text[], $5::text[], $6::text[]) as u(kind, channel, value) "
        "where i.brand = $1 and i.customer_id = $2 and i.kind = u.kind and i.channel = u.channel and i.value = u.value",
        brand,
        now,
        loser,
        [item.kind for item in moved],
        [item.channel or "" for item in moved],
        [item.value for item in moved],
    )
    await _settle(connection, brand, now, loser, moved, by)
    return True


async def _settle(connection: db.Connection, brand: str, before: UUID, now: UUID, moved: Sequence[Identity], by: str) -> None:
    """What follows from people becoming somebody else: versions, evidence that is known by them, and the mentions that are to be told again."""
    held = await holding(connection, brand)
    for customer_id in sorted({before, now}):
        await connection.execute(
            "insert into customer_version as v (brand, customer_id, version) values ($1, $2, 2) "
            "on conflict (brand, customer_id) do update set version = v.version + 1",
            brand,
            customer_id,
        )
    originals = customer.included(held, before if before in held else now)
    await connection.execute(
        "insert into to_retell as t (brand, known_as, customer_id, actor) select $1, k, c, $4 from unnest($2::uuid[], $3::uuid[]) as u(k, c) "
        "on conflict (brand, known_as) do update set customer_id = excluded.customer_id, actor = excluded.actor",
        brand,
        originals,
        [customer.known_as(held, original) for original in originals],
        by,
    )
    # A thread and a label are known by their customer, a thread goes on when that one is called otherwise.
    await connection.execute(
        "insert into evidence (brand, kind, value, group_id, mention_id, authors, last_at, shown_at) "
        "select brand, kind, $3::text || substr(value, 37), group_id, mention_id, authors, last_at, shown_at from evidence where brand = $1 "
        "and group_id in (select group_id from mention where brand = $1 and customer_id = $2) and kind in ('thread', 'label') "
        "and starts_with(value, $2::text || '|') on conflict do nothing",
        brand,
        before,
        str(now),
    )
    # Who writes with an identity of their own shows nothing by it that links: they are an author of it under both names.
    keys = sorted(group.own_keys(brand, moved))
    await connection.execute(
        "update evidence e set authors = array_append(authors, $3) from unnest($4::text[], $5::text[]) as u(kind, value) "
        "where e.brand = $1 and e.kind = u.kind and e.value = u.value and $2 = any(e.authors) and not $3 = any(e.authors)",
        brand,
        before,
        now,
        [key.kind for key in keys],
        [key.value for key in keys],
    )


async def history(
    connection: db.Connection, brand: str, customer_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[store.MentionRow]:
    """A customer's mentions, the newest first, older than `before`."""
    rows = await connection.fetch(
        "select * from mention where brand = $1 and customer_id = $2 and (moment, id) < ($3, $4) order by moment desc, id desc limit $5",
        brand,
        customer_id,
        *(before or (datetime(9000, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))),
        limit,
    )
    return [store.row_of(row) for row in rows]


# --- mentions that are told again -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retelling:
    brand: str
    known_as: UUID
    customer_id: UUID
    actor: str


async def retelling(connection: db.Connection, brands: Sequence[str]) -> Retelling | None:
    """Somebody whose mentions must be told as somebody else's, the longest waiting whom no other instance is at."""
    row = await connection.fetchrow(
        "select * from to_retell where brand = any($1::text[]) order by seq limit 1 for update skip locked", brands
    )
    return Retelling(row["brand"], row["known_as"], row["customer_id"], row["actor"]) if row else None


async def retell(connection: db.Connection, asked: Retelling, limit: int) -> list[store.MentionRow]:
    """Give at most `limit` mentions their customer, each a new version, and return them as they are now. Fewer: that was all, and the row is gone."""
    rows = await connection.fetch(
        "update mention set customer_id = $3, known_as = nullif($2, $3), version = version + 1 where brand = $1 and id = any(array("
        "select id from mention where brand = $1 and (known_as = $2 or (known_as is null and customer_id = $2)) and customer_id <> $3 "
        "order by id limit $4 for update)) returning *",
        asked.brand,
        asked.known_as,
        asked.customer_id,
        limit,
    )
    if len(rows) < limit:
        await connection.execute("delete from to_retell where brand = $1 and known_as = $2", asked.brand, asked.known_as)
    return [store.row_of(row) for row in sorted(rows, key=lambda row: row["id"])]
