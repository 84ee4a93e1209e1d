"""Practice over HTTP on a real PostgreSQL: leads write messages, people answer them and learn, and nothing of it is a case, a reply or an event."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.responder import practice_keeper
from tests.integration.responder.conftest import case_of, mention
from tests.integration.responder.offline import Offline, offline
from tests.stack import Databases

LEAD = {"role": "lead", "subject": "mk"}
CANDIDATE = {"role": "candidate", "subject": "kandidaat-7"}
ME = {"first_name": "Bo", "initials": "bo"}


def message(key: str, **more: Any) -> dict[str, Any]:
    """Example data."""
    return {
        "key": key,
        "channel": "twitter",
        "customer": "Sanne Visser",
        "text": f"Mijn internet ligt eruit ({key})",
        "labels": ["storing"],
        "matters": ["Een tijd noemen"],
        "model_answer": "Hoi Sanne, vervelend! Je hoort vandaag nog van me. {handtekening}",
        **more,
    }


@pytest.fixture
async def room(postgres: Databases, tmp_path: Path) -> AsyncIterator[Offline]:
    async with offline(postgres, tmp_path) as at:
        at.publish()
        at.publish("ander")
        yield at


async def fill(room: Offline, number: int = 5) -> None:
    lines = "\n".join(json.dumps(message(f"m{n}", difficulty=1 + n % 3)) for n in range(number))
    await room.ok("PUT", "/practice/messages", content=lines.encode(), headers={"content-type": "application/x-ndjson"}, **LEAD)


async def begin(room: Offline, who: dict[str, str] = CANDIDATE, **more: Any) -> Any:
    return await room.ok("POST", "/practice/sessions", json={"messages": 3, **ME, **more}, **who)


async def say(room: Offline, session: Any, position: int, text: str, who: dict[str, str] = CANDIDATE) -> Any:
    return await room.ok("POST", f"/practice/sessions/{session['id']}/answers", json={"position": position, "text": text}, **who)


GOOD = "Hoi Sanne, vervelend! Je hoort vandaag nog van me. ^bo"


async def test_leads_write_messages_and_see_whether_a_model_answer_is_good(room: Offline) -> None:
    made = await room.ok("POST", "/practice/messages", json=message("a"), **LEAD)
    assert (made["version"], made["verdicts"]) == (1, [])
    assert (await room.call("POST", "/practice/messages", json=message("a"), **LEAD)).status_code == 409
    body = {name: value for name, value in message("a").items() if name != "key"}
    changed = await room.ok("PUT", "/practice/messages/a", json={**body, "model_answer": "{naam}"}, headers={"if-match": '"1"'}, **LEAD)
    assert (changed["version"], "broken_placeholder" in {one["code"] for one in changed["verdicts"]}) == (2, True)
    assert (await room.call("PUT", "/practice/messages/a", json=body, headers={"if-match": '"1"'}, **LEAD)).status_code == 412
    assert (await room.call("DELETE", "/practice/messages/a", headers={"if-match": '"2"'}, **LEAD)).status_code == 204
    assert (await room.call("GET", "/practice/messages/a", **LEAD)).status_code == 404


async def test_a_file_is_taken_in_whole_or_not_and_again_changes_nothing_but_versions(room: Offline) -> None:
    sample = (Path(__file__).parents[3] / "samples/practice/vaart.yaml").read_bytes()
    yaml = {"content-type": "application/yaml"}
    first = await room.ok("PUT", "/practice/messages", content=sample, headers=yaml, **LEAD)
    again = await room.ok("PUT", "/practice/messages", content=sample, headers=yaml, **LEAD)
    assert (again["added"], again["changed"]) == (0, first["added"])
    wrong = sample.replace(b"difficulty: 3", b"difficulty: 9", 1).replace(b"storing-utrecht", b"iets-nieuws")
    refused = await room.call("PUT", "/practice/messages", content=wrong, headers=yaml, **LEAD)
    assert refused.status_code == 422
    assert (await room.call("GET", "/practice/messages/iets-nieuws", **LEAD)).status_code == 404
    page = await room.ok("GET", "/practice/messages", params={"limit": 2, "label": "storing"}, **LEAD)
    rest = await room.ok("GET", "/practice/messages", params={"cursor": page["next"], "label": "storing"}, **LEAD)
    assert len({one["key"] for one in [*page["items"], *rest["items"]]}) == len(page["items"]) + len(rest["items"]) >= 3
    assert (await room.ok("GET", "/practice/messages", brand="ander", **LEAD))["items"] == []


async def test_a_candidate_answers_is_scored_and_then_sees_the_model_answer(room: Offline) -> None:
    await fill(room)
    session = await begin(room)
    assert (session["asked"], session["next"]["position"]) == (3, 1)
    assert "model_answer" not in str(session)
    assert "Een tijd noemen" not in str(session)
    first = await say(room, session, 1, GOOD)
    assert (first["score"]["total"], first["model_answer"]) == (100, GOOD)
    assert first["matters"] == ["Een tijd noemen"]
    assert first["seconds"] >= 0
    second = await say(room, session, 2, "zoek het uit {naam}")
    assert second["score"]["total"] < 40
    found = await room.ok("GET", f"/practice/sessions/{session['id']}", **CANDIDATE)
    assert found["score"] == pytest.approx((100 + second["score"]["total"]) / 2, abs=0.1)
    assert (found["next"]["position"], len(found["done"]), found["ended_at"]) == (3, 2, None)
    await say(room, session, 3, GOOD)
    found = await room.ok("GET", f"/practice/sessions/{session['id']}", **CANDIDATE)
    assert (found["next"], found["ended_at"] is None, found["report"]["score"]) == (None, False, found["score"])
    assert {"broken_placeholder", "missing_greeting"} <= {one["code"] for one in found["report"]["wrong"]}


async def test_each_message_is_answered_once_and_in_turn(room: Offline) -> None:
    await fill(room)
    session = await begin(room)
    path = f"/practice/sessions/{session['id']}/answers"
    answers = await asyncio.gather(*(room.call("POST", path, json={"position": 1, "text": GOOD}, **CANDIDATE) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (await room.call("POST", path, json={"position": 3, "text": GOOD}, **CANDIDATE)).json()["position"] == 2
    key = {"idempotency-key": "the-same"}
    one, again = [await room.call("POST", path, json={"position": 2, "text": GOOD}, headers=key, **CANDIDATE) for _ in range(2)]
    assert one.json() == again.json()
    assert (await room.ok("GET", f"/practice/sessions/{session['id']}", **CANDIDATE))["answered"] == 2


async def test_one_session_at_a_time_and_the_same_seed_asks_the_same(room: Offline) -> None:
    await fill(room, 20)
    both = await asyncio.gather(*(room.call("POST", "/practice/sessions", json=ME, **CANDIDATE) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    other = {"role": "candidate", "subject": "kandidaat-8"}
    third = {"role": "candidate", "subject": "kandidaat-9"}
    asked = []
    for who in (other, third):
        session = await begin(room, who, seed="ronde 1")
        for n in range(3):
            await say(room, session, n + 1, GOOD, who)
        found = await room.ok("GET", f"/practice/sessions/{session['id']}", **who)
        asked.append([one["text"] for one in found["done"]])
    assert asked[0] == asked[1]
    more = await begin(room, other, seed="ronde 1")
    assert more["next"]["text"] not in asked[0], "what they have had comes last"
    ended = await room.ok("POST", f"/practice/sessions/{more['id']}/end", **other)
    assert (ended["answered"], ended["next"]) == (0, None)
    assert (await room.call("POST", "/practice/sessions", json={**ME, "labels": ["nergens"]}, **other)).status_code == 409
    refused = await room.call("POST", "/practice/sessions", json={}, role="candidate", subject="onbekend")
    assert (refused.status_code, "first_name" in refused.text) == (422, True)


async def test_a_colleague_of_the_team_signs_as_the_book_says(room: Offline) -> None:
    await fill(room)
    session = await room.ok("POST", "/practice/sessions", json={"messages": 1}, role="trainee", subject="tr")
    assert (session["first_name"], session["initials"]) == ("Tess", "tr")
    found = await room.ok(
        "POST",
        f"/practice/sessions/{session['id']}/answers",
        json={"position": 1, "text": GOOD.replace("^bo", "^tr")},
        role="trainee",
        subject="tr",
    )
    assert found["score"]["form"] == 15


async def test_nobody_sees_a_session_but_who_practises_and_leads(room: Offline) -> None:
    await fill(room)
    session = await begin(room)
    path = f"/practice/sessions/{session['id']}"
    other = {"role": "candidate", "subject": "kandidaat-8"}
    assert (await room.call("GET", path, **other)).status_code == 404
    assert (await room.call("POST", f"{path}/answers", json={"position": 1, "text": "x"}, **other)).status_code == 404
    assert (await room.call("POST", f"{path}/answers", json={"position": 1, "text": "x"}, **LEAD)).status_code == 404, "a lead looks only"
    assert (await room.ok("GET", "/practice/sessions", params={"who": CANDIDATE["subject"]}, **other))["items"] == []
    assert [one["id"] for one in (await room.ok("GET", "/practice/sessions", **LEAD))["items"]] == [session["id"]]
    assert (await room.call("GET", path, brand="ander", **LEAD)).status_code == 404
    for way in ("/practice/messages", "/practice/report.csv"):
        assert (await room.call("GET", way, **CANDIDATE)).status_code == 403


async def test_a_candidate_can_do_nothing_else(room: Offline) -> None:
    for service_path in ("/replies", "/sandbox", "/statements", "/held", f"/cases/{uuid4()}", "/drafting"):
        assert (await room.call("GET", service_path, **CANDIDATE)).status_code in (403, 404)
    document = room.app.openapi()
    may = {path for path, methods in document["paths"].items() for one in methods.values() if "candidate" in one.get("x-roles", ())}
    assert may == {
        "/v1/brands/{brand}/practice/sessions",
        "/v1/brands/{brand}/practice/sessions/{session_id}",
        "/v1/brands/{brand}/practice/sessions/{session_id}/answers",
        "/v1/brands/{brand}/practice/sessions/{session_id}/end",
    }


async def test_leads_compare_sessions_in_a_table_that_no_spreadsheet_runs(room: Offline) -> None:
    await fill(room)
    evil = {"role": "candidate", "subject": "=cmd|' /C calc'!A0"}
    for who in (CANDIDATE, evil):
        session = await begin(room, who)
        await say(room, session, 1, GOOD, who)
    answer = await room.call("GET", "/practice/report.csv", **LEAD)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["who"] for row in rows} == {CANDIDATE["subject"], f"'{evil['subject']}"}
    assert {(row["asked"], row["answered"], row["score"], row["form"]) for row in rows} == {("3", "1", "100.0", "15.0")}


async def test_what_a_candidate_did_is_forgotten_when_a_lead_says_so_and_when_its_time_is_over(room: Offline) -> None:
    await fill(room)
    first, second = await begin(room), await begin(room, {"role": "agent", "subject": "gs"})
    assert await room.ok("DELETE", f"/practice/people/{CANDIDATE['subject']}", **LEAD) == {"sessions": 1}
    assert (await room.call("GET", f"/practice/sessions/{first['id']}", **LEAD)).status_code == 404
    assert (await room.call("DELETE", f"/practice/sessions/{second['id']}", brand="ander", **LEAD)).status_code == 404
    await room.pool.execute("update practice_session set opened_at = opened_at - interval '89 days'")
    books = room.app.state.service.books
    await practice_keeper.forget(room.pool, books)
    assert await room.pool.fetchval("select count(*) from practice_session") == 1
    room.publish(practice={"keep": "30d"}, version=2)
    await practice_keeper.forget(room.pool, books)
    assert await room.pool.fetchval("select count(*) from practice_session") == 0
    assert await room.pool.fetchval("select count(*) from practice_answer") == 0
    assert await room.pool.fetchval("select count(*) from practice_message") == 5


async def test_practice_leaves_nothing_in_any_other_table(room: Offline) -> None:
    await room.tell(case_of(mention("vaart", "sanne")))
    await fill(room)

    async def rest() -> dict[str, int]:
        tables = await room.pool.fetch("select table_name from information_schema.tables where table_schema = 'responder'")
        names = [row["table_name"] for row in tables if not row["table_name"].startswith("practice_")]
        assert {"reply", "outbox", "case_copy", "sandbox_outbox", "reply_history"} <= set(names)
        return {name: await room.pool.fetchval(f"select count(*) from {name}") for name in names if name != "idempotency_key"}

    before = await rest()
    session = await begin(room)
    for position in (1, 2, 3):
        await say(room, session, position, GOOD)
    assert (await room.call("DELETE", f"/practice/sessions/{session['id']}", **LEAD)).status_code == 204
    assert await rest() == before
