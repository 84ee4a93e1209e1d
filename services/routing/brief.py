"""A case in brief: a line of a list of hits, of a customer's history, of a handover packet."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common.case_events import Case
from libs.common.masking import Mask


class Brief(BaseModel):
    """A case in one line."""

    id: UUID
    state: str
    customer_id: UUID
    customer: str | None = Field(description="Who wrote last, as far as the reader sees it")
    department: str
    owner: str | None
    priority: str
    channel: str
    visibility: str
    language: str
    sentiment: str
    urgency: str
    intent: str | None
    labels: list[str]
    risk: list[str]
    tags: list[str]
    mentions_total: int
    opened_at: datetime
    latest_at: datetime = Field(description="When its newest message came")
    due_at: datetime | None = Field(description="When the running clock that ends first runs out")
    promise_due_at: datetime | None = Field(description="When the first promise to its customer that is open or broken is due, or was")
    promise_open: bool
    promise_broken: bool
    resolved_at: datetime | None
    kept: bool = Field(default=True, description="False: what its newest message said, and who wrote it, is no longer kept")


def brief(case: Case, mask: Mask) -> Brief:
    said = {name: getattr(case, name) for name in Brief.model_fields if name in Case.model_fields}
    return Brief(
        **said,
        customer=mask.customer(case.latest.author) if case.latest else None,
        kept=case.latest is None or case.latest.forgotten_at is None,
        latest_at=case.latest.received_at if case.latest else case.opened_at,
        due_at=min((clock.due_at for clock in case.clocks if clock.met_at is None and clock.paused_at is None), default=None),
    )
