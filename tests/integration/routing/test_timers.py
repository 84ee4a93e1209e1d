"""Timers and clocks that are due at once: each goes off once, whatever fails and whoever is killed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bench import ticker as bench
from libs.common import db, migrate
from libs.common.events import deterministic_id
from services.routing import timer
from services.routing.sla import Policy
from services.routing.timer import Due, Timer, Together
from tests.integration.pools import PoolAt
from tests.stack import Databases
from tests.system import ROOT
from tests.unit.routing.test_permutations import POLICIES

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
policies: Any = POLICIES


def due_at(number: int, minutes: int = 0, kind: str = "reminder") -> Timer:
    return Timer("vaart", kind, deterministic_id("vaart", str(number)), "", NOW + timedelta(minutes=minutes))


@pytest.fixture
async def marks(pool: db.Pool) -> db.Pool:
    """Without any key: whatever is done twice stands there twice."""
    await pool.execute("create table mark (subject uuid not null)")
    return pool


async def mark(connection: db.Connection, policy: Policy, found: Timer, now: datetime) -> None:
    await connection.execute("insert into mark values ($1)", found.subject)


async def mark_all(connection: db.Connection, policy: Policy, found: Sequence[Timer], now: datetime) -> None:
    await connection.execute("insert into mark select unnest($1::uuid[])", [timer.subject for timer in found])


async def tick(pool: db.Pool, kinds: dict[str, Due], minutes: int = 0) -> int:
    return await timer.tick(PoolAt(pool, NOW + timedelta(minutes=minutes)), policies, kinds)  # type: ignore[arg-type]


async def marked(pool: db.Pool) -> list[UUID]:
    return [row["subject"] for row in await pool.fetch("select subject from mark")]


@pytest.mark.parametrize("kind", [mark, Together(mark_all)], ids=["one by one", "together"])
async def test_a_timer_goes_off_once_and_not_before_its_time(marks: db.Pool, kind: Due) -> None:
    await timer.put(marks, [due_at(1), due_at(2, 5), due_at(3), due_at(4, kind="of another release")])
    assert await tick(marks, {"reminder": kind}) == 2
    assert sorted(await marked(marks)) == sorted([due_at(1).subject, due_at(3).subject])
    assert await tick(marks, {"reminder": kind}) == 0
    assert await tick(marks, {"reminder": kind}, minutes=5) == 1
    assert await marks.fetchval("select count(*) from timer") == 1, "what nobody here knows waits for who does"


@pytest.mark.parametrize("together", [False, True])
async def test_one_that_fails_keeps_no_other_waiting_and_is_tried_again_in_a_minute(marks: db.Pool, together: bool) -> None:
    broken, is_broken = due_at(3).subject, True

    async def fails_for_one(connection: db.Connection, policy: Policy, found: Timer, now: datetime) -> None:
        await mark(connection, policy, found, now)
        if found.subject == broken and is_broken:
            raise ZeroDivisionError("a bug")

    async def fails_for_many(connection: db.Connection, policy: Policy, found: Sequence[Timer], now: datetime) -> None:
        for one in found:
            await fails_for_one(connection, policy, one, now)

    kind: Due = Together(fails_for_many) if together else fails_for_one
    await timer.put(marks, [due_at(number) for number in range(6)])
    await tick(marks, {"reminder": kind})
    assert sorted(await marked(marks)) == sorted(due_at(number).subject for number in range(6) if number != 3)
    assert await tick(marks, {"reminder": kind}) == 0
    is_broken = False
    assert await tick(marks, {"reminder": kind}, minutes=1) == 1
    assert sorted(await marked(marks)) == sorted(due_at(number).subject for number in range(6))


async def test_a_timer_that_sets_itself_again_goes_off_again_later(marks: db.Pool) -> None:
    async def again(connection: db.Connection, policy: Policy, found: Timer, now: datetime) -> None:
        await mark(connection, policy, found, now)
        await timer.put(connection, [Timer(found.brand, found.kind, found.subject, found.name, now + timedelta(minutes=10))])

    await timer.put(marks, [due_at(1)])
    for minutes in (0, 0, 9, 10):
        await tick(marks, {"reminder": again}, minutes)
    assert len(await marked(marks)) == 2


async def test_thousands_that_are_due_at_once_speak_once_each_though_a_replica_is_killed(postgres: Databases) -> None:
    """`bench/ticker.py` with fewer of them: two processes, one of which is killed in the middle and comes back."""
    url = postgres.login(postgres.database(), "routing")
    await migrate.migrate(url, "routing", ROOT / "services" / "routing" / "migrations")
    pool = await db.open_pool(url, "routing")
    await bench.seed(pool, 2_000, 2_000)
    found = await bench.play(pool, url, 2_000, 2_000)
    await pool.close()
    assert found["killed_at"] < 1
    assert bench.is_right(found, 2_000, 2_000), found
