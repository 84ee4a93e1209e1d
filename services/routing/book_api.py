"""Brand books over HTTP: what a brand has agreed on."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, outbox, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.bookdiff import as_read_today, compare
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook
from libs.common.conditions import Condition
from libs.common.errors import BadRequest, NotFound, PreconditionFailed, PreconditionRequired, Unprocessable
from libs.common.events import BrandBookPublished
from libs.common.hours import Calendar
from libs.common.http import Cursor, Page
from libs.common.outbox import Outgoing
from libs.common.routes import Route
from libs.common.service import Reading, Writing, of
from services.routing import impact, retell, store
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["brand books"], route_class=Route)
Admin = Annotated[Principal, Depends(allow("admin"))]
Staff = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
FIRST = Condition(())
"""What `If-None-Match: *` says: there is no book yet."""
_BOOK = {
    "type": "object",
    "description": "A brand book, as docs/brandbook.schema.json has it",
    "required": ["brand", "name"],
    "properties": {"brand": {"type": "string"}, "name": {"type": "string"}},
}
_YAML = ("application/yaml", "application/x-yaml", "text/yaml")


async def _expected(
    if_match: Annotated[
        str | None, Header(alias="If-Match", max_length=1000, description="ETag of the book that it was written from")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", max_length=1000, description="`*`: it is the brand's first book")
    ] = None,
) -> Condition | None:
    if if_match is not None:
        return conditions.parse(if_match, "If-Match", weak=False)
    if if_none_match is None:
        return None
    if if_none_match.strip() != "*":
        raise BadRequest("With If-None-Match only * can be said here: publish this if the brand has no book yet.")
    return FIRST


Expected = Annotated[Condition | None, Depends(_expected)]


async def _sent(brand: str, request: Request) -> tuple[str, BrandBook]:
    try:
        source = (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The brand book is not UTF-8: byte {error.start} cannot be read.") from error
    async with _ONE_AT_A_TIME:
        return source, await asyncio.to_thread(_read, source, brand)


_ONE_AT_A_TIME = asyncio.Semaphore(1)
"""Reading a book is seconds of work at the most: beside other requests, and never several at once."""
Sent = Annotated[tuple[str, BrandBook], Depends(_sent)]
"""The source and what it says. Stands before the connection in a route: who sends slowly, or much, must not keep the database from others."""


class BookChange(BaseModel):
    """One difference in meaning. `path` leads to the field; items of a list go by their id, their name, or their condition in words."""

    path: list[str] = Field(examples=[["team", "gs", "initials"]])
    kind: str = Field(
        description="added, removed, changed, or moved: to another place in a list whose order decides, places from 1; "
        "`before` is null for an item that was added in front of others"
    )
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


@router.put(
    "/book",
    openapi_extra={"requestBody": {"required": True, "content": {media: {"schema": _BOOK} for media in _YAML}}},
)
async def apply(
    brand: str,
    request: Request,
    response: Response,
    principal: Admin,
    expected: Expected,
    sent: Sent,
    writing: Writing,
    dry_run: Annotated[bool, Query(description="Only say what would change")] = False,
    note: Annotated[str | None, Query(max_length=500, pattern=http.ONE_LINE, description="Why, for the book's history")] = None,
) -> Applied:
    """Publish a brand book (YAML). `If-Match` says which version it was written from, `If-None-Match: *` that it is the brand's first; a dry run,
    which changes nothing, needs neither."""
    source, book = sent
    newest = await store.newest_book(writing, brand, lock=not dry_run)
    as_json = book.model_dump(mode="json", by_alias=True)
    before = as_read_today(newest["book"]) if newest else {}
    fields = sorted(key for key in as_json.keys() | before.keys() if as_json.get(key) != before.get(key))
    version = newest["version"] if newest else 0
    changes = (
        [BookChange(path=list(c.path), kind=c.kind, before=c.before, after=c.after) for c in compare(before, as_json)] if newest else []
    )
    if not dry_run:
        await _as_expected(writing, brand, newest, expected)
    # The services know a newer one than the database where that was restored. A lower number would pass them by.
    known = of(request).books.version(brand)
    changed = bool(fields) or known > version
    now, following = datetime.now(UTC), max(version, known) + 1
    event = BrandBookPublished(brand=brand, version=following, book=as_json, published_at=now, published_by=principal.subject)
    told = Outgoing(event, brand, following, brand, telemetry.current_traceparent())
    outbox.encoded(told)  # a dry run of what is too large says so
    if not changed or dry_run:
        if newest and known < version and not dry_run:
            await outbox.add(writing, "routing", [retell.told(newest)])
        conditions.mark(response, version)
        cases = await _impact(writing, dict(newest), book) if fields and newest else None
        return Applied(brand=brand, version=version, changed=changed, fields=fields, changes=changes, cases=cases)
    await store.add_book(writing, brand, following, source, as_json, now, principal.subject, fields, note)
    await outbox.add(writing, "routing", [told])
    conditions.mark(response, following)
    return Applied(brand=brand, version=following, changed=True, fields=fields, changes=changes)


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
    except BrandBookError:
        return None
    old = Policy(holds, Calendar.of(holds), newest["version"])
    new = Policy(book, Calendar.of(book), newest["version"] + 1)
    try:
        async with connection.transaction():
            found = await impact.of(connection, old, new, await store.now(connection))
    except asyncpg.QueryCanceledError:
        return None
    shifts = [CaseShift(**asdict(shift)) for shift in sorted(found.shifts.values(), key=lambda shift: (shift.when, -shift.cases))]
    clocks = [ClockShift(**asdict(clock)) for clock in found.clocks.values()]
    return CaseImpact(open=found.open, looked_at=found.looked_at, shifts=shifts, clocks=clocks)


async def _as_expected(writing: Writing, brand: str, newest: asyncpg.Record | None, expected: Condition | None) -> None:
    """Raises `PreconditionRequired` when the request does not say which version it was written from, and `PreconditionFailed` with the fields that
    changed when the newest is another."""
    if expected is None:
        raise PreconditionRequired(
            "Read the book first and send its ETag, as If-Match: \"7\"; send If-None-Match: * for the brand's first book. So nobody's change is lost."
        )
    if newest is None:
        if expected is not FIRST:
            raise PreconditionFailed("This brand has no brand book yet. Send If-None-Match: * to publish the first.", version=0, changes=[])
        return
    if expected is not FIRST and expected.holds(newest["version"]):
        return
    read = expected.read()
    before = await store.book(writing, brand, read) if read is not None and read < 2**31 else None
    known: dict[str, Any] = before["book"] if before else {}
    fields = sorted(key for key in newest["book"].keys() | known.keys() if newest["book"].get(key) != known.get(key)) if before else []
    versions = await store.books(writing, brand, None, conditions.MOST_TOLD)
    changes = [dict(row) for row in reversed(versions) if row["version"] > (read or 0)]
    raise conditions.stale("The brand book", newest["version"], changes, fields=fields)


@router.get("/book")
async def book(brand: str, response: Response, principal: Staff, reading: Reading) -> BookOut:
    """The brand book as it stands."""
    row = await store.newest_book(reading, brand)
    if row is None:
        raise NotFound("This brand has no brand book yet; `weerklank apply FILE` publishes one.")
    conditions.mark(response, row["version"])
    return BookOut(**{key: row[key] for key in BookOut.model_fields})


@router.get("/book/versions")
async def versions(
    brand: str,
    principal: Staff,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[BookVersion]:
    """Its history, newest first."""
    before = http.read_cursor(cursor, [int])
    rows = await store.books(reading, brand, max(0, min(before[0], 2**31 - 1)) if before else None, limit + 1)
    items = [BookVersion(**dict(row)) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].version) if len(rows) > limit else None)


@router.get("/book/versions/{version}")
async def one_version(
    brand: str,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
    response: Response,
    principal: Staff,
    reading: Reading,
) -> BookOut:
    """The brand book as it stood at a version. Publishing its `source` again brings it back, as a new version."""
    row = await store.book(reading, brand, version)
    if row is None:
        raise NotFound(f"This brand has no version {version} of its brand book; `weerklank book history` lists them.")
    conditions.mark(response, version)
    return BookOut(**{key: row[key] for key in BookOut.model_fields})
