"""Sent replies stop clocks: it is the customer's turn then, unless they wrote again meanwhile, or the reply comes back."""

from typing import Any

from libs.common.case_events import CaseJoined, CaseReacted, CaseRevised, CaseWaiting
from libs.common.errors import InvalidEvent
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplyBounced, ReplySent
from services.routing import (
    bounced,
    merge,
    promise_stream,
    samples,
    store,
    turn,
)
from services.routing import case as cases
from services.routing.case_work import CaseWork
from services.routing.sla import Policy


def sent(work: CaseWork, received: Received[ReplySent]) -> None:
    """A reply reached the customer: the reaction clock stops, and the case waits for them unless they wrote again meanwhile. Once for each reply."""
    reply = received.event.reply
    if reply.id in work.sent or reply.sent_at is None or reply.case_id in work.forgotten:
        work.repeat(received)
        return
    work.sent.add(reply.id)
    work.newly_sent[reply.id] = store.Sent(reply.brand, reply.case_id, reply.mention_id, reply.sent_at)
    work.said.append(reply)
    copy, file = _where(work, reply)
    if reply.mention_id is not None:
        work.answered.append(samples.Judgement(reply.brand, reply.mention_id, True, reply.approver or "system", reply.sent_at))
    _answer(work, received, file, copy)
    promise_stream.heard(work, received, file)
    promise_stream.go_on(work, received.traceparent)


def came_back(work: CaseWork, received: Received[ReplyBounced]) -> None:
    """A reply that was sent did not reach the customer. Once for each; events of a case come in order, so that it is known as sent."""
    reply = received.event.reply
    if reply.id not in work.sent or reply.id in work.bounced or reply.sent_at is None or reply.case_id in work.forgotten:
        work.repeat(received)
        return
    work.bounced.add(reply.id)
    work.newly_bounced[reply.id] = reply.brand
    bounced.bounced(work, received, _where(work, reply)[1])


def _where(work: CaseWork, reply: Reply) -> tuple[store.Copy | None, cases.File]:
    """The message that it answers, where that is known, and the case that this is in now. Raises `InvalidEvent`."""
    copy = work.copies.get(reply.mention_id) if reply.mention_id else None
    moved = copy is not None and copy.triaged.mention.id in work.overlay.placed
    file = work.files.get(copy.case_id if copy is not None and moved else reply.case_id)  # people may have moved the question since
    while file is not None and file.case.merged_into is not None:
        file = work.files.get(file.case.merged_into)  # answered there, and the answer counts where the question is now
    if file is None or file.case.brand != reply.brand:
        raise InvalidEvent(f"Reply {reply.id} is of case {reply.case_id}, which this brand does not have.")
    return copy, file


def _answer(work: CaseWork, received: Received[ReplySent], file: cases.File, copy: store.Copy | None) -> None:
    """A reply to this message, where it is known, reached the customer in this case."""
    reply = received.event.reply
    assert reply.sent_at is not None
    first = file.case.replied_at is None
    policy = work.policies.of(reply.brand)
    work.changed.add(file.case.id)
    mentions = work.mentions_of(file.case.id)
    merge.heard(file, mentions, _answered(work, reply), copy.triaged.customer_id if copy else None, reply.sent_at)
    is_told = turn.replied(policy, file, mentions, _answered(work, reply), reply.sent_at, work.now)
    before, file.case = file.case, cases.proposed(policy, file, mentions)
    work.sample(policy, file.case.id)
    if not is_told:
        if file.case != before and file.case.latest is not None:  # what is left to be answered is something else by now
            file.version += 1
            work.tell(received, file, CaseRevised, mention_id=file.case.latest.id)
        return
    if first:
        work.tell(received, file, CaseReacted, reply_id=reply.id)
    else:
        work.tell(received, file, CaseWaiting)
    work.tell_breaches(received, file)
    take_turn(work, received, policy, file)


def _answered(work: CaseWork, reply: Reply) -> cases.Key:
    """The message that a reply answers; where that is not known, all that we had received when it was sent."""
    copy = work.copies.get(reply.mention_id) if reply.mention_id else None
    if copy is not None and copy.triaged.mention.brand == reply.brand:
        return cases.key_of(copy.triaged.mention)
    assert reply.sent_at is not None
    return reply.sent_at, turn.LAST


def take_turn(work: CaseWork, received: Received[Any], policy: Policy, file: cases.File) -> None:
    """The customer wrote again before what we said reached them: it is our turn, as it would be had that message come after it. Or another customer of a
    case that people put together has no answer yet."""
    waiting = merge.left_to_answer(file, work.mentions_of(file.case.id))
    if waiting and file.case.state in ("waiting", "resolved"):
        work.begin_round(policy, file, waiting[0])
        file.version += 1
        work.tell(received, file, CaseJoined, mention_id=waiting[0].mention.id, woken=True)
