"""Trying triage out over HTTP: a text comes in, what would be found in it goes out. Nothing is kept."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import InvalidEvent, NotFound
from libs.common.events import Findings
from libs.common.routes import Route
from services.triage.context import Context
from services.triage.examine import Examiner

router = APIRouter(prefix="/v1/brands/{brand}", tags=["triage"], route_class=Route)


class Trial(BaseModel):
    """A message to try triage on, and what is known of where it came from."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=20_000)
    channel: str | None = Field(default=None, max_length=40, description="twitter | facebook | instagram | email | review | whatsapp | …")
    visibility: Literal["public", "private"] | None = None
    followers: int | None = Field(default=None, ge=0, le=2**53 - 1, strict=True)


def _examiner(request: Request) -> Examiner:
    examiner: Examiner = request.app.state.examiner
    return examiner


@router.post("/classify")
async def classify(
    brand: str,
    body: Trial,
    principal: Annotated[Principal, Depends(allow(*STAFF, "analyst"))],
    examiner: Annotated[Examiner, Depends(_examiner)],
) -> Findings:
    """What triage would find in a message, by the brand's book and its live models, and the words that weighed most. Nothing is kept."""
    try:
        return await examiner.tried(brand, body.text, Context(body.channel, body.visibility, body.followers))
    except InvalidEvent as error:
        raise NotFound("There is no such brand, or its book was not applied yet.") from error
