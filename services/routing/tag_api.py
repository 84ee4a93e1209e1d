"""Tags over HTTP. Adding and taking away go well together whoever does it first, so they ask for no version."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import http
from libs.common.case_events import CaseTagged
from libs.common.http import Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import store, tag
from services.routing.api import CaseOut, Reader, Writer, _found, _out, _record

router = APIRouter(prefix="/v1/brands/{brand}", tags=["tags, watchers and fields"], route_class=Route)
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=tag.MOST)]


class TagBody(http.Body):
    add: Tags = Field(default=[], description="In any letters, with or without #")
    remove: Tags = Field(default=[], description="One that stands in both is taken away")


class TagUse(BaseModel):
    tag: str
    cases: int


@router.patch("/cases/{case_id}/tags", responses=CONFLICT)
async def tag_case(
    brand: str, case_id: UUID, body: TagBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> CaseOut:
    """Add tags to a case and take others away, all at once: small letters, 50 of 100 characters at most. What is so already stays so."""
    file = await _found(writing, brand, case_id, lock=True)
    added, removed = tag.tagged(file, map(tag.normal, body.add), map(tag.normal, body.remove))
    if added or removed:
        await tag.count(writing, brand, dict.fromkeys(added, 1) | dict.fromkeys(removed, -1))
        await _record(request, writing, file, principal, CaseTagged, await store.now(writing), added=added, removed=removed)
    return _out(response, file)


@router.get("/tags")
async def tags(
    brand: str,
    principal: Reader,
    reading: Reading,
    begins: Annotated[str, Query(max_length=tag.LONGEST, description="Only tags that begin so")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[TagUse]:
    """The brand's tags, those that most cases have first: what to suggest while somebody types."""
    found = await tag.suggested(reading, brand, tag.beginning(begins), limit)
    return Page(items=[TagUse(tag=name, cases=uses) for name, uses in found])
