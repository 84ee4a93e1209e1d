"""Clocks against a slow, obvious oracle: time is walked through minute by minute, and a minute counts when the brand is open and the clock runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.brandbook import BrandBook
from libs.common.case_events import Clock
from libs.common.hours import Calendar, parse_block
from services.routing import sla
from services.routing.sla import Policy

MINUTE = timedelta(minutes=1)
ZONES = ("Europe/Amsterdam", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AROUND = (
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 3, 8),
    date(2026, 11, 1),
    date(2026, 4, 5),
    date(2026, 9, 6),
    date(2026, 12, 25),
)
"""Changes of the clock in those zones, to summer time and back, and Christmas."""
COUNTRIES = ({"country": "NL"}, {"country": "DE", "region": "BY"}, {"country": "US", "region": "CA"}, {"country": "NL", "closed": False})
HOLIDAYS = {where["country"]: holidays.country_holidays(where["country"], subdiv=where.get("region")) for where in COUNTRIES[:3]}
WORDS = st.sampled_from(["30m", "45m", "2h", "5h", "9h", "14h"])


@dataclass
class Shop:
    """A brand's hours as they are written; and the oracle's own reading of them."""

    book: dict[str, Any]
    policy: Policy
    zone: ZoneInfo
    known: dict[date, list[tuple[int, int]]] = field(default_factory=dict)

    def is_open(self, at: datetime) -> bool:
        """By wall clock."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.blocks(local.date()))

    def blocks(self, day: date) -> list[tuple[int, int]]:
        """Of a local day: its exception, before a holiday, before its weekday. Remembered, or the walk would take hours."""
        if day not in self.known:
            hours, where = self.book["hours"], self.book["hours"]["holidays"]
            exception = [item["blocks"] for item in hours["exceptions"] if item["date"] == day.isoformat()]
            off = where.get("closed", True) and day in HOLIDAYS[where["country"]]
            said = exception[0] if exception else [] if off else hours.get(DAYS[day.weekday()], [])
            self.known[day] = [(block.start, block.end) for block in map(parse_block, said)]
        return self.known[day]


@st.composite
def blocks(draw: st.DrawFn) -> list[str]:
    """Up to three a day, apart, on the half hour; away from 00:00-03:59, when clocks are changed: what a block is that begins in an hour that
    does not exist, or comes twice, is `test_hours.py`'s."""
    edges = sorted(draw(st.lists(st.integers(8, 47), min_size=0, max_size=6, unique=True)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{a // 2:02}:{a % 2 * 30:02}-{b // 2:02}:{b % 2 * 30:02}" for a, b in pairs]


@st.composite
def shops(draw: st.DrawFn) -> tuple[Shop, date]:
    """And a day on which the clock is changed, or a holiday."""
    day = draw(st.sampled_from(AROUND))
    all_day = draw(st.booleans())
    week = {name: ["00:00-24:00"] if all_day else draw(blocks()) for name in DAYS}
    week["wed"] = week["wed"] or ["09:00-17:30"]  # no brand is closed for good
    free = [day + timedelta(days=n) for n in draw(st.lists(st.integers(-1, 3), max_size=2, unique=True))]
    exceptions = [{"date": one.isoformat(), "blocks": draw(blocks())} for one in free]
    hours = {**week, "holidays": dict(draw(st.sampled_from(COUNTRIES))), "exceptions": exceptions}
    targets = [{"reaction": "30m", "resolution": draw(WORDS)}]
    book = {
        "brand": "a", "name": "A", "languages": ["nl"], "timezone": draw(st.sampled_from(ZONES)), "hours": hours, "targets": targets,
        "cases": {"reopened_has": draw(st.sampled_from(["10%", "25%", "100%"]))},
    }  # fmt: skip
    read = BrandBook.model_validate(book)
    return Shop(book, Policy(read, Calendar.of(read), 1), ZoneInfo(book["timezone"])), day


MOMENTS = st.lists(st.integers(0, 5 * 24 * 60), min_size=7, max_size=7).map(sorted)


def minutes(shop: Shop, since: datetime, until: datetime) -> int:
    """The minutes from one moment to another at which the brand is open."""
    total, at = 0, since
    while at < until:
        total += shop.is_open(at)
        at += MINUTE
    return total


def ends(shop: Shop, since: datetime, wanted: int) -> datetime:
    """When so many open minutes, at least one, have passed."""
    at = since
    while wanted:
        wanted -= shop.is_open(at)
        at += MINUTE
    return at


def moments(day: date, at: Sequence[int]) -> list[datetime]:
    return [datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2) + n * MINUTE for n in at]


@settings(max_examples=60, deadline=None)
@given(shops(), MOMENTS, st.integers(1, 1500))
def test_opening_time_is_what_a_walk_through_the_minutes_counts(drawn: tuple[Shop, date], at: list[int], wanted: int) -> None:
    shop, day = drawn
    calendar, (a, b, *_) = shop.policy.calendar, moments(day, at)
    assert calendar.between(a, b) == minutes(shop, a, b) * MINUTE
    assert calendar.between(b, a) == -calendar.between(a, b)
    assert calendar.is_open(a) == shop.is_open(a)
    assert calendar.advance(a, wanted * MINUTE) == ends(shop, a, wanted)
    assert calendar.between(a, calendar.advance(a, wanted * MINUTE)) == wanted * MINUTE


@settings(max_examples=60, deadline=None)
@given(shops(), MOMENTS, st.sampled_from([25, 50, 80, 99]))
def test_a_clock_that_stands_still_again_and_again_is_due_when_its_own_minutes_are_over(
    drawn: tuple[Shop, date], at: list[int], share: int
) -> None:
    """It runs from the first moment, stands still from the second to the third, and so on. Its whole time is what its target said at the start."""
    shop, day = drawn
    policy, (start, *pauses) = shop.policy, moments(day, at)
    clocks = [clock for clock in sla.start(policy, {}, start) if clock.kind == "resolution"]
    whole = minutes(shop, start, clocks[0].due_at)
    ran, since, is_out = 0, start, False
    for paused_at, resumed_at in zip(pauses[::2], pauses[1::2], strict=True):
        due_at = clocks[0].due_at
        clocks = sla.pause(clocks, "resolution", paused_at)
        is_out = is_out or ran + minutes(shop, since, paused_at) > whole or paused_at > due_at
        assert (clocks[0].breached_at is not None) == is_out
        clocks = sla.resume(policy, clocks, "resolution", resumed_at)
        if is_out:
            assert clocks[0].due_at == due_at, "what has run out has run out"
            return
        if resumed_at > paused_at:
            ran, since = ran + minutes(shop, since, paused_at), resumed_at
        left = whole - ran
        assert clocks[0].due_at == (ends(shop, since, left) if left else since)
    wanted = whole * share / 100 - ran
    (firing,) = [x for x in sla.firings(_escalating(policy, share), clocks, []) if x.do]
    if wanted <= 0:
        assert firing.at == since, "that share had passed before"
    else:
        assert minutes(shop, since, firing.at) * 60 <= wanted * 60 + 60
        assert minutes(shop, since, firing.at + MINUTE) * 60 >= wanted * 60 - 60


def _escalating(policy: Policy, share: int) -> Policy:
    steps = [{"at": f"{share}%", "of": "resolution", "do": ["raise_priority"]}]
    book = BrandBook.model_validate(policy.book.model_dump(mode="json", by_alias=True) | {"escalation": steps})
    return Policy(book, policy.calendar, 1)


@settings(max_examples=60, deadline=None)
@given(shops(), MOMENTS)
def test_what_is_reopened_has_what_was_left_and_at_least_its_share(drawn: tuple[Shop, date], at: list[int]) -> None:
    shop, day = drawn
    policy, (start, met_at, again, *_) = shop.policy, moments(day, at)
    (clock,) = [clock for clock in sla.start(policy, {}, start) if clock.kind == "resolution"]
    (met,) = sla.meet([clock], "resolution", met_at)
    found = sla.reopen(policy, met, {}, again)
    whole = shop.policy.calendar.between(again, sla.start(policy, {}, again)[1].due_at)
    least = timedelta(seconds=whole.total_seconds() * policy.book.cases.reopened_has / 100)
    left = minutes(shop, met_at, clock.due_at) * MINUTE if met_at < clock.due_at else timedelta()
    has = policy.calendar.between(again, found.due_at)
    assert abs(has - max(least, left)) <= timedelta(milliseconds=1)
    assert (found.met_at, found.breached_at, found.started_at) == (None, None, start)
    assert sla.retarget(policy, found, {}) == found, "the same book moves nothing"


@settings(max_examples=60, deadline=None)
@given(shops(), MOMENTS)
def test_the_same_targets_move_no_clock_whatever_it_went_through(drawn: tuple[Shop, date], at: list[int]) -> None:
    shop, day = drawn
    policy, (start, paused_at, resumed_at, again, *_) = shop.policy, moments(day, at)
    clocks = sla.pause(sla.start(policy, {}, start), "resolution", paused_at)
    for one in (clocks, sla.resume(policy, clocks, "resolution", resumed_at), sla.pause(clocks, "resolution", again)):
        for clock in one:
            if clock.breached_at is None:
                assert _moved(policy, clock) <= timedelta(seconds=1)


def _moved(policy: Policy, clock: Clock) -> timedelta:
    return abs(sla.retarget(policy, clock, {}).due_at - clock.due_at)
