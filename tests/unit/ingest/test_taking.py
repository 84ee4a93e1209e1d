"""Who fetches when there is more to fetch than may be in memory."""

import asyncio
from contextlib import AsyncExitStack

from services.ingest.taking import Slots


async def test_a_brand_whose_servers_hold_all_that_they_get_keeps_no_other_waiting() -> None:
    slots = Slots(4)
    async with AsyncExitStack() as held:
        await held.enter_async_context(slots.one("slow", large=True))
        waiting = [asyncio.create_task(_pass(slots, "slow", large=large)) for large in (False, True, False, True)]
        async with asyncio.timeout(5):
            await asyncio.gather(*(_pass(slots, f"other-{number}", large=False) for number in range(10)))
        assert not any(task.done() for task in waiting)
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)


async def test_large_mails_are_fetched_one_at_a_time_and_brands_take_turns() -> None:
    slots = Slots(4)
    order: list[str] = []

    async def fetch(brand: str) -> None:
        async with slots.one(brand, large=True):
            order.append(brand)
            await asyncio.sleep(0)

    async with asyncio.timeout(5):
        async with slots.one("slow", large=True):
            fetching = [asyncio.create_task(fetch(brand)) for brand in ("slow", "slow", "slow", "other")]
            for _ in range(10):
                await asyncio.sleep(0)
            assert not order
        await asyncio.gather(*fetching)
    assert order == ["other", "slow", "slow", "slow"]


async def _pass(slots: Slots, brand: str, *, large: bool) -> None:
    async with slots.one(brand, large=large):
        pass
