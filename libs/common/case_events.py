"""What happens to cases: a part of the events, whose rules `libs/common/events.py` states."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common.events import Event, Mention, Part


class Clock(Part):
    kind: str = Field(description="reaction | resolution")
    started_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    breached_at: datetime | None = Field(
        default=None, description="When it ran out; none when it was met in time, also if that was heard of late"
    )


class Rounds(Part):
    """How often a clock of a case has ended. A round begins with the first message, with one that comes after an answer or a resolution, and
    when a person reopens the case."""

    kind: str = Field(description="reaction | resolution")
    met: int = Field(default=0, description="Rounds in which it stopped in time")
    breached: int = Field(default=0, description="Rounds in which it stopped too late, or ran out before the next round began")


class CaseMention(Part):
    id: UUID
    channel: str
    visibility: str
    received_at: datetime


class Case(Part):
    """The whole current state of a case."""

    id: UUID = Field(description="UUIDv5 of brand and the group's root mention")
    brand: str
    customer_id: UUID
    group_id: UUID
    state: str = Field(description="new | open | waiting | resolved | closed | merged | withdrawn")
    waiting_for: str | None = Field(default=None, description="customer | department | until: what a waiting case waits for")
    waiting_until: datetime | None = Field(default=None, description="When it is looked at again at the latest, where somebody said so")
    department: str
    owner: str | None = Field(default=None, description="Team member's id; none: it waits in its department's queue")
    decided: str | None = Field(
        default=None,
        description="What decided its department and owner, in words: a rule of the brand book, a person, a return to the queue, …",
    )
    watchers: list[str] = Field(default=[], description="Team members who are told of what happens to it")
    tags: list[str] = Field(default=[], description="What people call it, in the order in which they did")
    fields: dict[str, str | float | bool] = Field(default={}, description="The brand book's own fields that people have filled in")
    customer_group: str | None = Field(default=None, description="Of the brand book's groups of customers, the one that its customer is in")
    customer_group_by: str | None = Field(default=None, description="Token's subject of whoever chose that; none: the brand book")
    contact: str = Field(default="first", description="first | repeat: whether the customer had another case of late")
    priority: str = Field(default="normal", description="low | normal | high | urgent")
    channel: str = Field(description="Where the newest mention came from: where an answer goes")
    visibility: str = Field(default="public", description="Of the newest mention")
    language: str
    sentiment: str
    urgency: str
    intent: str | None = Field(default=None, description="Of the mention that `respond` is of")
    respond: str | None = Field(
        default=None,
        description="reply | ask_clarification | no_reply | hide: the one of its open mentions that asks most for an answer, the newest of several; of "
        "its newest mention where none is open; none: not proposed",
    )
    respond_reason: str | None = Field(default=None, description="In words, for people")
    respond_by: str | None = Field(default=None, description="Token's subject of whoever chose it; none: a proposal")
    sample: bool = Field(default=False, description="A proposal of no reply that people are asked to judge, to keep proposals honest")
    go_private: bool = Field(default=False, description="One of its open public mentions cannot be handled without personal data")
    topic_id: UUID | None = Field(default=None, description="What its newest mention with a topic shares with other people's mentions")
    follows: UUID | None = Field(
        default=None, description="The case of the same customer's earlier question, which was over when this one came"
    )
    labels: list[str] = Field(default=[])
    risk: list[str] = Field(default=[])
    mentions: list[CaseMention] = Field(default=[], description="The newest 200, oldest first")
    mentions_total: int = Field(default=0, description="How many there are in all")
    latest: Mention | None = Field(default=None, description="The newest mention: what an answer answers")
    historic: bool = False
    merged_into: UUID | None = None
    merged_cases: list[UUID] = Field(default=[], description="Cases that people put together with this one, in that order")
    split_from: UUID | None = Field(default=None, description="The case that people took its mentions out of")
    legal_check: str | None = Field(
        default=None, description="asked | agreed | refused: what the legal department says of an answer; none: not asked"
    )
    opened_at: datetime = Field(description="When its first mention was received")
    resolved_at: datetime | None = None
    unanswered: bool = Field(
        default=False, description="Resolved by a person's decision that no reply is the answer; it has no clocks then"
    )
    replied_at: datetime | None = Field(default=None, description="First reply that was sent")
    clocks: list[Clock] = Field(default=[], description="Those of the newest round")
    earlier: list[Rounds] = Field(default=[], description="The rounds before that one, for each kind of clock that ended in any")


class CaseEvent(Event):
    """Base of what happens to a case: what changed, who did it, and the case as it is after that."""

    case: Case
    at: datetime
    actor: str = Field(default="system", description="Team member's id, token's subject, or system")


class CaseOpened(CaseEvent):
    """A first mention of an issue came in, and a department was chosen for it."""

    type: ClassVar[str] = "weerklank.case.opened.v1"
    rule: str = Field(description="The routing rule that decided the department")


class CaseJoined(CaseEvent):
    """A further mention of the same issue joined; `woken` when it is our turn by it: it came after a reply or a resolution, or after the
    message that a reply turned out to answer."""

    type: ClassVar[str] = "weerklank.case.joined.v1"
    mention_id: UUID
    woken: bool = False
    merged: UUID | None = Field(default=None, description="The case that ends here, and in which people had decided something")
    carried: list[str] = Field(default=[], description="What they had decided there and holds here: department, owner, replied, resolved")
    overruled: list[str] = Field(default=[], description="What they had decided there and people had decided otherwise here")


class CaseLeft(CaseEvent):
    """A mention left: regrouped or taken back."""

    type: ClassVar[str] = "weerklank.case.left.v1"
    mention_id: UUID
    why: str = Field(description="regrouped | removed")


class CaseRevised(CaseEvent):
    """What is known of one of its mentions changed, and the case with it. Nothing is woken or reopened by that."""

    type: ClassVar[str] = "weerklank.case.revised.v1"
    mention_id: UUID
    why: str | None = Field(
        default=None,
        description="depth | topic | correction: what triage found; contact: an earlier case of its customer came to light; customer_group: a person "
        "put its customer into a group; none: triage looked at it again",
    )


class CaseAssigned(CaseEvent):
    """The case got another owner or department."""

    type: ClassVar[str] = "weerklank.case.assigned.v1"
    previous_owner: str | None = None
    previous_department: str | None = None
    why: str | None = None
    """What made it necessary, where no person did it: an owner who left the team, a department that there is no longer."""


class CaseHandedBack(CaseEvent):
    """Whoever had it gave it back to the queue of its department."""

    type: ClassVar[str] = "weerklank.case.handed-back.v1"
    previous_owner: str
    reason: str


class CaseReturned(CaseEvent):
    """It went back to the queue of its department, because whoever had it is not there."""

    type: ClassVar[str] = "weerklank.case.returned.v1"
    previous_owner: str
    why: str


class CaseNoted(CaseEvent):
    """Somebody wrote a note for colleagues; customers never see it."""

    type: ClassVar[str] = "weerklank.case.noted.v1"
    note_id: UUID
    note: str


class CaseReacted(CaseEvent):
    """The first reply reached the customer: the reaction clock stops."""

    type: ClassVar[str] = "weerklank.case.reacted.v1"
    reply_id: UUID


class CaseWaiting(CaseEvent):
    """A reply went out: it is the customer's turn."""

    type: ClassVar[str] = "weerklank.case.waiting.v1"


class CaseClockBreached(CaseEvent):
    """A clock ran out before what it waits for had happened, as far as was known; whether it stays breached is told by the clock."""

    type: ClassVar[str] = "weerklank.case.clock-breached.v1"
    clock: str = Field(description="reaction | resolution")


class CaseEscalated(CaseEvent):
    """A clock came so far that the brand book wants something done; it was."""

    type: ClassVar[str] = "weerklank.case.escalated.v1"
    clock: str
    share: int = Field(description="Per cent of the clock's time that had passed")
    did: list[str] = Field(description="Steps of the brand book: notify_owner, raise_priority, notify_lead, return_to_queue")
    told: list[str] = Field(default=[], description="Team members that were told")


class CaseResolved(CaseEvent):
    """The issue is solved: the resolution clock stops. Or a person decided that no reply is the answer: the clocks end as neither met nor, unless they
    ran out before that, breached."""

    type: ClassVar[str] = "weerklank.case.resolved.v1"
    reason: str | None = None
    no_reply: bool = Field(default=False, description="Deliberately without a reply")


class CaseReopened(CaseEvent):
    """A person found that a resolved case was not."""

    type: ClassVar[str] = "weerklank.case.reopened.v1"
