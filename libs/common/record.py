"""A record of the log as an event, and as the dead letter that it becomes where it cannot be handled.

Records reach this module as Kafka gave them, and dead letters that an operator wants handled after all. `Received` events for the handlers leave it,
or dead letters that hold all that the record held.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Generic, TypeVar

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from libs.common import ledger
from libs.common.errors import InvalidEvent, UnknownEventType
from libs.common.events import Event
from libs.common.topics import EVENT_TYPES

E_co = TypeVar("E_co", bound=Event, covariant=True)

Place = tuple[str, int, int]
"""Topic, partition, offset: where a record stands."""


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """A decoded event and where it came from. `version` is the version of the thing that it is about."""

    event: E_co
    id: str
    subject: str
    version: int
    time: datetime
    traceparent: str | None
    topic: str
    partition: int
    offset: int
    key: str
    appended_at: datetime

    @property
    def place(self) -> Place:
        return (self.topic, self.partition, self.offset)


def decode(record: ConsumerRecord) -> Received[Event]:
    """Read a record. Raises `UnknownEventType` or `InvalidEvent`; the text names the field, never its value."""
    headers = _headers(record)
    kind = headers.get("ce_type", b"").decode("utf-8", "replace")
    model = EVENT_TYPES.get(kind)
    if model is None:
        raise UnknownEventType(f"Event type {kind[:100]!r} is not known to this version. Deploy one that knows it, then replay.")
    try:
        event = model.model_validate_json(record.value or b"")
        _of_one_brand(event)
        return Received(
            event=event,
            id=headers["ce_id"].decode(),
            subject=headers["ce_subject"].decode(),
            version=int(headers["ce_entityversion"]),
            time=datetime.fromisoformat(headers["ce_time"].decode()),
            traceparent=headers["ce_traceparent"].decode() if "ce_traceparent" in headers else None,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=key_of(record),
            appended_at=append_time(record),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the value"
        raise InvalidEvent(f"{kind}: {place}: {first['msg']}") from error
    except (KeyError, ValueError) as error:
        raise InvalidEvent(f"{kind}: a CloudEvents header is missing or wrong: {type(error).__name__} {error}") from error


@lru_cache(maxsize=256)
def _parts(kind: type[Event]) -> tuple[str, ...]:
    """The fields of an event that carry a thing with a brand of its own. Looked up once per type: it is asked for every record."""
    return tuple(name for name in ("mention", "triaged", "case", "reply") if name in kind.model_fields)


def _of_one_brand(event: Event) -> None:
    """Raise `InvalidEvent` where an event carries a thing of another brand than its own: brands never mix."""
    for name in _parts(type(event)):
        part = getattr(event, name)
        if (part.mention.brand if name == "triaged" else part.brand) != event.brand:
            raise InvalidEvent(f"{event.type}: the event is of one brand and what it carries of another.")


def type_of(record: ConsumerRecord) -> bytes:
    """The CloudEvents type, as it was sent; empty where there is none."""
    return next((value or b"" for name, value in record.headers if name == "ce_type"), b"")


def _headers(record: ConsumerRecord) -> dict[str, bytes]:
    """Kafka allows a header without a value, and whatever mirrors a topic may leave one: it is an empty one here."""
    return {name: value or b"" for name, value in record.headers}


def key_of(record: ConsumerRecord) -> str:
    """The key as text that Postgres can hold."""
    return (record.key or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")


def append_time(record: ConsumerRecord) -> datetime:
    """When the broker appended it, in UTC."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


def place_of(record: ConsumerRecord) -> Place:
    return (record.topic, record.partition, record.offset)


def place_of_letter(letter: ledger.DeadLetter) -> Place:
    return (letter.topic, letter.partition, letter.offset)


def dead_letter(record: ConsumerRecord, received: Received[Event] | None, standing: str, reason: str) -> ledger.DeadLetter:
    """All of a record, to set aside. `received` is what it decoded to, where it did; `standing` is dead or parked."""
    headers = {
        name.replace("\x00", "\ufffd"): value.decode("utf-8", "replace").replace("\x00", "\ufffd")
        for name, value in _headers(record).items()
    }
    return ledger.DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        brand=received.event.brand if received else None,
        key=key_of(record),
        event_id=headers.get("ce_id"),
        event_type=headers.get("ce_type"),
        standing=standing,
        reason=reason.replace("\x00", "\ufffd"),
        traceparent=headers.get("ce_traceparent"),
        headers=headers,
        value=record.value,
        appended_at=append_time(record),
    )


@dataclass(frozen=True)
class _Revived:
    """A dead letter in the shape of a record, for `decode`."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp: int
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def revive(letter: ledger.DeadLetter) -> Received[Event]:
    """A dead letter as the event that it was. Raises as `decode` does."""
    return decode(
        _Revived(
            letter.topic,
            letter.partition,
            letter.offset,
            letter.key.encode(),
            letter.value,
            int(letter.appended_at.timestamp() * 1000),
            [(name, value.encode()) for name, value in letter.headers.items()],
        )
    )
