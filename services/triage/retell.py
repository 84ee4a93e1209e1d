"""Mentions whose customer is known as another one by now are told again, some hundred at a time: there may be thousands.

Rows of `to_retell` come in, written where people are merged (`customer_store.py`); a new version of each mention leaves, under its new customer's key.
So its newest event may stand on another partition than those before it, and reach a reader before them: the reader takes the higher version.
"""

import asyncio
import logging

from libs.common import db, outbox
from libs.common.events import MentionRevised
from libs.common.outbox import Outgoing
from libs.common.service import Service
from services.triage import customer_store

log = logging.getLogger(__name__)
_AT_ONCE = 300
_EVERY_S = 0.5


async def run(service: Service) -> None:
    """Until cancelled, by any number of instances: each takes other customers."""
    while True:
        try:
            while await some(service.pool, [brand for brand, _ in service.books]):
                service.relay.poke()
        except db.TRANSIENT as error:
            log.warning("mentions are not told again now", extra={"error": type(error).__name__})
        await asyncio.sleep(_EVERY_S)


async def some(pool: db.Pool, brands: list[str]) -> bool:
    """Tell some mentions of one customer again; false where nobody waits for it."""
    async with pool.acquire() as connection, connection.transaction():
        asked = await customer_store.retelling(connection, brands)
        if asked is None:
            return False
        rows = await customer_store.retell(connection, asked, _AT_ONCE)
        told = [
            Outgoing(
                MentionRevised(brand=asked.brand, book_version=row.book_version, triaged=row.triaged, why="customer", actor=asked.actor),
                str(row.triaged.mention.id),
                row.version,
                str(row.triaged.customer_id),
            )
            for row in rows
        ]
        await outbox.add(connection, "triage", told)
    return True
