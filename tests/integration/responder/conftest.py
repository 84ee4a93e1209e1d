"""A running responder with what surrounds it: routing's events on a real Kafka, a real PostgreSQL, a real mail server."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from libs.common import db, outbox
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, CaseEvent, CaseMention, CaseOpened
from libs.common.db import open_pool
from libs.common.events import Author, BrandBookPublished, Event, HoldEvent, Identity, Mention, SendingLease, Thread, deterministic_id
from libs.common.migrate import migrate
from libs.common.record import Received
from libs.common.service import Service
from libs.common.topics import EVENT_TYPES, create_topics, partition_of
from services.responder import app as responder
from services.responder import consumer as consumers
from services.responder import store
from services.responder.app import create_app
from services.responder.sender import Sender
from services.responder.settings import Settings
from tests.mail_server import MailServer
from tests.stack import Databases
from tests.tokens import Issuer
from tests.waiting import until

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def brand_book(brand: str, **more: Any) -> dict[str, Any]:
    """Example data: a brand with an agent, a trainee, a lead and one script a label. It never closes: what is promised depends on no clock of a test's."""
    return {
        "brand": brand,
        "name": "Vaart",
        "languages": ["nl", "en"],
        "hours": {"mon-sun": ["00:00-24:00"], "holidays": {"closed": False}},
        "labels": [{"name": "storing"}, {"name": "factuur"}],
        "team": [
            {"id": "gs", "first_name": "Guus", "initials": "gs"},
            {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"},
            {"id": "tr", "first_name": "Tess", "initials": "tr", "role": "trainee"},
        ],
        "scripts": [{"id": "storing", "label": "storing", "language": "nl", "text": "{groet}, vervelend! We werken eraan. {handtekening}"}],
        **more,
    }


def mention(brand: str, name: str, channel: str = "twitter", **more: Any) -> Mention:
    mail = channel == "email"
    identity = Identity(kind="email", value=f"{name}@klant.example") if mail else Identity(kind="handle", value=name, channel=channel)
    return Mention(
        id=deterministic_id(brand, channel, name),
        brand=brand,
        channel=channel,
        kind="mail" if mail else "post",
        external_id=f"x-{name}",
        author=Author(name="Sanne Visser", identities=[identity]),
        title="Mijn internet" if mail else None,
        text="mijn internet ligt eruit",
        thread=Thread(id=f"first-{name}@klant.example") if mail else None,
        url=f"mid:{name}%24@klant.example" if mail else None,
        visibility="private" if mail else "public",
        posted_at=AT,
        received_at=AT,
        **more,
    )


def case_of(*mentions: Mention, **more: Any) -> Case:
    """A case that holds these mentions, the last of them the newest."""
    first, newest = mentions[0], mentions[-1]
    given: dict[str, Any] = {
        "id": deterministic_id(first.brand, str(first.id)),
        "brand": first.brand,
        "customer_id": uuid4(),
        "group_id": first.id,
        "state": "new",
        "department": "webcare",
        "owner": "gs",
        "channel": newest.channel,
        "visibility": newest.visibility,
        "language": "nl",
        "sentiment": "negative",
        "urgency": "high",
        "labels": ["storing"],
        "mentions": [CaseMention(id=m.id, channel=m.channel, visibility=m.visibility, received_at=AT) for m in mentions],
        "latest": newest,
        "opened_at": AT,
    }
    return Case(**{**given, **more})


def opened(case: Case) -> CaseOpened:
    return CaseOpened(brand=case.brand, case=case, at=AT, rule="1")


@dataclass
class Around:
    """The responder's surroundings for one brand of one test, and the people who use it."""

    brand: str
    kafka: str
    database_url: str
    issuer: Issuer
    producer: AIOKafkaProducer
    db: asyncpg.Connection
    stack: AsyncExitStack
    app: FastAPI | None = None
    sent: dict[tuple[str, int], int] = field(default_factory=dict)
    leases: asyncio.Task[None] | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    held: bool = False
    hold_version: int = 1

    # --- what routing tells ---

    async def tell(self, event: Event, subject: str, version: int, key: str) -> None:
        topic = outbox._TOPIC_OF[type(event)]
        item = outbox.Outgoing(event, subject, version, key, "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01")
        headers = [(name, value.encode()) for name, value in outbox.attributes(item, "test", datetime.now(UTC)).items()]
        told = await self.producer.send_and_wait(
            topic, event.model_dump_json().encode(), key.encode(), partition_of(event.brand, key), headers=headers
        )
        if topic.startswith(("weerklank.cases", "weerklank.holds")):
            self.sent[topic, told.partition] = told.offset

    async def case(self, event: CaseEvent, version: int) -> None:
        await self.tell(event, str(event.case.id), version, str(event.case.id))

    async def publish(self, version: int = 1, **more: Any) -> None:
        book = brand_book(self.brand, **more)
        BrandBook.from_json(book)
        event = BrandBookPublished(brand=self.brand, version=version, book=book, published_at=AT, published_by="test")
        await self.tell(event, self.brand, version, self.brand)
        if self.app:
            assert await self.app.state.service.books.wait_for({self.brand: version}, 10)

    async def lease(self, **more: Any) -> None:
        event = SendingLease(brand=self.brand, held=self.held, hold_version=self.hold_version, **more)
        await self.tell(event, self.brand, self.hold_version, self.brand)

    async def keep_leasing(self) -> None:
        """Renew the lease, as routing does, until the test ends or `stop_leasing`."""

        await self.stop_leasing()
        stop = self.stop = asyncio.Event()

        async def renew() -> None:
            while not stop.is_set():
                await self.lease()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 0.3)

        self.leases = asyncio.create_task(renew())

    async def stop_leasing(self) -> None:
        if self.leases:
            self.stop.set()
            await self.leases
            self.leases = None

    async def hold(self, reason: str) -> None:
        self.held, self.hold_version = True, self.hold_version + 1
        await self.lease(reason=reason)

    async def settled(self) -> None:
        """Wait until the responder has handled all that was told so far."""

        async def passed() -> bool:
            rows = await self.db.fetch("select topic, partition, next_offset from position")
            positions = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
            return all(positions.get(place, 0) > offset for place, offset in self.sent.items())

        await until(passed, "all events handled")

    # --- the service and its people ---

    def settings(self, **more: Any) -> Settings:
        return Settings(
            database_url=self.database_url,
            kafka=self.kafka,
            jwks=str(self.issuer.jwks),
            **{"send_poll_s": 0.05, "send_retry_s": 0.1, "session_timeout_s": 6, **more},
        )

    async def start(self, **more: Any) -> None:
        self.app = create_app(self.settings(**more))
        await self.stack.enter_async_context(self.app.router.lifespan_context(self.app))

        async def ready() -> bool:
            assert self.app is not None
            return not self.app.state.service.problems()

        await until(ready, "the responder is ready", 30)

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str = "agent",
        subject: str = "gs",
        version: int | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """A request by somebody of this brand. `path` is below the brand; a change is of `version`, or of whatever the thing is now."""
        assert self.app is not None
        token = self.issuer.token(role, [self.brand], subject)
        headers = {
            "authorization": f"Bearer {token}",
            "if-match": "*" if version is None else f'"{version}"',
            "idempotency-key": str(uuid4()),
            **(headers or {}),
        }
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://test") as client:
            return await client.request(method, f"/v1/brands/{self.brand}{path}", headers=headers, **more)

    async def write(self, case: Case, text: str, **person: Any) -> dict[str, Any]:
        answer = await self.call("POST", f"/cases/{case.id}/replies", json={"text": text}, **person)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, reply_id: UUID | str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.call("GET", f"/replies/{reply_id}")).json()
        return found

    async def submit(self, reply_id: UUID | str, **person: Any) -> httpx.Response:
        return await self.call("POST", f"/replies/{reply_id}/submit", **person)

    async def approve(
        self, reply_id: UUID | str, digest: str, despite_reply: str | None = None, seen: dict[str, Any] | None = None, **person: Any
    ) -> httpx.Response:
        body = {"digest": digest, "despite_reply": despite_reply, **(seen or {})}
        return await self.call("POST", f"/replies/{reply_id}/approve", json=body, **person)

    async def approved(self, case: Case, text: str, despite_reply: str | None = None) -> str:
        """A reply by Guus that he has approved himself; its id."""
        draft = await self.write(case, text)
        assert (await self.submit(draft["id"])).status_code == 200
        answer = await self.approve(draft["id"], draft["digest"], despite_reply)
        assert answer.status_code == 200, answer.text
        return str(draft["id"])

    async def becomes(self, reply_id: str, state: str, timeout_s: float = 20.0) -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            found = await self.get(reply_id)
            return found if found["state"] == state else None

        found: dict[str, Any] = await until(there, f"reply becomes {state}", timeout_s)
        return found


class Direct(Around):
    """The responder's routes, handlers and sender on a real PostgreSQL without a broker: what is told is handled at once, and nothing runs by itself."""

    versions: dict[UUID, int]
    pool: db.Pool

    @property
    def service(self) -> Service:
        assert self.app is not None
        service: Service = self.app.state.service
        return service

    async def open(self) -> None:
        self.versions = {}
        self.app = create_app(self.settings())
        await migrate(self.database_url, "responder", Path(responder.__file__).parent / "migrations")
        self.pool = self.service.pool = await db.open_pool(self.database_url, "responder")
        self.stack.push_async_callback(self.pool.close)
        self.service.books.read.set()
        await self.publish()

    async def publish(self, version: int = 0, **more: Any) -> None:
        """The next version of the brand's book."""
        version = version or self.service.books.version(self.brand) + 1
        book = brand_book(self.brand, **more)
        await self.service.books.put(BrandBookPublished(brand=self.brand, version=version, book=book, published_at=AT, published_by="test"))

    async def tell(self, event: Event, subject: str, version: int, key: str) -> None:
        """Handled in one transaction, as by the stream."""
        consumer = consumers.of_holds() if isinstance(event, SendingLease | HoldEvent) else consumers.build(self.service.books)
        at = datetime.now(UTC)
        received = Received(event, str(uuid4()), subject, version, at, None, "test", 0, 0, key, at)
        async with self.pool.acquire() as connection, connection.transaction():
            work = await consumer.load(connection, [received], None)
            consumer.handlers[type(event)](work, received)
            await consumer.save(connection, work)

    async def says(self, case: Case) -> Case:
        """Routing's newest word on a case."""
        self.versions[case.id] = self.versions.get(case.id, 0) + 1
        await self.case(opened(case), self.versions[case.id])
        return case

    async def send(self) -> None:
        """What the sender of one instance does, until nothing is left to claim and nothing on its way."""
        await self.lease(book_version=self.service.books.version(self.brand))
        settings = self.service.settings
        assert isinstance(settings, Settings)
        sender = Sender(self.pool, self.service.books, self.service.relay, settings)
        while await sender.claim():
            await sender.idle()

    async def told(self) -> list[Event]:
        """All events of replies so far, in order."""
        found = await self.db.fetch("select headers, value from outbox where brand = $1 order by id", self.brand)
        types = [json.loads(row["headers"])["ce_type"] for row in found]
        return [EVENT_TYPES[name].model_validate_json(row["value"]) for name, row in zip(types, found, strict=True)]


@pytest.fixture
async def direct(postgres: Databases, tmp_path: Path) -> AsyncIterator[Direct]:
    url = postgres.login(postgres.database(), "responder")
    db = await asyncpg.connect(url)
    stack = AsyncExitStack()
    found = Direct(f"b-{secrets.token_hex(4)}", "127.0.0.1:1", url, Issuer(tmp_path), cast(AIOKafkaProducer, None), db, stack)
    try:
        await found.open()
        yield found
    finally:
        await stack.aclose()
        await db.close()


@pytest.fixture
async def around(kafka: str, postgres: Databases, tmp_path: Path) -> AsyncIterator[Around]:
    """Topics, a database, and a brand of this test's own; the responder itself starts with `start`."""
    await create_topics(kafka)
    url = postgres.login(postgres.database(), "responder")
    producer = outbox.producer(kafka, client_id="test")
    await producer.start()
    db = await asyncpg.connect(url)
    stack = AsyncExitStack()
    found = Around(f"b-{secrets.token_hex(4)}", kafka, url, Issuer(tmp_path), producer, db, stack)
    try:
        yield found
    finally:
        await found.stop_leasing()
        await stack.aclose()
        await db.close()
        await producer.stop()


@dataclass
class Quiet:
    """The responder's routes over its database and its brand's book: nothing streams, nothing is sent. `around` makes the requests."""

    around: Around
    pool: db.Pool

    @property
    def brand(self) -> str:
        return self.around.brand

    async def publish(self, version: int = 1, **more: Any) -> None:
        assert self.around.app is not None
        book = brand_book(self.brand, **more)
        BrandBook.from_json(book)
        event = BrandBookPublished(brand=self.brand, version=version, book=book, published_at=AT, published_by="test")
        await self.around.app.state.service.books.put(event)

    async def told(self, *cases: Case) -> None:
        """Routing has told of these cases, which are new."""
        rows = [store.CaseRow(case.id, case.brand, 1, case.state, case, None, AT) for case in cases]
        async with self.pool.acquire() as connection:
            await store.insert_cases(connection, sorted(rows, key=lambda row: row.case_id))

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.around.call(method, path, **more)

    async def post(self, path: str, body: dict[str, Any], status: int = 201, **more: Any) -> dict[str, Any]:
        answer = await self.call("POST", path, json=body, **more)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sent(self, reply_id: str) -> None:
        """Somebody approved it, and the sender has sent it: their steps in the database alone."""
        steps = (
            "state = 'submitted'",
            "state = 'approved', approver = 'gs', approved_at = now(), next_attempt_at = now(), approved_digest = digest",
            "state = 'sending'",
            "state = 'sent', sent_at = now()",
        )
        for step in steps:
            await self.around.db.execute(f"update reply set {step} where id = $1", reply_id)


@pytest.fixture
async def quiet(postgres: Databases, tmp_path: Path) -> AsyncIterator[Quiet]:
    """Routes without Kafka, for what is between people and the database."""
    url = postgres.login(postgres.database(), "responder")
    db = await asyncpg.connect(url)
    async with AsyncExitStack() as stack:
        found = Around(f"b-{secrets.token_hex(4)}", "127.0.0.1:1", url, Issuer(tmp_path), cast(AIOKafkaProducer, None), db, stack)
        found.app = create_app(found.settings())
        service = found.app.state.service
        await migrate(url, "responder", service.folder / "migrations")
        service.pool = await open_pool(url, "responder", size=4)
        stack.push_async_callback(service.pool.close)
        stack.push_async_callback(db.close)
        quiet = Quiet(found, service.pool)
        await quiet.publish()
        service.books.read.set()
        yield quiet


@pytest.fixture
async def desk(around: Around) -> Around:
    """A running responder that has read the brand's book, a pilot."""
    await around.publish()
    await around.start()
    return around


def in_reach(server: MailServer) -> dict[str, str]:
    """Settings that let mail go to this server."""
    return {"mail_networks": "127.0.0.0/8", "mail_ports": str(server.port)}


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


def real(server: MailServer, **account: Any) -> dict[str, Any]:
    """What makes a brand book send real mail to this server."""
    given = {"id": "smtp", "type": "smtp", "host": "127.0.0.1", "port": server.port, "tls": False, "from": "Vaart <klant@vaart.example>"}
    return {"pilot": False, "channels": [{**given, **account}]}
