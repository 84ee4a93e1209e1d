"""What leaves, and what does not: the lease, holds, mail servers that refuse or vanish, crashes, and several senders at once."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import BrandBook
from libs.common.case_events import CaseJoined
from libs.common.outbox import Relay
from libs.common.topics import REPLIES, brand_partitions
from services.responder import attempts
from services.responder.sender import Sender
from tests.integration.responder.conftest import AT, Around, brand_book, case_of, in_reach, mention, opened, real
from tests.mail_server import MailServer, text_of
from tests.stack import environment
from tests.waiting import until

ROOT = Path(__file__).parents[3]
TEXT = "Hoi Sanne,\n\nIk kijk er meteen naar: vóór 18.00 uur hoor je meer.\n.punt\n\nGroet,\nGuus"


async def mail_case(around: Around, name: str = "sanne") -> Any:
    case = case_of(mention(around.brand, name, "email"))
    await around.case(opened(case), 1)
    await around.settled()
    return case


async def with_mail(around: Around, server: MailServer, **settings: Any) -> Around:
    await around.publish(**real(server))
    await around.start(**in_reach(server), **settings)
    return around


def marker_of(reply: dict[str, Any]) -> str:
    """What the other side knows it by: the same for the same text, and another after an edit."""
    return str(uuid5(UUID(reply["id"]), reply["digest"]))


async def told(around: Around, count: int) -> list[tuple[str, int, str]]:
    """(case, version, type) of the first `count` reply events of this brand in the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=around.kafka, enable_auto_commit=False)
    found: list[tuple[str, int, str]] = []
    async with consumer:
        consumer.assign([TopicPartition(REPLIES.name, number) for number in brand_partitions(around.brand)])
        await consumer.seek_to_beginning()
        async with asyncio.timeout(20):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        headers = {name: value.decode() for name, value in record.headers}
                        if around.brand.encode() in record.value:
                            kind = headers["ce_type"].removeprefix("weerklank.reply.").removesuffix(".v1")
                            found.append((record.key.decode(), int(headers["ce_entityversion"]), kind))
    return found


async def test_in_a_pilot_an_approved_reply_reaches_the_sandbox_once_and_every_step_is_told(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    await desk.keep_leasing()
    reply_id = await desk.approved(case, "Hoi Sanne, ik kijk ernaar. ^gs")
    sent = await desk.becomes(reply_id, "sent")
    assert (sent["sandbox"], sent["external_id"]) == (True, f"sandbox:{reply_id}")
    page = (await desk.call("GET", "/sandbox")).json()
    assert [(item["reply_id"], item["text"]) for item in page["items"]] == [(reply_id, "Hoi Sanne, ik kijk ernaar. ^gs")]
    assert [line["what"] for line in sent["history"]] == ["drafted", "submitted", "approved", "sending", "sent"]
    events = await told(desk, 6)
    mine = [(version, kind) for key, version, kind in events if key == str(case.id)]
    assert mine == [(1, "drafted"), (2, "discarded"), (1, "drafted"), (2, "submitted"), (3, "approved"), (5, "sent")]
    trail = (await desk.call("GET", f"/trace/{case.latest.id if case.latest else ''}", role="analyst")).json()
    assert trail["case_ids"] == [str(case.id)]
    assert [step["what"] for step in trail["steps"] if step["detail"].get("reply_id") == reply_id][-1] == "reply sent"
    assert {step["trace_id"] for step in trail["steps"]} == {"ab" * 16}


async def test_a_mail_that_postgres_did_not_let_begin_is_no_attempt_and_leaves_later(
    around: Around, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, answers = attempts.begin_transmitting, iter([TimeoutError()])

    async def once_silent(*given: Any, **more: Any) -> bool:
        begun = await begin(*given, **more)
        for error in answers:
            raise error
        return begun

    monkeypatch.setattr(attempts, "begin_transmitting", once_silent)
    desk = await with_mail(around, mail_server)
    case = await mail_case(desk)
    await desk.keep_leasing()
    found = await desk.becomes(await desk.approved(case, TEXT), "sent")
    assert [line["what"] for line in found["history"]][3:] == ["sending", "given_back", "sending", "sent"]
    assert (found["attempts"], len(mail_server.received)) == (1, 1)


async def test_an_approved_mail_arrives_once_in_the_customers_thread(around: Around, mail_server: MailServer) -> None:
    desk = await with_mail(around, mail_server)
    case = await mail_case(desk)
    await desk.keep_leasing()
    reply_id = await desk.approved(case, TEXT)
    sent = await desk.becomes(reply_id, "sent")
    [mail] = mail_server.mails()
    assert mail["Message-ID"] == f"<{marker_of(sent)}@vaart.example>"
    assert sent["external_id"] == f"{marker_of(sent)}@vaart.example", "as the customer's answer will name it"
    assert (mail["To"], mail["From"], mail["Subject"]) == ("sanne@klant.example", "Vaart <klant@vaart.example>", "Re: Mijn internet")
    assert mail["In-Reply-To"] == "<sanne$@klant.example>"
    assert mail["References"] == "<first-sanne@klant.example> <sanne$@klant.example>"
    assert mail["Date"]
    assert text_of(mail) == TEXT
    assert (await desk.call("GET", "/sandbox")).json()["items"] == []


async def test_without_a_lease_nothing_leaves_and_the_reply_says_so(around: Around, mail_server: MailServer) -> None:
    desk = await with_mail(around, mail_server, lease_s=0.8)
    case = await mail_case(desk)
    reply_id = await desk.approved(case, TEXT)
    assert (await desk.get(reply_id))["waiting"] == ["No sending lease of this brand has been seen yet."]
    await desk.keep_leasing()
    await desk.becomes(reply_id, "sent")
    await desk.stop_leasing()

    async def stale() -> bool:
        return bool(
            await desk.db.fetchval("select renewed_at < clock_timestamp() - interval '0.8 s' from brand_lease where brand = $1", desk.brand)
        )

    await desk.settled()
    await until(stale, "the lease is stale")
    second = await desk.approved(case, TEXT, despite_reply=reply_id)
    assert "routing does not renew it" in (await desk.get(second))["waiting"][0]
    # The sender looks twenty times a second: a claim in spite of the lease would show in the history.
    lines = [line["what"] for line in (await desk.get(second))["history"]]
    assert lines == ["drafted", "submitted", "approved"]
    assert len(mail_server.received) == 1
    await desk.keep_leasing()
    await desk.becomes(second, "sent")


async def test_while_held_nothing_leaves_and_an_old_lease_does_not_lift_the_hold(around: Around, mail_server: MailServer) -> None:
    desk = await with_mail(around, mail_server)
    case = await mail_case(desk)
    await desk.hold("storing in Utrecht")
    await desk.settled()
    reply_id = await desk.approved(case, TEXT)
    desk.held, desk.hold_version = False, 1
    await desk.lease()
    await desk.settled()
    found = await desk.get(reply_id)
    assert found["state"] == "approved"
    assert found["waiting"][0] == "Sending is held: storing in Utrecht."
    desk.hold_version = 3
    await desk.keep_leasing()
    await desk.becomes(reply_id, "sent")
    assert len(mail_server.received) == 1


async def test_what_was_approved_before_the_customer_wrote_again_does_not_leave_after_a_hold(
    around: Around, mail_server: MailServer
) -> None:
    desk = await with_mail(around, mail_server)
    await desk.hold("storing in Utrecht")
    case = await mail_case(desk)
    reply_id = await desk.approved(case, TEXT)
    again = mention(desk.brand, "sanne-2", "email")
    both = case_of(mention(desk.brand, "sanne", "email"), again, id=case.id)
    await desk.case(CaseJoined(brand=desk.brand, case=both, at=AT, mention_id=again.id), 2)
    found = await desk.becomes(reply_id, "submitted")
    assert (found["approved_at"], found["approver"]) == (None, None)
    assert found["history"][-1]["detail"] == {"why": "a newer message has come in since it was approved", "newest": str(again.id)}
    desk.held, desk.hold_version = False, 3
    await desk.keep_leasing()
    other = await desk.approved(case, TEXT)
    await desk.becomes(other, "sent")
    assert [mail["Message-ID"] for mail in mail_server.mails()] == [f"<{marker_of(await desk.get(other))}@vaart.example>"]
    body = {"digest": found["digest"], "despite": str(again.id)}
    assert (await desk.call("POST", f"/replies/{reply_id}/approve", json=body)).status_code == 200
    await desk.becomes(reply_id, "sent")


async def test_practice_that_was_held_until_the_brand_is_live_reaches_no_customer(around: Around, mail_server: MailServer) -> None:
    live = real(mail_server)
    await around.publish(**live | {"pilot": True})
    await around.start(**in_reach(mail_server))
    case = await mail_case(around)
    reply_id = await around.approved(case, TEXT)
    assert (await around.get(reply_id))["sandbox"]
    await around.publish(2, **live)
    await around.keep_leasing()
    found = await around.becomes(reply_id, "submitted")
    assert (found["sandbox"], found["approver"]) == (False, None)
    assert found["history"][-1]["detail"] == {"why": "it was approved for the sandbox, and the brand book says pilot: false"}
    assert (await around.approve(reply_id, found["digest"])).status_code == 200
    await around.becomes(reply_id, "sent")
    assert (len(mail_server.received), (await around.call("GET", "/sandbox")).json()["items"]) == (1, [])


async def test_a_message_between_claim_and_data_stops_the_mail(around: Around, mail_server: MailServer) -> None:
    desk = await with_mail(around, mail_server)
    case = await mail_case(desk)
    again = mention(desk.brand, "sanne-2", "email")
    both = case_of(mention(desk.brand, "sanne", "email"), again, id=case.id)
    loop = asyncio.get_running_loop()

    async def joined() -> None:
        await desk.case(CaseJoined(brand=desk.brand, case=both, at=AT, mention_id=again.id), 2)
        await desk.settled()

    async def join_at_rcpt(*_: Any) -> str:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(joined(), loop))
        return "250 OK"

    mail_server.handle_RCPT = join_at_rcpt  # type: ignore[method-assign,assignment]
    await desk.keep_leasing()
    reply_id = await desk.approved(case, TEXT)
    found = await desk.becomes(reply_id, "submitted")
    assert [line["what"] for line in found["history"]][-2:] == ["sending", "put_back"]
    assert mail_server.received == []


async def test_a_hold_between_claim_and_data_stops_the_mail(around: Around, mail_server: MailServer) -> None:
    """The lease is looked at again when the server has taken the recipient, before anything is written."""
    desk = await with_mail(around, mail_server)
    case = await mail_case(desk)

    async def hold_at_rcpt(*_: Any) -> str:
        connection = await asyncpg.connect(desk.database_url)
        await connection.execute("update brand_lease set held = true, hold_version = 9")
        await connection.close()
        return "250 OK"

    mail_server.handle_RCPT = hold_at_rcpt  # type: ignore[method-assign,assignment]
    await desk.keep_leasing()
    reply_id = await desk.approved(case, TEXT)

    async def given_back() -> bool:
        return "given_back" in [line["what"] for line in (await desk.get(reply_id))["history"]]

    await until(given_back, "the claim is given back")
    found = await desk.get(reply_id)
    assert (found["state"], found["attempts"]) == ("approved", 0)
    assert mail_server.received == []


@pytest.mark.parametrize(
    ("answers", "state", "received", "attempts"),
    [
        (["451 later", "250 OK"], "sent", 2, 2),
        (["rcpt 450 later", "rcpt 450 later", "250 OK"], "sent", 1, 3),
        (["554 no"], "failed", 1, 1),
        (["rcpt 550 unknown"], "failed", 0, 1),
        (["451 later"], "failed", 3, 3),
        (["drop"], "unconfirmed", 1, 1),
    ],
)
async def test_what_the_mail_server_answers_decides(
    around: Around, mail_server: MailServer, answers: list[str], state: str, received: int, attempts: int
) -> None:
    desk = await with_mail(around, mail_server, send_attempts=3)
    mail_server.answers = answers
    case = await mail_case(desk)
    await desk.keep_leasing()
    reply_id = await desk.approved(case, TEXT)
    found = await desk.becomes(reply_id, state)
    assert (len(mail_server.received), found["attempts"]) == (received, attempts)
    assert bool(found["error"]) == (state != "sent")
    assert not [said for said in ("later", "unknown") if said in str(found)], "what the server said stays with it"


@pytest.mark.parametrize(
    ("account", "settings", "why"),
    [
        ({}, {"mail_networks": ""}, "127.0.0.1 is not in the public network"),
        ({"host": "localhost"}, {"mail_networks": ""}, "localhost is not in the public network"),
        ({"host": "127.1"}, {"mail_networks": "10.0.0.0/8"}, "127.1 is not in the public network"),
        ({}, {"mail_ports": ""}, "of 127.0.0.1 is not one for mail"),
        ({"host": "é" * 60 + ".example"}, {}, "none that can be looked up"),
    ],
)
async def test_a_mail_server_out_of_reach_is_not_dialled(
    around: Around, mail_server: MailServer, account: dict[str, Any], settings: dict[str, Any], why: str
) -> None:
    await around.publish(**real(mail_server, **account))
    await around.start(**{**in_reach(mail_server), **settings})
    case = await mail_case(around)
    await around.keep_leasing()
    found = await around.becomes(await around.approved(case, TEXT), "failed")
    assert why in found["error"]
    assert found["attempts"] == 1
    assert mail_server.connections == 0


@pytest.mark.parametrize(
    ("secret", "tls", "why"),
    [
        ("env:WEERKLANK_RESPONDER_DATABASE_URL", "starttls", "env:WEERKLANK_RESPONDER_DATABASE_URL is not one of this brand"),
        ("file:/proc/self/environ", "starttls", "file:/proc/self/environ is not one of this brand"),
        ("env:{brand}_SMTP", False, "a secret is never sent without TLS"),
    ],
)
async def test_no_brand_book_sends_a_secret_of_others_or_its_own_in_the_clear(
    around: Around, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, secret: str, tls: Any, why: str
) -> None:
    own = around.brand.upper().replace("-", "_")
    for name in ("WEERKLANK_RESPONDER_DATABASE_URL", f"{own}_SMTP"):
        monkeypatch.setenv(name, "geheim")
    await around.publish(**real(mail_server, secret=secret.replace("{brand}", own), tls=tls))
    await around.start(**in_reach(mail_server))
    case = await mail_case(around)
    await around.keep_leasing()
    found = await around.becomes(await around.approved(case, TEXT), "failed")
    assert why in found["error"]
    assert "geheim" not in found["error"]
    assert mail_server.attempts == 0


@pytest.mark.parametrize(
    ("channel", "why"),
    [("email", "the brand book has no channel of type smtp"), ("twitter", "replies on twitter cannot be sent from here yet")],
)
async def test_what_a_live_brand_cannot_send_is_not_told_as_sent(around: Around, channel: str, why: str) -> None:
    await around.publish(pilot=False)
    await around.start()
    case = case_of(mention(around.brand, "sanne", channel))
    await around.case(opened(case), 1)
    await around.settled()
    await around.keep_leasing()
    found = await around.becomes(await around.approved(case, TEXT if channel == "email" else "Hoi Sanne, ik kijk ernaar. ^gs"), "failed")
    assert why in found["error"]
    assert (found["sandbox"], found["attempts"]) == (False, 1)
    assert (await around.call("GET", "/sandbox")).json()["items"] == []


async def test_a_mail_server_that_is_not_there_is_tried_again(around: Around, mail_server: MailServer) -> None:
    desk = await with_mail(around, mail_server)
    case = await mail_case(desk)
    mail_server.stop()
    await desk.keep_leasing()
    reply_id = await desk.approved(case, TEXT)

    async def refused() -> bool:
        return int((await desk.get(reply_id))["attempts"]) > 1

    await until(refused, "a second attempt")
    mail_server.start()
    await desk.becomes(reply_id, "sent")
    assert len(mail_server.received) == 1


async def test_a_server_that_thinks_for_long_is_waited_for(around: Around, mail_server: MailServer) -> None:
    """While the sender lives, nobody is asked to look, and a colleague does not send it again."""
    desk = await with_mail(around, mail_server, unconfirmed_after_s=0.6, connect_timeout_s=0.5)
    mail_server.answers = ["hang 250 OK"]
    case = await mail_case(desk)
    await desk.keep_leasing()
    reply_id = await desk.approved(case, TEXT)
    assert await asyncio.to_thread(mail_server.came.wait, 20)
    begun_at = await desk.db.fetchval("select claimed_at from reply where id = $1", reply_id)

    async def renewed() -> bool:
        later = "select claimed_at > $2::timestamptz + interval '1.5 seconds' from reply where id = $1"
        return bool(await desk.db.fetchval(later, reply_id, begun_at))

    await until(renewed, "the claim is renewed for longer than the sweep waits")
    assert (await desk.get(reply_id))["state"] == "sending"
    mail_server.release.set()
    found = await desk.becomes(reply_id, "sent")
    assert [line["what"] for line in found["history"]][-3:] == ["approved", "sending", "sent"]
    assert len(mail_server.received) == 1


@pytest.mark.parametrize(
    ("answers", "state", "what", "received"),
    [
        (["hang 250 OK"], "sent", ["unconfirmed", "sent"], 1),
        (["hang 554 no"], "failed", ["unconfirmed", "failed"], 1),
        (["hang 451 later", "250 OK"], "sent", ["unconfirmed", "refused", "sending", "sent"], 2),
    ],
)
async def test_an_answer_that_comes_late_is_certain(
    around: Around, mail_server: MailServer, answers: list[str], state: str, what: list[str], received: int
) -> None:
    desk = await with_mail(around, mail_server)
    mail_server.answers = answers
    case = await mail_case(desk)
    await desk.keep_leasing()
    reply_id = await desk.approved(case, TEXT)
    assert await asyncio.to_thread(mail_server.came.wait, 20)
    assert desk.app is not None
    async with desk.app.state.service.pool.acquire() as connection, connection.transaction():
        await attempts.sweep(connection, older_than_s=0, attempts=8)
    swept = await desk.get(reply_id)
    assert swept["external_id"] == f"{marker_of(swept)}@vaart.example"
    mail_server.release.set()
    found = await desk.becomes(reply_id, state)
    assert [line["what"] for line in found["history"]][4:] == what
    assert found["external_id"] == (f"{marker_of(found)}@vaart.example" if state == "sent" else None)
    assert len(mail_server.received) == received


async def test_what_a_person_confirms_as_unsent_is_a_draft_again_and_needs_a_new_approval(around: Around, mail_server: MailServer) -> None:
    desk = await with_mail(around, mail_server)
    mail_server.answers = ["drop", "drop", "250 OK"]
    case = await mail_case(desk)
    await desk.keep_leasing()
    first = await desk.approved(case, TEXT)
    second = await desk.approved(case, TEXT, despite_reply=first)
    for reply_id in (first, second):
        await desk.becomes(reply_id, "unconfirmed")
    refused = await desk.call("PUT", f"/replies/{first}", json={"text": "x"})
    assert refused.status_code == 409
    body = {"sent": False, "note": "niet in de outbox van de mailserver"}
    assert (await desk.call("POST", f"/replies/{first}/confirm", json=body, role="trainee", subject="tr")).status_code == 403
    draft = (await desk.call("POST", f"/replies/{first}/confirm", json=body)).json()
    assert (draft["state"], draft["approved_at"], draft["attempts"], draft["external_id"]) == ("draft", None, 0, None)
    assert (await desk.call("POST", f"/replies/{first}/confirm", json=body)).status_code == 409
    seen = (await desk.call("POST", f"/replies/{second}/confirm", json={"sent": True, "note": "gezien"})).json()
    assert (seen["state"], seen["external_id"]) == ("sent", f"{marker_of(seen)}@vaart.example"), "as the customer's answer will name it"
    await desk.submit(first)
    await desk.approve(first, draft["digest"], despite_reply=second)
    await desk.becomes(first, "sent")
    assert len(mail_server.received) == 3


async def test_killed_between_handing_over_and_the_answer_it_is_unconfirmed_and_never_sent_twice(
    around: Around, mail_server: MailServer
) -> None:
    mail_server.answers = ["hang 250 OK", "250 OK"]
    await around.publish(**real(mail_server))
    await around.start(send_slots=1, send_poll_s=9.9, unconfirmed_after_s=60)
    case = await mail_case(around)
    reply_id = await around.approved(case, TEXT)
    await around.stack.aclose()
    await around.keep_leasing()
    settings = {"database_url": around.database_url, "kafka": around.kafka, "jwks": str(around.issuer.jwks), "port": "0"}
    reach = in_reach(mail_server)
    given = environment(**{f"WEERKLANK_RESPONDER_{name.upper()}": value for name, value in (settings | reach).items()})
    process = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-m", "services.responder"], cwd=ROOT, env=given, stdout=subprocess.DEVNULL
    )
    try:
        assert await asyncio.to_thread(mail_server.came.wait, 60), "the mail was handed over"
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
    assert await around.db.fetchval("select state from reply where id = $1", reply_id) == "sending"
    mail_server.release.set()
    await around.start(**reach, unconfirmed_after_s=1.0, connect_timeout_s=0.9)
    found = await around.becomes(reply_id, "unconfirmed")
    assert "interrupted" in found["error"]
    other = await around.approved(case, TEXT, despite_reply=reply_id)
    await around.becomes(other, "sent")
    assert len(mail_server.received) == 2, "the killed one, once, and the other"
    assert (await around.get(reply_id))["state"] == "unconfirmed"


async def test_killed_before_anything_was_handed_over_it_is_sent_by_another(desk: Around) -> None:
    """A claim whose process died before it began to transmit is given to somebody else, and the dead one's attempt can no longer begin."""
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    reply_id = await desk.approved(case, "Hoi Sanne, ik kijk ernaar. ^gs")
    await desk.db.execute(
        "update reply set state = 'sending', version = version + 1, attempts = 1, attempt_id = gen_random_uuid(), claimed_by = 'dead', "
        "claimed_at = now() - interval '1 hour' where id = $1",
        reply_id,
    )
    await desk.stack.aclose()
    await desk.start(unconfirmed_after_s=0.3, connect_timeout_s=0.2)
    await desk.keep_leasing()
    found = await desk.becomes(reply_id, "sent")
    assert [line["what"] for line in found["history"]][3:] == ["given_back", "sending", "sent"]


async def test_two_senders_send_each_of_200_replies_once(around: Around) -> None:
    await around.publish()
    await around.start(send_slots=4)
    assert around.app is not None
    service = around.app.state.service
    cases = [case_of(mention(around.brand, f"klant{number}")) for number in range(200)]
    await asyncio.gather(*(around.case(opened(case), 1) for case in cases))
    await around.settled()
    await around.db.execute("update reply set state = 'submitted' where brand = $1", around.brand)
    await around.db.execute(
        "update reply set state = 'approved', approved_digest = digest, version = 3, automatic = false, approver = 'gs', "
        "approved_at = now(), next_attempt_at = now(), sandbox = true where brand = $1",
        around.brand,
    )
    pool = await db.open_pool(around.database_url, "responder")
    books = BrandBooks(around.kafka, "second")
    books._books[around.brand] = Published(BrandBook.from_json(brand_book(around.brand)), 1)
    books.read.set()
    relay = Relay(around.database_url, "responder", around.kafka)
    second = asyncio.create_task(Sender(pool, books, relay, around.settings(instance="second", send_slots=4)).run())
    await around.keep_leasing()

    async def all_sent() -> bool:
        return bool(await around.db.fetchval("select count(*) = 200 from reply where state = 'sent' and brand = $1", around.brand))

    try:
        await until(all_sent, "200 replies sent", 60)
    finally:
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await pool.close()
    kept = await around.db.fetchrow(
        "select count(*) as rows, count(distinct reply_id) as replies from sandbox_outbox where brand = $1", around.brand
    )
    assert kept is not None
    assert (kept["rows"], kept["replies"]) == (200, 200)
    claims = await around.db.fetchrow(
        "select count(*) as sent, count(distinct reply_id) as replies from reply_history where what = 'sent' and brand = $1", around.brand
    )
    assert claims is not None
    assert (claims["sent"], claims["replies"]) == (200, 200)
    senders = {row["claimed_by"] for row in await around.db.fetch("select distinct claimed_by from reply where brand = $1", around.brand)}
    assert senders == {"responder-0", "responder-second"}, "both had a part in it"
    assert service.problems() == []


async def test_the_waiting_replies_are_a_metric(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    assert desk.app is not None
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app), base_url="http://test") as client:
        text = (await client.get("/metrics")).text
    assert f'weerklank_replies_waiting{{brand="{desk.brand}",state="draft"}} 1.0' in text
