"""How a change of a case is told: one event, one row of its timeline, and whom it concerns. The same for the stream, people and clocks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python

from libs.common import db, outbox
from libs.common.case_events import CaseClockBreached, CaseEvent
from libs.common.events import deterministic_id
from libs.common.outbox import Outgoing
from services.routing import ladder, legal_check, reopening, sla, store, waiting
from services.routing.case import ENDED, File
from services.routing.sla import Policy


def story(file: File, kind: type[CaseEvent], *, at: datetime, actor: str, traceparent: str | None, **said: Any) -> store.Story:
    """The event that tells of the case's newest version, and its row in the timeline. `said` are the event's own fields."""
    event = kind(brand=file.case.brand, book_version=file.book_version, case=file.case, at=at, actor=actor, **said)
    outgoing = Outgoing(event, str(file.case.id), file.version, str(file.case.id), traceparent)
    after = {"state": file.case.state, "department": file.case.department, "owner": file.case.owner, "priority": file.case.priority}
    after |= {"decided": file.case.decided} if file.case.decided else {}
    detail = {key: to_jsonable_python(value) for key, value in said.items() if key != "note"}
    return store.Story(outgoing, at, actor, {**detail, **after}, _unread(file))


def _unread(file: File) -> int:
    """Messages of a case that nobody has handled, as far as its events list them; none of one that waits or has ended."""
    if file.case.state not in ("new", "open"):
        return 0
    return sum(file.handled is None or (mention.received_at, mention.id) > file.handled for mention in file.case.mentions)


def breaches(file: File, *, at: datetime, actor: str, traceparent: str | None) -> list[store.Story]:
    """A story for each clock that turned out to be breached without having said so: what it waited for came too late, and before anybody looked at
    the clock. It says so once."""
    stories = []
    for kind in sla.untold(file.case.clocks, file.fired):
        file.fired.append(sla.ran_out(kind))
        file.change()
        stories.append(story(file, CaseClockBreached, at=at, actor=actor, traceparent=traceparent, clock=kind))
    return stories


def next_firing(policy: Policy, file: File) -> datetime | None:
    """When this case has to be looked at next: a clock of it has something to say, what it waits for has to have come, or it is over for good."""
    if file.case.state in ENDED:
        return reopening.closes_at(policy, file.case)
    coming = [firing.at for firing in ladder.coming(policy, file.case, file.fired)[:1]]
    back = waiting.comes_back(file.case)
    return min([*coming, *([back] if back else [])], default=None)


def notifications(found: store.Story, members: Iterable[str], case_id: UUID, what: str) -> list[tuple[UUID, str, str, UUID, datetime, str]]:
    """One notification per member for this change, with an id that a second attempt finds again."""
    brand = found.outgoing.event.brand
    return [
        (deterministic_id(brand, "notification", str(found.outgoing.id), member), brand, member, case_id, found.at, what)
        for member in members
    ]


async def record(connection: db.Connection, policy: Policy, file: File, stories: Sequence[store.Story]) -> None:
    """Write a changed case and tell what happened, inside the caller's transaction, which holds the case's lock."""
    await record_all(connection, [(policy, file, stories)])


async def record_all(connection: db.Connection, changed: Sequence[tuple[Policy, File, Sequence[store.Story]]]) -> None:
    """The same for many cases, all of them or none."""
    await store.update(
        connection, [file for _, file, _ in changed], {file.case.id: next_firing(policy, file) for policy, file, _ in changed}
    )
    told = [row for _, _, stories in changed for row in stories]
    await store.tell_story(connection, told)
    await outbox.add(connection, "routing", [row.outgoing for row in told])
    if told:
        await legal_check.noticed(connection, [(policy, file, None) for policy, file, _ in changed], max(row.at for row in told))
