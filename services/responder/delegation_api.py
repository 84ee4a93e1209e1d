"""Let a colleague approve in your place for a while, over HTTP."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from libs.common import http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import Forbidden, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import approval, delegation, store
from services.responder.delegation import Delegation
from services.responder.reply_api import Colleague, Reason, current_book

router = APIRouter(prefix="/v1/brands/{brand}", tags=["approving"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Ender = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson", "admin"))]


class NewDelegation(http.Body):
    to: Annotated[str, Field(min_length=1, max_length=100, pattern=http.ONE_LINE, description="Team member's id")]
    starts_at: http.Moment | None = Field(default=None, description="None: now")
    ends_at: http.Moment = Field(description=f"At most {delegation.LONGEST.days} days after its start")
    reason: Reason


@router.get("/delegations")
async def delegations(
    brand: str,
    principal: Reader,
    reading: Reading,
    in_force: Annotated[bool | None, Query(description="true: those that hold now or will; false: those that are over")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[Delegation]:
    """Who lets whom approve in their place, newest first."""
    read = http.read_cursor(cursor, [str, str])
    before = (http.moment(read[0]), http.uuid(read[1])) if read else None
    rows = await delegation.page(reading, brand, in_force=in_force, before=before, limit=limit + 1)
    following = http.cursor_of(rows[limit - 1].created_at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=rows[:limit], next=following)


@router.post("/delegations", status_code=201)
@idempotency.once
async def delegate(
    brand: str, body: NewDelegation, request: Request, response: Response, principal: Colleague, writing: Writing
) -> Delegation:
    """Let a colleague approve what you may, but for what you wrote yourself. What they approve so is recorded as theirs, in your place.

    403 where the brand book does not have you in the role of your token: nobody hands on what the book does not give them.
    """
    book = current_book(request, brand).book
    if not approval.has_role(principal.subject, principal.role, book):
        raise Forbidden(f"The brand book does not have {principal.subject} as {principal.role}: only what the book gives can be handed on.")
    colleague = book.member(body.to)
    if colleague is None or colleague.id == principal.subject:
        raise Unprocessable(f"to: {body.to!r} is no colleague of yours in the brand book's team.")
    if colleague.role == "trainee":
        raise Unprocessable(f"to: {body.to!r} is a trainee, who approves nothing.")
    now = await store.database_time(writing)
    starts_at = body.starts_at or now
    if not max(starts_at, now) < body.ends_at <= starts_at + delegation.LONGEST:
        raise Unprocessable(f"ends_at: it ends after it starts and after now, and at most {delegation.LONGEST.days} days after its start.")
    new = Delegation(
        id=uuid4(),
        brand=brand,
        from_id=principal.subject,
        from_role=principal.role,
        to_id=colleague.id,
        starts_at=starts_at,
        ends_at=body.ends_at,
        reason=body.reason,
        created_at=now,
    )
    await delegation.add(writing, new)
    return new


@router.delete("/delegations/{delegation_id}", status_code=204)
async def revoke(brand: str, delegation_id: UUID, principal: Ender, writing: Writing) -> None:
    """End it now: by whoever gave it, a lead or an administrator. What was approved in their place stands."""
    found = await delegation.one(writing, brand, delegation_id, lock=True)
    if found is None:
        raise NotFound("There is no such delegation in this brand.")
    if principal.subject != found.from_id and principal.role not in ("lead", "admin"):
        raise Forbidden("A delegation is ended by whoever gave it, a lead or an administrator.")
    await delegation.revoke(writing, brand, delegation_id, principal.subject)
