"""The way of one mention through a service, from that service's own rows: what `weerklank trace` puts together."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class Step(BaseModel):
    """Something that happened to a mention here. `event_id` names the event that told of it, where one did."""

    at: datetime
    what: str
    event_id: str | None = None
    trace_id: str | None = None
    detail: dict[str, Any] = {}


class Trail(BaseModel):
    """All steps of one service, oldest first; `case_ids` lead on to services that know cases rather than mentions."""

    service: str
    steps: list[Step]
    case_ids: list[str] = []


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in a W3C traceparent."""
    return traceparent.split("-")[1] if traceparent and traceparent.count("-") == 3 else None
