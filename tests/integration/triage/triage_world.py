"""Triage's handlers, looks and routes on a real database, without a stream: mentions come in, a look is taken, people answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson

from cli.stack import keys
from libs.common import db, outbox
from libs.common.bookfile import load_book
from libs.common.events import Author, Findings, Identity, Mention, MentionDeleted, MentionReceived, Thread, deterministic_id
from libs.common.record import Received
from services.triage import look
from services.triage.app import create_app
from services.triage.classify import Classifier
from services.triage.examine import Examiner, Prepared
from services.triage.looker import Looker
from services.triage.settings import Settings
from tests.integration.triage.test_batches import AT, FINDINGS, Story

BOOK = "brand: {brand}\nname: Vaart\nlanguages: [nl]\nidentifiers: {{order: 'VA-\\d{{6}}'}}\n"


@dataclass
class World:
    pool: db.Pool
    client: httpx.AsyncClient
    folder: Path
    looker: Looker
    examiner: Examiner
    books: Any
    stories: dict[str, Story] = field(default_factory=dict)

    def story(self, brand: str = "vaart") -> Story:
        return self.stories.setdefault(brand, Story(brand))

    async def comes(
        self,
        name: str,
        text: str,
        *,
        minute: float = 0,
        brand: str = "vaart",
        called: str | None = None,
        handle: str | None = None,
        email: str | None = None,
        answers: str | None = None,
        identifiers: Sequence[tuple[str, str]] = (),
        findings: Findings = FINDINGS,
        historic: bool = False,
    ) -> UUID:
        """A mention comes in: a tweet where it has a handle, else a mail."""
        story, at = self.story(brand), AT + timedelta(minutes=minute)
        channel = "twitter" if handle else "email"
        story.names[deterministic_id(brand, channel, name)] = name
        identity = (
            Identity(kind="handle", value=handle, channel="twitter")
            if handle
            else Identity(kind="email", value=email or f"{name}@post.example")
        )
        mention = Mention(
            id=deterministic_id(brand, channel, name),
            brand=brand,
            channel=channel,
            kind="post" if handle else "mail",
            external_id=name,
            author=Author(name=called, identities=[identity]),
            text=text,
            thread=Thread(id=answers, in_reply_to=answers) if answers else None,
            visibility="public" if handle else "private",
            posted_at=at,
            received_at=at,
            historic=historic,
        )
        story.prepared[mention.id] = Prepared(findings, tuple(mention.author.identities), tuple(identifiers), 1)
        await self.batch(story, [story.received(MentionReceived(brand=brand, mention=mention))])
        return mention.id

    async def batch(self, story: Story, events: Sequence[Received[Any]]) -> None:
        work = await story.batch(self.pool, events)
        async with self.pool.acquire() as connection, connection.transaction():
            await outbox.add(connection, "triage", work.outgoing)

    async def taken_back(self, mention_id: UUID, brand: str = "vaart") -> None:
        story = self.story(brand)
        await self.batch(story, [story.received(MentionDeleted(brand=brand, mention_id=mention_id, deleted_at=AT))])

    async def look(self, brand: str = "vaart") -> int:
        """As often as there is something to look at; how many mentions that were."""
        total = 0
        while number := await look.look(self.pool, self.looker, brand, examiner=self.examiner):
            total += number
        return total

    async def ask(
        self, method: str, path: str, *, role: str = "agent", brand: str = "vaart", match: str = "*", **request: Any
    ) -> httpx.Response:
        said = {"sub": "mk", "role": role, "brands": [brand]}
        token = keys.issue(self.folder, said, datetime.now(UTC), timedelta(hours=1))
        headers = {"authorization": f"Bearer {token}"}
        if method != "GET":
            headers |= {"if-match": match, "idempotency-key": str(uuid4())}
        return await self.client.request(method, f"/v1/brands/{brand}{path}", headers=headers, **request)

    async def get(self, path: str, **given: Any) -> Any:
        answer = await self.ask("GET", path, **given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def told(self) -> list[dict[str, Any]]:
        """What waits in the outbox, in order, and take it out: type, mention, group, customer, version, why."""
        rows = await self.pool.fetch("with gone as (delete from outbox returning *) select * from gone order by id")
        found = []
        for row in rows:
            headers, value = orjson.loads(row["headers"]), orjson.loads(row["value"])
            triaged = value["triaged"]
            found.append(
                {
                    "type": headers["ce_type"].split(".")[2],
                    "mention": UUID(triaged["mention"]["id"]),
                    "group": UUID(triaged["group_id"]),
                    "customer": UUID(triaged["customer_id"]),
                    "topic": triaged["topic_id"] and UUID(triaged["topic_id"]),
                    "follows": triaged["follows"] and UUID(triaged["follows"]),
                    "version": int(headers["ce_entityversion"]),
                    "why": value.get("why"),
                    "key": row["key"],
                }
            )
        return found


def world_of(pool: db.Pool, folder: Path, classifier: Classifier) -> World:
    app = create_app(Settings(database_url="postgresql://none", jwks=str(keys.ensure(folder))))
    app.state.service.pool = pool
    known = {brand: SimpleNamespace(book=load_book(BOOK.format(brand=brand)), version=1) for brand in ("vaart", "veer")}
    books: Any = SimpleNamespace(get=known.get)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://triage")
    examiner = Examiner(books, classifier)
    return World(pool, client, folder, Looker(books, examiner.classifier.encoder), examiner, books)
