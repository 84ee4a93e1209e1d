"""Who works on what, over HTTP: the queue, the next case for somebody, a case that is given back, and who is there."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.bookteam import Member
from libs.common.case_events import Case, CaseAssigned, CaseHandedBack
from libs.common.conditions import Match
from libs.common.errors import Conflict, Forbidden, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.rules import channel_name
from libs.common.service import Reading, Writing
from services.routing import case as cases
from services.routing import presence, queue, queue_store, record, route, store, taking
from services.routing.api import CaseOut, _at_hand, policy_of
from services.routing.case import File
from services.routing.presence import Presence, State
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["assignment"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Worker = Annotated[Principal, Depends(allow("agent", "trainee", "lead", "spokesperson", "admin"))]
Leads = ("lead", "admin")
"""Who may give back a colleague's case, and say of a colleague whether they are there."""


class Waiting(BaseModel):
    """A case that somebody has to do something about. `due_at` is of the clock that is looked at first: the reaction clock while it runs, else the
    resolution clock; null: none runs."""

    case: Case
    version: int
    due_at: datetime | None
    left_s: float | None = Field(description="Opening time until then, in seconds; below zero once it was")
    skills: list[str] = Field(description="What its owner must know")


class NextOut(BaseModel):
    """`case` null: there is nothing for you now; `why` says how it is."""

    case: Case | None
    version: int | None
    why: Literal["yours", "queue", "nothing waits", "at capacity"] = Field(
        description="yours: it was given to you, and you had not begun; queue: it waited for an owner"
    )


class TakeBody(http.Body):
    department: str | None = Field(default=None, max_length=100, description="Only from this department's queue")


class BackBody(http.Body):
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S", description="Why, for whoever gets it next")


class PresenceBody(http.Body):
    state: State
    member: str | None = Field(default=None, max_length=63, description="A colleague's id, for a lead; without it oneself")


class PresenceOut(BaseModel):
    """What holds now of what a member said. Say it again after `renew_after_s`: it lapses soon after that."""

    member: str
    state: State
    since: datetime
    seen_at: datetime
    renew_after_s: float = presence.RENEW_AFTER.total_seconds()


class Colleague(BaseModel):
    """Somebody of the team who owns cases: whether they are there, and how much they have."""

    member: str
    first_name: str
    state: State
    since: datetime | None = Field(description="Null: never heard of")
    seen_at: datetime | None
    cases: int = Field(description="New and open ones that are theirs; what waits for the customer does not count")
    channels: dict[str, int]
    capacity: int
    channel_capacity: dict[str, int]


# --- the queue --------------------------------------------------------------------------------------------------------------------------


@router.get("/queue")
async def read_queue(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    department: Annotated[str | None, Query(max_length=100, description="Only cases of this department")] = None,
    language: Annotated[str | None, Query(max_length=10, description="Only cases in this language")] = None,
    skill: Annotated[
        str | None,
        Query(
            max_length=500,
            pattern=r"^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$",
            description="Only cases that ask for this skill; several, separated by commas",
        ),
    ] = None,
    channel: Annotated[str | None, Query(max_length=100, description="Only cases whose newest message came by this channel")] = None,
    owner: Annotated[str | None, Query(max_length=100, description="none: what waits for an owner; me; or a team member's id")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[Waiting]:
    """Cases that somebody has to do something about: the more urgent first, and among equals the one with less time left on its clock."""
    policy = policy_of(request, brand)
    after = http.read_cursor(cursor, [int, str, str])
    wanted = queue_store.Filter(
        department=department,
        language=language,
        skills=tuple(sorted(set(skill.split(",")))) if skill else None,
        channel=channel_name(channel) if channel else None,
        owner=principal.subject if owner == "me" else owner,
    )
    place = (after[0], _due(after[1]), http.uuid(after[2])) if after else None
    rows = await queue_store.page(reading, brand, wanted, place, limit + 1)
    now = await store.now(reading)
    items = [
        Waiting(
            case=row.case,
            version=row.version,
            due_at=None if row.due_at == queue.NEVER else row.due_at,
            left_s=left.total_seconds() if (left := queue.left(policy.calendar, row.due_at, now)) is not None else None,
            skills=list(row.skills),
        )
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=items, next=http.cursor_of(last.rank, last.due_at.isoformat(), str(last.case.id)) if last else None)


@router.post("/queue/take-next")
@idempotency.once
async def take_next(
    brand: str, request: Request, response: Response, principal: Worker, writing: Writing, body: TakeBody | None = None
) -> NextOut:
    """Take the next case: one's own before others' of the same urgency, as far as one's languages, skills and capacity go. Nobody else gets it."""
    policy = policy_of(request, brand)
    member = _member(policy, principal)
    await taking.one_by_one(writing, brand, member.id)
    load = (await presence.loads(writing, brand, [member.id]))[member.id]
    has_room = presence.has_room(member, load)
    lanes, full = await _lanes(writing, policy, member, body.department if body else None), presence.full_channels(member, load)
    for _ in range(3):  # what was found may be somebody else's by the time that it is locked
        ids = await taking.candidates(writing, brand, member.id, lanes, full, has_room=has_room)
        if found := await taking.lock(writing, brand, ids, member.id, 1):
            return await _take(writing, policy, found[0], principal, response)
        if not ids:
            break
    return NextOut(case=None, version=None, why="nothing waits" if has_room else "at capacity")


async def _lanes(writing: Writing, policy: Policy, member: Member, department: str | None) -> list[str]:
    """The lanes of which they may take cases. Raises `Unprocessable` for a department that the book does not have."""
    if department is not None and policy.book.department(department) is None:
        known = ", ".join(item.id for item in policy.book.departments)
        raise Unprocessable(f"There is no department {department!r}; this brand has {known}.")
    there = queue.within(await taking.lanes(writing, policy.book.brand), department, None, None)
    return queue.lanes(policy.book).for_member(member.id, there)


async def _take(writing: Writing, policy: Policy, file: File, principal: Principal, response: Response) -> NextOut:
    before, now, traceparent = file.case, await store.now(writing), telemetry.current_traceparent()
    why: Literal["yours", "queue"] = "queue" if before.owner is None else "yours"
    cases.assigned(file, to=principal.subject, department=None, why=f"{principal.subject} took the next one")
    file.book_version = policy.version
    said = {"previous_owner": before.owner, "previous_department": before.department, "why": "the next one in the queue"}
    told = record.story(file, CaseAssigned, at=now, actor=principal.subject, traceparent=traceparent, **said)
    late = record.breaches(file, at=now, actor="system", traceparent=traceparent)
    await record.record(writing, policy, file, [told, *late])
    conditions.mark(response, file.version)
    return NextOut(case=file.case, version=file.version, why=why)


@router.post("/cases/{case_id}/hand-back", responses=CONFLICT)
async def hand_back(
    brand: str, case_id: UUID, body: BackBody, request: Request, response: Response, principal: Worker, match: Match, writing: Writing
) -> CaseOut:
    """Give a case back to the queue of its department, and say why. It does not come back by itself to whoever gave it back; the leads are told."""
    policy = policy_of(request, brand)
    file = await _at_hand(writing, brand, case_id, match)
    owner = file.case.owner
    if owner is not None and owner != principal.subject and principal.role not in Leads:
        raise Forbidden(f"The case is {owner}'s. Whoever has it may give it back, or a lead.")
    cases.handed_back(file, by=principal.subject, reason=body.reason)
    assert owner is not None
    now, traceparent = await store.now(writing), telemetry.current_traceparent()
    file.book_version = policy.version
    told = record.story(
        file, CaseHandedBack, at=now, actor=principal.subject, traceparent=traceparent, previous_owner=owner, reason=body.reason
    )
    late = record.breaches(file, at=now, actor="system", traceparent=traceparent)
    await record.record(writing, policy, file, [told, *late])
    leads = [lead for lead in route.leads(policy.book, file.case.department) if lead != principal.subject]
    await store.notify(writing, record.notifications(told, leads, case_id, "handed back"))
    conditions.mark(response, file.version)
    return CaseOut(case=file.case, version=file.version)


# --- who is there -----------------------------------------------------------------------------------------------------------------------


@router.put("/presence")
async def say_presence(brand: str, body: PresenceBody, request: Request, principal: Worker, writing: Writing) -> PresenceOut:
    """Say that one is available, busy, away or offline, and again every half minute for as long as it holds. A lead may say it of a colleague."""
    policy = policy_of(request, brand)
    by_themselves = body.member is None or body.member == principal.subject
    if by_themselves:
        member = _member(policy, principal).id
    elif principal.role not in Leads:
        raise Forbidden("Only a lead may say of a colleague whether they are there.")
    elif (found := policy.book.member(str(body.member))) is None:
        raise Unprocessable(f"{body.member!r} is not in the team of this brand; the brand book's `team` lists the ids.")
    else:
        member = found.id
    now = await store.now(writing)
    said = await presence.say(writing, policy, member, body.state, now, by_themselves=by_themselves)
    return PresenceOut(member=member, state=presence.stands(policy, said, now), since=said.since, seen_at=said.seen_at)


@router.get("/presence")
async def who_is_there(brand: str, request: Request, principal: Reader, reading: Reading) -> Page[Colleague]:
    """Everybody of the team who owns cases, in the order of the brand book: whether they are there, and how much they have."""
    policy = policy_of(request, brand)
    working = [member for member in policy.book.team if route.works(member)]
    there = await presence.of(reading, brand)
    loads = await presence.loads(reading, brand, [member.id for member in working])
    now = await store.now(reading)
    return Page(items=[_colleague(policy, member, there.get(member.id), loads[member.id], now) for member in working])


def _colleague(policy: Policy, member: Member, said: Presence | None, load: presence.Load, now: datetime) -> Colleague:
    return Colleague(
        member=member.id,
        first_name=member.first_name,
        state=presence.stands(policy, said, now) if said else "offline",
        since=said.since if said else None,
        seen_at=said.seen_at if said else None,
        cases=load.cases,
        channels=load.channels,
        capacity=member.capacity,
        channel_capacity=member.channel_capacity,
    )


def _due(text: str) -> datetime:
    """The due time in a cursor, which may be `NEVER`."""
    return queue.NEVER if text == queue.NEVER.isoformat() else http.moment(text)


def _member(policy: Policy, principal: Principal) -> Member:
    """The member of the team who asks. Raises `Forbidden` for a machine, and `Conflict` for somebody whom the brand book does not have."""
    if principal.machine:
        raise Forbidden("A machine client is not in the team, and gets no cases.")
    found = policy.book.member(principal.subject)
    if found is None:
        raise Conflict(f"{principal.subject!r} is not in the team of this brand; the brand book's `team` lists who gets cases.")
    return found
