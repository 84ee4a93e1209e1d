"""A brand's replies on a real database, and what each kind of channel hands them to: the sandbox, a real mail server, a real web server."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import BrandBook
from libs.common.outbox import Relay
from services.responder import store
from services.responder.channels.contract import marker
from services.responder.lease import Lease
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow
from services.responder.sender import Sender
from services.responder.settings import Settings
from tests.fakes.receiver import SECRET, Receiver, receiving
from tests.integration.responder.conftest import AT, brand_book, case_of, mention
from tests.mail_server import MailServer

BRAND = "vaart"
KINDS = ("sandbox", "smtp", "webhook")


@dataclass
class Delivering:
    """`deliver` sends what is due until nothing is; `sender(…)` makes one more instance of the responder."""

    kind: str
    pool: db.Pool
    folder: Path
    mail: MailServer
    receiver: Receiver
    account: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    pilot: bool = False
    books: BrandBooks = field(default_factory=lambda: BrandBooks("nowhere", "test"))

    def __post_init__(self) -> None:
        (self.folder / f"{BRAND}-hook").write_text(SECRET)
        self.publish()

    def publish(self, **account: Any) -> None:
        """The brand's book, with this account to send by."""
        self.account |= account
        ways: Mapping[str, dict[str, Any]] = {
            "smtp": {
                "id": "out",
                "type": "smtp",
                "host": "127.0.0.1",
                "port": self.mail.port,
                "tls": False,
                "from": "Vaart <klant@vaart.example>",
            },
            "webhook": {"id": "out", "type": "webhook", "url": self.receiver.url, "secret": f"file:{BRAND}-hook", "for": ["*"]},
        }
        channels = [{**ways[self.kind], **self.account}] if self.kind in ways else []
        if self.kind == "both":
            channels = [{**way, "id": name} for name, way in ways.items()]
        book = brand_book(BRAND, pilot=self.is_pilot, channels=channels)
        self.books._books[BRAND] = Published(BrandBook.from_json(book), self.version)
        self.books.read.set()

    @property
    def is_pilot(self) -> bool:
        return self.pilot or self.kind == "sandbox"

    def sender(self, **more: Any) -> Sender:
        given: dict[str, Any] = {
            "database_url": "postgresql://none",
            "jwks": "x",
            "secrets_dir": self.folder,
            "mail_networks": "127.0.0.0/8",
            "mail_ports": str(self.mail.port),
            "webhook_networks": "127.0.0.0/8",
            "send_retry_s": 0.001,
            "account_retry_s": 0.001,
            "send_attempts": 5,
        }
        return Sender(self.pool, self.books, Relay("", "responder", "nowhere"), Settings(**{**given, **more}))

    async def approved(self, number: int = 1, channel: str = "", **more: Any) -> list[ReplyRow]:
        """Replies that somebody has approved, each in a case of its own."""
        rows, channel = [], channel or ("email" if self.kind == "smtp" else "forum")
        for _ in range(number):
            name = f"klant-{uuid4()}"
            about = mention(BRAND, name, channel)
            case = case_of(about)
            to = {"kind": "email", "value": f"{name}@klant.example"} if channel == "email" else {"kind": "handle", "value": name}
            row = ReplyRow(
                id=uuid4(),
                brand=BRAND,
                case_id=case.id,
                mention_id=about.id,
                channel=about.channel,
                visibility=about.visibility,
                state="approved",
                text="Hoi. ^gs",
                digest="d",
                approved_digest="d",
                writer="gs",
                approver="gs",
                created_at=AT,
                approved_at=datetime.now(UTC),
                next_attempt_at=AT,
                language="nl",
                first_reply=True,
                recipient=Recipient(**to, answers="post-7", subject="Internet"),
                sandbox=self.is_pilot,
            ).model_copy(update=more)
            rows.append(row)
            async with self.pool.acquire() as connection:
                await store.put_replies(connection, [row])
                await store.insert_cases(connection, [store.CaseRow(case.id, BRAND, 1, case.state, case, None, AT)])
        return rows

    async def lease(self, seconds: float = 3600.0, *, held: bool = False) -> None:
        """Of `seconds`, so that a test may take its time."""
        async with self.pool.acquire() as connection:
            await connection.execute("delete from brand_lease where brand = $1", BRAND)
            now = await store.database_time(connection)
            await store.put_leases(connection, [Lease(BRAND, 1, now + timedelta(seconds=min(0.0, seconds)), held, None, self.version)])

    async def deliver(self, sender: Sender | None = None, *, rounds: int = 30) -> None:
        """Claim, send, and find out, for as long as there is something to do now."""
        sender, ends_at = sender or self.sender(), time.monotonic() + 20
        while rounds and time.monotonic() < ends_at:
            await self.lease()
            found = await sender.claim() + await sender.look()
            await sender.idle()
            if found:
                rounds -= 1
            elif await self._due():
                await asyncio.sleep(0.02)
            else:
                return

    async def _due(self) -> bool:
        return bool(
            await self.pool.fetchval(
                "select exists (select from reply where brand = $1 and state in ('approved', 'unconfirmed') and held_by is null "
                "and next_attempt_at < clock_timestamp() + interval '1 second')",
                BRAND,
            )
        )

    async def row(self, reply: ReplyRow) -> ReplyRow:
        async with self.pool.acquire() as connection:
            found = await store.reply(connection, BRAND, reply.id)
        assert found is not None
        return found

    async def history(self, reply: ReplyRow) -> list[str]:
        rows = await self.pool.fetch("select what from reply_history where brand = $1 and reply_id = $2 order by id", BRAND, reply.id)
        return [row["what"] for row in rows]

    async def delivered(self) -> Counter[UUID]:
        """What a customer would see, by marker."""
        if self.kind == "smtp":
            return Counter(UUID(str(mail["Message-ID"]).strip("<>").partition("@")[0]) for mail in self.mail.mails())
        if self.kind == "webhook":
            return Counter({UUID(marker): number for marker, number in self.receiver.delivered.items()})
        rows = await self.pool.fetch("select reply_id from sandbox_outbox where brand = $1", BRAND)
        return Counter([marker(await self.row(ReplyRow.model_construct(id=row["reply_id"]))) for row in rows])


@asynccontextmanager
async def delivering(kind: str, pool: db.Pool, folder: Path) -> AsyncIterator[Delivering]:
    mail = MailServer()
    mail.start()
    try:
        async with receiving() as receiver:
            yield Delivering(kind, pool, folder, mail, receiver)
    finally:
        mail.stop()
