"""What waits to be done, read in the order of the queue."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.case_events import Case
from services.routing import queue, taking

Place = tuple[int, datetime, UUID]
"""Rank, due time and id: where a case stands in the queue."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; none: whatever it is. `owner` is a member's id, or `none`."""

    department: str | None = None
    language: str | None = None
    skills: tuple[str, ...] | None = None
    channel: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    case: Case
    version: int
    rank: int
    due_at: datetime
    skills: tuple[str, ...]


async def page(connection: db.Connection, brand: str, wanted: Filter, after: Place | None, limit: int) -> list[Row]:
    """The cases after that place."""
    place = after or (-1, datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
    if wanted.owner not in (None, "none"):
        rows = await _owned(connection, brand, wanted, place, limit)
    elif wanted == Filter():
        rows = await _all(connection, brand, place, limit)
    else:
        rows = await _by_lane(connection, brand, wanted, place, limit)
    return [
        Row(Case.model_validate(row["state_json"]), row["version"], row["rank"], row["due_at"], tuple(row["skills"] or ())) for row in rows
    ]


async def _all(connection: db.Connection, brand: str, place: Place, limit: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select state_json, version, rank, due_at, skills from care_case where brand = $1 and state in ('new', 'open') "
        "and (rank, due_at, id) > ($2, $3, $4) order by rank, due_at, id limit $5",
        brand,
        *place,
        limit,
    )


async def _by_lane(connection: db.Connection, brand: str, wanted: Filter, place: Place, limit: int) -> list[asyncpg.Record]:
    """So that what is not asked for is not looked at. Within a lane what waits for an owner is apart from what has one."""
    lanes = queue.within(await taking.lanes(connection, brand), wanted.department, wanted.language, wanted.skills)
    return await connection.fetch(
        "with w as (select w.* from unnest($2::text[]) as l(lane) cross join unnest($3::bool[]) as f(free) "
        "cross join lateral (select id, rank, due_at from care_case c where c.brand = $1 and c.lane = l.lane and (c.owner is null) = f.free "
        "and c.state in ('new', 'open') and ($4::text is null or c.channel = $4) and (c.rank, c.due_at, c.id) > ($5, $6, $7) "
        "order by rank, due_at, id limit $8) w order by w.rank, w.due_at, w.id limit $8) "
        "select c.state_json, c.version, c.rank, c.due_at, c.skills from w join care_case c on c.brand = $1 and c.id = w.id "
        "order by w.rank, w.due_at, w.id",
        brand,
        lanes,
        [True] if wanted.owner == "none" else [True, False],
        wanted.channel,
        *place,
        limit,
    )


async def _owned(connection: db.Connection, brand: str, wanted: Filter, place: Place, limit: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select state_json, version, rank, due_at, skills from care_case where brand = $1 and owner = $9 and owner is not null "
        "and state in ('new', 'open') and ($2::text is null or department = $2) and ($3::text is null or state_json ->> 'language' = $3) "
        "and ($4::text[] is null or skills @> $4) and ($5::text is null or channel = $5) "
        "and (rank, due_at, id) > ($6, $7, $8) order by rank, due_at, id limit $10",
        brand,
        wanted.department,
        wanted.language,
        list(wanted.skills) if wanted.skills is not None else None,
        wanted.channel,
        *place,
        wanted.owner,
        limit,
    )
