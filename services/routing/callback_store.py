"""Callbacks in Postgres. Whoever changes one holds its case's lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from services.routing import standing
from services.routing.callback import Callback

_NAMES = tuple(Callback.__dataclass_fields__)


def callback_of(row: Any) -> Callback:
    return Callback(**{name: row[name] for name in _NAMES})


async def of_cases(connection: db.Connection, case_ids: Sequence[UUID], mention_ids: Sequence[UUID]) -> list[Callback]:
    """All callbacks of these cases, which are locked, and those that these mentions, which are locked, stand for."""
    if not case_ids and not mention_ids:
        return []
    rows = await connection.fetch(
        "select * from callback where case_id = any($1::uuid[]) union select * from callback where mention_id = any($2::uuid[]) order by seq",
        list(case_ids),
        list(mention_ids),
    )
    return [callback_of(row) for row in rows]


async def of_case(connection: db.Connection, brand: str, case_id: UUID) -> list[Callback]:
    """The callbacks of a case and of all that were merged into it, oldest first."""
    rows = await connection.fetch(
        standing.HERE + "select * from callback where brand = $1 and case_id in (select id from here) order by seq limit 500",
        brand,
        case_id,
    )
    return [callback_of(row) for row in rows]


async def one(connection: db.Connection, brand: str, callback_id: UUID, *, lock: bool = False) -> Callback | None:
    query = "select * from callback where brand = $1 and id = $2" + (" for update" if lock else "")
    row = await connection.fetchrow(query, brand, callback_id)
    return callback_of(row) if row else None


async def some(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> dict[UUID, Callback]:
    """Those of these callbacks that the brand has."""
    rows = await connection.fetch("select * from callback where brand = $1 and id = any($2::uuid[])", brand, list(ids))
    return {row["id"]: callback_of(row) for row in rows}


async def put(connection: db.Connection, found: Sequence[Callback]) -> None:
    """Write new ones and new versions."""
    rows = sorted({callback.id: callback for callback in found}.values(), key=lambda callback: callback.id)
    if rows:
        await connection.execute(
            f"insert into callback ({', '.join(_NAMES)}) select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], "
            "$6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], "
            "$14::int[], $15::timestamptz[], $16::text[], $17::timestamptz[], $18::bool[], $19::int[]) on conflict (id) do update set "
            + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in ("id", "brand", "created_at", "created_by"))
            + " where callback.brand = excluded.brand",
            *[[getattr(row, name) for row in rows] for name in _NAMES],
        )


async def add_attempt(connection: db.Connection, callback: Callback, at: datetime, by: str, outcome: str, note: str | None) -> None:
    await connection.execute(
        "insert into callback_attempt (callback_id, brand, number, at, by, outcome, note) values ($1, $2, $3, $4, $5, $6, $7)",
        callback.id,
        callback.brand,
        callback.attempts,
        at,
        by,
        outcome,
        note,
    )


async def attempts(connection: db.Connection, brand: str, callback_id: UUID) -> list[Any]:
    return await connection.fetch(
        "select number, at, by, outcome, note from callback_attempt where brand = $1 and callback_id = $2 order by number",
        brand,
        callback_id,
    )


async def waiting(
    connection: db.Connection,
    brand: str,
    *,
    state: str | None,
    department: str | None,
    owner: str | None,
    now_only: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Any]:
    """Callbacks that wait, what is due first in front, each with its case's department and owner."""
    return await connection.fetch(
        "select k.*, c.department as case_department, c.owner as case_owner from callback k "
        "join care_case c on c.brand = k.brand and c.id = k.case_id "
        "where k.brand = $1 and k.state in ('proposed', 'open') and ($2::text is null or k.state = $2) "
        "and ($3::text is null or coalesce(k.department, c.department) = $3) and ($4::text is null or coalesce(k.owner, "
        "case when coalesce(k.department, c.department) = c.department then c.owner end) = $4) "
        "and (not $5 or (k.state = 'open' and k.next_at <= moment())) "
        "and ($6::timestamptz is null or (k.due_at, k.id) > ($6, $7)) order by k.due_at, k.id limit $8",
        brand,
        state,
        department,
        owner,
        now_only,
        *(after or (None, None)),
        limit,
    )
