"""Brand books that the topic does not have are told again at the start: a Kafka that was made anew knows none.

Routing's own table comes in, what the topic lacks goes out to `brands`. Telling a version twice changes nothing.
"""

import asyncio
import logging

import asyncpg

from libs.common import db, outbox
from libs.common.books import BrandBooks
from libs.common.events import BrandBookPublished
from libs.common.outbox import Outgoing
from libs.common.service import Service
from services.routing import store

log = logging.getLogger(__name__)


async def run(service: Service) -> None:
    """Once, when the topic was read to its end."""
    await service.books.read.wait()
    while True:
        try:
            if await lacking(service.pool, service.books):
                service.relay.poke()
            return
        except db.TRANSIENT as error:
            log.warning("brand books wait to be told again", extra={"error": type(error).__name__})
        await asyncio.sleep(1)


async def lacking(pool: db.Pool, books: BrandBooks) -> int:
    """Tell the books that are not known, or only in an older version; return how many."""
    async with pool.acquire() as connection, connection.transaction():
        again = [told(row) for row in await store.newest_books(connection) if books.version(row["brand"]) < row["version"]]
        await outbox.add(connection, "routing", again)
    return len(again)


def told(row: asyncpg.Record) -> Outgoing:
    """The event that told this version when it was published."""
    event = BrandBookPublished(**{name: row[name] for name in ("brand", "version", "book", "published_at", "published_by")})
    return Outgoing(event, event.brand, event.version, event.brand)
