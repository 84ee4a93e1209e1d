"""Forgets practice after the time that each brand's book says. Any number of instances may do it at once."""

import asyncio
import logging

from libs.common import db
from libs.common.bookdrafting import PracticeRules
from libs.common.books import BrandBooks
from services.responder import practice_store, store

log = logging.getLogger(__name__)

PERIOD_S = 3600.0


async def run(pool: db.Pool, books: BrandBooks) -> None:
    """Until cancelled, every hour, once every brand book has been read. A passing fault of Postgres is waited out."""
    await books.read.wait()
    while True:
        try:
            await forget(pool, books)
        except db.TRANSIENT as error:
            log.warning("practice is not forgotten now", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def forget(pool: db.Pool, books: BrandBooks) -> None:
    """All that is due; of a brand without a book after the default."""
    async with pool.acquire() as connection:
        for brand in await practice_store.brands(connection):
            published = books.get(brand)
            rules = published.book.practice if published else PracticeRules()
            before = await store.database_time(connection) - rules.keep.elapsed()
            more = True
            while more:
                more = await practice_store.forget(connection, brand, before)
