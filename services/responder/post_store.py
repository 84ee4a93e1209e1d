"""The responder's rows of posts, which stand among those of replies."""

from datetime import datetime, timedelta
from uuid import UUID

from libs.common import db
from services.responder.reply import ReplyRow
from services.responder.store import reply_row


async def one(connection: db.Connection, brand: str, post_id: UUID, *, lock: bool = False) -> ReplyRow | None:
    row = await connection.fetchrow(
        f"select * from reply where brand = $1 and id = $2 and kind = 'post'{' for update' if lock else ''}", brand, post_id
    )
    return reply_row(row) if row else None


async def page(
    connection: db.Connection,
    brand: str,
    *,
    since: datetime | None,
    until: datetime | None,
    state: str | None,
    account: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[ReplyRow]:
    """Posts in the order of their moments; one without stands at that at which it was written."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and kind = 'post' and ($2::timestamptz is null or coalesce(publish_at, created_at) >= $2) "
        "and ($3::timestamptz is null or coalesce(publish_at, created_at) < $3) and ($4::text is null or state = $4) "
        "and ($5::text is null or recipient ->> 'value' = $5) "
        "and ($6::timestamptz is null or (coalesce(publish_at, created_at), id) > ($6, $7::uuid)) "
        "order by coalesce(publish_at, created_at), id limit $8",
        brand,
        since,
        until,
        state,
        account,
        *(after or (None, None)),
        limit,
    )
    return [reply_row(row) for row in rows]


async def due(connection: db.Connection, brand: str, ago: timedelta, limit: int) -> list[ReplyRow]:
    """Approved posts that were due longer than `ago`, whatever kept them, locked; those that others hold locked are left out."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and kind = 'post' and state = 'approved' "
        "and coalesce(publish_at, approved_at) < clock_timestamp() - $2::interval order by coalesce(publish_at, approved_at), id limit $3 "
        "for update skip locked",
        brand,
        ago,
        limit,
    )
    return [reply_row(row) for row in rows]
