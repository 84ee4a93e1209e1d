"""What waits to be done, read in the order of the queue."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from services.routing import queue

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


async def page(connection: db.Connection, book: BrandBook, wanted: Filter, after: Place | None, limit: int) -> list[Row]:
    """The cases after that place."""
    place = after or (-1, datetime(1970, 1, 1, tzinfo=queue.NEVER.tzinfo), UUID(int=0))
    rows = await (_unowned if wanted.owner == "none" else _any)(connection, book, wanted, place, limit)
    return [
        Row(Case.model_validate(row["state_json"]), row["version"], row["rank"], row["due_at"], tuple(row["skills"] or ())) for row in rows
    ]


async def _unowned(connection: db.Connection, book: BrandBook, wanted: Filter, place: Place, limit: int) -> list[asyncpg.Record]:
    """By lane, so that what is not asked for is not looked at."""
    lanes = queue.lanes(book).within(wanted.department, wanted.language, wanted.skills)
    return await connection.fetch(
        "with w as (select w.* from unnest($2::text[]) as l(lane) cross join lateral (select id, rank, due_at from care_case c "
        "where c.brand = $1 and c.lane = l.lane and c.owner is null and c.state in ('new', 'open') and ($3::text is null or c.channel = $3) "
        "and (c.rank, c.due_at, c.id) > ($4, $5, $6) order by rank, due_at, id limit $7) w order by w.rank, w.due_at, w.id limit $7) "
        "select c.state_json, c.version, c.rank, c.due_at, c.skills from w join care_case c on c.brand = $1 and c.id = w.id "
        "order by w.rank, w.due_at, w.id",
        book.brand,
        lanes,
        wanted.channel,
        *place,
        limit,
    )


async def _any(connection: db.Connection, book: BrandBook, wanted: Filter, place: Place, limit: int) -> list[asyncpg.Record]:
    owned = "and owner = $10 and owner is not null" if wanted.owner is not None else "and $10::text is null"
    return await connection.fetch(
        "select state_json, version, rank, due_at, skills from care_case where brand = $1 and state in ('new', 'open') "
        "and ($2::text is null or department = $2) and ($3::text is null or state_json ->> 'language' = $3) "
        "and ($4::text[] is null or skills @> $4) and ($5::text is null or channel = $5) "
        f"and (rank, due_at, id) > ($6, $7, $8) {owned} order by rank, due_at, id limit $9",
        book.brand,
        wanted.department,
        wanted.language,
        list(wanted.skills) if wanted.skills is not None else None,
        wanted.channel,
        *place,
        limit,
        wanted.owner,
    )
