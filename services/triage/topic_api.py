"""Topics over HTTP: what many people report at the same time, and how many they are."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from libs.common import http
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import NotFound
from libs.common.events import TriagedMention
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading
from services.triage import store, topic_store

router = APIRouter(prefix="/v1/brands/{brand}", tags=["topics"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
_SAMPLES = 3


class Topic(BaseModel):
    """What different people report, each with a case of their own. To one of them: `customers` - 1 others report this."""

    id: UUID
    kind: str = Field(description="event: the same trouble at the same time; copy: the same text")
    why: str = Field(description="What they have in common, in words")
    customers: int = Field(description="How many different people, as they were known when they wrote")
    mentions: int
    first_at: datetime
    last_at: datetime
    open: bool = Field(description="Whoever writes about it now still joins it")
    samples: list[TriagedMention] = Field(description="The newest mentions, three at most")


@router.get("/topics")
async def topics(
    brand: str,
    principal: Reader,
    reading: Reading,
    open: Annotated[bool, Query(description="Only those that mentions still join")] = True,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[Topic]:
    """Topics, the one that was heard of last first."""
    after = http.read_cursor(cursor, [str, str])
    before = (http.moment(after[0]), http.uuid(after[1])) if after else None
    found = await topic_store.page(reading, brand, only_open=open, before=before, limit=limit + 1)
    following = http.cursor_of(found[limit - 1].last_at.isoformat(), str(found[limit - 1].id)) if len(found) > limit else None
    found = found[:limit]
    samples = await topic_store.samples(reading, brand, [one.id for one in found], _SAMPLES)
    return Page(items=[_shown(one, samples.get(one.id, [])) for one in found], next=following)


@router.get("/topics/{topic_id}")
async def one_topic(brand: str, topic_id: UUID, principal: Reader, reading: Reading) -> Topic:
    """A topic as it stands; the id of one that turned out to be another's answers with that one."""
    found = await topic_store.one(reading, brand, topic_id)
    if found is None:
        raise NotFound("There is no such topic in this brand.")
    return _shown(found, (await topic_store.samples(reading, brand, [found.id], _SAMPLES)).get(found.id, []))


@router.get("/topics/{topic_id}/mentions")
async def topic_mentions(
    brand: str,
    topic_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[TriagedMention]:
    """What people wrote about it, the newest first."""
    found = await topic_store.one(reading, brand, topic_id)
    if found is None:
        raise NotFound("There is no such topic in this brand.")
    after = http.read_cursor(cursor, [str, str])
    before = (http.moment(after[0]), http.uuid(after[1])) if after else None
    rows = await topic_store.mentions(reading, brand, found.id, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    following = http.cursor_of(store.moment_of(last).isoformat(), str(last.triaged.mention.id)) if last else None
    return Page(items=[row.triaged for row in rows[:limit]], next=following)


def _shown(found: topic_store.Topic, samples: list[store.MentionRow]) -> Topic:
    return Topic(
        id=found.id,
        kind=found.kind,
        why=found.why,
        customers=found.customers,
        mentions=found.mentions,
        first_at=found.first_at,
        last_at=found.last_at,
        open=found.open,
        samples=[row.triaged for row in samples],
    )
