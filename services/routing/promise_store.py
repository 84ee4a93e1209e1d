"""Promises in Postgres. Whoever changes one holds its case's lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prometheus_client import Gauge

from libs.common import db
from services.routing import standing
from services.routing.promise import Heard, Promise

_LIVE = Gauge("weerklank_routing_promises", "Promises to customers that are to be kept, or were broken", ["brand", "state"])
_NAMES = tuple(Promise.__dataclass_fields__)
_FIXED = ("id", "brand", "given_at", "given_by", "replaces")


def promise_of(row: Any) -> Promise:
    return Promise(**{name: row[name] for name in _NAMES})


async def of_cases(connection: db.Connection, case_ids: Sequence[UUID], mention_ids: Sequence[UUID]) -> list[Promise]:
    """All promises of these cases, which are locked, and those that were given in answer to these mentions, which are locked."""
    if not case_ids and not mention_ids:
        return []
    rows = await connection.fetch(
        "select * from promise where case_id = any($1::uuid[]) union select * from promise where mention_id = any($2::uuid[]) order by seq",
        list(case_ids),
        list(mention_ids),
    )
    return [promise_of(row) for row in rows]


async def where(connection: db.Connection, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The cases of these promises, by ids that our own events name."""
    rows = await connection.fetch("select id, case_id from promise where id = any($1::uuid[])", list(ids)) if ids else []
    return {row["id"]: row["case_id"] for row in rows}


async def of_case(connection: db.Connection, brand: str, case_id: UUID) -> list[Promise]:
    """The promises of a case and of all that were merged into it, oldest first."""
    rows = await connection.fetch(
        standing.HERE + "select * from promise where brand = $1 and case_id in (select id from here) order by given_at, seq limit 500",
        brand,
        case_id,
    )
    return [promise_of(row) for row in rows]


async def one(connection: db.Connection, brand: str, promise_id: UUID, *, lock: bool = False) -> Promise | None:
    query = "select * from promise where brand = $1 and id = $2" + (" for update" if lock else "")
    row = await connection.fetchrow(query, brand, promise_id)
    return promise_of(row) if row else None


async def some(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> list[Promise]:
    """Those of these promises that the brand has."""
    rows = await connection.fetch("select * from promise where brand = $1 and id = any($2::uuid[])", brand, list(ids))
    return [promise_of(row) for row in rows]


async def put(connection: db.Connection, found: Sequence[Promise]) -> None:
    """Write new ones and new versions."""
    rows = sorted({promise.id: promise for promise in found}.values(), key=lambda promise: promise.id)
    if rows:
        await connection.execute(
            f"insert into promise ({', '.join(_NAMES)}) select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], "
            "$6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::text[], $11::timestamptz[], $12::text[], $13::timestamptz[], "
            "$14::timestamptz[], $15::text[], $16::uuid[], $17::bool[], $18::text[], $19::uuid[], $20::uuid[], $21::bool[], $22::int[]) "
            "on conflict (id) do update set "
            + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in _FIXED)
            + " where promise.brand = excluded.brand",
            *[[getattr(row, name) for row in rows] for name in _NAMES],
        )


async def said_later(connection: db.Connection, brand: str, case_ids: Sequence[UUID], after: datetime) -> list[Heard]:
    """The replies of these cases, which are locked, that were sent later, heard of before, and did not come back."""
    rows = await connection.fetch(
        "select reply_id, mention_id, at, by, keeps, update_due from said where brand = $1 and case_id = any($2::uuid[]) and at > $3 "
        "and not exists (select from sent_reply s where s.brand = $1 and s.id = said.reply_id and s.bounced_at is not null) "
        "order by at, reply_id",
        brand,
        list(case_ids),
        after,
    )
    return [
        Heard(
            row["reply_id"],
            row["mention_id"],
            row["at"],
            row["by"] or "system",
            frozenset(row["keeps"]) if row["keeps"] is not None else None,
            row["update_due"],
        )
        for row in rows
    ]


async def live(
    connection: db.Connection,
    brand: str,
    *,
    state: str | None,
    department: str | None,
    owner: str | None,
    due_before: datetime | None,
    after: tuple[bool, datetime | None, UUID] | None,
    limit: int,
) -> list[Any]:
    """Promises that are open or broken, each with its case's department and owner: the broken ones first, then what is due first. In `after`, no time
    stands for promises without one, which come last."""
    return await connection.fetch(
        "select p.*, c.department as case_department, c.owner as case_owner from promise p "
        "join care_case c on c.brand = p.brand and c.id = p.case_id "
        "where p.brand = $1 and p.state in ('open', 'broken') and ($2::text is null or p.state = $2) "
        "and ($3::text is null or c.department = $3) and ($4::text is null or c.owner = $4) "
        "and ($5::timestamptz is null or p.due_at < $5) "
        "and ($6::bool is null or (p.state <> 'broken', coalesce(p.due_at, 'infinity'), p.id) > ($6, coalesce($7::timestamptz, 'infinity'), $8::uuid)) "
        "order by (p.state <> 'broken'), (coalesce(p.due_at, 'infinity')), p.id limit $9",
        brand,
        state,
        department,
        owner,
        due_before,
        *(after or (None, None, None)),
        limit,
    )


async def refresh_gauges(connection: db.Connection) -> None:
    """What a scrape shows: how many promises are open, and how many broken."""
    _LIVE.clear()
    for row in await connection.fetch("select brand, state, count(*) from promise where state in ('open', 'broken') group by brand, state"):
        _LIVE.labels(row["brand"], row["state"]).set(row["count"])
