"""What holds leave to do: replies that one stops are marked, so that people see them; what a released one stopped is put back.

No sending waits for this, and none is let through by its being late: whoever claims a reply asks the holds themselves (`attempts.py`). Any number of
instances share the work by locks on rows; what a dead one left is taken up by the next.
"""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.outbox import Relay
from services.responder import hold, hold_store, store
from services.responder.follow import overtaken
from services.responder.hold_store import Unsettled
from services.responder.reply import Change, ReplyRow

log = logging.getLogger(__name__)

PERIOD_S = 0.5
_MARKED_AT_ONCE, _LOOKED_AT_AT_ONCE, _PUT_BACK_AT_ONCE = 1000, 200, 100


async def run(pool: db.Pool, books: BrandBooks, relay: Relay) -> None:
    """Until cancelled, once every brand book has been read. A passing fault of Postgres is waited out."""
    await books.read.wait()
    while True:
        try:
            if await keep(pool, books):
                relay.poke()
        except db.TRANSIENT as error:
            log.warning("what is held is not kept up", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def keep(pool: db.Pool, books: BrandBooks) -> int:
    """Do what there is to do; how many replies changed."""
    async with pool.acquire() as connection:
        found = await hold_store.unsettled(connection)
    changed = 0
    for left in found:
        if left.known.stands:
            changed += await (_mark_all(pool, left) if left.everything else _mark_matching(pool, books, left))
        else:
            changed += await _put_back(pool, books, left)
    return changed


async def _mark_all(pool: db.Pool, left: Unsettled) -> int:
    """Also what is approved while it stands: nobody claims anything of this brand, so nobody else would mark it."""
    total, marked = 0, _MARKED_AT_ONCE
    while marked == _MARKED_AT_ONCE:
        async with pool.acquire() as connection, connection.transaction():
            marked = await hold_store.mark_all(connection, left.brand, left.known.hold, _MARKED_AT_ONCE)
        total += marked
    return total


async def _mark_matching(pool: db.Pool, books: BrandBooks, left: Unsettled) -> int:
    """What was approved when it came. What is approved later is marked when it is claimed."""
    published = books.get(left.brand)
    if left.swept or published is None:
        return 0
    total, after = 0, None
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await hold_store.unmarked(connection, left.brand, after, _LOOKED_AT_AT_ONCE)
            at = await store.database_time(connection)
            changes = []
            for row in rows:
                case_row = await store.case_by_now(connection, row.brand, row.case_id)
                if hold.against(row, case_row.case if case_row else None, published.book, [left.known]):
                    changes.append(hold.kept(row, left.known, at))
            await store.put_replies(connection, [change.row for change in changes])
            await store.tell(connection, changes)
            if not rows:
                await hold_store.swept(connection, left.brand, left.known.hold.id)
        total += len(changes)
        if not rows:
            return total
        after = _place(rows[-1])


async def _put_back(pool: db.Pool, books: BrandBooks, left: Unsettled) -> int:
    """Each reply that it kept: kept by another hold that stands, let go where somebody approved it anew meanwhile, else to be looked at again."""
    published = books.get(left.brand)
    if published is None:
        return 0
    total = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await hold_store.held_by(connection, left.brand, left.known.hold.id, _PUT_BACK_AT_ONCE)
            if not rows:
                await hold_store.settle(connection, left.brand, left.known.hold.id)
                return total
            _, holds = await hold_store.in_force(connection, left.brand)
            at = await store.database_time(connection)
            changes: list[Change] = []
            for row in rows:
                case_row = await store.case_by_now(connection, row.brand, row.case_id)
                case = case_row.case if case_row else None
                found = hold.against(row, case, published.book, holds)
                if found and found.stands:
                    changes.append(hold.kept(row, found.known, at))
                elif row.reviewed_version >= left.known.hold.laid_version and (found is None):
                    changes.append(hold.let_go(row, left.known, at))
                else:
                    ended = overtaken(row, case, published.book, at) if case else None
                    again = hold.looked_at_again(row, left.known, published.book, case.owner if case else None, at)
                    changes.append(ended if ended and ended.row.state == "discarded" else again)
            await store.put_replies(connection, [change.row for change in changes])
            await store.tell(connection, changes)
        total += len(changes)


def _place(row: ReplyRow) -> tuple[datetime, UUID]:
    assert row.approved_at is not None, "an approved reply has that time"
    return row.approved_at, row.id
