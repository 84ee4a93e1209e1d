"""A reply that was sent came back: its customer was told nothing. Its case is ours again, with clocks that run as if it had never left, and what it was
taken to have kept is owed again. Pure, on what a batch has loaded."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from libs.common.case_events import CasePromiseNotKept, CaseReopened, CaseReplyBounced, Clock
from libs.common.events import TriagedMention
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplyBounced
from services.routing import case as cases
from services.routing import customers, promise_stream, record, sla, turn
from services.routing import promise as promises
from services.routing.callback_work import people_of
from services.routing.case import EMPTY, NOT_WAITING, File
from services.routing.route import facts
from services.routing.sla import Policy

if TYPE_CHECKING:  # it calls us
    from services.routing.case_work import CaseWork

NOTIFIED = "a reply came back"
"""What those are told whom it concerns."""
_WHY = "the reply that was taken to keep it came back undelivered"


def bounced(work: "CaseWork", received: Received[ReplyBounced], file: File) -> None:
    """The reply is known as sent, in this case. Told once for each reply."""
    reply = received.event.reply
    assert reply.sent_at is not None
    policy = work.policies.of(reply.brand)
    mentions = work.mentions_of(file.case.id)
    next_sent_at = _next_sent_at(work, reply)
    was_over = undelivered(policy, file, mentions, reply, next_sent_at, work)
    file.book_version = policy.version
    file.version += 1
    if was_over:
        work.tell(received, file, CaseReopened)
        file.version += 1
    told = work.tell(received, file, CaseReplyBounced, reply_id=reply.id, code=reply.delivery_code)
    people = people_of(policy, file.case.department, file.case.owner)
    work.notifications += record.notifications(told, people, file.case.id, NOTIFIED)
    _owed_again(work, received, file, reply)
    work.tell_breaches(received, file)
    promise_stream.go_on(work, received.traceparent)


def _next_sent_at(work: "CaseWork", reply: Reply) -> datetime | None:
    """When the same customer was next told something in this case, as far as is known; none where they were not."""
    assert reply.sent_at is not None

    def customer(mention_id: UUID | None) -> UUID | None:
        copy = work.copies.get(mention_id) if mention_id else None
        return copy.triaged.customer_id if copy is not None else None

    theirs = customer(reply.mention_id)
    later = [other for other in work.promises.later if other.id != reply.id and other.sent_at > reply.sent_at]
    return min((other.sent_at for other in later if customer(other.mention_id) in (theirs, None) or theirs is None), default=None)


def undelivered(
    policy: Policy, file: File, mentions: Sequence[TriagedMention], reply: Reply, next_sent_at: datetime | None, work: "CaseWork"
) -> bool:
    """The case after what it would be without this reply; whether it had been resolved, and is open again by that. What was said since then, at
    `next_sent_at`, counts in its place: the case stays as it is, and its clocks stopped then."""
    case, sent_at, now = file.case, reply.sent_at, work.now
    assert sent_at is not None
    if case.state in EMPTY:
        return False
    clocks = [_unmet(clock, sent_at) for clock in case.clocks]
    replied_at = next_sent_at if case.replied_at == sent_at else case.replied_at
    if next_sent_at is not None:
        clocks = sla.meet(clocks, "reaction", next_sent_at) if _stopped_by(case.clocks, sent_at) else case.clocks
        file.case = case.model_copy(update={"clocks": clocks, "replied_at": replied_at})
        return False
    is_over = case.state in ("resolved", "closed") and not case.unanswered
    clocks = sla.resume(policy, clocks, "resolution", sent_at)
    if is_over:
        about = facts(mentions, policy, case)
        clocks = [sla.reopen(policy, clock, about, now) if clock.met_at is not None else clock for clock in clocks]
    update: dict[str, object] = {"clocks": clocks, "replied_at": replied_at}
    if is_over or turn.for_customer(case):
        update |= {"state": "open", **NOT_WAITING, "resolved_at": None}
        file.handled, file.before = None, None
    if case.merged_cases and reply.mention_id is not None:
        copy = work.copies.get(reply.mention_id)
        update["customers"] = customers.unheard(case.customers, mentions, copy.triaged.customer_id if copy else None, sent_at)
    file.touched = True
    file.case = case.model_copy(update=update)
    turn.hear(policy, file, now)
    file.case = cases.proposed(policy, file, mentions)
    return is_over


def _stopped_by(clocks: Sequence[Clock], sent_at: datetime) -> bool:
    return any(clock.kind == "reaction" and clock.met_at == sent_at for clock in clocks)


def _unmet(clock: Clock, sent_at: datetime) -> Clock:
    """A clock that this reply stopped runs on, as if it never had."""
    if clock.met_at != sent_at:
        return clock
    return clock.model_copy(update={"met_at": None, "breached_at": None})


def _owed_again(work: "CaseWork", received: Received[ReplyBounced], file: File, reply: Reply) -> None:
    """What nobody but this reply kept. What it promised itself stays: whoever answers next says it again, or withdraws it."""
    for promise in work.promises.of(file.case.id, work.members.get(file.case.id, ())):
        if promise.state == "kept" and promise.kept_by == reply.id:
            back = promises.not_kept(promise, work.now, _WHY)
            work.promises.put(back)
            file.version += 1
            work.tell(received, file, CasePromiseNotKept, promise=back.told(file.case), reason=_WHY)
