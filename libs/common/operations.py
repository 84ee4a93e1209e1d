"""The routes that operations use, the same in every service: health, metrics, status, ledger, dead letters, and what moves a stream on.

Counts and states leave here; of a brand's data only what was set aside, to that brand's administrators.
"""

import logging
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from libs.common import checks, http, ledger, problems, scrape, servicechecks
from libs.common.auth import EVERY_BRAND, Principal, allow
from libs.common.errors import Conflict, InvalidEvent, NotFound, Unavailable
from libs.common.http import Cursor, Page
from libs.common.ratelimit import of_address
from libs.common.routes import Route
from libs.common.service import Reading, Writing, of, our_version
from libs.common.topics import BY_NAME, PARTITIONS

log = logging.getLogger(__name__)
router = APIRouter(tags=["operations"], route_class=Route)


class Health(BaseModel):
    ready: bool
    why: list[str] = []


class DeadLetterRow(BaseModel):
    id: int
    topic: str
    partition: int
    offset: int
    key: str
    event_id: str | None
    event_type: str | None
    standing: str
    reason: str
    created_at: datetime


class Minute(BaseModel):
    """Records of one minute of a topic, or of one day of long ago. `gap`: offsets that hold no record, or that an operator skipped."""

    minute: datetime
    effects: int
    repeated: int
    dead: int
    parked: int
    gap: int


Topic = Annotated[str, Field(max_length=249, description="Name of a topic")]
LetterKey = Annotated[str, Field(max_length=10_000, description="Key of the events, as the list of dead letters shows it")]


class ReplayBody(http.Body):
    topic: Topic
    key: LetterKey


class Replayed(BaseModel):
    replayed: int


class DropBody(http.Body):
    topic: Topic
    key: LetterKey
    partition: int = Field(ge=0, lt=2**31, strict=True)
    offset: int = Field(ge=0, lt=2**63, strict=True)


class Dropped(BaseModel):
    """`waiting`: events of the same key that are still set aside; replay them."""

    dropped: int
    waiting: int


class ResetBody(http.Body):
    to: Literal["start", "end"] | Annotated[int, Field(ge=0, lt=2**63, strict=True)] = Field(
        description="The log's start or end, or an offset between them"
    )


class Reset(BaseModel):
    topic: str
    partition: int
    position: int
    skipped: int


@router.get("/healthz", responses={503: {"model": Health, "description": "Not alive, and why"}})
async def healthz(request: Request) -> Health:
    """Liveness: false when only a restart can help."""
    service = of(request)
    stalled = any(stream.stalled() for stream in service.streams)
    if stalled or service.failed_tasks:
        why = ["records wait and nothing moves"] if stalled else service.failed_tasks
        return problems.answer({"ready": False, "why": why}, 503)  # type: ignore[return-value]
    return Health(ready=True)


@router.get("/readyz", responses={503: {"model": Health, "description": "Not ready, and why"}})
async def readyz(request: Request) -> Health:
    """Readiness, and why not."""
    why = of(request).problems()
    if why:
        return problems.answer({"ready": False, "why": why}, 503)  # type: ignore[return-value]
    return Health(ready=True)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Prometheus metrics; aggregates only, nothing about a person."""
    await scrape.refresh(of(request), request.app.state.gauges)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/status", dependencies=[Depends(of_address)])
async def status(request: Request, reading: Reading) -> dict[str, Any]:
    """Lag, ledger and what stands in the way: what `weerklank status` shows. No brand's data."""
    service = of(request)
    lag: dict[str, dict[str, float]] = {}
    for stream in service.streams:
        lag |= stream.lags()
        # What the broker knows of all instances; what this one has seen where it does not answer.
        for topic, messages in (await stream.waiting(reading) or {}).items():
            lag[topic]["messages"] = messages
    return {
        "service": service.name,
        "version": our_version(),
        "instance": service.settings.instance,
        "ready": not service.problems(),
        "why": service.problems(),
        "relay_leads": service.relay.leads,
        "lag": lag,
        "ledger": await ledger.summary(reading),
        **{name: tell() for name, tell in service.told.items()},
    }


@router.get("/v1/checks")
async def self_checks(
    request: Request,
    principal: Annotated[Principal, Depends(allow("admin", brand=EVERY_BRAND))],
    brand: Annotated[str | None, Query(max_length=100, description="Of the brands, only this one")] = None,
) -> Page[checks.Finding]:
    """What only this service can see of itself: its database, positions, relay and issuer, and the accounts of brands that it uses. Shows no secret."""
    service = of(request)
    asked = [probe for probes in request.app.state.checks for probe in probes(service, brand)]
    return Page(items=checks.worst_of(await checks.run([*servicechecks.common(service), *asked])))


@router.get("/v1/ledger", dependencies=[Depends(of_address)])
async def minutes(
    reading: Reading,
    topic: Annotated[str, Query(max_length=249, examples=["weerklank.mentions.v1"])],
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
) -> Page[Minute]:
    """What became of the records of a topic, minute by minute of their append time, newest first. Counts only."""
    before = http.read_cursor(cursor, [str])
    rows = [Minute(**row) for row in await ledger.minutes(reading, topic, http.moment(before[0]) if before else None, limit + 1)]
    following = http.cursor_of(rows[limit - 1].minute.isoformat()) if len(rows) > limit else None
    return Page(items=rows[:limit], next=following)


@router.get("/v1/brands/{brand}/dead-letters")
async def dead_letters(
    brand: str,
    principal: Annotated[Principal, Depends(allow("admin"))],
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[DeadLetterRow]:
    """Events of this brand that were set aside. For the brand `*` (operators): of all brands, and those whose brand could not be read."""
    after = http.read_cursor(cursor, [int])
    rows = await reading.fetch(
        'select id, topic, partition, "offset", key, event_id, event_type, standing, reason, created_at from dead_letter '
        "where (brand = $1 or $1 = '*') and id > $2 order by id limit $3",
        brand,
        after[0] if after else 0,
        limit + 1,
    )
    items = [DeadLetterRow(**dict(row)) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].id) if len(rows) > limit else None)


@router.post("/v1/brands/{brand}/dead-letters/replay", responses=problems.CONFLICT)
async def replay(brand: str, body: ReplayBody, request: Request, principal: Annotated[Principal, Depends(allow("admin"))]) -> Replayed:
    """Handle what was set aside for a key, in order; all of it or nothing."""
    service = of(request)
    async with service.pool.acquire(timeout=5) as found:
        letters = await ledger.letters_of(found, body.topic, body.key)
    stream = next((stream for stream in service.streams if body.topic in stream.topics), None)
    if not letters or any(brand not in (letter.brand, EVERY_BRAND) for letter in letters) or stream is None:
        raise NotFound("Nothing of this brand is set aside under that topic and key.")
    try:
        replayed = await stream.replay(body.topic, body.key)
    except InvalidEvent as error:
        raise Conflict(error.detail) from error
    return Replayed(replayed=replayed)


@router.post("/v1/brands/{brand}/dead-letters/drop")
async def drop(brand: str, body: DropBody, principal: Annotated[Principal, Depends(allow("admin"))], writing: Writing) -> Dropped:
    """Give up an event that can never be handled, so that what waits behind it can be replayed. It stands in the ledger as a gap."""
    await ledger.lock_position(writing, body.topic, body.partition)
    letters = await ledger.letters_of(writing, body.topic, body.key)
    found = [letter for letter in letters if (letter.partition, letter.offset) == (body.partition, body.offset)]
    if not found or any(brand not in (letter.brand, EVERY_BRAND) for letter in found):
        raise NotFound("Nothing of this brand is set aside at that place under that topic and key.")
    await ledger.take_back(writing, found, handled=False)
    await ledger.move_window(writing, 0, -sum(letter.standing == "dead" for letter in found))
    log.warning("an event was given up", extra={"topic": body.topic, "offset": body.offset, "by": principal.subject})
    return Dropped(dropped=len(found), waiting=len(letters) - len(found))


@router.post("/v1/stream/resume", status_code=204)
async def resume(principal: Annotated[Principal, Depends(allow("admin", brand=EVERY_BRAND))], writing: Writing) -> None:
    """After too many dead letters: the cause is mended, consume again."""
    await ledger.resume(writing)


@router.put("/v1/stream/positions/{topic}/{partition}", responses=problems.CONFLICT)
async def reset(
    topic: str,
    partition: Annotated[int, Field(ge=0, lt=2**31)],
    body: ResetBody,
    request: Request,
    principal: Annotated[Principal, Depends(allow("admin", brand=EVERY_BRAND))],
) -> Reset:
    """Choose where to go on in a partition that stopped with a named error. What that skips stands in the ledger as a gap."""
    service = of(request)
    if topic not in BY_NAME:
        raise NotFound(f"There is no topic {topic[:100]!r}. `weerklank topics` lists them.")
    if partition >= PARTITIONS:  # Kafka is asked in vain about one that is not there, until its client gives up
        raise NotFound(f"A topic has the partitions 0 to {PARTITIONS - 1}.")
    try:
        kafka = AIOKafkaConsumer(bootstrap_servers=service.settings.kafka)
        await kafka.start()
        try:
            tp = TopicPartition(topic, partition)
            start, end = (await kafka.beginning_offsets([tp]))[tp], (await kafka.end_offsets([tp]))[tp]
        finally:
            await kafka.stop()
    except KafkaError as error:
        raise Unavailable(f"Kafka does not answer: {type(error).__name__}.", retry_after_s=5) from error
    to = {"start": start, "end": end}.get(body.to, body.to) if isinstance(body.to, str) else body.to
    assert isinstance(to, int)
    if not start <= to <= end:
        raise Conflict(f"Offset {to} is outside the log, which runs from {start} to {end}.")
    async with service.pool.acquire(timeout=5) as found, found.transaction():
        skipped = await ledger.reset_position(found, topic, partition, to, datetime.now(UTC))
    return Reset(topic=topic, partition=partition, position=to, skipped=skipped)
