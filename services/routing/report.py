"""What an incident was, afterwards: who was told and knew how fast, what was decided, what was said, what was going on, and how its cases ended.

Everything in it comes from what was written down while it ran; a report of an incident that still runs is of what there is until now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from libs.common import db
from libs.common.incident_events import Decision, HubTask, Incident, Statement
from services.routing import incident_store, room
from services.routing.room import Facts

MOST_ROWS = 5000
_STEP = timedelta(minutes=10)


class Reached(BaseModel):
    """Somebody who was told, by how many ways that worked, and when they said that they know."""

    who: str
    name: str
    roles: list[str]
    at: datetime
    step: int
    round: int
    notices: dict[str, int] = Field(description="State → how many notices to them about this incident are in it")
    acknowledged_at: datetime | None
    after_s: int | None = Field(description="Seconds between being told and acknowledging; null: they have not")


class Happened(BaseModel):
    at: datetime
    what: str
    actor: str
    detail: dict[str, Any]


class Step(BaseModel):
    at: datetime = Field(description="Begin of ten minutes")
    mentions: int
    negative: int
    authors: int


class Words(BaseModel):
    at: datetime
    author: str
    text: str


class CaseEnd(BaseModel):
    id: str
    state: str
    department: str
    owner: str | None
    opened_at: datetime
    replied_at: datetime | None
    resolved_at: datetime | None


class Times(BaseModel):
    """Seconds from the moment at which it was raised; null: that has not happened."""

    told: int | None = Field(
        description="Until everybody who was told first had been sent it by one way at least; a drill's and a sandbox's count as sent"
    )
    first_acknowledged: int | None
    all_acknowledged: int | None = Field(description="Until all who were told at first had acknowledged")
    first_decision: int | None
    statement_signed: int | None
    handled: int | None
    closed: int | None


class Report(BaseModel):
    incident: Incident
    made_at: datetime
    times: Times
    reached: list[Reached]
    timeline: list[Happened] = Field(description="Oldest first, at most 5,000; what was said is in messages")
    decisions: list[Decision]
    statement: Statement | None
    tasks: list[HubTask]
    messages: list[Words]
    facts: Facts = Field(description="As they are now")
    course: list[Step] = Field(description="Every ten minutes in which something was written, oldest first")
    cases: list[CaseEnd] = Field(description="At most 500, those that were linked first")
    promises_broken: int = Field(description="Broken promises that were among its signals")


async def of(connection: db.Connection, incident: Incident, now: datetime) -> Report:
    brand, incident_id = incident.brand, incident.id
    timeline = await incident_store.timeline(connection, brand, incident_id, 0, MOST_ROWS)
    messages = await incident_store.messages(connection, brand, incident_id, 0, MOST_ROWS)
    notices = await _notices(connection, incident)
    posts = await room.posts(connection, incident, now)
    cases = await _cases(connection, incident)
    broken: int = await connection.fetchval(
        "select count(*) from signal where brand = $1 and incident_id = $2 and insight = 'broken_promise'", brand, incident_id
    )
    return Report(
        incident=incident,
        made_at=now,
        times=_times(incident, timeline, notices),
        reached=[
            Reached(
                **told.model_dump(include={"who", "name", "roles", "at", "step", "round", "acknowledged_at"}),
                notices=_by_state(row for row in notices if row["recipient"] == told.who),
                after_s=_seconds(told.at, told.acknowledged_at),
            )
            for told in incident.told
        ],
        timeline=[
            Happened(at=row["at"], what=row["what"], actor=row["actor"], detail=row["detail"]) for row in timeline if row["what"] != "said"
        ],
        decisions=incident.decisions,
        statement=incident.statement,
        tasks=incident.tasks,
        messages=[Words(at=row["at"], author=row["author"], text=row["text"]) for row in messages],
        facts=await room.facts(connection, incident, now),
        course=course(posts),
        cases=cases,
        promises_broken=broken,
    )


def course(posts: Sequence[room.Post]) -> list[Step]:
    """How it went, ten minutes at a time."""
    found: dict[datetime, list[room.Post]] = {}
    for post in posts:
        at = post.at.replace(minute=post.at.minute // 10 * 10, second=0, microsecond=0)
        found.setdefault(at, []).append(post)
    return [
        Step(
            at=at,
            mentions=len(these),
            negative=sum(post.sentiment == "negative" for post in these),
            authors=len({post.author for post in these}),
        )
        for at, these in sorted(found.items())
    ]


def _seconds(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else max(0, int((end - start).total_seconds()))


def _by_state(rows: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row["state"]] = found.get(row["state"], 0) + 1
    return found


def _times(incident: Incident, timeline: Sequence[Any], notices: Sequence[Any]) -> Times:
    start = incident.raised_at

    def first(what: str) -> int | None:
        return _seconds(start, next((row["at"] for row in timeline if row["what"] == what), None))

    told_first = [told for told in incident.told if told.round == 0 and told.step == 0]
    sent = [
        min(
            (
                row["ended_at"]
                for row in notices
                if row["recipient"] == told.who and row["state"] in ("sent", "sandbox") and row["ended_at"]
            ),
            default=None,
        )
        for told in told_first
        if told.ways
    ]
    known = [told.acknowledged_at for told in told_first]
    signed = incident.statement.approved_at if incident.statement else None
    return Times(
        told=_seconds(start, max(at for at in sent if at)) if sent and all(sent) else None,
        first_acknowledged=first("acknowledged"),
        all_acknowledged=_seconds(start, max(at for at in known if at)) if known and all(known) else None,
        first_decision=first("decided"),
        statement_signed=_seconds(start, signed),
        handled=first("handled"),
        closed=_seconds(start, incident.closed_at),
    )


async def _notices(connection: db.Connection, incident: Incident) -> list[Any]:
    return await connection.fetch(
        "select recipient, state, ended_at from notice where brand = $1 and about = 'incident' and subject = $2 order by seq limit $3",
        incident.brand,
        incident.id,
        MOST_ROWS,
    )


async def _cases(connection: db.Connection, incident: Incident) -> list[CaseEnd]:
    rows = await connection.fetch(
        "select c.id::text, c.state, c.department, c.owner, c.opened_at, c.state_json ->> 'replied_at' as replied_at, "
        "c.state_json ->> 'resolved_at' as resolved_at from incident_case i join care_case c on c.brand = i.brand and c.id = i.case_id "
        "where i.brand = $1 and i.incident_id = $2 and i.unlinked_at is null order by i.linked_at, c.id limit 500",
        incident.brand,
        incident.id,
    )
    return [CaseEnd.model_validate(dict(row)) for row in rows]


# --- for people -------------------------------------------------------------------------------------------------------------------------


def markdown(report: Report) -> str:
    """The report as a page. What people wrote stands in it as they wrote it, with what Markdown or HTML would take for its own made harmless."""
    incident, times = report.incident, report.times
    mark = "DRILL: " if incident.drill else ""
    lines = [
        f"# {mark}{_plain(incident.title)}",
        "",
        f"{_plain(incident.why)}",
        "",
        f"- Severity: {incident.severity}",
        f"- State: {incident.state}" + (f" ({_plain(incident.outcome)})" if incident.outcome else ""),
        f"- Scenario: {_plain(incident.scenario or 'none')}",
        f"- Raised: {_at(incident.raised_at)} by {_plain(incident.raised_by)}; first noticed {_at(incident.began_at)}",
        f"- Signals: {incident.signals}; cases: {incident.cases}; broken promises among the signals: {report.promises_broken}",
        "",
        "## How fast",
        "",
        "| | after |",
        "|---|---|",
        *(f"| {name.replace('_', ' ')} | {_span(value)} |" for name, value in times.model_dump().items()),
        "",
        "## Who was told",
        "",
        "| who | as | at | by | acknowledged after |",
        "|---|---|---|---|---|",
        *(
            f"| {_plain(one.name or one.who)} | {_plain(', '.join(one.roles))} | {_at(one.at)} | "
            f"{', '.join(f'{number} {state}' for state, number in sorted(one.notices.items())) or 'list only'} | {_span(one.after_s)} |"
            for one in report.reached
        ),
        "",
        "## Decisions",
        "",
        *_decisions(report),
        "",
        "## What was said meanwhile",
        "",
        *_statement(report),
        "",
        "## Tasks",
        "",
        *(
            f"- {_plain(task.title)} ({_plain(task.owner)}): "
            + (f"done {_at(task.done_at)}" if task.done_at else "not done")
            + (f", due {_at(task.due_at)}" if task.due_at else "")
            for task in report.tasks
        ),
        "",
        "## Facts",
        "",
        f"{report.facts.mentions} mentions by {report.facts.authors} authors, who reach {report.facts.reach}. "
        f"Mood: {', '.join(f'{number} {mood}' for mood, number in report.facts.mood.items()) or 'none'}.",
        "",
        "| from | mentions | negative | authors |",
        "|---|---|---|---|",
        *(f"| {_at(step.at)} | {step.mentions} | {step.negative} | {step.authors} |" for step in report.course),
        "",
        "## Cases",
        "",
        f"{', '.join(f'{number} {state}' for state, number in report.facts.cases.items()) or 'None'}.",
        "",
        "## What happened",
        "",
        *(f"- {_at(row.at)} {row.what} by {_plain(row.actor)}{_why(row.detail)}" for row in report.timeline),
        "",
        "## What was said in the room",
        "",
        *(f"- {_at(words.at)} {_plain(words.author)}: {_plain(words.text)}" for words in report.messages),
        "",
    ]
    return "\n".join(lines)


def _decisions(report: Report) -> list[str]:
    found = []
    for one in report.decisions:
        over = " (superseded)" if one.superseded_by else ""
        found.append(f"- {_at(one.at)} {_plain(one.by)}{over}: {_plain(one.what)} Because: {_plain(one.why)}")
    return found or ["None."]


def _statement(report: Report) -> list[str]:
    statement = report.statement
    if statement is None:
        return ["Nothing."]
    signed = ", ".join(f"{one.role} ({_plain(one.by)}, {_at(one.at)})" for one in statement.signed) or "nobody"
    return [
        *(f"> {name}: {_plain(text)}" for name, text in statement.texts.items()),
        "",
        f"Signed by {signed}; needed: {', '.join(statement.needed)}.",
    ]


def _why(detail: dict[str, Any]) -> str:
    said = [f"{key}: {_plain(str(detail[key]))}" for key in ("why", "who", "role", "missing", "signals") if detail.get(key)]
    return f" ({'; '.join(said)})" if said else ""


def _at(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else "never"


def _span(seconds: int | None) -> str:
    if seconds is None:
        return "not"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


_HARMLESS = str.maketrans({char: f"\\{char}" for char in "\\`*_[]#|!"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " "})


def _plain(text: str) -> str:
    return text.translate(_HARMLESS)
