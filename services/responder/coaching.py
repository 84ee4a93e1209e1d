"""What a colleague tells a writer about a reply, for them to learn from: the rows. Nobody but the two of them and the leads reads it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common import db


class CoachingNote(BaseModel):
    id: UUID
    brand: str
    reply_id: UUID
    writer: str = Field(description="Whose text it is")
    by_id: str = Field(description="Who says it")
    at: datetime
    note: str
    span_start: int | None = Field(default=None, description="Where the words that it is about began in the text, in code points")
    span_end: int | None = None
    quote: str | None = Field(default=None, description="Those words, as they were then")


_COLUMNS = ", ".join(CoachingNote.model_fields)


async def add(connection: db.Connection, new: CoachingNote) -> None:
    await connection.execute(
        f"insert into coaching_note ({_COLUMNS}) select {_COLUMNS} from jsonb_populate_record(null::coaching_note, $1) where brand = $2",
        new.model_dump(mode="json"),
        new.brand,
    )


async def page(
    connection: db.Connection,
    brand: str,
    *,
    reader: str | None,
    writer: str | None = None,
    reply_id: UUID | None = None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[CoachingNote]:
    """Newest first. `reader`: only what is theirs, written to them or by them; none: a lead's."""
    rows = await connection.fetch(
        "select * from coaching_note where brand = $1 and ($2::text is null or writer = $2 or by_id = $2) and ($3::text is null or writer = $3) "
        "and ($4::uuid is null or reply_id = $4) and ($5::timestamptz is null or (at, id) < ($5, $6::uuid)) order by at desc, id desc limit $7",
        brand,
        reader,
        writer,
        reply_id,
        *(before or (None, None)),
        limit,
    )
    return [CoachingNote.model_validate(dict(row)) for row in rows]
