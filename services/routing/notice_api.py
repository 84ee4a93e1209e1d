"""Notices over HTTP: who was told what, by which way, and whether it arrived; and a person's decision to tell it again."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.bookteam import Notify
from libs.common.errors import Conflict, NotFound
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import notice
from services.routing.notice import way_of

router = APIRouter(prefix="/v1/brands/{brand}/notices", tags=["notices"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Decider = Annotated[Principal, Depends(allow("lead", "spokesperson", "admin"))]

State = Literal["due", "sending", "sent", "unconfirmed", "failed", "sandbox"]
About = Literal["case", "consultation", "incident", "callback", "promise", "hold"]


class NoticeOut(BaseModel):
    """One thing that one recipient is told by one way."""

    id: UUID
    about: str = Field(description="case | consultation | incident | callback | promise | hold")
    subject: UUID = Field(description="Id of what it is about")
    to: str = Field(description="Team member, member of the hub, or department")
    way: str = Field(description="email | webhook | mattermost | slack | teams")
    title: str
    text: str
    state: str = Field(
        description="due | sending | sent | unconfirmed (it may have arrived, or not) | failed | sandbox (the brand's book is a pilot: nothing leaves)"
    )
    attempts: int
    next_at: datetime | None = Field(description="When it is tried, where it is due")
    error: str | None = Field(description="Why it did not arrive, or is not known to have")
    created_at: datetime
    ended_at: datetime | None = Field(description="When it was sent, or ended otherwise")
    resent_by: str | None = Field(description="Who decided to send it again")


@router.get("")
async def list_notices(
    brand: str,
    principal: Reader,
    reading: Reading,
    about: Annotated[About | None, Query(description="Only notices about such things")] = None,
    subject: Annotated[UUID | None, Query(description="Only notices about this one")] = None,
    state: Annotated[State | None, Query(description="Only notices in this state")] = None,
    to: Annotated[str | None, Query(max_length=100, description="Only notices to this member or department")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[NoticeOut]:
    """Who was told what outside the list of notifications, and whether it arrived; newest first."""
    before = http.read_cursor(cursor, [int])
    rows = await notice.page(
        reading, brand, about=about, subject=subject, state=state, recipient=to, before=before[0] if before else None, limit=limit + 1
    )
    following = http.cursor_of(rows[limit - 1]["seq"]) if len(rows) > limit else None
    return Page(items=[_out(row) for row in rows[:limit]], next=following)


@router.post("/{notice_id}/resend", status_code=201, responses=CONFLICT)
@idempotency.once
async def resend(brand: str, notice_id: UUID, request: Request, response: Response, principal: Decider, writing: Writing) -> NoticeOut:
    """Send a notice again that failed, or of which nobody knows whether it arrived: whoever decides that has looked, or prefers twice to not at all."""
    row = await notice.resend(writing, brand, notice_id, principal.subject)
    if row is not None:
        return _out(row)
    found = await notice.one(writing, brand, notice_id)
    if found is None:
        raise NotFound("There is no such notice in this brand.")
    raise Conflict(f"The notice is {found['state']}: only one that is unconfirmed or failed is sent again.")


def _out(row: Any) -> NoticeOut:
    given = {name: row[name] for name in NoticeOut.model_fields if name not in ("to", "way", "next_at")}
    return NoticeOut(
        **given,
        to=row["recipient"],
        way=way_of(Notify.model_validate(row["way"])),
        next_at=row["next_at"] if row["state"] == "due" else None,
    )
