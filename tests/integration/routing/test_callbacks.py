"""Calls that we owe, from the message that the number was left in to the end: stored once, told, due, called, and shown to those who call."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common import db
from libs.common.bookfile import load_book
from libs.common.case_events import CaseCallbackDue, CaseCallbackProposed
from libs.common.events import MentionRemoved, MentionTriaged
from libs.common.hours import Calendar
from services.routing import timer
from services.routing.case import case_id_of
from services.routing.due import DUE
from services.routing.links import Click, Links
from services.routing.sla import Policy
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World, world_of
from tests.integration.routing.outbox import told_as
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_callbacks import NUMBER, message
from tests.unit.routing.test_permutations import START, event, mention_id

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl]
hours: {mon-sun: ["00:00-24:00"], holidays: {closed: false}}
departments:
  - {id: webcare, members: [gs]}
  - {id: bellen, members: [bb], email: bellen@vaart.example}
callbacks: {within: 4h, attempts: 2, again_after: 1h, department: bellen}
team:
  - {id: gs, first_name: Guus, initials: gs}
  - {id: bb, first_name: Bo, initials: bb, notify: [{slack: "file:vaart-bo"}]}
  - {id: mk, first_name: Mila, initials: mk, role: lead}
""")


class Policies:
    policy = Policy(BOOK, Calendar.of(BOOK), 1)

    def of(self, brand: str) -> Policy:
        assert brand == "vaart"
        return self.policy

    def versions(self) -> list[tuple[str, int]]:
        return [("vaart", 1)]


POLICIES: Any = Policies()


@pytest.fixture
async def calling(shared_pool: db.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    await shared_pool.execute(
        "truncate callback, callback_attempt, care_case, mention_copy, follow_up, placement, case_move, "
        "timeline, outbox, notification, notice, timer, link_use, idempotency_key"
    )
    monkeypatch.setattr(test_simultaneous, "policies", POLICIES)
    world = world_of(shared_pool, tmp_path)
    world.app.state.policies = POLICIES
    await at(world, START)
    return world


async def at(world: World, moment: Any) -> None:
    """It is this moment, for every session of the pool."""
    await world.pool.execute(
        f"create or replace function moment() returns timestamptz language sql stable as $$ select timestamptz '{moment.isoformat()}' $$"
    )


@pytest.fixture(autouse=True, scope="module")
async def real_time_again(shared_pool: db.Pool) -> Any:
    yield
    await shared_pool.execute(
        "create or replace function moment() returns timestamptz language sql stable as $$ select clock_timestamp() $$"
    )


async def left(world: World, text: str = f"Bel me op {NUMBER}", name: str = "A", **more: Any) -> UUID:
    """Somebody left that in private; the case."""
    await batch(world.pool, [event(MentionTriaged, 1, message(name, text, **more))])
    row = await world.pool.fetchrow("select case_id from mention_copy where id = $1", mention_id(name))
    found: UUID = row["case_id"]
    return found


async def only(world: World, role: str = "agent", **query: Any) -> dict[str, Any]:
    answer = await world.call("GET", "/v1/brands/vaart/callbacks", world.token(role), params=query)
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["items"]
    found: dict[str, Any] = item
    return found


async def told(world: World) -> list[str]:
    rows = await world.pool.fetch("select what from timeline where brand = 'vaart' and what like 'callback%' order by version")
    return [row["what"] for row in rows]


async def tick(world: World) -> None:
    while await timer.tick(world.pool, POLICIES, DUE):
        pass


async def test_a_number_left_in_private_is_on_the_list_of_those_who_call_and_nowhere_else(calling: World) -> None:
    case_id = await left(calling)
    item = await only(calling, now=True)
    assert (item["phone"], item["state"], item["department"], item["owner"]) == ("+31612345678", "open", "bellen", None)
    assert item["case_id"] == str(case_id)
    assert (await only(calling, "trainee"))["phone"] == "•••• 78"
    await tick(calling)
    told_in = await calling.pool.fetch("select detail::text as said from timeline union all select what from notification")
    assert len(told_in) == 3, "the case was opened, the call planned, and whoever calls told of it once"
    assert not [row["said"] for row in told_in if "+31612345678" in row["said"]]
    denied = await calling.call("GET", "/v1/brands/vaart/callbacks", calling.token("analyst"))
    assert denied.status_code == 403


async def test_hearing_of_the_message_twice_stores_and_tells_one(calling: World) -> None:
    received = event(MentionTriaged, 1, message("A", f"Bel me op {NUMBER}"))
    await batch(calling.pool, [received, received])
    await batch(calling.pool, [received])
    assert (await only(calling))["version"] == 1
    assert await told(calling) == ["callback-planned"]


async def test_a_message_taken_back_takes_the_number_out_of_the_database(calling: World) -> None:
    await left(calling)
    await batch(calling.pool, [event(MentionRemoved, 2, message("A", "", removed=True))])
    [row] = await calling.pool.fetch("select * from callback where brand = 'vaart'")
    assert (row["state"], row["phone"]) == ("withdrawn", "")
    assert await calling.pool.fetchval("select count(*) from timer where kind = 'callback'") == 0
    assert await told(calling) == ["callback-planned", "callback-ended"]


async def test_when_it_may_be_called_the_department_hears_of_it_once(calling: World) -> None:
    await left(calling)
    await tick(calling)
    await tick(calling)
    rows = await calling.pool.fetch("select recipient, way, text from notice where brand = 'vaart'")
    assert [(row["recipient"], row["way"]) for row in rows] == [("bellen", {"email": "bellen@vaart.example"})]
    assert "12345678" not in rows[0]["text"]
    listed = await calling.pool.fetch("select member from notification where what = 'callback now'")
    assert [row["member"] for row in listed] == ["bb"]


async def test_a_call_that_does_not_come_in_time_is_told_to_the_leads_too(calling: World) -> None:
    await left(calling)
    await at(calling, START + timedelta(hours=4, minutes=1))
    await tick(calling)
    listed = await calling.pool.fetch("select member from notification where what = 'callback overdue' order by member")
    assert [row["member"] for row in listed] == ["bb", "mk"]
    assert await told(calling) == ["callback-planned", "callback-due"]
    [due] = await told_as(calling.pool, CaseCallbackDue)
    assert sorted(due.told) == ["bb", "mk"]


async def test_calls_that_are_due_at_once_are_told_together_each_once(calling: World, caplog: pytest.LogCaptureFixture) -> None:
    for name in "ABC":
        await left(calling, name=name, group=name)
    await at(calling, START + timedelta(hours=5))
    await asyncio.gather(*(tick(calling) for _ in range(2)))
    assert await calling.pool.fetchval("select count(*) from timer where kind = 'callback'") == 0
    rows = await calling.pool.fetch("select case_id, what, member from notification where what in ('callback now', 'callback overdue')")
    assert Counter((row["what"], row["member"]) for row in rows) == {(what, "bb"): 3 for what in ("callback now", "callback overdue")} | {
        ("callback overdue", "mk"): 3
    }
    assert len({row["case_id"] for row in rows}) == 3
    assert (await told(calling)).count("callback-due") == 3
    assert "together" not in caplog.text


async def test_who_does_not_answer_is_called_again_and_not_for_ever(calling: World) -> None:
    await left(calling)
    first = await only(calling)
    path = f"/v1/brands/vaart/callbacks/{first['id']}/attempts"
    answer = await calling.call("POST", path, calling.token("agent", sub="bb"), json={"outcome": "no_answer", "note": "voicemail"})
    assert answer.status_code == 201, answer.text
    again = answer.json()
    assert (again["state"], again["attempts"]) == ("open", 1)
    assert again["next_at"].startswith("2026-11-02T10:00")
    answer = await calling.call("GET", "/v1/brands/vaart/callbacks", params={"now": True})
    assert answer.json()["items"] == [], "not before an hour has passed"
    await at(calling, START + timedelta(hours=1))
    assert (await only(calling, now=True))["id"] == first["id"]
    ended = (await calling.call("POST", path, calling.token("agent", sub="bb"), json={"outcome": "busy"})).json()
    assert (ended["state"], ended["attempts"]) == ("not_reached", 2)
    assert await told(calling) == ["callback-planned", "callback-attempted", "callback-attempted", "callback-ended"]
    assert (await calling.call("POST", path, json={"outcome": "reached"})).status_code == 409
    made = (await calling.call("GET", f"/v1/brands/vaart/callbacks/{first['id']}")).json()["made"]
    assert [(row["by"], row["outcome"], row["note"]) for row in made] == [("bb", "no_answer", "voicemail"), ("bb", "busy", None)]


async def test_an_attempt_that_is_sent_twice_counts_once(calling: World) -> None:
    await left(calling)
    path, key = f"/v1/brands/vaart/callbacks/{(await only(calling))['id']}/attempts", {"idempotency-key": str(uuid4())}
    answers = [await calling.call("POST", path, json={"outcome": "busy"}, headers=key) for _ in range(2)]
    assert [answer.json()["attempts"] for answer in answers] == [1, 1]


async def test_a_number_whose_sender_may_not_want_to_be_called_is_told_as_a_proposal(calling: World) -> None:
    async with calling.pool.acquire() as connection:
        work = await test_simultaneous.decide(connection, [event(MentionTriaged, 1, message("A", f"Storing. T {NUMBER}"))])
    [proposed] = [found.event for found in work.outgoing if isinstance(found.event, CaseCallbackProposed)]
    assert proposed.callback.state == "proposed"


async def test_a_proposal_is_planned_by_a_person_or_cancelled_and_keeps_what_they_said(calling: World) -> None:
    case_id = await left(calling, f"Storing. T {NUMBER}")
    item = await only(calling, state="proposed")
    path = f"/v1/brands/vaart/callbacks/{item['id']}"
    window = {"from": (START + timedelta(hours=5)).isoformat(), "to": (START + timedelta(hours=6)).isoformat()}
    stale = await calling.call("PUT", path, json={"window": window}, headers={"if-match": '"9"'})
    assert stale.status_code == 412
    planned = await calling.call("PUT", path, json={"window": window, "owner": "gs"}, headers={"if-match": '"1"'})
    assert planned.status_code == 200, planned.text
    assert (planned.json()["state"], planned.json()["owner"], planned.headers["etag"]) == ("open", "gs", '"2"')
    assert planned.json()["due_at"].startswith("2026-11-02T15:00")
    await left(calling, f"En nu? T {NUMBER}", "B")
    assert (await only(calling))["owner"] == "gs", "what a person decided stays"
    cancelled = await calling.call("POST", f"{path}/cancel", json={"reason": "handtekening"})
    assert cancelled.json()["state"] == "cancelled"
    assert (await calling.call("POST", f"{path}/cancel", json={"reason": "nog eens"})).status_code == 409
    listed = (await calling.call("GET", f"/v1/brands/vaart/cases/{case_id}/callbacks")).json()["items"]
    assert [(row["state"], row["note"]) for row in listed] == [("cancelled", "handtekening")]


async def test_a_message_that_people_take_out_of_a_case_takes_its_callback_along(calling: World) -> None:
    case_id = await left(calling, "Storing?")
    assert await left(calling, f"Bel me op {NUMBER}", "B") == case_id
    body = {"mention_ids": [str(mention_id("B"))], "reason": "een andere vraag"}
    taken = await calling.call("POST", f"/v1/brands/vaart/cases/{case_id}/split", json=body)
    assert taken.status_code == 201, taken.text
    other = taken.json()["other"]["id"]
    assert (await only(calling))["case_id"] == other != str(case_id)
    undone = await calling.call("POST", f"/v1/brands/vaart/cases/{other}/unsplit", json={"reason": "toch niet"})
    assert undone.status_code == 200, undone.text
    assert (await only(calling))["case_id"] == str(case_id)


async def test_cases_that_are_put_together_owe_a_number_one_call_and_two_again_when_that_is_taken_back(calling: World) -> None:
    one = await left(calling)
    await batch(calling.pool, [event(MentionTriaged, 1, message("B", f"Bel me terug op {NUMBER}", group="B"))])
    other = case_id_of("vaart", mention_id("B"))
    path = f"/v1/brands/vaart/cases/{one}"
    merged = await calling.call("POST", f"{path}/merge", json={"case_id": str(other), "reason": "dezelfde vraag"})
    assert merged.status_code == 200, merged.text
    assert (await calling.call("GET", path)).json()["version"] == merged.json()["version"], "the version that was answered is the newest"
    rows = await calling.pool.fetch("select case_id, state, phone from callback where brand = 'vaart' order by state")
    assert [(row["case_id"], row["state"], row["phone"]) for row in rows] == [(one, "open", "+31612345678"), (one, "withdrawn", "")]
    assert await calling.pool.fetchval("select count(distinct subject) from timer where kind = 'callback'") == 1
    undone = await calling.call("POST", f"{path}/unmerge", json={"case_id": str(other), "reason": "toch niet"})
    assert undone.status_code == 200, undone.text
    rows = await calling.pool.fetch("select case_id, state from callback where brand = 'vaart'")
    assert sorted((row["case_id"], row["state"]) for row in rows) == sorted([(one, "open"), (other, "open")])


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"phone": "020 123 45 67"}, 201, ""),
        ({"phone": "bel me"}, 422, "no number that can be dialled from NL"),
        ({}, 422, "Give `phone`, or `mention_id`"),
        ({"phone": "0201234567", "mention_id": str(mention_id("A"))}, 422, "Give `phone`, or `mention_id`"),
        ({"mention_id": str(mention_id("Z"))}, 422, "There is no message"),
        ({"mention_id": str(mention_id("A")), "span": {"start": 0, "end": 999_999}}, 422, "no number"),
        ({"phone": "0201234567", "owner": "weg"}, 422, "is not in the team"),
        ({"phone": "0201234567", "department": "weg"}, 422, "There is no department"),
        ({"phone": "0201234567\n"}, 422, "phone"),
        ({"phone": "0201234567", "window": {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}}, 422, "is over already"),
    ],
)
async def test_a_call_is_planned_by_hand_or_refused_with_what_was_wrong(
    calling: World, body: Mapping[str, Any], status: int, says: str
) -> None:
    case_id = await left(calling, "Geen nummer")
    answer = await calling.call("POST", f"/v1/brands/vaart/cases/{case_id}/callbacks", json=body)
    assert answer.status_code == status, answer.text
    assert says in answer.text
    if status == 201:
        assert (answer.json()["phone"], answer.json()["created_by"]) == ("+31201234567", "boss")
        again = await calling.call("POST", f"/v1/brands/vaart/cases/{case_id}/callbacks", json=body)
        assert again.status_code == 409


async def test_the_number_may_be_one_that_stands_in_a_message(calling: World) -> None:
    case_id = await left(calling, f"Mijn nummer is {NUMBER}", visibility="public")
    answer = await calling.call("POST", f"/v1/brands/vaart/cases/{case_id}/callbacks", json={"mention_id": str(mention_id("A"))})
    assert answer.json()["phone"] == "+31612345678", answer.text


async def test_another_brands_callback_is_not_there(calling: World) -> None:
    await left(calling)
    item, other = await only(calling), calling.token("admin", brands=("noord",))
    for method, path, body in (
        ("GET", f"/callbacks/{item['id']}", None),
        ("PUT", f"/callbacks/{item['id']}", {}),
        ("POST", f"/callbacks/{item['id']}/attempts", {"outcome": "reached"}),
        ("POST", f"/callbacks/{item['id']}/cancel", {"reason": "x"}),
        ("GET", f"/cases/{item['case_id']}/callbacks", None),
    ):
        POLICIES_OF_NORTH = Policy(BOOK.model_copy(update={"brand": "noord"}), Calendar.of(BOOK), 1)
        calling.app.state.policies = type("North", (), {"of": lambda self, brand, policy=POLICIES_OF_NORTH: policy})()
        answer = await calling.call(method, f"/v1/brands/noord{path}", other, **({"json": body} if body is not None else {}))
        assert answer.status_code == 404, (path, answer.text)


async def test_the_list_is_in_order_of_what_is_due_and_comes_in_pages(calling: World) -> None:
    for name, phone in (("A", "06 11111111"), ("B", "06 22222222"), ("C", "06 33333333")):
        await left(calling, f"Bel me op {phone}", name, group=name)
    token, seen, cursor = calling.token("agent"), [], None
    for _ in range(3):
        page = (
            await calling.call("GET", "/v1/brands/vaart/callbacks", token, params={"limit": 1, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [item["phone"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["+31611111111", "+31622222222", "+31633333333"]
    assert cursor is None


async def test_whoever_called_says_so_by_the_link_without_logging_in_and_once(calling: World) -> None:
    await left(calling)
    await tick(calling)
    [row] = await calling.pool.fetch("select links from notice where brand = 'vaart'")
    [link] = row["links"]
    signed: Links = calling.app.state.links
    click = Click("vaart", link["purpose"], UUID(link["subject"]), "bellen", START + timedelta(days=1), link["data"])
    where = signed.url(click).removeprefix("http://127.0.0.1:8603")
    page = await calling.client.get(where)
    assert "•••• 78" in page.text
    assert "12345678" not in page.text
    assert (await only(calling))["attempts"] == 0
    for _ in range(2):
        answer = await calling.client.post(where, data={"outcome": "no_answer", "note": "stil"})
        assert answer.status_code == 200, answer.text
    assert (await only(calling))["attempts"] == 1
    stale = signed.url(Click("vaart", "callback", click.subject, "gs", click.expires_at, {"attempt": "1"})).removeprefix(
        "http://127.0.0.1:8603"
    )
    assert "al afgehandeld of al gebeld" in (await calling.client.post(stale, data={"outcome": "reached"})).text
    assert (await only(calling))["attempts"] == 1
