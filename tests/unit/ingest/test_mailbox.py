"""What is taken from a mailbox, by where it stands and when it arrived."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from libs.common.brandbook import Channel
from services.ingest import mailbox
from services.ingest.channels.imap import Envelope, Folder
from services.ingest.mailbox import Cursor

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SEEN = Cursor(uidvalidity=7, last_uid=100, boundary_uid=100, reread=False, started_at=NOW, since=None, history_uid=None)


def account(**changes: Any) -> Channel:
    given = {"id": "mail", "type": "imap", "host": "imap.vaart.example", "user": "klant@vaart.example", "secret": "file:vaart-imap"}
    return Channel.model_validate(given | changes)


def envelope(uid: int, arrived_at: datetime = NOW) -> Envelope:
    return Envelope(uid, 1000, arrived_at)


def test_a_mailbox_that_is_seen_for_the_first_time_begins_behind_what_is_there() -> None:
    assert mailbox.opened(None, Folder(7, 101), None, NOW) == SEEN


def test_with_since_what_was_there_before_is_history() -> None:
    cursor = mailbox.opened(None, Folder(7, 101), date(2026, 10, 1), NOW)
    assert (cursor.last_uid, cursor.history_uid, cursor.since) == (100, 0, date(2026, 10, 1))
    assert not mailbox.is_live(cursor, envelope(100))
    assert mailbox.is_live(cursor, envelope(101, NOW - timedelta(days=900)))


@pytest.mark.parametrize(
    ("kept", "since", "history"),
    [
        ((None, None), date(2026, 10, 1), (date(2026, 10, 1), 0)),  # added later
        ((date(2026, 10, 1), 40), date(2026, 10, 1), (date(2026, 10, 1), 40)),  # goes on
        ((date(2026, 10, 1), None), date(2026, 10, 1), (date(2026, 10, 1), None)),  # done
        ((date(2026, 10, 1), None), date(2026, 9, 1), (date(2026, 9, 1), 0)),  # further back: again, which doubles nothing
        ((date(2026, 10, 1), None), date(2026, 10, 9), (date(2026, 10, 9), None)),
        ((date(2026, 10, 1), 40), None, (None, None)),  # taken out
    ],
)
def test_history_follows_the_book(
    kept: tuple[date | None, int | None], since: date | None, history: tuple[date | None, int | None]
) -> None:
    cursor = mailbox.opened(replace(SEEN, since=kept[0], history_uid=kept[1]), Folder(7, 101), since, NOW)
    assert (cursor.since, cursor.history_uid) == history
    assert cursor.last_uid == 100


@pytest.mark.parametrize("folder", [Folder(8, 51), Folder(7, 51)], ids=["another UIDVALIDITY", "numbers that are given out again"])
def test_other_numbers_are_read_again_from_when_we_began(folder: Folder) -> None:
    later = NOW + timedelta(days=30)
    cursor = mailbox.opened(replace(SEEN, last_uid=400), folder, None, later)
    assert cursor == replace(SEEN, uidvalidity=folder.uidvalidity, last_uid=0, boundary_uid=50, reread=True)
    assert mailbox.is_live(cursor, envelope(50, NOW + timedelta(days=1)))
    assert not mailbox.is_live(cursor, envelope(50, NOW - timedelta(days=1)))
    assert mailbox.is_live(cursor, envelope(51, NOW - timedelta(days=1)))
    assert mailbox.live_since(cursor, 1) == date(2026, 10, 31)
    assert mailbox.live_since(cursor, 51) is None


def test_an_old_mail_that_a_move_gave_a_new_time_of_arrival_opens_no_clock() -> None:
    cursor = mailbox.opened(SEEN, Folder(8, 51), None, NOW + timedelta(days=30))
    arrived_at = NOW + timedelta(days=30)
    assert mailbox.is_historic(cursor, envelope(50, arrived_at), NOW - timedelta(days=400))
    assert not mailbox.is_historic(cursor, envelope(50, arrived_at), NOW + timedelta(days=29))
    assert not mailbox.is_historic(cursor, envelope(51, arrived_at), NOW - timedelta(days=400))


def test_history_that_was_under_way_begins_again_under_other_numbers() -> None:
    cursor = mailbox.opened(replace(SEEN, since=date(2026, 10, 1), history_uid=40), Folder(8, 51), date(2026, 10, 1), NOW)
    assert cursor.history_uid == 0


@pytest.mark.parametrize("changes", [{"host": "imap2.vaart.example"}, {"user": "pers@vaart.example"}, {"folder": "Klanten"}])
def test_another_mailbox_is_another_identity(changes: dict[str, Any]) -> None:
    assert mailbox.identity(account()) != mailbox.identity(account(**changes))


@pytest.mark.parametrize(
    "changes", [{"id": "post"}, {"secret": "file:vaart-nieuw"}, {"since": "2026-10-01"}, {"port": 1143}, {"tls": "starttls"}]
)
def test_the_same_mailbox_keeps_its_identity(changes: dict[str, Any]) -> None:
    assert mailbox.identity(account()) == mailbox.identity(account(**changes))


@pytest.mark.parametrize(
    ("failures", "refused", "seconds"),
    [
        (1, False, 1),
        (2, False, 2),
        (5, False, 16),
        (9, False, 256),
        (10, False, 300),
        (10_000, False, 300),
        (1, True, 300),
        (2, True, 600),
        (5, True, 3600),
        (10_000, True, 3600),
    ],
)
def test_a_refused_login_waits_longer_than_a_lost_connection(failures: int, refused: bool, seconds: float) -> None:
    def pause(chance: float) -> float:
        return mailbox.pause_s(failures, refused=refused, retry_s=1, login_retry_s=300, chance=chance)

    assert (pause(0), pause(0.5)) == (0.75 * seconds, seconds)
