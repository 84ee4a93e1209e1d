"""Ingest's own topics come back in, live and bulk: each mention in the log becomes a receipt. Nothing goes out.

So a sender can ask what became of a mention, an import can be counted, and a mention that is taken back is found with its key. Receiving a mention
again is ordinary: it counts, and has no other effect.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.consumer import Consumer, Work
from libs.common.errors import InvalidEvent
from libs.common.events import Event, MentionDeleted, MentionReceived
from libs.common.record import Received
from libs.common.topics import MENTIONS, MENTIONS_BULK
from services.ingest import store
from services.ingest.receipt import Seen


class ReceiptWork(Work):
    """`received` and `deleted`: mentions known to have come in, or to have been taken back; `seen` and `imports`: what this batch adds."""

    def __init__(self, known: dict[store.Key, tuple[bool, bool]]) -> None:
        super().__init__()
        self.received = {key for key, (received, _) in known.items() if received}
        self.deleted = {key for key, (_, deleted) in known.items() if deleted}
        self.seen: dict[store.Key, Seen] = {}
        self.imports: dict[tuple[str, str, UUID], int] = {}


def on_mention_received(work: ReceiptWork, received: Received[MentionReceived]) -> None:
    """A mention is in the log: note where, and count it. One that we knew is a repetition."""
    mention = received.event.mention
    if mention.brand != received.event.brand:
        raise InvalidEvent("The mention's brand is not the event's.")
    key = (mention.brand, mention.id)
    work.seen.setdefault(key, Seen(received.key)).came_in(mention, received)
    if mention.import_id:
        counted = (mention.brand, mention.import_id, mention.id)
        work.imports[counted] = work.imports.get(counted, 0) + 1
    if key in work.received:
        work.repeat(received)
    work.received.add(key)


def on_mention_deleted(work: ReceiptWork, received: Received[MentionDeleted]) -> None:
    """A mention was taken back. Its receipt stays, so that it is known when it comes in again."""
    key = (received.event.brand, received.event.mention_id)
    work.seen.setdefault(key, Seen(received.key)).taken_back(received.event.deleted_at)
    if key in work.deleted:
        work.repeat(received)
    work.deleted.add(key)


HANDLERS: dict[type[Event], Callable[[ReceiptWork, Received[Any]], None]] = {
    MentionReceived: on_mention_received,
    MentionDeleted: on_mention_deleted,
}


async def load(connection: db.Connection, events: Sequence[Received[Any]], prepared: None) -> ReceiptWork:
    """Lock the receipts of the batch's mentions, in key order. New ones need no lock: writing them only adds."""
    return ReceiptWork(await store.known(connection, (_key(received.event) for received in events)))


def _key(event: MentionReceived | MentionDeleted) -> store.Key:
    return (event.brand, event.mention.id if isinstance(event, MentionReceived) else event.mention_id)


async def save(connection: db.Connection, work: ReceiptWork) -> None:
    await store.save(connection, work.seen, work.imports)


def build() -> Consumer[ReceiptWork]:
    return Consumer(
        topics=(MENTIONS.name, MENTIONS_BULK.name), handlers=HANDLERS, load=load, save=save, bulk=frozenset({MENTIONS_BULK.name})
    )
