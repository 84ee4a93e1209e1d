"""What a mention costs triage as more of them are stored: its groups, and the later look at it. By hand: `python -m bench.grouping 10000 100000 1000000`.

For each size one brand is filled to it, beside another brand with one hundredth, as if it had all come in within the window that looks search. Then the
same new mentions come in and are looked at, at every size: the figures are milliseconds per mention, of one process and one connection, by the clock and
of CPU (PostgreSQL's included), which says more on a machine that does other things too. Of several turns the least counts, for what else a machine does
only adds to it. PostgreSQL has memory for what it searches, as one has that holds a million mentions, and vacuums between the turns alone.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import psutil

from bench import texts
from bench.triage import mention
from libs.common import collector, db, migrate
from libs.common.bookfile import load_book
from libs.common.events import MentionReceived, deterministic_id
from libs.common.record import Received
from services.triage import consumer, look, meaning
from services.triage.classify import Classifier
from services.triage.examine import Examiner
from services.triage.looker import Looker
from tests.stack import TEST_SETTINGS, Databases, PostgresServer

BOOK = "brand: {brand}\nname: Vaart\nlanguages: [nl, en]\nidentifiers: {{order: 'VA-\\d{{7}}', customer: '40\\d{{6}}'}}\n"
MODELS = 20_000
"""Different messages; more of them are copies under other ids and authors."""
NEW = 2_000
TURNS = 3
SETTINGS = {**TEST_SETTINGS, "shared_buffers": "1GB", "max_wal_size": "4GB", "autovacuum": "off"}


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)


async def fill(pool: db.Pool, looker: Looker, classifier: Classifier, brand: str, number: int) -> None:
    """That many mentions of a brand, with what a look keeps of them: other authors with the same names, as there are among many."""
    now, have = datetime.now(UTC), await pool.fetchval("select count(*) from mention where brand = $1", brand)
    models = [mention(body, brand, now) for body in texts.mentions(min(number, MODELS), 11, "old")]
    looked = looker.see([SimpleNamespace(triaged=SimpleNamespace(mention=model)) for model in models])  # type: ignore[misc]
    findings = classifier.classify(["hoi"])[0].model_dump_json()
    meanings, chance = np.stack([one.meaning for one in looked]), np.random.default_rng(13)
    templates = [
        (
            orjson.dumps(one.seen.as_json()).decode(),
            model.model_dump_json(),
            model.author.identities[0].value,
            orjson.dumps(one.seen.name.as_json()).decode(),
            None if one.seen.meaning is None else one.seen.meaning.astype("float16").tobytes(),
            one,
        )
        for model, one in zip(models, looked, strict=True)
    ]
    for start in range(have, number, 10_000):
        rows, kept, clues = [], [], []
        places = np.arange(start, min(number, start + 10_000))
        near = meanings[places % len(models)]
        near = near + chance.normal(scale=0.05, size=near.shape).astype(np.float32)  # no two alike, as no two texts are
        near /= np.linalg.norm(near, axis=1, keepdims=True)
        for n in places.tolist():
            shown, body, handle, name, static, one = templates[n % len(templates)]
            new, at = deterministic_id(brand, "bench", str(n)), now - timedelta(seconds=n % (13 * 86_400))
            customer = deterministic_id(brand, "customer", str(n // 2))
            for old, other in ((str(one.mention_id), str(new)), (handle, f"writer{n // 2}")):
                shown, body = shown.replace(old, other), body.replace(old, other)
            rows.append((new, brand, 1, customer, new, at, at, 1, body, findings))
            kept.append((brand, new, at, shown, static, name))
            clues += [(brand, f"{clue}{n // 2}" if clue.startswith("handle:") else clue, at, new) for clue in one.clues]
        await copied(pool, rows, kept, near.ravel().tolist(), clues)


async def copied(pool: db.Pool, rows: Sequence[Any], kept: Sequence[Any], meanings: Sequence[float], clues: Sequence[Any]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local statement_timeout = 0")
        await connection.execute(
            "insert into mention (id, brand, version, customer_id, group_id, moment, triaged_at, book_version, mention, findings, evidence) "
            "select i, b, v, c, g, m, t, bv, me::jsonb, f::jsonb, '[]' from unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::uuid[], "
            "$6::timestamptz[], $7::timestamptz[], $8::int[], $9::text[], $10::text[]) as u(i, b, v, c, g, m, t, bv, me, f)",
            *map(list, zip(*rows, strict=True)),
            timeout=600,
        )
        await connection.execute(
            "insert into looked (brand, mention_id, at, seen, static, name, meaning) select b, m, t, s::jsonb, st, n::jsonb, "
            f"(($7::real[])[(place - 1) * {meaning.DIMENSIONS} + 1 : place * {meaning.DIMENSIONS}])::halfvec from unnest($1::text[], $2::uuid[], "
            "$3::timestamptz[], $4::text[], $5::bytea[], $6::text[]) with ordinality as u(b, m, t, s, st, n, place)",
            *map(list, zip(*kept, strict=True)),
            meanings,
            timeout=600,
        )
        await connection.copy_records_to_table("clue", columns=("brand", "clue", "at", "mention_id"), records=clues)


async def by_meaning(pool: db.Pool, build: bool) -> None:
    """Without the index on meaning a fill takes a quarter of the time; built at once it is what it would be row by row."""
    async with pool.acquire() as connection, connection.transaction():
        if build:
            await connection.execute("set local statement_timeout = 0; set local maintenance_work_mem = '1GB'")
            await connection.execute(
                "create index looked_meaning_idx on looked using hnsw (meaning halfvec_ip_ops) with (m = 6, ef_construction = 20)",
                timeout=3600,
            )
        else:
            await connection.execute("drop index looked_meaning_idx")


def cpu_s(server: PostgresServer) -> float:
    """CPU seconds of this process and of PostgreSQL, so far."""
    times = [process.cpu_times() for process in [psutil.Process(), *server._family()] if process.is_running()]
    return sum(time.user + time.system for time in times)


async def measure(server: PostgresServer, pool: db.Pool, looker: Looker, examiner: Examiner, work: Any, brand: str) -> dict[str, float]:
    """Milliseconds per mention where the same new mentions come in and are looked at; everything about them is gone afterwards."""
    now = datetime.now(UTC)
    new = [mention(body, brand, now) for body in texts.mentions(NEW, 12, "new", authors=NEW)]
    events = [
        Received(MentionReceived(brand=brand, mention=one), str(n), str(n), 1, now, None, "mentions", 0, n, "key", now)
        for n, one in enumerate(new)
    ]
    prepare_s = batch_s = 0.0
    cpu = [cpu_s(server)]
    for start in range(0, NEW, 500):
        some = events[start : start + 500]
        began = time.perf_counter()
        prepared = await work.prepare(some)
        prepare_s += time.perf_counter() - began
        began = time.perf_counter()
        async with pool.acquire() as connection, connection.transaction():
            state = await consumer.load(connection, some, prepared)
            for received in some:
                consumer.HANDLERS[type(received.event)](state, received)  # type: ignore[misc]
            await consumer.save(connection, state)
        batch_s += time.perf_counter() - began
    cpu.append(cpu_s(server))
    looks = []
    while True:
        began = time.perf_counter()
        if not await look.look(pool, looker, brand, examiner=examiner):
            break
        looks.append(time.perf_counter() - began)
    cpu.append(cpu_s(server))
    await forget(pool, brand, [one.id for one in new])
    spent = {
        "findings_ms": prepare_s,
        "groups_ms": batch_s,
        "look_ms": sum(looks),
        "findings_and_groups_cpu_ms": cpu[1] - cpu[0],
        "look_cpu_ms": cpu[2] - cpu[1],
        "cpu_ms": cpu[2] - cpu[0],
    }
    return {name: round(1000 * seconds / NEW, 3) for name, seconds in spent.items()}


async def vacuum(pool: db.Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("set statement_timeout = 0")
        for table in ("mention", "looked", "clue", "evidence", "suggestion", "to_look", "identity"):
            await connection.execute(f"vacuum analyze {table}", timeout=3600)


async def forget(pool: db.Pool, brand: str, ids: Sequence[UUID]) -> None:
    for table in ("looked", "clue"):
        await pool.execute(f"delete from {table} where brand = $1 and mention_id = any($2::uuid[])", brand, ids)
    await pool.execute("delete from mention where brand = $1 and id = any($2::uuid[])", brand, ids)
    for table in ("evidence", "suggestion", "to_look", "identity"):
        await pool.execute(f"delete from {table} where brand = $1", brand)


async def bench(server: PostgresServer, url: str, sizes: Sequence[int]) -> None:
    root = Path(__file__).resolve().parent.parent
    await migrate.migrate(url, "triage", root / "services/triage/migrations")
    pool = await db.open_pool(url, "triage")
    classifier = Classifier.load()
    known = {brand: SimpleNamespace(book=load_book(BOOK.format(brand=brand)), version=1) for brand in ("vaart", "veer")}
    books: Any = SimpleNamespace(get=known.get)
    examiner = Examiner(books, classifier)
    looker, work = Looker(books, classifier.encoder), consumer.build(examiner)
    for size in sorted(sizes):
        began = time.perf_counter()
        await by_meaning(pool, build=False)
        await fill(pool, looker, classifier, "vaart", size)
        await fill(pool, looker, classifier, "veer", size // 100)
        await by_meaning(pool, build=True)
        say(bench="filled", stored=size, seconds=round(time.perf_counter() - began, 1))
        for brand, stored in (("vaart", size), ("veer", size // 100)):
            turns = []
            for _ in range(TURNS):
                await vacuum(pool)
                turns.append(await measure(server, pool, looker, examiner, work, brand))
            say(bench="grouping", brand=brand, stored=stored, **{name: min(turn[name] for turn in turns) for name in turns[0]})
    sizes_of = await pool.fetch(
        "select relname, pg_relation_size(oid) as bytes from pg_class where relkind in ('r', 'i') and relnamespace = 'triage'::regnamespace "
        "and pg_relation_size(oid) > 1000000 order by 2 desc limit 8"
    )
    say(bench="bytes a mention", **{row["relname"]: round(row["bytes"] / (max(sizes) * 1.01)) for row in sizes_of})
    await pool.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    given = parser.parse_args()
    collector.seldom()  # as the services do
    with tempfile.TemporaryDirectory(prefix="weerklank-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        server = PostgresServer(home / "postgres", settings=SETTINGS).start()
        databases = Databases(server)
        try:
            asyncio.run(bench(server, databases.login(databases.database(), "triage"), given.sizes))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
