"""Scripts that should exist, over HTTP: what is suggested, and that one is dismissed. `POST …/scripts` with its id as `suggestion` makes it one."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from libs.common import http
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import Conflict, NotFound
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import store, suggester
from services.responder.suggested import Suggestion

router = APIRouter(prefix="/v1/brands/{brand}", tags=["scripts"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Lead = Annotated[Principal, Depends(allow("lead"))]
State = Literal["open", "dismissed", "made"]


class SuggestionOut(BaseModel):
    """Answers that say the same, which people wrote themselves."""

    id: UUID
    state: Literal["open", "dismissed", "made", "over"]
    label: str | None = Field(description="Of their cases")
    language: str
    number: int = Field(description="To how many customers it was said, in ninety days")
    people: int = Field(description="By how many colleagues")
    text: str = Field(description="What they share, with a variable where they differ: a start for a script")
    example: str = Field(
        description="The most typical of them, without names and personal data as far as they are found; forgotten once it is decided on"
    )
    replies: list[UUID] = Field(description="Some of them, until it is decided on")
    found_at: datetime
    changed_at: datetime
    decided_by: str | None
    script: str | None = Field(description="The script that was made of it")


@router.get("/script-suggestions")
async def suggested_scripts(
    brand: str,
    principal: Reader,
    reading: Reading,
    state: Annotated[State, Query(description="open: nobody has decided on it")] = "open",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[SuggestionOut]:
    """Answers that people keep writing themselves, the most frequent first. They are looked for every hour."""
    read = http.read_cursor(cursor, [int, str])
    rows = await suggester.page(reading, brand, state, (_small(read[0]), http.uuid(read[1])) if read else None, limit + 1)
    following = http.cursor_of(rows[limit - 1].number, str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[_out(row) for row in rows[:limit]], next=following)


@router.post("/script-suggestions/{proposal_id}/dismiss", responses=CONFLICT)
async def dismiss_suggestion(brand: str, proposal_id: UUID, principal: Lead, writing: Writing) -> SuggestionOut:
    """No script of this. It is not suggested again, however often it is said."""
    row = await found(writing, brand, proposal_id)
    if row.state == "made":
        raise Conflict(f"It has become the script {row.script}.", state=row.state)
    now = await store.database_time(writing)
    dismissed = replace(row, state="dismissed", example="", replies=[], decided_by=principal.subject, changed_at=now)
    await suggester.put(writing, dismissed)
    return _out(dismissed)


async def found(writing: Writing, brand: str, suggestion_id: UUID) -> Suggestion:
    """It, locked. Raises `NotFound`."""
    row = await suggester.one(writing, brand, suggestion_id, lock=True)
    if row is None:
        raise NotFound("There is no such suggestion in this brand.")
    return row


def _small(number: int) -> int:
    return max(0, min(number, 2**31 - 1))


def _out(row: Suggestion) -> SuggestionOut:
    return SuggestionOut.model_validate({name: getattr(row, name) for name in SuggestionOut.model_fields})
