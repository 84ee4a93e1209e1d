"""Looking at what colleagues wrote, over HTTP: what waits for my approval, sending it back, coaching, and the overrides that are looked at afterwards."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import http, idempotency
from libs.common.auth import Principal, allow
from libs.common.errors import Conflict, Forbidden, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import approval, coaching, delegation, overrides, reply, review_store, shown, store
from services.responder.coaching import CoachingNote
from services.responder.overrides import OverrideRow
from services.responder.reply_api import Colleague, Note, One, Writer, as_person, current_book, found_reply
from services.responder.shown import ReplyDetail, ReplyView

router = APIRouter(prefix="/v1/brands/{brand}", tags=["approving"], route_class=Route)
Looker = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson", "admin"))]


class ToReview(BaseModel):
    """A reply that waits for your approval."""

    reply: ReplyView
    act_by: datetime = Field(description="The next time that its case has to keep; without one, a week after it was submitted")
    asks: list[str] = Field(description="Whose approvals are missing; `self`: its writer's")
    message: str | None = Field(description="What the customer wrote last")
    urgency: str | None
    priority: str | None
    labels: list[str]
    risk: list[str]


class ReviewPage(Page[ToReview]):
    waiting: int = Field(description="How many there are in all")


class Returned(http.Body):
    note: Note


class NewCoaching(http.Body):
    note: Note
    start: int | None = Field(
        default=None, ge=0, le=10_000, description="Where the words that it is about begin in the text, in code points"
    )
    end: int | None = Field(default=None, ge=0, le=10_000, description="Exclusive")


class OverrideReview(http.Body):
    verdict: Literal["fine", "not_fine"]
    note: Note


@router.get("/review")
async def review_queue(
    brand: str,
    request: Request,
    principal: Colleague,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> ReviewPage:
    """What waits for your approval: by your role, by what the brand book has you be, or in the place of somebody who lets you. First what is due first.

    A reply that was submitted just now comes in within a second.
    """
    published = current_book(request, brand)
    read = http.read_cursor(cursor, [str, str])
    after = (http.moment(read[0]), http.uuid(read[1])) if read else None
    lent = await delegation.instead_of(reading, brand, principal.subject)
    hats = approval.hats(principal.subject, principal.role, published.book, lent)
    rows = await review_store.page(reading, brand, principal.subject, hats, after, limit + 1)
    now = await store.database_time(reading)
    items = [
        ToReview(
            reply=shown.view(one.row, published.book, now),
            act_by=one.act_by,
            asks=list(one.asks),
            message=one.case.latest.text if one.case and one.case.latest else None,
            urgency=one.case.urgency if one.case else None,
            priority=one.case.priority if one.case else None,
            labels=one.case.labels if one.case else [],
            risk=one.case.risk if one.case else [],
        )
        for one in rows[:limit]
    ]
    following = http.cursor_of(items[-1].act_by.isoformat(), str(items[-1].reply.id)) if len(rows) > limit else None
    return ReviewPage(items=items, next=following, waiting=await review_store.count(reading, brand, principal.subject, hats))


@router.post("/replies/{reply_id}/return", responses=CONFLICT)
async def send_back(body: Returned, principal: Colleague, at: One) -> ReplyDetail:
    """Send a submitted reply back to its writer, who sees the note. Whatever approvals it had are void."""
    return await at.done(reply.send_back(at.row, body.note, as_person(principal), at.now))


@router.post("/replies/{reply_id}/coaching", status_code=201, responses=CONFLICT)
@idempotency.once
async def coach(
    brand: str, reply_id: UUID, body: NewCoaching, request: Request, response: Response, principal: Colleague, writing: Writing
) -> CoachingNote:
    """Tell the writer of a reply something to learn from, about all of it or some words; also after it was sent."""
    row = await found_reply(writing, brand, reply_id)
    if row.writer is None or row.automatic:
        raise Conflict("Nobody has written this reply.")
    if row.writer == principal.subject:
        raise Conflict("This is your own text.")
    quote = None
    if body.start is not None or body.end is not None:
        if body.start is None or body.end is None or not body.start < body.end <= len(row.text):
            raise Unprocessable(f"start and end: words of the text, which has {len(row.text)} code points.")
        quote = row.text[body.start : body.end]
    new = CoachingNote(
        id=uuid4(),
        brand=brand,
        reply_id=reply_id,
        writer=row.writer,
        by_id=principal.subject,
        at=await store.database_time(writing),
        note=body.note,
        span_start=body.start,
        span_end=body.end,
        quote=quote,
    )
    await coaching.add(writing, new)
    return new


@router.get("/replies/{reply_id}/coaching")
async def coaching_of_reply(
    brand: str,
    reply_id: UUID,
    principal: Writer,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[CoachingNote]:
    """Coaching on a reply, newest first: what you were told, what you told, and for a lead all of it."""
    await found_reply(reading, brand, reply_id)
    rows = await coaching.page(reading, brand, reader=_reader(principal), reply_id=reply_id, before=_before(cursor), limit=limit + 1)
    return _notes(rows, limit)


@router.get("/coaching")
async def coaching_notes(
    brand: str,
    principal: Writer,
    reading: Reading,
    writer: Annotated[str | None, Query(max_length=100, pattern=http.ONE_LINE, description="To whom; `me`: to you")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[CoachingNote]:
    """Coaching on all replies, newest first: what you were told, what you told, and for a lead all of it."""
    to = principal.subject if writer == "me" else writer
    rows = await coaching.page(reading, brand, reader=_reader(principal), writer=to, before=_before(cursor), limit=limit + 1)
    return _notes(rows, limit)


@router.get("/overrides")
async def overridden(
    brand: str,
    principal: Looker,
    reading: Reading,
    reviewed: Annotated[
        bool | None, Query(description="false: those of the sample that wait for a colleague's look; true: those that had it")
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[OverrideRow]:
    """Verdicts that somebody sent a reply against, newest first."""
    rows = await overrides.page(reading, brand, reviewed=reviewed, before=_before(cursor), limit=limit + 1)
    following = http.cursor_of(rows[limit - 1].at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=rows[:limit], next=following)


@router.post("/overrides/{override_id}/review", responses=CONFLICT)
async def review_override(brand: str, override_id: UUID, body: OverrideReview, principal: Colleague, writing: Writing) -> OverrideRow:
    """Say afterwards whether it was fine to overrule that, by a colleague of whoever did and of the writer. Also of one that is not in the sample."""
    found = await overrides.one(writing, brand, override_id, lock=True)
    if found is None:
        raise NotFound("There is no such override in this brand.")
    if found.review is not None:
        raise Conflict(f"{found.reviewed_by} has looked at it already.", review=found.review)
    row = await found_reply(writing, brand, found.reply_id)
    if principal.subject in (found.who, row.writer):
        raise Forbidden("Another colleague looks at it than who wrote the reply or overruled the verdict.")
    return await overrides.reviewed(writing, found, body.verdict, body.note, principal.subject)


def _reader(principal: Principal) -> str | None:
    return None if principal.role == "lead" else principal.subject


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    read = http.read_cursor(cursor, [str, str])
    return (http.moment(read[0]), http.uuid(read[1])) if read else None


def _notes(rows: list[CoachingNote], limit: int) -> Page[CoachingNote]:
    following = http.cursor_of(rows[limit - 1].at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=rows[:limit], next=following)
