"""The responder over HTTP, reading: replies, the guard to try a text on, the sandbox, a mention's trail, and what waits.

What people decide about replies is beside this, in `reply_api.py`.
"""

from datetime import datetime
from math import nan
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from prometheus_client import Gauge
from pydantic import BaseModel, Field, StrictBool

from libs.common import db, http
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import Unprocessable
from libs.common.http import Cursor, Page
from libs.common.reply_events import ReplyAttachment, Verdict
from libs.common.routes import Route
from libs.common.service import Reading, of
from libs.common.trail import Step, Trail, trace_id_of
from services.responder import account_store, guard, hold_store, languages, lengths, promised, shown, statement, store
from services.responder.promised import Found
from services.responder.recipient import Recipient
from services.responder.reply_api import Text, Writer, current_book, found_reply
from services.responder.shown import ReplyDetail, ReplyView
from services.responder.verdicts.draft import Draft

router = APIRouter(prefix="/v1/brands/{brand}", tags=["responder"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Tracer = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]

_WAITING = Gauge("weerklank_replies_waiting", "Replies that have not come to an end", ["brand", "state"])
_OLDEST = Gauge(
    "weerklank_replies_oldest_approved_seconds", "How long the reply that was approved first waits to leave; 0: none", ["brand"]
)
_HELD = Gauge("weerklank_brand_held", "1 where all sending of a brand is held by a person", ["brand"])
_KEPT = Gauge("weerklank_replies_held", "Approved replies that a hold keeps, and those that wait for another approval after it", ["brand"])
_LEASE_AGE = Gauge("weerklank_sending_lease_age_seconds", "Age of the oldest sending lease of all brands; NaN before the first")

_REFUSED = Gauge("weerklank_account_refused", "Replies that wait because their account refuses whatever is sent", ["brand", "account"])

ReplyState = Literal["draft", "submitted", "approved", "sending", "sent", "failed", "unconfirmed", "discarded"]


class Tried(http.Body):
    text: Text
    channel: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]
    visibility: Literal["public", "private"] = "public"
    first_reply: StrictBool = False
    member: str | None = Field(default=None, max_length=100, description="Team member's id; none: the token's subject")
    language: str | None = Field(default=None, max_length=35, description="None: the brand's first")


class Judged(BaseModel):
    """`length` and `limit` are in the channel's own way of counting; no limit: null."""

    verdicts: list[Verdict]
    promises: list[Found] = Field(description="What it would promise, were it sent now")
    length: int
    limit: int | None


class SandboxEntry(BaseModel):
    """A message that would have left the building."""

    id: int
    reply_id: UUID
    channel: str
    recipient: Recipient
    text: str
    attachments: list[ReplyAttachment] = Field(description="Files that would have gone with it")
    sent_at: datetime


class StatementOut(BaseModel):
    """What is said while an incident runs, signed by all who must. `id` is what a new draft names as its script."""

    id: str
    incident_id: UUID
    title: str
    texts: dict[str, str] = Field(description="By language")
    promises: dict[str, list[Found]] = Field(description="What each text promises whoever is sent it now, by language")
    approved_at: datetime | None


@router.get("/statements")
async def statements(brand: str, request: Request, principal: Reader, reading: Reading) -> list[StatementOut]:
    """The holding statements that may be used now, the newest first."""
    published, now = of(request).books.get(brand), await store.database_time(reading)
    return [
        StatementOut(
            id=f"{statement.PREFIX}{row.incident_id}",
            incident_id=row.incident_id,
            title=row.title,
            texts=row.texts,
            promises={
                language: promised.found_in(text, language, published.book, now) if published else []
                for language, text in row.texts.items()
            },
            approved_at=row.approved_at,
        )
        for row in await statement.offered(reading, brand)
    ]


@router.get("/replies")
async def replies(
    brand: str,
    principal: Reader,
    request: Request,
    reading: Reading,
    state: Annotated[ReplyState | None, Query(description="Only replies in this state")] = None,
    case_id: Annotated[UUID | None, Query(description="Only replies of this case")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ReplyView]:
    """Replies of the brand, newest first."""
    before = _before(cursor)
    rows = await store.page(reading, brand, state=state, case_id=case_id, before=before, limit=limit + 1)
    following = http.cursor_of(rows[limit - 1].created_at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    published, now = of(request).books.get(brand), await store.database_time(reading)
    book = published.book if published else None
    return Page(items=[shown.view(row, book, now) for row in rows[:limit]], next=following)


@router.get("/replies/{reply_id}")
async def one_reply(brand: str, reply_id: UUID, request: Request, response: Response, principal: Reader, reading: Reading) -> ReplyDetail:
    """A reply, its history, and why it waits."""
    return await shown.detail(request, response, reading, await found_reply(reading, brand, reply_id))


@router.get("/sandbox")
async def sandbox(
    brand: str,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SandboxEntry]:
    """What the sandbox holds of this brand, newest first."""
    before = http.read_cursor(cursor, [int])
    rows = await store.sandbox_page(reading, brand, before=before[0] if before else None, limit=limit + 1)
    items = [SandboxEntry(**row) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].id) if len(rows) > limit else None)


@router.get("/trace/{mention_id}")
async def trace(brand: str, mention_id: UUID, principal: Tracer, reading: Reading) -> Trail:
    """The way of a mention through here: the cases that hold it, and what happened to their replies."""
    cases = await store.cases_of_mention(reading, brand, mention_id)
    rows = {row.id: row for row in await store.replies_about(reading, brand, mention_id, [case.case_id for case in cases])}
    steps = [
        Step(
            at=case.told_at,
            what="case",
            trace_id=trace_id_of(case.traceparent),
            detail={"case_id": str(case.case_id), "state": case.state, "version": case.version},
        )
        for case in cases
        if case.told_at
    ]
    for line in await store.history(reading, brand, rows.keys()):
        row = rows[line["reply_id"]]
        detail = {"reply_id": str(row.id), "version": line["version"], "who": line["who"], "channel": row.channel, "sandbox": row.sandbox}
        steps.append(
            Step(
                at=line["at"],
                what=f"reply {line['what']}",
                event_id=str(line["event_id"]) if line["event_id"] else None,
                trace_id=trace_id_of(line["traceparent"]),
                detail=detail,
            )
        )
    case_ids = sorted({str(case.case_id) for case in cases} | {str(row.case_id) for row in rows.values()})
    return Trail(service="responder", steps=sorted(steps, key=lambda step: step.at), case_ids=case_ids)


@router.post("/guard")
async def try_guard(brand: str, body: Tried, request: Request, principal: Writer, reading: Reading) -> Judged:
    """What the guard says of a text and what it promises, without keeping it."""
    book = current_book(request, brand).book
    member = book.member(body.member or principal.subject)
    if member is None:
        raise Unprocessable("Name a member of the brand's team: a text is judged with the signature of whoever sends it.")
    now = await store.database_time(reading)
    draft = Draft(
        text=body.text,
        channel=body.channel,
        visibility=body.visibility,
        first_reply=body.first_reply,
        member=member,
        role=principal.role,
        language=body.language or languages.of_customer(None, body.text, book),
        now=now,
    )
    try:
        length = lengths.length(body.channel, body.text, body.visibility)
    except TimeoutError:
        raise Unprocessable("The length of this text takes too long to count. Write it more simply, or shorter.") from None
    return Judged(
        verdicts=guard.check(draft, book),
        promises=promised.found_in(body.text, draft.language, book, now),
        length=length,
        limit=lengths.limit(body.channel, book, body.visibility),
    )


async def refresh_gauges(connection: db.Connection) -> None:
    """What waits to leave, and whether it may, at a scrape."""
    waiting, leases = await store.waiting_counts(connection), await store.lease_ages(connection)
    _WAITING.clear()
    _KEPT.clear()
    for brand, number in await hold_store.counts(connection):
        _KEPT.labels(brand).set(number)
    for brand, state, number in waiting:
        _WAITING.labels(brand, state).set(number)
    _REFUSED.clear()
    for refusing in await account_store.refusing(connection):
        _REFUSED.labels(refusing.brand, refusing.account).set(refusing.waiting)
    _LEASE_AGE.set(max((found.age_s for found in leases), default=nan))
    for found in leases:
        _HELD.labels(found.brand).set(found.held)
        _OLDEST.labels(found.brand).set(found.oldest_approved_s)


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    values = http.read_cursor(cursor, [str, str])
    return (http.moment(values[0]), http.uuid(values[1])) if values else None
