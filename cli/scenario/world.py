"""The services of a scenario in one process: their real handlers, stores and routes, on a clock that only the scenario moves.

What people write, do and answer comes in; what becomes of it is read from the services as they stand. Between them is a `Log` in Kafka's place, filled
from their outboxes. Every schedule has a brand of its own, so that schedules share a database and never meet.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import orjson
from fastapi import FastAPI

from cli.scenario.database import SERVICES, Moment, clear, empty_tables, pool_of
from cli.scenario.log import Log, Record
from cli.scenario.tasks import Endless, Tasks
from cli.stack import keys
from libs.common import db, outbox
from libs.common.books import BrandBooks
from libs.common.consumer import Consumer, Work
from libs.common.errors import InvalidEvent
from libs.common.events import BrandBookPublished, deterministic_id
from libs.common.outbox import Outgoing
from libs.common.record import decode
from libs.common.topics import HOLDS
from services.responder import consumer as responder_consumer
from services.responder.app import create_app as responder_app
from services.responder.settings import Settings as ResponderSettings
from services.routing import consumer as routing_consumer
from services.routing import notice
from services.routing.app import create_app as routing_app
from services.routing.links import Click, Links
from services.routing.policies import Policies
from services.routing.settings import Settings as RoutingSettings
from services.triage import consumer as triage_consumer
from services.triage.app import create_app as triage_app
from services.triage.classify import Classifier
from services.triage.examine import Examiner
from services.triage.settings import Settings as TriageSettings

_SIDE_BY_SIDE = 200
"""Schedules that share a database, each with a brand of its own, before it is cleared."""
_SERVICE = {"holds": "responder"}
"""A consumer that is not named as its service."""
_REFERENCE = re.compile(r"\$(case|mention|customer|reply|promise|topic|saved|version)\.([\w-]+(?:\.[\w-]+)*)|\$brand\b")


class Failed(Exception):
    """What was not as it must be, in words."""


class _Crash(Exception):
    """The process dies just before its commit."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


class World:
    """One worker's services. `begin` starts a schedule; whoever plays it moves the clock and drains the log."""

    def __init__(self, pools: Mapping[str, db.Pool], moment: Moment, folder: Path) -> None:
        self._pools, self._moment, self._folder = pools, moment, folder
        jwks = str(keys.ensure(folder))
        given: dict[str, Any] = {"database_url": "postgresql://none", "jwks": jwks, "rate_limit": 0, "rate_limit_anonymous": 0}
        self._settings = RoutingSettings(signing_key=keys.signing_key(folder), **given), ResponderSettings(**given)
        self._apps: dict[str, FastAPI] = {
            "routing": routing_app(self._settings[0]),
            "responder": responder_app(self._settings[1]),
            "triage": triage_app(TriageSettings(**given)),
        }
        for service, app in self._apps.items():
            app.state.service.pool = pools[service]
        self._clients = {
            service: httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=f"http://{service}")
            for service, app in self._apps.items()
        }
        self._classifier: Classifier | None = None
        self._tokens: dict[tuple[str, str, str], str] = {}
        self._relayed = dict.fromkeys(SERVICES, 0)
        self._empty: dict[str, list[str]] = {}
        self._played: set[str] = set()

    @classmethod
    async def on(cls, url: str, folder: Path) -> "World":
        """The services on a database that `database.Server` made."""
        moment = Moment()
        world = cls({service: await pool_of(url, service, moment) for service in SERVICES}, moment, folder)
        world._empty = {service: await empty_tables(pool, service) for service, pool in world._pools.items()}
        return world

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        for pool in self._pools.values():
            await pool.close()

    # --- a schedule -------------------------------------------------------------------------------------------------------------------

    async def begin(self, brand: str, book: Mapping[str, Any], log: Log, now: datetime) -> None:
        """A new schedule, with a brand that nobody has heard of."""
        if brand in self._played or len(self._played) >= _SIDE_BY_SIDE:
            await self._clear()
        self._played.add(brand)
        self.brand, self.log, self._version, self._asked = brand, log, 0, 0
        self._leased: tuple[datetime, int, int] | None = None
        self.names: dict[str, dict[str, Any]] = {kind: {} for kind in ("mention", "customer", "reply", "promise", "topic", "saved")}
        self.outside: dict[str, str] = {}
        self.books = BrandBooks("nowhere", "scenario")
        self.books.read.set()
        self.policies = Policies(self.books)
        for app in self._apps.values():
            app.state.service.books = self.books
        self._apps["routing"].state.policies = self.policies
        self._consumers: dict[str, Consumer[Any]] = {"routing": routing_consumer.build(self.policies)}
        self.responds = "responder" in log.readers
        if self.responds:
            self._consumers |= {"responder": responder_consumer.build(self.books), "holds": responder_consumer.of_holds()}
        rng = None if log.orderly else log.rng
        signed = self._apps["routing"].state.links
        self._tasks = Tasks(self._pools, brand, self.books, self.policies, self._settings, signed, self.outside, rng)
        self.set_clock(now)
        await self.publish(book)
        if "triage" in log.readers:
            self._classifier = self._classifier or Classifier.load()
            self._consumers["triage"] = triage_consumer.build(Examiner(self.books, self._classifier))
        log.readers = {reader: self._consumers[reader].topics for reader in log.readers}

    async def _clear(self) -> None:
        """A database as at the beginning: what many schedules left would make each that follows slower than the one before it."""
        for service, pool in self._pools.items():
            await clear(pool, self._empty[service])
            self._relayed[service] = 0
        self._played.clear()

    def set_clock(self, now: datetime) -> None:
        self.now = now
        self._moment.set(now.isoformat())

    async def publish(self, book: Mapping[str, Any]) -> None:
        """A version of the brand's book, as every service would have heard of it."""
        self._tasks.stir()
        self._version += 1
        whole = {"brand": self.brand, **book}
        await self.books.put(
            BrandBookPublished(brand=self.brand, version=self._version, book=whole, published_at=self.now, published_by="scenario")
        )
        published = self.books.get(self.brand)
        assert published is not None
        async with self._pools["routing"].acquire() as connection:
            await connection.execute(
                "insert into brand_book (brand, version, source, book, published_at, published_by, fields) values ($1, $2, '', $3, $4, 'scenario', '{}')",
                self.brand,
                self._version,
                whole,
                self.now,
            )

    def tell(self, outgoing: Outgoing, topic: str, source: str) -> None:
        """An event from outside the services that are played."""
        headers = outbox.attributes(outgoing, source, self.now)
        self.log.append(topic, self.brand, outgoing.key, headers, outbox.encoded(outgoing), self.now)

    async def deliver(self, crash: bool) -> bool:
        """Let some consumer handle a batch, as a transaction; with `crash` its process dies before the commit once, and another does it again. False
        where nothing waits. Raises `Failed` for an event that would be set aside."""
        fetched = self.log.fetch()
        if fetched is None:
            return False
        self._tasks.stir()
        reader, records = fetched
        if crash:
            try:
                await self._handle(reader, records, crash=True)
            except _Crash:
                pass
        await self._handle(reader, records, crash=False)
        await self._relay(_SERVICE.get(reader, reader))
        return True

    async def _handle(self, reader: str, records: Sequence[Record], *, crash: bool) -> None:
        consumer, service = self._consumers[reader], _SERVICE.get(reader, reader)
        received = [one for one in map(decode, records) if consumer.handlers.get(type(one.event)) is not None]
        for raced in range(5):
            try:
                prepared = await consumer.prepare(received) if consumer.prepare else None
                async with self._pools[service].acquire() as connection, connection.transaction():
                    work: Work = await consumer.load(connection, received, prepared)
                    for one in received:
                        handler = consumer.handlers[type(one.event)]
                        assert handler is not None
                        handler(work, one)
                    await consumer.save(connection, work)
                    await outbox.add(connection, service, work.outgoing)
                    if crash:
                        raise _Crash
            except db.Raced:
                if raced == 4:
                    raise
            except InvalidEvent as error:
                raise Failed(f"{service} would set an event aside: {error.detail}") from error
            else:
                return

    async def _relay(self, service: str) -> None:
        async with self._pools[service].acquire() as connection:
            rows = await connection.fetch(
                "select id, topic, brand, key, headers, value from outbox where id > $1 order by id", self._relayed[service]
            )
        if not rows:
            return
        self._relayed[service] = rows[-1]["id"]
        read = {topic for topics in self.log.readers.values() for topic in topics}
        for row in rows:
            if row["topic"] in read:
                headers = orjson.loads(row["headers"])
                self.log.append(row["topic"], row["brand"], row["key"], headers, row["value"], self.now)

    async def pass_time(self, until: datetime) -> bool:
        """The clock goes to the moment at which something is due next, at or before `until`; false, and it is there, where nothing is. Call it where
        nothing is left to do now, and `work` after it."""
        at = await self._tasks.next_due(self.responds)
        if at is None or at > until:
            self.set_clock(max(self.now, until))
            return False
        self.set_clock(max(self.now, at))
        return True

    async def work(self) -> bool:
        """What the services do by themselves at this moment; whether anything was done."""
        try:
            done = await self._tasks.routing(self.now, lambda: self._relay("routing"))
        except Endless:
            raise Failed(f"something is due for ever at {self.now.isoformat()}") from None
        return await self.send() or done if self.responds else done

    async def send(self) -> bool:
        """What is approved leaves, where the brand may send by what is known now; whether anything was done, or is told that will lead to it."""
        if not self._tasks.responder_may_have_work(self.now):
            return False
        done = await self._tasks.responder(self.now)
        await self._relay("responder")
        if done:
            return True
        lease = await self._tasks.lease()
        if lease is not None and self._leased != (self.now, lease.hold_version, lease.book_version):
            self._leased = self.now, lease.hold_version, lease.book_version
            self.tell(Outgoing(lease, lease.brand, int(self.now.timestamp() * 1000), lease.brand), HOLDS.name, "routing")
            return True
        return False

    async def end(self) -> None:
        """The schedule is over."""
        if self.responds:
            await self._tasks.end()

    # --- what people do and see ---------------------------------------------------------------------------------------------------------

    async def call(self, service: str, method: str, path: str, *, subject: str, role: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """An operation as a person of this brand."""
        sent = {"authorization": f"Bearer {self._token(subject, role)}", **headers}
        if method != "GET":
            self._asked += 1  # the same seed asks with the same keys again
            sent = {"if-match": "*", "idempotency-key": str(deterministic_id(self.brand, "asked", str(self._asked)))} | sent
        if path.startswith("/"):
            path = path if path.startswith("/v1/") else f"/v1/brands/{self.brand}{path}"
        if service == "routing" and method == "GET" and ("/search" in path or "q=" in path):
            await self._tasks.findable()
        answer = await self._clients[service].request(method, path, headers=sent, json=body)
        if method != "GET":
            self._tasks.stir()
            await self._relay(service)
        try:
            return Answer(answer.status_code, answer.json() if answer.content else None)
        except ValueError:
            return Answer(answer.status_code, answer.text)

    async def click(self, label: str, to: str, form: Mapping[str, str] | None) -> Answer:
        """The page behind a link that somebody was sent, newest first; with a form it is used, without one only looked at. Raises `Failed`."""
        rows = await self.rows("routing", "select * from notice where brand = $1 and recipient = $2 order by seq desc", self.brand, to)
        sent = [link for row in rows for link in notice.notice_of(row).links]
        link = next((link for link in sent if link.label == label), None)
        if link is None:
            raise Failed(f"{to} was sent no link {label!r} (they were sent {', '.join(sorted({link.label for link in sent})) or 'none'})")
        signed: Links = self._apps["routing"].state.links
        path = signed.url(Click(self.brand, link.purpose, link.subject, to, link.expires_at, link.data)).partition("/v1/")[2]
        method, headers = ("GET" if form is None else "POST"), {"content-type": "application/x-www-form-urlencoded"}
        answer = await self._clients["routing"].request(method, f"/v1/{path}", headers=headers, content=urlencode(form or {}).encode())
        if form is not None:
            self._tasks.stir()
            await self._relay("routing")
        return Answer(answer.status_code, html.unescape(answer.text))

    def _token(self, subject: str, role: str) -> str:
        key = (subject, role, self.brand)
        if key not in self._tokens:
            self._tokens = {known: token for known, token in self._tokens.items() if known[2] == self.brand}
            claims = {"sub": subject, "role": role, "brands": [self.brand], "iss": keys.ISSUER, "aud": keys.AUDIENCE}
            self._tokens[key] = keys.issue(self._folder, claims, datetime.now(UTC), timedelta(hours=12))
        return self._tokens[key]

    async def rows(self, service: str, sql: str, *values: Any) -> list[dict[str, Any]]:
        async with self._pools[service].acquire() as connection:
            return [dict(row) for row in await connection.fetch(sql, *values)]

    async def case_of(self, mention: str) -> UUID:
        """The case that a mention is in by now. Raises `Failed` where it is in none yet."""
        if mention not in self.names["mention"]:
            raise Failed(
                f"there is no mention {mention!r} in this scenario so far (there are {', '.join(self.names['mention']) or 'none'})"
            )
        found: UUID | None = await self._pools["routing"].fetchval(
            "select case_id from mention_copy where brand = $1 and id = $2", self.brand, self.names["mention"][mention]
        )
        if found is None:
            raise Failed(f"mention {mention!r} is in no case")
        return found

    async def resolved(self, value: Any) -> Any:
        """A value with its `$case.m1`, `$mention.m1`, `$reply.r1`, `$saved.x.id`, … replaced by what they stand for."""
        if isinstance(value, dict):
            return {key: await self.resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [await self.resolved(item) for item in value]
        if not isinstance(value, str) or "$" not in value:
            return value
        whole = _REFERENCE.fullmatch(value)
        if whole is not None:
            return await self._stands_for(whole)
        out, last = [], 0
        for found in _REFERENCE.finditer(value):
            out += [value[last : found.start()], str(await self._stands_for(found))]
            last = found.end()
        return "".join([*out, value[last:]])

    async def _stands_for(self, found: "re.Match[str]") -> Any:
        if found[1] is None:
            return self.brand
        kind, name = found[1], found[2]
        if kind == "case":
            return str(await self.case_of(name))
        if kind == "version":
            case_id = await self.case_of(name)
            return await self._pools["routing"].fetchval("select version from care_case where brand = $1 and id = $2", self.brand, case_id)
        head, *path = name.split(".")
        if head not in self.names[kind]:
            raise Failed(f"there is no {kind} {head!r} in this scenario so far (there are {', '.join(self.names[kind]) or 'none'})")
        value = self.names[kind][head]
        for part in path:
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, ValueError, TypeError) as error:
                there = ", ".join(map(str, value)) if isinstance(value, dict) else repr(value)
                raise Failed(f"{found[0]}: there is no {part!r} in it (there is {there[:300]})") from error
        return str(value) if isinstance(value, UUID) else value
