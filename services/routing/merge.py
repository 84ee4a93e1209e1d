"""What becomes of two cases that people put together, and of each when they take that back: pure decisions.

Two cases as they stand come in, the one that goes on leaves. Nothing that waits for an answer stops waiting by it, and no clock starts anew or runs
longer than it would have. Taken back, each is what it was, with what has happened since to its own messages and to the two together.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common.case_events import Case, CaseCustomer, Clock
from libs.common.errors import Conflict
from libs.common.events import Part, Respond, TriagedMention
from services.routing import case as cases
from services.routing import customers, legal_check, sla, turn
from services.routing.case import ENDED, File, Key, Turn, key_of
from services.routing.route import PRIORITIES, facts
from services.routing.sla import Policy

MOST = 50
"""Cases that may be put into one. A case is one issue; what is many people's is a topic or an incident."""
_PEOPLE_S = ("department", "owner", "priority", "fields", "legal_check")
_LISTS = ("watchers", "tags")
TURN_S = ("state", "waiting_for", "waiting_until", "waiting_reason", "clocks", "earlier", "resolved_at", "unanswered", "replied_at")


class Snapshot(Part):
    """A case with what its events do not carry, as it was before people put it together with another one."""

    case: Case
    fired: list[str]
    touched: bool
    handled: Key | None
    before: Turn | None

    def file(self, version: int, book_version: int) -> File:
        return File(self.case, version, list(self.fired), self.touched, self.handled, self.before, book_version)


def snapshot(file: File) -> Snapshot:
    """Without what customers wrote and who they are: that is read again, where they have not taken it back by then."""
    case = file.case.model_copy(update={"latest": None, "customers": nameless(file.case)})
    return Snapshot(case=case, fired=list(file.fired), touched=file.touched, handled=file.handled, before=file.before)


def nameless(case: Case) -> list[CaseCustomer]:
    """How far the customers of a case have been answered, and nothing else of them."""
    return [customer.model_copy(update={"latest": []}) for customer in case.customers]


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to cases that were together, at a moment: `what` is reply, resolved, no_reply, reopened or merged. Of a reply `mention_id` is what it
    answered; of a merge `moved` is the case that came, as it was, and `theirs` the messages that it brought."""

    at: datetime
    what: str
    mention_id: UUID | None = None
    actor: str = "system"
    reason: str | None = None
    moved: Snapshot | None = None
    theirs: frozenset[UUID] = frozenset()
    move_id: UUID | None = None


def waits_for_us(case: Case) -> bool:
    """Whether it is our turn: also while it waits for a department, or until a day that we chose."""
    return case.state in ("new", "open") or (case.state == "waiting" and not turn.for_customer(case))


def waiting(file: File, mentions: Sequence[TriagedMention]) -> list[TriagedMention]:
    """The live messages of a case that wait for an answer of ours, oldest first; at least the newest where it is our turn."""
    if not waits_for_us(file.case):
        return []
    live = sorted((m for m in mentions if not m.removed and not m.mention.historic), key=lambda m: key_of(m.mention))
    if file.case.customers:
        return customers.unanswered(file.case.customers, live) or live[-1:]
    return [m for m in live if file.handled is None or key_of(m.mention) > file.handled] or live[-1:]


def put_together(
    policy: Policy,
    into: File,
    moved: File,
    theirs: Sequence[TriagedMention],
    mentions: Sequence[TriagedMention],
    now: datetime,
    *,
    named: bool = True,
) -> None:
    """`moved`, whose messages are `theirs`, goes on in `into`, which has `mentions` from then on.

    Owner and department stay those of `into` unless people have worked on the other one only. It is our turn while it is in either. Of two clocks
    that run the one counts that is due first; where nothing is waiting in one of them, its round is over and counted. Tags, watchers and fields are
    those of both.
    Not `named`: the messages go back to a case that they had been taken out of.
    """
    new, old = into.case, moved.case
    ids = {m.mention.id for m in theirs}
    open_here = waiting(into, [m for m in mentions if m.mention.id not in ids])
    open_there = waiting(moved, theirs)
    values = _people_s(into, moved) | _turns(into, moved, now)
    replied = [at for at in (new.replied_at, old.replied_at) if at]
    values |= {
        "replied_at": min(replied, default=None),
        "merged_cases": [*new.merged_cases, *([old.id] if named else [])],
        "priority": max(old.priority, new.priority, key=PRIORITIES.index),
    }
    present = sorted((m for m in mentions if not m.removed), key=lambda m: key_of(m.mention))
    told = [
        *_customers(into, [m for m in present if m.mention.id not in ids]),
        *_customers(moved, [m for m in present if m.mention.id in ids]),
    ]
    into.case = new.model_copy(update=values)
    into.touched = True
    open_ones = sorted([*open_here, *open_there], key=lambda m: key_of(m.mention))
    into.handled = _handled(into, moved, open_ones)
    into.case = into.case.model_copy(update={"customers": customers.of_two(told, [m.mention.id for m in open_ones], present)})
    into.case = cases.computed(policy, into, mentions, None, now)


def _customers(file: File, present: Sequence[TriagedMention]) -> list[Any]:
    """The customers of one of two cases, with when they were replied to first."""
    if file.case.customers:
        return list(file.case.customers)
    return [one.model_copy(update={"replied_at": file.case.replied_at}) for one in customers.known([], present)]


def _handled(into: File, moved: File, open_ones: Sequence[TriagedMention]) -> Key | None:
    """Up to where all is handled; not known where something older waits than what was handled in the other case."""
    known = [key for key in (into.handled, moved.handled) if key is not None]
    if not known or (open_ones and key_of(open_ones[0].mention) <= max(known)):
        return None
    return max(known)


def _people_s(into: File, moved: File) -> dict[str, Any]:
    new, old = into.case, moved.case
    values: dict[str, Any] = {name: list(dict.fromkeys([*getattr(new, name), *getattr(old, name)])) for name in _LISTS}
    values["fields"] = {**old.fields, **new.fields}
    values["legal_check"] = legal_check.stricter(new.legal_check, old.legal_check)
    if moved.touched and not into.touched:
        values |= {"department": old.department, "owner": old.owner}
    return values


def _turns(into: File, moved: File, now: datetime) -> dict[str, Any]:
    """State, clocks and rounds of the case that goes on. Changes `fired` and `before` with them."""
    new, old = into.case, moved.case
    here, there = waits_for_us(new), waits_for_us(old)
    if here and there:
        chosen = {clock.kind: clock for clock in _first_due(new.clocks, old.clocks)}
        theirs = {kind for kind, clock in chosen.items() if clock in old.clocks and clock not in new.clocks}
        into.fired = [name for name in into.fired if name.split(":")[0] not in theirs] + [
            name for name in moved.fired if name.split(":")[0] in theirs
        ]
        into.before = None
        states = {new.state, old.state}
        turns: dict[str, Any] = {"state": "new" if states == {"new"} else "open" if "open" in states or "new" in states else new.state}
        turns |= cases.NOT_WAITING if turns["state"] != "waiting" else {}
        return {**turns, "clocks": list(chosen.values()), "earlier": sla.added(new.earlier, old.earlier)}
    if there or (not here and old.state == "waiting" and new.state in ENDED):
        into.fired, into.before = list(moved.fired), None
        turns = {name: getattr(old, name) for name in TURN_S}
        turns |= {"state": "open"} if old.state == "new" and into.touched else {}
        return {**turns, "earlier": sla.added(old.earlier, sla.counted(new.earlier, sla.ended(new.clocks, now)))}
    return {"earlier": sla.added(new.earlier, sla.counted(old.earlier, sla.ended(old.clocks, now)))}


def _first_due(clocks: Sequence[Clock], others: Sequence[Clock]) -> list[Clock]:
    """Of each kind the running clock that is due first; one that has stopped only where none of that kind runs."""
    found: dict[str, Clock] = {}
    for clock in [*clocks, *others]:
        known = found.get(clock.kind)
        if known is None or (clock.met_at is None and (known.met_at is not None or clock.due_at < known.due_at)):
            found[clock.kind] = clock
    return list(found.values())


def _about(policy: Policy, file: File, mention: TriagedMention) -> dict[str, object]:
    return facts([mention], policy, file.case)


def came(
    policy: Policy, file: File, moved: Sequence[TriagedMention], open_ids: Collection[UUID], mentions: Sequence[TriagedMention]
) -> None:
    """People put these messages, of which `open_ids` wait for an answer, into a case that has `mentions` from then on: it is our turn by that, since when
    they wait."""
    open_ones = sorted((m for m in moved if m.mention.id in open_ids), key=lambda m: key_of(m.mention))
    if not open_ones:
        return
    first = open_ones[0]
    if not file.touched:
        return  # computed from all of them
    if not waits_for_us(file.case):
        turn.begin(policy, file, first)
        return
    if file.handled is not None and key_of(first.mention) <= file.handled:
        file.handled = None
    started = sla.start(policy, _about(policy, file, first), first.mention.received_at)
    file.case = file.case.model_copy(update={"clocks": _first_due(file.case.clocks, started)})


def left(policy: Policy, file: File, gone: Sequence[TriagedMention], mentions: Sequence[TriagedMention], now: datetime) -> None:
    """People took `gone` out of a case, which has `mentions` from then on. A round that one of them began begins with what is left."""
    turn.follow(policy, file, mentions, now)
    case = file.case
    if not file.touched or not waits_for_us(case):
        return
    starts = {m.mention.received_at for m in gone}
    rest = waiting(file, mentions)
    if not rest or not any(clock.met_at is None and clock.started_at in starts for clock in case.clocks):
        return
    begun = {clock.kind: clock for clock in sla.start(policy, _about(policy, file, rest[0]), rest[0].mention.received_at)}
    clocks = [begun.get(c.kind, c) if c.met_at is None and c.started_at in starts else c for c in case.clocks]
    changed = {clock.kind for clock in clocks if clock not in case.clocks}
    file.fired = [name for name in file.fired if name.split(":")[0] not in changed]
    file.case = case.model_copy(update={"clocks": clocks})


def as_now(
    policy: Policy,
    file: File,
    mentions: Sequence[TriagedMention],
    known: Collection[UUID],
    happened: Sequence[Happened],
    now: datetime,
    *,
    merged: dict[UUID, tuple[Snapshot, Mapping[str, Any]]] | None = None,
) -> None:
    """A case as it was before people put it together with another one (`file`), with all that happened since. It has `mentions` now, of which it had
    `known` then. `merged` takes, for each merge among what happened, this case before it and after it."""
    by_id = {m.mention.id: m for m in mentions}
    file.case = cases.computed(policy, file, mentions, None, now)
    if not by_id:
        return
    later = [m for m in mentions if m.mention.id not in known]
    steps: list[tuple[datetime, int, Any]] = [(m.mention.received_at, 0, m) for m in later]
    steps += [(one.at, 1, one) for one in happened]
    for _, _, step in sorted(steps, key=lambda item: item[:2]):
        if isinstance(step, TriagedMention):
            if turn.wakes(file, step):
                turn.begin(policy, file, step)
        else:
            _again(policy, file, step, by_id, now, merged)
    turn.follow(policy, file, mentions, now)
    if file.touched:
        file.case = cases.proposed(policy, file, mentions)


def _again(
    policy: Policy,
    file: File,
    one: Happened,
    by_id: Mapping[UUID, TriagedMention],
    now: datetime,
    merged: dict[UUID, tuple[Snapshot, Mapping[str, Any]]] | None,
) -> None:
    mentions, state = list(by_id.values()), file.case.state
    if one.what == "reply":
        if one.mention_id is not None and one.mention_id in by_id:
            replied(policy, file, mentions, by_id[one.mention_id], one.at, now)
    elif one.what == "resolved" and state not in ENDED:
        turn.resolved(file, one.at)
        settled(file)
    elif one.what == "no_reply" and state not in (*ENDED, "waiting"):
        turn.end(file, one.at)
        turn.left_unanswered(file, Respond(decision="no_reply", reason=one.reason or "", by=one.actor), one.at)
        settled(file)
    elif one.what == "reopened" and state in ("resolved", "closed"):
        turn.reopened(policy, file, mentions, one.at)
    elif one.what == "merged" and one.moved is not None and one.move_id is not None:
        before, moved = snapshot(file), one.moved.file(0, file.book_version)
        put_together(policy, file, moved, [m for id, m in by_id.items() if id in one.theirs], mentions, now)
        if merged is not None:
            merged[one.move_id] = before, people_s(file.case)


def replied(
    policy: Policy, file: File, mentions: Sequence[TriagedMention], answered: TriagedMention, sent_at: datetime, now: datetime
) -> bool:
    """A reply to this message reached its author. False when that changes nothing that is told.

    In a case that people put together the others wait on: of them the one who has waited longest begins the next round."""
    heard(file, mentions, key_of(answered.mention), answered.customer_id, sent_at)
    told = turn.replied(policy, file, mentions, key_of(answered.mention), sent_at, now)
    for_us = left_to_answer(file, mentions)
    if for_us and file.case.state == "waiting":
        turn.begin(policy, file, for_us[0])
    return told


def heard(file: File, mentions: Sequence[TriagedMention], until: Key, customer_id: UUID | None, sent_at: datetime) -> None:
    """In a case that people put together: this customer has an answer to all they wrote up to there; all of them where it is not known who."""
    if file.case.merged_cases:
        present = sorted((m for m in mentions if not m.removed), key=lambda m: key_of(m.mention))
        found = customers.answered(file.case.customers, present, until, of=customer_id, replied_at=sent_at)
        file.case = file.case.model_copy(update={"customers": found})


def left_to_answer(file: File, mentions: Sequence[TriagedMention]) -> list[TriagedMention]:
    """What waits once a reply was sent, oldest first. In a case that people put together nothing counts as handled before all of it is."""
    if not file.case.merged_cases:
        return turn.unhandled(file, mentions)
    rest = customers.unanswered(file.case.customers, mentions)
    live = [key_of(m.mention) for m in mentions if not m.removed and not m.mention.historic]
    if not rest and live and file.handled is not None:
        file.handled = max(file.handled, *live)
    return rest


def leave(policy: Policy, file: File, mentions: Sequence[TriagedMention], customer_id: UUID, now: datetime) -> None:
    """A person decided that this customer gets no reply to what is open. The others wait as before; where nobody is left, the case waits for what its
    customers say next, and its clocks for an answer end as neither met nor, unless they ran out before, breached."""
    present = sorted((m for m in mentions if not m.removed), key=lambda m: key_of(m.mention))
    theirs = [m for m in present if m.customer_id == customer_id]
    until = key_of(theirs[-1].mention)
    gone = [m for m in waiting(file, mentions) if m.customer_id == customer_id]
    found = customers.answered(file.case.customers, present, until, of=customer_id)
    file.case, file.touched = file.case.model_copy(update={"customers": found}), True
    if left_to_answer(file, mentions):
        left(policy, file, gone, mentions, now)
    elif waits_for_us(file.case):
        file.handled, file.before = max((key_of(m.mention) for m in present), default=until), None
        over = [c for c in file.case.clocks if c.kind == "reaction" and c.met_at is None]
        clocks = sla.pause([c for c in file.case.clocks if c not in over], "resolution", now)
        earlier = sla.counted(file.case.earlier, sla.ended(over, now))
        waits = {"state": "waiting", **cases.NOT_WAITING, "waiting_for": "customer", "clocks": clocks, "earlier": earlier}
        file.case = file.case.model_copy(update=waits)
    file.case = cases.proposed(policy, file, mentions)


def may_end(file: File) -> None:
    """Raises `Conflict` where a customer of a case that people put together has neither an answer nor a decision that there is none."""
    if waits_for_us(file.case) and (rest := [one for one in file.case.customers if one.unanswered]):
        raise Conflict(
            f"{len(rest)} of the {len(file.case.customers)} customers in this case have no answer yet. Answer them, each on their own channel, or leave "
            "them without one on purpose (…/recipients/no-reply).",
            unanswered=[str(one.customer_id) for one in rest],
        )


def settled(file: File) -> None:
    """A person ended the case as a whole: none of its customers waits any longer."""
    found = [
        one.model_copy(update={"handled_at": one.latest[-1].received_at, "handled_id": one.latest[-1].id, "unanswered": False})
        for one in file.case.customers
    ]
    file.case = file.case.model_copy(update={"customers": found})


def people_s(case: Case) -> dict[str, Any]:
    """What people decide about a case beside whose turn it is."""
    return {name: getattr(case, name) for name in (*_PEOPLE_S, *_LISTS)}


def kept(before: Case, after: Mapping[str, Any], now: Case) -> dict[str, Any]:
    """What people decided in a case since another one came into it, as it holds once that has left: what they did not change since is as it was
    `before`; of tags, watchers and fields, what came along goes along."""
    was, found = people_s(before), people_s(now)
    values: dict[str, Any] = {name: was[name] if found[name] == after[name] else found[name] for name in _PEOPLE_S if name != "fields"}
    for name in _LISTS:
        brought = set(after[name]) - set(was[name])
        gone = set(after[name]) - set(found[name])
        values[name] = [one for one in dict.fromkeys([*was[name], *found[name]]) if one not in brought and one not in gone]
    brought_fields = {key: value for key, value in after["fields"].items() if key not in was["fields"]}
    values["fields"] = {key: value for key, value in found["fields"].items() if brought_fields.get(key, ...) != value}
    return values
