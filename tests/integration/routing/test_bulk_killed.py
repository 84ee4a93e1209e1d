"""kill -9 of whoever is at a bulk action: another goes on, and nothing is done twice to one case."""

import asyncio
import os
import random
import signal
import sys
from typing import Any
from uuid import uuid4

from libs.common import db
from libs.common.case_events import CaseAssigned
from services.routing import bulk_store, bulker, store
from tests.integration.pools import pool_of
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.stack import Databases
from tests.system import ROOT
from tests.unit.routing.test_permutations import POLICIES
from tests.waiting import until

WORKER = """
import asyncio, sys
from libs.common import db
from services.routing import bulker
from tests.unit.routing.test_permutations import POLICIES

async def main():
    bulker._CHUNK = 3
    pool = await db.open_pool(sys.argv[1], "routing", size=2)
    print("ready", flush=True)
    while True:
        await bulker.tick(pool, POLICIES)

asyncio.run(main())
"""
policies: Any = POLICIES
NAMES = [chr(number) for number in range(ord("A"), ord("A") + 60)]


def _url(pool: db.Pool) -> str:
    url: str = pool._connect_args[0]  # type: ignore[attr-defined]
    return url


async def _worker(url: str) -> asyncio.subprocess.Process:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=ROOT, env=env
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
    return process


async def _done(pool: db.Pool) -> int:
    found: int = await pool.fetchval("select done from bulk")
    return found


async def test_killed_again_and_again_every_case_is_done_once(postgres: Databases) -> None:
    async with pool_of("routing", postgres) as pool:
        await batch(pool, [triaged(name, name) for name in NAMES])
        ids = [row["id"] for row in await pool.fetch("select id from care_case order by seq")]
        bulk_id = uuid4()
        async with pool.acquire() as connection, connection.transaction():
            await bulk_store.add(
                connection,
                id=bulk_id,
                brand="vaart",
                action={"do": "assign", "owner": "tt", "department": "technical"},
                reason="Storing.",
                actor="gs",
                machine=False,
                at=await store.now(connection),
                wanted=[(case_id, 1) for case_id in ids],
            )
        chance = random.Random(20261128)
        for least in (1, 15, 30):
            process = await _worker(_url(pool))

            async def far_enough(least: int = least) -> bool:
                return await _done(pool) >= least

            await until(far_enough, f"{least} cases are done")
            await asyncio.sleep(chance.random() / 50)
            process.send_signal(signal.SIGKILL)
            await process.wait()

        async def finished() -> bool:
            """Once the server has noticed that whoever held the action is gone."""
            while await bulker.tick(pool, policies):
                pass
            return await pool.fetchval("select state from bulk") == "done"

        await until(finished, "another instance has gone on to the end")
        row = await pool.fetchrow("select * from bulk")
        assert row is not None
        assert (row["state"], row["done"], row["skipped"]) == ("done", len(ids), 0)
        lines = await pool.fetch("select case_id from timeline where what = 'assigned' and detail ->> 'bulk_id' = $1", str(bulk_id))
        assert sorted(line["case_id"] for line in lines) == sorted(ids)
        rows = await pool.fetch("select headers from outbox")
        assert sum(CaseAssigned.type.encode() in row["headers"] for row in rows) == len(ids)
