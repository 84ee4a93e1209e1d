"""UIDs of a mailbox reach this module; records for Kafka, and the mails of which none can be made, leave it. In bounded memory: a chunk at a time."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from libs.common.answers import Answers
from libs.common.errors import WeerklankError
from libs.common.replyaddress import ReplyAddresses
from libs.common.topics import ANSWERS, DELIVERIES
from services.ingest import mailbox
from services.ingest.answer import answered, recognised
from services.ingest.bounce import reported
from services.ingest.channels.imap import Connection, Envelope
from services.ingest.intake import Intake
from services.ingest.mail import Unreadable, read_mail
from services.ingest.mailbox import Cursor
from services.ingest.sender import Record, record_of

log = logging.getLogger(__name__)

CHUNK = 100
CHUNK_BYTES = 2 * 1024 * 1024
"""Mails that are fetched together. A larger one is fetched alone, and an instance fetches one such at a time."""

_SHARES = 4

NOT_GIVEN = "The mail server has this mail and does not hand it over."


class Slots:
    """Who fetches now: so many chunks, and of those that are one large mail a single one, are in memory at a time.

    No brand has more than a quarter of the slots, nor more than one mail in the line of large ones: its slow servers keep no other brand waiting.
    """

    def __init__(self, slots: int) -> None:
        share = max(1, slots // _SHARES)
        self._all, self._large = asyncio.Semaphore(slots), asyncio.Lock()
        self._of: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(share))
        self._large_of: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def one(self, brand: str, *, large: bool) -> AsyncIterator[None]:
        """A slot is never held by one that waits for something else."""
        async with AsyncExitStack() as held:
            if large:
                await held.enter_async_context(self._large_of[brand])
                await held.enter_async_context(self._large)
            await held.enter_async_context(self._of[brand])
            await held.enter_async_context(self._all)
            yield


@dataclass(slots=True)
class Read:
    """What the mails up to the UID `done` came to; `latest` is when the last of them arrived."""

    done: int
    records: list[Record] = field(default_factory=list)
    rejects: list[tuple[Envelope, str]] = field(default_factory=list)
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Taken:
    """None: these very bytes were in this chunk before, or there is nothing to tell of them. Two, where it is not certain what the mail is."""

    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes records of raw mails, the way that an import does. Live mails go with `live`, those of before we were with `history`. What `answers` knows as
    a department's answer is no mention, nor is a server's word of a reply that `replies` has signed; `authserv_ids` are those whose word is taken for who
    a mail is from."""

    cursor: Cursor
    live: Intake
    history: Intake
    answers: Answers
    authserv_ids: Sequence[str] = ()
    replies: ReplyAddresses = field(default_factory=lambda: ReplyAddresses([]))

    def read_one(self, envelope: Envelope, raw: bytes) -> _Taken | str:
        """A record, or why there is none. Never raises: one mail's trouble must not stop its mailbox."""
        try:
            mail = read_mail(raw, arrived_at=envelope.arrived_at, now=datetime.now(UTC))
            book, now, traceparent = self.live.book, datetime.now(UTC), self.live.traceparent
            answer = recognised(raw, mail, self.answers, book, now, traceparent, self.authserv_ids)
            if answer is not None:
                return _Taken((record_of(answer, ANSWERS.name),))
            told = reported(raw, mail, self.replies, book, now, traceparent)
            report = (record_of(told.event, DELIVERIES.name),) if told and told.event else ()
            if told is not None and told.is_ours:
                return _Taken(report)
            historic = mailbox.is_historic(self.cursor, envelope, mail.mention.posted_at)
            reply_id = answered(mail, self.replies, self.live.brand)
            record = (self.history if historic else self.live).take(mail.mention, reply_id)[1]
            return _Taken((*report, record) if record else report)
        except Unreadable as error:
            return str(error)
        except WeerklankError as error:
            return error.detail
        except Exception as error:  # noqa: BLE001  # as in `formats.py`: Python's own parser fails in ways that nobody has listed
            log.warning("a mail could not be read", extra={"error": type(error).__name__})
            return f"The mail cannot be read ({type(error).__name__})."


async def read_some(
    connection: Connection, reader: Reader, uids: Sequence[int], *, historic: bool, limit: int, slots: Slots, brand: str
) -> Read:
    """Read the first of these mails, as many as fit a chunk; of them only live ones, or only those of before.

    One that is larger than `limit` bytes is rejected without being fetched; one that is gone by now is nobody's. Raises `Failure`.
    """
    found = await connection.envelopes(uids, limit)
    chunk = _that_fit(found, limit)
    # What is not among the answers is gone: nothing waits behind the last of those that are done.
    read = Read(done=chunk[-1].uid if len(chunk) < len(found) else uids[-1])
    asked = [envelope for envelope in chunk if mailbox.is_live(reader.cursor, envelope) is not historic]
    for envelope in asked:
        if envelope.size > limit:
            read.rejects.append((envelope, f"The mail is larger than {limit} bytes."))
    wanted = [envelope for envelope in asked if envelope.size <= limit]
    if not wanted:
        return read
    async with slots.one(brand, large=wanted[0].size > CHUNK_BYTES):
        results = await connection.fetch(wanted, reader.read_one)
    for envelope in wanted:
        if envelope.uid not in results:
            continue
        result = results[envelope.uid]
        if isinstance(result, _Taken):
            read.latest = max(filter(None, (read.latest, envelope.arrived_at)))
            read.records += result.records
        else:
            read.rejects.append((envelope, NOT_GIVEN if result is None else result))
    return read


def _that_fit(envelopes: Sequence[Envelope], limit: int) -> Sequence[Envelope]:
    """As many from the first on as are a chunk together, at least one. What is over the limit takes no room: it is not fetched."""
    size = 0
    for place, envelope in enumerate(envelopes):
        size += envelope.size if envelope.size <= limit else 0
        if size > CHUNK_BYTES and place:
            return envelopes[:place]
    return envelopes
