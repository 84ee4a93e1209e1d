"""The room of an incident over HTTP: live facts, what is said there, what is decided, what is said to the outside meanwhile, and who does what."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency
from libs.common.conditions import Match
from libs.common.errors import Conflict, Forbidden, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.incident_events import (
    Decision,
    HubTask,
    Incident,
    IncidentDecided,
    IncidentStatementDrafted,
    IncidentTaskDone,
    IncidentTaskGiven,
)
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import hub, incident_store, room, store, timer
from services.routing import incident as incidents
from services.routing.api import policy_of
from services.routing.hub_api import Decider, IncidentOut, Line, Reader, Why, Writer, at_hand, found, out, record
from services.routing.incident import File
from services.routing.sla import Policy
from services.routing.timer import Timer

router = APIRouter(prefix="/v1/brands/{brand}/incidents/{incident_id}", tags=["hub"], route_class=Route)
Said = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
_LAST = 50


class Message(BaseModel):
    """Something that somebody wrote in the room."""

    id: UUID
    at: datetime
    author: str
    text: str


class Room(BaseModel):
    """The room as it is at this moment. Its ETag is the incident's revision: facts and messages change without one."""

    incident: Incident
    version: int
    revision: int
    missing: list[str] = Field(description="Who was told last and has not acknowledged")
    facts: room.Facts
    messages: list[Message] = Field(description="The newest 50, oldest first")


class MessageBody(http.Body):
    text: Said


class DecisionBody(http.Body):
    what: Why
    why: Why
    supersedes: UUID | None = Field(default=None, description="Id of the decision that this one takes the place of")


class StatementBody(http.Body):
    texts: dict[
        Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")], Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
    ] = Field(min_length=1, max_length=10, description="By language; the brand's first must be among them")


class SignBody(http.Body):
    digest: str = Field(min_length=64, max_length=64, description="Of the text as it was read: exactly that is signed")


class HoldBody(http.Body):
    what: Annotated[str, Field(pattern="^(affected|all)$", description="affected: replies to its cases; all: every reply of the brand")]
    why: Annotated[str, Field(min_length=1, max_length=500, pattern=http.ONE_LINE)]


class TaskBody(http.Body):
    title: Line
    owner: Annotated[str, Field(min_length=1, max_length=63, description="Id of a member of the hub or of the team")]
    due_at: http.Moment | None = Field(default=None, description="When it should be done; its owner is told then")


@router.get("")
async def one_incident(brand: str, incident_id: UUID, response: Response, principal: Reader, reading: Reading) -> Room:
    """The room as it is now: facts, the last of what was said, decisions, statement, tasks, and who has not acknowledged."""
    file = await found(reading, brand, incident_id)
    now = await store.now(reading)
    facts = await room.facts(reading, file.incident, now)
    rows = await incident_store.last_messages(reading, brand, incident_id, _LAST)
    # Facts live without a version: a GET is answered in full each time, though the revision is what changes are decided on.
    conditions.mark(response, file.revision, f"{file.version}-{int(now.timestamp() * 1000)}")
    return Room(
        incident=file.incident,
        version=file.version,
        revision=file.revision,
        missing=[told.who for told in incidents.missing(file.incident)],
        facts=facts,
        messages=[_message(row) for row in rows],
    )


def _message(row: object) -> Message:
    return Message.model_validate({name: row[name] for name in Message.model_fields})  # type: ignore[index]


@router.get("/messages")
async def messages(
    brand: str,
    incident_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[Message]:
    """What was said in the room, oldest first."""
    await found(reading, brand, incident_id)
    after = http.read_cursor(cursor, [int])
    rows = await incident_store.messages(reading, brand, incident_id, after[0] if after else 0, limit + 1)
    return Page(items=[_message(row) for row in rows[:limit]], next=http.cursor_of(rows[limit - 1]["seq"]) if len(rows) > limit else None)


@router.post("/messages", status_code=201, responses=CONFLICT)
@idempotency.once
async def say(
    brand: str, incident_id: UUID, body: MessageBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> Message:
    """Write in the room."""
    file = await found(writing, brand, incident_id, lock=True)
    file.book_version = policy_of(request, brand).version
    now, message_id = await store.now(writing), uuid4()
    await hub.say(writing, file, message_id, principal.subject, body.text, now)
    return Message(id=message_id, at=now, author=principal.subject, text=body.text)


@router.post("/decisions", status_code=201, responses=CONFLICT)
@idempotency.once
async def decide(
    brand: str,
    incident_id: UUID,
    body: DecisionBody,
    request: Request,
    response: Response,
    principal: Decider,
    match: Match,
    writing: Writing,
) -> IncidentOut:
    """Note what was decided, and why. It is never changed; another decision may supersede it."""
    file = await at_hand(request, writing, brand, incident_id, match)
    now = await store.now(writing)
    decision = Decision(id=uuid4(), what=body.what, why=body.why, by=principal.subject, at=now, supersedes=body.supersedes)
    incidents.decided(file, decision)
    return await record(response, writing, file, principal, IncidentDecided, decision=decision)


@router.put("/statement", responses=CONFLICT)
async def draft(
    brand: str,
    incident_id: UUID,
    body: StatementBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> IncidentOut:
    """Write what the brand says meanwhile. Signatures under another text are void; whoever must sign is asked to."""
    policy = policy_of(request, brand)
    if policy.book.languages[0] not in body.texts:
        raise Unprocessable(f"texts: the brand's first language, {policy.book.languages[0]}, is missing.")
    file = await at_hand(request, writing, brand, incident_id, match)
    now = await store.now(writing)
    void = incidents.drafted(file, policy.book, body.texts, principal.subject, now)
    answer = await record(response, writing, file, principal, IncidentStatementDrafted, void=void)
    await hub.ask_to_sign(writing, policy, file, now)
    return answer


@router.post("/statement/sign", responses=CONFLICT)
async def sign(
    brand: str, incident_id: UUID, body: SignBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> IncidentOut:
    """Agree with exactly the text that has this digest, in every role that one has. With the last signature it is approved, and offered as a script."""
    file = await found(writing, brand, incident_id, lock=True)
    policy = policy_of(request, brand)
    file.book_version = policy.version
    if principal.machine:
        raise Forbidden("A person signs.")
    roles = incidents.roles_of(policy.book, principal)
    await hub.sign(writing, file, principal.subject, roles, body.digest, await store.now(writing))
    return out(response, file)


@router.post("/hold", responses=CONFLICT)
async def hold_replies(
    brand: str, incident_id: UUID, body: HoldBody, request: Request, response: Response, principal: Decider, match: Match, writing: Writing
) -> IncidentOut:
    """Hold replies because of it. They are released where holds are."""
    policy = policy_of(request, brand)
    file = await at_hand(request, writing, brand, incident_id, match)
    incidents.must_run(file)
    if file.incident.drill:
        raise Conflict("A drill holds nothing: nothing of it is real.")
    await hub.hold(writing, policy, file, body.what, body.why, principal.subject, await store.now(writing))
    return out(response, file)


@router.post("/tasks", status_code=201, responses=CONFLICT)
@idempotency.once
async def give(
    brand: str, incident_id: UUID, body: TaskBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> IncidentOut:
    """Give somebody something to do. They are told now, and when it is due."""
    policy = policy_of(request, brand)
    file = await found(writing, brand, incident_id, lock=True)
    now = await store.now(writing)
    _must_be_somebody(policy, body.owner)
    task = HubTask(id=uuid4(), title=body.title, owner=body.owner, by=principal.subject, at=now, due_at=body.due_at)
    incidents.given(file, task)
    return await _give(request, response, writing, file, principal, task, now)


@router.put("/tasks/{task_id}", responses=CONFLICT)
async def change_task(
    brand: str,
    incident_id: UUID,
    task_id: UUID,
    body: TaskBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> IncidentOut:
    """Give it another owner, title or time."""
    policy = policy_of(request, brand)
    file = await at_hand(request, writing, brand, incident_id, match)
    incidents.must_run(file)
    _must_be_somebody(policy, body.owner)
    task = incidents.task_of(file, task_id)
    if task.done_at is not None:
        raise Conflict("The task is done. Give another.")
    is_later = body.due_at != task.due_at
    values = {"title": body.title, "owner": body.owner, "due_at": body.due_at, "reminded_at": None if is_later else task.reminded_at}
    task = task.model_copy(update=values)
    incidents.set_task(file, task)
    return await _give(request, response, writing, file, principal, task, await store.now(writing))


@router.post("/tasks/{task_id}/done", responses=CONFLICT)
async def done(
    brand: str, incident_id: UUID, task_id: UUID, request: Request, response: Response, principal: Writer, writing: Writing
) -> IncidentOut:
    """It is done. Saying it twice changes nothing."""
    file = await found(writing, brand, incident_id, lock=True)
    task = incidents.task_of(file, task_id)
    if task.done_at is None:
        incidents.must_run(file)
        now = await store.now(writing)
        file.book_version = policy_of(request, brand).version
        task = task.model_copy(update={"done_at": now, "done_by": principal.subject})
        incidents.set_task(file, task)
        await timer.cancel(writing, brand, hub.KIND, incident_id, [f"task:{task.id}"])
        await incident_store.record(writing, file, IncidentTaskDone, at=now, actor=principal.subject, task=task)
    return out(response, file)


async def _give(
    request: Request, response: Response, writing: Writing, file: File, principal: Writer, task: HubTask, now: datetime
) -> IncidentOut:
    policy, incident = policy_of(request, file.incident.brand), file.incident
    file.book_version = policy.version
    await incident_store.record(writing, file, IncidentTaskGiven, at=now, actor=principal.subject, task=task)
    await timer.cancel(writing, incident.brand, hub.KIND, incident.id, [f"task:{task.id}"])
    if task.due_at is not None and task.reminded_at is None:
        await timer.put(writing, [Timer(incident.brand, hub.KIND, incident.id, f"task:{task.id}", max(now, task.due_at))])
    if task.owner != principal.subject:
        await hub.tell_owner(writing, policy, file, task, now, is_due=False)
    return out(response, file)


def _must_be_somebody(policy: Policy, owner: str) -> None:
    if owner not in {person.id for person in incidents.everybody(policy.book)}:
        raise Unprocessable(f"owner: {owner!r} is neither in the hub nor in the team of this brand.")
