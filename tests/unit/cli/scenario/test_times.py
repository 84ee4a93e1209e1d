"""When a scenario says that something happens."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cli.scenario import times

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
THURSDAY = times.start_of("2026-03-26 09:30", AMSTERDAM)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("+5m", "2026-03-26T08:35Z"),
        ("+90s", "2026-03-26T08:31:30Z"),
        ("14:30", "2026-03-26T13:30Z"),
        ("sat 10:00", "2026-03-28T09:00Z"),
        ("mon 10:00", "2026-03-30T08:00Z"),  # summer time by then
        ("thu 10:00", "2026-03-26T09:00Z"),
        ("thu 09:00", "2026-04-02T07:00Z"),  # has been today
        ("2026-03-29 02:30", "2026-03-29T01:30Z"),  # skipped: the same distance after the change
        ("2026-10-25 02:30", "2026-10-25T00:30Z"),  # twice: the first
        ("2026-10-25 02:30+01:00", "2026-10-25T01:30Z"),  # and the second
    ],
)
def test_a_time_is_read_in_the_brands_zone(written: str, means: str) -> None:
    assert times.read(written, THURSDAY, AMSTERDAM) == datetime.fromisoformat(means)


@pytest.mark.parametrize("written", ["soon", "25:00", "+5x", "2026-13-01 10:00", "2026-10-25 02:30+99:00", ""])
def test_what_is_no_time_is_said_to_be_none(written: str) -> None:
    with pytest.raises(times.NoTime):
        times.read(written, THURSDAY, AMSTERDAM)


def test_a_moment_is_shown_as_it_is_written() -> None:
    assert times.shown(datetime(2026, 3, 28, 9, 0, tzinfo=UTC), AMSTERDAM) == "sat 2026-03-28 10:00"
