"""Asks a language model for the drafts that people wait for, and makes each answer a draft.

A request is a row (`suggestion_api.py`). One process takes it, in a transaction of its own; no connection is held while the model is asked. Then the
draft, its event and what it cost are one transaction. A process that dies leaves a request that is ended by whoever looks next; it is not asked a
second time, which would cost twice. Nothing here submits, approves or sends.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from uuid import UUID, uuid4

from prometheus_client import Counter, Histogram

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.bookscripts import Script
from libs.common.case_events import Case
from libs.common.errors import Conflict
from libs.common.events import Mention, PersonalData
from libs.common.outbox import Relay
from libs.common.personal import Lens, personal_data
from libs.common.reply_events import DraftedBy, ReplyDrafted
from services.responder import customer, drafting, language_model, reply, shelf, store, suggestion_store
from services.responder.drafting import Asked, Wish
from services.responder.follow import ENDED
from services.responder.language_model import Breaker, Endpoint, ModelFailed, Said
from services.responder.reply import Change, Person
from services.responder.suggestion_store import Suggestion

log = logging.getLogger(__name__)

PERIOD_S = 0.2
LOST_AFTER_S = 60.0
"""Beyond the model's own time-out: a request that nobody has ended by then was lost with its process."""
KEPT_DAYS = 30
_SWEEP_EVERY_S = 10.0

_CALLS = Counter(
    "weerklank_model_calls", "Drafts that a language model was asked for, by outcome: drafted, or what went wrong", ["outcome"]
)
_SECONDS = Histogram(
    "weerklank_model_seconds", "How long a language model took for a draft, failures included", buckets=(0.5, 1, 2, 5, 10, 15, 20, 30, 60)
)
_TOKENS = Counter("weerklank_model_tokens", "Tokens that a language model took, by its own word", ["kind"])
REFUSED = Counter("weerklank_model_refused", "Requests for a draft that no model was asked for: budget, or breaker", ["why"])


class Gone(Exception):
    """There is nothing to draft for any more. The text says why."""


class Drafter:
    """The drafts of one process. Routes ask its breaker whether there is any point in asking."""

    def __init__(self, pool: db.Pool, books: BrandBooks, relay: Relay, endpoint: Endpoint, slots: int) -> None:
        self.pool, self.books, self.relay, self.endpoint = pool, books, relay, endpoint
        self.breaker = Breaker()
        self._slots = asyncio.Semaphore(slots)

    def waits_s(self) -> float:
        """Seconds until the model is asked again, after failures; 0: now."""
        return self.breaker.waits_s(time.monotonic())

    async def run(self) -> None:
        """Until cancelled, once every brand book has been read. A passing fault of Postgres is waited out."""
        await self.books.read.wait()
        async with asyncio.TaskGroup() as running:
            swept = 0.0
            while True:
                try:
                    if time.monotonic() - swept > _SWEEP_EVERY_S:
                        await self.sweep()
                        swept = time.monotonic()
                    while await self._begin(running):
                        pass
                except db.TRANSIENT as error:
                    log.warning("drafts of a language model wait", extra={"error": type(error).__name__})
                await asyncio.sleep(PERIOD_S)

    async def sweep(self) -> None:
        async with self.pool.acquire() as connection:
            await suggestion_store.sweep(connection, self.endpoint.within_s + LOST_AFTER_S)
            await suggestion_store.purge(connection, KEPT_DAYS)

    async def _begin(self, running: asyncio.TaskGroup) -> bool:
        await self._slots.acquire()
        try:
            async with self.pool.acquire() as connection:
                taken = await suggestion_store.take(connection, uuid4())
        except BaseException:
            self._slots.release()
            raise
        if taken is None:
            self._slots.release()
            return False
        running.create_task(self._draft(taken)).add_done_callback(lambda _: self._slots.release())
        return True

    async def _draft(self, taken: Suggestion) -> None:
        """Never raises but when cancelled: what it leaves undone is swept."""
        try:
            await self.draft(taken)
        except db.TRANSIENT as error:
            log.warning("a draft was lost", extra={"error": type(error).__name__})
        except Exception:
            log.exception("a draft failed")

    async def draft(self, taken: Suggestion) -> None:
        """Ask the model, and keep what it says as a draft; or say why there is none."""
        began = time.monotonic()
        asked = said = None
        try:
            asked = await self._asked(taken)
            if self.breaker.waits_s(began):
                raise ModelFailed(
                    "breaker", "The model has failed several times in a row, and is not asked for a while. Write it yourself."
                )
            said = await self._complete(asked)
            seconds = time.monotonic() - began
            tokens = taken.reserved if said.tokens is None else said.tokens
            await self._keep(taken, asked, said, tokens, seconds)
        except (ModelFailed, Gone, Conflict) as failed:
            seconds = time.monotonic() - began
            kind, words = (failed.kind, failed.words) if isinstance(failed, ModelFailed) else ("gone", str(failed))
            unknown = isinstance(failed, ModelFailed) and failed.spent == "unknown"
            tokens = taken.reserved if unknown else (said.tokens or taken.reserved) if said else 0
            async with self.pool.acquire() as connection, connection.transaction():
                await suggestion_store.end(connection, taken, tokens=tokens, seconds=seconds, kind=kind, error=words)
            _CALLS.labels(kind).inc()

    async def _complete(self, asked: Asked) -> Said:
        began = time.monotonic()
        try:
            said = await language_model.complete(self.endpoint, asked.messages, max_tokens=drafting.MOST_TOKENS)
        except ModelFailed as failed:
            if failed.kind != "outside":  # nobody was asked
                self.breaker.told(failed.kind == "empty", time.monotonic())
            raise
        finally:
            _SECONDS.observe(time.monotonic() - began)
        self.breaker.told(True, time.monotonic())
        _TOKENS.labels("prompt").inc(said.prompt_tokens or 0)
        _TOKENS.labels("completion").inc(said.completion_tokens or 0)
        return said

    async def _asked(self, taken: Suggestion) -> Asked:
        published = self._book(taken.brand)
        async with self.pool.acquire() as connection:
            case_row = await store.case(connection, taken.brand, taken.case_id)
            case, mention = answered(case_row.case if case_row else None, taken.mention_id)
            told = await told_before(connection, case, mention)
            team = await team_scripts(connection, taken.brand)
        return await asyncio.to_thread(prompt, case, mention, published, _wish(taken), told, team)

    def _book(self, brand: str) -> Published:
        published = self.books.get(brand)
        if published is None or not published.book.drafting.model:
            raise Gone("The brand book has no drafts by a language model by now.")
        return published

    async def _keep(self, taken: Suggestion, asked: Asked, said: Said, tokens: int, seconds: float) -> None:
        """The draft, or nothing of it. What nobody has touched gives way to it; what somebody wrote meanwhile stays beside it."""
        published = self._book(taken.brand)
        async with self.pool.acquire() as connection, connection.transaction():
            case_row = await store.case(connection, taken.brand, taken.case_id, lock=True)
            whole = case_row.case if case_row else None
            case, mention = answered(whole, taken.mention_id)
            assert whole is not None
            assert case_row is not None
            text, left = drafting.draft_text(said.text, case, mention, published.book, asked.masking, taken.asked_by)
            now = await store.database_time(connection)
            row = reply.new(
                case,
                published.book,
                id=uuid4(),
                text=text[: language_model.MOST_TEXT],
                script=None,
                writer=None,
                writer_role=taken.asked_role,
                automatic=False,
                book_version=published.version,
                at=now,
                traceparent=taken.traceparent or case_row.traceparent,
                drafted_by=DraftedBy(kind="model", name=taken.model, asked_by=taken.asked_by),
            )
            known = await store.replies_of_cases(connection, [taken.case_id])
            old = [one for one in known if drafting.untouched(one) and customer.of_one_customer(whole, one.mention_id, mention.id)]
            person = Person(taken.asked_by, taken.asked_role)
            detail = {"model": taken.model, "asked_by": taken.asked_by, "tokens": tokens, "seconds": round(seconds, 2), "open": list(left)}
            changes = [*(reply.replaced(one, person, now) for one in old), Change(row, "drafted", "system", now, ReplyDrafted, detail)]
            if not await suggestion_store.end(connection, taken, tokens=tokens, seconds=seconds, reply_id=row.id):
                return  # somebody has ended it as lost
            await store.put_replies(connection, [change.row for change in changes])
            await store.tell(connection, changes)
        _CALLS.labels("drafted").inc()
        self.relay.poke()


def answered(case: Case | None, mention_id: UUID) -> tuple[Case, Mention]:
    """The case as the author of this message has it, and the message. Raises `Gone` where there is nothing to answer, or no longer this."""
    if case is None or case.state in ENDED:
        raise Gone(f"The case is {case.state if case else 'unknown'}: there is nothing to answer in it.")
    own = customer.as_for(case, mention_id)
    mention = own.latest if own else None
    if own is None or mention is None:
        raise Gone("The customer has written again. Ask for a draft that answers their newest message.")
    if mention.forgotten_at is not None or not (mention.text.strip() or (mention.title or "").strip()):
        raise Gone("There are no words of this message to answer: the model is told nothing else.")
    return own, mention


async def told_before(connection: db.Connection, case: Case, mention: Mention) -> list[str]:
    """What this customer has had from us in the case; nothing of another's."""
    theirs = [one.id for one in case.mentions if customer.of_one_customer(case, one.id, mention.id)]
    return await suggestion_store.earlier(connection, case.brand, case.id, theirs, drafting.MOST_EARLIER)


async def team_scripts(connection: db.Connection, brand: str) -> list[Script]:
    """Scripts beside the book's, by the names that drafts give them."""
    return [one.named for one in await shelf.offered(connection, brand)]


def prompt(case: Case, mention: Mention, published: Published, wish: Wish, told: Sequence[str], team: Sequence[Script]) -> Asked:
    """What the model is asked; tens of microseconds of work a text, and for a hostile one more: for a thread."""
    find: Callable[[str], Iterable[PersonalData]] = partial(personal_data, lens=Lens.of(published.book))
    return drafting.asked(case, mention, published.book, wish, told, find, f"=={secrets.token_hex(8)}==", team)


def _wish(taken: Suggestion) -> Wish:
    return Wish(tone=taken.tone, script=taken.script, instructions=taken.instructions)
