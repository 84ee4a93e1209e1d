"""Routing's notices on a real database: a brand whose people are told by mail and by every kind of hook, and the notifier that tells them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.bookteam import Notify
from libs.common.events import BrandBookPublished, deterministic_id
from services.routing import notice
from services.routing.links import Links
from services.routing.notice import Link, Notice
from services.routing.notifier import Notifier
from services.routing.policies import Policies
from services.routing.settings import Settings
from tests.fakes.hooks import SECRET, Hooks
from tests.mail_server import MailServer

KEY = b"k" * 32
SUBJECT = UUID(int=11)
WAYS = ("email", "webhook", "mattermost", "slack", "teams")


def way(kind: str, name: str = "") -> Notify:
    """Sanne's mail address, or the hook of that kind and name, whose address stands in the file vaart-<kind><name>."""
    if kind == "email":
        return Notify(email=name or "sanne@vaart.example")
    more = {"secret": "file:vaart-sign"} if kind == "webhook" else {}
    return Notify.model_validate({kind: f"file:vaart-{kind}{name}", **more})


def told(kind: str = "email", what: str = "een", **more: Any) -> Notice:
    given: dict[str, Any] = {
        "id": deterministic_id("vaart", "notice", kind, what),
        "brand": "vaart",
        "about": "case",
        "subject": SUBJECT,
        "to": "mk",
        "way": way(kind),
        "title": "Er is iets",
        "text": "Regel een.\n\nRegel twee & <b>meer</b>.",
    }
    return Notice(**{**given, **more})


@dataclass
class Telling:
    """`notifier(…)` makes one more instance of routing; what it does is in the table `notice`."""

    pool: db.Pool
    policies: Policies
    folder: Path
    books: BrandBooks
    mail: MailServer
    hooks: Hooks
    made: list[Notifier] = field(default_factory=list)

    async def publish(self, version: int, **more: Any) -> None:
        smtp = {
            "id": "smtp",
            "type": "smtp",
            "host": "127.0.0.1",
            "port": self.mail.port,
            "tls": False,
            "from": "Vaart <zorg@vaart.example>",
        }
        book = {
            "brand": "vaart",
            "name": "Vaart",
            "languages": ["nl"],
            "pilot": False,
            "channels": [smtp],
            "team": [
                {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"},
                {"id": "gs", "first_name": "Guus", "initials": "gs"},
            ],
            **more,
        }
        await self.books.put(
            BrandBookPublished(brand="vaart", version=version, book=book, published_at=datetime.now(UTC), published_by="test")
        )

    def secret(self, name: str, value: str) -> None:
        (self.folder / f"vaart-{name}").write_text(value)

    def notifier(self, **more: Any) -> Notifier:
        given: dict[str, Any] = {
            "database_url": "postgresql://none",
            "jwks": "x",
            "secrets_dir": self.folder,
            "mail_networks": "127.0.0.0/8",
            "mail_ports": str(self.mail.port),
            "webhook_networks": "127.0.0.0/8",
            "notice_retry_s": 0.001,
            "notice_answer_timeout_s": 2.0,
            "notice_connect_timeout_s": 2.0,
        }
        made = Notifier(self.pool, self.policies, Settings(**{**given, **more}), Links([KEY], "https://care.example/routing"))
        self.made.append(made)
        return made

    async def add(self, *notices: Notice) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await notice.add(connection, notices, await connection.fetchval("select moment()"))

    async def tell(self, *notices: Notice, notifier: Notifier | None = None) -> None:
        """Add these, and send what is due until nothing is."""
        await self.add(*notices)
        sender = notifier or self.notifier()
        while await sender.claim():
            await sender.idle()

    async def rows(self) -> list[Mapping[str, Any]]:
        return await self.pool.fetch("select * from notice where brand = 'vaart' order by seq")

    async def states(self) -> dict[UUID, str]:
        return {row["id"]: row["state"] for row in await self.rows()}

    async def row(self, notice_id: UUID) -> Any:
        return await self.pool.fetchrow("select * from notice where brand = 'vaart' and id = $1", notice_id)


async def telling_of(pool: db.Pool, folder: Path, mail: MailServer, hooks: Hooks) -> Telling:
    books = BrandBooks("nowhere", "test")
    world = Telling(pool, Policies(books), folder, books, mail, hooks)
    await world.publish(1)
    for kind in WAYS[1:]:
        world.secret(kind, hooks.url(kind))
    world.secret("sign", SECRET)
    return world


def link(label: str = "Ik heb het gezien", **more: Any) -> Link:
    given: dict[str, Any] = {"label": label, "purpose": "test", "subject": SUBJECT, "expires_at": datetime(2100, 1, 1, tzinfo=UTC)}
    return Link(**{**given, **more})
