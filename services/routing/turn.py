"""Whose turn it is in a case that people work on, and since when: pure decisions.

A round begins with a message that nobody has handled, and ends when people handle it, by a reply or a resolution. Replies and messages
come by two topics without an order between them, so the turn follows from which message was handled, never from which event came first.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.common.case_events import Case, Clock, TargetChange
from libs.common.errors import Conflict
from libs.common.events import Respond, TriagedMention
from services.routing import reopening, sla
from services.routing.case import EMPTY, ENDED, NOT_WAITING, File, Key, Turn, key_of, must_be_alive
from services.routing.route import PRIORITIES, facts
from services.routing.sla import Policy

LAST = UUID(int=2**128 - 1)
"""After every message that was received at the same moment."""


def unhandled(file: File, mentions: Sequence[TriagedMention]) -> list[TriagedMention]:
    """The live messages that are newer than what people have handled, oldest first. Where they have handled nothing yet, those that a later round is
    about; none where there has been no later round."""
    live = [m for m in mentions if not m.removed and not m.mention.historic]
    if file.handled is not None:
        waiting = [m for m in live if key_of(m.mention) > file.handled]
    elif file.before is not None and file.before.by is not None and file.before.since is not None:
        began = (file.before.since, file.before.by)
        waiting = [m for m in live if key_of(m.mention) >= began]
    else:
        return []
    return sorted(waiting, key=lambda m: key_of(m.mention))


def handled(file: File, mention: TriagedMention) -> bool:
    """Whether people have handled this message in this case."""
    return file.handled is not None and key_of(mention.mention) <= file.handled


def handled_elsewhere(file: File, mention: TriagedMention, mentions: Sequence[TriagedMention]) -> None:
    """A message comes to this case that people handled in another one: it is handled here too, unless that would take an older one with it."""
    if file.handled is not None and not [m for m in unhandled(file, mentions) if key_of(m.mention) < key_of(mention.mention)]:
        file.handled = max(file.handled, key_of(mention.mention))


def reacted(case: Case) -> bool:
    """Whether people have told the customer something since their last message, as far as the clocks know."""
    return any(clock.kind == "reaction" and clock.met_at is not None for clock in case.clocks)


def wakes(file: File, mention: TriagedMention) -> bool:
    """Whether a message that comes to a case makes it our turn again: always once it has ended or waits, or we have told the customer something since,
    also where the message is older than the one that was answered. Whoever answered did not see it, and a needless look costs less than a question
    that nobody sees."""
    if not file.touched or mention.mention.historic or mention.removed:
        return False
    return file.case.state in ("waiting", *ENDED) or (file.case.state == "open" and reacted(file.case))


def end(file: File, at: datetime) -> None:
    """All clocks end at `at`, whatever they have said so far."""
    file.case = file.case.model_copy(update={"clocks": sla.ended(file.case.clocks, at)})


def _about(policy: Policy, file: File, mentions: Sequence[TriagedMention]) -> dict[str, object]:
    return facts(mentions, policy, file.case)


def begin(policy: Policy, file: File, mention: TriagedMention) -> None:
    """A round begins with this message: the case is open, and our time to react to it starts when we received it; one that nobody has reacted to yet goes
    on. Our time to resolve goes on where it stood."""
    case, at = file.case, mention.mention.received_at
    if handled(file, mention):
        file.handled = None  # not known any longer: this one was ended unseen
    file.before = Turn(
        state=case.state,
        waiting_for=case.waiting_for,
        waiting_until=case.waiting_until,
        waiting_reason=case.waiting_reason,
        resolved_at=case.resolved_at,
        unanswered=case.unanswered,
        clocks=case.clocks,
        earlier=case.earlier,
        fired=file.fired,
        by=mention.mention.id,
        since=at,
    )
    _go_on(policy, file, [mention], at)
    file.case = file.case.model_copy(update={"state": "open", **NOT_WAITING, "resolved_at": None, "unanswered": False})


def _go_on(policy: Policy, file: File, mentions: Sequence[TriagedMention], at: datetime) -> None:
    """The clocks of another round, which starts at `at` with these messages. What they have said stays said of those that go on."""
    about = _about(policy, file, mentions)
    old, clocks, over = {clock.kind: clock for clock in file.case.clocks}, [], []
    for fresh in sla.start(policy, about, at):
        clock = old.get(fresh.kind)
        if clock is None or (fresh.kind == "reaction" and (clock.met_at is not None or at < clock.started_at)):
            clocks.append(fresh)
            over += [clock] if clock and clock.met_at else []
        elif clock.met_at is not None:
            clocks.append(sla.reopen(policy, clock, about, at))
            over += [clock] if clock.breached_at is not None else []
        else:
            clocks += sla.resume(policy, [clock], clock.kind, at)
    kept = [clock for clock in clocks if clock.kind in old and clock.started_at == old[clock.kind].started_at]
    _, said = sla.said(policy, kept, file.fired, at)
    again = {clock.kind for clock in over}
    going_on = {clock.kind for clock in kept} - again
    file.fired = [name for name in file.fired if sla.kind_of(name) in going_on] + [firing.name for firing in said if firing.clock in again]
    file.case = file.case.model_copy(update={"clocks": clocks, "earlier": sla.counted(file.case.earlier, over)})


def follow(policy: Policy, file: File, mentions: Sequence[TriagedMention], now: datetime) -> list[TriagedMention]:
    """Keep the running round with the messages that it is about: it begins with the earliest of them, whichever came in first. When the last one was
    taken back or has moved elsewhere, the case is again what it was before the round. Returns the messages that came too late for what it is then, and
    belong to a follow-up: what kept it open for them is gone."""
    case = file.case
    if file.before is None or (file.handled is None and file.before.by is None) or case.state != "open":
        return []
    waiting = unhandled(file, mentions)
    if waiting and file.before.by == waiting[0].mention.id:
        return []
    fired, file.fired = file.fired, file.before.fired
    file.case, file.before = case.model_copy(update=file.before.of_case()), None
    late = [m for m in mentions if not m.mention.historic and reopening.is_over(policy, file.case, m.mention.received_at)]
    if waiting and waiting[0] not in late:
        begin(policy, file, waiting[0])
        file.fired = fired
        late = []
    hear(policy, file, now)
    return sorted(late, key=lambda m: key_of(m.mention))


def hear(policy: Policy, file: File, now: datetime) -> None:
    """Other clocks run now than those that spoke: one ran out only where it would have by now. Steps that were taken stay taken."""
    clocks, said = sla.said(policy, file.case.clocks, file.fired, now)
    file.fired = sla.kept(clocks, file.fired, said)
    file.case = file.case.model_copy(update={"clocks": clocks})


def replied(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key, sent_at: datetime, now: datetime) -> bool:
    """A reply reached the customer, to the message `answered` and so to all before it. False when that changes nothing: another message is
    waiting, which came after the one that was answered, and this was not the first reply."""
    told = _answer(policy, file, mentions, answered, sent_at)
    if told:
        file.case = file.case.model_copy(update={"clocks": sla.met_before(file.case.clocks, answered[0], sent_at)})
    hear(policy, file, now)
    file.version += told
    return told


def _answer(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key, sent_at: datetime) -> bool:
    case, waiting = file.case, unhandled(file, mentions)
    if not file.touched:
        case = case.model_copy(update={"clocks": _clocks_until(policy, file, mentions, answered)})
    file.touched, file.handled = True, max(file.handled or answered, answered)
    file.case = case.model_copy(update={"replied_at": case.replied_at or sent_at})
    is_our_turn = file.before is not None or (case.state == "open" and reacted(case))
    if is_our_turn and waiting and answered < key_of(waiting[0].mention):
        return case.replied_at is None
    file.before = None
    clocks = sla.meet(case.clocks, "reaction", sent_at)
    if case.state in ("new", "open") or for_customer(case):
        update = {"state": "waiting", "waiting_for": "customer", "clocks": sla.pause(clocks, "resolution", sent_at)}
        file.case = file.case.model_copy(update=update)
    else:  # what we wait for ourselves is still to come
        file.case = file.case.model_copy(update={"clocks": clocks})
    return True


def for_customer(case: Case) -> bool:
    """Whether all that the customer wrote has been answered, and the case waits for what they say next, or for the time of what they were promised."""
    return case.state == "waiting" and case.waiting_for in (None, "customer", "promise")


def _clocks_until(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key) -> list[Clock]:
    """The clocks that a reply stops: those of the messages that it answers, whatever came in since."""
    present = [m for m in mentions if not m.removed]
    seen = [m for m in present if key_of(m.mention) <= answered]
    live = [m for m in seen if not m.mention.historic]
    if not live or len(seen) == len(present):
        return file.case.clocks
    opened_at = live[0].mention.received_at
    return sla.start(policy, facts(seen, policy, file.case), opened_at)


def resolved(file: File, at: datetime) -> None:
    """A person says that the customer is helped. Raises `Conflict` when it has ended already."""
    must_be_alive(file)
    case = file.case
    if case.state in ENDED:
        raise Conflict(f"The case is {case.state} already. Read it again.")
    if case.latest is not None:
        file.handled = max(file.handled or key_of(case.latest), key_of(case.latest))
    file.touched, file.before = True, None
    clocks = sla.meet(sla.meet(case.clocks, "reaction", at), "resolution", at)
    file.change(state="resolved", resolved_at=at, clocks=clocks, sample=False, **NOT_WAITING)


def may_go_unanswered(file: File) -> None:
    """Raises `Conflict` where there is nothing that a person could leave without an answer."""
    must_be_alive(file)
    if file.case.state in ENDED:
        raise Conflict(f"The case is {file.case.state} already. Read it again.")
    if for_customer(file.case):
        raise Conflict("The newest message of the case has been answered. Resolve it instead.")


def left_unanswered(file: File, choice: Respond, at: datetime) -> None:
    """A person decided that no reply is the answer to what is open, after the round has come to its `end`. Nobody was promised anything: the round is over
    as a whole, and a clock that neither stopped nor ran out before counts as neither met nor breached."""
    may_go_unanswered(file)
    case = file.case
    if case.latest is not None:
        file.handled = max(file.handled or key_of(case.latest), key_of(case.latest))
    file.touched, file.before = True, None
    file.change(
        state="resolved",
        resolved_at=at,
        unanswered=True,
        earlier=sla.counted(case.earlier, case.clocks),
        clocks=[],
        respond=choice.decision,
        respond_reason=choice.reason,
        respond_by=choice.by,
        sample=False,
        **NOT_WAITING,
    )


def reopened(policy: Policy, file: File, mentions: Sequence[TriagedMention], at: datetime) -> None:
    """A person takes it up again: we have our time to react anew, and what was left of our time to resolve. Raises `Conflict` when it is not ended."""
    must_be_alive(file)
    if file.case.state not in ("resolved", "closed"):
        raise Conflict(f"The case is {file.case.state}, so there is nothing to reopen.")
    file.touched, file.before = True, None
    _go_on(policy, file, mentions, at)
    file.change(state="open", resolved_at=None, unanswered=False)


def retargeted(
    old: Policy | None, new: Policy, file: File, mentions: Sequence[TriagedMention], now: datetime, *, was: Case | None = None
) -> list[TargetChange]:
    """The clocks that have not stopped as the new book makes them, where that is something else than the `old` one made of them (none: not known), or of
    the case as it `was`; returns which are due at another time. What they said too early they say again. Changes no version."""
    present = sorted((m for m in mentions if not m.removed), key=lambda m: key_of(m.mention))
    if not present:
        return []
    by = file.before.by if file.before is not None else None
    began = [m for m in present if m.mention.id == by] or present
    clocks, changes = [], []
    for clock in file.case.clocks:
        about = began if clock.kind == "reaction" else present
        becomes = clock if clock.met_at else sla.retarget(new, clock, _about(new, file, about))
        if (
            old is not None
            and becomes is not clock
            and sla.retarget(old, clock, facts(about, old, was or file.case)).due_at == becomes.due_at
        ):
            becomes = clock
        clocks.append(becomes)
        if becomes.due_at != clock.due_at:
            changes.append(TargetChange(clock=clock.kind, old_due_at=clock.due_at, new_due_at=becomes.due_at))
    if changes:
        file.case = file.case.model_copy(update={"clocks": clocks})
        hear(new, file, now)
    return changes


def carried_over(
    policy: Policy, file: File, old: Case, into: File, mentions: Sequence[TriagedMention], now: datetime
) -> list[TriagedMention]:
    """A case on which people worked goes on in another one, which has these mentions by now; `old` is the case as it was before that.

    What its people decided holds there from now on: department, owner, what they answered and when, and that it is resolved, unless the
    customer wrote after that. Where people work on the other one too, their department, owner and resolution stand; an answer counts all the same.
    Returns the messages that belong to a follow-up of it, as `follow` does.
    """
    new = into.case
    if into.touched:
        earlier = sla.counted(sla.added(new.earlier, old.earlier), sla.ended(old.clocks, now))
        into.case = new.model_copy(update={"earlier": earlier})
    else:
        priority = max(old.priority, new.priority, key=PRIORITIES.index)
        into.case = new.model_copy(update={"department": old.department, "owner": old.owner, "priority": priority})
    if not into.touched and new.state not in EMPTY:
        _take_over(policy, file, old, into, mentions)
    elif old.state not in ENDED:
        _answer_as_in(policy, file, old, into, mentions)
    replied_at = min((at for at in (old.replied_at, new.replied_at) if at), default=None)
    into.case = into.case.model_copy(update={"replied_at": replied_at})
    into.touched = True
    late = follow(policy, into, mentions, now)
    hear(policy, into, now)
    return late


def _take_over(policy: Policy, file: File, old: Case, into: File, mentions: Sequence[TriagedMention]) -> None:
    """How far people had come with a case, in one that nobody had touched. A later round goes on as it was; the first one began with whichever message
    of the two cases came first."""
    case = into.case
    if old.earlier or file.before is not None or not case.clocks or old.unanswered:
        kept = ("state", *NOT_WAITING, "clocks", "earlier", "resolved_at", "unanswered")
        turn = {name: getattr(old, name) for name in kept}
        if old.state == "open":  # what waits in the other case has waited for as long as it has
            turn["clocks"] = sla.longest(old.clocks, case.clocks)
        into.case = case.model_copy(update=turn)
        into.fired, into.handled, into.before = list(file.fired), file.handled, file.before
    elif old.state == "resolved" and old.resolved_at is not None:
        clocks = _clocks_until(policy, into, mentions, (old.resolved_at, LAST))
        for clock in old.clocks:
            clocks = sla.meet(clocks, clock.kind, clock.met_at or old.resolved_at)
        into.case = case.model_copy(update={"state": "resolved", "clocks": clocks, "resolved_at": old.resolved_at})
    elif old.state in ("open", "waiting"):
        _answer_as_in(policy, file, old, into, mentions)
        if not for_customer(old):  # it is ours, whatever was answered
            clocks = into.case.clocks
            for clock in old.clocks:
                clocks = sla.meet(clocks, clock.kind, clock.met_at) if clock.met_at else clocks
            if into.case.state == "waiting" and (answered := file.handled) is not None:
                clocks = sla.resume(policy, clocks, "resolution", answered[0])
            ours = {name: getattr(old, name) for name in ("state", *NOT_WAITING)} | {"clocks": clocks}
            into.case = into.case.model_copy(update=ours)
    if into.case.state == "resolved" and old.resolved_at is not None:
        into.handled = max((key_of(m.mention) for m in mentions if m.mention.received_at <= old.resolved_at), default=file.handled)


def _answer_as_in(policy: Policy, file: File, old: Case, into: File, mentions: Sequence[TriagedMention]) -> None:
    """What was answered in one case is answered in the other."""
    if old.replied_at is not None and file.handled is not None:
        met = max([old.replied_at, *(clock.met_at for clock in old.clocks if clock.kind == "reaction" and clock.met_at)])
        _answer(policy, into, mentions, file.handled, met)
