"""Cases, incidents, holds and sending leases come in from routing, word of deliveries from ingest; automatic drafts, and what becomes of drafts when a
case ends and of replies that come back, go out to `replies`.

Events about a case carry the whole case, so all of them mean the same here: a newer version of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.bookscripts import Script
from libs.common.case_events import CaseEvent
from libs.common.consumer import Consumer, Work
from libs.common.delivery_events import DeliveryReported
from libs.common.errors import InvalidEvent
from libs.common.events import Event, HoldEvent, SendingHeld, SendingHold, SendingLease, SendingReleased
from libs.common.incident_events import IncidentEvent
from libs.common.record import Received
from libs.common.topics import CASES, DELIVERIES, HOLDS, INCIDENTS
from services.responder import case_told, delivery, hold_store, review_store, script_use, statement, store
from services.responder.follow import follow_case
from services.responder.lease import NEVER, Lease
from services.responder.reply import Change, ReplyRow
from services.responder.rotation import Used
from services.responder.script_use import Outcome
from services.responder.shelf import Shelf


class ReplyWork(Work):
    """The cases of a batch with their replies."""

    def __init__(self, books: BrandBooks) -> None:
        super().__init__()
        self.books = books
        self.cases: dict[UUID, store.CaseRow] = {}
        self.known: set[UUID] = set()
        self.replies: dict[UUID, dict[UUID, ReplyRow]] = {}
        self.changed_cases: set[UUID] = set()
        self.statements: dict[UUID, statement.Row] = {}
        self.changed_statements: set[UUID] = set()
        self.changes: list[Change] = []
        self.scripts: Mapping[str, Sequence[Script]] = {}
        self.used: Mapping[UUID, Sequence[Used]] = {}
        self.outcomes: dict[UUID, Outcome] = {}
        self.told = case_told.Told()


class HoldWork(Work):
    """The newest lease of each brand of a batch, and what is held of it."""

    def __init__(self) -> None:
        super().__init__()
        self.leases: dict[str, Lease] = {}
        self.changed: set[str] = set()
        self.holds: dict[tuple[str, UUID], SendingHold] = {}
        self.told: dict[str, tuple[int, list[UUID], datetime]] = {}


def on_case(work: ReplyWork, received: Received[CaseEvent]) -> None:
    """Keep the newer version of a case, and let its drafts follow it."""
    event = received.event
    case = event.case
    known = work.cases[case.id]
    if not (event.brand == case.brand == known.brand):
        raise InvalidEvent(f"Case {case.id} belongs to another brand than this event.")
    if received.version <= known.version:
        work.repeat(received)
        return
    work.cases[case.id] = replace(
        known,
        version=received.version,
        state=case.state,
        case=case,
        traceparent=received.traceparent or known.traceparent,
        told_at=received.appended_at,
    )
    work.changed_cases.add(case.id)
    case_told.hear(work.told, event, received.version)
    published = work.books.get(case.brand)
    if published is None:
        return
    replies = work.replies.setdefault(case.id, {})
    changes = follow_case(
        case,
        known.state,
        list(replies.values()),
        published.book,
        book_version=published.version,
        at=event.at,
        traceparent=received.traceparent,
        team=work.scripts.get(case.brand, ()),
        used=work.used.get(case.topic_id, ()) if case.topic_id else (),
    )
    work.outcomes.update(script_use.outcomes(case, replies.values()))
    for change in changes:
        replies[change.row.id] = change.row
        work.changes.append(change)
        outgoing = change.outgoing()
        assert outgoing is not None, "what happens to a draft is always told"
        work.emit(received, outgoing.event, subject=outgoing.subject, version=outgoing.version, key=outgoing.key)


def on_lease(work: HoldWork, received: Received[SendingLease]) -> None:
    """Keep the newest lease of the brand; a lease that waited, in the log or in a producer on the way there, is not fresh. One that knows a hold or
    a release more than we do tells of it as well: it may be the first to arrive."""
    event = received.event
    renewed_at = min(event.decided_at or received.appended_at, received.appended_at)
    lease = Lease(event.brand, event.hold_version, renewed_at, event.held, event.reason, event.book_version)
    known = work.leases.get(event.brand)
    if not lease.newer_than(known):
        work.repeat(received)
        return
    work.leases[event.brand] = lease
    work.changed.add(event.brand)
    if known is None or known.hold_version < event.hold_version:
        _keep_holds(work, event, renewed_at)


def on_incident(work: ReplyWork, received: Received[IncidentEvent]) -> None:
    """Offer the incident's statement, or no longer: as its newest version says."""
    incident = received.event.incident
    if received.event.brand != incident.brand:
        raise InvalidEvent(f"Incident {incident.id} belongs to another brand than this event.")
    known = work.statements.get(incident.id)
    if known is not None and known.version >= received.version:
        work.repeat(received)
        return
    work.statements[incident.id] = statement.told(incident, received.version)
    work.changed_statements.add(incident.id)


def on_delivery(work: ReplyWork, received: Received[DeliveryReported]) -> None:
    """A mail server told what became of a reply. Of one that we do not have, or that says no more than is known, nothing changes."""
    row = delivery.about(received.event, (row for rows in work.replies.values() for row in rows.values()))
    change = delivery.reported(row, received.event) if row is not None else None
    if change is None:
        work.repeat(received)
        return
    work.replies[change.row.case_id][change.row.id] = change.row
    work.changes.append(change)
    if (outgoing := change.outgoing()) is not None:
        work.emit(received, outgoing.event, subject=outgoing.subject, version=outgoing.version, key=outgoing.key)


def on_hold(work: HoldWork, received: Received[HoldEvent]) -> None:
    """What is held of the brand from here on. It renews no lease: that says that routing is there now, an event only that it was."""
    event = received.event
    known = work.leases.get(event.brand)
    if known is not None and known.hold_version >= event.hold_version:
        work.repeat(received)
        return
    reason = event.hold.reason if event.held and event.hold.scope.everything else known.reason if known and known.held else None
    renewed_at = known.renewed_at if known else NEVER
    book_version = max(event.book_version, known.book_version if known else 0)
    work.leases[event.brand] = Lease(event.brand, event.hold_version, renewed_at, event.held, reason, book_version)
    work.changed.add(event.brand)
    _keep_holds(work, event, event.at)


def _keep_holds(work: HoldWork, event: SendingLease | HoldEvent, at: datetime) -> None:
    for hold in event.holds:
        newest = work.holds.get((event.brand, hold.id))
        if newest is None or newest.version < hold.version:
            work.holds[event.brand, hold.id] = hold
    work.told[event.brand] = (event.hold_version, [hold.id for hold in event.holds], at)


_CASE_HANDLERS: dict[type[Event], Callable[[ReplyWork, Received[Any]], None]] = {
    **dict.fromkeys(CASES.events, on_case),
    **dict.fromkeys(INCIDENTS.events, on_incident),
    DeliveryReported: on_delivery,
}
_HOLD_HANDLERS: dict[type[Event], Callable[[HoldWork, Received[Any]], None]] = {
    SendingLease: on_lease,
    SendingHeld: on_hold,
    SendingReleased: on_hold,
}
HANDLERS: dict[type[Event], Callable[[Any, Received[Any]], None]] = {**_CASE_HANDLERS, **_HOLD_HANDLERS}


async def save(connection: db.Connection, work: ReplyWork) -> None:
    """Cases, then the last state of each changed reply, then its history."""
    await store.insert_cases(connection, [work.cases[case_id] for case_id in sorted(work.changed_cases - work.known)])
    await store.update_cases(connection, [work.cases[case_id] for case_id in sorted(work.changed_cases & work.known)])
    await review_store.ask_again(connection, [(case_id, work.cases[case_id].brand) for case_id in sorted(work.changed_cases)])
    await store.put_replies(connection, {change.row.id: change.row for change in work.changes}.values())
    await store.record(connection, work.changes)
    await script_use.put(connection, work.outcomes)
    await case_told.keep(connection, work.told)
    await statement.put(connection, [work.statements[incident_id] for incident_id in work.changed_statements])


async def save_holds(connection: db.Connection, work: HoldWork) -> None:
    """What is held before the lease that knows of it: whoever sends looks at both."""
    await hold_store.put(connection, work.holds)
    for brand, (hold_version, told, at) in sorted(work.told.items()):
        await hold_store.end_others(connection, brand, hold_version, told, at)
    await store.put_leases(connection, [work.leases[brand] for brand in work.changed])


def build(books: BrandBooks) -> Consumer[ReplyWork]:
    shelf = Shelf()

    async def load(connection: db.Connection, events: Sequence[Received[Any]], prepared: object) -> ReplyWork:
        work = ReplyWork(books)
        about_cases = [received.event.case for received in events if isinstance(received.event, CaseEvent)]
        work.cases = await store.lock_cases(connection, [(case.id, case.brand) for case in about_cases])
        work.known = {case_id for case_id, row in work.cases.items() if row.version}
        for row in await store.replies_of_cases(connection, work.known, await delivery.named(connection, events)):
            work.replies.setdefault(row.case_id, {})[row.id] = row
        work.scripts = await shelf.labelled(connection, {case.brand for case in about_cases})
        work.used = await script_use.lately(connection, {(case.brand, case.topic_id) for case in about_cases if case.topic_id})
        about = [received.event.incident for received in events if isinstance(received.event, IncidentEvent)]
        work.statements = await statement.lock(connection, [(incident.id, incident.brand) for incident in about])
        return work

    return Consumer(topics=(CASES.name, INCIDENTS.name, DELIVERIES.name), handlers=_CASE_HANDLERS, load=load, save=save)


def of_holds() -> Consumer[HoldWork]:
    """The stream of holds and leases: by itself, so that a hold waits behind no storm of cases."""

    async def load(connection: db.Connection, events: Sequence[Received[Any]], prepared: object) -> HoldWork:
        work = HoldWork()
        work.leases = await store.leases(connection, {received.event.brand for received in events})
        return work

    return Consumer(topics=(HOLDS.name,), handlers=_HOLD_HANDLERS, load=load, save=save_holds, lane="priority")
