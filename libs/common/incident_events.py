"""What happens to incidents of the social hub: a part of the events, whose rules `libs/common/events.py` states."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common.events import Event, Part


class Told(Part):
    """Somebody who was told of an incident, and whether they said that they know."""

    who: str = Field(description="Id of the hub's member, or of the team's")
    name: str = Field(default="", description="For people")
    roles: list[str] = Field(default=[], description="What they were told as")
    at: datetime
    step: int = Field(default=0, description="0: at the same moment as everybody; from 1 on: the step of the ladder that followed somebody")
    round: int = Field(default=0, description="Grows each time that the incident is reopened, when all are told again")
    ways: int = Field(default=0, description="By how many ways of theirs; 0: only by their list of notifications, or not at all")
    due_at: datetime = Field(description="Until when they can acknowledge before somebody else is told")
    acknowledged_at: datetime | None = None


class Decision(Part):
    """What was decided. It is never changed: another one may supersede it."""

    id: UUID
    what: str
    why: str
    by: str
    at: datetime
    supersedes: UUID | None = None
    superseded_by: UUID | None = None


class Signature(Part):
    role: str
    by: str
    at: datetime


class Statement(Part):
    """What the brand says meanwhile. Signatures are bound to exactly these texts: another text has none."""

    texts: dict[str, str] = Field(description="By language")
    digest: str = Field(description="SHA-256 of the texts: what a signature is bound to")
    by: str
    at: datetime
    needed: list[str] = Field(description="Roles that must all sign it")
    signed: list[Signature] = Field(default=[], description="Who has signed it, as what")
    approved_at: datetime | None = Field(default=None, description="When the last of them had signed")
    offered: bool = Field(default=False, description="May be used as a script: it is approved, the incident runs, and it is no drill")


class HubTask(Part):
    """Something that one of them does."""

    id: UUID
    title: str
    owner: str
    by: str
    at: datetime
    due_at: datetime | None = None
    reminded_at: datetime | None = Field(default=None, description="When its owner was told that it is due")
    done_at: datetime | None = None
    done_by: str | None = None


class Incident(Part):
    """The whole current state of an incident. What was said in its room is told one by one, and not repeated here."""

    id: UUID = Field(
        description="UUIDv5 of the brand, what it is about, and how many of that there were; of the request for one raised by hand"
    )
    brand: str
    drill: bool = Field(default=False, description="An exercise: nothing of it is real, and no statistics count it")
    take_part: list[str] = Field(default=[], description="Of a drill: ids of those who are told of anything")
    scenario: str | None = Field(default=None, description="Of the brand book's scenarios; none: raised by hand without one")
    insight: str | None = Field(
        default=None,
        description="spike | hijack | influencer | press | staff_leak | safety | data_leak | broken_promise | escalation; none: raised by hand",
    )
    about: str = Field(default="", description="What its scenario is about: topic:<id>, label:<name>, escalation; empty: the brand")
    title: str
    why: str = Field(description="In words, for people: what was noticed, or why somebody raised it")
    severity: str = Field(description="low | medium | high | critical")
    state: str = Field(description="raised | acknowledged | handled | closed")
    raised_by: str = "system"
    raised_at: datetime
    began_at: datetime = Field(description="When the first signal of it was received")
    acknowledged_at: datetime | None = Field(default=None, description="When the first of those who were told said that they know")
    handled_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = Field(default=None, description="Why it was handled or closed, in words")
    round: int = Field(default=0, description="How often it was reopened")
    topic_id: UUID | None = Field(default=None, description="Cases about this topic join by themselves")
    label: str | None = Field(default=None, description="Cases with this label join by themselves")
    signals: int = Field(default=0, description="How often it was noticed")
    case_ids: list[UUID] = Field(default=[], description="The 200 cases that were linked last")
    cases: int = Field(default=0, description="How many cases are linked")
    told: list[Told] = Field(default=[], description="Who was told, of every round")
    acknowledge_within_s: int = Field(default=600, description="By an ordinary clock")
    ladder: list[str] = Field(default=[], description="Roles that are told one after the other while somebody has not acknowledged in time")
    step: int = Field(default=0, description="How far on the ladder it is")
    unanswered: bool = Field(default=False, description="The ladder has ended, and somebody has still not acknowledged")
    decisions: list[Decision] = Field(default=[], description="Oldest first")
    statement: Statement | None = None
    statement_by: list[str] = Field(default=[], description="Roles that must sign what is said meanwhile")
    tasks: list[HubTask] = Field(default=[], description="Oldest first")
    hold: str = Field(default="none", description="none | affected | all: which replies it holds; a drill holds none")


class IncidentEvent(Event):
    """Base of what happens to an incident: what changed, who did it, why, and the incident as it is after that."""

    incident: Incident
    at: datetime
    actor: str = Field(default="system", description="Id of the team's or the hub's member, token's subject, or system")


class IncidentRaised(IncidentEvent):
    """Something went wrong that the brand book has a scenario for, or a person says so. Whom it names was told at the same moment."""

    type: ClassVar[str] = "weerklank.incident.raised.v1"


class IncidentJoined(IncidentEvent):
    """It was noticed again, or cases that fit it were linked by themselves."""

    type: ClassVar[str] = "weerklank.incident.joined.v1"
    signals: int = Field(description="How often, since it was last told")
    insights: list[str] = Field(default=[], description="As what")
    case_ids: list[UUID] = Field(default=[], description="The first 50 of the cases that were linked by it")


class IncidentFollowed(IncidentEvent):
    """Somebody had not acknowledged in time: the next on the ladder were told."""

    type: ClassVar[str] = "weerklank.incident.followed.v1"
    missing: list[str] = Field(description="Who had not acknowledged")
    role: str = Field(description="Role of the ladder")
    told: list[str] = Field(default=[], description="Who was told instead; none where all who have that role were told before")


class IncidentUnanswered(IncidentEvent):
    """The ladder has ended, and somebody has still not acknowledged: the leads of the team have it in their list."""

    type: ClassVar[str] = "weerklank.incident.unanswered.v1"
    missing: list[str] = Field(description="Who has not acknowledged")


class IncidentAcknowledged(IncidentEvent):
    """One of those who were told knows."""

    type: ClassVar[str] = "weerklank.incident.acknowledged.v1"
    who: str
    after_s: int = Field(description="Seconds since they were told")


class IncidentChanged(IncidentEvent):
    """A person changed how bad it is, or what it is called."""

    type: ClassVar[str] = "weerklank.incident.changed.v1"
    why: str
    previous_severity: str
    previous_title: str


class IncidentCasesChanged(IncidentEvent):
    """A person linked cases to it, or took them out. What was taken out does not join again by itself."""

    type: ClassVar[str] = "weerklank.incident.cases-changed.v1"
    why: str
    linked: list[UUID] = Field(default=[])
    unlinked: list[UUID] = Field(default=[])


class IncidentSaid(IncidentEvent):
    """Somebody wrote in the room."""

    type: ClassVar[str] = "weerklank.incident.said.v1"
    message_id: UUID
    text: str


class IncidentDecided(IncidentEvent):
    """Something was decided, by whom and why."""

    type: ClassVar[str] = "weerklank.incident.decided.v1"
    decision: Decision


class IncidentStatementDrafted(IncidentEvent):
    """What is said meanwhile has another text: whatever signatures there were are void."""

    type: ClassVar[str] = "weerklank.incident.statement-drafted.v1"
    void: list[Signature] = Field(default=[], description="Signatures that the text before had")


class IncidentStatementSigned(IncidentEvent):
    """Somebody agrees with exactly this text; with the last signature it is approved."""

    type: ClassVar[str] = "weerklank.incident.statement-signed.v1"
    roles: list[str]
    digest: str


class IncidentTaskGiven(IncidentEvent):
    """There is something for somebody to do, or what they were to do changed hands or time."""

    type: ClassVar[str] = "weerklank.incident.task-given.v1"
    task: HubTask


class IncidentTaskDue(IncidentEvent):
    """A task is due and not done: its owner was told."""

    type: ClassVar[str] = "weerklank.incident.task-due.v1"
    task: HubTask


class IncidentTaskDone(IncidentEvent):
    """A task is done."""

    type: ClassVar[str] = "weerklank.incident.task-done.v1"
    task: HubTask


class IncidentHeld(IncidentEvent):
    """Replies of the brand are held because of it."""

    type: ClassVar[str] = "weerklank.incident.held.v1"
    what: str = Field(description="affected | all")
    why: str


class IncidentHandled(IncidentEvent):
    """What was to be done is done; it is watched until it is closed."""

    type: ClassVar[str] = "weerklank.incident.handled.v1"
    why: str


class IncidentClosed(IncidentEvent):
    """It is over: the next signal begins another."""

    type: ClassVar[str] = "weerklank.incident.closed.v1"
    why: str


class IncidentReopened(IncidentEvent):
    """It was not over: all were told again."""

    type: ClassVar[str] = "weerklank.incident.reopened.v1"
    why: str
