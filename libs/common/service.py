"""What the five services share in being a service: start, readiness, the routes that operations use, and an orderly stop.

Each service's `app.py` hands this its settings, its consumer, its routes and its background tasks.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any, Literal

import uvicorn
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from libs.common import (
    checks,
    db,
    http,
    idempotency,
    issuers,
    ledger,
    migrate,
    openapi,
    outbox,
    problems,
    roles,
    scrape,
    servicechecks,
    telemetry,
)
from libs.common.auth import EVERY_BRAND, Principal, allow
from libs.common.books import BrandBooks
from libs.common.consumer import Consumer
from libs.common.errors import Conflict, InvalidEvent, NotFound, Unavailable
from libs.common.http import Cursor, Page
from libs.common.ratelimit import RateLimits, of_address
from libs.common.routes import Route
from libs.common.settings import ServiceSettings
from libs.common.stream import Stream, StreamSettings
from libs.common.topics import BY_NAME, PARTITIONS
from libs.common.uvicorn_protocol import BoundedProtocol

log = logging.getLogger(__name__)

Task = Callable[[], Awaitable[None]]
Start = Callable[["Service"], Awaitable[tuple[Consumer[Any], Sequence[Task]]]]


class Service:
    """The parts of one running service. Its routes find it at `request.app.state.service`."""

    def __init__(self, name: str, settings: ServiceSettings, folder: Path) -> None:
        self.name, self.settings, self.folder = name, settings, folder
        self.verifier = issuers.verifier(settings)
        self.books = BrandBooks(settings.kafka, f"{name}-{settings.instance}")
        self.relay = outbox.Relay(settings.database_url, name, settings.kafka)
        self.pool: db.Pool
        self.stream: Stream[Any] | None = None
        self.failed_tasks: list[str] = []
        self.told: dict[str, Callable[[], Any]] = {}
        """What a service's own parts add to its status, by name."""

    def problems(self) -> list[str]:
        """Why this service is not ready, each a sentence; empty when it is."""
        found = [] if self.books.read.is_set() else ["brand books: not read to the end yet"]
        found += self.stream.problems() if self.stream else ["not started yet"]
        found += [self.relay.problem] if self.relay.problem else []
        return found + self.failed_tasks

    @contextlib.asynccontextmanager
    async def running(self, start: Start) -> AsyncIterator[None]:
        """Start everything, give way, and stop in order: the stream finishes its batch, the relay what it is sending."""
        telemetry.setup(self.name, self.settings.instance)
        await self._migrate()
        self.pool = await db.open_pool(self.settings.database_url, self.name, size=self.settings.pool_size)
        consumer, tasks = await start(self)
        self.stream = Stream(
            consumer,
            service=self.name,
            instance=f"{self.name}-{self.settings.instance}",
            bootstrap=self.settings.kafka,
            pool=self.pool,
            books=self.books,
            relay=self.relay,
            settings=StreamSettings(
                batch=self.settings.batch,
                session_timeout_s=self.settings.session_timeout_s,
                stalled_after_s=self.settings.stalled_after_s,
            ),
        )
        stream = asyncio.create_task(self._watched("stream", self._stream))
        relay = asyncio.create_task(self._watched("relay", self.relay.run))
        background = (self.books.run, self._fold_ledger, self._forget_answers, scrape.measure_loop, *tasks)
        others = [asyncio.create_task(self._watched(getattr(t, "__name__", "task"), t)) for t in background]
        try:
            yield
        finally:
            self.stream.stop()
            await _finish(stream, 15)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            self.relay.stop()
            await _finish(relay, 10)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self.pool.close()

    async def _stream(self) -> None:
        """A service consumes once it knows every brand book."""
        assert self.stream is not None
        await self.books.read.wait()
        await self.stream.run()

    async def _fold_ledger(self) -> None:
        """Every hour: minutes that nobody looks at any more become days."""
        while True:
            try:
                more = True
                while more:
                    async with self.pool.acquire() as connection, connection.transaction():
                        more = await ledger.fold(connection, datetime.now(UTC) - ledger.MINUTES_KEPT)
            except db.TRANSIENT as error:
                log.warning("the ledger is not folded now", extra={"error": type(error).__name__})
            await asyncio.sleep(3600)

    async def _forget_answers(self) -> None:
        """Every ten minutes: what was answered under an Idempotency-Key is kept for a day, and no longer."""
        while True:
            before = datetime.now(UTC) - timedelta(hours=self.settings.idempotency_hours)
            try:
                more = True
                while more:
                    async with self.pool.acquire() as connection:
                        more = await idempotency.purge(connection, before)
            except db.TRANSIENT as error:
                log.warning("answers are not forgotten now", extra={"error": type(error).__name__})
            await asyncio.sleep(600)

    async def _watched(self, name: str, task: Task) -> None:
        """A task that ends by an error that nobody expected makes the service unready, and says so."""
        try:
            await task()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("task ended", extra={"task": name})
            self.failed_tasks.append(f"{name} ended by an error; see the log")
            raise

    async def _migrate(self) -> None:
        for wait in (0.2, 0.5, 1, 2, 4, 8, 15, 30):
            try:
                await migrate.migrate(self.settings.database_url, self.name, self.folder / "migrations")
                return
            except db.TRANSIENT as error:
                log.warning("Postgres does not answer yet", extra={"error": type(error).__name__})
                await asyncio.sleep(wait)
        await migrate.migrate(self.settings.database_url, self.name, self.folder / "migrations")


async def _finish(task: asyncio.Task[None], deadline_s: float) -> None:
    done, _ = await asyncio.wait([task], timeout=deadline_s)
    if not done:
        log.error("did not stop in time: cancelled")
        task.cancel()
        await asyncio.wait([task], timeout=2)


def of(request: Request) -> Service:
    """The service that answers this request."""
    service: Service = request.app.state.service
    return service


async def connection(request: Request) -> AsyncIterator[db.Connection]:
    """A connection for one request, without a transaction: a read."""
    async with of(request).pool.acquire(timeout=5) as acquired:
        yield acquired


async def transaction(request: Request) -> AsyncIterator[db.Connection]:
    """A transaction for one request; it commits when the route returns, and the relay hears of it."""
    async with of(request).pool.acquire(timeout=5) as acquired, acquired.transaction():
        yield acquired
    of(request).relay.poke()


Reading = Annotated[db.Connection, Depends(connection, scope="function")]
Writing = Annotated[db.Connection, Depends(transaction, scope="function")]


@lru_cache
def our_version() -> str:
    """The version of Weerklank that this process runs; "not installed" in a folder that was not installed."""
    try:
        return version_of("weerklank")
    except PackageNotFoundError:
        return "not installed"


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


operations = APIRouter(tags=["operations"], route_class=Route)


@operations.get("/healthz", responses={503: {"model": Health, "description": "Not alive, and why"}})
async def healthz(request: Request) -> Health:
    """Liveness: false when only a restart can help."""
    service = of(request)
    stalled = service.stream is not None and service.stream.stalled()
    if stalled or service.failed_tasks:
        why = ["records wait and nothing moves"] if stalled else service.failed_tasks
        return problems.answer({"ready": False, "why": why}, 503)  # type: ignore[return-value]
    return Health(ready=True)


@operations.get("/readyz", responses={503: {"model": Health, "description": "Not ready, and why"}})
async def readyz(request: Request) -> Health:
    """Readiness, and why not."""
    why = of(request).problems()
    if why:
        return problems.answer({"ready": False, "why": why}, 503)  # type: ignore[return-value]
    return Health(ready=True)


@operations.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Prometheus metrics; aggregates only, nothing about a person."""
    await scrape.refresh(of(request), request.app.state.gauges)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@operations.get("/v1/status", dependencies=[Depends(of_address)])
async def status(request: Request, reading: Reading) -> dict[str, Any]:
    """Lag, ledger and what stands in the way: what `weerklank status` shows. No brand's data."""
    service = of(request)
    lag = service.stream.lags() if service.stream else {}
    # What the broker knows of all instances; what this one has seen where it does not answer.
    for topic, messages in ((await service.stream.waiting(reading) if service.stream else None) or {}).items():
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


@operations.get("/v1/checks")
async def self_checks(
    request: Request,
    principal: Annotated[Principal, Depends(allow("admin", brand=EVERY_BRAND))],
    brand: Annotated[str | None, Query(max_length=100, description="Of the brands, only this one")] = None,
) -> Page[checks.Finding]:
    """What only this service can see of itself: its database, positions, relay and issuer, and the accounts of brands that it uses. Shows no secret."""
    service = of(request)
    asked = [probe for probes in request.app.state.checks for probe in probes(service, brand)]
    return Page(items=checks.worst_of(await checks.run([*servicechecks.common(service), *asked])))


@operations.get("/v1/ledger", dependencies=[Depends(of_address)])
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


@operations.get("/v1/brands/{brand}/dead-letters")
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


@operations.post("/v1/brands/{brand}/dead-letters/replay", responses=problems.CONFLICT)
async def replay(brand: str, body: ReplayBody, request: Request, principal: Annotated[Principal, Depends(allow("admin"))]) -> Replayed:
    """Handle what was set aside for a key, in order; all of it or nothing."""
    service = of(request)
    async with service.pool.acquire(timeout=5) as found:
        letters = await ledger.letters_of(found, body.topic, body.key)
    if not letters or any(brand not in (letter.brand, EVERY_BRAND) for letter in letters) or service.stream is None:
        raise NotFound("Nothing of this brand is set aside under that topic and key.")
    try:
        replayed = await service.stream.replay(body.topic, body.key)
    except InvalidEvent as error:
        raise Conflict(error.detail) from error
    return Replayed(replayed=replayed)


@operations.post("/v1/brands/{brand}/dead-letters/drop")
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


@operations.post("/v1/stream/resume", status_code=204)
async def resume(principal: Annotated[Principal, Depends(allow("admin", brand=EVERY_BRAND))], writing: Writing) -> None:
    """After too many dead letters: the cause is mended, consume again."""
    await ledger.resume(writing)


@operations.put("/v1/stream/positions/{topic}/{partition}", responses=problems.CONFLICT)
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


class App(FastAPI):
    """FastAPI, whose document says who may use each operation."""

    def openapi(self) -> dict[str, Any]:
        return roles.marked(super().openapi(), self.routes)


def build(
    service: Service,
    routers: Sequence[APIRouter],
    start: Start,
    *,
    title: str,
    streams: frozenset[str] = frozenset(),
    gauges: Sequence[Callable[[db.Connection], Awaitable[None]]] = (),
    checks: Sequence[servicechecks.Probes] = (),
) -> FastAPI:
    """The service's app: its own routes and those that all services have. `gauges` refresh its own metrics at a scrape, `checks` are its own too."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.running(start):
            yield

    app = App(
        title=f"Weerklank {service.name}",
        summary=title,
        version="1",
        lifespan=lifespan,
        # `http.Front` records the request: one span, in the caller's trace.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request says
        generate_unique_id_function=lambda route: f"{service.name}_{route.name}",
    )
    app.state.service, app.state.start = service, start
    app.state.gauges, app.state.checks = gauges, checks
    for router in (*routers, operations):
        app.include_router(router)
    openapi.describe(app, service.name, service.settings.port)
    http.install(
        app,
        name=service.name,
        limits=RateLimits(service.settings.rate_limit, service.settings.rate_limit_anonymous),
        max_body_bytes=service.settings.max_body_bytes,
        streams=streams,
    )
    return app


def collect_seldom() -> None:
    """Look for cyclic garbage less often than Python does by itself.

    A batch is ten thousands of objects that live until its commit, and none of them is cyclic. At Python's threshold of 700 the collector walks them
    again and again, which was a quarter of all CPU (`make bench`). What was imported stays for ever: it is never walked again. The cycles that
    requests and tasks leave wait for at most half a million objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 5, 10)


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Answer until SIGTERM or SIGINT, then finish what is at hand."""
    collect_seldom()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        # Who may say whose request it is could have as many addresses as they like, and with them as many log-ins to try.
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=10,
        limit_concurrency=1000,
    )
