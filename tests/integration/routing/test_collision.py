"""Two people with one case before them know of each other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.common import db
from services.routing import looking
from tests.integration.routing.feed_world import FeedWorld, Instance, feed_world
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.integration.routing.test_stream_of_changes import case_of
from tests.stack import Databases

A = f"/v1/brands/vaart/cases/{case_of('A')}/presence"


@pytest.fixture
async def world(postgres: Databases, tmp_path: Path) -> AsyncIterator[FeedWorld]:
    async with feed_world(postgres, tmp_path) as made:
        await batch(made.pool, [triaged("A", "A"), triaged("B", "B")])
        yield made


async def there(one: Instance) -> list[tuple[str, str]]:
    answer = await one.call("GET", A)
    return [(item["member"], item["doing"]) for item in answer.json()["items"]]


async def put(one: Instance, who: str, doing: str = "looking") -> None:
    answer = await one.call("PUT", A, who, json={"doing": doing})
    assert answer.status_code == 200, answer.text


async def later(pool: db.Pool, seconds: float) -> int:
    """What a sweep finds so many seconds from now."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "select set_config('weerklank.moment', (clock_timestamp() + $1 * interval '1 second')::text, true)", seconds
        )
        return await looking.sweep(connection)


async def test_who_looks_and_who_types_is_on_every_screen_at_every_instance(world: FeedWorld) -> None:
    one, other = await world.start(), await world.start()
    async with other.listen(f"?case_id={case_of('A')}&kinds=presence") as heard, other.listen(f"?case_id={case_of('B')}") as elsewhere:
        await put(one, "gs")
        await put(one, "mk", "typing")
        await put(other, "gs", "typing")
        assert (await one.call("DELETE", A, "mk")).status_code == 204
        told = await heard.until("presence", 4)
        assert [(item["member"], item["doing"]) for item in told] == [("gs", "looking"), ("mk", "typing"), ("gs", "typing"), ("mk", "gone")]
        assert {item["id"] for item in told} == {str(case_of("A"))}
        assert elsewhere.of("presence") == []
    assert await there(other) == [("gs", "typing")]


async def test_saying_the_same_again_reaches_nobody_and_lasts_longer(world: FeedWorld) -> None:
    one = await world.start()
    await put(one, "gs")
    (first,) = (await one.call("GET", A)).json()["items"]
    await put(one, "gs")
    (second,) = (await one.call("GET", A)).json()["items"]
    assert second["until"] > first["until"]
    assert (
        await world.pool.fetchval("select count(*) from feed where kind = 'presence'")
        + await world.pool.fetchval("select count(*) from feed_new where kind = 'presence'")
        == 1
    )


async def test_whoever_does_not_say_so_again_is_gone_and_it_is_told_once(world: FeedWorld) -> None:
    one = await world.start()
    async with one.listen("?kinds=presence") as heard:
        await put(one, "gs")
        assert await later(world.pool, 20) == 0
        assert await later(world.pool, 26) == 1
        assert await later(world.pool, 27) == 0
        assert [item["doing"] for item in await heard.until("presence", 2)] == ["looking", "gone"]
    assert await there(one) == []


async def test_presence_hangs_on_a_case_of_the_brand_and_on_a_person(world: FeedWorld) -> None:
    one = await world.start()
    nowhere = f"/v1/brands/vaart/cases/{case_of('nowhere')}/presence"
    assert (await one.call("PUT", nowhere, json={"doing": "looking"})).status_code == 404
    assert (await one.call("GET", nowhere)).status_code == 404
    assert (await one.call("PUT", A, json={"doing": "sleeping"})).status_code == 422
    assert (await one.call("PUT", A, role="analyst", json={"doing": "looking"})).status_code == 403
    assert (await one.call("DELETE", A)).status_code == 204
