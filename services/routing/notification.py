"""What members of the team were told, and whether they have read it. Rows come from `store.notify`."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from libs.common import db
from services.routing import feed
from services.routing.feed import Fed


async def page(
    connection: db.Connection, brand: str, member: str, after: int | None, limit: int, *, newest: bool, unread: bool
) -> list[asyncpg.Record]:
    """After a sequence number, in the order in which they were told, or the other way round."""
    order = "n.seq < $3) order by n.seq desc" if newest else "n.seq > $3) order by n.seq"
    return await connection.fetch(
        "select seq, id, case_id, notice_id, at, what, read_at from notification n where brand = $1 and member = $2 and (not $4 or read_at is null) "
        f"and ($3::bigint is null or {order} limit $5",
        brand,
        member,
        after,
        unread,
        limit,
    )


async def count_unread(connection: db.Connection, brand: str, member: str, most: int = 1000) -> int:
    """How many somebody has not read; no further than `most`."""
    found: int = await connection.fetchval(
        "select count(*) from (select 1 from notification where brand = $1 and member = $2 and read_at is null limit $3) u",
        brand,
        member,
        most,
    )
    return found


async def read(connection: db.Connection, brand: str, member: str, ids: Sequence[UUID] | None, upto: UUID | None) -> int:
    """Mark somebody's own as read: these, or all up to one; how many were not before. Their other screens see it."""
    rows = await connection.fetch(
        "update notification set read_at = moment() where brand = $1 and member = $2 and read_at is null and (id = any($3::uuid[]) "
        "or seq <= (select u.seq from notification u where u.brand = $1 and u.member = $2 and u.id = $4)) returning id",
        brand,
        member,
        list(ids or ()),
        upto,
    )
    if rows:
        left = await count_unread(connection, brand, member)
        shown = {"ids": [str(row["id"]) for row in rows[:500]], "unread": left}
        await feed.add(connection, [Fed(brand, "notifications_read", member, shown, member=member)])
    return len(rows)
