"""Numbers that customers leave in private become callbacks as their messages come in, move, and are taken back. Pure, on what a batch has loaded."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from libs.common.case_events import CaseCallbackEnded, CaseCallbackPlanned, CaseCallbackProposed, CaseEvent
from libs.common.events import TriagedEvent
from libs.common.record import Received
from services.routing import callback as callbacks
from services.routing import record
from services.routing.callback import Callback, who
from services.routing.callback_work import people_of
from services.routing.sla import Policy

if TYPE_CHECKING:  # it calls us
    from services.routing.case_work import CaseWork


def follow(work: "CaseWork", received: Received[TriagedEvent], policy: Policy, case_ids: Iterable[UUID | None]) -> None:
    """The callbacks of the cases that a mention is in, or was in, now that it has arrived there, left, or changed; others may have gone with it."""
    concerned = {case_id for case_id in case_ids if case_id in work.files}
    has_number = any(span.kind == "phone" for span in received.event.triaged.findings.pii)
    _follow(work, policy, received.traceparent, concerned | _go_along(work), has_number=has_number)


def moved(work: "CaseWork", policy: Policy, traceparent: str | None) -> None:
    """The callbacks of cases between which people have moved messages. Nobody is called twice for a number that two of them had."""
    _go_along(work)
    _follow(work, policy, traceparent, set(work.files), has_number=True)


def _go_along(work: "CaseWork") -> set[UUID]:
    """Callbacks are where their messages are. Returns the cases that some left, or came to."""
    concerned: set[UUID] = set()
    for callback in list(work.callbacks.values()):
        copy = work.copies.get(callback.mention_id) if callback.mention_id else None
        if copy is not None and copy.case_id != callback.case_id:
            concerned |= {callback.case_id, copy.case_id} & work.files.keys()
            _keep(work, replace(callback, case_id=copy.case_id, version=callback.version + 1))
    return concerned


def _follow(work: "CaseWork", policy: Policy, traceparent: str | None, concerned: set[UUID], *, has_number: bool) -> None:
    for case_id in sorted(concerned):
        known = [callback for callback in work.callbacks.values() if callback.case_id == case_id]
        if not known and not has_number:
            continue
        file = work.files[case_id]
        for callback in callbacks.followed(policy, file.case, work.mentions_of(case_id), known, work.now):
            before = work.callbacks.get(callback.id)
            _keep(work, callback)
            if before is None or before.state != callback.state:
                _tell(work, policy, traceparent, case_id, callback)


def _keep(work: "CaseWork", callback: Callback) -> None:
    work.callbacks[callback.id] = callback
    work.changed_callbacks.add(callback.id)


def _tell(work: "CaseWork", policy: Policy, traceparent: str | None, case_id: UUID, callback: Callback) -> None:
    file = work.files[case_id]
    said: dict[str, Any] = {"callback": callback.told(file.case)}
    kind: type[CaseEvent] = CaseCallbackProposed if callback.state == "proposed" else CaseCallbackPlanned
    if callback.state == "withdrawn":
        kind, said = CaseCallbackEnded, {**said, "outcome": "withdrawn"}
    file.version += 1
    told = record.story(file, kind, at=work.now, actor="system", traceparent=traceparent, **said)
    work.keep(file, [told])
    if callback.state == "open" and callback.next_at <= work.now:
        return  # its clock tells the same people so within a second
    people = people_of(policy, *who(callback, file.case))
    work.notifications += record.notifications(told, people, case_id, f"callback {callback.state}")
