"""Drafts by a language model, over HTTP: a writer asks for one, and looks how it is getting on.

Nothing here is asked for by itself. Asking is a row and what is reserved of the brand's day, in one transaction; the model is asked afterwards
(`drafter.py`), and what it says is a draft like any other: `GET …/replies/{reply_id}`.
"""

import asyncio
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from libs.common import http, idempotency, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.books import Published
from libs.common.errors import Conflict, NotFound, Unavailable, Unprocessable
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Service, Writing
from services.responder import customer, drafter, drafting, store, suggestion_store
from services.responder.drafter import REFUSED, Drafter, Gone
from services.responder.drafting import Wish
from services.responder.reply_api import Writer, current_book
from services.responder.settings import Settings
from services.responder.suggestion_store import Suggestion

router = APIRouter(prefix="/v1/brands/{brand}", tags=["drafts by a language model"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]


class SuggestionBody(http.Body):
    """What the writer wishes. All of it is optional."""

    tone: Literal["warm", "formal", "brief", "apologetic"] | None = None
    script: str | None = Field(
        default=None, max_length=100, description="A script to start from, as GET …/scripts names it; none: those that suit the case"
    )
    instructions: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="What the answer is to say, for the model; personal data in it is masked too",
    )
    mention_id: UUID | None = Field(
        default=None, description="In a case that people put together, the message that it answers; none: the case's newest"
    )


class SuggestionOut(BaseModel):
    """A draft that was asked for."""

    id: UUID
    case_id: UUID
    mention_id: UUID
    state: str = Field(description="waiting | asking | drafted | failed")
    model: str
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    reply_id: UUID | None = Field(description="The draft, once there is one")
    tokens: int | None = Field(description="What it took of the brand's day; null until it has ended")
    seconds: float | None
    kind: str | None = Field(
        description="What went wrong: slow | busy | key | model | refused | outside | reach | lost | shape | huge | empty | breaker | gone | interrupted"
    )
    error: str | None = Field(description="The same in words, with what to do")


class DraftingOut(BaseModel):
    """Whether a language model helps here, and what is left of its day."""

    available: bool
    why_not: str | None = Field(description="In words, where it does not")
    model: str | None
    tokens_per_day: int
    tokens_left: int
    resets_at: datetime = Field(description="When the brand's next day begins")


@router.post("/cases/{case_id}/suggestions", status_code=201, responses=CONFLICT)
@idempotency.once
async def ask_for_draft(
    brand: str, case_id: UUID, body: SuggestionBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> SuggestionOut:
    """Ask a language model for a draft that answers the case's newest message. It sees masked text only, and what it says is a draft: a person edits
    and approves it as any other. 409 while one is under way for the same message (`suggestion_id`), and when the day's budget is used up
    (`tokens_left`, `resets_at`); 503 while the model does not answer."""
    published, found = current_book(request, brand), _drafter(request)
    if reason := _why_not(found, published):
        raise Conflict(reason)
    assert found is not None
    if waits := found.waits_s():
        REFUSED.labels("breaker").inc()
        raise Unavailable("The language model has failed several times in a row. Write the answer yourself.", retry_after_s=int(waits) + 1)
    book = published.book
    team = await drafter.team_scripts(writing, brand)
    if body.script is not None and all(script.id != body.script for script in (*book.scripts, *team)):
        raise Unprocessable(f"The brand has no script {body.script[:100]!r}; GET …/scripts lists them.")
    case_row = await store.case(writing, brand, case_id, lock=True)
    if case_row is None or case_row.case is None:
        raise NotFound("There is no such case in this brand.")
    whole = case_row.case
    own = customer.as_for(whole, body.mention_id)
    if body.mention_id is not None and own is None:
        raise Unprocessable("mention_id: an answer is to the newest message of a thread of this case.")
    latest = own.latest if own else None
    if latest is None:
        raise Conflict("This case has no message left to answer.")
    try:
        case, mention = drafter.answered(whole, latest.id)
    except Gone as gone:
        raise Conflict(str(gone)) from None
    if running := await suggestion_store.open_of(writing, brand, case_id, mention.id):
        raise Conflict("A draft that answers this message is being written already.", suggestion_id=str(running))
    wish = Wish(tone=body.tone, script=body.script, instructions=body.instructions)
    told = await drafter.told_before(writing, case, mention)
    needed = (await asyncio.to_thread(drafter.prompt, case, mention, published, wish, told, team)).tokens
    now = await store.database_time(writing)
    day, resets_at = drafting.day_of(book, now)
    most = book.drafting.tokens_per_day
    if not await suggestion_store.reserve(writing, brand, date.fromisoformat(day), needed, most):
        REFUSED.labels("budget").inc()
        left = max(0, most - await suggestion_store.spent(writing, brand, date.fromisoformat(day)))
        raise Conflict(
            f"The day's budget for the language model does not suffice: {left} of {most} tokens are left, and this draft may take {needed}. "
            "Write the answer yourself, or raise drafting.tokens_per_day in the brand book.",
            tokens_left=left,
            tokens_needed=needed,
            resets_at=resets_at.isoformat(),
        )
    row = Suggestion(
        id=uuid4(),
        brand=brand,
        case_id=case_id,
        mention_id=mention.id,
        asked_by=principal.subject,
        asked_role=principal.role,
        tone=body.tone,
        script=body.script,
        instructions=body.instructions,
        state="waiting",
        day=date.fromisoformat(day),
        reserved=needed,
        model=found.endpoint.model,
        asked_at=now,
        traceparent=telemetry.current_traceparent(),
    )
    if not await suggestion_store.insert(writing, row):
        raise Conflict("A draft that answers this message is being written already.")
    response.headers["location"] = f"/v1/brands/{brand}/suggestions/{row.id}"
    return _out(row)


@router.get("/suggestions/{suggestion_id}")
async def one_suggestion(brand: str, suggestion_id: UUID, principal: Reader, reading: Reading) -> SuggestionOut:
    """How a draft that was asked for is getting on. It is kept for 30 days; the draft itself is a reply."""
    row = await suggestion_store.one(reading, brand, suggestion_id)
    if row is None:
        raise NotFound("There is no such request for a draft in this brand.")
    return _out(row)


@router.get("/drafting")
async def help_of_a_model(brand: str, request: Request, principal: Reader, reading: Reading) -> DraftingOut:
    """Whether a language model may be asked for drafts here, and what is left of the day's budget."""
    published, found = current_book(request, brand), _drafter(request)
    day, resets_at = drafting.day_of(published.book, await store.database_time(reading))
    most = published.book.drafting.tokens_per_day
    left = max(0, most - await suggestion_store.spent(reading, brand, date.fromisoformat(day)))
    reason = _why_not(found, published)
    if found and not reason and found.waits_s():
        reason = "The language model has failed several times in a row, and is not asked for a while."
    if not reason and not left:
        reason = "The day's budget for the language model is used up."
    return DraftingOut(
        available=reason is None,
        why_not=reason,
        model=found.endpoint.model if found else None,
        tokens_per_day=most,
        tokens_left=left,
        resets_at=resets_at,
    )


def _why_not(found: Drafter | None, published: Published) -> str | None:
    if found is None:
        return "No language model is set up here: whoever runs Weerklank gives the responder WEERKLANK_RESPONDER_MODEL_URL and _MODEL."
    if not published.book.drafting.model:
        return "This brand has no drafts by a language model. Its brand book allows them with drafting: {model: true}."
    return None


def _out(row: Suggestion) -> SuggestionOut:
    return SuggestionOut.model_validate(row.model_dump(include=set(SuggestionOut.model_fields)))


def _drafter(request: Request) -> Drafter | None:
    found: Drafter | None = getattr(request.app.state, "drafter", None)
    return found


def drafter_of(service: Service, settings: Settings) -> Drafter | None:
    """The drafter of this process; none where nobody has set up a model."""
    endpoint = settings.endpoint
    return Drafter(service.pool, service.books, service.relay, endpoint, settings.model_slots) if endpoint else None
