"""Stop the line over HTTP: who holds what, why and until when, and the release of it."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field, StrictBool

from libs.common import conditions, http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.conditions import Match
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.events import HoldScope, SendingHold
from libs.common.holds import MOST_CASES, check
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.rules import RuleError, When
from libs.common.service import Reading, Writing
from services.routing import hold, store

router = APIRouter(prefix="/v1/brands/{brand}", tags=["holds"], route_class=Route)
Holder = Annotated[Principal, Depends(allow("lead", "spokesperson", "admin"))]
Reader = Annotated[Principal, Depends(allow(*STAFF))]
LONGEST = timedelta(days=90)

Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=http.ONE_LINE)]


class Matching(http.Body):
    """What is held; all that is written must be so."""

    when: When = Field(
        default=When(),
        description="Conditions as in the brand book: channel, visibility, language, urgency, sentiment, intent, respond, department, priority, "
        "customer_group, contact, labels_any, risk_any, tags_any",
    )
    topic_id: UUID | None = Field(default=None, description="Only what is about this topic")
    case_ids: list[UUID] = Field(default=[], max_length=MOST_CASES, description="Only what answers these cases")


class NewHold(http.Body):
    what: Literal["all"] | Matching = Field(description="`all` of the brand, or what matches")
    reason: Reason = Field(description="For colleagues: it stands beside every reply that waits for it")
    until: http.Moment | None = Field(default=None, description="Released by itself then, if nobody did before; at most 90 days away")


class Holds(BaseModel):
    """What stands by now."""

    items: list[SendingHold]
    hold_version: int


class HoldBody(http.Body):
    held: StrictBool
    reason: str | None = Field(default=None, max_length=500)


class Hold(BaseModel):
    """Whether everything is held."""

    held: bool
    hold_version: int
    reason: str | None
    changed_by: str | None = None
    changed_at: datetime | None = None


@router.post("/holds", status_code=201, responses=CONFLICT)
@idempotency.once
async def lay(brand: str, body: NewHold, request: Request, response: Response, principal: Holder, writing: Writing) -> SendingHold:
    """Stop all sending of this brand, or what matches, until it is released.

    From this answer on it stands, whatever breaks. Nothing that it stops begins to leave more than two seconds after it; what a mail server has begun
    to take is not stopped. Everybody who leads the brand is told.
    """
    holder = await _holder(writing, brand)
    scope = await _scope(writing, brand, body.what)
    await hold.lock(writing, brand)
    now = await store.now(writing)
    until = _until(body.until, now)
    found = await hold.lay(writing, holder, uuid4(), scope, body.reason, until, by=principal.subject, at=now)
    conditions.mark(response, found.version)
    response.headers["location"] = f"/v1/brands/{brand}/holds/{found.id}"
    return found


@router.get("/holds")
async def holds(
    brand: str,
    principal: Reader,
    reading: Reading,
    stands: Annotated[bool | None, Query(description="Only those that stand, or only those that were released")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SendingHold]:
    """Holds of the brand, those that stand and those that did, newest first."""
    read = http.read_cursor(cursor, [str, str])
    before = (http.moment(read[0]), http.uuid(read[1])) if read else None
    rows = await hold.page(reading, brand, stands=stands, before=before, limit=limit + 1)
    following = http.cursor_of(rows[limit - 1].since.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=rows[:limit], next=following)


@router.get("/holds/{hold_id}")
async def one_hold(brand: str, hold_id: UUID, response: Response, principal: Reader, reading: Reading) -> SendingHold:
    """A hold as it stands, or as it ended."""
    found = await _found(reading, brand, hold_id)
    conditions.mark(response, found.version)
    return found


@router.post("/holds/{hold_id}/release", responses=CONFLICT)
async def release(brand: str, hold_id: UUID, response: Response, principal: Holder, match: Match, writing: Writing) -> SendingHold:
    """End a hold. What it stopped is not sent by that: each reply waits for a person who approves it anew (`GET …/held` of the responder)."""
    holder = await _holder(writing, brand)
    await hold.lock(writing, brand)
    found = await _found(writing, brand, hold_id)
    if not match.holds(found.version):
        raise conditions.stale("The hold", found.version, [found.model_dump(mode="json")])
    if found.released_at is not None:
        raise Conflict(f"This hold was released by {found.released_by} already.", released_at=found.released_at.isoformat())
    [found] = await hold.release(writing, holder, [found], by=principal.subject, at=await store.now(writing))
    conditions.mark(response, found.version)
    return found


@router.post("/hold-releases", responses=CONFLICT)
async def release_all(brand: str, response: Response, principal: Holder, match: Match, writing: Writing) -> Holds:
    """End every hold that stands. `If-Match` is the brand's `hold_version` (the ETag of `GET …/hold`): a hold that was laid since is not released
    unseen. Answers with those that it released."""
    holder = await _holder(writing, brand)
    version = await hold.lock(writing, brand)
    standing = await hold.standing(writing, brand)
    if not match.holds(version):
        raise conditions.stale("What is held", version, [found.model_dump(mode="json") for found in standing])
    released = await hold.release(writing, holder, standing, by=principal.subject, at=await store.now(writing))
    version += len(released)
    conditions.mark(response, version)
    return Holds(items=released, hold_version=version)


@router.put("/hold")
async def hold_everything(brand: str, body: HoldBody, response: Response, principal: Holder, match: Match, writing: Writing) -> Hold:
    """The one switch: hold everything of this brand, or release each hold that does. Holds of what matches something stay as they are."""
    holder = await _holder(writing, brand)
    version = await hold.lock(writing, brand)
    if not match.holds(version):
        raise conditions.stale("The hold", version, [(await _summary(writing, brand)).model_dump(mode="json")])
    now = await store.now(writing)
    everything = [found for found in await hold.standing(writing, brand) if found.scope.everything]
    if body.held:
        # Another reason is another hold: the old one ends under the new, so that there is no moment without.
        await hold.lay(writing, holder, uuid4(), HoldScope(), body.reason or "", None, by=principal.subject, at=now)
    await hold.release(writing, holder, everything, by=principal.subject, at=now)
    return _told(response, await _summary(writing, brand))


@router.get("/hold")
async def held(brand: str, response: Response, principal: Reader, reading: Reading) -> Hold:
    """Whether everything is held, and who changed that last. `hold_version` counts every hold and release of the brand."""
    return _told(response, await _summary(reading, brand))


async def _holder(connection: Writing, brand: str) -> hold.Holder:
    """Raises `NotFound` for a brand without a book: nothing of it is sent anyway. Asks the database alone: a hold stands also while Kafka is away."""
    found = await hold.holder_of(connection, brand)
    if found is None:
        raise NotFound("This brand has no brand book yet; `weerklank apply FILE` publishes one.")
    return found


async def _scope(writing: Writing, brand: str, what: Literal["all"] | Matching) -> HoldScope:
    """Raises `Unprocessable` for what could never be told of a reply, for an empty match, and for cases that are not this brand's."""
    if what == "all":
        return HoldScope()
    assert isinstance(what, Matching)
    when = {key: [value] if isinstance(value, str) else list(value) for key, value in what.when.conditions().items()}
    scope = HoldScope(when=when, topic_id=what.topic_id, case_ids=sorted(set(what.case_ids)))
    if scope.everything:
        raise Unprocessable('`what` matches everything. Say "all" if that is meant.')
    try:
        check(what.when)
    except RuleError as error:
        raise Unprocessable(f"A hold cannot ask for that: {error}.") from error
    if unknown := await store.unknown_cases(writing, brand, scope.case_ids):
        raise Unprocessable(f"There is no case {unknown[0]} in this brand.", unknown=[str(case_id) for case_id in unknown])
    return scope


def _until(until: datetime | None, now: datetime) -> datetime | None:
    if until is None:
        return None
    if until.tzinfo is None:
        raise Unprocessable("`until` needs a time zone: 2026-03-02T18:00:00Z, or +01:00.")
    if not now < until <= now + LONGEST:
        raise Unprocessable(f"`until` must lie ahead, at most {LONGEST.days} days: it is {now.isoformat(timespec='seconds')} now.")
    return until


async def _found(connection: Reading, brand: str, hold_id: UUID) -> SendingHold:
    found = await hold.one(connection, brand, hold_id)
    if found is None:
        raise NotFound("There is no such hold in this brand.")
    return found


async def _summary(connection: Reading, brand: str) -> Hold:
    row = await hold.summary(connection, brand)
    return Hold(**{key: row[key] for key in Hold.model_fields}) if row else Hold(held=False, hold_version=0, reason=None)


def _told(response: Response, found: Hold) -> Hold:
    conditions.mark(response, found.hold_version)
    return found
