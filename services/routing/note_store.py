"""Notes in the database. A text that was changed leaves what it was, one that was taken away leaves that it was there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db

COLUMNS = "id, case_id, version, at, author, text, mentions, edited_at, earlier, deleted_at, deleted_by"


async def one(connection: db.Connection, brand: str, note_id: UUID) -> asyncpg.Record | None:
    """A note, locked."""
    return await connection.fetchrow(f"select {COLUMNS} from note where brand = $1 and id = $2 for update", brand, note_id)


async def edit(connection: db.Connection, brand: str, note_id: UUID, text: str, mentions: Sequence[str], at: datetime) -> asyncpg.Record:
    row = await connection.fetchrow(
        "update note set earlier = earlier || jsonb_build_array(jsonb_build_object('at', coalesce(edited_at, at), 'text', text)), "
        f"version = version + 1, text = $3, mentions = $4, edited_at = $5 where brand = $1 and id = $2 returning {COLUMNS}",
        brand,
        note_id,
        text,
        mentions,
        at,
    )
    assert row is not None
    return row


async def delete(connection: db.Connection, brand: str, note_id: UUID, at: datetime, by: str) -> asyncpg.Record:
    """Nothing of what it said stays."""
    row = await connection.fetchrow(
        "update note set version = version + 1, text = '', earlier = '[]', mentions = '{}', deleted_at = $3, deleted_by = $4 "
        f"where brand = $1 and id = $2 returning {COLUMNS}",
        brand,
        note_id,
        at,
        by,
    )
    assert row is not None
    return row
