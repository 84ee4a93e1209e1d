"""Bulk actions over HTTP: what is done to up to 5,000 cases at once, how far it is, what was skipped and why, and taking it back."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StrictBool

from libs.common import http, idempotency
from libs.common.errors import Conflict, Forbidden, NotFound, Unprocessable, WeerklankError
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import bulk, bulk_store, correction, line, store, turn
from services.routing.api import Judge, Reader, policy_of
from services.routing.bulk import MOST, Action
from services.routing.wanted import Wanted as Filters
from services.routing.wanted_api import checked, for_reader

_AT_ONCE = 50
"""Cases of a dry run that are looked at before others have their turn."""

router = APIRouter(prefix="/v1/brands/{brand}", tags=["bulk"], route_class=Route)

Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S", description="Why, for a colleague who looks back")]


class Wanted(http.Body):
    id: UUID
    version: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="ETag as it was read: one that has changed since is skipped; null: whatever it is"
    )


class BulkBody(http.Body):
    action: Action
    cases: list[Wanted] | None = Field(default=None, min_length=1, max_length=MOST, description="Which cases; this or `where`")
    where: Filters | None = Field(default=None, description="The filters of `GET …/cases`: of what they find now, with the versions of now")
    reason: Reason
    dry_run: StrictBool = Field(default=False, description="Say what would be done, and do nothing")


class UndoBody(http.Body):
    reason: Reason


class Bulk(BaseModel):
    """A bulk action and how far it is. `done` + `skipped` of `total`; when it is taken back, `undone` + `kept` of `done`."""

    id: UUID
    action: dict[str, Any]
    reason: str
    actor: str
    at: datetime
    state: str = Field(description="running | done | undoing | undone")
    total: int
    done: int
    skipped: int
    undone: int
    kept: int = Field(description="Not taken back: no longer as the action had made it")
    finished_at: datetime | None
    undo_by: str | None
    undo_reason: str | None
    undo_at: datetime | None
    undo_finished: datetime | None


class Begun(BaseModel):
    """Of a dry run only the counts: nothing was asked for."""

    id: UUID | None
    dry_run: bool
    total: int
    would: int | None = Field(description="Of a dry run: to how many it would be done now")
    skipped: dict[str, int] | None = Field(description="Of a dry run: why it would not be, and to how many")


class BulkCase(BaseModel):
    """What became of a case."""

    number: int
    case_id: UUID
    state: str = Field(description="waiting | done | skipped | undone | kept")
    why: str | None = Field(description="It was skipped, or not taken back")
    done_version: int | None = Field(description="The case's version right after the action")


@router.post("/bulk", status_code=202, responses=CONFLICT)
@idempotency.once
async def ask_for_bulk(brand: str, body: BulkBody, request: Request, response: Response, principal: Judge, writing: Writing) -> Begun:
    """Ask for one action to many cases. It is done in the background, in chunks: `GET …/bulk/{id}` says how far it is. Every case's timeline names it."""
    policy, no_reply = policy_of(request, brand), body.action.do == "no_reply"
    if (body.cases is None) == (body.where is None):
        raise Unprocessable("Name the cases as `cases`, or say as `where` which ones: one of the two.")
    if no_reply:
        correction.by_a_person(principal)
    if isinstance(body.action, bulk.Watch) and {*body.action.members} != {principal.subject} and principal.role not in ("lead", "admin"):
        raise Forbidden("Everybody watches for themselves, and a lead may say so of others.")
    bulk.check(policy, body.action)
    if body.cases is not None:
        wanted = list({one.id: (one.id, one.version) for one in body.cases}.values())
    else:
        assert body.where is not None
        where = for_reader(checked(body.where.model_dump()), principal)
        found = await line.versions(writing, brand, where, MOST + 1)
        if len(found) > MOST:
            raise Unprocessable(f"where: more than {MOST} cases. Narrow it down, or do it in parts.")
        wanted = list(found)
    if body.dry_run:
        would, skipped = await _dry(writing, policy, brand, body.action, body.reason, wanted)
        return Begun(id=None, dry_run=True, total=len(wanted), would=would, skipped=skipped)
    if not wanted:
        raise Conflict("where: no case is like that now.")
    bulk_id = uuid4()
    await bulk_store.add(
        writing,
        id=bulk_id,
        brand=brand,
        action=body.action.model_dump(mode="json"),
        reason=body.reason,
        actor=principal.subject,
        machine=principal.machine,
        at=await store.now(writing),
        wanted=wanted,
    )
    response.headers["location"] = f"/v1/brands/{brand}/bulk/{bulk_id}"
    return Begun(id=bulk_id, dry_run=False, total=len(wanted), would=None, skipped=None)


async def _dry(
    writing: Writing, policy: Any, brand: str, action: Action, reason: str, wanted: list[tuple[UUID, int | None]]
) -> tuple[int, dict[str, int]]:
    """To how many cases it would be done now, and why not to the others. Nothing is locked and nothing written."""
    now, skipped, would = await store.now(writing), Counter[str](), 0
    for first in range(0, len(wanted), _AT_ONCE):
        part = wanted[first : first + _AT_ONCE]
        files = await store.some_files(writing, brand, [case_id for case_id, _ in part])
        for case_id, version in part:
            file = files.get(case_id)
            try:
                if file is None:
                    raise Conflict("There is no such case in this brand.")
                if version is not None and version != file.version:
                    raise Conflict("It has changed since it was read.")
                if action.do == "no_reply":
                    turn.may_go_unanswered(file)
                else:
                    bulk.do(policy, file, [], action, reason, now)
                would += 1
            except WeerklankError as error:
                skipped[error.detail] += 1
    return would, dict(skipped.most_common(50))


@router.get("/bulk")
async def list_bulk(
    brand: str, principal: Reader, reading: Reading, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[Bulk]:
    """The bulk actions of the brand, newest first."""
    before = http.read_cursor(cursor, [str, str])
    rows = await bulk_store.page(reading, brand, (http.moment(before[0]), http.uuid(before[1])) if before else None, limit + 1)
    items = [_shown(row) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


@router.get("/bulk/{bulk_id}")
async def one_bulk(brand: str, bulk_id: UUID, principal: Reader, reading: Reading) -> Bulk:
    """How far a bulk action is."""
    return _shown(await _found(reading, brand, bulk_id))


@router.get("/bulk/{bulk_id}/cases")
async def bulk_cases(
    brand: str,
    bulk_id: UUID,
    principal: Reader,
    reading: Reading,
    state: Annotated[Literal["waiting", "done", "skipped", "undone", "kept"] | None, Query(description="Only those in this state")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[BulkCase]:
    """The cases of a bulk action, in the order in which they were named, and what became of each."""
    await _found(reading, brand, bulk_id)
    after = http.read_cursor(cursor, [int])
    rows = await bulk_store.items(reading, brand, bulk_id, state, after[0] if after else 0, limit + 1)
    items = [BulkCase(**dict(row)) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].number) if len(rows) > limit else None)


@router.post("/bulk/{bulk_id}/undo", status_code=202, responses=CONFLICT)
@idempotency.once
async def undo_bulk(
    brand: str, bulk_id: UUID, body: UndoBody, request: Request, response: Response, principal: Judge, writing: Writing
) -> Bulk:
    """Take a bulk action back: every case that is still as it made it is as it was before; the rest is listed as `kept`, with why. What it has
    not come to yet is skipped."""
    row = await _found(writing, brand, bulk_id, lock=True)
    if row["state"] in ("undoing", "undone"):
        raise Conflict(f"It is {row['state']} already, by {row['undo_by']}.")
    if row["action"]["do"] == "no_reply":
        correction.by_a_person(principal)
    await bulk_store.begin_undo(writing, brand, bulk_id, principal.subject, body.reason, await store.now(writing))
    return _shown(await _found(writing, brand, bulk_id))


async def _found(connection: Reading, brand: str, bulk_id: UUID, *, lock: bool = False) -> Any:
    row = await bulk_store.one(connection, brand, bulk_id, lock=lock)
    if row is None:
        raise NotFound("There is no such bulk action in this brand.")
    return row


def _shown(row: Any) -> Bulk:
    return Bulk(**{name: row[name] for name in Bulk.model_fields})
