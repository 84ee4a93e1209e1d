"""The clocks' voice: every second, the cases whose time has come. A clock has something to say, what a case waits for was to have come by now, or a
resolved case is over for good.

Safe in any number of instances: each row is locked, and what it said is written with its next time in one transaction. Many at once are written
together; where one of them cannot be told, they are told one by one, so that it silences no other.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import CaseClockBreached, CaseClosed, CaseEscalated, CaseResumed
from libs.common.service import Service
from services.routing import case as cases
from services.routing import ladder, presence, record, reopening, signal, sla, store, taking, urgent, waiting
from services.routing.policies import Policies
from services.routing.presence import There

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
    brands = [policies.of(brand) for brand in sorted({file.case.brand for file in files})]
    for policy in brands:
        await _alone(connection, policy)
    now = await store.now(connection)
    there = {policy.book.brand: await _there(connection, policy, now) for policy in brands}
    changed, told, hub = [], [], []
    for file in files:
        policy = policies.of(file.case.brand)
        file.book_version = policy.version
        spoken = due(policy, file, now, there[file.case.brand])
        changed.append((policy, file, spoken.stories))
        told += spoken.told
        hub += spoken.hub
    await record.record_all(connection, changed)
    await urgent.notify(connection, lambda brand: policies.of(brand).book, told)
    await signal.of_cases(connection, hub, now)


async def _alone(connection: db.Connection, policy: sla.Policy) -> None:
    """Until the transaction ends nobody else gives cases of a brand whose ladder does, so that capacities hold."""
    if "reassign" in ladder.moves(policy.book) and policy.book.assignment.give == "at_once":
        await taking.alone_at_last(connection, policy.book.brand)


async def _there(connection: db.Connection, policy: sla.Policy, now: datetime) -> There | None:
    """Who is there to be given cases, where the ladder gives any."""
    return await presence.there(connection, policy, now) if ladder.moves(policy.book) else None


@dataclass(slots=True)
class Spoken:
    """What a case had to say, whom that is told, and what the hub is told of."""

    stories: list[store.Story] = field(default_factory=list)
    told: list[Notification] = field(default_factory=list)
    hub: list[signal.Noticed] = field(default_factory=list)


def due(policy: sla.Policy, file: cases.File, now: datetime, there: There | None = None) -> Spoken:
    """Let a case say what it has to by now. `there`: who is, where that is to be asked."""
    spoken = Spoken()
    stories, told = spoken.stories, spoken.told
    closes_at = reopening.closes_at(policy, file.case)
    if closes_at is not None and closes_at <= now:
        reopening.closed(file)
        stories.append(record.story(file, CaseClosed, at=now, actor="system", traceparent=None))
    if file.case.state not in cases.OPEN:
        return spoken
    back = waiting.comes_back(file.case)
    if back is not None and back <= now:
        why = file.case.waiting_reason or "The time has come that it was put off to."
        waited_for = waiting.over(policy, file, now)
        stories.append(record.story(file, CaseResumed, at=now, actor="system", traceparent=None, waited_for=waited_for, why=why))
        told += record.notifications(
            stories[-1], [file.case.owner] if file.case.owner else [], file.case.id, f"back: {' '.join(why.split())}"[:200]
        )
    coming = [firing for firing in ladder.coming(policy, file.case, file.fired) if firing.at <= now]
    for (clock, share), firings in groupby(coming, key=lambda firing: (firing.clock, firing.share)):
        _say(policy, file, clock, share, list(firings), now, spoken, there)
    return spoken


def _say(
    policy: sla.Policy,
    file: cases.File,
    clock: str,
    share: int,
    firings: Sequence[sla.Firing],
    now: datetime,
    spoken: Spoken,
    there: There | None,
) -> None:
    for firing in firings:
        if not firing.do:
            file.fired.append(firing.name)
            file.change(clocks=sla.breach(file.case.clocks, clock, firing.at))
            spoken.stories.append(record.story(file, CaseClockBreached, at=now, actor="system", traceparent=None, clock=clock))
    steps = [firing for firing in firings if firing.do]
    if not steps:
        return
    before = file.case
    done = cases.escalated(policy, file, steps, there)
    said: dict[str, Any] = {"clock": clock, "share": share, "did": done.did, "told": done.told, "not_done": done.not_done}
    if (before.owner, before.department) != (file.case.owner, file.case.department):
        said |= {"previous_owner": before.owner, "previous_department": before.department}
    story = record.story(file, CaseEscalated, at=now, actor="system", traceparent=None, **said)
    spoken.stories.append(story)
    gets = {done.goes.owner} if done.goes and done.goes.owner else set()
    what = f"{clock} clock at {share}%"
    spoken.told += record.notifications(story, gets, file.case.id, f"assigned: {what}")
    spoken.told += record.notifications(story, [member for member in done.told if member not in gets], file.case.id, what)
    if done.informs:
        spoken.hub.append(signal.of_escalation(policy, file.case, what))
