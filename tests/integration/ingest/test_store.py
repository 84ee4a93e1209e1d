"""Receipts in a real Postgres: the same whatever batches the log is read in, and gone when the brand book says so."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import services.ingest
from libs.common import db, migrate
from services.ingest import store
from services.ingest.receipt import First, Seen
from tests.stack import Databases

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ID = UUID("6f0c5c1e-5d4d-5b8e-9a55-7d1c0f6a0b57")


@pytest.fixture
async def connection(postgres: Databases) -> AsyncIterator[db.Connection]:
    url = postgres.login(postgres.database(), "ingest")
    await migrate.migrate(url, "ingest", Path(services.ingest.__file__).parent / "migrations")
    opened = await db.connect(url, "ingest")
    yield opened
    await opened.close()


def seen(seconds: int, topic: str, times: int = 1) -> Seen:
    at = AT + timedelta(seconds=seconds)
    first = First("forum", topic, 0, seconds, AT, at, at, f"{seconds:032x}", topic)
    return Seen("vaart/id::1", first, times, at)


async def test_batches_in_any_order_leave_the_same_receipt(connection: db.Connection) -> None:
    taken_back = Seen("vaart/id::1", deleted_at=AT)
    found = set()
    for order in permutations([seen(3, "bulk", 2), seen(1, "live"), seen(2, "live"), taken_back]):
        await connection.execute("truncate receipt")
        for batch in order:
            await store.save(connection, {("vaart", ID): batch}, {})
        row = await store.receipt(connection, "vaart", ID)
        assert row is not None
        found.add(tuple(row.values()))
    (row,) = found
    kept = dict(zip(["brand", "mention_id", "key", "channel", "topic", "partition", "offset"], row, strict=False))
    assert kept == {
        "brand": "vaart",
        "mention_id": ID,
        "key": "vaart/id::1",
        "channel": "forum",
        "topic": "live",
        "partition": 0,
        "offset": 1,
    }
    assert (row[12], row[14]) == (4, AT)


async def test_a_mention_that_is_known_is_known_as_what_it_is(connection: db.Connection) -> None:
    received, deleted = uuid4(), uuid4()
    await store.save(connection, {("vaart", received): seen(1, "live"), ("vaart", deleted): Seen("k", deleted_at=AT)}, {})
    keys = [("vaart", received), ("vaart", deleted), ("other", received), ("vaart", uuid4())]
    assert await store.known(connection, keys) == {("vaart", received): (True, False), ("vaart", deleted): (False, True)}


async def test_receipts_beyond_their_brands_retention_go_and_others_stay(connection: db.Connection) -> None:
    old, again, new = uuid4(), uuid4(), uuid4()
    await store.save(
        connection,
        {
            ("vaart", old): seen(1, "bulk"),
            ("vaart", again): seen(1, "bulk"),
            ("vaart", new): seen(100, "bulk"),
            ("other", old): seen(1, "bulk"),
        },
        {("vaart", "march", id): 1 for id in (old, again, new)},
    )
    await store.save(connection, {("vaart", again): seen(100, "bulk")}, {})
    assert await store.purge(connection, "vaart", AT + timedelta(seconds=50), 1000) == 1
    assert [row["mention_id"] for row in await store.page(connection, "other", None, 10)] == [old]
    assert {row["mention_id"] for row in await store.page(connection, "vaart", None, 10)} == {again, new}
    assert await store.import_counts(connection, "vaart", "march") == (2, 0)
