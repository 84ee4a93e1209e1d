"""Knowledge snippets: a fact that colleagues may use in an answer, with where it comes from and how long it holds.

One that has expired is offered to nobody until somebody has looked at it again.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common import db

State = Literal["offered", "expired"]
MOST = 2000
"""Snippets of a brand."""


class Snippet(BaseModel):
    id: UUID
    brand: str
    version: int
    title: str
    text: str
    language: str
    labels: list[str]
    source: str = Field(description="Where it comes from: an address, a document, a colleague")
    valid_until: datetime | None = Field(description="Null: until somebody says otherwise")
    reviewed_by: str = Field(description="Who said last that it holds")
    reviewed_at: datetime
    created_by: str
    created_at: datetime

    def is_over(self, now: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= now


_COLUMNS = ", ".join(Snippet.model_fields)


def _snippet(row: Any) -> Snippet:
    return Snippet.model_validate(dict(row))


async def one(connection: db.Connection, brand: str, id: UUID, *, lock: bool = False) -> Snippet | None:
    row = await connection.fetchrow(f"select * from snippet where brand = $1 and id = $2{' for update' if lock else ''}", brand, id)
    return _snippet(row) if row else None


async def page(
    connection: db.Connection,
    brand: str,
    *,
    state: State | None,
    labels: list[str] | None,
    language: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Snippet]:
    """Newest first. `labels`: of those that have one of them, or none at all."""
    rows = await connection.fetch(
        "select * from snippet where brand = $1 and ($2::text is null or ($2 = 'expired') = coalesce(valid_until <= clock_timestamp(), false)) "
        "and ($3::text[] is null or labels && $3 or labels = '{}') and ($4::text is null or language = $4) "
        "and ($5::timestamptz is null or (created_at, id) < ($5, $6::uuid)) order by created_at desc, id desc limit $7",
        brand,
        state,
        labels,
        language,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [_snippet(row) for row in rows]


async def offered(connection: db.Connection, brand: str) -> list[Snippet]:
    """All that may be used now."""
    rows = await connection.fetch(
        "select * from snippet where brand = $1 and (valid_until is null or valid_until > clock_timestamp()) order by id limit $2",
        brand,
        MOST,
    )
    return [_snippet(row) for row in rows]


async def count(connection: db.Connection, brand: str) -> int:
    number: int = await connection.fetchval("select count(*) from snippet where brand = $1", brand)
    return number


async def put(connection: db.Connection, row: Snippet) -> None:
    """Write one that is new or that the caller has locked."""
    changed = ", ".join(
        f"{name} = excluded.{name}" for name in Snippet.model_fields if name not in ("id", "brand", "created_by", "created_at")
    )
    await connection.execute(
        f"insert into snippet ({_COLUMNS}) select {_COLUMNS} from jsonb_populate_record(null::snippet, $1) "
        f"on conflict (id) do update set {changed} where snippet.brand = excluded.brand",
        row.model_dump(mode="json"),
    )


async def delete(connection: db.Connection, brand: str, id: UUID) -> None:
    await connection.execute("delete from snippet where brand = $1 and id = $2", brand, id)
