"""What a service says of itself to Prometheus, here analytics: it says so too when it is not well."""

import asyncio
import contextlib

from prometheus_client import REGISTRY

from libs.common.errors import TooManyDeadLetters
from tests.integration.analytics.world import NOW, Story, World
from tests.waiting import until


async def _lines(world: World) -> list[str]:
    return (await world.client.get("/metrics")).text.splitlines()


async def test_a_well_service_says_so(world: World) -> None:
    service = world.app.state.service
    await until(lambda: service.problems() == [] and service.relay.leads, "analytics is ready and leads")
    lines = await _lines(world)
    for line in (
        "weerklank_ready 1.0",
        "weerklank_relay_leads 1.0",
        "weerklank_database_up 1.0",
        "weerklank_pool_limit 6.0",
        "weerklank_outbox_oldest_seconds 0.0",
        'weerklank_stream_stopped{kind="too-many-dead-letters"} 0.0',
        'weerklank_stream_stopped{kind="position-below-log-start"} 0.0',
    ):
        assert line in lines
    assert not [line for line in lines if "_created" in line]


async def test_a_stream_that_stopped_is_told_by_its_kind(world: World) -> None:
    stream = world.app.state.service.stream
    stream.stopped = TooManyDeadLetters("12 of the last 100 events failed.")
    try:
        lines = await _lines(world)
    finally:
        stream.stopped = None
    assert 'weerklank_stream_stopped{kind="too-many-dead-letters"} 1.0' in lines
    assert "weerklank_ready 0.0" in lines


async def test_a_pool_without_a_free_connection_shows_and_the_scrape_is_answered_all_the_same(world: World) -> None:
    pool = world.app.state.service.pool
    async with contextlib.AsyncExitStack() as taken:
        for _ in range(pool.get_max_size()):  # those too that a task of the service has for a moment
            await taken.enter_async_context(pool.acquire())
        lines = await _lines(world)
    assert "weerklank_pool_in_use 6.0" in lines
    assert "weerklank_database_up 0.0" in lines
    [wait] = [float(line.split()[1]) for line in lines if line.startswith("weerklank_pool_wait_seconds ")]
    assert wait > 1
    assert "weerklank_database_up 1.0" in await _lines(world)


async def test_a_database_that_does_not_answer_does_not_hold_up_what_needs_none(world: World) -> None:
    async with world.database.transaction():
        await world.database.execute("lock table ledger in access exclusive mode")
        async with asyncio.timeout(9):
            lines = await _lines(world)
    assert "weerklank_database_up 0.0" in lines
    assert "weerklank_pool_limit 6.0" in lines

    async def answers() -> bool:
        return "weerklank_database_up 1.0" in await _lines(world)

    await until(answers, "the database is asked again")


async def test_a_messages_way_to_us_is_measured_of_live_ones_only(world: World) -> None:
    def seen() -> float:
        return REGISTRY.get_sample_value("weerklank_received_seconds_count") or 0.0

    async def nothing_waits() -> bool:
        waiting = await world.app.state.service.stream.waiting(world.database)
        return waiting is not None and not any(waiting.values())

    # The log holds what other tests told, and the stream may still be waiting after what the tests before did to its database.
    await until(nothing_waits, "all that was told before is handled", 90)
    before, story = seen(), Story("timed")
    await world.tell([story.mention("live", received_at=NOW), story.mention("old", received_at=NOW, historic=True)])
    await until(lambda: seen() > before, "the live message is measured")
    assert seen() == before + 1
