"""Drills, and the report of any incident, over HTTP."""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from libs.common import http, idempotency
from libs.common.errors import Unprocessable
from libs.common.http import ONE_LINE
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import drill, hub, report, store
from services.routing import incident as incidents
from services.routing.api import policy_of
from services.routing.hub_api import Decider, IncidentOut, Line, Reader, Severity, Why, found, out

router = APIRouter(prefix="/v1/brands/{brand}", tags=["hub"], route_class=Route)


class RecordedBody(http.Body):
    """A mention of a recording."""

    offset_s: int = Field(ge=-86_400, le=86_400, description="Seconds from the moment at which the incident is raised; before it: negative")
    author: Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE)]
    followers: int = Field(default=0, ge=0, le=1_000_000_000)
    channel: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")] = "twitter"
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    sentiment: Literal["negative", "neutral", "positive"] = "negative"
    engagement: int = Field(default=0, ge=0, le=1_000_000_000, description="Likes, shares and replies together")


class DrillBody(http.Body):
    title: Line
    why: Why
    scenario: Annotated[str | None, Field(default=None, max_length=63, description="Id of the scenario that is trained")]
    insight: Annotated[
        str | None, Field(default=None, max_length=63, pattern=ONE_LINE, description="What is noticed: hijack, influencer, …")
    ]
    severity: Severity | None = Field(default=None, description="None: the scenario's; without one high")
    take_part: list[Annotated[str, Field(min_length=1, max_length=63)]] = Field(
        min_length=1, max_length=100, description="Ids of members of the hub and of the team: nobody else is told"
    )
    speed: float = Field(default=1, ge=0.1, le=100, description="How many times as fast as it was recorded")
    mentions: list[RecordedBody] = Field(min_length=1, max_length=5000)


@router.post("/drills", status_code=201)
@idempotency.once
async def begin(brand: str, body: DrillBody, request: Request, response: Response, principal: Decider, writing: Writing) -> IncidentOut:
    """Play an incident to train the team: only those who take part are told, that it is a drill, and nothing of it reaches a customer or a case."""
    policy = policy_of(request, brand)
    scenario = next((one for one in policy.book.hub.scenarios if one.id == body.scenario), None)
    if body.scenario is not None and scenario is None:
        known = ", ".join(one.id for one in policy.book.hub.scenarios) or "none"
        raise Unprocessable(f"There is no scenario {body.scenario!r}; this brand's hub has {known}.")
    people = {person.id for person in incidents.everybody(policy.book)}
    if unknown := [who for who in body.take_part if who not in people]:
        raise Unprocessable(f"take_part: {unknown[0]!r} is neither in the hub nor in the team of this brand.")
    now = await store.now(writing)
    cause = hub.Cause(
        title=body.title,
        why=body.why,
        severity=body.severity or (scenario.severity if scenario else "high"),
        by=principal.subject,
        began_at=now,
        insight=body.insight,
        scenario=scenario,
        take_part=tuple(dict.fromkeys(body.take_part)),
    )
    mentions = [drill.Shown(**mention.model_dump()) for mention in body.mentions]
    file = await drill.begin(writing, policy, cause, mentions, now, id=uuid4(), speed=body.speed)
    response.headers["location"] = f"/v1/brands/{brand}/incidents/{file.incident.id}"
    return out(response, file)


@router.get("/incidents/{incident_id}/report")
async def the_report(brand: str, incident_id: UUID, principal: Reader, reading: Reading) -> report.Report:
    """What happened when, who was told and knew how fast, what was decided, said and done, and how its cases ended."""
    file = await found(reading, brand, incident_id)
    return await report.of(reading, file.incident, await store.now(reading))


class Markdown(PlainTextResponse):
    media_type = "text/markdown"


@router.get("/incidents/{incident_id}/report.md", response_class=Markdown)
async def the_report_to_read(brand: str, incident_id: UUID, principal: Reader, reading: Reading) -> Markdown:
    """The report as a page of Markdown."""
    file = await found(reading, brand, incident_id)
    text = report.markdown(await report.of(reading, file.incident, await store.now(reading)))
    return Markdown(text)
