"""One live mailbox: waits for its lease, connects, takes what is there, and waits for more; its mails leave for Kafka as mentions.

The cursor follows the broker's acknowledgement. What goes wrong is told where the mailbox's administrator looks.
"""

import asyncio
import logging
import random
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from prometheus_client import Counter, Gauge

from libs.common import db, mailserver, secret, telemetry
from libs.common.answers import Answers
from libs.common.books import BrandBooks
from libs.common.brandbook import Channel
from libs.common.errors import Unavailable
from libs.common.mailserver import Reach
from libs.common.replyaddress import ReplyAddresses
from libs.common.topics import MENTIONS, MENTIONS_BULK
from services.ingest import mailbox, mailbox_store
from services.ingest.channels.imap import Connection, Envelope, Failure, Folder
from services.ingest.intake import Intake
from services.ingest.mailbox import Cursor
from services.ingest.mailbox_store import Place, Step
from services.ingest.sender import Record, Sender
from services.ingest.settings import Settings
from services.ingest.taking import CHUNK, Read, Reader, Slots, read_some

log = logging.getLogger(__name__)

State = Literal[
    "starting",
    "taking",
    "idle",
    "polling",
    "waiting",
    "login_refused",
    "secret_missing",
    "secret_refused",
    "not_secure",
    "out_of_reach",
    "no_folder",
    "too_many",
]
"""`idle`: all is taken, and the server tells of new mail; `polling`: it does not, so we look. From `waiting` on it is not read now, and `why` says why."""
READ: tuple[State, ...] = ("taking", "idle", "polling")

HISTORY_AT_ONCE = 500
"""Mails of before we were, between two looks for new mail."""
TOO_MANY = "No instance of ingest has room for it: each watches {} mailboxes at most. WEERKLANK_INGEST_MAIL_BOXES, or another instance, makes room."
HARD_TRIES = 8
"""A mail that its server fails to hand over so often in a row is rejected, if the server hands over another one meanwhile."""
HARD_S = 6 * 3600.0
"""Else the fault may be the server's: it is rejected after so long."""
LONGEST_SENDING_PAUSE_S = 60.0
LOOK_S = 1.0
"""Between two looks at a mailbox, at least: some servers tell of the same mails for ever."""
LASTING_S = 30.0
"""A connection that lasts so long makes up for failures before."""
POLLS_S = 3600.0
"""A mailbox is looked at for so long when its server does not bear to be asked to tell."""
_LOOK_AT_SECRET_S = 5.0

BEHIND = Gauge("weerklank_mailbox_behind", "Mails that wait in a mailbox", ["brand", "account"])
CONNECTED = Gauge("weerklank_mailbox_connected", "Whether a mailbox is read now", ["brand", "account"])
ERRORS = Counter("weerklank_mailbox_errors", "Times that a mailbox could not be read, and mails that were rejected", ["brand", "account"])
TAKEN = Counter("weerklank_mailbox_taken", "Mails that were taken from a mailbox", ["brand", "account"])


class _NotOurs(Exception):
    """The mailbox is another instance's by now."""


class _SecretFailure(Exception):
    def __init__(self, state: State, why: str) -> None:
        super().__init__(why)
        self.state, self.why = state, why


@dataclass(frozen=True, slots=True)
class _Hard:
    """A mail that its server failed to hand over, so often in a row, `since` when by the loop's clock."""

    uid: int
    tries: int
    since: float


@dataclass(frozen=True, slots=True)
class Shared:
    """What the mailboxes of one instance have in common."""

    pool: db.Pool
    books: BrandBooks
    sender: Sender
    settings: Settings
    reach: Reach
    connecting: asyncio.Semaphore
    room: asyncio.Semaphore
    slots: Slots
    answers: Answers
    replies: ReplyAddresses


class Watch:
    """One mailbox: waits for its lease, connects, takes what is there, waits for more, and begins again after whatever goes wrong."""

    def __init__(self, place: Place, account: Channel, shared: Shared) -> None:
        self.place, self.account, self._shared = place, account, shared
        self.held = False
        self.state: State = "starting"
        self._labels = (place.brand, place.account)
        self._former = mailbox.former_identities(account, mailserver.ports("imap", shared.reach))
        self._why: str | None = None
        self._failures = 0
        self._polls_until = 0.0
        self._hard: _Hard | None = None
        self._singly = 0
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, and leave the mailbox to whoever wants it."""
        was_held = self.held
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._unsay()
        if was_held:
            try:
                async with self._shared.pool.acquire(timeout=5) as connection:
                    await mailbox_store.release(connection, self.place, self._shared.settings.instance)
            except db.TRANSIENT as error:
                log.warning("a mailbox is not let go now: its lease ends by itself", extra={"error": type(error).__name__})

    async def _run(self) -> None:
        settings, room = self._shared.settings, self._shared.room
        while True:
            try:
                if room.locked():
                    await self._wait_for_room()
                else:
                    async with room:
                        await self._hold()
            except db.TRANSIENT as error:
                log.warning("a mailbox waits for the database", extra={**self._who(), "error": type(error).__name__})
            await asyncio.sleep(settings.mail_lease_s / 4 * (0.75 + random.random() / 2))  # noqa: S311  # spreads, hides nothing

    async def _wait_for_room(self) -> None:
        """Say that a mailbox is not read for want of room, unless another instance has it."""
        why = TOO_MANY.format(self._shared.settings.mail_boxes)
        async with self._shared.pool.acquire(timeout=5) as connection:
            is_unread = await mailbox_store.tell_unwatched(connection, self.place, "too_many", why)
        if is_unread:
            CONNECTED.labels(*self._labels).set(0)
        else:
            self._unsay()

    async def _hold(self) -> None:
        """Lease the mailbox if nobody else has it, and watch it as long as it is ours."""
        settings = self._shared.settings
        try:
            while True:
                try:
                    async with self._shared.pool.acquire(timeout=5) as connection:
                        await mailbox_store.adopt(connection, self.place, self._former)
                        self.held = await mailbox_store.lease(connection, self.place, settings.instance, settings.mail_lease_s)
                    if not self.held:
                        return
                    await self._watch()
                except _NotOurs:
                    return
                except (Failure, _SecretFailure) as error:
                    await self._failed(error.state, error.why)
                except db.TRANSIENT as error:
                    log.warning("a mailbox waits for the database", extra={**self._who(), "error": type(error).__name__})
                    if self.held:
                        CONNECTED.labels(*self._labels).set(0)
                    await asyncio.sleep(settings.mail_retry_s)
                except Exception:
                    log.exception("a mailbox is not read, for a reason that nobody expected", extra=self._who())
                    await self._failed("waiting", "Something that nobody expected went wrong; the log of ingest has it.")
        finally:
            self.held = False
            self._unsay()

    def _unsay(self) -> None:
        """What another instance reads, or nobody any more, is not ours to call unread."""
        for metric in (BEHIND, CONNECTED):
            with suppress(KeyError):
                metric.remove(*self._labels)

    def _who(self) -> dict[str, str]:
        return {"brand": self.place.brand, "account": self.place.account}

    # --- how it is ------------------------------------------------------------------------------------------------------------------

    async def _tell(self, state: State, why: str | None = None, next_try_at: datetime | None = None) -> None:
        if (state, why) != (self.state, self._why):
            log.log(logging.INFO if why is None else logging.WARNING, "mailbox", extra={**self._who(), "state": state})
        self.state, self._why = state, why
        CONNECTED.labels(*self._labels).set(state in READ)
        async with self._shared.pool.acquire(timeout=5) as connection:
            await mailbox_store.tell(connection, self.place, state, why, next_try_at)

    async def _failed(self, state: State, why: str) -> None:
        """Say so, and wait: as long as many failures in a row tell, or until the secret is another one where it was at fault."""
        settings = self._shared.settings
        ERRORS.labels(*self._labels).inc()
        # How long to spare an account is counted from the first refusal, whatever was the matter before.
        self._failures = 1 if state == "login_refused" != self.state else self._failures + 1
        pause_s = mailbox.pause_s(
            self._failures,
            refused=state == "login_refused",
            retry_s=settings.mail_retry_s,
            login_retry_s=settings.mail_login_retry_s,
            chance=random.random(),  # noqa: S311
        )
        try:
            await self._tell(state, why, datetime.now(UTC) + timedelta(seconds=pause_s))
        except db.TRANSIENT as error:
            log.warning("how a mailbox is could not be kept", extra={**self._who(), "error": type(error).__name__})
        if state not in ("login_refused", "secret_missing", "secret_refused"):
            await asyncio.sleep(pause_s)
            return
        try:
            async with asyncio.timeout(pause_s):
                await self._until_other_secret(await self._secret_or_none())
            self._failures = 0
        except TimeoutError:
            pass  # it is tried again with the one that there is

    async def _secret(self) -> str:
        reference, known = self.account.secret, [brand for brand, _ in self._shared.books]
        assert reference is not None, "the brand book gives an imap channel a secret"
        try:
            return await secret.read(reference, self.place.brand, known, self._shared.settings.secrets_dir)
        except secret.SecretMissing as error:
            raise _SecretFailure("secret_missing", f"{error} {secret.remedy(reference, self.place.brand)}") from error
        except secret.SecretRefused as error:
            raise _SecretFailure("secret_refused", str(error)) from error

    async def _secret_or_none(self) -> str | None:
        try:
            return await self._secret()
        except _SecretFailure:
            return None

    async def _until_other_secret(self, known: str | None) -> None:
        while await self._secret_or_none() == known:  # noqa: ASYNC110  # nobody tells of a file
            await asyncio.sleep(_LOOK_AT_SECRET_S)

    # --- what it does ---------------------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """One connection: take all that is there, wait for more. Returns when the secret is another one, and ends by an exception else."""
        settings, clock = self._shared.settings, asyncio.get_running_loop().time
        password = await self._secret()
        async with self._shared.connecting:
            connection = await Connection.open(self.account, password, reach=self._shared.reach, timeout_s=settings.mail_timeout_s)
        connection.idles &= clock() >= self._polls_until
        # After a failure a connection counts once it has lasted from one look to the next, and the failure is forgotten when it lasts on.
        lasted = not self._failures
        try:
            while True:
                looked_at = clock()
                folder = await connection.examine()
                async with self._shared.pool.acquire(timeout=5) as found:
                    known = await mailbox_store.cursor(found, self.place)
                cursor = mailbox.opened(known, folder, self.account.since, datetime.now(UTC))
                if cursor != known:
                    await self._advance(Step(cursor, behind=0))
                if await self._take_all(connection, folder, cursor):
                    continue
                if lasted:
                    await self._tell("idle" if connection.idles else "polling")
                if not await self._wait(connection, lasted, password):
                    return
                lasted = True
                await asyncio.sleep(looked_at + LOOK_S - clock())
        finally:
            await connection.close()

    async def _wait(self, connection: Connection, lasted: bool, password: str) -> bool:
        """Until there may be new mail, or the secret is another one: False. A server that ends the connection over being asked to tell of mail
        is not asked for a while."""
        longest_s = min(self._shared.settings.mail_poll_s, self.account.every.elapsed().total_seconds())
        wait_s = LOOK_S if not lasted else LASTING_S if self._failures else longest_s
        arrival = asyncio.create_task(connection.wait(min(wait_s, longest_s)))
        other_secret = asyncio.create_task(self._until_other_secret(password))
        try:
            await asyncio.wait((arrival, other_secret), return_when=asyncio.FIRST_COMPLETED)
            if not arrival.done():
                self._failures = 0
                return False
            await arrival
            if lasted:
                self._failures = 0
            return True
        except Failure:
            if not lasted and connection.idles:
                self._polls_until = asyncio.get_running_loop().time() + POLLS_S
            raise
        finally:
            arrival.cancel()
            other_secret.cancel()
            await asyncio.gather(arrival, other_secret, return_exceptions=True)

    async def _take_all(self, connection: Connection, folder: Folder, cursor: Cursor) -> bool:
        """Take all live mails that the folder had, then some of its history, each in the order of their UIDs. Whether there is more history."""
        highest = folder.uidnext - 1
        while cursor.last_uid < highest:
            first = cursor.last_uid + 1
            uids, until = await connection.uids(first, highest, mailbox.live_since(cursor, first))
            cursor = await self._take_each(connection, cursor, uids, historic=False)
            # Nothing more is there up to here, however many numbers lie between.
            cursor = replace(cursor, last_uid=until)
            await self._advance(Step(cursor, behind=0))
        if cursor.history_uid is None:
            return False
        uids, until = await connection.uids(cursor.history_uid + 1, cursor.boundary_uid, cursor.since)
        # New mail is looked for in between: history keeps nobody waiting.
        cursor = await self._take_each(connection, cursor, uids[:HISTORY_AT_ONCE], historic=True)
        if not uids or (cursor.history_uid or 0) >= uids[-1]:
            cursor = replace(cursor, history_uid=until if until < cursor.boundary_uid else None)
            await self._advance(Step(cursor, behind=0))
        return cursor.history_uid is not None

    async def _take_each(self, connection: Connection, cursor: Cursor, uids: Sequence[int], *, historic: bool) -> Cursor:
        """Take all of these mails in, chunk by chunk."""
        left = uids
        while left:
            if self.state != "taking":
                await self._tell("taking")
            cursor = await self._take_some(connection, cursor, left, historic=historic)
            done = cursor.history_uid if historic else cursor.last_uid
            left = left[bisect_right(left, done or 0) :]
        return cursor

    async def _take_some(self, connection: Connection, cursor: Cursor, uids: Sequence[int], *, historic: bool) -> Cursor:
        """Take the first mails of these in, and return how far that is."""
        with telemetry.tracer().start_as_current_span("mailbox"):
            read = await self._read_some(connection, cursor, uids, historic=historic)
            await self._send(read.records)
            moved = _moved(cursor, read.done, historic)
            behind = len(uids) - bisect_right(uids, read.done)
            await self._advance(Step(moved, behind=behind, taken=len(read.records), last_mail_at=read.latest, rejects=read.rejects))
        self._failures, self._hard = 0, None
        self._singly = max(0, self._singly - 1)
        return moved

    async def _read_some(self, connection: Connection, cursor: Cursor, uids: Sequence[int], *, historic: bool) -> Read:
        far = historic or len(uids) > mailbox.FAR_BEHIND
        asked = uids[: 1 if self._singly else CHUNK]
        live, history = self._intake(far=far, historic=False), self._intake(far=True, historic=True)
        reader = Reader(cursor, live, history, self._shared.answers, self.account.authserv_ids, self._shared.replies)
        settings, slots = self._shared.settings, self._shared.slots

        async def read(some: Sequence[int]) -> Read:
            return await read_some(
                connection, reader, some, historic=historic, limit=settings.mail_bytes, slots=slots, brand=self.place.brand
            )

        hard = self._hard if self._hard and self._hard.uid == uids[0] else None
        is_given_up = hard is not None and asyncio.get_running_loop().time() - hard.since >= HARD_S
        try:
            if hard and hard.tries >= HARD_TRIES and len(uids) > 1 and not is_given_up:
                # Another one each time: that one may be as hard.
                other = uids[1 + hard.tries % (len(uids) - 1)]
                is_given_up = bool((await read([other])).records)
            return await read(asked)
        except Failure:
            if is_given_up:
                # The connection is cut, and the mailbox goes on behind this mail when it is back.
                lost = Envelope(asked[0], 0, datetime.now(UTC))
                moved = _moved(cursor, asked[0], historic)
                await self._advance(Step(moved, behind=len(uids) - 1, rejects=[(lost, "The mail server fails to hand this mail over.")]))
                self._hard = None
            elif len(asked) > 1:
                # Which of them it is, is found out mail by mail.
                self._singly = CHUNK
            else:
                now = asyncio.get_running_loop().time()
                self._hard = _Hard(asked[0], hard.tries + 1, hard.since) if hard else _Hard(asked[0], 1, now)
            raise

    async def _send(self, records: Sequence[Record]) -> None:
        """Return once the log has them, however long that takes: what was read is kept, and its server not asked for it again."""
        pause_s = 0.0
        while True:
            try:
                await self._shared.sender.send(records)
                return
            except Unavailable as error:
                await self._tell("waiting", "Kafka takes no mails now. They wait in the mailbox.")
                pause_s = min(max(error.retry_after_s or 1, 2 * pause_s), LONGEST_SENDING_PAUSE_S)
                await asyncio.sleep(pause_s)

    def _intake(self, *, far: bool, historic: bool) -> Intake:
        book = self._shared.books.get(self.place.brand)
        assert book is not None, "a brand that was known stays known"
        return Intake(
            brand=self.place.brand,
            book=book,
            topic=(MENTIONS_BULK if far or historic else MENTIONS).name,
            historic=historic,
            import_id=None,
            traceparent=telemetry.current_traceparent(),
        )

    async def _advance(self, step: Step) -> None:
        """Keep how far the mailbox is taken in. Raises `_NotOurs`."""
        async with self._shared.pool.acquire(timeout=5) as connection, connection.transaction():
            mine = await mailbox_store.advance(connection, self.place, self._shared.settings.instance, step)
        if not mine:
            raise _NotOurs
        BEHIND.labels(*self._labels).set(step.behind)
        TAKEN.labels(*self._labels).inc(step.taken)
        ERRORS.labels(*self._labels).inc(len(step.rejects))


def _moved(cursor: Cursor, done: int, historic: bool) -> Cursor:
    return replace(cursor, history_uid=done) if historic else replace(cursor, last_uid=done)
