"""What the services of a scenario do by themselves, beside their streams: each task that routing and the responder start, played when its time has come.

The moment comes in, what is due then is done through the same functions that run everywhere. Only what leaves the building does not: mail and chat are
taken by an outside that does as the scenario says, replies by the sandbox.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.events import SendingLease
from libs.common.outbox import Relay
from libs.common.outcome import Accepted, NotBegun, Outcome, Refused, Unknown
from services.responder import attempts, keeper, updater
from services.responder.sender import Sender
from services.responder.settings import Settings as ResponderSettings
from services.routing import bulker, giving, hold, rehome, retarget, search_index, ticker, timer
from services.routing.due import DUE
from services.routing.links import Links
from services.routing.notifier import WAYS, Notifier
from services.routing.policies import Policies
from services.routing.settings import Settings as RoutingSettings
from services.routing.sla import Policy
from services.routing.ways.sending import Message, Sending

_MOST_ROUNDS = 10_000
"""Rounds in which something was done at one moment; more is something that is due for ever."""
_DEATHS = 0.1
_HELD_UP = "1 minute"
"""An update that a hold keeps asks every two seconds, for as long as that lasts; once a minute tells as much."""


class Endless(Exception):
    """Something is due for ever."""


class Tasks:
    """The tasks of one schedule. Each returns whether it did anything."""

    def __init__(
        self,
        pools: Mapping[str, db.Pool],
        brand: str,
        books: BrandBooks,
        policies: Policies,
        settings: tuple[RoutingSettings, ResponderSettings],
        signed: Links,
        outside: Mapping[str, str],
        rng: random.Random | None,
    ) -> None:
        """`outside`: a way of telling → what its other end does (`taken` where nothing is said); `rng` decides where a process dies, none: nowhere."""
        self._routing, self._responder = pools["routing"], pools["responder"]
        self._brand, self._books, self._policies, self._rng = brand, books, policies, rng
        self._outside = outside
        ways = {way: self._end_of(way) for way in WAYS}
        self._notifier = Notifier(self._routing, policies, settings[0], signed, ways)
        self._sender = Sender(self._responder, books, Relay("", "responder", "nowhere"), settings[1])
        self._attempts = settings[1].send_attempts
        self._followed = 1
        self._due: datetime | None = None
        self._stirred = {"routing": True, "responder": True}
        self._looked: dict[str, datetime] = {}
        self._restless = False

    def stir(self) -> None:
        """Something was written, or a book came: there may be something to do, where nothing was."""
        self._stirred = dict.fromkeys(self._stirred, True)

    # --- routing ------------------------------------------------------------------------------------------------------------------------

    async def routing(self, now: datetime, relay: Callable[[], Awaitable[None]]) -> bool:
        """What is due by the clock, what a new book means for what runs, bulk actions, cases for those who are there, and notices. Raises `Endless`."""
        if not self._may_have_work(now):
            return False
        policy = self._policies.of(self._brand)
        done = False
        if policy.version > self._followed:
            self._followed = policy.version
            done = await self._follow(policy)
        for _ in range(_MOST_ROUNDS):
            if not await self._round(policy, now):
                self._stirred["routing"], self._looked["routing"] = False, now
                if done:
                    self._stirred["responder"] = True
                    await relay()
                return done
            done = True
        raise Endless

    def _may_have_work(self, now: datetime) -> bool:
        """Whether a look at what there is to do could find anything that the last one did not."""
        if self._stirred["routing"] or (self._due is not None and self._due <= now):
            return True
        return self._restless and self._looked.get("routing") != now

    async def _round(self, policy: Policy, now: datetime) -> int:
        """One look at what there is to do, in one query: most looks find nothing. How much was done."""
        seen = await self._routing.fetchrow(
            "select exists (select from bulk where brand = $1 and state in ('running', 'undoing')) as bulk, "
            "exists (select from presence where brand = $1) as anybody, "
            "(select min(next_at) from notice where brand = $1 and state = 'due') as notice, "
            "least((select min(next_fire_at) from care_case where brand = $1), (select min(at) from timer where brand = $1)) as clock",
            self._brand,
        )
        assert seen is not None
        self._due = min((at for at in (seen["notice"], seen["clock"]) if at is not None), default=None)
        self._restless = seen["bulk"] or seen["anybody"]
        done = 0
        if seen["clock"] is not None and seen["clock"] <= now:
            done += await ticker.tick(self._routing, self._policies)
            done += await timer.tick(self._routing, self._policies, DUE)
        if seen["bulk"]:
            done += await bulker.tick(self._routing, self._policies)
        if seen["anybody"]:
            done += await giving.tick(self._routing, policy)
        if seen["notice"] is not None and seen["notice"] <= now:
            done += await self._notifier.claim()
            await self._notifier.idle()
        return done

    async def _follow(self, policy: Policy) -> bool:
        done = 0
        while found := await rehome.tick(self._routing, policy):
            done += found
        before = await retarget.earlier(self._routing, policy)
        while before and (found := await retarget.tick(self._routing, policy, before)):
            done += found
        return done > 0

    async def next_due(self, responds: bool) -> datetime | None:
        """When something is to be done next, at a moment of its own. In routing: as it was when nothing was left to do."""
        if not responds:
            return self._due
        theirs: datetime | None = await self._responder.fetchval(
            "select least((select min(next_attempt_at) from reply where brand = $1 and state = 'approved' and held_by is null "
            "and next_attempt_at > now()), (select min(case when waits is null then next_at else greatest(next_at, now() + $2::text::interval) end) "
            "from customer_update where brand = $1 and state in ('preparing', 'approved') and next_at > now()))",
            self._brand,
            _HELD_UP,
        )
        return min((at for at in (self._due, theirs) if at is not None), default=None)

    async def findable(self) -> None:
        """What changed is found."""
        while await search_index.tick(self._routing):
            pass

    # --- the responder --------------------------------------------------------------------------------------------------------------------

    async def lease(self) -> SendingLease | None:
        """What routing says each second of what this brand may send; none where nothing waits for it."""
        waits = await self._responder.fetchval(
            "select exists (select from reply where brand = $1 and state = 'approved' and held_by is null and next_attempt_at <= clock_timestamp())",
            self._brand,
        )
        if not waits:
            return None
        async with self._routing.acquire() as connection:
            return next((lease for lease in await hold.leases(connection) if lease.brand == self._brand), None)

    def responder_may_have_work(self, now: datetime) -> bool:
        """Whether another look at what may leave could find anything that the last one did not."""
        return self._stirred["responder"] or self._looked.get("responder") != now

    async def responder(self, now: datetime) -> bool:
        """What holds leave to do, updates to many, and what is approved leaves: into the sandbox, where no process dies before that."""
        self._stirred["responder"], self._looked["responder"] = False, now
        done = await keeper.keep(self._responder, self._books)
        while await self._steps_of_updates():
            done += 1
        if self._rng is not None and self._rng.random() < _DEATHS:
            await self._die_before_sending()
        sent = await self._sender.claim()
        await self._sender.idle()
        if done + sent:
            self.stir()
        return done + sent > 0

    async def _steps_of_updates(self) -> bool:
        due = await self._responder.fetchval(
            "select exists (select from customer_update where brand = $1 and state in ('preparing', 'approved') and next_at <= clock_timestamp())",
            self._brand,
        )
        return bool(due) and await updater.step(self._responder, self._books)

    async def _die_before_sending(self) -> None:
        """A process claims what is to leave, and is gone; another finds what it left."""
        books = dict(self._books)
        async with self._responder.acquire() as connection, connection.transaction():
            await attempts.claim(connection, by="gone", books=books, limit=3, room=dict.fromkeys(books, 3), lease_s=3)
        async with self._responder.acquire() as connection, connection.transaction():
            await attempts.sweep(connection, older_than_s=-1, attempts=self._attempts)

    async def end(self) -> None:
        """What is left of this schedule is nobody's work in the next."""
        await self._responder.execute("update customer_update set state = 'stopped' where brand = $1", self._brand)
        await self._responder.execute("update sending_hold set settled = true where brand = $1", self._brand)

    def _end_of(self, way: str) -> Callable[[Message, Sending], Awaitable[Outcome]]:
        async def take(told: Message, sending: Sending) -> Outcome:
            does = self._outside.get(way, "taken")
            if does == "down":
                return Refused(f"the other end of {way} does not answer", for_good=False)
            if not await sending.begin(str(told.id)):
                return NotBegun()
            if does == "refused":
                return Refused(f"the other end of {way} says no", for_good=True)
            return Unknown("no answer came") if does == "silent" else Accepted(str(told.id))

        return take
