"""One action to many cases: what is done, what is skipped and why, that nothing is done twice, and what taking it back takes back."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.common import db
from libs.common.case_events import CaseAssigned, CasePrioritised, CaseReopened, CaseResolved
from services.routing import bulk_store, bulker, record
from services.routing.case import case_id_of
from tests.integration.routing.access_world import World
from tests.integration.routing.test_corrections import Books, case, post, told
from tests.integration.routing.test_merging import comes, kept, reply
from tests.unit.routing.test_permutations import mention_id

BULK = "/v1/brands/vaart/bulk"
CASES = "/v1/brands/vaart/cases"
WHY = "Alles over de storing naar Techniek."


def case_of(name: str) -> UUID:
    return case_id_of("vaart", mention_id(name))


A, B, C = case_of("A"), case_of("B"), case_of("C")
TO_TIM = {"do": "assign", "owner": "tt", "department": "technical"}


@pytest.fixture
async def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    await world.pool.execute(
        "truncate mention_copy, care_case, timeline, notification, outbox, correction, no_reply_sample, sent_reply, case_move, placement, bulk, "
        "bulk_item, tag, follow_up"
    )
    world.app.state.policies = Books()
    for name in "ABC":
        await comes(world, name)
    return world


async def ask(desk: World, action: dict[str, Any], *names: str, version: int | None = None, **more: Any) -> httpx.Response:
    body = {"action": action, "reason": WHY, "cases": [{"id": str(case_of(name)), "version": version} for name in names]}
    return await post(desk, BULK, body | more)


async def work(desk: World) -> None:
    while await bulker.tick(desk.pool, desk.app.state.policies):
        pass


async def shown(desk: World, bulk_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.call("GET", f"{BULK}/{bulk_id}")).json()
    return found


async def became(desk: World, bulk_id: str) -> dict[UUID, tuple[str, str | None]]:
    rows = (await desk.call("GET", f"{BULK}/{bulk_id}/cases")).json()["items"]
    return {UUID(row["case_id"]): (row["state"], row["why"]) for row in rows}


async def done(desk: World, action: dict[str, Any], *names: str, **more: Any) -> str:
    answer = await ask(desk, action, *names, **more)
    assert answer.status_code == 202, answer.text
    await work(desk)
    return str(answer.json()["id"])


async def undo(desk: World, bulk_id: str) -> httpx.Response:
    answer = await post(desk, f"{BULK}/{bulk_id}/undo", {"reason": "Toch niet."}, subject="mk", role="lead")
    await work(desk)
    return answer


async def test_an_action_is_done_to_every_case_and_each_timeline_names_it(desk: World) -> None:
    bulk_id = await done(desk, TO_TIM, "A", "B", "C")
    for id in (A, B, C):
        found = await case(desk, id)
        assert (found.owner, found.department, found.state) == ("tt", "technical", "open")
        line = await desk.pool.fetchrow("select what, actor, detail from timeline where case_id = $1 order by version desc limit 1", id)
        assert line is not None
        assert (line["what"], line["actor"], line["detail"]["bulk_id"], line["detail"]["why"]) == ("assigned", "gs", bulk_id, WHY)
    assert {said.case.id for said, _, _ in await told(desk, CaseAssigned)} == {A, B, C}
    at = await shown(desk, bulk_id)
    assert {name: at[name] for name in ("state", "total", "done", "skipped", "actor", "reason")} == {
        "state": "done", "total": 3, "done": 3, "skipped": 0, "actor": "gs", "reason": WHY,
    }  # fmt: skip


async def test_a_department_gets_cases_with_somebody_of_it_as_owner_and_each_says_what_decided_it(desk: World) -> None:
    was = await case(desk, A)
    bulk_id = await done(desk, {"do": "assign", "department": "technical"}, "A")
    found = await case(desk, A)
    assert (found.department, found.owner, found.decided) == ("technical", "tt", f"assigned in bulk: {WHY}")
    await undo(desk, bulk_id)
    again = await case(desk, A)
    assert (again.department, again.owner, again.decided) == (was.department, was.owner, was.decided)


async def test_what_changed_since_or_cannot_be_done_is_skipped_with_why(desk: World) -> None:
    await desk.call("POST", f"{CASES}/{B}/take", desk.token("agent", sub="uu"))
    await desk.call("POST", f"{CASES}/{C}/resolve", desk.token("agent", sub="uu"))
    stranger = uuid4()
    body = {
        "action": {"do": "resolve"},
        "reason": WHY,
        "cases": [{"id": str(A), "version": 1}, {"id": str(B), "version": 1}, {"id": str(C)}, {"id": str(stranger)}],
    }
    dry = await post(desk, BULK, body | {"dry_run": True})
    assert (dry.json()["id"], dry.json()["would"], sum(dry.json()["skipped"].values())) == (None, 1, 3)
    assert await desk.pool.fetchval("select count(*) from bulk") == 0
    bulk_id = (await post(desk, BULK, body)).json()["id"]
    await work(desk)
    found = await became(desk, bulk_id)
    assert found[A] == ("done", None)
    assert found[B] == ("skipped", "It has changed since it was read: it is at version 2.")
    assert found[C] == ("skipped", "The case is resolved already. Read it again.")
    assert found[stranger] == ("skipped", "There is no such case in this brand.")
    rows = (await desk.call("GET", f"{BULK}/{bulk_id}/cases", params={"state": "skipped", "limit": 2})).json()
    assert len(rows["items"]) == 2
    assert rows["next"]


async def test_which_cases_can_be_said_by_the_filters_of_the_list(desk: World) -> None:
    await desk.call("POST", f"{CASES}/{C}/resolve", desk.token("agent", sub="uu"))
    answer = await post(desk, BULK, {"action": {"do": "priority", "priority": "urgent"}, "where": {"state": "new"}, "reason": WHY})
    assert answer.json()["total"] == 2
    await work(desk)
    assert [(await case(desk, id)).priority for id in (A, B)] == ["urgent", "urgent"]
    assert [(said.previous_priority, said.reason) for said, _, _ in await told(desk, CasePrioritised)] == [("normal", WHY), ("normal", WHY)]
    nothing = await post(desk, BULK, {"action": {"do": "resolve"}, "where": {"owner": "niemand"}, "reason": WHY})
    assert nothing.status_code == 409


@pytest.mark.parametrize(
    "action",
    [
        TO_TIM,
        {"do": "priority", "priority": "urgent"},
        {"do": "tag", "tags": ["Storing", "utrecht"]},
        {"do": "watch", "members": ["gs"]},
        {"do": "resolve"},
        {"do": "no_reply"},
    ],
    ids=lambda action: action["do"],
)
async def test_taken_back_every_case_is_as_it_was(desk: World, action: dict[str, Any]) -> None:
    await desk.call("POST", f"{CASES}/{B}/take", desk.token("agent", sub="uu"))
    of_answer = {"respond", "respond_by", "respond_reason", "sample"}
    before = {id: {k: v for k, v in kept(await case(desk, id)).items() if k not in of_answer} for id in (A, B)}
    touched = await desk.pool.fetch("select id, touched from care_case order by id")
    bulk_id = await done(desk, action, "A", "B")
    assert (await shown(desk, bulk_id))["done"] == 2
    assert (await undo(desk, bulk_id)).status_code == 202
    found = await shown(desk, bulk_id)
    assert (found["state"], found["undone"], found["kept"], found["undo_by"]) == ("undone", 2, 0, "mk")
    assert {id: {k: v for k, v in kept(await case(desk, id)).items() if k not in of_answer} for id in (A, B)} == before
    assert await desk.pool.fetch("select id, touched from care_case order by id") == touched
    assert (await undo(desk, bulk_id)).status_code == 409


async def test_only_what_is_still_as_the_action_made_it_is_taken_back(desk: World) -> None:
    bulk_id = await done(desk, {"do": "resolve"}, "A", "B", "C")
    await desk.call("POST", f"{CASES}/{B}/reopen", desk.token("agent", sub="uu"))
    await post(desk, f"{CASES}/{C}/notes", {"text": "de klant belde"})
    await undo(desk, bulk_id)
    found = await became(desk, bulk_id)
    assert (found[A][0], found[B], found[C][0]) == ("undone", ("kept", "It is no longer as the bulk action made it."), "undone")
    assert [(await case(desk, id)).state for id in (A, B, C)] == ["new", "open", "new"]
    assert [said.bulk_id is not None for said, _, _ in await told(desk, CaseReopened)] == [False, True, True]


async def test_of_tags_only_those_that_came_by_it_go_again_and_uses_are_counted(desk: World) -> None:
    await desk.call("PATCH", f"{CASES}/{B}/tags", desk.token("agent", sub="uu"), json={"add": ["storing"]})
    bulk_id = await done(desk, {"do": "tag", "tags": ["Storing", "haast"]}, "A", "B")
    await desk.call("PATCH", f"{CASES}/{A}/tags", desk.token("agent", sub="uu"), json={"add": ["eigen"]})
    assert dict(await desk.pool.fetch("select name, uses from tag")) == {"storing": 2, "haast": 2, "eigen": 1}
    await undo(desk, bulk_id)
    assert ((await case(desk, A)).tags, (await case(desk, B)).tags) == (["eigen"], ["storing"])
    assert dict(await desk.pool.fetch("select name, uses from tag")) == {"storing": 1, "eigen": 1}
    bulk_id = await done(desk, {"do": "untag", "tags": ["storing"]}, "A", "B")
    assert [state for state, _ in (await became(desk, bulk_id)).values()] == ["skipped", "done"]


async def test_others_watch_by_a_lead_s_word_only(desk: World) -> None:
    assert (await ask(desk, {"do": "watch", "members": ["gs"]}, "A")).status_code == 202
    assert (await ask(desk, {"do": "watch", "members": ["uu"]}, "A")).status_code == 403


async def test_reopening_many_is_taken_back_to_resolved(desk: World) -> None:
    await done(desk, {"do": "resolve"}, "A")
    before = kept(await case(desk, A))
    bulk_id = await done(desk, {"do": "reopen"}, "A")
    assert (await case(desk, A)).state == "open"
    await undo(desk, bulk_id)
    assert kept(await case(desk, A)) == before
    assert [said.reason for said, _, _ in await told(desk, CaseResolved)] == [WHY, "Taken back: Toch niet."]


async def test_a_case_that_was_answered_since_is_not_taken_back(desk: World) -> None:
    bulk_id = await done(desk, {"do": "reopen"}, "A")
    assert (await became(desk, bulk_id))[A][0] == "skipped"
    await done(desk, {"do": "resolve"}, "A")
    bulk_id = await done(desk, {"do": "reopen"}, "A")
    await reply(desk, A, "A", 60)
    await undo(desk, bulk_id)
    assert (await became(desk, bulk_id))[A][0] == "kept"


async def test_two_instances_and_one_that_is_killed_in_between_do_each_case_once(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulker, "_CHUNK", 1)
    answer = await ask(desk, TO_TIM, "A", "B", "C")
    finished, dead = bulk_store.became, list[int]()

    async def dies_once(connection: Any, *given: Any) -> None:
        await finished(connection, *given)
        if not dead:  # all of the chunk is done, but for the commit
            dead.append(1)
            await desk.pool.execute("select pg_terminate_backend($1)", connection.get_server_pid())
            await connection.execute("select 1")

    monkeypatch.setattr(bulk_store, "became", dies_once)
    with pytest.raises(db.TRANSIENT):
        await bulker.tick(desk.pool, desk.app.state.policies)
    assert (await shown(desk, answer.json()["id"]))["done"] == 0
    await asyncio.gather(work(desk), work(desk))
    await work(desk)
    found = await shown(desk, answer.json()["id"])
    assert (found["state"], found["done"], found["skipped"]) == ("done", 3, 0)
    assert sorted(str(said.case.id) for said, _, _ in await told(desk, CaseAssigned)) == sorted(map(str, (A, B, C)))


async def test_a_case_that_cannot_be_told_keeps_no_other_waiting(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = record.story

    def fails_for_b(file: Any, *given: Any, **said: Any) -> Any:
        if file.case.id == B:
            raise RuntimeError("it cannot be told")
        return real(file, *given, **said)

    monkeypatch.setattr(record, "story", fails_for_b)
    bulk_id = await done(desk, TO_TIM, "A", "B", "C")
    found = await became(desk, bulk_id)
    assert (found[A][0], found[B], found[C][0]) == ("done", ("skipped", "It could not be done (RuntimeError)."), "done")
    assert (await shown(desk, bulk_id))["state"] == "done"
    assert (await case(desk, B)).owner != "tt"


async def test_taken_back_while_it_runs_what_it_has_not_come_to_is_left_alone(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulker, "_CHUNK", 1)
    bulk_id = (await ask(desk, TO_TIM, "A", "B", "C")).json()["id"]
    await bulker.tick(desk.pool, desk.app.state.policies)
    await undo(desk, bulk_id)
    found = await shown(desk, bulk_id)
    assert (found["state"], found["done"], found["skipped"], found["undone"]) == ("undone", 1, 2, 1)
    assert "tt" not in {(await case(desk, id)).owner for id in (B, C)}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": TO_TIM, "reason": WHY}, 422),
        ({"action": TO_TIM, "reason": WHY, "cases": [{"id": str(A)}], "where": {}}, 422),
        ({"action": {"do": "assign"}, "reason": WHY, "cases": [{"id": str(A)}]}, 422),
        ({"action": {"do": "assign", "owner": "niemand"}, "reason": WHY, "cases": [{"id": str(A)}]}, 422),
        ({"action": {"do": "assign", "department": "niets"}, "reason": WHY, "cases": [{"id": str(A)}]}, 422),
        ({"action": {"do": "delete"}, "reason": WHY, "cases": [{"id": str(A)}]}, 422),
        ({"action": TO_TIM, "reason": " ", "cases": [{"id": str(A)}]}, 422),
        ({"action": TO_TIM, "reason": WHY, "cases": []}, 422),
        ({"action": TO_TIM, "reason": WHY, "cases": [{"id": str(A)}] * 5001}, 422),
    ],
)
async def test_what_is_asked_wrongly_says_so(desk: World, body: dict[str, Any], status: int) -> None:
    answer = await post(desk, BULK, body)
    assert answer.status_code == status, answer.text
    assert await desk.pool.fetchval("select count(*) from bulk") == 0


async def test_who_may_ask_for_it(desk: World) -> None:
    assert (await post(desk, BULK, {"action": TO_TIM, "reason": WHY, "cases": [{"id": str(A)}]}, role="trainee")).status_code == 403
    assert (await desk.call("GET", f"{BULK}/{uuid4()}")).status_code == 404
    bulk_id = await done(desk, TO_TIM, "A")
    assert [one["id"] for one in (await desk.call("GET", BULK)).json()["items"]] == [bulk_id]
    other = desk.token("agent", ("golfnet",))
    assert (await desk.call("GET", f"/v1/brands/golfnet/bulk/{bulk_id}", other)).status_code == 404
