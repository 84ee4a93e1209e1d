"""Puts back what was approved so long ago that its approval holds no longer, and posts whose moment has passed, whatever keeps them from leaving.

No sending waits for this, and none is let through by its being late: whoever claims a reply asks the same (`clearance.expired`).
"""

import asyncio
import logging

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.outbox import Relay
from services.responder import clearance, post_store, store

log = logging.getLogger(__name__)

PERIOD_S = 5.0
_AT_ONCE = 100


async def run(pool: db.Pool, books: BrandBooks, relay: Relay) -> None:
    """Until cancelled, once every brand book has been read. A passing fault of Postgres is waited out."""
    await books.read.wait()
    while True:
        try:
            if await put_back(pool, books):
                relay.poke()
        except db.TRANSIENT as error:
            log.warning("approvals that ran out are not put back", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def put_back(pool: db.Pool, books: BrandBooks) -> int:
    """How many there were."""
    return sum([await _of_brand(pool, brand, published) for brand, published in books])


async def _of_brand(pool: db.Pool, brand: str, published: Published) -> int:
    total = await _late_posts(pool, brand, published)
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await store.approved_before(connection, brand, published.book.conduct.approval_expires.elapsed(), _AT_ONCE)
            at = await store.database_time(connection)
            changes = [change for row in rows if (change := clearance.expired(row, published.book, at))]
            await store.put_replies(connection, [change.row for change in changes])
            await store.tell(connection, changes)
        total += len(changes)
        if len(rows) < _AT_ONCE:
            return total


async def _late_posts(pool: db.Pool, brand: str, published: Published) -> int:
    """Of those that are due, first what has been due for longest: a page a round, for what waits for the end of quiet hours is among them."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await post_store.due(connection, brand, published.book.conduct.posts.late_after.elapsed(), _AT_ONCE)
        at = await store.database_time(connection)
        changes = [change for row in rows if (change := clearance.expired(row, published.book, at))]
        await store.put_replies(connection, [change.row for change in changes])
        await store.tell(connection, changes)
    return len(changes)
