"""What happens to posts: what a brand says of its own accord, in answer to nobody. A part of the events, whose rules `libs/common/events.py` states.

A post is sent as a reply is, and travels on the topic of replies, keyed by its own id.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common import reply_events as r
from libs.common.events import Event, Part
from libs.common.reply_events import Signed, Verdict


class Post(Part):
    """The whole current state of a post, from draft to sent."""

    id: UUID
    brand: str
    account: str = Field(description="Id of the account in the brand book that it is published by")
    channel: str
    language: str
    state: str = Field(description="draft | submitted | approved | sending | sent | failed | unconfirmed | discarded")
    text: str
    digest: str = Field(description="SHA-256 of account, channel, text and moment: what an approval is bound to")
    labels: list[str] = Field(default=[], description="What it is about, as the brand book calls it")
    topic_id: UUID | None = Field(default=None, description="The topic that it is about")
    publish_at: datetime | None = Field(default=None, description="When it is published; none: as soon as it is approved")
    writer: str | None = None
    approver: str | None = None
    verdicts: list[Verdict] = Field(default=[])
    external_id: str | None = Field(default=None, description="The channel's id of what was published: what people answer names it")
    created_at: datetime
    approved_at: datetime | None = None
    sent_at: datetime | None = None
    error: str | None = None
    sandbox: bool = Field(default=False, description="Approved for the sandbox: nothing leaves the building")
    held_by: UUID | None = Field(
        default=None, description="The hold that keeps it from leaving, or, once submitted again, because of which its approval was void"
    )


class PostEvent(Event):
    """Base of what happens to a post."""

    post: Post
    at: datetime
    actor: str = "system"


class PostDrafted(PostEvent):
    """Somebody wrote a post."""

    type: ClassVar[str] = "weerklank.post.drafted.v1"


class PostEdited(PostEvent):
    """Its text or its moment changed: whatever approval it had is void."""

    type: ClassVar[str] = "weerklank.post.edited.v1"


class PostSubmitted(PostEvent):
    """It waits for somebody's approval: its writer asks for it, or what it was approved against has changed, or its moment has passed."""

    type: ClassVar[str] = "weerklank.post.submitted.v1"


class PostApproved(PostEvent):
    """A person approved exactly this text for exactly this moment."""

    type: ClassVar[str] = "weerklank.post.approved.v1"
    signed: list[Signed] = Field(default=[], description="All who had to; the last of them is its `approver`")


class PostSent(PostEvent):
    """The channel has accepted it; in the sandbox, nothing left the building."""

    type: ClassVar[str] = "weerklank.post.sent.v1"


class PostFailed(PostEvent):
    """The channel refused it for good, or too often."""

    type: ClassVar[str] = "weerklank.post.failed.v1"


class PostUnconfirmed(PostEvent):
    """It may or may not have been published: a person looks, nobody publishes it again by itself."""

    type: ClassVar[str] = "weerklank.post.unconfirmed.v1"


class PostDiscarded(PostEvent):
    """It will not be published."""

    type: ClassVar[str] = "weerklank.post.discarded.v1"


OF_REPLIES: Mapping[type[r.ReplyEvent], type[PostEvent]] = {
    r.ReplyDrafted: PostDrafted,
    r.ReplyEdited: PostEdited,
    r.ReplySubmitted: PostSubmitted,
    r.ReplyApproved: PostApproved,
    r.ReplySent: PostSent,
    r.ReplyFailed: PostFailed,
    r.ReplyUnconfirmed: PostUnconfirmed,
    r.ReplyDiscarded: PostDiscarded,
}
"""The same step, told of a post."""
