"""What we promised customers: when it is due, who is reminded when, and what becomes of it. Pure decisions.

    open ──▶ kept | withdrawn | renegotiated (the customer was told of another promise in its place)
      └───▶ broken (its time came) ──▶ kept, late | withdrawn | renegotiated

A due time never changes: who cannot keep a promise says so to the customer, with another one. What is heard of late counts as of when it happened, as
with clocks: a promise that a reply kept in time was not broken, whatever was told meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.case_events import Case
from libs.common.case_events import Promise as Told
from libs.common.errors import Conflict, Unprocessable
from libs.common.hours import HoursError
from libs.common.reply_events import Reply
from services.routing import sla, turn
from services.routing.sla import Policy

LIVE = ("open", "broken")
MOST = 50
"""Promises of one case that are live at the same time, beyond which people add none by hand."""
OWED = "what the customer was promised is overdue, and still owed"
"""Why a case that waits for its customer is ours again."""
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Promise:
    """A row of `promise`. `touched`: a person has decided about it, and no reply keeps it unless its writer says so."""

    id: UUID
    brand: str
    case_id: UUID
    mention_id: UUID | None
    reply_id: UUID | None
    channel: str
    visibility: str
    text: str
    given_at: datetime
    given_by: str
    due_at: datetime | None
    state: str = "open"
    broken_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    kept_by: UUID | None = None
    assumed: bool = False
    reason: str | None = None
    replaces: UUID | None = None
    replaced_by: UUID | None = None
    touched: bool = False
    version: int = 1

    def changed(self, **values: object) -> "Promise":
        return replace(self, version=self.version + 1, **values)  # type: ignore[arg-type]

    def told(self, case: Case) -> Told:
        """As events tell it: whose it is follows its case, and its words are in the reply."""
        return Told(
            id=self.id,
            state=self.state,
            reply_id=self.reply_id,
            channel=self.channel,
            given_at=self.given_at,
            given_by=self.given_by,
            due_at=self.due_at,
            department=case.department,
            owner=case.owner,
            broken_at=self.broken_at,
            ended_at=self.ended_at,
            kept_by=self.kept_by,
            replaces=self.replaces,
            replaced_by=self.replaced_by,
        )

    def late_at(self, at: datetime) -> datetime | None:
        """When it was broken, seen from `at`; none where it was not by then."""
        return self.due_at if self.due_at is not None and at > self.due_at else None


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply that reached the customer, as far as promises go. `keeps` none: its writer did not say."""

    id: UUID
    mention_id: UUID | None
    sent_at: datetime
    writer: str
    keeps: frozenset[UUID] | None
    update_due: bool

    @classmethod
    def of(cls, reply: Reply) -> "Heard":
        assert reply.sent_at is not None
        keeps = frozenset(reply.keeps) if reply.keeps is not None else None
        return cls(reply.id, reply.mention_id, reply.sent_at, writer(reply), keeps, reply.update_due)


def writer(reply: Reply) -> str:
    return reply.writer or reply.approver or "system"


def given(reply: Reply, case: Case, mention_id: UUID | None) -> list[Promise]:
    """What a reply that was sent promises. A pilot's are the same: who tries out what we work with sees all of it."""
    if reply.sent_at is None:
        return []
    return [
        Promise(
            id=said.id,
            brand=reply.brand,
            case_id=case.id,
            mention_id=mention_id,
            reply_id=reply.id,
            channel=reply.channel,
            visibility=reply.visibility,
            text=said.text,
            given_at=reply.sent_at,
            given_by=writer(reply),
            due_at=said.due_at,
            replaces=said.renegotiates,
        )
        for said in reply.promises
    ]


def keeps(reply: Heard, promise: Promise, *, same_customer: bool) -> bool:
    """Whether a reply keeps a promise that was given before it: one that its writer names; where they said nothing, any of its customer's that was open
    when it was sent, unless it says no more than that we are looking into it. Of several the first."""
    if reply.sent_at <= promise.given_at:
        return False
    if reply.keeps is not None:
        if promise.id not in reply.keeps:
            return False
    elif promise.touched or reply.update_due or not same_customer or promise.late_at(reply.sent_at) is not None:
        return False
    return _ends(promise, reply.sent_at)


def _ends(promise: Promise, at: datetime) -> bool:
    """Whether what a reply of that moment says of a promise still counts: it lives, or ended by a reply that was heard of first and sent later."""
    if promise.state in LIVE:
        return True
    return promise.state in ("kept", "renegotiated") and not promise.touched and promise.ended_at is not None and at < promise.ended_at


def comes_instead(new: Promise, old: Promise) -> bool:
    """Whether a promise takes the place of another one, as its reply says: of one that was given before it and had not ended by then."""
    return new.replaces == old.id and new.brand == old.brand and old.given_at < new.given_at and _ends(old, new.given_at)


def kept(
    promise: Promise, at: datetime, by: str, *, reply_id: UUID | None = None, assumed: bool = False, reason: str | None = None
) -> Promise:
    """It was kept at that moment; late, where that is after its time."""
    return promise.changed(
        state="kept",
        broken_at=promise.late_at(at),
        ended_at=at,
        ended_by=by,
        kept_by=reply_id,
        assumed=assumed,
        replaced_by=None,
        reason=reason,
        touched=promise.touched or reply_id is None,
    )


def broken(promise: Promise) -> Promise:
    """Its time has come, and nothing kept it."""
    return promise.changed(state="broken", broken_at=promise.due_at)


def renegotiated(old: Promise, new: Promise) -> Promise:
    """The customer was told another promise in its place."""
    return old.changed(
        state="renegotiated",
        broken_at=old.late_at(new.given_at),
        ended_at=new.given_at,
        ended_by=new.given_by,
        kept_by=None,
        assumed=False,
        replaced_by=new.id,
    )


# --- what people do -----------------------------------------------------------------------------------------------------------------------


def must_have_room(known: Iterable[Promise]) -> None:
    """Raises `Conflict` where a case has as many live promises as people may add."""
    if sum(promise.state in LIVE for promise in known) >= MOST:
        raise Conflict(f"{MOST} promises of this case are to be kept already. Keep, or withdraw some.")


def must_be_live(promise: Promise) -> None:
    """Raises `Conflict` for one that has ended."""
    if promise.state not in LIVE:
        raise Conflict(f"The promise is {promise.state} already. Say that it was not kept where that is wrong, or note another one.")


def kept_by_hand(promise: Promise, at: datetime, now: datetime, by: str, reason: str | None) -> Promise:
    """A person says that it was kept, at that moment. Raises `Conflict`, and `Unprocessable` for a moment at which it cannot have been."""
    must_be_live(promise)
    if at > max(now, promise.given_at):
        raise Unprocessable(f"at: {at.isoformat()} is still to come. Say when it was kept, or leave it out for now.")
    if at < promise.given_at:
        raise Unprocessable(f"at: {at.isoformat()} is before the promise was given, at {promise.given_at.isoformat()}.")
    return kept(promise, at, by, reason=reason)


def withdrawn(promise: Promise, now: datetime, by: str, reason: str) -> Promise:
    """It is none, or no longer one: the customer needs it no more, or a text was taken for one. Raises `Conflict`."""
    must_be_live(promise)
    return promise.changed(state="withdrawn", broken_at=promise.late_at(now), ended_at=now, ended_by=by, reason=reason, touched=True)


def not_kept(promise: Promise, now: datetime, reason: str) -> Promise:
    """A person says that what was taken for keeping it did not. Raises `Conflict` for one that nothing kept."""
    if promise.state != "kept":
        raise Conflict(f"The promise is {promise.state}: nothing is said to have kept it.")
    back = promise.changed(
        state="open", broken_at=None, ended_at=None, ended_by=None, kept_by=None, assumed=False, reason=reason, touched=True
    )
    late = back.late_at(now)
    return replace(back, state="broken", broken_at=late) if late else back


def may_be_due(due_at: datetime, now: datetime) -> None:
    """Raises `Unprocessable` for a due time that has passed, or is more than a year away."""
    if due_at <= now:
        raise Unprocessable(f"due_at: {due_at.isoformat()} has passed. A promise is due at a moment to come.")
    if due_at - now > _LONGEST:
        raise Unprocessable(f"due_at: {due_at.isoformat()} is more than a year away.")


# --- its clock ----------------------------------------------------------------------------------------------------------------------------


def reminders(policy: Policy, promise: Promise) -> list[tuple[int, datetime]]:
    """(share, when) of each reminder: of the opening time until it is due, so that people are there to hear it; of ordinary time where none is left."""
    if promise.due_at is None or promise.due_at <= promise.given_at:
        return []
    found = []
    for share in sorted({share for share in policy.book.promises.remind_at if share < 100}):
        found.append((share, min(_share_of(policy, promise.given_at, promise.due_at, share), promise.due_at)))
    return found


def _share_of(policy: Policy, start: datetime, end: datetime, share: int) -> datetime:
    whole = end - start
    opening = policy.calendar.between(start, end) if whole <= _LONGEST else timedelta()
    if opening:
        try:
            return policy.calendar.advance(start, opening * share / 100)
        except HoursError:
            pass
    return start + whole * share / 100


def waits(policy: Policy, case: Case, promises: Sequence[Promise], now: datetime) -> Case:
    """The case, which waits for what it was promised rather than for its customer, for as long as there is such a thing: our time to resolve runs
    meanwhile, for it is not the customer whom we wait for. Where a person said that it is the customer's turn, it is."""
    due = [promise for promise in promises if promise.state in LIVE and promise.due_at is not None]
    if due and turn.for_customer(case) and case.waiting_for != "promise" and case.waiting_reason is None:
        clocks = sla.resume(policy, case.clocks, "resolution", min(promise.given_at for promise in due))
        return case.model_copy(update={"waiting_for": "promise", "clocks": clocks})
    if not due and case.state == "waiting" and case.waiting_for == "promise":
        since = max((promise.ended_at for promise in promises if promise.ended_at is not None), default=now)
        return case.model_copy(update={"waiting_for": "customer", "clocks": sla.pause(case.clocks, "resolution", since)})
    return case


def stays_ours(case: Case, promises: Iterable[Promise]) -> bool:
    """Whether a case waits for its customer, who did not get in time what we promised them and still does not have it: nobody waits for a customer who
    waits for us, whatever they were told meanwhile."""
    return turn.for_customer(case) and any(promise.state == "broken" for promise in promises)


def owed(promises: Iterable[Promise]) -> dict[str, object]:
    """What a case says of its promises: whether any is open, whether any is broken, and when the first of those is due, or was."""
    live = [promise for promise in promises if promise.state in LIVE]
    return {
        "promise_open": any(promise.state == "open" for promise in live),
        "promise_broken": any(promise.state == "broken" for promise in live),
        "promise_due_at": min((promise.due_at for promise in live if promise.due_at is not None), default=None),
    }
