"""The notifier: takes due notices, hands each to its way, and writes down what became of it.

A task of every instance of routing. A claim is committed before anything is sent, and only whoever holds it sends: nobody is told twice. Where the end
of a transmission is not known, the notice is unconfirmed and stays so until a person decides.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from prometheus_client import Counter as Counted
from prometheus_client import Gauge

from libs.common import claims, db, secret
from libs.common.answers import Answers
from libs.common.claims import Underway
from libs.common.mailserver import Reach
from libs.common.outcome import Accepted, NotBegun, Outcome, Refused, Unknown
from libs.common.service import Service
from services.routing import links, notice, notice_attempts
from services.routing.links import Click, Links
from services.routing.notice import way_of
from services.routing.notice_attempts import Attempt
from services.routing.policies import Policies
from services.routing.settings import Settings
from services.routing.sla import Policy
from services.routing.ways import mail, mattermost, slack, teams, webhook
from services.routing.ways.sending import Message, Sending

log = logging.getLogger(__name__)

Send = Callable[[Message, Sending], Awaitable[Outcome]]
WAYS: Mapping[str, Send] = {
    "email": mail.send,
    "webhook": webhook.send,
    "mattermost": mattermost.send,
    "slack": slack.send,
    "teams": teams.send,
}
_ANSWER_BY_MAIL = {
    "nl": "Beantwoord deze mail, of gebruik de link onderaan. Inloggen hoeft niet.",
    "en": "Answer this mail, or use the link at the end. There is no need to log in.",
}
_ENDED = Counted("weerklank_notices", "Notices that came to an end, by how", ["brand", "outcome"])
_WAITING = Gauge("weerklank_notices_waiting", "Notices that have not come to an end: due, or sending", ["brand", "state"])
_OLDEST = Gauge("weerklank_notices_oldest_seconds", "How long the notice that waits longest has waited; 0: none waits", ["brand"])
OUTCOMES = ("sent", "unconfirmed", "failed", "sandbox")
_POLL_S = 0.2
_LONGEST_PAUSE_S = 600.0
_CLAIM_GOOD_S = 10.0
"""After that long between begin and the first byte a claim is given back: the sweep may be about to take it."""


class Notifier:
    """Sends the due notices of all brands whose book is known. One an instance; instances share the work by locks on rows."""

    def __init__(self, pool: db.Pool, policies: Policies, settings: Settings, signed: Links, ways: Mapping[str, Send] = WAYS) -> None:
        self._ways = ways
        self._pool, self._policies, self._settings, self._links = pool, policies, settings, signed
        self._answers = Answers([settings.answer_key.get_secret_value()])
        self._name = f"routing-{settings.instance}"
        self._sending = Underway()
        self._counted: set[str] = set()
        self._mail_reach = Reach(settings.mail_networks, settings.mail_ports, "WEERKLANK_ROUTING_MAIL")
        self._web_reach = Reach(settings.webhook_networks, settings.webhook_ports, "WEERKLANK_ROUTING_WEBHOOK")

    async def run(self) -> None:
        """Send until cancelled; then finish what is on its way, for a few seconds. What is cut off is unconfirmed, as after a crash."""
        try:
            while True:
                try:
                    claimed = await self.claim()
                except db.TRANSIENT as error:
                    log.warning("no notice is claimed: Postgres does not answer", extra={"error": type(error).__name__})
                    await asyncio.sleep(1.0)
                    continue
                if not claimed:
                    await asyncio.sleep(_POLL_S)
        finally:
            await self._sending.finish()

    async def sweep(self) -> None:
        """Look, three times within the limit, for claims whose process is gone."""
        while True:
            await asyncio.sleep(self._settings.notice_unconfirmed_after_s / 3)
            try:
                await self.sweep_once()
            except db.TRANSIENT as error:
                log.warning("no notice is swept: Postgres does not answer", extra={"error": type(error).__name__})

    async def sweep_once(self) -> int:
        """How many notices of a gone process there were."""
        found, ends = 0, Counter[tuple[str, str]]()
        for brand, _ in self._policies.versions():
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await notice_attempts.lost(connection, brand, older_than_s=self._settings.notice_unconfirmed_after_s)
                told = _leads(self._policies.of(brand))
                for row in rows:
                    state = await notice_attempts.swept(connection, row, attempts=self._settings.notice_attempts, leads=told)
                    ends[brand, state] += state in OUTCOMES
                found += len(rows)
        for (brand, outcome), number in ends.items():
            if number:
                _ENDED.labels(brand, outcome).inc(number)
        if found:
            log.warning("notices were interrupted", extra={"notices": found})
        return found

    async def claim(self) -> int:
        """Claim what there is room for and start sending it; how many that was."""
        free = self._settings.notice_slots - len(self._sending)
        brands = [brand for brand, _ in self._policies.versions()]
        for brand in set(brands) - self._counted:  # a first failure shows as a change only if there was a number before
            for outcome in OUTCOMES:
                _ENDED.labels(brand, outcome)
            self._counted.add(brand)
        if free <= 0 or not brands:
            return 0
        before = time.monotonic()
        async with self._pool.acquire() as connection, connection.transaction():
            claimed = await notice_attempts.claim(
                connection,
                by=self._name,
                brands=brands,
                busy=self._sending.busy(),
                lane_room=self._settings.notice_lane_slots,
                limit=free,
            )
        for attempt in claimed:
            self._sending.start(self._send(attempt, before), attempt.lane)
        return len(claimed)

    async def idle(self) -> None:
        """Until nothing is on its way."""
        await self._sending.idle()

    async def _send(self, attempt: Attempt, claimed_at: float) -> None:
        """Send one; whatever happens, its row tells."""
        try:
            policy = self._policies.of(attempt.notice.brand)
            if policy.book.pilot:
                async with self._pool.acquire() as connection:
                    ended = await notice_attempts.sandboxed(connection, attempt)
                if ended:
                    _ENDED.labels(attempt.notice.brand, "sandbox").inc()
                return
            await self._write(attempt, await self._outcome(attempt, policy, claimed_at))
        except db.TRANSIENT as error:
            log.warning("what became of a notice is not written: the sweep will find it", extra={"error": type(error).__name__})
        except Exception:
            log.exception("a notice failed in a way that nobody expected: the sweep will find it", extra={"notice": str(attempt.notice.id)})

    async def _outcome(self, attempt: Attempt, policy: Policy, claimed_at: float) -> Outcome:
        begun_at = claimed_at

        async def begin(external_id: str) -> bool:
            """False too when Postgres does not say: nothing has been written then, whatever it had stored."""
            nonlocal begun_at
            begun_at = time.monotonic()
            try:
                async with self._pool.acquire() as connection:
                    return await notice_attempts.begin_transmitting(connection, attempt, external_id)
            except db.TRANSIENT as error:
                log.warning("a notice is not begun: Postgres does not answer", extra={"error": type(error).__name__})
                return False

        async def read(reference: str) -> str:
            known = [brand for brand, _ in self._policies.versions()]
            return await secret.read(reference, attempt.notice.brand, known, self._settings.secrets_dir)

        sending = Sending(
            book=policy.book,
            now=datetime.now(UTC),
            secret=read,
            begin=begin,
            in_time=lambda: time.monotonic() - begun_at < _CLAIM_GOOD_S,
            mail_reach=self._mail_reach,
            web_reach=self._web_reach,
            connect_timeout_s=self._settings.notice_connect_timeout_s,
            answer_timeout_s=self._settings.notice_answer_timeout_s,
            mail_answer_timeout_s=self._settings.notice_mail_answer_timeout_s,
        )
        try:
            message = self._message(attempt, policy)
        except (links.NoKey, links.TooLong) as error:
            return Refused(str(error), for_good=True)
        try:
            async with claims.renewed(partial(self._renew, attempt), self._settings.notice_unconfirmed_after_s / 3):
                return await self._ways[way_of(message.way)](message, sending)
        except secret.SecretRefused as error:
            return Refused(str(error), for_good=True)
        except secret.SecretMissing as error:
            return Refused(str(error), for_good=False)

    def _message(self, attempt: Attempt, policy: Policy) -> Message:
        """Raises `links.NoKey`, and `links.TooLong`."""
        told = attempt.notice
        addresses = [
            (link.label, self._links.url(Click(told.brand, link.purpose, link.subject, told.to, link.expires_at, link.data)))
            for link in told.links
        ]
        reply_to, text = told.reply_to, told.text
        if told.about == "consultation" and told.links and told.way.email is not None:
            reply_to = reply_to or self._answers.address(policy.book, told.subject, told.to)
            text = f"{_ANSWER_BY_MAIL[links.language_of(policy)]}\n\n{text}" if reply_to else text
        return Message(
            id=told.id,
            brand=told.brand,
            brand_name=policy.book.name,
            about=told.about,
            subject=told.subject,
            to=told.to,
            way=told.way,
            title=told.title,
            text=text,
            links=tuple(addresses),
            created_at=attempt.created_at,
            language=links.language_of(policy),
            colour=policy.book.webcare_page.colour,
            reply_to=reply_to,
        )

    async def _renew(self, attempt: Attempt) -> bool:
        async with self._pool.acquire() as connection:
            return await notice_attempts.renew(connection, attempt)

    async def _write(self, attempt: Attempt, outcome: Outcome) -> None:
        await claims.write(partial(self._write_once, attempt, outcome))

    async def _write_once(self, attempt: Attempt, outcome: Outcome) -> None:
        ended = await self._written(attempt, outcome)
        if ended is not None:  # once that has committed
            _ENDED.labels(attempt.notice.brand, ended).inc()

    async def _written(self, attempt: Attempt, outcome: Outcome) -> str | None:
        """Which of the outcomes it came to by this; none where it goes on, or had been decided otherwise."""
        told = _leads(self._policies.of(attempt.notice.brand))
        async with self._pool.acquire() as connection, connection.transaction():
            if isinstance(outcome, Accepted):
                if await notice_attempts.sent(connection, attempt, outcome.external_id):
                    return "sent"
                log.warning("a notice was taken that had been decided otherwise", extra={"notice": str(attempt.notice.id)})
            elif isinstance(outcome, Unknown):
                return "unconfirmed" if await notice_attempts.unconfirmed(connection, attempt, outcome.why, told) else None
            elif isinstance(outcome, NotBegun):
                await notice_attempts.give_back(connection, attempt)
            elif outcome.for_good or attempt.number >= self._settings.notice_attempts:
                return "failed" if await notice_attempts.failed(connection, attempt, outcome.why, told) else None
            else:
                await notice_attempts.retry(connection, attempt, outcome.why, outcome.after_s or self._pause_s(attempt.number))
        return None

    def _pause_s(self, number: int) -> float:
        """Twice as long after each attempt, up to ten minutes, and never the same for two: a server that comes back is not asked by all at once."""
        full: float = min(_LONGEST_PAUSE_S, self._settings.notice_retry_s * 2.0 ** (number - 1))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


async def refresh_gauges(connection: db.Connection) -> None:
    """What waits to be told, at a scrape."""
    _WAITING.clear()
    _OLDEST.clear()
    oldest: dict[str, float] = {}
    for row in await notice.waiting(connection):
        _WAITING.labels(row["brand"], row["state"]).set(row["number"])
        oldest[row["brand"]] = max(oldest.get(row["brand"], 0.0), row["age_s"])
    for brand, age_s in oldest.items():
        _OLDEST.labels(brand).set(age_s)


async def run(service: Service, notifier: Notifier) -> None:
    """Until cancelled. It begins once every brand book was read: whose a secret is follows from all brands' names."""
    await service.books.read.wait()
    await notifier.run()


def _leads(policy: Policy) -> list[str]:
    """Who is told that a notice did not arrive, or may not have."""
    return [member.id for member in policy.book.team if member.role == "lead"]
