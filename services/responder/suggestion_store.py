"""Rows of what a language model was asked for, and what a brand's day has taken. SQL beside the function that runs it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.common import db


class Suggestion(BaseModel):
    """A draft that somebody asked for, from waiting to drafted or failed."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    brand: str
    case_id: UUID
    mention_id: UUID
    asked_by: str
    asked_role: str
    tone: str | None = None
    script: str | None = None
    instructions: str | None = None
    state: str
    day: date
    reserved: int
    tokens: int | None = None
    model: str
    seconds: float | None = None
    kind: str | None = None
    error: str | None = None
    reply_id: UUID | None = None
    asked_at: datetime
    taken_at: datetime | None = None
    taken_by: UUID | None = None
    ended_at: datetime | None = None
    traceparent: str | None = None


def _row(row: Any) -> Suggestion:
    return Suggestion.model_validate(dict(row))


async def reserve(connection: db.Connection, brand: str, day: date, tokens: int, most: int) -> bool:
    """Take tokens of a day, all or none: of two at once that do not both fit, one is refused."""
    if tokens > most:
        return False
    taken = await connection.fetchval(
        "insert into model_budget as b (brand, day, tokens) values ($1, $2, $3) "
        "on conflict (brand, day) do update set tokens = b.tokens + excluded.tokens where b.tokens + excluded.tokens <= $4 returning 1",
        brand,
        day,
        tokens,
        most,
    )
    return taken is not None


async def spent(connection: db.Connection, brand: str, day: date) -> int:
    """Tokens of a day, reserved ones included."""
    found: int | None = await connection.fetchval("select tokens from model_budget where brand = $1 and day = $2", brand, day)
    return found or 0


async def open_of(connection: db.Connection, brand: str, case_id: UUID, mention_id: UUID) -> UUID | None:
    """One that answers the same message and has not come to an end."""
    found: UUID | None = await connection.fetchval(
        "select id from suggestion where brand = $1 and case_id = $2 and mention_id = $3 and state in ('waiting', 'asking')",
        brand,
        case_id,
        mention_id,
    )
    return found


async def insert(connection: db.Connection, row: Suggestion) -> bool:
    """Ask for it. False when another request for the same message came first."""
    done = await connection.fetchval(
        "insert into suggestion (id, brand, case_id, mention_id, asked_by, asked_role, tone, script, instructions, state, day, reserved, model, asked_at, "
        "traceparent) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $10, $11, $12, $13, $14) on conflict do nothing returning 1",
        row.id,
        row.brand,
        row.case_id,
        row.mention_id,
        row.asked_by,
        row.asked_role,
        row.tone,
        row.script,
        row.instructions,
        row.day,
        row.reserved,
        row.model,
        row.asked_at,
        row.traceparent,
    )
    return done is not None


async def one(connection: db.Connection, brand: str, suggestion_id: UUID) -> Suggestion | None:
    row = await connection.fetchrow("select * from suggestion where brand = $1 and id = $2", brand, suggestion_id)
    return _row(row) if row else None


async def take(connection: db.Connection, taker: UUID) -> Suggestion | None:
    """The one that has waited longest, for this process alone; none when none waits."""
    row = await connection.fetchrow(
        "update suggestion set state = 'asking', taken_by = $1, taken_at = clock_timestamp() where id = "
        "(select id from suggestion where state = 'waiting' order by asked_at limit 1 for update skip locked) returning *",
        taker,
    )
    return _row(row) if row else None


async def end(
    connection: db.Connection,
    row: Suggestion,
    *,
    tokens: int,
    seconds: float,
    reply_id: UUID | None = None,
    kind: str | None = None,
    error: str | None = None,
) -> bool:
    """What became of it: a reply, or what went wrong. What was reserved beyond `tokens` is given back. False when it is no longer this taker's."""
    done = await connection.fetchval(
        "update suggestion set state = $4, tokens = $5, seconds = $6, reply_id = $7, kind = $8, error = $9, instructions = null, "
        "ended_at = clock_timestamp() where brand = $1 and id = $2 and taken_by = $3 and state = 'asking' returning 1",
        row.brand,
        row.id,
        row.taken_by,
        "drafted" if reply_id else "failed",
        tokens,
        seconds,
        reply_id,
        kind,
        error,
    )
    if done is None:
        return False
    await connection.execute(
        "update model_budget set tokens = greatest(0, tokens + $3) where brand = $1 and day = $2", row.brand, row.day, tokens - row.reserved
    )
    return True


async def sweep(connection: db.Connection, after_s: float) -> Sequence[UUID]:
    """End what a process began and did not finish, or nobody took: whoever asked may ask again. Nobody knows what it cost: what was reserved is gone."""
    rows = await connection.fetch(
        "update suggestion set state = 'failed', kind = 'interrupted', instructions = null, ended_at = clock_timestamp(), tokens = reserved, "
        "error = 'It was interrupted. Ask again.' where state in ('waiting', 'asking') "
        "and coalesce(taken_at, asked_at) < clock_timestamp() - make_interval(secs => $1) returning id",
        after_s,
    )
    return [row["id"] for row in rows]


async def purge(connection: db.Connection, days: int, limit: int = 1000) -> bool:
    """Forget what ended so long ago, and budgets of days that are over; says whether there may be more."""
    gone = await connection.fetch(
        "delete from suggestion where id in (select id from suggestion where ended_at < clock_timestamp() - make_interval(days => $1) limit $2) "
        "returning 1",
        days,
        limit,
    )
    await connection.execute("delete from model_budget where day < (clock_timestamp() - make_interval(days => $1))::date", days)
    return len(gone) == limit


async def earlier(connection: db.Connection, brand: str, case_id: UUID, mention_ids: Sequence[UUID], limit: int) -> list[str]:
    """Our last replies in a case to any of these messages that have been sent, oldest first."""
    rows = await connection.fetch(
        "select text from reply where brand = $1 and case_id = $2 and state = 'sent' and mention_id = any($3::uuid[]) "
        "order by sent_at desc limit $4",
        brand,
        case_id,
        list(mention_ids),
        limit,
    )
    return [row["text"] for row in reversed(rows)]
