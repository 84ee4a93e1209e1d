"""Promises over HTTP: what is to be kept by when, what was broken, and what people say became of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.case_events import CasePromised, CasePromiseKept, CasePromiseNotKept, CasePromiseRenegotiated, CasePromiseWithdrawn
from libs.common.conditions import Condition, Match
from libs.common.errors import NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.masking import Mask
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import case as cases
from services.routing import promise as promises
from services.routing import promise_store, promise_work, shown, store
from services.routing.api import policy_of
from services.routing.promise import Promise

router = APIRouter(prefix="/v1/brands/{brand}", tags=["promises"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Writer = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson", "admin"))]
Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]


class NewPromise(http.Body):
    """A promise that was given otherwise than in a reply, such as on the phone."""

    text: str = Field(min_length=1, max_length=2000, pattern=r"\S", description="What was promised")
    due_at: http.Moment = Field(description="When it is due")
    channel: str = Field(
        default="phone", min_length=1, max_length=50, pattern=http.ONE_LINE, description="How the customer was told, such as phone or desk"
    )
    renegotiates: UUID | None = Field(default=None, description="The promise of this case in whose place the customer was told this one")


class KeptBody(http.Body):
    at: http.Moment | None = Field(default=None, description="When it was kept; none: now")
    reason: Reason | None = Field(default=None, description="How it was kept, for a colleague who looks back")


class ReasonBody(http.Body):
    reason: Reason


class PromiseOut(BaseModel):
    """A promise to a customer. `version` is its ETag too."""

    id: UUID
    case_id: UUID
    reply_id: UUID | None = Field(description="The reply that gave it; none: it was noted by hand")
    channel: str
    text: str = Field(description="Its words; personal data masked for those who do not see it")
    state: str = Field(description="open | kept | broken | renegotiated | withdrawn")
    given_at: datetime
    given_by: str
    due_at: datetime | None = Field(description="None: nothing that can be computed was said")
    department: str
    owner: str | None = Field(description="Who has to keep it: the case's owner; none: whoever of the department")
    broken_at: datetime | None = Field(description="Its due time, where it was not kept by then")
    late: bool = Field(description="It was kept, given another promise for, or withdrawn after its time")
    ended_at: datetime | None
    ended_by: str | None
    kept_by: UUID | None = Field(description="The reply that kept it")
    assumed: bool = Field(description="Kept by the next reply, and nobody has said so: /not-kept puts it right")
    reason: str | None
    replaces: UUID | None = Field(description="The promise in whose place it came")
    replaced_by: UUID | None = Field(description="The promise that came in its place")
    version: int


@router.get("/promises")
async def list_promises(
    brand: str,
    principal: Reader,
    reading: Reading,
    state: Annotated[Literal["open", "broken"] | None, Query(description="Only these; none: both")] = None,
    department: Annotated[str | None, Query(max_length=100, description="Only those of cases of this department")] = None,
    owner: Annotated[str | None, Query(max_length=100, description="Only those of cases of this team member")] = None,
    due_before: Annotated[http.Moment | None, Query(description="Only those that are due before that moment")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[PromiseOut]:
    """What is to be kept: what was broken first, then what is due first. Promises without a time come last."""
    values = http.read_cursor(cursor, [int, str, str])
    after = (bool(values[0]), http.moment(values[1]) if values[1] else None, http.uuid(values[2])) if values else None
    rows = await promise_store.live(
        reading, brand, state=state, department=department, owner=owner, due_before=due_before, after=after, limit=limit + 1
    )
    items = [_out(principal, promise_store.promise_of(row), row["case_department"], row["case_owner"]) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    due = last.due_at.isoformat() if last is not None and last.due_at is not None else ""
    return Page(items=items, next=http.cursor_of(int(last.state != "broken"), due, str(last.id)) if last is not None else None)


@router.get("/cases/{case_id}/promises")
async def promises_of_case(brand: str, case_id: UUID, principal: Reader, reading: Reading) -> Page[PromiseOut]:
    """Every promise of a case, and of those that go on in it, oldest first."""
    file = await store.standing_file(reading, brand, case_id)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    found = await promise_store.of_case(reading, brand, file.case.id)
    return Page(items=[_out(principal, promise, file.case.department, file.case.owner) for promise in found])


@router.post("/cases/{case_id}/promises", status_code=201, responses=CONFLICT)
@idempotency.once
async def add_promise(
    brand: str, case_id: UUID, body: NewPromise, request: Request, response: Response, principal: Writer, writing: Writing
) -> PromiseOut:
    """Note a promise that the customer was given otherwise than in a reply. With `renegotiates` it comes in place of another, which the customer was
    told."""
    file = await store.file(writing, brand, case_id, lock=True)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    cases.must_be_alive(file)
    policy, now = policy_of(request, brand), await store.now(writing)
    promises.may_be_due(body.due_at, now)
    known = {promise.id: promise for promise in await promise_store.of_cases(writing, [case_id], [])}
    promises.must_have_room(known.values())
    old = known.get(body.renegotiates) if body.renegotiates is not None else None
    if body.renegotiates is not None and old is None:
        raise Unprocessable(f"renegotiates: {body.renegotiates} is no promise of this case; GET …/cases/{case_id}/promises lists them.")
    if old is not None:
        promises.must_be_live(old)
    made = Promise(
        id=uuid4(),
        brand=brand,
        case_id=case_id,
        mention_id=file.case.latest.id if file.case.latest is not None else None,
        reply_id=None,
        channel=body.channel,
        visibility="private",
        text=body.text,
        given_at=now,
        given_by=principal.subject,
        due_at=body.due_at,
        replaces=body.renegotiates,
        touched=True,
    )
    changed: list[promise_work.Change] = [(CasePromised, made, {})]
    if old is not None:
        changed.append((CasePromiseRenegotiated, promises.renegotiated(old, made), {}))
    await promise_work.tell(writing, policy, file, changed, at=now, actor=principal.subject, traceparent=telemetry.current_traceparent())
    return _shown(response, principal, made, file)


@router.get("/promises/{promise_id}")
async def one_promise(brand: str, promise_id: UUID, response: Response, principal: Reader, reading: Reading) -> PromiseOut:
    """A promise as it stands."""
    found = await promise_store.one(reading, brand, promise_id)
    file = await store.standing_file(reading, brand, found.case_id) if found else None
    if found is None or file is None:
        raise NotFound("There is no such promise in this brand.")
    return _shown(response, principal, found, file)


@router.post("/promises/{promise_id}/kept", responses=CONFLICT)
async def keep_promise(
    brand: str,
    promise_id: UUID,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
    body: KeptBody | None = None,
) -> PromiseOut:
    """It was kept: late, where that was after its time. Whoever marks it afterwards says when it was."""
    before, file = await _at_hand(writing, brand, promise_id, match)
    policy, now, said = policy_of(request, brand), await store.now(writing), body or KeptBody()
    found = promises.kept_by_hand(before, said.at or max(now, before.given_at), now, principal.subject, said.reason)
    changed: list[promise_work.Change] = [(CasePromiseKept, found, {"reason": said.reason})]
    await promise_work.tell(writing, policy, file, changed, at=now, actor=principal.subject, traceparent=telemetry.current_traceparent())
    return _shown(response, principal, found, file)


@router.post("/promises/{promise_id}/not-kept", responses=CONFLICT)
async def unkeep_promise(
    brand: str,
    promise_id: UUID,
    body: ReasonBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> PromiseOut:
    """What was taken for keeping it did not: it is open again, or broken where its time has passed. No later reply is taken for it by itself."""
    before, file = await _at_hand(writing, brand, promise_id, match)
    policy, now = policy_of(request, brand), await store.now(writing)
    found = promises.not_kept(before, now, body.reason)
    changed: list[promise_work.Change] = [(CasePromiseNotKept, found, {"reason": body.reason})]
    actor, traceparent = principal.subject, telemetry.current_traceparent()
    if found.state == "broken":
        await promise_work.tell_broken(writing, policy, file, found, changed, at=now, actor=actor, traceparent=traceparent)
    else:
        await promise_work.tell(writing, policy, file, changed, at=now, actor=actor, traceparent=traceparent)
    return _shown(response, principal, found, file)


@router.post("/promises/{promise_id}/withdraw", responses=CONFLICT)
async def withdraw_promise(
    brand: str,
    promise_id: UUID,
    body: ReasonBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> PromiseOut:
    """It is no promise, or the customer needs it no more. Who only needs more time tells the customer another one instead."""
    before, file = await _at_hand(writing, brand, promise_id, match)
    policy, now = policy_of(request, brand), await store.now(writing)
    found = promises.withdrawn(before, now, principal.subject, body.reason)
    changed: list[promise_work.Change] = [(CasePromiseWithdrawn, found, {"reason": body.reason})]
    await promise_work.tell(writing, policy, file, changed, at=now, actor=principal.subject, traceparent=telemetry.current_traceparent())
    return _shown(response, principal, found, file)


async def _at_hand(writing: Writing, brand: str, promise_id: UUID, match: Condition) -> tuple[Promise, cases.File]:
    """The promise and its case, locked, as the caller has read it. Raises `NotFound` and `PreconditionFailed`."""
    found, file = await promise_work.locked(writing, brand, promise_id)
    if not match.holds(found.version):
        raise conditions.stale("The promise", found.version, [])
    return found, file


def _shown(response: Response, principal: Principal, promise: Promise, file: cases.File) -> PromiseOut:
    conditions.mark(response, promise.version)
    return _out(principal, promise, file.case.department, file.case.owner)


def _out(principal: Principal, promise: Promise, department: str, owner: str | None) -> PromiseOut:
    mask = Mask(shown.audience(principal))
    return PromiseOut(
        id=promise.id,
        case_id=promise.case_id,
        reply_id=promise.reply_id,
        channel=promise.channel,
        text=mask.text(promise.text, promise.visibility),
        state=promise.state,
        given_at=promise.given_at,
        given_by=promise.given_by,
        due_at=promise.due_at,
        department=department,
        owner=owner,
        broken_at=promise.broken_at,
        late=promise.broken_at is not None and promise.state != "broken",
        ended_at=promise.ended_at,
        ended_by=promise.ended_by,
        kept_by=promise.kept_by,
        assumed=promise.assumed,
        reason=mask.text(promise.reason, "private") if promise.reason else None,
        replaces=promise.replaces,
        replaced_by=promise.replaced_by,
        version=promise.version,
    )
