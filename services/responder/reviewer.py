"""Keeps up whose approval submitted replies wait for: after each change of a reply, of its case or of the brand book.

Nothing is let through or kept back by its being late: it finds work, and `clearance.approve` decides.
"""

import asyncio
import logging

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.outbox import Relay
from services.responder import review, review_store, store

log = logging.getLogger(__name__)

PERIOD_S = 0.3
_AT_ONCE = 200


async def run(pool: db.Pool, books: BrandBooks, relay: Relay) -> None:
    """Until cancelled, once every brand book has been read. A passing fault of Postgres is waited out."""
    await books.read.wait()
    while True:
        try:
            await ask(pool, books)
        except db.TRANSIENT as error:
            log.warning("the review queue is not kept up", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def ask(pool: db.Pool, books: BrandBooks) -> int:
    """How many replies were asked about."""
    return sum([await _of_brand(pool, brand, published) for brand, published in books])


async def _of_brand(pool: db.Pool, brand: str, published: Published) -> int:
    total = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await review_store.to_ask(connection, brand, published.version, _AT_ONCE)
            at = await store.database_time(connection) if rows else None
            found = []
            for row in rows:
                assert at is not None, "there are rows"
                case_row = await store.case_by_now(connection, row.brand, row.case_id)
                found.append((row.id, review.asked(row, published.book, case_row.case if case_row else None, at)))
            await review_store.put(connection, brand, published.version, found)
        total += len(rows)
        if len(rows) < _AT_ONCE:
            return total
