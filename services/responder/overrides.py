"""Verdicts that somebody sent a reply against: which of them another colleague is asked to look at afterwards, and the rows of them.

An approval with overrides comes in (`clearance.approve`); rows go out, in the same transaction.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common import db
from libs.common.brandbook import BrandBook
from services.responder.reply import Change


class OverrideRow(BaseModel):
    """A verdict that blocks, and that somebody sent a reply against."""

    id: UUID
    reply_id: UUID
    brand: str
    code: str
    reason: str
    who: str
    at: datetime
    sampled: bool = Field(description="Another colleague is asked to look at it")
    reviewed_by: str | None
    reviewed_at: datetime | None
    review: str | None = Field(description="fine | not_fine; none: nobody has looked yet")
    note: str | None


def sampled(reply_id: UUID, share: float) -> bool:
    """Whether the overrides of this reply are looked at afterwards. The same whenever it is asked, and nobody chooses: it follows from the reply's id."""
    place = int.from_bytes(hashlib.sha256(b"override/" + reply_id.bytes).digest()[:8]) / 2**64
    return place < share


async def keep(connection: db.Connection, changes: Iterable[Change], book: BrandBook) -> None:
    """A row for each verdict that these changes overruled."""
    found = [(step, one) for change in changes for step in change.steps() if step.what == "overridden" for one in step.said["overrides"]]
    if found:
        await connection.execute(
            "insert into reply_override (brand, reply_id, version, code, reason, who, at, sampled) "
            "select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::boolean[])",
            [step.row.brand for step, _ in found],
            [step.row.id for step, _ in found],
            [step.row.version for step, _ in found],
            [one.code for _, one in found],
            [one.reason for _, one in found],
            [step.who for step, _ in found],
            [step.at for step, _ in found],
            [sampled(step.row.id, book.guard.review_sample) for step, _ in found],
        )


async def one(connection: db.Connection, brand: str, override_id: UUID, *, lock: bool = False) -> OverrideRow | None:
    row = await connection.fetchrow(
        f"select * from reply_override where brand = $1 and id = $2{' for update' if lock else ''}", brand, override_id
    )
    return OverrideRow.model_validate(dict(row)) if row else None


async def page(
    connection: db.Connection, brand: str, *, reviewed: bool | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[OverrideRow]:
    """Newest first."""
    rows = await connection.fetch(
        "select * from reply_override where brand = $1 "
        "and ($2::boolean is null or ($2 and review is not null) or (not $2 and sampled and review is null)) "
        "and ($3::timestamptz is null or (at, id) < ($3, $4::uuid)) order by at desc, id desc limit $5",
        brand,
        reviewed,
        *(before or (None, None)),
        limit,
    )
    return [OverrideRow.model_validate(dict(row)) for row in rows]


async def reviewed(connection: db.Connection, found: OverrideRow, review: str, note: str, by: str) -> OverrideRow:
    """Of one that the caller has locked."""
    row = await connection.fetchrow(
        "update reply_override set review = $3, note = $4, reviewed_by = $5, reviewed_at = clock_timestamp() where brand = $1 and id = $2 returning *",
        found.brand,
        found.id,
        review,
        note,
        by,
    )
    assert row is not None, "the caller has locked it"
    return OverrideRow.model_validate(dict(row))
