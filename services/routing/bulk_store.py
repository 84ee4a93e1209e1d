"""The SQL of bulk actions: what was asked for, and how far it is. The connection comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db


@dataclass(frozen=True, slots=True)
class Item:
    """A case of a bulk action, and what became of it."""

    number: int
    case_id: UUID
    read_version: int | None
    state: str
    why: str | None = None
    done_version: int | None = None
    before: dict[str, Any] | None = None
    did: dict[str, Any] | None = None


async def add(
    connection: db.Connection,
    *,
    id: UUID,
    brand: str,
    action: dict[str, Any],
    reason: str,
    actor: str,
    machine: bool,
    at: datetime,
    wanted: Sequence[tuple[UUID, int | None]],
) -> None:
    """Ask for an action to these (case, version as read)."""
    await connection.execute(
        "insert into bulk (id, brand, action, reason, actor, machine, at, state, total) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        brand,
        action,
        reason,
        actor,
        machine,
        at,
        "running",
        len(wanted),
    )
    await connection.execute(
        "insert into bulk_item (bulk_id, number, brand, case_id, read_version, state) "
        "select $1, u.n, $2, u.c, u.v, 'waiting' from unnest($3::int[], $4::uuid[], $5::int[]) as u(n, c, v)",
        id,
        brand,
        list(range(1, len(wanted) + 1)),
        [case_id for case_id, _ in wanted],
        [version for _, version in wanted],
    )


async def one(connection: db.Connection, brand: str, bulk_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    return await connection.fetchrow(f"select * from bulk where brand = $1 and id = $2{' for update' if lock else ''}", brand, bulk_id)


async def page(connection: db.Connection, brand: str, before: tuple[datetime, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """The bulk actions of a brand, newest first."""
    return await connection.fetch(
        "select * from bulk where brand = $1 and ($2::timestamptz is null or (at, id) < ($2, $3::uuid)) order by at desc, id desc limit $4",
        brand,
        *(before or (None, None)),
        limit,
    )


async def items(connection: db.Connection, brand: str, bulk_id: UUID, state: str | None, after: int, limit: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select number, case_id, state, why, done_version from bulk_item where brand = $1 and bulk_id = $2 and ($3::text is null or state = $3) "
        "and number > $4 order by number limit $5",
        brand,
        bulk_id,
        state,
        after,
        limit,
    )


async def begin_undo(connection: db.Connection, brand: str, bulk_id: UUID, by: str, reason: str, at: datetime) -> None:
    await connection.execute(
        "update bulk set state = 'undoing', undo_by = $3, undo_reason = $4, undo_at = $5 where brand = $1 and id = $2",
        brand,
        bulk_id,
        by,
        reason,
        at,
    )
    rows = await connection.fetch(
        "update bulk_item set state = 'skipped', why = 'The bulk action was taken back before it came to this case.' "
        "where brand = $1 and bulk_id = $2 and state = 'waiting' returning 1",
        brand,
        bulk_id,
    )
    await connection.execute("update bulk set skipped = skipped + $3 where brand = $1 and id = $2", brand, bulk_id, len(rows))


async def at_work(connection: db.Connection, brands: Sequence[str]) -> asyncpg.Record | None:
    """The action of these brands that was asked for first and goes on, locked; one that another instance is at is left to it."""
    return await connection.fetchrow(
        "select * from bulk where state in ('running', 'undoing') and brand = any($1::text[]) order by at limit 1 for update skip locked",
        brands,
    )


async def next_items(connection: db.Connection, brand: str, bulk_id: UUID, state: str, limit: int) -> list[Item]:
    """The next cases of an action, which is locked."""
    rows = await connection.fetch(
        "select number, case_id, read_version, state, why, done_version, before, did from bulk_item "
        "where brand = $1 and bulk_id = $2 and state = $3 order by number limit $4",
        brand,
        bulk_id,
        state,
        limit,
    )
    return [Item(**dict(row)) for row in rows]


async def became(connection: db.Connection, brand: str, bulk_id: UUID, found: Sequence[Item]) -> None:
    """What has become of these cases, and so of the action."""
    await connection.execute(
        "update bulk_item i set state = u.s, why = u.w, done_version = u.v, before = u.b, did = u.d "
        "from unnest($3::int[], $4::text[], $5::text[], $6::int[], $7::jsonb[], $8::jsonb[]) as u(n, s, w, v, b, d) "
        "where i.brand = $1 and i.bulk_id = $2 and i.number = u.n",
        brand,
        bulk_id,
        [item.number for item in found],
        [item.state for item in found],
        [item.why for item in found],
        [item.done_version for item in found],
        [item.before for item in found],
        [item.did for item in found],
    )
    counts = {state: sum(item.state == state for item in found) for state in ("done", "skipped", "undone", "kept")}
    await connection.execute(
        "update bulk set done = done + $3, skipped = skipped + $4, undone = undone + $5, kept = kept + $6 where brand = $1 and id = $2",
        brand,
        bulk_id,
        *counts.values(),
    )


async def finished(connection: db.Connection, brand: str, bulk_id: UUID, at: datetime, *, undone: bool) -> None:
    await connection.execute(
        "update bulk set state = $3, finished_at = coalesce(finished_at, $4), undo_finished = case when $5 then $4 end where brand = $1 and id = $2",
        brand,
        bulk_id,
        "undone" if undone else "done",
        at,
        undone,
    )
