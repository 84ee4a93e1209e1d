"""Notes over HTTP: what colleagues write down about a case, and whom they call upon by it. Customers never see any."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency, telemetry
from libs.common.auth import Principal
from libs.common.case_events import CaseEvent, CaseNoted, CaseNoteDeleted, CaseNoteEdited
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, Forbidden, NotFound
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import case as cases
from services.routing import note, note_store, record, store, urgent
from services.routing.api import Reader, Writer, _found, policy_of

router = APIRouter(prefix="/v1/brands/{brand}", tags=["notes"], route_class=Route)


class Earlier(BaseModel):
    """What a note said before it was put right, and since when."""

    at: datetime
    text: str


class Note(BaseModel):
    """`version` is its ETag: send that back to change it. Of one that was taken away the text is empty."""

    id: UUID
    case_id: UUID = Field(description="The case that it was written on, which may go on in this one by now")
    version: int
    at: datetime
    author: str
    text: str
    mentions: list[str] = Field(default=[], description="Team members whom it calls upon")
    edited_at: datetime | None = None
    earlier: list[Earlier] = Field(default=[], description="What it said before, oldest first")
    deleted_at: datetime | None = None
    deleted_by: str | None = None


class NoteBody(http.Body):
    text: str = Field(
        min_length=1,
        max_length=20_000,
        pattern=r"\S",
        description="`@` and a colleague's id or first name, or a department's id or name, tells them of it",
    )


@router.get("/cases/{case_id}/notes")
async def notes(
    brand: str,
    case_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[Note]:
    """What colleagues wrote down about this case, and about those that go on in it, oldest first."""
    await _found(reading, brand, case_id)
    after = http.read_cursor(cursor, [str, str])
    rows = await store.notes(reading, brand, case_id, (http.moment(after[0]), http.uuid(after[1])) if after else None, limit + 1)
    items = [Note(**dict(row)) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


@router.post("/cases/{case_id}/notes", status_code=201)
@idempotency.once
async def add_note(
    brand: str, case_id: UUID, body: NoteBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> Note:
    """Write something down for colleagues; customers never see it. Those whom it calls upon with an @ are told."""
    file = await _found(writing, brand, case_id, lock=True)
    at, note_id = await store.now(writing), uuid4()
    called = note.called(policy_of(request, brand).book, body.text)
    await store.add_note(writing, brand, case_id, note_id, at, principal.subject, body.text, called.members)
    cases.noted(file)
    said = {"note_id": note_id, "note": body.text, "mentions": list(called.members)}
    await _tell(request, writing, file, principal, CaseNoted, at, called.members, said)
    found = Note(id=note_id, case_id=case_id, version=1, at=at, author=principal.subject, text=body.text, mentions=list(called.members))
    conditions.mark(response, found.version)
    return found


@router.put("/cases/{case_id}/notes/{note_id}", responses=CONFLICT)
async def edit_note(
    brand: str,
    case_id: UUID,
    note_id: UUID,
    body: NoteBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> Note:
    """Put one's own note right, for 15 minutes after it was written. What it said is kept beside it; whom it calls upon only now is told."""
    file, row = await _at_hand(writing, brand, case_id, note_id, match)
    at = await store.now(writing)
    if row["author"] != principal.subject:
        raise Forbidden("Only its author may put a note right. Write another one.")
    if not note.may_edit(row["author"], principal.subject, row["at"], at):
        raise Conflict("A note can be put right for 15 minutes; colleagues have read this one. Write another one.")
    if row["text"] == body.text:
        return _marked(response, row)
    called = note.called(policy_of(request, brand).book, body.text)
    after = await note_store.edit(writing, brand, note_id, body.text, called.members, at)
    file.change()
    said = {"note_id": note_id, "note": body.text, "mentions": list(called.members)}
    await _tell(request, writing, file, principal, CaseNoteEdited, at, note.newly(row["mentions"], called.members), said)
    return _marked(response, after)


@router.delete("/cases/{case_id}/notes/{note_id}", responses=CONFLICT)
async def delete_note(
    brand: str, case_id: UUID, note_id: UUID, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> Note:
    """Take a note away: one's own, or a lead anybody's. What it said is gone; that there was one, and who took it away, stays."""
    file, row = await _at_hand(writing, brand, case_id, note_id, match)
    if row["author"] != principal.subject and principal.role not in ("lead", "admin"):
        raise Forbidden("Its author may take a note away, or a lead.")
    at = await store.now(writing)
    after = await note_store.delete(writing, brand, note_id, at, principal.subject)
    file.change()
    await _tell(request, writing, file, principal, CaseNoteDeleted, at, (), {"note_id": note_id})
    return _marked(response, after)


async def _at_hand(writing: Writing, brand: str, case_id: UUID, note_id: UUID, match: Condition) -> tuple[cases.File, asyncpg.Record]:
    """The case, locked, and its note as the caller has read it. Raises `NotFound`, `Conflict` for one that is gone, `PreconditionFailed`."""
    file = await _found(writing, brand, case_id, lock=True)
    row = await note_store.one(writing, brand, note_id)
    if row is None or row["case_id"] != case_id:
        raise NotFound("There is no such note on this case. One of a case that goes on here is changed at its own `case_id`.")
    if not match.holds(row["version"]):
        changes = [{"at": row["edited_at"] or row["deleted_at"] or row["at"], "actor": row["deleted_by"] or row["author"]}]
        raise conditions.stale("The note", row["version"], changes)
    if row["deleted_at"] is not None:
        raise Conflict(f"The note was taken away by {row['deleted_by']}.")
    return file, row


def _marked(response: Response, row: asyncpg.Record) -> Note:
    found = Note(**dict(row))
    conditions.mark(response, found.version)
    return found


async def _tell(
    request: Request,
    writing: Writing,
    file: cases.File,
    principal: Principal,
    kind: type[CaseEvent],
    at: datetime,
    members: Sequence[str],
    said: Mapping[str, Any],
) -> None:
    policy = policy_of(request, file.case.brand)
    file.book_version = policy.version
    traceparent = telemetry.current_traceparent()
    told = record.story(file, kind, at=at, actor=principal.subject, traceparent=traceparent, **said)
    late = record.breaches(file, at=at, actor="system", traceparent=traceparent)
    await record.record(writing, policy, file, [told, *late])
    others = [member for member in members if member != principal.subject]
    rows = record.notifications(told, others, file.case.id, f"called upon by {principal.subject}")
    await urgent.notify(writing, lambda brand: policy.book, rows)
