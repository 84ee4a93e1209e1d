"""What happens to replies: a part of the events, whose rules `libs/common/events.py` states."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common.events import Event, Part


class Verdict(Part):
    """Something that the guard found in a reply. What it means, and how it is found, stands in the documentation of the guard."""

    code: str
    message: str
    start: int | None = Field(default=None, description="Where it begins in the text, in code points")
    end: int | None = Field(default=None, description="Exclusive; the same as `start` where something is missing")
    blocking: bool = Field(default=False, description="Whether it keeps the reply from leaving: its severity is block")
    severity: str = Field(
        default="hint",
        description="block: it does not leave with this; confirm: whoever approves says that they have seen it; hint: for the writer",
    )
    rule: str | None = Field(default=None, description="The field of the brand book that it comes from; none: it does not depend on one")
    fix: str | None = Field(default=None, description="What can be put in the place of `start` to `end`; none: the writer has to say")


class ReplyPromise(Part):
    """A commitment to the customer that a reply makes: found in its text, or attached by its writer."""

    id: UUID
    text: str = Field(description="The words that make it, as they stand in the reply, or the writer's own where none do")
    start: int | None = Field(default=None, description="Where the words begin in the text, in code points; none: attached by hand")
    end: int | None = None
    due_at: datetime | None = Field(default=None, description="When it is due; none: nothing that can be computed was said")
    renegotiates: UUID | None = Field(default=None, description="The promise in whose place it comes, which this reply tells the customer")


class Override(Part):
    """A verdict that blocks, and that somebody sends a reply against."""

    code: str
    reason: str


class Signed(Part):
    """Somebody's yes to a reply."""

    who: str = Field(description="Token's subject")
    role: str
    instead_of: str | None = Field(default=None, description="In whose place, who had let them; none: for themselves")


class DraftedBy(Part):
    """What wrote the first text of a reply, where no person and no script did."""

    kind: str = Field(description="model: a language model, for somebody who asked for it")
    name: str = Field(description="Of the model, as its operator calls it")
    asked_by: str | None = Field(default=None, description="Token's subject of whoever asked; not its writer, until they edit or submit it")


class ReplyAttachment(Part):
    """A file that goes with a reply."""

    id: UUID
    name: str
    media_type: str = Field(description="By its content, whatever its name says")
    bytes: int
    sha256: str = Field(description="Of its content, in hex: an approval is bound to it")
    alt: str | None = Field(default=None, description="What a picture shows, in words")


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
    digest: str = Field(
        description="SHA-256 of channel, recipient, text, parts, files and what people said that it promises: what an approval is bound to"
    )
    writer: str | None = None
    approver: str | None = None
    script: str | None = None
    variant: int | None = Field(
        default=None, description="The place of the wording of its script that it was made from: 0 its text, then its variants"
    )
    script_digest: str | None = Field(
        default=None, description="Of the script as it was then; another whenever its wordings or variables are others"
    )
    verdicts: list[Verdict] = Field(default=[])
    external_id: str | None = Field(default=None, description="The channel's id of what was sent")
    created_at: datetime
    approved_at: datetime | None = None
    sent_at: datetime | None = None
    error: str | None = None
    sandbox: bool = Field(default=False, description="Approved for the sandbox: nothing leaves the building")
    update_due: bool = Field(
        default=False, description="It says no more than that we are looking into it: its reader is to be told the outcome"
    )
    update_id: UUID | None = Field(default=None, description="The update to many conversations that it is a part of")
    promises: list[ReplyPromise] = Field(default=[], description="What it commits us to, once it is sent")
    parts: list[str] = Field(
        default=[], description="The texts that it is sent in, one after another, where it is too long for its channel; none: as one"
    )
    keeps: list[UUID] | None = Field(
        default=None,
        description="Promises that it keeps, as its writer says; none given: whatever is open for its customer when it is sent",
    )
    drafted_by: DraftedBy | None = Field(
        default=None, description="What wrote its first text, where no person and no script did; it stays, whoever edits it"
    )
    held_by: UUID | None = Field(
        default=None, description="The hold that keeps it from leaving, or, once submitted again, because of which its approval was void"
    )
    attachments: list[ReplyAttachment] = Field(default=[], description="Files that go with it, in the order in which they were added")
    delivery: str | None = Field(
        default=None,
        description="What mail servers told of it after it left: delayed | relayed | delivered | failed; none: nothing, as of most that arrives",
    )
    delivery_code: str | None = Field(default=None, description="Why, as RFC 3463 has it (5.1.1), or the server's three figures")


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
    signed: list[Signed] = Field(default=[], description="All who had to, where that is told; the last of them is its `approver`")


class ReplySent(ReplyEvent):
    """The channel has accepted it; in the sandbox, nothing left the building."""

    type: ClassVar[str] = "weerklank.reply.sent.v1"


class ReplyFailed(ReplyEvent):
    """The channel refused it for good, or too often."""

    type: ClassVar[str] = "weerklank.reply.failed.v1"


class ReplyUnconfirmed(ReplyEvent):
    """It may or may not have reached the customer: a person looks, nobody sends it again by itself."""

    type: ClassVar[str] = "weerklank.reply.unconfirmed.v1"


class ReplyBounced(ReplyEvent):
    """A mail server reported that it did not reach the customer after all. It was sent, and what it should have done is still to be done."""

    type: ClassVar[str] = "weerklank.reply.bounced.v1"


class ReplyDiscarded(ReplyEvent):
    """It will not be sent."""

    type: ClassVar[str] = "weerklank.reply.discarded.v1"


class ReplyOverridden(ReplyEvent):
    """Somebody who may sends it against verdicts that block, each with a reason: told before the approval of which it is a part."""

    type: ClassVar[str] = "weerklank.reply.overridden.v1"
    overrides: list[Override]
