"""Saved views over HTTP: filters and an order under a name, one's own or shared with a department or everybody, with how many cases each has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import asyncpg
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.case_events import Case
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, Forbidden, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import line, question, shown, store, view_store
from services.routing.api import policy_of
from services.routing.tally import Tallies
from services.routing.wanted import Sort, Wanted
from services.routing.wanted_api import for_reader

router = APIRouter(prefix="/v1/brands/{brand}", tags=["views"], route_class=Route)
Viewer = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]

MOST_VIEWS = 50
"""That one person has."""
MOST_SEEN = 100
"""That one person sees and has counted: their own, and those shared with them."""
Shared = Literal["nobody", "department", "everyone"]


class ViewBody(http.Body):
    name: str = Field(min_length=1, max_length=100, pattern=http.ONE_LINE)
    wanted: Wanted = Field(default=Wanted(), description="The filters of the list of cases; an empty one is all cases")
    sort: Sort = "oldest"
    shared: Shared = Field(default="nobody", description="nobody: one's own; department: with a department; everyone: with the whole team")
    department: str | None = Field(default=None, max_length=100, description="With which department it is shared")


class View(BaseModel):
    """A saved view and its version, which is its ETag too. What `@me` means in it depends on who reads."""

    id: UUID
    name: str
    wanted: Wanted
    sort: Sort
    shared: Shared
    department: str | None
    owner: str
    version: int
    created_at: datetime
    changed_at: datetime
    changed_by: str


class ViewList(BaseModel):
    items: list[View]


class Count(BaseModel):
    view_id: UUID
    cases: int
    more: bool = Field(description=f"There are more than {line.MOST_COUNTED}, which `cases` says then")


class Counts(BaseModel):
    items: list[Count]


class OrderBody(http.Body):
    views: list[UUID] = Field(max_length=MOST_SEEN, description="In the order in which their reader wants to see them")


@router.post("/views", status_code=201)
@idempotency.once
async def make_view(brand: str, body: ViewBody, request: Request, response: Response, principal: Viewer, writing: Writing) -> View:
    """A view of one's own, or shared. Views for everybody are a lead's to make."""
    _may_be(request, brand, principal, body)
    if await view_store.count_of(writing, brand, principal.subject) >= MOST_VIEWS:
        raise Conflict(f"You have {MOST_VIEWS} views already. Remove one first.")
    view_id = uuid4()
    await view_store.add(writing, brand, view_id, principal.subject, await store.now(writing), _said(body))
    return _out(response, await _found(request, writing, brand, view_id, principal))


@router.get("/views")
async def list_views(brand: str, request: Request, principal: Viewer, reading: Reading) -> ViewList:
    """One's own views and those shared with one, in one's own order."""
    return ViewList(items=[_view(row) for row in await _seen(request, reading, brand, principal)])


@router.get("/view-counts")
async def count_views(brand: str, request: Request, principal: Viewer, reading: Reading) -> Counts:
    """How many cases each of one's views has: those that depend on who reads, now; all others, within the last two seconds."""
    views = [_view(row) for row in await _seen(request, reading, brand, principal)]
    mine = [view for view in views if principal.role != "analyst" or view.wanted.q is None]
    tallies: Tallies = request.app.state.tallies
    found = await tallies.counts(reading, brand, [(view.wanted, for_reader(view.wanted, principal)) for view in mine])
    items = [
        Count(view_id=view.id, cases=min(number, line.MOST_COUNTED), more=number > line.MOST_COUNTED)
        for view, number in zip(mine, found, strict=True)
    ]
    return Counts(items=items)


@router.put("/view-order", status_code=204)
async def order_views(brand: str, body: OrderBody, principal: Viewer, writing: Writing) -> None:
    """In which order one sees one's views. Whoever does it twice has what they said last."""
    if len(set(body.views)) < len(body.views):
        raise Unprocessable("A view stands twice in the order. Name each once.")
    await view_store.order(writing, brand, principal.subject, body.views)


@router.get("/views/{view_id}")
async def one_view(brand: str, view_id: UUID, request: Request, response: Response, principal: Viewer, reading: Reading) -> View:
    """A view that one sees."""
    return _out(response, await _found(request, reading, brand, view_id, principal))


@router.get("/views/{view_id}/cases")
async def cases_of_view(
    brand: str,
    view_id: UUID,
    request: Request,
    principal: Viewer,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Case]:
    """The cases of a view, in its order."""
    view = _view(await _found(request, reading, brand, view_id, principal))
    asked = for_reader(view.wanted, principal)
    rows = await line.page(reading, brand, asked, view.sort, line.read_after(view.sort, cursor), limit + 1)
    cases = await shown.cases(reading, brand, principal, [row.case for row in rows[:limit]])
    return Page(items=cases, next=rows[limit - 1].cursor if len(rows) > limit else None)


@router.put("/views/{view_id}")
async def change_view(
    brand: str, view_id: UUID, body: ViewBody, request: Request, response: Response, principal: Viewer, match: Match, writing: Writing
) -> View:
    """Another name, other filters, another order, or shared with others: its owner's to change, and of a shared one a lead's."""
    row = await _at_hand(request, writing, brand, view_id, principal, match)
    _may_be(request, brand, principal, body, was=row["shared"])
    await view_store.change(writing, brand, view_id, principal.subject, await store.now(writing), _said(body))
    return _out(response, await _found(request, writing, brand, view_id, principal, changed=True))


@router.delete("/views/{view_id}", status_code=204)
async def remove_view(brand: str, view_id: UUID, request: Request, principal: Viewer, match: Match, writing: Writing) -> None:
    """A view is gone, for all with whom it was shared."""
    await _at_hand(request, writing, brand, view_id, principal, match)
    await view_store.remove(writing, brand, view_id)


def _departments(request: Request, brand: str, principal: Principal) -> list[str]:
    """Those that the bearer is a member of; a lead and an administrator see what is shared with any."""
    book = policy_of(request, brand).book
    everywhere = principal.role in ("lead", "admin")
    return [department.id for department in book.departments if everywhere or principal.subject in department.members]


async def _seen(request: Request, connection: Reading, brand: str, principal: Principal) -> list[asyncpg.Record]:
    return await view_store.seen(connection, brand, principal.subject, _departments(request, brand, principal), MOST_SEEN)


async def _found(
    request: Request, connection: Reading, brand: str, view_id: UUID, principal: Principal, *, lock: bool = False, changed: bool = False
) -> asyncpg.Record:
    departments: Sequence[str] = _departments(request, brand, principal)
    row = await view_store.one(connection, brand, view_id, principal.subject, departments, lock=lock)
    if row is None:
        raise NotFound("There is no such view among those that you see." if not changed else "The view is not yours to see any longer.")
    return row


async def _at_hand(request: Request, writing: Writing, brand: str, view_id: UUID, principal: Principal, match: Condition) -> asyncpg.Record:
    """The view, locked, as the caller has read it, if it is theirs to change."""
    row = await _found(request, writing, brand, view_id, principal, lock=True)
    if row["owner"] != principal.subject and principal.role not in ("lead", "admin"):
        raise Forbidden(f"The view is {row['owner']}'s. Its owner, a lead or an administrator may change it; make one of your own instead.")
    if not match.holds(row["version"]):
        change = {name: row[name] for name in ("version", "name", "changed_at", "changed_by")}
        raise conditions.stale("The view", row["version"], [change])
    return row


def _may_be(request: Request, brand: str, principal: Principal, body: ViewBody, was: str = "nobody") -> None:
    if body.wanted.q is not None:
        question.parse(body.wanted.q)
    for_reader(body.wanted, principal)
    if body.shared == "everyone" and was != "everyone" and principal.role not in ("lead", "admin"):
        raise Forbidden("A view for everybody is a lead's to make. Share it with your department, or keep it for yourself.")
    if (body.shared == "department") != (body.department is not None):
        raise Unprocessable("department: name it where the view is shared with a department, and only there.")
    if body.department is not None and body.department not in _departments(request, brand, principal):
        raise Unprocessable(f"You are not in a department {body.department!r} of this brand; the brand book's `departments` say who is.")


def _said(body: ViewBody) -> dict[str, Any]:
    wanted = body.wanted.model_dump(mode="json", exclude_defaults=True)
    return {"name": body.name.strip(), "wanted": wanted, "sort": body.sort, "shared": body.shared, "department": body.department}


def _view(row: asyncpg.Record) -> View:
    return View(**{name: row[name] for name in View.model_fields})


def _out(response: Response, row: asyncpg.Record) -> View:
    conditions.mark(response, row["version"])
    return _view(row)
