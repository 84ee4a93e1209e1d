"""Questions to departments that stay with a case: asked, told, reminded of, answered from anywhere, and what the case does meanwhile."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common import db
from libs.common.answer_events import ConsultationMailed
from libs.common.bookfile import load_book
from libs.common.case_events import Case, CaseConsultationAnswered, CaseConsultationReminded, CaseConsulted, CaseResumed
from libs.common.events import MentionTriaged, deterministic_id
from libs.common.hours import Calendar
from libs.common.record import Received
from services.routing import consultation_kinds, consultation_work, store, timer
from services.routing.consultation import Answer
from services.routing.due import DUE
from services.routing.links import Click, Links
from services.routing.notice import notice_of
from services.routing.sla import Policy
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World, world_of
from tests.integration.routing.outbox import told_as
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_callbacks import message
from tests.unit.routing.test_permutations import START, event, mention_id

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl]
hours: {mon-sun: ["00:00-24:00"], holidays: {closed: false}}
departments:
  - {id: webcare, members: [gs]}
  - {id: billing, members: [ff], email: facturen@vaart.example, consult_within: 10h, remind_at: [80, 100], notify: [{slack: "file:vaart-fin"}]}
  - {id: legal, email: juridisch@vaart.example, consult_within: 8h}
team:
  - {id: gs, first_name: Guus, initials: gs}
  - {id: ff, first_name: Femke, initials: ff}
  - {id: mk, first_name: Mila, initials: mk, role: lead}
""")
HOUR = timedelta(hours=1)


class Policies:
    policy = Policy(BOOK, Calendar.of(BOOK), 1)

    def of(self, brand: str) -> Policy:
        assert brand == "vaart"
        return self.policy

    def versions(self) -> list[tuple[str, int]]:
        return [("vaart", 1)]


POLICIES: Any = Policies()
BRAND = "/v1/brands/vaart"


@pytest.fixture
async def desk(shared_pool: db.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    await shared_pool.execute(
        "truncate consultation, consultation_answer, care_case, mention_copy, follow_up, placement, case_move, "
        "timeline, outbox, notification, notice, timer, link_use, idempotency_key"
    )
    monkeypatch.setattr(test_simultaneous, "policies", POLICIES)
    world = world_of(shared_pool, tmp_path)
    world.app.state.policies = POLICIES
    await at(world, START)
    await batch(shared_pool, [event(MentionTriaged, 1, message("A", "Waarom is mijn rekening hoger? Bel 06-12345678"))])
    return world


@pytest.fixture(autouse=True, scope="module")
async def real_time_again(shared_pool: db.Pool) -> Any:
    yield
    await shared_pool.execute(
        "create or replace function moment() returns timestamptz language sql stable as $$ select clock_timestamp() $$"
    )


async def at(world: World, moment: Any) -> None:
    await world.pool.execute(
        f"create or replace function moment() returns timestamptz language sql stable as $$ select timestamptz '{moment.isoformat()}' $$"
    )


async def case_id(world: World) -> UUID:
    found: UUID = await world.pool.fetchval("select case_id from mention_copy where id = $1", mention_id("A"))
    return found


async def case(world: World) -> Case:
    async with world.pool.acquire() as connection:
        file = await store.file(connection, "vaart", await case_id(world))
    assert file is not None
    return file.case


async def post(world: World, path: str, body: Any = None, role: str = "agent", sub: str = "gs", **request: Any) -> Any:
    return await world.call("POST", f"{BRAND}{path}", world.token(role, sub=sub), json=body, **request)


async def ask(world: World, **more: Any) -> dict[str, Any]:
    said = {"department": "billing", "question": "Klopt deze rekening?", **more}
    answer = await post(world, f"/cases/{await case_id(world)}/consultations", said)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(world: World) -> list[str]:
    rows = await world.pool.fetch("select what from timeline where brand = 'vaart' order by version")
    return [row["what"] for row in rows if row["what"] not in ("opened", "clock-breached", "escalated")]


async def tick(world: World) -> None:
    while await timer.tick(world.pool, POLICIES, DUE):
        pass


async def notices(world: World, recipient: str = "billing") -> list[Any]:
    return await world.pool.fetch("select * from notice where brand = 'vaart' and recipient = $1 order by seq", recipient)


async def listed(world: World, like: str) -> list[str]:
    rows = await world.pool.fetch("select member from notification where what like $1 order by member", like)
    return [row["member"] for row in rows]


async def test_the_department_is_told_by_every_way_with_the_story_and_no_personal_data(desk: World) -> None:
    made = await ask(desk, mention_ids=[str(mention_id("A"))])
    assert (made["state"], made["department"], made["asked_by"], made["gone"]) == ("open", "billing", "gs", 0)
    assert made["due_at"].startswith("2026-11-02T19:00")
    rows = await notices(desk)
    assert sorted(next(iter(row["way"].values())) for row in rows) == ["facturen@vaart.example", "file:vaart-fin"]
    for row in rows:
        assert "Klopt deze rekening?" in row["text"]
        assert "Waarom is mijn rekening hoger?" in row["text"]
        assert "12345678" not in row["text"].replace("-", "")
        assert "Klopt" not in row["title"]
        assert [link.purpose for link in notice_of(row).links] == ["consultation"]
    [consulted] = await told_as(desk.pool, CaseConsulted)
    assert (consulted.consultation.question, consulted.actor, consulted.case.state) == ("Klopt deze rekening?", "gs", "new")


async def test_a_case_waits_for_the_last_department_that_holds_it_while_our_clocks_run(desk: World) -> None:
    first, second = await ask(desk, holds_case=True), await ask(desk, department="legal", holds_case=True)
    await ask(desk, department="legal", question="En dit?")
    found = await case(desk)
    assert (found.state, found.waiting_for) == ("waiting", "department")
    assert all(clock.paused_at is None for clock in found.clocks)
    await post(desk, f"/consultations/{first['id']}/answer", {"answer": "Ja."}, sub="ff")
    assert (await case(desk)).state == "waiting"
    await post(desk, f"/consultations/{second['id']}/withdraw", {"reason": "niet meer nodig"})
    assert (await case(desk)).state == "open"
    assert await told(desk) == [
        "consulted", "waiting", "consulted", "consulted", "consultation-answered", "consultation-withdrawn", "resumed",
    ]  # fmt: skip
    [resumed] = await told_as(desk.pool, CaseResumed)
    assert (resumed.waited_for, resumed.actor) == ("department", "gs")


async def test_whoever_holds_a_case_is_shown_with_how_much_of_their_time_is_gone(desk: World) -> None:
    path = f"{BRAND}/cases/{await case_id(desk)}/holders"
    [owner] = (await desk.call("GET", path)).json()
    assert (owner["who"], owner["person"]) == ("person", "gs")
    await ask(desk, holds_case=True)
    await at(desk, START + 5 * HOUR)
    [held] = (await desk.call("GET", path)).json()
    assert (held["holds"], held["who"], held["department"], held["gone"]) == (True, "department", "billing", 50)
    assert held["since"].startswith("2026-11-02T09:00")


async def test_reminders_go_at_the_shares_of_the_book_and_what_is_overdue_is_told_to_owner_and_leads(desk: World) -> None:
    await ask(desk)
    await at(desk, START + 8 * HOUR - timedelta(minutes=1))
    await tick(desk)
    assert len(await notices(desk)) == 2
    await at(desk, START + 8 * HOUR)
    await tick(desk)
    await tick(desk)
    assert len(await notices(desk)) == 4
    assert await listed(desk, "billing overdue%") == []
    await at(desk, START + 10 * HOUR)
    await tick(desk)
    await tick(desk)
    assert [row["title"].split(":")[0] for row in (await notices(desk))[::2]][1:] == ["Herinnering (80% van de tijd is om)", "Te laat"]
    assert await listed(desk, "billing overdue%") == ["gs", "mk"]
    assert await told(desk) == ["consulted", "consultation-reminded", "consultation-reminded"]
    shares = [(event.share, sorted(event.told)) for event in await told_as(desk.pool, CaseConsultationReminded)]
    assert shares == [(80, []), (100, ["gs", "mk"])]


async def test_what_was_answered_or_belongs_to_a_case_that_ended_is_not_reminded_of(desk: World) -> None:
    made = await ask(desk)
    other = await ask(desk, department="legal")
    await post(desk, f"/consultations/{made['id']}/answer", {"answer": "Ja."}, sub="ff")
    await post(desk, f"/cases/{await case_id(desk)}/resolve")
    await at(desk, START + 20 * HOUR)
    await tick(desk)
    assert len(await notices(desk)) == 2
    assert [row["title"].split(":")[0] for row in await notices(desk, "legal")][1:] == ["Antwoord is niet meer nodig"]
    found = (await desk.call("GET", f"{BRAND}/consultations/{other['id']}")).json()
    assert found["state"] == "withdrawn"
    assert (await case(desk)).state == "resolved"


async def test_the_answer_reaches_owner_asker_and_watchers_and_not_whoever_gave_it(desk: World) -> None:
    for member in ("mk", "ff"):
        token = desk.token("agent", sub=member)
        await desk.call("PATCH", f"{BRAND}/cases/{await case_id(desk)}/watchers", token, json={"add": [member]})
    made = await ask(desk)
    answer = await post(desk, f"/consultations/{made['id']}/answer", {"answer": "Ja, per 1 november."}, sub="ff")
    assert answer.status_code == 201, answer.text
    assert await listed(desk, "billing answered") == ["gs", "mk"]
    [said] = answer.json()["answers"]
    assert (said["text"], said["by"], said["via"], said["late"]) == ("Ja, per 1 november.", "ff", "api", False)


async def address_of_page(world: World) -> str:
    """Where the link of billing's first notice leads."""
    [mail, *_] = await notices(world)
    [link] = notice_of(mail).links
    signed: Links = world.app.state.links
    url = signed.url(Click("vaart", link.purpose, link.subject, mail["recipient"], link.expires_at, link.data))
    return url.removeprefix("http://127.0.0.1:8603")


async def test_an_answer_through_the_signed_link_needs_no_log_in_and_counts_once(desk: World) -> None:
    made = await ask(desk, holds_case=True)
    where = await address_of_page(desk)
    page = await desk.client.get(where)
    assert page.status_code == 200, page.text
    assert "Klopt deze rekening?" in page.text
    assert "12345678" not in page.text.replace("-", "")
    assert (await case(desk)).state == "waiting", "looking changes nothing"
    answers = await asyncio.gather(*[desk.client.post(where, data={"answer": f"Ja {n}"}) for n in range(3)])
    assert sorted(answer.status_code for answer in answers) in ([200, 200, 200], [200, 200, 409], [200, 409, 409])
    found = (await desk.call("GET", f"{BRAND}/consultations/{made['id']}")).json()
    [said] = found["answers"]
    assert (found["state"], said["via"], said["by"]) == ("answered", "link", "billing")
    assert (await case(desk)).state == "open"
    assert "beantwoord" in (await desk.client.get(where)).text


async def test_handed_on_it_has_another_department_and_clock_and_the_first_one_hears_so(desk: World) -> None:
    made = await ask(desk, holds_case=True)
    await at(desk, START + HOUR)
    answer = await post(desk, f"/consultations/{made['id']}/hand-on", {"department": "legal", "reason": "meer iets voor hen"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["department"], found["turn"], found["due_at"][:16]) == ("legal", 2, "2026-11-02T18:00")
    assert "niet meer nodig" in (await notices(desk))[-1]["title"]
    assert len(await notices(desk, "legal")) == 1
    assert (await case(desk)).waiting_for == "department"
    await at(desk, START + 10 * HOUR)
    await tick(desk)
    assert await told(desk) == ["consulted", "waiting", "consultation-handed-on", "consultation-reminded", "consultation-reminded"]


async def test_who_handed_it_on_can_no_longer_answer_by_the_link(desk: World) -> None:
    made, where = await ask(desk), await address_of_page(desk)
    await post(desk, f"/consultations/{made['id']}/hand-on", {"department": "legal"})
    assert "andere afdeling" in (await desk.client.get(where)).text
    assert "andere afdeling" in (await desk.client.post(where, data={"answer": "Ja."})).text
    assert (await desk.call("GET", f"{BRAND}/consultations/{made['id']}")).json()["answers"] == []


async def test_a_reminder_that_was_on_its_way_while_it_was_handed_on_reminds_nobody(desk: World) -> None:
    made = await ask(desk)
    late = timer.Timer("vaart", consultation_work.KIND, UUID(made["id"]), "1:100", START)
    await post(desk, f"/consultations/{made['id']}/hand-on", {"department": "legal"})
    async with desk.pool.acquire() as connection, connection.transaction():
        await consultation_work.went_off(connection, POLICIES.policy, [late], START + HOUR)
    assert await told(desk) == ["consulted", "consultation-handed-on"]


async def test_reopened_it_is_asked_again_and_the_case_waits_again(desk: World) -> None:
    made = await ask(desk, holds_case=True)
    await post(desk, f"/consultations/{made['id']}/answer", {"answer": "Weet ik niet."}, sub="ff")
    answer = await post(desk, f"/consultations/{made['id']}/reopen", {"reason": "dat is geen antwoord"})
    assert (answer.json()["state"], answer.json()["turn"]) == ("open", 2)
    assert (await case(desk)).waiting_for == "department"
    assert len(await notices(desk)) == 4
    again = await post(desk, f"/consultations/{made['id']}/reopen", {})
    assert again.status_code == 409


async def test_an_answer_after_withdrawal_is_kept_and_told_and_changes_nothing(desk: World) -> None:
    made = await ask(desk)
    await post(desk, f"/consultations/{made['id']}/withdraw", {"reason": "al gevonden"})
    answer = await post(desk, f"/consultations/{made['id']}/answer", {"answer": "Toch nog: ja."}, sub="ff")
    assert answer.status_code == 201
    assert (answer.json()["state"], [said["late"] for said in answer.json()["answers"]]) == ("withdrawn", [True])
    assert await listed(desk, "billing answered late") == ["gs"]
    [said] = await told_as(desk.pool, CaseConsultationAnswered)
    assert said.late


async def test_two_answers_at_one_moment_are_one_that_counts_and_one_that_is_late(desk: World) -> None:
    made = await ask(desk, holds_case=True)
    await asyncio.gather(*[post(desk, f"/consultations/{made['id']}/answer", {"answer": f"{n}"}, sub="ff") for n in range(4)])
    rows = await desk.pool.fetch("select late from consultation_answer where brand = 'vaart'")
    assert sorted(row["late"] for row in rows) == [False, True, True, True]
    assert (await told(desk)).count("resumed") == 1


async def test_what_asks_by_itself_asks_once_and_its_kind_changes_the_case_in_the_same_version(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(policy: Any, file: Any, found: Any, happened: str, answer: Any, others: Any) -> dict[str, Any]:
        return {"legal_check": "asked" if happened in ("asked", "reopened") else "agreed" if answer.verdict == "agreed" else "refused"}

    monkeypatch.setattr(consultation_work, "REACTIONS", {**consultation_kinds.REACTIONS, "legal_check": check})
    id = deterministic_id("vaart", "legal-check", str(await case_id(desk)))
    for _ in range(2):
        async with desk.pool.acquire() as connection, connection.transaction():
            file = await store.file(connection, "vaart", await case_id(desk), lock=True)
            assert file is not None
            now = await store.now(connection)
            await consultation_work.ask(connection, POLICIES.policy, file, "legal", "Mag dit?", "system", now, id=id, kind="legal_check")
    found = await case(desk)
    assert (found.legal_check, await told(desk)) == ("asked", ["consulted"])
    assert not await desk.pool.fetchval("select touched from care_case where brand = 'vaart'")
    denied = await post(desk, f"/consultations/{id}/answer", {"answer": "prima", "verdict": "agreed"}, role="lead", sub="mk")
    assert denied.status_code == 403
    assert (await post(desk, f"/consultations/{id}/withdraw", {"reason": "haast"})).status_code == 403
    async with desk.pool.acquire() as connection, connection.transaction():
        asked, file = await consultation_work.locked(connection, "vaart", id)
        said = answer_of(asked, verdict="agreed")
        await consultation_work.answer(connection, POLICIES.policy, file, asked, said)
    async with desk.pool.acquire() as connection, connection.transaction():
        asked, file = await consultation_work.locked(connection, "vaart", id)
        await consultation_work.answer(connection, POLICIES.policy, file, asked, said)
    assert (await case(desk)).legal_check == "agreed"
    assert await told(desk) == ["consulted", "consultation-answered"]


def answer_of(asked: Any, **more: Any) -> Any:
    given = {"id": uuid4(), "brand": "vaart", "consultation_id": asked.id, "department": asked.department, "at": START, "what": "answer"}
    return Answer(**{**given, "via": "link", "by": asked.department, "text": "goed", **more})


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"department": "kantine", "question": "?"}, 422, "kantine"),
        ({"department": "billing", "question": "  "}, 422, "question"),
        ({"department": "billing", "question": "?", "due_at": "2020-01-01T00:00:00Z"}, 422, "passed"),
        ({"department": "billing", "question": "?", "due_at": "2099-01-01T00:00:00Z"}, 422, "366"),
        ({"department": "billing", "question": "?", "mention_ids": [str(uuid4())]}, 422, "no message"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_remedy(desk: World, body: Any, status: int, named: str) -> None:
    answer = await post(desk, f"/cases/{await case_id(desk)}/consultations", body)
    assert (answer.status_code, named in answer.text) == (status, True), answer.text
    assert await notices(desk) == []


async def test_a_departments_list_has_what_is_due_first_in_front_page_by_page(desk: World) -> None:
    ids = [(await ask(desk, due_at=(START + n * HOUR).isoformat()))["id"] for n in (3, 1, 2)]
    first = (await desk.call("GET", f"{BRAND}/consultations", params={"department": "billing", "limit": 2})).json()
    rest = (await desk.call("GET", f"{BRAND}/consultations", params={"department": "billing", "cursor": first["next"]})).json()
    assert [item["id"] for item in [*first["items"], *rest["items"]]] == [ids[1], ids[2], ids[0]]
    await at(desk, START + 2 * HOUR)
    late = (await desk.call("GET", f"{BRAND}/consultations", params={"overdue": True})).json()
    assert [item["gone"] for item in late["items"]] == [200, 100]


async def test_what_people_wrote_is_masked_for_those_who_do_not_see_personal_data(desk: World) -> None:
    made = await ask(desk, question="Is 06-12345678 haar nummer?")
    await post(desk, f"/consultations/{made['id']}/answer", {"answer": "Nee: 06-87654321."}, sub="ff")
    path = f"{BRAND}/cases/{await case_id(desk)}"
    for where in (f"{path}/timeline", f"{path}/consultations", f"{BRAND}/consultations/{made['id']}", f"{path}/packet"):
        seen = (await desk.call("GET", where, desk.token("agent"))).text
        masked = (await desk.call("GET", where, desk.token("analyst"))).text
        assert "06-87654321" in seen, where
        assert "12345678" not in masked, where
        assert "87654321" not in masked, where
    packet = (await desk.call("GET", f"{path}/packet", params={"format": "text", "language": "nl"})).text
    assert "geantwoord door billing: Nee: 06-87654321." in packet


# --- answers by mail, as ingest tells of them -----------------------------------------------------------------------------------------------


def mailed(
    made: dict[str, Any], text: str = "Ja.", what: str = "answer", sender: str = "femke@vaart.example", number: int = 1, **more: Any
) -> Any:
    """A mail that came to the signed address of a question."""
    id = deterministic_id("vaart", "answer", made["id"], str(number))
    given = {"brand": "vaart", "answer_id": id, "consultation_id": made["id"], "department": made["department"], "what": what}
    told = ConsultationMailed.model_validate({**given, "text": text, "sender": sender, "received_at": START, **more})
    return Received(told, str(id), str(id), 1, START, None, "weerklank.answers.v1", 0, number, made["id"], START)


async def answers(world: World, made: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    found = (await world.call("GET", f"{BRAND}/consultations/{made['id']}")).json()
    return found["state"], found["answers"]


async def test_a_mailed_answer_has_its_effect_once_however_often_it_is_told(desk: World) -> None:
    made = await ask(desk, holds_case=True)
    await batch(desk.pool, [mailed(made), mailed(made)])
    await batch(desk.pool, [mailed(made)])
    state, [said] = await answers(desk, made)
    assert (state, said["via"], said["by"], said["outside"]) == ("answered", "mail", "femke@vaart.example", False)
    assert ((await case(desk)).state, await listed(desk, "billing answered")) == ("open", ["gs"])
    assert await told(desk) == ["consulted", "waiting", "consultation-answered", "resumed"]
    assert await desk.pool.fetchval("select count(*) from timer where kind = 'consultation'") == 0


async def test_a_second_mail_and_one_after_handing_on_are_kept_as_late(desk: World) -> None:
    made = await ask(desk)
    await batch(desk.pool, [mailed(made), mailed(made, "Toch niet.", number=2)])
    assert [said["late"] for said in (await answers(desk, made))[1]] == [False, True]
    other = await ask(desk)
    await post(desk, f"/consultations/{other['id']}/hand-on", {"department": "legal"})
    await batch(desk.pool, [mailed(other, number=3)])
    state, [said] = await answers(desk, other)
    assert (state, said["late"], said["department"]) == ("open", True, "billing")


async def test_who_is_away_has_not_answered_and_what_came_back_is_told(desk: World) -> None:
    made = await ask(desk, holds_case=True)
    await batch(desk.pool, [mailed(made, "Ik ben er maandag weer.", "automatic"), mailed(made, "mailbox full", "undelivered", "", 2)])
    state, came = await answers(desk, made)
    assert (state, [said["what"] for said in came]) == ("open", ["automatic", "undelivered"])
    assert (await case(desk)).state == "waiting"
    assert await told(desk) == ["consulted", "waiting", "consultation-noted", "consultation-noted"]
    assert await listed(desk, "billing: a question was not delivered") == ["gs"]


async def test_an_answer_from_an_address_that_nobody_knows_is_marked(desk: World) -> None:
    made = await ask(desk)
    await batch(desk.pool, [mailed(made, sender="femke@elders.example")])
    state, [said] = await answers(desk, made)
    assert (state, said["outside"]) == ("answered", True)


async def test_an_answer_whose_sender_is_not_who_they_say_is_kept_and_marked_and_agrees_to_nothing(desk: World) -> None:
    made, check = await ask(desk), uuid4()
    await batch(desk.pool, [mailed(made, authenticated="fail"), mailed(made, "Nog iets.", authenticated="pass", number=2)])
    state, [said, later] = await answers(desk, made)
    assert (state, said["authenticated"], later["authenticated"]) == ("answered", "fail", "pass")
    assert await listed(desk, "billing answered (sender not verified)") == ["gs"]
    detail = await desk.pool.fetchval("select detail from timeline where what = 'consultation-answered' order by version limit 1")
    assert detail["authenticated"] == "fail"
    async with desk.pool.acquire() as connection, connection.transaction():
        file = await store.file(connection, "vaart", await case_id(desk), lock=True)
        assert file is not None
        await consultation_work.ask(connection, POLICIES.policy, file, "legal", "Mag dit?", "gs", START, id=check, kind="legal_check")
    asked = {"id": str(check), "department": "legal"}
    await batch(desk.pool, [mailed(asked, "Akkoord.", sender="jurist@vaart.example", authenticated="fail", number=3)])
    state, [said] = await answers(desk, asked)
    assert (state, said["what"], said["verdict"]) == ("open", "remark", None)
    await batch(desk.pool, [mailed(asked, "Akkoord.", sender="jurist@vaart.example", number=4)])
    assert (await answers(desk, asked))[0] == "answered"


async def test_a_mail_about_another_brands_question_changes_nothing(desk: World) -> None:
    made = await ask(desk)
    await batch(desk.pool, [mailed(made, brand="noord")])
    assert await answers(desk, made) == ("open", [])


async def test_a_mailed_answer_of_a_merged_case_is_on_the_case_that_goes_on(desk: World) -> None:
    made = await ask(desk, holds_case=True)
    await batch(desk.pool, [event(MentionTriaged, 1, message("B", "Nog een vraag", group="B"))])
    other = await desk.pool.fetchval("select case_id from mention_copy where id = $1", mention_id("B"))
    version = await desk.pool.fetchval("select version from care_case where brand = 'vaart' and id = $1", await case_id(desk))
    body = {"case_id": str(await case_id(desk)), "version": version, "reason": "zelfde klant"}
    answer = await post(desk, f"/cases/{other}/merge", body)
    assert answer.status_code < 300, answer.text
    await batch(desk.pool, [mailed(made)])
    shown = (await desk.call("GET", f"{BRAND}/cases/{other}/consultations")).json()
    assert [item["state"] for item in shown["items"]] == ["answered"]
    rows = await desk.pool.fetch("select what from timeline where case_id = $1 and what like 'consultation%'", other)
    assert [row["what"] for row in rows] == ["consultation-answered"]


@pytest.mark.parametrize(
    ("text", "sender", "state", "what", "verdict"),
    [
        ("Akkoord.\nGroet", "jurist@vaart.example", "answered", "answer", "agreed"),
        ("Akkoord met wijzigingen\nhaal de laatste zin weg", "jurist@vaart.example", "answered", "answer", "agreed_with_changes"),
        ("Niet akkoord!", "jurist@vaart.example", "answered", "answer", "refused"),
        ("Akkoord, mits de laatste zin weg is", "jurist@vaart.example", "open", "remark", None),
        ("Akkoord", "iemand@elders.example", "open", "remark", None),
    ],
)
async def test_a_legal_check_is_answered_by_mail_with_a_verdict_that_leaves_nothing_to_guess(
    desk: World, text: str, sender: str, state: str, what: str, verdict: str | None
) -> None:
    id = uuid4()
    async with desk.pool.acquire() as connection, connection.transaction():
        file = await store.file(connection, "vaart", await case_id(desk), lock=True)
        assert file is not None
        await consultation_work.ask(connection, POLICIES.policy, file, "legal", "Mag dit?", "system", START, id=id, kind="legal_check")
    made = {"id": str(id), "department": "legal"}
    await batch(desk.pool, [mailed(made, text, sender=sender)])
    found, [said] = await answers(desk, made)
    assert (found, said["what"], said["verdict"]) == (state, what, verdict)
