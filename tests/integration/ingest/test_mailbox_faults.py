"""Live mail when things break, from a real Dovecot without IDLE: no mail is lost, none is there twice, and no mail stops its mailbox."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from libs.common.topics import MENTIONS_BULK
from services.ingest.watch import HARD_TRIES
from tests.dovecot import PROGRAM, Dovecot
from tests.integration.ingest.conftest import Ingest, running
from tests.integration.ingest.team import LONG_AGO, Team, mail, serving, settings
from tests.stack import PostgresServer
from tests.waiting import until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")
CURSORS_WAIT = """
create function wait() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock_shared(4711); return new; end';
create trigger wait before update of last_uid on mailbox for each row execute function wait();
"""

GARBAGE = {
    "not a mail": b"\r\n\r\nzomaar wat\r\n",
    "no date, no sender": b"Subject: zonder datum\r\n\r\nhoi\r\n",
    "a character set that is none": b"From: a@post.example\r\nSubject: =?niets?Q?=FF=FE?=\r\nContent-Type: text/plain; charset=niets\r\n\r\n\xff\xfe\r\n",
    "a date that is none": b"From: b@post.example\r\nSubject: datum\r\nDate: morgen, misschien\r\n\r\nhoi\r\n",
    "nothing but a header": b"From: c@post.example\r\n\r\n",
    "zeros": b"From: d@post.example\r\nSubject: nul\x01len\r\n\r\nhoi \x01\x02\r\n",
    "broken parts": b"From: e@post.example\r\nSubject: delen\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--y\r\n",
}


@pytest.fixture(scope="module")
def dovecot(server_dir: Path) -> Iterator[Dovecot]:
    with serving(server_dir, capability="IMAP4rev1 UIDPLUS LITERAL+") as server:
        yield server


@pytest.fixture(scope="module")
async def ingest(postgres_server: PostgresServer, dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ingest]:
    """It looks into each mailbox twice a second."""
    async with running(postgres_server, tmp_path_factory.mktemp("ingest"), **settings(dovecot, MAIL_POLL_S="0.5")) as service:
        yield service


async def test_a_mailbox_whose_server_does_not_tell_is_looked_at(ingest: Ingest, team: Team) -> None:
    box = team.mailbox()
    await team.watch(team.channel())
    box.append(mail(1))
    await team.has(1)
    assert (await team.state("klant", "polling"))["last_uid"] == 1


async def test_no_garbage_stops_a_mailbox_and_what_cannot_be_read_is_listed(ingest: Ingest, team: Team) -> None:
    box = team.mailbox()
    await team.watch(team.channel())
    box.drop([*GARBAGE.values(), mail(1) + b"x" * 34_000_000, mail(2)])
    readable = len(GARBAGE) - 1 + 1
    await team.has(readable)
    shown = await team.state("klant", "polling")
    assert (shown["taken"], shown["rejected"], shown["last_uid"]) == (readable, 2, len(GARBAGE) + 2)
    rejects = {reject["uid"]: reject["reason"] for reject in await team.rejects()}
    assert set(rejects) == {1, len(GARBAGE) + 1}
    assert "this is not a mail" in rejects[1]
    assert "is larger than" in rejects[len(GARBAGE) + 1]
    titles = set(await team.mentions())
    assert {"Mijn pakket 2", "zonder datum"} <= titles
    async with ingest.client(team.brand) as client:
        metrics = (await client.get("/metrics")).text
    assert f'weerklank_mailbox_taken_total{{account="klant",brand="{team.brand}"}} {float(readable)}' in metrics
    assert f'weerklank_mailbox_errors_total{{account="klant",brand="{team.brand}"}} 2.0' in metrics
    assert f'weerklank_mailbox_connected{{account="klant",brand="{team.brand}"}} 1.0' in metrics


async def test_a_mail_that_its_server_cannot_hand_over_is_rejected_and_the_rest_goes_on(ingest: Ingest, team: Team) -> None:
    box = team.mailbox()
    await team.watch(team.channel())
    await asyncio.to_thread(team.dovecot.stop)
    box.drop([mail(1), mail(2), mail(3)])
    sorted((box.path / "new").iterdir())[1].chmod(0)
    await asyncio.to_thread(team.dovecot.start)
    await team.has(2)
    assert set(await team.mentions()) == {"Mijn pakket 1", "Mijn pakket 3"}

    async def rejected() -> list[int]:
        return [reject["uid"] for reject in await team.rejects()]

    assert await until(rejected, f"the mail is rejected after {HARD_TRIES} tries") == [2]


async def test_a_server_that_is_frozen_or_restarted_costs_no_mail(ingest: Ingest, team: Team) -> None:
    box = team.mailbox()
    await team.watch(team.channel())
    team.dovecot.freeze()
    try:
        assert "did not answer in time" in (await team.state("klant", "waiting"))["why"]
    finally:
        team.dovecot.thaw()
    box.append(mail(1))
    await team.has(1)
    await asyncio.to_thread(team.dovecot.kill)
    await asyncio.to_thread(team.dovecot.stop)
    box.drop([mail(2), mail(3)])
    await asyncio.to_thread(team.dovecot.start)
    await team.has(3)


async def test_other_uids_after_a_restore_lose_nothing_double_nothing_and_open_nothing_old(ingest: Ingest, team: Team) -> None:
    box = team.mailbox()
    box.append(mail(1, at=LONG_AGO), mail(2, at=LONG_AGO), arrived_at=LONG_AGO)
    await team.watch(team.channel())
    box.append(mail(3), mail(4))
    await team.has(2)
    before = await team.state("klant", "polling")
    await asyncio.to_thread(team.dovecot.stop)
    await asyncio.to_thread(box.renumber)
    # What came in meanwhile, and one of long ago that the restore gives a new time of arrival.
    box.drop([mail(5), mail(6), mail(7, about="Oud", at=LONG_AGO)])
    await asyncio.to_thread(team.dovecot.start)
    await team.has(5)

    async def renumbered() -> bool:
        shown = await team.state("klant", "polling")
        return bool(shown["uidvalidity"] != before["uidvalidity"] and shown["last_uid"] == 7)

    await until(renumbered, "the new numbers are the cursor's")
    historic = {title: mention.historic for title, mention in (await team.mentions()).items()}
    assert historic == {"Mijn pakket 3": False, "Mijn pakket 4": False, "Mijn pakket 5": False, "Mijn pakket 6": False}
    assert {title: mention.historic for title, mention in (await team.mentions(MENTIONS_BULK.name)).items()} == {"Oud 7": True}


async def test_ten_thousand_mails_behind_arrive_once_in_bounded_memory_and_hold_up_nobody(ingest: Ingest, team: Team) -> None:
    box = team.mailbox()
    await team.watch(team.channel())
    other = Team(ingest, team.dovecot, team.database)
    await other.publish()
    await asyncio.to_thread(team.dovecot.stop)
    await asyncio.to_thread(box.drop, (mail(number) for number in range(10_000)))
    memory = [ingest.rss_bytes()]
    await asyncio.to_thread(team.dovecot.start)
    await until(team.receipts, "the first of them")
    async with ingest.client(other.brand) as client:
        for number in range(20):
            answer = await client.post(f"/v1/brands/{other.brand}/mentions", json=_post(number))
            assert answer.status_code == 202, answer.text
            memory.append(ingest.rss_bytes())
    await other.has(20)
    assert await team.receipts() < 10_000, "those who write now had to wait for all who wrote before"
    while await team.receipts() < 10_000:
        memory.append(ingest.rss_bytes())
        await asyncio.sleep(0.1)
    await team.has(10_000)
    shown = await team.state("klant", "polling")
    assert (shown["taken"], shown["rejected"], shown["behind"], shown["last_uid"]) == (10_000, 0, 0, 10_000)
    assert await team.database.fetchval("select sum(times) from receipt where brand = $1", team.brand) == 10_000
    assert max(memory) - memory[0] < 120 * 2**20


def _post(number: int) -> dict[str, object]:
    author = {"identities": [{"kind": "handle", "value": f"noor{number}"}]}
    return {"channel": "forum", "external_id": f"f-{number}", "author": author, "text": "Hoi", "posted_at": "2026-03-01T11:00:00Z"}


async def test_of_two_instances_one_watches_and_the_other_goes_on_when_it_is_killed_between_acknowledgement_and_cursor(
    ingest: Ingest, team: Team
) -> None:
    box = team.mailbox()
    await team.watch(team.channel())
    other = Ingest(ingest.home, ingest.kafka, ingest.database_url, ingest.key)
    await asyncio.to_thread(other.start, **settings(team.dovecot, MAIL_POLL_S="0.5", INSTANCE="other"))
    try:
        box.append(*(mail(number) for number in range(3)))
        await team.has(3)
        assert await team.database.fetchval("select sum(times) from receipt where brand = $1", team.brand) == 3
        assert (await team.state("klant", "polling"))["watched_by"] == "test"
        # Nobody can move a cursor while this lock is held: what is sent now is acknowledged, and not kept as taken.
        await team.database.execute(CURSORS_WAIT)
        await team.database.execute("select pg_advisory_lock(4711)")
        box.drop(mail(number) for number in range(10, 14))
        await team.has(7)
        ingest.kill()
        await team.database.execute("select pg_advisory_unlock(4711)")
        team.ingest = other

        async def taken_over() -> bool:
            return bool((await team.state("klant", "polling"))["last_uid"] == 7)

        await until(taken_over, "the other instance has the mailbox")
        box.append(mail(20))
        await team.has(8)
        assert (await team.state("klant", "polling"))["watched_by"] == "other"

        async def again() -> bool:
            return int(await team.database.fetchval("select sum(times) from receipt where brand = $1", team.brand)) == 8 + 4

        await until(again, "the four are in the log a second time, and have no second effect")
        await team.has(8)
    finally:
        await asyncio.to_thread(other.stop)
