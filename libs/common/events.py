"""Every event that crosses a service boundary; those of cases and of replies are in `case_events.py` and `reply_events.py`.

An event is CloudEvents 1.0 in Kafka's binary mode: the attributes travel as `ce_*` headers (see `libs/common/record.py` and
`libs/common/outbox.py`), the model below is the JSON value. `docs/asyncapi.yaml` and the JSON Schemas are generated from these.

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
    answers_reply: UUID | None = Field(
        default=None,
        description="Of a mail: the reply of ours whose signed address it went to. What it goes on with, and nothing about who wrote it",
    )
    forgotten_at: datetime | None = Field(
        default=None,
        description="When its text, author and attachments were forgotten, as the brand book's retention says: they are empty since then",
    )


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
    kind: str = Field(description="identifier name of the brand book, phone, email, iban, address, thread, reply, label, confirmed")
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


# --- the sending lease and holds ----------------------------------------------------------------------------------------------------


class HoldScope(Part):
    """What a hold stops: whatever meets all that is written here; everything of the brand where nothing is."""

    when: dict[str, list[str]] = Field(
        default={}, description="Conditions, as the brand book writes them; each names the values of which one must hold"
    )
    topic_id: UUID | None = Field(default=None, description="Only what is about this topic")
    case_ids: list[UUID] = Field(default=[], description="Only what answers one of these cases, or a case that went on in one of them")

    @property
    def everything(self) -> bool:
        return not self.when and self.topic_id is None and not self.case_ids


class SendingHold(Part):
    """The whole current state of a hold, from when it was laid until it was released."""

    id: UUID
    version: int = Field(description="The brand's `hold_version` after the newest change of this hold")
    laid_version: int = Field(description="The brand's `hold_version` when it was laid")
    scope: HoldScope = HoldScope()
    reason: str
    by: str = Field(description="Token's subject of whoever laid it, or system")
    since: datetime
    until: datetime | None = Field(default=None, description="When it is released by itself, at the latest; none: by people only")
    released_at: datetime | None = Field(default=None, description="None: it stands")
    released_by: str | None = Field(default=None, description="Token's subject of whoever released it, or system")


class HoldEvent(Event):
    """Base of what happens to the holds of a brand: the hold that changed, and all of them after that."""

    hold: SendingHold
    holds: list[SendingHold] = Field(description="Those that stand, and those that were released within the last day")
    held: bool = Field(description="One that stands stops everything of the brand")
    hold_version: int = Field(description="Grows with every hold and release of the brand")
    at: datetime
    actor: str = "system"


class SendingHeld(HoldEvent):
    """Sending was stopped: all of a brand, or what a hold matches. Nothing that it stops begins to leave once this is read."""

    type: ClassVar[str] = "weerklank.sending.held.v1"


class SendingReleased(HoldEvent):
    """A hold came to an end. What it stopped is looked at again by a person; nothing of that leaves by itself."""

    type: ClassVar[str] = "weerklank.sending.released.v1"


class SendingLease(Event):
    """Routing says, every second, that this brand may send. No fresh lease for three seconds: no sending."""

    type: ClassVar[str] = "weerklank.sending.lease.v1"
    held: bool = Field(description="A person or an incident stopped all sending")
    hold_version: int = Field(description="Grows with every hold and release: an older lease never lifts a newer hold")
    reason: str | None = None
    decided_at: datetime | None = Field(
        default=None, description="When routing read the hold: a lease that waited in a producer counts from here"
    )
    holds: list[SendingHold] = Field(default=[], description="Those that stand, and those that were released within the last day")


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
    evidence_only: bool = Field(
        default=False, description="Said by putting cases together or apart: to learn from, while the groups stay as they are"
    )
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
