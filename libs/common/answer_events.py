"""What departments answer by mail: a part of the events, whose rules `libs/common/events.py` states."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common.events import Event


class ConsultationMailed(Event):
    """A mail came to the signed address of a question to a department: the answer, or something that says of itself that it is none."""

    type: ClassVar[str] = "weerklank.consultation.mailed.v1"
    answer_id: UUID = Field(description="UUIDv5 of brand, consultation and the mail's bytes: read twice, it is one answer")
    consultation_id: UUID
    department: str = Field(description="Whom the address was made for: its signature says so")
    what: str = Field(
        description="answer | automatic (an automatic reply, such as of somebody who is away) | undelivered (our own mail came back)"
    )
    text: str = Field(description="What was written, without the mails that it quotes; 20,000 characters at most")
    sender: str = Field(description="Address that it says it is from; empty where it has none")
    authenticated: str = Field(
        default="unknown",
        description="pass | fail | unknown: whether it is from that address, as the mailbox's own server found (RFC 8601); unknown where it did not "
        "say, or the brand book trusts no server's word",
    )
    attachments: list[str] = Field(default=[], description="Names of the files that came with it, and stay in the mailbox")
    received_at: datetime
