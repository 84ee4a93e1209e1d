"""The two clocks of a case, in opening hours: when they are due, what they have to say next, and what an escalation does. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.common.brandbook import BrandBook, Target
from libs.common.case_events import Clock, Rounds
from libs.common.hours import Calendar, HoursError, Span
from libs.common.rules import RuleError, first_match

KINDS = ("reaction", "resolution")


@dataclass(frozen=True, slots=True)
class Policy:
    """A brand book with its calendar: what clocks are set by."""

    book: BrandBook
    calendar: Calendar
    version: int


@dataclass(frozen=True, slots=True)
class Firing:
    """A moment at which a clock has something to say: `share` per cent of its time has passed. `steps` are the brand book's."""

    at: datetime
    clock: str
    share: int
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.clock}:{self.share}"


def start(policy: Policy, facts: Mapping[str, object], started_at: datetime) -> list[Clock]:
    """Both clocks of a case, by the first target that matches; the defaults where no target can be evaluated."""
    try:
        target = first_match(policy.book.targets, facts) or Target()
    except RuleError:
        target = Target()
    spans: dict[str, Span] = {"reaction": target.reaction, "resolution": target.resolution}
    return [Clock(kind=kind, started_at=started_at, due_at=_due(policy.calendar, started_at, spans[kind])) for kind in KINDS]


def _due(calendar: Calendar, start: datetime, span: Span) -> datetime:
    """By opening hours; by an ordinary clock where the brand does not open any more for so long. No case is without a time because a season is over."""
    try:
        return calendar.add(start, span)
    except HoursError:
        return start + span.elapsed()


def meet(clocks: Iterable[Clock], kind: str, at: datetime) -> list[Clock]:
    """The clock of that kind stops; one that stopped before stays as it was. Whether it was breached is decided by `at` alone, not by whether
    somebody looked at the clock in between."""
    return [
        c.model_copy(update={"met_at": at, "breached_at": c.due_at if at > c.due_at else None})
        if c.kind == kind and c.met_at is None
        else c
        for c in clocks
    ]


def breach(clocks: Iterable[Clock], kind: str, at: datetime) -> list[Clock]:
    return [c.model_copy(update={"breached_at": at}) if c.kind == kind and c.breached_at is None else c for c in clocks]


def ended(clocks: Iterable[Clock], at: datetime) -> list[Clock]:
    """The clocks of a round that ends at `at`: what still runs is breached if it ran out before that, and is not if it did not."""
    return [c if c.met_at else c.model_copy(update={"breached_at": c.due_at if at > c.due_at else None}) for c in clocks]


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
    running = {clock.kind: clock for clock in others if clock.met_at is None}
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
    return [clock.kind for clock in clocks if clock.breached_at is not None and f"{clock.kind}:100" not in fired]


def firings(policy: Policy, clocks: Sequence[Clock], fired: Iterable[str]) -> list[Firing]:
    """All that running clocks still have to say, earliest first. Every clock says when it is breached, whatever the brand book has."""
    done = set(fired)
    return [firing for firing in _all_of(policy, clocks) if firing.name not in done]


def said(policy: Policy, clocks: Sequence[Clock], fired: Collection[str], now: datetime) -> tuple[list[Clock], list[Firing]]:
    """What running clocks have said already and, as they stand now, would have said by now, earliest first: a clock that was moved back may
    have spoken too early, and says it again when its time comes. And the clocks, breached where they said so."""
    firings = [firing for firing in _all_of(policy, clocks) if firing.name in fired and firing.at <= now] if fired else []
    out = {firing.clock: firing.at for firing in firings if firing.share == 100}
    return [c if c.met_at else c.model_copy(update={"breached_at": out.get(c.kind)}) for c in clocks], firings


def _all_of(policy: Policy, clocks: Sequence[Clock]) -> list[Firing]:
    found = []
    for clock in clocks:
        if clock.met_at is not None:
            continue
        steps: dict[int, tuple[str, ...]] = {100: ()}
        for step in policy.book.escalation:
            if step.of == clock.kind:
                steps[step.at] = steps.get(step.at, ()) + tuple(step.do)
        for share, does in steps.items():
            found.append(Firing(_moment(policy.calendar, clock, share), clock.kind, share, does))
    return sorted(found, key=lambda firing: (firing.at, firing.clock, firing.share))


def _moment(calendar: Calendar, clock: Clock, share: int) -> datetime:
    """When `share` per cent of a clock's opening time has passed."""
    if share == 100:
        return clock.due_at
    seconds = calendar.between(clock.started_at, clock.due_at).total_seconds() * share / 100
    if seconds <= 0:
        return clock.due_at
    return min(clock.due_at, _due(calendar, clock.started_at, Span(max(1, round(seconds / 60)), "m")))
