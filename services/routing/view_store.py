"""The SQL of saved views: a choice of cases under a name, a person's own or shared."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db

_SEEN = "(owner = $2 or shared = 'everyone' or (shared = 'department' and department = any($3::text[])))"


async def seen(connection: db.Connection, brand: str, member: str, departments: Sequence[str], limit: int) -> list[asyncpg.Record]:
    """The views that somebody sees, in the order that they chose; those that they have put in no order come last, by name."""
    return await connection.fetch(
        "select v.* from saved_view v left join view_order o on o.brand = v.brand and o.member = $2 "
        f"where v.brand = $1 and {_SEEN} order by array_position(o.views, v.id), lower(v.name), v.id limit $4",
        brand,
        member,
        departments,
        limit,
    )


async def one(
    connection: db.Connection, brand: str, view_id: UUID, member: str, departments: Sequence[str], *, lock: bool = False
) -> asyncpg.Record | None:
    return await connection.fetchrow(
        f"select * from saved_view where brand = $1 and {_SEEN} and id = $4 {'for update' if lock else ''}",
        brand,
        member,
        departments,
        view_id,
    )


async def count_of(connection: db.Connection, brand: str, owner: str) -> int:
    """How many somebody owns. Nobody else makes one for them until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 17))", f"{brand}/{owner}")
    found: int = await connection.fetchval("select count(*) from saved_view where brand = $1 and owner = $2", brand, owner)
    return found


async def add(connection: db.Connection, brand: str, view_id: UUID, owner: str, at: datetime, said: dict[str, Any]) -> None:
    await connection.execute(
        "insert into saved_view (id, brand, name, owner, shared, department, wanted, sort, created_at, changed_at, changed_by) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $4)",
        view_id,
        brand,
        said["name"],
        owner,
        said["shared"],
        said["department"],
        said["wanted"],
        said["sort"],
        at,
    )


async def change(connection: db.Connection, brand: str, view_id: UUID, by: str, at: datetime, said: dict[str, Any]) -> None:
    await connection.execute(
        "update saved_view set name = $3, shared = $4, department = $5, wanted = $6, sort = $7, version = version + 1, changed_at = $8, "
        "changed_by = $9 where brand = $1 and id = $2",
        brand,
        view_id,
        said["name"],
        said["shared"],
        said["department"],
        said["wanted"],
        said["sort"],
        at,
        by,
    )


async def remove(connection: db.Connection, brand: str, view_id: UUID) -> None:
    await connection.execute("delete from saved_view where brand = $1 and id = $2", brand, view_id)


async def order(connection: db.Connection, brand: str, member: str, views: Sequence[UUID]) -> None:
    await connection.execute(
        "insert into view_order (brand, member, views) values ($1, $2, $3) on conflict (brand, member) do update set views = excluded.views",
        brand,
        member,
        views,
    )
