"""Later looks of several instances: one looks at a brand at a time, the others rest meanwhile."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from services.triage import look, look_store
from tests.integration.triage.triage_world import World


class Books:
    """Those of one brand, all read."""

    def __init__(self, known: Any) -> None:
        self.get = known.get
        self.read = asyncio.Event()
        self.read.set()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter([("vaart", self.get("vaart"))])


async def test_while_another_instance_looks_at_the_only_brand_this_one_rests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.comes("a", "waar blijft mijn modem", handle="tess")
    rests: list[float] = []

    class Rested(Exception):
        pass

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        raise Rested

    monkeypatch.setattr(look, "asyncio", SimpleNamespace(sleep=rest, to_thread=asyncio.to_thread))
    service: Any = SimpleNamespace(
        books=Books(world.books), pool=world.pool, relay=SimpleNamespace(poke=lambda: None), after_write=[], stream=None
    )
    async with world.pool.acquire() as other, other.transaction():
        assert await look_store.alone(other, "vaart")
        with pytest.raises(Rested):
            await asyncio.wait_for(look.run(service, world.examiner), 30)
    assert len(rests) == 1
    with pytest.raises(Rested):
        await asyncio.wait_for(look.run(service, world.examiner), 30)
    assert await world.pool.fetchval("select count(*) from to_look") == 0, "who may look does, before it rests"
