"""Live mail, from a real Dovecot that tells of new mail: what arrives is a mention, what keeps it from being read is told, and nothing in a mailbox
changes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.common.topics import MENTIONS_BULK
from tests.dovecot import PASSWORD, PROGRAM, Dovecot
from tests.integration.ingest.conftest import Ingest, running
from tests.integration.ingest.team import LONG_AGO, Team, mail, serving, settings
from tests.stack import PostgresServer
from tests.waiting import until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")


@pytest.fixture(scope="module")
def dovecot(server_dir: Path) -> Iterator[Dovecot]:
    with serving(server_dir) as server:
        yield server


@pytest.fixture(scope="module")
async def ingest(postgres_server: PostgresServer, dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ingest]:
    """It hears of new mail from the server (IDLE) and from nobody else: it looks by itself once in ten minutes."""
    async with running(postgres_server, tmp_path_factory.mktemp("ingest"), **settings(dovecot, MAIL_POLL_S="600")) as service:
        yield service


@pytest.mark.parametrize("tls", [True, "starttls"])
async def test_a_mail_that_arrives_while_the_server_idles_is_a_live_mention_and_stays_unread(ingest: Ingest, team: Team, tls: Any) -> None:
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


async def test_several_mailboxes_of_two_brands_each_go_to_their_own(ingest: Ingest, team: Team) -> None:
    other = Team(team.ingest, team.dovecot, team.database)
    boxes = [team.mailbox("klant"), team.mailbox("pers"), other.mailbox("klant")]
    await team.watch(team.channel("klant"), team.channel("pers"))
    await other.watch(other.channel("klant"))
    for number, box in enumerate(boxes):
        box.append(mail(number))
    await team.has(2)
    await other.has(1)
    assert set(await team.mentions()) == {"Mijn pakket 0", "Mijn pakket 1"}
    assert set(await other.mentions()) == {"Mijn pakket 2"}


async def test_mail_of_before_is_history_from_the_day_that_the_book_says_and_delays_no_live_mail(ingest: Ingest, team: Team) -> None:
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


async def test_a_wrong_password_is_told_and_the_right_one_is_used_as_soon_as_it_is_there(ingest: Ingest, team: Team) -> None:
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
    assert "niet dit" not in (ingest.home / "ingest.log").read_text()


@pytest.mark.parametrize(
    ("changed", "state", "why"),
    [
        ({"secret": "file:anders-klant"}, "secret_refused", "is not one of this brand"),
        ({"secret": "file:{brand}-niets"}, "secret_missing", "Beside a local stack: weerklank secret set"),
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
    ingest: Ingest, team: Team, changed: dict[str, Any], state: str, why: str
) -> None:
    team.mailbox()
    changed = {name: value.replace("{brand}", team.brand) if isinstance(value, str) else value for name, value in changed.items()}
    await team.publish(team.channel(**changed))
    shown = await team.state("klant", state)
    assert why in shown["why"]
    assert shown["last_error"] == shown["why"]
    assert ingest.ready()


async def test_another_mailbox_in_the_book_is_another_cursor_and_the_old_one_is_let_go(ingest: Ingest, team: Team) -> None:
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


async def test_of_very_many_mailboxes_of_a_brand_the_later_ones_are_told_that_they_are_not_watched(ingest: Ingest, team: Team) -> None:
    await team.publish(*(team.channel(f"box-{number}") for number in range(52)))
    for number in range(50):  # all that are watched, in whichever order they came to be
        await team.state(f"box-{number}", "secret_missing")
    shown = {box["account"]: (box["state"], box["why"]) for box in await team.shown()}
    assert shown["box-50"] == shown["box-51"]
    assert shown["box-50"][0] == "too_many"
    assert "the first 50 are watched" in (shown["box-50"][1] or "")
    assert await team.database.fetchval("select count(*) from mailbox where brand = $1", team.brand) == 50


async def test_only_those_who_keep_the_mailboxes_see_them(ingest: Ingest, team: Team) -> None:
    await team.publish()
    for role, status in (("admin", 200), ("lead", 200), ("agent", 403), ("connector", 403), ("analyst", 403)):
        async with ingest.client(team.brand, role=role) as client:
            assert (await client.get(f"/v1/brands/{team.brand}/mailboxes")).status_code == status
            assert (await client.get(f"/v1/brands/{team.brand}/mailboxes/klant/rejects")).status_code == status
    async with ingest.client("a-brand-of-nobody", role="admin") as client:
        assert (await client.get(f"/v1/brands/{team.brand}/mailboxes")).status_code == 403
        assert (await client.get("/v1/brands/a-brand-of-nobody/mailboxes")).status_code == 404
    async with ingest.client(team.brand, role="admin") as client:
        assert (await client.get(f"/v1/brands/{team.brand}/mailboxes/klant/rejects?cursor=zomaar")).status_code == 400


async def test_a_server_that_goes_away_while_it_idles_is_found_again(ingest: Ingest, team: Team) -> None:
    box = team.mailbox()
    await team.watch(team.channel())
    await asyncio.to_thread(team.dovecot.stop)
    box.drop([mail(1)])
    await team.state("klant", "waiting")
    await asyncio.to_thread(team.dovecot.start)
    await team.state("klant", "idle")
    box.append(mail(2))
    await team.has(2)
