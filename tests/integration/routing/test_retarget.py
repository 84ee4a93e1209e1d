"""Running clocks follow a new brand book, once, in any number of instances, and their timelines say so."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from libs.common import db
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, CaseTargetsChanged
from libs.common.hours import Calendar
from services.routing import record, retarget, store, turn
from services.routing.case import case_id_of
from services.routing.sla import Policy
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.unit.routing.test_permutations import BOOK, POLICIES, START, mention_id


def book(version: int, **fields: Any) -> Policy:
    found = BrandBook.model_validate(BOOK.model_dump(mode="json", by_alias=True) | fields)
    return Policy(found, Calendar.of(found), version)


SLOW = [{"reaction": "2h", "resolution": "1d"}]
QUICK_ONLY_FOR_MAIL = [{"when": {"channel": "email"}, "reaction": "5m", "resolution": "1h"}, {"reaction": "30m", "resolution": "1d"}]


async def publish(pool: db.Pool, *policies: Policy) -> None:
    for policy in policies:
        found = policy.book.model_dump(mode="json", by_alias=True)
        await store.add_book(pool, "vaart", policy.version, "", found, START, "boss", [], None)


async def retargeted(pool: db.Pool, policy: Policy) -> int:
    """How many cases were looked at."""
    looked, before = 0, await retarget.earlier(pool, policy)
    while before and (number := await retarget.tick(pool, policy, before)):
        looked += number
    return looked


async def case(pool: db.Pool, name: str = "A") -> Case:
    row = await pool.fetchrow("select state_json from care_case where id = $1", case_id_of("vaart", mention_id(name)))
    assert row is not None
    return Case.model_validate(row["state_json"])


async def changes(pool: db.Pool) -> list[Any]:
    rows = await pool.fetch("select detail from timeline where what = 'targets-changed' order by case_id")
    return [row["detail"]["changes"] for row in rows]


async def test_a_new_target_moves_the_clocks_of_open_cases_and_the_timeline_has_both_times(pool: db.Pool) -> None:
    new = book(2, targets=SLOW)
    await publish(pool, POLICIES.policy, new)
    await batch(pool, [triaged("A", "A")])
    before = (await case(pool)).clocks[0].due_at
    assert await retargeted(pool, new) == 1
    found = await case(pool)
    assert found.clocks[0].due_at == START + timedelta(hours=2)
    (((said),),) = await changes(pool)
    assert said == {"clock": "reaction", "old_due_at": said["old_due_at"], "new_due_at": said["new_due_at"]}
    assert said["old_due_at"] == before.isoformat().replace("+00:00", "Z")
    (told,) = [
        row["value"] for row in await pool.fetch("select headers, value from outbox") if CaseTargetsChanged.type.encode() in row["headers"]
    ]
    (change,) = CaseTargetsChanged.model_validate_json(told).changes
    assert (change.clock, change.old_due_at, change.new_due_at) == ("reaction", before, START + timedelta(hours=2))
    row = await pool.fetchrow("select next_fire_at, clock_version, version from care_case")
    assert row is not None
    assert (row["clock_version"], row["version"]) == (2, 2)
    assert START + timedelta(hours=1) < row["next_fire_at"] <= START + timedelta(hours=2)
    assert await retargeted(pool, new) == 0, "once"


async def test_a_target_of_other_cases_changes_nothing_and_a_book_without_other_clocks_looks_at_nothing(pool: db.Pool) -> None:
    await publish(pool, POLICIES.policy, book(2, goals=["Sneller"]), book(3, targets=QUICK_ONLY_FOR_MAIL))
    await batch(pool, [triaged("A", "A")])
    before = await pool.fetchrow("select version, state_json from care_case")
    assert await retargeted(pool, book(2, goals=["Sneller"])) == 0
    assert await retargeted(pool, book(3, targets=QUICK_ONLY_FOR_MAIL)) == 1
    assert await pool.fetchrow("select version, state_json from care_case") == before
    assert await changes(pool) == []


async def test_a_clock_that_stands_still_and_one_that_stopped_are_told_apart(pool: db.Pool) -> None:
    new = book(2, targets=SLOW, hours={"mon-sun": ["00:00-24:00"], "holidays": {"closed": False}})
    await publish(pool, POLICIES.policy, new)
    await batch(pool, [triaged("A", "A")])
    async with pool.acquire() as connection, connection.transaction():
        file = await store.file(connection, "vaart", case_id_of("vaart", mention_id("A")), lock=True)
        assert file is not None
        turn.replied(POLICIES.policy, file, [], (START, mention_id("A")), START + timedelta(minutes=20), START + timedelta(minutes=21))  # type: ignore[arg-type]
        await record.record(connection, POLICIES.policy, file, [])
    before = (await case(pool)).clocks
    await retargeted(pool, new)
    reaction, resolution = (await case(pool)).clocks
    assert reaction == before[0], "what was reacted to in time stays so"
    assert resolution.due_at == START + timedelta(days=1)
    assert resolution.paused_at == START + timedelta(minutes=20)


async def test_several_instances_set_each_case_once(pool: db.Pool) -> None:
    new = book(2, targets=SLOW)
    await publish(pool, POLICIES.policy, new)
    names = "ABCDEFGHIJKLMNOP"
    await batch(pool, [triaged(name, name) for name in names])
    looked = await asyncio.gather(*(retargeted(pool, new) for _ in range(3)))
    assert sum(looked) == len(names)
    rows = await pool.fetch("select count(*) as n from timeline where what = 'targets-changed' group by case_id")
    assert [row["n"] for row in rows] == [1] * len(names)


async def test_a_case_that_cannot_be_set_keeps_no_other_from_it(pool: db.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    new = book(2, targets=SLOW)
    await publish(pool, POLICIES.policy, new)
    await batch(pool, [triaged(name, name) for name in "ABC"])
    keep, broken = turn.retargeted, case_id_of("vaart", mention_id("B"))

    def fails_for_one(old: Any, policy: Any, file: Any, mentions: Any, now: Any) -> Any:
        if file.case.id == broken:
            raise ZeroDivisionError("a bug")
        return keep(old, policy, file, mentions, now)

    monkeypatch.setattr(turn, "retargeted", fails_for_one)
    await retargeted(pool, new)
    assert len(await changes(pool)) == 2
