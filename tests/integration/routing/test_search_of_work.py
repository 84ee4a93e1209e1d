"""A case is found by what departments were asked and answered about it, what came of calls, and what was promised: wherever it goes on, and as masked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from services.routing import search_index
from services.routing.case import case_id_of
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World, world_of
from tests.integration.routing.test_consultations import POLICIES
from tests.integration.routing.test_search import comes, found, wrote
from tests.system import ROOT
from tests.unit.routing.test_permutations import mention_id

BRAND = "/v1/brands/vaart"
A, B, C = (case_id_of("vaart", mention_id(name)) for name in "ABC")


@pytest.fixture
async def desk(shared_pool: db.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    await shared_pool.execute(
        "truncate consultation, consultation_answer, callback, callback_attempt, promise, mention_copy, care_case, timeline, note, said, "
        "notification, notice, timer, outbox, sent_reply, case_move, placement, follow_up, idempotency_key"
    )
    monkeypatch.setattr(test_simultaneous, "policies", POLICIES)
    world = world_of(shared_pool, tmp_path)
    world.app.state.policies = POLICIES
    await comes(shared_pool, *(wrote(name, f"bericht {name}") for name in "ABC"))
    return world


async def post(desk: World, path: str, body: Any) -> dict[str, Any]:
    answer = await desk.call("POST", f"{BRAND}{path}", desk.token("agent", sub="gs"), json=body)
    assert answer.is_success, answer.text
    await comes(desk.pool)
    made: dict[str, Any] = answer.json()
    return made


async def asked(desk: World, case_id: UUID, question: str) -> dict[str, Any]:
    return await post(desk, f"/cases/{case_id}/consultations", {"department": "billing", "question": question})


async def test_a_case_is_found_by_a_question_to_a_department_and_by_its_answer(desk: World) -> None:
    made = await asked(desk, A, "Zijn deze facturen dubbel verstuurd?")
    assert await found(desk.pool, "factuur") == ["A"], "by its stem, as messages are"
    assert await found(desk.pool, "incassobureau") == []
    await post(desk, f"/consultations/{made['id']}/answer", {"answer": "Ja, teruggeroepen bij het incassobureau."})
    assert await found(desk.pool, "incassobureau factuur") == ["A"]
    assert await found(desk.pool, "incassobureau", brand="golfnet") == []


async def test_what_a_departments_mailbox_says_by_itself_finds_nothing(desk: World) -> None:
    made = await asked(desk, A, "Klopt dit?")
    for what, text in (
        ("automatic", "Afwezig tot kerstmis"),
        ("undelivered", "Mailbox kerstboom bestaat niet"),
        ("remark", "zie kerststal"),
    ):
        await desk.pool.execute(
            "insert into consultation_answer (id, brand, consultation_id, department, at, what, via, by, text) "
            "values (gen_random_uuid(), 'vaart', $1, 'billing', now(), $2, 'mail', 'x@vaart.example', $3)",
            UUID(made["id"]),
            what,
            text,
        )
    await comes(desk.pool)
    assert [await found(desk.pool, q) for q in ("kerstmis", "kerstboom", "kerststal")] == [[], [], ["A"]]


async def test_a_case_is_found_by_what_came_of_a_call_and_by_what_was_noted_for_it(desk: World) -> None:
    made = await post(desk, f"/cases/{A}/callbacks", {"phone": "+31612345678", "note": "vraag naar de glasvezel"})
    assert await found(desk.pool, "glasvezel") == ["A"]
    await post(desk, f"/callbacks/{made['id']}/attempts", {"outcome": "no_answer", "note": "antwoordapparaat, Pools ingesproken"})
    assert await found(desk.pool, "antwoordapparaat") == ["A"]
    assert await found(desk.pool, '"no answer"') == ["A"]
    answer = await desk.call("PUT", f"{BRAND}/callbacks/{made['id']}", desk.token("agent", sub="gs"), json={"note": "vraag naar de coax"})
    assert answer.is_success, answer.text
    await comes(desk.pool)
    assert await found(desk.pool, "coax") == ["A"]
    assert await found(desk.pool, "glasvezel") == [], "what the note no longer says"


async def test_a_case_is_found_by_what_was_promised(desk: World) -> None:
    due_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await post(desk, f"/cases/{A}/promises", {"text": "Wij betalen de schadevergoeding", "due_at": due_at})
    assert await found(desk.pool, "schadevergoedingen") == ["A"]


async def test_what_changes_no_text_makes_nothing_findable_anew(desk: World) -> None:
    made = await asked(desk, A, "Klopt dit?")
    await desk.pool.execute("update consultation set reminded = 1, version = version + 1")
    assert await desk.pool.fetchval("select count(*) from search_queue") == 0
    await desk.pool.execute("delete from consultation where id = $1", UUID(made["id"]))
    assert await desk.pool.fetchval("select count(*) from search_queue") == 1


async def test_the_case_in_which_others_go_on_is_found_by_what_departments_answered_there_and_by_what_they_answer_later(
    desk: World,
) -> None:
    one, other = await asked(desk, B, "Is de lekbak vervangen?"), await asked(desk, C, "Staat de hoofdkraan open?")
    await post(desk, f"/cases/{B}/merge", {"case_id": str(C), "reason": "dezelfde"})
    await post(desk, f"/cases/{A}/merge", {"case_id": str(B), "reason": "dezelfde"})
    assert await found(desk.pool, "lekbak hoofdkraan") == ["A"]
    await post(desk, f"/consultations/{one['id']}/answer", {"answer": "vorige week, door Verstappen"})
    await post(desk, f"/consultations/{other['id']}/answer", {"answer": "nee, verzegeld"})
    assert await found(desk.pool, "verstappen verzegeld") == ["A"]
    await post(desk, f"/cases/{A}/unmerge", {"case_id": str(B), "reason": "toch niet"})
    assert await found(desk.pool, "lekbak") == ["B"]
    assert await found(desk.pool, "verzegeld") == ["B"], "C goes on in B still"


async def test_a_case_says_nothing_of_one_without_messages_that_no_longer_goes_on_in_it(desk: World) -> None:
    await desk.call("POST", f"{BRAND}/cases/{B}/notes", desk.token("agent", sub="gs"), json={"text": "eigenaardig geval"})
    await desk.pool.execute("update mention_copy set removed = true where case_id = $1", B)
    merged = "update care_case set state = 'merged', state_json = state_json || jsonb_build_object('merged_into', $2::text) where id = $1"
    await desk.pool.execute(merged, B, str(A))
    await comes(desk.pool)
    assert await found(desk.pool, "eigenaardig") == ["A"]
    await desk.pool.execute("update care_case set state = 'open', state_json = state_json - 'merged_into' where id = $1", B)
    await comes(desk.pool)
    assert await found(desk.pool, "eigenaardig") == []


async def test_a_snippet_shows_where_it_stands_and_hides_what_its_reader_does_not_see(desk: World) -> None:
    made = await asked(desk, A, "Hoort klant 31345678 bij dit contract?")
    [hit] = (await desk.call("GET", f"{BRAND}/search?q=contracten", desk.token("agent"))).json()["items"]
    assert (hit["snippet"]["source"], hit["snippet"]["id"]) == ("consultation", made["id"])
    assert hit["snippet"]["text"] == "Hoort klant 31345678 bij dit contract?"
    await post(desk, f"/consultations/{made['id']}/answer", {"answer": "Ja; bel 0612345678 over de borg"})
    [hit] = (await desk.call("GET", f"{BRAND}/search?q=borg", desk.token("spokesperson"))).json()["items"]
    assert (hit["snippet"]["source"], hit["snippet"]["text"]) == ("consultation_answer", "Ja; bel [phone number] over de borg")
    refused = await desk.call("GET", f"{BRAND}/search?q=borg", desk.token("analyst"))
    assert refused.status_code == 403


async def test_what_was_there_before_the_upgrade_is_found_after_it(desk: World) -> None:
    await asked(desk, A, "Klopt de zeldzame meterstand?")
    await post(desk, f"/cases/{B}/callbacks", {"phone": "+31612345678"})
    script = (ROOT / "services" / "routing" / "migrations" / "0024_findable.sql").read_text()
    fill = script[
        script.index("insert into search_queue (brand, case_id)\nselect brand, case_id from consultation") : script.index("\n-- Which keys")
    ]
    await desk.pool.execute("truncate search_text, search_queue")
    await desk.pool.execute(fill)
    assert await desk.pool.fetchval("select count(*) from search_queue") == 1, "a call without a word finds nothing"
    while await search_index.tick(desk.pool):
        pass
    assert await found(desk.pool, "meterstand") == ["A"]
