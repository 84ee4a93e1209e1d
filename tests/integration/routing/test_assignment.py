"""Who gets which case: the queue, taking the next one, giving back, who is there, and what is given to them."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from libs.common.case_events import Case, CaseReturned
from libs.common.events import Identity, MentionTriaged, TriagedMention, deterministic_id
from services.routing import case_work, consumer, giving, rehome, ticker, timer
from services.routing.case import case_id_of
from services.routing.due import DUE
from tests.integration.routing.access_world import World, world_of
from tests.integration.routing.outbox import told_as
from tests.unit.routing.test_circumstances import policies
from tests.unit.routing.test_permutations import event, state

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
TEAM: list[dict[str, Any]] = [
    {"id": "gs", "first_name": "Guus", "initials": "gs", "languages": ["nl", "en"], "capacity": 3},
    {"id": "tb", "first_name": "Tarik", "initials": "tb", "languages": ["nl"], "skills": ["fibre"], "capacity": 2},
    {"id": "bb", "first_name": "Bo", "initials": "bb", "languages": ["nl"], "capacity": 4, "channel_capacity": {"x": 1}},
    {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead", "languages": ["nl", "en"], "capacity": 1},
]
BOOK: dict[str, Any] = {
    "team": TEAM,
    "departments": [{"id": "webcare", "members": ["gs", "tb", "bb", "mk"]}, {"id": "billing", "members": ["bb"]}],
    "labels": [{"name": "internet"}, {"name": "factuur"}, {"name": "fibre"}],
    "routing": [
        {"when": {"labels_any": ["factuur"]}, "department": "billing"},
        {"when": {"labels_any": ["fibre"]}, "department": "webcare", "skills": ["fibre"]},
        {"department": "webcare"},
    ],
    "hours": {"mon-fri": ["09:00-17:00"]},
    "timezone": "UTC",
}


def books(give: str = "on_take", **assignment: Any) -> Any:
    return policies(**BOOK | {"assignment": {"give": give, **assignment}})


@dataclass
class Desk:
    """One brand at a moment that the test sets, with the routes, the giver and the timers of routing on it."""

    pool: db.Pool
    world: World
    books: Any
    at: datetime = MONDAY

    async def set(self, at: datetime) -> None:
        """The time is this, in every session."""
        self.at = at
        await self.pool.execute(
            "create or replace function moment() returns timestamptz language sql stable parallel safe "
            f"as $$ select '{at.isoformat()}'::timestamptz $$"
        )

    async def opens(self, name: str, *, minutes: int = 0, customer: str | None = None, channel: str = "twitter", **found: Any) -> UUID:
        """A case of a customer of its own, unless told otherwise, about nothing in particular."""
        values = {"language": "nl", "labels": [], "urgency": "normal", "risk": [], **found}
        values["labels"] = [{"name": label, "score": 1} for label in values["labels"]]
        base = state("A", "A")
        id, at = deterministic_id("vaart", channel, name), self.at + timedelta(minutes=minutes)
        author = base.mention.author.model_copy(update={"identities": [Identity(kind="handle", value=name, channel=channel)]})
        mention = base.mention.model_copy(
            update={"id": id, "external_id": name, "channel": channel, "author": author, "received_at": at, "posted_at": at}
        )
        findings = type(base.findings).model_validate(base.findings.model_dump() | values)
        who = deterministic_id("vaart", "customer", customer or name)
        triaged = TriagedMention(mention=mention, findings=findings, customer_id=who, group_id=id, triaged_at=at)
        async with self.pool.acquire() as connection, connection.transaction():
            received = event(MentionTriaged, 1, triaged)
            work = await case_work.load(connection, [received], self.books)
            consumer.on_mention(work, received)
            await case_work.save(connection, work)
        return case_id_of("vaart", id)

    async def case(self, id: UUID) -> Case:
        return Case.model_validate(await self.pool.fetchval("select state_json from care_case where id = $1", id))

    async def call(self, method: str, path: str, who: str = "gs", role: str = "agent", **more: Any) -> Any:
        return await self.world.call(method, f"/v1/brands/vaart{path}", self.world.token(role, sub=who), **more)

    async def take(self, who: str = "gs") -> tuple[UUID | None, str]:
        answer = await self.call("POST", "/queue/take-next", who)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return (UUID(found["case"]["id"]) if found["case"] else None, found["why"])

    async def says(self, who: str, state: str = "available") -> None:
        answer = await self.call("PUT", "/presence", who, json={"state": state})
        assert answer.status_code == 200, answer.text

    async def gives(self) -> int:
        return await giving.tick(self.pool, self.books.policy)

    async def timers(self) -> int:
        return await timer.tick(self.pool, self.books, DUE)

    async def story(self, id: UUID) -> list[tuple[str, str, Any]]:
        rows = await self.pool.fetch("select what, actor, detail from timeline where case_id = $1 order by version", id)
        return [(row["what"], row["actor"], row["detail"]) for row in rows]


@pytest.fixture
async def desk(pool: db.Pool, tmp_path: Path) -> Desk:
    made = Desk(pool, world_of(pool, tmp_path), books())
    made.world.app.state.policies = made.books
    await made.set(MONDAY)
    return made


def use(desk: Desk, found: Any) -> None:
    desk.books = desk.world.app.state.policies = found


# --- the queue --------------------------------------------------------------------------------------------------------------------------


async def test_the_queue_is_by_priority_and_time_left_whatever_came_first(desk: Desk) -> None:
    early = await desk.opens("early", minutes=0)
    urgent = await desk.opens("urgent", minutes=50, urgency="critical")
    later = await desk.opens("later", minutes=5)
    mail = await desk.opens("mail", minutes=-60, channel="email")  # has four hours instead of half an hour
    answer = await desk.call("GET", "/queue")
    assert [UUID(item["case"]["id"]) for item in answer.json()["items"]] == [urgent, early, later, mail]
    assert [item["left_s"] for item in answer.json()["items"][:2]] == [3600, 1800]
    first = (await desk.call("GET", "/queue?limit=3")).json()
    rest = (await desk.call("GET", f"/queue?limit=3&cursor={first['next']}")).json()
    assert [UUID(item["case"]["id"]) for item in [*first["items"], *rest["items"]]] == [urgent, early, later, mail]
    assert rest["next"] is None


async def test_the_queue_is_read_by_department_skill_language_channel_and_owner(desk: Desk) -> None:
    bill = await desk.opens("bill", labels=["factuur"])
    fibre = await desk.opens("fibre", labels=["fibre"])
    english = await desk.opens("english", language="en", channel="email")
    mine = await desk.opens("mine")
    await desk.call("POST", f"/cases/{mine}/take")

    async def seen(query: str) -> set[UUID]:
        return {UUID(item["case"]["id"]) for item in (await desk.call("GET", f"/queue?{query}")).json()["items"]}

    for more in ("", "&owner=none"):
        assert await seen(f"department=billing{more}") == {bill}
        assert await seen(f"skill=fibre{more}") == {fibre}
        assert await seen(f"language=en{more}") == {english}
        assert await seen(f"channel=mail{more}") == {english}
        assert await seen(f"department=billing&language=en{more}") == set()
    assert await seen("owner=none") == {bill, fibre, english}
    assert await seen("owner=me") == {mine}
    assert (await desk.call("GET", "/queue?cursor=x")).status_code == 400


# --- taking the next one ----------------------------------------------------------------------------------------------------------------


async def test_the_next_one_is_what_one_can_answer_and_has_room_for(desk: Desk) -> None:
    english = await desk.opens("english", language="en", urgency="critical")
    fibre = await desk.opens("fibre", labels=["fibre"], urgency="high")
    await desk.opens("bill", labels=["factuur"])
    plain = [await desk.opens(f"plain{n}", minutes=n) for n in range(4)]
    assert await desk.take("tb") == (fibre, "queue")
    assert await desk.take("tb") == (plain[0], "queue")
    assert await desk.take("tb") == (None, "at capacity")
    assert await desk.take("gs") == (english, "queue")
    found = await desk.case(english)
    assert (found.owner, found.state, found.decided) == ("gs", "open", "gs took the next one")
    assert (await desk.story(english))[-1][:2] == ("assigned", "gs")


async def test_a_channel_of_which_one_has_enough_is_passed_over(desk: Desk) -> None:
    tweets = [await desk.opens(f"tweet{n}", minutes=n) for n in range(2)]
    mail = await desk.opens("mail", channel="email")
    assert await desk.take("bb") == (tweets[0], "queue")
    assert await desk.take("bb") == (mail, "queue")
    assert await desk.take("bb") == (None, "nothing waits")


async def test_customers_whom_one_helped_last_come_before_others_of_the_same_urgency(desk: Desk) -> None:
    old = await desk.opens("old", customer="jan")
    await desk.call("POST", f"/cases/{old}/take", "bb")
    await desk.call("POST", f"/cases/{old}/resolve", "bb")
    other = await desk.opens("other")
    again = await desk.opens("again", minutes=5, customer="jan")
    urgent = await desk.opens("urgent", minutes=9, urgency="critical")
    assert [await desk.take("gs")] == [(urgent, "queue")]
    assert [await desk.take("bb")] == [(again, "queue")]
    assert await desk.take("mk") == (other, "queue")


async def test_what_was_given_to_one_and_not_begun_comes_first_and_takes_no_room(desk: Desk) -> None:
    use(desk, books("at_once"))
    own = [id for n in range(12) if (await desk.case(id := await desk.opens(f"n{n}", minutes=n))).owner == "mk"]
    assert len(own) > 1
    assert await desk.take("mk") == (own[0], "yours")
    assert await desk.take("mk") == (own[1], "yours")


async def test_two_agents_never_get_the_same_case_and_nobody_more_than_their_capacity(desk: Desk) -> None:
    cases = {await desk.opens(f"n{n}", minutes=n) for n in range(9)}
    got = await asyncio.gather(*(desk.take(who) for who in ("gs", "tb", "mk") * 4))
    taken = [id for id, _ in got if id is not None]
    assert len(taken) == len(set(taken)) == 3 + 2 + 1
    assert set(taken) <= cases
    owners = [(await desk.case(id)).owner for id in taken]
    assert {who: owners.count(who) for who in ("gs", "tb", "mk")} == {"gs": 3, "tb": 2, "mk": 1}


async def test_the_same_request_sent_twice_takes_one_case(desk: Desk) -> None:
    for n in range(3):
        await desk.opens(f"n{n}")
    headers = {"idempotency-key": "once"}
    one, two = [(await desk.call("POST", "/queue/take-next", headers=headers)).json() for _ in range(2)]
    assert one == two
    assert await desk.pool.fetchval("select count(*) from care_case where owner = 'gs'") == 1


async def test_whoever_is_not_in_the_team_gets_nothing(desk: Desk) -> None:
    await desk.opens("n")
    assert (await desk.call("POST", "/queue/take-next", "stranger")).status_code == 409
    assert (await desk.call("PUT", "/presence", "stranger", json={"state": "available"})).status_code == 409
    assert (await desk.call("PUT", "/presence", "gs", json={"state": "offline", "member": "bb"})).status_code == 403
    assert (await desk.call("PUT", "/presence", "mk", "lead", json={"state": "offline", "member": "nobody"})).status_code == 422


# --- giving back ------------------------------------------------------------------------------------------------------------------------


async def test_a_case_that_is_given_back_waits_for_somebody_else_and_says_why(desk: Desk) -> None:
    use(desk, books("at_once"))
    id = await desk.opens("n")
    owner = (await desk.case(id)).owner
    other = next(member for member in ("gs", "bb", "tb") if member != owner)
    assert (await desk.call("POST", f"/cases/{id}/hand-back", other, json={"reason": "no"})).status_code == 403
    answer = await desk.call("POST", f"/cases/{id}/hand-back", str(owner), json={"reason": "I know this person"})
    assert (answer.status_code, answer.json()["case"]["owner"]) == (200, None), answer.text
    assert (await desk.story(id))[-1][0] == "handed-back"
    assert await rehome.tick(desk.pool, desk.books.policy) == 0, "it waits, and is not forgotten"
    assert await desk.take(str(owner)) == (None, "nothing waits")
    assert (await desk.call("POST", f"/cases/{id}/hand-back", "mk", "lead", json={"reason": "no"})).status_code == 409
    await desk.opens("again", customer="n2")
    assert (await desk.case(id)).owner is None
    assert await desk.take(other) in [(id, "queue"), (await _own(desk, other), "yours")]


async def _own(desk: Desk, member: str) -> UUID | None:
    found: UUID | None = await desk.pool.fetchval("select id from care_case where owner = $1", member)
    return found


async def test_a_case_that_goes_to_another_department_goes_to_its_people(desk: Desk) -> None:
    id = await desk.opens("n")
    await desk.call("POST", f"/cases/{id}/take", "gs")
    await desk.call("POST", f"/cases/{id}/assign", "gs", json={"department": "billing"})
    found = await desk.case(id)
    assert (found.department, found.owner) == ("billing", None)
    use(desk, books("at_once"))
    await desk.call("POST", f"/cases/{id}/assign", "mk", json={"department": "webcare", "owner": "gs"})
    await desk.call("POST", f"/cases/{id}/assign", "gs", json={"department": "billing"})
    assert (await desk.case(id)).owner == "bb"


# --- giving to those who are there ------------------------------------------------------------------------------------------------------


async def test_what_waits_is_given_to_those_who_are_there_by_what_they_have_and_no_further_than_their_capacity(desk: Desk) -> None:
    use(desk, books("when_present"))
    cases = [await desk.opens(f"n{n}", minutes=n) for n in range(8)]
    assert await desk.gives() == 0, "nobody is there"
    for who, said in [("gs", "available"), ("tb", "busy"), ("bb", "available")]:
        await desk.says(who, said)
    assert await desk.gives() == 4
    owners = [(await desk.case(id)).owner for id in cases]
    assert {who: owners.count(who) for who in ("gs", "tb", "bb", None)} == {"gs": 3, "tb": 0, "bb": 1, None: 4}, "bb may have one tweet"
    assert owners[4:] == [None] * 4, "the first of the queue are given first"
    assert await desk.gives() == 0
    what, actor, detail = (await desk.story(cases[0]))[-1]
    assert (what, actor, detail["owner"]) == ("assigned", "system", owners[0])
    assert "is there and has room" in detail["why"]
    assert await desk.pool.fetchval("select count(*) from notification where what = 'assigned'") == 4


async def test_what_was_given_stays_with_them_when_more_is_said_and_others_come(desk: Desk) -> None:
    use(desk, books("when_present"))
    id = await desk.opens("n")
    await desk.says("tb")
    assert (await desk.gives(), (await desk.case(id)).owner) == (1, "tb")
    await desk.says("gs")
    await desk.opens("n", urgency="high")  # told again, which changes nothing
    assert (await desk.gives(), (await desk.case(id)).owner) == (0, "tb")


async def test_whoever_helped_the_customer_last_gets_it_if_they_are_there(desk: Desk) -> None:
    use(desk, books("when_present"))
    for n, helper in enumerate(["gs", "bb", "tb"]):
        old = await desk.opens(f"old{n}", customer=helper)
        await desk.call("POST", f"/cases/{old}/take", helper)
        await desk.call("POST", f"/cases/{old}/resolve", helper)
    again = {helper: await desk.opens(f"again{helper}", customer=helper) for helper in ("gs", "tb", "bb")}
    await desk.says("gs")
    await desk.says("tb")
    await desk.gives()
    assert ((await desk.case(again["gs"])).owner, (await desk.case(again["tb"])).owner) == ("gs", "tb")
    assert (await desk.case(again["bb"])).owner in ("gs", "tb")
    assert "helped this customer last" in str((await desk.case(again["gs"])).decided)


async def test_two_that_give_at_once_give_each_case_once(desk: Desk) -> None:
    use(desk, books("when_present"))
    for n in range(6):
        await desk.opens(f"n{n}", minutes=n)
    await desk.says("gs")
    await asyncio.gather(*(desk.gives() for _ in range(5)), *(desk.take("gs") for _ in range(3)))
    await desk.gives()
    assert await desk.pool.fetchval("select count(*) from care_case where owner = 'gs'") == 3
    rows = await desk.pool.fetch("select case_id from timeline where what = 'assigned'")
    assert len(rows) == len({row["case_id"] for row in rows}) + await _taken_after_given(desk)


async def _taken_after_given(desk: Desk) -> int:
    """Cases that were given to somebody and then begun by them: two stories, one owner."""
    found: int = await desk.pool.fetchval(
        "select count(*) from (select case_id from timeline where what = 'assigned' group by case_id having count(*) = 2 "
        "and count(distinct actor) = 2) t"
    )
    return found


# --- who is there, and who has gone -----------------------------------------------------------------------------------------------------


async def there(desk: Desk) -> dict[str, str]:
    return {item["member"]: item["state"] for item in (await desk.call("GET", "/presence")).json()["items"]}


async def test_what_a_screen_said_lapses_and_half_an_hour_later_they_are_offline(desk: Desk) -> None:
    await desk.says("gs")
    await desk.says("tb", "offline")
    assert await there(desk) == {"gs": "available", "tb": "offline", "bb": "offline", "mk": "offline"}
    await desk.set(MONDAY + timedelta(minutes=3))
    assert (await there(desk))["gs"] == "away"
    await desk.set(MONDAY + timedelta(minutes=30))
    assert (await there(desk))["gs"] == "offline"


async def test_the_cases_of_whoever_is_offline_return_and_are_given_to_those_who_are_there(desk: Desk) -> None:
    use(desk, books("at_once"))
    cases = [await desk.opens(f"n{n}", minutes=n) for n in range(8)]
    mine = [id for id in cases if (await desk.case(id)).owner == "tb"]
    assert mine
    touched = mine[0]
    await desk.call("POST", f"/cases/{touched}/take", "tb")
    await desk.says("tb")
    await desk.set(MONDAY + timedelta(minutes=29))
    await desk.says("mk")
    await desk.timers()
    assert (await desk.case(touched)).owner == "tb"
    await desk.set(MONDAY + timedelta(minutes=30, seconds=1))
    await desk.timers()
    for id in mine:
        assert (await desk.case(id)).owner is None
        what, actor, detail = (await desk.story(id))[-1]
        assert (what, actor, detail["previous_owner"]) == ("returned", "system", "tb")
        assert detail["why"] == "tb is offline, and was last seen on 2026-11-02 at 09:00"
    returned = [event for event in await told_as(desk.pool, CaseReturned) if event.case.id in mine]
    assert sorted(event.case.id for event in returned) == sorted(mine)
    assert {(event.previous_owner, event.case.owner) for event in returned} == {("tb", None)}
    assert await rehome.tick(desk.pool, desk.books.policy) == 0
    await desk.timers()
    assert len([1 for what, _, _ in await desk.story(touched) if what == "returned"]) == 1
    await desk.opens("n0")  # told again
    await desk.says("gs")
    await desk.gives()
    assert "tb" not in [(await desk.case(id)).owner for id in mine]


async def test_at_night_and_where_nobody_else_is_there_cases_stay_with_whoever_has_them(desk: Desk) -> None:
    await desk.set(MONDAY.replace(hour=16, minute=50))
    ids = [await desk.opens("n"), await desk.opens("m", labels=["factuur"])]
    await desk.call("POST", f"/cases/{ids[0]}/take", "tb")
    await desk.call("POST", f"/cases/{ids[1]}/take", "bb")
    await desk.says("tb")
    await desk.says("bb")
    await desk.set(MONDAY.replace(day=3, hour=9, minute=19))  # 29 minutes of opening time later
    await desk.says("mk")
    await desk.timers()
    assert (await desk.case(ids[0])).owner == "tb"
    await desk.says("mk", "away")
    await desk.set(MONDAY.replace(day=3, hour=9, minute=45))
    await desk.timers()
    assert (await desk.case(ids[0])).owner == "tb", "nobody is there"
    await desk.set(MONDAY.replace(day=3, hour=9, minute=51))
    await desk.says("mk")
    await desk.timers()
    assert [(await desk.case(id)).owner for id in ids] == [None, "bb"], "nobody else is of billing"


async def test_what_waits_for_the_customer_returns_only_where_the_book_says_all(desk: Desk) -> None:
    for rule, owner in [("none", "tb"), ("unanswered", "tb"), ("all", None)]:
        use(desk, books(offline_return=rule))
        await desk.set(MONDAY)
        id = await desk.opens(rule)
        await desk.call("POST", f"/cases/{id}/take", "tb")
        await desk.pool.execute(
            "update care_case set state = 'waiting', state_json = state_json || '{\"state\": \"waiting\"}' where id = $1", id
        )
        await desk.says("tb")
        await desk.set(MONDAY + timedelta(hours=1))
        await desk.says("mk")
        await desk.timers()
        assert (await desk.case(id)).owner == owner, rule


async def test_what_a_clock_reassigns_goes_to_those_who_are_there_and_no_further_than_their_capacity(desk: Desk) -> None:
    use(desk, policies(**BOOK | {"assignment": {"give": "at_once"}, "escalation": [{"at": 100, "of": "reaction", "do": ["reassign"]}]}))
    cases = [await desk.opens(f"n{n}", minutes=n) for n in range(8)]
    for who, said in [("gs", "available"), ("tb", "away"), ("bb", "busy"), ("mk", "offline")]:
        await desk.says(who, said)
    others = [id for id in cases if (await desk.case(id)).owner != "gs"]
    has = len(cases) - len(others)
    await desk.set(MONDAY + timedelta(minutes=75))
    await desk.says("gs")
    while any(await asyncio.gather(*(ticker.tick(desk.pool, desk.books) for _ in range(2)))):
        pass
    owners = [(await desk.case(id)).owner for id in others]
    assert owners.count("gs") == max(0, 3 - has) < len(others), "gs may have three"
    for id, owner in zip(others, owners, strict=True):
        detail = next(detail for what, _, detail in await desk.story(id) if what == "escalated")
        assert (detail["did"], bool(detail["not_done"])) == ((["reassign"], False) if owner == "gs" else (["notify_lead"], True))
