"""The clocks' voice: every second, the cases whose time has come. A clock has something to say, what a case waits for was to have come by now, or a
resolved case is over for good.

Safe in any number of instances: each row is locked, and what it said is written with its next time in one transaction. Many at once are written
together; where one of them cannot be told, they are told one by one, so that it silences no other.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.common import db
from libs.common.case_events import CaseClockBreached, CaseClosed, CaseEscalated, CaseResumed
from libs.common.service import Service
from services.routing import case as cases
from services.routing import record, reopening, route, sla, store, urgent, waiting
from services.routing.policies import Policies

log = logging.getLogger(__name__)
_BATCH = 500

Notification = tuple[UUID, str, str, UUID, datetime, str]


async def run(service: Service, policies: Policies) -> None:
    """Until cancelled. A passing fault of Postgres is waited out: the clocks speak late then, and never twice."""
    while True:
        try:
            while await tick(service.pool, policies) == _BATCH:
                service.relay.poke()
            service.relay.poke()
        except db.TRANSIENT as error:
            log.warning("clocks wait", extra={"error": type(error).__name__})
        await asyncio.sleep(1)


async def tick(pool: db.Pool, policies: Policies) -> int:
    """Let every case that is due say what it has to, at most 500 at once; return how many cases."""
    async with pool.acquire() as connection, connection.transaction():
        files = await store.due(connection, [brand for brand, _ in policies.versions()], _BATCH)
        if not files:
            return 0
        try:
            async with connection.transaction():
                await _speak(connection, policies, files)
        except db.TRANSIENT:
            raise
        except Exception:  # which one it is comes out below
            log.exception("many clocks could not speak together: they are told one by one")
            await _one_by_one(connection, policies, files)
    return len(files)


async def _one_by_one(connection: db.Connection, policies: Policies, files: Sequence[cases.File]) -> None:
    for brand, case_id in [(file.case.brand, file.case.id) for file in files]:
        try:
            async with connection.transaction():
                again = await store.file(connection, brand, case_id)
                await _speak(connection, policies, [again] if again else [])
        except db.TRANSIENT:
            raise
        except Exception:  # one case that cannot be told must not silence the clocks of all others
            log.exception("a clock could not speak: asked again in a minute", extra={"case_id": str(case_id)})
            await store.put_off(connection, brand, case_id)


async def _speak(connection: db.Connection, policies: Policies, files: Sequence[cases.File]) -> None:
    now = await store.now(connection)
    changed, notifications = [], []
    for file in files:
        policy = policies.of(file.case.brand)
        file.book_version = policy.version
        stories, told = due(policy, file, now)
        changed.append((policy, file, stories))
        notifications += told
    await record.record_all(connection, changed)
    await urgent.notify(connection, lambda brand: policies.of(brand).book, notifications)


def due(policy: sla.Policy, file: cases.File, now: datetime) -> tuple[list[store.Story], list[Notification]]:
    """What a case has to say by now, and whom that is told."""
    stories: list[store.Story] = []
    told: list[Notification] = []
    closes_at = reopening.closes_at(policy, file.case)
    if closes_at is not None and closes_at <= now:
        reopening.closed(file)
        stories.append(record.story(file, CaseClosed, at=now, actor="system", traceparent=None))
    if file.case.state not in cases.OPEN:
        return stories, told
    back = waiting.comes_back(file.case)
    if back is not None and back <= now:
        why = file.case.waiting_reason or "The time has come that it was put off to."
        waited_for = waiting.over(policy, file, now)
        stories.append(record.story(file, CaseResumed, at=now, actor="system", traceparent=None, waited_for=waited_for, why=why))
        told += record.notifications(
            stories[-1], [file.case.owner] if file.case.owner else [], file.case.id, f"back: {' '.join(why.split())}"[:200]
        )
    for firing in sla.firings(policy, file.case.clocks, file.fired):
        if firing.at > now:
            break
        _fire(policy, file, firing, now, stories, told)
    return stories, told


def _fire(
    policy: sla.Policy, file: cases.File, firing: sla.Firing, now: datetime, stories: list[store.Story], told: list[Notification]
) -> None:
    file.fired.append(firing.name)
    if firing.share == 100:
        file.change(clocks=sla.breach(file.case.clocks, firing.clock, firing.at))
        stories.append(record.story(file, CaseClockBreached, at=now, actor="system", traceparent=None, clock=firing.clock))
    if firing.steps:
        done = cases.escalated(file.case, firing.steps, route.leads(policy.book, file.case.department))
        file.change(**done.changes)
        said = {"clock": firing.clock, "share": firing.share, "did": done.did, "told": done.told}
        stories.append(record.story(file, CaseEscalated, at=now, actor="system", traceparent=None, **said))
        told += record.notifications(stories[-1], done.told, file.case.id, f"{firing.clock} clock at {firing.share}%")
