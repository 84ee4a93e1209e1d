"""Live mail: mailboxes that the brand books name are watched; their mails go to Kafka as mentions, and the cursor follows the broker's acknowledgement.

A crash between the two sends mails again, under the same ids: no mail is lost, and none has its effect twice. One instance watches a mailbox at a
time, by a lease in Postgres; when it falls silent another goes on from the cursor. What goes wrong with a mailbox is told where its administrator
looks, and concerns no other mailbox, nor the service.
"""

import asyncio
import logging
from collections.abc import Mapping

from prometheus_client import Gauge

from libs.common import db
from libs.common.answers import Answers
from libs.common.books import BrandBooks
from libs.common.mailserver import Reach
from libs.common.replyaddress import ReplyAddresses
from services.ingest import mailbox, mailbox_store
from services.ingest.mailbox_store import Place
from services.ingest.sender import Sender
from services.ingest.settings import Settings
from services.ingest.taking import Slots
from services.ingest.watch import READ, Shared, Watch

log = logging.getLogger(__name__)

CONNECTING = 16
"""Mailboxes that an instance connects to at once."""
_LOOK_AT_BOOKS_S = 1.0

PILOT = Gauge("weerklank_brand_pilot", "Whether a brand is a pilot: 1, of which a mailbox that fails wakes nobody", ["brand"])


class Watchers:
    """All mailboxes of all brand books, as far as this instance gets hold of them. Run `run()` as a task."""

    def __init__(self, pool: db.Pool, books: BrandBooks, sender: Sender, settings: Settings) -> None:
        keys = [key.get_secret_value() for key in (settings.answer_key, settings.answer_key_before)]
        self._shared = Shared(
            pool,
            books,
            sender,
            settings,
            Reach(settings.mail_networks, settings.mail_ports, "WEERKLANK_INGEST_MAIL"),
            asyncio.Semaphore(CONNECTING),
            asyncio.Semaphore(settings.mail_boxes),
            Slots(settings.mail_slots),
            Answers(keys),
            ReplyAddresses(keys),
        )
        self._watches: dict[Place, Watch] = {}
        self._ending: dict[Place, asyncio.Task[None]] = {}

    def counts(self) -> Mapping[str, int]:
        """How many mailboxes the books name, how many of them this instance watches, and how many of those are read now."""
        held = [watch for watch in self._watches.values() if watch.held]
        return {"named": len(self._watches), "watched": len(held), "read": sum(watch.state in READ for watch in held)}

    async def run(self) -> None:
        """Follow the books, and renew the leases, until cancelled."""
        await self._shared.books.read.wait()
        renew_at = 0.0
        clock = asyncio.get_running_loop().time
        try:
            while True:
                self._follow()
                if clock() >= renew_at:
                    renew_at = clock() + self._shared.settings.mail_lease_s / 4
                    await self._renew()
                await asyncio.sleep(_LOOK_AT_BOOKS_S)
        finally:
            ending = (*(watch.stop() for watch in self._watches.values()), *self._ending.values())
            await asyncio.gather(*ending, return_exceptions=True)

    def _follow(self) -> None:
        """Watch what the newest books name; what they no longer name, or name otherwise, is let go."""
        named = {
            Place(brand, account.id, mailbox.identity(account)): account
            for brand, published in self._shared.books
            for account in mailbox.of(published.book)[: mailbox.MOST_OF_A_BRAND]
        }
        for brand, published in self._shared.books:
            PILOT.labels(brand).set(published.book.pilot)
        for place, watch in list(self._watches.items()):
            if named.get(place) != watch.account:
                self._let_go(place)
        self._ending = {place: task for place, task in self._ending.items() if not task.done()}
        for place, account in named.items():
            # Not before the last one has given back its lease, which would be the new one's.
            if place not in self._watches and place not in self._ending:
                self._watches[place] = Watch(place, account, self._shared)

    def _let_go(self, place: Place) -> None:
        self._ending[place] = asyncio.create_task(self._watches.pop(place).stop())

    async def _renew(self) -> None:
        held = {place: watch for place, watch in self._watches.items() if watch.held}
        settings = self._shared.settings
        try:
            async with self._shared.pool.acquire(timeout=5) as connection:
                kept = await mailbox_store.renew(connection, list(held), settings.instance, settings.mail_lease_s)
        except db.TRANSIENT as error:
            log.warning("leases of mailboxes not renewed now", extra={"error": type(error).__name__})
            return
        for place in held.keys() - kept:
            if self._watches.get(place) is held[place]:
                self._let_go(place)
