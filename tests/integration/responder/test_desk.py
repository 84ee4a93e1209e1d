"""The desk without a script: who gets in, what other sites and other brands cannot do, whose text is never lost, what each queue has."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from libs.common import outbox
from libs.common.case_events import (
    Case,
    CaseClosed,
    CaseJoined,
    CaseLeft,
    CaseNoted,
    CaseNoteDeleted,
    Clock,
)
from libs.common.events import deterministic_id
from libs.common.topics import create_topics
from tests.integration.responder.conftest import AT, Around, case_of, mention, opened
from tests.integration.responder.desk_person import OURS, AtDesk, field
from tests.stack import Databases, KafkaServer, PostgresServer
from tests.tokens import Issuer
from tests.waiting import until


@dataclass
class House:
    """One running responder for all tests of this file; each has a brand of its own."""

    kafka: str
    database_url: str
    issuer: Issuer
    app: FastAPI
    producer: AIOKafkaProducer
    db: asyncpg.Connection

    def brand(self) -> Around:
        brand = f"b-{secrets.token_hex(4)}"
        return Around(brand, self.kafka, self.database_url, self.issuer, self.producer, self.db, AsyncExitStack(), self.app)


@pytest.fixture(scope="module")
async def house(
    kafka_server: KafkaServer, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    kafka = kafka_server.bootstrap
    await create_topics(kafka)
    databases = Databases(postgres_server)
    url = databases.login(databases.database(), "responder")
    producer = outbox.producer(kafka, client_id="test")
    await producer.start()
    db = await asyncpg.connect(url)
    async with AsyncExitStack() as stack:
        around = Around("", kafka, url, Issuer(tmp_path_factory.mktemp("desk")), producer, db, stack)
        await around.start()
        assert around.app is not None
        yield House(kafka, url, around.issuer, around.app, producer, db)
    await db.close()
    await producer.stop()
    databases.drop_all()


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Around]:
    """A brand in which everybody approves their own."""
    found = house.brand()
    await found.publish()
    yield found
    await found.stop_leasing()


@pytest.fixture
async def fours(house: House) -> Around:
    """A brand that wants a lead's approval for everything."""
    found = house.brand()
    await found.publish(conduct={"approvals": [{"when": {}, "by": ["lead"]}]})
    return found


async def begun(around: Around, name: str = "a", **more: Any) -> tuple[Case, dict[str, Any]]:
    """A case and the draft that the machine made of it."""
    case = case_of(mention(around.brand, name), **more)
    await around.case(opened(case), 1)
    await around.settled()
    replies = (await around.call("GET", "/replies", params={"case_id": str(case.id)})).json()["items"]
    return case, replies[0]


# --- who gets in ---------------------------------------------------------------------------------------------------------------------


async def test_without_a_log_in_there_is_the_page_to_log_in_and_nothing_else(fours: Around) -> None:
    case, reply = await begun(fours)
    person = AtDesk(fours)
    for path in ("", f"/cases/{case.id}", f"/replies/{reply['id']}"):
        answer = await person.get(path)
        assert answer.status_code == 401
        assert 'name="token"' in answer.text
        assert "internet" not in answer.text
        assert reply["text"] not in answer.text
    bearer = await person.get("", headers={"authorization": f"Bearer {person.token}"})
    assert bearer.status_code == 401  # a cookie and a form are what the desk knows, and what its rules are about
    for what in ("save", "submit", "approve", "discard", "return", "confirm", "check"):
        sent = await person.client.post(f"/desk/brands/{fours.brand}/replies/{reply['id']}/{what}", data={"text": "x"}, headers=OURS)
        assert sent.status_code == 401, what
    assert (await fours.get(reply["id"]))["text"] == reply["text"]


async def test_the_cookie_is_no_token_and_the_table_neither(fours: Around) -> None:
    person = AtDesk(fours)
    answer = await person.client.post("/desk/log-in", data={"token": person.token}, headers=OURS)
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/desk"} <= set(cookie.split("; "))
    assert person.token not in cookie
    row = await fours.db.fetchrow("select id, sealed, expires_at from desk_session order by expires_at desc limit 1")
    assert person.token.encode() not in row["sealed"]
    assert person.client.cookies["weerklank_desk"].encode() not in row["id"] + row["sealed"]
    assert row["expires_at"] <= datetime.now(UTC) + timedelta(hours=1)


async def test_a_log_in_ends_with_its_token_and_when_somebody_leaves(fours: Around) -> None:
    person = await AtDesk(fours).log_in()
    other = AtDesk(fours)
    other.client.cookies.set("weerklank_desk", person.client.cookies["weerklank_desk"], domain="desk.test", path="/desk")
    assert (await other.get()).status_code == 200
    left = await person.client.post("/desk/leave", data={"proof": await person.proof()}, headers=OURS)
    assert left.status_code == 200
    assert (await other.get()).status_code == 401

    brief = AtDesk(fours)
    brief.token = fours.issuer.token("agent", [fours.brand], "gs", exp=datetime.now(UTC) + timedelta(seconds=2))
    await brief.log_in()

    async def ended() -> bool:
        return (await brief.get()).status_code == 401

    await until(ended, "the log-in ended with its token", 60)


async def test_what_is_no_token_of_somebody_who_answers_does_not_get_in(fours: Around) -> None:
    machine = fours.issuer.token("trainee", [fours.brand], "wkc_1", client_id="wkc_1")
    analyst = fours.issuer.token("analyst", [fours.brand], "an")
    before = await fours.db.fetchval("select count(*) from desk_session")
    for token, status in (("", 401), ("x.y.z", 401), (analyst, 403), (machine, 403)):
        person = AtDesk(fours)
        answer = await person.client.post("/desk/log-in", data={"token": token}, headers=OURS)
        assert answer.status_code == status, token
        assert "set-cookie" not in answer.headers
    assert await fours.db.fetchval("select count(*) from desk_session") == before


async def test_another_brand_and_another_role_are_refused_as_over_the_api(fours: Around) -> None:
    _, reply = await begun(fours)
    stranger = await AtDesk(fours, brands=["elders"]).log_in()
    assert (await stranger.get()).status_code == 403
    assert (await stranger.get(f"/replies/{reply['id']}")).status_code == 403
    own = await AtDesk(fours, brands=["elders", fours.brand]).log_in()
    not_theirs = await own.client.get(f"/desk/brands/elders/replies/{reply['id']}")
    assert not_theirs.status_code in (404, 409)
    assert reply["text"] not in not_theirs.text
    trainee = await AtDesk(fours, "trainee", "tr").log_in()
    await fours.submit(reply["id"])
    refused = await trainee.send(f"/replies/{reply['id']}/approve", version="2", digest=reply["digest"])
    assert refused.status_code == 403
    assert (await fours.get(reply["id"]))["state"] == "submitted"


# --- other sites ---------------------------------------------------------------------------------------------------------------------


async def test_a_form_of_another_site_changes_nothing(fours: Around) -> None:
    _, reply = await begun(fours)
    person = await AtDesk(fours).log_in()
    path = f"/replies/{reply['id']}/save"
    said: list[dict[str, str]] = [{}, *({"sec-fetch-site": site} for site in ("cross-site", "same-site", "none"))]
    for headers in [*said, {"origin": "https://elders.example"}, {"origin": "null"}]:
        assert (await person.send(path, headers=headers, version="1", text="overgenomen ^gs")).status_code == 403, headers
        log_in = await AtDesk(fours).client.post("/desk/log-in", data={"token": person.token}, headers=headers)
        assert log_in.status_code == 403, headers
    assert (await fours.get(reply["id"]))["version"] == 1


async def test_a_form_without_its_log_ins_proof_changes_nothing(fours: Around) -> None:
    _, reply = await begun(fours)
    person, colleague = await AtDesk(fours).log_in(), await AtDesk(fours, subject="gs").log_in()
    path = f"/replies/{reply['id']}/save"
    for proof in ("", "0" * 64, await colleague.proof()):
        assert (await person.send(path, proof=proof, version="1", text="x ^gs")).status_code == 403
    assert (await person.send(path, headers={"origin": "http://desk.test"}, version="1", text="Hoi, ik kijk ^gs")).status_code == 303


async def test_every_answer_keeps_other_sites_out(fours: Around) -> None:
    case, reply = await begun(fours)
    person = await AtDesk(fours).log_in()
    answers = [await person.get(path) for path in ("", f"/cases/{case.id}", f"/replies/{reply['id']}", f"/replies/{case.id}")]
    answers += [await AtDesk(fours).get(), await person.client.get("/desk/static/desk.js")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"<script(?! src=)|\son\w+=|style=|javascript:|https?://(?!desk\.test)", answer.text.split("<main")[0])


async def test_nobody_is_led_elsewhere_after_logging_in(fours: Around) -> None:
    for back in (
        "//elders.example",
        "https://elders.example",
        "/desk//elders.example",
        "/desk/brands/../../x//y",
        "/elders",
        "/desk/brands/\\x",
    ):
        person = AtDesk(fours)
        answer = await person.client.post("/desk/log-in", data={"token": person.token, "back": back}, headers=OURS)
        assert answer.headers["location"] == "/desk", back


async def test_what_people_wrote_is_shown_as_they_wrote_it_and_runs_nowhere(fours: Around) -> None:
    evil = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"
    post = mention(fours.brand, "evil")
    post = post.model_copy(update={"text": evil, "author": post.author.model_copy(update={"name": evil})})
    case = case_of(post, labels=["storing", evil], tags=[evil], fields={evil: evil}, risk=[evil])
    await fours.case(opened(case), 1)
    note_id = deterministic_id(fours.brand, "note")
    await fours.case(CaseNoted(brand=fours.brand, case=case, at=AT, actor="gs", note_id=note_id, note=evil), 2)
    await fours.settled()
    draft = await fours.write(case, evil)
    person = await AtDesk(fours).log_in()
    pages = [await person.get(), await person.get(f"/replies/{draft['id']}")]
    pages.append(await person.send(f"/replies/{draft['id']}/save", version="9", text=evil))
    pages.append(await person.send(f"/replies/{draft['id']}/check", text=evil))
    pages.append(await person.send(f"/replies/{draft['id']}/discard", version="9", reason=evil))
    for page in pages:
        assert "<script>" not in page.text
        assert "<img" not in page.text
        assert "onerror=alert(1)&gt;" in page.text
        assert "{{ 7*7 }}" in page.text


# --- what they decide ----------------------------------------------------------------------------------------------------------------


async def test_of_two_who_write_at_once_neither_loses_a_word(fours: Around) -> None:
    _, reply = await begun(fours)
    person = await AtDesk(fours).log_in()
    first = await person.send(f"/replies/{reply['id']}/save", version="1", text="Hoi, van de eerste ^gs")
    assert first.status_code == 303
    second = await person.send(f"/replies/{reply['id']}/save", version="1", text="Hoi, van de tweede\r\nen nog een regel ^gs")
    assert second.status_code == 412
    assert "Hoi, van de eerste ^gs" in second.text
    assert "Hoi, van de tweede\nen nog een regel ^gs</textarea>" in second.text
    assert "changed the text" in second.text
    assert field(second.text, "version") == "2"
    assert (await fours.get(reply["id"]))["text"] == "Hoi, van de eerste ^gs"


async def test_an_approved_reply_is_not_edited_and_what_was_typed_is_still_there(desk: Around) -> None:
    case, _ = await begun(desk)
    draft = await desk.write(case, "Hoi Sanne, ik kijk ^gs")
    await desk.submit(draft["id"])
    person = await AtDesk(desk).log_in()
    await desk.approve(draft["id"], draft["digest"])
    late = await person.send(f"/replies/{draft['id']}/save", version="3", text="Hoi Sanne, toch anders ^gs")
    assert late.status_code == 409
    assert "Hoi Sanne, toch anders ^gs</textarea>" in late.text


async def test_what_the_page_asks_about_is_confirmed_by_its_boxes_and_overruled_with_a_reason(house: House) -> None:
    around = house.brand()
    await around.publish(voice={"forbidden_words": ["helaas"], "smileys": False}, conduct={"approvals": [{"when": {}, "by": ["lead"]}]})
    case, _ = await begun(around)
    draft = await around.write(case, "Hoi Sanne, helaas duurt het nog 🙂 ^gs")
    await around.submit(draft["id"])
    person = await AtDesk(around, "lead", "mk").log_in()
    page = (await person.get(f"/replies/{draft['id']}")).text
    shown = {"version": field(page, "version"), "digest": field(page, "digest")}
    assert 'name="confirmed.smiley_not_allowed" required' in page
    assert 'name="override.forbidden_word" required' in page
    bare = await person.send(f"/replies/{draft['id']}/approve", **shown)
    assert bare.status_code == 409
    reasons = {"confirmed.smiley_not_allowed": "on", "override.forbidden_word": "de klant vroeg erom"}
    done = await person.send(f"/replies/{draft['id']}/approve", **shown, **reasons)
    assert done.status_code == 303, done.text
    found = await around.get(draft["id"])
    assert (found["state"] in ("approved", "sending", "sent"), found["approver"]) == (True, "mk")
    assert "overridden" in [entry["what"] for entry in found["history"]]


async def test_an_approval_holds_for_the_text_that_the_page_showed(fours: Around) -> None:
    case, _ = await begun(fours)
    draft = await fours.write(case, "Hoi Sanne, ik kijk ^gs")
    await fours.submit(draft["id"])
    person = await AtDesk(fours, "lead", "mk").log_in()
    page = (await person.get(f"/replies/{draft['id']}")).text
    await fours.call("PUT", f"/replies/{draft['id']}", json={"text": "Hoi Sanne, iets anders ^gs"})
    await fours.submit(draft["id"])
    now = str((await fours.get(draft["id"]))["version"])
    old = await person.send(f"/replies/{draft['id']}/approve", version=field(page, "version"), digest=field(page, "digest"))
    assert old.status_code == 412
    forged = await person.send(f"/replies/{draft['id']}/approve", version=now, digest=field(page, "digest"))
    assert forged.status_code == 409
    assert (await fours.get(draft["id"]))["state"] == "submitted"


async def test_sent_back_with_a_note_it_is_in_its_writers_queue_until_submitted_again(fours: Around) -> None:
    case, _ = await begun(fours)
    draft = await fours.write(case, "Hoi Sanne, ik kijk ^gs")
    writer, lead = await AtDesk(fours).log_in(), await AtDesk(fours, "lead", "mk").log_in()
    assert (await writer.send(f"/replies/{draft['id']}/submit", version="1", text="Hoi Sanne, ik kijk mee ^gs")).status_code == 303

    async def waits() -> bool:
        return draft["id"] in (await lead.get("?tab=approve")).text

    await until(waits, "it waits for the lead")
    assert draft["id"] not in (await writer.get()).text
    page = (await lead.get(f"/replies/{draft['id']}")).text
    back = await lead.send(f"/replies/{draft['id']}/return", version=field(page, "version"), note="noem een tijd")
    assert back.status_code == 303
    assert "noem een tijd" in (await writer.get("?tab=returned")).text
    page = (await writer.get(f"/replies/{draft['id']}")).text
    assert "noem een tijd" in page
    await writer.send(f"/replies/{draft['id']}/submit", version=field(page, "version"), text="Hoi Sanne, voor 17.00 uur ^gs")
    assert draft["id"] not in (await writer.get("?tab=returned")).text


async def test_a_case_without_a_script_is_begun_once(fours: Around) -> None:
    case = case_of(mention(fours.brand, "b"), labels=["factuur"])
    await fours.case(opened(case), 1)
    await fours.settled()
    person = await AtDesk(fours).log_in()
    assert f"/cases/{case.id}" in (await person.get()).text
    first, second = [await person.send(f"/cases/{case.id}/replies") for _ in range(2)]
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert f"/cases/{case.id}" not in (await person.get()).text


# --- what is shown -------------------------------------------------------------------------------------------------------------------


async def test_the_conversation_has_what_the_customer_wrote_what_we_sent_and_what_colleagues_said(desk: Around) -> None:
    first, second = mention(desk.brand, "one"), mention(desk.brand, "two")
    second = second.model_copy(update={"text": "en nu ook de tv", "received_at": AT + timedelta(hours=1)})
    case = case_of(first)
    await desk.case(opened(case), 1)
    await desk.keep_leasing()
    await desk.settled()
    sent = await desk.approved(case, "Hoi Sanne, ik kijk ^gs")
    await desk.becomes(sent, "sent")
    both = case_of(first, second, id=case.id, owner="gs", version=2)
    await desk.case(CaseJoined(brand=desk.brand, case=both, at=AT, mention_id=second.id), 2)
    note_id = deterministic_id(desk.brand, "n1")
    await desk.case(CaseNoted(brand=desk.brand, case=both, at=AT, actor="mk", note_id=note_id, note="modem is van 2019"), 3)
    await desk.settled()
    person = await AtDesk(desk).log_in()
    page = (await person.get(f"/cases/{case.id}")).text
    for words in ("mijn internet ligt eruit", "en nu ook de tv", "Hoi Sanne, ik kijk ^gs", "modem is van 2019"):
        assert words in page, words
    await desk.case(CaseNoteDeleted(brand=desk.brand, case=both, at=AT, note_id=note_id), 4)
    await desk.case(CaseLeft(brand=desk.brand, case=case, at=AT, mention_id=second.id, why="removed"), 5)
    await desk.settled()
    page = (await person.get(f"/cases/{case.id}")).text
    assert "modem is van 2019" not in page
    assert "en nu ook de tv" not in page
    await desk.case(CaseClosed(brand=desk.brand, case=case.model_copy(update={"state": "closed"}), at=AT), 6)
    await desk.settled()
    assert (
        await desk.db.fetchval(
            "select (select count(*) from case_message where brand = $1) + (select count(*) from case_step where brand = $1)", desk.brand
        )
        == 0
    )


async def test_a_spokesperson_sees_no_personal_data_of_private_messages(desk: Around) -> None:
    mail = mention(desk.brand, "mail", channel="email").model_copy(update={"text": "bel me op 06 12345678, alvast dank"})
    case = case_of(mail)
    await desk.case(opened(case), 1)
    await desk.settled()
    for role, subject, sees in (("spokesperson", "sp", False), ("agent", "gs", True)):
        person = await AtDesk(desk, role, subject).log_in()
        page = (await person.get(f"/cases/{case.id}")).text
        assert ("06 12345678" in page) is sees, role
        assert "alvast dank" in page


async def test_the_queue_has_the_clock_that_runs_out_first_at_the_top_and_pages_without_a_gap(desk: Around) -> None:
    cases = []
    for n in range(53):
        clocks = [Clock(kind="reaction", started_at=AT, due_at=AT + timedelta(minutes=(n * 7) % 53))] if n else []
        cases.append(case_of(mention(desk.brand, f"m{n}"), clocks=clocks, labels=["factuur"]))
    await asyncio.gather(*(desk.case(opened(case), 1) for case in cases))
    await desk.settled()
    person = await AtDesk(desk).log_in()
    seen: list[str] = []
    path: str | None = ""
    while path is not None:
        page = (await person.get(path)).text
        seen += re.findall(r'class="row" href="[^"]*/cases/([0-9a-f-]{36})', page)
        following = re.search(r'href="(\?[^"]+)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else None
    ordered = sorted(cases[1:], key=lambda case: (case.clocks[0].due_at, case.id))
    assert seen == [str(case.id) for case in [*ordered, cases[0]]]
    assert (await person.get("?cursor=x")).status_code == 400


async def test_words_are_dutch_or_english_as_the_browser_asks_or_the_person_chose(fours: Around) -> None:
    person = await AtDesk(fours).log_in()
    assert '<html lang="en">' in (await person.get()).text
    dutch = {"accept-language": "fr, nl-BE;q=0.9, en;q=0.1"}
    assert '<html lang="nl">' in (await person.get(headers=dutch)).text
    form = {"proof": await person.proof(), "language": "nl", "back": f"/desk/brands/{fours.brand}"}
    answer = await person.client.post("/desk/language", data=form, headers=OURS)
    assert answer.headers["location"] == f"/desk/brands/{fours.brand}"
    assert '<html lang="nl">' in (await person.get()).text


async def test_behind_a_proxy_that_puts_all_services_behind_one_host_every_address_begins_with_the_services_name(fours: Around) -> None:
    person = AtDesk(fours)
    answer = await person.client.post("/responder/desk/log-in", data={"token": person.token}, headers=OURS)
    assert answer.headers["location"] == "/responder/desk"
    assert "Path=/responder/desk" in answer.headers["set-cookie"]
    page: httpx.Response = await person.client.get(f"/responder/desk/brands/{fours.brand}")
    assert page.status_code == 200
    assert not re.findall(r'(?:href|src|action)="/desk', page.text)
