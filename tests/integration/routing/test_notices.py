"""People are told once, by the way they chose, and what may not have arrived is said to be so."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from libs.common import db
from services.routing import notice, notice_attempts, notifier
from services.routing.links import Links
from services.routing.notifier import Notifier
from tests.fakes.hooks import serving
from tests.integration.routing.access_world import world_of
from tests.integration.routing.notices_world import KEY, SUBJECT, WAYS, Telling, link, telling_of, told, way
from tests.mail_server import MailServer
from tests.waiting import until


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def telling(shared_pool: db.Pool, tmp_path: Path, mail_server: MailServer) -> AsyncIterator[Telling]:
    await shared_pool.execute("truncate notice, notification, link_use, idempotency_key")
    async with serving() as hooks:
        yield await telling_of(shared_pool, tmp_path, mail_server, hooks)


def arrived(telling: Telling, kind: str) -> int:
    return len(telling.mail.received) if kind == "email" else len(telling.hooks.of(kind))


def answer(telling: Telling, kind: str, *answers: Any) -> None:
    """Of the server behind a way: `later`, `never`, `drop`, `hang`, `well`."""
    mail = {"later": "451 later", "never": "554 no", "drop": "drop", "hang": "hang 250 OK", "well": "250 OK"}
    hook = {"later": 503, "never": 404, "drop": "drop", "hang": "hang", "well": 200}
    if kind == "email":
        telling.mail.answers = [mail[one] for one in answers]
    else:
        telling.hooks.answers[f"/{kind}/"] = [hook[one] for one in answers]


# --- every way, one suite -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WAYS)
class TestEveryWay:
    async def test_what_was_added_arrives_once_however_often_it_is_added(self, telling: Telling, kind: str) -> None:
        mine = told(kind, links=(link(),))
        await telling.tell(mine, mine)
        await telling.tell(mine)
        assert arrived(telling, kind) == 1
        row = await telling.row(mine.id)
        assert (row["state"], row["attempts"], row["error"]) == ("sent", 1, None)
        assert row["ended_at"] is not None

    async def test_what_is_refused_for_now_is_tried_again(self, telling: Telling, kind: str) -> None:
        answer(telling, kind, "later", "well")
        sender = telling.notifier()
        await telling.tell(told(kind), notifier=sender)
        await until(lambda: _drained(telling, sender), "nothing is due any more", 10)
        assert (await telling.row(told(kind).id))["attempts"] == 2
        assert arrived(telling, kind) == 2

    async def test_what_is_refused_for_good_has_failed_and_the_leads_hear_of_it(self, telling: Telling, kind: str) -> None:
        answer(telling, kind, "never")
        await telling.tell(told(kind))
        row = await telling.row(told(kind).id)
        assert (row["state"], row["attempts"]) == ("failed", 1)
        assert "refused for good" in row["error"]
        [listed] = await telling.pool.fetch("select * from notification where brand = 'vaart'")
        assert (listed["member"], listed["notice_id"], listed["what"]) == ("mk", row["id"], "notice to mk failed")

    async def test_what_was_written_and_not_answered_is_unconfirmed_and_never_sent_again_by_itself(
        self, telling: Telling, kind: str
    ) -> None:
        answer(telling, kind, "drop", "well")
        sender = telling.notifier()
        await telling.tell(told(kind), notifier=sender)
        assert (await telling.row(told(kind).id))["state"] == "unconfirmed"
        await telling.tell(told(kind), notifier=sender)
        await sender.sweep_once()
        assert arrived(telling, kind) == 1
        [listed] = await telling.pool.fetch("select * from notification where brand = 'vaart'")
        assert listed["what"] == "notice to mk unconfirmed"

    async def test_a_person_may_decide_that_it_is_sent_again(self, telling: Telling, kind: str) -> None:
        answer(telling, kind, "drop", "well")
        await telling.tell(told(kind))
        assert await notice.resend(telling.pool, "vaart", told(kind).id, "mk") is not None
        assert await notice.resend(telling.pool, "vaart", told(kind).id, "mk") is None
        await telling.tell()
        row = await telling.row(told(kind).id)
        assert (row["state"], row["resent_by"], arrived(telling, kind)) == ("sent", "mk", 2)

    async def test_nothing_leaves_while_the_book_is_a_pilot(self, telling: Telling, kind: str) -> None:
        await telling.publish(2, pilot=True)
        await telling.tell(told(kind))
        assert (await telling.row(told(kind).id))["state"] == "sandbox"
        assert arrived(telling, kind) == 0

    async def test_it_gives_up_after_so_many_attempts(self, telling: Telling, kind: str) -> None:
        answer(telling, kind, "later")
        sender = telling.notifier(notice_attempts=3)
        await telling.tell(told(kind), notifier=sender)
        await until(lambda: _drained(telling, sender), "nothing is due any more", 10)
        row = await telling.row(told(kind).id)
        assert (row["state"], row["attempts"]) == ("failed", 3)
        assert "refused for now" in row["error"]

    async def test_a_server_that_is_not_there_is_asked_again_and_nothing_was_told(self, telling: Telling, kind: str) -> None:
        telling.mail.stop()
        telling.secret(kind, "http://127.0.0.1:1/nobody")
        await telling.tell(told(kind), notifier=telling.notifier(notice_retry_s=600))
        row = await telling.row(told(kind).id)
        assert (row["state"], row["transmitting"], row["attempts"]) == ("due", False, 1)
        assert "it refuses the connection" in row["error"]

    async def test_a_stopped_process_that_had_not_begun_leaves_its_notice_to_another(self, telling: Telling, kind: str) -> None:
        await telling.add(told(kind))
        await _claimed(telling)
        await telling.pool.execute("update notice set claimed_at = clock_timestamp() - interval '1 minute'")
        other = telling.notifier()
        assert await other.sweep_once() == 1
        await telling.tell(notifier=other)
        assert (await telling.row(told(kind).id))["state"] == "sent"
        assert arrived(telling, kind) == 1

    async def test_a_stopped_process_that_was_transmitting_leaves_it_unconfirmed(self, telling: Telling, kind: str) -> None:
        await telling.add(told(kind))
        attempt = await _claimed(telling)
        async with telling.pool.acquire() as connection:
            assert await notice_attempts.begin_transmitting(connection, attempt, "x")
            assert not await notice_attempts.begin_transmitting(connection, attempt, "x"), "one attempt writes once"
        await telling.pool.execute("update notice set claimed_at = clock_timestamp() - interval '1 minute'")
        other = telling.notifier()
        assert await other.sweep_once() == 1
        await telling.tell(notifier=other)
        assert (await telling.row(told(kind).id))["state"] == "unconfirmed"
        assert arrived(telling, kind) == 0

    async def test_nobody_outside_the_operators_networks_and_the_public_one_is_dialled(self, telling: Telling, kind: str) -> None:
        await telling.tell(told(kind), notifier=telling.notifier(mail_networks="", webhook_networks=""))
        row = await telling.row(told(kind).id)
        assert row["state"] == "failed"
        assert "is not in the public network" in row["error"]
        assert str(telling.hooks.port) not in row["error"], "an address is a secret"
        assert arrived(telling, kind) == 0


async def _drained(telling: Telling, sender: Notifier) -> bool:
    await sender.claim()
    await sender.idle()
    return "due" not in (await telling.states()).values()


async def _claimed(telling: Telling) -> notice_attempts.Attempt:
    async with telling.pool.acquire() as connection, connection.transaction():
        [attempt] = await notice_attempts.claim(connection, by="gone", brands=["vaart"], busy={}, lane_room=24, limit=10)
    return attempt


# --- what they say ------------------------------------------------------------------------------------------------------------------------


async def test_a_mail_says_it_in_plain_text_and_in_html_and_answers_to_whom_it_should(telling: Telling) -> None:
    mine = told(links=(link("Bekijk"),), reply_to="antwoord@vaart.example", title="Er is iets\r\nBcc: x@y.example")
    await telling.tell(mine)
    [mail] = telling.mail.mails()
    assert mail["Subject"] == "Er is iets Bcc: x@y.example"
    assert mail["Bcc"] is None
    assert (mail["To"], mail["Reply-To"]) == ("sanne@vaart.example", "antwoord@vaart.example")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<notice-{mine.id}@vaart.example>"
    plain, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "Regel twee & <b>meer</b>." in plain
    assert "https://care.example/routing/v1/links/" in plain
    assert "Regel twee &amp; &lt;b&gt;meer&lt;/b&gt;." in page
    address = next(word for word in plain.split() if word.startswith("https://"))
    click = Links([KEY], "").read(address.rpartition("/")[2])
    assert (click.brand, click.purpose, click.subject, click.member) == ("vaart", "test", SUBJECT, "mk")


async def test_a_webhook_is_signed_and_carries_the_notices_id(telling: Telling) -> None:
    mine = told("webhook", links=(link("Bekijk"),))
    await telling.tell(mine)
    [request] = telling.hooks.of("webhook")
    assert request.headers["webhook-id"] == str(mine.id) == request.json["data"]["id"]
    assert request.json["type"] == "weerklank.notice.v1"
    assert request.json["data"]["links"][0]["label"] == "Bekijk"
    assert (request.json["data"]["about"], request.json["data"]["to"]) == ("case", "mk")


@pytest.mark.parametrize(
    ("secret", "error"),
    [(None, "has no secret"), ("whsec_@@@", "is no secret to sign with"), ("kort", "is no secret to sign with")],
)
async def test_a_webhook_that_cannot_be_signed_is_not_sent(telling: Telling, secret: str | None, error: str) -> None:
    mine = way("webhook") if secret else way("webhook").model_copy(update={"secret": None})
    if secret:
        telling.secret("sign", secret)
    await telling.tell(told("webhook", way=mine))
    [row] = await telling.rows()
    assert row["state"] == "failed"
    assert error in row["error"]
    assert telling.hooks.received == []


async def test_a_secret_that_is_not_set_yet_is_asked_for_again(telling: Telling) -> None:
    await telling.tell(told("slack", way=way("slack", "-anders")), notifier=telling.notifier(notice_retry_s=600))
    [row] = await telling.rows()
    assert (row["state"], row["error"]) == ("due", "The secret file:vaart-slack-anders is not set.")


async def test_a_secret_of_another_brand_is_refused(telling: Telling) -> None:
    await telling.publish(2)
    foreign = way("slack").model_copy(update={"slack": "file:noord-slack"})
    await telling.tell(told("slack", way=foreign))
    [row] = await telling.rows()
    assert row["state"] == "failed"
    assert "is not one of this brand" in row["error"]


@pytest.mark.parametrize("kind", ["slack", "mattermost", "teams"])
async def test_a_chat_takes_the_longest_text_and_what_a_stranger_wrote_calls_nobody_together(telling: Telling, kind: str) -> None:
    mine = told(
        kind, title="<!channel> " + "t" * 400, text="@channel @here <@U1> [x](http://y) **vet** é" * 3000, links=(link("k" * 100),) * 3
    )
    await telling.tell(mine)
    [row] = await telling.rows()
    assert (row["state"], row["error"]) == ("sent", None)
    [request] = telling.hooks.of(kind)
    written = request.body.decode()
    if kind == "slack":
        assert {block["text"]["type"] for block in request.json["blocks"] if "text" in block} == {"plain_text"}
        assert "<!channel>" not in request.json["text"]
    elif kind == "mattermost":
        assert "@channel" not in written
        assert "@here" not in written
        assert "[x](http" not in request.json["attachments"][0]["text"]
    else:
        assert '"TextBlock"' not in written, "a TextBlock reads Markdown"


@pytest.mark.parametrize(
    ("status", "state", "attempts"),
    [
        (200, "sent", 1),
        (202, "sent", 1),
        (301, "failed", 1),
        (400, "failed", 1),
        (410, "failed", 1),
        (502, "unconfirmed", 1),
        (504, "unconfirmed", 1),
    ],
)
async def test_an_answer_means_what_its_number_says(telling: Telling, status: int, state: str, attempts: int) -> None:
    telling.hooks.answers["/slack/"] = [status]
    await telling.tell(told("slack"))
    [row] = await telling.rows()
    assert (row["state"], row["attempts"]) == (state, attempts)


async def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(telling: Telling) -> None:
    telling.hooks.answers["/slack/"] = [(429, {"Retry-After": "120"})]
    await telling.tell(told("slack"))
    left_s = await telling.pool.fetchval("select extract(epoch from next_at - moment()) from notice where brand = 'vaart'")
    assert 110 < left_s <= 120


@pytest.mark.parametrize(
    ("address", "networks", "error"),
    [
        ("ftp://127.0.0.1/x", "127.0.0.0/8", "is no http or https address"),
        ("http://user:pass@127.0.0.1/x", "127.0.0.0/8", "is no http or https address"),
        ("http://127.0.0.1/x\r\nHost: y", "127.0.0.0/8", "is no http or https address"),
        ("http://[::ffff:127.0.0.1]/x", "", "is not in the public network"),
        ("http://2130706433/x", "", "is not in the public network"),
        ("https://169.254.169.254/latest", "127.0.0.0/8", "is not in the public network"),
    ],
)
async def test_an_address_that_is_none_or_stands_inside_is_not_dialled(telling: Telling, address: str, networks: str, error: str) -> None:
    telling.secret("slack", address)
    await telling.tell(told("slack"), notifier=telling.notifier(webhook_networks=networks))
    [row] = await telling.rows()
    assert row["state"] == "failed"
    assert error in row["error"]


# --- many at once -------------------------------------------------------------------------------------------------------------------------


async def test_all_are_told_at_the_same_moment_and_a_slow_server_holds_nobody_up(telling: Telling) -> None:
    telling.secret("slack-traag", telling.hooks.url("slack", "traag"))
    telling.hooks.answers["/slack/traag"] = ["hang"]
    slow = [told("slack", f"traag {n}", way=way("slack", "-traag")) for n in range(60)]
    quick = [told(kind, f"vlug {n}") for n in range(8) for kind in WAYS]
    await telling.add(*slow)
    await telling.add(*quick)
    sender = telling.notifier(notice_answer_timeout_s=20.0)
    running = asyncio.create_task(sender.run())
    try:
        await until(lambda: _all_sent(telling, {one.id for one in quick}), "all are told", 10)
        assert telling.hooks.hanging == 24, "so many of one server, and no more"
        telling.hooks.answers["/slack/traag"] = [200]
        telling.hooks.release.set()
        await until(lambda: _all_sent(telling, {one.id for one in slow}), "all are told", 10)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(telling.hooks.received) + len(telling.mail.received) == 100


async def _all_sent(telling: Telling, ids: set[Any]) -> bool:
    states = await telling.states()
    return all(states[one] == "sent" for one in ids)


async def test_several_instances_tell_everybody_once(telling: Telling) -> None:
    mine = [told(kind, f"nummer {n}") for n in range(40) for kind in ("webhook", "email")]
    await telling.add(*mine)
    instances = [telling.notifier(instance=str(n)) for n in range(3)]
    running = [asyncio.create_task(sender.run()) for sender in instances]
    try:
        await until(lambda: _all_sent(telling, {one.id for one in mine}), "all are told", 20)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert len({request.headers["webhook-id"] for request in telling.hooks.of("webhook")}) == len(telling.hooks.of("webhook")) == 40
    assert len(telling.mail.received) == 40


async def test_nothing_is_told_of_what_was_not_committed(telling: Telling) -> None:
    async with telling.pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await notice.add(connection, [told()], await connection.fetchval("select moment()"))
        await undone.rollback()
    await telling.tell()
    assert telling.mail.received == []


async def test_an_answer_that_comes_after_the_sweep_is_believed(telling: Telling) -> None:
    telling.hooks.answers["/slack/"] = ["hang"]
    sender = telling.notifier(notice_answer_timeout_s=20.0)
    await telling.add(told("slack"))
    await sender.claim()
    await until(lambda: telling.hooks.hanging, "the hook was asked", 5)
    await telling.pool.execute("update notice set claimed_at = clock_timestamp() - interval '1 minute'")
    await telling.notifier().sweep_once()
    assert (await telling.row(told("slack").id))["state"] == "unconfirmed"
    telling.hooks.release.set()
    await sender.idle()
    assert (await telling.row(told("slack").id))["state"] == "sent"


async def test_whoever_leads_sees_what_did_not_arrive_and_has_it_sent_again(telling: Telling) -> None:
    world = world_of(telling.pool, telling.folder / "keys")
    answer(telling, "slack", "drop", "well")
    await telling.tell(told("slack"), told("email"))
    page = await world.call("GET", "/v1/brands/vaart/notices", world.token("agent"), params={"state": "unconfirmed"})
    [item] = page.json()["items"]
    assert (item["id"], item["way"], item["to"]) == (str(told("slack").id), "slack", "mk")
    assert "vaart-slack" not in page.text, "not even the reference"
    path = f"/v1/brands/vaart/notices/{item['id']}/resend"
    assert (await world.call("POST", path, world.token("agent"))).status_code == 403
    assert (await world.call("POST", path.replace("vaart", "noord"), world.token("lead", brands=("noord",)))).status_code == 404
    key = {"idempotency-key": "nog-een-keer"}
    again = [await world.call("POST", path, world.token("lead"), headers=key) for _ in range(2)]
    assert [(found.status_code, found.json()["state"]) for found in again] == [(201, "due"), (201, "due")]
    assert (await world.call("POST", path, world.token("lead"))).status_code == 409
    await telling.tell()
    assert (await telling.row(told("slack").id))["state"] == "sent"


# --- metrics ------------------------------------------------------------------------------------------------------------------------------


def ended() -> dict[str, float]:
    """How many notices of the brand came to each end so far."""
    found = {one: REGISTRY.get_sample_value("weerklank_notices_total", {"brand": "vaart", "outcome": one}) for one in notifier.OUTCOMES}
    return {outcome: number or 0 for outcome, number in found.items()}


async def test_each_end_of_a_notice_is_counted_once_and_what_waits_shows_its_age(telling: Telling) -> None:
    before = ended()
    await telling.pool.execute(
        "insert into brand_book (brand, version, source, book, published_at, published_by) values ('vaart', 1, '', '{}', now(), 'test')"
    )
    answer(telling, "webhook", "never", "drop", "well")
    sender = telling.notifier(notice_lane_slots=1)
    for number in range(3):
        await telling.tell(told("webhook", f"nummer {number}"), notifier=sender)
    killed, late = told("webhook", "onderbroken"), told("webhook", "later")
    await telling.add(killed, late)
    await telling.pool.execute(
        "update notice set state = 'sending', transmitting = true, claimed_at = now() - interval '1 hour', attempt_id = gen_random_uuid() "
        "where id = $1",
        killed.id,
    )
    await telling.pool.execute("update notice set created_at = moment() - interval '90 seconds' where id = $1", late.id)
    async with telling.pool.acquire() as connection:
        await notifier.refresh_gauges(connection)
    waiting = {
        state: REGISTRY.get_sample_value("weerklank_notices_waiting", {"brand": "vaart", "state": state}) for state in ("due", "sending")
    }
    assert waiting == {"due": 1, "sending": 1}
    age_s = REGISTRY.get_sample_value("weerklank_notices_oldest_seconds", {"brand": "vaart"})
    assert age_s is not None
    assert 90 <= age_s < 120
    await sender.sweep_once()
    await telling.tell(notifier=sender)
    now = ended()
    assert {outcome: now[outcome] - before[outcome] for outcome in now} == {"sent": 2, "unconfirmed": 2, "failed": 1, "sandbox": 0}
    async with telling.pool.acquire() as connection:
        await notifier.refresh_gauges(connection)
    assert REGISTRY.get_sample_value("weerklank_notices_oldest_seconds", {"brand": "vaart"}) == 0
