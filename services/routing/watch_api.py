"""Watchers of a case over HTTP. Coming and going go well together whoever does it first, so they ask for no version."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from libs.common import http
from libs.common.case_events import CaseWatched
from libs.common.errors import Forbidden, Unprocessable
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Writing
from services.routing import store, watch
from services.routing.api import CaseOut, Writer, _found, _out, _record, policy_of

router = APIRouter(prefix="/v1/brands/{brand}", tags=["tags, watchers and fields"], route_class=Route)
Members = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=watch.MOST)]


class WatchBody(http.Body):
    add: Members = Field(default=[], description="Team members' ids")
    remove: Members = Field(default=[], description="Team members' ids; who stands in both is taken away")


@router.patch("/cases/{case_id}/watchers", responses=CONFLICT)
async def watch_case(
    brand: str, case_id: UUID, body: WatchBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> CaseOut:
    """Watch a case, or no longer; a lead may say so of others. Watchers are told of answers, of how it ends or comes back, and of clocks that run out."""
    others = sorted({*body.add, *body.remove} - {principal.subject})
    if others and principal.role not in ("lead", "admin"):
        raise Forbidden(f"{others[0][:100]!r} is somebody else: everybody watches for themselves, and a lead may say so of others.")
    book = policy_of(request, brand).book
    if strangers := [member for member in body.add if book.member(member) is None]:
        raise Unprocessable(f"{strangers[0][:100]!r} is not in the team of this brand; the brand book's `team` lists the ids.")
    file = await _found(writing, brand, case_id, lock=True)
    added, removed = watch.watched(file, body.add, body.remove)
    if added or removed:
        await _record(request, writing, file, principal, CaseWatched, await store.now(writing), added=added, removed=removed)
    return _out(response, file)
