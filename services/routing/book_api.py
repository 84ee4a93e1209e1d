"""Brand books and holds over HTTP: what a brand has agreed on, and the switch that stops all its sending."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from libs.common import http, outbox, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError
from libs.common.errors import BadRequest, NotFound, Unprocessable
from libs.common.events import BrandBookPublished
from libs.common.outbox import Outgoing
from libs.common.service import Reading, Writing
from services.routing import store

router = APIRouter(prefix="/v1/brands/{brand}", tags=["brand books"])
Admin = Annotated[Principal, Depends(allow("admin"))]


class Applied(BaseModel):
    """`changed` is false when the book is what it was: no new version then."""

    brand: str
    version: int
    changed: bool
    fields: list[str] = Field(description="Top-level fields that differ from the version before")


class BookOut(BaseModel):
    brand: str
    version: int
    published_at: datetime
    published_by: str
    source: str = Field(description="The YAML as a person wrote it")
    book: dict[str, Any] = Field(description="The same with all defaults written out")


class BookVersion(BaseModel):
    version: int
    published_at: datetime
    published_by: str


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
async def apply(brand: str, request: Request, principal: Admin, writing: Writing, dry_run: Annotated[bool, Query()] = False) -> Applied:
    """Publish a brand book (YAML). With `dry_run` only say what would change."""
    try:
        source = (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The brand book is not UTF-8: byte {error.start} cannot be read.") from error
    try:
        book = load_book(source, brand)
    except BrandBookError as error:
        problems = [{"line": item.line, "field": item.field, "message": item.message} for item in error.problems]
        raise Unprocessable(str(error), errors=problems) from error
    if book.brand != brand:
        raise Unprocessable(f"The book is of brand {book.brand!r}, the path says {brand!r}.")
    newest = await store.newest_book(writing, brand, lock=True)
    as_json = book.model_dump(mode="json", by_alias=True)
    before: dict[str, Any] = newest["book"] if newest else {}
    fields = sorted(key for key in as_json.keys() | before.keys() if as_json.get(key) != before.get(key))
    version = newest["version"] if newest else 0
    if not fields or dry_run:
        return Applied(brand=brand, version=version, changed=bool(fields), fields=fields)
    now = datetime.now(UTC)
    await store.add_book(writing, brand, version + 1, source, as_json, now, principal.subject)
    event = BrandBookPublished(brand=brand, version=version + 1, book=as_json, published_at=now, published_by=principal.subject)
    await outbox.add(writing, "routing", [Outgoing(event, brand, version + 1, brand, telemetry.current_traceparent())])
    return Applied(brand=brand, version=version + 1, changed=True, fields=fields)


@router.get("/book")
async def book(brand: str, principal: Annotated[Principal, Depends(allow(*STAFF, "analyst"))], reading: Reading) -> BookOut:
    """The brand book as it stands."""
    row = await store.newest_book(reading, brand)
    if row is None:
        raise NotFound("This brand has no brand book yet; `weerklank apply FILE` publishes one.")
    return BookOut(**dict(row))


@router.get("/book/versions")
async def versions(brand: str, principal: Annotated[Principal, Depends(allow(*STAFF, "analyst"))], reading: Reading) -> list[BookVersion]:
    """Its history, newest first, at most a hundred."""
    return [BookVersion(**dict(row)) for row in await store.books(reading, brand)]


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
