"""Suggestions over HTTP: two messages may be one question, and one click says whether they are."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from libs.common import conditions, db, http, outbox, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.conditions import Match
from libs.common.errors import Conflict, NotFound
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.triage import regroup, suggestion, suggestion_store

router = APIRouter(prefix="/v1/brands/{brand}", tags=["suggestions"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Writer = Annotated[Principal, Depends(allow(*STAFF))]
State = Literal["open", "withheld", "confirmed", "rejected", "withdrawn"]


class Reason(BaseModel):
    """One piece of evidence. `against`: it says that they are two issues."""

    kind: str
    against: bool
    said: str


class Suggestion(BaseModel):
    """Two mentions that may be one issue of one person, or of which somebody said so. `version` is its ETag too: send that back with an answer."""

    id: UUID
    mention_id: UUID
    other_id: UUID
    group_id: UUID = Field(description="The group that `mention_id` is in now")
    other_group_id: UUID
    score: float | None = Field(description="0..1; null: a person's own word, nobody was asked")
    evidence: list[Reason] = Field(description="For and against; empty once a mention was taken back")
    state: State = Field(description="withheld: people rejected most of those with such a score; withdrawn: no question any more")
    version: int
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class Band(BaseModel):
    """How people answered suggestions with a score from `score` up to the next band's. `shown`: such suggestions are put before people."""

    score: float
    confirmed: int
    rejected: int
    shown: bool


class Precision(BaseModel):
    """The share of suggestions that people confirmed; null while nobody answered any."""

    precision: float | None
    confirmed: int
    rejected: int
    bands: list[Band]


@router.get("/suggestions")
async def suggestions(
    brand: str,
    principal: Reader,
    reading: Reading,
    state: Annotated[State, Query(description="Only those in this state")] = "open",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Suggestion]:
    """Mentions that may be one issue, in the order in which that was found."""
    after = http.read_cursor(cursor, [int])
    rows = await suggestion_store.page(reading, brand, state, after[0] if after else 0, limit + 1)
    following = http.cursor_of(rows[limit - 1].seq) if len(rows) > limit else None
    return Page(items=[_shown(row) for row in rows[:limit]], next=following)


@router.get("/suggestions/precision")
async def precision(brand: str, principal: Reader, reading: Reading) -> Precision:
    """How good suggestions were so far, by the people who answered them, and which are shown because of that."""
    found = await suggestion_store.answered(reading, brand)
    return Precision(
        precision=suggestion.precision(found),
        confirmed=sum(band.confirmed for band in found),
        rejected=sum(band.rejected for band in found),
        bands=[
            Band(score=band.band / suggestion.BANDS, confirmed=band.confirmed, rejected=band.rejected, shown=band.shown) for band in found
        ],
    )


@router.get("/suggestions/{suggestion_id}")
async def one_suggestion(brand: str, suggestion_id: UUID, response: Response, principal: Reader, reading: Reading) -> Suggestion:
    """A suggestion as it stands."""
    return _out(response, await _found(reading, brand, suggestion_id))


@router.post("/suggestions/{suggestion_id}/confirm", responses=CONFLICT)
async def confirm(brand: str, suggestion_id: UUID, response: Response, principal: Writer, match: Match, writing: Writing) -> Suggestion:
    """They are one issue: their groups become one, and routing hears of it. Once confirmed, confirming again changes nothing."""
    return await _answer(writing, brand, suggestion_id, response, principal, match, "confirmed")


@router.post("/suggestions/{suggestion_id}/reject", responses=CONFLICT)
async def reject(brand: str, suggestion_id: UUID, response: Response, principal: Writer, match: Match, writing: Writing) -> Suggestion:
    """They are two issues: nobody is asked about these two groups again, and where they are one by now they come apart."""
    return await _answer(writing, brand, suggestion_id, response, principal, match, "rejected")


async def _answer(
    writing: db.Connection, brand: str, suggestion_id: UUID, response: Response, principal: Principal, match: Match, state: str
) -> Suggestion:
    row = await _found(writing, brand, suggestion_id, lock=True)
    if row.decision.state == state:
        return _out(response, row)
    if not match.holds(row.version):
        since = {"version": row.version, "at": row.decision.at, "what": row.decision.state, "actor": row.decision.by}
        raise conditions.stale("The suggestion", row.version, [since])
    pair = row.pair
    before = await regroup.lock(writing, brand, (pair.one, pair.other))
    if state == "confirmed" and any(before[mention_id].triaged.removed for mention_id in (pair.one, pair.other)):
        raise Conflict("One of the two mentions was taken back by its author: there is nothing to join.")
    one, other = pair.one, pair.other
    after = regroup.joined(before, one, other, [regroup.CONFIRMED]) if state == "confirmed" else regroup.parted(before, one, other)
    told = await regroup.save(writing, before, after, telemetry.current_traceparent())
    await outbox.add(writing, "triage", told)
    await suggestion_store.decide(writing, {pair: suggestion_store.Decision(state, principal.subject, datetime.now(UTC))})
    return _out(response, await _found(writing, brand, suggestion_id))


async def _found(connection: db.Connection, brand: str, suggestion_id: UUID, *, lock: bool = False) -> suggestion_store.Row:
    row = await suggestion_store.one(connection, brand, suggestion_id, lock=lock)
    if row is None:
        raise NotFound("There is no such suggestion in this brand.")
    return row


def _out(response: Response, row: suggestion_store.Row) -> Suggestion:
    conditions.mark(response, row.version)
    return _shown(row)


def _shown(row: suggestion_store.Row) -> Suggestion:
    return Suggestion(
        id=row.id,
        mention_id=row.pair.one,
        other_id=row.pair.other,
        group_id=row.groups[0],
        other_group_id=row.groups[1],
        score=row.score,
        evidence=[Reason(**item) for item in row.evidence],
        state=row.decision.state,
        version=row.version,
        created_at=row.created_at,
        decided_by=row.decision.by,
        decided_at=row.decision.at,
    )
