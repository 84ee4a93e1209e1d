"""How long things are kept: cases that are over, their texts, and what grows beside them go when the brand's book says so.

Safe in any number of instances, and killed at any moment: what hangs together is forgotten in one short transaction, of rows that are locked without
waiting; where somebody is at one of them it is left for the next time. What still refers to a case holds it (`kin.needed`): it is looked at again a day
later. What is told of it afterwards has no effect (`forgotten.py`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from prometheus_client import Counter, Gauge

from libs.common import db
from libs.common.brandbook import Retention
from libs.common.service import Service
from services.routing import forgetting, kin, spike, standing, store
from services.routing.policies import Policies

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(days=1)
READ_KEPT = timedelta(days=90)
"""A notification that was read."""
TOLD_KEPT = timedelta(days=400)
"""A notification that nobody read, and that a link was used: no link holds as long."""
_AT_ONCE = 1000
_PAGE = 100
_PAUSE_S = 0.01
"""Between two cases: handlers come first."""

FORGOTTEN = Counter("weerklank_forgotten_total", "What was forgotten because the brand's book says so", ["brand", "what"])
_OVERDUE = Gauge(
    "weerklank_retention_overdue_seconds", "For how long the oldest case, or text, should have been forgotten", ["brand", "what"]
)
_HELD = Gauge("weerklank_retention_held", "Cases whose time has come, and that something still refers to", ["brand"])


@dataclass(frozen=True, slots=True)
class Spans:
    """A case is kept as long as what customers wrote in it at least, whatever an older book says."""

    mentions: timedelta
    cases: timedelta

    @classmethod
    def of(cls, retention: Retention) -> "Spans":
        mentions = retention.mentions.elapsed()
        return cls(mentions, max(mentions, retention.cases.elapsed()))


async def run(service: Service, policies: Policies, every_s: float) -> None:
    """Until cancelled. Passing faults of Postgres are waited out."""
    while True:
        for brand, _ in policies.versions():
            try:
                await purge(service.pool, brand, policies.of(brand).book.retention)
            except db.TRANSIENT as error:
                log.warning("nothing is forgotten now", extra={"brand": brand, "error": type(error).__name__})
            except Exception:  # one brand must not keep all others from it
                log.exception("cannot forget", extra={"brand": brand})
            service.relay.poke()
        await asyncio.sleep(every_s)


async def purge(pool: db.Pool, brand: str, retention: Retention) -> None:
    """Forget all of a brand whose time has come, texts first, so that a case that is held for another day does not keep them."""
    spans = Spans.of(retention)
    await _each(pool, brand, _WITH_OLD_TEXTS, spans.mentions, _texts)
    await _each(pool, brand, _OVER, spans.cases, _whole)
    await _incidents(pool, brand, spans.cases)
    for what, statement, span in _beside(spans):
        await _in_chunks(pool, brand, what, statement, span)


# --- cases ------------------------------------------------------------------------------------------------------------------------------

_FREE = "and (waits_until is null or waits_until <= moment()) and case_id <> all($3::uuid[])"
_WITH_OLD_TEXTS = f"select case_id from resting_case where brand = $1 and texts_from < $2 {_FREE} order by texts_from limit $4"
_OVER = f"select case_id from resting_case where brand = $1 and since < $2 {_FREE} order by since limit $4"

One = Callable[[db.Connection, str, UUID, datetime, datetime], Awaitable[bool]]
"""Forgets a case, or has it wait; false where somebody is at it."""


async def _each(pool: db.Pool, brand: str, due: str, span: timedelta, forget: One) -> None:
    """Each case by itself; those at which somebody is, and those that cannot be forgotten, are left for the next time."""
    left: set[UUID] = set()
    page: list[UUID] = []
    while True:
        async with pool.acquire() as connection:
            now = await store.now(connection)
            rows = await connection.fetch(due, brand, now - span, sorted(left), _PAGE)
        if not rows:
            return
        before, page = page, [row["case_id"] for row in rows]
        for case_id in page:
            done = False
            try:
                async with pool.acquire() as connection, connection.transaction():
                    await connection.execute("set local lock_timeout = '1s'")
                    done = await forget(connection, brand, case_id, now - span, now)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError) as error:
                log.info("a case is forgotten another time", extra={"brand": brand, "case_id": str(case_id), "error": type(error).__name__})
            except db.TRANSIENT:
                raise
            except Exception:  # one that cannot be forgotten must not keep all others
                log.exception("a case cannot be forgotten", extra={"brand": brand, "case_id": str(case_id)})
            if not done or case_id in before:
                left.add(case_id)
            await asyncio.sleep(_PAUSE_S)


async def _texts(connection: db.Connection, brand: str, case_id: UUID, before: datetime, now: datetime) -> bool:
    ids = await standing.case_ids(connection, brand, case_id)
    rows = await kin.locked(connection, brand, sorted(ids))
    if rows is None or ids != await standing.case_ids(connection, brand, case_id):
        return False
    root = next((row for row in rows if row["id"] == case_id), None)
    if root is None or root["state"] not in ("closed", "withdrawn"):
        return False
    if (why := await kin.needed(connection, brand, sorted(ids))) is not None:
        return await _wait(connection, brand, [case_id], why, now)
    mentions, replies = await forgetting.texts(connection, root, ids, before, now)
    FORGOTTEN.labels(brand, "mentions").inc(mentions)
    FORGOTTEN.labels(brand, "replies").inc(replies)
    return True


async def _whole(connection: db.Connection, brand: str, case_id: UUID, before: datetime, now: datetime) -> bool:
    ids = await kin.together(connection, brand, case_id)
    rows = await kin.locked(connection, brand, ids)
    if not rows or ids != await kin.together(connection, brand, case_id):
        return False
    if (why := await kin.needed(connection, brand, ids, before)) is not None:
        return await _wait(connection, brand, ids, why, now)
    await forgetting.whole(connection, brand, rows, now)
    FORGOTTEN.labels(brand, "cases").inc(len(ids))
    return True


async def _wait(connection: db.Connection, brand: str, ids: list[UUID], why: str, now: datetime) -> bool:
    log.info("a case is kept for what still refers to it", extra={"brand": brand, "case_id": str(ids[0]), "why": why})
    await connection.execute(
        "update resting_case set waits_until = $3 where brand = $1 and case_id = any($2::uuid[])", brand, ids, now + AGAIN_AFTER
    )
    return True


# --- what is beside them ----------------------------------------------------------------------------------------------------------------


async def _incidents(pool: db.Pool, brand: str, span: timedelta) -> None:
    """Each closed incident by itself."""
    while True:
        async with pool.acquire() as connection, connection.transaction():
            found = await connection.fetchval(
                "select id from incident where brand = $1 and state = 'closed' and closed_at < moment() - $2::interval "
                "order by seq limit 1 for update skip locked",
                brand,
                span,
            )
            if found is None:
                return
            await forgetting.incident(connection, brand, found)
            FORGOTTEN.labels(brand, "incidents").inc()
        await asyncio.sleep(_PAUSE_S)


async def _in_chunks(pool: db.Pool, brand: str, what: str, statement: str, span: timedelta) -> None:
    gone = _AT_ONCE
    while gone == _AT_ONCE:
        async with pool.acquire() as connection:
            done: str = await connection.execute(statement, brand, span, _AT_ONCE)
        gone = int(done.rpartition(" ")[2])
        FORGOTTEN.labels(brand, what).inc(gone)


def _beside(spans: Spans) -> list[tuple[str, str, timedelta]]:
    """What grows beside cases: what it is, the statement that takes away at most $3 rows of a brand ($1) that are older than $2, and how old that is."""
    return [
        ("notifications", _NOTIFICATIONS.format("read_at"), READ_KEPT),
        ("notifications", _NOTIFICATIONS.format("at"), TOLD_KEPT),
        ("notices", _NOTICES, spans.mentions),
        ("link_uses", _LINK_USES, TOLD_KEPT),
        ("signals", _SIGNALS, spans.mentions),
        ("holds", _HOLDS, spans.cases),
        ("bulk_items", _BULK_ITEMS, spans.cases),
        ("bulks", _BULKS, spans.cases),
        ("failed_rules", _FAILED_RULES, spans.cases),
        ("scenario_faults", _SCENARIO_FAULTS, spans.cases),
        ("counts", _MINUTES, spike.KEPT),
        ("counts", _HOURS, spike.KEPT),
    ]


_OLD = "brand = $1 and at < moment() - $2::interval"
_NOTIFICATIONS = (
    "delete from notification where seq = any(array(select seq from notification where brand = $1 and at < moment() - $2::interval "
    "and {} < moment() - $2::interval order by at limit $3 for update skip locked))"
)
_NOTICES = (
    "with oldest as (select id, seq, state, created_at from notice where brand = $1 order by seq limit $3), "
    "gone as (select id from oldest where created_at < moment() - $2::interval and state not in ('due', 'sending')), "
    "told as (delete from notification n using gone g where n.brand = $1 and n.notice_id = g.id) "
    "delete from notice t using gone g where t.brand = $1 and t.id = g.id"
)
_LINK_USES = f"delete from link_use where brand = $1 and key = any(array(select key from link_use where {_OLD} order by at limit $3))"
_SIGNALS = f"delete from signal where ctid = any(array(select ctid from signal where {_OLD} and incident_id is null limit $3 for update skip locked))"
_HOLDS = (
    "delete from sending_hold where brand = $1 and id = any(array(select id from sending_hold "
    "where brand = $1 and coalesce(released_at, 'infinity'::timestamptz) < moment() - $2::interval limit $3))"
)
_BULK_ITEMS = (
    "delete from bulk_item where brand = $1 and ctid = any(array(select i.ctid from bulk b join bulk_item i on i.bulk_id = b.id "
    "where b.brand = $1 and b.at < moment() - $2::interval and b.state in ('done', 'undone') limit $3 for update of i skip locked))"
)
_BULKS = (
    "delete from bulk where brand = $1 and id = any(array(select b.id from bulk b where b.brand = $1 and b.at < moment() - $2::interval "
    "and b.state in ('done', 'undone') and not exists (select from bulk_item i where i.bulk_id = b.id) limit $3 for update skip locked))"
)
_FAILED_RULES = f"delete from failed_rule where ctid = any(array(select ctid from failed_rule where {_OLD} limit $3))"
_SCENARIO_FAULTS = f"delete from scenario_fault where ctid = any(array(select ctid from scenario_fault where {_OLD} limit $3))"
_MINUTES = (
    "delete from mention_minute where brand = $1 and ctid = any(array("
    "select ctid from mention_minute where brand = $1 and minute < moment() - $2::interval limit $3))"
)
_HOURS = "delete from mention_hour where ctid = any(array(select ctid from mention_hour where brand = $1 and hour < moment() - $2::interval limit $3))"


# --- what a scrape shows ----------------------------------------------------------------------------------------------------------------


async def refresh_gauges(connection: db.Connection) -> None:
    """For how long the oldest should have been forgotten, of cases and of texts, and how many cases are held."""
    now = await store.now(connection)
    books = await connection.fetch(
        "select distinct on (brand) brand, book -> 'retention' as retention from brand_book order by brand, version desc"
    )
    for book in books:
        brand, spans = book["brand"], Spans.of(Retention.model_validate(book["retention"] or {}))
        row = await connection.fetchrow(
            "select (select since from resting_case where brand = $1 and (waits_until is null or waits_until <= $2) order by since limit 1) as since, "
            "(select texts_from from resting_case where brand = $1 and texts_from is not null and (waits_until is null or waits_until <= $2) "
            "order by texts_from limit 1) as texts_from, "
            "(select count(*) from resting_case where brand = $1 and waits_until > $2) as held",
            brand,
            now,
        )
        assert row is not None
        for what, oldest, span in (("cases", row["since"], spans.cases), ("texts", row["texts_from"], spans.mentions)):
            late = (now - oldest - span).total_seconds() if oldest is not None else 0.0
            _OVERDUE.labels(brand, what).set(max(late, 0.0))
        _HELD.labels(brand).set(row["held"])
