"""Scripts over HTTP: the book's and the team's in one list, the team's own to write and change, and what is used by whom with which outcome.

The book's are changed with the book. The team's are a lead's to change: every version stays, and what was made from one names it.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NoReturn
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field, StrictBool, ValidationError

from libs.common import conditions, http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.books import Published
from libs.common.bookscripts import Script, ScriptVariable
from libs.common.conditions import Match
from libs.common.errors import Conflict, Forbidden, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import script_use, shelf, store, suggested_api, suggester, variables
from services.responder.reply_api import current_book
from services.responder.script_use import Counts
from services.responder.shelf import TeamScript

router = APIRouter(prefix="/v1/brands/{brand}", tags=["scripts"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Lead = Annotated[Principal, Depends(allow("lead"))]
ScriptId = Annotated[str, Path(max_length=100, description="As `GET …/scripts` names it")]
Label = Annotated[str, Field(max_length=100, pattern=http.ONE_LINE)]
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_LONGEST_SPAN = timedelta(days=400)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class ScriptBody(http.Body):
    """A script of the team."""

    label: Label | None = Field(default=None, description="The label whose cases it answers. Null: for people only")
    language: Annotated[str, Field(max_length=8)] | None = Field(default=None, description="Null: the brand's first")
    text: Annotated[str, Field(min_length=1, max_length=10_000)]
    variants: list[Annotated[str, Field(min_length=1, max_length=10_000)]] = Field(
        default=[], max_length=20, description="Other wordings of the same answer; they take turns"
    )
    variables: dict[Annotated[str, Field(max_length=100)], ScriptVariable] = Field(
        default={}, max_length=30, description="What is known of its variables. One that is not named is a text"
    )
    update_due: StrictBool = Field(default=False, description="Whether it says no more than that we are looking into it")


class NewScript(ScriptBody):
    id: Annotated[str, Field(max_length=63, description="Drafts name it by this, with team: before it")]
    suggestion: UUID | None = Field(default=None, description="The suggestion that it is made of, which is suggested no more")


class ScriptOut(BaseModel):
    """A script that people may start from."""

    id: str
    source: Literal["book", "team"]
    version: int = Field(description="Of the brand book, or the team's of this script")
    digest: str = Field(description="Of its wordings and variables: replies remember it")
    label: str | None
    language: str
    text: str
    variants: list[str]
    variables: dict[str, ScriptVariable] = Field(description="All that a writer can fill in")
    update_due: bool
    changed_by: str | None = Field(description="Null: whoever published the book")
    changed_at: datetime | None


class VersionOut(BaseModel):
    version: int
    digest: str
    state: Literal["offered", "retired"]
    changed_by: str
    changed_at: datetime
    text: str
    variants: list[str]


class ScriptDetail(ScriptOut):
    versions: list[VersionOut] = Field(description="All that a team's script was, the newest first; of the book's, `weerklank book` knows")


class ScriptCounts(Counts):
    script: str
    offered: bool = Field(description="Whether there is such a script now")


class VersionCounts(Counts):
    digest: str | None = Field(description="The version of the script; null: from before that was kept")
    variant: int | None
    last_drafted_at: datetime
    current: bool = Field(description="Whether it is the version that is offered now")


class PersonCounts(Counts):
    writer: str | None = Field(description="Null: the machine's, and nobody took it as their own")


class Usage(BaseModel):
    """Drafts that were made from one script in this time, and what became of them by now."""

    script: str
    since: datetime
    until: datetime
    versions: list[VersionCounts]
    people: list[PersonCounts]


class UsageOfAll(BaseModel):
    since: datetime
    until: datetime
    scripts: list[ScriptCounts]


Since = Annotated[http.Moment | None, Query(description="Drafts from then on, at most 400 days before `until`; none: 30 days")]
Until = Annotated[http.Moment | None, Query(description="Drafts before then; none: now")]


@router.get("/scripts")
async def scripts(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    label: Annotated[str | None, Query(max_length=100, description="Only those that answer this label or its parents")] = None,
    language: Annotated[str | None, Query(max_length=8, description="Only those in this language")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[ScriptOut]:
    """All scripts: the book's in its order, then the team's by their ids."""
    published = current_book(request, brand)
    known = await all_scripts(reading, published)
    labels = published.book.label_path(label) if label is not None else ()
    known = [one for one in known if (label is None or one.label in labels) and (language is None or one.language == language)]
    after = http.read_cursor(cursor, [str])
    if after is not None:
        places = [place for place, one in enumerate(known) if one.id == after[0]]
        known = known[places[0] + 1 :] if places else []
    return Page(items=known[:limit], next=http.cursor_of(known[limit - 1].id) if len(known) > limit else None)


@router.get("/script-usage")
async def usage_of_all(
    brand: str, request: Request, principal: Reader, reading: Reading, since: Since = None, until: Until = None
) -> UsageOfAll:
    """What is used with which outcome: of every script, of the drafts that were made in this time. Those that nothing was made from are listed last."""
    published = current_book(request, brand)
    start, end = _span(since, until, await store.database_time(reading))
    rows = await script_use.by_script(reading, brand, start, end)
    offered = [one.id for one in await all_scripts(reading, published)]
    counted = [ScriptCounts(**row, offered=row["script"] in offered) for row in rows]
    used = {one.script for one in counted}
    counted += [ScriptCounts(script=id, offered=True, **_NOTHING) for id in offered if id not in used]
    return UsageOfAll(since=start, until=end, scripts=counted)


@router.get("/scripts/{script_id}")
async def one_script(
    brand: str, script_id: ScriptId, request: Request, response: Response, principal: Reader, reading: Reading
) -> ScriptDetail:
    """A script, and all that it was."""
    published = current_book(request, brand)
    if script_id.startswith(shelf.PREFIX):
        return await _detail(response, reading, published, await _found(reading, brand, script_id))
    script = shelf.of_book(published, script_id)
    if script is None:
        raise NotFound("There is no such script in this brand.")
    return ScriptDetail(**_of_book(script, published).model_dump(), versions=[])


@router.get("/scripts/{script_id}/usage")
async def usage(
    brand: str, script_id: ScriptId, request: Request, principal: Reader, reading: Reading, since: Since = None, until: Until = None
) -> Usage:
    """What became of the drafts from one script: by version and wording, and by whoever wrote. Also of one that is no longer offered."""
    published = current_book(request, brand)
    start, end = _span(since, until, await store.database_time(reading))
    now = await shelf.find(reading, published, script_id)
    versions = await script_use.by_version(reading, brand, script_id, start, end)
    if now is None and not versions and not await _was_there(reading, brand, script_id):
        raise NotFound("There is no such script in this brand.")
    return Usage(
        script=script_id,
        since=start,
        until=end,
        versions=[VersionCounts(**row, current=now is not None and row["digest"] == now.digest) for row in versions],
        people=[PersonCounts(**row) for row in await script_use.by_person(reading, brand, script_id, start, end)],
    )


@router.post("/scripts", status_code=201, responses=CONFLICT)
@idempotency.once
async def add_script(brand: str, body: NewScript, request: Request, response: Response, principal: Lead, writing: Writing) -> ScriptDetail:
    """A script of the team, offered from here on. The id of one that is retired takes it up again."""
    published = current_book(request, brand)
    suggestion = await suggested_api.found(writing, brand, body.suggestion) if body.suggestion else None
    if suggestion is not None and suggestion.state == "made":
        raise Conflict(f"This suggestion has become the script {suggestion.script}.")
    row = await added(writing, published, body.id, body, principal)
    if suggestion is not None:
        made = replace(
            suggestion, state="made", example="", replies=[], decided_by=principal.subject, changed_at=row.changed_at, script=row.named.id
        )
        await suggester.put(writing, made)
    return await _detail(response, writing, published, row)


@router.put("/scripts/{script_id}", responses=CONFLICT)
async def change_script(
    brand: str, script_id: ScriptId, body: ScriptBody, request: Request, response: Response, principal: Lead, match: Match, writing: Writing
) -> ScriptDetail:
    """Another version. What was made from the one before it stays as it is."""
    published = current_book(request, brand)
    row = await _at_hand(writing, published, script_id, match)
    now = await store.database_time(writing)
    changed = TeamScript(brand, row.id, row.version + 1, "offered", _script(published, row.id, body), principal.subject, now)
    await shelf.put(writing, changed)
    return await _detail(response, writing, published, changed)


@router.delete("/scripts/{script_id}", status_code=204, responses=CONFLICT)
async def retire_script(brand: str, script_id: ScriptId, request: Request, principal: Lead, match: Match, writing: Writing) -> None:
    """Offer it no more. Its versions stay, for what was made from them."""
    row = await _at_hand(writing, current_book(request, brand), script_id, match)
    now = await store.database_time(writing)
    await shelf.put(writing, TeamScript(brand, row.id, row.version + 1, "retired", row.script, principal.subject, now))


async def added(writing: Writing, published: Published, id: str, body: ScriptBody, principal: Principal) -> TeamScript:
    """Raises `Conflict` for an id that is taken and for one script too many, `Unprocessable` for a script that cannot be."""
    brand = published.book.brand
    if not _ID.fullmatch(id):
        raise Unprocessable("id: write letters, digits, points, dashes and underscores, 63 at most: verhuizen-termijn.")
    await shelf.hold(writing, brand)
    known = await shelf.one(writing, brand, id, lock=True)
    if known is not None and known.state == "offered":
        raise Conflict(f"The team has a script {id!r}. Change that one, or take another id.")
    if await shelf.count(writing, brand) >= shelf.MOST:
        raise Conflict(f"The team has {shelf.MOST} scripts, which is the most. Retire some: GET …/script-usage lists what nobody uses.")
    now = await store.database_time(writing)
    script = _script(published, id, body)
    row = TeamScript(brand, id, known.version + 1 if known else 1, "offered", script, principal.subject, now)
    await shelf.put(writing, row)
    return row


async def all_scripts(connection: Reading, published: Published) -> list[ScriptOut]:
    book = [_of_book(script, published) for script in published.book.scripts]
    return book + [_of_team(row) for row in await shelf.offered(connection, published.book.brand)]


def _of_book(script: Script, published: Published) -> ScriptOut:
    return _out(script, source="book", version=published.version, language=published.book.languages[0], changed_by=None, changed_at=None)


def _of_team(row: TeamScript) -> ScriptOut:
    return _out(row.named, source="team", version=row.version, language="", changed_by=row.changed_by, changed_at=row.changed_at)


def _out(script: Script, *, language: str, **more: Any) -> ScriptOut:
    return ScriptOut(
        id=script.id,
        digest=script.digest,
        label=script.label,
        language=script.language or language,
        text=script.text,
        variants=list(script.variants),
        variables=variables.of(script),
        update_due=script.update_due,
        **more,
    )


def _script(published: Published, id: str, body: ScriptBody) -> Script:
    """Raises `Unprocessable` with the field that is wrong."""
    book = published.book
    if body.label is not None and all(known.name != body.label for known in book.labels):
        raise Unprocessable(f"label: the brand book has no label {body.label!r}.")
    language = body.language or book.languages[0]
    if language not in book.languages:
        raise Unprocessable(f"language: the brand's are {', '.join(book.languages)}.")
    try:
        return Script(
            id=id,
            label=body.label,
            language=language,
            text=body.text,
            variants=tuple(body.variants),
            variables=body.variables,
            update_due=body.update_due,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "script"
        raise Unprocessable(f"{place}: {first['msg'].removeprefix('Value error, ')}.") from None


async def _detail(response: Response, connection: Reading, published: Published, row: TeamScript) -> ScriptDetail:
    conditions.mark(response, row.version)
    return ScriptDetail(
        **_of_team(row).model_dump(),
        versions=[
            VersionOut(
                version=one.version,
                digest=one.script.digest,
                state="offered" if one.state == "offered" else "retired",
                changed_by=one.changed_by,
                changed_at=one.changed_at,
                text=one.script.text,
                variants=list(one.script.variants),
            )
            for one in await shelf.versions(connection, published.book.brand, row.id)
        ],
    )


async def _found(connection: Reading, brand: str, script_id: str, *, lock: bool = False) -> TeamScript:
    row = await shelf.one(connection, brand, script_id.removeprefix(shelf.PREFIX), lock=lock)
    if row is None or row.state != "offered":
        raise NotFound("There is no such script in this brand.")
    return row


async def _at_hand(writing: Writing, published: Published, script_id: str, match: Match) -> TeamScript:
    if not script_id.startswith(shelf.PREFIX):
        if shelf.of_book(published, script_id) is None:
            _not_there()
        raise Forbidden("This script is the brand book's: change it there, with `weerklank apply`.")
    await shelf.hold(writing, published.book.brand)
    row = await _found(writing, published.book.brand, script_id, lock=True)
    if not match.holds(row.version):
        told = [{"version": row.version, "changed_by": row.changed_by, "changed_at": row.changed_at.isoformat()}]
        raise conditions.stale("The script", row.version, told)
    return row


def _not_there() -> NoReturn:
    raise NotFound("There is no such script in this brand.")


async def _was_there(connection: Reading, brand: str, script_id: str) -> bool:
    return script_id.startswith(shelf.PREFIX) and await shelf.one(connection, brand, script_id.removeprefix(shelf.PREFIX)) is not None


def _span(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """What is counted: no more than `_LONGEST_SPAN`, and nothing where it ends before it begins."""
    end = min(max(until or now, _BEGINNING), now)
    start = since or end - timedelta(days=30)
    return min(max(start, end - _LONGEST_SPAN), end), end


_NOTHING: dict[str, Any] = {
    "drafted": 0,
    "untouched": 0,
    "edited": 0,
    "changed": None,
    "sent": 0,
    "discarded": 0,
    "came_back": 0,
    "resolved": 0,
}
