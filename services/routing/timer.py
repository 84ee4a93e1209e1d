"""What is to be done later, once: reminders, returns, ends. Rows of `timer` reach this module, calls of what they are for leave it.

A timer is set in the transaction that makes it necessary, and taken away in the one that does what it says: whatever happens in between, it is done
once. Any number of instances share the work by locks on rows. The clocks of cases are not here (`ticker.py`): their time stands in the case itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common import db
from libs.common.service import Service
from services.routing.policies import Policies
from services.routing.sla import Policy

log = logging.getLogger(__name__)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Timer:
    """`kind` says what is done, `subject` what it is about; `name` tells several timers of one subject apart. `at` is when, at the earliest."""

    brand: str
    kind: str
    subject: UUID
    name: str
    at: datetime


Due = Callable[[db.Connection, Policy, Timer, datetime], Awaitable[None]]
"""What a kind of timer does when its time has come, in the transaction that takes the timer away: connection, the brand's policy, the timer, now.
Setting the same timer again in there sets it for later."""


Many = Callable[[db.Connection, Policy, Sequence[Timer], datetime], Awaitable[None]]
"""The same for several timers of one brand, all of them or none."""


@dataclass(frozen=True, slots=True)
class Together:
    """A kind of timer of which many are due at once: it does what they say in a few statements for all of them. One is a few, too."""

    many: Many

    async def __call__(self, connection: db.Connection, policy: Policy, timer: Timer, now: datetime) -> None:
        await self.many(connection, policy, [timer], now)


async def put(connection: db.Connection, timers: Sequence[Timer]) -> None:
    """Set these; one that is set already is moved."""
    if timers:
        rows = sorted({(t.brand, t.kind, t.subject, t.name): t for t in timers}.items())
        await connection.execute(
            "insert into timer (brand, kind, subject, name, at) "
            "select * from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[]) "
            "on conflict (brand, kind, subject, name) do update set at = excluded.at",
            *[[key[n] for key, _ in rows] for n in range(4)],
            [timer.at for _, timer in rows],
        )


async def by(connection: db.Connection, timers: Sequence[Timer]) -> None:
    """Set these for that time at the latest: one that is set for sooner stays. Where one is, and is not about to go off, nothing is locked, so that
    those who set the same timer do not wait for one another."""
    if timers:
        rows = sorted({(t.brand, t.kind, t.subject, t.name): t for t in timers}.items())
        await connection.execute(
            "insert into timer as known (brand, kind, subject, name, at) "
            "select * from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[]) as u(brand, kind, subject, name, at) "
            "where not exists (select 1 from timer t where (t.brand, t.kind, t.subject, t.name) = (u.brand, u.kind, u.subject, u.name) "
            "and t.at <= u.at and t.at > moment() + interval '5 seconds') "
            "on conflict (brand, kind, subject, name) do update set at = least(known.at, excluded.at)",
            *[[key[n] for key, _ in rows] for n in range(4)],
            [timer.at for _, timer in rows],
        )


async def cancel(connection: db.Connection, brand: str, kind: str, subject: UUID, names: Sequence[str] | None = None) -> None:
    """Take back the timers of a subject: those with these names, or all of that kind."""
    await connection.execute(
        "delete from timer where brand = $1 and kind = $2 and subject = $3 and ($4::text[] is null or name = any($4))",
        brand,
        kind,
        subject,
        names,
    )


async def cancel_all(connection: db.Connection, brand: str, kind: str, subjects: Sequence[UUID]) -> None:
    """Take back all timers of that kind of these subjects."""
    if subjects:
        await connection.execute(
            "delete from timer where brand = $1 and kind = $2 and subject = any($3::uuid[])", brand, kind, list(subjects)
        )


async def run(service: Service, policies: Policies, due: Mapping[str, Due]) -> None:
    """Until cancelled. A passing fault of Postgres is waited out: timers go off late then, and never twice."""
    while True:
        try:
            while await tick(service.pool, policies, due) == _BATCH:
                service.relay.poke()
            service.relay.poke()
        except db.TRANSIENT as error:
            log.warning("timers wait", extra={"error": type(error).__name__})
        await asyncio.sleep(1)


async def tick(pool: db.Pool, policies: Policies, due: Mapping[str, Due]) -> int:
    """Do what at most 500 timers say whose time has come; return how many those were. Those of a brand and a kind are done together; where that fails,
    one by one, and one that fails then is tried again in a minute."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(
            "delete from timer t using (select brand, kind, subject, name from timer where at <= moment() and brand = any($1::text[]) "
            "and kind = any($2::text[]) order by at limit $3 for update skip locked) as d "
            "where (t.brand, t.kind, t.subject, t.name) = (d.brand, d.kind, d.subject, d.name) returning t.*",
            [brand for brand, _ in policies.versions()],
            list(due),
            _BATCH,
        )
        if not rows:
            return 0
        now: datetime = await connection.fetchval("select moment()")
        found: dict[tuple[str, str], list[Timer]] = {}
        for row in sorted(rows, key=lambda row: (row["at"], row["subject"], row["name"])):
            timer = Timer(row["brand"], row["kind"], row["subject"], row["name"], row["at"])
            found.setdefault((timer.brand, timer.kind), []).append(timer)
        for (brand, kind), timers in found.items():
            try:
                async with connection.transaction():
                    await _do(connection, policies.of(brand), due[kind], timers, now)
            except db.TRANSIENT:
                raise
            except Exception:  # which one it is comes out below
                log.exception("timers failed together: they are tried one by one", extra={"kind": kind, "number": len(timers)})
                await _one_by_one(connection, policies, due[kind], timers, now)
    return len(rows)


async def _do(connection: db.Connection, policy: Policy, do: Due, timers: Sequence[Timer], now: datetime) -> None:
    if isinstance(do, Together):
        await do.many(connection, policy, timers, now)
        return
    for timer in timers:
        await do(connection, policy, timer, now)


async def _one_by_one(connection: db.Connection, policies: Policies, do: Due, timers: Sequence[Timer], now: datetime) -> None:
    for timer in timers:
        try:
            async with connection.transaction():
                await do(connection, policies.of(timer.brand), timer, now)
        except db.TRANSIENT:
            raise
        except Exception:  # one timer that cannot do what it says must not keep the others waiting
            log.exception("a timer failed: tried again in a minute", extra={"kind": timer.kind, "subject": str(timer.subject)})
            await connection.execute(
                "insert into timer (brand, kind, subject, name, at) values ($1, $2, $3, $4, moment() + interval '1 minute') "
                "on conflict do nothing",
                timer.brand,
                timer.kind,
                timer.subject,
                timer.name,
            )
