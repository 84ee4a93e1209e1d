"""What is known of customers is kept between batches, and two at once see one another."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.common import db
from libs.common.case_events import Case
from libs.common.events import MentionRegrouped, MentionTriaged
from services.routing import case_work, consumer
from services.routing.case import case_id_of
from tests.integration.pools import somebody_waits_for_a_lock
from tests.integration.routing.access_world import World, world_of
from tests.unit.routing.test_circumstances import ONE, REPEAT, heard, of_one, policies
from tests.unit.routing.test_permutations import event, mention_id, state
from tests.waiting import until

GROUPS = policies(
    customer_groups=[{"id": "large"}],
    routing=[
        {"when": {"customer_group": "large"}, "department": "billing", "priority": "high"},
        {"department": "technical"},
    ],
)


async def decide(connection: db.Connection, events: list[Any], books: Any) -> case_work.CaseWork:
    work = await case_work.load(connection, events, books)
    for received in events:
        consumer.on_mention(work, received)
    return work


async def batch(pool: db.Pool, events: list[Any], books: Any = REPEAT) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await case_work.save(connection, await decide(connection, events, books))


async def case_of(pool: db.Pool, name: str) -> Case:
    return Case.model_validate(await pool.fetchval("select state_json from care_case where id = $1", case_id_of("vaart", mention_id(name))))


def told(name: str, version: int = 1, kind: type[Any] = MentionTriaged, group: str | None = None) -> Any:
    return event(kind, version, of_one(state(name, group or name)))


@pytest.mark.parametrize("order", ["ABCD", "DCBA", "BDAC"])
async def test_contacts_are_the_same_in_one_batch_and_in_several(pool: db.Pool, order: str) -> None:
    events = [told(name) for name in order] + [told("B", 2, MentionRegrouped, "D")]
    for received in events:
        await batch(pool, [received])
    work = heard(events)
    for name in "ACD":
        assert await case_of(pool, name) == work.files[case_id_of("vaart", mention_id(name))].case


async def test_two_cases_of_a_customer_that_are_opened_at_once_see_one_another(pool: db.Pool) -> None:
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        work = await decide(first, [told("B")], REPEAT)
        second = asyncio.create_task(batch(pool, [told("A")]))
        await until(lambda: somebody_waits_for_a_lock(pool), "the second waits for the customer")
        await case_work.save(first, work)
        await transaction.commit()
    await second
    assert [(await case_of(pool, name)).contact for name in "AB"] == ["first", "repeat"]


async def test_whoever_helped_a_customer_last_is_found_in_their_cases(pool: db.Pool) -> None:
    book = policies(assignment={"stick_within": "30d"})
    french = [event(MentionTriaged, 1, of_one(state(name, name, language="fr"))) for name in "AD"]  # nobody speaks it: both may have them
    await batch(pool, french[:1], book)
    case = await case_of(pool, "A")
    other = "uu" if case.owner == "tt" else "tt"
    answered = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    await pool.execute(
        "update care_case set touched = true, owner = $1, state_json = state_json || jsonb_build_object('owner', $1::text, 'replied_at', $2::text)",
        other,
        answered,
    )
    await batch(pool, french[1:], book)
    found = await case_of(pool, "D")
    assert (found.department, found.owner) == ("technical", other)
    assert "helped this customer last" in str(found.decided)
    helpers = await pool.fetchval("select helpers from care_case where id = $1", found.id)
    assert helpers == {"technical": other}


# --- the group that a person chooses --------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    world: World

    async def call(self, method: str, role: str = "agent", brand: str = "vaart", **more: Any) -> Any:
        token = self.world.token(role, ("vaart", "other"))
        return await self.world.call(method, f"/v1/brands/{brand}/customers/{ONE}/group", token, **more)


@pytest.fixture
def desk(pool: db.Pool, tmp_path: Path) -> Desk:
    world = world_of(pool, tmp_path)
    world.app.state.policies = GROUPS
    return Desk(world)


async def test_a_customer_who_is_put_into_a_group_is_treated_so_at_once_and_from_then_on(pool: db.Pool, desk: Desk) -> None:
    await batch(pool, [told("A")], GROUPS)
    assert (await case_of(pool, "A")).department == "technical"
    read = await desk.call("GET")
    assert (read.json()["group"], read.headers["etag"]) == (None, '"0"')
    answer = await desk.call("PUT", json={"group": "large", "reason": "A contract since May"}, headers={"if-match": read.headers["etag"]})
    assert (answer.status_code, answer.json()["group"], answer.json()["set_by"]) == (200, "large", "boss"), answer.text
    case = await case_of(pool, "A")
    assert (case.customer_group, case.department, case.priority) == ("large", "billing", "high")
    row = await pool.fetchrow("select actor, detail from timeline where case_id = $1 order by version desc limit 1", case.id)
    assert row is not None
    assert (row["actor"], row["detail"]["why"]) == ("boss", "customer_group")
    await batch(pool, [told("B")], GROUPS)
    assert (await case_of(pool, "B")).customer_group == "large"
    stale = await desk.call("PUT", json={"group": None}, headers={"if-match": read.headers["etag"]})
    assert stale.status_code == 412
    back = await desk.call("DELETE", headers={"if-match": answer.headers["etag"]})
    assert (back.status_code, back.json()["set_by"]) == (200, None)
    assert [((await case_of(pool, name)).department, (await case_of(pool, name)).customer_group) for name in "AB"] == [
        ("technical", None)
    ] * 2


async def test_the_clocks_of_a_case_that_people_work_on_follow_the_group_too(pool: db.Pool, desk: Desk) -> None:
    targets = [{"when": {"customer_group": "large"}, "reaction": "15m", "resolution": "1h"}, {"reaction": "2h", "resolution": "9h"}]
    book = policies(customer_groups=[{"id": "large"}], targets=targets)
    desk.world.app.state.policies = book
    await batch(pool, [told("A")], book)
    before = await case_of(pool, "A")
    path = f"/v1/brands/vaart/cases/{before.id}/assign"
    assigned = await desk.world.call("POST", path, desk.world.token("lead", ("vaart",)), json={"owner": "mk"})
    assert assigned.status_code == 200, assigned.text
    answer = await desk.call("PUT", json={"group": "large", "reason": "A contract"}, headers={"if-match": "*"})
    assert answer.status_code == 200, answer.text
    after = await case_of(pool, "A")
    assert (after.owner, after.customer_group) == ("mk", "large")
    assert [now.due_at < was.due_at for now, was in zip(after.clocks, before.clocks, strict=True)] == [True, True]
    rows = await pool.fetch("select what, actor, version from timeline where case_id = $1 order by version desc limit 3", before.id)
    assert {row["what"] for row in rows} >= {"targets-changed"}
    assert next(row["actor"] for row in rows if row["what"] == "targets-changed") == "boss"
    back = await desk.call("DELETE", headers={"if-match": answer.headers["etag"]})
    assert back.status_code == 200
    assert [clock.due_at for clock in (await case_of(pool, "A")).clocks] == [clock.due_at for clock in before.clocks]


async def test_a_group_that_there_is_not_and_a_customer_of_nobody_are_refused(pool: db.Pool, desk: Desk) -> None:
    await batch(pool, [told("A")], GROUPS)
    answer = await desk.call("PUT", json={"group": "larg"})
    assert (answer.status_code, "large" in answer.json()["detail"]) == (422, True)
    assert (await desk.call("PUT", role="trainee", json={"group": "large"})).status_code == 403
    assert (await desk.call("GET", brand="other")).status_code == 404


async def test_a_rule_that_cannot_be_evaluated_is_told_once_to_those_who_can_mend_it(pool: db.Pool) -> None:
    book = policies(routing=[{"when": {"severity": "high"}, "department": "billing"}])
    await pool.execute(
        "insert into app_user (id, brands, role, password, password_changed_at, created_at, created_by, changed_at, changed_by) "
        "values ('boss', '{vaart}', 'admin', '', now(), now(), '', now(), '')"
    )
    for name in "AB":
        await batch(pool, [told(name)], book)
    case = await case_of(pool, "A")
    assert (case.department, str(case.decided).startswith("fallback: rule 1: condition 'severity'")) == ("webcare", True)
    rows = await pool.fetch("select member, what, case_id from notification order by member")
    assert [(row["member"], row["case_id"]) for row in rows] == [("boss", case.id), ("mk", case.id)]
    assert "rule 1 of the brand book (version 1)" in rows[0]["what"]
