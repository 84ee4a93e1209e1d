"""What a service says of its topics: which it reads, what each event does, what a batch loads and what it saves.

Each service's `consumer.py` makes one `Consumer` from plain functions; `stream.py` feeds it, `effects.py` commits what it decides.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from libs.common import db, outbox
from libs.common.events import Event
from libs.common.record import Place, Received

W = TypeVar("W", bound="Work")


class Work:
    """What the handlers of one batch decide. A service's own kind of work adds the states that `load` read and `save` writes."""

    def __init__(self) -> None:
        self.outgoing: list[outbox.Outgoing] = []
        self.repeated: set[Place] = set()

    def emit(self, cause: Received[Event], event: Event, *, subject: str, version: int, key: str) -> None:
        """Tell `event` once this batch commits, in the trace of what caused it."""
        self.outgoing.append(outbox.Outgoing(event, subject, version, key, cause.traceparent))

    def repeat(self, received: Received[Event]) -> None:
        """This event was seen before, or is older than what we know: it has no effect, and the ledger says so."""
        self.repeated.add(received.place)


@dataclass(frozen=True)
class Consumer(Generic[W]):
    """What a service does with its topics.

    `prepare` runs before the transaction and may be slow; `load` locks the states of the batch's keys in key order; the handlers fold each event into
    them, purely; `save` writes. A handler raises `InvalidEvent` for an event that no retry can mend. Topics in `bulk` wait while the
    others lag by more than a second. An event whose handler is None is not for this service: it is passed over undecoded, and counts as an event
    without effect.
    """

    topics: tuple[str, ...]
    handlers: Mapping[type[Event], Callable[[W, Received[Any]], None] | None]
    load: Callable[[db.Connection, Sequence[Received[Any]], Any], Awaitable[W]]
    save: Callable[[db.Connection, W], Awaitable[None]]
    prepare: Callable[[Sequence[Received[Any]]], Awaitable[Any]] | None = None
    bulk: frozenset[str] = frozenset()
    lane: str = ""
    """Names a stream beside the service's main one, with a consumer group of its own: what is here waits behind nothing that is there."""
