"""The two clocks of a case, in opening hours: when they are due, when they stand still, and what they have to say next. Pure.

A clock runs from `started_at`, or from `resumed_at` where it has stood still; what had passed by then is `spent_s`. Its whole time is that and the
opening time from there to `due_at`, so that shares of it are of opening time without the pauses.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from libs.common.brandbook import BrandBook, Target
from libs.common.case_events import Clock, Rounds
from libs.common.hours import Calendar, HoursError, Span
from libs.common.rules import RuleError, When, first_match

KINDS = ("reaction", "resolution")


Rung = tuple[int, str, str | None, tuple[When, ...]]
"""A step of a ladder: its share of the clock, what is done, for which department, and the conditions one of which has to hold."""


@dataclass(frozen=True)
class Policy:
    """A brand book with its calendar: what clocks are set by."""

    book: BrandBook
    calendar: Calendar
    version: int

    @cached_property
    def ladder(self) -> Mapping[str, tuple[Rung, ...]]:
        """The steps of each clock's ladder. Found once: every case whose clocks run asks for them."""
        return {kind: rungs(self.book, kind) for kind in KINDS}


def rungs(book: BrandBook, clock: str) -> tuple[Rung, ...]:
    """The steps of the ladder of a clock, in the order of the brand book: share, what is done, for which department, and the conditions one of which
    has to hold. The same step twice at one share is one step."""
    found: dict[tuple[int, str, str | None], tuple[When, ...]] = {}
    for step in book.escalation:
        if step.of == clock:
            for do in step.do:
                key = (step.at, do, step.to if do == "reassign" else None)
                found[key] = (*found.get(key, ()), step.when)
    return tuple((*key, asks) for key, asks in found.items())


@dataclass(frozen=True, slots=True)
class Firing:
    """A moment at which a clock has something to say: `share` per cent of its time has passed. `do` is a step of the brand book's ladder, with the
    department that it is `to`; empty: the clock has run out. `asks` is what the step asks of the case."""

    at: datetime
    clock: str
    share: int
    do: str = ""
    to: str | None = None
    asks: tuple[When, ...] = ()
    said_as: str = ""
    """Of one that was said: the name by which that is kept."""

    @property
    def name(self) -> str:
        """What is kept of it once it was said, so that no step is taken twice: not by another share of the same clock either."""
        if not self.do:
            return ran_out(self.clock)
        return f"{self.clock}:{self.share}:{self.do}" + (f":{self.to}" if self.to else "")

    @property
    def kind(self) -> tuple[str, str, str | None]:
        return self.clock, self.do, self.to


def ran_out(clock: str) -> str:
    """What is kept of a clock that has said that it ran out."""
    return f"{clock}:out"


def kind_of(name: str) -> str:
    """The kind of the clock that said it."""
    return name.partition(":")[0]


def start(policy: Policy, facts: Mapping[str, object], started_at: datetime) -> list[Clock]:
    """Both clocks of a case, by the first target that matches; the defaults where no target can be evaluated."""
    spans = _spans(policy, facts)
    return [Clock(kind=kind, started_at=started_at, due_at=_due(policy.calendar, started_at, spans[kind])) for kind in KINDS]


def _spans(policy: Policy, facts: Mapping[str, object]) -> dict[str, Span]:
    try:
        target = first_match(policy.book.targets, facts) or Target()
    except RuleError:
        target = Target()
    return {"reaction": target.reaction, "resolution": target.resolution}


def hours(policy: Policy, at: datetime) -> str:
    """What a condition on `hours` asks of a case that was opened at that moment."""
    return "open" if policy.calendar.is_open(at) else "closed"


def _due(calendar: Calendar, start: datetime, span: Span) -> datetime:
    """By opening hours; by an ordinary clock where the brand does not open any more for so long. No case is without a time because a season is over."""
    try:
        return calendar.add(start, span)
    except HoursError:
        return start + span.elapsed()


def _since(clock: Clock) -> datetime:
    return clock.resumed_at or clock.started_at


def _spent(calendar: Calendar, clock: Clock, at: datetime) -> float:
    """Seconds of opening time that a clock has run by then, which is not before it runs."""
    return clock.spent_s + calendar.between(_since(clock), at).total_seconds()


def runs(clock: Clock) -> bool:
    return clock.met_at is None and clock.paused_at is None


def meet(clocks: Iterable[Clock], kind: str, at: datetime) -> list[Clock]:
    """The clock of that kind stops; one that stopped before stays as it was, and one that stands still has stopped when that began. Whether it was
    breached is decided by when it stops alone, not by whether somebody looked at the clock in between."""
    return [_met(c, c.paused_at or at) if c.kind == kind and c.met_at is None else c for c in clocks]


def met_before(clocks: Iterable[Clock], received_at: datetime, at: datetime) -> list[Clock]:
    """A reply to what was received then had reached the customer at `at`, and we hear of it after something else has stopped the reaction clock: it
    stopped with the reply, as it would have had we heard of it in time. A clock that started after that message is about another."""
    return [
        _met(c, at) if c.kind == "reaction" and c.met_at is not None and c.started_at <= min(received_at, at) and at < c.met_at else c
        for c in clocks
    ]


def _met(clock: Clock, at: datetime) -> Clock:
    return clock.model_copy(update={"met_at": at, "paused_at": None, "breached_at": clock.due_at if at > clock.due_at else None})


def pause(clocks: Iterable[Clock], kind: str, at: datetime) -> list[Clock]:
    """The clock of that kind stands still from `at`, as long as we wait for the customer. One that ran out before is breached, told or not."""
    return [_paused(c, max(at, _since(c))) if c.kind == kind and runs(c) else c for c in clocks]


def _paused(clock: Clock, at: datetime) -> Clock:
    return clock.model_copy(update={"paused_at": at, "breached_at": clock.due_at if at > clock.due_at else None})


def resume(policy: Policy, clocks: Iterable[Clock], kind: str, at: datetime) -> list[Clock]:
    """The clock of that kind goes on at `at` with what was left of it; one that had run out stays so. It has never stood still where it is our turn
    since a moment before that: a message that came before the answer went out."""
    return [_resumed(policy, c, c.paused_at, at) if c.kind == kind and c.paused_at is not None else c for c in clocks]


def _resumed(policy: Policy, clock: Clock, stopped_at: datetime, at: datetime) -> Clock:
    runs = clock.model_copy(update={"paused_at": None, "met_at": None})
    if at <= stopped_at or clock.breached_at is not None:
        return runs
    left = policy.calendar.between(stopped_at, clock.due_at) or max(clock.due_at - stopped_at, timedelta())
    due_at = _after(policy.calendar, at, left)
    return runs.model_copy(update={"due_at": due_at, "resumed_at": at, "spent_s": _spent(policy.calendar, clock, stopped_at)})


def reopen(policy: Policy, clock: Clock, facts: Mapping[str, object], at: datetime) -> Clock:
    """A clock that stopped goes on at `at` with what was left of it, and at least with the share of its target that the brand book gives to what is
    reopened. One that had run out runs again, so that running out another time is told too."""
    assert clock.met_at is not None
    target_due = _due(policy.calendar, at, _spans(policy, facts)[clock.kind])
    whole = policy.calendar.between(at, target_due) or target_due - at
    share = whole * policy.book.cases.reopened_has / 100
    least = _after(policy.calendar, at, share)
    goes_on = _resumed(policy, clock.model_copy(update={"breached_at": None}), clock.met_at, at)
    if goes_on.due_at >= least:
        return goes_on
    left = policy.calendar.between(clock.met_at if at > clock.met_at else at, clock.due_at)
    return goes_on.model_copy(update={"due_at": least, "extra_s": clock.extra_s + (share - left).total_seconds()})


def retarget(policy: Policy, clock: Clock, facts: Mapping[str, object]) -> Clock:
    """A clock that has not stopped, as this policy's target and hours make it. What it has spent before a pause stays spent."""
    due_at = _due(policy.calendar, clock.started_at, _spans(policy, facts)[clock.kind])
    if clock.spent_s or clock.extra_s or clock.resumed_at is not None:
        left = policy.calendar.between(clock.started_at, due_at).total_seconds() + clock.extra_s - clock.spent_s
        due_at = _after(policy.calendar, _since(clock), timedelta(seconds=left))
    if abs(due_at - clock.due_at) < timedelta(seconds=1):
        return clock
    stopped = clock.paused_at is not None and clock.paused_at > due_at
    return clock.model_copy(update={"due_at": due_at, "breached_at": due_at if stopped else None})


def _after(calendar: Calendar, at: datetime, taking: timedelta) -> datetime:
    """When so much opening time has passed; at once where that is nothing, and by an ordinary clock where the brand does not open for so long."""
    if taking <= timedelta():
        return at
    try:
        return calendar.advance(at, taking)
    except HoursError:
        return at + taking


def breach(clocks: Iterable[Clock], kind: str, at: datetime) -> list[Clock]:
    return [c.model_copy(update={"breached_at": at}) if c.kind == kind and c.breached_at is None else c for c in clocks]


def ended(clocks: Iterable[Clock], at: datetime) -> list[Clock]:
    """The clocks of a round that ends at `at`: what still runs is breached if it ran out before that, and is not if it did not."""
    return [c if c.met_at else c.model_copy(update={"breached_at": c.due_at if (c.paused_at or at) > c.due_at else None}) for c in clocks]


def counted(earlier: Iterable[Rounds], clocks: Iterable[Clock]) -> list[Rounds]:
    """The rounds so far with the one of these clocks, which has ended. A clock that neither stopped nor ran out counts as neither."""
    found = {rounds.kind: rounds for rounds in earlier}
    for clock in clocks:
        rounds = found.get(clock.kind, Rounds(kind=clock.kind))
        if clock.breached_at is not None:
            found[clock.kind] = rounds.model_copy(update={"breached": rounds.breached + 1})
        elif clock.met_at is not None:
            found[clock.kind] = rounds.model_copy(update={"met": rounds.met + 1})
    return [found[kind] for kind in sorted(found)]


def longest(clocks: Iterable[Clock], others: Iterable[Clock]) -> list[Clock]:
    """These clocks, and for each that runs the one of the same kind among the others, where that runs too and began earlier."""
    running = {clock.kind: clock for clock in others if runs(clock)}
    return [min(c, running.get(c.kind, c), key=lambda clock: clock.started_at) if c.met_at is None else c for c in clocks]


def added(some: Iterable[Rounds], others: Iterable[Rounds]) -> list[Rounds]:
    """The rounds of two cases together."""
    found = {rounds.kind: rounds for rounds in some}
    for rounds in others:
        mine = found.get(rounds.kind, Rounds(kind=rounds.kind))
        found[rounds.kind] = mine.model_copy(update={"met": mine.met + rounds.met, "breached": mine.breached + rounds.breached})
    return [found[kind] for kind in sorted(found)]


def untold(clocks: Iterable[Clock], fired: Collection[str]) -> list[str]:
    """The kinds of the clocks that were breached and have not said so."""
    return [clock.kind for clock in clocks if clock.breached_at is not None and not _told_out(clock.kind, fired)]


def _told_out(kind: str, fired: Collection[str]) -> bool:
    return ran_out(kind) in fired or f"{kind}:100" in fired


def firings(policy: Policy, clocks: Sequence[Clock], fired: Iterable[str]) -> list[Firing]:
    """All that running clocks still have to say, earliest first, whatever their steps ask of the case. Every clock says when it is breached, whatever
    the brand book has."""
    all_of = _all_of(policy, [clock for clock in clocks if runs(clock)])
    done = _done(all_of, list(fired))
    return [firing for firing in all_of if firing.name not in done] if done else all_of


def said(policy: Policy, clocks: Sequence[Clock], fired: Collection[str], now: datetime) -> tuple[list[Clock], list[Firing]]:
    """What clocks that have not stopped have said already and, as they stand now, would have said by now, earliest first: a clock that was moved
    back, or stood still before we knew, may have spoken too early. And the clocks, those that run breached where they said so."""
    until = {clock.kind: clock.paused_at or now for clock in clocks}
    all_of = _all_of(policy, clocks) if fired else []
    done = _done(all_of, fired)
    firings = [replace(f, said_as=done[f.name]) for f in all_of if f.name in done and f.at <= until[f.clock]]
    out = {firing.clock: firing.at for firing in firings if not firing.do}
    return [c.model_copy(update={"breached_at": out.get(c.kind)}) if runs(c) else c for c in clocks], firings


def kept(clocks: Iterable[Clock], fired: Iterable[str], said: Iterable[Firing]) -> list[str]:
    """What stays said when other clocks run than those that spoke: that one ran out only where it has `said` so rightly, and every step that was taken.
    A step is not taken again because its clock was moved back."""
    stopped = {clock.kind for clock in clocks if clock.met_at is not None}
    running = {clock.kind for clock in clocks} - stopped
    out = {firing.clock for firing in said if not firing.do}
    return [
        name for name in fired if kind_of(name) in stopped or (kind_of(name) in running and (kind_of(name) in out or not _is_out(name)))
    ]


def _is_out(name: str) -> bool:
    _kind, _, rest = name.partition(":")
    return rest in ("out", "100")


def _done(all_of: Sequence[Firing], fired: Collection[str]) -> dict[str, str]:
    """Which of these were said, by their names, and under which name that is kept. A step that another version of the ladder took at another share counts
    for one of the same kind that has not been taken. A name without a step is of everything that was said at that share."""
    found: dict[str, str] = {}
    if not fired:
        return found
    for firing in all_of:
        for name in (firing.name, f"{firing.clock}:{firing.share}"):
            if name in fired:
                found.setdefault(firing.name, name)
    others: dict[tuple[str, str, str | None], list[str]] = {}
    for name in sorted(set(fired) - set(found.values())):
        clock, _, do, to = [*name.split(":"), "", "", ""][:4]
        if do:
            others.setdefault((clock, do, to or None), []).append(name)
    for firing in all_of:
        if firing.name not in found and others.get(firing.kind):
            found[firing.name] = others[firing.kind].pop()
    return found


def _all_of(policy: Policy, clocks: Sequence[Clock]) -> list[Firing]:
    found = []
    for clock in clocks:
        if clock.met_at is not None:
            continue
        found.append(Firing(clock.due_at, clock.kind, 100))
        steps = policy.ladder[clock.kind]
        at = _moments(policy.calendar, clock, {share for share, *_ in steps})
        found += [Firing(at[share], clock.kind, share, do, to, asks) for share, do, to, asks in steps]
    return sorted(found, key=lambda firing: (firing.at, firing.clock, firing.share))


def _moments(calendar: Calendar, clock: Clock, shares: Iterable[int]) -> dict[int, datetime]:
    """When each share, in per cent, of a clock's opening time has passed, pauses left out; when it went on where that was before."""
    whole = _spent(calendar, clock, clock.due_at)
    return {share: _moment(calendar, clock, whole, share) for share in shares}


def _moment(calendar: Calendar, clock: Clock, whole: float, share: int) -> datetime:
    if share == 100 or whole <= 0:
        return clock.due_at
    at = _after(calendar, _since(clock), timedelta(seconds=whole * share / 100 - clock.spent_s))
    return min(clock.due_at, at) if share < 100 else max(clock.due_at, at)
