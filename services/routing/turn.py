"""Whose turn it is in a case that people work on, and since when: pure decisions.

A round begins with a message that nobody has handled, and ends when people handle it, by a reply or a resolution. Replies and messages
come by two topics without an order between them, so the turn follows from which message was handled, never from which event came first.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.common.case_events import Case, Clock
from libs.common.errors import Conflict
from libs.common.events import Respond, TriagedMention
from services.routing import sla
from services.routing.case import EMPTY, ENDED, File, Key, Turn, key_of, must_be_alive
from services.routing.route import PRIORITIES, facts
from services.routing.sla import Policy

LAST = UUID(int=2**128 - 1)
"""After every message that was received at the same moment."""


def unhandled(file: File, mentions: Sequence[TriagedMention]) -> list[TriagedMention]:
    """The live messages that are newer than what people have handled, oldest first; none where they have handled nothing yet."""
    if file.handled is None:
        return []
    waiting = [m for m in mentions if not m.removed and not m.mention.historic and key_of(m.mention) > file.handled]
    return sorted(waiting, key=lambda m: key_of(m.mention))


def handled(file: File, mention: TriagedMention) -> bool:
    """Whether people have handled this message in this case."""
    return file.handled is not None and key_of(mention.mention) <= file.handled


def handled_elsewhere(file: File, mention: TriagedMention, mentions: Sequence[TriagedMention]) -> None:
    """A message comes to this case that people handled in another one: it is handled here too, unless that would take an older one with it."""
    if file.handled is not None and not [m for m in unhandled(file, mentions) if key_of(m.mention) < key_of(mention.mention)]:
        file.handled = max(file.handled, key_of(mention.mention))


def wakes(file: File, mention: TriagedMention) -> bool:
    """Whether a message that comes to a case makes it our turn again: always once it has ended or waits for the customer, also where the message
    is older than the one that was answered. Whoever answered did not see it, and a needless look costs less than a question that nobody sees."""
    return file.touched and not mention.mention.historic and not mention.removed and file.case.state in ("waiting", *ENDED)


def end(file: File, at: datetime) -> None:
    """The running round ends at `at`, whatever its clocks have said so far."""
    file.case = file.case.model_copy(update={"clocks": sla.ended(file.case.clocks, at)})


def begin(policy: Policy, file: File, mention: TriagedMention) -> None:
    """A round begins with this message, after the one that has come to its `end`: the case is open, and its clocks start when we received it."""
    case = file.case
    if handled(file, mention):
        file.handled = None  # not known any longer: this one was ended unseen
    file.before = Turn(
        state=case.state,
        resolved_at=case.resolved_at,
        unanswered=case.unanswered,
        clocks=case.clocks,
        earlier=case.earlier,
        fired=file.fired,
    )
    file.fired = []
    clocks = sla.start(policy, facts([mention], policy, case), mention.mention.received_at)
    earlier = sla.counted(case.earlier, case.clocks)
    file.case = case.model_copy(update={"state": "open", "clocks": clocks, "earlier": earlier, "resolved_at": None, "unanswered": False})


def follow(policy: Policy, file: File, mentions: Sequence[TriagedMention], now: datetime) -> None:
    """Keep the running round with the messages that it is about: it begins with the earliest of them, whichever came in first. When the last one was
    taken back or has moved elsewhere, the case is again what it was before the round."""
    case = file.case
    if file.before is None or file.handled is None or case.state != "open":
        return
    waiting = unhandled(file, mentions)
    if waiting and any(clock.started_at == waiting[0].mention.received_at for clock in case.clocks):
        return
    fired, file.fired = file.fired, file.before.fired
    file.case, file.before = case.model_copy(update=file.before.of_case()), None
    if waiting:
        end(file, waiting[0].mention.received_at)
        begin(policy, file, waiting[0])
        file.fired = fired
    _hear(policy, file, now)


def _hear(policy: Policy, file: File, now: datetime) -> None:
    """Other clocks run now than those that spoke: what these would have said by now counts as said, and nothing else does."""
    clocks, said = sla.said(policy, file.case.clocks, file.fired, now)
    stopped = {clock.kind for clock in clocks if clock.met_at is not None}
    file.fired = [name for name in file.fired if name.split(":")[0] in stopped] + [firing.name for firing in said]
    file.case = file.case.model_copy(update={"clocks": clocks})


def replied(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key, sent_at: datetime, now: datetime) -> bool:
    """A reply reached the customer, to the message `answered` and so to all before it. False when that changes nothing: another message is
    waiting, which came after the one that was answered, and this was not the first reply."""
    told = _answer(policy, file, mentions, answered, sent_at)
    _hear(policy, file, now)
    file.version += told
    return told


def _answer(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key, sent_at: datetime) -> bool:
    case, waiting = file.case, unhandled(file, mentions)
    if not file.touched:
        case = case.model_copy(update={"clocks": _clocks_until(policy, file, mentions, answered)})
    file.touched, file.handled = True, max(file.handled or answered, answered)
    file.case = case.model_copy(update={"replied_at": case.replied_at or sent_at})
    if file.before is not None and waiting and answered < key_of(waiting[0].mention):
        return case.replied_at is None
    file.before = None
    state = "waiting" if case.state in ("new", "open") else case.state
    file.case = file.case.model_copy(update={"state": state, "clocks": sla.meet(case.clocks, "reaction", sent_at)})
    return True


def _clocks_until(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key) -> list[Clock]:
    """The clocks that a reply stops: those of the messages that it answers, whatever came in since."""
    present = [m for m in mentions if not m.removed]
    seen = [m for m in present if key_of(m.mention) <= answered]
    live = [m for m in seen if not m.mention.historic]
    if not live or len(seen) == len(present):
        return file.case.clocks
    return sla.start(policy, facts(seen, policy, file.case), live[0].mention.received_at)


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
    file.change(state="resolved", resolved_at=at, clocks=clocks, sample=False)


def may_go_unanswered(file: File) -> None:
    """Raises `Conflict` where there is nothing that a person could leave without an answer."""
    must_be_alive(file)
    if file.case.state in ENDED:
        raise Conflict(f"The case is {file.case.state} already. Read it again.")
    if file.case.state == "waiting":
        raise Conflict("The case waits for the customer: its newest message has been answered. Resolve it instead.")


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
    )


def reopened(policy: Policy, file: File, mentions: Sequence[TriagedMention], at: datetime) -> None:
    """A person takes it up again: new clocks from now. Raises `Conflict` when it is not ended."""
    must_be_alive(file)
    if file.case.state not in ("resolved", "closed"):
        raise Conflict(f"The case is {file.case.state}, so there is nothing to reopen.")
    file.touched, file.fired, file.before = True, [], None
    earlier = sla.counted(file.case.earlier, sla.ended(file.case.clocks, at))
    clocks = sla.start(policy, facts(mentions, policy, file.case), at)
    file.change(state="open", resolved_at=None, unanswered=False, earlier=earlier, clocks=clocks)


def carried_over(policy: Policy, file: File, old: Case, into: File, mentions: Sequence[TriagedMention], now: datetime) -> None:
    """A case on which people worked goes on in another one, which has these mentions by now; `old` is the case as it was before that.

    What its people decided holds there from now on: department, owner, what they answered and when, and that it is resolved, unless the
    customer wrote after that. Where people work on the other one too, their department, owner and resolution stand; an answer counts all the same.
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
    follow(policy, into, mentions, now)
    _hear(policy, into, now)


def _take_over(policy: Policy, file: File, old: Case, into: File, mentions: Sequence[TriagedMention]) -> None:
    """How far people had come with a case, in one that nobody had touched. A later round goes on as it was; the first one began with whichever message
    of the two cases came first."""
    case = into.case
    if old.earlier or file.before is not None or not case.clocks or old.unanswered:
        turn = {name: getattr(old, name) for name in ("state", "clocks", "earlier", "resolved_at", "unanswered")}
        if old.state == "open":  # what waits in the other case has waited for as long as it has
            turn["clocks"] = sla.longest(old.clocks, case.clocks)
        into.case = case.model_copy(update=turn)
        into.fired, into.handled, into.before = list(file.fired), file.handled, file.before
    elif old.state == "resolved" and old.resolved_at is not None:
        clocks = _clocks_until(policy, into, mentions, (old.resolved_at, LAST))
        for clock in old.clocks:
            clocks = sla.meet(clocks, clock.kind, clock.met_at or old.resolved_at)
        into.case = case.model_copy(update={"state": "resolved", "clocks": clocks, "resolved_at": old.resolved_at})
    elif old.state == "waiting":
        _answer_as_in(policy, file, old, into, mentions)
    elif old.state == "open":
        into.case = case.model_copy(update={"state": "open"})
    if into.case.state == "resolved" and old.resolved_at is not None:
        into.handled = max((key_of(m.mention) for m in mentions if m.mention.received_at <= old.resolved_at), default=file.handled)


def _answer_as_in(policy: Policy, file: File, old: Case, into: File, mentions: Sequence[TriagedMention]) -> None:
    """What was answered in one case is answered in the other."""
    if old.replied_at is not None and file.handled is not None:
        met = max([old.replied_at, *(clock.met_at for clock in old.clocks if clock.kind == "reaction" and clock.met_at)])
        _answer(policy, into, mentions, file.handled, met)
