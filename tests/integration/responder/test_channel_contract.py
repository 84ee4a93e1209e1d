"""What every channel that replies leave by has to do, whatever is on the other side; a channel that is added is added to `KINDS`."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from libs.common.outcome import Accepted, NotBegun, Outcome
from services.responder import attempts
from services.responder.account import account_of
from services.responder.channels import CHANNELS, SANDBOX
from services.responder.channels.contract import Absent, Found, marker
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow
from services.responder.sender import Sender
from tests.integration.pools import pool_of
from tests.integration.responder.delivery_world import BRAND, KINDS, Delivering, delivering
from tests.integration.responder.test_mail_servers import certificate
from tests.stack import Databases
from tests.waiting import until

__all__ = ["certificate"]
OUTSIDE = [kind for kind in KINDS if kind != "sandbox"]


@pytest.fixture
async def world(request: pytest.FixtureRequest, postgres: Databases, tmp_path: Path) -> AsyncIterator[Delivering]:
    async with pool_of("responder", postgres) as pool, delivering(request.param, pool, tmp_path) as found:
        yield found


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
every = pytest.mark.parametrize("world", KINDS, indirect=True)
outside = pytest.mark.parametrize("world", OUTSIDE, indirect=True)
webhook = pytest.mark.parametrize("world", ["webhook"], indirect=True)


def answers(world: Delivering, said: str) -> None:
    """What the other side does next: "later" (refuses for now), "never", "lose" (takes it and does not say so), "hang" (takes it and thinks), "taken"."""
    world.mail.answers = {"later": ["451 later", "250 OK"], "never": ["554 no"], "lose": ["drop", "250 OK"], "hang": ["hang 250 OK"]}[said]
    world.receiver.answers = {"later": [(429, {})], "never": [422], "lose": ["lose"], "hang": ["hang"]}[said]


async def claimed(world: Delivering) -> attempts.Attempt:
    await world.lease()
    async with world.pool.acquire() as connection, connection.transaction():
        [found] = await attempts.claim(connection, by="test", books=dict(world.books), limit=1, room={BRAND: 1}, lease_s=3)
    return found


async def handed_over(world: Delivering, attempt: attempts.Attempt, sender: Sender | None = None) -> Outcome:
    published = world.books.get(BRAND)
    assert published is not None
    account = account_of(published.book, attempt.row)
    assert account is not None
    channel = SANDBOX if attempt.row.sandbox else CHANNELS[account.type]
    return await channel.send(attempt.row, (sender or world.sender()).sending(attempt, published, account))


@every
async def test_what_is_accepted_is_sent_and_there_once(world: Delivering) -> None:
    row, *_ = rows = await world.approved(5)
    await world.deliver()
    assert [(await world.row(row)).state for row in rows] == ["sent"] * 5
    assert await world.delivered() == {marker(row): 1 for row in rows}
    found = await world.row(row)
    assert str(marker(row)) in (found.external_id or "") or found.external_id == f"sandbox:{row.id}"
    assert await world.history(row) == ["sending", "sent"]


@outside
async def test_what_is_refused_for_now_is_tried_again(world: Delivering) -> None:
    [row] = await world.approved()
    answers(world, "later")
    await world.deliver()
    assert await world.history(row) == ["sending", "refused", "sending", "sent"]
    assert (await world.row(row)).attempts == 2


@outside
async def test_a_channel_that_refuses_for_now_too_often_has_failed(world: Delivering) -> None:
    [row] = await world.approved()
    world.mail.answers, world.receiver.answers = ["451 later"], [503] * 9
    await world.deliver()
    found = await world.row(row)
    assert (found.state, found.attempts) == ("failed", 5)


@webhook
async def test_who_says_when_to_come_back_is_left_alone_until_then(world: Delivering) -> None:
    [row] = await world.approved()
    world.receiver.answers = [(429, {"Retry-After": "120"})]
    await world.deliver()
    left_s = await world.pool.fetchval("select extract(epoch from next_attempt_at - clock_timestamp()) from reply where id = $1", row.id)
    assert 110 < left_s <= 120


@outside
async def test_what_is_refused_for_good_has_failed(world: Delivering) -> None:
    [row] = await world.approved()
    answers(world, "never")
    await world.deliver()
    found = await world.row(row)
    assert (found.state, found.attempts) == ("failed", 1)
    assert found.error
    assert await world.delivered() in ({}, {marker(row): 1})  # an SMTP server has seen what it refused


@outside
async def test_a_lost_answer_makes_no_second_copy_and_no_silent_loss(world: Delivering) -> None:
    [row] = await world.approved()
    answers(world, "lose")
    await world.deliver()
    assert await world.delivered() == {marker(row): 1}
    assert (await world.row(row)).state == ("sent" if world.kind == "webhook" else "unconfirmed")
    assert len(world.receiver.posts) == (2 if world.kind == "webhook" else 0), "sent again under the key that its receiver keeps"


@outside
async def test_what_was_never_taken_before_the_connection_broke_is_sent_after_all(world: Delivering) -> None:
    [row] = await world.approved()
    if world.kind == "smtp":
        world.mail.answers = ["rcpt 421 closing", "250 OK"]
    world.receiver.answers = ["refuse"]
    await world.deliver()
    assert await world.delivered() == {marker(row): 1}
    assert (await world.row(row)).state == "sent"


@webhook
@pytest.mark.parametrize(
    ("looks", "said", "settled", "state", "number"),
    [
        (False, "lose", True, "unconfirmed", 1),
        (False, 500, True, "unconfirmed", 0),
        (True, "lose", False, "sent", 1),
        (True, 500, True, "sent", 1),
        (True, 500, False, "unconfirmed", 0),
    ],
)
async def test_a_receiver_that_keeps_no_ids_is_asked_before_anything_is_sent_again(
    world: Delivering, looks: bool, said: Any, settled: bool, state: str, number: int
) -> None:
    """What is not there counts once it can be there no more."""
    world.receiver.keeps_ids, world.receiver.answers = False, [said]
    world.publish(idempotent=False, **({"lookup_url": f"{world.receiver.url}/{{id}}"} if looks else {}))
    [row] = await world.approved()
    await world.lease()
    sender = world.sender()
    assert await sender.claim() == 1
    await sender.idle()
    if settled:
        await world.pool.execute("update reply set begun_at = begun_at - interval '1 hour'")
    await world.deliver(rounds=3)
    found = await world.row(row)
    assert (found.state, await world.delivered()) == (state, {marker(row): 1} if number else {})
    assert bool(world.receiver.asked) == looks
    if state == "unconfirmed":
        assert bool(found.next_attempt_at) == looks, "whoever has nobody to ask leaves it to a person"


@every
async def test_without_a_yes_to_begin_nothing_leaves(world: Delivering) -> None:
    [row] = await world.approved()
    attempt = await claimed(world)
    await world.lease(-4)
    assert await handed_over(world, attempt) == NotBegun()
    await world.lease(held=True)
    assert await handed_over(world, attempt) == NotBegun()
    assert await world.delivered() == {}
    async with world.pool.acquire() as connection, connection.transaction():
        await attempts.give_back(connection, attempt, "held")
    await world.deliver()
    assert await world.delivered() == {marker(row): 1}


@every
async def test_a_slow_answer_is_waited_for_while_its_sender_lives(world: Delivering) -> None:
    [row] = await world.approved()
    answers(world, "hang")
    await world.lease()
    sender = world.sender(unconfirmed_after_s=0.3, connect_timeout_s=0.2)
    await sender.claim()
    if world.kind != "sandbox":
        await until(lambda: world.mail.came.is_set() or world.receiver.came.is_set(), "it was handed over")
        other = world.sender(unconfirmed_after_s=0.3, connect_timeout_s=0.2)
        for _ in range(8):
            assert await other.look() + await other.sweep_once() == 0
            await asyncio.sleep(0.1)
        assert (await world.row(row)).state == "sending"
        world.mail.release.set()
        world.receiver.release.set()
    await sender.idle()
    assert (await world.row(row)).state == "sent"
    assert await world.delivered() == {marker(row): 1}


async def killed(world: Delivering, row: ReplyRow) -> None:
    """It was handed over by a process that heard no answer and is gone; its claim is old by now."""
    attempt = await claimed(world)
    if world.kind == "sandbox":
        assert isinstance(await handed_over(world, attempt), Accepted)
    else:
        answers(world, "hang")
        sending = asyncio.create_task(handed_over(world, attempt))
        await until(lambda: world.mail.came.is_set() or world.receiver.came.is_set(), "it was handed over")
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        world.mail.release.set()
        world.receiver.release.set()
        world.mail.answers, world.receiver.answers = ["250 OK"], []
    await world.pool.execute("update reply set claimed_at = claimed_at - interval '1 hour' where id = $1", row.id)


@every
async def test_after_a_crash_somebody_asks_where_anybody_can_be_asked(world: Delivering) -> None:
    [row] = await world.approved()
    await killed(world, row)
    sender = world.sender()
    await world.lease()
    assert await sender.look() == (world.kind != "smtp")
    await sender.idle()
    await sender.sweep_once()
    assert (await world.row(row)).state == ("unconfirmed" if world.kind == "smtp" else "sent")
    await world.deliver()
    assert await world.delivered() == {marker(row): 1}


@every
async def test_a_crash_before_the_first_byte_is_sent_by_another(world: Delivering) -> None:
    [row] = await world.approved()
    await claimed(world)
    await world.pool.execute("update reply set claimed_at = claimed_at - interval '1 hour' where id = $1", row.id)
    assert await world.sender().sweep_once() == 1
    await world.deliver()
    assert (await world.row(row)).state == "sent"
    assert await world.delivered() == {marker(row): 1}


@pytest.mark.parametrize("world", ["sandbox", "webhook"], indirect=True)
async def test_what_a_channel_finds_is_what_is_there(world: Delivering) -> None:
    world.publish(**({"lookup_url": f"{world.receiver.url}/{{id}}"} if world.kind == "webhook" else {}))
    rows = await world.approved(2)
    there = await claimed(world)
    assert isinstance(await handed_over(world, there), Accepted)
    published = world.books.get(BRAND)
    assert published is not None
    for row in rows:
        account = account_of(published.book, row)
        assert account is not None
        channel = SANDBOX if row.sandbox else CHANNELS[account.type]
        sending = world.sender().sending(there, published, account)
        assert isinstance(await channel.find(row, sending), Found if row.id == there.row.id else Absent)


@outside
async def test_the_same_text_is_known_by_the_same_mark_and_another_text_by_another(world: Delivering) -> None:
    """A receiver that keeps ids must not take what was written anew for what it has."""
    [row] = await world.approved()
    for digest in ("one", "one", "two"):
        for state in ("draft", "submitted", "approved"):  # as people do it: unsent after all, edited, approved anew
            await world.pool.execute(
                "update reply set state = $3, digest = $2, approved_digest = $2, account = null, next_attempt_at = now() where id = $1",
                row.id,
                digest,
                state,
            )
        await world.deliver()
    marks = {digest: marker(row.model_copy(update={"digest": digest})) for digest in ("one", "two")}
    times = 2 if world.kind == "smtp" else 1
    assert await world.delivered() == {marks["one"]: times, marks["two"]: 1}
    assert (await world.row(row)).state == "sent"


@outside
async def test_an_account_is_given_no_more_a_minute_than_the_book_says(world: Delivering) -> None:
    world.publish(per_minute=30)
    rows = await world.approved(4)
    senders = [world.sender(), world.sender(instance="second")]
    for _ in range(3):
        await world.lease()
        await asyncio.gather(*(sender.claim() for sender in senders))
        await asyncio.gather(*(sender.idle() for sender in senders))
    assert sum((await world.delivered()).values()) == 1
    turns = await world.pool.fetch(
        "select extract(epoch from next_attempt_at - clock_timestamp())::float8 as s, attempts, waits_for, waits_why, version from reply "
        "where state = 'approved' order by next_attempt_at"
    )
    assert [round(row["s"]) for row in turns] == pytest.approx([2, 4, 6], abs=1)
    assert {(row["attempts"], row["waits_for"], row["waits_why"], row["version"]) for row in turns} == {(0, "out", "turn", 1)}
    await world.pool.execute("update reply set next_attempt_at = clock_timestamp() where state = 'approved'")
    await world.deliver()
    assert [(await world.row(row)).state for row in rows] == ["sent"] * 4, "who was given a turn has it"


@pytest.mark.parametrize("world", ["webhook"], indirect=True)
async def test_practice_is_paced_as_what_it_practises(world: Delivering) -> None:
    world.publish(per_minute=1)
    world.kind = "sandbox"
    book = world.books.get(BRAND)
    assert book is not None
    world.books._books[BRAND] = type(book)(book.book.model_copy(update={"pilot": True}), 1)
    await world.approved(3)
    await world.lease()
    sender = world.sender()
    await sender.claim()
    await sender.idle()
    assert sum((await world.delivered()).values()) == 1
    assert world.receiver.posts == []


class Doors:
    """Lets nobody in until it is opened."""

    def __init__(self) -> None:
        self.open, self.knocks = False, 0

    def __call__(self, *_: Any) -> AuthResult:
        self.knocks += 1
        return AuthResult(success=self.open, handled=False)


@pytest.fixture
async def shut(world: Delivering, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Doors]:
    """The other side refuses our credentials until it is opened."""
    doors = Doors()
    if world.kind == "webhook":
        (world.folder / f"{BRAND}-hook").write_text("an expired secret that is long enough")
        yield doors
        return
    world.mail.stop()
    monkeypatch.setenv("VAART_SMTP", "geheim")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    controller = Controller(
        world.mail,
        hostname="127.0.0.1",
        port=world.mail.port,
        ssl_context=context,
        authenticator=doors,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    world.publish(host="localhost", tls=True, user="klant", secret="env:VAART_SMTP")
    yield doors
    controller.stop()


@outside
async def test_an_account_that_refuses_our_credentials_fails_no_reply_and_is_tried_with_one(world: Delivering, shut: Doors) -> None:
    rows = await world.approved(4)
    sender = world.sender(account_retry_s=60.0)
    for _ in range(4):
        await world.lease()
        await sender.claim()
        await sender.idle()
    found = [await world.row(row) for row in rows]
    assert {(row.state, row.attempts, row.waits_for, row.waits_why) for row in found} == {("approved", 0, "out", "refused")}
    assert all("secret" in (row.error or "") or "password" in (row.error or "") for row in found), "what to do about it"
    assert await world.delivered() == {}
    knocked = shut.knocks
    await world.pool.execute("update reply set next_attempt_at = clock_timestamp() where state = 'approved'")
    await world.pool.execute("update sending_account set try_at = clock_timestamp()")
    await world.lease()
    await sender.claim()
    await sender.idle()
    assert shut.knocks - knocked <= 2, "one tries it for all, in the two ways that there are"
    shut.open = True
    (world.folder / f"{BRAND}-hook").write_text(world.receiver.secret)
    await world.pool.execute("update reply set next_attempt_at = clock_timestamp() where state = 'approved'")
    await world.pool.execute("update sending_account set try_at = clock_timestamp()")
    await world.deliver(sender)
    assert [(await world.row(row)).state for row in rows] == ["sent"] * 4
    assert await world.delivered() == {marker(row): 1 for row in rows}


@outside
async def test_a_secret_that_is_not_there_yet_keeps_replies_waiting(world: Delivering, certificate: Path) -> None:
    if world.kind == "smtp":
        world.publish(tls="starttls", secret=f"file:{BRAND}-later")
    else:
        world.publish(secret=f"file:{BRAND}-later")
    [row] = await world.approved()
    await world.lease()
    sender = world.sender(account_retry_s=60.0)
    await sender.claim()
    await sender.idle()
    found = await world.row(row)
    assert (found.state, found.attempts, found.waits_why) == ("approved", 0, "refused")
    assert found.error == f"The secret file:{BRAND}-later is not set."


@webhook
async def test_what_a_receiver_is_told(world: Delivering) -> None:
    [row] = await world.approved()
    await world.deliver()
    [post] = world.receiver.posts
    assert post == {
        "type": "weerklank.reply.v1",
        "timestamp": row.approved_at.isoformat() if row.approved_at else None,
        "data": {
            "id": str(marker(row)),
            "reply": str(row.id),
            "brand": BRAND,
            "case": str(row.case_id),
            "channel": "forum",
            "visibility": "public",
            "recipient": {"kind": "handle", "value": row.recipient.value, "name": None},
            "in_reply_to": "post-7",
            "subject": "Internet",
            "language": "nl",
            "text": "Hoi. ^gs",
            "parts": [],
            "attachments": [],
            "sent_by": {"id": "gs", "first_name": "Guus", "initials": "gs"},
            "approved_by": "gs",
            "approved_at": row.approved_at.isoformat() if row.approved_at else None,
        },
    }
    assert (await world.row(row)).external_id == f"post-{marker(row)}"


@webhook
@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (409, "sent", None),
        (301, "failed", "a redirect, and none is followed"),
        (404, "failed", "refused for good"),
        (413, "failed", "refused for good"),
        (500, "sent", None),
    ],
)
async def test_what_a_receiver_answers_decides(world: Delivering, status: int, state: str, why: str | None) -> None:
    [row] = await world.approved()
    world.receiver.answers = [status]
    await world.deliver()
    found = await world.row(row)
    assert found.state == state
    assert (why or "") in (found.error or "")


@webhook
@pytest.mark.parametrize(
    ("url", "networks", "why"),
    [
        (None, "", "is not in the public network"),
        ("http://127.0.0.1:{port}/x", "10.0.0.0/8", "is not in the public network"),
        ("https://169.254.169.254/latest", "127.0.0.0/8", "is not in the public network"),
        ("http://user:pass@127.0.0.1:{port}/x", "127.0.0.0/8", "is no http or https address"),
    ],
)
async def test_an_address_inside_is_not_dialled(world: Delivering, url: str | None, networks: str, why: str) -> None:
    if url:
        world.publish(url=url.format(port=world.receiver.port))
    [row] = await world.approved()
    await world.deliver(world.sender(webhook_networks=networks))
    found = await world.row(row)
    assert found.state == "failed"
    assert why in (found.error or "")
    assert world.receiver.posts == []


@webhook
async def test_another_receiver_under_the_same_name_is_not_sent_what_the_first_may_have(world: Delivering) -> None:
    [row] = await world.approved()
    await killed(world, row)
    world.publish(url=f"{world.receiver.url}/elsewhere")
    sender = world.sender()
    await world.lease()
    assert await sender.look() == 0
    await sender.sweep_once()
    assert (await world.row(row)).state == "unconfirmed"
    assert len(world.receiver.posts) == 1


@webhook
async def test_what_came_up_since_leaves_an_unknown_reply_to_a_person(world: Delivering) -> None:
    """It may have been delivered: it cannot be put back, and nobody sends it again under a hold."""
    [row] = await world.approved()
    await killed(world, row)
    sender = world.sender()
    await world.lease(held=True)
    assert await sender.look() == 1
    await sender.idle()
    found = await world.row(row)
    assert (found.state, len(world.receiver.posts)) == ("unconfirmed", 1)
    assert found.next_attempt_at is not None, "it is looked at again"
    await world.pool.execute("update reply set next_attempt_at = clock_timestamp() where id = $1", row.id)
    await world.deliver()
    assert (await world.row(row)).state == "sent"
    assert await world.delivered() == {marker(row): 1}
    assert datetime.now(UTC) >= (found.begun_at or datetime.now(UTC))


@webhook
async def test_what_a_receiver_is_told_of_a_post(world: Delivering) -> None:
    id, moment = uuid4(), datetime.now(UTC) - timedelta(minutes=1)
    to = Recipient(kind="account", value="out")
    [row] = await world.approved(
        id=id,
        kind="post",
        case_id=id,
        mention_id=None,
        publish_at=moment,
        recipient=to,
        visibility="public",
        channel="forum",
        approver="mk",
    )
    await world.deliver()
    [post] = world.receiver.posts
    assert post == {
        "type": "weerklank.post.v1",
        "timestamp": row.approved_at.isoformat() if row.approved_at else None,
        "data": {
            "id": str(marker(row)),
            "post": str(id),
            "brand": BRAND,
            "account": "out",
            "channel": "forum",
            "language": "nl",
            "text": "Hoi. ^gs",
            "publish_at": moment.isoformat(),
            "sent_by": {"id": "gs", "first_name": "Guus", "initials": "gs"},
            "approved_by": "mk",
            "approved_at": row.approved_at.isoformat() if row.approved_at else None,
        },
    }
