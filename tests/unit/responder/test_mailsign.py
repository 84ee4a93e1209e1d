"""What a brand signs, whoever looks the key up verifies, and nobody changes unseen."""

from collections.abc import Callable
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from libs.common import submission
from libs.common.brandbook import Channel, Dkim
from services.responder.channels import mailsign, smtp
from tests.unit.responder.test_smtp import NOW, row

SIGNS = Dkim(selector="wk2026", domain="vaart.example", secret="file:vaart-dkim")
TEXT = "Hoi Sanne,\n\n.Eén punt  \nFrom hier\n\n" + "lang " * 300 + "\n\n\n"


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return str(key.private_bytes(Encoding.PEM, form, NoEncryption()).decode())


KEYS = {
    "rsa": pem(rsa.generate_private_key(65537, 2048)),
    "rsa, as openssl once wrote it": pem(rsa.generate_private_key(65537, 2048), PrivateFormat.TraditionalOpenSSL),
    "ed25519": pem(ed25519.Ed25519PrivateKey.generate()),
}


def signed(key: str, text: str = TEXT) -> bytes:
    to = row(text, references=("<a@klant.example>", f"<{'b' * 90}@klant.example>"), subject="Ruïne " * 20)
    raw = smtp.message(to, "Vaart <klant@vaart.example>", "Vaart", NOW, reply_to="klant+r.aa@vaart.example").as_bytes(
        policy=submission.ON_THE_WIRE
    )
    return mailsign.signature(raw, SIGNS, key) + raw


def verifies(raw: bytes, key: str) -> bool:
    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        return mailsign.key(key).record.encode() if name.rstrip(b".") == b"wk2026._domainkey.vaart.example" else None

    return bool(dkim.verify(raw, dnsfunc=lookup))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_what_was_signed_verifies_with_what_the_domain_publishes(key: str) -> None:
    raw = signed(key)
    assert verifies(raw, key)
    head = raw.partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("DKIM-Signature: ")
    assert all(len(line) <= 998 for line in head.split("\r\n"))
    assert "c=relaxed/relaxed" in head
    assert "PRIVATE" not in head
    another = pem(ed25519.Ed25519PrivateKey.generate() if key == KEYS["ed25519"] else rsa.generate_private_key(65537, 2048))
    assert not verifies(raw, another)


CHANGES: dict[str, tuple[bool, Callable[[bytes], bytes]]] = {
    "a server's trace": (True, lambda raw: b"Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000\r\n" + raw),
    "a header folded anew": (True, lambda raw: raw.replace(b"References: <a@klant.example> ", b"References: <a@klant.example>\r\n\t")),
    "blanks at a line's end": (True, lambda raw: raw.replace(b"Hoi Sanne,\r\n", b"Hoi Sanne,  \r\n", 1)),
    "another word": (False, lambda raw: raw.replace(b"Sanne", b"Sonne")),
    "another subject": (False, lambda raw: raw.replace(b"Subject: ", b"Subject: x")),
    "another address to answer to": (False, lambda raw: raw.replace(b"klant+r.aa@", b"klant+r.ab@")),
    "a second subject": (False, lambda raw: raw.replace(b"MIME-Version", b"Subject: x\r\nMIME-Version")),
    "a second sender": (False, lambda raw: raw.replace(b"MIME-Version", b"From: x@y.example\r\nMIME-Version")),
    "another thread": (False, lambda raw: raw.replace(b"In-Reply-To: <b", b"In-Reply-To: <c")),
    "a part more": (False, lambda raw: raw + b"--x\r\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_server_may_change_it_may_and_nothing_else(change: str) -> None:
    holds, made = CHANGES[change]
    raw = signed(KEYS["ed25519"])
    assert made(raw) != raw
    assert verifies(made(raw), KEYS["ed25519"]) is holds


@pytest.mark.parametrize(
    "secret",
    ["", "geheim", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", pem(ec.generate_private_key(ec.SECP256R1()))],
    ids=["empty", "a word", "garbage", "another kind"],
)
def test_what_is_no_key_is_refused_without_a_word_of_it(secret: str) -> None:
    with pytest.raises(mailsign.NotAKey) as refused:
        mailsign.key(secret)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize(
    ("account", "problem"),
    [
        ({}, None),
        ({"from": "klant@mail.vaart.example"}, None),
        ({"from": "klant@andervaart.example"}, "neither the domain of from nor one above"),
        ({"from": "klant@example"}, "neither the domain of from nor one above"),
        ({"type": "imap", "user": "x", "secret": "file:vaart-x"}, "sends no mail"),
        ({"dkim": {**SIGNS.model_dump(), "selector": "a b"}}, "selector"),
    ],
)
def test_a_book_that_signs_for_a_stranger_is_refused(account: dict[str, Any], problem: str | None) -> None:
    given = {"id": "smtp", "type": "smtp", "host": "h.example", "from": "Vaart <klant@vaart.example>", "dkim": SIGNS.model_dump()}
    if problem is None:
        assert Channel.model_validate({**given, **account}).dkim == SIGNS
    else:
        with pytest.raises(ValueError, match=problem):
            Channel.model_validate({**given, **account})
