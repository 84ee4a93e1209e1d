"""Whose turn it is in a case that people work on, and since when: pure decisions.

A round begins with a message that nobody has handled, and ends when people handle it, by a reply or a resolution. Replies and messages
come by two topics without an order between them, so the turn follows from which message was handled, never from which event came first.
"""

from collections.abc import Sequence
from datetime import datetime

from libs.common.errors import Conflict
from libs.common.events import Clock, TriagedMention
from services.routing import sla
from services.routing.case import ENDED, File, Key, Turn, key_of, must_be_alive
from services.routing.route import facts
from services.routing.sla import Policy


def unhandled(file: File, mentions: Sequence[TriagedMention]) -> list[TriagedMention]:
    """The live messages that are newer than what people have handled, oldest first; none where they have handled nothing yet."""
    if file.handled is None:
        return []
    waiting = [m for m in mentions if not m.removed and not m.mention.historic and key_of(m.mention) > file.handled]
    return sorted(waiting, key=lambda m: key_of(m.mention))


def handled(file: File, mention: TriagedMention) -> bool:
    """Whether people have handled this message in this case."""
    return file.handled is not None and key_of(mention.mention) <= file.handled


def wakes(file: File, mention: TriagedMention) -> bool:
    """Whether a message that comes to a case makes it our turn again: always once it has ended, for whoever ended it did not see this.

    In a case that waits for the customer, what is older than the message that the reply answers counts as answered with it.
    """
    if not file.touched or mention.mention.historic or mention.removed:
        return False
    return file.case.state in ENDED or (file.case.state == "waiting" and not handled(file, mention))


def end(file: File, at: datetime) -> None:
    """The running round ends at `at`, whatever its clocks have said so far."""
    file.case = file.case.model_copy(update={"clocks": sla.ended(file.case.clocks, at)})


def begin(policy: Policy, file: File, mention: TriagedMention) -> None:
    """A round begins with this message, after the one that has come to its `end`: the case is open, and its clocks start when we received it."""
    case = file.case
    if handled(file, mention):
        file.handled = None  # not known any longer: this one was ended unseen
    file.before = Turn(state=case.state, resolved_at=case.resolved_at, clocks=case.clocks, earlier=case.earlier, fired=file.fired)
    file.fired = []
    clocks = sla.start(policy, facts([mention], policy.book), mention.mention.received_at)
    earlier = sla.counted(case.earlier, case.clocks)
    file.case = case.model_copy(update={"state": "open", "clocks": clocks, "earlier": earlier, "resolved_at": None})


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
    clocks, said = sla.said(policy, file.case.clocks, file.fired, now)
    stopped = {clock.kind for clock in clocks if clock.met_at is not None}
    file.fired = [name for name in file.fired if name.split(":")[0] in stopped] + [firing.name for firing in said]
    file.case = file.case.model_copy(update={"clocks": clocks})


def replied(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key, sent_at: datetime) -> bool:
    """A reply reached the customer, to the message `answered` and so to all before it. False when that changes nothing: another message is
    waiting, which came after the one that was answered, and this was not the first reply."""
    case, waiting = file.case, unhandled(file, mentions)
    replied_at = case.replied_at or sent_at
    if not file.touched:
        case = case.model_copy(update={"clocks": _clocks_until(policy, file, mentions, answered)})
    file.touched, file.handled = True, max(file.handled or answered, answered)
    if file.before is not None and waiting and answered < key_of(waiting[0].mention):
        if case.replied_at is None:
            file.change(replied_at=replied_at)
        return case.replied_at is None
    file.before = None
    state = "waiting" if case.state in ("new", "open") else case.state
    file.change(state=state, replied_at=replied_at, clocks=sla.meet(case.clocks, "reaction", sent_at))
    return True


def _clocks_until(policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: Key) -> list[Clock]:
    """The clocks that a reply stops: those of the messages that it answers, whatever came in since."""
    present = [m for m in mentions if not m.removed]
    seen = [m for m in present if key_of(m.mention) <= answered]
    live = [m for m in seen if not m.mention.historic]
    if not live or len(seen) == len(present):
        return file.case.clocks
    return sla.start(policy, facts(seen, policy.book), live[0].mention.received_at)


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
    file.change(state="resolved", resolved_at=at, clocks=clocks)


def reopened(policy: Policy, file: File, mentions: Sequence[TriagedMention], at: datetime) -> None:
    """A person takes it up again: new clocks from now. Raises `Conflict` when it is not ended."""
    must_be_alive(file)
    if file.case.state not in ("resolved", "closed"):
        raise Conflict(f"The case is {file.case.state}, so there is nothing to reopen.")
    file.touched, file.fired, file.before = True, [], None
    earlier = sla.counted(file.case.earlier, sla.ended(file.case.clocks, at))
    file.change(state="open", resolved_at=None, earlier=earlier, clocks=sla.start(policy, facts(mentions, policy.book), at))
