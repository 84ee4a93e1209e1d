"""The content of files that hang on replies: kept beside the reply that names them, and forgotten as the brand book says (`retention.attachments`)."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.outbox import Relay
from libs.common.reply_events import ReplyAttachment

log = logging.getLogger(__name__)

PERIOD_S = 3600.0
_AT_ONCE = 100


async def put(connection: db.Connection, brand: str, reply_id: UUID, file: ReplyAttachment, content: bytes, kept: Sequence[UUID]) -> None:
    """Keep a file of a reply that the caller has locked, and none but that and the `kept` ones."""
    await connection.execute(
        "insert into reply_attachment (id, brand, reply_id, content) values ($1, $2, $3, $4)", file.id, brand, reply_id, content
    )
    await keep_only(connection, brand, reply_id, [file.id, *kept])


async def keep_only(connection: db.Connection, brand: str, reply_id: UUID, kept: Sequence[UUID]) -> None:
    await connection.execute(
        "delete from reply_attachment where brand = $1 and reply_id = $2 and id <> all($3::uuid[])", brand, reply_id, list(kept)
    )


async def content(connection: db.Connection, brand: str, reply_id: UUID, id: UUID) -> bytes | None:
    """None where it has been forgotten."""
    found: bytes | None = await connection.fetchval(
        "select content from reply_attachment where brand = $1 and reply_id = $2 and id = $3", brand, reply_id, id
    )
    return found


async def contents(connection: db.Connection, brand: str, reply_id: UUID) -> dict[UUID, bytes]:
    rows = await connection.fetch("select id, content from reply_attachment where brand = $1 and reply_id = $2", brand, reply_id)
    return {row["id"]: row["content"] for row in rows}


async def run(pool: db.Pool, books: BrandBooks, relay: Relay) -> None:
    """Forget what is older than its brand's book keeps it, until cancelled. A passing fault of Postgres is waited out."""
    await books.read.wait()
    while True:
        try:
            for brand, published in books:
                while True:
                    async with pool.acquire() as connection, connection.transaction():
                        now: datetime = await connection.fetchval("select clock_timestamp()")
                        gone = await forget(connection, brand, now - published.book.retention.attachments.elapsed())
                    if gone < _AT_ONCE:
                        break
        except db.TRANSIENT as error:
            log.warning("files are not forgotten now", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def forget(connection: db.Connection, brand: str, before: datetime) -> int:
    """Forget files that were added before that; how many, of the few that are looked at together. A reply that may still leave keeps its own."""
    gone = await connection.fetch(
        "delete from reply_attachment where ctid in (select a.ctid from reply_attachment a join reply r on r.brand = a.brand and r.id = a.reply_id "
        "where a.brand = $1 and a.created_at < $2 and r.state not in ('submitted', 'approved', 'sending', 'unconfirmed') "
        "order by a.created_at limit $3) returning 1",
        brand,
        before,
        _AT_ONCE,
    )
    return len(gone)
