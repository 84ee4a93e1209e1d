"""The social hub: an incident is raised, all whom it concerns are told at the same moment, and whoever does not answer is followed.

What reaches this module: signals (`signal.py`), people (`hub_api.py`), escalations (`inform`), and timers of the kind `incident`. What leaves it: changed
incidents, notices, notifications, holds. All of it in the caller's transaction: either everybody is told, or it did not happen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import db
from libs.common.bookteam import Scenario
from libs.common.errors import Conflict
from libs.common.events import deterministic_id
from libs.common.incident_events import (
    HubTask,
    Incident,
    IncidentAcknowledged,
    IncidentClosed,
    IncidentFollowed,
    IncidentHeld,
    IncidentRaised,
    IncidentSaid,
    IncidentStatementSigned,
    IncidentTaskDue,
    IncidentUnanswered,
)
from services.routing import forgotten, incident_hold, incident_store, incident_words, timer
from services.routing import incident as incidents
from services.routing.incident import File, Person
from services.routing.notice import Link, Notice, add
from services.routing.sla import Policy
from services.routing.timer import Timer

KIND = "incident"
"""Of the timers: `ladder:<round>:<step>`, `task:<id>` and `drill-ends`."""
DRILL_ENDS = "drill-ends"
LINK_HOLDS = timedelta(days=7)
"""How long the links of a notice work."""

AFFECTED = timedelta(hours=24)
"""How long before it began customers may have written whose open cases are about the same thing."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an incident is raised. `tell`, `statement_by` and the rest are what a person says where no scenario does."""

    title: str
    why: str
    severity: str
    by: str
    began_at: datetime
    insight: str | None = None
    about: str = ""
    scenario: Scenario | None = None
    topic_id: UUID | None = None
    label: str | None = None
    tell: tuple[str, ...] = ()
    statement_by: tuple[str, ...] = ()
    case_ids: tuple[UUID, ...] = ()
    signals: int = 0
    take_part: tuple[str, ...] | None = None
    """Who takes part in a drill; none: it is real."""


async def raise_incident(
    connection: db.Connection, policy: Policy, cause: Cause, now: datetime, *, id: UUID | None = None, number: int = 1
) -> File:
    """Raise it, tell everybody, and hold what its scenario holds. The caller has made sure that nothing of the kind runs
    (`incident_store.only_one_raises`). `id`: of one that is raised by hand without a scenario; else it follows from what it is about and `number`."""
    scenario, brand = cause.scenario, policy.book.brand
    name = scenario.id if scenario else ""
    while id is None and await forgotten.knows(connection, brand, deterministic_id(brand, "incident", name, cause.about, str(number))):
        number += 1  # those before were forgotten
    incident = Incident(
        id=id or deterministic_id(brand, "incident", name, cause.about, str(number)),
        brand=brand,
        drill=cause.take_part is not None,
        take_part=list(cause.take_part or ()),
        scenario=scenario.id if scenario else None,
        insight=cause.insight,
        about=cause.about,
        title=cause.title,
        why=cause.why,
        severity=cause.severity,
        state="raised",
        raised_by=cause.by,
        raised_at=now,
        began_at=min(cause.began_at, now),
        topic_id=cause.topic_id,
        label=cause.label,
        signals=cause.signals,
        acknowledge_within_s=int(scenario.acknowledge_within.elapsed().total_seconds()) if scenario else 600,
        ladder=list(scenario.ladder) if scenario else [],
        statement_by=list(cause.statement_by or (scenario.holding_statement_by if scenario else ())),
    )
    file = File(incident, version=1, revision=1, number=number, book_version=policy.version)
    affected = () if incident.drill else await incident_store.affected(connection, policy.book, incident, incident.began_at - AFFECTED)
    if case_ids := [*cause.case_ids, *affected]:
        await incident_store.link(connection, brand, incident.id, case_ids, now, cause.by, again=True)
        file.incident = incident.model_copy(update=await incident_store.linked(connection, brand, incident.id))
    people = _taking_part(incident, first_told(policy, scenario, cause.tell))
    if incident.drill and not people:  # nobody whom the scenario names takes part
        people = _taking_part(incident, incidents.everybody(policy.book))
    told = incidents.tell(file, people, now)
    await incident_store.record(connection, file, IncidentRaised, at=now, actor=cause.by)
    await send(connection, policy, file, told, [], now)
    await go_on(connection, policy, file, now)
    if scenario and scenario.hold != "none":
        await _hold_if_it_can(connection, policy, file, scenario, cause.by, now)
    return file


def first_told(policy: Policy, scenario: Scenario | None, tell: Sequence[str]) -> list[Person]:
    """Who is told at first: the roles that were named, those of the scenario, or else the whole hub."""
    roles = tuple(tell) or (scenario.tell if scenario else ())
    return incidents.with_roles(policy.book, roles) if roles else incidents.the_hub(policy.book)


async def send(
    connection: db.Connection, policy: Policy, file: File, people: Sequence[Person], missing: Sequence[str], now: datetime
) -> None:
    """Tell these that it was raised, by every way of theirs: one notice a way, which is the same notice however often this is done."""
    incident, book = file.incident, policy.book
    by_id = {told.who: told for told in incident.told if told.round == incident.round}
    notices: list[Notice] = []
    rows: list[tuple[UUID, str, str]] = []
    for person in people:
        title, text = incident_words.raised(book, incident, by_id[person.id], list(missing))
        links = (
            link(policy, incident, "acknowledge", "incident-ack", now, round=str(incident.round)),
            link(policy, incident, "write", "incident-say", now),
        )
        notices += notices_of(incident, person, f"raised:{incident.round}", title, text, links)
        if person.in_team:
            rows.append(
                (
                    deterministic_id(incident.brand, "notification", str(incident.id), f"raised:{incident.round}", person.id),
                    person.id,
                    title,
                )
            )
    await add(connection, notices, now)
    await incident_store.notify(connection, incident.brand, incident.id, rows, now)


def link(policy: Policy, incident: Incident, label: str, purpose: str, now: datetime, **data: str) -> Link:
    return Link(incident_words.said(policy.book, label), purpose, incident.id, now + LINK_HOLDS, data)


def notices_of(incident: Incident, person: Person, what: str, title: str, text: str, links: tuple[Link, ...] = ()) -> list[Notice]:
    """One notice for each way of a person."""
    return [
        Notice(
            id=deterministic_id(
                incident.brand, "notice", "incident", str(incident.id), what, person.id, way.model_dump_json(exclude_none=True)
            ),
            brand=incident.brand,
            about="incident",
            subject=incident.id,
            to=person.id,
            way=way,
            title=title,
            text=text,
            links=links,
        )
        for way in person.ways
    ]


# --- the ladder -------------------------------------------------------------------------------------------------------------------------


def _ladder(file: File) -> str:
    return f"ladder:{file.incident.round}:{file.incident.step}"


async def go_on(connection: db.Connection, policy: Policy, file: File, now: datetime) -> None:
    """Look again when those who were told last should have acknowledged; at once where nobody was told."""
    incident = file.incident
    if any(told.round == incident.round and told.step == incident.step for told in incident.told):
        due_at = now + timedelta(seconds=incident.acknowledge_within_s)
        await timer.put(connection, [Timer(incident.brand, KIND, incident.id, _ladder(file), due_at)])
    else:
        await follow(connection, policy, file, now)


async def follow(connection: db.Connection, policy: Policy, file: File, now: datetime) -> None:
    """Whoever has not acknowledged is followed by the next role of the ladder that has somebody who was not told yet. Where there is none, that is said
    to the leads: nobody is told twice, and nothing ends in silence."""
    late = [told.who for told in incidents.missing(file.incident)]
    while file.incident.step < len(file.incident.ladder):
        role = file.incident.ladder[file.incident.step]
        file.change(by_people=False, step=file.incident.step + 1)
        people = incidents.tell(file, _taking_part(file.incident, incidents.with_roles(policy.book, (role,))), now)
        await incident_store.record(
            connection, file, IncidentFollowed, at=now, actor="system", missing=late, role=role, told=[person.id for person in people]
        )
        if people:
            await send(connection, policy, file, people, late, now)
            await go_on(connection, policy, file, now)
            return
    file.change(by_people=False, unanswered=True)
    await incident_store.record(connection, file, IncidentUnanswered, at=now, actor="system", missing=late)
    what = incident_words.unanswered(policy.book, file.incident, late)
    named = f"unanswered:{file.incident.round}"
    rows = [
        (deterministic_id(file.incident.brand, "notification", str(file.incident.id), named, member.id), member.id, what)
        for member in policy.book.team
        if member.role == "lead" and not file.incident.drill
    ]
    await incident_store.notify(connection, file.incident.brand, file.incident.id, rows, now)


async def on_timer(connection: db.Connection, policy: Policy, due: Timer, now: datetime) -> None:
    """The time to acknowledge is over, or a task is due. What no longer holds by then is passed over."""
    file = await incident_store.one(connection, due.brand, due.subject, lock=True)
    if file is None or file.incident.state == "closed":
        return
    file.book_version = policy.version
    what, _, rest = due.name.partition(":")
    if due.name == DRILL_ENDS:
        why = "The recording has ended."
        incidents.closed(file, why, now)
        await timer.cancel(connection, due.brand, KIND, due.subject)
        await incident_store.record(connection, file, IncidentClosed, at=now, actor="system", why=why)
    elif what == "task":
        await _task_due(connection, policy, file, UUID(rest), now)
    elif due.name == _ladder(file) and incidents.missing(file.incident):
        await follow(connection, policy, file, now)


async def _task_due(connection: db.Connection, policy: Policy, file: File, task_id: UUID, now: datetime) -> None:
    task = next((task for task in file.incident.tasks if task.id == task_id), None)
    if task is None or task.done_at is not None or task.reminded_at is not None or task.due_at is None or task.due_at > now:
        return
    task = task.model_copy(update={"reminded_at": now})
    incidents.set_task(file, task, by_people=False)
    await incident_store.record(connection, file, IncidentTaskDue, at=now, actor="system", task=task)
    await tell_owner(connection, policy, file, task, now, is_due=True)


async def tell_owner(connection: db.Connection, policy: Policy, file: File, task: HubTask, now: datetime, *, is_due: bool) -> None:
    """Tell the owner of a task that it is theirs, or that it is due."""
    incident = file.incident
    person = next((one for one in incidents.everybody(policy.book) if one.id == task.owner), None)
    if person is None or not _taking_part(incident, [person]):
        return
    title, text = incident_words.task(policy.book, incident, task, is_due=is_due)
    what = f"task:{task.id}:{task.owner}:{task.due_at}:{'due' if is_due else 'given'}"
    await add(connection, notices_of(incident, person, what, title, text), now)
    if person.in_team:
        row = (deterministic_id(incident.brand, "notification", str(incident.id), what, person.id), person.id, title)
        await incident_store.notify(connection, incident.brand, incident.id, [row], now)


def _taking_part(incident: Incident, people: Sequence[Person]) -> list[Person]:
    """In a drill only those who take part are told of anything."""
    return [person for person in people if not incident.drill or person.id in incident.take_part]


async def ask_to_sign(connection: db.Connection, policy: Policy, file: File, now: datetime) -> None:
    """Tell those who must sign what is said meanwhile that there is a text, with a link to read and sign exactly that."""
    incident = file.incident
    assert incident.statement is not None
    title, text = incident_words.statement(policy.book, incident)
    links = (link(policy, incident, "sign", "incident-sign", now, digest=incident.statement.digest),)
    notices: list[Notice] = []
    rows: list[tuple[UUID, str, str]] = []
    what = f"sign:{incident.statement.digest}:{file.version}"
    for person in _taking_part(incident, incidents.with_roles(policy.book, incident.statement.needed)):
        notices += notices_of(incident, person, what, title, text, links)
        if person.in_team:
            rows.append((deterministic_id(incident.brand, "notification", str(incident.id), what, person.id), person.id, title))
    await add(connection, notices, now)
    await incident_store.notify(connection, incident.brand, incident.id, rows, now)


# --- what people do, over the API or by a link --------------------------------------------------------------------------------------------


async def acknowledge(connection: db.Connection, file: File, who: str, now: datetime) -> bool:
    """Whether it is news that somebody knows. Raises `Conflict` for whoever was not told."""
    after_s = incidents.acknowledged(file, who, now)
    if after_s is None:
        return False
    await incident_store.record(connection, file, IncidentAcknowledged, at=now, actor=who, who=who, after_s=after_s)
    if not incidents.missing(file.incident):
        await timer.cancel(connection, file.incident.brand, KIND, file.incident.id, [_ladder(file)])
    return True


async def say(connection: db.Connection, file: File, message_id: UUID, who: str, text: str, now: datetime) -> None:
    """Write in the room, once for each id. Raises `Conflict` where it is closed."""
    incidents.must_run(file)
    incident = file.incident
    if await incident_store.add_message(connection, incident.brand, incident.id, message_id, now, who, text):
        file.change(by_people=False)
        await incident_store.record(connection, file, IncidentSaid, at=now, actor=who, message_id=message_id, text=text)


async def sign(connection: db.Connection, file: File, who: str, roles: Collection[str], digest: str, now: datetime) -> list[str]:
    """Sign exactly the text with that digest; the roles that are signed now, none where all of theirs were. Raises `Conflict`, `Unprocessable`."""
    fresh = incidents.signed(file, roles, digest, who, now)
    if fresh:
        await incident_store.record(connection, file, IncidentStatementSigned, at=now, actor=who, roles=fresh, digest=digest)
    return fresh


# --- what it holds ------------------------------------------------------------------------------------------------------------------------


async def hold(connection: db.Connection, policy: Policy, file: File, what: str, why: str, by: str, now: datetime) -> None:
    """Hold replies because of an incident; a drill holds none. It is told as a change of the incident, too. Raises `Conflict` where it cannot be held."""
    if file.incident.drill:
        return
    file.change(by_people=by != "system", hold=what)
    await incident_hold.place(connection, policy, file.incident, file.version, what, why, by, now)
    await incident_store.record(connection, file, IncidentHeld, at=now, actor=by, what=what, why=why)


async def _hold_if_it_can(connection: db.Connection, policy: Policy, file: File, scenario: Scenario, by: str, now: datetime) -> None:
    """What the scenario holds. Where that cannot be, all are told of the incident all the same, and the leads that it holds nothing."""
    before = (file.incident, file.version, file.revision)
    try:
        async with connection.transaction():
            await hold(connection, policy, file, scenario.hold, f"Incident: {file.incident.title}"[:500], by, now)
    except Conflict as error:
        file.incident, file.version, file.revision = before
        what = f"incident {file.incident.title} holds nothing: {error.detail}"
        id = str(file.incident.id)
        rows = [
            (deterministic_id(file.incident.brand, "notification", id, "not-held", member.id), member.id, what)
            for member in policy.book.team
            if member.role == "lead"
        ]
        await incident_store.notify(connection, file.incident.brand, file.incident.id, rows, now)
