"""A signed reply as its receiver gets it, over a real mail server; and a key that is none keeps replies waiting, and is said by doctor."""

from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from libs.common.brandbook import Channel
from libs.common.checks import Finding
from libs.common.mailserver import Reach
from libs.common.outcome import Accepted, Outcome, Refused
from libs.common.replyaddress import ReplyAddresses
from services.responder import checks
from services.responder.channels import mailsign, smtp
from services.responder.channels.contract import File
from services.responder.settings import Settings
from tests.mail_server import MailServer
from tests.unit.common.test_answers import KEY, book
from tests.unit.responder.test_attachment import PNG
from tests.unit.responder.test_mailsign import KEYS, SIGNS, pem, verifies
from tests.unit.responder.test_smtp import NOW, row

TEXT = "Hoi Sanne,\n\n.een punt, één € en een regel van " + "woorden " * 40 + "\nFrom hier\n\nGroet, Guus"


def account(server: MailServer) -> Channel:
    given = {"id": "smtp", "type": "smtp", "host": "127.0.0.1", "port": server.port, "tls": False, "from": "Vaart <klant@vaart.example>"}
    return Channel.model_validate(given | {"dkim": SIGNS.model_dump()})


async def sent(server: MailServer, key: str) -> Outcome:
    async def secret(reference: str) -> str:
        assert reference == SIGNS.secret
        return key

    async def yes(external_id: str = "") -> bool:
        return True

    sending: Any = SimpleNamespace(
        book=book(),
        account=account(server),
        now=NOW,
        secret=secret,
        begin=yes,
        in_time=yes,
        mail_reach=Reach([ip_network("127.0.0.0/8")], frozenset({server.port})),
        connect_timeout_s=10,
        mail_answer_timeout_s=10,
        files=[File("meter.png", "image/png", PNG, "De meter")],
        replies=ReplyAddresses([KEY]),
    )
    return await smtp.send(row(TEXT, references=("<een@klant.example>",)), sending)


@pytest.mark.parametrize("key", ["rsa", "ed25519"])
async def test_a_signature_holds_for_what_arrives(mail_server: MailServer, key: str) -> None:
    assert isinstance(await sent(mail_server, KEYS[key]), Accepted)
    (raw,) = mail_server.received
    assert verifies(raw, KEYS[key])
    assert not verifies(raw.replace(b"klant+r.", b"klant+s."), KEYS[key])
    (mail,) = mail_server.mails()
    assert mail["Reply-To"].addresses[0].addr_spec.startswith("klant+r.")
    assert [file.get_content() for file in mail.iter_attachments()] == [PNG]


async def test_what_is_no_key_refuses_the_account_and_no_reply(mail_server: MailServer) -> None:
    outcome = await sent(mail_server, "geen sleutel")
    assert isinstance(outcome, Refused)
    assert (outcome.of_account, outcome.for_good) == (True, False)
    assert "geen sleutel" not in outcome.why
    assert mail_server.connections == 0


async def checked(folder: Path, server: MailServer, key: str | None, *, pilot: bool = False) -> Finding:
    path = folder / "vaart-dkim"
    path.unlink(missing_ok=True)
    if key is not None:
        path.write_text(key)
    settings = Settings(database_url="postgresql://none", jwks="x", secrets_dir=folder)
    (found,) = await checks._signature(account(server), "vaart", ["vaart"], pilot, settings)
    return found


async def test_doctor_says_what_to_publish_or_what_is_wrong_with_the_key(mail_server: MailServer, tmp_path: Path) -> None:
    found = await checked(tmp_path, mail_server, KEYS["rsa"])
    assert found.status == "ok"
    assert found.values["record"] == mailsign.key(KEYS["rsa"]).record
    assert "wk2026._domainkey.vaart.example" in found.found
    short = await checked(tmp_path, mail_server, pem(rsa.generate_private_key(65537, 1024)))
    assert (short.status, "1024 bits" in short.found) == ("warning", True)
    for key in ("geen sleutel", None):
        assert (await checked(tmp_path, mail_server, key)).status == "error"
        assert (await checked(tmp_path, mail_server, key, pilot=True)).status == "warning"
        assert "geen sleutel" not in (await checked(tmp_path, mail_server, key)).model_dump_json()
