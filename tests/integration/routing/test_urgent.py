"""What is urgent reaches people by the ways that they chose, once."""

from uuid import UUID, uuid4

import pytest

from libs.common import db
from libs.common.bookteam import Notify
from services.routing import store, urgent
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.integration.routing.test_stream_of_changes import case_of
from tests.unit.routing.test_permutations import BOOK, START

WAYS = (Notify(email="mila@vaart.example"), Notify(mattermost="env:MILA"))
TEAM = tuple(member.model_copy(update={"notify": WAYS}) if member.id == "mk" else member for member in BOOK.team)
WITH_WAYS = BOOK.model_copy(update={"team": TEAM})


async def tell(pool: db.Pool, what: str, member: str = "mk", id: UUID | None = None) -> None:
    async with pool.acquire() as connection, connection.transaction():
        row = (id or uuid4(), "vaart", member, case_of("A"), START, what)
        await urgent.notify(connection, lambda brand: WITH_WAYS, [row])


async def notices(pool: db.Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch("select recipient, title from notice where brand = 'vaart' order by seq")
    return [(row["recipient"], row["title"]) for row in rows]


async def test_a_clock_is_told_by_every_way_that_a_member_chose_and_once(pool: db.Pool) -> None:
    await batch(pool, [triaged("A", "A")])
    id = uuid4()
    for _ in range(2):
        await tell(pool, "reaction clock at 80%", id=id)
    await tell(pool, "reaction clock at 80%", member="gs")
    short = str(case_of("A"))[:8]
    assert await notices(pool) == [("mk", f"Zaak {short}: de reactietijd is voor 80% voorbij")] * 2
    told = await pool.fetchval("select count(*) from notification where brand = 'vaart' and member = any($1::text[])", ["mk", "gs"])
    assert told == 2


@pytest.mark.parametrize(("priority", "number"), [("normal", 0), ("low", 0), ("high", 2), ("urgent", 2)])
async def test_what_is_about_a_case_of_high_priority_is_urgent(pool: db.Pool, priority: str, number: int) -> None:
    await batch(pool, [triaged("A", "A")])
    await pool.execute("update care_case set state_json = jsonb_set(state_json, '{priority}', to_jsonb($1::text))", priority)
    await tell(pool, "called upon by gs")
    assert len(await notices(pool)) == number


async def test_what_was_told_of_before_tells_nobody_again(pool: db.Pool) -> None:
    await batch(pool, [triaged("A", "A")])
    row = (uuid4(), "vaart", "mk", case_of("A"), START, "opened")
    async with pool.acquire() as connection:
        assert await store.notify(connection, [row]) == {row[0]}
        assert await store.notify(connection, [row]) == set()
        assert await store.notify(connection, []) == set()
