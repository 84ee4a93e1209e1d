"""A brand with mailboxes on a Dovecot of the test's, its mail, and what ingest makes of it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from libs.common.record import decode
from libs.common.topics import MENTIONS
from tests.dovecot import PASSWORD, Dovecot, Mailbox
from tests.waiting import until

if TYPE_CHECKING:  # it has the fixture that makes a team
    from tests.integration.ingest.conftest import Ingest

WATCHING = {
    "MAIL_NETWORKS": "127.0.0.0/8",
    "MAIL_TIMEOUT_S": "2",
    "MAIL_RETRY_S": "0.02",
    "MAIL_LOGIN_RETRY_S": "3000",
    "MAIL_LEASE_S": "2",
}
LONG_AGO = datetime.now(UTC) - timedelta(days=40)


def mail(number: int, *, about: str = "Mijn pakket", at: datetime | None = None) -> bytes:
    """An invented customer's mail."""
    return (
        f"From: Noor {number} <noor{number % 97}@post.example>\r\nTo: klant@vaart.example\r\nSubject: {about} {number}\r\n"
        f"Message-ID: <{about.replace(' ', '-')}-{number}@post.example>\r\n"
        f"Date: {(at or datetime.now(UTC)).strftime('%a, %d %b %Y %H:%M:%S +0000')}\r\n"
        f"\r\n{about} nummer {number} is er niet. Waar blijft het?\r\n"
    ).encode()


def settings(dovecot: Dovecot, **more: str) -> dict[str, str]:
    return WATCHING | {"MAIL_PORTS": f"{dovecot.port},{dovecot.tls_port}"} | more


@contextmanager
def serving(folder: Path, **what: str) -> Iterator[Dovecot]:
    """A Dovecot whose authority is trusted by whatever is started meanwhile."""
    server = Dovecot(folder / f"dovecot-{secrets.token_hex(2)}", **what)
    patched = pytest.MonkeyPatch()
    patched.setenv("SSL_CERT_FILE", str(server.trusted()))
    try:
        yield server.start()
    finally:
        patched.undo()
        server.stop()


class Team:
    """A brand of the test's own, with its mailboxes."""

    def __init__(self, ingest: "Ingest", dovecot: Dovecot, database: asyncpg.Connection) -> None:
        self.ingest, self.dovecot, self.database = ingest, dovecot, database
        self.brand = f"brand-{secrets.token_hex(4)}"
        self.version = 0

    def mailbox(self, name: str = "klant", password: str = PASSWORD) -> Mailbox:
        """A mailbox and its secret, before the brand's book names it."""
        self.set_secret(name, password)
        return self.dovecot.user(f"{name}.{self.brand}", PASSWORD)

    def set_secret(self, name: str, password: str) -> None:
        folder = self.ingest.home / "secrets"
        folder.mkdir(exist_ok=True)
        (folder / f"{self.brand}-{name}").write_text(password + "\n")

    def channel(self, name: str = "klant", **more: Any) -> dict[str, Any]:
        given = {"id": name, "type": "imap", "host": "127.0.0.1", "port": self.dovecot.port, "tls": False, "user": f"{name}.{self.brand}"}
        return given | {"secret": f"file:{self.brand}-{name}"} | more

    async def publish(self, *channels: dict[str, Any]) -> None:
        self.version += 1
        await self.ingest.publish_book(self.brand, self.version, channels=list(channels))

    async def watch(self, *channels: dict[str, Any]) -> None:
        """Publish a book, and return when all of its mailboxes were seen and read to their ends."""
        await self.publish(*channels)
        for channel in channels:
            await self.state(channel["id"], "idle", "polling")

    async def shown(self) -> list[dict[str, Any]]:
        async with self.ingest.client(self.brand, role="admin") as client:
            answer = await client.get(f"/v1/brands/{self.brand}/mailboxes")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def state(self, account: str, *states: str) -> dict[str, Any]:
        """How a mailbox is, once it is one of these."""

        async def found() -> dict[str, Any] | None:
            shown = [box for box in await self.shown() if box["account"] == account]
            return shown[0] if shown and shown[0]["state"] in states and (shown[0]["last_uid"] is not None or shown[0]["why"]) else None

        return dict(await until(found, f"{account} of {self.brand} is {states}: {await self.shown()}"))

    async def receipts(self) -> int:
        return int(await self.database.fetchval("select count(*) from ingest.receipt where brand = $1", self.brand))

    async def has(self, number: int, timeout_s: float = 30.0) -> None:
        """Return when so many mentions are in the log. Fails when there are more."""

        async def as_many() -> bool:
            found = await self.receipts()
            assert found <= number, f"{found} mentions instead of {number}"
            return found == number

        await until(as_many, f"{number} mentions of {self.brand}: {await self.receipts()}, {await self.shown()}", timeout_s)

    async def mentions(self, topic: str = MENTIONS.name) -> dict[str, Any]:
        """What the log holds, by title."""
        found = [decode(record).event.mention for record in await self.ingest.log(topic, self.brand)]  # type: ignore[attr-defined]
        return {mention.title: mention for mention in found}

    async def rejects(self, account: str = "klant") -> list[dict[str, Any]]:
        async with self.ingest.client(self.brand, role="lead") as client:
            return list((await client.get(f"/v1/brands/{self.brand}/mailboxes/{account}/rejects")).json()["items"])
