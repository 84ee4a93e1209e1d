"""Cases that wait in the queue are given to those who are there, where the brand book gives them.

Every second, the cases of each brand with somebody available: in the order of the queue, each to whoever helped its customer last, if they are there,
else to the one with the smallest share of their capacity in use. Nobody gets more than their capacity. What nobody who is there may have stays in
the queue. Each is decided once, told as an assignment, and kept. Any number of instances: one gives for a brand at a time.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from libs.common import db
from libs.common.bookteam import Member
from libs.common.case_events import CaseAssigned
from libs.common.errors import InvalidEvent
from libs.common.service import Service
from services.routing import presence, queue, record, store, taking
from services.routing.case import File, given_to
from services.routing.policies import Policies
from services.routing.presence import Load
from services.routing.sla import Policy

log = logging.getLogger(__name__)
_BATCH = 50


async def run(service: Service, policies: Policies) -> None:
    """Until cancelled. A passing fault of Postgres is waited out: cases wait in the queue meanwhile, where people may take them."""
    while True:
        try:
            async with service.pool.acquire() as connection:
                brands = await presence.brands_with_somebody(connection)
            for brand in brands:
                await _give(service, policies, brand)
        except db.TRANSIENT as error:
            log.warning("cases wait to be given", extra={"error": type(error).__name__})
        await asyncio.sleep(1)


async def _give(service: Service, policies: Policies, brand: str) -> None:
    try:
        policy = policies.of(brand)
        while await tick(service.pool, policy) == _BATCH:
            service.relay.poke()
        service.relay.poke()
    except InvalidEvent:
        return  # its book is not known here yet
    except db.TRANSIENT:
        raise
    except Exception:  # one brand's case that cannot be told must not keep other brands' cases waiting
        log.exception("cases could not be given: asked again in a second", extra={"brand": brand})


async def tick(pool: db.Pool, policy: Policy) -> int:
    """Give up to 50 cases of a brand to those who are there; return how many were given."""
    if policy.book.assignment.give == "on_take":
        return 0
    async with pool.acquire() as connection, connection.transaction():
        now = await store.now(connection)
        there = {member.id: member for member in await presence.available(connection, policy, now)}
        if not there or not await taking.alone(connection, policy.book.brand):
            return 0
        loads = await presence.loads(connection, policy.book.brand, there)
        free = [member for member in there.values() if presence.has_room(member, loads[member.id])]
        given = 0
        for file in await _waiting(connection, policy, free):
            to = chosen(policy, file, there, loads)
            if to is not None:
                loads[to.id].add(file.case.channel)
                await _assign(connection, policy, file, to, loads, now)
                given += 1
    return given


async def _waiting(connection: db.Connection, policy: Policy, free: Sequence[Member]) -> list[File]:
    """The first cases of the queue that somebody with room may have, locked."""
    able, there = queue.lanes(policy.book), {member.id for member in free}
    lanes = [lane for lane in await taking.lanes(connection, policy.book.brand) if able.able(lane) & there] if there else []
    ids = await taking.waiting(connection, policy.book.brand, lanes, _BATCH)
    return await taking.lock(connection, policy.book.brand, ids, None, _BATCH)


def chosen(policy: Policy, file: File, there: Mapping[str, Member], loads: Mapping[str, Load]) -> Member | None:
    """Who gets it: of those who are there, are able, have room for it and did not give it back, whoever helped its customer last in this department,
    else the one with the smallest share of their capacity in use; a lot decides between equals. None: it goes on waiting."""
    case = file.case
    able = queue.lanes(policy.book).able(queue.lane(case.department, case.language, file.skills))
    declined = set(file.given.declined) if file.given else set()
    may = [m for m in there.values() if m.id in able - declined and presence.may_have(m, loads[m.id], case.channel)]
    return presence.best(case.id, may, loads, file.helpers.get(case.department))


async def _assign(connection: db.Connection, policy: Policy, file: File, to: Member, loads: Mapping[str, Load], now: datetime) -> None:
    case = file.case
    helped = file.helpers.get(case.department) == to.id
    why = (
        f"{to.id} is there and helped this customer last"
        if helped
        else f"{to.id} is there and has room: {loads[to.id].cases} of {to.capacity}"
    )
    file.book_version, file.given = policy.version, given_to(file, to.id, why)
    file.change(owner=to.id, decided=f"{case.decided}; {why}" if case.decided and not file.touched else why)
    said = {"previous_owner": None, "previous_department": case.department, "why": why}
    told = record.story(file, CaseAssigned, at=now, actor="system", traceparent=None, **said)
    late = record.breaches(file, at=now, actor="system", traceparent=None)
    await record.record(connection, policy, file, [told, *late])
    await store.notify(connection, record.notifications(told, [to.id], case.id, "assigned"))
