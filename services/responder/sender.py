"""The sender: takes approved replies while a brand's sending lease is fresh, hands each to its channel, and writes down what became of it.

Two tasks of every instance: `run` claims and sends, `sweep` finds what a dead process left behind. Nothing is sent without a lease that was looked at less
than half a second before the irreversible step: in doubt, silence.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from functools import partial

from libs.common import claims, db, secret, submission
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import Channel
from libs.common.claims import Underway
from libs.common.mailserver import Reach
from libs.common.outbox import Relay
from libs.common.outcome import Accepted, NotBegun, Outcome, Refused, Unknown
from libs.common.submission import Unaddressable
from services.responder import attempts
from services.responder.attempts import Attempt
from services.responder.channels import sandbox, smtp
from services.responder.lengths import family
from services.responder.settings import Settings

log = logging.getLogger(__name__)

_AT_ONCE = 3
"""Replies of one brand that an instance sends at once, so that its slow mail server leaves others their turn."""
_LONGEST_PAUSE_S = 600.0
_LOOKED_AT_LATELY_S = 0.5
"""From the look at lease and holds to the first byte: within that, a hold is as good as too late."""


class Sender:
    """Sends the approved replies of all brands whose book is known. One an instance; instances share the work by locks on rows."""

    def __init__(self, pool: db.Pool, books: BrandBooks, relay: Relay, settings: Settings) -> None:
        self._pool, self._books, self._relay, self._settings = pool, books, relay, settings
        self._name = f"responder-{settings.instance}"
        self._sending = Underway()

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
                await self._sending.room(self._settings.send_poll_s)
        finally:
            await self._sending.finish()

    async def sweep(self) -> None:
        """Look, three times within the limit, for sends whose process is gone."""
        while True:
            await asyncio.sleep(self._settings.unconfirmed_after_s / 3)
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    lost = await attempts.sweep(
                        connection, older_than_s=self._settings.unconfirmed_after_s, attempts=self._settings.send_attempts
                    )
                if lost:
                    log.warning("sends were interrupted", extra={"replies": lost})
                    self._relay.poke()
            except db.TRANSIENT as error:
                log.warning("no sweep: Postgres does not answer", extra={"error": type(error).__name__})

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
            )
        for attempt in claimed:
            self._sending.start(self._send(attempt, books[attempt.row.brand]), attempt.row.brand)
        return len(claimed)

    async def _send(self, attempt: Attempt, published: Published) -> None:
        """Send one; whatever happens, its row tells."""
        try:
            if attempt.row.sandbox:
                await self._to_sandbox(attempt, published)
            elif family(attempt.row.channel) != "email":
                why = f"replies on {attempt.row.channel} cannot be sent from here yet: answer there, and discard this one"
                await self._write(attempt, Refused(why, for_good=True))
            elif (account := _account(published)) is None:
                await self._write(attempt, Refused("the brand book has no channel of type smtp", for_good=True))
            else:
                await self._by_mail(attempt, published, account)
        except db.TRANSIENT as error:
            log.warning("the outcome is not written: the sweep will find it", extra={"error": type(error).__name__})
        except Exception:
            log.exception("sending failed in a way that nobody expected: the sweep will find it")
        finally:
            self._relay.poke()

    async def _to_sandbox(self, attempt: Attempt, published: Published) -> None:
        async def may(connection: db.Connection) -> bool:
            return await attempts.may_leave(connection, attempt, published, self._settings.lease_s) is not None

        if not await sandbox.send(self._pool, attempt, may):
            async with self._pool.acquire() as connection, connection.transaction():
                await attempts.give_back(connection, attempt, "no fresh sending lease, a hold, or a newer brand book")

    async def _by_mail(self, attempt: Attempt, published: Published, account: Channel) -> None:
        begun_at = float("-inf")

        async def begin() -> bool:
            """False too when Postgres does not say: nothing has been written then, whatever it had stored."""
            nonlocal begun_at
            begun_at = time.monotonic()
            try:
                async with self._pool.acquire() as connection:
                    return await attempts.begin_transmitting(
                        connection,
                        attempt,
                        external_id=submission.id_of(mail),
                        published=published,
                        lease_s=self._settings.lease_s,
                    )
            except db.TRANSIENT as error:
                log.warning("a mail is not begun: Postgres does not answer", extra={"error": type(error).__name__})
                return False

        async def in_time() -> bool:
            """Asked again where the server took its time: what was looked at then is not what a hold says now."""
            return time.monotonic() - begun_at < _LOOKED_AT_LATELY_S or (
                await begin() and time.monotonic() - begun_at < _LOOKED_AT_LATELY_S
            )

        assert account.sender is not None, "the brand book gives an smtp channel a sender"
        try:
            mail = smtp.message(attempt.row, account.sender, published.book.name, datetime.now(UTC))
            password = await self._secret(published.book.brand, account.secret) if account.secret else None
        except (Unaddressable, secret.SecretRefused) as error:
            await self._write(attempt, Refused(str(error), for_good=True))
            return
        except secret.SecretMissing as error:
            await self._write(attempt, Refused(str(error), for_good=False))
            return
        async with claims.renewed(partial(self._renew, attempt), self._settings.unconfirmed_after_s / 3):
            outcome = await submission.send(
                mail,
                account,
                password,
                reach=Reach(self._settings.mail_networks, self._settings.mail_ports),
                begin=begin,
                in_time=in_time,
                connect_timeout_s=self._settings.connect_timeout_s,
                answer_timeout_s=self._settings.answer_timeout_s,
            )
        await self._write(attempt, outcome)

    async def _renew(self, attempt: Attempt) -> bool:
        async with self._pool.acquire() as connection:
            return await attempts.renew(connection, attempt)

    async def _secret(self, brand: str, reference: str) -> str:
        return await secret.read(reference, brand, [known for known, _ in self._books], self._settings.secrets_dir)

    async def _write(self, attempt: Attempt, outcome: Outcome) -> None:
        await claims.write(partial(self._write_once, attempt, outcome))

    async def _write_once(self, attempt: Attempt, outcome: Outcome) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if isinstance(outcome, Accepted):
                if not await attempts.sent(connection, attempt, external_id=outcome.external_id):
                    log.warning("a reply was accepted that had been decided otherwise", extra={"reply": str(attempt.row.id)})
                    await attempts.note_late_answer(connection, attempt)
            elif isinstance(outcome, Unknown):
                await attempts.unconfirmed(connection, attempt, outcome.why)
            elif isinstance(outcome, NotBegun):
                await attempts.give_back(connection, attempt, "no fresh sending lease, a hold, a newer brand book, or too slow")
            elif outcome.for_good or attempt.row.attempts >= self._settings.send_attempts:
                await attempts.failed(connection, attempt, outcome.why)
            else:
                pause = min(_LONGEST_PAUSE_S, self._settings.send_retry_s * 2 ** (attempt.row.attempts - 1))
                await attempts.retry(connection, attempt, outcome.why, after_s=pause)


def _account(published: Published) -> Channel | None:
    """The account that the brand sends mail with."""
    return next((account for account in published.book.channels if account.type == "smtp"), None)
