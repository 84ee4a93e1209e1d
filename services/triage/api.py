"""Triage over HTTP: what was found in a mention, the group that it belongs to, and its trail."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from libs.common import http
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import NotFound
from libs.common.events import MentionTriaged, TriagedMention
from libs.common.http import Cursor, Page
from libs.common.outbox import Outgoing
from libs.common.routes import Route
from libs.common.service import Reading
from libs.common.trail import Step, Trail, trace_id_of
from services.triage import store

router = APIRouter(prefix="/v1/brands/{brand}", tags=["triage"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]


class Group(BaseModel):
    """The mentions that are one issue, oldest first."""

    id: UUID
    mentions: list[TriagedMention]


class ImportCounts(BaseModel):
    """`received`: mentions of the import that triage has handled; `duplicates`: those of them that it knew already."""

    received: int
    duplicates: int


@router.get("/mentions")
async def mentions(
    brand: str,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[TriagedMention]:
    """All mentions, in the order in which triage saw them."""
    after = http.read_cursor(cursor, [int])
    rows = await store.page(reading, brand, after[0] if after else 0, limit + 1)
    following = http.cursor_of(rows[limit - 1][0]) if len(rows) > limit else None
    return Page(items=[row.triaged for _, row in rows[:limit]], next=following)


@router.get("/mentions/{mention_id}")
async def mention(brand: str, mention_id: UUID, principal: Reader, reading: Reading) -> TriagedMention:
    """One mention and all that was found in it."""
    return (await _found(reading, brand, mention_id)).triaged


@router.get("/groups/{group_id}")
async def group(brand: str, group_id: UUID, principal: Reader, reading: Reading) -> Group:
    """The mentions that are one issue."""
    rows = await store.group_of(reading, brand, group_id)
    if not rows:
        raise NotFound("There is no such group in this brand.")
    return Group(id=group_id, mentions=[row.triaged for row in rows])


@router.get("/imports/{import_id}")
async def import_counts(
    brand: str,
    import_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")],
    principal: Annotated[Principal, Depends(allow(*STAFF, "analyst", "connector"))],
    reading: Reading,
) -> ImportCounts:
    """How far triage is with an import; zeros for one that it has not seen."""
    received, repeated = await store.import_counts(reading, brand, import_id)
    return ImportCounts(received=received, duplicates=repeated)


@router.get("/trace/{mention_id}")
async def trace(brand: str, mention_id: UUID, principal: Reader, reading: Reading) -> Trail:
    """What triage decided about a mention, and when. No text."""
    row = await _found(reading, brand, mention_id)
    triaged = row.triaged
    told = MentionTriaged(brand=brand, book_version=row.book_version, triaged=triaged)
    step = Step(
        at=triaged.triaged_at,
        what="removed" if triaged.removed else "triaged",
        event_id=str(Outgoing(told, str(mention_id), 1, str(triaged.customer_id)).id),
        trace_id=trace_id_of(row.traceparent),
        detail={
            "language": triaged.findings.language,
            "sentiment": triaged.findings.sentiment,
            "labels": [label.name for label in triaged.findings.labels],
            "urgency": triaged.findings.urgency,
            "risk": triaged.findings.risk,
            "customer_id": str(triaged.customer_id),
            "group_id": str(triaged.group_id),
            "topic_id": str(triaged.topic_id) if triaged.topic_id else None,
            "follows": str(triaged.follows) if triaged.follows else None,
            "evidence": [f"{item.kind} of {item.mention_id}" for item in triaged.evidence],
            "version": row.version,
            "book_version": row.book_version,
            "model": triaged.findings.model,
        },
    )
    return Trail(service="triage", steps=[step])


async def _found(reading: Reading, brand: str, mention_id: UUID) -> store.MentionRow:
    row = await store.mention(reading, brand, mention_id)
    if row is None:
        raise NotFound("There is no such mention in this brand.")
    return row
