"""Who looks at a case and who types, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from libs.common import http
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import Forbidden, NotFound
from libs.common.http import Page
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import looking, store
from services.routing.looking import Doing

router = APIRouter(prefix="/v1/brands/{brand}", tags=["stream"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Writer = Annotated[Principal, Depends(allow(*STAFF))]


class PresenceBody(http.Body):
    doing: Doing = Field(description="Said again every ten seconds for as long as it is true")


class Here(BaseModel):
    """Somebody who has the case before them, until they say so again or are gone."""

    member: str
    doing: str
    until: datetime


@router.get("/cases/{case_id}/presence")
async def presence(brand: str, case_id: UUID, principal: Reader, reading: Reading) -> Page[Here]:
    """Who has this case before them now, whoever types an answer first."""
    if await store.file(reading, brand, case_id) is None:
        raise NotFound("There is no such case in this brand.")
    return Page(items=[Here(**dict(row)) for row in await looking.here(reading, brand, case_id)])


@router.put("/cases/{case_id}/presence")
async def be_present(brand: str, case_id: UUID, body: PresenceBody, principal: Writer, writing: Writing) -> Page[Here]:
    """Say that one looks at this case, or types an answer: colleagues see it at once. It lasts 25 seconds unless it is said again."""
    if principal.machine:
        raise Forbidden("Only people look at cases: this token is a program's.")
    if not await looking.put(writing, brand, case_id, principal.subject, body.doing):
        raise NotFound("There is no such case in this brand.")
    return Page(items=[Here(**dict(row)) for row in await looking.here(writing, brand, case_id)])


@router.delete("/cases/{case_id}/presence", status_code=204)
async def be_gone(brand: str, case_id: UUID, principal: Writer, writing: Writing) -> None:
    """Say that one has gone elsewhere. It is no error when nobody knew that one was here."""
    await looking.leave(writing, brand, case_id, principal.subject)
