"""kill -9 of whoever escalates, merges, or raises an incident: all of it or nothing, and another goes on. Nobody is told twice."""

import asyncio
import json
import os
import random
import signal as signals
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.events import MentionTriaged
from services.routing import signal, store, ticker, timer
from services.routing.due import DUE
from tests.integration.pools import pool_of
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import world_of
from tests.integration.routing.hub_world import BOOK, Books
from tests.integration.routing.test_simultaneous import batch
from tests.stack import Databases
from tests.system import ROOT
from tests.unit.routing.test_permutations import event, state
from tests.waiting import until

LADDER = """
escalation:
  - {at: 50, of: reaction, do: [raise_priority, notify_lead]}
  - {at: 100, of: reaction, when: {channel: [twitter, email, review]}, do: [reassign, inform_hub]}
"""
NAMES = [chr(number) for number in range(ord("A"), ord("A") + 36)]
WORKER = """
import asyncio, json, sys
from pathlib import Path
from libs.common import db
from tests.integration.routing import test_killed

async def main():
    given = json.loads(sys.argv[1])
    pool = await db.open_pool(given["url"], "routing", size=3)
    work = await getattr(test_killed, given["work"])(pool, given)
    print("ready", flush=True)
    while True:
        await work()
        await asyncio.sleep(0)

asyncio.run(main())
"""


def books() -> Any:
    return Books(BOOK + LADDER)


Work = Callable[[], Awaitable[object]]


async def escalating(pool: db.Pool, _: dict[str, Any]) -> Work:
    ticker._BATCH = 3
    return lambda: ticker.tick(pool, books_once)


async def raising(pool: db.Pool, _: dict[str, Any]) -> Work:
    timer._BATCH = 2
    return lambda: timer.tick(pool, books_once, DUE)


async def merging(pool: db.Pool, given: dict[str, Any]) -> Work:
    """Puts the second case of each pair into the first, over HTTP, until all are."""
    world = world_of(pool, Path(given["folder"]))
    world.app.state.policies = books_once

    async def merge() -> None:
        for into, other in given["pairs"]:
            await world.call("POST", f"/v1/brands/vaart/cases/{into}/merge", json={"case_id": other, "reason": "Dezelfde verhuizing."})

    return merge


books_once: Any = books()


async def killed(
    pool: db.Pool,
    work: str,
    far: tuple[int, ...],
    how_far: Callable[[], Awaitable[int]],
    check: Callable[[], Awaitable[None]],
    **given: Any,
) -> None:
    """Kill whoever does the work each time it has come so far, at some moment after that, and look at what is there."""
    chance = random.Random(20261128)
    url = pool._connect_args[0]  # type: ignore[attr-defined]
    said = json.dumps({"url": url, "work": work, **given})
    for least in far:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, said, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"

        async def far_enough(least: int = least) -> bool:
            return await how_far() >= least

        await until(far_enough, f"{least} are done")
        await asyncio.sleep(chance.random() / 50)
        process.send_signal(signals.SIGKILL)
        await process.wait()
        await check()


async def came(pool: db.Pool) -> list[UUID]:
    """The cases of mentions that nobody reacts to."""
    test_simultaneous.policies, before = books_once, test_simultaneous.policies
    try:
        await batch(pool, [event(MentionTriaged, 1, state(name, name, urgency="normal", labels=[])) for name in NAMES])
    finally:
        test_simultaneous.policies = before
    return [row["id"] for row in await pool.fetch("select id from care_case order by seq")]


async def whole(pool: db.Pool) -> None:
    """Each version of each case has its row in the timeline, and no two; each row has its event (`came` leaves those of opening to the batch)."""
    rows = await pool.fetch(
        "select c.version, (select array_agg(t.version order by t.version) from timeline t where t.brand = c.brand and t.case_id = c.id) as told "
        "from care_case c where c.brand = 'vaart'"
    )
    for row in rows:
        assert row["told"] == list(range(1, row["version"] + 1))
    events, told = (
        await pool.fetchval("select count(*) from outbox"),
        await pool.fetchval("select count(*) from timeline where what <> 'opened'"),
    )
    incidents = await pool.fetchval("select count(*) from incident_timeline")
    assert events == told + incidents


async def test_killed_in_the_middle_of_escalating_every_step_is_taken_once(postgres: Databases) -> None:
    async with pool_of("routing", postgres) as pool:
        ids = await came(pool)

        async def escalated() -> int:
            found: int = await pool.fetchval("select count(distinct case_id) from timeline where what = 'escalated'")
            return found

        async def check() -> None:
            await whole(pool)
            torn = await pool.fetchval(
                "select count(*) from care_case c where (select count(*) from timeline t where t.case_id = c.id and t.what = 'escalated') "
                "not in (0, 2) or (c.state_json ->> 'priority' = 'high') <> exists (select from signal s where s.case_id = c.id)"
            )
            assert torn == 0

        await killed(pool, "escalating", (1, 15), escalated, check)

        async def finished() -> bool:
            while await ticker.tick(pool, books_once):
                pass
            return await escalated() == len(ids)

        await until(finished, "another instance has escalated the rest")
        await check()
        steps = await pool.fetch(
            "select case_id, detail ->> 'share' as share, detail -> 'did' as did from timeline where what = 'escalated'"
        )
        assert Counter((row["case_id"], row["share"]) for row in steps) == Counter((id, share) for id in ids for share in ("50", "100"))
        assert {tuple(row["did"]) for row in steps} == {
            ("raise_priority", "notify_lead"),
            ("reassign", "inform_hub"),
            ("notify_lead", "inform_hub"),  # nobody but Guus speaks English
        }
        rows = await pool.fetch("select case_id, member, what from notification")
        assert max(Counter((row["case_id"], row["member"], row["what"]) for row in rows).values()) == 1
        assert {row["case_id"] for row in rows if row["member"] == "mk" and row["what"] == "reaction clock at 50%"} == set(ids)
        assert await pool.fetchval("select count(*) from signal") == len(ids), "the hub hears of each once"
        mails = await pool.fetch("select subject, title from notice where recipient = 'mk'")
        assert max(Counter((row["subject"], row["title"]) for row in mails).values()) == 1
        assert {row["subject"] for row in mails} == set(ids)


async def test_killed_in_the_middle_of_raising_incidents_everybody_is_told_of_each_once(postgres: Databases) -> None:
    async with pool_of("routing", postgres) as pool:
        ids = (await came(pool))[:16]
        async with pool.acquire() as connection, connection.transaction():
            now = await store.now(connection)
            noticed = [signal.Signal("vaart", "", f"label:l{n}", "storm", now, "spike", case_id) for n, case_id in enumerate(ids)]
            await signal.put(connection, noticed, (), now)
        await pool.execute("delete from timer where kind <> $1", signal.KIND)

        async def raised() -> int:
            found: int = await pool.fetchval("select count(*) from incident")
            return found

        async def check() -> None:
            await whole(pool)
            notices = await pool.fetch("select subject, recipient, way from notice where about = 'incident'")
            told = Counter((row["subject"], row["recipient"], json.dumps(row["way"])) for row in notices)
            assert not told or max(told.values()) == 1
            assert set(Counter(row["subject"] for row in notices).values()) <= {5}, "all of the hub by all of their ways, or nobody"
            assert len({row["subject"] for row in notices}) == await raised()
            assert await pool.fetchval("select count(*) from signal where incident_id is not null") == await raised()

        await killed(pool, "raising", (1, 7), raised, check)

        async def finished() -> bool:
            while await timer.tick(pool, books_once, {signal.KIND: DUE[signal.KIND]}):
                pass
            return await raised() == len(ids)

        await until(finished, "another instance has raised the rest")
        await check()


async def test_killed_in_the_middle_of_merging_a_case_goes_on_in_another_one_or_does_not(postgres: Databases, tmp_path: Path) -> None:
    async with pool_of("routing", postgres) as pool:
        ids = await came(pool)
        pairs = list(zip(ids[0:24:2], ids[1:24:2], strict=True))

        async def merged() -> int:
            found: int = await pool.fetchval("select count(*) from care_case where state = 'merged'")
            return found

        async def check() -> None:
            await whole(pool)
            for into, other in pairs:
                rows = {
                    row["id"]: row["state_json"]
                    for row in await pool.fetch("select id, state_json from care_case where id = any($1)", [into, other])
                }
                is_merged = rows[other]["state"] == "merged"
                assert (rows[into]["merged_cases"], rows[into]["mentions_total"]) == (([str(other)], 2) if is_merged else ([], 1))
                assert rows[other]["merged_into"] == (str(into) if is_merged else None)
                moves = await pool.fetchval("select count(*) from case_move where into_id = $1", into)
                there = await pool.fetchval("select count(*) from mention_copy where case_id = $1", into)
                lines = await pool.fetchval("select count(*) from timeline where case_id = any($1) and what = 'merged'", [into, other])
                assert (moves, there, lines > 0) == ((1, 2, True) if is_merged else (0, 1, False))

        given = {"folder": str(tmp_path), "pairs": [[str(a), str(b)] for a, b in pairs]}
        await killed(pool, "merging", (1, 6), merged, check, **given)
        work = await merging(pool, given)

        async def finished() -> bool:
            await work()
            return await merged() == len(pairs)

        await until(finished, "another instance has merged the rest")
        await check()
