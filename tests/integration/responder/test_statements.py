"""What is said while an incident runs is offered as a script from the last signature until it is over, whatever order and however often it is told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count, permutations
from typing import Any

import pytest

from libs.common import db
from libs.common.bookfile import load_book
from libs.common.events import deterministic_id
from libs.common.incident_events import Incident, IncidentClosed, IncidentEvent, IncidentStatementSigned, Statement
from libs.common.record import Received
from services.responder import consumer, statement
from tests.integration.pools import pool_of
from tests.stack import Databases

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOOK = load_book("{brand: vaart, name: Vaart (example data), languages: [nl, en]}")
TEXTS = {"nl": "We zoeken het uit.", "en": "We find out."}
OFFSETS = count()


@pytest.fixture
async def pool(postgres: Databases) -> AsyncIterator[db.Pool]:
    async with pool_of("responder", postgres) as made:
        yield made


def incident(*, offered: bool = True, drill: bool = False, brand: str = "vaart") -> Incident:
    said = Statement(texts=TEXTS, digest="d", by="gs", at=AT, needed=["spokesperson"], approved_at=AT, offered=offered)
    return Incident(
        id=deterministic_id("vaart", "incident", "x"),
        brand=brand,
        drill=drill,
        title="Storing",
        why="x",
        severity="high",
        state="raised",
        raised_at=AT,
        began_at=AT,
        statement=said,
    )


def signed(version: int = 1, **said: Any) -> Received[Any]:
    found = incident(**said)
    return told(IncidentStatementSigned(brand=found.brand, incident=found, at=AT, roles=["spokesperson"], digest="d"), version)


def closed(version: int = 2) -> Received[Any]:
    return told(IncidentClosed(brand="vaart", incident=incident(offered=False), at=AT, why="Over."), version)


def told(event: IncidentEvent, version: int) -> Received[Any]:
    id = str(event.incident.id)
    return Received(event, f"{id}-{version}", id, version, AT, None, "incidents", 0, next(OFFSETS), id, AT)


async def hear(pool: db.Pool, *events: Received[Any]) -> list[statement.Row]:
    made: Any = consumer.build({})  # type: ignore[arg-type]  # no event of an incident asks for a book
    async with pool.acquire() as connection, connection.transaction():
        work = await made.load(connection, events, None)
        for event in events:
            consumer.on_incident(work, event)
        await made.save(connection, work)
    async with pool.acquire() as connection:
        return await statement.offered(connection, "vaart")


async def test_a_signed_statement_is_offered_until_its_incident_is_closed(pool: db.Pool) -> None:
    (row,) = await hear(pool, signed())
    assert (row.title, row.texts) == ("Storing", TEXTS)
    assert await hear(pool, closed()) == []


async def test_the_order_in_which_it_is_told_makes_no_difference(pool: db.Pool) -> None:
    for order in permutations([signed(1), closed(2), signed(3)]):
        await pool.execute("truncate statement")
        for event in (*order, order[0]):
            found = await hear(pool, event)
        assert [row.version for row in found] == [3]


async def test_what_a_drill_says_is_offered_to_nobody(pool: db.Pool) -> None:
    assert await hear(pool, signed(drill=True)) == []


async def test_another_brand_is_offered_nothing_of_it(pool: db.Pool) -> None:
    await hear(pool, signed())
    async with pool.acquire() as connection:
        assert await statement.offered(connection, "dijk") == []
        assert await statement.one(connection, "dijk", incident().id) is None


@pytest.mark.parametrize(("language", "text"), [("nl", TEXTS["nl"]), ("en", TEXTS["en"]), ("de", TEXTS["nl"])])
def test_it_is_offered_in_the_customers_language_or_else_in_the_brands_first(language: str, text: str) -> None:
    assert statement.script(statement.told(incident(), 1), BOOK, language).text == text
