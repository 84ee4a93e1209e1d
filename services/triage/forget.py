"""What triage need not know any more: evidence by which nobody can be linked, what people showed in messages that they took back, what later looks find
no more, questions that nobody answered, and that cases were resolved long ago."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from libs.common import db
from libs.common.service import Service, Task
from services.triage import look, look_store, resolution_store, store, suggestion_store
from services.triage.group import WINDOWS

log = logging.getLogger(__name__)

KEPT = timedelta(days=8)
"""A day more than the topics keep events: whatever is read again finds what it found."""
_AT_ONCE = 5000
RESOLVED_KEPT = look.KEPT + KEPT
"""Longer than a later look finds anything of that time, also where the log is read again."""
ASKED_DAYS = 30
"""A question that nobody answered for so long is withdrawn."""


def forgetting(service: Service, every_s: float) -> Task:
    async def forget() -> None:
        """Brand by brand, a few thousand rows at a time, until cancelled."""
        while True:
            try:
                for brand, _ in service.books:
                    while await _forget_some(service.pool, brand) == _AT_ONCE:
                        pass
            except db.TRANSIENT as error:
                log.warning("evidence is not forgotten now", extra={"error": type(error).__name__})
            await asyncio.sleep(every_s)

    return forget


async def _forget_some(pool: db.Pool, brand: str) -> int:
    """Forget of each kind at most `_AT_ONCE`; return how many of the most there were."""
    async with pool.acquire() as connection, connection.transaction():
        await store.forget_evidence_of_removed(connection, brand)
        evidence = await store.forget_evidence(connection, brand, WINDOWS, KEPT, _AT_ONCE)
        looked = await look_store.forget_old(connection, brand, datetime.now(UTC) - look.KEPT, _AT_ONCE)
        asked = await suggestion_store.withdraw_settled(connection, brand, ASKED_DAYS, _AT_ONCE)
        resolved = await resolution_store.forget(connection, brand, RESOLVED_KEPT, _AT_ONCE)
        return max(evidence, looked, asked, resolved)
