"""Triage alone, two instances for two cores, through Kafka: mentions that wait on the topic come in, and are looked at again later.

The servers are real and embedded (fsync on), the mentions lie on the topic before triage starts: a storm's backlog, which is taken in quickly and looked
at in depth afterwards. The rate is from the first commit to the last; what the later looks take is told beside it, with the topics that they found. A
bare hop over the same records on the same servers (`hop.raw`) is what the rate is compared with.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import uvloop

from bench import hop
from bench.texts import mentions
from cli.stack import keys
from libs.common import outbox
from libs.common.bookfile import load_book
from libs.common.events import Author, BrandBookPublished, Event, Identity, Mention, MentionReceived, deterministic_id
from libs.common.outbox import Outgoing
from libs.common.topics import BRANDS, MENTIONS, create_topics, partition_of
from tests.stack import Databases, KafkaServer, PostgresServer, environment, free_port

ROOT = Path(__file__).parent.parent
BRAND = "vaart"


def mention(body: dict[str, Any], brand: str, at: datetime) -> Mention:
    """As ingest makes it of what was posted there."""
    return Mention(
        id=deterministic_id(brand, body["channel"], body["external_id"]),
        brand=brand,
        channel=body["channel"],
        kind="review" if body["channel"] == "review" else "post",
        external_id=body["external_id"],
        author=Author(name=body["author"]["name"], identities=[Identity(**identity) for identity in body["author"]["identities"]]),
        text=body["text"],
        posted_at=at,
        received_at=at,
    )


async def fill(bootstrap: str, number: int) -> None:
    """The brand's book, and its mentions: as many as two for each of their authors, in the order of time."""
    producer = outbox.producer(bootstrap, client_id="bench-fill")
    await producer.start()

    async def send(topic: str, event: Event, subject: str, key: str) -> None:
        headers = outbox.attributes(Outgoing(event, subject, 1, key), "bench", datetime.now(UTC))
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
    await send(BRANDS.name, BrandBookPublished(**published), BRAND, BRAND)
    for body in mentions(number, 3, "t", authors=max(1, number // 2)):
        one = mention(body, BRAND, datetime.now(UTC))
        await send(MENTIONS.name, MentionReceived(brand=BRAND, mention=one), str(one.id), f"{BRAND}/{one.author.identities[0].value}")
    await producer.stop()


@contextmanager
def service(home: Path, bootstrap: str, database_url: str, instance: str) -> Iterator[psutil.Process]:
    """Triage, until the block ends."""
    settings = {
        "DATABASE_URL": database_url,
        "KAFKA": bootstrap,
        "PORT": str(free_port()),
        "JWKS": str(keys.ensure(home)),
        "INSTANCE": instance,
    }
    variables = environment(**{f"WEERKLANK_TRIAGE_{name}": value for name, value in settings.items()})
    with (home / "triage.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "services.triage"], cwd=ROOT, env=variables, stdout=log, stderr=log)
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


Parts = Callable[[], dict[str, list[psutil.Process]]]


async def measure(parts: Parts, database: "asyncpg.Connection[asyncpg.Record]", number: int) -> list[Moment]:
    """Three moments: the first commit, the last, and when nothing waits for a look."""

    async def now(query: str) -> Moment:
        done = await database.fetchval(query)
        cpu = {name: sum(sum(process.cpu_times()[:4]) for process in some if process.is_running()) for name, some in parts().items()}
        return Moment(time.monotonic(), done, cpu)

    taken_in = "select coalesce(sum(effects), 0)::bigint from triage.ledger"
    while "triage.ledger" not in await database.fetchval("select coalesce(to_regclass('triage.ledger')::text, '')"):
        await asyncio.sleep(0.05)
    while not (first := await now(taken_in)).done:
        await asyncio.sleep(0.01)
    while (last := await now(taken_in)).done < number:
        await asyncio.sleep(0.05)
    while (looked := await now("select count(*) from triage.to_look")).done:
        await asyncio.sleep(0.1)
    return [first, last, looked]


async def _triage(home: Path, kafka: KafkaServer, server: PostgresServer, number: int) -> dict[str, Any]:
    databases = Databases(server)
    url = databases.database()
    database = await asyncpg.connect(url)
    login = databases.login(url, "triage")
    with service(home, kafka.bootstrap, login, "bench-1") as one, service(home, kafka.bootstrap, login, "bench-2") as other:
        first, last, looked = await measure(
            lambda: {"triage": [one, other], "kafka": kafka._family(), "postgres": server._family()}, database, number
        )
    topics, in_topics = await database.fetchrow(
        "select count(*), coalesce(sum(mentions), 0)::bigint from triage.topic where merged_into is null"
    ) or (0, 0)
    groups, suggestions = await database.fetchrow(
        "select (select count(distinct group_id) from triage.mention), (select count(*) from triage.suggestion)"
    ) or (0, 0)
    await database.close()
    return {
        "per_second": round((number - first.done) / (last.at - first.at)),
        "cpu_ms_per_mention": _spent(first, last, number - first.done),
        "looked_at_after_s": round(looked.at - last.at, 1),
        "per_second_with_looks": round((number - first.done) / (looked.at - first.at)),
        "cpu_ms_per_mention_with_looks": _spent(first, looked, number - first.done),
        "groups": groups,
        "suggestions": suggestions,
        "topics": topics,
        "mentions_in_topics": in_topics,
    }


def _spent(since: Moment, until: Moment, number: int) -> dict[str, float]:
    return {name: round(1000 * (value - since.cpu_s[name]) / number, 3) for name, value in until.cpu_s.items()}


def triage(home: Path, number: int) -> dict[str, Any]:
    """What triage sustains, and the bare hop over the same records."""
    kafka, server = KafkaServer(home / "kafka"), PostgresServer(home / "postgres", settings={})
    try:
        kafka.start()
        server.start()
        asyncio.run(create_topics(kafka.bootstrap))
        uvloop.run(fill(kafka.bootstrap, number))
        bare = uvloop.run(hop.raw(kafka.bootstrap, Databases(server).login(server.database(), "ingest"), number, 0, MentionReceived))
        found = uvloop.run(_triage(home, kafka, server, number))
        return {"mentions": number, **found, "bare_hop_per_second": round(bare), "ratio": round(found["per_second"] / bare, 2)}
    finally:
        kafka.stop()
        server.stop()
