"""Analytics as it runs, with a hand on its topics: tests tell events as the other services would, and ask over HTTP."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from libs.common import outbox
from libs.common.case_events import Case, CaseMention, Clock
from libs.common.events import (
    Author,
    BrandBookPublished,
    Event,
    Findings,
    Identity,
    Label,
    Mention,
    MentionRevised,
    MentionTriaged,
    Respond,
    TriagedMention,
    deterministic_id,
)
from libs.common.outbox import Outgoing, attributes
from libs.common.reply_events import Reply
from libs.common.topics import CASES, REPLIES, TOPICS, TRIAGED, partition_of
from tests.tokens import Issuer
from tests.waiting import until

TOPIC_OF = {event: topic.name for topic in TOPICS for event in topic.events}
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Record:
    """An event as it lies on a topic; sending it twice sends the same bytes and the same headers."""

    topic: str
    brand: str
    key: str
    headers: Mapping[str, str]
    value: bytes

    @classmethod
    def of(cls, event: Event, subject: UUID | str, version: int, key: UUID | str) -> "Record":
        outgoing = Outgoing(event, str(subject), version, str(key), TRACEPARENT)
        return cls(TOPIC_OF[type(event)], event.brand, str(key), attributes(outgoing, "test", NOW), event.model_dump_json().encode())

    @property
    def event_id(self) -> str:
        return self.headers["ce_id"]


@dataclass
class World:
    """A running analytics. `get` is an analyst of the brand in the path unless told otherwise."""

    app: FastAPI
    client: httpx.AsyncClient
    database: asyncpg.Connection
    producer: AIOKafkaProducer
    issuer: Issuer

    async def tell(self, records: Sequence[Record]) -> None:
        """Send, in order, and return once analytics has passed all of them."""
        waiting: dict[tuple[str, int], int] = {}
        for record in records:
            sent = await self.producer.send_and_wait(
                record.topic,
                value=record.value,
                key=record.key.encode(),
                partition=partition_of(record.brand, record.key),
                headers=[(name, value.encode()) for name, value in record.headers.items()],
            )
            if record.topic in (TRIAGED.name, CASES.name, REPLIES.name):
                waiting[sent.topic, sent.partition] = sent.offset
        for (topic, partition), offset in waiting.items():
            await self.until(
                "select coalesce(max(next_offset), 0) > $3 from position where topic = $1 and partition = $2", topic, partition, offset
            )

    async def until(self, sql: str, *arguments: object, timeout_s: float = 30) -> None:
        await until(lambda: self.database.fetchval(sql, *arguments), f"{sql} {arguments}", timeout_s)

    async def publish_book(self, brand: str, timezone: str) -> None:
        """Give a brand a book, and wait until analytics knows it."""
        book = {"brand": brand, "name": brand, "languages": ["nl"], "timezone": timezone}
        event = BrandBookPublished(brand=brand, version=1, book=book, published_at=NOW, published_by="test")
        await self.tell([Record.of(event, brand, 1, brand)])
        assert await self.app.state.service.books.wait_for({brand: 1}, 30)

    async def ask(self, path: str, *, token: str | None = None, **params: Any) -> httpx.Response:
        brand = path.split("/")[3]
        token = token or self.issuer.token("analyst", [brand])
        params = {name.rstrip("_"): value for name, value in params.items()}
        return await self.client.get(path, params=params, headers={"authorization": f"Bearer {token}"})

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def rows(self, brand: str) -> dict[str, list[dict[str, Any]]]:
        """All that analytics holds of a brand, by table."""
        tables = ("fact_mention", "fact_case", "fact_reply", "case_event")
        return {
            table: [dict(row) for row in await self.database.fetch(f"select * from {table} where brand = $1 order by 1, 2", brand)]
            for table in tables
        }


@asynccontextmanager
async def sender(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = outbox.producer(bootstrap, client_id="test")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@dataclass
class Story:
    """Things of one brand by short names; the ids are made from the brand and the name."""

    brand: str
    ids: dict[str, str] = field(default_factory=dict)

    def id(self, name: str) -> UUID:
        found = deterministic_id("test", self.brand, name)
        self.ids[str(found)] = name
        return found

    def mention(self, name: str, version: int = 1, *, event: type[Any] = MentionTriaged, **given: Any) -> Record:
        """A triaged mention. `group` names the group's root; the rest are fields of the mention, its findings or the triaged mention."""
        received_at = given.get("received_at", NOW - timedelta(hours=1))
        mention = Mention(
            id=self.id(name),
            brand=self.brand,
            channel=given.get("channel", "twitter"),
            kind="post",
            external_id=name,
            author=Author(identities=[Identity(kind="handle", value="voorbeeld", channel="twitter")]),
            text="Voorbeeld",
            posted_at=given.get("posted_at", received_at),
            received_at=received_at,
            historic=given.get("historic", False),
        )
        findings = Findings(
            language=given.get("language", "nl"),
            language_confidence=0.9,
            sentiment=given.get("sentiment", "neutral"),
            sentiment_score=given.get("score", 0.0),
            sentiment_confidence=0.9,
            labels=[Label(name=label, score=0.9) for label in given.get("labels", [])],
            urgency=given.get("urgency", "normal"),
            intent=given.get("intent"),
            respond=Respond(decision=given["respond"], reason="") if "respond" in given else None,
            model="1",
        )
        triaged = TriagedMention(
            mention=mention,
            findings=findings,
            customer_id=self.id("customer"),
            group_id=self.id(given.get("group", name)),
            removed=given.get("removed", False),
            triaged_at=received_at,
        )
        said = {"why": "correction"} if event is MentionRevised else {}
        return Record.of(event(brand=self.brand, triaged=triaged, **said), mention.id, version, self.id("customer"))

    def case(
        self,
        name: str,
        version: int,
        event: type[Any],
        *,
        mentions: Sequence[str] = (),
        told: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> Record:
        """What happened to a case, of the group of its first mention unless told otherwise. `reaction` and `resolution` are (due, met, breached);
        `told` are the event's own fields."""
        opened_at = given.get("opened_at", NOW - timedelta(hours=1))
        clocks = []
        for kind in ("reaction", "resolution"):
            due, met, breached = given.get(kind, (opened_at + timedelta(minutes=30), None, None))
            clocks.append(Clock(kind=kind, started_at=opened_at, due_at=due, met_at=met, breached_at=breached))
        case = Case(
            id=self.id(name),
            brand=self.brand,
            customer_id=self.id("customer"),
            group_id=self.id(given.get("group", mentions[0] if mentions else name)),
            state=given.get("state", "open"),
            department=given.get("department", "webcare"),
            owner=given.get("owner"),
            channel=given.get("channel", "twitter"),
            language="nl",
            sentiment="neutral",
            urgency="normal",
            labels=given.get("labels", []),
            mentions=[CaseMention(id=self.id(x), channel="twitter", visibility="public", received_at=opened_at) for x in mentions],
            mentions_total=given.get("total", len(mentions)),
            historic=given.get("historic", False),
            opened_at=opened_at,
            replied_at=given.get("replied_at"),
            resolved_at=given.get("resolved_at"),
            clocks=[] if given.get("historic") or given.get("no_reply") else clocks,
            earlier=given.get("earlier", []),
        )
        return Record.of(event(brand=self.brand, case=case, at=given.get("at", NOW), **(told or {})), case.id, version, case.id)

    def reply(self, name: str, version: int, event: type[Any], state: str, *, case: str, **given: Any) -> Record:
        reply = Reply(
            id=self.id(name),
            brand=self.brand,
            case_id=self.id(case),
            channel="twitter",
            visibility="public",
            state=state,
            text="Voorbeeld ^gs",
            digest="0" * 64,
            writer="gs",
            created_at=NOW - timedelta(minutes=30),
            approved_at=given.get("approved_at"),
            sent_at=given.get("sent_at"),
        )
        return Record.of(event(brand=self.brand, reply=reply, at=NOW), reply.id, version, reply.case_id)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
