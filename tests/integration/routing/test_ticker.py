"""The clocks of all cases speak, whatever is wrong with one of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.case_events import Case, Clock
from libs.common.events import BrandBookPublished, deterministic_id
from services.routing import record, store, ticker
from services.routing.case import File
from services.routing.policies import Policies

NOW = datetime.now(UTC)


@pytest.fixture
async def policies() -> Policies:
    """Example data: only one of the brands has a book."""
    books = BrandBooks("nowhere", "test")
    team = [{"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"}]
    book = {"brand": "vaart", "name": "Vaart", "languages": ["nl"], "team": team}
    await books.put(BrandBookPublished(brand="vaart", version=1, book=book, published_at=NOW, published_by="test"))
    return Policies(books)


async def overdue(pool: db.Pool, brand: str, number: int) -> list[UUID]:
    """Cases whose reaction clock ran out an hour ago."""
    started = NOW - timedelta(days=2)
    files = []
    for n in range(number):
        mention_id = deterministic_id(brand, str(n))
        case = Case(
            id=deterministic_id(brand, "case", str(n)),
            brand=brand,
            customer_id=mention_id,
            group_id=mention_id,
            state="new",
            department="webcare",
            owner="mk",
            channel="twitter",
            language="nl",
            sentiment="negative",
            urgency="normal",
            opened_at=started,
            clocks=[Clock(kind="reaction", started_at=started, due_at=NOW - timedelta(hours=1))],
        )
        files.append(File(case, version=1, book_version=1))
    files.sort(key=lambda file: file.case.id)
    async with pool.acquire() as connection, connection.transaction():
        await store.insert(connection, files, {file.case.id: NOW - timedelta(hours=1) for file in files})
    return [file.case.id for file in files]


async def breached(pool: db.Pool) -> set[UUID]:
    rows = await pool.fetch("select case_id from timeline where what = 'clock-breached'")
    return {row["case_id"] for row in rows}


async def test_a_brand_without_a_book_keeps_no_other_brands_clock_from_speaking(pool: db.Pool, policies: Policies) -> None:
    await overdue(pool, "bookless", 600)  # more than one tick takes
    mine = await overdue(pool, "vaart", 3)
    await ticker.tick(pool, policies)
    assert await breached(pool) == set(mine)


async def test_a_case_that_cannot_be_told_is_asked_again_and_the_others_speak(
    pool: db.Pool, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await overdue(pool, "vaart", 5)
    keep = record.record_all

    async def fails_for_one(connection: db.Connection, changed: Any) -> None:
        await keep(connection, changed)
        if mine[2] in [file.case.id for _, file, _ in changed]:
            raise ZeroDivisionError("a bug")

    monkeypatch.setattr(record, "record_all", fails_for_one)
    await ticker.tick(pool, policies)
    assert await breached(pool) == set(mine) - {mine[2]}
    assert await ticker.tick(pool, policies) == 0, "it is put off, not asked again at once"
    monkeypatch.undo()
    await pool.execute("update care_case set next_fire_at = now() where id = $1", mine[2])
    await ticker.tick(pool, policies)
    assert await breached(pool) == set(mine)


async def test_a_clock_speaks_once_however_often_it_is_asked(pool: db.Pool, policies: Policies) -> None:
    mine = await overdue(pool, "vaart", 2)
    for _ in range(3):
        await ticker.tick(pool, policies)
        await pool.execute("update care_case set next_fire_at = now()")
    rows = await pool.fetch("select case_id, count(*) as n from timeline where what = 'clock-breached' group by case_id")
    assert {row["case_id"]: row["n"] for row in rows} == dict.fromkeys(mine, 1)
