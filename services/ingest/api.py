"""Ingest over HTTP: mentions come in and go to Kafka, receipts of what the log holds go out. No text is kept here."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeGuard, TypeVar
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Path, Query, Request
from prometheus_client import Counter
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from libs.common import db, http, strictjson, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.books import Published
from libs.common.errors import BadRequest, NotFound, TooLarge, Unavailable, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading, of
from libs.common.topics import MENTIONS, MENTIONS_BULK
from libs.common.trail import Step, Trail
from services.ingest import store
from services.ingest.intake import Intake, Outcome, Outcomes, Taken, read_mention, take_list, take_stream
from services.ingest.mention import deleted_event
from services.ingest.sender import Sender, record_of
from services.ingest.settings import Settings

MAX_ITEMS = 1000
STREAMS = frozenset({"/mentions"})
"""Paths whose body is read here, not by the framework."""

TAKEN = Counter("weerklank_ingest_mentions", "Mentions sent to us, by what became of them", ["outcome"])

router = APIRouter(prefix="/v1/brands/{brand}", tags=["ingest"], route_class=Route)

ImportId = Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="Names an import, so that it can be counted")]
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst", "connector"))]

_MENTION = {"$ref": "#/components/schemas/MentionIn"}
_LIST = {
    "type": "array",
    "items": {"description": "A MentionIn. Each is judged by itself: what is wrong with one does not block the rest"},
    "maxItems": MAX_ITEMS,
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"oneOf": [_MENTION, _LIST]}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One MentionIn a line, any number of lines"}},
        },
    }
}


class Receipt(BaseModel):
    """What ingest knows of a mention: that it is in the log, and where. `times` counts how often it came in."""

    id: UUID
    channel: str | None
    topic: str | None
    partition: int | None
    offset: int | None
    posted_at: datetime | None
    received_at: datetime | None
    appended_at: datetime | None
    trace_id: str | None
    import_id: str | None
    times: int
    deleted_at: datetime | None


class ImportCounts(BaseModel):
    """`accepted`: distinct mentions of the import; `repeated`: how often one of them came in again under its name."""

    accepted: int
    repeated: int


Answer = TypeVar("Answer", Outcomes, Taken)


class Deleted(BaseModel):
    id: UUID
    status: Literal["accepted"] = "accepted"


def _sender(request: Request) -> Sender:
    sender: Sender = request.app.state.sender
    return sender


def _settings(request: Request) -> Settings:
    settings = of(request).settings
    assert isinstance(settings, Settings)
    return settings


def _book(request: Request, brand: str) -> Published:
    books = of(request).books
    found = books.get(brand)
    if found is None and not books.read.is_set():
        raise Unavailable("The brand books have not been read yet. Try again.", retry_after_s=2)
    if found is None:
        raise NotFound("This brand has no brand book yet: apply one with `weerklank apply`.")
    return found


async def _body(request: Request, limit: int) -> bytes:
    """The whole body. Raises `TooLarge` once it passes `limit` bytes."""
    announced = request.headers.get("content-length", "")
    body = bytearray()
    too_large = TooLarge(f"The body is larger than {limit} bytes. Send fewer mentions at once, or application/x-ndjson.")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


def _answer(found: Answer) -> Answer:
    """What was taken in. Raises `Unprocessable` when there was something, and all of it is wrong."""
    for outcome in ("accepted", "duplicates", "rejected"):
        TAKEN.labels(outcome).inc(getattr(found, outcome))
    if found.rejected and not found.accepted:
        told: dict[str, Any] = found.model_dump(mode="json", exclude_none=True)
        raise Unprocessable(f"None of the {found.rejected} mentions could be accepted; each has its own problem below.", **told)
    return found


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


@router.post(
    "/mentions",
    status_code=202,
    openapi_extra=_BODY,
    responses={
        404: {"description": "The brand has no brand book"},
        422: {"description": "The mention, or every mention of the list (see `items`) or stream, is wrong"},
        429: {"description": "Too many mentions wait for Kafka, or too many requests; Retry-After says when to send again"},
        503: {"description": "Kafka did not acknowledge; of a stream, `line` is the first that may be missing"},
    },
)
async def receive(
    brand: str,
    request: Request,
    principal: Annotated[Principal, Depends(allow("connector", "admin", "agent", "lead"))],
    lane: Annotated[Literal["live", "bulk"], Query(description="bulk waits while live mentions do")] = "live",
    historic: Annotated[bool, Query(description="History: opens no clock, notifies nobody")] = False,
    import_id: ImportId | None = None,
) -> Outcome | Outcomes | Taken:
    """Take in one mention, a list, or a stream of lines. 202 only once the log holds every mention that is said to be accepted.

    One object: 202 with its outcome, or 422. A list: an outcome for each item; what is wrong does not block the rest, and only a list in which
    everything is wrong is a 422. A stream of lines: counts and the first hundred rejects, likewise. Sending anything again is safe.
    """
    media_type = request.headers["content-type"].partition(";")[0].strip().lower()
    sender, settings = _sender(request), _settings(request)
    intake = Intake(
        brand=brand,
        book=_book(request, brand),
        topic=(MENTIONS if lane == "live" else MENTIONS_BULK).name,
        historic=historic,
        import_id=import_id,
        traceparent=telemetry.current_traceparent(),
    )
    sender.check_room()
    try:
        if media_type == "application/x-ndjson":
            taken = await take_stream(intake, sender, _chunks(request), settings.max_line_bytes)
            return _answer(taken)
        body = await _body(request, settings.max_body_bytes)
    except ClientDisconnect as error:
        raise BadRequest("The request ended before its body did.") from error
    given = strictjson.decode(body)
    if isinstance(given, list):
        if len(given) > MAX_ITEMS:
            raise TooLarge(f"The list holds {len(given)} mentions; at most {MAX_ITEMS} go at once. Send application/x-ndjson for more.")
        outcomes = await take_list(intake, sender, given)
        return _answer(outcomes)
    id, record = intake.take(read_mention(given))
    assert record is not None
    await sender.send([record])
    TAKEN.labels("accepted").inc()
    return Outcome(index=0, id=id, status="accepted")


@router.delete("/mentions/{mention_id}", status_code=202)
async def take_back(
    brand: str,
    mention_id: UUID,
    request: Request,
    principal: Annotated[Principal, Depends(allow("connector", "admin", "lead"))],
) -> Deleted:
    """The author or the network took a mention back: every service forgets its text. 503 while it may still be on its way to us."""
    # Not a connection for the whole request: waiting for Kafka's acknowledgement must not keep others from the database.
    async with of(request).pool.acquire(timeout=5) as connection:
        receipt = await _taken_in(request, connection, brand, mention_id)
    book = of(request).books.get(brand)
    event = deleted_event(
        str(mention_id), brand, receipt["key"], datetime.now(UTC), book.version if book else 0, telemetry.current_traceparent()
    )
    # Into the topic that the mention itself is in: the same key there keeps the two in order.
    await _sender(request).send([record_of(event, receipt["topic"])])
    return Deleted(id=mention_id)


async def _taken_in(request: Request, connection: db.Connection, brand: str, mention_id: UUID) -> asyncpg.Record:
    """The receipt of a mention that is in the log.

    Raises `NotFound` only when every record that was in the log when we were asked has been handled, whichever instance has its partition (as
    `Stream.waiting` tells); until then a mention that was accepted a moment ago looks like one that never was, and `Unavailable` says so.
    """
    row = await store.receipt(connection, brand, mention_id)
    if _is_in_log(row):
        return row
    stream = of(request).stream
    waiting = await stream.waiting(connection) if stream is not None else None
    if stream is None or stream.problems() or waiting is None or any(waiting.values()):
        raise Unavailable("Mentions are still being read from the log, and this may be one of them. Try again.", retry_after_s=2)
    # It may have been handled since we looked.
    row = await store.receipt(connection, brand, mention_id)
    if _is_in_log(row):
        return row
    raise NotFound("There is no such mention in this brand.")


def _is_in_log(row: asyncpg.Record | None) -> TypeGuard[asyncpg.Record]:
    return row is not None and row["topic"] is not None


@router.get("/mentions/{mention_id}")
async def receipt(brand: str, mention_id: UUID, principal: Reader, reading: Reading) -> Receipt:
    """The receipt of a mention: where in the log it is, and how often it came in."""
    return _shown(await _found(reading, brand, mention_id))


@router.get("/receipts")
async def receipts(
    brand: str,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Receipt]:
    """All receipts, the one that was last appended to the log first."""
    rows = await store.page(reading, brand, _after(cursor), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    following = http.cursor_of(last["appended_at"].isoformat(), str(last["mention_id"])) if last else None
    return Page(items=[_shown(row) for row in rows[:limit]], next=following)


@router.get("/imports/{import_id}")
async def import_counts(
    brand: str,
    import_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")],
    principal: Reader,
    reading: Reading,
) -> ImportCounts:
    """How much of an import ingest has read from the log so far. Zero for one that never was."""
    accepted, repeated = await store.import_counts(reading, brand, import_id)
    return ImportCounts(accepted=accepted, repeated=repeated)


@router.get("/trace/{mention_id}")
async def trace(brand: str, mention_id: UUID, principal: Reader, reading: Reading) -> Trail:
    """The way of a mention through ingest."""
    row = await _found(reading, brand, mention_id)
    steps = []
    if row["topic"] is not None:
        place = {"topic": row["topic"], "partition": row["partition"], "offset": row["offset"]}
        event_id = str(store.received_event_id(brand, mention_id))
        steps = [
            Step(at=row["received_at"], what="received", trace_id=row["trace_id"], detail={"channel": row["channel"]}),
            Step(at=row["appended_at"], what="in the log", event_id=event_id, trace_id=row["trace_id"], detail=place),
        ]
        if row["times"] > 1:
            again = row["last_appended_at"]
            steps.append(Step(at=again, what="came in again", event_id=event_id, detail={"times": row["times"]}))
    if row["deleted_at"] is not None:
        steps.append(Step(at=row["deleted_at"], what="taken back", event_id=str(store.deleted_event_id(brand, mention_id))))
    return Trail(service="ingest", steps=sorted(steps, key=lambda step: step.at))


async def _found(reading: db.Connection, brand: str, mention_id: UUID) -> asyncpg.Record:
    row = await store.receipt(reading, brand, mention_id)
    if row is None:
        raise NotFound("There is no such mention in this brand.")
    return row


def _shown(row: asyncpg.Record) -> Receipt:
    return Receipt(id=row["mention_id"], **{name: row[name] for name in Receipt.model_fields if name != "id"})


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    values = http.read_cursor(cursor, [str, str])
    return (http.moment(values[0]), http.uuid(values[1])) if values else None
