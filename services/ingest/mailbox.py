"""What is taken from a mailbox, and when it is tried again: pure decisions of `watch.py`.

From when we first see a mailbox, what arrives in it is live: its clocks run. What was there before is left alone, unless the book says `since`: then
it is history from that day on. An outage of ours changes nothing in that: what arrived meanwhile is live.

UIDs hold under one UIDVALIDITY. Under a new one (a mailbox that was restored, or moved to another server) the mails that are there have new numbers,
and nobody can say which of them we had. So all of them that arrived since we first saw the mailbox are read again: those that we had are recognised,
since a mail's id is a hash of its bytes, and have no effect; those that came in between are new. What arrived before is left alone as it was, and a
mail of before that a move has given a new time of arrival is told by its own date: it is history, and opens no clock.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from libs.common.brandbook import BrandBook, Channel
from libs.common.mailserver import port_of
from services.ingest.channels.imap import Envelope, Folder

CLOCKS_DIFFER = timedelta(minutes=5)
"""A mail server's clock and ours."""
OWN_DATE_DIFFERS = timedelta(days=1)
"""What a mail says of when it was written, and when it arrived."""
FAR_BEHIND = 500
"""More live mails than that wait for the bulk lane, where they delay nobody else's."""
MOST_OF_A_BRAND = 50
"""Mailboxes that are watched for one brand: each has a thread and a connection, which are everybody's."""
LONGEST_RETRY_S = 300.0
LONGEST_LOGIN_RETRY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox is taken in. Live mails up to `last_uid` are in the log, and history up to `history_uid`; none: no history, or all of it is.

    UIDs up to `boundary_uid` were there when the mailbox was first seen or, with `reread`, when its UIDs changed.
    """

    uidvalidity: int
    last_uid: int
    boundary_uid: int
    reread: bool
    started_at: datetime
    since: date | None
    history_uid: int | None


def of(book: BrandBook) -> Sequence[Channel]:
    """The mailboxes that a book names; those beyond `MOST_OF_A_BRAND` are not watched."""
    return [account for account in book.channels if account.type == "imap"]


def identity(account: Channel) -> str:
    """Tells a mailbox from another one under the same id of a channel: each has its own cursor. A hash, since the user is often an address.

    Another port, or another way of TLS, leads to the same mailbox.
    """
    return _hashed(account.host or "", account.user or "", account.folder)


def former_identities(account: Channel, ports: Iterable[int]) -> list[str]:
    """Those of a mailbox while they had a port in them, which was one of these."""
    return [_hashed(account.host or "", str(port), account.user or "", account.folder) for port in sorted({port_of(account), *ports})]


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def opened(cursor: Cursor | None, folder: Folder, since: date | None, now: datetime) -> Cursor:
    """The cursor with which to go on in a folder as it is now. None: it is seen for the first time."""
    highest = folder.uidnext - 1
    if cursor is None:
        cursor = Cursor(folder.uidvalidity, highest, highest, False, now, None, None)
    elif cursor.uidvalidity != folder.uidvalidity or cursor.last_uid > highest:
        # A number that was given out is given out again: as good as another UIDVALIDITY, whatever the server says.
        history_uid = 0 if cursor.history_uid is not None else None
        cursor = replace(cursor, uidvalidity=folder.uidvalidity, last_uid=0, boundary_uid=highest, reread=True, history_uid=history_uid)
    if since is None:
        return replace(cursor, since=None, history_uid=None)
    if cursor.since is None or since < cursor.since:
        return replace(cursor, since=since, history_uid=0)
    return replace(cursor, since=since)


def is_live(cursor: Cursor, envelope: Envelope) -> bool:
    """Whether it came in since we first saw the mailbox."""
    if envelope.uid > cursor.boundary_uid:
        return True
    return cursor.reread and envelope.arrived_at >= cursor.started_at - CLOCKS_DIFFER


def is_historic(cursor: Cursor, envelope: Envelope, posted_at: datetime) -> bool:
    """Whether a mail that is taken opens no clock: it is from before we were, by where it stands or by its own date."""
    if not is_live(cursor, envelope):
        return True
    return envelope.uid <= cursor.boundary_uid and posted_at < cursor.started_at - OWN_DATE_DIFFERS


def live_since(cursor: Cursor, first: int) -> date | None:
    """From which day on to search for live mails beginning at the UID `first`; servers compare days, each in its own zone."""
    return (cursor.started_at - timedelta(days=2)).date() if cursor.reread and first <= cursor.boundary_uid else None


def pause_s(failures: int, *, refused: bool, retry_s: float, login_retry_s: float, chance: float) -> float:
    """Before the next try, after so many failures in a row (from 1); `chance` in [0, 1) spreads those who failed together.

    A refused login waits longer: some servers lock an account after a few.
    """
    first, longest = (login_retry_s, LONGEST_LOGIN_RETRY_S) if refused else (retry_s, LONGEST_RETRY_S)
    return max(first, min(first * 2.0 ** min(failures - 1, 30), longest)) * (0.75 + chance / 2)
