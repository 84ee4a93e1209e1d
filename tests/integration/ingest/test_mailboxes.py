"""Live mail, from a real Dovecot: what arrives is a mention once, whatever stops on the way, and nothing in the mailbox changes."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from libs.common.record import decode
from libs.common.topics import MENTIONS, MENTIONS_BULK
from tests.dovecot import PASSWORD, PROGRAM, Dovecot, Mailbox
from tests.integration.ingest.conftest import Ingest
from tests.stack import PostgresServer
from tests.waiting import until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")

WATCHING = {
    "MAIL_NETWORKS": "127.0.0.0/8",
    "MAIL_TIMEOUT_S": "2",
    "MAIL_RETRY_S": "0.2",
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


@pytest.fixture(scope="module")
def dovecot(server_dir: Any) -> Iterator[Dovecot]:
    server = Dovecot(server_dir / f"dovecot-{secrets.token_hex(2)}")
    patched = pytest.MonkeyPatch()
    patched.setenv("SSL_CERT_FILE", str(server.trusted()))
    try:
        yield server.start()
    finally:
        patched.undo()
        server.stop()


@pytest.fixture(scope="module")
async def told(ingest: Ingest, dovecot: Dovecot) -> Ingest:
    """An ingest that hears of new mail from the server (IDLE) and from nobody else: it looks by itself once in ten minutes."""
    return await restarted(ingest, dovecot, MAIL_POLL_S="600")


async def restarted(ingest: Ingest, dovecot: Dovecot, **settings: str) -> Ingest:
    await asyncio.to_thread(ingest.stop)
    await asyncio.to_thread(ingest.start, **WATCHING, MAIL_PORTS=f"{dovecot.port},{dovecot.tls_port}", **settings)
    return ingest


class Team:
    """A brand of the test's own, with its mailboxes."""

    def __init__(self, ingest: Ingest, dovecot: Dovecot, database: asyncpg.Connection) -> None:
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
        return list(answer.json())

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


@pytest.fixture
async def database(ingest: Ingest, postgres_server: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(ingest.database_url)
    yield connection
    await connection.close()


@pytest.fixture
def team(ingest: Ingest, dovecot: Dovecot, database: asyncpg.Connection) -> Team:
    return Team(ingest, dovecot, database)


# --- a server that tells of new mail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [True, "starttls"])
async def test_a_mail_that_arrives_while_the_server_idles_is_a_live_mention_and_stays_unread(told: Ingest, team: Team, tls: Any) -> None:
    box = team.mailbox()
    box.append(mail(0, about="Van eerder"))
    port = team.dovecot.tls_port if tls is True else team.dovecot.port
    await team.watch(team.channel(host="localhost", tls=tls, port=port))
    box.append(mail(1))
    await team.has(1)
    (mention,) = (await team.mentions()).values()
    assert (mention.title, mention.channel, mention.kind, mention.historic) == ("Mijn pakket 1", "email", "mail", False)
    assert mention.visibility == "private"
    assert mention.author.identities[0].value == "noor1@post.example"
    assert "nummer 1 is er niet" in mention.text
    assert all(b"\\Seen" not in flags and b"\\Recent" not in flags for flags in box.flags())
    shown = await team.state("klant", "idle")
    assert (shown["taken"], shown["rejected"], shown["behind"], shown["last_uid"]) == (1, 0, 0, 2)
    assert shown["watched_by"] == "test"


async def test_several_mailboxes_of_two_brands_each_go_to_their_own(told: Ingest, team: Team, database: asyncpg.Connection) -> None:
    other = Team(team.ingest, team.dovecot, database)
    boxes = [team.mailbox("klant"), team.mailbox("pers"), other.mailbox("klant")]
    await team.watch(team.channel("klant"), team.channel("pers"))
    await other.watch(other.channel("klant"))
    for number, box in enumerate(boxes):
        box.append(mail(number))
    await team.has(2)
    await other.has(1)
    assert set(await team.mentions()) == {"Mijn pakket 0", "Mijn pakket 1"}
    assert set(await other.mentions()) == {"Mijn pakket 2"}


async def test_mail_of_before_is_history_from_the_day_that_the_book_says_and_delays_no_live_mail(told: Ingest, team: Team) -> None:
    box = team.mailbox()
    box.append(mail(1, at=LONG_AGO), arrived_at=LONG_AGO)
    box.append(mail(2, at=LONG_AGO + timedelta(days=20)), arrived_at=LONG_AGO + timedelta(days=20))
    box.append(mail(3))
    await team.watch(team.channel())
    box.append(mail(4))
    await team.has(1)
    # Added later, it reaches what was left alone at first, and nothing twice.
    await team.publish(team.channel(since=(LONG_AGO + timedelta(days=10)).date().isoformat()))
    await team.has(3)
    live, history = await team.mentions(), await team.mentions(MENTIONS_BULK.name)
    assert (set(live), set(history)) == ({"Mijn pakket 4"}, {"Mijn pakket 2", "Mijn pakket 3"})
    assert not live["Mijn pakket 4"].historic
    assert all(mention.historic for mention in history.values())
    assert abs(history["Mijn pakket 2"].posted_at - (LONG_AGO + timedelta(days=20))) < timedelta(seconds=2)


async def test_a_wrong_password_is_told_and_the_right_one_is_used_as_soon_as_it_is_there(told: Ingest, team: Team) -> None:
    box = team.mailbox(password="niet dit")
    await team.publish(team.channel())
    shown = await team.state("klant", "login_refused")
    assert f"file:{team.brand}-klant" in shown["why"]
    assert shown["next_try_at"] is not None
    box.append(mail(1))
    team.set_secret("klant", PASSWORD)
    await team.state("klant", "idle")
    box.append(mail(2))
    await team.has(1)
    assert "niet dit" not in (told.home / "ingest.log").read_text()


@pytest.mark.parametrize(
    ("changed", "state", "why"),
    [
        ({"secret": "file:anders-klant"}, "secret_refused", "is not one of this brand"),
        ({"secret": "file:{brand}-niets"}, "secret_missing", "cannot be read"),
        ({"host": "10.0.0.1"}, "out_of_reach", "10.0.0.1 is not in the public network. WEERKLANK_INGEST_MAIL_NETWORKS"),
        ({"port": 5432}, "out_of_reach", "Port 5432 of 127.0.0.1 is not one for mail. WEERKLANK_INGEST_MAIL_PORTS"),
        ({"port": 143}, "waiting", "Nothing listens on port 143 of 127.0.0.1"),
        ({"tls": "starttls"}, "waiting", "The certificate of 127.0.0.1"),
        ({"tls": True}, "waiting", "TLS with 127.0.0.1 does not come about"),
        ({"folder": "Bestaat niet"}, "no_folder", "There is no folder 'Bestaat niet'"),
        ({"host": "niets.invalid"}, "waiting", "The name niets.invalid does not resolve"),
    ],
)
async def test_what_keeps_a_mailbox_from_being_read_is_told_in_words(
    told: Ingest, team: Team, changed: dict[str, Any], state: str, why: str
) -> None:
    team.mailbox()
    changed = {name: value.replace("{brand}", team.brand) if isinstance(value, str) else value for name, value in changed.items()}
    await team.publish(team.channel(**changed))
    shown = await team.state("klant", state)
    assert why in shown["why"]
    assert shown["last_error"] == shown["why"]
    assert told.ready()


async def test_another_mailbox_in_the_book_is_another_cursor_and_the_old_one_is_let_go(told: Ingest, team: Team) -> None:
    first, second = team.mailbox("oud"), team.mailbox("nieuw")
    for number in range(3):
        first.append(mail(number))
    await team.watch(team.channel("post", user=first.name, secret=f"file:{team.brand}-oud"))
    second.append(mail(10))
    await team.publish(team.channel("post", user=second.name, secret=f"file:{team.brand}-nieuw"))

    async def moved() -> bool:
        return [box["last_uid"] for box in await team.shown() if box["state"] == "idle"] == [1]

    await until(moved, "the other mailbox is watched")
    first.append(mail(4))
    second.append(mail(11))
    await team.has(1)
    assert set(await team.mentions()) == {"Mijn pakket 11"}


async def test_only_those_who_keep_the_mailboxes_see_them(told: Ingest, team: Team) -> None:
    await team.publish()
    for role, status in (("admin", 200), ("lead", 200), ("agent", 403), ("connector", 403), ("analyst", 403)):
        async with told.client(team.brand, role=role) as client:
            assert (await client.get(f"/v1/brands/{team.brand}/mailboxes")).status_code == status
            assert (await client.get(f"/v1/brands/{team.brand}/mailboxes/klant/rejects")).status_code == status
    async with told.client("a-brand-of-nobody", role="admin") as client:
        assert (await client.get(f"/v1/brands/{team.brand}/mailboxes")).status_code == 403
        assert (await client.get("/v1/brands/a-brand-of-nobody/mailboxes")).status_code == 404
    async with told.client(team.brand, role="admin") as client:
        assert (await client.get(f"/v1/brands/{team.brand}/mailboxes/klant/rejects?cursor=zomaar")).status_code == 400
