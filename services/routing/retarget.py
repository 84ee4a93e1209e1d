"""Running clocks follow the brand book: when a new version has other targets, hours or steps of escalation, those of open cases are set anew.

Open cases come in, as soon as a new version of their brand's book is known and every minute after that, for what another instance set under the
version before. What is due at another time then goes out to `cases`, with both times. In batches, and safe in any number of instances (each
row is locked, and a case whose clocks were set under a newer book than ours is left to those who have it).
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook
from libs.common.case_events import CaseTargetsChanged
from libs.common.events import TriagedMention
from libs.common.hours import Calendar
from libs.common.service import Service
from services.routing import newbook, record, store, turn
from services.routing.case import File
from services.routing.policies import Policies
from services.routing.sla import Policy

log = logging.getLogger(__name__)
_BATCH = 200
FIELDS = ("targets", "hours", "timezone", "escalation", "labels", "customer_groups")
"""What clocks follow from."""


async def run(service: Service, policies: Policies) -> None:
    """Until cancelled."""

    async def look(policy: Policy) -> None:
        before = await earlier(service.pool, policy)
        while before and await tick(service.pool, policy, before):
            service.relay.poke()

    waits, failed = "clocks wait for their new targets", "clocks could not be set by the new book"
    await newbook.follow(policies, log, look, waits=waits, failed=failed)


async def earlier(pool: db.Pool, policy: Policy) -> dict[int, Policy | None]:
    """The versions before this one by which clocks would run otherwise; none for a book that today's rules do not let pass."""
    async with pool.acquire() as connection:
        found = await store.books_with_other_clocks(connection, policy.book.brand, policy.version, FIELDS)
    return {version: _policy(book, version) for version, book in found.items()}


def _policy(stored: Mapping[str, Any], version: int) -> Policy | None:
    try:
        book = BrandBook.from_json(stored)
    except BrandBookError:
        return None
    return Policy(book, Calendar.of(book), version)


async def tick(pool: db.Pool, policy: Policy, before: Mapping[int, Policy | None]) -> int:
    """Look at up to 200 open cases whose clocks were set under one of the versions before, and set them by this one; return how many those were."""
    brand = policy.book.brand
    async with pool.acquire() as connection, connection.transaction():
        found = await store.clocks_of_another_book(connection, brand, sorted(before), _BATCH)
        if not found:
            return 0
        said: dict[UUID, list[TriagedMention]] = {}
        for copy in (await store.copies_of(connection, [(brand, file.case.id) for _, file in found])).values():
            said.setdefault(copy.case_id, []).append(copy.triaged)
        now = await store.now(connection)
        try:
            async with connection.transaction():
                await _set(connection, policy, before, found, said, now)
        except db.TRANSIENT:
            raise
        except Exception:  # which one it is comes out below
            log.exception("the clocks of many cases could not be set together: they are set one by one")
            await _one_by_one(connection, policy, before, [file.case.id for _, file in found], said, now)
        await store.clocks_set_by(connection, brand, [file.case.id for _, file in found], policy.version)
    return len(found)


async def _one_by_one(
    connection: db.Connection,
    policy: Policy,
    before: Mapping[int, Policy | None],
    ids: Sequence[UUID],
    said: Mapping[UUID, Sequence[TriagedMention]],
    now: datetime,
) -> None:
    for case_id in ids:
        try:
            async with connection.transaction():
                again = await store.clocks_of_another_book(connection, policy.book.brand, sorted(before), 1, only=case_id)
                await _set(connection, policy, before, again, said, now)
        except db.TRANSIENT:
            raise
        except Exception:  # one case that cannot be told must not keep the others waiting
            log.exception("the clocks of a case stay as they were: the new book cannot be applied to them", extra={"case_id": str(case_id)})


async def _set(
    connection: db.Connection,
    policy: Policy,
    before: Mapping[int, Policy | None],
    found: Sequence[tuple[int, File]],
    said: Mapping[UUID, Sequence[TriagedMention]],
    now: datetime,
) -> None:
    written: list[tuple[Policy, File, list[store.Story]]] = []
    for set_by, file in found:
        changes = turn.retargeted(before[set_by], policy, file, said.get(file.case.id, []), now)
        stories = []
        if changes:
            file.book_version = policy.version
            file.change()
            stories = [record.story(file, CaseTargetsChanged, at=now, actor="system", traceparent=None, changes=changes)]
            stories += record.breaches(file, at=now, actor="system", traceparent=None)
        written.append((policy, file, stories))  # also without another time: the steps of escalation may have changed
    await record.record_all(connection, written)
