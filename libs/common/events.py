"""Every event that crosses a service boundary.

An event is CloudEvents 1.0 in Kafka's binary mode: the attributes travel as `ce_*` headers (see `libs/common/record.py` and
`libs/common/outbox.py`), the model below is the JSON value. `docs/asyncapi.yaml` and the JSON Schemas are generated from here.

Rules that the contract tests hold us to: a reader ignores fields that it does not know; a field, once published, keeps its name, type
and meaning; a new field has a default; values that look like an enumeration are open (`str` with the known values in the description).
An event about a thing that changes carries the whole current state of that thing, and its version as `ce_entityversion`.
All times are UTC.
"""

from datetime import datetime
from hashlib import sha1
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

NAMESPACE = UUID("6f0c5c1e-5d4d-5b8e-9a55-7d1c0f6a0b57")
"""The namespace of every deterministic id (UUIDv5) in Weerklank."""
_NAMESPACE = NAMESPACE.bytes
_UUID_BITS = ~(0xF000 << 64 | 0xC000 << 48)
_UUID5 = 0x5000 << 64 | 0x8000 << 48
"""Version 5, variant of RFC 9562."""


def deterministic_id(*parts: str) -> UUID:
    """The same parts give the same id, everywhere and always. Parts are joined by a character that no part may hold.

    `uuid.uuid5(NAMESPACE, …)`, at two thirds of its time: every event has several of these.
    """
    digest = int.from_bytes(sha1(_NAMESPACE + "\x1f".join(parts).encode(), usedforsecurity=False).digest()[:16])
    return UUID(int=digest & _UUID_BITS | _UUID5)


class Part(BaseModel):
    """Base of what events are made of: immutable, tolerant of fields that a newer writer added."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_timedelta="iso8601")


class Event(Part):
    """Base of all events. `type` is the CloudEvents type; a breaking change is a new type on a new topic."""

    type: ClassVar[str]
    brand: str = Field(description="Slug of the brand; never absent, brands never mix")
    book_version: int = Field(default=0, description="Version of the brand book that this was decided under; 0: none yet")


# --- a mention: one message from outside, normalised -------------------------------------------------------------------------------


class Identity(Part):
    kind: str = Field(description="handle | email | phone | id")
    value: str = Field(description="Normalised: e-mail in lower case, phone in E.164, handle in lower case without @")
    channel: str | None = Field(default=None, description="Where a handle or id is known; none for e-mail and phone")


class Author(Part):
    name: str | None = None
    identities: list[Identity] = Field(min_length=1, description="The first is the one that they wrote with")
    followers: int | None = None


class Thread(Part):
    id: str = Field(description="The channel's own id of the conversation; for mail the Message-ID of its first message")
    in_reply_to: str | None = Field(default=None, description="External id of the message that this one answers")


class Attachment(Part):
    name: str
    media_type: str
    bytes: int


class Engagement(Part):
    likes: int = 0
    shares: int = 0
    replies: int = 0


class Mention(Part):
    id: UUID = Field(description="UUIDv5 of brand, channel and external id")
    brand: str
    channel: str = Field(description="twitter | mastodon | bluesky | instagram | facebook | email | review | forum | …")
    kind: str = Field(description="post | reply | direct | review | mail")
    external_id: str
    url: str | None = None
    author: Author
    title: str | None = Field(default=None, description="Subject of a mail, heading of a review")
    text: str
    thread: Thread | None = None
    visibility: str = Field(default="public", description="public | private")
    attachments: list[Attachment] = []
    posted_at: datetime
    received_at: datetime = Field(description="When we had it; clocks start here")
    engagement: Engagement = Engagement()
    historic: bool = Field(default=False, description="Imported history: opens no clock, notifies nobody")
    import_id: str | None = Field(default=None, description="The import that brought it, for its counts")


class MentionReceived(Event):
    """A mention came in, or came in again: the id tells."""

    type: ClassVar[str] = "weerklank.mention.received.v1"
    mention: Mention


class MentionDeleted(Event):
    """The author or the network took a mention back."""

    type: ClassVar[str] = "weerklank.mention.deleted.v1"
    mention_id: UUID
    deleted_at: datetime


# --- what triage found --------------------------------------------------------------------------------------------------------------


class Label(Part):
    name: str
    score: float = Field(description="0..1")


class Respond(Part):
    """Whether the brand should answer: a proposal, until a person chose."""

    decision: str = Field(description="reply | ask_clarification | no_reply | hide")
    reason: str = Field(description="In words, for people")
    by: str | None = Field(default=None, description="Token's subject of whoever chose it; none: a proposal")


class PersonalData(Part):
    """Where a message holds personal data, so that whoever shows it can mask it. Never the data itself."""

    kind: str = Field(description="phone | email | iban | bsn | postcode_address | order_number | customer_number | birthdate")
    start: int = Field(description="First character in the field's text, counted in Unicode code points")
    end: int = Field(description="One past the last character")
    field: str = Field(default="text", description="text | title: where it stands in the mention")


class Findings(Part):
    language: str = Field(description="nl | en | de | fr | other")
    language_confidence: float
    sentiment: str = Field(description="negative | neutral | positive")
    sentiment_score: float = Field(description="-1 (negative) .. 1 (positive)")
    sentiment_confidence: float
    intent: str | None = Field(
        default=None,
        description="complaint | question | compliment | order_status | cancellation | billing | outage | idea | product_advice | "
        "praise_ambassador | spam | abuse | chatter | press | job | staff_post; none: decided before there were intents",
    )
    labels: list[Label] = []
    urgency: str = Field(default="normal", description="critical | high | normal | low")
    respond: Respond | None = Field(default=None, description="None: decided before there were proposals")
    department: str | None = Field(default=None, description="Id of a department, or none when there is nothing to do")
    risk: list[str] = Field(default=[], description="influencer | press | legal_threat | safety | data_leak | …")
    pii: list[PersonalData] = Field(default=[], description="In the order of the text")
    go_private: bool = Field(default=False, description="A public message that cannot be handled without personal data")
    confidence: dict[str, float] = Field(default={}, description="By finding, 0..1; a risk as risk:<name>")
    why: dict[str, list[str]] = Field(
        default={}, description="By finding, as in confidence: the words, signals or examples that weighed most, heaviest first"
    )
    depth: str = Field(default="full", description="quick | full: quick when there was no time for all; an update follows")
    corrected: list[str] = Field(default=[], description="The findings that a person decided")
    model: str = Field(description="Version of the models that decided")


class Evidence(Part):
    kind: str = Field(description="identifier name of the brand book, phone, email, iban, address, thread, label, confirmed")
    mention_id: UUID = Field(description="The mention that first showed it")


class TriagedMention(Part):
    """The whole current state of a mention as triage sees it."""

    mention: Mention
    findings: Findings
    customer_id: UUID
    group_id: UUID = Field(description="Root mention of the group of mentions that are one issue; itself when alone")
    evidence: list[Evidence] = Field(default=[], description="Why it is in that group; empty when alone")
    topic_id: UUID | None = Field(default=None, description="What it shares with other people's mentions: the same outage, a copied text")
    follows: UUID | None = Field(
        default=None, description="Group of the same customer's earlier question, which was over when this one came"
    )
    removed: bool = Field(default=False, description="Taken back by its author; its text is empty from then on")
    triaged_at: datetime


class TriagedEvent(Event):
    """Base of what triage tells of a mention: the mention as it is after that."""

    triaged: TriagedMention


class MentionTriaged(TriagedEvent):
    """Triage has seen a mention for the first time."""

    type: ClassVar[str] = "weerklank.mention.triaged.v1"


class MentionRegrouped(TriagedEvent):
    """A later mention showed that this one belongs to another group."""

    type: ClassVar[str] = "weerklank.mention.regrouped.v1"


class MentionRevised(TriagedEvent):
    """What is known of a mention changed, not its group: a deeper look, a topic, an earlier question that it follows, its customer, or a person's
    correction."""

    type: ClassVar[str] = "weerklank.mention.revised.v1"
    why: str = Field(description="depth | topic | follows | customer | correction")
    actor: str = Field(default="system", description="Token's subject of whoever corrected it or said who is whom, or system")


class MentionRemoved(TriagedEvent):
    """A triaged mention was taken back."""

    type: ClassVar[str] = "weerklank.mention.removed.v1"


# --- cases --------------------------------------------------------------------------------------------------------------------------


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
    department: str
    owner: str | None = Field(default=None, description="Team member's id")
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
    labels: list[str] = []
    risk: list[str] = []
    mentions: list[CaseMention] = Field(default=[], description="The newest 200, oldest first")
    mentions_total: int = Field(default=0, description="How many there are in all")
    latest: Mention | None = Field(default=None, description="The newest mention: what an answer answers")
    historic: bool = False
    merged_into: UUID | None = None
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
    why: str | None = Field(default=None, description="depth | topic | correction; none: triage looked at it again")


class CaseAssigned(CaseEvent):
    """The case got another owner or department."""

    type: ClassVar[str] = "weerklank.case.assigned.v1"
    previous_owner: str | None = None
    previous_department: str | None = None
    why: str | None = None
    """What made it necessary, where no person did it: an owner who left the team, a department that there is no longer."""


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


# --- the sending lease and holds ----------------------------------------------------------------------------------------------------


class SendingLease(Event):
    """Routing says, every second, that this brand may send. No fresh lease for three seconds: no sending."""

    type: ClassVar[str] = "weerklank.sending.lease.v1"
    held: bool = Field(description="A person or an incident stopped all sending")
    hold_version: int = Field(description="Grows with every hold and release: an older lease never lifts a newer hold")
    reason: str | None = None
    decided_at: datetime | None = Field(
        default=None, description="When routing read the hold: a lease that waited in a producer counts from here"
    )


# --- replies ------------------------------------------------------------------------------------------------------------------------


class Verdict(Part):
    code: str
    message: str
    start: int | None = None
    end: int | None = None
    blocking: bool = False


class Reply(Part):
    """The whole current state of a reply, from draft to sent."""

    id: UUID
    brand: str
    case_id: UUID
    mention_id: UUID | None = None
    channel: str
    visibility: str
    state: str = Field(description="draft | submitted | approved | sending | sent | failed | unconfirmed | discarded")
    text: str
    digest: str = Field(description="SHA-256 of channel, recipient and text: what an approval is bound to")
    writer: str | None = None
    approver: str | None = None
    script: str | None = None
    verdicts: list[Verdict] = []
    external_id: str | None = Field(default=None, description="The channel's id of what was sent")
    created_at: datetime
    approved_at: datetime | None = None
    sent_at: datetime | None = None
    error: str | None = None
    sandbox: bool = Field(default=False, description="Approved for the sandbox: nothing leaves the building")


class ReplyEvent(Event):
    """Base of what happens to a reply."""

    reply: Reply
    at: datetime
    actor: str = "system"


class ReplyDrafted(ReplyEvent):
    """There is a text to look at, from a person or proposed from a script."""

    type: ClassVar[str] = "weerklank.reply.drafted.v1"


class ReplyEdited(ReplyEvent):
    """The text changed: whatever approval it had is void."""

    type: ClassVar[str] = "weerklank.reply.edited.v1"


class ReplySubmitted(ReplyEvent):
    """It waits for somebody's approval: its writer asks for it, or what it was approved against has changed, which made that approval void."""

    type: ClassVar[str] = "weerklank.reply.submitted.v1"


class ReplyApproved(ReplyEvent):
    """A person approved exactly this text: it is sent from here on."""

    type: ClassVar[str] = "weerklank.reply.approved.v1"


class ReplySent(ReplyEvent):
    """The channel has accepted it; in the sandbox, nothing left the building."""

    type: ClassVar[str] = "weerklank.reply.sent.v1"


class ReplyFailed(ReplyEvent):
    """The channel refused it for good, or too often."""

    type: ClassVar[str] = "weerklank.reply.failed.v1"


class ReplyUnconfirmed(ReplyEvent):
    """It may or may not have reached the customer: a person looks, nobody sends it again by itself."""

    type: ClassVar[str] = "weerklank.reply.unconfirmed.v1"


class ReplyDiscarded(ReplyEvent):
    """It will not be sent."""

    type: ClassVar[str] = "weerklank.reply.discarded.v1"


# --- what people correct ------------------------------------------------------------------------------------------------------------


class FindingCorrected(Event):
    """A person decided a finding of a mention, whatever triage proposed. Their choice stands, and teaches the brand's models."""

    type: ClassVar[str] = "weerklank.finding.corrected.v1"
    correction_id: UUID
    mention_id: UUID
    finding: str = Field(description="sentiment | intent | labels | urgency | respond | department")
    values: list[str] = Field(
        description="What it is: one value, or for labels all that hold, an empty list where none does; department may be none: nothing to do"
    )
    proposed: list[str] = Field(default=[], description="What triage had found before anybody corrected it")
    reason: str | None = Field(default=None, description="Why, in the person's words; needed for respond")
    actor: str
    at: datetime


class DuplicateJudged(Event):
    """A person said whether two mentions are one issue of one customer."""

    type: ClassVar[str] = "weerklank.duplicate.judged.v1"
    correction_id: UUID
    mention_id: UUID
    other_id: UUID
    same: bool
    reason: str | None = None
    actor: str
    at: datetime


# --- brand books --------------------------------------------------------------------------------------------------------------------


class BrandBookPublished(Event):
    """A version of a brand book; every service keeps its copy."""

    type: ClassVar[str] = "weerklank.brandbook.published.v1"
    version: int
    book: dict[str, Any]
    published_at: datetime
    published_by: str
