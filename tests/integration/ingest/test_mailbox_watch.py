"""What a watcher does with large mailboxes and with servers that do what they should not."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from libs.common import db
from libs.common.migrate import migrate
from services.ingest.channels import imap
from tests.dovecot import PROGRAM, Dovecot
from tests.integration.ingest.team import mail, serving
from tests.integration.ingest.watching import Desk
from tests.stack import PostgresServer
from tests.waiting import until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")
MIGRATIONS = Path(imap.__file__).parents[1] / "migrations"


@pytest.fixture(scope="module")
def dovecot(server_dir: Path) -> Iterator[Dovecot]:
    with serving(server_dir) as server:
        yield server


@pytest.fixture(scope="module")
async def pool(postgres_server: PostgresServer) -> AsyncIterator[db.Pool]:
    url = postgres_server.database()
    login = postgres_server.login(url, "ingest")
    await migrate(login, "ingest", MIGRATIONS)
    async with await db.open_pool(login, "ingest") as opened:
        yield opened
    postgres_server.drop(url)


@pytest.fixture
def desk(pool: db.Pool, dovecot: Dovecot, tmp_path: Path) -> Desk:
    return Desk(pool, dovecot, tmp_path)


async def test_however_many_live_mails_wait_each_is_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "_WINDOW", 4)
    box = desk.box
    async with desk.watching():
        await until(desk.is_read, "the mailbox is seen")
    box.append(*(mail(number) for number in range(5)))
    with box.open() as client:
        # A gap before the mails that wait.
        client.store("1:3", "+FLAGS", r"\Deleted")
        client.expunge()
    box.append(*(mail(number) for number in range(5, 30)))
    async with desk.watching():
        await until(lambda: len(desk.log.records) >= 27, f"all are taken: {len(desk.log.records)}")
        assert desk.log.titles() == [f"Mijn pakket {number}" for number in range(3, 30)]


async def test_uids_far_apart_and_very_large_are_found_by_few_questions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "_WINDOW", 4)
    box = desk.box
    box.append(*(mail(number) for number in range(10)))
    async with desk.watching():
        await until(desk.is_read, "the mailbox is seen")
    box.next_uid(4_000_000_000)
    box.append(*(mail(number) for number in range(10, 20)))
    asked: list[object] = []
    search = imap._Client.search
    monkeypatch.setattr(imap._Client, "search", lambda self, criteria: asked.append(criteria) or search(self, criteria))
    async with desk.watching(desk.channel(since="2020-01-01")):
        await until(lambda: len(desk.log.records) >= 20, f"all are taken: {len(desk.log.records)}")
        await until(desk.is_read, "nothing more is there")
    assert sorted(desk.log.titles()) == sorted(f"Mijn pakket {number}" for number in range(20))
    assert len(asked) < 40
