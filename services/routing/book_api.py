"""Brand books and holds over HTTP: what a brand has agreed on, and the switch that stops all its sending."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from libs.common import http, outbox, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.bookdiff import as_read_today, compare
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook
from libs.common.errors import BadRequest, NotFound, Unprocessable
from libs.common.events import BrandBookPublished
from libs.common.hours import Calendar, HoursError
from libs.common.http import Page
from libs.common.outbox import Outgoing
from libs.common.service import Reading, Writing
from services.routing import impact, store
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["brand books"])
Admin = Annotated[Principal, Depends(allow("admin"))]


class BookChange(BaseModel):
    """One difference in meaning. `path` leads to the field; items of a list go by their id, their name, or their condition in words."""

    path: list[str] = Field(examples=[["team", "gs", "initials"]])
    kind: str = Field(description="added, removed, changed, or moved: to another place in a list whose order decides, places from 1")
    before: Any = None
    after: Any = None


class CaseShift(BaseModel):
    when: Literal["at once", "at the next message"] = Field(description="The next message of the case's customer")
    what: str = Field(description="department, owner or priority")
    before: str | None
    after: str | None
    why: str | None = Field(description="What is gone, where that is the cause")
    cases: int
    examples: list[UUID] = Field(description="A few of them")


class ClockShift(BaseModel):
    when: Literal["at once", "at the next message"]
    kind: str = Field(description="reaction or resolution")
    later: int
    earlier: int
    breached: int = Field(description="Of those: how many would have run out already")


class CaseImpact(BaseModel):
    """What the book would change for open cases. What people decided stays, unless the owner or the department that they chose is gone."""

    open: int
    looked_at: int = Field(description="How many of them were computed: the newest, about a thousand at most")
    shifts: list[CaseShift]
    clocks: list[ClockShift]


class Applied(BaseModel):
    """`changed` is false when the book is what it was: no new version then."""

    brand: str
    version: int
    changed: bool
    fields: list[str] = Field(description="Top-level fields that differ from the version before")
    changes: list[BookChange] = Field(default=[], description="What differs from the version before; empty for a first book")
    cases: CaseImpact | None = Field(
        default=None, description="With `dry_run`; null for a first book, and where it cannot be computed in time"
    )


class BookOut(BaseModel):
    brand: str
    version: int
    published_at: datetime
    published_by: str
    note: str | None = Field(default=None, description="Why, in the words of whoever published it")
    source: str = Field(description="The YAML as a person wrote it")
    book: dict[str, Any] = Field(description="The same with all defaults written out")


class BookVersion(BaseModel):
    version: int
    published_at: datetime
    published_by: str
    fields: list[str] = Field(description="Top-level fields that differ from the version before")
    note: str | None


class HoldBody(http.Body):
    held: bool
    reason: str | None = Field(default=None, max_length=500)


class Hold(BaseModel):
    held: bool
    hold_version: int
    reason: str | None
    changed_by: str | None = None
    changed_at: datetime | None = None


@router.put(
    "/book",
    openapi_extra={"requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}},
)
async def apply(
    brand: str,
    request: Request,
    principal: Admin,
    writing: Writing,
    dry_run: Annotated[bool, Query()] = False,
    note: Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00]*$", description="Why, for the book's history")] = None,
) -> Applied:
    """Publish a brand book (YAML). With `dry_run` only say what would change."""
    source = await _source(request)
    book = _read(source, brand)
    newest = await store.newest_book(writing, brand, lock=not dry_run)
    as_json = book.model_dump(mode="json", by_alias=True)
    before = as_read_today(newest["book"]) if newest else {}
    fields = sorted(key for key in as_json.keys() | before.keys() if as_json.get(key) != before.get(key))
    version = newest["version"] if newest else 0
    changes = (
        [BookChange(path=list(c.path), kind=c.kind, before=c.before, after=c.after) for c in compare(before, as_json)] if newest else []
    )
    if not fields or dry_run:
        cases = await _impact(writing, dict(newest), book) if fields and newest else None
        return Applied(brand=brand, version=version, changed=bool(fields), fields=fields, changes=changes, cases=cases)
    now = datetime.now(UTC)
    await store.add_book(writing, brand, version + 1, source, as_json, now, principal.subject, fields, note)
    event = BrandBookPublished(brand=brand, version=version + 1, book=as_json, published_at=now, published_by=principal.subject)
    await outbox.add(writing, "routing", [Outgoing(event, brand, version + 1, brand, telemetry.current_traceparent())])
    return Applied(brand=brand, version=version + 1, changed=True, fields=fields, changes=changes)


async def _source(request: Request) -> str:
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The brand book is not UTF-8: byte {error.start} cannot be read.") from error


def _read(source: str, brand: str) -> BrandBook:
    try:
        book = load_book(source, brand)
    except BrandBookError as error:
        problems = [{"line": item.line, "field": item.field, "message": item.message} for item in error.problems]
        raise Unprocessable(str(error), errors=problems) from error
    if book.brand != brand:
        raise Unprocessable(f"The book is of brand {book.brand!r}, the path says {brand!r}.")
    return book


async def _impact(connection: Writing, newest: Mapping[str, Any], book: BrandBook) -> CaseImpact | None:
    """None where the book that holds cannot be read by today's rules, so that nobody knows what it decides, or where it takes too long."""
    try:
        holds = BrandBook.from_json(newest["book"])
        old = Policy(holds, Calendar.of(holds), newest["version"])
    except (BrandBookError, HoursError):
        return None
    new = Policy(book, Calendar.of(book), newest["version"] + 1)
    try:
        async with connection.transaction():
            found = await impact.of(connection, old, new, await store.now(connection))
    except asyncpg.QueryCanceledError:
        return None
    shifts = [CaseShift(**asdict(shift)) for shift in sorted(found.shifts.values(), key=lambda shift: (shift.when, -shift.cases))]
    clocks = [ClockShift(**asdict(clock)) for clock in found.clocks.values()]
    return CaseImpact(open=found.open, looked_at=found.looked_at, shifts=shifts, clocks=clocks)


@router.get("/book")
async def book(brand: str, principal: Annotated[Principal, Depends(allow(*STAFF, "analyst"))], reading: Reading) -> BookOut:
    """The brand book as it stands."""
    row = await store.newest_book(reading, brand)
    if row is None:
        raise NotFound("This brand has no brand book yet; `weerklank apply FILE` publishes one.")
    return BookOut(**{key: row[key] for key in BookOut.model_fields})


@router.get("/book/versions")
async def versions(
    brand: str,
    principal: Annotated[Principal, Depends(allow(*STAFF, "analyst"))],
    reading: Reading,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[BookVersion]:
    """Its history, newest first."""
    before = http.read_cursor(cursor, [int])
    rows = await store.books(reading, brand, before[0] if before else None, limit + 1)
    items = [BookVersion(**dict(row)) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].version) if len(rows) > limit else None)


@router.get("/book/versions/{version}")
async def one_version(
    brand: str,
    version: Annotated[int, Path(ge=1)],
    principal: Annotated[Principal, Depends(allow(*STAFF, "analyst"))],
    reading: Reading,
) -> BookOut:
    """The brand book as it stood at a version. Publishing its `source` again brings it back, as a new version."""
    row = await store.book(reading, brand, version)
    if row is None:
        raise NotFound(f"This brand has no version {version} of its brand book; `weerklank book history` lists them.")
    return BookOut(**{key: row[key] for key in BookOut.model_fields})


@router.put("/hold")
async def hold(
    brand: str, body: HoldBody, principal: Annotated[Principal, Depends(allow("lead", "spokesperson", "admin"))], writing: Writing
) -> Hold:
    """Stop all sending of this brand, or let it go on.

    Takes effect within about three seconds; what a mail server has begun to take is not stopped.
    """
    if await store.newest_book(writing, brand) is None:
        raise NotFound("This brand has no brand book yet; `weerklank apply FILE` publishes one.")
    await store.set_hold(writing, brand, body.held, body.reason, principal.subject)
    row = await store.hold(writing, brand)
    assert row is not None
    return Hold(**{key: row[key] for key in Hold.model_fields})


@router.get("/hold")
async def held(brand: str, principal: Annotated[Principal, Depends(allow(*STAFF))], reading: Reading) -> Hold:
    """Whether sending is held, and by whom."""
    row = await store.hold(reading, brand)
    if row is None:
        return Hold(held=False, hold_version=0, reason=None)
    return Hold(**{key: row[key] for key in Hold.model_fields})
