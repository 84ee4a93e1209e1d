"""What is held, over HTTP: which replies wait because of which hold, and the approval of them anew, with the text in sight."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import db, http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import Conflict, Forbidden
from libs.common.events import SendingHold
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.reply_events import Verdict
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import clearance, customer, delegation, hold_store, overrides, reply, shown, store
from services.responder.hold import Known
from services.responder.reply import Change, Person, ReplyRow
from services.responder.reply_api import Clearance, Digest, current_book
from services.responder.shown import ReplyView

router = APIRouter(prefix="/v1/brands/{brand}", tags=["held"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Colleague = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson"))]


class Held(BaseModel):
    """A reply that a hold keeps, or whose approval one made void, as it would have to be judged today."""

    reply: ReplyView
    hold: SendingHold | None = Field(description="Which, by whom, and why; `released_at` says whether it stands. None: it was forgotten")
    held_at: datetime | None
    verdicts: list[Verdict] = Field(description="What the guard says of the text now, by today's brand book")
    newest: UUID | None = Field(
        description="The newest message of the customer, when they have written since; to approve it all the same: `despite`"
    )
    reviewed: bool = Field(description="Somebody approved it anew in the sight of the hold: it leaves when that is released")


class Anew(Clearance):
    id: UUID
    digest: Digest
    despite: UUID | None = Field(default=None, description="As at …/approve")
    despite_reply: UUID | None = Field(default=None, description="As at …/approve")


class ApprovedAnew(http.Body):
    replies: list[Anew] = Field(min_length=1, max_length=100)


class Refused(BaseModel):
    id: UUID
    why: str
    said: dict[str, Any] = Field(
        description="What a 409 of …/approve would say beside that: `newest`, `sibling`, `verdicts`, `confirm`, `override`, `digest`"
    )


class Outcome(BaseModel):
    approved: list[UUID]
    signed: list[UUID] = Field(default=[], description="Approved by you, and the brand book asks for others as well: submitted")
    refused: list[Refused]


@router.get("/held")
async def held(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    hold_id: Annotated[UUID | None, Query(description="Only what this hold keeps, or kept")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[Held]:
    """Approved replies that a hold keeps from leaving, and those that wait for another approval since one was released, in the order in
    which they were held."""
    read = http.read_cursor(cursor, [str, str])
    after = (http.moment(read[0]), http.uuid(read[1])) if read else None
    rows = await hold_store.page(reading, brand, hold_id=hold_id, after=after, limit=limit + 1)
    holds = await hold_store.by_id(reading, brand, {row.held_by for row in rows if row.held_by})
    items = [await _item(request, reading, row, holds) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=items, next=http.cursor_of(last.held_at.isoformat(), str(last.id)) if last and last.held_at else None)


@router.post("/held/approve", responses=CONFLICT)
@idempotency.once
async def approve_anew(
    brand: str, body: ApprovedAnew, request: Request, response: Response, principal: Colleague, writing: Writing
) -> Outcome:
    """Approve replies of that list, each with the digest of the text that was in sight. Each is judged as by …/approve: who may, the guard, legal's
    check, what the customer has written since, other replies. What is refused stays as it is, with the reason; the others are approved.

    Under a hold that stands they leave when it is released; those that nobody approves so are put back then.
    """
    published = current_book(request, brand)
    asked = {item.id: item for item in body.replies}
    rows = {row.id: row for row in await hold_store.lock_siblings(writing, brand, sorted(asked))}
    now = await store.database_time(writing)
    version, holds = await hold_store.in_force(writing, brand)
    standing = {known.hold.id for known in holds if known.stands}
    outcome = Outcome(approved=[], refused=[])
    changes: list[Change] = []
    for reply_id, item in asked.items():
        row = rows.get(reply_id)
        if row is None:
            outcome.refused.append(Refused(id=reply_id, why="There is no such reply in this brand.", said={}))
            continue
        try:
            made = await _anew(
                request, writing, row, item, list(rows.values()), Person(principal.subject, principal.role), now, version, standing
            )
        except (Conflict, Forbidden) as error:
            outcome.refused.append(Refused(id=reply_id, why=error.detail, said=dict(error.more)))
            continue
        changes += made
        rows[reply_id] = made[-1].row
        (outcome.approved if made[-1].row.state == "approved" else outcome.signed).append(reply_id)
    await store.put_replies(writing, {change.row.id: change.row for change in changes}.values())
    await store.tell(writing, changes)
    await overrides.keep(writing, changes, published.book)
    return outcome


async def _anew(
    request: Request,
    connection: db.Connection,
    row: ReplyRow,
    item: Anew,
    known: Sequence[ReplyRow],
    person: Person,
    at: datetime,
    version: int,
    standing: set[UUID],
) -> list[Change]:
    """Raises `Conflict` and `Forbidden`."""
    if row.held_by is None or row.state not in ("approved", "submitted"):
        raise Conflict(f"This reply is {row.state} and not held.", state=row.state)
    case_row = await store.case_by_now(connection, row.brand, row.case_id)
    if case_row is None or case_row.case is None:
        raise Conflict("The case of this reply is not known.")
    before = [clearance.put_back(row, "somebody approves it anew in the sight of the hold", at)] if row.state == "approved" else []
    change = clearance.approve(
        before[-1].row if before else row,
        item.digest,
        person,
        current_book(request, row.brand).book,
        case_row.case,
        at,
        others=[other for other in known if row.mention_id and other.mention_id == row.mention_id],
        despite=item.despite,
        despite_reply=item.despite_reply,
        seen=item.seen(),
        instead_of=await delegation.instead_of(connection, row.brand, person.id, lock=True),
    )
    kept = {"held_by": row.held_by, "held_at": row.held_at} if row.held_by in standing else {}
    approved = change.row.model_copy(update={**kept, "reviewed_version": version})
    return [*before, replace(change, row=approved, detail={**change.detail, "hold": str(row.held_by)})]


async def _item(request: Request, connection: db.Connection, row: ReplyRow, holds: dict[UUID, Known]) -> Held:
    case_row = await store.case_by_now(connection, row.brand, row.case_id)
    case = case_row.case if case_row else None
    known = holds.get(row.held_by) if row.held_by else None
    newest = customer.newer_mention(row, case) if case else None
    book, now = current_book(request, row.brand).book, await store.database_time(connection)
    return Held(
        reply=shown.view(row, book, now),
        hold=known.hold if known else None,
        held_at=row.held_at,
        verdicts=reply.judge(book, row, case.owner if case else None, now),
        newest=newest.id if newest else None,
        reviewed=bool(known and row.reviewed_version >= known.hold.laid_version),
    )
