"""Receipts in Postgres. Every function takes the connection first; every query about a brand's data takes the brand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.events import MentionDeleted, MentionReceived, deterministic_id
from services.ingest.receipt import Seen

Key = tuple[str, UUID]
"""Brand and mention."""


def received_event_id(brand: str, mention_id: UUID) -> UUID:
    """The CloudEvents id of the event that told of a mention: the same as `Outgoing.id`."""
    return deterministic_id(MentionReceived.type, brand, str(mention_id), "1")


def deleted_event_id(brand: str, mention_id: UUID) -> UUID:
    return deterministic_id(MentionDeleted.type, brand, str(mention_id), "2")


async def known(connection: db.Connection, keys: Iterable[Key]) -> dict[Key, tuple[bool, bool]]:
    """Of the mentions that have a receipt, locked in key order: whether one was seen in the log, and whether it was taken back."""
    wanted = sorted(set(keys))
    rows = await connection.fetch(
        "select r.brand, r.mention_id, r.times > 0 as received, r.deleted_at is not null as deleted from receipt r "
        "join unnest($1::text[], $2::uuid[]) as u(brand, mention_id) on r.brand = u.brand and r.mention_id = u.mention_id "
        "order by r.brand, r.mention_id for update of r",
        [brand for brand, _ in wanted],
        [mention_id for _, mention_id in wanted],
    )
    return {(row["brand"], row["mention_id"]): (row["received"], row["deleted"]) for row in rows}


async def save(connection: db.Connection, seen: Mapping[Key, Seen], imports: Mapping[tuple[str, str, UUID], int]) -> None:
    """Add what a batch saw to the receipts. The sums and minima do not depend on the order of batches, nor on who else writes the same mention."""
    rows = sorted(seen.items())
    if not rows:
        return
    await connection.execute(
        'insert into receipt as r (brand, mention_id, key, channel, topic, partition, "offset", posted_at, received_at, appended_at, '
        "trace_id, import_id, times, last_appended_at, deleted_at) "
        "select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::timestamptz[], "
        "$9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::bigint[], $14::timestamptz[], $15::timestamptz[]) "
        "on conflict (brand, mention_id) do update set times = r.times + excluded.times, "
        "last_appended_at = greatest(r.last_appended_at, excluded.last_appended_at), "
        "deleted_at = least(r.deleted_at, excluded.deleted_at), "
        '(channel, topic, partition, "offset", posted_at, received_at, appended_at, trace_id, import_id) = ('
        "  select * from (values "
        '    (r.channel, r.topic, r.partition, r."offset", r.posted_at, r.received_at, r.appended_at, r.trace_id, r.import_id), '
        '    (excluded.channel, excluded.topic, excluded.partition, excluded."offset", excluded.posted_at, excluded.received_at, '
        "     excluded.appended_at, excluded.trace_id, excluded.import_id)"
        "  ) as f(channel, topic, partition, place, posted_at, received_at, appended_at, trace_id, import_id) "
        "  order by appended_at nulls last, topic, partition, place limit 1)",
        [brand for (brand, _), _ in rows],
        [mention_id for (_, mention_id), _ in rows],
        [item.key for _, item in rows],
        [item.first.channel if item.first else None for _, item in rows],
        [item.first.topic if item.first else None for _, item in rows],
        [item.first.partition if item.first else None for _, item in rows],
        [item.first.offset if item.first else None for _, item in rows],
        [item.first.posted_at if item.first else None for _, item in rows],
        [item.first.received_at if item.first else None for _, item in rows],
        [item.first.appended_at if item.first else None for _, item in rows],
        [item.first.trace_id if item.first else None for _, item in rows],
        [item.first.import_id if item.first else None for _, item in rows],
        [item.times for _, item in rows],
        [item.last_appended_at for _, item in rows],
        [item.deleted_at for _, item in rows],
    )
    if imports:
        counted = sorted(imports.items())
        await connection.execute(
            "insert into import_receipt as i (brand, import_id, mention_id, times) "
            "select * from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[]) "
            "on conflict (brand, import_id, mention_id) do update set times = i.times + excluded.times",
            [brand for (brand, _, _), _ in counted],
            [import_id for (_, import_id, _), _ in counted],
            [mention_id for (_, _, mention_id), _ in counted],
            [times for _, times in counted],
        )


async def receipt(connection: db.Connection, brand: str, mention_id: UUID) -> asyncpg.Record | None:
    return await connection.fetchrow("select * from receipt where brand = $1 and mention_id = $2", brand, mention_id)


async def page(connection: db.Connection, brand: str, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[asyncpg.Record]:
    """Receipts of mentions in the log, the latest first, beyond the (appended_at, mention_id) given."""
    if after is None:
        return await connection.fetch(
            "select * from receipt where brand = $1 and appended_at is not null order by appended_at desc, mention_id desc limit $2",
            brand,
            limit,
        )
    return await connection.fetch(
        "select * from receipt where brand = $1 and (appended_at, mention_id) < ($2, $3) order by appended_at desc, mention_id desc limit $4",
        brand,
        after[0],
        after[1],
        limit,
    )


async def import_counts(connection: db.Connection, brand: str, import_id: str) -> tuple[int, int]:
    """Distinct mentions of an import, and how often one of them came in again under its name."""
    row = await connection.fetchrow(
        "select count(*) as accepted, coalesce(sum(times) - count(*), 0)::bigint as repeated from import_receipt "
        "where brand = $1 and import_id = $2",
        brand,
        import_id,
    )
    assert row is not None
    return row["accepted"], row["repeated"]


async def purge(connection: db.Connection, brand: str, before: datetime, limit: int) -> int:
    """Remove at most `limit` of a brand's receipts whose mention last came in before that moment; return how many there were."""
    gone = await connection.fetch(
        "delete from receipt where brand = $1 and mention_id in (select mention_id from receipt where brand = $1 "
        "and appended_at < $2 and last_appended_at < $2 order by appended_at limit $3 for update skip locked) returning mention_id",
        brand,
        before,
        limit,
    )
    await connection.execute(
        "delete from import_receipt where brand = $1 and mention_id = any($2::uuid[])", brand, [row["mention_id"] for row in gone]
    )
    return len(gone)
