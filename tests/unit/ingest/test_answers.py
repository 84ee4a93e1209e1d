"""What of a mail answers a question to a department, and what of it was written."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from libs.common.answer_events import ConsultationMailed
from libs.common.answers import Answers
from libs.common.books import Published
from services.ingest.answer import recognised
from services.ingest.mail import read_mail
from services.ingest.quoted import unquoted
from tests.unit.common.test_answers import KEY, book

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ID = UUID(int=7)
ANSWERS = Answers([KEY])
ADDRESS = ANSWERS.address(book(), ID, "billing") or ""

GMAIL = """Ja, dat klopt.

Op ma 2 mrt 2026 om 10:00 schreef Vaart <zorg@vaart.example>:

> Klopt deze rekening?
>
> Gevraagd door Guus.
"""
WRAPPED = """Yes, as of 1 November.

On Mon, Mar 2, 2026 at 10:00 AM Vaart Klantenservice
<zorg@vaart.example> wrote:

> Klopt deze rekening?
"""
OUTLOOK = """Nee. Zie de bijlage.

________________________________
Van: Vaart <zorg@vaart.example>
Verzonden: maandag 2 maart 2026 10:00
Aan: Facturen <facturen@vaart.example>
Onderwerp: Vraag van Vaart

Klopt deze rekening?
"""
OUTLOOK_PLAIN = """Nee.

From: Vaart <zorg@vaart.example>
Sent: Monday, March 2, 2026 10:00
To: Facturen
Subject: Question

Klopt deze rekening?
"""
ORIGINAL = "Akkoord.\n\n-----Oorspronkelijk bericht-----\nVan: Vaart\nKlopt dit?"
BETWEEN = """Op ma 2 mrt 2026 schreef Vaart:
> Klopt de rekening?
Ja.
> En het bedrag?
Nee, dat is 12 euro.
"""
HTML_ONLY = "Ja hoor.\n\nOp ma 2 mrt 2026 om 10:00 schreef Vaart <zorg@vaart.example>:\nKlopt deze rekening?\nGevraagd door Guus."
SIGNED = "Klopt.\n\n-- \nFemke de Vries\nFacturen"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (GMAIL, "Ja, dat klopt."),
        (WRAPPED, "Yes, as of 1 November."),
        (OUTLOOK, "Nee. Zie de bijlage."),
        (OUTLOOK_PLAIN, "Nee."),
        (ORIGINAL, "Akkoord."),
        (BETWEEN, "Ja.\nNee, dat is 12 euro."),
        (HTML_ONLY, "Ja hoor."),
        (SIGNED, "Klopt."),
        ("> alleen een citaat", "> alleen een citaat"),
        ("Van: 3 maart geldt dit.\nMeer niet.", "Van: 3 maart geldt dit.\nMeer niet."),
        ("Op 3 maart schreef de klant ons al: dat klopt niet.\nDus nee.", "Op 3 maart schreef de klant ons al: dat klopt niet.\nDus nee."),
        ("On balance: yes.", "On balance: yes."),
    ],
)
def test_what_was_written_is_told_without_the_mails_that_it_quotes(text: str, written: str) -> None:
    assert unquoted(text) == written


def raw(text: str = GMAIL, to: str = ADDRESS, *headers: str) -> bytes:
    lines = [
        "From: Femke <femke@vaart.example>",
        f"To: Vaart <{to}>",
        "Subject: Re: Vraag van Vaart",
        "Message-ID: <1@vaart.example>",
        "Content-Type: text/plain; charset=utf-8",
        *headers,
    ]
    return ("\r\n".join([*lines, "", text])).encode()


def read(source: bytes) -> ConsultationMailed | None:
    mail = read_mail(source, arrived_at=NOW, now=NOW)
    found = recognised(source, mail, ANSWERS, Published(book(), 3), NOW, None)
    assert found is None or isinstance(found.event, ConsultationMailed)
    return found.event if found else None  # type: ignore[return-value]


def test_a_mail_to_a_signed_address_is_an_answer_and_the_same_mail_the_same_answer() -> None:
    event = read(raw())
    assert event is not None
    assert (event.consultation_id, event.department, event.what) == (ID, "billing", "answer")
    assert (event.text, event.sender, event.brand) == ("Ja, dat klopt.", "femke@vaart.example", "vaart")
    again, other = read(raw()), read(raw("Iets anders."))
    assert again is not None
    assert other is not None
    assert again.answer_id == event.answer_id != other.answer_id


@pytest.mark.parametrize(("trusted", "verdict"), [((), "unknown"), (("mx.vaart.example",), "fail"), (("mx.elders.example",), "unknown")])
def test_an_answer_says_what_the_mailboxs_own_server_found_of_its_sender(trusted: tuple[str, ...], verdict: str) -> None:
    source = raw(
        GMAIL, ADDRESS, "Authentication-Results: mx.vaart.example; dmarc=fail", "Authentication-Results: mx.vaart.example; dmarc=pass"
    )
    found = recognised(source, read_mail(source, arrived_at=NOW, now=NOW), ANSWERS, Published(book(), 3), NOW, None, trusted)
    assert found is not None
    assert isinstance(found.event, ConsultationMailed)
    assert found.event.authenticated == verdict


@pytest.mark.parametrize("name", ["Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_address_may_stand_wherever_servers_keep_it(name: str) -> None:
    assert read(raw(GMAIL, "klant@vaart.example", f"{name}: {ADDRESS}")) is not None


@pytest.mark.parametrize(
    "to", ["klant@vaart.example", "klant+c.abc@vaart.example", f"klant+c.{'a' * 42}@vaart.example", "klant+nieuws@vaart.example"]
)
def test_a_forged_or_unknown_address_makes_an_ordinary_mail(to: str) -> None:
    assert read(raw(GMAIL, to)) is None


def test_addresses_that_another_key_signed_are_counted() -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("weerklank_mailbox_unsigned_answers_total", {"brand": "vaart"}) or 0

    before = counted()
    other = Answers(["x" * 32]).address(book(), ID, "billing")
    assert read(raw(GMAIL, other or "")) is None
    assert read(raw(GMAIL, "klant@vaart.example")) is None
    assert counted() == before + 1


def test_who_is_away_has_not_answered() -> None:
    event = read(raw("Ik ben er maandag weer.", ADDRESS, "Auto-Submitted: auto-replied"))
    assert event is not None
    assert event.what == "automatic"


def test_a_mail_of_ours_that_came_back_is_known_by_the_address_that_it_quotes() -> None:
    report = "\r\n".join(
        [
            "From: MAILER-DAEMON@vaart.example",
            "To: zorg@vaart.example",
            "Subject: Undelivered Mail Returned to Sender",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "facturen@vaart.example: mailbox full",
            "--b",
            "Content-Type: message/rfc822",
            "",
            "From: zorg@vaart.example",
            f"Reply-To: {ADDRESS}",
            "",
            "Klopt dit?",
            "--b--",
        ]
    ).encode()
    event = read(report)
    assert event is not None
    assert (event.what, event.consultation_id) == ("undelivered", ID)
    assert "mailbox full" in event.text
