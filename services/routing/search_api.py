"""Cases over HTTP, found: lists by filters, and search."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from libs.common import http
from libs.common.auth import STAFF, Principal, allow
from libs.common.case_events import Case
from libs.common.http import Cursor, Page
from libs.common.masking import Mask
from libs.common.routes import Route
from libs.common.service import Reading
from services.routing import line, question, search, shown, snippet, store
from services.routing.brief import Brief, brief
from services.routing.wanted import Sort
from services.routing.wanted_api import Filters, checked, for_reader

router = APIRouter(prefix="/v1/brands/{brand}", tags=["cases"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Seeker = Annotated[Principal, Depends(allow(*STAFF))]
_Q = 'Words, "words that follow one another", -without, OR, begin*, and (parts of) numbers'


class Mark(BaseModel):
    """From one character of a text to before another, in code points."""

    start: int
    end: int


class SnippetOut(BaseModel):
    """Where it was found. `text` is plain text: what is to be emphasised in it is told by `marks` alone."""

    source: str = Field(description="message | title | reply | note | consultation | consultation_answer | callback | promise")
    id: UUID = Field(description="Of the mention, reply, note and so on; of what came of a call its callback's")
    at: datetime
    channel: str | None
    text: str
    marks: list[Mark]


class HitOut(BaseModel):
    case: Brief
    alike: bool = Field(description="Found by a name that is spelt much like what was asked, not by what was asked itself")
    snippet: SnippetOut | None = Field(description="None where it was found by a name, a tag or another property")


class Hits(Page[HitOut]):
    complete: bool = Field(description="False where names that are spelt alike could not all be looked at in time")


@router.get("/cases")
async def list_cases(
    brand: str,
    principal: Reader,
    reading: Reading,
    wanted: Filters,
    q: Annotated[str | None, Query(min_length=1, max_length=500, description=f"Only cases in which this is found: {_Q}")] = None,
    sort: Annotated[
        Sort,
        Query(
            description="oldest and newest: in the order in which they were opened here; due: by when clocks and promises to customers are due; "
            "priority: by priority, then by that. The latter two list open cases only"
        ),
    ] = "oldest",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Case]:
    """Cases that fit all filters."""
    asked = for_reader(checked({**wanted.model_dump(), "q": q}), principal)
    rows = await line.page(reading, brand, asked, sort, line.read_after(sort, cursor), limit + 1)
    cases = await shown.cases(reading, brand, principal, [row.case for row in rows[:limit]])
    return Page(items=cases, next=rows[limit - 1].cursor if len(rows) > limit else None)


@router.get("/search")
async def search_cases(
    brand: str,
    principal: Seeker,
    reading: Reading,
    wanted: Filters,
    q: Annotated[str, Query(min_length=1, max_length=500, description=_Q)],
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> Hits:
    """Cases in whose messages, answers, notes, names, numbers, tags or labels this stands, or in what departments were asked and answered, in what came of
    calls or in promises: the best first, with where it stands. What was written a second ago is found."""
    asked = question.parse(q)
    narrowed = for_reader(wanted, principal)
    after = http.read_cursor(cursor, [str, int, int, int])
    place = search.Place(http.moment(after[0]), *after[1:]) if after else None
    now = await store.now(reading)
    found = await search.find(reading, brand, asked, narrowed, place, now, limit)
    ids = [hit.case_id for hit in found.hits]
    mask = Mask(shown.audience(principal))
    cases, pieces = await search.cases(reading, brand, ids), await shown.pieces(reading, brand, ids, mask)
    terms = question.positive(asked)
    known = await snippet.stems(reading, [piece for some in pieces.values() for piece in some], terms)
    items = [
        HitOut(case=brief(cases[hit.case_id], mask), alike=hit.alike, snippet=_out(snippet.best(pieces[hit.case_id], terms, known)))
        for hit in found.hits
        if hit.case_id in cases
    ]
    following = found.next and http.cursor_of(found.next.as_of.isoformat(), found.next.below, found.next.score, found.next.seq)
    return Hits(items=items, next=following, complete=found.complete)


def _out(found: snippet.Snippet | None) -> SnippetOut | None:
    if found is None:
        return None
    piece = found.piece
    marks = [Mark(start=start, end=end) for start, end in found.marks]
    return SnippetOut(source=piece.source, id=piece.id, at=piece.at, channel=piece.channel, text=found.text, marks=marks)
