"""What mail servers say of replies that left: a part of the events, whose rules `libs/common/events.py` states."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common.events import Event


class DeliveryReported(Event):
    """A mail server told the brand's mailbox what became of a reply. It names the reply as well as the mail does, and no person."""

    type: ClassVar[str] = "weerklank.delivery.reported.v1"
    report_id: UUID = Field(description="UUIDv5 of brand and the mail's bytes: read twice, it is one report")
    reply_id: UUID | None = Field(default=None, description="The reply whose signed address the returned mail shows; none: it shows none")
    message_id: str | None = Field(default=None, description="Message-ID of the mail that it is about, without angle brackets")
    status: str = Field(
        description="failed | delayed (the server still tries) | relayed (handed to a server that reports no further) | delivered"
    )
    code: str | None = Field(default=None, description="Why, as RFC 3463 has it (5.1.1), or the server's three figures")
    reported_at: datetime
