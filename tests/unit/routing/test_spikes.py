"""Far more mentions than usual are told; a quiet week, a busy morning and one angry person are not."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.bookfile import load_book
from services.routing.spike import LEAST, SIZE, Seen, Spike, is_spike, tail, told, usual

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)  # a Thursday
BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl]
labels: [{name: internet}, {name: storing, parent: internet}, {name: factuur}]
""")


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def weeks(days: int, per_hour: dict[int, int]) -> dict[datetime, int]:
    """Hours of the last days, with so many mentions at each hour of the day (UTC)."""
    start = hour_of(NOW) - timedelta(days=days)
    return {start + timedelta(hours=n): per_hour.get((start + timedelta(hours=n)).hour, 0) for n in range(days * 24)}


# --- the arithmetic ---------------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 200), st.floats(0.01, 100))
def test_the_tail_is_that_of_a_negative_binomial(k: int, mean: float) -> None:
    """Against the obvious sum, from the other side."""
    p = SIZE / (SIZE + mean)
    term, above = p**SIZE, 0.0
    for n in range(6000):
        above += term if n >= k else 0
        term *= (n + SIZE) / (n + 1) * (1 - p)
    assert tail(k, mean) == pytest.approx(above, abs=1e-9)


@pytest.mark.parametrize(("mean", "least"), [(0.01, 10), (0.5, 10), (1, 11), (2, 15), (10, 44), (100, 339)])
def test_how_many_mentions_it_takes(mean: float, least: int) -> None:
    assert (is_spike(least - 1, mean), is_spike(least, mean)) == (False, True)


@given(st.floats(0.01, 200), st.integers(1, 1000))
def test_more_mentions_are_never_less_of_a_spike_and_a_busier_hour_never_more_of_one(mean: float, k: int) -> None:
    if is_spike(k, mean):
        assert is_spike(k + 1, mean)
        assert is_spike(k, mean * 0.9)


# --- what is usual ----------------------------------------------------------------------------------------------------------------------


def test_the_usual_is_that_of_the_same_hour_on_the_same_kind_of_day() -> None:
    hours = weeks(28, {14: 60, 3: 0})
    assert usual(hours, min(hours), NOW, ZONE) == pytest.approx(10, rel=0.1)
    at_night = NOW.replace(hour=3)
    assert usual(hours, min(hours), at_night, ZONE) == pytest.approx(0, abs=0.1)


def test_a_weekend_is_not_measured_by_weekdays() -> None:
    hours = {at: 60 if at.weekday() < 5 else 6 for at in weeks(28, {})}
    saturday = NOW + timedelta(days=2)
    assert usual(hours, min(hours), saturday, ZONE) == pytest.approx(1, rel=0.4)


def test_the_last_storm_makes_the_next_one_no_more_usual() -> None:
    hours = weeks(28, {14: 12})
    hours[hour_of(NOW) - timedelta(days=1)] = 5000
    assert usual(hours, min(hours), NOW, ZONE) == pytest.approx(2, rel=0.2)


def test_the_clock_on_the_wall_counts_when_the_clocks_change() -> None:
    """On 29 March 2026 the clocks went forward: eleven in the morning was ten o'clock UTC before, and nine after."""
    now = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
    start = datetime(2026, 3, 5, tzinfo=UTC)
    hours = {start + timedelta(hours=n): 0 for n in range(27 * 24)}
    for at in hours:
        if at.astimezone(ZONE).hour == 11:
            hours[at] = 30
    assert usual(hours, start, now, ZONE) == pytest.approx(5, rel=0.1)


def test_a_brand_that_has_just_begun_has_no_usual() -> None:
    assert usual({}, None, NOW, ZONE) is None
    assert usual({}, hour_of(NOW) - timedelta(hours=2), NOW, ZONE) is None
    assert usual({}, hour_of(NOW) - timedelta(hours=3), NOW, ZONE) is not None


# --- a quiet week, and a storm -----------------------------------------------------------------------------------------------------------


def busy(at: datetime) -> float:
    """Mentions a minute: hardly any at night, most at noon, bursts now and then."""
    local = at.astimezone(ZONE)
    daily = 0.05 if local.hour < 7 or local.hour >= 23 else 0.4 + 0.6 * (1 - abs(local.hour - 13) / 10)
    return daily * (0.5 if local.weekday() >= 5 else 1)


def played(seed: int, days: int) -> dict[datetime, int]:
    """Counts a minute of so many days until now, with bursts as people make them: a message often brings a second."""
    chance = random.Random(seed)
    start = hour_of(NOW) - timedelta(days=days)
    found = {}
    for n in range(days * 1440):
        at = start + timedelta(minutes=n)
        number = 0
        limit, product = 2.718281828 ** -busy(at), chance.random()
        while product > limit:
            number += 1 + (chance.random() < 0.3)
            product *= chance.random()
        found[at] = number
    return found


def spikes_of(minutes: dict[datetime, int], since: datetime) -> list[datetime]:
    """When the detector speaks, looking every minute."""
    hours: dict[datetime, int] = {}
    for at, number in minutes.items():
        hours[hour_of(at)] = hours.get(hour_of(at), 0) + number
    began, found = min(minutes), []
    known: dict[datetime, float | None] = {}
    at = since
    while at <= max(minutes):
        k = sum(minutes.get(at - timedelta(minutes=n), 0) for n in range(10))
        if k >= LEAST:
            key = at.replace(minute=at.minute // 10 * 10)
            if key not in known:
                known[key] = usual(hours, began, key, ZONE)
            mean = known[key]
            if mean is not None and is_spike(k, mean):
                found.append(at)
        at += timedelta(minutes=1)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_quiet_week_is_told_of_nothing(seed: int) -> None:
    assert spikes_of(played(seed, 17), hour_of(NOW) - timedelta(days=7)) == []


@pytest.mark.parametrize(("hours_ago", "a_minute"), [(2, 12), (10, 3)])
def test_a_storm_is_told_within_five_minutes_by_day_and_by_night(hours_ago: int, a_minute: int) -> None:
    minutes = played(1, 15)
    start = hour_of(NOW) - timedelta(hours=hours_ago)
    for n in range(40):
        minutes[start + timedelta(minutes=n)] += a_minute
    first = spikes_of(minutes, start - timedelta(hours=6))[0]
    assert start <= first <= start + timedelta(minutes=5)


# --- which of them is told --------------------------------------------------------------------------------------------------------------


def people(number: int, *abouts: str) -> list[Seen]:
    return [Seen(UUID(int=hash((abouts, n)) & (1 << 64) - 1), frozenset({"", *abouts})) for n in range(number)]


def spikes(*names: str) -> list[Spike]:
    return [Spike(name, 100, 1.0) for name in names]


def test_one_storm_is_told_once_and_as_the_most_specific() -> None:
    sample = people(50, "label:storing", "label:internet") + people(5, "label:factuur")
    assert [one.about for one in told(BOOK, spikes("", "label:internet", "label:storing"), sample)] == ["label:storing"]


def test_a_topic_goes_before_its_label() -> None:
    sample = people(40, "topic:1", "label:storing")
    assert [one.about for one in told(BOOK, spikes("label:storing", "topic:1"), sample)] == ["topic:1"]


def test_two_storms_at_once_are_two() -> None:
    sample = people(40, "topic:1", "label:storing") + people(40, "label:factuur")
    assert [one.about for one in told(BOOK, spikes("", "label:storing", "topic:1", "label:factuur"), sample)] == [
        "topic:1",
        "label:factuur",
    ]


def test_a_storm_that_no_label_explains_is_told_of_the_brand() -> None:
    sample = people(15, "label:factuur") + people(60)
    assert [one.about for one in told(BOOK, spikes("", "label:factuur"), sample)] == ["label:factuur", ""]


def test_one_angry_person_is_no_storm() -> None:
    sample = [Seen(UUID(int=1), frozenset({"", "label:storing"})) for _ in range(40)]
    assert told(BOOK, spikes("", "label:storing"), sample) == []
