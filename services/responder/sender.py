"""The sender: takes approved replies while a brand's sending lease is fresh, hands each to its channel, and writes down what became of it.

Two tasks of every instance: `run` claims and sends, `sweep` finds what a dead process left behind. Nothing is sent without a lease that was looked at less
than half a second before the irreversible step: in doubt, silence. Where an answer was lost, whoever can be asked is asked (`contract.py`); a reply about
which nobody can tell is unconfirmed, and never sent again by itself.
"""

import asyncio
import logging
import random
import time
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from libs.common import claims, db, secret
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import Channel
from libs.common.claims import Underway
from libs.common.mailserver import Reach
from libs.common.outbox import Relay
from libs.common.outcome import Accepted, NotBegun, Outcome, Refused, Unknown
from libs.common.replyaddress import ReplyAddresses
from services.responder import account_store, attachment_store, attempts
from services.responder.account import account_of, identity, none_for
from services.responder.attempts import Attempt
from services.responder.channels import CHANNELS, SANDBOX
from services.responder.channels.contract import Absent, CannotTell, File, Found, Sending, SendingChannel
from services.responder.reply import ReplyRow
from services.responder.settings import Settings

log = logging.getLogger(__name__)

_AT_ONCE = 3
"""Replies of one brand that an instance sends at once, so that its slow mail server leaves others their turn."""
_LONGEST_PAUSE_S = 600.0
_LOOK_S = 1.0
_LOOKED_AT_LATELY_S = 0.5
"""From the look at lease and holds to the first byte: within that, a hold is as good as too late."""


class Sender:
    """Sends the approved replies of all brands whose book is known. One an instance; instances share the work by locks on rows."""

    def __init__(self, pool: db.Pool, books: BrandBooks, relay: Relay, settings: Settings) -> None:
        self._pool, self._books, self._relay, self._settings = pool, books, relay, settings
        self._name = f"responder-{settings.instance}"
        self._sending = Underway()
        self._replies = ReplyAddresses([settings.answer_key.get_secret_value()])
        self._mail_reach = Reach(settings.mail_networks, settings.mail_ports)
        self._web_reach = Reach(settings.webhook_networks, settings.webhook_ports, "WEERKLANK_RESPONDER_WEBHOOK")
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Something was approved: look now, not at the next poll."""
        self._poked.set()

    async def run(self) -> None:
        """Send until cancelled, once every brand book has been read; then finish what is on its way, for a few seconds.

        What is cut off is unconfirmed, as after a crash.
        """
        await self._books.read.wait()
        try:
            while True:
                try:
                    claimed = await self.claim()
                except db.TRANSIENT as error:
                    log.warning("nothing claimed: Postgres does not answer", extra={"error": type(error).__name__})
                    await asyncio.sleep(1.0)
                    continue
                if claimed and len(self._sending) < self._settings.send_slots:
                    continue
                await self._sending.room(self._settings.send_poll_s, self._poked)
        finally:
            await self._sending.finish()

    async def sweep(self) -> None:
        """Look, three times within the limit, for sends whose process is gone, and every second for answers that were lost and are due for a look."""
        swept_at = time.monotonic()
        while True:
            await asyncio.sleep(min(_LOOK_S, self._settings.unconfirmed_after_s / 3))
            try:
                await self.look()
                if time.monotonic() - swept_at >= self._settings.unconfirmed_after_s / 3:
                    swept_at = time.monotonic()
                    await self.sweep_once()
            except db.TRANSIENT as error:
                log.warning("no sweep: Postgres does not answer", extra={"error": type(error).__name__})

    async def sweep_once(self) -> int:
        """Sends of a gone process about which nobody can be asked: how many there were."""
        async with self._pool.acquire() as connection, connection.transaction():
            lost = await attempts.sweep(
                connection,
                older_than_s=self._settings.unconfirmed_after_s,
                attempts=self._settings.send_attempts,
                ask=self._somebody_to_ask,
            )
        if lost:
            log.warning("sends were interrupted", extra={"replies": lost})
            self._relay.poke()
        return lost

    async def look(self) -> int:
        """Begin to find out what became of replies whose answer was lost; of how many."""
        free = self._settings.send_slots - len(self._sending)
        if free <= 0 or not self._books.read.is_set():
            return 0
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await attempts.retake(
                connection, by=self._name, older_than_s=self._settings.unconfirmed_after_s, ask=self._somebody_to_ask, limit=free
            )
        for attempt in taken:
            published = self._books.get(attempt.row.brand)
            if published is not None:
                self._sending.start(self._find_out(attempt, published), attempt.row.brand)
        return len(taken)

    def _somebody_to_ask(self, row: ReplyRow) -> bool:
        published = self._books.get(row.brand)
        account = account_of(published.book, row) if published is not None else None
        if account is None or not self._books.read.is_set():
            return False
        offers = _channel(row, account).offers(account)
        return offers.keys or offers.finds

    async def idle(self) -> None:
        """Until nothing is on its way."""
        await self._sending.idle()

    async def claim(self) -> int:
        """Claim what there is room for and start sending it; how many that was."""
        busy = self._sending.busy()
        books = {brand: published for brand, published in self._books if busy[brand] < _AT_ONCE}
        free = self._settings.send_slots - len(self._sending)
        if not free or not books:
            return 0
        async with self._pool.acquire() as connection, connection.transaction():
            claimed = await attempts.claim(
                connection,
                by=self._name,
                books=books,
                limit=free,
                room={brand: _AT_ONCE - busy[brand] for brand in books},
                lease_s=self._settings.lease_s,
                account_retry_s=self._settings.account_retry_s,
            )
        for attempt in claimed:
            self._sending.start(self._send(attempt, books[attempt.row.brand]), attempt.row.brand)
        return len(claimed)

    async def _send(self, attempt: Attempt, published: Published) -> None:
        """Send one; whatever happens, its row tells."""
        await self._told(self._first_sent(attempt, published), attempt)

    async def _first_sent(self, attempt: Attempt, published: Published) -> None:
        account = account_of(published.book, attempt.row)
        if account is None:
            await self._write(attempt, Refused(none_for(attempt.row.channel), for_good=True))
            return
        async with self._renewed(attempt):
            outcome = await self._handed_over(attempt, published, account)
            if isinstance(outcome, Unknown) and self._somebody_to_ask(attempt.row):
                outcome = await self._what_became(attempt, published, account, outcome.why)
        await self._write(attempt, outcome, account)

    async def _find_out(self, attempt: Attempt, published: Published) -> None:
        """What became of a reply whose answer was lost."""
        await self._told(self._found_out(attempt, published), attempt)

    async def _found_out(self, attempt: Attempt, published: Published) -> None:
        account = account_of(published.book, attempt.row)
        assert account is not None, "only what has an account is taken"
        async with self._renewed(attempt):
            why = attempt.row.error or "sending was interrupted before the answer came"
            outcome = await self._what_became(attempt, published, account, why)
        await self._write(attempt, outcome, account)

    async def _told(self, work: Coroutine[Any, Any, None], attempt: Attempt) -> None:
        try:
            await work
        except db.TRANSIENT as error:
            log.warning("the outcome is not written: the sweep will find it", extra={"error": type(error).__name__})
        except Exception:
            log.exception("sending failed in a way that nobody expected: the sweep will find it", extra={"reply": str(attempt.row.id)})
        finally:
            self._relay.poke()

    async def _handed_over(self, attempt: Attempt, published: Published, account: Channel) -> Outcome:
        channel, files = _channel(attempt.row, account), await self._files(attempt.row)
        if files is None:
            return Refused("a file that goes with it is not kept any longer: put it on again", for_good=True)
        if files and not channel.offers(account).files:
            return Refused(f"the channel {account.id} takes no files: take them off, or put a link in the text", for_good=True)
        try:
            return await channel.send(attempt.row, self.sending(attempt, published, account, files))
        except secret.SecretRefused as error:
            return Refused(str(error), for_good=True)
        except secret.SecretMissing as error:
            return Refused(str(error), for_good=False, of_account=True)

    async def _what_became(self, attempt: Attempt, published: Published, account: Channel, why: str) -> Outcome:
        """Ask whether it is there, or send it again where twice is once. Certain, or `Unknown` still."""
        channel = _channel(attempt.row, account)
        offers = channel.offers(account)
        if offers.finds:
            try:
                look = await channel.find(attempt.row, self.sending(attempt, published, account))
            except (secret.SecretRefused, secret.SecretMissing) as error:
                look = CannotTell(str(error))
            if isinstance(look, Found):
                return Accepted(look.external_id)
            if isinstance(look, Absent) and await self._settled(attempt, offers.settles_s):
                return Refused(f"{why}; it was looked for, and is not there", for_good=False)
            if isinstance(look, CannotTell):
                why = look.why
        if offers.keys:
            again = await self._handed_over(attempt, published, account)
            if isinstance(again, Accepted):
                return again
            # Whatever it says now, it does not say it of the first.
            why = again.why if isinstance(again, Refused | Unknown) else why
        return Unknown(why)

    async def _settled(self, attempt: Attempt, settles_s: float) -> bool:
        async with self._pool.acquire() as connection:
            return await attempts.begun_since(connection, attempt, settles_s)

    def sending(self, attempt: Attempt, published: Published, account: Channel, files: Sequence[File] = ()) -> Sending:
        """What a channel is given for this attempt."""
        begun_at = float("-inf")
        known_by = ""

        async def begin(external_id: str) -> bool:
            """False too when Postgres does not say: nothing has been written then, whatever it had stored."""
            nonlocal begun_at, known_by
            begun_at, known_by = time.monotonic(), external_id
            try:
                async with self._pool.acquire() as connection:
                    return await attempts.begin_transmitting(
                        connection,
                        attempt,
                        external_id=external_id,
                        account=identity(account),
                        published=published,
                        lease_s=self._settings.lease_s,
                    )
            except db.TRANSIENT as error:
                log.warning("a reply is not begun: Postgres does not answer", extra={"error": type(error).__name__})
                return False

        async def in_time() -> bool:
            """Asked again where the server took its time: what was looked at then is not what a hold says now."""
            return time.monotonic() - begun_at < _LOOKED_AT_LATELY_S or (
                await begin(known_by) and time.monotonic() - begun_at < _LOOKED_AT_LATELY_S
            )

        return Sending(
            book=published.book,
            account=account,
            now=datetime.now(UTC),
            attempt_id=attempt.id,
            secret=partial(self._secret, published.book.brand),
            begin=begin,
            in_time=in_time,
            pool=self._pool,
            mail_reach=self._mail_reach,
            web_reach=self._web_reach,
            connect_timeout_s=self._settings.connect_timeout_s,
            mail_answer_timeout_s=self._settings.answer_timeout_s,
            web_answer_timeout_s=self._settings.webhook_answer_timeout_s,
            files=files,
            replies=self._replies,
        )

    async def _files(self, row: ReplyRow) -> Sequence[File] | None:
        """What goes with a reply; none where a part of it has been forgotten."""
        if not row.attachments:
            return ()
        async with self._pool.acquire() as connection:
            kept = await attachment_store.contents(connection, row.brand, row.id)
        if not kept.keys() >= {file.id for file in row.attachments}:
            return None
        return [File(file.name, file.media_type, kept[file.id], file.alt or "") for file in row.attachments]

    def _renewed(self, attempt: Attempt) -> AbstractAsyncContextManager[None]:
        return claims.renewed(partial(self._renew, attempt), self._settings.unconfirmed_after_s / 3)

    async def _renew(self, attempt: Attempt) -> bool:
        async with self._pool.acquire() as connection:
            return await attempts.renew(connection, attempt)

    async def _secret(self, brand: str, reference: str) -> str:
        return await secret.read(reference, brand, [known for known, _ in self._books], self._settings.secrets_dir)

    async def _write(self, attempt: Attempt, outcome: Outcome, account: Channel | None = None) -> None:
        await claims.write(partial(self._write_once, attempt, outcome, account))

    async def _write_once(self, attempt: Attempt, outcome: Outcome, account: Channel | None) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if isinstance(outcome, Accepted):
                if not await attempts.sent(connection, attempt, external_id=outcome.external_id):
                    log.warning("a reply was accepted that had been decided otherwise", extra={"reply": str(attempt.row.id)})
                    await attempts.note_late_answer(connection, attempt)
            elif isinstance(outcome, Unknown):
                await attempts.unconfirmed(connection, attempt, outcome.why, look_after_s=self._look_after_s(attempt))
            elif isinstance(outcome, NotBegun):
                await attempts.give_back(connection, attempt, "no fresh sending lease, a hold, a newer brand book, or too slow")
            elif outcome.of_account and account is not None:
                retry_s = self._settings.account_retry_s
                await attempts.refused_as_all(connection, attempt, account.id, outcome.why, retry_s=retry_s, after_s=outcome.after_s)
            elif outcome.for_good or attempt.row.attempts >= self._settings.send_attempts:
                await attempts.failed(connection, attempt, outcome.why)
            else:
                pause_s = self._pause_s(attempt.row.attempts - 1)
                await attempts.retry(connection, attempt, outcome.why, after_s=max(pause_s, outcome.after_s or 0.0))
            if isinstance(outcome, Accepted) and account is not None and not attempt.row.sandbox:
                await account_store.works(connection, attempt.row.brand, account.id)

    def _look_after_s(self, attempt: Attempt) -> float | None:
        """When the machine looks again; none when it has nobody to ask, or has asked often enough: then a person decides."""
        if attempt.row.looks >= self._settings.send_attempts or not self._somebody_to_ask(attempt.row):
            return None
        return self._pause_s(attempt.row.looks)

    def _pause_s(self, before: int) -> float:
        """Anything up to a limit that doubles after each attempt, to ten minutes: a server that comes back is not asked by all at once."""
        most = min(_LONGEST_PAUSE_S, self._settings.send_retry_s * 2.0**before)
        return random.uniform(0.0, most)  # noqa: S311 - spreads load, guards nothing


def _channel(row: ReplyRow, account: Channel) -> SendingChannel:
    """What was approved for the sandbox goes there and nowhere else, whatever the account."""
    return SANDBOX if row.sandbox else CHANNELS[account.type]
