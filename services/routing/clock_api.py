"""What people say about whose turn it is in a case, over HTTP: it waits, it goes on, it is picked up and its sender knows."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from libs.common import http
from libs.common.case_events import CasePickedUp, CaseResumed, CaseWaiting
from libs.common.conditions import Match
from libs.common.errors import Forbidden, Unprocessable
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Writing
from services.routing import merge, store, waiting
from services.routing.api import CaseOut, Writer, _at_hand, _out, _record, policy_of

router = APIRouter(prefix="/v1/brands/{brand}", tags=["cases"], route_class=Route)
LONGEST = timedelta(days=366)
"""How far ahead a case can be put off."""

Reason = Annotated[
    str | None, Field(default=None, min_length=1, max_length=1000, pattern=r"\S", description="For a colleague who looks back")
]


class WaitBody(http.Body):
    waits_for: Literal["customer", "until"] = Field(
        alias="for",
        description="customer: it is their turn, and our time to resolve stands still. until: there is nothing to do before then, and our clocks run on",
    )
    until: http.Moment | None = Field(default=None, description="When it comes back; with a time zone. Only, and always, with `for: until`")
    reason: Reason


class ResumeBody(http.Body):
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S", description="What has come, or why somebody goes on without")


class PickedUpBody(http.Body):
    how: str = Field(
        min_length=1, max_length=1000, pattern=r"\S", description="How you told the customer: called them, wrote from elsewhere, …"
    )
    reply_id: UUID | None = Field(default=None, description="The reply that told them, where it was one of ours")


@router.post("/cases/{case_id}/wait", responses=CONFLICT)
async def wait(
    brand: str, case_id: UUID, body: WaitBody, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> CaseOut:
    """There is nothing to do for now. A message of the customer makes it our turn, and so does the moment that it was put off to."""
    file = await _at_hand(writing, brand, case_id, match)
    at, policy = await store.now(writing), policy_of(request, brand)
    if (body.until is not None) != (body.waits_for == "until"):
        raise Unprocessable("until: name a moment with `for: until`, and with nothing else.")
    if body.until is not None:
        if body.until > at + LONGEST:
            raise Unprocessable(f"until: {body.until.isoformat()} is more than {LONGEST.days} days ahead. Name a moment before that.")
        waiting.until(policy, file, body.until, at, body.reason)
    else:
        merge.may_end(file)
        waiting.for_the_customer(file, at, body.reason)
    await _record(request, writing, file, principal, CaseWaiting, at, reason=body.reason)
    return _out(response, file)


@router.post("/cases/{case_id}/resume", responses=CONFLICT)
async def go_on(
    brand: str, case_id: UUID, body: ResumeBody, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> CaseOut:
    """Go on with a case that waits: it is our turn again, and our clocks run."""
    file = await _at_hand(writing, brand, case_id, match)
    at = await store.now(writing)
    waited_for = waiting.over(policy_of(request, brand), file, at)
    await _record(request, writing, file, principal, CaseResumed, at, waited_for=waited_for, why=body.reason)
    return _out(response, file)


@router.post("/cases/{case_id}/picked-up", responses=CONFLICT)
async def picked_up(
    brand: str, case_id: UUID, body: PickedUpBody, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> CaseOut:
    """You have taken it up and told the customer so: the reaction clock stops, and it is still our turn. Taking a case does not do that."""
    if principal.machine:
        raise Forbidden("A machine cannot say that a customer knows: only whoever told them can.")
    file = await _at_hand(writing, brand, case_id, match)
    at = await store.now(writing)
    waiting.picked_up(file, at)
    await _record(request, writing, file, principal, CasePickedUp, at, how=body.how, reply_id=body.reply_id)
    return _out(response, file)
