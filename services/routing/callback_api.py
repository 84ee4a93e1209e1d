"""Callbacks over HTTP: what is to be called now, by whom, how it went; and calls that a person plans."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.case_events import CaseCallbackEnded, CaseCallbackPlanned
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import callback as callbacks
from services.routing import callback_store, callback_work, store
from services.routing import case as cases
from services.routing.api import policy_of
from services.routing.callback import LIVE, Callback
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["callbacks"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Caller = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson", "admin"))]
_SEE_NUMBERS = ("agent", "lead", "spokesperson", "admin")
"""Roles that call. Others see that there is a number, and its last two digits."""

Outcome = Literal["reached", "no_answer", "wrong_number", "busy"]
MemberId = Annotated[str, Field(max_length=100, pattern=http.ONE_LINE)]
NoteText = Annotated[str, Field(max_length=1000)]


class Window(http.Body):
    """When the customer wants to be called."""

    begin: http.Moment = Field(alias="from")
    to: http.Moment


class Span(http.Body):
    """Where in the message the number stands."""

    start: int = Field(ge=0, le=1_000_000)
    end: int = Field(ge=1, le=1_000_000)
    field: Literal["text", "title"] = "text"


class NewCallback(http.Body):
    phone: str | None = Field(
        default=None, max_length=40, pattern=http.ONE_LINE, description="The number; or else the message that it stands in"
    )
    mention_id: UUID | None = Field(default=None, description="A message of the case that the number stands in")
    span: Span | None = Field(default=None, description="Where in that message; none: the first number that was found in it")
    window: Window | None = Field(default=None, description="None: within the opening time that the brand book gives it")
    department: MemberId | None = Field(default=None, description="Who calls; none: the brand book's `callbacks.department`, or the case's")
    owner: MemberId | None = Field(default=None, description="Team member who calls; none: the case's owner, where its department calls")
    note: NoteText | None = Field(default=None, description="For whoever calls")


class Plan(http.Body):
    """All of it, as it is to be."""

    window: Window | None = None
    department: MemberId | None = None
    owner: MemberId | None = None
    note: NoteText | None = None


class CancelBody(http.Body):
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S")


class AttemptBody(http.Body):
    outcome: Outcome
    note: NoteText | None = None


class CallbackOut(BaseModel):
    """A call that we owe. `version` is its ETag too."""

    id: UUID
    case_id: UUID
    mention_id: UUID | None
    phone: str = Field(description="For those who call; others see its last two digits. Empty once the message was taken back")
    state: str = Field(description="proposed | open | reached | not_reached | wrong_number | cancelled | withdrawn")
    department: str
    owner: str | None
    note: str | None
    window_from: datetime | None
    window_to: datetime | None
    next_at: datetime = Field(description="The next call is not made before")
    due_at: datetime = Field(description="… and not later than")
    attempts: int
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    version: int


class AttemptOut(BaseModel):
    number: int
    at: datetime
    by: str
    outcome: str
    note: str | None


class CallbackWithAttempts(CallbackOut):
    made: list[AttemptOut] = Field(description="Every time that somebody called, oldest first")


@router.get("/callbacks")
async def list_callbacks(
    brand: str,
    principal: Reader,
    reading: Reading,
    state: Annotated[Literal["proposed", "open"] | None, Query(description="Only these; none: both")] = None,
    now: Annotated[bool, Query(description="Only those that are to be called now")] = False,
    department: Annotated[str | None, Query(max_length=100, description="Only those that this department calls")] = None,
    owner: Annotated[str | None, Query(max_length=100, description="Only those that this team member calls")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[CallbackOut]:
    """What waits to be called, what is due first in front."""
    after = http.read_cursor(cursor, [str, str])
    rows = await callback_store.waiting(
        reading,
        brand,
        state=state,
        department=department,
        owner=owner,
        now_only=now,
        after=(http.moment(after[0]), http.uuid(after[1])) if after else None,
        limit=limit + 1,
    )
    items = [_out(principal, callback_store.callback_of(row), row["case_department"], row["case_owner"]) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].due_at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


@router.get("/cases/{case_id}/callbacks")
async def callbacks_of_case(brand: str, case_id: UUID, principal: Reader, reading: Reading) -> Page[CallbackOut]:
    """Every callback of a case, and of those that go on in it, oldest first."""
    file = await store.file(reading, brand, case_id)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    found = await callback_store.of_case(reading, brand, case_id)
    return Page(items=[_out(principal, callback, file.case.department, file.case.owner) for callback in found])


@router.post("/cases/{case_id}/callbacks", status_code=201, responses=CONFLICT)
@idempotency.once
async def add_callback(
    brand: str, case_id: UUID, body: NewCallback, request: Request, response: Response, principal: Caller, writing: Writing
) -> CallbackOut:
    """Promise the customer a call: give the number, or the message that it stands in."""
    file = await store.file(writing, brand, case_id, lock=True)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    cases.must_be_alive(file)
    policy, now = policy_of(request, brand), await store.now(writing)
    phone, known = await _number(writing, policy, file, body), await callback_store.of_case(writing, brand, case_id)
    if any(callback.phone == phone and callback.state in LIVE for callback in known):
        raise Conflict("A callback to this number waits in this case already. Plan that one.")
    if sum(callback.state in LIVE for callback in known) >= callbacks.MOST_AT_ONCE:
        raise Conflict(f"{callbacks.MOST_AT_ONCE} callbacks of this case wait already. Call, or cancel some.")
    _in_book(policy, body.department, body.owner)
    window = callbacks.window_of(body.window.begin, body.window.to, now) if body.window else None
    next_at, due_at = callbacks.times(policy, now, window)
    made = Callback(
        id=uuid4(),
        brand=brand,
        case_id=case_id,
        mention_id=None,
        phone=phone,
        state="open",
        department=body.department or policy.book.callbacks.department,
        owner=body.owner,
        note=body.note,
        window_from=window[0] if window else None,
        window_to=window[1] if window else None,
        next_at=next_at,
        due_at=due_at,
        attempts=0,
        created_at=now,
        created_by=principal.subject,
        touched=True,
    )
    await _tell(writing, policy, file, made, principal, now)
    conditions.mark(response, made.version)
    return _out(principal, made, file.case.department, file.case.owner)


@router.get("/callbacks/{callback_id}")
async def one_callback(brand: str, callback_id: UUID, response: Response, principal: Reader, reading: Reading) -> CallbackWithAttempts:
    """A callback, with every time that somebody called."""
    found = await callback_store.one(reading, brand, callback_id)
    file = await store.file(reading, brand, found.case_id) if found else None
    if found is None or file is None:
        raise NotFound("There is no such callback in this brand.")
    conditions.mark(response, found.version)
    made = [AttemptOut(**dict(row)) for row in await callback_store.attempts(reading, brand, callback_id)]
    return CallbackWithAttempts(**_out(principal, found, file.case.department, file.case.owner).model_dump(), made=made)


@router.put("/callbacks/{callback_id}", responses=CONFLICT)
async def plan_callback(
    brand: str, callback_id: UUID, body: Plan, request: Request, response: Response, principal: Caller, match: Match, writing: Writing
) -> CallbackOut:
    """Say when the customer is called, and by whom. A proposal becomes a callback by that."""
    before, file = await _at_hand(writing, brand, callback_id, match)
    callbacks.must_wait(before)
    policy, now = policy_of(request, brand), await store.now(writing)
    _in_book(policy, body.department, body.owner)
    window = callbacks.window_of(body.window.begin, body.window.to, now) if body.window else None
    next_at, due_at = (before.next_at, before.due_at)
    if (before.window_from, before.window_to) != (window or (None, None)):
        next_at, due_at = callbacks.times(policy, now if window else max(before.created_at, before.next_at), window)
    found = before.changed(
        state="open",
        department=body.department or policy.book.callbacks.department,
        owner=body.owner,
        note=body.note,
        window_from=window[0] if window else None,
        window_to=window[1] if window else None,
        next_at=next_at,
        due_at=due_at,
        touched=True,
    )
    await _tell(writing, policy, file, found, principal, now)
    conditions.mark(response, found.version)
    return _out(principal, found, file.case.department, file.case.owner)


@router.post("/callbacks/{callback_id}/cancel", responses=CONFLICT)
async def cancel_callback(
    brand: str, callback_id: UUID, body: CancelBody, request: Request, response: Response, principal: Caller, match: Match, writing: Writing
) -> CallbackOut:
    """Nobody calls: a number in a signature, or a customer who was helped otherwise."""
    before, file = await _at_hand(writing, brand, callback_id, match)
    callbacks.must_wait(before)
    policy, now = policy_of(request, brand), await store.now(writing)
    found = before.changed(
        state="cancelled", ended_at=now, touched=True, note=f"{before.note}\n{body.reason}" if before.note else body.reason
    )
    kinds = [(CaseCallbackEnded, {"outcome": "cancelled"})]
    await callback_work.tell(
        writing, policy, file, found, kinds, at=now, actor=principal.subject, traceparent=telemetry.current_traceparent()
    )
    conditions.mark(response, found.version)
    return _out(principal, found, file.case.department, file.case.owner)


@router.post("/callbacks/{callback_id}/attempts", status_code=201, responses=CONFLICT)
@idempotency.once
async def add_attempt(
    brand: str, callback_id: UUID, body: AttemptBody, request: Request, response: Response, principal: Caller, writing: Writing
) -> CallbackOut:
    """Somebody called, and this came of it. Nobody reached: the next call is due later, until there were as many as the brand book has."""
    policy, now = policy_of(request, brand), await store.now(writing)
    found, file = await callback_work.attempt(
        writing,
        policy,
        callback_id,
        body.outcome,
        body.note,
        at=now,
        actor=principal.subject,
        traceparent=telemetry.current_traceparent(),
    )
    conditions.mark(response, found.version)
    return _out(principal, found, file.case.department, file.case.owner)


async def _at_hand(writing: Writing, brand: str, callback_id: UUID, match: Condition) -> tuple[Callback, cases.File]:
    """The callback and its case, locked, as the caller has read it. Raises `PreconditionFailed`."""
    found, file = await callback_work.locked(writing, brand, callback_id)
    if not match.holds(found.version):
        raise conditions.stale("The callback", found.version, [])
    return found, file


async def _tell(writing: Writing, policy: Policy, file: cases.File, found: Callback, principal: Principal, now: datetime) -> None:
    await callback_work.tell(
        writing,
        policy,
        file,
        found,
        [(CaseCallbackPlanned, {})],
        at=now,
        actor=principal.subject,
        traceparent=telemetry.current_traceparent(),
    )


async def _number(writing: Writing, policy: Policy, file: cases.File, body: NewCallback) -> str:
    """The number that a body means, in E.164. Raises `Unprocessable`."""
    if (body.phone is None) == (body.mention_id is None):
        raise Unprocessable("Give `phone`, or `mention_id` with or without `span`.")
    if body.span is not None and body.mention_id is None:
        raise Unprocessable("A `span` stands in a message: give its `mention_id`.")
    region = callbacks.region_of(policy.book)
    if body.phone is not None:
        written = body.phone
    else:
        mentions = await store.case_mentions(writing, file.case.brand, file.case.id)
        triaged = next((m for m in mentions if m.mention.id == body.mention_id and not m.removed), None)
        if triaged is None:
            raise Unprocessable(f"There is no message {body.mention_id} in this case.")
        if body.span is None:
            spans = [(span.field, span.start, span.end) for span in triaged.findings.pii if span.kind == "phone"]
        else:
            spans = [(body.span.field, body.span.start, body.span.end)]
        if not spans:
            raise Unprocessable("No phone number was found in that message. Give its `span`, or `phone`.")
        field, start, end = spans[0]
        text = (triaged.mention.title or "") if field == "title" else triaged.mention.text
        written = text[start:end] if end - start <= 40 else ""
    number = callbacks.normal(written, region)
    if number is None:
        raise Unprocessable(f"This is no number that can be dialled from {region}. Write it as +31 20 123 4567.")
    return number


def _in_book(policy: Policy, department: str | None, owner: str | None) -> None:
    """Raises `Unprocessable` for who is not in the brand's book."""
    if department is not None and policy.book.department(department) is None:
        known = ", ".join(item.id for item in policy.book.departments)
        raise Unprocessable(f"There is no department {department!r}; this brand has {known}.")
    if owner is not None and policy.book.member(owner) is None:
        raise Unprocessable(f"{owner!r} is not in the team of this brand; the brand book's `team` lists the ids.")


def _out(principal: Principal, callback: Callback, case_department: str, case_owner: str | None) -> CallbackOut:
    department = callback.department or case_department
    given = {name: getattr(callback, name) for name in CallbackOut.model_fields}
    given |= {"department": department, "owner": callback.owner or (case_owner if department == case_department else None)}
    if principal.role not in _SEE_NUMBERS and callback.phone:
        given["phone"] = callbacks.masked(callback.phone)
    return CallbackOut(**given)
