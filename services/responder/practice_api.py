"""Practice messages over HTTP: leads write them, one by one or from a file, and see what the guard says of each model answer."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from libs.common import conditions, http, idempotency
from libs.common.auth import Principal, allow
from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.conditions import Match
from libs.common.errors import BadRequest, Conflict, NotFound
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.reply_events import Verdict
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import practice_file, practice_score, practice_store, store
from services.responder.practice import Kept, Practice
from services.responder.reply_api import current_book

router = APIRouter(prefix="/v1/brands/{brand}/practice", tags=["practice"], route_class=Route)
Lead = Annotated[Principal, Depends(allow("lead", "admin"))]
_ANYBODY = Member(id="anybody", first_name="Robin", initials="rb")
"""Signs model answers where the book has no team."""


class KeptOut(Kept):
    """A practice message with its version."""

    version: int


class PracticeDetail(KeptOut):
    """What the guard says of the model answer, signed by the first of the team: a good one has nothing that blocks."""

    verdicts: list[Verdict]


class Imported(http.Body):
    added: int
    changed: int = Field(description="Those whose key was there already: written anew")


_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            **{
                media: {"schema": {"type": "object", "required": ["messages"], "properties": {"messages": {"type": "array"}}}}
                for media in practice_file.YAML
            },
            **{media: {"schema": {"type": "string", "description": "One message a line, as JSON"}} for media in practice_file.LINES},
        },
    }
}


async def _sent(request: Request) -> list[Kept]:
    """The messages of the body. Stands before the connection in a route: who sends slowly must not keep the database from others."""
    try:
        text = (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The file is not UTF-8: byte {error.start} cannot be read.") from error
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return await asyncio.to_thread(practice_file.read, text, lines=kind in practice_file.LINES)


Sent = Annotated[list[Kept], Depends(_sent)]


@router.get("/messages")
async def practice_messages(
    brand: str,
    principal: Lead,
    reading: Reading,
    label: Annotated[str | None, Query(max_length=300, description="Only those with this label")] = None,
    difficulty: Annotated[int | None, Query(ge=1, le=3)] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[KeptOut]:
    """Practice messages of the brand, by key."""
    after = http.read_cursor(cursor, [str])
    found = await practice_store.messages(
        reading, brand, label=label, difficulty=difficulty, after=after[0] if after else None, limit=limit + 1
    )
    items = [KeptOut(**one.model_dump(), version=version) for one, version in found[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].key) if len(found) > limit else None)


@router.get("/messages/{key}")
async def practice_message(brand: str, key: str, request: Request, response: Response, principal: Lead, reading: Reading) -> PracticeDetail:
    """A practice message, and what the guard says of its model answer."""
    found = await practice_store.message(reading, brand, key[:100].replace("\0", ""))
    if found is None:
        raise NotFound("There is no such practice message in this brand.")
    return _detail(response, found[0], found[1], current_book(request, brand).book)


@router.post("/messages", status_code=201, responses=CONFLICT)
@idempotency.once
async def add_practice_message(
    brand: str, body: Kept, request: Request, response: Response, principal: Lead, writing: Writing
) -> PracticeDetail:
    """Add a practice message. 409 when its key is there already, and when there are too many."""
    book = current_book(request, brand).book
    _room_for(await practice_store.number_of_messages(writing, brand), 1)
    if await practice_store.known(writing, brand, [body.key]):
        raise Conflict(f"There is a practice message {body.key} already. Change that one, or take another key.")
    version = await practice_store.put_message(writing, brand, body, principal.subject, await store.database_time(writing))
    return _detail(response, body, version, book)


@router.put("/messages/{key}", responses=CONFLICT)
async def change_practice_message(
    brand: str, key: str, body: Practice, match: Match, request: Request, response: Response, principal: Lead, writing: Writing
) -> PracticeDetail:
    """Write a practice message anew. What was put to people already stays as it was put to them."""
    book = current_book(request, brand).book
    await _as_read(writing, brand, key, match)
    changed = Kept(**body.model_dump(), key=key)
    version = await practice_store.put_message(writing, brand, changed, principal.subject, await store.database_time(writing))
    return _detail(response, changed, version, book)


@router.delete("/messages/{key}", status_code=204)
async def drop_practice_message(brand: str, key: str, match: Match, principal: Lead, writing: Writing) -> None:
    """Take a practice message away. Sessions that had it keep it."""
    await _as_read(writing, brand, key, match)
    await practice_store.drop_message(writing, brand, key)


@router.put("/messages", responses=CONFLICT, openapi_extra=_FILE)
async def import_practice_messages(brand: str, request: Request, principal: Lead, sent: Sent, writing: Writing) -> Imported:
    """Take in a file of practice messages: all of them, or none. One whose key is there already is written anew, and what the file does not name stays:
    taking it in again changes nothing."""
    there = await practice_store.number_of_messages(writing, brand)
    known = await practice_store.known(writing, brand, [one.key for one in sent])
    _room_for(there, len(sent) - len(known))
    now = await store.database_time(writing)
    for one in sorted(sent, key=lambda one: one.key):  # rows are locked in one order
        await practice_store.put_message(writing, brand, one, principal.subject, now)
    return Imported(added=len(sent) - len(known), changed=len(known))


def _room_for(there: int, more: int) -> None:
    if there + more > practice_store.MOST_MESSAGES:
        raise Conflict(f"A brand has {practice_store.MOST_MESSAGES} practice messages at most. Take some away first.")


async def _as_read(writing: Writing, brand: str, key: str, match: Match) -> None:
    found = await practice_store.message(writing, brand, key[:100].replace("\0", ""), lock=True)
    if found is None:
        raise NotFound("There is no such practice message in this brand.")
    if not match.holds(found[1]):
        raise conditions.stale("The practice message", found[1], [])


def _detail(response: Response, one: Kept, version: int, book: BrandBook) -> PracticeDetail:
    member = book.team[0] if book.team else _ANYBODY
    verdicts = practice_score.judged(practice_score.model_answer(one, book, member), one, book, member).verdicts
    conditions.mark(response, version)
    return PracticeDetail(**one.model_dump(), version=version, verdicts=verdicts)
