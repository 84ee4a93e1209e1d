"""What servers say of our replies is read from their mails, and what only looks like that is a mail as any other."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from libs.common.books import Published
from libs.common.delivery_events import DeliveryReported
from libs.common.replyaddress import ReplyAddresses
from services.ingest.answer import answered
from services.ingest.bounce import Told, reported
from services.ingest.mail import read_mail
from tests.unit.common.test_answers import KEY, OTHER, book
from tests.unit.ingest import returned_mails as mails

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
REPLY = uuid4()
OURS = ReplyAddresses([KEY])
ADDRESS = OURS.address(book(), book().channels[0], REPLY) or ""
ALL = [mails.postfix, mails.exchange, mails.gmail, mails.exim, mails.qmail]


def read(raw: bytes, keys: ReplyAddresses = OURS) -> Told | None:
    return reported(raw, read_mail(raw, arrived_at=NOW, now=NOW), keys, Published(book(), 3), NOW, None)


def event(told: Told | None) -> DeliveryReported:
    assert told is not None
    assert told.event is not None
    assert isinstance(told.event.event, DeliveryReported)
    return told.event.event


@pytest.mark.parametrize(
    ("made", "code"),
    [(mails.postfix, "5.1.1"), (mails.exchange, "5.1.10"), (mails.gmail, "5.2.2"), (mails.exim, "5.7.1"), (mails.qmail, "5.1.1")],
)
def test_a_returned_reply_is_known_by_its_signed_address(made: Callable[..., bytes], code: str) -> None:
    told = read(made(ADDRESS))
    assert told is not None
    assert told.is_ours
    found = event(told)
    assert (found.reply_id, found.message_id, found.status, found.code) == (REPLY, mails.ID, "failed", code)
    assert (found.brand, found.book_version, found.reported_at) == ("vaart", 3, NOW)
    assert "klant.example" not in found.model_dump_json(), "no person stands in it"


@pytest.mark.parametrize("made", ALL)
def test_without_a_signed_address_it_is_known_by_its_message_id_and_stays_a_mail_too(made: Callable[..., bytes]) -> None:
    told = read(made())
    assert told is not None
    assert not told.is_ours
    assert (event(told).reply_id, event(told).message_id) == (None, mails.ID)


@pytest.mark.parametrize("made", ALL)
@pytest.mark.parametrize(
    "message_id",
    ["abc@vaart.example", "c7a9c1a2-6b1e-5f0e-9d53-2b8e3c1f4a5b@elders.example", "1FDC3F0E-6B1E-4F0E-9D53-2B8E3C1F4A5B@vaart.example"],
)
def test_a_mail_of_somebody_else_that_comes_back_is_a_mail_as_any_other(made: Callable[..., bytes], message_id: str) -> None:
    assert read(made("", message_id)) is None
    assert read(made("zorg@vaart.example", message_id)) is None


def test_an_address_that_another_key_signed_or_for_another_brand_says_nothing() -> None:
    other = ReplyAddresses([OTHER]).address(book(), book().channels[0], REPLY) or ""
    dijk = OURS.address(book("dijk"), book("dijk").channels[0], REPLY) or ""
    for address in (other, dijk):
        told = read(mails.postfix(address))
        assert told is not None
        assert not told.is_ours
        assert event(told).reply_id is None


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "delayed"), ("delivered", "delivered"), ("relayed", "relayed"), ("expanded", "relayed")]
)
def test_what_else_servers_say_is_told_as_such(action: str, status: str) -> None:
    found = event(read(mails.postfix(ADDRESS, action=f"{action} (by list)", status="4.4.1")))
    assert (found.status, found.code) == (status, "4.4.1")


def test_a_report_that_says_nothing_of_the_delivery_is_a_mail_as_any_other() -> None:
    assert read(mails.postfix(ADDRESS, action="pondered")) is None


def test_a_receipt_of_reading_is_nothing_that_anybody_has_to_see() -> None:
    assert read(mails.read_receipt(ADDRESS)) == Told(None, is_ours=True)
    assert read(mails.read_receipt("", "abc@elders.example")) is None


def test_it_has_arrived_where_one_of_those_has_it_whom_it_went_on_to() -> None:
    another = (
        b"\r\n\r\nFinal-Recipient: rfc822; b@klant.example\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\n--grens\r\nContent-Type: text/rfc822"
    )
    raw = mails.postfix(ADDRESS).replace(b"\r\n\r\n--grens\r\nContent-Type: text/rfc822", another)
    assert event(read(raw)).status == "relayed"


def test_the_same_mail_read_twice_is_one_report() -> None:
    first, again = (event(read(mails.gmail(ADDRESS))) for _ in range(2))
    assert first.report_id == again.report_id != event(read(mails.exim(ADDRESS))).report_id


@pytest.mark.parametrize(
    "raw",
    [
        mails.postfix(ADDRESS).replace(b"boundary=", b"bound="),
        mails.postfix(ADDRESS).replace(b"Content-Type: message/delivery-status", b"Content-Type: message/delivery-status; charset=\xff"),
        b"Return-Path: <>\r\nContent-Type: multipart/report; report-type*0*=x\r\n\r\n+r." + b"a" * 42 + b"@",
        b"From: mailer-daemon@x.example\r\nX-Failed-Recipients:\r\n\r\n" + b"+r.a2" * 50_000,
    ],
)
def test_a_broken_report_breaks_nothing(raw: bytes) -> None:
    read(raw)


def person(to: str, *headers: str) -> bytes:
    return "\r\n".join(
        ["From: Sanne <sanne@klant.example>", f"To: {to}", "Subject: iets anders", *headers, "", "Nog steeds niets."]
    ).encode()


def goes_on(raw: bytes, brand: str = "vaart") -> UUID | None:
    return answered(read_mail(raw, arrived_at=NOW, now=NOW), OURS, brand)


def test_a_persons_mail_to_the_signed_address_answers_that_reply_whatever_else_it_says() -> None:
    assert goes_on(person(ADDRESS)) == REPLY
    assert read(person(ADDRESS)) is None
    assert goes_on(person("zorg@vaart.example", f"Delivered-To: {ADDRESS}")) == REPLY
    assert goes_on(person("zorg@vaart.example")) is None
    assert goes_on(person(ADDRESS, "Auto-Submitted: auto-replied")) is None, "who is away goes on with nothing"


def test_a_forged_address_is_ignored_and_counted() -> None:
    def counted(brand: str) -> float:
        return REGISTRY.get_sample_value("weerklank_mailbox_unsigned_replies_total", {"brand": brand}) or 0

    before = counted("dijk")
    assert goes_on(person(ADDRESS), "dijk") is None
    assert counted("dijk") == before + 1
