"""What a watcher does with large mailboxes and with servers that do what they should not."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from libs.common import db
from libs.common.brandbook import Channel
from libs.common.errors import Unavailable
from libs.common.mailserver import Reach
from libs.common.migrate import migrate
from services.ingest import mailbox, watch
from services.ingest.channels import imap
from tests.dovecot import PASSWORD, PROGRAM, Dovecot
from tests.integration.ingest.team import mail, serving
from tests.integration.ingest.watching import Altered, Desk
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


async def test_a_mail_of_which_its_server_tells_neither_arrival_nor_size_is_taken(desk: Desk, dovecot: Dovecot) -> None:
    box, altered = desk.box, Altered(dovecot.port)
    spoilt = {
        b"(UID 1 ": (rb'INTERNALDATE "[^"]*"', b"INTERNALDATE NIL"),
        b"(UID 2 ": (rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "32-Foo-2026 99:99:99 +0000"'),
        b"(UID 3 ": (rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "01-Jan-0001 00:00:00 +1400"'),
        b"(UID 4 ": (rb"RFC822.SIZE \d+ ", b""),
    }

    def alter(line: bytes) -> bytes:
        for mark, (pattern, instead) in spoilt.items():
            if mark in line:
                return re.sub(pattern, instead, line)
        return line

    altered.alter = alter
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):
        await until(desk.is_read, "the mailbox is seen")
        box.append(*(mail(number) for number in range(1, 6)))
        await until(lambda: len(desk.log.records) >= 5, f"all are taken: {desk.log.titles()}")
        await until(desk.is_read, "the mailbox goes on")
    assert desk.log.titles() == [f"Mijn pakket {number}" for number in range(1, 6)]
    assert altered.logins == 1


async def test_while_kafka_takes_none_a_mail_is_fetched_once_and_sent_until_it_is_taken(desk: Desk, dovecot: Dovecot) -> None:
    box, altered = desk.box, Altered(dovecot.port)
    refused: list[None] = []

    def refuse() -> Exception | None:
        refused.append(None)
        return Unavailable("Kafka is away.", retry_after_s=1) if len(refused) < 3 else None

    desk.log.refuse = refuse
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):
        await until(desk.is_read, "the mailbox is seen")
        box.append(mail(1), mail(2))
        await until(lambda: desk.log.records, "they are taken")
        await until(desk.is_read, "the mailbox is read again")
    assert sorted(desk.log.titles()) == ["Mijn pakket 1", "Mijn pakket 2"]
    fetched = [command for command in altered.commands if "BODY.PEEK" in command]
    assert len(fetched) <= 2, fetched


async def test_a_new_password_is_tried_at_once_also_while_the_old_one_reads(
    desk: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_LOOK_AT_SECRET_S", 0.05)
    box, altered, secret = desk.box, Altered(dovecot.port), desk.home / f"{desk.brand}-klant"

    async def is_refused() -> bool:
        return ((await desk.row()) or {}).get("state") == "login_refused"

    # Dovecot makes whoever was refused wait. Neither the wait for mail nor the pause after a refusal ends by itself while this lasts.
    patient = {"mail_poll_s": 60.0, "mail_login_retry_s": 300.0, "mail_timeout_s": 25.0}
    async with altered.listening() as port, desk.watching(desk.channel(port=port), **patient):
        await until(desk.is_read, "the mailbox is read")
        secret.write_text("an old one")
        await until(is_refused, "the wrong password is told")
        secret.write_text(PASSWORD)
        await until(desk.is_read, "the right one is tried")
        box.append(mail(1))
        await until(lambda: desk.log.records, "mail is taken again")
    assert altered.logins == 3


async def test_a_server_that_refuses_to_tell_of_new_mail_is_polled_on_one_connection(desk: Desk, dovecot: Dovecot) -> None:
    box, altered = desk.box, Altered(dovecot.port)
    altered.answer = lambda tag, command: f"{tag} BAD not today\r\n".encode() if command == "IDLE" else None
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):

        async def polls() -> bool:
            return ((await desk.row()) or {}).get("state") == "polling"

        await until(polls, "the mailbox is polled")
        box.append(mail(1))
        await until(lambda: desk.log.records, "its mail is taken")
    assert (altered.logins, altered.commands.count("IDLE")) == (1, 1)


async def test_a_server_that_hangs_up_on_being_asked_to_tell_is_polled_and_never_called_read_before(desk: Desk, dovecot: Dovecot) -> None:
    box, altered = desk.box, Altered(dovecot.port)
    altered.answer = lambda tag, command: b"" if command == "IDLE" else None
    states: list[str] = []
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):

        async def polls() -> bool:
            row = await desk.row()
            if row is not None and states[-1:] != [row["state"]]:
                states.append(row["state"])
            return bool(states) and states[-1] == "polling"

        await until(polls, f"the mailbox is polled: {states}")
        box.append(mail(1))
        await until(lambda: desk.log.records, "its mail is taken")
    assert altered.logins == 3
    assert "idle" not in states[states.index("waiting") :]


async def test_failures_are_not_forgotten_by_a_connection_that_does_not_last(desk: Desk, dovecot: Dovecot) -> None:
    altered = Altered(dovecot.port)
    altered.answer = lambda tag, command: b"" if command == "NOOP" else None
    assert desk.box
    async with altered.listening() as port, desk.watching(desk.channel(port=port)) as watchers:
        await until(lambda: altered.commands.count("NOOP") >= 2, "it is tried again")
        (found,) = watchers._watches.values()
        await until(lambda: found._failures >= 2, "its failures are counted")


async def test_a_server_that_tells_of_the_same_mails_for_ever_is_looked_at_once_a_second(desk: Desk, dovecot: Dovecot) -> None:
    altered = Altered(dovecot.port)
    altered.answer = lambda tag, command: f"* 1 EXISTS\r\n{tag} OK done\r\n".encode() if command == "NOOP" else None
    assert desk.box
    began = time.monotonic()
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):
        await until(lambda: altered.commands.count("NOOP") >= 3, "it was looked at")
    assert time.monotonic() - began >= 2 * watch.LOOK_S


async def test_another_port_or_way_of_tls_is_the_same_mailbox_and_loses_no_mail(desk: Desk, dovecot: Dovecot) -> None:
    box = desk.box
    async with desk.watching():
        await until(desk.is_read, "the mailbox is seen")
    box.append(mail(1))
    async with Altered(dovecot.port).listening() as port, desk.watching(desk.channel(port=port)):
        await until(lambda: desk.log.records, "what came in meanwhile is taken")


async def test_a_cursor_that_was_kept_by_port_is_gone_on_with(desk: Desk, dovecot: Dovecot) -> None:
    box = desk.box
    async with desk.watching():
        await until(desk.is_read, "the mailbox is seen")
    account = Channel.model_validate(desk.channel(port=143))
    await desk.pool.execute("update mailbox set identity = $2 where brand = $1", desk.brand, mailbox.former_identities(account, [])[0])
    box.append(mail(1))
    async with desk.watching():
        await until(lambda: desk.log.records, "what came in meanwhile is taken")
    assert await desk.pool.fetchval("select count(*) from mailbox where brand = $1", desk.brand) == 1


async def test_no_mail_is_given_up_while_the_server_hands_over_none(desk: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "HARD_TRIES", 2)
    box, altered = desk.box, Altered(dovecot.port)
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):
        await until(desk.is_read, "the mailbox is seen")
        altered.answer = lambda tag, command: f"{tag} NO for now\r\n".encode() if "BODY.PEEK" in command else None
        box.append(mail(1), mail(2))
        await until(lambda: altered.logins >= 7, "they are tried again")
        assert await desk.rejects() == []
        altered.answer = lambda tag, command: None
        await until(lambda: len(desk.log.records) == 2, "both are taken")


async def test_a_mail_that_fails_while_another_is_handed_over_is_given_up(
    desk: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "HARD_TRIES", 2)
    box, altered = desk.box, Altered(dovecot.port)
    altered.answer = lambda tag, command: b"" if re.match(r"UID FETCH \S*\b[12]\b\S* \(BODY", command) else None
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):
        await until(desk.is_read, "the mailbox is seen")
        box.append(mail(1), mail(2), mail(3))
        await until(lambda: desk.log.records, f"the third is taken: {desk.log.titles()}")
        await until(desk.is_read, "the mailbox goes on")
    assert await desk.rejects() == [1, 2]
    assert desk.log.titles() == ["Mijn pakket 3"]


async def test_a_mail_that_waits_alone_is_given_up_after_hours(desk: Desk, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "HARD_S", 0.5)
    box, altered = desk.box, Altered(dovecot.port)
    altered.answer = lambda tag, command: b"" if "BODY.PEEK" in command else None
    async with altered.listening() as port, desk.watching(desk.channel(port=port)):
        await until(desk.is_read, "the mailbox is seen")
        box.append(mail(1))
        await until(desk.rejects, "it is rejected")


async def test_a_mailbox_for_which_an_instance_has_no_room_says_so_and_is_read_once_there_is(desk: Desk) -> None:
    assert desk.box
    first, second = desk.channel(), desk.channel(id="second", folder="INBOX", user=f"second.{desk.brand}")
    desk.dovecot.user(f"second.{desk.brand}", PASSWORD)

    async def states() -> list[str]:
        rows = await desk.pool.fetch("select state from mailbox where brand = $1 order by state", desk.brand)
        return ["read" if row["state"] in ("idle", "polling") else row["state"] for row in rows]

    def connected() -> list[float | None]:
        labels = [{"brand": desk.brand, "account": account} for account in ("klant", "second")]
        return [REGISTRY.get_sample_value("weerklank_mailbox_connected", found) for found in labels]

    async def is_one_too_many() -> bool:
        return await states() == ["read", "too_many"]

    async with desk.watching(first, second, mail_boxes=1, mail_lease_s=1.0):
        await until(is_one_too_many, f"one is read: {await states()}")
        await until(lambda: sorted(map(str, connected())) == ["0.0", "1.0"], f"the alert is about the one that is not read: {connected()}")
    why = await desk.pool.fetchval("select why from mailbox where brand = $1 and state = 'too_many'", desk.brand)
    assert "each watches 1 mailboxes at most. WEERKLANK_INGEST_MAIL_BOXES" in why

    async def are_read() -> bool:
        return await states() == ["read", "read"]

    async with desk.watching(first, second, mail_lease_s=1.0):
        await until(are_read, "both are read")


async def test_a_mailbox_that_another_instance_has_is_not_in_our_metrics(desk: Desk) -> None:
    labels = {"brand": desk.brand, "account": "klant"}

    def told(metric: str) -> float | None:
        return REGISTRY.get_sample_value(metric, labels)

    box = desk.box
    async with desk.watching():
        await until(desk.is_read, "the mailbox is seen")
        assert told("weerklank_mailbox_connected") == 1
        await desk.pool.execute(
            "update mailbox set leased_by = 'other', leased_until = now() + interval '1 hour' where brand = $1", desk.brand
        )
        box.append(mail(1))
        await until(lambda: told("weerklank_mailbox_connected") is None, "it is no longer ours to tell of")
        assert told("weerklank_mailbox_behind") is None


@pytest.mark.parametrize("refused", [0, 1], ids=["Dovecot", "a server that says no"])
async def test_a_mail_that_is_deleted_before_it_is_fetched_costs_no_connection(desk: Desk, dovecot: Dovecot, refused: int) -> None:
    box, altered = desk.box, Altered(dovecot.port)
    box.append(*(mail(number) for number in range(1, 4)))

    def answer(tag: str, command: str) -> bytes | None:
        if "BODY.PEEK" in command and sum("BODY.PEEK" in command for command in altered.commands) <= refused:
            return f"{tag} NO [EXPUNGEISSUED] Some of these are gone\r\n".encode()
        return None

    altered.answer = answer
    async with altered.listening() as port:
        account, reach = Channel.model_validate(desk.channel(port=port)), Reach([ip_network("127.0.0.0/8")], frozenset({port}))
        connection = await imap.Connection.open(account, PASSWORD, reach=reach, timeout_s=5)
        try:
            await connection.examine()
            envelopes = await connection.envelopes([1, 2, 3], 10_000)
            with box.open() as client:
                client.store("2", "+FLAGS", r"\Deleted")
                client.expunge()
            assert set(await connection.fetch(envelopes, lambda envelope, raw: len(raw))) == {1, 3}
        finally:
            await connection.close()
