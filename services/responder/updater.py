"""Carries updates out: judges the conversations of a new one, and makes the replies of one that a person approved, at the pace that they chose.

Each step is one transaction: the conversations that it is about, their replies with their events, and when the next step is due. A process that dies
leaves a step done or not begun; any number of instances share the work by locks on rows. What is made here is an approved reply like any other: the
sender asks lease, holds and case again before it leaves.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.events import SendingHold
from libs.common.outbox import Relay
from services.responder import hold, hold_store, quiet, store, update, update_store
from services.responder.reply import ReplyRow
from services.responder.update import Item, Update

log = logging.getLogger(__name__)

PERIOD_S = 0.5
_JUDGED_AT_ONCE = 50
_HELD_FOR = timedelta(seconds=2)
"""How long an update waits before it asks again whether a hold still stands in its way."""


async def run(pool: db.Pool, books: BrandBooks, relay: Relay) -> None:
    """Until cancelled, once every brand book has been read. A passing fault of Postgres is waited out."""
    await books.read.wait()
    while True:
        try:
            while await step(pool, books):
                relay.poke()
                await asyncio.sleep(0)
        except db.TRANSIENT as error:
            log.warning("updates wait", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def step(pool: db.Pool, books: BrandBooks) -> bool:
    """Take the next step of one update that is due; false when none is."""
    async with pool.acquire() as connection, connection.transaction():
        found = await update_store.due(connection)
        if found is None:
            return False
        now = await store.database_time(connection)
        published = books.get(found.brand)
        if published is None:
            await update_store.put(connection, _later(found, now + _HELD_FOR, "The brand has no brand book."))
        elif found.state == "preparing":
            await _prepare(connection, found, published, now)
        else:
            await _make(connection, found, published, now)
        return True


def _later(found: Update, next_at: datetime, waits: str | None = None) -> Update:
    return found.model_copy(update={"next_at": next_at, "waits": waits})


async def _prepare(connection: db.Connection, found: Update, published: Published, now: datetime) -> None:
    """Judge some; once all are, the update is a draft with a digest."""
    listed = await update_store.items(connection, found, "listed", _JUDGED_AT_ONCE)
    told = await _told_by(connection, found, listed)
    current = found.model_copy(update={"book_version": published.version})
    judged = []
    for item in listed:
        case_row = await store.case_by_now(connection, item.brand, item.case_id)
        judged.append(update.prepared(current, item, told[item.told_by], case_row.case if case_row else None, published.book, now))
    await update_store.put_items(connection, judged)
    if listed:
        await update_store.put(connection, _later(current, now))
        return
    ready = await update_store.items(connection, found, "ready", update.MOST)
    changes = {
        "state": "draft",
        "digest": update.digest_of(found.texts, ready),
        "version": found.version + 1,
        "changed_at": now,
        "next_at": None,
        "waits": None,
    }
    await update_store.put(connection, current.model_copy(update=changes))


async def _make(connection: db.Connection, found: Update, published: Published, now: datetime) -> None:
    """Some replies, and when the next are due; or nothing, where a hold stands in the way, or its approval has run out."""
    expires = published.book.conduct.approval_expires
    if found.approved_at is not None and now >= found.approved_at + expires.elapsed():
        await _void(connection, found, [], f"its approval ran out after {expires}: it needs another", now)
        return
    at_once = max(1, found.per_minute // 60)
    waiting = await update_store.items(connection, found, "ready", at_once + 1)
    ready = waiting[:at_once]
    await store.lock_cases(connection, [(item.case_id, item.brand) for item in ready])
    told = await _told_by(connection, found, ready)
    _, holds = await hold_store.in_force(connection, found.brand)
    done: list[Item] = []
    for item in ready:
        case_row = await store.case_by_now(connection, item.brand, item.case_id)
        case = case_row.case if case_row else None
        siblings = await store.replies_to(connection, item.brand, item.mention_id) if item.mention_id else []
        became, changes_of = update.made(found, item, told[item.told_by], case, siblings, published.book, published.version, now)
        stop = hold.against(changes_of[-1].row, case, published.book, holds) if changes_of else None
        if stop and stop.stands:
            await _hold_up(connection, found, done, stop.known.hold, now)
            return
        if stop:
            await _void(connection, found, done, f"it was held ({stop.known.hold.reason}): its approval is void", now)
            return
        until = quiet.ends(changes_of[-1].row, published.book, now) if changes_of else None
        if until:
            await _wait(connection, found, done, until)
            return
        for change in changes_of:
            await store.put_replies(connection, [change.row])
        await store.tell(connection, changes_of)
        done.append(became)
    await update_store.put_items(connection, done)
    if len(waiting) > len(ready):
        await update_store.put(connection, _later(found, now + timedelta(seconds=60 * at_once / found.per_minute)))
    else:
        changes = {"state": "done", "version": found.version + 1, "changed_at": now, "next_at": None, "waits": None}
        await update_store.put(connection, found.model_copy(update=changes))


async def _hold_up(connection: db.Connection, found: Update, done: list[Item], stands: SendingHold, now: datetime) -> None:
    await update_store.put_items(connection, done)
    await update_store.put(connection, _later(found, now + _HELD_FOR, f"It is held: {stands.reason}."))


async def _wait(connection: db.Connection, found: Update, done: list[Item], until: datetime) -> None:
    """All of it waits, at its own pace from then on: what is left would otherwise come at once when the quiet hours are over."""
    why = f"It would come at an hour that is quiet by the brand book (conduct.quiet_hours): it goes on at {until.isoformat(timespec='seconds')}."
    await update_store.put_items(connection, done)
    await update_store.put(connection, _later(found, until, why))


async def _void(connection: db.Connection, found: Update, done: list[Item], why: str, now: datetime) -> None:
    """Its approval holds no longer: what is left is judged anew and needs another approval."""
    await update_store.put_items(connection, done)
    await update_store.move(connection, found, "ready", "listed", None)
    changes = {
        "state": "preparing",
        "version": found.version + 1,
        "reason": why,
        "digest": None,
        "approver": None,
        "approver_role": None,
        "confirmed": [],
        "approved_at": None,
        "next_at": now,
        "waits": None,
        "changed_at": now,
    }
    await update_store.put(connection, found.model_copy(update=changes))


async def _told_by(connection: db.Connection, found: Update, listed: list[Item]) -> dict[object, ReplyRow]:
    return {row.id: row for row in await update_store.replies(connection, found.brand, [item.told_by for item in listed])}
