"""Incidents over HTTP: raised by people, acknowledged by those who were told, and how they go on. What happens in their room is in `room_api.py`."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency
from libs.common.auth import STAFF, Principal, allow
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.events import deterministic_id
from libs.common.http import ONE_LINE, Cursor, Page
from libs.common.incident_events import (
    Incident,
    IncidentCasesChanged,
    IncidentChanged,
    IncidentClosed,
    IncidentEvent,
    IncidentHandled,
    IncidentReopened,
)
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from libs.common.trail import trace_id_of
from services.routing import hub, incident_store, store, timer
from services.routing import incident as incidents
from services.routing.api import policy_of
from services.routing.incident import File
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["hub"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Writer = Annotated[Principal, Depends(allow("agent", "trainee", "lead", "spokesperson", "admin"))]
Decider = Annotated[Principal, Depends(allow("spokesperson", "lead", "admin"))]

Severity = Literal["low", "medium", "high", "critical"]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
Why = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S", description="In words, for people")]
Role = Annotated[str, Field(min_length=1, max_length=63, pattern=ONE_LINE)]
Ids = Annotated[list[UUID], Field(max_length=500)]


class IncidentOut(BaseModel):
    """An incident. `revision` is its ETag too: it grows with what people change, and not with signals that join or with who acknowledges."""

    incident: Incident
    version: int
    revision: int


class ToldIncident(BaseModel):
    """A row of the timeline."""

    version: int
    at: datetime
    what: str
    actor: str
    event_id: UUID
    trace_id: str | None
    detail: dict[str, Any]


class ScenarioOut(BaseModel):
    """A scenario of the brand book, who is told of it, and whether it can be evaluated."""

    id: str
    when: dict[str, Any]
    severity: str
    tell: list[str] = Field(description="Ids of whom it tells at first")
    ladder: list[str] = Field(description="Roles")
    acknowledge_within_s: int
    hold: str
    running: list[UUID] = Field(description="Incidents of it that are not closed")
    error: str | None = Field(description="Why it cannot be evaluated; null: it can, as far as anything was put to it")


class MemberOut(BaseModel):
    """Somebody whom incidents may tell. Addresses are not shown."""

    id: str
    name: str
    roles: list[str]
    ways: list[str] = Field(description="email | webhook | mattermost | slack | teams, one for each way of theirs")


class HubOut(BaseModel):
    """The social hub as the brand book has it."""

    members: list[MemberOut]
    scenarios: list[ScenarioOut]


class RaiseBody(http.Body):
    title: Line
    why: Why
    severity: Severity | None = Field(default=None, description="None: the scenario's; without a scenario high")
    scenario: Annotated[str | None, Field(default=None, max_length=63, description="Id of one of the brand book's scenarios")]
    topic_id: UUID | None = Field(default=None, description="Cases about this topic join by themselves")
    label: Annotated[str | None, Field(default=None, max_length=200, description="Cases with this label join by themselves")]
    case_ids: Ids = Field(default=[], description="Cases that it is about")
    tell: list[Role] = Field(default=[], max_length=20, description="Roles to tell; none: the scenario's, or else the whole hub")
    statement_by: list[Role] = Field(default=[], max_length=20, description="Roles that sign what is said meanwhile; none: the scenario's")


class WhyBody(http.Body):
    why: Why


class ChangeBody(http.Body):
    why: Why
    severity: Severity | None = None
    title: Annotated[Line | None, Field(default=None)]


class CasesBody(http.Body):
    why: Why
    link: Ids = Field(default=[], description="Cases that it is about")
    unlink: Ids = Field(default=[], description="Cases that it is not about; they do not join again by themselves")


@router.get("/hub")
async def the_hub(brand: str, request: Request, principal: Reader, reading: Reading) -> HubOut:
    """Who is told when something goes wrong, and by which scenarios."""
    policy = policy_of(request, brand)
    running = await incident_store.running(reading, [brand])
    faults = await incident_store.faults(reading, brand, policy.version)
    return HubOut(
        members=[MemberOut(id=one.id, name=one.name, roles=list(one.roles), ways=_ways(one)) for one in incidents.everybody(policy.book)],
        scenarios=[
            ScenarioOut(
                id=scenario.id,
                when=dict(scenario.when.conditions()),
                severity=scenario.severity,
                tell=[person.id for person in hub.first_told(policy, scenario, ())],
                ladder=list(scenario.ladder),
                acknowledge_within_s=int(scenario.acknowledge_within.elapsed().total_seconds()),
                hold=scenario.hold,
                running=[row["id"] for row in running if row["scenario"] == scenario.id],
                error=faults.get(scenario.id),
            )
            for scenario in policy.book.hub.scenarios
        ],
    )


def _ways(person: incidents.Person) -> list[str]:
    return [next(name for name in ("email", "webhook", "mattermost", "slack", "teams") if getattr(way, name)) for way in person.ways]


@router.post("/incidents", status_code=201, responses=CONFLICT)
@idempotency.once
async def raise_one(brand: str, body: RaiseBody, request: Request, response: Response, principal: Writer, writing: Writing) -> IncidentOut:
    """Raise an incident: all whom it concerns are told at this moment. Of a scenario one incident about the same thing runs at a time."""
    policy = policy_of(request, brand)
    scenario = next((one for one in policy.book.hub.scenarios if one.id == body.scenario), None)
    if body.scenario is not None and scenario is None:
        known = ", ".join(one.id for one in policy.book.hub.scenarios) or "none"
        raise Unprocessable(f"There is no scenario {body.scenario!r}; this brand's hub has {known}.")
    if body.label is not None and policy.book.label(body.label) is None:
        raise Unprocessable(f"There is no label {body.label!r} in the brand book.")
    if body.label is not None and body.topic_id is not None:
        raise Unprocessable("Give a topic or a label, not both: an incident is about one thing.")
    _must_be_roles(policy, body.tell, "tell")
    _must_be_roles(policy, body.statement_by, "statement_by")
    await _must_be_known(writing, brand, body.case_ids)
    about = f"topic:{body.topic_id}" if body.topic_id else f"label:{body.label}" if body.label else ""
    number, id = 1, None
    if scenario or about:
        await incident_store.only_one_raises(writing, brand, scenario.id if scenario else "", about)
        newest = await incident_store.newest(writing, brand, scenario.id if scenario else "", about)
        if newest is not None and newest.incident.state != "closed":
            raise Conflict(f"Incident {newest.incident.id} is of this and runs: join it.", incident_id=str(newest.incident.id))
        number = newest.number + 1 if newest else 1
    else:
        id = deterministic_id(brand, "incident", str(uuid4()))
    now = await store.now(writing)
    cause = hub.Cause(
        title=body.title,
        why=body.why,
        severity=body.severity or (scenario.severity if scenario else "high"),
        by=principal.subject,
        began_at=now,
        about=about,
        scenario=scenario,
        topic_id=body.topic_id,
        label=body.label,
        tell=tuple(body.tell),
        statement_by=tuple(body.statement_by),
        case_ids=tuple(body.case_ids),
    )
    file = await hub.raise_incident(writing, policy, cause, now, id=id, number=number)
    response.headers["location"] = f"/v1/brands/{brand}/incidents/{file.incident.id}"
    return out(response, file)


def _must_be_roles(policy: Policy, roles: list[str], name: str) -> None:
    for role in roles:
        if not incidents.with_roles(policy.book, (role,)):
            raise Unprocessable(f"{name}: nobody in the brand book's hub or team has the role {role!r}.")


async def _must_be_known(connection: Writing, brand: str, ids: list[UUID]) -> None:
    unknown = set(ids) - await incident_store.known_cases(connection, brand, ids)
    if unknown:
        raise Unprocessable(f"There is no case {min(unknown)} in this brand.")


@router.get("/incidents")
async def list_incidents(
    brand: str,
    principal: Reader,
    reading: Reading,
    state: Annotated[
        Literal["open", "raised", "acknowledged", "handled", "closed"] | None, Query(description="open: all that are not closed")
    ] = None,
    scenario: Annotated[str | None, Query(max_length=63, description="Only those of this scenario")] = None,
    drill: Annotated[bool | None, Query(description="Only drills, or only what is real")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[Incident]:
    """Incidents, newest first."""
    before = http.read_cursor(cursor, [int])
    rows = await incident_store.page(
        reading, brand, state=state, scenario=scenario, drill=drill, before=before[0] if before else None, limit=limit + 1
    )
    following = http.cursor_of(rows[limit - 1][0]) if len(rows) > limit else None
    return Page(items=[file.incident for _, file in rows[:limit]], next=following)


@router.get("/incidents/{incident_id}/timeline")
async def incident_timeline(
    brand: str,
    incident_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[ToldIncident]:
    """The whole story of an incident, oldest first."""
    await found(reading, brand, incident_id)
    after = http.read_cursor(cursor, [int])
    rows = await incident_store.timeline(reading, brand, incident_id, min(after[0], 2**31 - 1) if after else 0, limit + 1)
    fields = ("version", "at", "what", "actor", "event_id", "detail")
    items = [ToldIncident(**{name: row[name] for name in fields}, trace_id=trace_id_of(row["traceparent"])) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].version) if len(rows) > limit else None)


@router.post("/incidents/{incident_id}/acknowledge", responses=CONFLICT)
async def acknowledge(
    brand: str, incident_id: UUID, request: Request, response: Response, principal: Writer, writing: Writing
) -> IncidentOut:
    """Say that one knows, as somebody who was told. Saying it twice changes nothing."""
    file = await found(writing, brand, incident_id, lock=True)
    file.book_version = policy_of(request, brand).version
    await hub.acknowledge(writing, file, principal.subject, await store.now(writing))
    return out(response, file)


@router.post("/incidents/{incident_id}/change", responses=CONFLICT)
async def change(
    brand: str,
    incident_id: UUID,
    body: ChangeBody,
    request: Request,
    response: Response,
    principal: Decider,
    match: Match,
    writing: Writing,
) -> IncidentOut:
    """Say how bad it is, or what it is called."""
    file = await at_hand(request, writing, brand, incident_id, match)
    before = file.incident
    incidents.changed(file, body.severity, body.title)
    said = {"why": body.why, "previous_severity": before.severity, "previous_title": before.title}
    return await record(response, writing, file, principal, IncidentChanged, **said)


@router.post("/incidents/{incident_id}/cases", responses=CONFLICT)
async def change_cases(
    brand: str,
    incident_id: UUID,
    body: CasesBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> IncidentOut:
    """Link cases to it, or take cases out of it."""
    file = await at_hand(request, writing, brand, incident_id, match)
    incidents.must_run(file)
    if file.incident.drill:
        raise Conflict("A drill has no cases: nothing of it is real.")
    if set(body.link) & set(body.unlink):
        raise Unprocessable("A case cannot be linked and taken out at once.")
    await _must_be_known(writing, brand, [*body.link, *body.unlink])
    now = await store.now(writing)
    linked = await incident_store.link(writing, brand, incident_id, body.link, now, principal.subject, again=True)
    unlinked = await incident_store.unlink(writing, brand, incident_id, body.unlink, now)
    if linked or unlinked:
        file.change(**await incident_store.linked(writing, brand, incident_id))
        said = {"why": body.why, "linked": sorted(linked), "unlinked": sorted(unlinked)}
        return await record(response, writing, file, principal, IncidentCasesChanged, **said)
    return out(response, file)


@router.post("/incidents/{incident_id}/handled", responses=CONFLICT)
async def handled(
    brand: str, incident_id: UUID, body: WhyBody, request: Request, response: Response, principal: Decider, match: Match, writing: Writing
) -> IncidentOut:
    """What was to be done is done; it is watched until it is closed."""
    file = await at_hand(request, writing, brand, incident_id, match)
    incidents.handled(file, body.why, await store.now(writing))
    return await record(response, writing, file, principal, IncidentHandled, why=body.why)


@router.post("/incidents/{incident_id}/close", responses=CONFLICT)
async def close(
    brand: str, incident_id: UUID, body: WhyBody, request: Request, response: Response, principal: Decider, match: Match, writing: Writing
) -> IncidentOut:
    """It is over: nobody is told any more, its statement is no longer offered, and the next signal begins another. What it holds is released by people."""
    file = await at_hand(request, writing, brand, incident_id, match)
    incidents.closed(file, body.why, await store.now(writing))
    await timer.cancel(writing, brand, hub.KIND, incident_id)
    return await record(response, writing, file, principal, IncidentClosed, why=body.why)


@router.post("/incidents/{incident_id}/reopen", responses=CONFLICT)
async def reopen_incident(
    brand: str, incident_id: UUID, body: WhyBody, request: Request, response: Response, principal: Decider, match: Match, writing: Writing
) -> IncidentOut:
    """It was not over: all whom it concerns are told again."""
    policy = policy_of(request, brand)
    incident = (await found(writing, brand, incident_id)).incident
    if incident.scenario or incident.about:
        await incident_store.only_one_raises(writing, brand, incident.scenario or "", incident.about)
        newest = await incident_store.newest(writing, brand, incident.scenario or "", incident.about)
        if newest is not None and newest.incident.id != incident_id and newest.incident.state != "closed" and not incident.drill:
            raise Conflict(f"Incident {newest.incident.id} is of the same and runs: go on there.", incident_id=str(newest.incident.id))
    file = await at_hand(request, writing, brand, incident_id, match)
    people = _told_before(policy, file)
    now = await store.now(writing)
    incidents.reopened(file)
    told = incidents.tell(file, people, now)
    answer = await record(response, writing, file, principal, IncidentReopened, why=body.why)
    await hub.send(writing, policy, file, told, [], now)
    await hub.go_on(writing, policy, file, now)
    return out(response, file) if file.version != answer.version else answer


def _told_before(policy: Policy, file: File) -> list[incidents.Person]:
    """Whom it told at first and who is still there."""
    ids = {told.who for told in file.incident.told if told.step == 0}
    return [person for person in incidents.everybody(policy.book) if person.id in ids]


# --- what every route of an incident does -----------------------------------------------------------------------------------------------


async def found(connection: Reading, brand: str, incident_id: UUID, *, lock: bool = False) -> File:
    """Raises `NotFound`."""
    file = await incident_store.one(connection, brand, incident_id, lock=lock)
    if file is None:
        raise NotFound("There is no such incident in this brand.")
    return file


async def at_hand(request: Request, writing: Writing, brand: str, incident_id: UUID, match: Condition) -> File:
    """The incident, locked, as people had it when the caller read it. Raises `PreconditionFailed` with what they changed since."""
    file = await found(writing, brand, incident_id, lock=True)
    if not match.holds(file.revision):
        read = match.read()
        changes = await incident_store.changes(writing, brand, incident_id, read if read is not None else 2**31 - 1, 500)
        raise conditions.stale("The incident", file.revision, changes)
    file.book_version = policy_of(request, brand).version
    return file


def out(response: Response, file: File) -> IncidentOut:
    conditions.mark(response, file.revision)
    return IncidentOut(incident=file.incident, version=file.version, revision=file.revision)


async def record(
    response: Response, writing: Writing, file: File, principal: Principal, kind: type[IncidentEvent], **said: Any
) -> IncidentOut:
    await incident_store.record(writing, file, kind, at=await store.now(writing), actor=principal.subject, **said)
    return out(response, file)
