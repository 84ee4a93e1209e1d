"""The clocks' voice: every second, the cases whose clock has something to say. Safe in any number of instances (each row is locked)."""

import asyncio
import logging

from libs.common import db
from libs.common.case_events import CaseClockBreached, CaseEscalated
from libs.common.service import Service
from services.routing import case as cases
from services.routing import record, route, sla, store
from services.routing.policies import Policies

log = logging.getLogger(__name__)
_BATCH = 200


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
    """Let every clock that is due say what it has to, at most 200 cases at once; return how many cases."""
    async with pool.acquire() as connection, connection.transaction():
        files = await store.due(connection, [brand for brand, _ in policies.versions()], _BATCH)
        for file in files:
            try:
                async with connection.transaction():
                    await _speak(connection, policies.of(file.case.brand), file)
            except db.TRANSIENT:
                raise
            except Exception:  # one case that cannot be told must not silence the clocks of all others
                log.exception("a clock could not speak: asked again in a minute", extra={"case_id": str(file.case.id)})
                await store.put_off(connection, file.case.brand, file.case.id)
    return len(files)


async def _speak(connection: db.Connection, policy: sla.Policy, file: cases.File) -> None:
    now = await store.now(connection)
    stories: list[store.Story] = []
    file.book_version = policy.version
    for firing in sla.firings(policy, file.case.clocks, file.fired):
        if firing.at > now:
            break
        file.fired.append(firing.name)
        if firing.share == 100:
            file.change(clocks=sla.breach(file.case.clocks, firing.clock, firing.at))
            stories.append(record.story(file, CaseClockBreached, at=now, actor="system", traceparent=None, clock=firing.clock))
        if firing.steps:
            done = cases.escalated(file.case, firing.steps, route.leads(policy.book, file.case.department))
            file.change(**done.changes)
            told = record.story(
                file,
                CaseEscalated,
                at=now,
                actor="system",
                traceparent=None,
                clock=firing.clock,
                share=firing.share,
                did=done.did,
                told=done.told,
            )
            stories.append(told)
            what = f"{firing.clock} clock at {firing.share}%"
            await store.notify(connection, record.notifications(told, done.told, file.case.id, what))
    await record.record(connection, policy, file, stories)
