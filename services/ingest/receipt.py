"""What a batch of the log says about one mention: pure, and the same whatever the order in which its records are folded."""

from dataclasses import dataclass
from datetime import datetime

from libs.common.events import Mention
from libs.common.record import Received
from libs.common.trail import trace_id_of


@dataclass(frozen=True, slots=True)
class First:
    """The earliest record of a mention, and what it told."""

    channel: str
    topic: str
    partition: int
    offset: int
    posted_at: datetime
    received_at: datetime
    appended_at: datetime
    trace_id: str | None
    import_id: str | None


@dataclass(slots=True)
class Seen:
    """`times`: how often the mention came in; `deleted_at`: when it was taken back, the earliest if told more than once."""

    key: str
    first: First | None = None
    times: int = 0
    last_appended_at: datetime | None = None
    deleted_at: datetime | None = None

    def came_in(self, mention: Mention, received: Received[object]) -> None:  # type: ignore[type-var]  # any event
        """Count a record; keep the earliest, by when the broker had it and then by its place."""
        self.times += 1
        self.last_appended_at = max(self.last_appended_at or received.appended_at, received.appended_at)
        if self.first is not None and _order(self.first) <= (received.appended_at, *received.place):
            return
        self.first = First(
            channel=mention.channel,
            topic=received.topic,
            partition=received.partition,
            offset=received.offset,
            posted_at=mention.posted_at,
            received_at=mention.received_at,
            appended_at=received.appended_at,
            trace_id=trace_id_of(received.traceparent),
            import_id=mention.import_id,
        )

    def taken_back(self, at: datetime) -> None:
        self.deleted_at = min(self.deleted_at or at, at)


def _order(first: First) -> tuple[datetime, str, int, int]:
    return (first.appended_at, first.topic, first.partition, first.offset)
