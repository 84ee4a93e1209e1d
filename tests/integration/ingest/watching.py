"""Watchers in the test's own process, and a mail server of which some answers are altered: a real Dovecot behind a wire of the test's."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncpg

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.events import BrandBookPublished
from services.ingest.sender import Record, Sender
from services.ingest.settings import Settings
from services.ingest.watcher import Watchers
from tests.dovecot import PASSWORD, Dovecot, Mailbox


class Log(Sender):
    """What would go to Kafka. `refuse` is asked before each time."""

    def __init__(self, refuse: Callable[[], Exception | None] = lambda: None) -> None:
        self.records: list[Record] = []
        self.refuse = refuse

    async def send(self, records: Sequence[Record], turn: asyncio.Lock | None = None) -> None:
        if records and (error := self.refuse()):
            raise error
        self.records += records

    def titles(self) -> list[str]:
        return [json.loads(record.value)["mention"]["title"] for record in self.records]


@dataclass
class Desk:
    """A brand of the test's own with one mailbox, `box`."""

    pool: db.Pool
    dovecot: Dovecot
    home: Path
    brand: str = field(default_factory=lambda: f"brand-{secrets.token_hex(4)}")
    log: Log = field(default_factory=Log)

    @property
    def box(self) -> Mailbox:
        return self.dovecot.user(f"klant.{self.brand}", PASSWORD)

    def channel(self, **more: Any) -> dict[str, Any]:
        given = {"id": "klant", "type": "imap", "host": "127.0.0.1", "port": self.dovecot.port, "tls": False}
        return given | {"user": f"klant.{self.brand}", "secret": f"file:{self.brand}-klant"} | more

    @asynccontextmanager
    async def watching(self, *channels: dict[str, Any], pilot: bool = False, **more: Any) -> AsyncIterator[Watchers]:
        """With `more` settings. It ends as when the service is stopped."""
        channels = channels or (self.channel(),)
        (self.home / f"{self.brand}-klant").write_text(PASSWORD)
        given = {
            "database_url": "postgresql://",
            "jwks": "unused",
            "mail_networks": (ip_network("127.0.0.0/8"),),
            "mail_ports": frozenset(channel["port"] for channel in channels),
            "mail_timeout_s": 2.0,
            "mail_retry_s": 0.02,
            "mail_poll_s": 0.5,
            "secrets_dir": self.home,
        }
        books = BrandBooks("", "test")
        book = {"brand": self.brand, "name": self.brand, "languages": ["nl"], "pilot": pilot, "channels": list(channels)}
        await books.put(
            BrandBookPublished(brand=self.brand, book_version=1, version=1, book=book, published_at=datetime.now(UTC), published_by="test")
        )
        books.read.set()
        watchers = Watchers(self.pool, books, self.log, Settings(**given | more))
        running = asyncio.create_task(watchers.run())
        try:
            yield watchers
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def row(self, account: str = "klant") -> asyncpg.Record | None:
        return await self.pool.fetchrow("select * from mailbox where brand = $1 and account = $2", self.brand, account)

    async def is_read(self) -> bool:
        row = await self.row()
        return row is not None and row["state"] in ("idle", "polling")

    async def rejects(self) -> list[int]:
        return [row["uid"] for row in await self.pool.fetch("select uid from mailbox_reject where brand = $1", self.brand)]


class Altered:
    """A wire to a mail server. Each line that the server says goes through `alter`; a command that `answer` answers never reaches it.

    `answer` gets the tag and the command; what it returns is said instead, and an empty answer ends the connection.
    """

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self.commands: list[str] = []
        self.logins = 0
        self.alter: Callable[[bytes], bytes] = lambda line: line
        self.answer: Callable[[str, str], bytes | None] = lambda tag, command: None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """The port of 127.0.0.1."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", limit=2**26)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._behind, limit=2**26)
        self.logins += 1
        telling = asyncio.create_task(self._tell(server, to_client))
        try:
            while line := await client.readline():
                tag, _, command = line.decode().strip().partition(" ")
                self.commands.append(command)
                said = self.answer(tag, command)
                if said == b"":
                    break
                if said is None:
                    to_server.write(line)
                else:
                    to_client.write(said)
        except ConnectionError:
            pass  # the other side hung up
        finally:
            telling.cancel()
            to_server.close()
            to_client.close()

    async def _tell(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        while line := await server.readline():
            to_client.write(self.alter(line))
        to_client.close()
