"""Cases of a colleague who is offline return to the queue, where somebody is there who can have them.

A timer for each member reaches this module when they may have gone; cases without an owner leave it, each told once with why. Where nobody who is able
is there, as at night or on a holiday of the whole team, cases stay with whoever has them: nothing would be won. Whoever comes back keeps what nobody
else has got by then.
"""

import logging
from datetime import datetime, timedelta

from libs.common import db
from libs.common.case_events import CaseReturned
from services.routing import presence, queue, record, store
from services.routing.case import OPEN, File, given_to
from services.routing.presence import Presence
from services.routing.sla import Policy
from services.routing.timer import Timer, put

log = logging.getLogger(__name__)
_AGAIN_AFTER = timedelta(minutes=5)
_AT_ONCE = 200


async def look(connection: db.Connection, policy: Policy, timer: Timer, now: datetime) -> None:
    """Whether a member has gone by now, and what of theirs returns. Asked again for as long as they are not there: others come, and cases too."""
    member = timer.name
    if policy.book.member(member) is None:
        await presence.forget(connection, policy.book.brand, member)
        return
    found = (await presence.of(connection, policy.book.brand)).get(member)
    if found is None:
        return
    if not presence.has_gone(policy, found, now):
        await put(connection, [presence.timer_of(policy, member, presence.offline_at(policy, found))])
        return
    await give_back(connection, policy, found, now)
    await put(connection, [presence.timer_of(policy, member, now + _AGAIN_AFTER)])


async def give_back(connection: db.Connection, policy: Policy, gone: Presence, now: datetime) -> int:
    """Return to the queue what the brand book says; how many cases that were."""
    rule = policy.book.assignment.offline_return
    there = {member.id for member in await presence.available(connection, policy, now)} - {gone.member}
    if rule == "none" or not there:
        return 0
    states = OPEN if rule == "all" else ("new", "open")
    returned = 0
    for file in await _owned(connection, policy.book.brand, gone.member, states):
        if _able(policy, file) & there:
            await _return(connection, policy, file, gone, now)
            returned += 1
    return returned


def _able(policy: Policy, file: File) -> frozenset[str]:
    case = file.case
    return queue.lanes(policy.book).able(queue.lane(case.department, case.language, file.skills))


async def _owned(connection: db.Connection, brand: str, member: str, states: tuple[str, ...]) -> list[File]:
    rows = await connection.fetch(
        "select * from care_case where brand = $1 and owner = $2 and state = any($3::text[]) order by rank, due_at, id limit $4 "
        "for update skip locked",
        brand,
        member,
        states,
        _AT_ONCE,
    )
    return [store.file_of(row) for row in rows]


async def _return(connection: db.Connection, policy: Policy, file: File, gone: Presence, now: datetime) -> None:
    local = gone.seen_at.astimezone(policy.calendar.zone)
    why = f"{gone.member} is offline, and was last seen on {local:%Y-%m-%d at %H:%M}"
    file.book_version = policy.version
    file.given = given_to(file, None, why)
    file.change(owner=None, decided=why)
    told = record.story(file, CaseReturned, at=now, actor="system", traceparent=None, previous_owner=gone.member, why=why)
    late = record.breaches(file, at=now, actor="system", traceparent=None)
    await record.record(connection, policy, file, [told, *late])
