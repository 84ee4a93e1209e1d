"""Follow-ups in the database: each event in a transaction of its own, two instances at once, and what the API shows."""

import asyncio
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from libs.common.case_events import Case
from libs.common.events import MentionTriaged
from libs.common.record import Received
from services.routing import record, store, turn
from services.routing.case import EMPTY, assigned
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import POLICIES, event, state
from tests.unit.routing.test_reopening import AFTER, LATER, RESOLVED_AT, WITHIN, follow_up, heard, outcome, said
from tests.unit.routing.test_turns import A


async def resolved(pool: db.Pool) -> None:
    """The case of A, which a person resolved an hour after it came."""
    await pool.execute("truncate mention_copy, care_case, timeline, notification, outbox, follow_up")
    await batch(pool, [event(MentionTriaged, 1, state("A", "A"))])
    async with pool.acquire() as connection, connection.transaction():
        file = await store.file(connection, "vaart", A, lock=True)
        assert file is not None
        assigned(file, to="gs", department=None)
        turn.resolved(file, RESOLVED_AT)
        await record.record(connection, POLICIES.policy, file, [])


async def stored(pool: db.Pool) -> dict[UUID, Any]:
    found = {}
    for row in await pool.fetch("select state_json from care_case order by id"):
        case = Case.model_validate(row["state_json"])
        if case.state not in EMPTY:
            mentions = await pool.fetch("select id from mention_copy where case_id = $1 and not removed", case.id)
            names = sorted(str(mention.id) for mention in case.mentions)
            assert names == sorted(str(mention["id"]) for mention in mentions), "each mention is where its case says"
            found[case.id] = (names, case.state, case.follows, case.begun_by, case.clocks, case.owner)
    return found


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([said("D", WITHIN), said("E", AFTER)], id="reopened"),
        pytest.param([said("D", AFTER), said("E", LATER), said("F", LATER)], id="a follow-up"),
    ],
)
async def test_follow_ups_are_the_same_in_one_batch_and_in_several_in_every_order(pool: db.Pool, events: list[Received[Any]]) -> None:
    expected = outcome(heard(events))
    for order in permutations(events):
        await resolved(pool)
        for received in order:
            await batch(pool, [received])
        assert await stored(pool) == expected
    await resolved(pool)
    await batch(pool, events)
    assert await stored(pool) == expected


async def test_two_instances_that_hear_of_late_messages_at_once_begin_one_follow_up(pool: db.Pool) -> None:
    events = [said(name, AFTER) for name in "BCDEFG"]
    await resolved(pool)
    await asyncio.gather(*(batch(pool, [received]) for received in events))
    found = await stored(pool)
    assert {case_id: len(names) for case_id, (names, *_) in found.items()} == {A: 1, follow_up(_first(events)): 6}
    rows = await pool.fetch("select case_id, array_agg(version order by version) as versions from timeline group by case_id")
    assert all(row["versions"] == list(range(row["versions"][0], row["versions"][0] + len(row["versions"]))) for row in rows)


def _first(events: list[Received[Any]]) -> str:
    """Received at the same moment: the one with the smallest id is the first."""
    return min("BCDEFG", key=lambda name: str(state(name, "A").mention.id))
