"""Cases over HTTP: what waits, what happened, and what people decide."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.case_events import Case, CaseAssigned, CaseEvent, CaseReopened, CaseResolved
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, InvalidEvent, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.masking import Mask
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from libs.common.trail import Step, Trail, trace_id_of
from services.routing import case as cases
from services.routing import correction, correction_store, decide, field, merge, record, shown, store, turn
from services.routing.policies import Policies
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["cases"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Writer = Annotated[Principal, Depends(allow("agent", "trainee", "lead", "spokesperson", "admin"))]


Judge = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson", "admin"))]
"""Not trainees: the brand's models learn from what is decided about a mention."""
_REOPENED = "The case was reopened: the decision not to reply is taken back."


class CaseOut(BaseModel):
    """A case and its version, which is its ETag too: send that back with a change."""

    case: Case
    version: int


class Told(BaseModel):
    """A row of the timeline."""

    version: int
    at: datetime
    what: str
    actor: str
    event_id: UUID
    trace_id: str | None
    detail: dict[str, Any]


class AssignBody(http.Body):
    owner: str | None = Field(default=None, description="Team member's id", max_length=100)
    department: str | None = Field(default=None, max_length=100)


class ResolveBody(http.Body):
    reason: str | None = Field(default=None, max_length=1000)


class NoReplyBody(http.Body):
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S", description="Why nobody answers, for a colleague who looks back")


@router.get("/cases/{case_id}")
async def one_case(brand: str, case_id: UUID, response: Response, principal: Reader, reading: Reading) -> CaseOut:
    """A case as it stands."""
    found = _out(response, await _found(reading, brand, case_id))
    [case] = await shown.cases(reading, brand, principal, [found.case])
    return CaseOut(case=case, version=found.version)


@router.get("/cases/{case_id}/timeline")
async def timeline(
    brand: str,
    case_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[Told]:
    """The whole story of a case, oldest first."""
    await _found(reading, brand, case_id)
    after = http.read_cursor(cursor, [int])
    rows = await store.timeline(reading, brand, case_id, after[0] if after else 0, limit + 1)
    mask = Mask(shown.audience(principal))
    items = [
        Told(**{**dict(row), "trace_id": trace_id_of(row["traceparent"]), "detail": mask.words(row["detail"])}) for row in rows[:limit]
    ]
    return Page(items=items, next=http.cursor_of(items[-1].version) if len(rows) > limit else None)


@router.post("/cases/{case_id}/take", responses=CONFLICT)
async def take(
    brand: str, case_id: UUID, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> CaseOut:
    """Make a case one's own."""
    file = await _at_hand(writing, brand, case_id, match)
    return await _assign(
        request, response, writing, file, principal, to=principal.subject, department=None, why=f"{principal.subject} took it"
    )


@router.post("/cases/{case_id}/assign", responses=CONFLICT)
async def assign(
    brand: str, case_id: UUID, body: AssignBody, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> CaseOut:
    """Give a case to a colleague, or to another department: to whoever of it is next, unless its owner belongs there too."""
    if body.owner is None and body.department is None:
        raise Unprocessable("Name an owner, a department, or both.")
    file = await _at_hand(writing, brand, case_id, match)
    return await _assign(
        request, response, writing, file, principal, to=body.owner, department=body.department, why=f"{principal.subject} assigned it"
    )


async def _assign(
    request: Request,
    response: Response,
    writing: Writing,
    file: cases.File,
    principal: Principal,
    *,
    to: str | None,
    department: str | None,
    why: str,
) -> CaseOut:
    policy = policy_of(request, file.case.brand)
    if to is not None and policy.book.member(to) is None:
        raise Unprocessable(f"{to!r} is not in the team of this brand; the brand book's `team` lists the ids.")
    if department is not None and policy.book.department(department) is None:
        known = ", ".join(item.id for item in policy.book.departments)
        raise Unprocessable(f"There is no department {department!r}; this brand has {known}.")
    before = file.case
    cases.assigned_to(policy, file, to=to, department=department, why=why)
    said = {"previous_owner": before.owner, "previous_department": before.department}
    await _record(request, writing, file, principal, CaseAssigned, await store.now(writing), **said)
    return _out(response, file)


@router.post("/cases/{case_id}/resolve", responses=CONFLICT)
async def resolve(
    brand: str,
    case_id: UUID,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
    body: ResolveBody | None = None,
) -> CaseOut:
    """The customer is helped; both clocks stop. 409 names the fields that the brand book wants filled in first, as `missing`."""
    file = await _at_hand(writing, brand, case_id, match)
    field.must_be_complete(policy_of(request, brand).book, file.case)
    at = await store.now(writing)
    merge.may_end(file)
    turn.resolved(file, at)
    merge.settled(file)
    await _record(request, writing, file, principal, CaseResolved, at, reason=body.reason if body else None)
    return _out(response, file)


@router.post("/cases/{case_id}/reopen", responses=CONFLICT)
async def reopen(
    brand: str, case_id: UUID, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> CaseOut:
    """Take a resolved case up again, with new clocks. A decision not to reply is taken back with it."""
    copy = await _newest(writing, brand, case_id)
    file = await _at_hand(writing, brand, case_id, match)
    at, policy = await store.now(writing), policy_of(request, brand)
    was_left = file.case.unanswered
    turn.reopened(policy, file, await store.case_mentions(writing, brand, case_id), at)
    if was_left and copy is not None and _is_newest(file, copy):
        correction.by_a_person(principal)
        proposed = await correction_store.first_proposed(writing, brand, copy.triaged.mention.id, "respond")
        values = [correction.taken_back(proposed or [])]
        await decide.corrected(writing, copy, "respond", values, _REOPENED, actor=principal.subject, book_version=policy.version)
        file.case = cases.proposed(policy, file, await store.case_mentions(writing, brand, case_id))
    await _record(request, writing, file, principal, CaseReopened, at)
    return _out(response, file)


@router.post("/cases/{case_id}/no-reply", responses=CONFLICT)
async def no_reply(
    brand: str, case_id: UUID, body: NoReplyBody, request: Request, response: Response, principal: Judge, match: Match, writing: Writing
) -> CaseOut:
    """Deliberately no reply: the case is resolved, and its newest mention has a decision with a reason. No clock is met by it. Reopening takes it back."""
    correction.by_a_person(principal)
    copy = await _newest(writing, brand, case_id)
    file = await _at_hand(writing, brand, case_id, match)
    turn.may_go_unanswered(file)
    if copy is None or not _is_newest(file, copy):
        raise Conflict("A message has come in, or was taken back, this very moment. Read the case again.")
    policy, actor = policy_of(request, brand), principal.subject
    said = await decide.corrected(writing, copy, "respond", ["no_reply"], body.reason, actor=actor, book_version=policy.version)
    file.book_version, traceparent = policy.version, telemetry.current_traceparent()
    turn.end(file, said.at)
    late = record.breaches(file, at=said.at, actor="system", traceparent=traceparent)
    turn.left_unanswered(file, decide.chosen(said), said.at)
    merge.settled(file)
    told = record.story(file, CaseResolved, at=said.at, actor=actor, traceparent=traceparent, reason=body.reason, no_reply=True)
    await record.record(writing, policy, file, [*late, told])
    return _out(response, file)


async def _newest(writing: Writing, brand: str, case_id: UUID) -> store.Copy | None:
    """The newest mention of a case, locked before the case, as the stream does; none where it has none."""
    latest = (await _found(writing, brand, case_id)).case.latest
    return (await store.lock_mentions(writing, brand, [latest.id])).get(latest.id) if latest else None


def _is_newest(file: cases.File, copy: store.Copy) -> bool:
    """Whether it still is, now that the case is locked too."""
    return file.case.latest is not None and file.case.latest.id == copy.triaged.mention.id and not copy.triaged.removed


@router.get("/trace/{mention_id}")
async def trace(brand: str, mention_id: UUID, principal: Reader, reading: Reading) -> Trail:
    """The case of a mention, and what happened to it since."""
    copy = await store.copy(reading, brand, mention_id)
    if copy is None:
        raise NotFound("There is no such mention in this brand.")
    rows = await store.timeline(reading, brand, copy.case_id, 0, 500)
    steps = [
        Step(at=row["at"], what=row["what"], event_id=str(row["event_id"]), trace_id=trace_id_of(row["traceparent"]), detail=row["detail"])
        for row in rows
    ]
    return Trail(service="routing", steps=steps, case_ids=[str(copy.case_id)])


async def _found(connection: Reading, brand: str, case_id: UUID, *, lock: bool = False) -> cases.File:
    file = await store.file(connection, brand, case_id, lock=lock)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    return file


async def _at_hand(writing: Writing, brand: str, case_id: UUID, match: Condition) -> cases.File:
    """The case, locked, as the caller has read it. Raises `PreconditionFailed` with what happened to it since."""
    file = await _found(writing, brand, case_id, lock=True)
    if match.holds(file.version):
        return file
    read = match.read()
    rows = await store.timeline(writing, brand, case_id, read - 1, 500) if read is not None else []
    changes = [{name: row[name] for name in ("version", "at", "what", "actor", "detail")} for row in rows if row["version"] != read]
    then: dict[str, Any] = next((row["detail"] for row in rows if row["version"] == read), {})
    now = {name: getattr(file.case, name) for name in ("state", "department", "owner", "priority")}
    differs = {name: {"read": then[name], "now": value} for name, value in now.items() if name in then and then[name] != value}
    raise conditions.stale("The case", file.version, changes, differs=differs)


def _out(response: Response, file: cases.File) -> CaseOut:
    conditions.mark(response, file.version)
    return CaseOut(case=file.case, version=file.version)


def policy_of(request: Request, brand: str) -> Policy:
    try:
        policies: Policies = request.app.state.policies
        return policies.of(brand)
    except InvalidEvent as error:
        raise NotFound(error.detail) from error


async def _record(
    request: Request, writing: Writing, file: cases.File, principal: Principal, kind: type[CaseEvent], at: datetime, **said: Any
) -> None:
    policy = policy_of(request, file.case.brand)
    file.book_version = policy.version
    traceparent = telemetry.current_traceparent()
    told = record.story(file, kind, at=at, actor=principal.subject, traceparent=traceparent, **said)
    late = record.breaches(file, at=at, actor="system", traceparent=traceparent)
    await record.record(writing, policy, file, [told, *late])
