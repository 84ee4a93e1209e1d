"""One service alone, two instances for two cores, through Kafka: what waits on its topics when it starts, and how fast that is taken in."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import uvloop

from bench import hop
from cli.stack import keys
from libs.common import outbox
from libs.common.bookfile import load_book
from libs.common.events import BrandBookPublished, Event
from libs.common.outbox import Outgoing
from libs.common.topics import BRANDS, create_topics, partition_of
from tests.stack import Databases, KafkaServer, PostgresServer, environment, free_port

ROOT = Path(__file__).parent.parent
BRAND = "vaart"

Send = Callable[[str, Event, str, int, str], Awaitable[None]]
"""Topic, event, subject and its version, key."""


Fill = Callable[[str, int], Coroutine[Any, Any, None]]
"""Puts so many events on the topics of these servers."""

Alone = Callable[[Path, KafkaServer, PostgresServer, int], Coroutine[Any, Any, dict[str, Any]]]
"""What the service makes of them."""


@asynccontextmanager
async def topics(bootstrap: str) -> AsyncIterator[Send]:
    """Sends the brand's book first, then whatever the block does."""
    producer = outbox.producer(bootstrap, client_id="bench-fill")
    await producer.start()

    async def send(topic: str, event: Event, subject: str, version: int, key: str) -> None:
        headers = outbox.attributes(Outgoing(event, subject, version, key), "bench", datetime.now(UTC))
        await producer.send(
            topic,
            value=event.model_dump_json().encode(),
            key=key.encode(),
            partition=partition_of(event.brand, key),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )

    book = load_book((ROOT / f"samples/{BRAND}.yaml").read_text(encoding="utf-8"))
    published = {
        "brand": BRAND,
        "version": 1,
        "book": book.model_dump(mode="json"),
        "published_at": datetime.now(UTC),
        "published_by": "bench",
    }
    await send(BRANDS.name, BrandBookPublished(**published), BRAND, 1, BRAND)
    yield send
    await producer.stop()


@contextmanager
def service(name: str, home: Path, bootstrap: str, database_url: str, instance: str) -> Iterator[psutil.Process]:
    """An instance of the service, until the block ends."""
    settings = {
        "DATABASE_URL": database_url,
        "KAFKA": bootstrap,
        "PORT": str(free_port()),
        "JWKS": str(keys.ensure(home)),
        "INSTANCE": instance,
    }
    variables = environment(**{f"WEERKLANK_{name.upper()}_{key}": value for key, value in settings.items()})
    with (home / f"{name}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", f"services.{name}"], cwd=ROOT, env=variables, stdout=log, stderr=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


@dataclass(frozen=True, slots=True)
class Moment:
    """How far it is, by the clock and by CPU seconds of each part."""

    at: float
    done: int
    cpu_s: dict[str, float]


def _cpu_s(process: psutil.Process) -> float:
    """Its own and its ended children's CPU seconds; none of a process that has ended."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


Parts = Callable[[], dict[str, list[psutil.Process]]]


async def measure(name: str, parts: Parts, database: "asyncpg.Connection[asyncpg.Record]", number: int, waiting: str) -> list[Moment]:
    """Five moments: the first commit, when a tenth and when nine tenths were taken in, the last commit, and when nothing of what `waiting` counts is left
    to be done behind it."""

    async def now(query: str) -> Moment:
        done = await database.fetchval(query)
        cpu = {name: sum(map(_cpu_s, some)) for name, some in parts().items()}
        return Moment(time.monotonic(), done, cpu)

    taken_in = f"select coalesce(sum(effects), 0)::bigint from {name}.ledger"
    while await database.fetchval(f"select to_regclass('{name}.ledger')") is None:
        await asyncio.sleep(0.05)
    while not (first := await now(taken_in)).done:
        await asyncio.sleep(0.01)
    while (tenth := await now(taken_in)).done < number / 10:
        await asyncio.sleep(0.05)
    while (most := await now(taken_in)).done < number * 9 / 10:
        await asyncio.sleep(0.05)
    while (last := await now(taken_in)).done < number:
        await asyncio.sleep(0.05)
    while (looked := await now(waiting)).done:
        await asyncio.sleep(0.1)
    return [first, tenth, most, last, looked]


def spent(since: Moment, until: Moment, number: int) -> dict[str, float]:
    """Milliseconds of CPU of each part, for each of so many."""
    return {name: round(1000 * (value - since.cpu_s[name]) / number, 3) for name, value in until.cpu_s.items()}


def on_servers(home: Path, number: int, what: str, fill: Fill, alone: Alone, kind: type[Event], topic: str) -> dict[str, Any]:
    """What a service sustains of `number` events that wait on `topic`, and the bare hop over the same records. Starts the servers, and stops them."""
    kafka, server = KafkaServer(home / "kafka"), PostgresServer(home / "postgres", settings={})
    try:
        kafka.start()
        server.start()
        asyncio.run(create_topics(kafka.bootstrap))
        uvloop.run(fill(kafka.bootstrap, number))
        bare = uvloop.run(hop.raw(kafka.bootstrap, Databases(server).login(server.database(), "ingest"), number, 0, kind, topic))
        found = uvloop.run(alone(home, kafka, server, number))
        return {what: number, **found, "bare_hop_per_second": round(bare), "ratio": round(found["per_second"] / bare, 2)}
    finally:
        kafka.stop()
        server.stop()
