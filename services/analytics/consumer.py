"""The topics `triaged`, `cases` and `replies` reach this module; rows of facts leave it.

Every event carries the whole state of its thing, so a fact is its newest version: an older one, or one told again, changes nothing. What
is counted by how often it happened is keyed by the event instead, and counts once whatever the order. Nothing depends on the order
across topics: a case may come before the mentions that it holds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from libs.common import db
from libs.common.case_events import CaseClockBreached, CaseEscalated, CaseEvent, CaseReopened
from libs.common.consumer import Consumer, Work
from libs.common.errors import InvalidEvent
from libs.common.events import Event, TriagedEvent
from libs.common.record import Received
from libs.common.reply_events import ReplyEvent
from libs.common.topics import CASES, POST_EVENTS, REPLIES, TRIAGED
from services.analytics import store
from services.analytics.store import Happened, Stored

E = TypeVar("E", bound=Event)
CountedCaseEvent = CaseClockBreached | CaseEscalated | CaseReopened

WHAT: Mapping[type[Event], str] = {CaseClockBreached: "clock_breached", CaseEscalated: "escalated", CaseReopened: "reopened"}


class Newest(Generic[E]):
    """Of each thing in the batch, the version that Postgres holds and the newest event that goes beyond it."""

    def __init__(self, stored: Mapping[UUID, Stored]) -> None:
        self._stored = stored
        self.events: dict[UUID, Received[E]] = {}

    def take(self, thing: UUID, received: Received[E]) -> bool:
        """Keep the event if it is newer than what is known; false when it is not.

        Raises `InvalidEvent` when the id stands for another brand's thing already: brands never mix.
        """
        stored, taken = self._stored.get(thing), self.events.get(thing)
        if stored and stored.brand != received.event.brand:
            raise InvalidEvent(f"{received.event.type}: {thing} belongs to another brand than the event says.")
        known = taken.version if taken else stored.version if stored else -1
        if received.version <= known:
            return False
        self.events[thing] = received
        return True


class FactWork(Work):
    """The facts that a batch brings, and what it counts."""

    def __init__(
        self, mentions: Mapping[UUID, Stored], cases: Mapping[UUID, Stored], replies: Mapping[UUID, Stored], counted: set[str]
    ) -> None:
        super().__init__()
        self.mentions: Newest[TriagedEvent] = Newest(mentions)
        self.cases: Newest[CaseEvent] = Newest(cases)
        self.replies: Newest[ReplyEvent] = Newest(replies)
        self.counted = counted
        self.happened: list[Happened] = []


def on_mention(work: FactWork, received: Received[TriagedEvent]) -> None:
    mention = received.event.triaged.mention
    _same_brand(received, mention.brand)
    if not work.mentions.take(mention.id, received):
        work.repeat(received)


def on_case(work: FactWork, received: Received[CaseEvent]) -> None:
    case = received.event.case
    _same_brand(received, case.brand)
    if not work.cases.take(case.id, received):
        work.repeat(received)


def on_counted_case_event(work: FactWork, received: Received[CountedCaseEvent]) -> None:
    """A case event that also counts by itself, even when a newer version of its case came first."""
    event = received.event
    _same_brand(received, event.case.brand)
    newer, first = work.cases.take(event.case.id, received), received.id not in work.counted
    if first:
        work.counted.add(received.id)
        clock = None if isinstance(event, CaseReopened) else event.clock
        work.happened.append(Happened(received.id, event.brand, event.case.id, WHAT[type(event)], clock, event.case.department, event.at))
    if not newer and not first:
        work.repeat(received)


def on_reply(work: FactWork, received: Received[ReplyEvent]) -> None:
    reply = received.event.reply
    _same_brand(received, reply.brand)
    if not work.replies.take(reply.id, received):
        work.repeat(received)


def _same_brand(received: Received[Event], inside: str) -> None:
    if received.event.brand != inside:
        raise InvalidEvent(f"{received.event.type}: the event names another brand than what it tells of.")


HANDLERS: dict[type[Event], Callable[[FactWork, Received[Any]], None] | None] = {
    **dict.fromkeys(TRIAGED.events, on_mention),
    **dict.fromkeys(CASES.events, on_case),
    **dict.fromkeys((CaseClockBreached, CaseEscalated, CaseReopened), on_counted_case_event),
    **dict.fromkeys(REPLIES.events, on_reply),
    **dict.fromkeys(POST_EVENTS),
}


async def load(connection: db.Connection, events: Sequence[Received[Any]], _: Any) -> FactWork:
    """The versions that are known of all that the batch tells of, locked; and which of its events were counted before."""
    mentions = {x.event.triaged.mention.id for x in events if isinstance(x.event, TriagedEvent)}
    cases = {x.event.case.id for x in events if isinstance(x.event, CaseEvent)}
    replies = {x.event.reply.id for x in events if isinstance(x.event, ReplyEvent)}
    counted = [x.id for x in events if type(x.event) in WHAT]
    return FactWork(
        await store.lock_mentions(connection, mentions),
        await store.lock_cases(connection, cases),
        await store.lock_replies(connection, replies),
        await store.counted(connection, counted),
    )


async def save(connection: db.Connection, work: FactWork) -> None:
    """Write what is newer, a statement or two for each kind of fact. Sorted by id, so that two instances never wait for each other."""
    await store.put_mentions(connection, [work.mentions.events[key] for key in sorted(work.mentions.events)])
    await store.put_cases(connection, [work.cases.events[key] for key in sorted(work.cases.events)])
    await store.put_replies(connection, [work.replies.events[key] for key in sorted(work.replies.events)])
    await store.add_happened(connection, work.happened)


def build() -> Consumer[FactWork]:
    """What analytics does with its topics."""
    return Consumer(topics=(TRIAGED.name, CASES.name, REPLIES.name), handlers=HANDLERS, load=load, save=save)
