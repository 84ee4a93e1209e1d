"""What customers are promised, from the reply that gave it to its end: stored once, reminded, broken in time, told to whom it concerns, and put right."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common import db
from libs.common.bookfile import load_book
from libs.common.case_events import CasePromiseBroken, CasePromised
from libs.common.events import MentionTriaged, deterministic_id
from libs.common.hours import Calendar
from libs.common.record import Received
from libs.common.reply_events import ReplyPromise, ReplySent
from services.routing import timer
from services.routing.case import case_id_of
from services.routing.due import DUE
from services.routing.queue import NEVER
from services.routing.sla import Policy
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World, world_of
from tests.integration.routing.outbox import told_as
from tests.integration.routing.test_callbacks import at
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_bounced import bounced
from tests.unit.routing.test_permutations import START, event, mention_id, reply_sent, state

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl]
hours: {mon-sun: ["00:00-24:00"], holidays: {closed: false}}
targets: [{reaction: 1h, resolution: 10d}]
departments:
  - {id: webcare, members: [gs, ab]}
promises: {remind_at: ["50%"]}
hub:
  members:
    - {id: wv, name: Woordvoering, roles: [spokesperson], notify: [{email: wv@vaart.example}]}
  scenarios:
    - {id: belofte, when: {insight: broken_promise}, severity: high, tell: [spokesperson]}
team:
  - {id: gs, first_name: Guus, initials: gs, notify: [{slack: "file:vaart-gs"}]}
  - {id: ab, first_name: Amir, initials: ab, capacity: 0}
  - {id: mk, first_name: Mila, initials: mk, role: lead}
""")
A, B = case_id_of("vaart", mention_id("A")), case_id_of("vaart", mention_id("B"))
LIST = "/v1/brands/vaart/promises"


class Policies:
    policy = Policy(BOOK, Calendar.of(BOOK), 1)

    def of(self, brand: str) -> Policy:
        return self.policy

    def versions(self) -> list[tuple[str, int]]:
        return [("vaart", 1)]


POLICIES: Any = Policies()


@pytest.fixture
async def desk(shared_pool: db.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    await shared_pool.execute(
        "truncate promise, said, sent_reply, care_case, mention_copy, follow_up, placement, case_move, timeline, outbox, notification, notice, timer, "
        "signal, idempotency_key"
    )
    monkeypatch.setattr(test_simultaneous, "policies", POLICIES)
    world = world_of(shared_pool, tmp_path)
    world.app.state.policies = POLICIES
    await at(world, START)
    return world


@pytest.fixture(autouse=True, scope="module")
async def real_time_again(shared_pool: db.Pool) -> Any:
    yield
    await shared_pool.execute(
        "create or replace function moment() returns timestamptz language sql stable as $$ select clock_timestamp() $$"
    )


def promise_id(name: str) -> UUID:
    return deterministic_id("vaart", "promise", name)


def promises(due: Mapping[str, float | None], instead_of: str | None = None) -> list[ReplyPromise]:
    """By name, each due so many hours after the start."""
    return [
        ReplyPromise(
            id=promise_id(name),
            text=f"{name}: je hoort van ons op 06-12345678",
            due_at=START + timedelta(hours=hours) if hours is not None else None,
            renegotiates=promise_id(instead_of) if instead_of else None,
        )
        for name, hours in due.items()
    ]


def sent(hours: float, answers: str = "A", case_id: UUID = A, **more: Any) -> Received[ReplySent]:
    """A reply that reached the customer so many hours after the start."""
    told = reply_sent(case_id, START + timedelta(hours=hours), "reply", answers, str(hours), answers=mention_id(answers))
    reply = told.event.reply.model_copy(update={"writer": "gs", **more})
    return Received(
        told.event.model_copy(update={"reply": reply}), told.id, told.subject, 5, told.time, None, told.topic, 0, 0, told.key, told.time
    )


async def wrote(desk: World, name: str = "A", group: str = "A") -> None:
    await batch(desk.pool, [event(MentionTriaged, 1, state(name, group))])


async def promised(desk: World, hours: float | None = 4, name: str = "p") -> None:
    """A customer asked something, and a quarter of an hour later a reply promised them something."""
    await wrote(desk)
    await batch(desk.pool, [sent(0.25, promises=promises({name: hours}))])


async def hears(desk: World, hours: float, **more: Any) -> None:
    await at(desk, START + timedelta(hours=hours))
    await batch(desk.pool, [sent(hours, **more)])


async def passes(desk: World, hours: float) -> None:
    """It is so many hours after the start, and what was due by then is done."""
    await at(desk, START + timedelta(hours=hours))
    while await timer.tick(desk.pool, POLICIES, DUE):
        pass


async def one(desk: World, name: str = "p", role: str = "agent") -> dict[str, Any]:
    answer = await desk.call("GET", f"{LIST}/{promise_id(name)}", desk.token(role))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def do(desk: World, what: str, name: str = "p", status: int = 200, **body: Any) -> Any:
    answer = await desk.call("POST", f"{LIST}/{promise_id(name)}/{what}", desk.token("agent", sub="gs"), json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def told(desk: World, case_id: UUID = A) -> list[str]:
    rows = await desk.pool.fetch("select version, what from timeline where case_id = $1 order by version", case_id)
    assert [row["version"] for row in rows] == list(range(1, len(rows) + 1)), "each version of the case has its row"
    return [row["what"] for row in rows if "promise" in row["what"]]


async def last(desk: World, number: int) -> list[str]:
    """What happened last."""
    return [
        row["what"]
        for row in reversed(await desk.pool.fetch("select what from timeline where case_id = $1 order by version desc limit $2", A, number))
    ]


async def case(desk: World, case_id: UUID = A) -> dict[str, Any]:
    found: dict[str, Any] = await desk.pool.fetchval("select state_json from care_case where id = $1", case_id)
    return found


def owes(found: Mapping[str, Any]) -> tuple[bool, bool, str | None]:
    return found["promise_open"], found["promise_broken"], found["promise_due_at"]


async def test_a_promise_in_a_reply_has_a_time_and_whoever_has_the_case_has_to_keep_it(desk: World) -> None:
    await promised(desk)
    found = await one(desk)
    assert (found["state"], found["owner"], found["due_at"], found["given_by"]) == ("open", "gs", "2026-11-02T13:00:00Z", "gs")
    assert owes(await case(desk)) == (True, False, "2026-11-02T13:00:00Z")
    await desk.call("POST", f"/v1/brands/vaart/cases/{A}/assign", json={"owner": "ab"})
    assert (await one(desk))["owner"] == "ab", "who takes the case takes the promise"


async def test_a_reply_that_is_heard_of_twice_promises_once(desk: World) -> None:
    await wrote(desk)
    reply = sent(0.25, promises=promises({"p": 4}))
    await batch(desk.pool, [reply, reply])
    await batch(desk.pool, [reply])
    assert await told(desk) == ["promised"]
    assert len((await desk.call("GET", LIST)).json()["items"]) == 1


async def test_a_pilots_replies_promise_as_any_others(desk: World) -> None:
    await wrote(desk)
    await batch(desk.pool, [sent(0.25, promises=promises({"p": 4}), sandbox=True)])
    assert len((await desk.call("GET", LIST)).json()["items"]) == 1
    assert await told(desk) == ["promised"]


async def test_neither_events_nor_the_timeline_have_the_words_of_a_promise(desk: World) -> None:
    await wrote(desk)
    reply = sent(0.25, promises=promises({"p": 4}))
    async with desk.pool.acquire() as connection:
        work = await test_simultaneous.decide(connection, [reply])
    [told] = [found.event for found in work.outgoing if isinstance(found.event, CasePromised)]
    assert "12345678" not in told.promise.model_dump_json()
    await batch(desk.pool, [reply])
    await passes(desk, 4)
    rows = await desk.pool.fetch(
        "select detail::text as said from timeline union all select what from notification union all select text from notice"
    )
    assert rows
    assert not [row["said"] for row in rows if "12345678" in row["said"]]


async def test_its_owner_is_reminded_once_and_the_case_is_ours_again(desk: World) -> None:
    await promised(desk, 4.25)
    assert (await case(desk))["waiting_for"] == "promise"
    await passes(desk, 2.2)
    assert (await case(desk))["waiting_for"] == "promise"
    for _ in range(2):
        await passes(desk, 2.3)
    rows = await desk.pool.fetch("select member, what from notification where what like 'promise%'")
    assert [(row["member"], row["what"]) for row in rows] == [("gs", "promise at 50%")]
    found = await case(desk)
    assert (found["state"], found["waiting_for"]) == ("open", None), "nobody waits for a customer who waits for us"
    notices = await desk.pool.fetch("select recipient, title from notice")
    assert [(row["recipient"], row["title"][15:]) for row in notices] == [("gs", "een belofte aan de klant is bijna om: 50% van de tijd")]


async def stands_still(desk: World) -> Any:
    [clock] = [clock for clock in (await case(desk))["clocks"] if clock["kind"] == "resolution"]
    return clock["paused_at"]


async def test_our_time_to_resolve_runs_while_the_customer_waits_for_what_we_promised(desk: World) -> None:
    await promised(desk)
    assert ((await case(desk))["waiting_for"], await stands_still(desk)) == ("promise", None)
    await hears(desk, 2)
    assert ((await case(desk))["waiting_for"], await stands_still(desk)) == ("customer", "2026-11-02T11:00:00Z")
    await do(desk, "not-kept", reason="Nog niet.")
    assert ((await case(desk))["waiting_for"], await stands_still(desk)) == ("promise", None)
    await do(desk, "kept", at=(START + timedelta(hours=2)).isoformat())
    assert ((await case(desk))["waiting_for"], await stands_still(desk)) == ("customer", "2026-11-02T11:00:00Z")
    assert await desk.pool.fetchval("select count(*) from timeline where what = 'clock-breached'") == 0


async def test_where_a_person_says_that_it_is_the_customers_turn_it_is(desk: World) -> None:
    await promised(desk)
    await at(desk, START + timedelta(hours=1))
    body = {"for": "customer", "reason": "We wachten op het klantnummer."}
    assert (await desk.call("POST", f"/v1/brands/vaart/cases/{A}/wait", json=body)).status_code == 200
    await by_phone(desk)
    assert (await case(desk))["waiting_for"] == "customer"


async def test_what_was_vaguely_promised_has_no_time_and_the_case_waits_for_its_customer(desk: World) -> None:
    await promised(desk, None)
    assert ((await case(desk))["waiting_for"], owes(await case(desk))) == ("customer", (True, False, None))


async def test_a_promise_that_nothing_kept_is_broken_at_its_time_and_told_to_owner_leads_and_hub(desk: World) -> None:
    await promised(desk)
    await passes(desk, 3.9)
    assert (await one(desk))["state"] == "open"
    for _ in range(2):
        await passes(desk, 4)
    assert (await one(desk))["state"] == "broken"
    assert await told(desk) == ["promised", "promise-broken"]
    [broken] = await told_as(desk.pool, CasePromiseBroken)
    assert sorted(broken.told) == ["gs", "mk"]
    assert owes(await case(desk)) == (False, True, "2026-11-02T13:00:00Z")
    rows = await desk.pool.fetch("select member from notification where what = 'promise broken' order by member")
    assert [row["member"] for row in rows] == ["gs", "mk"]
    signals = await desk.pool.fetch("select key, insight from signal")
    assert [(row["key"], row["insight"]) for row in signals] == [(f"promise:{promise_id('p')}", "broken_promise")]


async def test_whatever_else_the_customer_is_told_the_case_is_ours_while_a_broken_promise_is_owed(desk: World) -> None:
    await promised(desk)
    due_at = (await case(desk))["clocks"]
    await passes(desk, 4)
    await hears(desk, 5, update_due=True)
    found = await case(desk)
    assert (found["state"], found["promise_broken"], found["waiting_for"], found["clocks"]) == ("open", True, None, due_at)
    assert await last(desk, 2) == ["waiting", "resumed"]
    answer = await desk.call("POST", f"/v1/brands/vaart/cases/{A}/wait", desk.token("agent", sub="gs"), json={"for": "customer"})
    assert answer.status_code == 409, answer.text
    assert "withdraw it first" in answer.text
    await hears(desk, 6, keeps=[promise_id("p")])
    assert ((await case(desk))["state"], await last(desk, 2)) == ("waiting", ["waiting", "promise-kept"])


async def test_a_promise_that_turns_out_not_to_be_kept_makes_the_case_ours_again(desk: World) -> None:
    await promised(desk)
    await hears(desk, 3)
    await at(desk, START + timedelta(hours=5))
    assert (await case(desk))["state"] == "waiting"
    await do(desk, "not-kept", reason="Er is niemand gebeld.")
    assert (await case(desk))["state"] == "open"
    assert await last(desk, 3) == ["promise-not-kept", "promise-broken", "resumed"]


async def test_the_next_reply_in_time_keeps_it_until_somebody_says_that_it_did_not(desk: World) -> None:
    await promised(desk)
    await hears(desk, 2)
    found = await one(desk)
    assert (found["state"], found["assumed"], found["late"]) == ("kept", True, False)
    assert owes(await case(desk)) == (False, False, None)
    assert await desk.pool.fetchval("select count(*) from timer where kind = 'promise'") == 0
    back = await do(desk, "not-kept", reason="Dat ging over iets anders.")
    assert (back["state"], back["assumed"], back["kept_by"]) == ("open", False, None)
    await hears(desk, 3)
    assert (await one(desk))["state"] == "open", "after that a person decides"
    await passes(desk, 4)
    assert await told(desk) == ["promised", "promise-kept", "promise-not-kept", "promise-broken"]


async def test_what_a_reply_kept_that_came_back_is_owed_again(desk: World) -> None:
    await promised(desk)
    keeping = sent(2)
    await at(desk, START + timedelta(hours=2.5))
    await batch(desk.pool, [keeping])
    assert (await one(desk))["state"] == "kept"
    await batch(desk.pool, [bounced(keeping)])
    await batch(desk.pool, [bounced(keeping), keeping])
    assert (await one(desk))["state"] == "open"
    assert owes(found := await case(desk)) == (True, False, "2026-11-02T13:00:00Z")
    assert (found["state"], found["clocks"][0]["met_at"] is not None) == ("open", True), (
        "what it said is to be said again; the first did arrive"
    )
    assert await last(desk, 2) == ["reply-bounced", "promise-not-kept"]
    rows = await desk.pool.fetch("select member from notification where what = 'a reply came back'")
    assert [row["member"] for row in rows] == ["gs"]


async def test_a_reply_that_says_no_more_than_that_we_are_looking_into_it_keeps_nothing(desk: World) -> None:
    await promised(desk)
    await hears(desk, 2, update_due=True)
    assert (await one(desk))["state"] == "open"


async def test_a_reply_keeps_what_its_writer_says_and_nothing_else(desk: World) -> None:
    await wrote(desk)
    await batch(desk.pool, [sent(0.25, promises=promises({"p": 4, "q": 5}))])
    await hears(desk, 2, keeps=[promise_id("q"), uuid4()])
    assert [(await one(desk, name))["state"] for name in "pq"] == ["open", "kept"]
    await hears(desk, 2.5, keeps=[])
    assert (await one(desk))["state"] == "open"
    await passes(desk, 4)
    await hears(desk, 4.5)
    assert (await one(desk))["state"] == "broken", "what was broken is not kept by the way"
    await hears(desk, 4.6, keeps=[promise_id("p")])
    found = await one(desk)
    assert (found["state"], found["late"], found["broken_at"]) == ("kept", True, "2026-11-02T13:00:00Z")


async def test_a_reply_in_time_that_is_heard_of_late_kept_it_in_time(desk: World) -> None:
    await promised(desk)
    await passes(desk, 5)
    await batch(desk.pool, [sent(3)])
    found = await one(desk)
    assert (found["state"], found["late"], found["broken_at"]) == ("kept", False, None)
    assert await told(desk) == ["promised", "promise-broken", "promise-kept"]


async def test_a_reply_and_two_replicas_at_the_very_moment_leave_one_story(desk: World) -> None:
    await wrote(desk)
    names = [f"p{n}" for n in range(12)]
    await batch(desk.pool, [sent(0.25, promises=promises(dict.fromkeys(names, 4.0)))])
    await at(desk, START + timedelta(hours=4))

    async def replica() -> None:
        for _ in range(20):
            try:
                if not await timer.tick(desk.pool, POLICIES, DUE):
                    return
            except db.TRANSIENT:
                continue

    await asyncio.gather(replica(), batch(desk.pool, [sent(3.9)]), replica())
    await replica()
    assert {(await one(desk, name))["state"] for name in names} == {"kept"}
    happened = await told(desk)
    assert happened.count("promise-kept") == 12
    assert happened.count("promise-broken") in (0, 12), "all that is done at once, or none of it"
    rows = await desk.pool.fetch("select member, count(*) from notification where what = 'promise broken' group by member")
    assert [row["count"] for row in rows] in ([], [12, 12])


async def test_a_promise_is_renegotiated_by_telling_the_customer_another(desk: World) -> None:
    await promised(desk)
    await hears(desk, 2, promises=promises({"q": 30}, instead_of="p"))
    old, new = await one(desk), await one(desk, "q")
    assert (old["state"], old["replaced_by"], old["late"]) == ("renegotiated", new["id"], False)
    assert (new["state"], new["replaces"]) == ("open", old["id"])
    assert await told(desk) == ["promised", "promised", "promise-renegotiated"]
    await passes(desk, 5)
    assert (await one(desk))["state"] == "renegotiated"
    await passes(desk, 30)
    await hears(desk, 31, promises=promises({"r": 40}, instead_of="q"))
    assert [(await one(desk, "q"))[name] for name in ("state", "late")] == ["renegotiated", True], "that does not undo that it was broken"


ORDERS = [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2), (2, 0, 3, 1), (3, 0, 1, 2)]


@pytest.mark.parametrize("order", ORDERS)
async def test_in_whichever_order_replies_are_heard_of_promises_end_the_same(desk: World, order: Sequence[int]) -> None:
    await wrote(desk)
    replies = [
        sent(0.25, promises=promises({"p": 4, "q": None})),
        sent(0.5, promises=promises({"r": 6}, instead_of="p"), keeps=[]),
        sent(1),
        sent(2, promises=promises({"s": 9}, instead_of="r")),
    ]
    for n in order:
        await batch(desk.pool, [replies[n]])
    ends = {name: await one(desk, name) for name in "pqrs"}
    assert {name: end["state"] for name, end in ends.items()} == {"p": "renegotiated", "q": "kept", "r": "kept", "s": "open"}
    assert ends["q"]["kept_by"] == ends["r"]["kept_by"] == str(replies[2].event.reply.id)


async def test_a_person_says_that_it_was_kept_and_when(desk: World) -> None:
    await promised(desk)
    await passes(desk, 5)
    assert "still to come" in (await do(desk, "kept", status=422, at=(START + timedelta(hours=6)).isoformat()))["detail"]
    assert "before the promise was given" in (await do(desk, "kept", status=422, at=START.isoformat()))["detail"]
    found = await do(desk, "kept", at=(START + timedelta(hours=3)).isoformat(), reason="Gebeld om 13 uur.")
    assert (found["state"], found["late"], found["ended_by"]) == ("kept", False, "gs")
    await do(desk, "kept", status=409)
    assert owes(await case(desk)) == (False, False, None)
    back = await do(desk, "not-kept", reason="Verkeerde klant.")
    assert (back["state"], back["broken_at"]) == ("broken", "2026-11-02T13:00:00Z")
    late = await do(desk, "kept")
    assert (late["state"], late["late"]) == ("kept", True)
    assert await told(desk) == ["promised", "promise-broken", "promise-kept", "promise-not-kept", "promise-broken", "promise-kept"]


async def test_what_is_none_is_withdrawn_with_a_reason(desk: World) -> None:
    await promised(desk)
    await do(desk, "withdraw", status=422)
    assert (await do(desk, "withdraw", reason="Was een planning, geen toezegging."))["state"] == "withdrawn"
    await do(desk, "withdraw", status=409, reason="nog eens")
    await passes(desk, 5)
    assert await told(desk) == ["promised", "promise-withdrawn"]


async def test_a_change_of_what_another_has_changed_is_refused(desk: World) -> None:
    await promised(desk)
    path = f"{LIST}/{promise_id('p')}/kept"
    assert (await desk.call("POST", path, headers={"if-match": '"7"'}, json={})).status_code == 412
    kept = await desk.call("POST", path, headers={"if-match": '"1"'}, json={})
    assert (kept.status_code, kept.headers["etag"]) == (200, '"2"')


async def by_phone(desk: World, status: int = 201, **body: Any) -> Any:
    await at(desk, START + timedelta(hours=0.5))
    said = {"text": "Monteur komt langs", "due_at": (START + timedelta(hours=8)).isoformat(), **body}
    answer = await desk.call("POST", f"/v1/brands/vaart/cases/{A}/promises", desk.token("agent", sub="gs"), json=said)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_promise_on_the_phone_is_noted_and_may_come_in_place_of_another(desk: World) -> None:
    await promised(desk)
    made = await by_phone(desk, renegotiates=str(promise_id("p")))
    assert (made["state"], made["channel"], made["reply_id"], made["replaces"]) == ("open", "phone", None, str(promise_id("p")))
    assert (await one(desk))["state"] == "renegotiated"
    assert owes(await case(desk)) == (True, False, "2026-11-02T17:00:00Z")
    await hears(desk, 2)
    listed = (await desk.call("GET", f"/v1/brands/vaart/cases/{A}/promises")).json()["items"]
    assert [item["state"] for item in listed] == ["renegotiated", "open"], "a mail does not send a mechanic"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"due_at": START.isoformat()}, "has passed"),
        ({"due_at": "2031-01-01T00:00:00Z"}, "more than a year away"),
        ({"due_at": "2026-11-03T09:00:00"}, "due_at"),
        ({"text": "  "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"channel": "phone\n"}, "channel"),
        ({"renegotiates": str(uuid4())}, "is no promise of this case"),
    ],
)
async def test_what_cannot_be_promised_is_refused_with_what_is_wrong(desk: World, body: Mapping[str, Any], says: str) -> None:
    await wrote(desk)
    assert says in str(await by_phone(desk, status=422, **body))


async def test_promises_go_where_their_messages_go_and_come_back_with_them(desk: World) -> None:
    await promised(desk)
    await wrote(desk, "B", "B")
    path = f"/v1/brands/vaart/cases/{B}"
    merged = await desk.call("POST", f"{path}/merge", json={"case_id": str(A), "reason": "Zelfde vraag."})
    assert merged.status_code == 200, merged.text
    assert (await one(desk))["case_id"] == str(B)
    assert owes(await case(desk, B)) == (True, False, "2026-11-02T13:00:00Z")
    assert owes(await case(desk, A)) == (False, False, None)
    await hears(desk, 1, answers="B", case_id=B)
    assert (await one(desk))["state"] == "open", "that went to another customer"
    await passes(desk, 4)
    assert owes(await case(desk, B)) == (False, True, "2026-11-02T13:00:00Z")
    undone = await desk.call("POST", f"{path}/unmerge", json={"case_id": str(A), "reason": "Toch niet."})
    assert undone.status_code == 200, undone.text
    assert owes(await case(desk, A)) == (False, True, "2026-11-02T13:00:00Z")
    assert owes(await case(desk, B)) == (False, False, None)
    await do(desk, "kept")
    assert owes(await case(desk, A)) == (False, False, None)


async def test_promises_of_cases_that_were_put_together_are_broken_in_one_go_each_once(
    desk: World, caplog: pytest.LogCaptureFixture
) -> None:
    await promised(desk)
    await by_phone(desk, due_at=(START + timedelta(hours=4)).isoformat())
    await wrote(desk, "B", "B")
    await batch(desk.pool, [sent(0.75, answers="B", case_id=B, promises=promises({"q": 4}))])
    merged = await desk.call("POST", f"/v1/brands/vaart/cases/{B}/merge", json={"case_id": str(A), "reason": "Zelfde vraag."})
    assert merged.status_code == 200, merged.text
    await passes(desk, 4)
    assert (await told(desk, B)).count("promise-broken") == 3
    assert owes(await case(desk, B)) == (False, True, "2026-11-02T13:00:00Z")
    assert await desk.pool.fetchval("select count(*) from promise where state = 'broken'") == 3
    assert await desk.pool.fetchval("select count(*) from timer where kind = 'promise'") == 0
    assert "together" not in caplog.text


async def test_a_promise_follows_its_message_into_the_case_that_triage_finds(desk: World) -> None:
    await promised(desk)
    await wrote(desk, "B", "B")
    await batch(desk.pool, [event(MentionTriaged, 2, state("A", "B"))])
    assert (await one(desk))["case_id"] == str(B)
    assert owes(await case(desk, B)) == (True, False, "2026-11-02T13:00:00Z")
    await told(desk, B)


async def test_the_list_has_what_was_broken_first_and_what_has_no_time_last_in_pages(desk: World) -> None:
    await wrote(desk)
    await batch(desk.pool, [sent(0.25, promises=promises({"late": 3, "vague": None, "soon": 6, "first": 2, "far": 50}))])
    await passes(desk, 3.5)
    seen, cursor = [], None
    for _ in range(5):
        query = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await desk.call("GET", LIST, desk.token("lead"), params=query)).json()
        seen += [item["text"].split(":")[0] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["first", "late", "soon", "far", "vague"]
    assert cursor is None
    for query, number in (
        ({"state": "broken"}, 2),
        ({"state": "open"}, 3),
        ({"owner": "gs"}, 5),
        ({"owner": "ab"}, 0),
        ({"department": "webcare"}, 5),
        ({"due_before": (START + timedelta(hours=7)).isoformat()}, 3),
    ):
        assert len((await desk.call("GET", LIST, params=query)).json()["items"]) == number, query
    assert (await desk.call("GET", LIST, params={"cursor": "x"})).status_code == 400


async def test_a_case_with_a_promise_is_found_in_lists_and_stands_in_the_queue_by_it(desk: World) -> None:
    await promised(desk, 0.75)
    await wrote(desk, "B", "B")
    cases = "/v1/brands/vaart/cases"
    listed = (await desk.call("GET", cases, params={"promise": "open"})).json()["items"]
    assert [found["id"] for found in listed] == [str(A)]
    assert (await desk.call("GET", cases, params={"promise": "broken"})).json()["items"] == []
    await passes(desk, 0.8)
    listed = (await desk.call("GET", cases, params={"promise": "broken,open", "sort": "due"})).json()["items"]
    assert [found["id"] for found in listed] == [str(A)]
    order = (await desk.call("GET", cases, params={"sort": "due"})).json()["items"]
    assert [found["id"] for found in order] == [str(A), str(B)]
    due_at = await desk.pool.fetchval("select due_at from care_case where id = $1", A)
    assert due_at == START + timedelta(hours=0.75) != NEVER


async def test_the_packet_says_what_is_promised_and_no_more_once_it_was_kept(desk: World) -> None:
    await wrote(desk)
    await batch(desk.pool, [sent(0.1, promises=promises({"vague": None, "later": 90}))])
    await do(desk, "withdraw", "vague", reason="Te vaag.")
    await batch(desk.pool, [sent(0.25, promises=promises({"p": 4}), keeps=[])])
    path = f"/v1/brands/vaart/cases/{A}/packet"
    found, later = (await desk.call("GET", path, desk.token("agent"))).json()["promised"]
    assert later["id"] == str(promise_id("later"))
    assert (found["id"], found["overdue"], found["by"]) == (str(promise_id("p")), False, "gs")
    await passes(desk, 4)
    found, _ = (await desk.call("GET", path, desk.token("agent"))).json()["promised"]
    assert found["overdue"]
    await do(desk, "kept")
    assert [one["id"] for one in (await desk.call("GET", path, desk.token("agent"))).json()["promised"]] == [str(promise_id("later"))]


async def test_whoever_sees_personal_data_masked_does_not_read_it_in_a_promise(desk: World) -> None:
    await wrote(desk)
    await batch(desk.pool, [sent(0.25, promises=promises({"p": 4}), visibility="private")])
    assert "06-12345678" in (await one(desk))["text"]
    assert "12345678" not in (await one(desk, role="spokesperson"))["text"]
    assert (await desk.call("GET", LIST, desk.token("analyst"))).status_code == 403


async def test_another_brands_promise_is_not_there(desk: World) -> None:
    await promised(desk)
    other = desk.token("admin", brands=("noord",))
    for method, path, body in (
        ("GET", f"/promises/{promise_id('p')}", None),
        ("POST", f"/promises/{promise_id('p')}/kept", {}),
        ("POST", f"/promises/{promise_id('p')}/not-kept", {"reason": "x"}),
        ("POST", f"/promises/{promise_id('p')}/withdraw", {"reason": "x"}),
        ("GET", f"/cases/{A}/promises", None),
        ("POST", f"/cases/{A}/promises", {"text": "x", "due_at": "2026-11-03T09:00:00Z"}),
    ):
        answer = await desk.call(method, f"/v1/brands/noord{path}", other, **({"json": body} if body is not None else {}))
        assert answer.status_code == 404, (path, answer.text)
    assert (await desk.call("GET", "/v1/brands/noord/promises", other)).json()["items"] == []


async def test_kept_at_the_very_moment_at_which_it_is_due_is_in_time(desk: World) -> None:
    await promised(desk)
    await hears(desk, 4)
    await passes(desk, 4)
    assert [(await one(desk))[name] for name in ("state", "late")] == ["kept", False]
