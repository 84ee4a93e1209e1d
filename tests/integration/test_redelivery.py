"""A topic may repeat, and step back: whatever of it comes again, every handler of every service leaves the same database.

The events are real ones: a stack of all five services handles the samples, people act on some cases, and what the topics then hold is
fed to every service anew, on fresh databases: as it was, twice over, as adjacent pairs, with an earlier block replayed, and with a stale record of every
key last.
"""

import asyncio
import importlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common import db, migrate, outbox
from libs.common.books import BrandBooks
from libs.common.service import Service
from libs.common.stream import Stream, StreamSettings
from libs.common.topics import BRANDS, PARTITIONS, TOPICS
from tests.stack import Databases
from tests.system import ROOT, SERVICES, System
from tests.waiting import eventually, until

BOOKKEEPING = {"position", "ledger", "emitted", "outbox", "dead_letter", "dead_letter_window", "migration"}
NEWS = {"feed", "feed_new", "feed_head"}
"""What screens were told and when: kept for a day, and never asked for a state."""
COUNTS_OF_ARRIVALS = {"import_count", "mention_minute", "search_queue"}
"""Tables that count how often something arrived, which is what redelivery changes; one that has a row for every batch that brought something new
(`test_spike_watch.py`: each mention is counted once); and one that says of a case, for each of its changes, that its texts are to be read anew."""

VOLATILE = {
    "seq",
    "n",
    "at",
    "created_at",
    "triaged_at",
    "seen_at",
    "shown_at",
    "heard_at",
    "bounced_at",
    "renewed_at",
    "appended_at",
    "last_appended_at",
    "told_at",
    "updated_at",
    "since",
    "times",
    "offset",
    "partition",
    "traceparent",
}
"""When and where a row was written, and how often its event came in."""

SCORES_DIFFER_BY = 0.002

Record = tuple[str, bytes, bytes, list[tuple[str, bytes]]]
"""Topic, key, value, headers."""


@dataclass
class Corpus:
    system: System
    records: dict[str, list[Record]]


def twice(records: list[Record]) -> list[Record]:
    return records + records


def pairs(records: list[Record]) -> list[Record]:
    return [record for record in records for _ in range(2)]


def replayed_block(records: list[Record]) -> list[Record]:
    third = len(records) // 3
    return records[: 2 * third] + records[third // 2 : 2 * third] + records[2 * third :]


def stale_last(records: list[Record]) -> list[Record]:
    first: dict[bytes, Record] = {}
    for record in records:
        first.setdefault(record[1], record)
    return records + list(first.values())


VARIANTS: dict[str, Callable[[list[Record]], list[Record]]] = {
    "twice": twice,
    "adjacent pairs": pairs,
    "an earlier block replayed": replayed_block,
    "a stale record of every key last": stale_last,
}


@pytest.fixture(scope="module")
def corpus(home: Path) -> Iterator[Corpus]:
    system = System(home)
    try:
        system.start()
        _live_a_little(system)
        for service in system.services.values():
            service.stop()
        yield Corpus(system, asyncio.run(_read_all(system.kafka.bootstrap)))
    finally:
        system.stop()


def _live_a_little(system: System) -> None:
    """Some of the samples come in, each twice; people take, note, resolve and answer; some mentions are taken back."""
    system.apply((ROOT / "samples/vaart.yaml").read_text())
    lines = b"".join((ROOT / "samples/mentions.jsonl").read_bytes().splitlines(keepends=True)[:60])
    ndjson = {"content-type": "application/x-ndjson"}
    for _ in range(2):
        answer = system.call("ingest", "POST", "/v1/brands/vaart/mentions", content=lines, headers=ndjson)
        assert answer.json()["accepted"] == 60, answer.text
    eventually(lambda: system.rows("select count(*) as n from responder.reply where state = 'draft'")[0]["n"] > 10, "drafts", 60)
    quiet(system)
    replies = system.call("responder", "GET", "/v1/brands/vaart/replies?state=draft").json()["items"]
    approved = 0
    for reply in replies:
        if approved == 5:
            break
        path, who = f"/v1/brands/vaart/replies/{reply['id']}", {"role": "agent", "subject": reply["writer"]}
        text = re.sub(r"\{\w+\}", "vijf uur", reply["text"])
        edited = system.call("responder", "PUT", path, json={"text": text}, version=reply["version"], **who).json()
        system.call("responder", "POST", f"{path}/submit", **who)
        answer = system.call("responder", "POST", f"{path}/approve", json={"digest": edited["digest"]}, **who)
        # The brand book wants a lead's or a spokesperson's approval of some.
        assert answer.status_code in (200, 403), answer.text
        approved += answer.status_code == 200
    sent = "select count(*) as n from responder.reply where state = 'sent'"
    eventually(lambda: system.rows(sent)[0]["n"] == 5, "five replies are sent")
    cases = system.call("routing", "GET", "/v1/brands/vaart/cases?limit=40").json()["items"]
    for number, case in enumerate(cases[10:40]):
        path = f"/v1/brands/vaart/cases/{case['id']}"
        version = system.call("routing", "GET", path).json()["version"]
        if number % 3 == 0:
            done = system.call("routing", "POST", f"{path}/resolve", version=version, json={"reason": "answered elsewhere"}).json()
            if number % 2 == 0:
                system.call("routing", "POST", f"{path}/reopen", version=done["version"])
        elif number % 3 == 1:
            system.call("routing", "POST", f"{path}/notes", json={"text": "asked the engineers"})
        else:
            system.call("routing", "POST", f"{path}/assign", version=version, json={"department": "billing"})
    for case, other in zip(cases[4:10], cases[10:], strict=False):
        path = f"/v1/brands/vaart/mentions/{case['latest']['id']}"
        for body in (
            {"finding": "urgency", "values": ["high"]},
            {"finding": "urgency", "values": ["critical"]},
            {"finding": "respond", "values": ["reply"], "reason": "a question"},
            {"finding": "labels", "values": []},
        ):
            assert system.call("routing", "POST", f"{path}/corrections", role="lead", json=body).status_code == 201
        judged = {"other_id": other["latest"]["id"], "same": False}
        assert system.call("routing", "POST", f"{path}/duplicates", role="lead", json=judged).status_code == 201
    for case in cases[8:10]:
        why = {"reason": "friends among themselves"}
        quiet(system)
        version = system.call("routing", "GET", f"/v1/brands/vaart/cases/{case['id']}").json()["version"]
        done = system.call("routing", "POST", f"/v1/brands/vaart/cases/{case['id']}/no-reply", role="lead", version=version, json=why)
        assert done.status_code == 200, done.text
    for case in cases[:4]:
        mention = case["mentions"][0]["id"]
        assert system.call("ingest", "DELETE", f"/v1/brands/vaart/mentions/{mention}").status_code < 300
    quiet(system)


def quiet(system: System) -> None:
    """Wait until nothing is under way in any service."""

    def still() -> bool:
        found = [system.status(name) for name in SERVICES]
        lag = sum(topic["messages"] for status in found for name, topic in status["lag"].items() if "holds" not in name)
        return not lag and not any(status["ledger"]["outbox"] for status in found)

    for _ in range(3):
        eventually(still, "everything is handled", 60)


async def _read_all(bootstrap: str) -> dict[str, list[Record]]:
    """All that the topics hold, each in an order that keeps every partition's own."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[str, list[Any]] = {topic.name: [] for topic in TOPICS}
    try:
        partitions = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                found[tp.topic] += records
    finally:
        await consumer.stop()
    return {
        topic: [(topic, r.key, r.value, list(r.headers)) for r in sorted(records, key=lambda r: (r.timestamp, r.partition, r.offset))]
        for topic, records in found.items()
        if topic != BRANDS.name
    }


async def _state_after(corpus: Corpus, url: Callable[[str], str], change: Callable[[list[Record]], list[Record]]) -> dict[str, Any]:
    """Every service's database after it has consumed the corpus, changed: its rows, and the ids of the events that it told."""
    bootstrap = corpus.system.kafka.bootstrap
    books = BrandBooks(bootstrap, "redelivery")
    reading = asyncio.create_task(books.run())
    await asyncio.wait_for(books.read.wait(), 30)
    producer = outbox.producer(bootstrap, client_id="redelivery")
    await producer.start()
    state: dict[str, Any] = {}
    running: list[tuple[str, Service, list[Stream[Any]], list[asyncio.Task[None]]]] = []
    try:
        for name in SERVICES:
            running.append(await _start(corpus, name, url(name), books))
        for topic in TOPICS:  # in the order in which the flow causes them
            # All on one partition: how partitions interleave is another test's matter (test_permutations).
            for _, key, value, headers in change(corpus.records.get(topic.name, [])):
                await producer.send(topic.name, value=value, key=key, partition=0, headers=headers)
            await producer.flush()
            for _, service, _, _ in running:
                await until(lambda service=service: _caught_up(service, bootstrap), f"{service.name} has handled {topic.name}", 90)
        for name, service, streams, tasks in running:
            for stream in streams:
                stream.stop()
            await asyncio.wait_for(asyncio.gather(*tasks), 30)
            state[name] = await _dump(service.pool)
            await service.pool.close()
    finally:
        reading.cancel()
        await producer.stop()
    return state


async def _start(
    corpus: Corpus, name: str, url: str, books: BrandBooks
) -> tuple[str, Service, list[Stream[Any]], list[asyncio.Task[None]]]:
    """The streams of a service, from the end of the log as it is now, and nothing else of it: no relay, no clocks, no sending."""
    app, settings = importlib.import_module(f"services.{name}.app"), importlib.import_module(f"services.{name}.settings")
    values = settings.Settings(
        database_url=url, kafka=corpus.system.kafka.bootstrap, jwks=str(corpus.system.issuer.jwks), instance="redelivery"
    )
    application = app.create_app(values)
    service: Service = application.state.service
    service.books = books
    await migrate.migrate(url, name, service.folder / "migrations")
    service.pool = await db.open_pool(url, name)
    consumer, _ = await application.state.start(service)
    consumers = [consumer, *service.lanes]
    reader = AIOKafkaConsumer(bootstrap_servers=values.kafka)
    await reader.start()
    ends = await reader.end_offsets(
        [TopicPartition(topic, number) for each in consumers for topic in each.topics for number in range(PARTITIONS)]
    )
    await reader.stop()
    await service.pool.executemany(
        "insert into position (topic, partition, first_offset, next_offset) values ($1, $2, $3, $3)",
        [(tp.topic, tp.partition, end) for tp, end in ends.items()],
    )
    streams = [
        Stream(
            each,
            service=name,
            instance=f"{name}-redelivery",
            bootstrap=values.kafka,
            pool=service.pool,
            books=books,
            relay=service.relay,
            settings=StreamSettings(batch=17, session_timeout_s=3),
        )
        for each in consumers
    ]
    return name, service, streams, [asyncio.create_task(stream.run()) for stream in streams]


async def _caught_up(service: Service, bootstrap: str) -> bool:
    rows = await service.pool.fetch("select topic, partition, next_offset from position")
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await reader.start()
    try:
        ends = await reader.end_offsets([TopicPartition(row["topic"], row["partition"]) for row in rows])
    finally:
        await reader.stop()
    return all(ends[TopicPartition(row["topic"], row["partition"])] == row["next_offset"] for row in rows)


async def _dump(pool: db.Pool) -> dict[str, Any]:
    tables = [row["tablename"] for row in await pool.fetch("select tablename from pg_tables where schemaname = current_schema()")]
    found: dict[str, Any] = {}
    for table in sorted(set(tables) - BOOKKEEPING - NEWS - COUNTS_OF_ARRIVALS):
        rows = await pool.fetch(f"select to_jsonb(t) as row from {table} t")
        found[table] = sorted((_lasting(row["row"]) for row in rows), key=_place)
    told = await pool.fetch("select topic, headers from outbox")
    found["told"] = sorted(f"{row['topic']} {json.loads(row['headers'])['ce_id']}" for row in told)
    found["letters"] = [dict(row) for row in await pool.fetch("select topic, standing, reason from dead_letter")]
    return found


def _place(row: Any) -> str:
    """What a row is sorted by: all of it but what is a fraction."""
    return json.dumps(_rounded(row), sort_keys=True)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else 0 if isinstance(value, float) else value


def _lasting(value: Any) -> Any:
    """A row without what says when and where it was written."""
    if isinstance(value, dict):
        return {key: _lasting(item) for key, item in value.items() if key not in VOLATILE}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def plain(corpus: Corpus) -> dict[str, Any]:
    """What the corpus leaves when it arrives as it was."""
    state = asyncio.run(_state_after(corpus, _logins(corpus), lambda records: records))
    assert len(state["triage"]["mention"]) == 60
    assert len(state["routing"]["mention_copy"]) == 60
    assert len(state["analytics"]["fact_mention"]) == 60
    assert state["responder"]["reply"]
    assert all(found["letters"] == [] for found in state.values())
    return state


def _logins(corpus: Corpus) -> Callable[[str], str]:
    database = Databases(corpus.system.postgres).database()
    return lambda name: corpus.system.postgres.login(database, name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_redelivery_leaves_the_same_database(corpus: Corpus, plain: dict[str, Any], variant: str) -> None:
    state = asyncio.run(_state_after(corpus, _logins(corpus), VARIANTS[variant]))
    for name in SERVICES:
        for table, rows in plain[name].items():
            here = state[name][table]
            unlike = [pair for pair in zip(here, rows, strict=False) if not alike(*pair)]
            assert len(here) == len(rows), f"{name}.{table} differs"
            assert not unlike, f"{name}.{table} differs: {unlike[:2]}"


def alike(one: Any, other: Any) -> bool:
    """Equal, but for scores in the last places: what a model computes of a text depends there on which others it is computed with."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < SCORES_DIFFER_BY
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)
