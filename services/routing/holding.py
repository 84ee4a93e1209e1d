"""Who holds a case: the customer, a department that was asked, its owner, or the queue; since when, and how much of their time is gone."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common import db
from libs.common.case_events import Clock
from services.routing import consultation as consultations
from services.routing import consultation_store
from services.routing.case import ENDED, File
from services.routing.sla import Policy, runs


class Holder(BaseModel):
    """`holds`: whether the case waits for them; the others have an open question about it, and the case goes on meanwhile."""

    holds: bool
    who: str = Field(description="customer | department | person | queue")
    department: str | None = Field(default=None, description="Of a department, and of whose queue or person it is")
    person: str | None = Field(default=None, description="Team member's id")
    since: datetime | None
    due_at: datetime | None = Field(
        default=None, description="By when they are to be done: with the question, or with the case's next clock"
    )
    gone: int | None = Field(default=None, description="Per cent of their time that has passed, in opening time; more than 100: overdue")
    consultation_id: UUID | None = None


async def holders(connection: db.Connection, policy: Policy, file: File, now: datetime) -> list[Holder]:
    """Whoever the case waits for first. Of a case that has ended nobody holds anything."""
    case = file.case
    if case.state in ENDED:
        return []
    asked = [one for one in await consultation_store.of_case(connection, case.brand, case.id) if one.state == "open"]
    waits = case.state == "waiting" and case.waiting_for == "department"
    found = [
        Holder(
            holds=waits and one.holds_case,
            who="department",
            department=one.department,
            since=one.since,
            due_at=one.due_at,
            gone=consultations.gone(policy, one, now),
            consultation_id=one.id,
        )
        for one in asked
    ]
    if not any(one.holds for one in found):
        found.insert(0, await _ours(connection, policy, file, now))
    return sorted(found, key=lambda one: not one.holds)


async def _ours(connection: db.Connection, policy: Policy, file: File, now: datetime) -> Holder:
    """The customer, or whoever of us has it."""
    case = file.case
    if case.state == "waiting" and case.waiting_for == "customer":
        paused = [clock.paused_at for clock in case.clocks if clock.paused_at is not None]
        return Holder(holds=True, who="customer", since=max(paused, default=None))
    name, value = ("owner", case.owner) if case.owner else ("department", case.department)
    since = await consultation_store.held_since(connection, case.brand, case.id, name, value)
    clock = min((clock for clock in case.clocks if runs(clock)), key=lambda clock: clock.due_at, default=None)
    return Holder(
        holds=True,
        who="person" if case.owner else "queue",
        department=case.department,
        person=case.owner,
        since=since,
        due_at=clock.due_at if clock else None,
        gone=_gone(policy, clock, now) if clock else None,
    )


def _gone(policy: Policy, clock: Clock, now: datetime) -> int:
    """Of what the clock has had since it began, or went on."""
    calendar, spent = policy.calendar, clock.spent_s
    start = clock.resumed_at or clock.started_at
    whole = spent + calendar.between(start, clock.due_at).total_seconds()
    return int((spent + calendar.between(start, now).total_seconds()) / whole * 100) if whole > 0 else 100
