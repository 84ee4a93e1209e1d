"""The handover packet of a case and the history of a customer, over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from libs.common import conditions, http
from libs.common.auth import STAFF, Principal, allow
from libs.common.case_events import Case
from libs.common.errors import NotFound
from libs.common.events import TriagedMention
from libs.common.http import Cursor, Page
from libs.common.masking import Mask
from libs.common.routes import Route
from libs.common.service import Reading
from services.routing import packet_store, packet_text, shown, store
from services.routing.api import policy_of
from services.routing.brief import Brief, brief
from services.routing.packet import Packet, packet

router = APIRouter(prefix="/v1/brands/{brand}", tags=["cases"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Language = Annotated[Literal["nl", "en"] | None, Query(description="In which language; none: the brand's first")]
_MOST_WORDS = 280


class Earlier(BaseModel):
    """One of a customer's cases, read back."""

    case: Brief
    asked: str | None = Field(description="How it began, in the customer's words")
    said: str | None = Field(description="What was answered last")
    said_at: datetime | None
    said_by: str | None
    kept: bool = Field(default=True, description="False: what was written then is no longer kept")


@router.get(
    "/cases/{case_id}/packet",
    response_model=Packet,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def handover_packet(
    brand: str,
    case_id: UUID,
    request: Request,
    response: Response,
    principal: Reader,
    reading: Reading,
    format: Annotated[Literal["json", "text"] | None, Query(description="text: one screen to paste; none: as `Accept` says")] = None,
    language: Language = None,
    accept: Annotated[str | None, Header(max_length=1000, include_in_schema=False)] = None,
) -> Packet | PlainTextResponse:
    """All that whoever takes a case over has to know: what was asked, promised and tried, by whom, on all channels; what the customer gave already;
    and who has it open. Of a case that goes on in another one, the other's. Personal data is masked as the reader's role has it."""
    policy = policy_of(request, brand)
    found = await packet_store.material(reading, brand, case_id, await store.now(reading))
    mask = _mask(policy.book.languages[0] if language is None else language, principal)
    made = packet(found, policy.book, mask)
    if format == "text" or (format is None and _wants_text(accept)):
        said = packet_text.text(made, mask, ZoneInfo(policy.book.timezone))
        return PlainTextResponse(said, headers={"etag": conditions.etag(made.version, "text"), "vary": "accept"})
    response.headers["vary"] = "accept"
    return made


@router.get("/customers/{customer_id}/history")
async def customer_history(
    brand: str,
    customer_id: UUID,
    request: Request,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[Earlier]:
    """All cases of a customer, by whatever name, address or number they wrote, the newest first: what they asked, and what was answered last."""
    after = http.read_cursor(cursor, [int])
    rows = await packet_store.history(reading, brand, customer_id, after[0] if after else None, limit + 1)
    if not rows and after is None:
        raise NotFound("There is no such customer in this brand, or none of their cases.")
    mask = _mask(policy_of(request, brand).book.languages[0], principal)
    items = []
    for row in rows[:limit]:
        first = TriagedMention.model_validate(row["first"]) if row["first"] else None
        said = mask.text(row["said"], row["said_visibility"]) if row["said"] else None
        kept = (first is None or first.mention.forgotten_at is None) and row["said_kept"]
        items.append(
            Earlier(
                case=brief(Case.model_validate(row["state_json"]), mask),
                asked=(_short(mask.mention(first.mention, first.findings)) or None) if first else None,
                said=_short(said) if said else None,
                said_at=row["said_at"],
                said_by=row["said_by"],
                kept=kept,
            )
        )
    return Page(items=items, next=http.cursor_of(rows[limit - 1]["seq"]) if len(rows) > limit else None)


def _mask(language: str, principal: Principal) -> Mask:
    return Mask(shown.audience(principal), "nl" if language == "nl" else "en")


def _wants_text(accept: str | None) -> bool:
    """Whether text comes before JSON in what the caller accepts."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in (accept or "").split(",")]
    return "text/plain" in kinds and ("application/json" not in kinds or kinds.index("text/plain") < kinds.index("application/json"))


def _short(said: str) -> str:
    flat = " ".join(said.split())
    return flat if len(flat) <= _MOST_WORDS else flat[: _MOST_WORDS - 2] + " …"
