"""Scripts as people use them: typed variables, wordings that take turns, the team's own beside the book's, and what became of what was made from them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.responder import script_use, store
from services.responder.script_use import Outcome
from tests.integration.responder.conftest import AT, Around, Quiet, case_of, mention, opened

MONTEUR = {
    "id": "monteur",
    "label": "storing",
    "language": "nl",
    "text": "{groet}, de monteur komt {dag} tussen {van} en {tot} naar {plaats}. Kosten: {bedrag}. {handtekening}",
    "variables": {
        "dag": {"type": "date"},
        "van": {"type": "time"},
        "tot": {"type": "time"},
        "bedrag": {"type": "amount", "default": "geen"},
    },
}
FILLED = {"dag": "2026-03-06", "van": "08:30", "tot": "12:00", "plaats": "Utrecht", "bedrag": 12.5}
TURNS = {
    "id": "turns",
    "label": "storing",
    "language": "nl",
    "text": "{groet}, een. {handtekening}",
    "variants": ["{groet}, twee. {handtekening}", "{groet}, drie. {handtekening}"],
}


async def a_case(quiet: Quiet, name: str = "sanne", **more: Any) -> str:
    case = case_of(mention(quiet.brand, name), **more)
    await quiet.told(case)
    return f"/cases/{case.id}"


async def drafted(quiet: Quiet, case: str, script: str | None = None, **more: Any) -> dict[str, Any]:
    return await quiet.post(f"{case}/replies", {"script": script, **more})


async def test_variables_are_filled_in_as_the_customers_language_writes_them(quiet: Quiet) -> None:
    await quiet.publish(2, scripts=[MONTEUR])
    found = await drafted(quiet, await a_case(quiet), values=FILLED)
    assert found["text"].endswith("de monteur komt vrijdag 6 maart tussen 08:30 en 12:00 naar Utrecht. Kosten: € 12,50. ^gs")


async def test_what_is_not_filled_in_stays_open_and_cannot_be_approved(quiet: Quiet) -> None:
    await quiet.publish(2, scripts=[MONTEUR])
    found = await drafted(quiet, await a_case(quiet), values={"dag": "2026-03-06", "van": "08:30", "tot": "12:00"})
    assert "naar {plaats}. Kosten: geen." in found["text"], "the default stands in, the rest stays as it is in the script"
    assert "broken_placeholder" in [verdict["code"] for verdict in found["verdicts"] if verdict["blocking"]]
    assert (await quiet.around.submit(found["id"])).status_code == 200
    refused = await quiet.around.approve(found["id"], found["digest"])
    assert refused.status_code == 409, "{plaats} never reaches a customer"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"dag": "6 maart"}, "{dag} must be a date such as 2026-03-06"),
        ({"dag": "2026-02-30"}, "{dag} must be a date that exists"),
        ({"van": "25:00"}, "{van} must be a time of day"),
        ({"bedrag": "1.250"}, "{bedrag} must be a number"),
        ({"bedrag": True}, "{bedrag} must be a text or a number"),
        ({"plaats": "Utrecht\nen verder"}, "{plaats} must be 1 to 300 characters on one line"),
        ({"stad": "Utrecht"}, "the script has no variable 'stad'"),
    ],
)
async def test_a_value_of_another_type_is_refused_by_the_name_of_its_variable(quiet: Quiet, values: dict[str, Any], named: str) -> None:
    await quiet.publish(2, scripts=[MONTEUR])
    answer = await quiet.call("POST", f"{await a_case(quiet)}/replies", json={"script": "monteur", "values": values})
    assert answer.status_code == 422
    assert named in answer.json()["detail"]


async def test_a_wording_that_was_used_on_the_topic_is_not_used_again_while_another_is_free(quiet: Quiet) -> None:
    await quiet.publish(2, scripts=[TURNS])
    topic = uuid4()
    made = [await drafted(quiet, await a_case(quiet, f"klant{n}", topic_id=topic)) for n in range(3)]
    assert sorted(one["variant"] for one in made) == [0, 1, 2]
    fourth = await drafted(quiet, await a_case(quiet, "klant3", topic_id=topic))
    assert fourth["variant"] == made[0]["variant"], "all were used: the one that was used longest ago"
    other = [await drafted(quiet, await a_case(quiet, f"ander{n}", topic_id=uuid4())) for n in range(2)]
    assert all(one["variant"] is not None for one in other)


async def test_what_was_discarded_has_been_said_to_nobody(quiet: Quiet) -> None:
    await quiet.publish(2, scripts=[TURNS])
    case = await a_case(quiet)
    first = await drafted(quiet, case)
    answer = await quiet.call("POST", f"/replies/{first['id']}/discard", json={"reason": "anders"})
    assert answer.status_code == 200
    assert (await drafted(quiet, case))["variant"] == first["variant"]


async def test_a_teams_script_is_listed_beside_the_books_and_used_like_it(quiet: Quiet) -> None:
    body = {
        "id": "verhuizen",
        "label": "factuur",
        "text": "{groet}, je verhuist op {dag}. {handtekening}",
        "variables": {"dag": {"type": "date"}},
    }
    made = await quiet.post("/scripts", body, role="lead", subject="mk")
    assert (made["id"], made["source"], made["version"], made["language"]) == ("team:verhuizen", "team", 1, "nl")
    assert [one["id"] for one in (await quiet.get("/scripts"))["items"]] == ["storing", "team:verhuizen"]
    pages = await quiet.get("/scripts", limit=1)
    assert [one["id"] for one in (await quiet.get("/scripts", limit=1, cursor=pages["next"]))["items"]] == ["team:verhuizen"]
    suited = await drafted(quiet, await a_case(quiet, labels=["factuur"]), values={"dag": "2026-04-01"})
    assert suited["script"] == "team:verhuizen"
    assert "je verhuist op woensdag 1 april" in suited["text"]
    assert suited["script_digest"] == made["digest"]


async def test_a_teams_script_is_changed_only_as_it_was_read_and_every_version_stays(quiet: Quiet) -> None:
    lead = {"role": "lead", "subject": "mk"}
    await quiet.post("/scripts", {"id": "a", "text": "{groet}, een."}, **lead)
    changed = await quiet.call("PUT", "/scripts/team:a", json={"text": "{groet}, twee."}, version=1, **lead)
    assert changed.status_code == 200
    stale = await quiet.call("PUT", "/scripts/team:a", json={"text": "{groet}, drie."}, version=1, **lead)
    assert stale.status_code == 412
    assert [(one["version"], one["text"]) for one in changed.json()["versions"]] == [(2, "{groet}, twee."), (1, "{groet}, een.")]
    assert (await quiet.call("DELETE", "/scripts/team:a", version=2, **lead)).status_code == 204
    assert (await quiet.call("GET", "/scripts/team:a")).status_code == 404
    again = await quiet.post("/scripts", {"id": "a", "text": "{groet}, weer."}, **lead)
    assert again["version"] == 4


async def test_who_may_not_change_a_script_is_told_so(quiet: Quiet) -> None:
    body = {"id": "a", "text": "{groet}, een."}
    assert (await quiet.call("POST", "/scripts", json=body)).status_code == 403
    by_lead = await quiet.call("PUT", "/scripts/storing", json={"text": "Anders."}, role="lead")
    assert by_lead.status_code == 403, "the book's are changed in the book"
    for wrong in (
        {"label": "geen"},
        {"language": "fr"},
        {"id": "met spatie"},
        {"variables": {"naam": {}}},
        {"variables": {"dag": {"type": "choice"}}},
    ):
        refused = await quiet.call("POST", "/scripts", json={**body, **wrong}, role="lead")
        assert refused.status_code == 422, wrong


async def test_what_no_script_is_called_is_not_there_whatever_it_is(quiet: Quiet) -> None:
    for odd in ("%00", "team:%00", "team:", "incident:x", "x" * 100, "%F0%9F%98%80"):
        assert (await quiet.call("GET", f"/scripts/{odd}")).status_code in (400, 404, 422), odd
        assert (await quiet.call("GET", f"/scripts/{odd}/usage")).status_code in (400, 404, 422), odd
    for params in ({"label": "\0"}, {"language": "\0"}, {"cursor": "x"}):
        assert (await quiet.call("GET", "/snippets", params=params)).status_code in (200, 400, 422), params
        assert (await quiet.call("GET", "/scripts", params=params)).status_code in (200, 400, 422), params
    case = await a_case(quiet)
    for script in ("\0", "team:\0", "team:geen"):
        assert (await quiet.call("POST", f"{case}/replies", json={"script": script})).status_code in (400, 422), script
    for body in ({"id": "a", "text": "\0"}, {"id": "a", "text": "a", "label": "\0"}):
        assert (await quiet.call("POST", "/scripts", json=body, role="lead")).status_code in (400, 422), body


async def test_two_leads_who_add_the_same_script_at_once_add_one(quiet: Quiet) -> None:
    asked = [quiet.call("POST", "/scripts", json={"id": "a", "text": "Een."}, role="lead", subject=who) for who in ("mk", "gs")]
    assert sorted(answer.status_code for answer in await asyncio.gather(*asked)) == [201, 409]


async def test_what_became_of_a_scripts_replies_is_counted_by_version_wording_and_person(quiet: Quiet) -> None:
    case = await a_case(quiet)
    kept = await drafted(quiet, case, "storing")
    edited = await drafted(quiet, case, "storing")
    gone = await drafted(quiet, case, "storing")
    text = edited["text"].replace("eraan", "er hard aan")
    answer = await quiet.call("PUT", f"/replies/{edited['id']}", json={"text": text}, subject="mk", role="lead")
    assert answer.status_code == 200
    for one in (kept, edited):
        await quiet.sent(one["id"])
    assert (await quiet.call("POST", f"/replies/{gone['id']}/discard", json={"reason": "dubbel"})).status_code == 200
    async with quiet.pool.acquire() as connection:
        sent = await store.reply(connection, quiet.brand, kept["id"])
        assert sent is not None
        assert sent.sent_at is not None
        back = Outcome(quiet.brand, sent.sent_at + timedelta(hours=3), None)
        await script_use.put(connection, {sent.id: back})
    found = await quiet.get("/scripts/storing/usage")
    (counted,) = found["versions"]
    assert {name: counted[name] for name in ("drafted", "edited", "sent", "discarded", "came_back", "resolved", "current")} == {
        "drafted": 3, "edited": 1, "sent": 2, "discarded": 1, "came_back": 1, "resolved": 0, "current": True,
    }  # fmt: skip
    assert counted["changed"] == pytest.approx(0.15, abs=0.05), "half of the two that were sent had a quarter of its words changed"
    assert [(one["writer"], one["drafted"], one["sent"]) for one in found["people"]] == [("gs", 2, 1), ("mk", 1, 1)]
    every = await quiet.get("/script-usage")
    assert [(one["script"], one["drafted"], one["offered"]) for one in every["scripts"]] == [("storing", 3, True)]


async def test_the_usage_of_a_script_that_never_was_is_not_there(quiet: Quiet) -> None:
    assert (await quiet.call("GET", "/scripts/nooit/usage")).status_code == 404
    for odd in ({"until": "0001-01-01T00:00:00+12:00"}, {"since": "9999-12-31T23:59:00-12:00"}, {"until": "9999-12-31T23:59:00-12:00"}):
        await quiet.get("/script-usage", **odd)
    long_ago = await quiet.get("/script-usage", since="2020-01-01T00:00:00Z", until="2026-01-01T00:00:00Z")
    assert long_ago["since"].startswith("2024-11-27"), "what is counted is at most 400 days"


async def test_the_machine_words_its_drafts_in_turn_and_cases_say_what_became_of_replies(desk: Around) -> None:
    await desk.publish(2, scripts=[TURNS])
    topic = uuid4()
    first = case_of(mention(desk.brand, "eerste"), topic_id=topic)
    await desk.case(opened(first), 1)
    await desk.settled()
    (draft,) = (await desk.call("GET", "/replies", params={"case_id": str(first.id)})).json()["items"]
    assert (await desk.submit(draft["id"])).status_code == 200
    others = [case_of(mention(desk.brand, f"volgende{n}"), topic_id=topic) for n in range(6)]
    for other in others:
        await desk.case(opened(other), 1)
    await desk.settled()
    made = [(await desk.call("GET", "/replies", params={"case_id": str(other.id)})).json()["items"][0]["variant"] for other in others]
    assert draft["variant"] not in made, "somebody sends that wording on this topic now"
    await desk.keep_leasing()
    answer = await desk.approve(draft["id"], draft["digest"], seen={"confirmed": [verdict["code"] for verdict in draft["verdicts"]]})
    assert answer.status_code == 200, answer.text
    await desk.becomes(draft["id"], "sent")
    await desk.stop_leasing()
    again = mention(desk.brand, "weer")
    back = case_of(mention(desk.brand, "eerste"), again, topic_id=topic, state="open")
    now = datetime.now(UTC)
    back = back.model_copy(
        update={"mentions": [*back.mentions[:1], back.mentions[1].model_copy(update={"received_at": now})], "resolved_at": now}
    )
    await desk.case(opened(back), 2)
    await desk.settled()
    found = (await desk.call("GET", "/script-usage", params={"since": AT.isoformat()})).json()["scripts"][0]
    assert {name: found[name] for name in ("script", "drafted", "untouched", "sent", "came_back", "resolved")} == {
        "script": "turns", "drafted": 8, "untouched": 7, "sent": 1, "came_back": 1, "resolved": 1,
    }  # fmt: skip
