"""Cases whose owner or department a new brand book no longer has get another one, so that none is left where nobody looks.

Open cases come in, as soon as a new version of their brand's book is known and every minute after that, for what another instance decided under the
version before. What changes goes out to `cases` as an assignment by the system, and whoever gets a case that a colleague worked on is told.
Safe in any number of instances (each row is locked, and a case that was decided under a newer book than ours is left to those who have it).
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from libs.common import db
from libs.common.case_events import CaseAssigned
from libs.common.events import TriagedMention
from libs.common.service import Service
from services.routing import newbook, orphan, record, store
from services.routing.case import File
from services.routing.policies import Policies
from services.routing.sla import Policy

log = logging.getLogger(__name__)
_BATCH = 50


async def run(service: Service, policies: Policies) -> None:
    """Until cancelled."""

    async def look(policy: Policy) -> None:
        while await tick(service.pool, policy):
            service.relay.poke()
        service.relay.poke()

    waits, failed = "cases without an owner wait", "cases without an owner could not be given one"
    await newbook.follow(policies, log, look, waits=waits, failed=failed)


async def tick(pool: db.Pool, policy: Policy) -> int:
    """Look at up to 50 cases of this brand, and give them an owner and a department that there are; return how many got them."""
    done = 0
    async with pool.acquire() as connection, connection.transaction():
        files = await store.orphans(connection, policy, _BATCH)
        if not files:
            return 0
        found = await store.copies_of(connection, [(file.case.brand, file.case.id) for file in files])
        now = await store.now(connection)
        for file in files:
            mentions = [copy.triaged for copy in found.values() if copy.case_id == file.case.id]
            try:
                async with connection.transaction():
                    await _settle(connection, policy, file, mentions, now)
                    done += 1
            except db.TRANSIENT:
                raise
            except Exception:  # one case that cannot be told must not keep the others waiting
                log.exception("a case could not be given an owner: asked again in a minute", extra={"case_id": str(file.case.id)})
    return done


async def _settle(connection: db.Connection, policy: Policy, file: File, mentions: Sequence[TriagedMention], now: datetime) -> None:
    before = file.case
    why = "; ".join(orphan.gone(policy.book, before, waits=file.given is not None))
    file.book_version = policy.version
    file.change(**dict(orphan.settled(policy, file, mentions, now)))
    said = {"previous_owner": before.owner, "previous_department": before.department, "why": why}
    told = record.story(file, CaseAssigned, at=now, actor="system", traceparent=None, **said)
    late = record.breaches(file, at=now, actor="system", traceparent=None)
    await record.record(connection, policy, file, [told, *late])
    if file.touched and file.case.owner is not None and file.case.owner != before.owner:
        await store.notify(connection, record.notifications(told, [file.case.owner], file.case.id, "assigned"))
