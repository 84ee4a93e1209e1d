"""A question leaves by mail, and a department's answer comes back into the brand's mailbox and onto the case: a real SMTP server, a real mailbox, both
services' own code between them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.events import BrandBookPublished, MentionTriaged
from libs.common.record import decode
from services.ingest.settings import Settings as IngestSettings
from services.ingest.watcher import Watchers
from services.routing.links import Links
from services.routing.notifier import Notifier
from services.routing.policies import Policies
from services.routing.settings import Settings
from tests.dovecot import PASSWORD, PROGRAM, Dovecot, Mailbox
from tests.integration.ingest.team import serving
from tests.integration.ingest.watching import Log
from tests.integration.pools import pool_of
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World, world_of
from tests.integration.routing.test_simultaneous import batch
from tests.mail_server import MailServer
from tests.stack import Databases
from tests.unit.routing.test_callbacks import message
from tests.unit.routing.test_permutations import event, mention_id
from tests.waiting import until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")
KEY = "een sleutel van meer dan genoeg tekens"


@pytest.fixture(scope="module")
def dovecot(server_dir: Path) -> Iterator[Dovecot]:
    with serving(server_dir) as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def ingest_pool(postgres: Databases) -> AsyncIterator[db.Pool]:
    async with pool_of("ingest", postgres) as made:
        yield made


@dataclass
class Desk:
    """Routing and ingest of one brand, without Kafka between them: what ingest would tell is handed to routing."""

    world: World
    notifier: Notifier
    smtp: MailServer
    box: Mailbox
    log: Log

    async def ask(self) -> dict[str, Any]:
        await batch(self.world.pool, [event(MentionTriaged, 1, message("A", "Klopt mijn rekening? Bel 06-12345678"))])
        case_id = await self.world.pool.fetchval("select case_id from mention_copy where id = $1", mention_id("A"))
        body = {"department": "billing", "question": "Klopt dit?", "holds_case": True}
        answer = await self.world.call("POST", f"/v1/brands/vaart/cases/{case_id}/consultations", json=body)
        assert answer.status_code == 201, answer.text
        while await self.notifier.claim():
            await self.notifier.idle()
        made: dict[str, Any] = answer.json()
        return made

    async def hear(self, number: int) -> None:
        """Routing hears of what came into the mailbox, `number` mails in all, twice over."""
        await until(lambda: len(self.log.records) >= number, "the mails are taken from the mailbox", 20)
        records = [
            SimpleNamespace(topic=one.topic, partition=0, offset=n, timestamp=0, key=one.key, value=one.value, headers=one.headers)
            for n, one in enumerate(self.log.records)
            if one.topic == "weerklank.answers.v1"
        ]
        for _ in range(2):
            await batch(self.world.pool, [decode(record) for record in records])  # type: ignore[arg-type]

    async def question(self, made: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.world.call("GET", f"/v1/brands/vaart/consultations/{made['id']}")).json()
        return found


@pytest.fixture
async def desk(
    shared_pool: db.Pool,
    ingest_pool: db.Pool,
    dovecot: Dovecot,
    smtp: MailServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Desk]:
    await shared_pool.execute(
        "truncate consultation, consultation_answer, care_case, mention_copy, timeline, outbox, notification, notice, timer"
    )
    box, books = dovecot.user("klant", PASSWORD), BrandBooks("nowhere", "test")
    (tmp_path / "vaart-imap").write_text(PASSWORD)
    mailbox = {"id": "klant", "type": "imap", "host": "127.0.0.1", "port": dovecot.port, "tls": False, "user": "klant"}
    book = {
        "brand": "vaart",
        "name": "Vaart",
        "languages": ["nl"],
        "pilot": False,
        "channels": [
            {**mailbox, "account": "klant@vaart.example", "secret": "file:vaart-imap"},
            {"id": "smtp", "type": "smtp", "host": "127.0.0.1", "port": smtp.port, "tls": False, "from": "Vaart <zorg@vaart.example>"},
        ],
        "departments": [{"id": "webcare", "members": ["gs"]}, {"id": "billing", "email": "facturen@vaart.example"}],
        "team": [{"id": "gs", "first_name": "Guus", "initials": "gs"}],
    }
    await books.put(BrandBookPublished(brand="vaart", version=1, book=book, published_at=datetime.now(UTC), published_by="test"))
    books.read.set()
    policies = Policies(books)
    monkeypatch.setattr(test_simultaneous, "policies", policies)
    world = world_of(shared_pool, tmp_path)
    world.app.state.policies = policies
    given: dict[str, Any] = {"database_url": "postgresql://none", "jwks": "x", "secrets_dir": tmp_path, "answer_key": KEY}
    given |= {"mail_networks": (ip_network("127.0.0.0/8"),)}
    routing = Settings(**given, mail_ports=frozenset({smtp.port}))
    log = Log()
    ingest = IngestSettings(**given, mail_ports=frozenset({dovecot.port}), mail_poll_s=0.2)
    running = asyncio.create_task(Watchers(ingest_pool, books, log, ingest).run())
    try:
        yield Desk(world, Notifier(shared_pool, policies, routing, Links([b"k" * 32], "https://care.example")), smtp, box, log)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def reply(asked: EmailMessage, text: str, sender: str = "Femke <femke@vaart.example>", **headers: str) -> bytes:
    """What a mail program makes of an answer: to whom the mail wants it, with the mail below it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, str(asked["Reply-To"]), f"Re: {asked['Subject']}"
    mail["In-Reply-To"] = str(asked["Message-ID"])
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    quoted = "\n".join(f"> {line}" for line in asked.get_body(("plain",)).get_content().splitlines())  # type: ignore[union-attr]
    mail.set_content(f"{text}\n\nOp ma 2 mrt 2026 om 10:00 schreef Vaart <zorg@vaart.example>:\n\n{quoted}\n")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="factuur.pdf")
    return mail.as_bytes()


async def test_an_answer_by_mail_is_on_the_case_once_and_it_goes_on(desk: Desk) -> None:
    made = await desk.ask()
    [asked] = desk.smtp.mails()
    assert (asked["To"], asked["From"]) == ("facturen@vaart.example", "Vaart <zorg@vaart.example>")
    body = asked.get_body(("plain",))
    assert body is not None
    assert "Beantwoord deze mail" in body.get_content()
    assert "12345678" not in asked.as_string().replace("-", "")
    away = reply(asked, "Ik ben er maandag weer.", Auto_Submitted="auto-replied")
    mail = reply(asked, "Ja, dat klopt: zie de bijlage.")
    ordinary = b"From: anna@post.example\r\nTo: klant@vaart.example\r\nSubject: hallo\r\n\r\nKlopt dit?\r\n"
    forged = b"From: eve@post.example\r\nTo: klant+c." + b"a" * 42 + b"@vaart.example\r\nSubject: hallo\r\n\r\nJa hoor.\r\n"
    desk.box.append(away, mail, mail, ordinary, forged)
    await desk.hear(5)
    found = await desk.question(made)
    assert [(said["what"], said["text"]) for said in found["answers"]] == [
        ("automatic", "Ik ben er maandag weer."),
        ("answer", "Ja, dat klopt: zie de bijlage."),
    ]
    said = found["answers"][1]
    assert (found["state"], said["by"], said["outside"], said["attachments"]) == ("answered", "femke@vaart.example", False, ["factuur.pdf"])
    assert await desk.world.pool.fetchval("select state from care_case where brand = 'vaart'") == "open"
    mentions = [record for record in desk.log.records if record.topic == "weerklank.mentions.v1"]
    assert len(mentions) == 2, "what we did not sign is a mention like any other"
