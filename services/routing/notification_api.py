"""A team member's own list of what they were told, over HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator

from libs.common import http
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import notification
from services.routing.api import Writer

router = APIRouter(prefix="/v1/brands/{brand}", tags=["notifications"], route_class=Route)


class Notification(BaseModel):
    id: UUID
    case_id: UUID | None = Field(description="The case that it is about; none where it is about something else")
    notice_id: UUID | None = Field(default=None, description="The notice that failed, or of which nobody knows whether it arrived")
    at: datetime
    what: str
    read_at: datetime | None = None


class ReadBody(http.Body):
    """Which are read: some by id, or all up to one and that one."""

    ids: list[UUID] | None = Field(default=None, min_length=1, max_length=500)
    upto: UUID | None = Field(default=None, description="Id of the newest that was seen")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) == (self.upto is None):
            raise ValueError("name `ids`, or `upto`")
        return self


class ReadOut(BaseModel):
    read: int = Field(description="Those that were not read before")
    unread: int = Field(description="Those that are left; 1000 stands for that many and more")


@router.get("/notifications")
async def notifications(
    brand: str,
    principal: Writer,
    reading: Reading,
    unread: Annotated[bool, Query(description="Only those that were not read")] = False,
    newest: Annotated[bool, Query(description="The newest first")] = False,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Notification]:
    """What the bearer of this token was told, oldest first unless `newest`."""
    after = http.read_cursor(cursor, [int])
    found = await notification.page(reading, brand, principal.subject, after[0] if after else None, limit + 1, newest=newest, unread=unread)
    items = [Notification(**{key: row[key] for key in Notification.model_fields}) for row in found[:limit]]
    return Page(items=items, next=http.cursor_of(found[limit - 1]["seq"]) if len(found) > limit else None)


@router.post("/notifications/read")
async def read_notifications(brand: str, body: ReadBody, principal: Writer, writing: Writing) -> ReadOut:
    """Say what one has read. Somebody else's ids, and what was read before, change nothing; one's other screens hear of it by the stream."""
    read = await notification.read(writing, brand, principal.subject, body.ids, body.upto)
    return ReadOut(read=read, unread=await notification.count_unread(writing, brand, principal.subject))
