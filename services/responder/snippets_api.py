"""Snippets over HTTP, and the search for them and for scripts."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.books import Published
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.conditions import Match
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import search, shelf, snippet, store
from services.responder.reply_api import current_book
from services.responder.scripts_api import Label, ScriptOut, all_scripts
from services.responder.search import Finder, Found, Item
from services.responder.snippet import Snippet

router = APIRouter(prefix="/v1/brands/{brand}", tags=["scripts"], route_class=Route)
_FURTHEST = timedelta(days=36_500)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Colleague = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson"))]


class SnippetBody(http.Body):
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=http.ONE_LINE)]
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    language: Annotated[str, Field(max_length=8)] | None = Field(default=None, description="Null: the brand's first")
    labels: list[Label] = Field(default=[], max_length=20, description="What it is about; none: anything")
    source: Annotated[str, Field(min_length=1, max_length=500, pattern=http.ONE_LINE)] = Field(
        description="Where it comes from: an address, a document, a colleague"
    )
    valid_until: http.Moment | None = Field(default=None, description="Null: until somebody says otherwise")


class Reviewed(http.Body):
    valid_until: http.Moment | None = Field(description="Until when it holds, as far as is known now. Null: until somebody says otherwise")


class SnippetOut(Snippet):
    expired: bool = Field(description="It is offered to nobody until somebody has looked at it again")


class ScriptHit(BaseModel):
    score: float = Field(description="The higher the better; it compares what one search found")
    script: ScriptOut


class SnippetHit(BaseModel):
    score: float
    snippet: SnippetOut


class ScriptsFound(BaseModel):
    by_meaning: bool = Field(
        description="False: some were compared by their words only, since this instance has not read them all yet; ask again"
    )
    hits: list[ScriptHit]


class SnippetsFound(BaseModel):
    by_meaning: bool = Field(
        description="False: some were compared by their words only, since this instance has not read them all yet; ask again"
    )
    hits: list[SnippetHit]


Asked = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=500,
        description="In your own words, in any language. None: what the case's customer wrote; without a case either, nothing is found",
    ),
]
OfCase = Annotated[UUID | None, Query(description="A case: what has one of its labels is put first, and its language is asked for")]
Language = Annotated[str | None, Query(max_length=8, description="Only those in this language; none: the case's, or any")]
Limit = Annotated[int, Query(ge=1, le=50)]


@router.get("/script-search")
async def search_scripts(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    q: Asked = None,
    language: Language = None,
    case_id: OfCase = None,
    limit: Limit = 10,
) -> ScriptsFound:
    """Scripts by what they mean and by their words, the best first."""
    published = current_book(request, brand)
    scripts = {one.id: one for one in await all_scripts(reading, published)}
    version = (published.version, await shelf.version(reading, brand))
    items = [Item(one.id, one.language, frozenset([one.label] if one.label else []), (one.text, *one.variants)) for one in scripts.values()]
    found = await _search(request, reading, published, "scripts", version, items, q, language, case_id, limit)
    hits = [ScriptHit(score=round(hit.score, 3), script=scripts[hit.item.id]) for hit in found.hits if hit.item.id in scripts]
    return ScriptsFound(by_meaning=found.by_meaning, hits=hits)


@router.get("/snippet-search")
async def search_snippets(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    q: Asked = None,
    language: Language = None,
    case_id: OfCase = None,
    limit: Limit = 10,
) -> SnippetsFound:
    """Snippets that have not expired, by what they mean and by their words, the best first."""
    published = current_book(request, brand)
    now = await store.database_time(reading)
    known = {str(one.id): one for one in await snippet.offered(reading, brand)}
    items = [Item(id, one.language, frozenset(one.labels), (f"{one.title}. {one.text}",)) for id, one in known.items()]
    version = (await shelf.version(reading, brand), len(items), hash(tuple(known)))
    found = await _search(request, reading, published, "snippets", version, items, q, language, case_id, limit)
    hits = [SnippetHit(score=round(hit.score, 3), snippet=_out(known[hit.item.id], now)) for hit in found.hits if hit.item.id in known]
    return SnippetsFound(by_meaning=found.by_meaning, hits=hits)


async def _search(
    request: Request,
    reading: Reading,
    published: Published,
    what: str,
    version: object,
    items: list[Item],
    q: str | None,
    language: str | None,
    case_id: UUID | None,
    limit: int,
) -> Found:
    brand = published.book.brand
    case = await _case(reading, brand, case_id) if case_id else None
    if (case_id is not None and case is None) or (q is None and (case is None or case.latest is None)):
        return Found([], True)
    query = q if q is not None else f"{case.latest.title or ''} {case.latest.text}"[: search.QUERY_CHARS] if case and case.latest else ""
    labels = {name for label in case.labels for name in published.book.label_path(label)} if case else set()
    finder: Finder = request.app.state.finder
    index = finder.index((what, brand), version) or await finder.make((what, brand), version, items)
    return await finder.search(
        index,
        query,
        language=language or (case.language if case and case.language in published.book.languages else None),
        labels=labels,
        limit=limit,
    )


@router.get("/snippets")
async def snippets(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    state: Annotated[
        Literal["offered", "expired"] | None, Query(description="expired: those that wait for somebody to look at them again")
    ] = "offered",
    label: Annotated[
        str | None, Query(max_length=100, description="Those about this label or its parents, and those about anything")
    ] = None,
    language: Language = None,
    case_id: Annotated[UUID | None, Query(description="A case: those about its labels, in its language")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SnippetOut]:
    """Snippets, newest first: by themselves those that may be used now."""
    book = current_book(request, brand).book
    case = await _case(reading, brand, case_id) if case_id else None
    if case_id is not None and case is None:
        return Page(items=[], next=None)
    asked = [*(case.labels if case else ()), *([label] if label is not None else ())]
    labels = sorted({name for one in asked for name in (book.label_path(one) or (one,))}) if case or label is not None else None
    read = http.read_cursor(cursor, [str, str])
    rows = await snippet.page(
        reading,
        brand,
        state=state,
        labels=labels,
        language=language or (case.language if case else None),
        before=(http.moment(read[0]), http.uuid(read[1])) if read else None,
        limit=limit + 1,
    )
    now = await store.database_time(reading)
    following = http.cursor_of(rows[limit - 1].created_at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[_out(row, now) for row in rows[:limit]], next=following)


@router.get("/snippets/{snippet_id}")
async def one_snippet(brand: str, snippet_id: UUID, response: Response, principal: Reader, reading: Reading) -> SnippetOut:
    """A snippet, also one that has expired."""
    return await _shown(response, reading, await _found(reading, brand, snippet_id))


@router.post("/snippets", status_code=201, responses=CONFLICT)
@idempotency.once
async def add_snippet(
    brand: str, body: SnippetBody, request: Request, response: Response, principal: Colleague, writing: Writing
) -> SnippetOut:
    """A fact that colleagues may use, by whoever vouches for it."""
    book = current_book(request, brand).book
    now = await store.database_time(writing)
    await shelf.hold(writing, brand)
    if await snippet.count(writing, brand) >= snippet.MOST:
        raise Conflict(
            f"The brand has {snippet.MOST} snippets, which is the most. Delete some: GET …/snippets?state=expired lists those that no longer hold."
        )
    row = Snippet(
        id=uuid4(), brand=brand, version=1, reviewed_by=principal.subject, reviewed_at=now, created_by=principal.subject, created_at=now,
        **_fields(body, book, now),
    )  # fmt: skip
    await snippet.put(writing, row)
    return await _shown(response, writing, row)


@router.put("/snippets/{snippet_id}", responses=CONFLICT)
async def change_snippet(
    brand: str,
    snippet_id: UUID,
    body: SnippetBody,
    request: Request,
    response: Response,
    principal: Colleague,
    match: Match,
    writing: Writing,
) -> SnippetOut:
    """Another text, source or term, by whoever vouches for it now."""
    row = await _at_hand(writing, brand, snippet_id, match)
    now = await store.database_time(writing)
    fields = _fields(body, current_book(request, brand).book, now)
    changed = row.model_copy(update={**fields, "version": row.version + 1, "reviewed_by": principal.subject, "reviewed_at": now})
    await snippet.put(writing, changed)
    return await _shown(response, writing, changed)


@router.post("/snippets/{snippet_id}/review", responses=CONFLICT)
async def review_snippet(
    brand: str, snippet_id: UUID, body: Reviewed, response: Response, principal: Colleague, match: Match, writing: Writing
) -> SnippetOut:
    """Somebody has looked: it still holds, until then."""
    row = await _at_hand(writing, brand, snippet_id, match)
    now = await store.database_time(writing)
    _not_past(body.valid_until, now)
    changed = row.model_copy(
        update={"valid_until": body.valid_until, "version": row.version + 1, "reviewed_by": principal.subject, "reviewed_at": now}
    )
    await snippet.put(writing, changed)
    return await _shown(response, writing, changed)


@router.delete("/snippets/{snippet_id}", status_code=204, responses=CONFLICT)
async def delete_snippet(brand: str, snippet_id: UUID, principal: Colleague, match: Match, writing: Writing) -> None:
    """Take it away for good."""
    await _at_hand(writing, brand, snippet_id, match)
    await snippet.delete(writing, brand, snippet_id)


def _fields(body: SnippetBody, book: BrandBook, now: datetime) -> dict[str, object]:
    """Raises `Unprocessable` for a label or a language that the book has not, and for a term that has passed."""
    language = body.language or book.languages[0]
    if language not in book.languages:
        raise Unprocessable(f"language: the brand's are {', '.join(book.languages)}.")
    for label in body.labels:
        if all(known.name != label for known in book.labels):
            raise Unprocessable(f"labels: the brand book has no label {label!r}.")
    _not_past(body.valid_until, now)
    return {**body.model_dump(), "language": language, "labels": list(dict.fromkeys(body.labels))}


def _not_past(valid_until: datetime | None, now: datetime) -> None:
    if valid_until is not None and valid_until <= now:
        raise Unprocessable("valid_until has passed.")
    if valid_until is not None and valid_until > now + _FURTHEST:
        raise Unprocessable("valid_until: a hundred years ahead at most; null says that nobody knows an end.")


def _out(row: Snippet, now: datetime) -> SnippetOut:
    return SnippetOut(**row.model_dump(), expired=row.is_over(now))


async def _shown(response: Response, connection: Reading, row: Snippet) -> SnippetOut:
    conditions.mark(response, row.version)
    return _out(row, await store.database_time(connection))


async def _found(connection: Reading, brand: str, snippet_id: UUID, *, lock: bool = False) -> Snippet:
    row = await snippet.one(connection, brand, snippet_id, lock=lock)
    if row is None:
        raise NotFound("There is no such snippet in this brand.")
    return row


async def _at_hand(writing: Writing, brand: str, snippet_id: UUID, match: Match) -> Snippet:
    await shelf.hold(writing, brand)
    row = await _found(writing, brand, snippet_id, lock=True)
    if not match.holds(row.version):
        told = [{"version": row.version, "reviewed_by": row.reviewed_by, "reviewed_at": row.reviewed_at.isoformat()}]
        raise conditions.stale("The snippet", row.version, told)
    return row


async def _case(connection: Reading, brand: str, case_id: UUID) -> Case | None:
    row = await store.case_by_now(connection, brand, case_id)
    return row.case if row else None
