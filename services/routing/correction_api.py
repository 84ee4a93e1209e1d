"""What people decide about a mention, whatever triage proposed, over HTTP: corrections, duplicates, their trail, and how honest proposals are.

What a person decides leaves as an event on `feedback`; triage applies it, and the brand's models learn from it.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StrictBool

from libs.common import http, idempotency, telemetry
from libs.common.case_events import CaseRevised
from libs.common.errors import NotFound
from libs.common.events import DuplicateJudged, FindingCorrected
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import case as cases
from services.routing import correction, correction_store, decide, record, samples, store
from services.routing.api import Judge, Reader, policy_of
from services.routing.correction import Finding
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["corrections"], route_class=Route)
Reason = Annotated[str | None, Field(default=None, min_length=1, max_length=1000, description="In your words")]


class Correction(BaseModel):
    """What a person decided about a mention, and what had been proposed."""

    id: UUID
    mention_id: UUID
    other_id: UUID | None = Field(default=None, description="The other mention of a judgement whether two are one issue (duplicate)")
    finding: str = Field(description="sentiment | intent | labels | urgency | respond | department | duplicate")
    values: list[str] = Field(description="What was chosen; for duplicate yes or no")
    proposed: list[str] = Field(description="What triage had found before anybody corrected it")
    reason: str | None
    actor: str
    at: datetime


class CorrectionBody(http.Body):
    finding: Finding
    values: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        max_length=50,
        description="What it is: one value, or for labels all that hold (an empty list: none). department may be none: there is nothing to do",
    )
    reason: Reason


class DuplicateBody(http.Body):
    other_id: UUID = Field(description="Another mention of this brand")
    same: StrictBool = Field(description="Whether both are one issue of one customer")
    reason: Reason


class NoReplySample(BaseModel):
    """How honest the proposals not to answer are, by those that people were asked to judge (`conduct.no_reply_sample`)."""

    days: int
    sampled: int = Field(description="Mentions that were put before people in these days")
    judged: int = Field(description="Of those, how many a person decided about, or answered")
    overruled: int = Field(description="Of those, how many a person answered, or said to want an answer")
    share: float | None = Field(description="overruled / judged, 0..1; null while nothing is judged")


@router.post("/mentions/{mention_id}/corrections", status_code=201, responses=CONFLICT)
@idempotency.once
async def correct(
    brand: str, mention_id: UUID, body: CorrectionBody, request: Request, response: Response, principal: Judge, writing: Writing
) -> Correction:
    """Decide a finding of a mention, whatever triage proposed. It stands, and the brand's models learn from it. `respond` needs a reason."""
    correction.by_a_person(principal)
    policy = policy_of(request, brand)
    values = correction.checked(policy.book, body.finding, body.values, body.reason)
    copy = await decide.at_hand(writing, brand, mention_id)
    said = await decide.corrected(writing, copy, body.finding, values, body.reason, actor=principal.subject, book_version=policy.version)
    if said.finding == "respond":
        await _reaches_the_case(writing, policy, copy.case_id, said)
    return _shown(said)


async def _reaches_the_case(writing: Writing, policy: Policy, case_id: UUID, said: FindingCorrected) -> None:
    """The case of the mention is as it would be had triage proposed that, and nothing of it is woken."""
    file = await store.file(writing, said.brand, case_id, lock=True)
    assert file is not None, "a mention that is not taken back is in a case"
    before = file.case
    file.case = cases.computed(policy, file, await store.case_mentions(writing, said.brand, case_id), None, said.at)
    if file.case == before:
        return
    file.version += 1
    file.book_version = policy.version
    traceparent = telemetry.current_traceparent()
    told = record.story(
        file, CaseRevised, at=said.at, actor=said.actor, traceparent=traceparent, mention_id=said.mention_id, why="correction"
    )
    late = record.breaches(file, at=said.at, actor="system", traceparent=traceparent)
    await record.record(writing, policy, file, [told, *late])


@router.post("/mentions/{mention_id}/duplicates", status_code=201, responses=CONFLICT)
@idempotency.once
async def judge_duplicate(
    brand: str, mention_id: UUID, body: DuplicateBody, request: Request, response: Response, principal: Judge, writing: Writing
) -> Correction:
    """Say whether two mentions are one issue of one customer. Triage links or parts them, and learns from it."""
    correction.by_a_person(principal)
    version = policy_of(request, brand).version
    said, proposed = await decide.judged(
        writing, brand, mention_id, body.other_id, body.reason, same=body.same, actor=principal.subject, book_version=version
    )
    return _judgement(said, proposed=proposed)


@router.get("/mentions/{mention_id}/corrections")
async def corrections(
    brand: str,
    mention_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[Correction]:
    """What people decided about a mention, whatever was proposed: who, when and why, newest first."""
    if await store.copy(reading, brand, mention_id) is None:
        raise NotFound("There is no such mention in this brand.")
    before = http.read_cursor(cursor, [str, str])
    rows = await correction_store.trail(
        reading, brand, mention_id, (http.moment(before[0]), http.uuid(before[1])) if before else None, limit + 1
    )
    items = [Correction(**{("values" if name == "chosen" else name): value for name, value in row.items()}) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


@router.get("/no-reply-sample")
async def no_reply_sample(
    brand: str,
    principal: Reader,
    reading: Reading,
    days: Annotated[int, Query(ge=1, le=400, description="How far back")] = 30,
) -> NoReplySample:
    """How often people wanted an answer where none was proposed, by the sample that they are asked to judge (`GET …/cases?sample=true`)."""
    found = await samples.honesty(reading, brand, days)
    share = round(found.overruled / found.judged, 4) if found.judged else None
    return NoReplySample(days=days, sampled=found.sampled, judged=found.judged, overruled=found.overruled, share=share)


def _shown(said: FindingCorrected) -> Correction:
    return Correction(
        id=said.correction_id,
        mention_id=said.mention_id,
        finding=said.finding,
        values=said.values,
        proposed=said.proposed,
        reason=said.reason,
        actor=said.actor,
        at=said.at,
    )


def _judgement(said: DuplicateJudged, *, proposed: bool) -> Correction:
    return Correction(
        id=said.correction_id,
        mention_id=said.mention_id,
        other_id=said.other_id,
        finding=correction_store.DUPLICATE,
        values=correction_store.YES if said.same else correction_store.NO,
        proposed=correction_store.YES if proposed else correction_store.NO,
        reason=said.reason,
        actor=said.actor,
        at=said.at,
    )
