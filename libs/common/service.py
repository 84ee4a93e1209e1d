"""What the five services share in being a service: their parts, start, readiness, an orderly stop, and how their routes reach them.

Each service's `app.py` hands this its settings, its consumer and its background tasks; `app.py` beside it adds the routes.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from libs.common import db, idempotency, issuers, ledger, migrate, outbox, scrape, telemetry
from libs.common.books import BrandBooks
from libs.common.consumer import Consumer
from libs.common.settings import ServiceSettings
from libs.common.stream import Stream, StreamSettings

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
        self.lanes: list[Consumer[Any]] = []
        """Consumers with a stream of their own beside the main one. `start` adds to it."""
        self.streams: list[Stream[Any]] = []
        """The main one first, then those of the lanes."""
        self.failed_tasks: list[str] = []
        self.after_write: list[Callable[[], None]] = []
        """Called when a request's transaction has committed: whoever may have something to do by it. `start` adds to it."""
        self.told: dict[str, Callable[[], Any]] = {}
        """What a service's own parts add to its status, by name."""

    def problems(self) -> list[str]:
        """Why this service is not ready, each a sentence; empty when it is."""
        found = [] if self.books.read.is_set() else ["brand books: not read to the end yet"]
        found += [problem for stream in self.streams for problem in stream.problems()] if self.streams else ["not started yet"]
        found += [self.relay.problem] if self.relay.problem else []
        return found + self.failed_tasks

    @contextlib.asynccontextmanager
    async def running(self, start: Start) -> AsyncIterator[None]:
        """Start everything, give way, and stop in order: the stream finishes its batch, the relay what it is sending."""
        telemetry.setup(self.name, self.settings.instance)
        await self._migrate()
        self.pool = await db.open_pool(self.settings.database_url, self.name, size=self.settings.pool_size)
        consumer, tasks = await start(self)
        self.streams = [
            Stream(
                each,
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
            for each in (consumer, *self.lanes)
        ]
        self.stream = self.streams[0]
        streams = [
            asyncio.create_task(self._watched(" ".join(("stream", lane)).strip(), partial(self._stream, stream)))
            for stream, lane in zip(self.streams, ("", *(each.lane for each in self.lanes)), strict=True)
        ]
        relay = asyncio.create_task(self._watched("relay", self.relay.run))
        background = (self.books.run, self._fold_ledger, self._forget_answers, scrape.measure_loop, *tasks)
        others = [asyncio.create_task(self._watched(getattr(t, "__name__", "task"), t)) for t in background]
        try:
            yield
        finally:
            for running in self.streams:
                running.stop()
            await asyncio.gather(*(_finish(stream, 15) for stream in streams))
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            self.relay.stop()
            await _finish(relay, 10)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self.pool.close()

    async def _stream(self, stream: Stream[Any]) -> None:
        """A service consumes once it knows every brand book."""
        await self.books.read.wait()
        await stream.run()

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
    """A transaction for one request; it commits when the route returns, and the relay and others hear of it."""
    async with of(request).pool.acquire(timeout=5) as acquired, acquired.transaction():
        yield acquired
    of(request).relay.poke()
    for poke in of(request).after_write:
        poke()


Reading = Annotated[db.Connection, Depends(connection, scope="function")]
Writing = Annotated[db.Connection, Depends(transaction, scope="function")]


@lru_cache
def our_version() -> str:
    """The version of Weerklank that this process runs; "not installed" in a folder that was not installed."""
    try:
        return version_of("weerklank")
    except PackageNotFoundError:
        return "not installed"
