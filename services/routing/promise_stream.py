"""What replies promise and keep, as they are heard of, and where promises are once their messages move. Pure, on what a batch has loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from libs.common.case_events import CaseEvent, CasePromised, CasePromiseKept, CasePromiseRenegotiated, CaseResumed
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplySent
from services.routing import case as cases
from services.routing import promise as promises
from services.routing import record, waiting
from services.routing.promise import Heard, Promise

if TYPE_CHECKING:  # it calls us
    from services.routing.case_work import CaseWork
    from services.routing.store import Copy

_Change = tuple[type[CaseEvent], Promise, Mapping[str, Any]]
"""What is told, the promise as it is from then on, and what its event says beside it."""


class Ledger:
    """The promises of a batch's cases. A promise is in the case in which the message is that it was given in answer to."""

    def __init__(self) -> None:
        self.by_id: dict[UUID, Promise] = {}
        self.changed: set[UUID] = set()
        self.later: list[Heard] = []
        self.overdue: dict[UUID, None] = {}
        """Cases that wait although a promise of theirs was broken, as far as was told."""
        self._anchored: dict[UUID, dict[UUID, None]] = {}

    def know(self, found: Iterable[Promise]) -> None:
        for promise in found:
            self.by_id[promise.id] = promise
            self._anchored.setdefault(promise.mention_id or promise.case_id, {})[promise.id] = None

    def put(self, promise: Promise) -> None:
        self.know([promise])
        self.changed.add(promise.id)

    def of(self, case_id: UUID, mention_ids: Iterable[UUID]) -> list[Promise]:
        """Those of a case with these messages."""
        if not self._anchored:
            return []
        return [self.by_id[id] for anchor in (case_id, *mention_ids) for id in self._anchored.get(anchor, ())]

    def where(self, copies: "Mapping[UUID, Copy]", promise: Promise) -> UUID:
        copy = copies.get(promise.mention_id) if promise.mention_id else None
        return copy.case_id if copy is not None else promise.case_id

    def settled(self, copies: "Mapping[UUID, Copy]") -> list[Promise]:
        """All that changed, also by going where their messages went."""
        for promise in list(self.by_id.values()):
            if (case_id := self.where(copies, promise)) != promise.case_id:
                self.put(replace(promise, case_id=case_id, version=promise.version + 1))
        return [self.by_id[id] for id in sorted(self.changed)]


def mark(work: "CaseWork", file: cases.File) -> None:
    """The case says of its promises what is known by now, and waits for them where it waits."""
    found = work.promises.of(file.case.id, work.members.get(file.case.id, ()))
    owed = promises.owed(found)
    if any(getattr(file.case, name) != value for name, value in owed.items()):
        file.case = file.case.model_copy(update=owed)
    if file.case.state == "waiting":
        file.case = promises.waits(work.policies.of(file.case.brand), file.case, found, work.now)
        if promises.stays_ours(file.case, found):
            work.promises.overdue[file.case.id] = None


def go_on(work: "CaseWork", traceparent: str | None) -> None:
    """What happened has been told as a whole. A case that would wait for its customer now goes on where a broken promise is still owed: it is ours, and
    its clocks never stood still."""
    overdue, work.promises.overdue = list(work.promises.overdue), {}
    for case_id in overdue:
        file = work.files[case_id]
        if promises.stays_ours(file.case, work.promises.of(case_id, work.members.get(case_id, ()))):
            waited_for = waiting.over(work.policies.of(file.case.brand), file, work.now)
            said = {"waited_for": waited_for, "why": promises.OWED}
            story = record.story(file, CaseResumed, at=work.now, actor="system", traceparent=traceparent, **said)
            work.keep(file, [story, *record.breaches(file, at=work.now, actor="system", traceparent=traceparent)])


def heard(work: "CaseWork", received: Received[ReplySent], file: cases.File) -> None:
    """A reply reached the customer in this case: what it promises, what it gives another promise for, and what it keeps. The order in which replies are
    heard of makes no difference to where promises end."""
    reply = received.event.reply
    ledger, this = work.promises, Heard.of(reply)
    given = [promise for promise in promises.given(reply, file.case, _anchor(work, file, reply)) if promise.id not in ledger.by_id]
    known = ledger.of(file.case.id, work.members.get(file.case.id, ()))
    named = [ledger.by_id[id] for id in sorted(this.keeps or ()) if id in ledger.by_id]
    told: list[_Change] = []
    instead = {new.replaces for new in given}
    for promise in {one.id: one for one in (*known, *named)}.values():
        same = _same(work, reply.mention_id, promise)
        if promise.brand == reply.brand and promise.id not in instead and promises.keeps(this, promise, same_customer=same):
            told.append(_kept(promise, this))
    told += [(CasePromised, promise, {}) for promise in given]
    for new in given:
        old = ledger.by_id.get(new.replaces) if new.replaces is not None else None
        if old is not None and promises.comes_instead(new, old):
            told.append((CasePromiseRenegotiated, promises.renegotiated(old, new), {}))
    told += [found for promise in given if (found := _since(work, promise)) is not None]
    work.promises.later.append(this)
    for _, promise, _ in told:
        ledger.put(promise)
    for kind, promise, said in told:
        where = work.files.get(ledger.where(work.copies, promise))
        if where is not None:
            where.version += 1
            work.tell(received, where, kind, promise=promise.told(where.case), **said)


def _kept(promise: Promise, reply: Heard) -> _Change:
    kept = promises.kept(promise, reply.sent_at, reply.writer, reply_id=reply.id, assumed=reply.keeps is None)
    return CasePromiseKept, kept, {"assumed": kept.assumed}


def _since(work: "CaseWork", promise: Promise) -> _Change | None:
    """What became of a promise by a reply that was sent later and heard of before it: by the first of several."""
    others = [other for other in work.promises.by_id.values() if promises.comes_instead(other, promise)]
    keeping = [
        reply for reply in work.promises.later if promises.keeps(reply, promise, same_customer=_same(work, reply.mention_id, promise))
    ]
    new = min(others, key=lambda one: (one.given_at, one.id), default=None)
    reply = min(keeping, key=lambda one: (one.sent_at, one.id), default=None)
    if new is not None and (reply is None or new.given_at <= reply.sent_at):
        return CasePromiseRenegotiated, promises.renegotiated(promise, new), {}
    return _kept(promise, reply) if reply is not None else None


def _anchor(work: "CaseWork", file: cases.File, reply: Reply) -> UUID | None:
    """The message that it answers; where that is not known, the newest of its case."""
    if reply.mention_id is not None and reply.mention_id in work.members.get(file.case.id, ()):
        return reply.mention_id
    return file.case.latest.id if file.case.latest is not None else None


def _same(work: "CaseWork", mention_id: UUID | None, promise: Promise) -> bool:
    """Whether a reply to this message goes to the customer who was promised that, in the same case; whoever it goes to, where that is not known."""
    answered = work.copies.get(mention_id) if mention_id else None
    promised = work.copies.get(promise.mention_id) if promise.mention_id else None
    if answered is None or promised is None:
        return True
    return answered.triaged.customer_id == promised.triaged.customer_id and answered.case_id == promised.case_id
