"""A reply as a mail: what strangers wrote stays in its place."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

import pytest

from libs.common import submission
from services.responder.channels import smtp
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def row(text: str = "Dag.", **recipient: Any) -> ReplyRow:
    to: dict[str, Any] = {"kind": "email", "value": "sanne@klant.example", "subject": "Internet"}
    return ReplyRow(
        id=UUID(int=7),
        brand="vaart",
        case_id=UUID(int=1),
        channel="email",
        visibility="private",
        state="sending",
        text=text,
        digest="",
        created_at=NOW,
        language="nl",
        first_reply=True,
        recipient=Recipient(**{**to, **recipient}),
    )


def on_the_wire(found: ReplyRow, sender: str = "Vaart Klanten <klant@vaart.example>", **more: Any) -> Any:
    raw = smtp.message(found, sender, "Vaart", NOW, **more).as_bytes(policy=submission.ON_THE_WIRE)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return message_from_bytes(raw, policy=policy.default)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Internet", "Re: Internet"),
        ("RE: Internet", "RE: Internet"),
        (None, "Re: Vaart"),
        ("\r\n ", "Re: Vaart"),
        ("Ruïne\r\nBcc: x@y.example", "Re: Ruïne Bcc: x@y.example"),
        ("a\x00b\x1bc", "Re: abc"),
        ("lang " * 100, "Re: " + ("lang " * 40).strip()),
    ],
)
def test_a_subject_stays_one_header(subject: str | None, expected: str) -> None:
    mail = on_the_wire(row(subject=subject))
    assert mail["Subject"].strip() == expected
    assert set(mail.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Content-Type",
        "MIME-Version",
    }


def test_long_message_ids_are_not_broken_or_encoded() -> None:
    ids = tuple(f"<{'x' * 90}{number}@klant.example>" for number in range(3))
    mail = on_the_wire(row(references=ids))
    assert mail["References"].split() == list(ids)
    assert mail["In-Reply-To"] == ids[-1]


@pytest.mark.parametrize(
    "address", ["sanne", "", "a@b.example\r\nBcc: x@y.example", "a b@c.example", "jösé@klant.example", "a@b.example, c@d.example"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(submission.Unaddressable):
        smtp.message(row(value=address), "klant@vaart.example", "Vaart", NOW)


def test_a_domain_in_other_letters_is_written_in_idna() -> None:
    assert on_the_wire(row(value="sanne@köln.example"))["To"] == "sanne@xn--kln-sna.example"
